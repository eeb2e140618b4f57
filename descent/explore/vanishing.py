"""Explorable of 07_backprop on gradients that vanish or explode on their way through a network."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from torch import Tensor

from descent import style
from descent.explore import base

# ---- compute -------------------------------------------------------------------------------------

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "ReLU": torch.relu,
    "leaky ReLU": lambda s: torch.nn.functional.leaky_relu(s, 0.1),
    "none": lambda s: s,
}
"""Name -> activation; leaky ReLU has the slope 0.1 below zero."""

INITIALISATIONS: dict[str, Callable[[int, int], float]] = {
    "He: √(2 / fan-in)": lambda fan_in, _: (2 / fan_in) ** 0.5,
    "Glorot: √(2 / (fan-in + fan-out))": lambda fan_in, fan_out: (2 / (fan_in + fan_out)) ** 0.5,
    "0.01, whatever the width": lambda *_: 0.01,
    "1, whatever the width": lambda *_: 1.0,
}
"""Name -> standard deviation of the weights, from fan-in and fan-out (He 2015; Glorot 2010)."""

WIDTH, BATCH = 64, 64
"""Of every network here; the batch is drawn from a standard normal distribution."""


class Norms(NamedTuple):
    """A forward and a backward pass, layer by layer from the first.

    activation  one of `ACTIVATIONS`
    std         standard deviation of the weights
    gradients   float64 tensor (depth,), Frobenius norm of ∂ℓ/∂w
    signals     float64 tensor (depth,), Frobenius norm of ∂ℓ/∂s, of the whole batch
    spread      float64 tensor (depth,), standard deviation of the layer's output
    """

    activation: str
    std: float
    gradients: Tensor
    signals: Tensor
    spread: Tensor

    @property
    def ratio(self) -> float:
        """What comes back to the first layer, ∂ℓ/∂s, over what the last one gets."""
        return float(self.signals[0] / self.signals[-1])


@lru_cache(maxsize=1024)
def norms(depth: int, activation: str, initialisation: str, scale: float = 1.0) -> Norms:
    """Gradient norms of a network without biases, of the loss mean (output − 1)².

    depth           number of layers, `WIDTH` wide, no activation after the last
    activation      one of `ACTIVATIONS`
    initialisation  one of `INITIALISATIONS`
    scale           factor on its standard deviation
    returns         Norms
    """
    generator = torch.Generator().manual_seed(0)
    draw: dict[str, Any] = {"generator": generator, "dtype": torch.float64}
    std = scale * INITIALISATIONS[initialisation](WIDTH, WIDTH)
    outputs, totals = [torch.randn(BATCH, WIDTH, **draw)], []
    weights = [(std * torch.randn(WIDTH, WIDTH, **draw)).requires_grad_() for _ in range(depth)]
    for layer, w in enumerate(weights, 1):
        totals.append(outputs[-1] @ w.T)
        outputs.append(ACTIVATIONS[activation](totals[-1]) if layer < depth else totals[-1])
    loss = (outputs[-1] - 1).square().mean()
    found = torch.stack([g.norm() for g in torch.autograd.grad(loss, weights + totals)])
    spread = torch.stack([x.detach().std() for x in outputs[1:]])
    return Norms(activation, std, found[:depth], found[depth:], spread)


# ---- draw and wire -------------------------------------------------------------------------------

LOWEST, HIGHEST = 1e-20, 1e20
START: dict[str, Any] = {
    "depth": 30,
    "activation": "sigmoid",
    "initialisation": "He: √(2 / fan-in)",
    "scale": 1.0,
}
"""The state in which `GradientNorms` begins."""
DEEPEST = 50


class GradientNorms(base.Explorable):
    """Norms of ∂ℓ/∂w and ∂ℓ/∂s in every layer, against depth, activation and initialisation."""

    title = "Backward: gradients of each layer"
    size = (8.6, 3.8)
    question = (
        "Thirty layers with sigmoids, weights drawn as He proposes. How does the gradient ∂ℓ/∂s "
        "that comes back to the first layer compare with that of the last layer?"
    )
    choices = (
        "about the same size",
        "about a hundred times smaller",
        "about a million times smaller",
        "over a billion times smaller",
    )

    def controls(self) -> dict[str, Any]:
        return {
            "depth": base.int_slider("layers", 2, DEEPEST, START["depth"]),
            "activation": base.choice("activation", list(ACTIVATIONS), START["activation"]),
            "initialisation": base.choice(
                "std of the weights", list(INITIALISATIONS), START["initialisation"]
            ),
            "scale": base.slider("times", 0.5, 2, START["scale"], step=0.05),
        }

    def compute(self, depth: int, activation: str, initialisation: str, scale: float) -> Norms:
        return norms(depth, activation, initialisation, scale)

    def build(self, fig: Any, result: Norms) -> None:
        left, right = fig.subplots(1, 2)
        self.gradients = self._line(left, style.GREEN, "o-", "∂ℓ/∂w, the weights’")
        self.signals = self._line(left, style.ORANGE, "^-", "∂ℓ/∂s, what comes back")
        self.signals.set(markersize=7, markerfacecolor="none")  # what is below shows through
        left.set(title=self.title, ylabel="norm (cut at the edges)")
        left.legend(loc="upper left", fontsize=9, borderaxespad=0)
        self.spread = self._line(right, style.BLUE, "s-", "")
        right.set_title("Forward: spread of each layer")
        right.set_ylabel("standard deviation of x⁽ˡ⁾ (cut at the edges)")
        self.moving(self.gradients, self.signals, self.spread)

    def _line(self, ax: Axes, colour: str, look: str, label: str) -> Any:
        ax.set(yscale="log", xlim=(0, DEEPEST + 1), ylim=(LOWEST / 30, HIGHEST * 1e9))
        ax.set_yticks([10.0**k for k in range(-20, 21, 5)], minor=False)
        ax.set(xlabel="layer l (the loss is to the right of the last)")
        ax.axhline(1, color=style.GREY, linewidth=1)
        return ax.plot([], [], look, color=colour, label=label, markersize=4, linewidth=1.2)[0]

    def update(self, result: Norms) -> None:
        layers = range(1, len(result.gradients) + 1)
        for line, numbers in (
            (self.gradients, result.gradients),
            (self.signals, result.signals),
            (self.spread, result.spread),
        ):
            line.set_data(layers, style.numpy(numbers.clamp(LOWEST, HIGHEST)))

    def describe(self, result: Norms) -> str:
        first, last = (float(result.gradients[k]) for k in (0, -1))
        said = (
            f"{len(result.gradients)} layers of width {WIDTH}, activation "
            f"{result.activation}, weights with standard deviation {result.std:.3g}: "
            f"‖∂ℓ/∂s‖ of the first layer is {result.ratio:.1e} of the last one’s; ‖∂ℓ/∂w‖ is "
            f"{first:.1e} in the first layer and {last:.1e} in the last."
        )
        return said.replace("e-", "e−")

    def truth(self) -> str:
        ratio = self.compute(**START).ratio
        return self.choices[sum(ratio < limit for limit in (0.1, 1e-4, 1e-9))]


def draw_norms(ax: Axes, depth: int, initialisation: str) -> None:
    """The gradient norms of one initialisation, a line an activation.

    ax              Axes
    depth           number of layers
    initialisation  one of `INITIALISATIONS`
    """
    looks = zip(("-", "--", "-.", ":"), "os^D", (4, 4, 8, 3.5), style.CLASSES, strict=False)
    for name, (dash, marker, size, colour) in zip(list(ACTIVATIONS)[:4], looks, strict=True):
        y = style.numpy(norms(depth, name, initialisation).gradients)
        options: dict[str, Any] = {"color": colour, "marker": marker, "linewidth": 1.3}
        options |= {"markersize": size, "markerfacecolor": style.PAPER if marker == "D" else colour}
        ax.plot(range(1, depth + 1), y, dash, label=name, **options)
    ax.set(yscale="log", xlabel="layer l", title=initialisation.partition(":")[0])
