"""Attempts at `best_threshold`: what graders must accept and reject."""

import bisect
import math

import numpy as np
import torch
from torch import Tensor


# %% right: every value and −∞, one after the other
def best_threshold(x: Tensor, y: Tensor) -> float:
    best, fewest = -math.inf, int((y == 0).sum())
    for t in x.unique():
        errors = int(((x > t) != y.bool()).sum())
        if errors < fewest:
            best, fewest = t.item(), errors
    return best


# %% right: midpoints in float64, infinite ends
def best_threshold(x, y):
    s = x.double().unique()
    ends = s.new_tensor([math.inf])
    t = torch.cat([-ends, (s[1:] + s[:-1]) / 2, ends])
    errors = ((x.double()[None] > t[:, None]).long() - y.long()[None]).abs().sum(1)
    return float(t[errors.argmin()])


# %% right: sorted, with cumulative sums, cut only between different values
def best_threshold(x, y):
    s, order = x.double().sort()
    ones = (y[order] == 1).long()
    zero = ones.new_zeros(1)
    below = torch.cat([zero, ones.cumsum(0)])
    above = torch.cat([zero, (1 - ones).flip(0).cumsum(0)]).flip(0)
    errors = below + above
    tied = torch.cat([s.new_zeros(1), (s[1:] == s[:-1]).double(), s.new_zeros(1)]).bool()
    errors = errors.masked_fill(tied, len(x) + 1)
    k = int(errors.argmin())
    return s[k - 1].item() if k else s[0].item() - 1.0


# %% right: pure Python
def best_threshold(x, y):
    pairs = list(zip(x.tolist(), y.tolist()))

    def errors(t):
        return sum(1 for value, label in pairs if (value > t) != (label == 1))

    return min([float("-inf")] + [value for value, _ in pairs], key=errors)


# %% right: sorted classes and bisection
def best_threshold(x, y):
    zeros = sorted(x[y == 0].tolist())
    ones = sorted(x[y == 1].tolist())
    best = None
    for t in [min(x.tolist()) - 1.0] + x.tolist():
        errors = len(zeros) - bisect.bisect_right(zeros, t) + bisect.bisect_right(ones, t)
        if best is None or errors <= best[0]:
            best = errors, t
    return best[1]


# %% right: NumPy, just below every value
def best_threshold(x, y):
    values, labels = x.cpu().numpy().astype(np.float64), y.cpu().numpy() == 1
    candidates = np.append(np.nextafter(values, -np.inf), np.inf)
    errors = [np.sum((values > t) != labels) for t in candidates]
    return float(candidates[int(np.argmin(errors))])


# %% wrong: halfway between the means of the classes
# says: moves means
# caught: visible
def best_threshold(x, y):
    return float((x[y == 0].mean() + x[y == 1].mean()) / 2)


# %% wrong: halfway between the means, where both classes are there
# says: moves means
# caught: visible
def best_threshold(x, y):
    if (y == 0).all():
        return math.inf
    if (y == 1).all():
        return -math.inf
    return float((x[y == 0].double().mean() + x[y == 1].double().mean()) / 2)


# %% wrong: halfway between the medians
# says: the classes overlap
# caught: visible
def best_threshold(x, y):
    if (y == 0).all():
        return math.inf
    if (y == 1).all():
        return -math.inf
    return float((x[y == 0].median() + x[y == 1].median()) / 2)


# %% wrong: a grid of a hundred thresholds
# says: no grid is fine enough
# caught: hidden
def best_threshold(x, y):
    grid = torch.linspace(x.min().item() - 1, x.max().item() + 1, 100).tolist()
    errors = [int(((x > t) != (y == 1)).sum()) for t in grid]
    return grid[errors.index(min(errors))]


# %% wrong: whole numbers only
# says: no grid is fine enough
# caught: hidden
def best_threshold(x, y):
    grid = range(math.floor(x.min().item()) - 1, math.ceil(x.max().item()) + 2)
    errors = [int(((x > t) != (y == 1)).sum()) for t in grid]
    return float(grid[errors.index(min(errors))])


# %% wrong: 1 where x ≥ t
# says: strictly
# caught: visible
def best_threshold(x, y):
    candidates = [*x.double().unique().tolist(), math.inf]
    errors = [int(((x.double() >= t) != (y == 1)).sum()) for t in candidates]
    return candidates[errors.index(min(errors))]


# %% wrong: 1 where x < t
# says: strictly
# caught: visible
def best_threshold(x, y):
    candidates = [*x.double().unique().tolist(), math.inf]
    errors = [int(((x.double() < t) != (y == 1)).sum()) for t in candidates]
    return candidates[errors.index(min(errors))]


# %% wrong: the side that fits better
# says: the other way round
# caught: visible
def best_threshold(x, y):
    candidates = [-math.inf, *x.double().unique().tolist()]
    errors = [int(((x.double() > t) != (y == 1)).sum()) for t in candidates]
    either = [min(e, len(x) - e) for e in errors]
    return candidates[either.index(min(either))]


# %% wrong: cuts between equal values
# says: equal values
# caught: visible
def best_threshold(x, y):
    s, order = x.double().sort()
    ones = (y[order] == 1).long()
    below = torch.cat([ones.new_zeros(1), ones.cumsum(0)])
    zeros_below = torch.arange(len(x) + 1, device=x.device) - below
    errors = below + (y == 0).sum() - zeros_below
    ends = s.new_tensor([math.inf])
    edges = torch.cat([-ends, s, ends])
    k = int(errors.argmin())
    return float((edges[k] + edges[k + 1]) / 2)


# %% wrong: midpoints rounded to float32
# says: neighbouring float32
# caught: hidden
def best_threshold(x, y):
    s = x.unique()
    ends = s.new_tensor([math.inf])
    t = torch.cat([-ends, (s[1:] + s[:-1]) / 2, ends])
    errors = ((x > t[:, None]) != (y == 1)).sum(dim=1)
    return t[errors.argmin()].item()


# %% wrong: never calls all of them 1
# says: which threshold has all of x above it
# caught: visible
def best_threshold(x, y):
    candidates = x.double().unique()
    errors = ((x.double() > candidates[:, None]) != (y == 1)).sum(dim=1)
    return candidates[errors.argmin()].item()


# %% wrong: never calls all of them 0
# says: which threshold has no x above it
# caught: visible
def best_threshold(x, y):
    s = x.double().unique()
    candidates = torch.cat([s[:1] - 1, s[:-1]])
    errors = ((x.double() > candidates[:, None]) != (y == 1)).sum(dim=1)
    return candidates[errors.argmin()].item()


# %% wrong: the values taken to be sorted
# says: any order
# caught: visible
def best_threshold(x, y):
    fewest, best = None, None
    for k in range(len(x) + 1):
        errors = int((y[:k] == 1).sum() + (y[k:] == 0).sum())
        if fewest is None or errors < fewest:
            fewest, best = errors, k
    return x[best - 1].item() if best else -math.inf


# %% wrong: most errors
# says: as few errors as possible
# caught: visible
def best_threshold(x, y):
    candidates = torch.cat([x.double().unique(), x.double().new_tensor([-math.inf])])
    errors = ((x.double() > candidates[:, None]) != (y == 1)).sum(dim=1)
    return candidates[errors.argmax()].item()


# %% wrong: prints instead of returning
# says: is a return missing
# caught: visible
def best_threshold(x, y):
    candidates = torch.cat([x.double().new_tensor([-math.inf]), x.double().unique()])
    errors = ((x.double() > candidates[:, None]) != (y == 1)).sum(dim=1)
    print(candidates[errors.argmin()].item())


# %% wrong: a tensor
# says: Python float
# caught: visible
def best_threshold(x, y):
    candidates = torch.cat([x.double().new_tensor([-math.inf]), x.double().unique()])
    errors = ((x.double() > candidates[:, None]) != (y == 1)).sum(dim=1)
    return candidates[errors.argmin()]


# %% wrong: the number of the value, not the value
# says: the number of a value
# caught: visible
def best_threshold(x, y):
    errors = ((x.double() > x.double()[:, None]) != (y == 1)).sum(dim=1)
    return float(errors.argmin())


# %% wrong: the largest zero
# says: the classes overlap
# caught: visible
def best_threshold(x, y):
    zeros = x[y == 0]
    return zeros.max().item() if len(zeros) else -math.inf


# %% wrong: the Gaussians' crossing instead of counting
# says: count errors instead
def best_threshold(x, y):
    a, b = x[y == 0].double(), x[y == 1].double()
    if len(a) == 0 or len(b) == 0:
        return math.inf if len(b) == 0 else -math.inf
    grid = torch.linspace(x.min().item(), x.max().item(), 2001).double()
    sa, sb = a.std(correction=0) + 1e-9, b.std(correction=0) + 1e-9
    odds = ((grid - a.mean()) / sa) ** 2 - ((grid - b.mean()) / sb) ** 2 + 2 * (sa / sb).log()
    return grid[odds.abs().argmin()].item()


# %% wrong: sorts the caller's tensor
# says: in place
# caught: hidden
def best_threshold(x, y):
    order = x.argsort()
    x[:], y[:] = x[order].clone(), y[order].clone()
    candidates = torch.cat([x.double().new_tensor([-math.inf]), x.double().unique()])
    errors = ((x.double() > candidates[:, None]) != (y == 1)).sum(dim=1)
    return candidates[errors.argmin()].item()
