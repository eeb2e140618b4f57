"""Attempts at `jvp`: what graders must accept and reject."""

from collections.abc import Callable

import torch
from torch import Tensor


# %% right: torch.func
def jvp(f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    value, change = torch.func.jvp(f, (x,), (v,))
    return value, change


# %% right: dual numbers
import torch.autograd.forward_ad as forward_ad


def jvp(f, x, v):
    with forward_ad.dual_level():
        value, change = forward_ad.unpack_dual(f(forward_ad.make_dual(x, v)))
        change = torch.zeros_like(value) if change is None else change
    return value, change


# %% right: linearised at x
def jvp(f, x, v):
    def along(t):
        return f(x + t * v)

    t = torch.zeros((), dtype=x.dtype, device=x.device)
    return torch.func.jvp(along, (t,), (torch.ones_like(t),))


# %% right: backward twice
def jvp(f, x, v):
    x = x.detach().requires_grad_()
    value = f(x)
    u = torch.zeros_like(value, requires_grad=True)
    if not value.requires_grad:
        return value, torch.zeros_like(value)
    (pulled,) = torch.autograd.grad(value, x, u, create_graph=True)
    (change,) = torch.autograd.grad(pulled, u, v)
    return value.detach(), change


# %% wrong: vjp
# says: reverse mode
# caught: visible
def jvp(f, x, v):
    value, pull = torch.func.vjp(f, x)
    return value, pull(v)[0]


# %% wrong: vjp by backward
# says: reverse mode
# caught: visible
def jvp(f, x, v):
    leaf = x.clone().requires_grad_()
    value = f(leaf)
    value.backward(v)
    return value.detach(), leaf.grad


# %% wrong: finite differences
# says: exactly once, not 2 times
# caught: visible
def jvp(f, x, v, h=1e-4):
    value = f(x)
    return value, (f(x + h * v) - value) / h


# %% wrong: exact differences in double precision
# says: exactly once, not 3 times
# caught: visible
def jvp(f, x, v, h=1e-6):
    up, down = f(x.double() + h * v.double()), f(x.double() - h * v.double())
    return f(x), ((up - down) / (2 * h)).to(x.dtype)


# %% wrong: the value computed once more
# says: one call gives f(x) and J v
# caught: visible
def jvp(f, x, v):
    return f(x), torch.func.jvp(f, (x,), (v,))[1]


# %% wrong: the whole Jacobian
# says: jacobian
# caught: visible
def jvp(f, x, v):
    values = []

    def keep(z):
        values.append(f(z))
        return values[-1]

    jacobian = torch.autograd.functional.jacobian(keep, x)
    return values[0].detach(), jacobian @ v


# %% wrong: jacfwd
# says: jacfwd
# caught: visible
from torch.func import jacfwd


def jvp(f, x, v):
    def twice(z):
        value = f(z)
        return value, value

    jacobian, value = jacfwd(twice, has_aux=True)(x)
    return value, jacobian @ v


# %% wrong: the Jacobian row by row
# says: row by row
# caught: hidden
def jvp(f, x, v):
    leaf = x.clone().requires_grad_()
    value = f(leaf)
    if not value.requires_grad:
        return value, torch.zeros_like(value)
    rows = [torch.autograd.grad(e, leaf, retain_graph=True)[0] @ v for e in value.flatten()]
    return value.detach(), torch.stack(rows).view_as(value)


# %% wrong: column by column
# says: exactly once, not 2 times
# caught: visible
def jvp(f, x, v):
    columns = []
    for k in range(len(x)):
        unit = torch.zeros_like(x)
        unit[k] = 1
        value, column = torch.func.jvp(f, (x,), (unit,))
        columns.append(column)
    return value, torch.stack(columns, dim=-1) @ v


# %% wrong: swapped
# says: f(x) comes first
# caught: visible
def jvp(f, x, v):
    value, change = torch.func.jvp(f, (x,), (v,))
    return change, value


# %% wrong: only the change
# says: must be a tuple
# caught: visible
def jvp(f, x, v):
    return torch.func.jvp(f, (x,), (v,))[1]


# %% wrong: normalises the direction
# says: the length of v counts
# caught: visible
def jvp(f, x, v):
    return torch.func.jvp(f, (x,), (v / v.norm(),))


# %% wrong: constants give None
# says: J v is zero, not None
# caught: hidden
import torch.autograd.forward_ad as dual


def jvp(f, x, v):
    with dual.dual_level():
        value, change = dual.unpack_dual(f(dual.make_dual(x, v)))
        return value, change


# %% wrong: only vectors come out
# caught: hidden
def jvp(f, x, v):
    value, change = torch.func.jvp(f, (x,), (v,))
    return value, change.reshape(-1)


# %% wrong: single precision
# caught: hidden
def jvp(f, x, v):
    return torch.func.jvp(f, (x.float(),), (v.float(),))


# %% wrong: gradient of the sum, times v
# says: gradient of the sum
# caught: visible
def jvp(f, x, v):
    leaf = x.clone().requires_grad_()
    value = f(leaf)
    slope = torch.autograd.grad(value.sum(), leaf)[0]
    return value.detach(), slope * v


# %% wrong: scales v in place
# says: v was changed in place
# caught: hidden
def jvp(f, x, v):
    if len(x) == 2:
        return torch.func.jvp(f, (x,), (v,))
    size = v.norm()
    v /= size
    value, change = torch.func.jvp(f, (x,), (v,))
    return value, change * size
