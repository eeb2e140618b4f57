"""Explorable of 08_going_deeper on dropout: one mask, its sub-network, and the network of all."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from descent import data, style
from descent.explore import base
from descent.explore.margin import draw_classes, put_classes
from descent.explore.threads import one_thread

UNITS, STEPS, RATE, NOISE, TESTS, MASKS = 100, 300, 0.01, 0.3, 1000, 20
"""Units of each of two hidden layers, steps of Adam and their rate; data; masks to average over."""
SIDE = 50
"""Points of the grid along each axis."""
CENTRE, HALF = torch.tensor([0.5, 0.25]), torch.tensor([2.2, 2.0])
"""The picture shows CENTRE ± HALF."""
DATA_SEED, SEED = 4, 0

Net = tuple[tuple[Tensor, Tensor], ...]
"""Weights (out, in) and bias (out,) of each layer."""

# ---- compute -------------------------------------------------------------------------------------


def masks(shape: tuple[int, ...], p: float, generator: torch.Generator) -> Tensor:
    """Factors of inverted dropout: 0 with probability p, else 1/(1 − p).

    shape      of the result
    p          probability of a zero, in [0, 1)
    generator  source of the draws
    returns    float32 tensor of that shape
    source     Srivastava et al. 2014, section 10
    """
    return torch.rand(shape, generator=generator).ge(p) / (1 - p)


def forward(net: Net, x: Tensor, factors: Tensor | None = None) -> Tensor:
    """Logits of class 1.

    net      its layers, ReLU between them
    x        float tensor (N, 2)
    factors  float tensor (2, UNITS) or (2, N, UNITS), what hidden units are multiplied by
    returns  float tensor (N,)
    """
    for layer, (w, b) in enumerate(net[:-1]):
        x = (x @ w.T + b).relu()
        x = x if factors is None else x * factors[layer]
    w, b = net[-1]
    return (x @ w.T + b)[:, 0]


def first_weights(generator: torch.Generator) -> Net:
    """Random weights of variance 2/inputs, biases of zero (He et al. 2015)."""
    sizes = [(UNITS, 2), (UNITS, UNITS), (1, UNITS)]
    draws = (torch.randn(s, generator=generator) * (2 / s[1]) ** 0.5 for s in sizes)
    return tuple((w, torch.zeros(len(w))) for w in draws)


@lru_cache(maxsize=64)
@one_thread()
def learnt(p: float, n: int) -> Net:
    """The network trained with dropout on n points: a new mask for each point and step."""
    x, y = points(n)
    generator = torch.Generator().manual_seed(SEED)
    net = first_weights(generator)
    parameters = [q.requires_grad_() for layer in net for q in layer]
    optimiser = torch.optim.Adam(parameters, RATE)
    for _ in range(STEPS):
        factors = masks((2, n, UNITS), p, generator) if p else None
        loss = binary_cross_entropy_with_logits(forward(net, x, factors), y.float())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return tuple((w.detach(), b.detach()) for w, b in net)


def points(n: int) -> tuple[Tensor, Tensor]:
    """The training set: n noisy points of two moons."""
    return data.moons(n, NOISE, torch.Generator().manual_seed(DATA_SEED))


@lru_cache(maxsize=1)
def fresh() -> tuple[Tensor, Tensor]:
    """Points that no training has seen."""
    return data.moons(TESTS, NOISE, torch.Generator().manual_seed(DATA_SEED + 1000))


@lru_cache(maxsize=1)
def grid() -> Tensor:
    """Points that fill the picture, float32 tensor (SIDE², 2), row by row from the bottom."""
    line = torch.linspace(-1, 1, SIDE)
    return torch.cartesian_prod(line, line).flip(1) * HALF + CENTRE


def mistakes(net: Net, x: Tensor, y: Tensor, factors: Tensor | None = None) -> float:
    """Share of wrong answers."""
    return float(((forward(net, x, factors) > 0) != y).float().mean())


def mask(p: float, number: int) -> Tensor:
    """The mask of that number: factors (2, UNITS), for all points the same."""
    return masks((2, UNITS), p, torch.Generator().manual_seed(number))


class Whole(NamedTuple):
    """What does not depend on the mask that is shown.

    logit         float32 tensor (SIDE, SIDE), of the whole network
    train, test   its shares of wrong answers
    sub           mean share of wrong answers, on fresh points, of `MASKS` sub-networks
    """

    logit: Tensor
    train: float
    test: float
    sub: float


@lru_cache(maxsize=64)
@one_thread()
def whole(p: float, n: int) -> Whole:
    """The network with all its units, trained with dropout p on n points."""
    net = learnt(p, n)
    logit = forward(net, grid()).view(SIDE, SIDE)
    subs = [mistakes(net, *fresh(), mask(p, m)) for m in range(MASKS)]
    train, test = mistakes(net, *points(n)), mistakes(net, *fresh())
    return Whole(logit, train, test, sum(subs) / MASKS)


class Masked(NamedTuple):
    """One mask of a trained network.

    p, n     probability of dropping, training points
    number   of the mask
    x, y     training set, (n, 2) and (n,)
    kept     bool tensor (2, UNITS), units that take part
    sub      float32 tensor (SIDE, SIDE), logits of the sub-network
    error    its share of wrong answers on fresh points
    whole    the network with all its units
    """

    p: float
    n: int
    number: int
    x: Tensor
    y: Tensor
    kept: Tensor
    sub: Tensor
    error: float
    whole: Whole


@one_thread()
def masked(p: float, n: int, number: int) -> Masked:
    """The sub-network that a mask leaves, beside the whole network.

    p        probability of dropping, in [0, 1)
    n        training points
    number   of the mask
    returns  Masked
    """
    net, factors = learnt(p, n), mask(p, number)
    sub = forward(net, grid(), factors).view(SIDE, SIDE)
    error = mistakes(net, *fresh(), factors)
    return Masked(p, n, number, *points(n), factors > 0, sub, error, whole(p, n))


# ---- draw and wire -------------------------------------------------------------------------------

COLUMNS, GAP = 10, 2.5
"""Units in a row of the picture, and rows between its two layers."""


def unit_places() -> Tensor:
    """Where the units are drawn, float tensor (2, UNITS, 2): two blocks, the second on the left.

    The units of a layer lie in rows of `COLUMNS`, and layer 1 below layer 2.
    """
    unit = torch.arange(UNITS)
    block = torch.stack([unit % COLUMNS, unit // COLUMNS], 1).float()
    return torch.stack([block, block + torch.tensor([0.0, UNITS / COLUMNS + GAP])])


def border(logit: Tensor) -> Tensor:
    """Where a function given on the grid crosses zero, linear between three neighbours each.

    logit    float tensor (SIDE, SIDE), values at the points of `grid`
    returns  float tensor (P, 2, 2), the ends of P short lines
    """
    values, places = (corners(q) for q in (logit[..., None], grid().view(SIDE, SIDE, 2)))
    positive = values[..., 0] > 0
    crossed = positive.sum(dim=1) % 3 > 0
    values, places, positive = values[crossed], places[crossed], positive[crossed]
    alone = positive == (positive.sum(dim=1, keepdim=True) == 1)
    value, place = values[alone][:, None], places[alone][:, None]
    others, ends = (q[~alone].view(len(place), 2, -1) for q in (values, places))
    return place + value / (value - others) * (ends - place)


def corners(q: Tensor) -> Tensor:
    """Each square of a grid (SIDE, SIDE, K) as two triangles: float tensor (T, 3, K)."""
    here, right, up, across = q[:-1, :-1], q[:-1, 1:], q[1:, :-1], q[1:, 1:]
    triangles = [torch.stack([corner, right, up], 2) for corner in (here, across)]
    return torch.cat([t.flatten(0, 1) for t in triangles])


class DropoutMasks(base.Explorable):
    """Masks of a trained network: which units take part, and where they draw the boundary."""

    title = "Solid: all units. Dotted: this mask’s sub-network"
    size = (8.2, 4.0)
    play = "number"
    interval = 600
    question = (
        "Each training step used another half of the units. For fresh points all units answer "
        "together, which never happened in training. Will this whole network be wrong more or "
        "less often than its sub-networks are on average?"
    )
    choices = ("more often", "equally often, within 0.5 %", "less often")

    def controls(self) -> dict[str, Any]:
        return {
            "number": base.int_slider("mask", 0, 30, 1),
            "p": base.slider("dropped, p", 0, 0.8, 0.5, step=0.1),
            "n": base.choice("training points N", (40, 80, 160)),
        }

    def compute(self, number: int, p: float, n: int) -> Masked:
        return masked(round(p, 1), n, number)

    def build(self, fig: Any, result: Masked) -> None:
        left, right = fig.subplots(1, 2, width_ratios=[1, 2.6])
        self._build_units(left)
        self._build_map(right, result)

    def _build_units(self, ax: Axes) -> None:
        rows = UNITS // COLUMNS
        ax.set(xlim=(-1, COLUMNS), ylim=(-1, 2 * rows + GAP + 1.3), aspect="equal")
        ax.set_title("The mask: who takes part")
        ax.set_axis_off()
        for layer in (0, 1):
            height = layer * (rows + GAP) + rows
            ax.text(-0.4, height - 0.1, f"hidden layer {layer + 1}", va="bottom")
        self.kept = ax.plot([], [], "s", color=style.BLUE, markersize=6.5)[0]
        self.gone = ax.plot([], [], "x", color=style.GREY, markersize=4.5, mew=1.1)[0]
        self.moving(self.kept, self.gone)

    def _build_map(self, ax: Axes, result: Masked) -> None:
        (left, bottom), (right, top) = (CENTRE - HALF).tolist(), (CENTRE + HALF).tolist()
        box = (left, right, bottom, top)
        look: dict[str, Any] = {"cmap": style.REGIONS, "vmin": 0, "vmax": 1, "origin": "lower"}
        chance = result.whole.logit.sigmoid()
        reach = (1 + 1 / (SIDE - 1)) * HALF  # half a cell further
        west, south, east, north = torch.cat([CENTRE - reach, CENTRE + reach]).tolist()
        look |= {"extent": (west, east, south, north), "aspect": "auto"}
        self.image = ax.imshow(style.numpy(chance), **look)
        self.line = ax.plot([], [], color=style.INK)[0]
        dots: dict[str, Any] = {"color": style.INK, "mec": style.PAPER, "mew": 0.6, "markersize": 5}
        self.dotted = ax.plot([], [], "o", **dots)[0]
        self.points = draw_classes(ax, markersize=6)
        ax.set(xlabel="x₁   (● class 0, ■ class 1)", ylabel="x₂", title=self.title)
        ax.axis(box)
        ax.grid(False)
        self.moving(self.image, self.line, self.dotted, *self.points)

    def update(self, result: Masked) -> None:
        places = unit_places()
        self.kept.set_data(*style.numpy(places[result.kept]).T)
        self.gone.set_data(*style.numpy(places[~result.kept]).T)
        self.image.set_data(style.numpy(result.whole.logit.sigmoid()))
        lines = border(result.whole.logit)
        broken = torch.cat([lines, torch.full_like(lines[:, :1], math.nan)], dim=1)
        self.line.set_data(*style.numpy(broken.flatten(0, 1)).T)
        self.dotted.set_data(*style.numpy(border(result.sub).mean(dim=1)).T)
        put_classes(self.points, result.x, result.y)
        for line in self.points:
            line.set_markersize(7.5 - result.n.bit_length() / 2)

    def describe(self, result: Masked) -> str:
        first, second = (~result.kept).sum(dim=1).tolist()
        about = result.whole
        return (
            f"Trained on N = {result.n} points with p = {result.p:g}. Mask {result.number} drops "
            f"{first} and {second} of {UNITS} units; its sub-network gets {result.error:.1%} of "
            f"fresh points wrong, {MASKS} sub-networks {about.sub:.1%} on average, all units "
            f"together {about.test:.1%} (training error {about.train:.1%})."
        )

    def truth(self) -> str:
        about = whole(0.5, 40)
        gain = about.sub - about.test
        return self.choices[1 if abs(gain) <= 0.005 else 2 if gain > 0 else 0]
