"""Explorables of 04_perceptron: the perceptron at work.

Those on gates, margins and features, in the modules of that name, can be had from here as well.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from torch import Tensor

from descent import style
from descent.explore import base
from descent.explore.features import RandomProducts, XorLifted, mosaic
from descent.explore.gates import (
    GateBuilder,
    Place,
    XorNetwork,
    draw_arrow,
    draw_gate,
    draw_graph,
)
from descent.explore.margin import (
    SVMMargin,
    boundary,
    clouds,
    draw_classes,
    draw_line,
    put_classes,
    svm,
    widest,
)

__all__ = [
    "GateBuilder",
    "PerceptronPlay",
    "RandomProducts",
    "SVMMargin",
    "XorLifted",
    "XorNetwork",
    "clouds",
    "draw_gate",
    "draw_graph",
    "draw_line",
    "mosaic",
    "svm",
    "widest",
]

# ---- compute -------------------------------------------------------------------------------------


class Run(NamedTuple):
    """A perceptron from its first sample to an epoch without mistakes.

    x, y      samples (N, D), and their labels −1 and 1, (N,)
    w_star    float64 tensor (D,), of norm 1, that separates them
    weights   float64 tensor (T + 1, D), w before the first and after each sample looked at
    mistaken  bool tensor (T,), whether that look led to an update
    """

    x: Tensor
    y: Tensor
    w_star: Tensor
    weights: Tensor
    mistaken: Tensor

    @property
    def half_margin(self) -> float:
        """γ/2, the distance of the nearest sample from the boundary of w_star."""
        return float((self.y * (self.x @ self.w_star)).min())

    @property
    def bound(self) -> int:
        """Mistakes that Novikoff's theorem allows, ⌊4R²/γ²⌋."""
        return int(self.x.square().sum(dim=1).max() / self.half_margin**2)


def separable(n: int, half_margin: float, bias: bool, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Points of the square [−1, 1]², moved to or from a line until the nearest is as far as asked.

    n            number of points
    half_margin  distance of the nearest point from the line
    bias         whether the line may miss the origin; then a third feature, 1, is appended
    seed         of points and line
    returns      x float64 tensor (N, D), y float64 tensor (N,) of −1 and 1, and the normal
                 w_star, float64 tensor (D,) of norm 1; D is 3 with bias, else 2
    """
    generator = torch.Generator().manual_seed(seed)
    x = 2 * torch.rand(n, 2, generator=generator, dtype=torch.float64) - 1
    angle, offset = torch.rand(2, generator=generator, dtype=torch.float64)
    w = torch.stack([(6.283 * angle).cos(), (6.283 * angle).sin()])
    b = (offset - 0.5) * bias
    distance = x @ w + b
    y = distance.ge(0).double() * 2 - 1
    x = x + (half_margin - distance.abs().min()) * y[:, None] * w
    if not bias:
        return x, y, w
    w_star = torch.cat([w, b[None]])
    return torch.cat([x, torch.ones(n, 1)], dim=1), y, w_star / w_star.norm()


@lru_cache(maxsize=256)
def recorded(n: int, half_margin: float, bias: bool, seed: int) -> Run:
    """The perceptron on `separable`, sample by sample, every weight kept (Rosenblatt 1957)."""
    x, y, w_star = separable(n, half_margin, bias, seed)
    weights, mistaken = [torch.zeros_like(w_star)], [True]
    while any(mistaken[-n:]):
        for signed in y[:, None] * x:
            mistaken.append(bool(signed @ weights[-1] <= 0))
            weights.append(weights[-1] + signed * mistaken[-1])
    return Run(x, y, w_star, torch.stack(weights), torch.tensor(mistaken[1:]))


class Look(NamedTuple):
    """One moment of a run.

    run      the whole of it
    step     samples looked at so far
    """

    run: Run
    step: int

    @property
    def mistakes(self) -> int:
        """Updates so far."""
        return int(self.run.mistaken[: self.step].sum())

    @property
    def sample(self) -> int:
        """Which sample was looked at last; that before the first is the last of all."""
        return (self.step - 1) % len(self.run.x)

    @property
    def updated(self) -> bool:
        """Whether that look led to an update."""
        return self.step > 0 and bool(self.run.mistaken[self.step - 1])


START: dict[str, Any] = {"step": 6, "half_margin": 0.1, "n": 20, "bias": True, "seed": 252}
"""The state in which `PerceptronPlay` begins, in the middle of its first epoch."""
SEEDS = (252, 240, 136, 363, 347)
"""Data sets that take the perceptron some epochs."""

UPDATE = {"color": style.ORANGE, "lw": 2, "shrinkA": 0, "shrinkB": 0, "zorder": 2.5}

# ---- draw and wire -------------------------------------------------------------------------------


def place(point: Tensor) -> Place:
    """A point (2,) as matplotlib's patches want it."""
    return float(point[0]), float(point[1])


class PerceptronPlay(base.Explorable):
    """The perceptron sample by sample: what it looks at, what it adds, how often it errs."""

    title = "The perceptron turns its boundary at each mistake"
    size = (8.6, 4.0)
    play = "step"
    interval = 250
    question = (
        "Novikoff’s theorem allows this run a number of mistakes, the dashed line at the bottom "
        "right. How many of them will it have made when it stops?"
    )
    choices = (
        "fewer than a quarter",
        "between a quarter and three quarters",
        "more than three quarters",
    )

    def controls(self) -> dict[str, Any]:
        return {
            "step": base.int_slider("samples looked at", 0, 1000, START["step"]),
            "half_margin": base.slider("half margin γ/2", 0.05, 0.5, START["half_margin"], 0.05),
            "n": base.int_slider("samples N", 10, 50, START["n"], step=5),
            "bias": base.choice(
                "boundary", [("anywhere: third feature 1", True), ("through the origin", False)]
            ),
            "seed": base.choice("data set", [(f"{k}", s) for k, s in enumerate(SEEDS, 1)]),
        }

    def compute(self, step: int, half_margin: float, n: int, bias: bool, seed: int) -> Look:
        run = recorded(n, half_margin, bias, seed)
        return Look(run, min(step, len(run.mistaken)))

    def limits(self, result: Look) -> dict[str, int]:
        return {"step": len(result.run.mistaken)}

    def build(self, fig: Any, result: Look) -> None:
        grid = fig.add_gridspec(2, 2, width_ratios=[1.2, 1], height_ratios=[4, 1])
        self._build_plane(fig.add_subplot(grid[:, 0]))
        self._build_weights(fig.add_subplot(grid[0, 1]))
        self._build_count(fig.add_subplot(grid[1, 1]))
        self.shown: Run | None = None

    def _build_plane(self, ax: Axes) -> None:
        ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", title=self.title)
        ax.set(xlabel="x₁   (ring: looked at, solid: new, dashed: old boundary)", ylabel="x₂")
        self.old = ax.plot([], [], "--", color=style.GREY)[0]
        self.new = ax.plot([], [], color=style.INK)[0]
        self.points = draw_classes(ax)
        self.ring = ax.plot([], [], "o", mfc="none", mec=style.INK, mew=2, markersize=14)[0]
        self.arrows = [draw_arrow(ax, (0, 0), (0, 0), **UPDATE)]
        self.moving(self.old, self.new, *self.points, self.ring, *self.arrows)

    def _build_weights(self, ax: Axes) -> None:
        self.plane = ax
        ax.set(xlabel="w₁   (dotted: towards w*)", ylabel="w₂", aspect="equal")
        ax.set_title("Its weights w; arrow: the update y x")
        ax.locator_params(nbins=4)
        self.aim = ax.plot([], [], ":", color=style.GREEN)[0]
        self.path = ax.plot([], [], ".-", color=style.GREY, linewidth=1, markersize=4)[0]
        self.arrows.append(draw_arrow(ax, (0, 0), (0, 0), **UPDATE))
        self.tip = ax.plot([], [], "o", color=style.INK)[0]
        self.moving(self.aim, self.path, self.tip, self.arrows[-1])
        self.changing(ax)

    def _build_count(self, ax: Axes) -> None:
        ax.set(xscale="log", xlim=(0.8, 3000), ylim=(-1, 1), yticks=[])
        ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
        ax.set(xlabel="mistakes so far; dashed: at most")
        self.bar = ax.barh(0, 0, height=1, left=0.8, color=style.BLUE)[0]
        self.limit = ax.plot([], [], "--", color=style.INK)[0]
        self.moving(self.bar, self.limit)

    def update(self, result: Look) -> None:
        run, step = result
        if run is not self.shown:
            self._show_run(run)
        new, old = run.weights[step], run.weights[step - result.updated]
        for line, w in ((self.new, new), (self.old, old)):
            line.set_data(*style.numpy(boundary(w[:2], float(w[2:].sum()))).T)
        looked_at = run.x[[result.sample] if step else [], :2]
        self.ring.set_data(*style.numpy(looked_at).T)
        self.path.set_data(*style.numpy(run.weights[: step + 1, :2]).T)
        self.tip.set_data(*style.numpy(new[:2, None]))
        for arrow, start in zip(self.arrows, (0 * old[:2], old[:2]), strict=True):
            arrow.set_positions(place(start), place(start + (new - old)[:2]))
            arrow.set_visible(result.updated)
        self.bar.set_width(max(result.mistakes - 0.8, 0))

    def _show_run(self, run: Run) -> None:
        """What stays as it is through a run; the axes of the weights have room for all of it."""
        self.shown = run
        put_classes(self.points, run.x[:, :2], run.y)
        low, high = run.weights[:, :2].amin(dim=0), run.weights[:, :2].amax(dim=0)
        half = 0.6 * float((high - low).max())
        u, v = ((low + high) / 2).tolist()
        self.plane.set(xlim=(u - half, u + half), ylim=(v - half, v + half))
        self.aim.set_data(*style.numpy(torch.stack([0 * low, 1000 * run.w_star[:2]])).T)
        self.limit.set_data([run.bound] * 2, [-1, 1])
        self.redraw()

    def describe(self, result: Look) -> str:
        run, step = result
        n, looks = len(run.x), len(run.mistaken)
        count = f"{result.mistakes} mistakes so far, of at most {run.bound:,}"
        if step == 0:
            return f"Before the first of {n} samples w = 0, and there is no boundary: {count}."
        said = "wrong, so y x is added to w" if result.updated else "right, so w stays"
        end = " That was an epoch without mistakes: it stops." if step == looks else ""
        return (
            f"Look {step} of {looks}, epoch {(step - 1) // n + 1}: the answer to sample "
            f"{result.sample + 1} of {n} is {said}; {count}.{end}"
        )

    def truth(self) -> str:
        run = self.compute(**START).run
        share = int(run.mistaken.sum()) / run.bound
        return self.choices[0 if share < 0.25 else 1 if share < 0.75 else 2]
