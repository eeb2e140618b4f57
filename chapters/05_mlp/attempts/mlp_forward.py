"""Attempts at `mlp_forward`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor, nn


# %% right: by number of the layer
def mlp_forward(x, weights, biases, activation):
    for k in range(len(weights)):
        x = torch.einsum("nd,cd->nc", x, weights[k]) + biases[k]
        if k < len(weights) - 1:
            x = activation(x)
    return x


# %% right: functional.linear
def mlp_forward(x, weights, biases, activation):
    layers = list(zip(weights, biases))
    for w, b in layers[:-1]:
        x = activation(nn.functional.linear(x, w, b))
    return nn.functional.linear(x, *layers[-1])


# %% right: recursion
def mlp_forward(x, weights, biases, activation):
    s = torch.addmm(biases[0], x, weights[0].T)
    if len(weights) == 1:
        return s
    return mlp_forward(activation(s), weights[1:], biases[1:], activation)


# %% right: samples as columns, in double precision
def mlp_forward(x, weights, biases, activation):
    columns = x.double().T
    for number, (w, b) in enumerate(zip(weights, biases)):
        if number:
            columns = activation(columns)
        columns = w.double() @ columns + b.double()[:, None]
    return columns.T.to(x.dtype)


# %% right: sample by sample
def mlp_forward(x, weights, biases, activation):
    outputs = []
    for sample in x:
        for i in range(len(weights)):
            sample = weights[i] @ sample + biases[i]
            sample = sample if i == len(weights) - 1 else activation(sample)
        outputs.append(sample)
    return torch.stack(outputs)


# %% wrong: activation at the end
# says: no activation after the last layer
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights, biases):
        x = activation(x @ w.T + b)
    return x


# %% wrong: no transpose
# says: transpose it
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights[:-1], biases[:-1]):
        x = activation(x @ w + b)
    return x @ weights[-1] + biases[-1]


# %% wrong: no transpose in the last layer
# says: transpose of their weights, the last
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights[:-1], biases[:-1]):
        x = activation(x @ w.T + b)
    return x @ weights[-1] + biases[-1]


# %% wrong: no transpose in the first layers
# says: transpose of their weights, the first
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights[:-1], biases[:-1]):
        x = activation(x @ w + b)
    return x @ weights[-1].T + biases[-1]


# %% wrong: no biases
# says: where are the biases
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w in weights[:-1]:
        x = activation(x @ w.T)
    return x @ weights[-1].T


# %% wrong: no bias in the last layer
# says: the last layer has a bias
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights[:-1], biases):
        x = activation(x @ w.T + b)
    return x @ weights[-1].T


# %% wrong: the bias after the activation
# says: before the activation
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights[:-1], biases[:-1]):
        x = activation(x @ w.T) + b
    return x @ weights[-1].T + biases[-1]


# %% wrong: no activation at all
# says: where is the activation
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights, biases):
        x = x @ w.T + b
    return x


# %% wrong: the activation before each layer
# says: inputs themselves get no activation
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights[:-1], biases[:-1]):
        x = activation(activation(x) @ w.T + b)
    return x @ weights[-1].T + biases[-1]


# %% wrong: the activation comes first
# says: after a layer, not before
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights, biases):
        if len(weights) > 1 and w is not weights[-1]:
            x = activation(x)
        x = x @ w.T + b
    return x


# %% wrong: returns inside the loop
# says: go on through the others
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights, biases):
        x = activation(x @ w.T + b)
        return x


# %% wrong: ReLU whatever the activation
# says: that is ReLU
# caught: hidden
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights[:-1], biases[:-1]):
        x = torch.relu(x @ w.T + b)
    return x @ weights[-1].T + biases[-1]


# %% wrong: two layers only
# caught: hidden
def mlp_forward(x, weights, biases, activation):
    if len(weights) == 1:
        return x @ weights[0].T + biases[0]
    return activation(x @ weights[0].T + biases[0]) @ weights[-1].T + biases[-1]


# %% wrong: one layer is activated
# says: the only layer is the last one
# caught: visible
def mlp_forward(x, weights, biases, activation):
    x = activation(x @ weights[0].T + biases[0])
    for k in range(1, len(weights)):
        x = x @ weights[k].T + biases[k]
        if k < len(weights) - 1:
            x = activation(x)
    return x


# %% wrong: writes into x
# says: x was changed in place
# caught: hidden
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights[:-1], biases[:-1]):
        if len(weights) > 2 and w.shape[0] == w.shape[1]:
            x.copy_(activation(x @ w.T + b))
        else:
            x = activation(x @ w.T + b)
    return x @ weights[-1].T + biases[-1]


# %% wrong: takes the layers off the caller's lists
# says: shorter or longer
# caught: visible
def mlp_forward(x, weights, biases, activation):
    while len(weights) > 1:
        x = activation(x @ weights.pop(0).T + biases.pop(0))
    return x @ weights[0].T + biases[0]


# %% wrong: biases subtracted
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights[:-1], biases[:-1]):
        x = activation(x @ w.T - b)
    return x @ weights[-1].T - biases[-1]


# %% wrong: float32 whatever comes
# says: dtype
# caught: hidden
def mlp_forward(x, weights, biases, activation):
    x = x.float()
    for w, b in zip(weights[:-1], biases[:-1]):
        x = activation(x @ w.float().T + b.float())
    return x @ weights[-1].float().T + biases[-1].float()


# %% wrong: a NumPy array
# says: must be a tensor
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights[:-1], biases[:-1]):
        x = activation(x @ w.T + b)
    return np.asarray((x @ weights[-1].T + biases[-1]).cpu())


# %% wrong: the list of all activations
# says: must be a tensor
# caught: visible
def mlp_forward(x, weights, biases, activation):
    values = [x]
    for w, b in zip(weights, biases):
        values.append(activation(values[-1] @ w.T + b))
    return values


# %% wrong: softmax at the end
# caught: visible
def mlp_forward(x, weights, biases, activation):
    for w, b in zip(weights[:-1], biases[:-1]):
        x = activation(x @ w.T + b)
    return torch.softmax(x @ weights[-1].T + biases[-1], dim=1)
