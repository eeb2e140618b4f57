"""What a digit costs each family of minimisation, on quadratic losses of 06_gradient_descent."""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from ipywidgets import SelectionSlider
from matplotlib.axes import Axes
from torch import Tensor

from descent import style
from descent.explore import base
from descent.explore.landscapes import METHODS, draw_levels, draw_walk

# ---- the losses ----------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def quadratic(size: int, kappa: float, turned: bool) -> tuple[Tensor, Tensor]:
    """A quadratic loss ½wᵀAw − bᵀw with curvatures from 1/κ to 1, spaced by equal ratios.

    size     number of weights D
    kappa    condition number κ ≥ 1, the largest curvature over the smallest
    turned   whether the axes of the bowl are turned at random, else they are those of the weights
    returns  A float64 tensor (D, D), symmetric positive definite; b float64 tensor (D,)
    """
    generator = torch.Generator().manual_seed(size)
    curvatures = torch.logspace(-math.log10(kappa), 0, size, dtype=torch.float64)
    matrix = torch.randn(size, size, generator=generator, dtype=torch.float64)
    turn = torch.linalg.qr(matrix)[0] if turned else torch.eye(size, dtype=torch.float64)
    a = turn @ torch.diag(curvatures) @ turn.T
    return (a + a.T) / 2, a @ (turn @ torch.ones(size, dtype=torch.float64))


# ---- the families, each a list of weights, one after each pass -----------------------------------


def descent(a: Tensor, b: Tensor, passes: int) -> list[Tensor]:
    """Gradient descent with the best constant rate, 2 / (smallest + largest curvature)."""
    h = torch.linalg.eigvalsh(a)
    lr, path = 2 / (h[0] + h[-1]), [torch.zeros_like(b)]
    for _ in range(passes):
        path.append(path[-1] - lr * (a @ path[-1] - b))
    return path


def heavy_ball(a: Tensor, b: Tensor, passes: int) -> list[Tensor]:
    """Momentum with the best constants for a quadratic loss.

    source   Polyak 1964, DOI 10.1016/0041-5553(64)90137-5
    """
    low, high = torch.linalg.eigvalsh(a)[[0, -1]].sqrt()
    lr, gamma = 4 / (low + high) ** 2, ((high - low) / (high + low)) ** 2
    path, velocity = [torch.zeros_like(b)], torch.zeros_like(b)
    for _ in range(passes):
        velocity = gamma * velocity + lr * (a @ path[-1] - b)
        path.append(path[-1] - velocity)
    return path


def coordinate(a: Tensor, b: Tensor, passes: int) -> list[Tensor]:
    """Exact minimisation along one weight after the other; a sweep costs one pass.

    A sweep makes the gradient's entry d zero given the new weights before d and the old ones after
    it: a triangular system (Gauss & Seidel).
    """
    lower, upper, path = a.tril(), a.triu(1), [torch.zeros_like(b)]
    for _ in range(passes):
        rest = (b - upper @ path[-1])[:, None]
        path.append(torch.linalg.solve_triangular(lower, rest, upper=False)[:, 0])
    return path


def conjugate(a: Tensor, b: Tensor, passes: int) -> list[Tensor]:
    """Conjugate gradients: each direction leaves what the earlier ones have achieved.

    source   Hestenes & Stiefel 1952, DOI 10.6028/jres.049.044
    """
    path, rest = [torch.zeros_like(b)], b
    direction, size = rest, rest @ rest
    for _ in range(passes):
        if size < 1e-30:
            path.append(path[-1])
            continue
        image = a @ direction
        reach = size / (direction @ image)
        path.append(path[-1] + reach * direction)
        rest = rest - reach * image
        size, old = rest @ rest, size
        direction = rest + size / old * direction
    return path


def newton(a: Tensor, b: Tensor, passes: int) -> list[Tensor]:
    """One solution of a linear system; its D + 1 passes are one gradient and the D rows of A."""
    solved, start = torch.linalg.solve(a, b), torch.zeros_like(b)
    return [start if k <= len(b) else solved for k in range(passes + 1)]


FAMILIES = {
    "coordinate descent": coordinate,
    "gradient descent": descent,
    "momentum": heavy_ball,
    "conjugate gradients": conjugate,
    "Newton": newton,
}
"""Name -> function."""
PASSES = 300
FLOOR, BOTTOM = 1e-14, 1e-10
"""Smallest losses above the minimum, as a share of the start's, in `Bill` and in `draw_bill`."""


class Bill(NamedTuple):
    """What each family has reached after each pass over the data.

    size     D
    kappa    κ
    turned   whether the bowl is turned
    above    float64 tensor (F, PASSES + 1), loss above the smallest, 1 at the start
    passes   that are looked at
    """

    size: int
    kappa: float
    turned: bool
    above: Tensor
    passes: int

    @property
    def digits(self) -> Tensor:
        """Digits that each family has won so far, (F,)."""
        return -self.above[:, self.passes].log10()


@lru_cache(maxsize=256)
def bill_of(size: int, kappa: float, turned: bool) -> Bill:
    """All families on one quadratic loss; passes 0."""
    a, b = quadratic(size, kappa, turned)
    best = torch.linalg.solve(a, b)
    off = torch.stack([torch.stack(f(a, b, PASSES)) for f in FAMILIES.values()]) - best
    above = torch.einsum("fpi,ij,fpj->fp", off, a, off)
    return Bill(size, kappa, turned, (above / above[:, :1]).clamp(min=FLOOR), 0)


def passes_for(above: Tensor, digits: int) -> int | None:
    """First pass after which the loss is 10^−digits of the start's, None if there is none."""
    reached = (above <= 10.0**-digits).nonzero()
    return int(reached[0]) if len(reached) else None


# ---- draw ----------------------------------------------------------------------------------------


def draw_searches(
    panels: Any,
    loss: Callable[[Tensor], Tensor],
    best: Tensor,
    dots: Mapping[str, Tensor],
    walks: Mapping[str, Tensor],
) -> None:
    """Maps of a loss over slope and intercept, with the places where searches looked.

    panels  array of Axes, one row for the dots, one for the walks
    loss    float tensor (…, 2), slope and intercept -> float tensor (…)
    best    float tensor (2,), the minimum
    dots    title -> float tensor (M, 2), in no order; or (R, M, 2), three rounds at most, that
            are drawn as ×, △ and a dot, the last of them always a dot
    walks   title -> float tensor (T, 2), one after the other
    """

    def height(slopes: Tensor, intercepts: Tensor) -> Tensor:
        return loss(torch.stack(torch.broadcast_tensors(slopes, intercepts), dim=-1).to(best))

    for ax, (title, places) in zip(panels.flat, {**dots, **walks}.items(), strict=True):
        draw_levels(ax, height, (-0.5, 16.5, 58, 152), float(loss(best)), title=title)
        ax.set(xlabel="", ylabel="")
        ax.plot(*style.numpy(best[:, None]), "P", color=style.GREEN, markersize=10, mec=style.PAPER)
        if title in walks:
            draw_walk(ax, places)
        else:
            _draw_rounds(ax, places.view(-1, *places.shape[-2:]))
    for ax in panels[1]:
        ax.set_xlabel("slope (mmHg a decade)")
    panels[0, 0].figure.supxlabel("✚ minimum, ○ first line, ■ last line", fontsize=10)
    for ax in panels[:, 0]:
        ax.set_ylabel("intercept (mmHg)")


def _draw_rounds(ax: Axes, rounds: Tensor) -> None:
    """Rounds of places, float tensor (R, M, 2), R ≤ 3."""
    looks: list[dict[str, Any]] = [
        {"marker": "x", "markersize": 5},
        {"marker": "^", "markersize": 5, "mfc": "none"},
        {"marker": "."},
    ]
    for look, places in zip(looks[-len(rounds) :], rounds, strict=True):
        ax.plot(*style.numpy(places).T, linestyle="", color=style.ORANGE, **look)


def draw_bill(ax: Axes, won: Mapping[str, tuple[Tensor, Tensor]]) -> None:
    """Loss above the minimum against passes over the data, a curve a family, legend at the right.

    A curve falls where its passes are paid, and ends at `BOTTOM`.

    ax   Axes
    won  key of `METHODS` -> passes, tensor (T,), and smallest loss so far above the minimum,
         tensor (T,), 1 at the start
    """
    for name, (passes, excess) in won.items():
        end = int((excess > BOTTOM).sum()) + 1
        spent, left = style.numpy(passes[:end]), style.numpy(excess[:end].clamp(min=BOTTOM))
        colour, dash, marker = METHODS[name]
        look: dict[str, Any] = {"color": colour, "marker": marker, "clip_on": False}
        ax.plot(spent[-1:], left[-1:], **look)
        look |= {"linestyle": dash, "linewidth": 1.5, "markevery": 0.15, "label": name}
        ax.plot(spent, left, drawstyle="steps-post", **look)
    ax.set_xscale("symlog", linthresh=1, linscale=0.4)
    ax.set(yscale="log", xlim=(0, None), ylim=(BOTTOM, 3), xlabel="passes over the data")
    ax.set(ylabel="loss above the minimum, start = 1")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))


# ---- wire -------------------------------------------------------------------------------

KAPPAS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 10000.0)


class CostOfDigits(base.Explorable):
    """Digits won against passes over the data, for five families of minimisation."""

    title = "Passes over the data for each digit"
    size = (7.0, 4.2)
    play = "passes"
    interval = 45
    question = (
        "Gradient descent and momentum on a bowl with κ = 10: the number of passes for six digits "
        "is noted. Then κ grows to 1,000. What happens to the two numbers?"
    )
    choices = (
        "both grow tenfold",
        "gradient descent’s grows a hundredfold, momentum’s tenfold",
        "both grow a hundredfold",
    )

    def controls(self) -> dict[str, Any]:
        return {
            "passes": base.int_slider("passes over the data", 0, PASSES, 100),
            "kappa": SelectionSlider(
                options=[(f"{k:,.0f}", k) for k in KAPPAS],
                value=100.0,
                description="condition κ",
                style=base.STYLE,
                layout=base.WIDE,
            ),
            "size": base.int_slider("weights D", 2, 42, 22, 10),
            "turned": base.choice("axes", [("turned at random", True), ("along weights", False)]),
        }

    def compute(self, passes: int, kappa: float, size: int, turned: bool) -> Bill:
        return bill_of(size, kappa, turned)._replace(passes=passes)

    def build(self, fig: Any, result: Bill) -> None:
        ax = fig.subplots()
        ax.set(xlim=(0, PASSES), ylim=(FLOOR, 1e4), yscale="log", title=self.title)
        ax.set(xlabel="passes over the data", ylabel="loss above the smallest, start = 1")
        ax.set_yticks([10.0**k for k in range(-14, 5, 2)])
        looks = [METHODS[name] for name in FAMILIES]
        self.ghosts = [ax.plot([], [], d, color=c, linewidth=1, alpha=0.35)[0] for c, d, _ in looks]
        self.lines = [ax.plot([], [], d, color=c)[0] for c, d, _ in looks]
        tip: dict[str, Any] = {"markersize": 8, "mec": style.PAPER, "clip_on": False}
        self.tips = [ax.plot([], [], m, color=c, **tip)[0] for c, _, m in looks]
        pairs = list(zip(self.lines, self.tips, strict=True))
        look: dict[str, Any] = {"ncols": 3, "numpoints": 1, "handlelength": 3}
        fig.legend(pairs, list(FAMILIES), loc="outside lower center", **look)
        self.now = ax.text(0.98, 0.95, "", transform=ax.transAxes, ha="right", weight="bold")
        self.moving(*self.ghosts, *self.lines, *self.tips, self.now)

    def update(self, result: Bill) -> None:
        above, p = style.numpy(result.above), result.passes
        for k in range(len(FAMILIES)):
            self.ghosts[k].set_data(range(PASSES + 1), above[k])
            self.lines[k].set_data(range(p + 1), above[k, : p + 1])
            self.tips[k].set_data([p], above[k, p : p + 1])
        self.now.set_text(f"pass {p} of {PASSES}")

    def describe(self, result: Bill) -> str:
        digits = [round(d, 1) + 0.0 for d in result.digits.tolist()]  # no minus before a zero
        won = [f"{n} {d:.1f}".replace("-", "−") for n, d in zip(FAMILIES, digits, strict=True)]
        axes = "turned" if result.turned else "aligned"
        return (
            f"After {result.passes} passes over a bowl of {result.size} weights, κ = "
            f"{result.kappa:,.0f}, its axes {axes}. Digits won: {', '.join(won)}."
        )

    def truth(self) -> str:
        cost = [_passes(method, k) for method in (descent, heavy_ball) for k in (10.0, 1000.0)]
        growth = cost[1] / cost[0], cost[3] / cost[2]
        far = [g > 30 for g in growth]
        return self.choices[1 if far == [True, False] else 2 if all(far) else 0]


def _passes(method: Any, kappa: float) -> int:
    """Passes for six digits on a bowl of two weights, whose ends need no more than their rates."""
    a, b = quadratic(2, kappa, turned=True)
    off = torch.stack(
        method(a, b, 80 * int(kappa**0.5) if method is heavy_ball else 8 * int(kappa))
    )
    off = off - torch.linalg.solve(a, b)
    above = torch.einsum("pi,ij,pj->p", off, a, off)
    found = passes_for(above / above[0], 6)
    assert found is not None
    return found
