"""Attempts at `double`: what graders must accept and reject."""

import math


# %% right: a loop
def double(x, times=1):
    if times < 0:
        raise ValueError("times")
    for _ in range(times):
        x = x + x
    return x


# %% right: ldexp
def double(x, times=1):
    return math.ldexp(x, times)


# %% wrong: three times
# says: must be 6.0
# caught: visible
def double(x, times=1):
    return x * 3


# %% wrong: once only
# says: SEVERAL times
# caught: hidden
def double(x, times=1):
    return 2 * x


# %% wrong: an endless loop
# says: took longer
def double(x, times=1):
    while True:
        pass


# %% wrong: a word on stderr
def double(x, times=1):
    import warnings

    warnings.warn("slow")
    return x * 2**times
