"""Attempts at `logistic_gradient`: what graders must accept and reject."""

import math

import torch
from torch import Tensor


# %% right: sum of weighted rows
def logistic_gradient(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    weight = y * torch.sigmoid(-y * (x @ w + b))
    return -(weight[:, None] * x).sum(dim=0), -weight.sum()


# %% right: labels turned into 0 and 1
def logistic_gradient(x, y, w, b):
    target = (y + 1) / 2
    residual = torch.sigmoid(x @ w + b) - target.to(x.dtype)
    return residual @ x, residual.sum()


# %% right: a loop with the branch that never overflows
def logistic_gradient(x, y, w, b):
    dw, db = [0.0] * x.shape[1], 0.0
    for row, t in zip(x.tolist(), y.tolist()):
        s = t * (sum(p * q for p, q in zip(row, w.tolist())) + b.item())
        if s >= 0:
            pull = math.exp(-s) / (1 + math.exp(-s))
        else:
            pull = 1 / (1 + math.exp(s))
        dw = [a - t * pull * p for a, p in zip(dw, row)]
        db -= t * pull
    return torch.tensor(dw, dtype=x.dtype, device=x.device), torch.tensor(
        db, dtype=x.dtype, device=x.device
    )


# %% right: the hyperbolic tangent, in double precision
def logistic_gradient(x, y, w, b):
    z = y.double()[:, None] * torch.cat([x, torch.ones_like(x[:, :1])], dim=1).double()
    margin = z @ torch.cat([w, b[None]]).double()
    g = -(z.T @ (1 - torch.tanh(margin / 2))) / 2
    return g[:-1].to(x.dtype), g[-1].to(x.dtype)


# %% right: the derivative of the softplus, from expm1 and clamping
def logistic_gradient(x, y, w, b):
    m = y * (x @ w + b)
    p = 1 / (1 + torch.exp(m.clamp(max=80)))
    return torch.einsum("n,nd->d", -y * p, x), (-y * p).sum()


# %% wrong: mean
# says: the sum is asked for
# caught: visible
def logistic_gradient(x, y, w, b):
    pull = -y * torch.sigmoid(-y * (x @ w + b))
    return (pull[:, None] * x).mean(dim=0), pull.mean()


# %% wrong: mean in b only
# says: in b, the samples are averaged
# caught: visible
def logistic_gradient(x, y, w, b):
    pull = -y * torch.sigmoid(-y * (x @ w + b))
    return pull @ x, pull.mean()


# %% wrong: sign
# says: the sign is wrong
# caught: visible
def logistic_gradient(x, y, w, b):
    pull = y * torch.sigmoid(-y * (x @ w + b))
    return pull @ x, pull.sum()


# %% wrong: labels taken for 0 and 1
# says: labels 0 and 1
# caught: visible
def logistic_gradient(x, y, w, b):
    residual = torch.sigmoid(x @ w + b) - y
    return residual @ x, residual.sum()


# %% wrong: sigmoid of the margin
# says: hardly count
# caught: visible
def logistic_gradient(x, y, w, b):
    pull = -y * torch.sigmoid(y * (x @ w + b))
    return pull @ x, pull.sum()


# %% wrong: inner derivative forgotten
# says: factor y_n
# caught: visible
def logistic_gradient(x, y, w, b):
    pull = -torch.sigmoid(-y * (x @ w + b))
    return pull @ x, pull.sum()


# %% wrong: label missing inside
# says: inside σ
# caught: visible
def logistic_gradient(x, y, w, b):
    pull = -y * torch.sigmoid(-(x @ w + b))
    return pull @ x, pull.sum()


# %% wrong: bias missing
# says: where is b
# caught: visible
def logistic_gradient(x, y, w, b):
    pull = -y * torch.sigmoid(-y * (x @ w))
    return pull @ x, pull.sum()


# %% wrong: logarithm forgotten
# says: where is the logarithm
# caught: visible
def logistic_gradient(x, y, w, b):
    s = torch.sigmoid(y * (x @ w + b))
    pull = -y * s * (1 - s)
    return pull @ x, pull.sum()


# %% wrong: autograd
# says: autograd
# caught: visible
def logistic_gradient(x, y, w, b):
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    loss = torch.nn.functional.softplus(-y * (x @ w + b)).sum()
    return torch.autograd.grad(loss, (w, b))


# %% wrong: backward
# caught: visible
def logistic_gradient(x, y, w, b):
    w = w.clone().requires_grad_(True)
    b = b.clone().requires_grad_(True)
    loss = -torch.nn.functional.logsigmoid(y * (x @ w + b)).sum()
    loss.backward()
    return w.grad, b.grad


# %% wrong: functional autograd
# caught: visible
def logistic_gradient(x, y, w, b):
    from torch.func import grad as slope

    def loss(w, b):
        return -torch.nn.functional.logsigmoid(y * (x @ w + b)).sum()

    return slope(loss, argnums=(0, 1))(w, b)


# %% wrong: overflow
# says: a power overflows
# caught: hidden
def logistic_gradient(x, y, w, b):
    e = torch.exp(-y * (x @ w + b))
    pull = -y * e / (1 + e)
    return pull @ x, pull.sum()


# %% wrong: scores clamped far too early
def logistic_gradient(x, y, w, b):
    pull = -y * torch.sigmoid((-y * (x @ w + b)).clamp(-2, 2))
    return pull @ x, pull.sum()


# %% wrong: central differences
# caught: hidden
def logistic_gradient(x, y, w, b):
    def loss(w, b):
        return torch.nn.functional.softplus(-y * (x @ w + b)).sum()

    eps, dw = 1e-3, torch.zeros_like(w)
    for d in range(len(w)):
        e = torch.zeros_like(w)
        e[d] = eps
        dw[d] = (loss(w + e, b) - loss(w - e, b)) / (2 * eps)
    return dw, (loss(w, b + eps) - loss(w, b - eps)) / (2 * eps)


# %% wrong: the hinge
# says: only the sample on the wrong side counts
# caught: visible
def logistic_gradient(x, y, w, b):
    pull = -y * (y * (x @ w + b) < 1)
    return pull.to(x.dtype) @ x, pull.to(x.dtype).sum()


# %% wrong: gradient in w alone
# says: must be a tuple
# caught: visible
def logistic_gradient(x, y, w, b):
    return (-y * torch.sigmoid(-y * (x @ w + b))) @ x


# %% wrong: order swapped
# caught: visible
def logistic_gradient(x, y, w, b):
    pull = -y * torch.sigmoid(-y * (x @ w + b))
    return pull.sum(), pull @ x


# %% wrong: one number a sample in b
# says: must have the shape ()
# caught: visible
def logistic_gradient(x, y, w, b):
    pull = -y * torch.sigmoid(-y * (x @ w + b))
    return pull @ x, pull


# %% wrong: float32 whatever comes
# caught: hidden
def logistic_gradient(x, y, w, b):
    x, w, b = x.float(), w.float(), b.float()
    pull = -y.float() * torch.sigmoid(-y.float() * (x @ w + b))
    return pull @ x, pull.sum()


# %% wrong: multiplies the labels into x
# says: x was changed in place
# caught: hidden
def logistic_gradient(x, y, w, b):
    x *= y[:, None]
    pull = -torch.sigmoid(-(x @ w + y * b))
    return pull @ x, (pull * y).sum()
