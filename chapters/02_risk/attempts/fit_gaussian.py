"""Attempts at `fit_gaussian`: what graders must accept and reject."""

import math

import torch
from torch import Tensor


# %% right: torch's standard deviation, not corrected
def fit_gaussian(x: Tensor) -> tuple[Tensor, Tensor]:
    if x.numel() == 0:
        raise ValueError("x is empty")
    return x.mean(), x.std(correction=0)


# %% right: both at once, put in order
def fit_gaussian(x):
    if len(x) == 0:
        raise ValueError(f"need N >= 1 numbers in x, got {len(x)}")
    std, mean = torch.std_mean(x, unbiased=False)
    return mean, std


# %% right: Python numbers
def fit_gaussian(x):
    values = x.tolist()
    if not values:
        raise ValueError("x has no entries")
    mean = sum(values) / len(values)
    return mean, (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5


# %% right: mean of squares minus square of the mean
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    wide = x.double()
    mean = wide.mean()
    variance = ((wide**2).mean() - mean**2).clamp(min=0)
    return mean.to(x.dtype), variance.sqrt().to(x.dtype)


# %% right: the same without more digits, and a guard for rounding
def fit_gaussian(x):
    n = x.numel()
    if n == 0:
        raise ValueError("x must not be empty")
    mean = x.mean()
    return mean, torch.sqrt(torch.clamp(torch.dot(x, x) / n - mean * mean, min=0))


# %% right: length of the vector of deviations
def fit_gaussian(x):
    n = x.shape[0]
    if n < 1:
        raise ValueError("x: no samples")
    mean = x.sum() / n
    return mean, torch.linalg.vector_norm(x - mean) / math.sqrt(n)


# %% right: the corrected estimate, corrected back
def fit_gaussian(x):
    n = len(x)
    if n == 0:
        raise ValueError("x: no samples")
    if n == 1:
        return x[0].clone(), torch.zeros_like(x[0])
    return x.mean(), x.std() * ((n - 1) / n) ** 0.5


# %% right: a running mean and sum of squares
def fit_gaussian(x):
    if len(x) == 0:
        raise ValueError("x: no samples")
    mean, squares = 0.0, 0.0
    for n, value in enumerate(x.tolist(), 1):
        delta = value - mean
        mean += delta / n
        squares += delta * (value - mean)
    std = math.sqrt(squares / len(x))
    return x.new_tensor(mean), x.new_tensor(std)


# %% wrong: divides by N − 1
# says: divides by N − 1
# caught: visible
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    if len(x) == 1:
        return x.mean(), x.mean() * 0
    return x.mean(), x.std()


# %% wrong: the variance
# says: that is the variance
# caught: visible
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    return x.mean(), x.var(correction=0)


# %% wrong: the corrected variance
# says: divided by N − 1 at that
# caught: visible
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    return x.mean(), x.var(correction=min(1, len(x) - 1))


# %% wrong: in the order of torch.std_mean
# says: mean first
# caught: visible
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    return torch.std_mean(x, correction=0)


# %% wrong: mean absolute deviation
# says: mean distance
# caught: visible
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    return x.mean(), (x - x.mean()).abs().mean()


# %% wrong: root mean square about zero
# says: from 0, not from the mean
# caught: visible
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    return x.mean(), x.square().mean().sqrt()


# %% wrong: the median
# says: median
# caught: visible
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    return x.median(), x.std(correction=0)


# %% wrong: NaN for one number
# says: when N = 1
# caught: visible
def fit_gaussian(x):
    n = len(x)
    if n < 1:
        raise ValueError("x is empty")
    mean = x.mean()
    variance = ((x - mean) ** 2).sum() / (n - 1)
    return mean, (variance * (n - 1) / n).sqrt()


# %% wrong: one number is refused
# says: must be answered, not refused
# caught: visible
def fit_gaussian(x):
    if len(x) < 2:
        raise ValueError("x needs two numbers")
    return x.mean(), x.std(correction=0)


# %% wrong: NaN for no number
# says: must be refused with ValueError
# caught: visible
def fit_gaussian(x):
    return x.mean(), ((x - x.mean()) ** 2).mean().sqrt()


# %% wrong: an error of the wrong kind for no number
# says: must be refused with ValueError
# caught: visible
def fit_gaussian(x):
    values = x.tolist()
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))


# %% wrong: float32 always
# says: must have the dtype torch.float64
# caught: hidden
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    x = x.float()
    return x.mean(), x.std(correction=0)


# %% wrong: float64 always
# says: must have the dtype torch.float32
# caught: visible
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    x = x.double()
    return x.mean(), x.std(correction=0)


# %% wrong: shape (1,)
# says: must have the shape ()
# caught: visible
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    return x.mean(dim=0, keepdim=True), x.std(dim=0, keepdim=True, correction=0)


# %% wrong: centres the caller's tensor
# says: in place
# caught: visible
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    mean = x.mean()
    x -= mean
    return mean, x.square().mean().sqrt()


# %% wrong: one tensor
# says: must be a tuple
# caught: visible
def fit_gaussian(x):
    if len(x) < 1:
        raise ValueError("x is empty")
    return torch.stack([x.mean(), x.std(correction=0)])
