"""Attempts at `log_softmax`: what graders must accept and reject."""

import math

import torch
from torch import Tensor


# %% right: maximum by values, one line at a time
def log_softmax(z):
    top = z.max(dim=1, keepdim=True).values
    total = torch.sum(torch.exp(z - top), dim=1, keepdim=True)
    return z - top - torch.log(total)


# %% right: float64, broadcasting over pairs of classes
def log_softmax(z):
    w = z.double()
    pairs = w[:, None, :] - w[:, :, None]
    top = pairs.amax(dim=2, keepdim=True)
    return -(top[..., 0] + (pairs - top).exp().sum(2).log()).to(z.dtype)


# %% right: logaddexp over the classes, one after the other
def log_softmax(z):
    total = z[:, 0]
    for k in range(1, z.shape[1]):
        total = torch.logaddexp(total, z[:, k])
    return z - total[:, None]


# %% right: row by row with math
def log_softmax(z):
    rows = []
    for row in z.tolist():
        top = max(row)
        total = top + math.log(sum(math.exp(v - top) for v in row))
        rows.append([v - total for v in row])
    return torch.tensor(rows, dtype=z.dtype, device=z.device)


# %% right: logcumsumexp, its last column
def log_softmax(z):
    return z - torch.logcumsumexp(z, dim=1)[:, -1:]


# %% right: own helpers with well-known names
def log_softmax(z):
    def my_logsumexp(v):
        top = v.amax(1, keepdim=True)
        return top + (v - top).exp().sum(1, keepdim=True).log()

    softmax = z - my_logsumexp(z)
    return softmax


# %% wrong: no shift
# says: overflows
# caught: visible
def log_softmax(z):
    return (z.exp() / z.exp().sum(dim=1, keepdim=True)).log()


# %% wrong: no shift, logarithm on paper
# says: also inside the logarithm
# caught: visible
def log_softmax(z):
    return z - z.exp().sum(dim=1, keepdim=True).log()


# %% wrong: logarithm of a rounded probability
# says: rounded to 0
# caught: visible
def log_softmax(z):
    powers = (z - z.amax(dim=1, keepdim=True)).exp()
    return (powers / powers.sum(dim=1, keepdim=True)).log()


# %% wrong: a small number inside the logarithm
# caught: visible
def log_softmax(z):
    powers = (z - z.amax(dim=1, keepdim=True)).exp()
    return (powers / powers.sum(dim=1, keepdim=True) + 1e-12).log()


# %% wrong: one maximum for all rows
# says: its own maximum
# caught: visible
def log_softmax(z):
    s = z - z.max()
    return s - s.exp().sum(dim=1, keepdim=True).log()


# %% wrong: dim 0
# says: sum over its classes
# caught: visible
def log_softmax(z):
    s = z - z.amax(dim=0)
    return s - s.exp().sum(dim=0).log()


# %% wrong: one sum for all
# says: each row has its own sum
# caught: visible
def log_softmax(z):
    s = z - z.max()
    return s - s.exp().sum().log()


# %% wrong: the softmax
# says: these are the probabilities
# caught: visible
def log_softmax(z):
    powers = (z - z.amax(dim=1, keepdim=True)).exp()
    return powers / powers.sum(dim=1, keepdim=True)


# %% wrong: shifted only
# says: shifting the logits is not enough
# caught: visible
def log_softmax(z):
    return z - z.amax(dim=1, keepdim=True)


# %% wrong: sign
# says: the sign is wrong
# caught: visible
def log_softmax(z):
    s = z - z.amax(dim=1, keepdim=True)
    return s.exp().sum(dim=1, keepdim=True).log() - s


# %% wrong: to base 10
# says: not those to base 10
# caught: visible
def log_softmax(z):
    s = z - z.amax(dim=1, keepdim=True)
    return torch.log10(s.exp() / s.exp().sum(dim=1, keepdim=True))


# %% wrong: torch's own
# says: uses log_softmax
# caught: visible
def log_softmax(z):
    return torch.log_softmax(z, dim=1)


# %% wrong: torch's logsumexp
# says: uses logsumexp
# caught: visible
def log_softmax(z):
    return z - torch.logsumexp(z, dim=1, keepdim=True)


# %% wrong: torch's module
# says: uses LogSoftmax
# caught: visible
def log_softmax(z):
    return torch.nn.LogSoftmax(dim=1)(z)


# %% wrong: the cross-entropy of every label
# says: uses cross_entropy
# caught: visible
def log_softmax(z):
    loss = torch.nn.functional.cross_entropy
    columns = [
        -loss(z, torch.full_like(z[:, 0], k).long(), reduction="none") for k in range(z.shape[1])
    ]
    return torch.stack(columns, dim=1)


# %% wrong: torch's own, imported under another name
# says: uses logsumexp
# caught: visible
def log_softmax(z):
    from torch import logsumexp as total

    return z - total(z, dim=1, keepdim=True)


# %% wrong: torch's own behind an underscore
# says: _log_softmax
# caught: hidden
def log_softmax(z):
    return torch._log_softmax(z, 1, False)


# %% wrong: the maximum of absolute values
# says: by its largest entry
# caught: hidden
def log_softmax(z):
    s = z - z.abs().amax(dim=1, keepdim=True)
    return s - s.exp().sum(dim=1, keepdim=True).log()


# %% wrong: clamped logits
# caught: visible
def log_softmax(z):
    s = (z - z.amax(dim=1, keepdim=True)).clamp(min=-50)
    return s - s.exp().sum(dim=1, keepdim=True).log()


# %% wrong: shifts the caller's logits
# says: z was changed in place
# caught: hidden
def log_softmax(z):
    z -= z.amax(dim=1, keepdim=True)
    return z - z.exp().sum(dim=1, keepdim=True).log()


# %% wrong: float32 whatever comes
# says: dtype
# caught: hidden
def log_softmax(z):
    s = z.float() - z.float().amax(dim=1, keepdim=True)
    return s - s.exp().sum(dim=1, keepdim=True).log()


# %% wrong: the sum without keepdim
# caught: visible
def log_softmax(z):
    s = z - z.amax(dim=1, keepdim=True)
    return s - s.exp().sum(dim=1).log()
