"""Attempts at `bias_variance`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: var_mean
def bias_variance(predictions: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    variance, mean = torch.var_mean(predictions, dim=0, unbiased=False)
    return (mean - target).pow(2).mean(), variance.mean()


# %% right: the total error minus the bias, as Python numbers
def bias_variance(predictions, target):
    p, t = predictions.double(), target.double()
    bias2 = float((p.sum(0) / len(p) - t).square().mean())
    return bias2, float((p - t).square().mean()) - bias2


# %% right: loops over places
def bias_variance(predictions, target):
    bias2 = variance = 0.0
    for column, right in zip(predictions.double().T.tolist(), target.double().tolist()):
        mean = sum(column) / len(column)
        bias2 += (mean - right) ** 2 / len(target)
        variance += sum((p - mean) ** 2 for p in column) / len(column) / len(target)
    return bias2, variance


# %% right: NumPy, back as 0-d tensors
def bias_variance(predictions, target):
    p, t = predictions.cpu().numpy(), target.cpu().numpy()
    pair = np.mean((p.mean(0) - t) ** 2), np.mean(p.var(0))
    return tuple(torch.tensor(v, dtype=target.dtype, device=target.device) for v in pair)


# %% right: second moments, in float64
def bias_variance(predictions, target):
    p = predictions.double()
    m = torch.einsum("mn->n", p) / p.shape[0]
    bias2 = torch.dot(m - target, m - target.double()) / len(m)
    variance = (p * p).mean() - (m * m).mean()
    return bias2.to(target.dtype), variance.to(target.dtype)


# %% wrong: swapped axes
# caught: visible
def bias_variance(predictions, target):
    mean = predictions.mean(1)
    return ((mean - target) ** 2).mean(), predictions.var(1, correction=0).mean()


# %% wrong: variance along the places
# says: spread over the places
# caught: visible
def bias_variance(predictions, target):
    mean = predictions.mean(0)
    return ((mean - target) ** 2).mean(), predictions.var(1, correction=0).mean()


# %% wrong: absolute bias
# says: absolute bias
# caught: visible
def bias_variance(predictions, target):
    mean = predictions.mean(0)
    return (mean - target).abs().mean(), ((predictions - mean) ** 2).mean()


# %% wrong: correction=1
# says: not M − 1
# caught: visible
def bias_variance(predictions, target):
    return ((predictions.mean(0) - target) ** 2).mean(), predictions.var(0).mean()


# %% wrong: averaged before squaring
# says: must not cancel
# caught: visible
def bias_variance(predictions, target):
    mean = predictions.mean(0)
    return (mean - target).mean() ** 2, ((predictions - mean) ** 2).mean()


# %% wrong: bias not squared
# says: square it at each place
# caught: visible
def bias_variance(predictions, target):
    mean = predictions.mean(0)
    return (mean - target).mean(), ((predictions - mean) ** 2).mean()


# %% wrong: wrong order
# says: wrong order
# caught: visible
def bias_variance(predictions, target):
    mean = predictions.mean(0)
    return ((predictions - mean) ** 2).mean(), ((mean - target) ** 2).mean()


# %% wrong: sums over the places
# says: sums over the places
# caught: visible
def bias_variance(predictions, target):
    mean = predictions.mean(0)
    return ((mean - target) ** 2).sum(), predictions.var(0, correction=0).sum()


# %% wrong: the whole error taken for the bias
# says: whole mean squared error
# caught: visible
def bias_variance(predictions, target):
    mean = predictions.mean(0)
    return ((predictions - target) ** 2).mean(), ((predictions - mean) ** 2).mean()


# %% wrong: variance of all numbers together
# says: its own mean
# caught: visible
def bias_variance(predictions, target):
    return ((predictions.mean(0) - target) ** 2).mean(), predictions.var(correction=0)


# %% wrong: spread around the target
# says: around the target
# caught: visible
def bias_variance(predictions, target):
    return ((predictions.mean(0) - target) ** 2).mean(), ((predictions - target) ** 2).mean()


# %% wrong: standard deviation
# says: standard deviation
# caught: visible
def bias_variance(predictions, target):
    return ((predictions.mean(0) - target) ** 2).mean(), predictions.std(0, correction=0).mean()


# %% wrong: one number a place
# says: average over the places
# caught: visible
def bias_variance(predictions, target):
    mean = predictions.mean(0)
    return (mean - target) ** 2, ((predictions - mean) ** 2).mean(0)


# %% wrong: predictions centred in place
# says: changed in place
# caught: hidden
def bias_variance(predictions, target):
    bias2 = ((predictions.mean(0) - target) ** 2).mean()
    predictions -= predictions.mean(0)
    return bias2, (predictions**2).mean()


# %% wrong: forgets the pair
# says: return them as a pair
# caught: visible
def bias_variance(predictions, target):
    mean = predictions.mean(0)
    return ((mean - target) ** 2).mean() + ((predictions - mean) ** 2).mean()
