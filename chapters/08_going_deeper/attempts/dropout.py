"""Attempts at `dropout`: what graders must accept and reject."""

import torch
from torch import Tensor, nn


# %% right: bernoulli, and a product
def dropout(x, p, training, generator):
    if not 0 <= p < 1:
        raise ValueError(f"p must be at least 0 and below 1, not {p}")
    if training:
        keep = torch.bernoulli(torch.full_like(x, 1 - p), generator=generator)
        return x * keep / (1 - p)
    return x.clone()


# %% right: in place, on a copy
def dropout(x, p, training, generator):
    if p >= 1.0 or p < 0.0:
        raise ValueError("p is no probability below one: " + str(p))
    y = x.clone()
    if training:
        y[torch.rand(x.shape, generator=generator, device=x.device) < p] = 0
        y /= 1 - p
    return y


# %% right: through float64, masks by uniform_
def dropout(x, p, training, generator):
    if not (p >= 0 and p < 1):
        raise ValueError("dropout: p outside [0, 1)")
    if not training:
        return x
    u = torch.empty(x.shape, dtype=torch.float64, device=x.device).uniform_(generator=generator)
    return (x.double() * (u >= p).double() * (1 / (1 - p))).to(x.dtype)


# %% right: masked_fill, coins drawn flat
def dropout(x, p, training, generator):
    if p < 0 or 1 <= p:
        raise ValueError("p")
    if not training or p == 0:
        return x
    coins = torch.rand(x.numel(), generator=generator, device=x.device).reshape(x.shape)
    return x.masked_fill(coins < p, 0.0).div(1 - p)


# %% right: in pieces, one after the other
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must lie in [0, 1)")
    if not training:
        return x
    flat = x.reshape(-1)
    parts = [torch.rand(len(c), generator=generator, device=x.device) >= p for c in flat.split(64)]
    return (flat * torch.cat(parts)).view(x.shape) / (1 - p)


# %% wrong: no scaling
# says: the scaling is missing
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p)


# %% wrong: scales at test time, as in the first papers
# says: the scaling is missing
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x * (1 - p)
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p)


# %% wrong: scales in training and at test time
# says: nothing is scaled at test time
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x * (1 - p)
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: scaled up at test time
# says: no 1/(1 − p) without dropping
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if training:
        x = x * (torch.rand(x.shape, generator=generator, device=x.device) >= p)
    return x / (1 - p)


# %% wrong: p is the rate of keeping
# says: not of keeping it
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return x * (torch.rand(x.shape, generator=generator, device=x.device) < p) / p


# %% wrong: divided by p
# says: that is divided by p
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / p


# %% wrong: multiplied by 1 − p
# says: multiplied by 1 − p
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) * (1 - p)


# %% wrong: drops at test time, too
# says: drops at test time, too
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: never drops
# says: no entry is zero
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    return x


# %% wrong: p = 1 is let through
# says: must be refused
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be in [0, 1]")
    if not training:
        return x
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: p is looked at in training only
# says: must be refused
# caught: visible
def dropout(x, p, training, generator):
    if not training:
        return x
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: a negative p is let through
# caught: hidden
def dropout(x, p, training, generator):
    if p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: an assertion in place of an error
# says: must be refused with ValueError
def dropout(x, p, training, generator):
    assert 0 <= p < 1, "p must be in [0, 1)"
    if not training:
        return x
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: the error names nothing
# says: names no argument
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("no probability")
    if not training:
        return x
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: the global generator
# says: global generator
# caught: hidden
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    return nn.functional.dropout(x, p, training)


# %% wrong: a seed of its own
# says: two seeds give the same mask
# caught: hidden
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    generator = torch.Generator(x.device).manual_seed(0)
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: starts the generator anew in each call
# says: a second call
# caught: hidden
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    generator.manual_seed(generator.initial_seed())
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: one coin a row
# caught: hidden
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    shape = (len(x),) + (1,) * (x.ndim - 1) if x.ndim > 1 and len(x) >= 120 else x.shape
    return x * (torch.rand(shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: one mask for all rows
# says: coin of its own
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return x * (torch.rand(x.shape[-1:], generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: a fixed number of entries is dropped
# says: varies from call to call
# caught: hidden
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    n = x.numel()
    gone = torch.randperm(n, generator=generator, device=x.device)[: round(p * n)]
    mask = torch.ones(n, dtype=x.dtype, device=x.device)
    mask[gone] = 0
    return x * mask.view(x.shape) / (1 - p)


# %% wrong: normal numbers for coins
# says: coins are uniform
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return x * (torch.randn(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: noise in place of zeros
# says: no entry is zero
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return x * torch.rand(x.shape, generator=generator, device=x.device) / (1 - p)


# %% wrong: written into x
# says: x was changed in place
# caught: hidden
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    y = x if x.ndim < 2 else x.clone()
    y *= torch.rand(x.shape, generator=generator, device=x.device) >= p
    return y / (1 - p)


# %% wrong: masked and scaled in x itself
# says: x was changed in place
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    x *= torch.rand(x.shape, generator=generator, device=x.device) >= p
    x /= 1 - p
    return x


# %% wrong: float32 whatever comes
# says: dtype
# caught: hidden
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return x.float() * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: the mask is returned
# says: the mask alone
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: only what is left is returned
# says: of the shape of x
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return x[torch.rand(x.shape, generator=generator, device=x.device) >= p] / (1 - p)


# %% wrong: nothing is returned in training
# says: is a return missing
# caught: visible
def dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)
