"""Attempts at `gradient_norms`: what graders must accept and reject."""

# ruff: noqa: F821 - toy_batch and toy_loss are the notebook's

import torch
from torch import Tensor


# %% right: autograd.grad
def gradient_norms(depth, width, activation, init_std, generator) -> Tensor:
    x = toy_batch(width, generator)
    ws = [torch.randn(width, width, generator=generator) * init_std for _ in range(depth)]
    ws = [w.requires_grad_() for w in ws]
    for layer, w in enumerate(ws):
        s = x @ w.T
        x = s if layer == depth - 1 else activation(s)
    grads = torch.autograd.grad(toy_loss(x), ws)
    return torch.tensor([torch.linalg.matrix_norm(g).item() for g in grads])


# %% right: a network of modules
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    layers = [torch.nn.Linear(width, width, bias=False, device="meta") for _ in range(depth)]
    for layer in layers:
        w = torch.randn(width, width, generator=generator) * init_std
        layer.weight = torch.nn.Parameter(w)
    for layer in layers[:-1]:
        x = activation(layer(x))
    toy_loss(layers[-1](x)).backward()
    return torch.stack([layer.weight.grad.square().sum().sqrt() for layer in layers])


# %% right: torch.func, all weights in one tensor
def gradient_norms(depth, width, activation, init_std, generator):
    batch = toy_batch(width, generator)
    weights = torch.stack(
        [torch.randn(width, width, generator=generator) * init_std for _ in range(depth)]
    )

    def loss(weights):
        s = torch.nn.functional.linear(batch, weights[0])
        for w in weights[1:]:
            s = torch.nn.functional.linear(activation(s), w)
        return toy_loss(s)

    return torch.func.grad(loss)(weights).flatten(1).norm(dim=1)


# %% right: backward with columns, in double precision
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator).double().T
    weights = []
    for _ in range(depth):
        w = (torch.randn(width, width, generator=generator) * init_std).double()
        weights.append(w.requires_grad_(True))
    for w in weights[:-1]:
        x = activation(w @ x)
    toy_loss((weights[-1] @ x).T).backward()
    return torch.stack([w.grad.norm(p="fro") for w in weights])


# %% wrong: reversed order
# says: the first layer comes first
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    for w in ws[:-1]:
        x = activation(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1].T), ws)
    return torch.stack([g.norm() for g in grads[::-1]])


# %% wrong: activations instead
# says: those are the activations
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [torch.randn(width, width, generator=generator) * init_std for _ in range(depth)]
    norms = []
    for k, w in enumerate(ws):
        x = x @ w.T if k == depth - 1 else activation(x @ w.T)
        norms.append(x.norm())
    return torch.stack(norms)


# %% wrong: an activation at the end
# says: no activation after the last layer
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    for w in ws:
        x = activation(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x), ws)
    return torch.stack([g.norm() for g in grads])


# %% wrong: x w
# says: a layer computes x wᵀ
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    for w in ws[:-1]:
        x = activation(x @ w)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1]), ws)
    return torch.stack([g.norm() for g in grads])


# %% wrong: weights drawn first
# says: the batch is drawn first
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    x = toy_batch(width, generator)
    for w in ws[:-1]:
        x = activation(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1].T), ws)
    return torch.stack([g.norm() for g in grads])


# %% wrong: the root forgotten
# says: the root is missing
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    for w in ws[:-1]:
        x = activation(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1].T), ws)
    return torch.stack([(g**2).sum() for g in grads])


# %% wrong: the spectral norm
# says: largest singular value
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    for w in ws[:-1]:
        x = activation(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1].T), ws)
    return torch.stack([torch.linalg.matrix_norm(g, 2) for g in grads])


# %% wrong: mean size of an entry
# says: not the mean size
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    for w in ws[:-1]:
        x = activation(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1].T), ws)
    return torch.stack([g.abs().mean() for g in grads])


# %% wrong: norms of the weights
# says: those are the weights
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    toy_batch(width, generator)
    ws = [torch.randn(width, width, generator=generator) * init_std for _ in range(depth)]
    return torch.stack([w.norm() for w in ws])


# %% wrong: gradients by the pre-activations
# says: those are by the pre-activations
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    totals = []
    for w in ws:
        totals.append(x @ w.T)
        x = activation(totals[-1])
    grads = torch.autograd.grad(toy_loss(totals[-1]), totals)
    return torch.stack([g.norm() for g in grads])


# %% wrong: init_std forgotten
# says: multiplied by init_std
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [torch.randn(width, width, generator=generator).requires_grad_() for _ in range(depth)]
    for w in ws[:-1]:
        x = activation(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1].T), ws)
    return torch.stack([g.norm() for g in grads])


# %% wrong: gradient of the draw, not of the weights
# says: gradients by the draws
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    draws = [torch.randn(width, width, generator=generator).requires_grad_() for _ in range(depth)]
    ws = [z * init_std for z in draws]
    for w in ws[:-1]:
        x = activation(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1].T), draws)
    return torch.stack([g.norm() for g in grads])


# %% wrong: no activation at all
# says: the activation comes after every layer but the last
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    for w in ws:
        x = x @ w.T
    grads = torch.autograd.grad(toy_loss(x), ws)
    return torch.stack([g.norm() for g in grads])


# %% wrong: draws all numbers at once
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    z = torch.randn(width * depth + 64, width, generator=generator)
    ws = [(w * init_std).requires_grad_() for w in z[64:].flip(0).view(depth, width, width)]
    x = z[:64]
    for w in ws[:-1]:
        x = activation(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1].T), ws)
    return torch.stack([g.norm() for g in grads])


# %% wrong: always tanh
# says: activation is an argument
# caught: hidden
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    for w in ws[:-1]:
        x = torch.tanh(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1].T), ws)
    return torch.stack([g.norm() for g in grads])


# %% wrong: fails for a single layer
# says: the only layer is the last one
# caught: hidden
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    x = activation(x @ ws[0].T)
    for w in ws[1:-1]:
        x = activation(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1].T), ws)
    return torch.stack([g.norm() for g in grads])


# %% wrong: a list
# says: must give a tensor
# caught: visible
def gradient_norms(depth, width, activation, init_std, generator):
    x = toy_batch(width, generator)
    ws = [
        (torch.randn(width, width, generator=generator) * init_std).requires_grad_()
        for _ in range(depth)
    ]
    for w in ws[:-1]:
        x = activation(x @ w.T)
    grads = torch.autograd.grad(toy_loss(x @ ws[-1].T), ws)
    return [g.norm().item() for g in grads]
