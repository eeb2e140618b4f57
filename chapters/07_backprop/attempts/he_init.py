"""Attempts at `he_init`: what graders must accept and reject."""

import math

import numpy as np
import torch
from torch import Tensor


# %% right: standard normal, scaled
def he_init(fan_out: int, fan_in: int, generator: torch.Generator) -> Tensor:
    w = torch.randn((fan_out, fan_in), generator=generator, device=generator.device)
    return w * (2 / fan_in) ** 0.5


# %% right: filled in place
def he_init(fan_out, fan_in, generator):
    w = torch.empty(fan_out, fan_in, device=generator.device)
    return w.normal_(0, math.sqrt(2 / fan_in), generator=generator)


# %% right: torch's own initialisation
def he_init(fan_out, fan_in, generator):
    w = torch.empty(fan_out, fan_in, device=generator.device)
    return torch.nn.init.kaiming_normal_(w, nonlinearity="relu", generator=generator)


# %% right: column by column, in double precision
def he_init(fan_out, fan_in, generator):
    kind = dict(generator=generator, device=generator.device, dtype=torch.float64)
    columns = [torch.randn(fan_out, **kind) for _ in range(fan_in)]
    return (torch.stack(columns, dim=1) / math.sqrt(fan_in / 2)).float()


# %% right: Box and Muller, from uniform numbers
def he_init(fan_out, fan_in, generator):
    kind = dict(generator=generator, device=generator.device, dtype=torch.float64)
    u, v = torch.rand(2, fan_out, fan_in, **kind)
    z = (-2 * torch.log1p(-u)).sqrt() * torch.cos(2 * math.pi * v)
    return (z * math.sqrt(2) / math.sqrt(fan_in)).to(torch.float32)


# %% right: torch.normal
def he_init(fan_out, fan_in, generator):
    size = (fan_out, fan_in)
    return torch.normal(
        0.0, np.sqrt(2 / fan_in).item(), size, generator=generator, device=generator.device
    )


# %% wrong: fan_out
# says: fan_in is under the root
# caught: visible
def he_init(fan_out, fan_in, generator):
    w = torch.randn(fan_out, fan_in, generator=generator, device=generator.device)
    return w * math.sqrt(2 / fan_out)


# %% wrong: variance as std
# says: is the variance
# caught: visible
def he_init(fan_out, fan_in, generator):
    w = torch.randn(fan_out, fan_in, generator=generator, device=generator.device)
    return w * (2 / fan_in)


# %% wrong: global RNG
# says: every draw comes from generator
# caught: visible
def he_init(fan_out, fan_in, generator):
    return torch.randn(fan_out, fan_in, device=generator.device) * math.sqrt(2 / fan_in)


# %% wrong: global RNG, seeded from the generator
# says: global random state
# caught: hidden
def he_init(fan_out, fan_in, generator):
    torch.manual_seed(int(torch.randint(1 << 30, (), generator=generator, device=generator.device)))
    return (torch.randn(fan_out, fan_in) * math.sqrt(2 / fan_in)).to(generator.device)


# %% wrong: torch's initialisation without the generator
# says: every draw comes from generator
# caught: visible
def he_init(fan_out, fan_in, generator):
    w = torch.empty(fan_out, fan_in, device=generator.device)
    return torch.nn.init.kaiming_normal_(w, nonlinearity="relu")


# %% wrong: one over fan_in
# says: twice the variance is needed
# caught: visible
def he_init(fan_out, fan_in, generator):
    w = torch.randn(fan_out, fan_in, generator=generator, device=generator.device)
    return w / math.sqrt(fan_in)


# %% wrong: Glorot
# says: Glorot
# caught: visible
def he_init(fan_out, fan_in, generator):
    w = torch.randn(fan_out, fan_in, generator=generator, device=generator.device)
    return w * math.sqrt(2 / (fan_in + fan_out))


# %% wrong: uniform of the right spread
# says: not normally distributed
# caught: hidden
def he_init(fan_out, fan_in, generator):
    u = torch.rand(fan_out, fan_in, generator=generator, device=generator.device)
    return (2 * u - 1) * math.sqrt(6 / fan_in)


# %% wrong: truncated at two standard deviations, rescaled
# says: not normally distributed
# caught: hidden
def he_init(fan_out, fan_in, generator):
    w = torch.randn(8, fan_out, fan_in, generator=generator, device=generator.device)
    kept = torch.where(w.abs() < 2, w, torch.nan)
    first = torch.zeros_like(w[0])
    for layer in kept:
        first = torch.where(layer.isnan(), first, layer)
    return first / 0.8796 * math.sqrt(2 / fan_in)


# %% wrong: transposed
# says: must have the shape (fan_out, fan_in)
# caught: visible
def he_init(fan_out, fan_in, generator):
    w = torch.randn(fan_in, fan_out, generator=generator, device=generator.device)
    return w * math.sqrt(2 / fan_in)


# %% wrong: double precision
# says: torch.float32
# caught: visible
def he_init(fan_out, fan_in, generator):
    kind = dict(generator=generator, device=generator.device, dtype=torch.float64)
    return torch.randn(fan_out, fan_in, **kind) * math.sqrt(2 / fan_in)


# %% wrong: not scaled
# says: standard normal
# caught: visible
def he_init(fan_out, fan_in, generator):
    return torch.randn(fan_out, fan_in, generator=generator, device=generator.device)


# %% wrong: seeds the generator anew
# says: same weights twice
# caught: hidden
def he_init(fan_out, fan_in, generator):
    generator.manual_seed(generator.initial_seed())
    w = torch.randn(fan_out, fan_in, generator=generator, device=generator.device)
    return w * math.sqrt(2 / fan_in)


# %% wrong: a seed of its own
# says: draw from the given generator
# caught: hidden
def he_init(fan_out, fan_in, generator):
    w = torch.randn(fan_out, fan_in, generator=torch.Generator().manual_seed(0))
    return (w * math.sqrt(2 / fan_in)).to(generator.device)


# %% wrong: one row for all outputs
# says: no row or column like another
# caught: hidden
def he_init(fan_out, fan_in, generator):
    row = torch.randn(1, fan_in, generator=generator, device=generator.device)
    row = (row - row.mean()) / row.std()
    return (row * math.sqrt(2 / fan_in)).repeat(fan_out, 1)


# %% wrong: a constant mean
# says: mean of he_init
# caught: hidden
def he_init(fan_out, fan_in, generator):
    w = torch.randn(fan_out, fan_in, generator=generator, device=generator.device)
    return (w + 0.2) * math.sqrt(2 / fan_in)


# %% wrong: prints
# says: must return a tensor
# caught: visible
def he_init(fan_out, fan_in, generator):
    print(torch.randn(fan_out, fan_in, generator=generator) * math.sqrt(2 / fan_in))
