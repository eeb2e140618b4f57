"""Attempts at `numerical_gradient`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: rows of the identity
def numerical_gradient(f, x: Tensor, eps: float = 1e-6) -> Tensor:
    moves = eps * torch.eye(len(x), dtype=x.dtype, device=x.device)
    return torch.stack([torch.as_tensor(f(x + e) - f(x - e)).to(x) / (2 * eps) for e in moves])


# %% right: a copy that is changed and put back
def numerical_gradient(f, x, eps=1e-6):
    here, grad = x.clone(), torch.empty_like(x)
    for d in range(x.shape[0]):
        old = here[d].item()
        here[d] = old + eps
        up = float(f(here))
        here[d] = old - eps
        down = float(f(here))
        here[d] = old
        grad[d] = (up - down) / (2 * eps)
    return grad


# %% right: in place, but each number put back as it was
def numerical_gradient(f, x, eps=1e-6):
    grad = []
    for d in range(len(x)):
        old = x[d].clone()
        x[d] = old + eps
        up = f(x)
        x[d] = old - eps
        down = f(x)
        x[d] = old
        grad.append(float((up - down) / (2 * eps)))
    return torch.tensor(grad, dtype=torch.float64, device=x.device)


# %% right: mean of both one-sided differences
def numerical_gradient(f, x, eps=1e-6):
    result = torch.zeros_like(x)
    middle = f(x)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = eps
        result[d] = ((f(x + step) - middle) / eps + (middle - f(x - step)) / eps) / 2
    return result


# %% right: built by NumPy
def numerical_gradient(f, x, eps=1e-6):
    def at(d, by):
        moved = x.cpu().numpy().copy()
        moved[d] += by
        return float(f(torch.from_numpy(moved).to(x.device)))

    slopes = np.array([(at(d, eps) - at(d, -eps)) / (2 * eps) for d in range(len(x))])
    return torch.from_numpy(slopes).to(x.device)


# %% wrong: forward differences
# says: forward difference
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = eps
        grad[d] = (f(x + step) - f(x)) / eps
    return grad


# %% wrong: backward differences
# says: backward difference
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = eps
        grad[d] = (f(x) - f(x - step)) / eps
    return grad


# %% wrong: in-place drift
# says: x was changed in place
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        x[d] += eps
        up = f(x)
        x[d] -= 2 * eps
        down = f(x)
        x[d] += eps
        grad[d] = (up - down) / (2 * eps)
    return grad


# %% wrong: x is left displaced
# says: x was changed in place
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        x[d] += eps
        up = f(x)
        x[d] -= 2 * eps
        grad[d] = (up - f(x)) / (2 * eps)
    return grad


# %% wrong: an alias displaced for good
# says: x was changed in place
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        up, down = x, x.clone()
        up[d] += eps
        down[d] -= eps
        grad[d] = (f(up) - f(down)) / (2 * eps)
    return grad


# %% wrong: divided by one eps
# says: 2ε apart
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = eps
        grad[d] = (f(x + step) - f(x - step)) / eps
    return grad


# %% wrong: bracket forgotten
# says: bracket
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = eps
        grad[d] = (f(x + step) - f(x - step)) / 2 * eps
    return grad


# %% wrong: autograd
# says: use the eps
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    return torch.func.grad(f)(x)


# %% wrong: eps ignored
# says: use the eps
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = 1e-6
        grad[d] = (f(x + step) - f(x - step)) / 2e-6
    return grad


# %% wrong: eps capped
# caught: hidden
def numerical_gradient(f, x, eps=1e-6):
    eps = min(eps, 0.1)
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = eps
        grad[d] = (f(x + step) - f(x - step)) / (2 * eps)
    return grad


# %% wrong: all coordinates at once
# says: one coordinate at a time
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        grad[d] = (f(x + eps) - f(x - eps)) / (2 * eps)
    return grad


# %% wrong: order of the difference
# says: in this order
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = eps
        grad[d] = (f(x - step) - f(x + step)) / (2 * eps)
    return grad


# %% wrong: needs tensors from f
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    moves = eps * torch.eye(len(x), dtype=x.dtype, device=x.device)
    return torch.stack([(f(x + e) - f(x - e)) / (2 * eps) for e in moves])


# %% wrong: one call for all coordinates
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    moves = eps * torch.eye(len(x), dtype=x.dtype, device=x.device)
    return (torch.vmap(f)(x + moves) - torch.vmap(f)(x - moves)) / (2 * eps)


# %% wrong: float32
# says: torch.float32
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros(len(x), device=x.device)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = eps
        grad[d] = (f(x + step) - f(x - step)) / (2 * eps)
    return grad


# %% wrong: calculated in float32
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = eps
        up, down = (x + step).float(), (x - step).float()
        grad[d] = (float(f(up.to(x))) - float(f(down.to(x)))) / (2 * eps)
    return grad


# %% wrong: a list
# says: must be a tensor, not a list
# caught: visible
def numerical_gradient(f, x, eps=1e-6):
    eye = eps * torch.eye(len(x), dtype=x.dtype, device=x.device)
    return [float(f(x + e) - f(x - e)) / (2 * eps) for e in eye]


# %% wrong: moves relative to the size
def numerical_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = eps * x[d]
        grad[d] = (f(x + step) - f(x - step)) / (2 * step[d])
    return grad


# %% wrong: another default
# says: the default eps, which is 1e-6
# caught: hidden
def numerical_gradient(f, x, eps=1e-12):
    grad = torch.zeros_like(x)
    for d in range(len(x)):
        step = torch.zeros_like(x)
        step[d] = eps
        grad[d] = (f(x + step) - f(x - step)) / (2 * eps)
    return grad
