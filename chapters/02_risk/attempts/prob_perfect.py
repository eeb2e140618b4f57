"""Attempts at `prob_perfect`: what graders must accept and reject."""

import math
from decimal import Decimal, getcontext, localcontext
from fractions import Fraction

import numpy as np
import torch


# %% right: expm1 and log1p
def prob_perfect(candidates: int, questions: int) -> float:
    nobody = candidates * math.log1p(-(0.5**questions))
    return -math.expm1(nobody)


# %% right: exact fractions
def prob_perfect(candidates, questions):
    return float(1 - (1 - Fraction(1, 2**questions)) ** candidates)


# %% right: decimals with many digits
def prob_perfect(candidates, questions):
    with localcontext() as context:
        context.prec = 60
        return float(1 - (1 - Decimal(2) ** -questions) ** candidates)


# %% right: one candidate after the other
def prob_perfect(candidates, questions):
    one, somebody = 0.5**questions, 0.0
    for _ in range(candidates):
        somebody += (1 - somebody) * one
    return somebody


# %% right: doubling the number of candidates
def prob_perfect(candidates, questions):
    if candidates == 0:
        return 0.0
    if candidates % 2:
        rest = prob_perfect(candidates - 1, questions)
        return rest + 2.0**-questions * (1 - rest)
    half = prob_perfect(candidates // 2, questions)
    return half + half * (1 - half)


# %% right: integers, divided once at the end
def prob_perfect(candidates, questions):
    answers = 2**questions
    return (answers**candidates - (answers - 1) ** candidates) / answers**candidates


# %% right: NumPy
def prob_perfect(candidates, questions):
    return float(-np.expm1(candidates * np.log1p(-(2.0 ** -float(questions)))))


# %% right: torch in float64
def prob_perfect(candidates, questions):
    one = torch.tensor(2.0**-questions, dtype=torch.float64)
    return -torch.expm1(candidates * torch.log1p(-one)).item()


# %% wrong: candidates times one chance
# says: two perfect candidates twice
# caught: visible
def prob_perfect(candidates, questions):
    return candidates * 0.5**questions


# %% wrong: the formula as it stands
# says: rounded away
# caught: visible
def prob_perfect(candidates, questions):
    return 1 - (1 - 2**-questions) ** candidates


# %% wrong: candidates times one chance, at most 1
# says: two perfect candidates twice
# caught: visible
def prob_perfect(candidates, questions):
    return min(1.0, candidates * 0.5**questions)


# %% wrong: candidates times one chance beyond 30 questions
# says: something small added or left out
# caught: hidden
def prob_perfect(candidates, questions):
    if questions > 30:
        return candidates * 2.0**-questions
    return -math.expm1(candidates * math.log1p(-(2.0**-questions)))


# %% wrong: the formula as it stands up to 40 questions, candidates times one chance beyond
# says: too few digits
# caught: hidden
def prob_perfect(candidates, questions):
    if questions > 40:
        return candidates * 2.0**-questions
    return 1 - (1 - 2.0**-questions) ** candidates


# %% wrong: an approximation for rare events
# says: an approximation
# caught: visible
def prob_perfect(candidates, questions):
    return -math.expm1(-candidates * 2.0**-questions) if questions > 1 or candidates > 1 else 0.5


# %% wrong: the chance that nobody is perfect
# says: nobody is perfect
# caught: visible
def prob_perfect(candidates, questions):
    return (1 - 2.0**-questions) ** candidates


# %% wrong: the chance of one candidate
# says: one given candidate
# caught: visible
def prob_perfect(candidates, questions):
    return 2.0**-questions


# %% wrong: the chance that all are perfect
# says: all of them
# caught: visible
def prob_perfect(candidates, questions):
    return 2.0 ** -(questions * candidates)


# %% wrong: candidates and questions swapped
# says: candidates come first
# caught: visible
def prob_perfect(candidates, questions):
    return -math.expm1(questions * math.log1p(-(2.0**-candidates)))


# %% wrong: the logarithm is right, the subtraction is not
# says: survive a subtraction
# caught: visible
def prob_perfect(candidates, questions):
    return 1 - math.exp(candidates * math.log1p(-(2.0**-questions)))


# %% wrong: the subtraction is right, the logarithm is not
# says: rounded away
# caught: visible
def prob_perfect(candidates, questions):
    return -math.expm1(candidates * math.log(1 - 2.0**-questions))


# %% wrong: float32
# says: float32 has 7 digits
# caught: visible
def prob_perfect(candidates, questions):
    one = torch.tensor(2.0**-questions)
    return -torch.expm1(candidates * torch.log1p(-one)).item()


# %% wrong: a tensor
# says: must be a Python number
# caught: visible
def prob_perfect(candidates, questions):
    one = torch.tensor(2.0**-questions, dtype=torch.float64)
    return -torch.expm1(candidates * torch.log1p(-one))


# %% wrong: rounded for reading
# says: that is rounded
# caught: visible
def prob_perfect(candidates, questions):
    return round(-math.expm1(candidates * math.log1p(-(2.0**-questions))), 4)


# %% wrong: in percent
# says: not percent
# caught: visible
def prob_perfect(candidates, questions):
    return -100 * math.expm1(candidates * math.log1p(-(2.0**-questions)))


# %% wrong: a simulation
# caught: visible
def prob_perfect(candidates, questions):
    coins = torch.rand(200, candidates, generator=torch.Generator().manual_seed(0))
    return (coins < 2.0**-questions).any(1).double().mean().item()


# %% wrong: two terms of the inclusion–exclusion sum
# says: triples are not added
# caught: visible
def prob_perfect(candidates, questions):
    one = 2.0**-questions
    return candidates * one - math.comb(candidates, 2) * one**2


# %% wrong: a geometric law that forgets one candidate
# says: leaves one candidate out
# caught: visible
def prob_perfect(candidates, questions):
    return -math.expm1((candidates - 1) * math.log1p(-(2.0**-questions)))
