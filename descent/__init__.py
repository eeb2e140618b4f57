"""Teaching notebooks for the first half of a deep-learning course, and what they run on."""

__version__ = "0.1.0"
