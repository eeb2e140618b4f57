"""Attempts at `GATES`: what graders must accept and reject."""

import numpy as np
import torch
from torch import nn

# %% right: the numbers of the lecture
GATES = {
    "or": (torch.tensor([1.0, 1.0]), -0.5),
    "and": (torch.tensor([1.0, 1.0]), -1.5),
    "not": (torch.tensor([-1.0]), 0.5),
}

# %% right: whole numbers as biases, weights that differ, one gate more
GATES = dict(
    zip(
        ["not", "and", "or", "nand"],
        [
            (torch.tensor([-9.0]), 4),
            (torch.tensor([30.0, 20.0]), -40),
            (torch.tensor([3.0, 4.0]), -2),
            (torch.tensor([-2.0, -2.0]), 3),
        ],
        strict=True,
    )
)

# %% right: as near to the edge as is allowed
GATES = {
    "or": (torch.tensor([0.2, 0.2]), -0.1),
    "and": (torch.tensor([0.3, 0.3]), -0.5),
    "not": (torch.tensor([-0.2]), 0.1),
}

# %% right: built in steps, from parameters, with biases computed
GATES = {}
for name, size, threshold in [("or", 2, 0.5), ("and", 2, 1.5)]:
    GATES[name] = (nn.Parameter(torch.ones(size)), np.float64(-threshold))
GATES["not"] = (-torch.ones(1), 1 - 0.4)

# %% right: found by training on the device
device = "cuda" if torch.cuda.is_available() else "cpu"


def trained(truth, size):
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * size).reshape(-1, size)
    w, b = torch.zeros(size), 0.0
    for _ in range(100):
        for x, t in zip(corners, truth, strict=True):
            if t * (float(w @ x) + b) <= 0.2:
                w, b = w + 0.5 * t * x, b + 0.5 * t
    return w.to(device), b


GATES = {
    "or": trained([-1, 1, 1, 1], 2),
    "and": trained([-1, -1, -1, 1], 2),
    "not": trained([1, -1], 1),
}

# %% wrong: and and or swapped
# says: one input that is on must be enough
# caught: visible
GATES = {
    "or": (torch.tensor([1.0, 1.0]), -1.5),
    "and": (torch.tensor([1.0, 1.0]), -0.5),
    "not": (torch.tensor([-1.0]), 0.5),
}

# %% wrong: nand in place of and
# says: nand
# caught: hidden
GATES = {
    "or": (torch.tensor([1.0, 1.0]), -0.5),
    "and": (torch.tensor([-1.0, -1.0]), 1.5),
    "not": (torch.tensor([-1.0]), 0.5),
}

# %% wrong: works by ≥ 0 luck only
# says: move the bias to the middle
# caught: visible
GATES = {
    "or": (torch.tensor([1.0, 1.0]), -1.0),
    "and": (torch.tensor([1.0, 1.0]), -2.0),
    "not": (torch.tensor([-1.0]), 0.0),
}

# %% wrong: luck at and only
# says: too near the edge
# caught: hidden
GATES = {
    "or": (torch.tensor([1.0, 1.0]), -0.5),
    "and": (torch.tensor([1.0, 1.0]), -2.0),
    "not": (torch.tensor([-1.0]), 0.5),
}

# %% wrong: a margin of 0.05
# says: larger weights
# caught: hidden
GATES = {
    "or": (torch.tensor([1.0, 1.0]), -0.5),
    "and": (torch.tensor([1.0, 1.0]), -1.5),
    "not": (torch.tensor([-0.1]), 0.05),
}

# %% wrong: thresholds in place of biases
# says: every sign is the wrong way round
GATES = {
    "or": (torch.tensor([-1.0, -1.0]), 0.5),
    "and": (torch.tensor([-1.0, -1.0]), 1.5),
    "not": (torch.tensor([1.0]), -0.5),
}

# %% wrong: biases of the wrong sign
# says: lower the bias
# caught: visible
GATES = {
    "or": (torch.tensor([1.0, 1.0]), 0.5),
    "and": (torch.tensor([1.0, 1.0]), 1.5),
    "not": (torch.tensor([-1.0]), 0.5),
}

# %% wrong: not copies its input
# says: copies its input
# caught: hidden
GATES = {
    "or": (torch.tensor([1.0, 1.0]), -0.5),
    "and": (torch.tensor([1.0, 1.0]), -1.5),
    "not": (torch.tensor([1.0]), -0.5),
}

# %% wrong: not always fires
# says: always fires
# caught: hidden
GATES = {
    "or": (torch.tensor([1.0, 1.0]), -0.5),
    "and": (torch.tensor([1.0, 1.0]), -1.5),
    "not": (torch.tensor([-0.5]), 1.0),
}

# %% wrong: whole numbers as weights
# says: float32 tensor of shape (2,)
# caught: visible
GATES = {
    "or": (torch.tensor([2, 2]), -1),
    "and": (torch.tensor([2, 2]), -3),
    "not": (torch.tensor([-2]), 1),
}

# %% wrong: double precision
# says: float32
# caught: visible
GATES = {
    "or": (torch.tensor([1.0, 1.0], dtype=torch.float64), -0.5),
    "and": (torch.tensor([1.0, 1.0], dtype=torch.float64), -1.5),
    "not": (torch.tensor([-1.0], dtype=torch.float64), 0.5),
}

# %% wrong: lists as weights
# says: float32 tensor
# caught: visible
GATES = {
    "or": ([1.0, 1.0], -0.5),
    "and": ([1.0, 1.0], -1.5),
    "not": ([-1.0], 0.5),
}

# %% wrong: not with a number as weight
# says: of shape (1,)
# caught: hidden
GATES = {
    "or": (torch.tensor([1.0, 1.0]), -0.5),
    "and": (torch.tensor([1.0, 1.0]), -1.5),
    "not": (torch.tensor(-1.0), 0.5),
}

# %% wrong: a tensor (1,) as bias
# says: must be a number
# caught: visible
GATES = {
    "or": (torch.tensor([1.0, 1.0]), torch.tensor([-0.5])),
    "and": (torch.tensor([1.0, 1.0]), torch.tensor([-1.5])),
    "not": (torch.tensor([-1.0]), torch.tensor([0.5])),
}

# %% wrong: bias inside the weights
# says: must be a pair (w, b)
# caught: visible
GATES = {
    "or": torch.tensor([1.0, 1.0, -0.5]),
    "and": torch.tensor([1.0, 1.0, -1.5]),
    "not": torch.tensor([-1.0, 0.5]),
}

# %% wrong: capital letters
# says: keys 'or', 'and' and 'not', not ['OR', 'AND', 'NOT']
# caught: visible
GATES = {
    "OR": (torch.tensor([1.0, 1.0]), -0.5),
    "AND": (torch.tensor([1.0, 1.0]), -1.5),
    "NOT": (torch.tensor([-1.0]), 0.5),
}

# %% wrong: not is missing
# says: not ['or', 'and']
# caught: hidden
GATES = {
    "or": (torch.tensor([1.0, 1.0]), -0.5),
    "and": (torch.tensor([1.0, 1.0]), -1.5),
}

# %% wrong: functions in place of weights
# caught: visible
GATES = {
    "or": lambda a, b: a or b,
    "and": lambda a, b: a and b,
    "not": lambda a: not a,
}

# %% wrong: not a dict
# says: 'not', not a list
# caught: visible
GATES = [
    (torch.tensor([1.0, 1.0]), -0.5),
    (torch.tensor([1.0, 1.0]), -1.5),
    (torch.tensor([-1.0]), 0.5),
]

# %% wrong: infinite weights
GATES = {
    "or": (torch.full((2,), float("inf")), -0.5),
    "and": (torch.tensor([1.0, 1.0]), -1.5),
    "not": (torch.tensor([-1.0]), 0.5),
}
