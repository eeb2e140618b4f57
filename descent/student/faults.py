"""What keeps a student's command from doing its work."""


class StudentError(Exception):
    """What was asked for can't be done; the text says why, and what to do."""
