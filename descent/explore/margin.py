"""Explorables of 04_perceptron on margins: the support vector machine; lines in the plane."""

from functools import lru_cache
from typing import Any, NamedTuple

import ipywidgets as widgets
import torch
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from torch import Tensor

from descent import style
from descent.explore import base

FAR = 30.0
"""Length that reaches beyond every picture of this chapter, in the unit of the axes."""

# ---- straight lines in the plane ----------------------------------------------------------------


def boundary(w: Tensor, b: float) -> Tensor:
    """Two far points of the line where w·x + b = 0.

    w        float tensor (2,)
    b        bias
    returns  float tensor (2, 2), one point a row; nan where w = 0 draws no line
    """
    norm = w.norm()
    foot, along = -b * w / norm**2, FAR * torch.stack([-w[1], w[0]]) / norm
    return torch.stack([foot - along, foot + along])


def half_plane(w: Tensor, b: float) -> Tensor:
    """Corners of the part of the plane where w·x + b ≥ 0.

    w        float tensor (2,)
    b        bias
    returns  float tensor (4, 2), a rectangle larger than every picture; one far point if empty
    """
    if not w.any():
        square = torch.tensor([[-FAR, -FAR], [FAR, -FAR], [FAR, FAR], [-FAR, FAR]])
        return square if b >= 0 else torch.full((4, 2), FAR)
    ends = boundary(w, b)
    return torch.cat([ends, ends.flip(0) + FAR * w / w.norm()])


def draw_line(ax: Axes, w: Tensor, b: float, **options: Any) -> Line2D:
    """The line where w·x + b = 0; the limits of the axes stay.

    ax       Axes
    w        float tensor (2,)
    b        bias
    options  handed to `Axes.plot`
    returns  Line2D
    """
    limits = (*ax.get_xlim(), *ax.get_ylim())
    (line,) = ax.plot(*style.numpy(boundary(w, b)).T, **{"color": style.INK} | options)
    ax.axis(limits)
    return line


def draw_classes(ax: Axes, **options: Any) -> list[Line2D]:
    """Empty points of the two classes, circles and squares, for `put_classes` to fill.

    ax       Axes
    options  handed to `Axes.plot`
    returns  one Line2D a class
    """
    look: dict[str, Any] = {"markersize": 7, "markeredgecolor": style.PAPER, "linestyle": ""}
    kinds = zip(style.MARKERS[:2], style.CLASSES[:2], strict=True)
    return [ax.plot([], [], m, color=c, **look | options)[0] for m, c in kinds]


def put_classes(lines: list[Line2D], x: Tensor, y: Tensor) -> None:
    """Move the points of `draw_classes`.

    lines    one Line2D a class
    x        float tensor (N, 2)
    y        tensor (N,), positive for the second class
    """
    for line, points in zip(lines, (x[y <= 0], x[y > 0]), strict=True):
        line.set_data(*style.numpy(points).T)


# ---- compute: the support vector machine ---------------------------------------------------------


class Margin(NamedTuple):
    """A linear classifier with the widest band that λ allows.

    lam      λ, the weight of ‖w‖² against the mean hinge loss
    x, y     samples (N, 2), and their labels −1 and 1, (N,)
    w, b     float64 tensors (2,) and (), the minimum of λ‖w‖² + mean max(0, 1 − y(w·x + b))
    """

    lam: float
    x: Tensor
    y: Tensor
    w: Tensor
    b: Tensor

    @property
    def scores(self) -> Tensor:
        """y(w·x + b) of every sample: below 0 wrong, below 1 inside the band."""
        return self.y * (self.x @ self.w + self.b)

    @property
    def support(self) -> Tensor:
        """Which samples are support vectors, bool tensor (N,)."""
        return self.scores <= 1 + 1e-4

    @property
    def hinge(self) -> float:
        """Mean hinge loss."""
        return float((1 - self.scores).clamp(min=0).mean())

    @property
    def price(self) -> float:
        """λ‖w‖²."""
        return self.lam * float(self.w.square().sum())

    @property
    def width(self) -> float:
        """Width of the band −1 ≤ w·x + b ≤ 1, in the unit of x."""
        return float(2 / self.w.norm())


def svm(x: Tensor, y: Tensor, lam: float) -> tuple[Tensor, Tensor]:
    """The minimum of λ‖w‖² + mean max(0, 1 − y(w·x + b)), to six digits.

    x        float tensor (N, D)
    y        tensor (N,) of −1 and 1
    lam      λ > 0
    returns  w, float64 tensor (D,); b, float64 tensor ()
    source   Cortes & Vapnik 1995, with C = 1 / (2 λ N); libsvm, through scikit-learn
    """
    from sklearn.svm import SVC

    machine = SVC(kernel="linear", C=1 / (2 * lam * len(y)), tol=1e-8)
    machine.fit(style.numpy(x.double()), style.numpy(y))
    return torch.tensor(machine.coef_[0]), torch.tensor(machine.intercept_[0])


def widest(z: Tensor) -> Tensor:
    """The direction w* in which the smallest w*·z is largest: the widest band around the origin.

    z        float tensor (N, D), samples times their labels, which some direction separates
    returns  float64 tensor (D,), of norm 1
    source   Cortes & Vapnik 1995, for λ → 0; liblinear, through scikit-learn
    """
    from sklearn.svm import LinearSVC

    labels = 1 - 2 * (torch.arange(len(z)) % 2)  # any will do, as long as both occur
    x = z.cpu().double() * labels[:, None]
    machine = LinearSVC(
        loss="hinge", C=1e3, fit_intercept=False, tol=1e-5, max_iter=100_000, random_state=0
    )
    w = torch.tensor(machine.fit(style.numpy(x), style.numpy(labels)).coef_[0])
    return w / w.norm()


def clouds(distance: float) -> tuple[Tensor, Tensor]:
    """Two clouds of 20 points.

    distance  between their centres, in units of which their standard deviation is 0.6
    returns   float64 tensor (40, 2), and float64 tensor (40,) of −1 and 1
    """
    generator = torch.Generator().manual_seed(19)  # one stray, which a narrow band gets right
    noise = 0.6 * torch.randn(40, 2, generator=generator, dtype=torch.float64)
    y = torch.tensor([-1.0, 1.0], dtype=torch.float64).repeat(20)
    return noise + y[:, None] * distance / 2 * torch.tensor([0.8, 0.6]).double(), y


STRAY = 35
"""The sample of `clouds` that lies deepest in the other class: it is there to be dragged."""


@lru_cache(maxsize=1024)
def solved(lam: float, distance: float, right: float = 0.0, up: float = 0.0) -> Margin:
    """The SVM on `clouds`, the stray sample moved by (right, up), solved once for every setting."""
    x, y = clouds(distance)
    x[STRAY] += torch.tensor([right, up], dtype=x.dtype)
    return Margin(lam, x, y, *svm(x, y, lam))


# ---- draw and wire -------------------------------------------------------------------------------


class SVMMargin(base.Explorable):
    """Boundary, band and support vectors of a linear SVM against λ."""

    title = "A wide band, paid for by the samples inside it"
    size = (8.6, 4.0)
    question = (
        "A larger λ makes ‖w‖ smaller, so the band, 2/‖w‖ wide, grows. "
        "What happens to the number of support vectors between λ = 0.0001 and λ = 1?"
    )
    choices = ("it falls", "it stays the same", "it grows")

    def controls(self) -> dict[str, Any]:
        return {
            "lam": widgets.FloatLogSlider(
                0.01,
                min=-4,
                max=1,
                step=0.125,
                readout_format=".2g",
                description="λ",
                style=base.STYLE,
                layout=base.WIDE,
            ),
            "distance": base.slider("distance of the clouds", 0.5, 4, 3, step=0.25),
            "right": base.slider("one sample, to →", -3, 3, 0),
            "up": base.slider("one sample, to ↑", -3, 3, 0),
        }

    def compute(self, lam: float, distance: float, right: float, up: float) -> Margin:
        return solved(float(f"{lam:.6g}"), distance, round(right, 6), round(up, 6))

    def build(self, fig: Any, result: Margin) -> None:
        left, right = fig.subplots(1, 2, width_ratios=[1.15, 1])
        self._build_plane(left)
        self._build_hinge(right)

    def handles(self) -> list[base.Handle]:
        def place(found: Margin) -> tuple[float, float]:
            return tuple(found.x[STRAY].tolist())

        def shift(_: Margin, x: float, y: float) -> dict[str, float]:
            home = clouds(self.widgets["distance"].value)[0][STRAY].tolist()
            return {"right": x - home[0], "up": y - home[1]}

        return [base.Handle("one sample", self.plane, place, "right", "up", shift)]

    def _build_plane(self, ax: Axes) -> None:
        self.plane = ax
        self.band = ax.fill([0], [0], color=style.GOLD, alpha=0.16, linewidth=0)[0]
        self.line = ax.plot([], [], color=style.INK)[0]
        self.edges = [ax.plot([], [], "--", color=style.INK, linewidth=1)[0] for _ in range(2)]
        self.points = draw_classes(ax)
        self.rings = ax.plot([], [], "o", mfc="none", mec=style.INK, mew=1.4, markersize=13)[0]
        ax.set(xlim=(-4.2, 4.2), ylim=(-4.1, 3.6), aspect="equal", title=self.title)
        ax.set(xlabel="x₁   (dashed: w·x + b = ±1, ringed: support vectors)", ylabel="x₂")
        self.moving(self.band, self.line, *self.edges, *self.points, self.rings)

    def _build_hinge(self, ax: Axes) -> None:
        ax.plot([-3, 1, 4], [4, 0, 0], color=style.LOSS, label="hinge loss")
        ax.plot([-3, 0, 0, 4], [1, 1, 0, 0], ":", color=style.GREY, label="1 for a mistake")
        self.costs = draw_classes(ax, clip_on=False)
        self.said = ax.text(3.95, 2.8, "", ha="right", va="top", linespacing=1.6)
        ax.set(xlim=(-3, 4), ylim=(-0.15, 4), title="What each sample pays")
        ax.set(xlabel="y (w·x + b), drawn at 4 if larger", ylabel="loss")
        ax.legend(loc="upper right")
        self.moving(*self.costs, self.said)

    def update(self, result: Margin) -> None:
        w, b = result.w, float(result.b)
        lower, middle, upper = (style.numpy(boundary(w, b + offset)) for offset in (1, 0, -1))
        for line, ends in zip((self.line, *self.edges), (middle, lower, upper), strict=True):
            line.set_data(*ends.T)
        self.band.set_xy([*lower, *upper[::-1]])
        put_classes(self.points, result.x, result.y)
        self.rings.set_data(*style.numpy(result.x[result.support]).T)
        scores = result.scores.clamp(-3, 4)
        put_classes(self.costs, torch.stack([scores, (1 - scores).clamp(min=0)], 1), result.y)
        self.said.set_text(f"λ‖w‖² = {result.price:#.2g}\nmean hinge = {result.hinge:.3f}")

    def describe(self, result: Margin) -> str:
        wrong = int((result.scores < 0).sum())
        return (
            f"With λ = {result.lam:.2g} the band is {result.width:.2f} wide and rests on "
            f"{int(result.support.sum())} support vectors of {len(result.y)} samples, {wrong} of "
            f"them on the wrong side; λ‖w‖² is {result.price:#.2g}, mean hinge {result.hinge:.3f}."
        )

    def truth(self) -> str:
        few, many = (int(solved(lam, 3.0).support.sum()) for lam in (1e-4, 1.0))
        return self.choices[(many >= few) + (many > few)]
