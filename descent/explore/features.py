"""Explorables of 04_perceptron on feature design: xor lifted to space, random products."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import ipywidgets as widgets
import torch
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from torch import Tensor

from descent import data, style
from descent.explore import base
from descent.explore.margin import FAR, draw_classes, put_classes

# ---- compute: xor in three dimensions ------------------------------------------------------------


class Lifted(NamedTuple):
    """Xor points at (u, v, lift·uv), seen from somewhere.

    x, y     points (N, 2) around the corners ±1, and 1 where the signs differ, (N,)
    lift     how much of the product is their height
    height   of the level plane
    turn     float tensor (3, 3), rows: right and up on the screen, towards the viewer
    """

    x: Tensor
    y: Tensor
    lift: float
    height: float
    turn: Tensor

    @property
    def lifted(self) -> Tensor:
        """The points in space, float tensor (N, 3)."""
        return torch.cat([self.x, self.lift * self.x.prod(dim=1, keepdim=True)], dim=1)

    @property
    def above(self) -> Tensor:
        """Which points are above the plane, bool tensor (N,)."""
        return self.lifted[:, 2] > self.height

    @property
    def right(self) -> Tensor:
        """Which points are where their class belongs, different signs below, (N,)."""
        return self.above == (self.y == 0)

    @property
    def parted(self) -> bool:
        """Whether a straight line on the screen separates the classes."""
        return splits_by_line(self.on_screen(self.lifted), self.y)

    def on_screen(self, points: Tensor) -> Tensor:
        """Where points (N, 3) are seen, (N, 2), without perspective."""
        return points @ self.turn[:2].T


def view(azimuth: float, elevation: float) -> Tensor:
    """The turn that shows space from a direction.

    azimuth    of the viewer around the vertical, degrees
    elevation  of the viewer above the floor, degrees
    returns    float tensor (3, 3), orthonormal rows: right, up, towards the viewer
    """
    a, e = math.radians(azimuth), math.radians(elevation)
    right = [-math.sin(a), math.cos(a), 0.0]
    up = [-math.sin(e) * math.cos(a), -math.sin(e) * math.sin(a), math.cos(e)]
    towards = [math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)]
    return torch.tensor([right, up, towards])


def splits_by_line(points: Tensor, y: Tensor) -> bool:
    """Whether some straight line, of directions half a degree apart, has one class on each side.

    points   float tensor (N, 2)
    y        tensor (N,) of 0 and 1
    """
    angle = torch.arange(0, 360, 0.5).deg2rad()
    along = points @ torch.stack([angle.cos(), angle.sin()])
    return bool((along[y == 1].amin(0) > along[y == 0].amax(0)).any())


def lobes(product: float) -> Tensor:
    """The two parts of the plane beyond the two branches of a hyperbola.

    product  uv on the curve; where uv is more extreme, and of the same sign, is beyond
    returns  float tensor (2, P, 2), corners of two polygons; parts out of every picture are cut
    """
    side = math.copysign(FAR, product)
    u = torch.linspace(-4, 4, 100).exp()  # from 0.02 to 55
    branch = torch.stack([u, (product / u).clamp(-FAR, FAR)], dim=1)
    first = torch.cat([torch.tensor([[0.0, side]]), branch, torch.tensor([[FAR, side]])])
    return torch.stack([first, -first])


@lru_cache
def corners() -> tuple[Tensor, Tensor]:
    """Twenty-five points around each corner ±1 of the square, and 1 where their signs differ."""
    x, y = data.xor(100, 0.12, torch.Generator().manual_seed(1))
    return 2 * x - 1, y


# ---- draw and wire: xor in three dimensions ------------------------------------------------------


class XorLifted(base.Explorable):
    """The xor points lifted by their product, from all sides, with a level plane between."""

    title = "Lifted by uv, and a level plane"
    size = (8.6, 4.0)
    question = (
        "Lifted to (u, v, uv), the points can be looked at from anywhere. "
        "From where does a straight line on your screen separate the two classes?"
    )
    choices = ("from above", "from the side", "from both", "from neither")
    box = 1.7

    def controls(self) -> dict[str, Any]:
        return {
            "azimuth": base.int_slider("azimuth (degrees)", -180, 180, -65, step=5),
            "elevation": base.int_slider("elevation (degrees)", 0, 90, 20, step=5),
            "lift": base.slider("lift", 0, 1, 1, step=0.05),
            "height": base.slider("height of the plane", -1.5, 1.5, 0),
        }

    def compute(self, azimuth: float, elevation: float, lift: float, height: float) -> Lifted:
        return Lifted(*corners(), lift, height, view(azimuth, elevation))

    def build(self, fig: Any, result: Lifted) -> None:
        left, right = fig.subplots(1, 2, width_ratios=[1.15, 1])
        self._build_space(left)
        self._build_plane(right)

    def _build_space(self, ax: Axes) -> None:
        ax.set(xlim=(-2.6, 2.6), ylim=(-2.4, 2.2), aspect="equal", title=self.title)
        ax.set_axis_off()
        self.below, self.over = draw_classes(ax, zorder=1), draw_classes(ax, zorder=3)
        self.plane = ax.fill([0], [0], fc=style.GOLD, ec=style.INK, alpha=0.3, zorder=2)[0]
        self.axes3 = [ax.plot([], [], color=style.GREY, lw=1, zorder=0)[0] for _ in range(3)]
        look: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
        look["path_effects"] = [withStroke(linewidth=3, foreground=style.PAPER)]
        self.names = [ax.text(0, 0, name, **look) for name in ("u", "v", "uv")]
        self.moving(self.plane, *self.axes3, *self.names, *self.below, *self.over)

    def _build_plane(self, ax: Axes) -> None:
        square = ([-FAR, FAR, FAR, -FAR], [-FAR, -FAR, FAR, FAR])
        self.ground, *self.lobes = (ax.fill(*square, ec=style.INK, lw=2)[0] for _ in range(3))
        self.points = draw_classes(ax)
        self.wrong = ax.plot([], [], "x", color=style.INK, markersize=10, mew=1.6)[0]
        ax.set(xlabel="u   (● same signs, ■ different, ×: wrong side)", ylabel="v")
        ax.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal", title=" ")  # room for what is said
        ax.grid(False)
        self.said = ax.text(0, 1.02, "", transform=ax.transAxes, fontsize=11)
        self.moving(self.ground, *self.lobes, *self.points, self.wrong, self.said)

    def update(self, result: Lifted) -> None:
        self._update_space(result)
        self._update_plane(result)

    def _update_space(self, result: Lifted) -> None:
        sheet = torch.tensor([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * self.box
        sheet = sheet + torch.tensor([0, 0, result.height])
        self.plane.set_xy(style.numpy(result.on_screen(sheet)))
        ends = result.on_screen(torch.eye(3) * self.box)
        for line, name, end in zip(self.axes3, self.names, ends, strict=True):
            line.set_data(*style.numpy(torch.stack([-end, end])).T)
            name.set_position((1.12 * end).tolist())
        screen, above = result.on_screen(result.lifted), result.above
        put_classes(self.below, screen[~above], result.y[~above])
        put_classes(self.over, screen[above], result.y[above])

    def _update_plane(self, result: Lifted) -> None:
        nowhere = math.copysign(1e9, result.height)
        level = result.height / result.lift if result.lift else nowhere
        tints = style.REGIONS([0.0, 1.0])
        outside, inside = tints if level < 0 else tints[::-1]
        self.ground.set_facecolor(outside)
        for polygon, outline in zip(self.lobes, lobes(level), strict=True):
            polygon.set_xy(style.numpy(outline))
            polygon.set_facecolor(inside)
        put_classes(self.points, result.x, result.y)
        self.wrong.set_data(*style.numpy(result.x[~result.right]).T)
        cut = "along a curve" if abs(level) < 4 else "nowhere in this picture"  # where |uv| < 4
        self.said.set_text(f"The plane cuts (u, v) {cut}")

    def describe(self, result: Lifted) -> str:
        right = int(result.right.sum())
        share = "" if result.lift == 1 else f"{result.lift:.2g}·"
        height = f"{result.height:.1f}".replace("-", "−")
        return (
            f"Lifted to (u, v, {share}uv), with the plane at height "
            f"{height}, {right} of {len(result.y)} points are on the side of their "
            f"class; seen from here, a line {'separates' if result.parted else 'cannot separate'} "
            "the classes."
        )

    def truth(self) -> str:
        above = self.compute(0, 90, 1, 0).parted
        side = all(self.compute(azimuth, 0, 1, 0).parted for azimuth in range(-180, 180, 15))
        return self.choices[
            2 * above + side - 1 if above and side else 0 if above else 3 - 2 * side
        ]


# ---- compute: random products of pixels ----------------------------------------------------------

COUNTS = (0, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
DRAWS = 3
RIDGE = 10.0


class Curve(NamedTuple):
    """Errors of a linear classifier on digits, 8 against the rest.

    train, test  float64 tensors (DRAWS, P), errors for every number of products in `COUNTS`
    wrong        for every number, indices of the test images that the first draw gets wrong
    """

    train: Tensor
    test: Tensor
    wrong: tuple[Tensor, ...]


class Products(NamedTuple):
    """A point of the curve.

    curve    all points
    at       index into `COUNTS`
    """

    curve: Curve
    at: int


@lru_cache
def eights() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Digits with a constant feature in front, and labels, 1 for 8, else −1; training and test.

    returns  x float64 (N, 65), y float64 (N,), test_x (M, 65), test_y (M,)
    """
    digits = data.load_digits().flat()
    pad = torch.nn.functional.pad
    x, test_x = (pad(part.double(), (1, 0), value=1.0) for part in (digits.x, digits.test_x))
    y, test_y = (2.0 * (part == 8).double() - 1 for part in (digits.y, digits.test_y))
    return x, y, test_x, test_y


def with_products(x: Tensor, pairs: Tensor) -> Tensor:
    """Features, and products of pairs of them.

    x        float tensor (N, D)
    pairs    int64 tensor (2, P), columns of x
    returns  float tensor (N, D + P)
    """
    left, right = x[:, pairs[0]], x[:, pairs[1]]
    return torch.hstack([x, left * right])


def mistakes(draw: int) -> tuple[list[Tensor], list[Tensor]]:
    """Which images are wrong for every number of products, smaller sets beginning larger ones.

    The weights minimise Σ(w·Φ − y)² + RIDGE·‖w‖² (Hoerl & Kennard 1970, chapter 03).

    draw     seed of the pairs
    returns  bool tensors (N,) of the training images, and (M,) of the test images
    """
    x, y, test_x, test_y = eights()
    generator = torch.Generator().manual_seed(draw)
    pairs = torch.randint(1, x.shape[1], (2, COUNTS[-1]), generator=generator)
    x, test_x = with_products(x, pairs), with_products(test_x, pairs)
    gram, moment = x.T @ x, x.T @ y
    gram.diagonal().add_(RIDGE)
    factor = torch.linalg.cholesky(gram)  # its leading blocks factorise gram's leading blocks
    halfway = torch.linalg.solve_triangular(factor, moment[:, None], upper=False)
    train, test = [], []
    for k in (x.shape[1] - COUNTS[-1] + count for count in COUNTS):
        w = torch.linalg.solve_triangular(factor[:k, :k].T, halfway[:k], upper=True)[:, 0]
        train.append(x[:, :k] @ w * y <= 0)
        test.append(test_x[:, :k] @ w * test_y <= 0)
    return train, test


@lru_cache
def recorded() -> Curve:
    """The errors for all numbers of products and all draws, computed once."""
    runs = [mistakes(draw) for draw in range(DRAWS)]
    train, test = (torch.stack([torch.stack(run[k]) for run in runs]) for k in (0, 1))
    wrong = tuple(row.nonzero()[:, 0] for row in test[0])
    return Curve(train.double().mean(dim=2), test.double().mean(dim=2), wrong)


# ---- draw and wire: random products --------------------------------------------------------------


def mosaic(images: Tensor, rows: int, cols: int) -> Tensor:
    """Square images side by side on one canvas, a blank line between them.

    images      float tensor (N, S·S); those that find no place are left out
    rows, cols  of the canvas, in images
    returns     float tensor (rows (S + 1), cols (S + 1))
    """
    side = math.isqrt(images.shape[1])
    canvas = images.new_zeros(rows * cols, side + 1, side + 1)
    shown = images[: rows * cols].view(-1, side, side)
    canvas[: len(shown), :side, :side] = shown
    return canvas.view(rows, cols, side + 1, side + 1).transpose(1, 2).flatten(2).flatten(0, 1)


class RandomProducts(base.Explorable):
    """Error of a linear classifier against the number of random products among its features."""

    title = "8 or not: random products among the features"
    size = (8.6, 3.8)
    question = (
        "With 256 products of random pixels the linear classifier has 321 weights. With 2,048 it "
        "will have more weights than training images. What happens to its test error until then?"
    )
    choices = ("it rises again", "it stays about the same", "it falls to less than half")
    rows, cols = 4, 4

    def controls(self) -> dict[str, Any]:
        return {
            "products": widgets.SelectionSlider(
                options=[(f"{count:,}", at) for at, count in enumerate(COUNTS)],
                value=COUNTS.index(256),
                description="products P",
                style=base.STYLE,
                layout=base.WIDE,
            )
        }

    def compute(self, products: int) -> Products:
        return Products(recorded(), products)

    def build(self, fig: Any, result: Products) -> None:
        left, right = fig.subplots(1, 2, width_ratios=[1.6, 1])
        self._build_curves(left, result.curve)
        self.images = right.imshow([[0.0]], cmap="gray_r", vmin=0, vmax=1, extent=(0, 4, 4, 0))
        right.set(title=" ")  # room for what is said
        right.set_axis_off()
        self.said = right.text(0, 1.02, "", transform=right.transAxes, fontsize=11)
        self.moving(*self.means, *self.draws, self.marks, self.images, self.said)

    def _build_curves(self, ax: Axes, curve: Curve) -> None:
        looks = [("training error", style.TRAIN, "o--"), ("test error", style.TEST, "s-")]
        self.draws = [ax.plot([], [], k[0], color=c, alpha=0.5, ms=4)[0] for _, c, k in looks]
        self.means = [ax.plot([], [], k, color=c, ms=4, label=name)[0] for name, c, k in looks]
        (self.marks,) = ax.plot([], [], "o", color=style.INK, markersize=9, mfc="none", mew=2)
        ax.set_xscale("symlog", base=2, linthresh=8)
        ax.set(xlim=(-0.8, 2900), ylim=(0, 4.6), ylabel="error (%)", title=self.title)
        ax.set_xticks(COUNTS, [f"{count:,}" for count in COUNTS])
        ax.set_xlabel(f"products P added to 64 pixels (mean of {DRAWS} draws, each draw pale)")
        ax.legend()

    def update(self, result: Products) -> None:
        curve, at = result
        seen = 100 * torch.stack([curve.train, curve.test])[:, :, : at + 1]
        for mean, draws, errors in zip(self.means, self.draws, seen, strict=True):
            mean.set_data(COUNTS[: at + 1], style.numpy(errors.mean(dim=0)))
            draws.set_data(COUNTS[: at + 1] * DRAWS, style.numpy(errors.flatten()))
        self.marks.set_data([COUNTS[at]] * 2, style.numpy(seen[:, :, -1].mean(dim=1)))
        images = eights()[2][curve.wrong[at], 1:]
        self.images.set_data(style.numpy(mosaic(images, self.rows, self.cols)))
        shown = min(len(images), self.rows * self.cols)
        part = f"{shown}" if shown == len(images) else f"first {shown} of {len(images)}"
        self.said.set_text(f"Test images it gets wrong: {part}")

    def describe(self, result: Products) -> str:
        curve, at = result
        train, test = curve.train.mean(0), curve.test.mean(0)
        return (
            f"With {COUNTS[at]:,} products of random pixel pairs the error is {train[at]:.1%} on "
            f"the training and {test[at]:.1%} on the test digits, without any {test[0]:.1%} "
            f"(means of {DRAWS} draws; the first gets {len(curve.wrong[at])} images wrong)."
        )

    def truth(self) -> str:
        test = recorded().test.mean(dim=0)
        ratio = float(test[-1] / test[COUNTS.index(256)])
        return self.choices[0 if ratio > 1.1 else 2 if ratio < 0.5 else 1]
