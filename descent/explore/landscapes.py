"""Surfaces over two weights for 06_gradient_descent; the explorable on their critical points."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from torch import Tensor

from descent import style
from descent.explore import base

Loss = Callable[[Any, Any], Any]
Slope = Callable[[Any, Any], tuple[Any, Any]]

# ---- surfaces to race on -------------------------------------------------------------------------


class Surface(NamedTuple):
    """A loss over two weights, in arithmetic that floats and tensors share.

    loss     weights w₁, w₂ -> loss
    slope    weights w₁, w₂ -> its two partial derivatives
    window   lowest and highest w₁, lowest and highest w₂ of its picture
    start    where every run begins
    best     its smallest loss
    lowest   where that is, one place or more
    """

    loss: Loss
    slope: Slope
    window: tuple[float, float, float, float]
    start: tuple[float, float]
    best: float = 0.0
    lowest: tuple[tuple[float, float], ...] = ((0.0, 0.0),)


def _valley(u: Any, v: Any) -> Any:
    return (0.1 * u * u + 3 * v * v) / 2


def _slanted(u: Any, v: Any) -> Any:
    return _valley(0.8 * u + 0.6 * v, 0.8 * v - 0.6 * u)


def _slanted_slope(u: Any, v: Any) -> tuple[Any, Any]:
    along, across = 0.1 * (0.8 * u + 0.6 * v), 3 * (0.8 * v - 0.6 * u)
    return 0.8 * along - 0.6 * across, 0.6 * along + 0.8 * across


def _banana(u: Any, v: Any) -> Any:
    bend, short = v - u * u, 1 - u
    return (short * short + 20 * bend * bend) / 100


def _banana_slope(u: Any, v: Any) -> tuple[Any, Any]:
    bend = v - u * u
    return (2 * (u - 1) - 80 * u * bend) / 100, 40 * bend / 100


def _saddle(u: Any, v: Any) -> Any:
    return u * u / 2 - v * v / 2 + v * v * v * v / 8


def _hollows(u: Any, v: Any) -> Any:
    ridge = u * u - 1
    return ridge * ridge / 4 + 0.12 * u + 0.5 * v * v


def _plateau(u: Any, v: Any) -> Any:
    r2 = u * u + v * v
    return r2 / (1 + r2)


def _plateau_slope(u: Any, v: Any) -> tuple[Any, Any]:
    flat = 1 + u * u + v * v
    return 2 * u / (flat * flat), 2 * v / (flat * flat)


WIDE = (-4.6, 4.6, -3.4, 3.4)

SURFACES: dict[str, Surface] = {
    "valley": Surface(_valley, lambda u, v: (0.1 * u, 3 * v), WIDE, (-3.6, 2.0)),
    "slanted valley": Surface(_slanted, _slanted_slope, WIDE, (-3.9, -0.4)),
    "banana (Rosenbrock)": Surface(
        _banana, _banana_slope, (-2.1, 2.1, -1.2, 3.2), (-1.6, 2.6), lowest=((1.0, 1.0),)
    ),
    "saddle": Surface(
        _saddle,
        lambda u, v: (u, -v + v * v * v / 2),
        (-2.4, 2.4, -2.2, 2.2),
        (-2.0, 0.001),
        best=-0.5,
        lowest=((0.0, 2**0.5), (0.0, -(2**0.5))),
    ),
    "two hollows": Surface(
        _hollows,
        lambda u, v: ((u * u - 1) * u + 0.12, v),
        (-2.1, 2.1, -1.4, 1.4),
        (1.9, 0.9),
        best=-0.123406460329,
        lowest=((-1.055324, 0.0),),
    ),
    "plateau": Surface(_plateau, _plateau_slope, WIDE, (-3.6, 2.0)),
}
"""By name; the slope of each is bounded by a few units where runs go."""

# ---- draw ----------------------------------------------------------------------------------------

METHODS: dict[str, tuple[str, str, str]] = {
    "grid": (style.GREY, "-.", "s"),
    "random": (style.GREY, ":", "o"),
    "population": (style.GOLD, "--", "P"),
    "coordinate descent": (style.PURPLE, "-.", "^"),
    "gradient descent": (style.INK, "-", "o"),
    "stochastic": (style.SKY, "-.", "v"),
    "momentum": (style.ORANGE, "--", "s"),
    "Nesterov": (style.GOLD, ":", "D"),
    "AdaGrad": (style.PURPLE, "-.", "v"),
    "RMSProp": (style.GREEN, "--", "^"),
    "Adam": (style.BLUE, "-", "X"),
    "conjugate gradients": (style.BLUE, "-", "D"),
    "L-BFGS": (style.SKY, "-", "X"),
    "Newton": (style.GREEN, ":", "v"),
}
"""Look of a method of minimisation in all pictures: colour, line style, marker."""


def draw_levels(
    ax: Axes,
    loss: Loss,
    window: tuple[float, float, float, float],
    best: float | None = 0.0,
    **options: Any,
) -> None:
    """Level lines of a loss over two weights, shaded: the darker, the lower.

    ax       Axes, whose limits become the window
    loss     tensors w₁, w₂ -> loss, a tensor of their shape
    window   lowest and highest w₁, lowest and highest w₂
    best     smallest loss: levels are then spaced by ratios above it; None: equally
    options  handed to `Axes.set`
    """
    left, right, low, high = window
    u, v = torch.linspace(left, right, 121), torch.linspace(low, high, 101)
    height = loss(u[None, :], v[:, None]) - (best or 0.0)
    spread = _ratios(height) if best is not None else torch.linspace(0, 1, 17)
    if best is None:
        spread = height.min() + spread * (height.max() - height.min())
    levels, at = style.numpy(spread), [style.numpy(part) for part in (u, v, height)]
    shade = LogNorm(levels[0], levels[-1]) if best is not None else None
    ax.contourf(*at, levels, cmap=style.DEPTHS, alpha=0.35, extend="both", norm=shade)
    ax.contour(*at, levels, colors=style.GREY, linewidths=0.5, linestyles="solid")
    ax.grid(False)
    ax.set(**{"xlim": (left, right), "ylim": (low, high), "xlabel": "w₁", "ylabel": "w₂"} | options)


def draw_walk(ax: Axes, path: Any, colour: str = style.ORANGE, **options: Any) -> None:
    """A path over the plane of two weights: dots and lines, a ring first, a square last.

    ax       Axes
    path     float tensor (T, 2)
    colour   of the line
    options  handed to `Axes.plot`
    """
    u, v = style.numpy(path).T
    look: dict[str, Any] = {"color": colour, "linewidth": 1.2, "markersize": 3} | options
    ax.plot(u, v, ".-", **look)
    ax.plot(u[:1], v[:1], "o", mfc="none", mec=colour, mew=1.5, markersize=8)
    ax.plot(u[-1:], v[-1:], "s", color=colour, mec=style.PAPER, markersize=7)


def _ratios(height: Tensor) -> Tensor:
    """Levels up to the largest height, each twice the one before: (11,)."""
    return height.max() * 2.0 ** torch.arange(-10, 1)


# ---- critical points -----------------------------------------------------------------------------

TERRAINS: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "egg box": (
        lambda w: (torch.pi * w[0]).cos() + (torch.pi * w[1]).cos(),
        "cos πw₁ + cos πw₂",
    ),
    "bowl": (lambda w: w[0] ** 2 + w[0] * w[1] + w[1] ** 2, "w₁² + w₁w₂ + w₂²"),
    "saddle": (lambda w: w[0] * w[1], "w₁w₂"),
    "two hollows": (lambda w: (w[0] ** 2 - 1) ** 2 / 2 + w[1] ** 2, "½(w₁² − 1)² + w₂²"),
    "monkey saddle": (lambda w: w[0] ** 3 - 3 * w[0] * w[1] ** 2, "w₁³ − 3w₁w₂²"),
    "quartic bowl": (lambda w: w[0] ** 4 + w[1] ** 4, "w₁⁴ + w₂⁴"),
    "gutter": (lambda w: (w[0] - w[1]) ** 2 / 2, "½(w₁ − w₂)²"),
}
"""Losses of one weight vector (2,), each with its formula."""
ZERO = 1e-6
REACH = 1.6


def kind_of_point(gradient: Tensor, curvatures: Tensor) -> str:
    """What a point is, by gradient and Hessian.

    gradient    float64 tensor (D,)
    curvatures  float64 tensor (D,), eigenvalues of the Hessian
    returns     "not critical", "degenerate", "minimum", "maximum" or "saddle"
    """
    if gradient.abs().max() >= ZERO:
        return "not critical"
    if curvatures.abs().min() < ZERO:
        return "degenerate"
    negative = int((curvatures < 0).sum())
    return {0: "minimum", len(curvatures): "maximum"}.get(negative, "saddle")


class Point(NamedTuple):
    """A point of a terrain, with what the first two derivatives say about it.

    terrain     its name
    w           float64 tensor (2,)
    loss        at w
    gradient    float64 tensor (2,)
    curvatures  float64 tensor (2,), eigenvalues of the Hessian, in increasing order
    directions  float64 tensor (2, 2), their eigenvectors, one a column
    profiles    float64 tensor (2, 101), loss along each eigenvector, within REACH of w
    """

    terrain: str
    w: Tensor
    loss: float
    gradient: Tensor
    curvatures: Tensor
    directions: Tensor
    profiles: Tensor

    @property
    def kind(self) -> str:
        return kind_of_point(self.gradient, self.curvatures)


@lru_cache(maxsize=512)
def point_of(terrain: str, w1: float, w2: float) -> Point:
    """The point (w₁, w₂) of a terrain, by automatic differentiation."""
    loss = TERRAINS[terrain][0]
    w = torch.tensor([w1, w2], dtype=torch.float64)
    gradient = torch.autograd.functional.jacobian(loss, w)
    hessian = torch.autograd.functional.hessian(loss, w)
    curvatures, directions = torch.linalg.eigh(hessian)
    along = torch.linspace(-REACH, REACH, 101, dtype=w.dtype)
    lines = w[:, None, None] + directions[:, :, None] * along
    return Point(terrain, w, float(loss(w)), gradient, curvatures, directions, loss(lines))


LOOKS = ((style.ORANGE, "--"), (style.BLUE, "-"))
"""Colour and line style of the lower and of the higher curvature."""


class CriticalPoints(base.Explorable):
    """Gradient, curvatures and their directions at any point of seven terrains."""

    title = "Curvatures along two directions tell what a critical point is"
    size = (9.0, 4.1)
    question = (
        "At the origin of w₁⁴ + w₂⁴ the gradient is zero, and the loss is larger everywhere else. "
        "What do gradient and Hessian at the origin say about it?"
    )
    choices = ("a minimum", "a saddle", "nothing: degenerate")

    def controls(self) -> dict[str, Any]:
        return {
            "terrain": base.choice("surface", list(TERRAINS)),
            "w1": base.slider("w₁", -1.5, 1.5, 1.0, 0.05),
            "w2": base.slider("w₂", -1.5, 1.5, 0.0, 0.05),
        }

    def compute(self, terrain: str, w1: float, w2: float) -> Point:
        return point_of(terrain, w1, w2)

    def build(self, fig: Any, result: Point) -> None:
        self.map, ax = fig.subplots(1, 2, width_ratios=[1.0, 1.1])
        self.axes = [self.map.plot([], [], look, color=c)[0] for c, look in LOOKS]
        (self.slope,) = self.map.plot([], [], color=style.INK, linewidth=3)
        (self.here,) = self.map.plot([], [], "o", color=style.INK, markersize=9, mec=style.PAPER)
        ax.set(xlim=(-REACH, REACH), ylim=(-2.5, 2.5), xlabel="distance from the point")
        ax.set(ylabel="loss − loss at the point", title=" ")  # room for what is said
        self.cuts = [ax.plot([], [], look, color=c)[0] for c, look in LOOKS]
        self.cuts[0].set_zorder(2.5)  # its dashes show where both are one line
        self.along = torch.linspace(-REACH, REACH, 101, dtype=torch.float64)
        dot = ax.plot([0], [0], "o", color=style.INK, markersize=9, mec=style.PAPER, zorder=3)
        names = ["along the lower curvature", "along the higher curvature"]
        fig.legend(self.cuts, names, loc="outside lower center", ncols=2)
        self.said = ax.text(0, 1.02, "", transform=ax.transAxes, fontsize=11)
        self.moving(*self.axes, self.slope, self.here, *self.cuts, *dot, self.said)
        self.changing(self.map)
        self.shown = ""

    def handles(self) -> list[base.Handle]:
        return [base.Handle("weights w", self.map, lambda r: tuple(r.w.tolist()), "w1", "w2")]

    def update(self, result: Point) -> None:
        if result.terrain != self.shown:
            self._show(result.terrain)
        w, step = result.w, result.gradient
        for k, line in enumerate(self.axes):
            reach = 0.55 * result.directions[:, k]
            line.set_data(*style.numpy(torch.stack([w - reach, w + reach]).T))
        down = w - 0.5 * step / step.norm().clamp(min=1)
        self.slope.set_data(*style.numpy(torch.stack([w, down]).T))
        self.here.set_data(*style.numpy(w[:, None]))
        for line, cut in zip(self.cuts, result.profiles - result.loss, strict=True):
            line.set_data(style.numpy(self.along), style.numpy(cut))
        low, high = (f"{_signed(c)}" for c in result.curvatures)
        self.said.set_text(f"{result.kind}: curvatures {low} and {high}")

    def _show(self, terrain: str) -> None:
        self.shown = terrain
        for artist in tuple(self.map.collections):
            artist.remove()
        loss, formula = TERRAINS[terrain]
        window = (-REACH, REACH, -REACH, REACH)
        draw_levels(
            self.map,
            lambda u, v: loss(torch.stack(torch.broadcast_tensors(u, v))),
            window,
            best=None,
            aspect="equal",
            xlabel="w₁   (thick: downhill)",
            title=f"{terrain}: {formula}",
        )
        self.redraw()

    def describe(self, result: Point) -> str:
        w1, w2 = result.w.tolist()
        low, high = (_signed(c) for c in result.curvatures)
        verdict = "it is not critical" if result.kind == "not critical" else f"it is {_a(result)}"
        place = f"({w1:.2f}, {w2:.2f})".replace("-", "−")
        return (
            f"At {place} of the {result.terrain} the gradient has the norm "
            f"{result.gradient.norm():.2f} and the curvatures are {low} and {high}: {verdict}."
        )

    def truth(self) -> str:
        kind = self.compute("quartic bowl", 0.0, 0.0).kind
        return self.choices[{"minimum": 0, "saddle": 1, "degenerate": 2}[kind]]


def _a(point: Point) -> str:
    return "degenerate" if point.kind == "degenerate" else f"a {point.kind}"


def _signed(number: Tensor) -> str:
    """Two digits after the point, and no minus before a zero."""
    return f"{float(number) if abs(float(number)) >= 0.005 else 0.0:.2f}".replace("-", "−")
