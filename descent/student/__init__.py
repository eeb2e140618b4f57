"""What students run on their own notebooks."""
