"""Attempts at `tlu`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: matrix product and a conversion
def tlu(x: Tensor, w: Tensor, b: float) -> Tensor:
    return ((x @ w + b) >= 0).to(torch.int64)


# %% right: sum of element-wise products
def tlu(x, w, b):
    return torch.where((x * w).sum(dim=1) >= -b, 1, 0)


# %% right: a loop over samples
def tlu(x, w, b):
    answers = []
    for sample in x:
        answers.append(1 if float(torch.dot(sample, w)) + b >= 0 else 0)
    return torch.tensor(answers, device=x.device)


# %% right: loops over numbers
def tlu(x, w, b):
    fires = torch.zeros(x.shape[0], dtype=torch.long, device=x.device)
    for n in range(x.shape[0]):
        total = b
        for d in range(x.shape[1]):
            total += x[n, d].item() * w[d].item()
        if total >= 0:
            fires[n] = 1
    return fires


# %% right: not below zero, in NumPy
def tlu(x, w, b):
    total = x.cpu().numpy() @ w.cpu().numpy() + b
    return torch.from_numpy(1 - (total < 0).astype(np.int64)).to(x.device)


# %% right: einsum in double precision and the step function of torch
def tlu(x, w, b):
    total = torch.einsum("nd,d->n", x.double(), w.double()) + b
    return torch.heaviside(total, torch.ones_like(total)).long()


# %% right: the bias as a further weight
def tlu(x, w, b):
    inputs = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    weights = torch.cat([w, w.new_tensor([b])])
    return torch.mv(inputs, weights).ge(0).long()


# %% right: a linear layer of torch
def tlu(x, w, b):
    return 1 - torch.nn.functional.linear(x, w[None], w.new_tensor([b]))[:, 0].lt(0).long()


# %% right: numbers cut and clamped
def tlu(x, w, b):
    return (x @ w + b).add(1).long().clamp(0, 1)


# %% wrong: strict inequality
# says: exactly 0
# caught: visible
def tlu(x, w, b):
    return (x @ w + b > 0).long()


# %% wrong: minus one and one
# says: not −1
# caught: visible
def tlu(x, w, b):
    return torch.where(x @ w + b >= 0, 1, -1)


# %% wrong: a float answer
# says: must have the dtype torch.int64, not torch.float32
# caught: visible
def tlu(x, w, b):
    return (x @ w + b >= 0).float()


# %% wrong: a Boolean answer
# says: torch.bool
# caught: visible
def tlu(x, w, b):
    return x @ w + b >= 0


# %% wrong: int32
# says: torch.int32
# caught: visible
def tlu(x, w, b):
    return (x @ w + b >= 0).int()


# %% wrong: bias forgotten
# says: the bias is missing
# caught: visible
def tlu(x, w, b):
    return (x @ w >= 0).long()


# %% wrong: the bias on the wrong side
# says: has the wrong sign
# caught: visible
def tlu(x, w, b):
    return (x @ w >= b).long()


# %% wrong: the total itself
# says: compare it with 0
# caught: visible
def tlu(x, w, b):
    return x @ w + b


# %% wrong: fires below zero
# says: turn the comparison round
# caught: visible
def tlu(x, w, b):
    return (x @ w + b < 0).long()


# %% wrong: prints instead of returning
# says: is a return missing?
# caught: visible
def tlu(x, w, b):
    print((x @ w + b >= 0).long())


# %% wrong: a list
# says: must be a tensor, not a list
# caught: visible
def tlu(x, w, b):
    return [1 if float(sample @ w) + b >= 0 else 0 for sample in x]


# %% wrong: a column
# says: must have the shape (4,), not (4, 1)
# caught: visible
def tlu(x, w, b):
    return (x @ w[:, None] + b >= 0).long()


# %% wrong: one answer for the whole batch
# says: one answer for the whole batch
# caught: visible
def tlu(x, w, b):
    return ((x * w).sum() + b >= 0).long()


# %% wrong: sums over the samples
# says: a sample is a row
# caught: visible
def tlu(x, w, b):
    return ((x * w).sum(dim=0) + b >= 0).long()


# %% wrong: samples taken for columns
def tlu(x, w, b):
    return (w @ x + b >= 0).long()


# %% wrong: weights ignored
def tlu(x, w, b):
    return (x.sum(dim=1) + b >= 0).long()


# %% wrong: a weight for all inputs
# caught: hidden
def tlu(x, w, b):
    return (x.sum(dim=1) * w[0] + b >= 0).long()


# %% wrong: the magic numbers of or
# says: numbers of the or gate
def tlu(x, w, b):
    return (x[:, 0] + x[:, 1] - 0.5 >= 0).long()


# %% wrong: right for whole and half totals only
# caught: hidden
def tlu(x, w, b):
    return (x @ w + b > -0.5).long()


# %% wrong: rounds before it compares
# says: rounded before b is added
# caught: hidden
def tlu(x, w, b):
    return ((x @ w).round() + b >= 0).long()


# %% wrong: a tolerance that nobody asked for
def tlu(x, w, b):
    return (x @ w + b >= -0.3).long()


# %% wrong: float32 only
# caught: hidden
def tlu(x, w, b):
    weights = torch.tensor(w.tolist(), dtype=torch.float32, device=x.device)
    return (x @ weights + b >= 0).long()


# %% wrong: exactly two inputs
# caught: hidden
def tlu(x, w, b):
    return (x[:, 0] * w[0] + x[:, 1] * w[1] + b >= 0).long()


# %% wrong: writes into its argument
# says: x was changed in place
# caught: hidden
def tlu(x, w, b):
    x *= w
    return (x.sum(dim=1) + b >= 0).long()


# %% wrong: squeezes one sample away
# caught: hidden
def tlu(x, w, b):
    return (x @ w + b >= 0).long().squeeze()
