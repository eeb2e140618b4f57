"""Explorables of 06_gradient_descent: one step and its parabola, the cloud of batch gradients.

Those on surfaces, the race and the cost of a digit, in modules of their own, can be had from here.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from ipywidgets import SelectionSlider
from matplotlib.axes import Axes
from torch import Tensor

from descent import style
from descent.explore import base
from descent.explore.landscapes import CriticalPoints, draw_levels, draw_walk
from descent.explore.margin import draw_line
from descent.explore.minimisers import CostOfDigits, conjugate, draw_bill, draw_searches
from descent.explore.race import OptimiserRace

__all__ = [
    "BatchCloud",
    "CostOfDigits",
    "CriticalPoints",
    "OptimiserRace",
    "ParabolaDescent",
    "conjugate",
    "draw_bill",
    "draw_levels",
    "draw_line",
    "draw_parabola",
    "draw_searches",
    "draw_walk",
]

# ---- compute: descent in one dimension -----------------------------------------------------------


class Curve(NamedTuple):
    """A loss of one weight, with its derivative, and the highest loss in its picture."""

    loss: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    top: float


CURVES: dict[str, Curve] = {
    "two valleys": Curve(
        lambda w: (w * w - 1) ** 2 / 2 + 0.3 * w, lambda w: 2 * w * (w * w - 1) + 0.3, 5.4
    ),
    "bowl": Curve(lambda w: 2 * w * w, lambda w: 4 * w, 8.6),
    "ripples": Curve(
        lambda w: w * w / 2 + 0.4 * (6 * w).sin(), lambda w: w + 2.4 * (6 * w).cos(), 3.0
    ),
    "kink": Curve(torch.abs, torch.sign, 2.5),
}
"""Losses to descend: ½(w² − 1)² + 0.3w, 2w², ½w² + 0.4 sin 6w, |w|."""
LEFT, RIGHT, STEPS, LOST = -2.2, 2.2, 40, 100.0


class Walk(NamedTuple):
    """Gradient descent on a curve.

    curve  its name
    lr     learning rate η
    path   float64 tensor (T + 1,), weights, the start first; T < STEPS if it flies away
    step   the one that is looked at
    """

    curve: str
    lr: float
    path: Tensor
    step: int

    @property
    def lost(self) -> bool:
        """Whether it flies away in the end."""
        return bool(self.path[-1].abs() > LOST)

    @property
    def seen(self) -> bool:
        """Whether the weight now, with its loss, is in the picture."""
        return bool(LEFT <= self.here <= RIGHT and self.losses[self.step] <= CURVES[self.curve].top)

    @property
    def here(self) -> Tensor:
        """The weight now, 0-d."""
        return self.path[self.step]

    @property
    def losses(self) -> Tensor:
        """Loss of every step."""
        return CURVES[self.curve].loss(self.path)


@lru_cache(maxsize=2048)
def walk_of(curve: str, start: float, lr: float) -> Walk:
    """Gradient descent w ← w − ηL′(w) from a start, at most STEPS steps; step 0."""
    slope, path = CURVES[curve].slope, [torch.tensor(start, dtype=torch.float64)]
    while len(path) <= STEPS and path[-1].abs() <= LOST:
        path.append(path[-1] - lr * slope(path[-1]))
    return Walk(curve, lr, torch.stack(path), 0)


def model(curve: str, w: Tensor, lr: float, v: Tensor) -> Tensor:
    """The parabola that one step of gradient descent minimises.

    curve    key of CURVES
    w        float tensor (), where the curve is touched
    lr       learning rate η
    v        float tensor (M,), where to evaluate
    returns  float tensor (M,), L(w) + L′(w)(v − w) + (v − w)²/(2η)
    """
    loss, slope, _ = CURVES[curve]
    return loss(w) + slope(w) * (v - w) + (v - w) ** 2 / (2 * lr)


def lowest(curve: str) -> float:
    """The weight of the smallest loss in the picture, to 1e-4."""
    w = torch.linspace(LEFT, RIGHT, 44001, dtype=torch.float64)
    return float(w[CURVES[curve].loss(w).argmin()])


# ---- draw ----------------------------------------------------------------------------------------


def line_of(curve: str) -> tuple[Any, Any]:
    """The curve as matplotlib wants it."""
    w = torch.linspace(LEFT, RIGHT, 300, dtype=torch.float64)
    return style.numpy(w), style.numpy(CURVES[curve].loss(w))


def draw_parabola(ax: Axes, loss: Any, slope: float, w: float, lr: float) -> None:
    """The model parabola at w, and the step to its lowest point.

    ax     Axes, with its limits
    loss   tensor of weights -> loss
    slope  of the loss at w
    w      where parabola and loss touch
    lr     learning rate η
    """
    v = torch.linspace(*ax.get_xlim(), 300, dtype=torch.float64)
    at = torch.tensor([w, w - lr * slope], dtype=torch.float64)
    touch = loss(at)[0]
    bowl = touch + slope * (v - w) + (v - w) ** 2 / (2 * lr)
    foot = float(touch - lr * slope**2 / 2)
    ax.plot(style.numpy(v), style.numpy(bowl), "--", color=style.GRADIENT, linewidth=1.5)
    ax.plot([w], [float(touch)], "o", color=style.INK, markersize=8, zorder=3)
    ax.plot([float(at[1])] * 2, [foot, float(loss(at)[1])], ":", color=style.GREY)
    ax.plot([float(at[1])], [foot], "v", color=style.GRADIENT, markersize=8, zorder=3)


# ---- the parabola, step by step ------------------------------------------------------------------


class ParabolaDescent(base.Explorable):
    """Gradient descent on a curve, with the parabola whose lowest point is the next weight."""

    title = "Each step goes to the lowest point of a parabola"
    size = (9.0, 3.9)
    play = "step"
    interval = 400
    question = (
        "Start on the steep right flank, at w = 1.9, with η = 0.25. Where does gradient descent "
        "end?"
    )
    choices = ("in the right valley", "in the left valley", "nowhere: it flies away")

    def controls(self) -> dict[str, Any]:
        return {
            "step": base.int_slider("step", 0, STEPS, 2),
            "start": base.slider("start", -2, 2, -0.5, 0.1),
            "lr": base.slider("η", 0.025, 0.6, 0.125, 0.025, readout_format=".3f"),
            "curve": base.choice("loss", list(CURVES)),
        }

    def compute(self, step: int, start: float, lr: float, curve: str) -> Walk:
        walk = walk_of(curve, start, lr)
        return walk._replace(step=min(step, len(walk.path) - 1))

    def limits(self, result: Walk) -> dict[str, int]:
        return {"step": len(result.path) - 1}

    def build(self, fig: Any, result: Walk) -> None:
        self.left, self.right = fig.subplots(1, 2, width_ratios=[1.5, 1])
        self.left.set(xlim=(LEFT, RIGHT), xlabel="weight w", ylabel="loss L(w)", title=self.title)
        (self.curve,) = self.left.plot([], [], color=style.LOSS)
        green = {"color": style.GRADIENT}
        (self.bowl,) = self.left.plot([], [], "--", linewidth=1.6, **green)
        (self.trail,) = self.left.plot([], [], "o", color=style.SKY, markersize=5)
        (self.drop,) = self.left.plot([], [], ":", color=style.GREY)
        (self.next,) = self.left.plot([], [], "v", markersize=9, mec=style.PAPER, **green)
        tip = {"color": style.INK, "markersize": 9, "mec": style.PAPER, "clip_on": False}
        (self.here,) = self.left.plot([], [], "o", **tip)
        look: dict[str, Any] = {"transform": self.left.transAxes, "ha": "center", "weight": "bold"}
        look["bbox"] = {"fc": style.PAPER, "ec": "none", "pad": 2}
        self.now = self.left.text(0.5, 0.03, "", zorder=4, **look)
        self.right.set(xlim=(0, STEPS), xlabel="step", ylabel="loss", title="Loss after each step")
        for ax in (self.left, self.right):  # labels of one width for all losses
            ax.yaxis.set_major_formatter(lambda at, _: f"{at:.1f}".replace("-", "−"))
        (self.fall,) = self.right.plot([], [], ".-", color=style.SKY, linewidth=1)
        (self.tip,) = self.right.plot([], [], "o", **tip)
        self.moving(self.bowl, self.trail, self.drop, self.next, self.here, self.now)
        self.moving(self.fall, self.tip)
        self.shown = ""

    def handles(self) -> list[base.Handle]:
        def place(walk: Walk) -> tuple[float, float]:
            return float(walk.path[0]), float(walk.losses[0])

        return [base.Handle("start", self.left, place, x="start")]

    def update(self, result: Walk) -> None:
        if result.curve != self.shown:
            self._show(result.curve)
        loss, slope, _ = CURVES[result.curve]
        w, step = result.here, result.step
        new = w - result.lr * slope(w)
        v = torch.linspace(LEFT, RIGHT, 200, dtype=torch.float64)
        foot = model(result.curve, w, result.lr, new)
        self.bowl.set_data(style.numpy(v), style.numpy(model(result.curve, w, result.lr, v)))
        self.trail.set_data(style.numpy(result.path[:step]), style.numpy(result.losses[:step]))
        self.here.set_data([float(w)], [float(loss(w))])
        self.drop.set_data([float(new)] * 2, [float(foot), float(loss(new))])
        self.next.set_data([float(new)], [float(foot)])
        self.fall.set_data(range(step + 1), style.numpy(result.losses[: step + 1]))
        self.tip.set_data([step], [float(loss(w))])
        for tip in (self.here, self.tip):
            tip.set_visible(result.seen)
        where = "" if result.seen else ", out of the picture"
        self.now.set_text(f"step {step} of {len(result.path) - 1}: w = {_number(w)}{where}")

    def _show(self, curve: str) -> None:
        self.shown = curve
        self.curve.set_data(*line_of(curve))
        bottom = -0.35 * CURVES[curve].top
        self.left.set(ylim=(bottom, CURVES[curve].top))
        self.right.set(ylim=(bottom, CURVES[curve].top))
        self.redraw()

    def describe(self, result: Walk) -> str:
        loss, slope, _ = CURVES[result.curve]
        w = result.here
        if w.abs() > LOST:
            end = "It has flown out of the picture."
        else:
            new = w - result.lr * slope(w)
            end = f"The parabola’s lowest point, w = {_number(new)}, comes next."
        return (
            f"Step {result.step} of {len(result.path) - 1} on the {result.curve} with η = "
            f"{result.lr:.3f}: w = {_number(w)}, slope {_number(slope(w))}, loss "
            f"{_number(loss(w))}. {end}"
        )

    def truth(self) -> str:
        walk = walk_of("two valleys", 1.9, 0.25)
        end = "lost" if walk.lost else "right" if walk.path[-1] > 0 else "left"
        return self.choices[("right", "left", "lost").index(end)]


def _number(x: Tensor) -> str:
    """Three digits after the point, and a minus that is one."""
    return f"{float(x):.3f}".replace("-", "−")


# ---- the cloud of batch gradients ----------------------------------------------------------------

N, DRAWS = 256, 500
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
FLOOR = 0.01
"""Smallest spread in the picture."""


@lru_cache(maxsize=1)
def regression() -> tuple[Tensor, Tensor, Tensor]:
    """A line through noise with two weights: x (N, 2), y (N,), and the minimum of the loss (2,)."""
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(N, 2, generator=generator, dtype=torch.float64)
    x = x @ torch.tensor([[1.0, 0.5], [0.0, 0.7]], dtype=x.dtype)
    noise = torch.randn(N, generator=generator, dtype=x.dtype)
    y = x @ torch.tensor([1.0, -0.5], dtype=x.dtype) + noise
    return x, y, torch.linalg.lstsq(x, y).solution


def sample_gradients(w: Tensor) -> Tensor:
    """Gradient of ½(w·x_n − y_n)² for every sample: (N, 2)."""
    x, y, _ = regression()
    return (x @ w - y)[:, None] * x


def mean_loss(u: Tensor, v: Tensor) -> Tensor:
    """Mean of ½(w·x_n − y_n)² over the samples, at w = (u, v), of the broadcast shape."""
    x, y, _ = regression()
    fitted = u[..., None] * x[:, 0] + v[..., None] * x[:, 1]
    return (fitted - y).square().mean(-1) / 2


def batch_means(each: Tensor, size: int, replace: bool, seed: int) -> Tensor:
    """Means of random batches.

    each     float tensor (N, D)
    size     of a batch, B
    replace  whether a batch may hold a sample twice
    seed     of the draws
    returns  float tensor (DRAWS, D)
    """
    generator = torch.Generator().manual_seed(seed)
    if replace:
        index = torch.randint(len(each), (DRAWS, size), generator=generator)
    else:
        index = torch.rand(DRAWS, len(each), generator=generator).argsort(dim=1)[:, :size]
    return each[index].mean(dim=1)


def predicted_spread(each: Tensor, size: int, replace: bool) -> float:
    """Root mean square distance of a batch's mean from the mean of all.

    each     float tensor (N, D)
    size     of a batch, B
    replace  whether a batch may hold a sample twice
    returns  sd/√B, times √((N − B)/(N − 1)) without replacement, where sd² is the mean squared
             distance of one from the mean
    source   Cochran 1977, *Sampling Techniques*, theorem 2.2
    """
    variance = (each - each.mean(dim=0)).square().sum(dim=1).mean()
    left = 1.0 if replace else (len(each) - size) / (len(each) - 1)
    return float((variance / size * left).sqrt())


class Cloud(NamedTuple):
    """Gradients of many random batches at one point.

    w         float64 tensor (2,)
    full      float64 tensor (2,), gradient of all samples
    means     float64 tensor (DRAWS, 2), gradients of the batches
    spreads   float64 tensor (9,), root mean square distance from `full`, for each of BATCHES
    law       float64 tensor (9,), what theory says
    size      B
    replace   whether batches are drawn with replacement
    """

    w: Tensor
    full: Tensor
    means: Tensor
    spreads: Tensor
    law: Tensor
    size: int
    replace: bool

    @property
    def uphill(self) -> float:
        """Share of batches whose step leads uphill: at an obtuse angle to the gradient."""
        return float((self.means @ self.full < 0).double().mean())

    @property
    def spread(self) -> float:
        return float(self.spreads[BATCHES.index(self.size)])


@lru_cache(maxsize=64)
def clouds_at(away: float, replace: bool, seed: int) -> tuple[Cloud, ...]:
    """One cloud for each of BATCHES, at a point at some distance from the minimum."""
    best = regression()[2]
    w = best + away * torch.tensor([-0.8, 0.6], dtype=best.dtype)
    each = sample_gradients(w)
    full = each.mean(dim=0)
    batches = [batch_means(each, size, replace, seed) for size in BATCHES]
    spreads = [(means - full).square().sum(dim=1).mean().sqrt() for means in batches]
    law = torch.tensor([predicted_spread(each, size, replace) for size in BATCHES])
    return tuple(
        Cloud(w, full, means, torch.stack(spreads), law, size, replace)
        for means, size in zip(batches, BATCHES, strict=True)
    )


class BatchCloud(base.Explorable):
    """Where one step leads, for 500 random batches and for all samples; spread against B."""

    title = "500 batches, 500 steps"
    size = (9.0, 4.1)
    question = (
        "A step with batches of 4 scatters. With batches of 64, sixteen times the work, by which "
        "factor is the scatter smaller?"
    )

    def controls(self) -> dict[str, Any]:
        return {
            "size": SelectionSlider(
                options=[(f"{b}", b) for b in BATCHES],
                value=4,
                description="batch size B",
                style=base.STYLE,
                layout=base.WIDE,
            ),
            "away": base.slider("distance from minimum", 0, 3, 1.5, 0.1),
            "replace": base.choice(
                "draws", [("with replacement", True), ("without replacement", False)]
            ),
            "seed": base.int_slider("other draws", 0, 10, 0),
        }

    def compute(self, size: int, away: float, replace: bool, seed: int) -> Cloud:
        return clouds_at(away, replace, seed)[BATCHES.index(size)]

    def build(self, fig: Any, result: Cloud) -> None:
        left, right = fig.subplots(1, 2, width_ratios=[1.15, 1])
        best = regression()[2]
        u, v = best.tolist()
        window = (u - 4, u + 2.2, v - 2.0, v + 3.0)
        draw_levels(left, mean_loss, window, float(mean_loss(*best)), title=self.title)
        (self.cloud,) = left.plot([], [], ".", color=style.ORANGE, markersize=3, alpha=0.7)
        (self.step,) = left.plot([], [], "-", color=style.INK)
        (self.here,) = left.plot([], [], "o", color=style.INK, markersize=8, mec=style.PAPER)
        (self.to,) = left.plot([], [], "D", color=style.BLUE, markersize=8, mec=style.PAPER)
        (goal,) = left.plot([u], [v], "P", color=style.GREEN, markersize=9, mec=style.PAPER)
        fig.legend(
            [self.here, self.to, self.cloud, goal],
            ["w", "step of all samples", "step of a batch", "minimum"],
            loc="outside lower center",
            ncols=4,
        )
        right.set(xscale="log", yscale="log", xlim=(0.8, 320), ylim=(FLOOR, 12))
        right.set_xticks(BATCHES, [str(b) for b in BATCHES], minor=False)
        right.set_xticks([], minor=True)
        right.set_xlabel(f"batch size B   (lowest: {FLOOR} or less)")
        right.set(ylabel="spread of the gradient", title="It falls as 1/√B or faster")
        (self.line,) = right.plot([], [], "--", color=style.GREY, label="theory")
        on: dict[str, Any] = {"clip_on": False}
        (self.dots,) = right.plot([], [], "o", color=style.ORANGE, label="measured", **on)
        ring = {"mfc": "none", "mec": style.INK, "mew": 2, "markersize": 13}
        (self.ring,) = right.plot([], [], "o", **ring, **on)
        right.legend(loc="lower left")
        self.moving(self.cloud, self.step, self.here, self.to, self.line, self.dots, self.ring)

    def update(self, result: Cloud) -> None:
        w, to = result.w, result.w - LR * result.full
        self.cloud.set_data(*style.numpy(w - LR * result.means).T)
        self.step.set_data(*style.numpy(torch.stack([w, to])).T)
        self.here.set_data(*style.numpy(w[:, None]))
        self.to.set_data(*style.numpy(to[:, None]))
        self.line.set_data(BATCHES, style.numpy(result.law.clamp(min=FLOOR)))
        self.dots.set_data(BATCHES, style.numpy(result.spreads.clamp(min=FLOOR)))
        self.ring.set_data([result.size], [max(result.spread, FLOOR)])

    def describe(self, result: Cloud) -> str:
        law = float(result.law[BATCHES.index(result.size)])
        how = "with" if result.replace else "without"
        uphill = f" {result.uphill:.0%} of the batches lead uphill."
        return (
            f"Batches of {result.size} drawn {how} replacement: their gradients scatter by "
            f"{result.spread:.2f} around that of all {N} samples, of norm "
            f"{result.full.norm():.2f}; theory says {law:.2f}."
            + (uphill if result.full.norm() > 1e-9 else "")
        )

    def truth(self) -> float:
        cloud = self.compute(4, 1.5, True, 0)
        at = [float(cloud.spreads[BATCHES.index(b)]) for b in (4, 64)]
        return round(at[0] / at[1], 2)


LR = 0.5
"""Learning rate of the steps in `BatchCloud`."""
