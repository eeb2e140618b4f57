"""Attempts at `minibatches`: what graders must accept and reject."""

import random

import numpy as np
import torch
from torch import Tensor


# %% right: split of a permutation
def minibatches(n: int, batch_size: int, generator: torch.Generator):
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}")
    if n > 0:
        yield from torch.randperm(n, generator=generator).split(batch_size)


# %% right: a list, ranks of uniform numbers
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size must be positive")
    order = torch.rand(n, generator=generator, dtype=torch.float64).argsort()
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


# %% right: a hat to draw from, one at a time
def minibatches(n, batch_size, generator):
    if batch_size <= 0:
        raise ValueError(f"expected batch_size >= 1, got {batch_size}")
    left, batch = list(range(n)), []
    while left:
        batch.append(left.pop(int(torch.randint(len(left), (), generator=generator))))
        if len(batch) == batch_size or not left:
            yield torch.tensor(batch, dtype=torch.int64)
            batch = []


# %% right: Fisher and Yates
def minibatches(n, batch_size, generator):
    def run():
        order = list(range(n))
        for i in reversed(range(1, n)):
            j = int(torch.randint(i + 1, (1,), generator=generator).item())
            order[i], order[j] = order[j], order[i]
        while order:
            yield torch.LongTensor(order[:batch_size])
            del order[:batch_size]

    if batch_size < 1:
        raise ValueError("the batch_size must be at least one")
    return run()


# %% right: NumPy, seeded by a draw from the generator
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size: at least 1")
    seed = int(torch.randint(2**62, (1,), generator=generator))
    order = torch.from_numpy(np.random.default_rng(seed).permutation(n))
    for k in range((n + batch_size - 1) // batch_size):
        yield order[k * batch_size : (k + 1) * batch_size]


# %% right: torch's own sampler
def minibatches(n, batch_size, generator):
    from torch.utils.data import BatchSampler, RandomSampler

    if batch_size < 1:
        raise ValueError("batch_size < 1")
    if n:
        sampler = RandomSampler(range(n), generator=generator)
        for batch in BatchSampler(sampler, batch_size, drop_last=False):
            yield torch.tensor(batch)


# %% wrong: with replacement
# says: without replacement
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    for first in range(0, n, batch_size):
        yield torch.randint(n, (min(batch_size, n - first),), generator=generator)


# %% wrong: each batch drawn anew
# says: without replacement
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    for first in range(0, n, batch_size):
        yield torch.randperm(n, generator=generator)[: min(batch_size, n - first)]


# %% wrong: last dropped
# says: last batch is dropped
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = torch.randperm(n, generator=generator)
    for k in range(n // batch_size):
        yield order[k * batch_size : (k + 1) * batch_size]


# %% wrong: same order every call
# says: same order
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    generator.manual_seed(0)
    order = torch.randperm(n, generator=generator)
    for first in range(0, n, batch_size):
        yield order[first : first + batch_size]


# %% wrong: reseeded with its own seed
# says: two epochs in a row
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    generator = torch.Generator().manual_seed(generator.initial_seed())
    order = torch.randperm(n, generator=generator)
    for first in range(0, n, batch_size):
        yield order[first : first + batch_size]


# %% wrong: not shuffled
# says: shuffle them
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    yield from (t for t in torch.arange(n).split(batch_size) if len(t))


# %% wrong: global generator
# says: generator given
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = torch.randperm(n)
    for first in range(0, n, batch_size):
        yield order[first : first + batch_size]


# %% wrong: seeds the global generator from the one given
# says: global generator
# caught: hidden
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
    order = torch.randperm(n)
    for first in range(0, n, batch_size):
        yield order[first : first + batch_size]


# %% wrong: Python's random
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = list(range(n))
    random.shuffle(order)
    for first in range(0, n, batch_size):
        yield torch.tensor(order[first : first + batch_size])


# %% wrong: batches shuffled, not samples
# says: not whole batches
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    starts = torch.arange(0, n, batch_size)
    short = [s for s in starts.tolist() if s + batch_size > n]
    full = torch.tensor([s for s in starts.tolist() if s + batch_size <= n], dtype=torch.int64)
    for s in full[torch.randperm(len(full), generator=generator)].tolist() + short:
        yield torch.arange(s, min(s + batch_size, n))


# %% wrong: sorted inside the batches
# says: not all orders
# caught: hidden
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = torch.randperm(n, generator=generator)
    for first in range(0, n, batch_size):
        yield order[first : first + batch_size].sort().values


# %% wrong: a random rotation
# says: not all orders
# caught: hidden
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    if n:
        shift = int(torch.randint(1, n + 1, (1,), generator=generator)) if n > 1 else 0
        order = torch.arange(n).flip(0).roll(shift)
        yield from order.split(batch_size)


# %% wrong: every index swapped with any other
# caught: hidden
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = list(range(n))
    for i in range(n - 1, 0, -1):  # never stays: only cycles come out
        j = int(torch.randint(i, (1,), generator=generator))
        order[i], order[j] = order[j], order[i]
    for first in range(0, n, batch_size):
        yield torch.tensor(order[first : first + batch_size])


# %% wrong: an empty batch for no samples
# says: an empty batch
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    yield from torch.randperm(n, generator=generator).split(batch_size)


# %% wrong: an empty batch where all are full
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = torch.randperm(n, generator=generator)
    for k in range(n // batch_size + 1):
        yield order[k * batch_size : (k + 1) * batch_size]


# %% wrong: batch_size taken for the number of batches
# says: size of a batch
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = torch.randperm(n, generator=generator)
    yield from (part for part in order.tensor_split(batch_size) if len(part))


# %% wrong: even batches
# says: size of a batch
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = torch.randperm(n, generator=generator)
    if n:
        yield from order.tensor_split(-(-n // batch_size))


# %% wrong: lists
# says: must be an int64 tensor
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = torch.randperm(n, generator=generator).tolist()
    for first in range(0, n, batch_size):
        yield order[first : first + batch_size]


# %% wrong: int32
# says: must be an int64 tensor
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = torch.randperm(n, generator=generator).int()
    for first in range(0, n, batch_size):
        yield order[first : first + batch_size]


# %% wrong: masks
# says: must be an int64 tensor
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = torch.randperm(n, generator=generator)
    for first in range(0, n, batch_size):
        mask = torch.zeros(n, dtype=torch.bool)
        mask[order[first : first + batch_size]] = True
        yield mask


# %% wrong: one batch returned
# says: has the type Tensor
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    return torch.randperm(n, generator=generator)[:batch_size]


# %% wrong: endless
# says: goes on after the epoch
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    while True:
        order = torch.randperm(n, generator=generator)
        for first in range(0, n, batch_size):
            yield order[first : first + batch_size]
        if n == 0:
            return


# %% wrong: batch size never checked
# says: minibatches(5, 0, generator) must be refused with ValueError
# caught: visible
def minibatches(n, batch_size, generator):
    order = torch.randperm(n, generator=generator)
    first = 0
    while first < n and batch_size > 0:
        yield order[first : first + batch_size]
        first += batch_size


# %% wrong: an error without a name
# says: names no argument
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("too small")
    order = torch.randperm(n, generator=generator)
    for first in range(0, n, batch_size):
        yield order[first : first + batch_size]


# %% wrong: only zero is refused
# says: minibatches(9, -1, generator) must be refused
# caught: hidden
def minibatches(n, batch_size, generator):
    if batch_size == 0:
        raise ValueError("batch_size is 0")
    order = torch.randperm(n, generator=generator)
    for first in range(0, n, batch_size):
        yield order[first : first + batch_size]


# %% wrong: counts from one
# says: indices must be those from 0
# caught: visible
def minibatches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = 1 + torch.randperm(n, generator=generator)
    for first in range(0, n, batch_size):
        yield order[first : first + batch_size]
