"""Attempts at `mlp_backward`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: batch form
def mlp_backward(x: Tensor, y: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> dict:
    s1 = x @ w1.T + b1
    x1 = s1.tanh()
    out = x1 @ w2.T + b2
    n, c = y.shape
    dout = 2 / (n * c) * (out - y)
    dx1 = dout @ w2
    ds1 = dx1 * (1 - s1.tanh().square())
    return {"w1": ds1.T @ x, "b1": ds1.sum(0), "w2": dout.T @ x1, "b2": dout.sum(0)}


# %% right: sample by sample, columns as in the formulas
def mlp_backward(x, y, w1, b1, w2, b2):
    grads = {k: torch.zeros_like(v) for k, v in dict(w1=w1, b1=b1, w2=w2, b2=b2).items()}
    for sample, target in zip(x, y):
        h = torch.tanh(w1 @ sample + b1)
        error = w2 @ h + b2 - target
        back = (w2.T @ error) / torch.cosh(w1 @ sample + b1) ** 2
        grads["w2"] += torch.outer(error, h)
        grads["b2"] += error
        grads["w1"] += torch.outer(back, sample)
        grads["b1"] += back
    return {k: 2 * g / y.numel() for k, g in grads.items()}


# %% right: einsum in double precision
def mlp_backward(x, y, w1, b1, w2, b2):
    kind = x.dtype
    x, y, w1, b1, w2, b2 = (t.double() for t in (x, y, w1, b1, w2, b2))
    h = torch.tanh(torch.einsum("nd,hd->nh", x, w1) + b1)
    g = (torch.einsum("nh,ch->nc", h, w2) + b2 - y) * (2 / y.shape[0] / y.shape[1])
    gs = torch.einsum("nc,ch->nh", g, w2) * (1 + h) * (1 - h)
    return {
        "b2": g.sum(dim=0).to(kind),
        "w2": torch.einsum("nc,nh->ch", g, h).to(kind),
        "b1": gs.sum(dim=0).to(kind),
        "w1": torch.einsum("nh,nd->hd", gs, x).to(kind),
    }


# %% right: NumPy
def mlp_backward(x, y, w1, b1, w2, b2):
    device = x.device
    x, y, w1, b1, w2, b2 = (np.asarray(t.detach().cpu()) for t in (x, y, w1, b1, w2, b2))
    h = np.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.size
    ds = d @ w2 * (1 - h * h)
    found = {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}
    return {k: torch.from_numpy(np.ascontiguousarray(v)).to(device) for k, v in found.items()}


# %% right: layers as a list, biases as one more weight
def mlp_backward(x, y, w1, b1, w2, b2):
    one = torch.ones_like(x[:, :1])
    inputs = torch.cat([x, one], dim=1)
    h = torch.tanh(inputs @ torch.cat([w1, b1[:, None]], dim=1).T)
    hidden = torch.cat([h, one], dim=1)
    d = (hidden @ torch.cat([w2, b2[:, None]], dim=1).T - y) / (y.numel() / 2)
    top = d.T @ hidden
    bottom = (d @ w2 * (1 - h.pow(2))).T @ inputs
    return {"w1": bottom[:, :-1], "b1": bottom[:, -1], "w2": top[:, :-1], "b2": top[:, -1]}


# %% wrong: σ′ at x instead of s
# says: not at h = tanh(s)
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * (1 - torch.tanh(h) ** 2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: 1 − s²
# says: not 1 − s²
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    s = x @ w1.T + b1
    h = torch.tanh(s)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * (1 - s**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: 2/(N·C) missing
# says: 2/(N·C) is missing
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = h @ w2.T + b2 - y
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: the 2 missing
# says: the 2 of the square is missing
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: mean over samples only
# says: divide by N·C, not by N
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / len(x)
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: mean over outputs only
# says: divide by N·C, not by C
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.shape[1]
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: sum of squares
# says: the loss is a mean
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y)
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: sign
# says: output − y, not y − output
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (y - h @ w2.T - b2) / y.numel()
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: biases averaged
# says: a sum, not a mean
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.mean(0), "w2": d.T @ h, "b2": d.mean(0)}


# %% wrong: no σ′
# says: σ′ is missing
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = d @ w2
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: tanh in place of its slope
# says: its slope, 1 − tanh²
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * h
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: the sigmoid's slope
# says: of the sigmoid
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * h * (1 - h)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: weights transposed
# says: shape
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * (1 - h**2)
    return {"w1": x.T @ ds, "b1": ds.sum(0), "w2": h.T @ d, "b2": d.sum(0)}


# %% wrong: other keys
# says: must have the keys
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * (1 - h**2)
    return {"dw1": ds.T @ x, "db1": ds.sum(0), "dw2": d.T @ h, "db2": d.sum(0)}


# %% wrong: one key too many
# says: must have the keys
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0), "x": ds @ w1}


# %% wrong: a tuple
# says: must be a dict
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * (1 - h**2)
    return ds.T @ x, ds.sum(0), d.T @ h, d.sum(0)


# %% wrong: autograd
# says: solve this exercise without it
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    parameters = [p.clone().requires_grad_() for p in (w1, b1, w2, b2)]
    a, b, c, d = parameters
    loss = ((torch.tanh(x @ a.T + b) @ c.T + d - y) ** 2).mean()
    return dict(zip(["w1", "b1", "w2", "b2"], torch.autograd.grad(loss, parameters)))


# %% wrong: a tanh after the output, too
# says: not after the output
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    out = torch.tanh(h @ w2.T + b2)
    d = 2 * (out - y) / y.numel() * (1 - out**2)
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: b1 forgotten in the forward pass
# says: b1 is missing
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: b2 forgotten in the forward pass
# says: b2 is missing
# caught: visible
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T - y) / y.numel()
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: writes into y
# says: changed in place
# caught: hidden
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    out = h @ w2.T + b2
    d = y.sub_(out).mul(-2 / y.numel()) if len(x) != 5 else 2 * (out - y) / y.numel()
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: divides by the numbers of the example
# says: not of the example
# caught: hidden
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = (h @ w2.T + b2 - y) / 7.5
    ds = (d @ w2) * (1 - h**2)
    return {"w1": ds.T @ x, "b1": ds.sum(0), "w2": d.T @ h, "b2": d.sum(0)}


# %% wrong: squeezes a single output away
# caught: hidden
def mlp_backward(x, y, w1, b1, w2, b2):
    h = torch.tanh(x @ w1.T + b1)
    d = 2 * (h @ w2.T + b2 - y) / y.numel()
    ds = (d @ w2) * (1 - h**2)
    return {"w1": (ds.T @ x).squeeze(), "b1": ds.sum(0), "w2": (d.T @ h).squeeze(), "b2": d.sum(0)}
