"""Attempts at `MLP`: what graders must accept and reject."""

import torch
from torch import Tensor, nn


# %% right: one nn.Sequential
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        parts, last = [], inputs
        for width in hidden:
            parts += [nn.Linear(last, width), nn.ReLU()]
            last = width
        self.net = nn.Sequential(*parts, nn.Linear(last, outputs))

    def forward(self, x):
        return self.net(x)


# %% right: a subclass of nn.Sequential
class MLP(nn.Sequential):
    def __init__(self, inputs, hidden, outputs):
        sizes = [inputs] + list(hidden)
        parts = []
        for i in range(len(hidden)):
            parts.append(nn.Linear(sizes[i], sizes[i + 1]))
            parts.append(nn.ReLU(inplace=True))
        super().__init__(*parts, nn.Linear(sizes[-1], outputs))


# %% right: own parameters, transposed, in lists
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = (inputs, *hidden, outputs)
        self.w = nn.ParameterList()
        self.b = nn.ParameterList()
        for i, o in zip(sizes[:-1], sizes[1:]):
            self.w.append(nn.Parameter(torch.randn(i, o) / i**0.5))
            self.b.append(nn.Parameter(torch.zeros(1, o)))

    def forward(self, x):
        for k, (w, b) in enumerate(zip(self.w, self.b)):
            x = torch.maximum(x, torch.zeros_like(x)) @ w + b if k else x @ w + b
        return x


# %% right: attributes by name
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.depth = len(hidden)
        width = inputs
        for k, units in enumerate(hidden):
            setattr(self, f"layer{k}", nn.Linear(width, units))
            width = units
        self.last = nn.Linear(width, outputs)

    def forward(self, x):
        for k in range(self.depth):
            x = torch.relu(getattr(self, f"layer{k}")(x))
        return self.last(x)


# %% right: weight and bias of a layer in one matrix
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.ws = nn.ParameterList(
            [nn.Parameter(0.3 * torch.randn(o, i + 1)) for i, o in zip(sizes, sizes[1:])]
        )

    def forward(self, x):
        for k, w in enumerate(self.ws):
            x = x.clamp(min=0) if k else x
            x = nn.functional.linear(x, w[:, :-1], w[:, -1])
        return x


# %% right: recursion, an MLP inside an MLP
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        if hidden:
            self.first = nn.Linear(inputs, hidden[0])
            self.rest = MLP(hidden[0], hidden[1:], outputs)
        else:
            self.first, self.rest = nn.Linear(inputs, outputs), None

    def forward(self, x):
        x = self.first(x)
        return x if self.rest is None else self.rest(torch.relu(x))


# %% wrong: a plain list of layers
# says: list hides them
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = [nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


# %% wrong: only the last layer is registered
# says: only the last layer is registered
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden]
        self.layers = [nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])]
        self.last = nn.Linear(sizes[-1], outputs)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.last(x)


# %% wrong: ReLU at the end
# says: no activation after the last layer
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x


# %% wrong: no activation
# says: where is the activation
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


# %% wrong: sigmoid
# says: that is the sigmoid
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = layer(x).sigmoid()
        return self.layers[-1](x)


# %% wrong: leaky ReLU
# says: leaky
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = nn.functional.leaky_relu(layer(x))
        return self.layers[-1](x)


# %% wrong: ReLU before each layer
# says: the inputs themselves get none
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = layer(torch.relu(x))
        return self.layers[-1](x)


# %% wrong: ReLU of the inputs as well
# says: the inputs themselves get no ReLU
# caught: hidden
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for k, layer in enumerate(self.layers):
            x = layer(torch.relu(x) if len(self.layers) != 2 or k else x)
        return x


# %% wrong: no biases
# says: every layer has a bias
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o, bias=False) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


# %% wrong: no bias in the last layer
# says: the last layer has a bias
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.last = nn.Linear(sizes[-1], outputs, bias=False)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.last(x)


# %% wrong: hidden layers forgotten
# says: where are the hidden layers
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.layer = nn.Linear(inputs, outputs)

    def forward(self, x):
        return self.layer(x)


# %% wrong: one hidden layer at most
# says: the first hidden layer is the only one
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.first = nn.Linear(inputs, hidden[0])
        self.last = nn.Linear(hidden[0], outputs)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))


# %% wrong: fails without hidden layers
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.first = nn.Linear(inputs, hidden[0])
        self.middle = nn.ModuleList(nn.Linear(i, o) for i, o in zip(hidden, hidden[1:]))
        self.last = nn.Linear(hidden[-1], outputs)

    def forward(self, x):
        x = torch.relu(self.first(x))
        for layer in self.middle:
            x = torch.relu(layer(x))
        return self.last(x)


# %% wrong: super().__init__() forgotten
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


# %% wrong: softmax at the end
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x).softmax(dim=1)


# %% wrong: dropout, too
# says: no dropout
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.dropout(torch.relu(layer(x)))
        return self.layers[-1](x)


# %% wrong: adds to the caller's list
# says: the caller's list hidden
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        hidden.insert(0, inputs)
        hidden.append(outputs)
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(hidden, hidden[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


# %% wrong: a layer that is made and not used
# caught: hidden
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            y = torch.relu(layer(x))
            x = y if len(self.layers) != 4 or y.shape[1] != 3 else torch.relu(torch.ones_like(y))
        return self.layers[-1](x)


# %% wrong: no ReLU between the second and the third layer
# says: not after the first alone
# caught: hidden
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        x = self.layers[0](x)
        if len(self.layers) > 1:
            x = torch.relu(x)
        for layer in self.layers[1:]:
            x = layer(x)
        return x


# %% wrong: writes into the inputs
# says: x was changed in place
# caught: hidden
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        first, x0 = True, x
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        x = self.layers[-1](x)
        x0.zero_()
        return x


# %% wrong: the same layers for all networks
# says: layers belong to self
# caught: visible
class MLP(nn.Module):
    layers = nn.ModuleList()

    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        for i, o in zip(sizes, sizes[1:]):
            MLP.layers.append(nn.Linear(i, o))

    def forward(self, x):
        for layer in MLP.layers[:-1]:
            x = torch.relu(layer(x))
        return MLP.layers[-1](x)


# %% wrong: networks of one kind share their layers
# says: two networks share parameters
# caught: hidden
class MLP(nn.Module):
    made = {}

    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = (inputs, *hidden, outputs)
        if sizes not in MLP.made:
            MLP.made[sizes] = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.layers = MLP.made[sizes]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


# %% wrong: weights that are no parameters
# says: must be an nn.Parameter
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.w = [torch.randn(o, i, requires_grad=True) for i, o in zip(sizes, sizes[1:])]
        self.b = [torch.zeros(o, requires_grad=True) for o in sizes[1:]]

    def forward(self, x):
        for w, b in zip(self.w[:-1], self.b):
            x = torch.relu(x @ w.T + b)
        return x @ self.w[-1].T + self.b[-1]


# %% wrong: no Module
# says: must be an nn.Module
# caught: visible
class MLP:
    def __init__(self, inputs, hidden, outputs):
        sizes = [inputs, *hidden, outputs]
        self.layers = [nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])]

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def __call__(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


# %% wrong: tanh
# says: that is tanh
# caught: visible
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)
