"""Attempts at `checkerboard`: what graders must accept and reject."""

import torch
from torch import Tensor


# %% right: sum of two counts
def checkerboard(n: int) -> Tensor:
    if n < 1:
        raise ValueError(f"n must be positive, not {n}")
    i = torch.arange(n)
    return (i[:, None] + i) % 2


# %% right: ones through two slices with a step
def checkerboard(n):
    if n <= 0:
        raise ValueError("n < 1")
    board = torch.zeros(n, n, dtype=torch.int64)
    board[::2, 1::2] = 1
    board[1::2, ::2] = 1
    return board


# %% right: a tile repeated and cut
def checkerboard(n):
    if n < 1:
        raise ValueError("n is too small")
    tile = torch.tensor([[0, 1], [1, 0]])
    k = n // 2 + 1
    return tile.repeat(k, k)[:n, :n]


# %% right: exclusive or, and a copy that warns
def checkerboard(n):
    if not n >= 1:
        raise ValueError("n must be at least one")
    odd = torch.arange(n) % 2 == 1
    return torch.tensor(odd.unsqueeze(1) ^ odd.unsqueeze(0), dtype=torch.int64)


# %% right: by way of NumPy
def checkerboard(n):
    import numpy as np

    if n < 1:
        raise ValueError("n must be >= 1")
    return torch.from_numpy(np.indices((n, n)).sum(axis=0) % 2)


# %% right: a row of odd length, counted through
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    m = n + 1 - n % 2
    return torch.arange(n * m).view(n, m)[:, :n] % 2


# %% wrong: colours swapped
# says: the colours are swapped
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    i = torch.arange(n)
    return (i[:, None] + i + 1) % 2


# %% wrong: colours swapped for odd n
# says: swapped for odd n
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    i = torch.arange(n)
    return (i[:, None] + i.flip(0) + 1) % 2


# %% wrong: float dtype
# says: must have the dtype torch.int64, not torch.float32
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    board = torch.zeros(n, n)
    board[::2, 1::2] = 1
    board[1::2, ::2] = 1
    return board


# %% wrong: bool dtype
# says: must have the dtype torch.int64, not torch.bool
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    i = torch.arange(n) % 2
    return i[:, None] != i


# %% wrong: even n only, too small for odd n
# says: even n only
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    return torch.tensor([[0, 1], [1, 0]]).repeat(n // 2, n // 2)


# %% wrong: even n only, too large for odd n
# says: even n only
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    return torch.tensor([[0, 1], [1, 0]]).repeat((n + 1) // 2, (n + 1) // 2)


# %% wrong: odd n only
# says: these are stripes
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    return torch.arange(n * n).view(n, n) % 2


# %% wrong: two nested loops
# says: has a loop
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    board = torch.zeros(n, n, dtype=torch.int64)
    for i in range(n):
        for j in range(n):
            board[i, j] = (i + j) % 2
    return board


# %% wrong: a comprehension is a loop
# says: has a loop
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    return torch.tensor([[(i + j) % 2 for j in range(n)] for i in range(n)])


# %% wrong: recursion
# says: calls itself
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    if n == 1:
        return torch.zeros(1, 1, dtype=torch.int64)
    board = torch.zeros(n, n, dtype=torch.int64)
    board[1:, 1:] = checkerboard(n - 1)
    board[0, 1::2] = 1
    board[1::2, 0] = 1
    return board


# %% wrong: an empty board instead of an error
# says: must be refused with ValueError
# caught: visible
def checkerboard(n):
    i = torch.arange(n)
    return (i[:, None] + i) % 2


# %% wrong: refuses 0 only
# says: must be refused with ValueError
# caught: hidden
def checkerboard(n):
    if n == 0:
        raise ValueError("n must not be 0")
    i = torch.arange(abs(n))
    return (i[:, None] + i) % 2


# %% wrong: an assertion
# says: must be refused with ValueError
# caught: visible
def checkerboard(n):
    assert n >= 1, "n must be at least 1"
    i = torch.arange(n)
    return (i[:, None] + i) % 2


# %% wrong: an error that names nothing
# says: names no argument
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("invalid size")
    i = torch.arange(n)
    return (i[:, None] + i) % 2


# %% wrong: prints instead of returning
# says: is a return missing
# caught: visible
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    i = torch.arange(n)
    print((i[:, None] + i) % 2)


# %% wrong: a chess board, cut: no more than 8 rows
# caught: hidden
def checkerboard(n):
    if n < 1:
        raise ValueError("n must be >= 1")
    i = torch.arange(8)
    return ((i[:, None] + i) % 2)[:n, :n]
