"""Explorables of 07_backprop on cost: both passes in multiplications and in time, both modes."""

import math
import time
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import ipywidgets as widgets
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from torch import Tensor

from descent import style
from descent.device import device
from descent.explore import base

# ---- compute: multiplications --------------------------------------------------------------------


class Counts(NamedTuple):
    """Multiplications for one sample, layer by layer; element-wise ones are left out.

    forward  for w x, int a layer
    weights  for ∂ℓ/∂w
    inputs   for ∂ℓ/∂x, which the first layer doesn't need
    """

    forward: list[int]
    weights: list[int]
    inputs: list[int]

    @property
    def backward(self) -> int:
        """Of the whole backward pass."""
        return sum(self.weights) + sum(self.inputs)

    @property
    def ratio(self) -> float:
        """Multiplications backward, for each one forward."""
        return self.backward / sum(self.forward)


def multiplications(sizes: Sequence[int]) -> Counts:
    """How much a forward and a backward pass through linear layers multiply.

    sizes    dimensions D of the input, then of each layer's output
    returns  Counts, for one sample
    """
    each = [fan_in * fan_out for fan_in, fan_out in pairwise(sizes)]
    return Counts(each, each, [0, *each[1:]])


# ---- compute: time -------------------------------------------------------------------------------

WIDTHS, DEPTHS = (16, 32, 64, 128, 256), (1, 2, 3, 4, 6, 8, 10)
BUDGET = 0.05
"""Seconds after which a pass has been timed often enough."""


class Times(NamedTuple):
    """The shortest of some runs, in seconds."""

    forward: float
    backward: float

    @property
    def ratio(self) -> float:
        """Time backward, for each second forward."""
        return self.backward / self.forward


@lru_cache(maxsize=256)
def measured(width: int, depth: int, batch: int) -> Times:
    """Time of both passes through ReLU layers, on `device()`, measured once a session.

    width    inputs and outputs of every layer
    depth    layers
    batch    samples
    returns  Times
    """
    generator, where = torch.Generator().manual_seed(0), device()
    std = (2 / width) ** 0.5
    w = [std * torch.randn(width, width, generator=generator) for _ in range(depth)]
    weights = [weight.to(where).requires_grad_() for weight in w]
    x = torch.randn(batch, width, generator=generator).to(where)
    runs = [_timed(x, weights)]
    while len(runs) < 6 or (sum(map(sum, runs)) < BUDGET and len(runs) < 60):
        runs.append(_timed(x, weights))
    return Times(*(min(run[k] for run in runs[1:]) for k in (0, 1)))


def _loss(x: Tensor, weights: Sequence[Tensor]) -> Tensor:
    for w in weights:
        x = torch.relu(x @ w.T)
    return x.square().mean()


def _timed(x: Tensor, weights: Sequence[Tensor]) -> tuple[float, float]:
    """Seconds of one forward and of one backward pass."""
    begin = _now(x)
    loss = _loss(x, weights)
    middle = _now(x)
    torch.autograd.grad(loss, list(weights))
    return middle - begin, _now(x) - middle


def _now(x: Tensor) -> float:
    """The time when all that was asked of x's device is done, in seconds."""
    if x.is_cuda:
        torch.cuda.synchronize(x.device)
    elif x.device.type == "mps":
        torch.mps.synchronize()
    return time.perf_counter()


class Cost(NamedTuple):
    """Both passes of a network of equal layers.

    width, depth, batch  of the network, and samples
    counts               Counts, for one sample
    times                a Times for each of `DEPTHS`, none if nothing is measured
    """

    width: int
    depth: int
    batch: int
    counts: Counts
    times: tuple[Times, ...]


# ---- draw and wire: time against size ------------------------------------------------------------

HIGHEST = 5.0
"""Ratio of times at which the picture ends."""


def options(label: str, values: Sequence[int], value: int) -> widgets.SelectionSlider:
    """A slider over some whole numbers, labelled and as wide as all others."""
    return widgets.SelectionSlider(
        options=[(f"{v:,}", v) for v in values],
        value=value,
        description=label,
        style=base.STYLE,
        layout=base.WIDE,
    )


class CostRatio(base.Explorable):
    """What a backward pass costs, counted and measured, against the size of the network."""

    title = "Blocks of width² multiplications"
    size = (8.6, 3.9)
    question = (
        "For many equal layers the backward pass multiplies about twice as often as the forward "
        "pass. And for a network of a single layer?"
    )
    choices = ("half as often", "as often", "twice as often", "three times as often")

    def controls(self) -> dict[str, Any]:
        return {
            "depth": options("layers", DEPTHS, 4),
            "width": options("width of every layer", WIDTHS, 256),
            "batch": options("samples in the batch", (1, 16, 256), 256),
            "clock": widgets.Checkbox(
                False, description="measure the time on this machine", style=base.STYLE
            ),
        }

    def compute(self, depth: int, width: int, batch: int, clock: bool) -> Cost:
        counts = multiplications([width] * (depth + 1))
        times = tuple(measured(width, d, batch) for d in DEPTHS) if clock else ()
        return Cost(width, depth, batch, counts, times)

    def build(self, fig: Any, result: Cost) -> None:
        left, right = fig.subplots(1, 2, width_ratios=[1, 1.25])
        self._build_blocks(left)
        self._build_times(right)

    def _build_blocks(self, ax: Axes) -> None:
        ax.set(xlim=(0, 3.05), ylim=(DEPTHS[-1] + 0.6, -1), title=self.title, ylabel="layer l")
        ax.set(xticks=[], yticks=range(1, DEPTHS[-1] + 1))
        ax.grid(visible=False)
        kinds = (
            ("forward\nw x", style.BLUE, ""),
            ("backward\n∂ℓ/∂w", style.GREEN, "//"),
            ("backward\n∂ℓ/∂x", style.GREEN, "\\\\"),
        )
        self.blocks: list[list[Patch]] = []
        for k, (name, colour, hatch) in enumerate(kinds):
            ax.text(k + 0.5, 0.2, name, ha="center", va="bottom", fontsize=9)
            look: dict[str, Any] = {"fc": colour, "ec": style.PAPER, "hatch": hatch, "alpha": 0.75}
            rows = [Rectangle((k + 0.05, y + 0.6), 0.9, 0.8, **look) for y in range(DEPTHS[-1])]
            self.blocks.append([ax.add_patch(row) for row in rows])
        self.moving(*(block for column in self.blocks for block in column))

    def _build_times(self, ax: Axes) -> None:
        ax.set(xlim=(0.5, DEPTHS[-1] + 0.5), ylim=(0, HIGHEST), xticks=DEPTHS)
        ax.set(xlabel="layers", ylabel="backward / forward")
        ax.set_title("Backward against forward")
        ratios = [multiplications([1] * (d + 1)).ratio for d in DEPTHS]
        ax.plot(DEPTHS, ratios, "s--", color=style.INK, label="multiplications: 2 − 1/L")
        ax.legend(loc="upper right")
        self.dots = ax.plot([], [], "o-", color=style.ORANGE)[0]
        self.name = ax.text(0.98, 0.82, "● measured time", transform=ax.transAxes, ha="right")
        self.name.set_color(style.ORANGE)
        self.ring = ax.plot([], [], "o", mfc="none", mec=style.INK, mew=2, markersize=15)[0]
        self.said = ax.text(0.98, 0.04, "", transform=ax.transAxes, ha="right", linespacing=1.5)
        self.moving(self.dots, self.ring, self.said, self.name)

    def update(self, result: Cost) -> None:
        for k, column in enumerate(self.blocks):
            for layer, block in enumerate(column, 1):
                block.set_visible(layer <= result.depth and (k < 2 or layer > 1))
        ratios = [min(times.ratio, HIGHEST) for times in result.times]
        self.dots.set_data(DEPTHS[: len(ratios)], ratios)
        self.name.set_visible(bool(ratios))
        self.ring.set_data([result.depth], [result.counts.ratio])
        forward = result.batch * sum(result.counts.forward)
        backward = result.batch * result.counts.backward
        said = f"multiplications: {forward:,} forward,\n{backward:,} backward"
        if result.times:
            here = result.times[DEPTHS.index(result.depth)]
            ahead, back = (f"{1000 * seconds:.3g} ms" for seconds in here)
            said += f"\nin time {ahead} and {back}, ×{here.ratio:.2f}"
        self.said.set_text(said)

    def describe(self, result: Cost) -> str:
        counts, depth = result.counts, result.depth
        forward, backward = (result.batch * n for n in (sum(counts.forward), counts.backward))
        return (
            f"{depth} layer{'s' * (depth > 1)} of width {result.width} and a batch of "
            f"{result.batch}: {forward:,} multiplications forward, {backward:,} backward, which is "
            f"{counts.ratio:.2f} times as many."
        )

    def truth(self) -> str:
        ratio = multiplications([256, 256]).ratio
        return self.choices[(0.5, 1.0, 2.0, 3.0).index(ratio)]


# ---- forward against reverse mode ----------------------------------------------------------------


class Modes(NamedTuple):
    """A function of three stages, and what its Jacobian costs.

    inputs, hidden, outputs  D, H and M: the stages go from D to H to H to M
    """

    inputs: int
    hidden: int
    outputs: int

    @property
    def forward(self) -> int:
        """Multiplications of J₃(J₂J₁), from the input on."""
        return self.inputs * self.hidden * (self.hidden + self.outputs)

    @property
    def reverse(self) -> int:
        """Multiplications of (J₃J₂)J₁, from the output back."""
        return self.outputs * self.hidden * (self.hidden + self.inputs)


SIZES = tuple(2**k for k in range(11))
MODES = (("forward mode: J₃(J₂J₁)", style.BLUE, ""), ("reverse mode: (J₃J₂)J₁", style.GREEN, "//"))


def side(n: int) -> float:
    """Drawn length of a side of n entries, in units of the picture."""
    return 0.12 + 0.088 * math.log2(n)


class TwoModes(base.Explorable):
    """The Jacobian of three stages, multiplied up from the input or from the output."""

    title = "The same Jacobian, multiplied in two orders"
    size = (8.6, 3.2)
    question = (
        "A function of D = 512 inputs has M = 1 output, such as a loss, and H = 64 values in "
        "between. How much dearer is its gradient when the product begins at the inputs?"
    )
    choices = ("no dearer", "about ten times", "some fifty times", "over a thousand times")

    def controls(self) -> dict[str, Any]:
        return {
            "inputs": options("inputs D", SIZES, 512),
            "hidden": options("values between H", SIZES, 64),
            "outputs": options("outputs M", SIZES, 1),
        }

    def compute(self, inputs: int, hidden: int, outputs: int) -> Modes:
        return Modes(inputs, hidden, outputs)

    def build(self, fig: Any, result: Modes) -> None:
        left, right = fig.subplots(1, 2, width_ratios=[1.35, 1])
        left.set(xlim=(-0.1, 4.0), ylim=(-1.15, 1.15), aspect="equal", title=self.title)
        left.set_axis_off()
        left.text(2, -1.1, "sides on a log scale", ha="center", color=style.GREY, fontsize=9)
        self.boxes = [left.add_patch(Rectangle((0, 0), 1, 1)) for _ in range(3)]
        texts: dict[str, Any] = {"ha": "center", "va": "center"}
        self.names = [left.text(0.6 + 1.4 * k, 0, "", **texts) for k in range(3)]
        for k, box in enumerate(self.boxes):
            box.set(fc=style.WASH, ec=style.INK, hatch="" if k % 2 else "..", hatch_linewidth=0.2)
        self._build_bars(right)
        self.moving(*self.boxes, *self.names)

    def _build_bars(self, ax: Axes) -> None:
        ax.set(xscale="log", xlim=(1, 1e10), ylim=(-0.6, 1.9), yticks=[])
        ax.set(xlabel="multiplications", title="What it costs")
        ax.set_xticks([10.0**k for k in range(0, 11, 2)], minor=False)
        self.bars, self.told = [], []
        for k, (_, colour, hatch) in enumerate(MODES):
            bar = ax.barh(1 - k, 0, height=0.4, left=1, color=colour, hatch=hatch, alpha=0.75)
            self.bars.append(bar[0])
            self.told.append(ax.text(1.3, 1.3 - k, "", va="bottom", fontsize=9))
        self.moving(*self.bars, *self.told)

    def update(self, result: Modes) -> None:
        d, h, m = result
        for k, (rows, columns) in enumerate(((m, h), (h, h), (h, d))):
            width, height = side(columns), side(rows)
            self.boxes[k].set_bounds(0.6 + 1.4 * k - width / 2, -height / 2, width, height)
            self.names[k].set_position((0.6 + 1.4 * k, -height / 2 - 0.12))
            self.names[k].set_text(f"J{'₃₂₁'[k]}: {rows:,} × {columns:,}")
        costs = result.forward, result.reverse
        for bar, said, cost, (name, *_) in zip(self.bars, self.told, costs, MODES, strict=True):
            bar.set_width(cost - 1)
            said.set_text(f"{name}, {cost:,}")

    def describe(self, result: Modes) -> str:
        d, h, m = result
        cheaper, dearer = sorted((result.forward, result.reverse))
        which = "reverse" if result.reverse < result.forward else "forward"
        verdict = (
            "both are equal"
            if cheaper == dearer
            else f"{which} mode is {dearer / cheaper:.3g} times cheaper"
        )
        return (
            f"Inputs D = {d}, values between H = {h}, outputs M = {m}: {result.forward:,} "
            f"multiplications in forward mode, {result.reverse:,} in reverse mode, {verdict}."
        )

    def truth(self) -> str:
        times = Modes(512, 64, 1)
        found = times.forward / times.reverse
        return self.choices[sum(found > limit for limit in (2, 25, 500))]
