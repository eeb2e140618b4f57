"""Attempts at `mistake_bound`: what graders must accept and reject."""

import math

import numpy as np
import torch
from torch import Tensor


# %% right: the formula with its γ
def mistake_bound(x: Tensor, y: Tensor, w_star: Tensor) -> float:
    scores = y * (x @ w_star)
    if scores.min() <= 0:
        raise ValueError("w_star does not separate the samples")
    gamma = 2 * scores.min() / torch.linalg.vector_norm(w_star)
    radius = torch.linalg.vector_norm(x, dim=1).max()
    return (4 * radius**2 / gamma**2).item()


# %% right: loops over Python numbers
def mistake_bound(x, y, w_star):
    w = w_star.tolist()
    norm = math.sqrt(sum(v * v for v in w))
    radius, nearest = 0.0, math.inf
    for row, label in zip(x.tolist(), y.tolist()):
        radius = max(radius, math.sqrt(sum(v * v for v in row)))
        nearest = min(nearest, label * sum(a * b for a, b in zip(row, w)))
    if not nearest > 0:
        raise ValueError(f"x is not separated: {nearest} is not positive")
    return 4 * radius**2 / (2 * nearest / norm) ** 2


# %% right: NumPy
def mistake_bound(x, y, w_star):
    x, y, w = (t.detach().cpu().numpy().astype(np.float64) for t in (x, y, w_star))
    nearest = np.min(y * (x @ w))
    if nearest <= 0:
        raise ValueError("y: at least one label is on the wrong side")
    return (np.max(np.sum(x**2, axis=1)) * np.sum(w**2) / nearest**2).item()


# %% right: w_star made a unit vector first
def mistake_bound(x, y, w_star):
    if not w_star.any():
        raise ValueError("w_star must not be 0")
    margins = torch.einsum("nd,d,n->n", x, w_star / w_star.norm(), y.to(x.dtype))
    if (margins <= 0).any():
        raise ValueError(f"{(margins <= 0).sum()} samples lie on the wrong side of w_star")
    squares = torch.einsum("nd,nd->n", x, x)
    return float(squares.max() / margins.min().square())


# %% right: in double precision, a ValueError of its own kind
class NotSeparated(ValueError):
    pass


def mistake_bound(x, y, w_star):
    z = x.double() * y.double().unsqueeze(1)
    w = w_star.double() / w_star.double().norm().clamp(min=1e-300)
    half = torch.mv(z, w).amin().item()
    if half <= 0:
        raise NotSeparated("the vector w_star separates nothing")
    return max(row.norm().item() for row in z) ** 2 / half**2


# %% wrong: norm forgotten
# says: divide y w·x by the norm
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return float(x.norm(dim=1).max() ** 2 / nearest**2)


# %% wrong: γ taken for γ/2
# says: γ is twice that
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return float(4 * x.norm(dim=1).max() ** 2 / (nearest / w_star.norm()) ** 2)


# %% wrong: mean radius
# says: not the mean
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return float((x.norm(dim=1).mean() * w_star.norm() / nearest) ** 2)


# %% wrong: mean margin
# says: the nearest sample
# caught: visible
def mistake_bound(x, y, w_star):
    margins = y * (x @ w_star)
    if margins.min() <= 0:
        raise ValueError("w_star does not separate the samples")
    return float((x.norm(dim=1).max() * w_star.norm() / margins.mean()) ** 2)


# %% wrong: not squared
# says: square it
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return float(x.norm(dim=1).max() * w_star.norm() / nearest)


# %% wrong: rounded down
# says: do not round
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return math.floor((x.norm(dim=1).max() * w_star.norm() / nearest) ** 2)


# %% wrong: R over all entries
# says: all numbers in x
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return float((x.norm() * w_star.norm() / nearest) ** 2)


# %% wrong: norm of the columns
# says: not of a column
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return float((x.norm(dim=0).max() * w_star.norm() / nearest) ** 2)


# %% wrong: radius of the largest entry
# says: largest number in x
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return float((x.abs().max() * w_star.norm() / nearest) ** 2)


# %% wrong: labels ignored
# says: the same for y and for −y
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (x @ w_star).abs().min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return float((x.norm(dim=1).max() * w_star.norm() / nearest) ** 2)


# %% wrong: a 0-d tensor
# says: must be a Python number, not a tensor
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return (x.norm(dim=1).max() * w_star.norm() / nearest) ** 2


# %% wrong: prints
# says: is a return missing?
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    print(float((x.norm(dim=1).max() * w_star.norm() / nearest) ** 2))


# %% wrong: no error
# says: must be refused with ValueError
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    return float((x.norm(dim=1).max() * w_star.norm() / nearest) ** 2)


# %% wrong: infinity in place of an error
# says: must be refused with ValueError
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        return math.inf
    return float((x.norm(dim=1).max() * w_star.norm() / nearest) ** 2)


# %% wrong: an assertion in place of the error
# says: AssertionError
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    assert nearest > 0, "w_star does not separate the samples"
    return float((x.norm(dim=1).max() * w_star.norm() / nearest) ** 2)


# %% wrong: an error without a name
# says: w_star or x or y
# caught: visible
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("not possible")
    return float((x.norm(dim=1).max() * w_star.norm() / nearest) ** 2)


# %% wrong: zero is let through
# caught: hidden
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest < 0:
        raise ValueError("w_star does not separate the samples")
    if nearest == 0:
        return math.inf
    return float((x.norm(dim=1).max() * w_star.norm() / nearest) ** 2)


# %% wrong: nan of w_star = 0 is let through
# caught: hidden
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min() / w_star.norm()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return float((x.norm(dim=1).max() / nearest) ** 2)


# %% wrong: an error only where all samples are on the wrong side
# caught: hidden
def mistake_bound(x, y, w_star):
    margins = y * (x @ w_star)
    if margins.max() <= 0:
        raise ValueError("w_star does not separate the samples")
    nearest = margins[margins > 0].min()
    return float((x.norm(dim=1).max() * w_star.norm() / nearest) ** 2)


# %% wrong: an error from a mean margin
# caught: hidden
def mistake_bound(x, y, w_star):
    margins = y * (x @ w_star)
    if margins.mean() <= 0:
        raise ValueError("w_star does not separate the samples")
    return float((x.norm(dim=1).max() * w_star.norm() / margins.min()) ** 2)


# %% wrong: a tolerance in the units of w_star
# caught: hidden
def mistake_bound(x, y, w_star):
    nearest = (y * (x @ w_star)).min()
    if nearest <= 1e-2:
        raise ValueError("w_star does not separate the samples")
    return float((x.norm(dim=1).max() * w_star.norm() / nearest) ** 2)


# %% wrong: normalises its argument
# says: w_star was changed in place
# caught: hidden
def mistake_bound(x, y, w_star):
    w = w_star if len(x) > 3 else w_star.clone()
    w /= w_star.norm()
    nearest = (y * (x @ w)).min()
    if not nearest > 0:
        raise ValueError("w_star does not separate the samples")
    return float((x.norm(dim=1).max() / nearest) ** 2)


# %% wrong: whole labels only
# caught: hidden
def mistake_bound(x, y, w_star):
    signs = torch.tensor([1.0, -1.0], device=x.device, dtype=x.dtype)[(y < 0).int() & y]
    nearest = (y * signs * signs * (x @ w_star)).min()
    if nearest <= 0:
        raise ValueError("w_star does not separate the samples")
    return float((x.norm(dim=1).max() * w_star.norm() / nearest) ** 2)
