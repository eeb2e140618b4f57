"""Attempts at `xor`: what graders must accept and reject."""

import torch
from torch import Tensor


# %% right: five units, as in the lecture
def unit(x: Tensor, w: list[float], b: float) -> Tensor:
    return (x @ x.new_tensor(w) + b >= 0).to(x.dtype)


def xor(x: Tensor) -> Tensor:
    x = x.float()
    a, b = x[:, :1], x[:, 1:]
    not_a, not_b = unit(a, [-1.0], 0.5), unit(b, [-1.0], 0.5)
    left = unit(torch.stack([not_a, b[:, 0]], dim=1), [1.0, 1.0], -1.5)
    right = unit(torch.stack([a[:, 0], not_b], dim=1), [1.0, 1.0], -1.5)
    return unit(torch.stack([left, right], dim=1), [1.0, 1.0], -0.5).long()


# %% right: two units, one an input of the other
def xor(x):
    u, v = x[:, 0].double(), x[:, 1].double()
    both = (u + v > 1.5).double()
    return (u + v - 2 * both > 0.5).long()


# %% right: matrices, two layers
def xor(x):
    w = torch.tensor([[1.0, 1.0], [-1.0, -1.0]], device=x.device)
    b = torch.tensor([-0.5, 1.5], device=x.device)
    hidden = (x.float() @ w.T + b >= 0).float()
    return (hidden.sum(dim=1) >= 1.5).long()


# %% right: whole numbers and helpers that are lambdas
step, less = lambda s: (s >= 1).long(), lambda p, q: p - q


def xor(x):
    u, v = x.long().T
    return step(step(less(u, v)) + step(less(v, u)))


# %% right: a loop over the rows
def xor(x):
    answers = []
    for u, v in x.int().tolist():
        either, both = u + v >= 1, u + v >= 2
        answers.append(int(either - both >= 1))
    return torch.tensor(answers, device=x.device)


# %% right: a threshold layer as a class
class Threshold(torch.nn.Module):
    def __init__(self, w, b):
        super().__init__()
        self.w, self.b = w, b

    def forward(self, x):
        return (x @ self.w.to(x.device) >= self.b).float()


nets = [
    Threshold(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), 0.5),
    Threshold(torch.tensor([1.0, 1.0]), 0.5),
]


def xor(x):
    return nets[1](nets[0](x.float())).to(torch.int64)


# %% right: variables that are called like forbidden functions
def xor(x):
    u, v = x[:, 0].float(), x[:, 1].float()
    ne, eq = (u + v > 0.5).float(), (u + v > 1.5).float()
    return (ne - eq > 0.5).long()


# %% wrong: !=
# says: uses !=
# caught: visible
def xor(x):
    return (x[:, 0] != x[:, 1]).long()


# %% wrong: a single unit
# says: that is or
# caught: visible
def xor(x):
    return (x.float() @ torch.ones(2, device=x.device) - 0.5 >= 0).long()


# %% wrong: ==, between sum and constant
# says: uses ==
# caught: visible
def xor(x):
    return (x.long().sum(dim=1) == 1).long()


# %% wrong: ^
# says: uses ^
# caught: visible
def xor(x):
    return x[:, 0].long() ^ x[:, 1].long()


# %% wrong: %
# says: uses %
# caught: visible
def xor(x):
    return x.long().sum(dim=1) % 2


# %% wrong: abs
# says: uses abs
# caught: visible
def xor(x):
    return (x[:, 0].long() - x[:, 1].long()).abs()


# %% wrong: logical_xor
# says: uses logical_xor
# caught: visible
def xor(x):
    return torch.logical_xor(x[:, 0], x[:, 1]).long()


# %% wrong: ne, by another name
# says: uses ne
# caught: visible
differ = torch.ne


def xor(x):
    return differ(x[:, 0], x[:, 1]).long()


# %% wrong: logical_xor imported under another name
# says: uses logical_xor
# caught: visible
from torch import logical_xor as units


def xor(x):
    return units(x[:, 0], x[:, 1]).long()


# %% wrong: the forbidden operator in a helper
# says: uses !=
# caught: visible
def unit(a, b):
    return (a != b).long()


def xor(x):
    return unit(x[:, 0], x[:, 1])


# %% wrong: the forbidden operator in a lambda
# says: uses !=
# caught: visible
network = {"hidden": lambda a, b: a != b}


def xor(x):
    return network["hidden"](x[:, 0], x[:, 1]).long()


# %% wrong: the forbidden operator in a layer
# says: uses ==
# caught: visible
class Layer:
    def __call__(self, x):
        return x.long().sum(dim=1) == 1


layer = Layer()


def xor(x):
    return layer(x).long()


# %% wrong: getattr with the forbidden name
# says: uses logical_xor
# caught: visible
def xor(x):
    return getattr(torch, "logical_xor")(x[:, 0], x[:, 1]).long()


# %% wrong: in place, under the name with an underscore
# caught: hidden
def xor(x):
    u, v = x.bool().T.clone()
    return u.logical_xor_(v).long()


# %% wrong: the remainder
# says: uses remainder
# caught: visible
def xor(x):
    return torch.remainder(x.long().sum(dim=1), 2)


# %% wrong: the opposite
# says: where the inputs agree
# caught: visible
def xor(x):
    u, v = x.float().unbind(1)
    both, none = (u + v > 1.5).float(), (u + v < 0.5).float()
    return (both + none > 0.5).long()


# %% wrong: only one of the two cases
# says: (0, 1) counts as well
# caught: visible
def xor(x):
    u, v = x.float().unbind(1)
    return (u - v > 0.5).long()


# %% wrong: fails on Boolean inputs
# caught: visible
def xor(x):
    u, v = x[:, 0], x[:, 1]
    return ((u - v >= 0.5).long() + (v - u >= 0.5).long() >= 1).long()


# %% wrong: sum of Booleans taken for a number
# caught: visible
def xor(x):
    u, v = x.T
    both = (u + v) > 1.5
    return ((u + v) - 2 * both.long() > 0.5).long()


# %% wrong: a float answer
# says: must have the dtype torch.int64, not torch.float32
# caught: visible
def xor(x):
    u, v = x.float().unbind(1)
    either, both = (u + v > 0.5).float(), (u + v > 1.5).float()
    return (either - both > 0.5).float()


# %% wrong: a Boolean answer
# says: torch.bool
# caught: visible
def xor(x):
    u, v = x.float().unbind(1)
    return (u + v - 2 * (u + v > 1.5).float()) > 0.5


# %% wrong: two columns
# says: two answers a row
# caught: visible
def xor(x):
    u, v = x.float().T
    return torch.stack([u - v > 0.5, v - u > 0.5], dim=1).long()


# %% wrong: one row only
# says: first two rows of x
# caught: visible
def xor(x):
    u, v = x[0].float(), x[1].float()
    return (((u - v) > 0.5).long() + ((v - u) > 0.5).long() >= 1).long()


# %% wrong: prints
# says: is a return missing?
# caught: visible
def xor(x):
    u, v = x.float().unbind(1)
    both = (u + v > 1.5).float()
    print((u + v - 2 * both > 0.5).long())


# %% wrong: the four corners by heart
# says: answers to the four corners
# caught: hidden
def xor(x):
    return torch.tensor([0, 1, 1, 0], device=x.device)


# %% wrong: writes into its argument
# says: x was changed in place
# caught: hidden
def xor(x):
    both = (x.float().sum(1) > 1.5).float()
    x[:, 0] = (x.float().sum(1) > 0.5).to(x.dtype)
    return (x[:, 0].float() - both > 0.5).long()


# %% wrong: squeezes one sample away
# caught: hidden
def xor(x):
    u, v = x.float().T.squeeze()
    both = (u + v > 1.5).float()
    return (u + v - 2 * both > 0.5).long()
