"""Sums of ReLUs that approximate a function of one number, and an explorable of them."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from torch import Tensor

from descent import style
from descent.explore import base

FINE = torch.linspace(0, 1, 2001, dtype=torch.float64)
"""Places in [0, 1] at which errors are measured."""
MOST = 40
"""Units that the explorable goes up to."""

# ---- compute -------------------------------------------------------------------------------------

TARGETS: dict[str, Callable[[Tensor], Tensor]] = {
    "sine": lambda x: torch.sin(2 * math.pi * x),
    "wiggle": lambda x: x * torch.sin(14 * x**2),
    "root": torch.sqrt,
    "steep step": lambda x: torch.sigmoid(40 * (x - 0.4)),
    "bells": lambda x: torch.exp(-60 * (x - 0.25) ** 2) - 0.7 * torch.exp(-300 * (x - 0.7) ** 2),
}
"""Functions on [0, 1] to approximate."""
SPACINGS = ("even", "where it bends")


class Ramps(NamedTuple):
    """A constant plus a sum of ReLUs.

    start    value to the left of all knots
    places   float64 tensor (q,), where the ReLUs begin, increasing
    heights  float64 tensor (q,), their factors: by how much the slope changes there
    """

    start: float
    places: Tensor
    heights: Tensor

    def terms(self, x: Tensor) -> Tensor:
        """Each ReLU at each x, (q, N)."""
        return self.heights[:, None] * (x - self.places[:, None]).clamp(min=0)

    def __call__(self, x: Tensor) -> Tensor:
        """The sum, float64 tensor (N,)."""
        return self.start + self.terms(x).sum(dim=0)


def ramps(f: Callable[[Tensor], Tensor], knots: Tensor) -> Ramps:
    """The sum of ReLUs that agrees with a function at the knots and is linear between.

    f        function of a float64 tensor (K,), entry by entry
    knots    float64 tensor (K,), increasing
    returns  Ramps with K − 1 of them, one at each knot but the last
    """
    values = f(knots)
    chords = values.diff() / knots.diff()
    return Ramps(float(values[0]), knots[:-1], chords.diff(prepend=torch.zeros_like(chords[:1])))


def even_knots(units: int) -> Tensor:
    """Ends of `units` intervals of [0, 1] of one length, float64 tensor (units + 1,)."""
    return torch.linspace(0, 1, units + 1, dtype=torch.float64)


@lru_cache
def _bending(target: str) -> Tensor:
    """How much of its bending a target has done at `FINE`, from 0 to 1: ∫ √|f″|, scaled."""
    bend = TARGETS[target](FINE).diff().diff().abs().sqrt()
    total = torch.cat([torch.zeros(1), (bend + 0.02 * bend.max()).cumsum(0)])
    return total / total[-1]


def bent_knots(target: str, units: int) -> Tensor:
    """Ends of `units` intervals of [0, 1] in which a target bends equally much.

    target   key of `TARGETS`
    units    number of intervals
    returns  float64 tensor (units + 1,); dense where |f″| is large
    source   the density √|f″| spreads the error of linear interpolation evenly: de Boor 1978
    """
    at = torch.searchsorted(_bending(target), even_knots(units)).clamp(max=len(FINE) - 2)
    knots = FINE[at]
    knots[0], knots[-1] = 0.0, 1.0
    return knots if bool((knots.diff() > 0).all()) else even_knots(units)


def placed(target: str, units: int, spacing: str) -> Tensor:
    """Knots of one of `SPACINGS`, float64 tensor (units + 1,)."""
    return even_knots(units) if spacing == SPACINGS[0] else bent_knots(target, units)


def moved(knots: Tensor, which: int, shift: float) -> Tensor:
    """The knots, one of them moved towards a neighbour.

    knots    float64 tensor (K,)
    which    its number, from 0; the first and the last stay
    shift    in (−1, 1), part of the way to the left or right neighbour
    returns  float64 tensor (K,)
    """
    knots = knots.clone()
    if 0 < which < len(knots) - 1:
        gap = knots[which + 1] - knots[which] if shift > 0 else knots[which] - knots[which - 1]
        knots[which] += shift * gap
    return knots


def largest_error(target: str, sum_of_ramps: Ramps) -> float:
    """Largest distance from the target on [0, 1]."""
    return float((sum_of_ramps(FINE) - TARGETS[target](FINE)).abs().max())


@lru_cache
def errors(target: str, spacing: str) -> Tensor:
    """Largest error with 1, 2, … MOST units, float64 tensor (MOST,)."""
    f = TARGETS[target]
    sums = (ramps(f, placed(target, units, spacing)) for units in range(1, MOST + 1))
    return torch.tensor([largest_error(target, s) for s in sums], dtype=torch.float64)


class Fit(NamedTuple):
    """A target and the sum of ReLUs made for it.

    target   key of `TARGETS`
    spacing  one of `SPACINGS`
    knots    float64 tensor (q + 1,)
    which    number of the knot that may be moved
    sum      the sum of ReLUs
    error    largest error on [0, 1]
    """

    target: str
    spacing: str
    knots: Tensor
    which: int
    sum: Ramps
    error: float

    @property
    def units(self) -> int:
        """Number of ReLUs."""
        return len(self.sum.places)


def shift_to(fit: Fit, x: float, _: float = 0.0) -> dict[str, float]:
    """The shift that moves the chosen knot of a fit to a place, for `moved`."""
    knots, which = placed(fit.target, fit.units, fit.spacing), fit.which
    home = float(knots[which])
    gap = float(knots[which + 1]) - home if x > home else home - float(knots[which - 1])
    return {"shift": (x - home) / gap}


# ---- draw and wire -------------------------------------------------------------------------------


class ReluApproximator(base.Explorable):
    """A function, a sum of ReLUs with movable knots, and its error against their number."""

    title = "ReLUs added up; dashed: the target"
    size = (9.6, 3.6)
    question = (
        "Eight ReLUs on the sine, evenly spaced, leave some largest error. "
        "Four times as many, 32: what is left of it?"
    )
    choices = ("about a half", "about a quarter", "about a sixteenth", "nothing")

    def controls(self) -> dict[str, Any]:
        return {
            "units": base.int_slider("ReLUs q", 1, MOST, 8),
            "target": base.choice("target", list(TARGETS)),
            "spacing": base.choice("knots", SPACINGS),
            "which": base.int_slider("knot to drag", 1, 7, 2),
            "shift": base.slider("drag it by", -0.9, 0.9, 0, step=0.05),
        }

    def compute(self, units: int, target: str, spacing: str, which: int, shift: float) -> Fit:
        which = min(which, max(units - 1, 1))
        knots = moved(placed(target, units, spacing), which, shift)
        total = ramps(TARGETS[target], knots)
        return Fit(target, spacing, knots, which, total, largest_error(target, total))

    def limits(self, result: Fit) -> dict[str, int]:
        return {"which": max(result.units - 1, 1)}

    def build(self, fig: Any, result: Fit) -> None:
        left, middle, right = fig.subplots(1, 3, width_ratios=[1.25, 1, 1])
        self._build_sum(left)
        middle.set(xlim=(0, 1), ylim=(-6, 6), xlabel="x", title="The ReLUs that add up to it")
        self.terms = middle.plot([], [], color=style.GREY, linewidth=0.9)[0]
        self.moving(self.terms)
        self._build_errors(right)

    def _build_sum(self, ax: Axes) -> None:
        self.plane = ax
        ax.set(xlim=(-0.08, 1.08), ylim=(-1.35, 1.35), title=self.title)
        ax.set(xlabel="x   (dots: knots, ring: the one to drag)")
        self.goal = ax.plot([], [], "--", color=style.TRUTH)[0]
        self.sum = ax.plot([], [], color=style.INK)[0]
        self.dots = ax.plot([], [], "o", color=style.ORANGE, markersize=5)[0]
        self.ring = ax.plot([], [], "o", mfc="none", mec=style.INK, markersize=12)[0]
        self.moving(self.goal, self.sum, self.dots, self.ring)

    def _build_errors(self, ax: Axes) -> None:
        ax.set(xscale="log", yscale="log", xlim=(0.9, 50), ylim=(5e-4, 3))
        ax.set(xlabel="ReLUs q   (dotted: ∝ 1/q²)", title="Largest error on [0, 1]")
        ax.set_xticks([1, 2, 5, 10, 20, 40], ["1", "2", "5", "10", "20", "40"])
        ax.minorticks_off()
        units = torch.arange(1, MOST + 1)
        ax.plot(units, 3 / units**2, ":", color=style.GREY)
        self.curve = ax.plot([], [], ".-", color=style.BLUE, linewidth=1, markersize=4)[0]
        self.here = ax.plot([], [], "o", color=style.ORANGE)[0]
        self.moving(self.curve, self.here)

    def handles(self) -> list[base.Handle]:
        def place(fit: Fit) -> tuple[float, float] | None:
            knot = fit.knots[fit.which]
            return (float(knot), float(fit.sum(knot[None]))) if fit.units > 1 else None

        return [base.Handle("knot", self.plane, place, x="shift", values=shift_to)]

    def update(self, result: Fit) -> None:
        x = torch.linspace(-0.08, 1.08, 401, dtype=torch.float64)
        self.goal.set_data(FINE, TARGETS[result.target](FINE))
        self.sum.set_data(x, result.sum(x))
        heights = result.sum(result.knots)
        self.dots.set_data(result.knots, heights)
        chosen = slice(result.which, result.which + 1) if result.units > 1 else slice(0)
        self.ring.set_data(result.knots[chosen], heights[chosen])
        ends = torch.stack([result.sum.places, torch.ones(result.units), torch.ones(result.units)])
        ends[2] = math.nan
        tops = result.sum.heights * (1 - result.sum.places)
        self.terms.set_data(ends.T.flatten(), torch.stack([0 * tops, tops, tops]).T.flatten())
        self.curve.set_data(range(1, MOST + 1), errors(result.target, result.spacing))
        self.here.set_data([result.units], [result.error])

    def describe(self, result: Fit) -> str:
        usual = float(errors(result.target, result.spacing)[result.units - 1])
        said = f"{result.units} ReLUs, knots {result.spacing}, leave"
        before = placed(result.target, result.units, result.spacing)
        drag = ""
        if not torch.equal(before, result.knots):
            place = float(result.knots[result.which])
            drag = f" Knot {result.which} was dragged to {place:.3f}"
            drag += f"; before, the error was {usual:.4f}."
        said = said if result.units > 1 else "One ReLU leaves"
        return f"{said} a largest error of {result.error:.4f} on the {result.target}.{drag}"

    def truth(self) -> str:
        left = errors("sine", SPACINGS[0])
        ratio = float(left[31] / left[7])
        return min(
            zip(self.choices, (1 / 2, 1 / 4, 1 / 16, 0), strict=True),
            key=lambda pair: abs(pair[1] - ratio),
        )[0]
