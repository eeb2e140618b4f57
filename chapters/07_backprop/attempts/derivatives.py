"""Attempts at `derivatives`: what graders must accept and reject."""

import math

import torch
from torch import Tensor


# %% right: math for floats, torch for tensors
def _exp(x):
    return x.exp() if isinstance(x, Tensor) else math.exp(x)


derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: (2 * x / 3) * _exp(x**2 / 3),
    "xexp": lambda x: _exp(x) + x * _exp(x),
    "ratio": lambda x, y: -(x**2) / y**2,
}


# %% right: named functions
def quartic(x):
    return 12.0 * x * x * x


def gauss(x):
    return 2 / 3 * x * pow(math.e, x * x / 3)


def xexp(x):
    return math.e**x * (x + 1)


def ratio(x, y):
    return -x * x / (y * y)


derivatives = dict(quartic=quartic, gauss=gauss, xexp=xexp, ratio=ratio)


# %% right: everything through tensors, and back where a float came
def _both(f):
    def call(*arguments):
        answer = f(*(torch.as_tensor(a) for a in arguments))
        return answer if isinstance(arguments[0], Tensor) else answer.item()

    return call


derivatives = {
    "quartic": _both(lambda x: 3 * 4 * x.pow(3)),
    "gauss": _both(lambda x: torch.exp(x.square() / 3).mul(x).mul(2).div(3)),
    "xexp": _both(lambda x: torch.exp(x) * (1 + x)),
    "ratio": _both(lambda x, y: -torch.square(x / y)),
}


# %% right: a function that chooses by type, without names of its own
derivatives = {}
derivatives["quartic"] = lambda x: 4 * 3 * x ** (4 - 1)
derivatives["gauss"] = lambda x: (math.exp if type(x) is float else torch.exp)(x**2 / 3) * x / 1.5
derivatives["xexp"] = lambda x: (math.exp if type(x) is float else torch.exp)(x) * (1 + x)
derivatives["ratio"] = lambda x, y: 0 - x**2 * y**-2


# %% wrong: sign of ratio
# says: the sign
# caught: visible
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: 2 * x / 3 * math.e ** (x * x / 3),
    "xexp": lambda x: (1 + x) * math.e**x,
    "ratio": lambda x, y: (x / y) ** 2,
}


# %% wrong: autograd
# caught: visible
def _slope(f):
    def slope(x):
        leaf = torch.as_tensor(x, dtype=torch.float64).detach().clone().requires_grad_()
        f(leaf).sum().backward()
        return leaf.grad.to(x.dtype) if isinstance(x, Tensor) else leaf.grad.item()

    return slope


def _ratio(x, y):
    return -(x**2) / y**2


derivatives = {
    "quartic": _slope(lambda x: 3 * x**4),
    "gauss": _slope(lambda x: (x**2 / 3).exp()),
    "xexp": _slope(lambda x: x * x.exp()),
    "ratio": _ratio,
}


# %% wrong: autograd in disguise
# says: solve this exercise without it
# caught: visible
from torch.func import jacrev as slope_of


def _vector(f):
    def call(x):
        t = torch.as_tensor(x)
        s = slope_of(lambda v: f(v).sum())(t)
        return s if isinstance(x, Tensor) else s.item()

    return call


derivatives = {
    "quartic": _vector(lambda x: 3 * x**4),
    "gauss": _vector(lambda x: (x**2 / 3).exp()),
    "xexp": _vector(lambda x: x * x.exp()),
    "ratio": lambda x, y: -(x**2) / y**2,
}


# %% wrong: central differences
# says: differences of nearby values lose
# caught: hidden
def _near(f, h=1e-5):
    def slope(x):
        z = x.double() if isinstance(x, Tensor) else x
        difference = (f(z + h) - f(z - h)) / (2 * h)
        return difference.to(x.dtype) if isinstance(x, Tensor) else difference

    return slope


derivatives = {
    "quartic": _near(lambda x: 3 * x**4),
    "gauss": _near(lambda x: math.e ** (x**2 / 3)),
    "xexp": _near(lambda x: x * math.e**x),
    "ratio": lambda x, y: -(x**2) / y**2,
}


# %% wrong: five-point differences
# says: differences of nearby values lose
# caught: hidden
def _near(f, h=1e-3):
    def slope(x):
        z = x.double() if isinstance(x, Tensor) else x
        difference = (8 * (f(z + h) - f(z - h)) - (f(z + 2 * h) - f(z - 2 * h))) / (12 * h)
        return difference.to(x.dtype) if isinstance(x, Tensor) else difference

    return slope


derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": _near(lambda x: math.e ** (x**2 / 3)),
    "xexp": _near(lambda x: x * math.e**x),
    "ratio": lambda x, y: -(x**2) / y**2,
}


# %% wrong: the functions themselves
# says: its slope is asked for
# caught: visible
derivatives = {
    "quartic": lambda x: 3 * x**4,
    "gauss": lambda x: math.e ** (x * x / 3),
    "xexp": lambda x: x * math.e**x,
    "ratio": lambda x, y: x**2 / y,
}


# %% wrong: exponent not brought down
# says: 3 · 4
# caught: visible
derivatives = {
    "quartic": lambda x: 3 * x**3,
    "gauss": lambda x: 2 * x / 3 * math.e ** (x * x / 3),
    "xexp": lambda x: (1 + x) * math.e**x,
    "ratio": lambda x, y: -((x / y) ** 2),
}


# %% wrong: no inner derivative
# says: inner derivative
# caught: visible
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: math.e ** (x * x / 3),
    "xexp": lambda x: (1 + x) * math.e**x,
    "ratio": lambda x, y: -((x / y) ** 2),
}


# %% wrong: the inner derivative without its 3
# says: where is the 3
# caught: visible
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: 2 * x * math.e ** (x * x / 3),
    "xexp": lambda x: (1 + x) * math.e**x,
    "ratio": lambda x, y: -((x / y) ** 2),
}


# %% wrong: product rule with one term
# says: where is the derivative of x
# caught: visible
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: 2 * x / 3 * math.e ** (x * x / 3),
    "xexp": lambda x: x * math.e**x,
    "ratio": lambda x, y: -((x / y) ** 2),
}


# %% wrong: by x instead of y
# says: by y is asked for
# caught: visible
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: 2 * x / 3 * math.e ** (x * x / 3),
    "xexp": lambda x: (1 + x) * math.e**x,
    "ratio": lambda x, y: 2 * x / y,
}


# %% wrong: y not squared
# says: y is squared
# caught: visible
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: 2 * x / 3 * math.e ** (x * x / 3),
    "xexp": lambda x: (1 + x) * math.e**x,
    "ratio": lambda x, y: -(x**2) / y,
}


# %% wrong: a 0-d tensor for a float
# says: must be a Python number, not a tensor
# caught: visible
derivatives = {
    "quartic": lambda x: 12 * torch.as_tensor(x) ** 3,
    "gauss": lambda x: 2 * x / 3 * torch.exp(torch.as_tensor(x * x / 3)),
    "xexp": lambda x: (1 + x) * torch.exp(torch.as_tensor(x)),
    "ratio": lambda x, y: -((x / y) ** 2),
}


# %% wrong: a float for a 0-d tensor
# caught: hidden
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: 2 * x / 3 * math.e ** (x * x / 3),
    "xexp": lambda x: (1 + x) * math.e ** (x if getattr(x, "ndim", 0) else float(x)),
    "ratio": lambda x, y: (
        -((x / y) ** 2) if getattr(x, "ndim", 0) else -((float(x) / float(y)) ** 2)
    ),
}


# %% wrong: floats only
# caught: visible
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: 2 * x / 3 * math.exp(x * x / 3),
    "xexp": lambda x: (1 + x) * math.exp(x),
    "ratio": lambda x, y: -((x / y) ** 2),
}


# %% wrong: a key misspelt
# says: no key 'gauss'
# caught: visible
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gaussian": lambda x: 2 * x / 3 * math.e ** (x * x / 3),
    "xexp": lambda x: (1 + x) * math.e**x,
    "ratio": lambda x, y: -((x / y) ** 2),
}


# %% wrong: numbers in place of functions
# says: must be a function, not 96.0
# caught: visible
derivatives = {"quartic": 96.0, "gauss": 40.17, "xexp": 22.17, "ratio": -2.25}


# %% wrong: swapped arguments
# says: x comes first
# caught: visible
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: 2 * x / 3 * math.e ** (x * x / 3),
    "xexp": lambda x: (1 + x) * math.e**x,
    "ratio": lambda y, x: -((x / y) ** 2),
}


# %% wrong: writes into its argument
# says: changed in place
# caught: hidden
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: 2 * x / 3 * math.e ** (x * x / 3),
    "xexp": lambda x: (1 + x) * math.e**x if isinstance(x, float) else (1 + x) * x.exp_(),
    "ratio": lambda x, y: -((x / y) ** 2),
}


# %% wrong: single precision for doubles
# says: and so does float32
# caught: hidden
derivatives = {
    "quartic": lambda x: 12 * x**3,
    "gauss": lambda x: (
        2 * x / 3 * (math.exp(x * x / 3) if isinstance(x, float) else (x * x / 3).float().exp())
    ),
    "xexp": lambda x: (1 + x) * math.e**x,
    "ratio": lambda x, y: -((x / y) ** 2),
}
