"""Attempts at `PAIR`."""

# %% right: dict()
PAIR = dict(a=1, b=2)

# %% wrong: b is three
# caught: hidden
PAIR = {"a": 1, "b": 3}
