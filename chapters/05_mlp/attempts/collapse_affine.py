"""Attempts at `collapse_affine`: what graders must accept and reject."""

from functools import reduce

import torch
from torch import Tensor


# %% right: from the last layer back
def collapse_affine(weights, biases):
    w = torch.eye(len(biases[-1]), dtype=weights[0].dtype, device=weights[0].device)
    b = torch.zeros_like(biases[-1])
    for weight, bias in zip(reversed(weights), reversed(biases)):
        b = b + w @ bias
        w = w @ weight
    return w, b


# %% right: at zero and at the unit vectors
def collapse_affine(weights, biases):
    d = weights[0].shape[1]
    x = torch.cat([torch.zeros(1, d), torch.eye(d)]).to(weights[0])
    for w, b in zip(weights, biases):
        x = x @ w.T + b
    return (x[1:] - x[0]).T, x[0]


# %% right: augmented matrices
def collapse_affine(weights, biases):
    total = None
    for w, b in zip(weights, biases):
        corner = torch.zeros(1, w.shape[1] + 1, dtype=w.dtype, device=w.device)
        corner[0, -1] = 1
        step = torch.cat([torch.cat([w, b[:, None]], dim=1), corner])
        total = step if total is None else step @ total
    return total[:-1, :-1], total[:-1, -1]


# %% right: recursion
def collapse_affine(weights, biases):
    if len(weights) == 1:
        return weights[0], biases[0]
    w, b = collapse_affine(weights[:-1], biases[:-1])
    return weights[-1] @ w, weights[-1] @ b + biases[-1]


# %% right: multi_dot and float64
def collapse_affine(weights, biases):
    def product(ms):
        return reduce(lambda p, m: m.double() @ p, ms[1:], ms[0].double())

    b = biases[-1].double()
    for k in range(1, len(weights)):
        b = b + product(weights[k:]) @ biases[k - 1].double()
    return product(weights).to(weights[0].dtype), b.to(weights[0].dtype)


# %% wrong: wrong order, biases right
# says: the product is in the wrong order
# caught: visible
def collapse_affine(weights, biases):
    w, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        w, b = w @ weight, weight @ b + bias
    return w, b


# %% wrong: both in the wrong order
# says: both products are in the wrong order
# caught: visible
def collapse_affine(weights, biases):
    weights, biases = weights[::-1], biases[::-1]
    w, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        w, b = weight @ w, weight @ b + bias
    return w, b


# %% wrong: biases added up
# says: b is no mere sum
# caught: visible
def collapse_affine(weights, biases):
    w = weights[0]
    for weight in weights[1:]:
        w = weight @ w
    return w, sum(biases)


# %% wrong: the last bias alone
# says: b lacks what the second layer makes
# caught: visible
def collapse_affine(weights, biases):
    w = weights[0]
    for weight in weights[1:]:
        w = weight @ w
    return w, biases[-1]


# %% wrong: own biases forgotten
# says: b lacks the last layer's own bias
# caught: visible
def collapse_affine(weights, biases):
    w, b = weights[0], biases[0]
    for weight in weights[1:]:
        w, b = weight @ w, weight @ b
    return w, b


# %% wrong: order wrong, biases not carried
# says: wrong order, and the first bias is not carried
# caught: visible
def collapse_affine(weights, biases):
    w, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        w, b = w @ weight, b + bias
    return w, b


# %% wrong: the transpose
# says: transpose of w
# caught: visible
def collapse_affine(weights, biases):
    w, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        w, b = weight @ w, weight @ b + bias
    return w.T, b


# %% wrong: the bias through the transpose
# says: not its transpose
# caught: visible
def collapse_affine(weights, biases):
    w, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        w, b = weight @ w, b @ weight + bias
    return w, b


# %% wrong: b with the new w
# caught: visible
def collapse_affine(weights, biases):
    w, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        w = weight @ w
        b = w @ b + bias
    return w, b


# %% wrong: weights added up
# says: weights multiply
# caught: visible
def collapse_affine(weights, biases):
    return sum(weights), sum(biases)


# %% wrong: the last layer only
# says: the last layer's own
# caught: visible
def collapse_affine(weights, biases):
    return weights[-1], biases[-1]


# %% wrong: first and last layer only
# caught: hidden
def collapse_affine(weights, biases):
    if len(weights) == 1:
        return weights[0], biases[0]
    return weights[-1] @ weights[0], weights[-1] @ biases[0] + biases[-1]


# %% wrong: entry by entry
# caught: visible
def collapse_affine(weights, biases):
    w, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        w, b = weight * w, weight @ b + bias
    return w, b


# %% wrong: fails with one layer
# caught: hidden
def collapse_affine(weights, biases):
    w, b = weights[1] @ weights[0], weights[1] @ biases[0] + biases[1]
    for weight, bias in zip(weights[2:], biases[2:]):
        w, b = weight @ w, weight @ b + bias
    return w, b


# %% wrong: writes into the first bias
# says: biases_0 was changed in place
# caught: hidden
def collapse_affine(weights, biases):
    w, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        w, b = weight @ w, weight @ b + bias
    bias = biases[0]
    bias.mul_(1.5)
    return w, b


# %% wrong: bias as a column
# says: must have the shape
# caught: visible
def collapse_affine(weights, biases):
    w, b = weights[0], biases[0][:, None]
    for weight, bias in zip(weights[1:], biases[1:]):
        w, b = weight @ w, weight @ b + bias[:, None]
    return w, b


# %% wrong: empties the caller's lists
# says: shorter or longer
# caught: visible
def collapse_affine(weights, biases):
    w, b = weights.pop(0), biases.pop(0)
    while weights:
        weight = weights.pop(0)
        w, b = weight @ w, weight @ b + biases.pop(0)
    return w, b


# %% wrong: a list instead of a pair
# says: must be a tuple
# caught: visible
def collapse_affine(weights, biases):
    w, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        w, b = weight @ w, weight @ b + bias
    return [w, b]


# %% wrong: swapped
# caught: visible
def collapse_affine(weights, biases):
    w, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        w, b = weight @ w, weight @ b + bias
    return b, w
