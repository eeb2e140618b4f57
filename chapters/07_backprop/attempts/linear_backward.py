"""Attempts at `linear_backward`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: matrix products
def linear_backward(x: Tensor, w: Tensor, grad_out: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    grad_x = grad_out @ w
    grad_w = grad_out.t() @ x
    grad_b = grad_out.sum(0)
    return grad_x, grad_w, grad_b


# %% right: einsum
def linear_backward(x, w, grad_out):
    return (
        torch.einsum("nc,cd->nd", grad_out, w),
        torch.einsum("nc,nd->cd", grad_out, x),
        torch.einsum("nc->c", grad_out),
    )


# %% right: sample by sample
def linear_backward(x, w, grad_out):
    grad_x, grad_w, grad_b = torch.zeros_like(x), torch.zeros_like(w), torch.zeros_like(w[:, 0])
    for n in range(len(x)):
        grad_x[n] = w.T @ grad_out[n]
        grad_w += torch.outer(grad_out[n], x[n])
        grad_b += grad_out[n]
    return grad_x, grad_w, grad_b


# %% right: broadcasting in double precision
def linear_backward(x, w, grad_out):
    g, a, m = grad_out.double(), x.double(), w.double()
    grad_x = (g[:, :, None] * m[None]).sum(dim=1)
    grad_w = (g[:, :, None] * a[:, None, :]).sum(dim=0)
    return grad_x.to(x.dtype), grad_w.to(x.dtype), g.sum(dim=0).to(x.dtype)


# %% right: NumPy
def linear_backward(x, w, grad_out):
    a, m, g = (t.detach().cpu().numpy() for t in (x, w, grad_out))
    found = (g @ m, (a.T @ g).T, g.sum(axis=0))
    return tuple(torch.from_numpy(np.ascontiguousarray(f)).to(x.device) for f in found)


# %% right: the bias as weights of a column of ones
def linear_backward(x, w, grad_out):
    ones = torch.ones_like(x[:, :1])
    both = torch.mm(grad_out.T, torch.hstack([x, ones]))
    return torch.mm(grad_out, w), both[:, :-1], both[:, -1]


# %% wrong: batch mean
# says: sums over the samples, not means
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out @ w, grad_out.T @ x / len(x), grad_out.mean(dim=0)


# %% wrong: mean of the bias only
# says: ∂ℓ/∂b is a sum over the samples, not a mean
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out @ w, grad_out.T @ x, grad_out.mean(dim=0)


# %% wrong: mean of the weights only
# says: ∂ℓ/∂w is a sum over the samples, not a mean
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out @ w, grad_out.T @ x / len(x), grad_out.sum(dim=0)


# %% wrong: transposed weights' gradient
# says: transposed
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out @ w, x.T @ grad_out, grad_out.sum(dim=0)


# %% wrong: weights transposed
# says: as they are
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out @ w.T, grad_out.T @ x, grad_out.sum(dim=0)


# %% wrong: both the wrong way round
# says: the wrong way round
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out @ w.T, x.T @ grad_out, grad_out.sum(dim=0)


# %% wrong: bias over outputs
# says: adds over the samples, not over the outputs
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out @ w, grad_out.T @ x, grad_out.sum(dim=1)


# %% wrong: bias of every sample
# says: shape
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out @ w, grad_out.T @ x, grad_out


# %% wrong: bias as a row
# says: shape
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out @ w, grad_out.T @ x, grad_out.sum(dim=0, keepdim=True)


# %% wrong: another order
# says: the order is
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out.T @ x, grad_out @ w, grad_out.sum(dim=0)


# %% wrong: two gradients
# says: must have 3 entries
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out @ w, grad_out.T @ x


# %% wrong: a list
# says: must be a tuple
# caught: visible
def linear_backward(x, w, grad_out):
    return [grad_out @ w, grad_out.T @ x, grad_out.sum(dim=0)]


# %% wrong: autograd
# says: solve this exercise without it
# caught: visible
def linear_backward(x, w, grad_out):
    x, w = x.clone().requires_grad_(), w.clone().requires_grad_()
    b = torch.zeros_like(w[:, 0]).requires_grad_()
    return torch.autograd.grad(x @ w.T + b, (x, w, b), grad_out)


# %% wrong: autograd by torch.func
# says: vjp
# caught: visible
from torch.func import vjp


def linear_backward(x, w, grad_out):
    _, pull = vjp(lambda x, w, b: x @ w.T + b, x, w, w[:, 0])
    return pull(grad_out)


# %% wrong: only for one sample
# says: the share of the first sample
# caught: visible
def linear_backward(x, w, grad_out):
    return grad_out @ w, torch.outer(grad_out[0], x[0]), grad_out[0]


# %% wrong: single precision
# caught: hidden
def linear_backward(x, w, grad_out):
    x, w, grad_out = x.float(), w.float(), grad_out.float()
    return grad_out @ w, grad_out.T @ x, grad_out.sum(dim=0)


# %% wrong: writes into its argument
# says: changed in place
# caught: hidden
def linear_backward(x, w, grad_out):
    first = grad_out @ w, grad_out.T @ x
    if len(x) > 2:
        grad_out[0] = grad_out.sum(dim=0)
        return *first, grad_out[0]
    return *first, grad_out.sum(dim=0)


# %% wrong: squares only
# caught: hidden
def linear_backward(x, w, grad_out):
    size = len(x)
    grad_w = torch.zeros(size, size, dtype=x.dtype, device=x.device)
    for n in range(size):
        grad_w += torch.outer(grad_out[n], x[n])
    return grad_out @ w, grad_w, grad_out.sum(dim=0)


# %% wrong: averages large batches
# says: not means
# caught: hidden
def linear_backward(x, w, grad_out):
    scale = 1 / len(x) if len(x) > 10 else 1
    return grad_out @ w, scale * grad_out.T @ x, scale * grad_out.sum(dim=0)
