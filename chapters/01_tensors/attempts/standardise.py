"""Attempts at `standardise`: what graders must accept and reject."""

import torch
from torch import Tensor


# %% right: where
def standardise(x: Tensor) -> Tensor:
    same = (x == x[:1]).all(0)
    z = (x - x.mean(0)) / x.std(0)
    return torch.where(same, torch.zeros_like(x), z)


# %% right: least and largest entry, answer written into a new tensor
def standardise(x):
    out = torch.zeros_like(x)
    varies = x.amax(dim=0) != x.amin(dim=0)
    v = x[:, varies]
    out[:, varies] = (v - v.mean(dim=0, keepdim=True)) / v.std(dim=0, keepdim=True)
    return out


# %% right: a loop over the columns
def standardise(x):
    columns = []
    for j in range(x.shape[1]):
        c = x[:, j]
        if len(c.unique()) == 1:
            columns.append(torch.zeros_like(c))
        else:
            columns.append((c - c.mean()) / c.std())
    return torch.stack(columns, dim=1)


# %% right: shifted by the first row, in float64, sums by hand
def standardise(x):
    d = (x - x[0]).double()
    d = d - d.sum(0) / len(d)
    s = ((d**2).sum(0) / max(len(d) - 1, 1)).sqrt()
    s[s == 0] = 1.0
    return (d / s).to(x.dtype)


# %% right: by way of a copy, in place
def standardise(x):
    z = x.clone()
    z -= x[0]
    z -= z.mean(dim=0)
    std = torch.zeros_like(z[0]) if len(z) == 1 else z.std(dim=0)
    std[std == 0] = 1
    z /= std
    return z


# %% wrong: each row
# says: each row was standardised
# caught: visible
def standardise(x):
    same = (x == x[:1]).all(0)
    z = (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True)
    return torch.where(same, torch.zeros_like(x), z)


# %% wrong: one mean and deviation for the table
# says: one mean and one deviation
# caught: visible
def standardise(x):
    return (x - x.mean()) / x.std()


# %% wrong: correction=0
# says: look at correction
# caught: visible
def standardise(x):
    same = (x == x[:1]).all(0)
    z = (x - x.mean(0)) / x.std(0, correction=0)
    return torch.where(same, torch.zeros_like(x), z)


# %% wrong: divided by the variance
# says: divided by the variance
# caught: visible
def standardise(x):
    same = (x == x[:1]).all(0)
    return torch.where(same, torch.zeros_like(x), (x - x.mean(0)) / x.var(0))


# %% wrong: only centred
# says: the standard deviation is not 1 yet
# caught: visible
def standardise(x):
    return x - x.mean(0)


# %% wrong: only scaled
# says: the mean is not 0 yet
# caught: visible
def standardise(x):
    return x / x.std(0)


# %% wrong: nan for constant columns
# says: 0/0 is nan
# caught: visible
def standardise(x):
    return (x - x.mean(0)) / x.std(0)


# %% wrong: rounding decides which column is constant
# says: rounding makes the mean of equal entries differ
# caught: visible
def standardise(x):
    std = x.std(0)
    return torch.where(std == 0, torch.zeros_like(x), (x - x.mean(0)) / std)


# %% wrong: nan_to_num
# says: rounding makes the mean of equal entries differ
# caught: visible
def standardise(x):
    return ((x - x.mean(0)) / x.std(0)).nan_to_num(0.0)


# %% wrong: a small number added to the deviation
# says: rounding makes the mean of equal entries differ
# caught: visible
def standardise(x):
    return (x - x.mean(0)) / (x.std(0) + 1e-8)


# %% wrong: zeros that are not exact
# says: whatever it is divided by
# caught: visible
def standardise(x):
    same = (x == x[:1]).all(0)
    std = x.std(0)
    std[same] = 1
    return (x - x.mean(0)) / std


# %% wrong: a small spread is taken for none
# says: a small spread is a spread
# caught: hidden
def standardise(x):
    std = x.std(0)
    small = std < 1e-6 * x.abs().amax(0).clamp(min=1)
    return torch.where(small, torch.zeros_like(x), (x - x.mean(0)) / std)


# %% wrong: in place
# says: x was changed in place
# caught: visible
def standardise(x):
    same = (x == x[:1]).all(0)
    x -= x.mean(0)
    x /= x.std(0)
    x[:, same] = 0
    return x


# %% wrong: a single row is nan
# says: 0/0 is nan
# caught: hidden
def standardise(x):
    same = (x == x[:1]).all(0) & (len(x) > 1)
    return torch.where(same, torch.zeros_like(x), (x - x.mean(0)) / x.std(0))


# %% wrong: always float32
# says: must have the dtype torch.float64
# caught: hidden
def standardise(x):
    x = x.float()
    same = (x == x[:1]).all(0)
    return torch.where(same, torch.zeros_like(x), (x - x.mean(0)) / x.std(0))


# %% wrong: transposed
# says: must have the shape
# caught: visible
def standardise(x):
    z = (x - x.mean(0)) / x.std(0)
    return torch.where((x == x[:1]).all(0), torch.zeros_like(x), z).T


# %% wrong: least to 0, largest to 1
# says: mean 0 and deviation 1 are asked for
# caught: visible
def standardise(x):
    low, high = x.amin(0), x.amax(0)
    return torch.where(low == high, torch.zeros_like(x), (x - low) / (high - low))
