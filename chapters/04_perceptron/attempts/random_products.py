"""Attempts at `random_products`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: product along the pair
def random_products(x: Tensor, pairs: Tensor) -> Tensor:
    return torch.hstack([x, x[:, pairs].prod(dim=2)])


# %% right: a loop over pairs
def random_products(x, pairs):
    columns = list(x.T)
    for i, j in pairs:
        columns.append(x[:, i] * x[:, j])
    return torch.stack(columns, dim=1)


# %% right: filled entry by entry
def random_products(x, pairs):
    n, d = x.shape
    out = torch.empty(n, d + len(pairs), dtype=x.dtype, device=x.device)
    out[:, :d] = x
    for k, (i, j) in enumerate(pairs.tolist()):
        out[:, d + k] = x[:, i] * x[:, j]
    return out


# %% right: index_select
def random_products(x, pairs):
    left = torch.index_select(x, 1, pairs[:, 0])
    right = torch.index_select(x, 1, pairs[:, 1])
    return torch.cat((x, left.mul(right)), -1)


# %% right: all products, then those asked for
def random_products(x, pairs):
    every = torch.einsum("ni,nj->nij", x, x)
    return torch.cat([x, every[:, pairs[:, 0], pairs[:, 1]]], dim=1)


# %% right: NumPy
def random_products(x, pairs):
    a, p = x.cpu().numpy(), pairs.cpu().numpy()
    return torch.from_numpy(np.concatenate([a, a[:, p[:, 0]] * a[:, p[:, 1]]], 1)).to(x.device)


# %% right: gather
def random_products(x, pairs):
    index = pairs.T.reshape(-1).expand(len(x), -1)
    left, right = x.gather(1, index).chunk(2, dim=1)
    return torch.column_stack([x, left * right])


# %% wrong: only products
# says: products alone
# caught: visible
def random_products(x, pairs):
    return x[:, pairs[:, 0]] * x[:, pairs[:, 1]]


# %% wrong: sums
# says: these are sums
# caught: visible
def random_products(x, pairs):
    return torch.cat([x, x[:, pairs].sum(dim=2)], dim=1)


# %% wrong: products first
# says: x comes first
# caught: visible
def random_products(x, pairs):
    return torch.cat([x[:, pairs[:, 0]] * x[:, pairs[:, 1]], x], dim=1)


# %% wrong: counted from 1
# says: from 0
# caught: visible
def random_products(x, pairs):
    return torch.cat([x, x[:, pairs - 1].prod(dim=2)], dim=1)


# %% wrong: rows in place of columns
# caught: visible
def random_products(x, pairs):
    return torch.cat([x, x[pairs[:, 0]] * x[pairs[:, 1]]], dim=1)


# %% wrong: below each other
# caught: visible
def random_products(x, pairs):
    return torch.cat([x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]])


# %% wrong: random pairs of its own
# caught: visible
def random_products(x, pairs):
    torch.manual_seed(0)
    pairs = torch.randint(0, x.shape[1], pairs.shape)
    return torch.cat([x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]], dim=1)


# %% wrong: squares of the first factor
# caught: visible
def random_products(x, pairs):
    return torch.cat([x, x[:, pairs[:, 0]] ** 2], dim=1)


# %% wrong: factors side by side
# says: must have the shape (2, 5), not (2, 7)
# caught: visible
def random_products(x, pairs):
    return torch.cat([x, x[:, pairs].flatten(1)], dim=1)


# %% wrong: product over the wrong axis
# caught: visible
def random_products(x, pairs):
    return torch.cat([x, x[:, pairs].prod(dim=1)], dim=1)


# %% wrong: all pairs of features
# caught: visible
def random_products(x, pairs):
    i, j = torch.triu_indices(x.shape[1], x.shape[1], device=x.device)
    return torch.cat([x, x[:, i] * x[:, j]], dim=1)


# %% wrong: pairs sorted
# says: even if it comes twice
# caught: hidden
def random_products(x, pairs):
    pairs = torch.unique(pairs, dim=0)
    return torch.cat([x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]], dim=1)


# %% wrong: pairs in another order
# says: not in the order of pairs
# caught: hidden
def random_products(x, pairs):
    pairs = pairs[pairs[:, 0].argsort()]
    return torch.cat([x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]], dim=1)


# %% wrong: equal factors left out
# says: also where i = j
# caught: visible
def random_products(x, pairs):
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return torch.cat([x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]], dim=1)


# %% wrong: two pairs only
# says: the first two pairs
# caught: hidden
def random_products(x, pairs):
    (a, b), (c, d) = pairs[:2]
    return torch.stack([*x.T, x[:, a] * x[:, b], x[:, c] * x[:, d]], dim=1)


# %% wrong: as many pairs as samples
# caught: hidden
def random_products(x, pairs):
    out = torch.zeros(len(x), x.shape[1] + len(x), dtype=x.dtype, device=x.device)
    out[:, : x.shape[1]] = x
    for k in range(len(x)):
        i, j = pairs[k]
        out[:, x.shape[1] + k] = x[:, i] * x[:, j]
    return out


# %% wrong: whole numbers
# says: torch.int64
# caught: visible
def random_products(x, pairs):
    return torch.cat([x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]], dim=1).long()


# %% wrong: float32 whatever comes
# says: must have the dtype torch.float64
# caught: hidden
def random_products(x, pairs):
    x = x.float()
    return torch.cat([x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]], dim=1)


# %% wrong: a list of lists
# says: must be a tensor, not a list
# caught: visible
def random_products(x, pairs):
    return [row + [row[i] * row[j] for i, j in pairs.tolist()] for row in x.tolist()]


# %% wrong: prints
# says: is a return missing?
# caught: visible
def random_products(x, pairs):
    print(torch.cat([x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]], dim=1))


# %% wrong: returns inside the loop
# says: only the first pair
# caught: visible
def random_products(x, pairs):
    for i, j in pairs:
        x = torch.cat([x, (x[:, i] * x[:, j])[:, None]], dim=1)
        return x


# %% wrong: products written into x
# says: x was changed in place
# caught: hidden
def random_products(x, pairs):
    before = x.clone()
    if len(x) > 2:
        x[:, pairs[0, 0]] *= x[:, pairs[0, 1]]
    return torch.cat([before, before[:, pairs].prod(dim=2)], dim=1)


# %% wrong: pairs sorted in place
# says: pairs was changed in place
# caught: hidden
def random_products(x, pairs):
    pairs.copy_(pairs.sort(dim=1).values)
    return torch.cat([x, x[:, pairs].prod(dim=2)], dim=1)
