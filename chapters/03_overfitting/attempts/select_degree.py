"""Attempts at `select_degree`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


def powers_of(x: Tensor, degree: int) -> Tensor:
    return torch.stack([x**d for d in range(degree + 1)], dim=1)


def fitted(x: Tensor, y: Tensor, degree: int) -> Tensor:
    return torch.linalg.lstsq(powers_of(x, degree), y[:, None]).solution[:, 0]


def loss(alpha: Tensor, x: Tensor, y: Tensor) -> float:
    return float(((powers_of(x, len(alpha) - 1) @ alpha - y) ** 2).mean())


def cut(n: int, k: int, generator: torch.Generator, device: torch.device) -> list:
    parts = torch.randperm(n, generator=generator).to(device).tensor_split(k)
    return [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]


# %% right: folds first, a loop over degrees, the best so far
def select_degree(x: Tensor, y: Tensor, degrees, k: int, generator) -> int:
    if k < 2 or k > len(x):
        raise ValueError(f"cannot make k={k} folds")
    folds = cut(len(x), k, generator, x.device)
    best, lowest = None, float("inf")
    for degree in sorted(degrees):
        error = sum(loss(fitted(x[a], y[a], degree), x[b], y[b]) for a, b in folds) / k
        if error < lowest:
            best, lowest = degree, error
    return best


# %% right: NumPy and its polyfit, the permutation drawn by torch
def select_degree(x, y, degrees, k, generator):
    if k not in range(2, x.numel() + 1):
        raise ValueError("k must be in 2..N")
    u, v = x.double().cpu().numpy(), y.double().cpu().numpy()
    fold = np.empty(len(u), dtype=int)
    fold[torch.rand(len(u), generator=generator).argsort().numpy()] = np.arange(len(u)) % k
    table = np.zeros((len(degrees), k))
    for row, degree in enumerate(degrees):
        for i in range(k):
            kept = fold != i
            law = np.polynomial.Polynomial.fit(u[kept], v[kept], degree)
            table[row, i] = np.mean((law(u[~kept]) - v[~kept]) ** 2)
    return min(zip(table.mean(1), degrees))[1]


# %% right: all folds of a degree in one QR, errors in a dict
def select_degree(x, y, degrees, k, generator):
    n = len(x)
    if not 2 <= k <= n:
        raise ValueError("k: too few or too many folds")
    fold = torch.arange(n)[torch.randperm(n, generator=generator)].remainder(k).to(x.device)
    out = fold == torch.arange(k, device=x.device)[:, None]
    errors = {}
    for d in set(degrees):
        p = powers_of(x.double(), d)
        q, r = torch.linalg.qr(p * ~out[:, :, None])
        alpha = torch.linalg.solve_triangular(r, q.mT @ y.double()[:, None], upper=True)
        squares = (p @ alpha).squeeze(-1).sub(y).square() * out
        errors[d] = (squares.sum(1) / out.sum(1)).mean().item()
    return min(d for d in errors if errors[d] == min(errors.values()))


# %% right: the generator's state restored for every degree
def select_degree(x, y, degrees, k, generator):
    if not 1 < k <= len(x):
        raise ValueError("k")
    start = generator.get_state()

    def score(degree):
        generator.set_state(start)
        folds = cut(len(x), k, generator, x.device)
        return np.mean([loss(fitted(x[a], y[a], degree), x[b], y[b]) for a, b in folds])

    return min(degrees, key=lambda d: (score(d), d))


# %% wrong: training error
# says: 12 errs least on the samples it was fitted to
# caught: visible
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    folds = cut(len(x), k, generator, x.device)
    errors = [
        sum(loss(fitted(x[a], y[a], d), x[a], y[a]) for a, _ in folds) for d in sorted(degrees)
    ]
    return sorted(degrees)[int(np.argmin(errors))]


# %% wrong: leakage, fitted to all samples before validating
# says: judge each fit by a part that it has not seen
# caught: visible
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    folds = cut(len(x), k, generator, x.device)
    return min(
        sorted(degrees), key=lambda d: sum(loss(fitted(x, y, d), x[b], y[b]) for _, b in folds)
    )


# %% wrong: the last degree
# says: smallest average taken
# caught: visible
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    folds = cut(len(x), k, generator, x.device)
    lowest = float("inf")
    for d in degrees:
        error = sum(loss(fitted(x[a], y[a], d), x[b], y[b]) for a, b in folds)
        lowest = min(lowest, error)
        best = d
    return best


# %% wrong: the largest error
# says: take the smallest average
# caught: visible
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    folds = cut(len(x), k, generator, x.device)
    return max(
        sorted(degrees),
        key=lambda d: sum(loss(fitted(x[a], y[a], d), x[b], y[b]) for a, b in folds),
    )


# %% wrong: place in the list
# says: place in the list
# caught: visible
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    folds = cut(len(x), k, generator, x.device)
    errors = [sum(loss(fitted(x[a], y[a], d), x[b], y[b]) for a, b in folds) for d in degrees]
    return int(np.argmin(errors))


# %% wrong: trains on one part and validates on the rest
# says: all parts but one
# caught: visible
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    folds = cut(len(x), k, generator, x.device)
    return min(
        sorted(degrees),
        key=lambda d: sum(loss(fitted(x[b], y[b], d), x[a], y[a]) for a, b in folds),
    )


# %% wrong: parts of neighbours, generator ignored
# says: shuffle
# caught: visible
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    parts = torch.arange(len(x), device=x.device).tensor_split(k)
    folds = [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]
    return min(
        sorted(degrees),
        key=lambda d: sum(loss(fitted(x[a], y[a], d), x[b], y[b]) for a, b in folds),
    )


# %% wrong: another partition for each degree
# says: one partition
# caught: hidden
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")

    def score(d):
        folds = cut(len(x), k, generator, x.device)
        return sum(loss(fitted(x[a], y[a], d), x[b], y[b]) for a, b in folds)

    return min(sorted(degrees), key=score)


# %% wrong: only one fold validates
# says: average over all parts
# caught: hidden
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    a, b = cut(len(x), k, generator, x.device)[0]
    return min(sorted(degrees), key=lambda d: loss(fitted(x[a], y[a], d), x[b], y[b]))


# %% wrong: the first of equals instead of the smallest
# says: smallest wins
# caught: hidden
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    folds = cut(len(x), k, generator, x.device)
    return min(
        degrees, key=lambda d: sum(loss(fitted(x[a], y[a], d), x[b], y[b]) for a, b in folds)
    )


# %% wrong: the global generator
# says: global generator
# caught: hidden
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    parts = torch.randperm(len(x)).to(x.device).tensor_split(k)
    folds = [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]
    return min(
        sorted(degrees),
        key=lambda d: sum(loss(fitted(x[a], y[a], d), x[b], y[b]) for a, b in folds),
    )


# %% wrong: degrees sorted in place
# says: sort a copy
# caught: hidden
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    degrees.sort()
    folds = cut(len(x), k, generator, x.device)
    return min(
        degrees, key=lambda d: sum(loss(fitted(x[a], y[a], d), x[b], y[b]) for a, b in folds)
    )


# %% wrong: a tensor instead of an int
# says: must be an int
# caught: visible
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    folds = cut(len(x), k, generator, x.device)
    ordered = sorted(degrees)
    errors = [sum(loss(fitted(x[a], y[a], d), x[b], y[b]) for a, b in folds) for d in ordered]
    return torch.tensor(ordered)[torch.tensor(errors).argmin()]


# %% wrong: k too large is not refused
# says: must be refused
# caught: visible
def select_degree(x, y, degrees, k, generator):
    if k < 2:
        raise ValueError("k")
    folds = cut(len(x), min(k, len(x)), generator, x.device)
    return min(
        sorted(degrees),
        key=lambda d: sum(loss(fitted(x[a], y[a], d), x[b], y[b]) for a, b in folds),
    )


# %% wrong: the squares of all parts in one mean
# says: average them within each part
# caught: hidden
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    folds = cut(len(x), k, generator, x.device)

    def score(d):
        residuals = [powers_of(x[b], d) @ fitted(x[a], y[a], d) - y[b] for a, b in folds]
        return float((torch.cat(residuals) ** 2).mean())

    return min(sorted(degrees), key=score)


# %% wrong: absolute errors
# says: average them within each part
# caught: hidden
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    folds = cut(len(x), k, generator, x.device)

    def score(d):
        residuals = [powers_of(x[b], d) @ fitted(x[a], y[a], d) - y[b] for a, b in folds]
        return float(sum(r.abs().mean() for r in residuals))

    return min(sorted(degrees), key=score)


# %% wrong: the root of each part's mean square
# says: average them within each part
# caught: hidden
def select_degree(x, y, degrees, k, generator):
    if not 2 <= k <= len(x):
        raise ValueError("k")
    folds = cut(len(x), k, generator, x.device)

    def score(d):
        residuals = [powers_of(x[b], d) @ fitted(x[a], y[a], d) - y[b] for a, b in folds]
        return float(sum((r**2).mean().sqrt() for r in residuals))

    return min(sorted(degrees), key=score)
