"""Attempts at `design_matrix`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: torch.vander
def design_matrix(x: Tensor, degree: int) -> Tensor:
    return torch.vander(x, N=degree + 1, increasing=True)


# %% right: a loop over the powers, stacked
def design_matrix(x, degree):
    columns = [torch.ones_like(x)]
    for _ in range(degree):
        columns.append(columns[-1] * x)
    return torch.stack(columns, dim=1)


# %% right: cumulative product
def design_matrix(x, degree):
    ones = torch.ones(x.shape[0], 1, dtype=x.dtype, device=x.device)
    return torch.cat([ones, x[:, None].expand(-1, degree)], dim=1).cumprod(dim=1)


# %% right: NumPy in float64, cast back
def design_matrix(x, degree):
    powers = np.power.outer(x.double().cpu().numpy(), np.arange(degree + 1))
    return torch.from_numpy(powers).to(x)


# %% right: comprehension of pow
def design_matrix(x, degree):
    return torch.column_stack([torch.pow(x, d) for d in range(degree + 1)])


# %% wrong: no constant
# says: constant is missing
# caught: visible
def design_matrix(x, degree):
    return x[:, None] ** torch.arange(1, degree + 1, device=x.device)


# %% wrong: highest power first
# says: wrong way
# caught: visible
def design_matrix(x, degree):
    return torch.vander(x, N=degree + 1)


# %% wrong: degree columns
# says: one column too few
# caught: visible
def design_matrix(x, degree):
    return x[:, None] ** torch.arange(degree, device=x.device)


# %% wrong: transposed
# says: swapped
# caught: visible
def design_matrix(x, degree):
    return torch.stack([x**d for d in range(degree + 1)])


# %% wrong: multiples instead of powers
# says: multiples
# caught: visible
def design_matrix(x, degree):
    return x[:, None] * torch.arange(degree + 1, device=x.device)


# %% wrong: powers 1 to degree + 1
# says: start at 1
# caught: visible
def design_matrix(x, degree):
    return x[:, None].expand(-1, degree + 1).cumprod(1)


# %% wrong: by logarithms, which 0 and negative numbers have not
# says: finite
# caught: visible
def design_matrix(x, degree):
    return torch.exp(x.log()[:, None] * torch.arange(degree + 1, device=x.device))


# %% wrong: 0 to the power 0 taken for 0
# says: 0⁰
# caught: visible
def design_matrix(x, degree):
    powers = x[:, None] ** torch.arange(degree + 1, device=x.device)
    return torch.where(x[:, None] == 0, torch.zeros_like(powers), powers)


# %% wrong: always float32
# says: dtype
# caught: visible
def design_matrix(x, degree):
    result = torch.zeros(len(x), degree + 1, device=x.device)
    for d in range(degree + 1):
        result[:, d] = x**d
    return result


# %% wrong: signs lost
# caught: visible
def design_matrix(x, degree):
    return x.abs()[:, None] ** torch.arange(degree + 1, device=x.device)


# %% wrong: x multiplied in place
# says: changed in place
# caught: hidden
def design_matrix(x, degree):
    columns, base = [torch.ones_like(x)], x.clone()
    for _ in range(degree):
        columns.append(x.clone())
        x *= base
    return torch.stack(columns, dim=1)


# %% wrong: fails for degree 0
# caught: visible
def design_matrix(x, degree):
    powers = torch.stack([x**d for d in range(1, degree + 1)], dim=1)
    return torch.cat([torch.ones_like(powers[:, :1]), powers], dim=1)
