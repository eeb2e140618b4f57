"""Attempts at `hoeffding_radius`: what graders must accept and reject."""

import math

import numpy as np
import torch


# %% right: the formula, each argument tested for itself
def hoeffding_radius(n: int, hypotheses: int, delta: float) -> float:
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if hypotheses < 1:
        raise ValueError(f"hypotheses must be at least 1, got {hypotheses}")
    if delta <= 0 or delta > 1:
        raise ValueError(f"delta must be in (0, 1], got {delta}")
    return math.sqrt(math.log(2 * hypotheses / delta) / 2 / n)


# %% right: a sum of logarithms
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("need n >= 1, hypotheses >= 1 and 0 < delta <= 1")
    return ((math.log(2) + math.log(hypotheses) - math.log(delta)) / (2 * n)) ** 0.5


# %% right: NumPy, each hypothesis with its share of δ
def hoeffding_radius(n, hypotheses, delta):
    for name, bad in (("n", n < 1), ("hypotheses", hypotheses < 1), ("delta", not 0 < delta <= 1)):
        if bad:
            raise ValueError(f"{name} is out of range")
    share = delta / hypotheses
    return float(np.sqrt(-np.log(share / 2) / (2 * n)))


# %% right: the bound turned round by bisection
def hoeffding_radius(n, hypotheses, delta):
    if n < 1:
        raise ValueError("n")
    if hypotheses < 1:
        raise ValueError("hypotheses")
    if not (delta > 0 and delta <= 1):
        raise ValueError("delta")
    low, high = 0.0, 100.0
    for _ in range(200):
        middle = (low + high) / 2
        if 2 * hypotheses * math.exp(-2 * n * middle**2) > delta:
            low = middle
        else:
            high = middle
    return high


# %% right: torch
def hoeffding_radius(n, hypotheses, delta):
    if n <= 0:
        raise ValueError("too few samples n")
    if hypotheses <= 0:
        raise ValueError("too few hypotheses")
    if delta > 1 or delta <= 0:
        raise ValueError("delta is no probability")
    ratio = torch.tensor(2.0 * hypotheses / delta, dtype=torch.float64)
    return torch.sqrt(torch.log(ratio) / (2 * n)).item()


# %% wrong: no union bound
# says: the union bound is missing
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.sqrt(math.log(2 / delta) / (2 * n))


# %% wrong: one-sided
# says: two-sided
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.sqrt(math.log(hypotheses / delta) / (2 * n))


# %% wrong: log10
# says: log10 is not ln
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.sqrt(math.log10(2 * hypotheses / delta) / (2 * n))


# %% wrong: log2
# says: log2 is not ln
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.sqrt(math.log2(2 * hypotheses / delta) / (2 * n))


# %% wrong: the square of the radius
# says: one step is left
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.log(2 * hypotheses / delta) / (2 * n)


# %% wrong: n in place of 2n
# says: a 2 in the exponent
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.sqrt(math.log(2 * hypotheses / delta) / n)


# %% wrong: divided by 2, then times n
# says: where does n stand
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.sqrt(math.log(2 * hypotheses / delta) / 2 * n)


# %% wrong: radii added up
# says: not radii
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return hypotheses * math.sqrt(math.log(2 / delta) / (2 * n))


# %% wrong: 2H in front of the logarithm
# says: in front of the logarithm
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.sqrt(2 * hypotheses * math.log(1 / delta) / (2 * n))


# %% wrong: arguments are not tested
# says: must be refused with ValueError
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    return math.sqrt(math.log(2 * hypotheses / delta) / (2 * n))


# %% wrong: δ above 1 goes through
# says: must be refused with ValueError
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or delta <= 0:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.sqrt(math.log(2 * hypotheses / delta) / (2 * n))


# %% wrong: δ = 1 is refused
# says: delta = 1 is allowed
# caught: hidden
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta < 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.sqrt(math.log(2 * hypotheses / delta) / (2 * n))


# %% wrong: only zero is refused, not what is below
# says: must be refused with ValueError
# caught: hidden
def hoeffding_radius(n, hypotheses, delta):
    if n == 0 or hypotheses == 0 or delta == 0 or delta > 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.sqrt(math.log(2 * abs(hypotheses / delta)) / (2 * abs(n)))


# %% wrong: one hypothesis is refused
# says: must be answered, not refused
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 2 or not 0 < delta <= 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return math.sqrt(math.log(2 * hypotheses / delta) / (2 * n))


# %% wrong: assertions
# says: must be refused with ValueError
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    assert n >= 1 and hypotheses >= 1 and 0 < delta <= 1, "n, hypotheses or delta"
    return math.sqrt(math.log(2 * hypotheses / delta) / (2 * n))


# %% wrong: errors that name nothing
# says: a message that names n
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("bad value")
    return math.sqrt(math.log(2 * hypotheses / delta) / (2 * n))


# %% wrong: infinity in place of an error
# says: must be refused with ValueError
# caught: visible
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        return math.inf
    return math.sqrt(math.log(2 * hypotheses / delta) / (2 * n))


# %% wrong: at most 1, as a loss is
# says: promises nothing
# caught: hidden
def hoeffding_radius(n, hypotheses, delta):
    if n < 1 or hypotheses < 1 or not 0 < delta <= 1:
        raise ValueError("n, hypotheses or delta is out of range")
    return min(1.0, math.sqrt(math.log(2 * hypotheses / delta) / (2 * n)))
