"""Attempts at `momentum_step`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: two formulas
def momentum_step(w: Tensor, velocity: Tensor, grad: Tensor, lr: float, gamma: float):
    new = lr * grad + gamma * velocity
    return w - new, new


# %% right: in-place work on copies
def momentum_step(w, velocity, grad, lr, gamma):
    u = velocity.clone().mul_(gamma).add_(grad, alpha=lr)
    return w.clone().sub_(u), u


# %% right: NumPy
def momentum_step(w, velocity, grad, lr, gamma):
    u = np.asarray(gamma * velocity.cpu().numpy() + lr * grad.cpu().numpy(), dtype=None)
    new = np.asarray(w.cpu().numpy() - u)
    return torch.from_numpy(new).to(w), torch.from_numpy(u).to(w)


# %% right: in double precision
def momentum_step(w, velocity, grad, lr, gamma):
    u = (gamma * velocity.double() + lr * grad.double()).to(w.dtype)
    return (w.double() - u).to(w.dtype), u


# %% right: PyTorch's buffer, converted there and back
def momentum_step(w, velocity, grad, lr, gamma):
    buffer = gamma * velocity / lr + grad
    return w - lr * buffer, lr * buffer


# %% wrong: sign
# says: subtract it
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    velocity = gamma * velocity + lr * grad
    return w + velocity, velocity


# %% wrong: PyTorch's form
# says: PyTorch's form
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    velocity = gamma * velocity + grad
    return w - lr * velocity, velocity


# %% wrong: rate on both
# says: η multiplies the gradient only
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    velocity = lr * (gamma * velocity + grad)
    return w - velocity, velocity


# %% wrong: old velocity
# says: not by the old one
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    return w - velocity, gamma * velocity + lr * grad


# %% wrong: Nesterov
# says: Nesterov
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    velocity = gamma * velocity + lr * grad
    return w - gamma * velocity - lr * grad, velocity


# %% wrong: running mean
# says: running mean
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    velocity = gamma * velocity + (1 - gamma) * grad
    return w - lr * velocity, velocity


# %% wrong: velocity that points downhill
# says: points downhill
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    velocity = gamma * velocity - lr * grad
    return w + velocity, velocity


# %% wrong: no friction
# says: where is γ
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    velocity = velocity + lr * grad
    return w - velocity, velocity


# %% wrong: plain gradient descent
# says: plain gradient descent
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    return w - lr * grad, lr * grad


# %% wrong: swapped
# says: weights come first
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    velocity = gamma * velocity + lr * grad
    return velocity, w - velocity


# %% wrong: weights only
# says: must be a tuple
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    return w - gamma * velocity - lr * grad


# %% wrong: in place
# says: w was changed in place
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    velocity = gamma * velocity + lr * grad
    w -= velocity
    return w, velocity


# %% wrong: velocity in place
# says: velocity was changed in place
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    velocity.mul_(gamma).add_(lr * grad)
    return w - velocity, velocity


# %% wrong: γ of its own
# caught: hidden
def momentum_step(w, velocity, grad, lr, gamma):
    velocity = 0.8 * velocity + lr * grad
    return w - velocity, velocity


# %% wrong: vectors only
# caught: hidden
def momentum_step(w, velocity, grad, lr, gamma):
    u = [gamma * v + lr * g for v, g in zip(velocity.tolist(), grad.tolist())]
    u = torch.tensor(u, dtype=w.dtype, device=w.device)
    return w - u, u


# %% wrong: float32
# caught: hidden
def momentum_step(w, velocity, grad, lr, gamma):
    u = (gamma * velocity + lr * grad).float()
    return w.float() - u, u


# %% wrong: rates exchanged
# says: η and γ are exchanged
# caught: visible
def momentum_step(w, velocity, grad, lr, gamma):
    velocity = lr * velocity + gamma * grad
    return w - velocity, velocity


# %% wrong: remembers the first learning rate
# caught: hidden
def momentum_step(w, velocity, grad, lr, gamma):
    if momentum_step.__dict__.get("seen", None) is None or w.ndim != momentum_step.seen[1]:
        momentum_step.seen = (lr, w.ndim)
    velocity = gamma * velocity + momentum_step.seen[0] * grad
    return w - velocity, velocity
