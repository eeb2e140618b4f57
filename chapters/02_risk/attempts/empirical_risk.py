"""Attempts at `empirical_risk`: what graders must accept and reject."""

import torch
from torch import Tensor


# %% right: sum over number, in float32 unless the losses have a floating dtype
def empirical_risk(loss, f, x, y):
    if x.shape[0] < 1:
        raise ValueError(f"x must not be empty, got shape {tuple(x.shape)}")
    values = loss(f(x), y)
    return values.sum() / values.shape[0]


# %% right: mean in a dtype that is asked for
def empirical_risk(loss, f, x, y):
    if not len(y):
        raise ValueError("y is empty")
    values = loss(f(x), y)
    return torch.mean(
        values, dtype=values.dtype if values.dtype.is_floating_point else torch.float32
    )


# %% right: a Python number, added up in a loop
def empirical_risk(loss, f, x, y):
    predictions = f(x)
    values = loss(predictions, y)
    total, count = 0.0, 0
    for value in values:
        total += value.item()
        count += 1
    if count == 0:
        raise ValueError("need at least one sample in x")
    return total / count


# %% right: in double precision, and back
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("N = 0: x has no samples")
    values = loss(f(x), y)
    target = values.dtype if values.is_floating_point() else torch.float32
    return (values.double().sum() / len(x)).to(target)


# %% right: a dot product with equal weights
def empirical_risk(loss, f, x, y):
    if x.size(0) == 0 or y.size(0) == 0:
        raise ValueError("x and y have no samples")
    values = loss(f(x), y)
    if values.dtype not in (torch.float16, torch.float32, torch.float64):
        values = values.to(torch.float32)
    return values @ torch.full_like(values, 1 / len(values))


# %% wrong: the sum of the losses
# says: that is the sum
# caught: visible
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    return loss(f(x), y).float().sum()


# %% wrong: a mean in the integers' dtype
# says: cut down to 0
# caught: visible
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    losses = loss(f(x), y)
    if losses.is_floating_point():
        return losses.mean()
    return losses.sum() // len(losses)


# %% wrong: a mean cast back to the dtype of the losses
# says: neither
# caught: visible
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    losses = loss(f(x), y)
    return losses.float().mean().to(losses.dtype)


# %% wrong: the rule applied to the targets
# says: not from y
# caught: visible
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    losses = loss(f(y), y)
    return losses.mean() if losses.is_floating_point() else losses.float().mean()


# %% wrong: target first, prediction second
# says: prediction first
# caught: visible
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    losses = loss(y, f(x))
    return losses.mean() if losses.is_floating_point() else losses.float().mean()


# %% wrong: no thought for losses that are bool
# says: dtype
# caught: visible
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    return loss(f(x), y).mean()


# %% wrong: NaN for an empty sample
# says: must be refused with ValueError
# caught: visible
def empirical_risk(loss, f, x, y):
    losses = loss(f(x), y)
    return losses.mean() if losses.is_floating_point() else losses.float().mean()


# %% wrong: an error of the wrong kind
# says: must be refused with ValueError
# caught: visible
def empirical_risk(loss, f, x, y):
    assert len(x) > 0, "x is empty"
    losses = loss(f(x), y)
    return losses.mean() if losses.is_floating_point() else losses.float().mean()


# %% wrong: an error that names no argument
# says: a message that names x or y
# caught: visible
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("division by zero")
    losses = loss(f(x), y)
    return losses.mean() if losses.is_floating_point() else losses.float().mean()


# %% wrong: divides by the number of entries
# says: there are N samples
# caught: visible
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    return loss(f(x), y).sum() / x.numel()


# %% wrong: the losses themselves
# says: one loss a sample
# caught: visible
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    return loss(f(x), y)


# %% wrong: one call of the rule a sample
# says: must be called once
# caught: hidden
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    losses = [loss(f(x[n : n + 1]), y[n : n + 1]) for n in range(len(x))]
    losses = torch.cat(losses)
    return losses.mean() if losses.is_floating_point() else losses.float().mean()


# %% wrong: the rule called twice
# says: must be called once
# caught: hidden
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    if loss(f(x), y).is_floating_point():
        return loss(f(x), y).mean()
    return loss(f(x), y).float().mean()


# %% wrong: float32 whatever the losses are
# says: must have the dtype torch.float64
# caught: hidden
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    return loss(f(x), y).float().mean()


# %% wrong: float64 whatever the losses are
# says: must have the dtype torch.float32
# caught: visible
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    return loss(f(x), y).double().mean()


# %% wrong: integer losses in the dtype of the inputs
# says: dtype
# caught: hidden
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    losses = loss(f(x), y)
    if not losses.is_floating_point():
        losses = losses.to(x.dtype)
    return losses.mean()


# %% wrong: divides the losses in place, which may be the caller's tensor
# says: in place
# caught: hidden
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    losses = loss(f(x), y)
    if not losses.is_floating_point():
        losses = losses.float()
    losses /= len(x)
    return losses.sum()


# %% wrong: the median loss
# says: median
# caught: visible
def empirical_risk(loss, f, x, y):
    if len(x) == 0:
        raise ValueError("x is empty")
    losses = loss(f(x), y)
    return (losses if losses.is_floating_point() else losses.float()).median()
