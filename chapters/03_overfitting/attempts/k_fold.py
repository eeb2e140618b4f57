"""Attempts at `k_fold`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: every k-th of a permutation
def k_fold(n: int, k: int, generator: torch.Generator) -> list[tuple[Tensor, Tensor]]:
    if k < 2 or k > n:
        raise ValueError(f"k = {k} folds of {n} samples")
    order = torch.randperm(n, generator=generator)
    return [(torch.cat([order[j::k] for j in range(k) if j != i]), order[i::k]) for i in range(k)]


# %% right: shuffled fold numbers and masks
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k must be in 2..n")
    fold = (torch.arange(n) % k)[torch.rand(n, generator=generator).argsort()]
    return [((fold != i).nonzero().flatten(), (fold == i).nonzero().flatten()) for i in range(k)]


# %% right: sizes counted out, lists of Python numbers, pairs as lists
def k_fold(n, k, generator):
    if k not in range(2, n + 1):
        raise ValueError("n samples cannot be split like that")
    order = torch.randperm(n, generator=generator).tolist()
    sizes = [n // k + (i < n % k) for i in range(k)]
    folds, start = [], 0
    for size in sizes:
        inside = order[start : start + size]
        outside = [j for j in order if j not in inside]
        folds.append([torch.tensor(outside), torch.tensor(inside)])
        start += size
    return folds


# %% right: NumPy's own generator, seeded by the one given
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    seed = torch.randint(2**31, (), generator=generator).item()
    parts = np.array_split(np.random.default_rng(seed).permutation(n), k)
    return [
        (torch.from_numpy(np.setdiff1d(np.arange(n), part)), torch.from_numpy(part))
        for part in parts
    ]


# %% wrong: folds drawn anew each time, so that they overlap
# says: more than one fold
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    folds = []
    for _ in range(k):
        order = torch.randperm(n, generator=generator)
        folds.append((order[n // k :], order[: n // k]))
    return folds


# %% wrong: remainder dropped
# says: never validate
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    order = torch.randperm(n, generator=generator)
    size = n // k
    return [
        (torch.cat([order[: i * size], order[(i + 1) * size :]]), order[i * size : (i + 1) * size])
        for i in range(k)
    ]


# %% wrong: remainder dropped from training, too
# says: neither train nor validate
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    parts = torch.randperm(n, generator=generator)[: n // k * k].view(k, -1)
    return [(torch.cat([parts[:i], parts[i + 1 :]]).flatten(), parts[i]) for i in range(k)]


# %% wrong: remainder piled on the last fold
# says: at most
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    parts = list(
        torch.randperm(n, generator=generator).split([n // k] * (k - 1) + [n - n // k * (k - 1)])
    )
    return [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]


# %% wrong: chunk, whose last part is small
# says: at most
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    parts = list(torch.randperm(n, generator=generator).chunk(k))
    return [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(len(parts))]


# %% wrong: generator ignored, global one used
# says: generator
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    parts = torch.randperm(n).tensor_split(k)
    return [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]


# %% wrong: a seed of its own
# says: shuffle the samples by the generator given
# caught: hidden
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    parts = torch.randperm(n, generator=torch.Generator().manual_seed(0)).tensor_split(k)
    return [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]


# %% wrong: the global generator seeded
# says: global
# caught: hidden
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    torch.manual_seed(generator.initial_seed())
    parts = torch.randperm(n).tensor_split(k)
    return [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]


# %% wrong: not shuffled
# says: neighbours in the list
# caught: hidden
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    parts = torch.arange(n).tensor_split(k)
    return [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]


# %% wrong: pairs the wrong way round
# says: in this order
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    parts = torch.randperm(n, generator=generator).tensor_split(k)
    return [(parts[i], torch.cat(parts[:i] + parts[i + 1 :])) for i in range(k)]


# %% wrong: trains on everything
# says: trains and validates
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    order = torch.randperm(n, generator=generator)
    return [(order, part) for part in order.tensor_split(k)]


# %% wrong: masks instead of indices
# says: masks
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    fold = torch.randperm(n, generator=generator) % k
    return [(fold != i, fold == i) for i in range(k)]


# %% wrong: a generator object instead of a list
# says: its type is generator
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    parts = torch.randperm(n, generator=generator).tensor_split(k)
    return ((torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k))


# %% wrong: one pair only
# says: entries
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    order = torch.randperm(n, generator=generator)
    return [(order[n // k :], order[: n // k])]


# %% wrong: k = 1 allowed
# says: k_fold(5, 1, generator) must be refused
# caught: visible
def k_fold(n, k, generator):
    if k < 1 or k > n:
        raise ValueError("k")
    parts = torch.randperm(n, generator=generator).tensor_split(k)
    return [(torch.cat((*parts[:i], *parts[i + 1 :], parts[0][:0])), parts[i]) for i in range(k)]


# %% wrong: leave one out refused
# caught: hidden
def k_fold(n, k, generator):
    if not 2 <= k < n:
        raise ValueError("k must be below n")
    parts = torch.randperm(n, generator=generator).tensor_split(k)
    return [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]


# %% wrong: drawn with replacement
# says: Was each drawn just once?
# caught: visible
def k_fold(n, k, generator):
    if not 2 <= k <= n:
        raise ValueError("k")
    parts = torch.randint(n, (n,), generator=generator).tensor_split(k)
    return [(torch.cat(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]
