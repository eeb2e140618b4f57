"""Decision regions of small networks while they are trained: a run computed once, then scrubbed."""

import math
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import ipywidgets as widgets
import torch
from matplotlib.axes import Axes
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from descent import data, style
from descent.explore import base
from descent.explore.activations import ACTIVATIONS
from descent.explore.margin import boundary, draw_classes, put_classes
from descent.explore.threads import one_thread

HALF = 1.6
"""Pictures show [−HALF, HALF]²."""
SIDE = 100
"""Points of the grid along each axis."""
N, TESTS, BATCH, EPOCHS = 200, 1000, 20, 150
STEPS = N // BATCH
"""Steps of an epoch."""
TOP = 1.2
"""Largest loss in the picture."""
KINDS = ("ReLU", "leaky ReLU", "tanh", "sigmoid", "none")
"""Activations to train with."""
GAIN = {"tanh": 5 / 3, "sigmoid": 4.0, "none": 1.0}
"""Factor of the first weights' standard deviation 1/√inputs; √2 for the others (He et al. 2015)."""

# ---- data ----------------------------------------------------------------------------------------

SETS = ("circles", "moons", "spirals", "xor")


def points(name: str, n: int, noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """Labelled points that fill the picture.

    name     one of `SETS`
    n        number of points
    noise    standard deviation of what is added to each coordinate, before they are scaled
    seed     of the draw
    returns  float32 tensor (n, 2), int64 tensor (n,) of 0 and 1
    """
    generator = torch.Generator().manual_seed(seed)
    if name == "circles":
        x, y = data.circles(n, noise, generator, factor=0.45)
        return 1.15 * x, y
    if name == "moons":
        x, y = data.moons(n, noise, generator)
        return 0.95 * (x - torch.tensor([0.5, 0.25])), y
    if name == "spirals":
        x, y = data.spirals(n, noise / 2, generator, turns=1.25)
        return 1.35 * x, y
    x, y = data.xor(n, noise, generator)
    return 1.8 * (x - 0.5), y


# ---- compute: a network, its gradient, its training ----------------------------------------------

Layers = list[tuple[Tensor, Tensor]]
"""Weights (out, in) and bias (out,) of each layer."""


def layers(theta: Tensor, sizes: tuple[int, ...]) -> Layers:
    """Views of one long vector as the weights and biases of a network.

    theta    float tensor (P,), P = Σ (in + 1) · out
    sizes    numbers of inputs, hidden units and outputs
    returns  weights and bias of each layer
    """
    found, start = [], 0
    for inputs, outputs in pairwise(sizes):
        end = start + inputs * outputs
        found.append((theta[start:end].view(outputs, inputs), theta[end : end + outputs]))
        start = end + outputs
    return found


def first_theta(sizes: tuple[int, ...], kind: str, generator: torch.Generator) -> Tensor:
    """Random weights to begin with, and biases that spread the units over the picture."""
    spread = GAIN.get(kind, math.sqrt(2))
    parts = []
    for i, o in pairwise(sizes):
        parts.append(spread / math.sqrt(i) * torch.randn(o * i, generator=generator))
        parts.append(0.5 * torch.randn(o, generator=generator))
    return torch.cat(parts)


def forward(net: Layers, x: Tensor, kind: str) -> tuple[list[Tensor], list[Tensor]]:
    """All values of a network on a batch.

    net      weights and bias of each layer
    x        float tensor (N, inputs)
    kind     key of `ACTIVATIONS`, after each layer but the last
    returns  pre-activations s of each layer, (N, out); activations, the inputs first
    """
    totals: list[Tensor] = []
    values = [x]
    for w, b in net:
        if totals:
            values.append(ACTIVATIONS[kind].value(totals[-1]))
        totals.append(torch.addmm(b, values[-1], w.T))
    return totals, values


def step(net: Layers, x: Tensor, y: Tensor, kind: str, lr: float) -> None:
    """One step of gradient descent on the mean binary cross-entropy, in place.

    net   weights and bias of each layer, the last with one output, a logit
    x, y  float tensors (B, inputs) and (B,), the batch; y of 0 and 1
    kind  key of `ACTIVATIONS`
    lr    learning rate η
    source  back-propagation (Rumelhart, Hinton & Williams 1986); chapter 07 explains it
    """
    totals, values = forward(net, x, kind)
    slope = (totals[-1].sigmoid() - y[:, None]) / len(x)
    for k in reversed(range(len(net))):
        w, b = net[k]
        below = (slope @ w) * ACTIVATIONS[kind].slope(totals[k - 1]) if k else slope
        w.sub_(slope.T @ values[k], alpha=lr)
        b.sub_(slope.sum(dim=0), alpha=lr)
        slope = below


def trained(
    theta: Tensor, sizes: tuple[int, ...], x: Tensor, y: Tensor, kind: str, lr: float
) -> tuple[Tensor, int]:
    """The weights before training and after each epoch; they stay once they overflow.

    theta    float tensor (P,), the first weights
    sizes    numbers of inputs, hidden units and outputs
    x, y     float tensors (N, 2) and (N,), the training set; its order is drawn anew each epoch
    kind     key of `ACTIVATIONS`
    lr       learning rate η
    returns  float tensor (EPOCHS + 1, P); epoch in which they overflowed, 0 if none
    """
    generator = torch.Generator().manual_seed(0)
    path = theta.repeat(EPOCHS + 1, 1)
    net = layers(theta := theta.clone(), sizes)
    for epoch in range(1, EPOCHS + 1):
        for batch in torch.randperm(len(x), generator=generator).split(BATCH):
            step(net, x[batch], y[batch], kind, lr)
        if not bool(forward(net, x, kind)[0][-1].isfinite().all()):
            return path, epoch
        path[epoch:] = theta
    return path, 0


class Run(NamedTuple):
    """A network's training, every epoch kept.

    x, y      training points (N, 2) and their labels (N,)
    sizes     numbers of inputs, hidden units and outputs
    kind      key of `ACTIVATIONS`
    theta     float tensor (EPOCHS + 1, P), all weights before and after each epoch
    loss      float tensor (EPOCHS + 1, 2), mean cross-entropy of training and test points
    wrong     float tensor (EPOCHS + 1, 2), share of them on the wrong side
    overflow  epoch in which the weights grew beyond all numbers, 0 if none
    """

    x: Tensor
    y: Tensor
    sizes: tuple[int, ...]
    kind: str
    theta: Tensor
    loss: Tensor
    wrong: Tensor
    overflow: int

    def logits(self, epoch: int, x: Tensor) -> Tensor:
        """What the network says after an epoch, float tensor (M,), positive for class 1."""
        return forward(layers(self.theta[epoch], self.sizes), x, self.kind)[0][-1][:, 0]


@lru_cache(maxsize=128)
@one_thread()
def recorded(
    name: str,
    hidden: tuple[int, ...],
    kind: str,
    lr: float,
    noise: float,
    start: int = 1,
) -> Run:
    """A network trained by stochastic gradient descent, BATCH points a step, once and kept.

    name     one of `SETS`
    hidden   widths of the hidden layers
    kind     key of `ACTIVATIONS`
    lr       learning rate η
    noise    of the points
    start    seed of the first weights
    """
    (x, y), (test_x, test_y) = points(name, N, noise, 1), points(name, TESTS, noise, 2)
    sizes = (2, *hidden, 1)
    theta = first_theta(sizes, kind, torch.Generator().manual_seed(start))
    path, overflow = trained(theta, sizes, x, y.float(), kind, lr)
    run = Run(x, y, sizes, kind, path, torch.zeros(0), torch.zeros(0), overflow)
    parts = ((x, y), (test_x, test_y))
    loss, wrong = zip(*(_judged(run, epoch, parts) for epoch in range(EPOCHS + 1)), strict=True)
    return run._replace(loss=torch.tensor(loss), wrong=torch.tensor(wrong))


def _judged(
    run: Run, epoch: int, parts: tuple[tuple[Tensor, Tensor], ...]
) -> tuple[list[float], list[float]]:
    """Losses and shares of wrong answers on some sets of points after an epoch."""
    loss, wrong = [], []
    for x, y in parts:
        z = run.logits(epoch, x)
        loss.append(float(binary_cross_entropy_with_logits(z, y.float())))
        wrong.append(float(((z > 0) != (y == 1)).float().mean()))
    return loss, wrong


@lru_cache(maxsize=1)
def grid() -> Tensor:
    """The points of the picture, row by row from below, float tensor (SIDE², 2)."""
    line = torch.linspace(-HALF, HALF, SIDE)
    return torch.cartesian_prod(line, line).flip(1)


def zero_line(values: Tensor) -> Tensor:
    """Where a function is zero, from its values on the grid, to draw as one polyline.

    values   float tensor (S, S) over [−HALF, HALF]², rows go up x₂
    returns  float tensor (P, 2), three points a piece: its ends, then a gap (nan)
    source   marching squares, each cell cut into two triangles (Lorensen & Cline 1987)
    """
    side = len(values)
    line = torch.linspace(-HALF, HALF, side)
    place = torch.stack([line.expand(side, side), line[:, None].expand(side, side)], dim=-1)
    at = torch.cat([place, values[..., None]], dim=-1)
    a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]
    corners = torch.stack([torch.stack([a, b, c], -2), torch.stack([a, c, d], -2)]).flatten(0, 2)
    above = corners[..., 2] > 0
    cut = corners[above.any(dim=1) & ~above.all(dim=1)]
    above = cut[..., 2] > 0
    alone = (above == (above.sum(dim=1, keepdim=True) == 1)).int().argmax(dim=1)
    turn = (alone[:, None] + torch.arange(3)) % 3
    first, *others = torch.gather(cut, 1, turn[..., None].expand(-1, -1, 3)).unbind(dim=1)
    ends = [first + (first[:, 2] / (first[:, 2] - o[:, 2]))[:, None] * (o - first) for o in others]
    return torch.stack([*ends, torch.full_like(first, math.nan)], dim=1).flatten(0, 1)[:, :2]


def unit_lines(run: Run, epoch: int) -> Tensor:
    """Where the pre-activations of the first hidden layer are zero, as one polyline (P, 2)."""
    net = layers(run.theta[epoch], run.sizes)
    if len(net) == 1 or run.kind == "none":
        return torch.zeros(0, 2)
    gap = torch.full((1, 2), math.nan)
    return torch.cat(
        [torch.cat([boundary(w, float(b)), gap]) for w, b in zip(*net[0], strict=True)]
    )


# ---- draw ----------------------------------------------------------------------------------------


def draw_plane(ax: Axes) -> tuple[Any, Any, Any, list[Any]]:
    """Empty decision regions, for `put_plane` to fill.

    ax       Axes, which are set up for it
    returns  image, border between the classes, lines of the units, points of the two classes
    """
    half = HALF * SIDE / (SIDE - 1)
    look: dict[str, Any] = {"origin": "lower", "cmap": style.REGIONS, "vmin": 0, "vmax": 1}
    image = ax.imshow([[0.5] * 2] * 2, extent=(-half, half) * 2, **look)
    units = ax.plot([], [], color=style.GREY, linewidth=0.7, alpha=0.7)[0]
    border = ax.plot([], [], color=style.INK, linewidth=1.6)[0]
    classes = draw_classes(ax, markersize=4.5, markeredgewidth=0.5)
    ax.set(xlim=(-HALF, HALF), ylim=(-HALF, HALF), aspect="equal")
    ax.grid(False)
    return image, border, units, classes


@one_thread()
def put_plane(parts: tuple[Any, Any, Any, list[Any]], run: Run, epoch: int) -> None:
    """Show a run after an epoch in what `draw_plane` made."""
    image, border, units, classes = parts
    z = run.logits(epoch, grid()).view(SIDE, SIDE)
    image.set_data(style.numpy(z.sigmoid()))
    border.set_data(*style.numpy(zero_line(z)).T)
    units.set_data(*style.numpy(unit_lines(run, epoch)).T)
    put_classes(classes, run.x, run.y)


def draw_regions(ax: Axes, run: Run, title: str, epoch: int = EPOCHS) -> None:
    """The decision regions of a run after an epoch, small, without ticks.

    ax       Axes, which are set up for it
    run      from `recorded`
    title    of the picture
    epoch    0 … EPOCHS
    """
    parts = draw_plane(ax)
    put_plane(parts, run, epoch)
    for line in parts[3]:
        line.set_markersize(2.5)
        line.set_markeredgewidth(0)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=9)


# ---- wire ----------------------------------------------------------------------------------------


class Moment(NamedTuple):
    """A run after some epochs.

    run     the whole of it
    epoch   0 … EPOCHS
    """

    run: Run
    epoch: int

    @property
    def steps(self) -> int:
        """Updates of the weights so far."""
        return STEPS * self.epoch

    @property
    def network(self) -> str:
        """The network in words."""
        hidden = self.run.sizes[1:-1]
        if not hidden:
            return "no hidden layer"
        units = f"{hidden[0]} {'unit' if hidden[0] == 1 else 'units'}"
        activation = "no activation" if self.run.kind == "none" else self.run.kind
        return f"{len(hidden)} hidden layer{'s' * (len(hidden) > 1)} of {units}, {activation}"


START: dict[str, Any] = {
    "epoch": 110,
    "name": "circles",
    "width": 2,
    "depth": 1,
    "kind": "ReLU",
    "lr": 0.3,
    "noise": 0.08,
    "start": 1,
}
"""The state in which `DecisionRegions` begins: two units, which can't close a ring."""


class DecisionRegions(base.Explorable):
    """A small network is trained before your eyes: play, pause, step, scrub, back."""

    title = "What the network says where"
    size = (8.0, 3.9)
    play = "epoch"
    interval = 45
    question = (
        "One hidden layer of ReLU units is to draw a closed border around the squares in the "
        "middle. What is the smallest width with which it can?"
    )
    choices = ("2 units", "3 units", "4 units", "5 units", "more than 5")

    def controls(self) -> dict[str, Any]:
        rate = {"base": 10, "min": -2.5, "max": 0.5, "step": 0.125, "readout_format": ".2g"}
        rate |= {"style": base.STYLE, "layout": base.WIDE, "continuous_update": False}
        found = {
            "epoch": base.int_slider("epoch (10 steps)", 0, EPOCHS, START["epoch"]),
            "name": base.choice("data set", SETS, START["name"]),
            "width": base.int_slider("units a layer", 1, 16, START["width"]),
            "depth": base.int_slider("hidden layers", 0, 3, START["depth"]),
            "kind": base.choice("activation", KINDS, START["kind"]),
            "lr": widgets.FloatLogSlider(START["lr"], description="learning rate η", **rate),
            "noise": base.slider("noise of the points", 0, 0.4, START["noise"], step=0.02),
            "start": base.choice("first weights", [(f"draw {k}", k) for k in range(1, 6)]),
        }
        for name in ("width", "depth", "noise"):
            found[name].continuous_update = False  # a change trains anew
        return found

    def compute(
        self,
        epoch: int,
        name: str,
        width: int,
        depth: int,
        kind: str,
        lr: float,
        noise: float,
        start: int,
    ) -> Moment:
        lr = float(f"{lr:.6g}")
        return Moment(recorded(name, (width,) * depth, kind, lr, noise, start), epoch)

    def build(self, fig: Any, result: Moment) -> None:
        left, right = fig.subplots(1, 2, width_ratios=[1, 1.05])
        self.plane = draw_plane(left)
        left.set(title=self.title, ylabel="x₂")
        left.set_xlabel("x₁   (thin: where a unit of layer 1 switches)", fontsize=9)
        image, border, units, classes = self.plane
        box = {"fc": style.PAPER, "ec": "none", "alpha": 0.85, "pad": 2}
        self.told = left.text(-1.55, 1.53, "", va="top", weight="bold", bbox=box)
        self.moving(image, units, border, *classes, self.told)
        self._build_losses(right)

    def _build_losses(self, ax: Axes) -> None:
        ax.set(xlim=(0, STEPS * EPOCHS), ylim=(0, TOP), title="Cross-entropy")
        looks = ((style.TRAIN, "--", "training"), (style.TEST, "-", "test"))
        self.losses = [ax.plot([], [], k, color=c, label=name)[0] for c, k, name in looks]
        self.losses[0].set_zorder(2.5)  # its dashes show where both are one line
        self.here = ax.plot([], [], color=style.INK, linewidth=1)[0]
        place: dict[str, Any] = {"transform": ax.transAxes, "ha": "right", "fontsize": 9}
        self.wrong = ax.text(1, 1.025, "", **place)
        ax.set_xlabel("step", loc="left")
        ax.legend(loc="upper right", bbox_to_anchor=(1, -0.045), ncols=2)
        self.moving(*self.losses, self.here, self.wrong)

    def update(self, result: Moment) -> None:
        run, epoch = result
        put_plane(self.plane, run, epoch)
        self.told.set_text(f"step {result.steps:,}")
        steps = range(0, STEPS * EPOCHS + 1, STEPS)
        for line, loss in zip(self.losses, run.loss.T, strict=True):
            line.set_data(steps, style.numpy(loss.clamp(max=TOP)))
        self.here.set_data([result.steps] * 2, [0, TOP])
        train, test = run.wrong[epoch].tolist()
        self.wrong.set_text(f"wrong: {train:.1%} training, {test:.1%} test")

    def describe(self, result: Moment) -> str:
        run, epoch = result
        train, test = run.wrong[epoch].tolist()
        end = ""
        if run.overflow and epoch >= run.overflow:
            end = f" In epoch {run.overflow} the weights overflowed: the steps were too long."
        return (
            f"Step {result.steps:,} of {STEPS * EPOCHS:,} (epoch {epoch} of {EPOCHS}), "
            f"{result.network}: training loss {float(run.loss[epoch, 0]):.3f}; {train:.1%} of the "
            f"training points are wrong, {test:.1%} of the test points.{end}"
        )

    def truth(self) -> str:
        """The smallest width that gets all but 2 % right, from this start."""
        settings = START | {"epoch": EPOCHS}
        for width in range(2, 6):
            run = self.compute(**settings | {"width": width}).run
            if float(run.wrong[-1, 0]) <= 0.02:
                return f"{width} units"
        return self.choices[-1]
