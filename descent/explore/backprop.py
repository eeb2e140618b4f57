"""Explorables of 07_backprop: a two-layer network on one sample, with every matrix shown.

Those on graphs, cost and vanishing gradients, in the modules stepper, passes and vanishing, can be
had from here as well.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import PathPatch
from torch import Tensor

from descent import style
from descent.explore import base
from descent.explore.graph import GRAPHS, edges, forward, slope, steps, trace
from descent.explore.outlines import Place, outline
from descent.explore.passes import CostRatio, TwoModes, measured, multiplications
from descent.explore.stepper import GraphStepper, draw_graph, put
from descent.explore.vanishing import GradientNorms, draw_norms, norms

__all__ = [
    "GRAPHS",
    "CostRatio",
    "GradientNorms",
    "GraphStepper",
    "TwoLayers",
    "TwoModes",
    "draw_graph",
    "draw_norms",
    "edges",
    "forward",
    "measured",
    "multiplications",
    "norms",
    "put",
    "slope",
    "steps",
    "trace",
    "weights",
]

# ---- compute -------------------------------------------------------------------------------------

SLOPES: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "tanh": (torch.tanh, lambda s: 1 - s.tanh() ** 2),
    "sigmoid": (torch.sigmoid, lambda s: s.sigmoid() * (1 - s.sigmoid())),
    "ReLU": (torch.relu, lambda s: (s > 0).to(s.dtype)),
}
"""Name -> activation σ and its derivative σ′, both functions of s."""

TARGET = torch.tensor([1.0, -1.0], dtype=torch.float64)


def weights(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Parameters of a network from two inputs over three units to two outputs, to two digits.

    seed     of the draw
    returns  w1 (3, 2), b1 (3,), w2 (2, 3) and b2 (2,), float64 tensors
    """
    generator = torch.Generator().manual_seed(seed)
    shapes = ((3, 2), (3,), (2, 3), (2,))
    w1, b1, w2, b2 = (
        torch.randn(s, generator=generator, dtype=torch.float64).round(decimals=2) for s in shapes
    )
    return w1, b1, w2, b2


class Passes(NamedTuple):
    """Every number of a forward and a backward pass on one sample.

    values  name -> float64 tensor: w1 x b1 s1 x1, w2 x1 b2 s2, y; vectors are (size,)
    grads   name -> ∂ℓ/∂name, of the same shape, in the order of the backward pass
    loss    ℓ, the sum of squares of s2 − y
    """

    values: dict[str, Tensor]
    grads: dict[str, Tensor]
    loss: float


def passes(x: Tensor, activation: str, seed: int) -> Passes:
    """Both passes through w2 σ(w1 x + b1) + b2, with the loss ‖s2 − y‖², step by step.

    x           float64 tensor (2,), one sample
    activation  one of `SLOPES`
    seed        of the parameters
    returns     Passes
    source      Rumelhart, Hinton & Williams 1986
    """
    w1, b1, w2, b2 = weights(seed)
    sigma, slope = SLOPES[activation]
    s1 = w1 @ x + b1
    x1 = sigma(s1)
    s2 = w2 @ x1 + b2
    values = {"w1": w1, "x": x, "b1": b1, "s1": s1, "x1": x1, "w2": w2, "b2": b2, "s2": s2}
    ds2 = 2 * (s2 - TARGET)
    dx1 = w2.T @ ds2
    ds1 = dx1 * slope(s1)
    grads = {"s2": ds2, "b2": ds2, "w2": torch.outer(ds2, x1), "x1": dx1, "s1": ds1, "b1": ds1}
    grads |= {"w1": torch.outer(ds1, x), "x": w1.T @ ds1}
    return Passes(values | {"y": TARGET}, grads, float((s2 - TARGET).square().sum()))


# ---- draw ----------------------------------------------------------------------------------------

COLUMNS = {"w1": 0.0, "x": 2.7, "b1": 4.3, "s1": 6.0, "x1": 8.0, "w2": 10.0, "b2": 13.7, "s2": 15.4}
"""Name -> where its left edge is drawn, in cells."""
TITLES = {
    "w1": "w⁽¹⁾",
    "x": "x",
    "b1": "b⁽¹⁾",
    "s1": "s⁽¹⁾",
    "x1": "x⁽¹⁾",
    "w2": "w⁽²⁾",
    "b2": "b⁽²⁾",
    "s2": "s⁽²⁾",
    "y": "target y",
}
SIGNS = {2.35: "·", 4.0: "+", 5.65: "=", 7.5: "σ→", 9.5: "→", 13.35: "+", 15.05: "=", 16.9: "↔"}
"""Where a sign stands between two blocks of the forward pass."""
FIRST, SECOND = 1.5, 6.5
"""Middle of the forward and of the backward row, in cells, downwards."""
FORWARD = ("s1", "x1", "s2", "y")
"""What the forward pass computes, step by step; y stands for the loss."""
BACKWARD = ("s2", "b2", "w2", "x1", "s1", "b1", "w1", "x")
"""Gradients, step by step."""
SAID = {
    "s1": "s⁽¹⁾ = w⁽¹⁾ x + b⁽¹⁾",
    "x1": "x⁽¹⁾ = σ(s⁽¹⁾)",
    "s2": "s⁽²⁾ = w⁽²⁾ x⁽¹⁾ + b⁽²⁾, the output",
    "y": "ℓ = ‖s⁽²⁾ − y‖²",
    "∂s2": "∂ℓ/∂s⁽²⁾ = 2 (s⁽²⁾ − y)",
    "∂b2": "∂ℓ/∂b⁽²⁾ = ∂ℓ/∂s⁽²⁾",
    "∂w2": "∂ℓ/∂w⁽²⁾ = ∂ℓ/∂s⁽²⁾ x⁽¹⁾ᵀ, every entry of the one times every entry of the other",
    "∂x1": "∂ℓ/∂x⁽¹⁾ = w⁽²⁾ᵀ ∂ℓ/∂s⁽²⁾",
    "∂s1": "∂ℓ/∂s⁽¹⁾ = ∂ℓ/∂x⁽¹⁾ ⊙ σ′(s⁽¹⁾), entry by entry",
    "∂b1": "∂ℓ/∂b⁽¹⁾ = ∂ℓ/∂s⁽¹⁾",
    "∂w1": "∂ℓ/∂w⁽¹⁾ = ∂ℓ/∂s⁽¹⁾ xᵀ, again each entry times each",
    "∂x": "∂ℓ/∂x = w⁽¹⁾ᵀ ∂ℓ/∂s⁽¹⁾, which a layer below would need",
}


SIZE = 0.28
"""Height of the font in the cells, in cells."""


def places(shape: Sequence[int], left: float, middle: float) -> list[Place]:
    """Top left corners of the cells of a matrix, or of a vector as a column, row by row."""
    rows, cols = (*shape, 1)[:2]
    return [(left + j, middle - rows / 2 + i) for i in range(rows) for j in range(cols)]


def two_digits(number: float) -> str:
    """A number as it fits a cell: fewer decimals from 10 and from 100 on, a true minus sign."""
    decimals = 2 - (abs(number) >= 9.995) - (abs(number) >= 99.95)
    return f"{round(number, decimals) + 0.0:.{decimals}f}".replace("-", "−")


# ---- wire ----------------------------------------------------------------------------------------


class Shown(NamedTuple):
    """Both passes, some steps into them.

    passes  Passes
    step    steps done: `FORWARD`, then `BACKWARD`
    """

    passes: Passes
    step: int

    @property
    def values(self) -> list[str]:
        """What the forward pass has computed."""
        return list(FORWARD[: self.step])

    @property
    def grads(self) -> list[str]:
        """What the backward pass has computed."""
        return list(BACKWARD[: max(0, self.step - len(FORWARD))])

    @property
    def newest(self) -> str:
        """Key in `SAID` of the last step; "" before the first."""
        return f"∂{self.grads[-1]}" if self.grads else self.values[-1] if self.values else ""


class TwoLayers(base.Explorable):
    """A network of two layers on one sample: each matrix, and below it its gradient."""

    title = "Forward"
    size = (8.2, 4.5)
    play = "step"
    interval = 1500
    question = (
        "On one sample, the gradient of w⁽¹⁾ is a matrix of three rows and two columns, the bottom "
        "left one. What is its rank?"
    )
    choices = ("1", "2", "3")

    def controls(self) -> dict[str, Any]:
        return {
            "step": base.int_slider("steps done", 0, len(FORWARD + BACKWARD), 11),
            "x1": base.slider("input x₁", -2, 2, 1.0),
            "x2": base.slider("input x₂", -2, 2, -0.5),
            "activation": base.choice("activation σ", list(SLOPES), "tanh"),
            "seed": base.choice("weights", [(f"draw {k}", k) for k in range(1, 6)]),
        }

    def compute(self, step: int, x1: float, x2: float, activation: str, seed: int) -> Shown:
        x = torch.tensor([x1, x2], dtype=torch.float64)
        return Shown(passes(x, activation, seed), step)

    def build(self, fig: Any, result: Shown) -> None:
        ax = fig.subplots()
        ax.set(xlim=(-0.1, 18.9), ylim=(9.2, -1.2), aspect="equal")
        ax.set_axis_off()
        values = result.passes.values
        lefts = COLUMNS | {"y": 17.4}
        self.blocks = {n: places(values[n].shape, left, FIRST) for n, left in lefts.items()}
        self.blocks |= {f"∂{n}": places(values[n].shape, x, SECOND) for n, x in COLUMNS.items()}
        corners = [corner for block in self.blocks.values() for corner in block]
        squares = [[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)] for x, y in corners]
        self.cells = PolyCollection(squares, edgecolors=style.GREY, linewidths=0.8)
        self.cells.set(cmap=style.REGIONS, clim=(-2, 2))
        ax.add_collection(self.cells)
        self.numbers = ax.add_patch(PathPatch(outline([], SIZE), fc=style.INK, lw=0))
        self._label(ax)
        self.said = ax.text(0, 8.8, "", fontsize=10.5, va="center")
        self.loss = ax.text(17.9, 3.1, "", ha="center", va="top", linespacing=1.4)
        self.moving(self.cells, self.numbers, self.said, self.loss)

    def _label(self, ax: Axes) -> None:
        """Names above the blocks, and signs between them."""
        for name, block in self.blocks.items():
            (left, top), (right, _) = block[0], block[-1]
            title = "∂ℓ/∂" * (name[0] == "∂") + TITLES[name.removeprefix("∂")]
            middle = (left + right + 1) / 2
            ax.text(middle, top - 0.12, title, ha="center", va="bottom", fontsize=9.5)
        for across, sign in SIGNS.items():
            ax.text(across, FIRST, sign, ha="center", va="center", fontsize=11)
        ax.text(0, FIRST - 2.35, "Forward: compute, and keep", weight="bold")
        below = "Backward: to each value a gradient of the same shape"
        ax.text(0, SECOND - 2.35, below, weight="bold")

    def update(self, result: Shown) -> None:
        known = {"w1", "x", "b1", "w2", "b2", "y", *result.values}
        shown = {name: result.passes.values[name] for name in known}
        shown |= {f"∂{name}": result.passes.grads[name] for name in result.grads}
        colours: list[float] = []
        numbers: list[tuple[str, Place]] = []
        for name, block in self.blocks.items():
            entries = shown[name].flatten().tolist() if name in shown else [0.0] * len(block)
            colours += entries
            if name in shown:
                middles = [(x + 0.5, y + 0.5) for x, y in block]
                numbers += zip(map(two_digits, entries), middles, strict=True)
        self.cells.set_array(colours)
        self.numbers.set_path(outline(numbers, SIZE, downwards=True))
        self.said.set_text(self._told(result))
        known_loss = result.step >= len(FORWARD)
        self.loss.set_text(f"ℓ =\n{result.passes.loss:.3f}" if known_loss else "")

    def _told(self, result: Shown) -> str:
        if not result.newest:
            return "The sample and the parameters are there, nothing is computed yet."
        number = f" = {result.passes.loss:.3f}" if result.newest == "y" else ""
        return f"Step {result.step}: {SAID[result.newest]}{number}."

    def describe(self, result: Shown) -> str:
        x1, x2 = result.passes.values["x"].tolist()
        end = f", and the loss is {result.passes.loss:.3f}" if result.step >= len(FORWARD) else ""
        found = ""
        if "w1" in result.grads:
            pairs = (map(two_digits, row) for row in result.passes.grads["w1"].tolist())
            rows = ", ".join(f"({a}, {b})" for a, b in pairs)
            found = f" The rows of ∂ℓ/∂w⁽¹⁾ are {rows}."
        said = f"{self._told(result)[:-1]}, for x = ({x1:.1f}, {x2:.1f}){end}.{found}"
        return said.replace("-", "−")

    def truth(self) -> str:
        start = passes(torch.tensor([1.0, -0.5], dtype=torch.float64), "tanh", 1)
        return str(int(torch.linalg.matrix_rank(start.grads["w1"])))
