"""Activation functions, their derivatives, and an explorable that lays them side by side."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from torch import Tensor

from descent import style
from descent.explore import base

ALPHA = 0.1
"""Slope of the leaky ReLU where it leaks."""

# ---- compute -------------------------------------------------------------------------------------


class Activation(NamedTuple):
    """A function of one number, applied to each entry.

    formula  of its value, in words of mathematics
    value    tensor of any shape -> its values
    slope    tensor of any shape -> its derivatives; PyTorch's choice where there is a kink
    """

    formula: str
    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


def _one_where(condition: Tensor, like: Tensor) -> Tensor:
    return condition.to(like.dtype)


def _normal_density(s: Tensor) -> Tensor:
    return torch.exp(-s * s / 2) / math.sqrt(2 * math.pi)


def _normal_share(s: Tensor) -> Tensor:
    """Φ(s), the probability that a standard normal number is below s."""
    return 0.5 * (1 + torch.erf(s / math.sqrt(2)))


def _leaky_slope(s: Tensor) -> Tensor:
    return ALPHA + (1 - ALPHA) * _one_where(s > 0, s)


def _sigmoid_slope(s: Tensor) -> Tensor:
    return s.sigmoid() * (1 - s.sigmoid())


def _gelu_slope(s: Tensor) -> Tensor:
    return _normal_share(s) + s * _normal_density(s)


def _silu_slope(s: Tensor) -> Tensor:
    return s.sigmoid() * (1 + s * (1 - s.sigmoid()))


def _mish(s: Tensor) -> Tensor:
    return s * torch.tanh(torch.logaddexp(s, torch.zeros_like(s)))


def _mish_slope(s: Tensor) -> Tensor:
    t = torch.tanh(torch.logaddexp(s, torch.zeros_like(s)))
    return t + s * (1 - t * t) * s.sigmoid()


ACTIVATIONS = {
    "threshold": Activation("1{s ≥ 0}", lambda s: _one_where(s >= 0, s), torch.zeros_like),
    "sigmoid": Activation("1 / (1 + exp(−s))", torch.sigmoid, _sigmoid_slope),
    "tanh": Activation("tanh(s)", torch.tanh, lambda s: 1 - torch.tanh(s) ** 2),
    "ReLU": Activation("max(0, s)", torch.relu, lambda s: _one_where(s > 0, s)),
    "leaky ReLU": Activation("max(0.1 s, s)", lambda s: torch.maximum(ALPHA * s, s), _leaky_slope),
    "ELU": Activation(
        "s if s > 0, else exp(s) − 1",
        lambda s: torch.where(s > 0, s, torch.expm1(s.clamp(max=0))),
        lambda s: torch.exp(s.clamp(max=0)),
    ),
    "softplus": Activation(
        "log(1 + exp(s))", lambda s: torch.logaddexp(s, torch.zeros_like(s)), torch.sigmoid
    ),
    "SiLU": Activation("s σ(s)", lambda s: s * s.sigmoid(), _silu_slope),
    "GELU": Activation("s Φ(s)", lambda s: s * _normal_share(s), _gelu_slope),
    "Mish": Activation("s tanh(log(1 + exp(s)))", _mish, _mish_slope),
    "hard tanh": Activation(
        "s, kept in [−1, 1]", lambda s: s.clamp(-1, 1), lambda s: _one_where(s.abs() < 1, s)
    ),
    "none": Activation("s", lambda s: s, torch.ones_like),
}
"""Name -> activation; "none" leaves its input as it is."""

LOW, FAR = -2.0, 5.0
"""Pictures show pre-activations −FAR … FAR, activations LOW … FAR."""


class Pair(NamedTuple):
    """Two activations, and a place on their axis.

    name, other  keys of `ACTIVATIONS`; the first is the one looked at
    s            the place
    """

    name: str
    other: str
    s: float

    def at(self, name: str) -> tuple[float, float]:
        """Value and slope of one of the two at the place."""
        s = torch.tensor(self.s, dtype=torch.float64)
        return float(ACTIVATIONS[name].value(s)), float(ACTIVATIONS[name].slope(s))


def steepest(name: str) -> tuple[float, float]:
    """Where an activation is steepest in [−FAR, FAR], and how steep.

    name     key of `ACTIVATIONS`
    returns  place nearest to 0 of the largest slope, and that slope
    """
    s = (torch.arange(2001, dtype=torch.float64) - 1000) * FAR / 1000
    slope = ACTIVATIONS[name].slope(s)
    best = slope >= slope.max() - 1e-12
    return float(s[best][s[best].abs().argmin()]) + 0.0, float(slope.max())


# ---- draw and wire -------------------------------------------------------------------------------


def _unjoined(y: Tensor) -> Any:
    """Values along a fine axis, a gap (nan) where they jump, so that no stroke joins the ends."""
    y = y.clone()
    y[1:][y.diff().abs() > 0.5] = math.nan
    return style.numpy(y)


def draw_activation(ax: Axes, name: str) -> None:
    """An activation, solid, and its derivative, dashed.

    ax       Axes
    name     key of `ACTIVATIONS`
    """
    s = torch.linspace(-4, 4, 401)
    chosen = ACTIVATIONS[name]
    ax.plot(s, _unjoined(chosen.value(s)), color=style.INK)
    ax.plot(s, _unjoined(chosen.slope(s)), "--", color=style.GRADIENT)
    ax.set(xlim=(-4, 4), ylim=(-1.3, 2.3), title=name)


class ActivationZoo(base.Explorable):
    """Two activations and their derivatives, with the tangent at a place."""

    title = "Activations"
    size = (8.6, 3.7)
    question = (
        "tanh is a stretched sigmoid, tanh(s) = 2σ(2s) − 1, and its largest slope is 1. "
        "How large is the largest slope of the sigmoid σ itself?"
    )
    choices = ("a quarter", "a half", "also one", "two")

    def controls(self) -> dict[str, Any]:
        return {
            "name": base.choice("activation", list(ACTIVATIONS), "tanh"),
            "other": base.choice("beside it, dashed", list(ACTIVATIONS), "ReLU"),
            "s": base.slider("pre-activation s", -FAR, FAR, 1.5, step=0.25),
        }

    def compute(self, name: str, other: str, s: float) -> Pair:
        return Pair(name, other, s)

    def build(self, fig: Any, result: Pair) -> None:
        left, right = fig.subplots(1, 2)
        left.set(title=self.title, xlabel="pre-activation s", ylabel="activation")
        right.set(title="Their derivatives (lines as on the left)")
        right.set(xlabel="pre-activation s", ylabel="slope")
        self.values = self._build_curves(left, (LOW, FAR))
        self.slopes = self._build_curves(right, (-0.3, 1.4))
        (self.tangent,) = left.plot([], [], color=style.ORANGE, linewidth=1.5)
        look: dict[str, Any] = {"color": style.ORANGE, "clip_on": False}
        self.dots = [ax.plot([], [], "o", **look)[0] for ax in (left, right)]
        self.told = left.text(-4.8, 4.8, "", va="top", linespacing=1.5)
        self.moving(*self.values, *self.slopes, self.tangent, *self.dots, self.told)

    def _build_curves(self, ax: Axes, limits: tuple[float, float]) -> list[Any]:
        ax.set(xlim=(-FAR, FAR), ylim=limits)
        dashed = ax.plot([], [], "--", color=style.GREY)[0]
        return [ax.plot([], [], color=style.INK)[0], dashed]

    def update(self, result: Pair) -> None:
        s = torch.linspace(-FAR, FAR, 401)
        names = (result.name, result.other)
        for value, slope, name in zip(self.values, self.slopes, names, strict=True):
            value.set_data(s, _unjoined(ACTIVATIONS[name].value(s)))
            slope.set_data(s, _unjoined(ACTIVATIONS[name].slope(s)))
        height, steep = result.at(result.name)
        for dot, y in zip(self.dots, (height, steep), strict=True):
            dot.set_data([result.s], [y])
        self.dots[0].set_visible(LOW <= height <= FAR)
        reach = 1.2 / math.hypot(1, steep)
        ends = [result.s - reach, result.s + reach]
        self.tangent.set_data(ends, [height + steep * (x - result.s) for x in ends])
        solid, dashed = (f"{name}: {ACTIVATIONS[name].formula}" for name in names)
        self.told.set_text(f"solid   {solid}\ndashed  {dashed}")

    def describe(self, result: Pair) -> str:
        ends = (*result.at(result.name), *result.at(result.other))
        height, steep, other, slope = (round(end, 3) + 0.0 for end in ends)  # no −0.000
        where, most = steepest(result.name)
        return (
            f"At s = {result.s:g}, {result.name} ({ACTIVATIONS[result.name].formula}) gives "
            f"{height:.3f} with slope {steep:.3f}, {result.other} {other:.3f} with slope "
            f"{slope:.3f}; the largest slope of {result.name} is {most:.3f}, at s = {where:.2f}."
        ).replace("-", "−")

    def truth(self) -> str:
        ratio = steepest("sigmoid")[1] / steepest("tanh")[1]
        return self.choices[[0.25, 0.5, 1.0, 2.0].index(round(ratio, 6))]
