"""Attempts at `pairwise_distances`: what graders must accept and reject."""

import torch
from torch import Tensor


# %% right: None in the index
def pairwise_distances(x: Tensor, y: Tensor) -> Tensor:
    return ((x[:, None] - y[None]) ** 2).sum(-1) ** 0.5


# %% right: a norm
def pairwise_distances(x, y):
    return torch.linalg.vector_norm(x.unsqueeze(1) - y, dim=2)


# %% right: the other way round, transposed
def pairwise_distances(x, y):
    d = y.view(len(y), 1, -1) - x.reshape(1, len(x), -1) if y.is_contiguous() else y[:, None] - x
    return torch.norm(d, dim=-1).T


# %% right: complete tables, by expand
def pairwise_distances(x, y):
    n, m, d = len(x), len(y), x.shape[1]
    a = x.unsqueeze(1).expand(n, m, d)
    b = y.unsqueeze(0).expand(n, m, d)
    return torch.einsum("nmd,nmd->nm", a - b, a - b).sqrt()


# %% right: every pair as a row
def pairwise_distances(x, y):
    a = x.repeat_interleave(len(y), dim=0)
    b = y.repeat(len(x), 1)
    return (a - b).square().sum(dim=1).sqrt().view(len(x), len(y))


# %% right: in float64 inside
def pairwise_distances(x, y):
    difference = x.double()[:, None, :] - y.double()[None, :, :]
    return difference.pow(2).sum(dim=-1).sqrt().to(x.dtype)


# %% wrong: squared
# says: squared distances
# caught: visible
def pairwise_distances(x, y):
    return ((x[:, None] - y[None]) ** 2).sum(-1)


# %% wrong: transposed
# says: transposed
# caught: visible
def pairwise_distances(x, y):
    return (x[None] - y[:, None]).norm(dim=-1)


# %% wrong: row by row, N = M only
# says: must match the size of tensor b
# caught: visible
def pairwise_distances(x, y):
    return (x - y).norm(dim=1)


# %% wrong: complete tables, N = M only
# caught: visible
def pairwise_distances(x, y):
    n, d = x.shape
    return (x[:, None].expand(n, n, d) - y[None].expand(n, n, d)).norm(dim=-1)


# %% wrong: sum of absolute differences
# says: Euclid adds their squares
# caught: visible
def pairwise_distances(x, y):
    return (x[:, None] - y[None]).abs().sum(-1)


# %% wrong: largest difference
# says: Euclid adds the squares of all
# caught: visible
def pairwise_distances(x, y):
    return (x[:, None] - y[None]).abs().amax(-1)


# %% wrong: mean of squares
# says: does not divide
# caught: visible
def pairwise_distances(x, y):
    return ((x[:, None] - y[None]) ** 2).mean(-1).sqrt()


# %% wrong: sum over the wrong axis
# says: run over the coordinates
# caught: visible
def pairwise_distances(x, y):
    return ((x[:, None] - y[None]) ** 2).sum(1).sqrt()


# %% wrong: the root inside the sum
# says: with one root at the end
# caught: visible
def pairwise_distances(x, y):
    return ((x[:, None] - y[None]) ** 2).sqrt().sum(-1)


# %% wrong: nan on equal points
# says: keep their digits
def pairwise_distances(x, y):
    square = (x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * x @ y.T
    return square.sqrt()


# %% wrong: the shortcut, clamped at 0
# says: keep their digits
def pairwise_distances(x, y):
    square = (x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * x @ y.T
    return square.clamp(min=0).sqrt()


# %% wrong: cdist
# says: uses cdist
# caught: visible
def pairwise_distances(x, y):
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


# %% wrong: a loop over the rows
# says: has a loop
# caught: visible
def pairwise_distances(x, y):
    return torch.stack([(row - y).norm(dim=1) for row in x])


# %% wrong: loops over all pairs
# says: has a loop
# caught: visible
def pairwise_distances(x, y):
    d = torch.zeros(len(x), len(y), dtype=x.dtype, device=x.device)
    i = 0
    while i < len(x):
        d[i] = (x[i] - y).norm(dim=1)
        i += 1
    return d


# %% wrong: in place
# says: x was changed in place
# caught: visible
def pairwise_distances(x, y):
    d = (x[:, None] - y[None]).norm(dim=-1)
    x -= x.mean(0)
    return d


# %% wrong: always float32
# says: must have the dtype torch.float64
# caught: hidden
def pairwise_distances(x, y):
    return (x[:, None] - y[None]).norm(dim=-1).float()


# %% wrong: two coordinates only
# says: only two coordinates
# caught: visible
def pairwise_distances(x, y):
    dx = x[:, 0][:, None] - y[:, 0]
    dy = x[:, 1][:, None] - y[:, 1]
    return (dx**2 + dy**2).sqrt()
