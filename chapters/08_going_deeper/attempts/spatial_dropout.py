"""Attempts at `spatial_dropout`: what graders must accept and reject."""

import torch
from torch import Tensor, nn


# %% right: bernoulli on one entry of each map
def spatial_dropout(x, p, training, generator):
    if not 0 <= p < 1:
        raise ValueError(f"p must be in [0, 1), got {p}")
    if not training:
        return x
    keep = torch.bernoulli(torch.full_like(x[:, :, :1, :1], 1 - p), generator=generator)
    return x * keep / (1 - p)


# %% right: zeros written into a copy
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p is not in [0, 1)")
    y = x.clone()
    if training:
        n, c = x.shape[:2]
        gone = torch.rand(n * c, generator=generator, device=x.device).view(n, c) < p
        y[gone] = 0
        y = y / (1 - p)
    return y


# %% right: a loop over samples
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    maps = []
    for sample in x:
        coins = torch.rand(len(sample), generator=generator, device=x.device)
        maps.append(torch.where(coins[:, None, None] < p, 0 * sample, sample / (1 - p)))
    return torch.stack(maps)


# %% right: the mask expanded to the shape of x
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x.clone()
    mask = torch.rand(*x.shape[:2], 1, 1, generator=generator, device=x.device) >= p
    return x.div(1 - p).masked_fill(~mask.expand_as(x), 0)


# %% wrong: pixels
# says: dropped in part
# caught: visible
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= p) / (1 - p)


# %% wrong: the same mask for the whole batch
# says: all samples of the batch have the same mask
# caught: visible
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    coins = torch.rand(x.shape[1], generator=generator, device=x.device)
    return x * (coins >= p)[:, None, None] / (1 - p)


# %% wrong: whole samples
# says: samples are dropped as a whole
# caught: visible
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    coins = torch.rand(len(x), generator=generator, device=x.device)
    return x * (coins >= p)[:, None, None, None] / (1 - p)


# %% wrong: the same places in all channels
# says: dropped in part
# caught: visible
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    coins = torch.rand(len(x), 1, *x.shape[2:], generator=generator, device=x.device)
    return x * (coins >= p) / (1 - p)


# %% wrong: rows of maps
# says: dropped in part
# caught: visible
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    coins = torch.rand(x.shape[:3], generator=generator, device=x.device)
    return x * (coins >= p)[..., None] / (1 - p)


# %% wrong: no scaling
# says: the scaling is missing
# caught: visible
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    coins = torch.rand(x.shape[:2], generator=generator, device=x.device)
    return x * (coins >= p)[:, :, None, None]


# %% wrong: scales at test time
# says: nothing is scaled at test time
# caught: visible
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x * (1 - p)
    coins = torch.rand(x.shape[:2], generator=generator, device=x.device)
    return x * (coins >= p)[:, :, None, None] / (1 - p)


# %% wrong: p is the rate of keeping
# says: not of keeping it
# caught: visible
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    coins = torch.rand(x.shape[:2], generator=generator, device=x.device)
    return x * (coins < p)[:, :, None, None] / p


# %% wrong: never drops
# says: drops no map
# caught: visible
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    return x


# %% wrong: drops at test time, too
# says: drops at test time, too
# caught: visible
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    coins = torch.rand(x.shape[:2], generator=generator, device=x.device)
    return x * (coins >= p)[:, :, None, None] / (1 - p)


# %% wrong: torch's own, from the global generator
# says: global generator
# caught: hidden
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    return nn.functional.dropout2d(x, p, training)


# %% wrong: p unchecked
# says: must be refused
# caught: hidden
def spatial_dropout(x, p, training, generator):
    if not training:
        return x
    coins = torch.rand(x.shape[:2], generator=generator, device=x.device)
    return x * (coins >= p)[:, :, None, None] / (1 - p)


# %% wrong: p checked in training only
# says: must be refused
# caught: hidden
def spatial_dropout(x, p, training, generator):
    if not training:
        return x
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    coins = torch.rand(x.shape[:2], generator=generator, device=x.device)
    return x * (coins >= p)[:, :, None, None] / (1 - p)


# %% wrong: written into x
# says: changed in place
# caught: hidden
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    x = x.clone() if len(x) == 60 else x
    x[torch.rand(x.shape[:2], generator=generator, device=x.device) < p] = 0
    return x / (1 - p)


# %% wrong: a fixed share of each sample's channels
# says: coin of its own
# caught: hidden
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    order = torch.rand(x.shape[:2], generator=generator, device=x.device).argsort(1).argsort(1)
    return x * (order >= p * x.shape[1])[:, :, None, None] / (1 - p)


# %% wrong: float32 whatever comes
# says: dtype
# caught: hidden
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    coins = torch.rand(x.shape[:2], generator=generator, device=x.device)
    return x.float() * (coins >= p)[:, :, None, None] / (1 - p)


# %% wrong: the generator is started anew
# says: a second call
# caught: hidden
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    generator.manual_seed(generator.initial_seed())
    coins = torch.rand(x.shape[:2], generator=generator, device=x.device)
    return x * (coins >= p)[:, :, None, None] / (1 - p)


# %% wrong: N and C swapped
# caught: visible
def spatial_dropout(x, p, training, generator):
    if p < 0 or p >= 1:
        raise ValueError("p must be in [0, 1)")
    if not training:
        return x
    coins = torch.rand(x.shape[1], x.shape[0], generator=generator, device=x.device)
    return x * (coins >= p)[:, :, None, None] / (1 - p)
