"""Explorable of 08_going_deeper: a kernel slides over an image, and each stop gives one number."""

from functools import lru_cache
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, max_pool2d, pad

from descent import data, style
from descent.explore import base
from descent.explore.outlines import glyph, outline

SIZE = 3
"""Height and width of all kernels."""
KERNELS: dict[str, list[list[float]]] = {
    "left to right: −1 0 1": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "top to bottom": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "mean of nine": [[1 / 9] * 3] * 3,
    "outline (Laplace)": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "one pixel to the left": [[0, 0, 0], [0, 0, 1], [0, 0, 0]],
}
"""What to slide over the image."""
AFTER = ("nothing more", "ReLU", "max-pool 2 and ReLU")
"""What may follow."""
HEADS = ("All sums", "Sums above 0", "Pooled sums")
"""What the map shows after each."""
FRAME = 0.008
"""Distance of the frame on the map from the entry in it, in sides of the map: half its line."""

# ---- compute -------------------------------------------------------------------------------------


@lru_cache
def picture(name: str) -> Tensor:
    """A grey image to look at.

    name     "zero", "five" (embedded digits, enlarged) or "temple" (a photograph)
    returns  float32 tensor (H, W) in [0, 1]: ink of a digit, brightness of the photograph
    source   the photograph: danielbuechele, CC BY 2.0, from scikit-learn
    """
    if name == "temple":
        from sklearn.datasets import load_sample_image

        grey = torch.tensor(load_sample_image("china.jpg"), dtype=torch.float32).mean(dim=2) / 255
        return interpolate(grey[None, None, 60:380, 100:580], (48, 72), mode="area")[0, 0]
    digits = data.load_digits()
    label, number = {"zero": (0, 0), "five": (5, 1)}[name]
    chosen = (digits.y == label).nonzero()[number]
    return pad(interpolate(digits.x[chosen], (24, 24), mode="bilinear"), [2] * 4)[0, 0]


def slide(image: Tensor, kernel: Tensor) -> Tensor:
    """The sum of products of kernel and image at each place where the kernel fits.

    image    float tensor (H, W)
    kernel   float tensor (h, w)
    returns  float tensor (H − h + 1, W − w + 1); as in torch, the kernel is not turned round
    """
    return conv2d(image[None, None], kernel[None, None])[0, 0]


class Slid(NamedTuple):
    """A kernel at one place of an image.

    image        float tensor (H, W)
    kernel       float tensor (SIZE, SIZE)
    name, after  of the kernel; what follows the convolution
    row, column  of the output's entry, and of the window's top left pixel
    output       float tensor (H − SIZE + 1, W − SIZE + 1), of the convolution alone
    final        what is shown: output after what follows
    """

    image: Tensor
    kernel: Tensor
    name: str
    after: str
    row: int
    column: int
    output: Tensor
    final: Tensor

    @property
    def window(self) -> Tensor:
        """The pixels under the kernel, float tensor (SIZE, SIZE)."""
        return self.image[self.row : self.row + SIZE, self.column : self.column + SIZE]

    @property
    def scale(self) -> int:
        """How many entries of the output, along each axis, one entry of `final` stands for."""
        return 2 if "pool" in self.after else 1

    @property
    def mark(self) -> tuple[int, int]:
        """Row and column in `final` of the entry that the window contributes to."""
        height, width = self.final.shape
        row, column = self.row // self.scale, self.column // self.scale
        return min(row, height - 1), min(column, width - 1)


def follow(output: Tensor, after: str) -> Tensor:
    """What follows a convolution.

    output   float tensor (H, W)
    after    one of `AFTER`
    returns  float tensor (H, W), or (H // 2, W // 2) after pooling
    """
    if "pool" in after:
        output = max_pool2d(output[None, None], 2)[0, 0]
    return output.relu() if "ReLU" in after else output


# ---- draw and wire -------------------------------------------------------------------------------


class KernelOnImage(base.Explorable):
    """A kernel on an image: the window, its nine products, and the map of all sums."""

    title = HEADS[0]
    size = (8.8, 3.6)
    question = (
        "The kernel weighs the pixel on the left by −1, that on the right by +1. The digit is ink, "
        "1, on paper, 0. Where are the sums largest?"
    )
    choices = (
        "along the left edges of the strokes",
        "in the middle of the strokes",
        "along the right edges of the strokes",
    )

    def __init__(self, kernel: Tensor | None = None) -> None:
        self.kernels = {name: torch.tensor(rows).float() for name, rows in KERNELS.items()}
        if kernel is not None:
            self.kernels = {"yours": own(kernel), **self.kernels}
        super().__init__()

    def controls(self) -> dict[str, Any]:
        images = [("digit 0", "zero"), ("digit 5", "five"), ("photograph", "temple")]
        return {
            "name": base.choice("kernel", list(self.kernels)),
            "row": base.int_slider("window’s row", 0, 25, 13),
            "column": base.int_slider("window’s column", 0, 25, 6),
            "image": base.choice("image", images),
            "after": base.choice("then", AFTER),
        }

    def compute(self, name: str, row: int, column: int, image: str, after: str) -> Slid:
        pixels, kernel = picture(image), self.kernels[name]
        output = slide(pixels, kernel)
        row, column = (min(v, n - 1) for v, n in zip((row, column), output.shape, strict=True))
        return Slid(pixels, kernel, name, after, row, column, output, follow(output, after))

    def limits(self, result: Slid) -> dict[str, int]:
        height, width = result.output.shape
        return {"row": height - 1, "column": width - 1}

    def build(self, fig: Any, result: Slid) -> None:
        left, middle, right = fig.subplots(1, 3, width_ratios=[1, 0.9, 1])
        left.set_title("The image and the window")
        middle.set_title("pixel · weight, summed")
        self.shown = left.imshow(style.numpy(result.image), cmap="gray_r", vmin=0, vmax=1)
        self.map = right.imshow(style.numpy(result.final), cmap=style.SIGNED)
        self.panels = (left, right)
        self.frames = [self._frame(left, SIZE), self._frame(right, 1)]
        for ax in (left, right):
            ax.grid(False)
            ax.tick_params(labelsize=8)
            ax.set(xlabel="column", ylabel="row")
        left.set_xlabel("column (pixels)")
        bar = fig.colorbar(self.map, ax=right, shrink=0.7, location="bottom", pad=0.02)
        self.map.set_clim(-1, 1)
        bar.set_ticks([-1, 0, 1], labels=["−largest", "0", "+largest"])
        self._build_products(middle)
        right.set_title(" ")
        self.head = right.text(0, 1.02, "", transform=right.transAxes, va="bottom", fontsize=11)
        self.moving(self.shown, self.map, *self.frames, self.head)
        self.changing(left, right)
        self.sizes: tuple[Any, ...] = ()

    def handles(self) -> list[base.Handle]:
        def place(slid: Slid) -> tuple[float, float]:
            return slid.column + SIZE / 2 - 0.5, slid.row + SIZE / 2 - 0.5

        def corner(_: Slid, x: float, y: float) -> dict[str, float]:
            return {"column": x - SIZE / 2 + 0.5, "row": y - SIZE / 2 + 0.5}

        return [base.Handle("window", self.panels[0], place, "column", "row", corner)]

    def _frame(self, ax: Axes, side: int) -> Rectangle:
        frame = Rectangle((0, 0), side, side, fill=False, edgecolor=style.GREEN, linewidth=2.2)
        ax.add_patch(frame)
        return frame

    def _build_products(self, ax: Axes) -> None:
        ax.set(xlim=(-0.55, SIZE - 0.45), ylim=(SIZE + 0.6, -0.55), aspect="equal")
        ax.set_axis_off()
        for k in range(SIZE + 1):
            ax.plot([k - 0.5] * 2, [-0.5, SIZE - 0.5], color=style.GREY, linewidth=0.8)
            ax.plot([-0.5, SIZE - 0.5], [k - 0.5] * 2, color=style.GREY, linewidth=0.8)
        self.products = PathPatch(outline([], 0.16), fc=style.INK, lw=0)
        ax.add_patch(self.products)
        middle = (SIZE - 1) / 2
        self.sum = ax.text(middle, SIZE + 0.1, "", ha="center", va="center", weight="bold")
        self.moving(self.products, self.sum)

    def update(self, result: Slid) -> None:
        values = result.final / result.final.abs().max().clamp(min=1e-6)
        self.shown.set_data(style.numpy(result.image))
        self.shown.set_cmap("gray" if result.image is picture("temple") else "gray_r")
        self.map.set_data(style.numpy(values))
        if self.sizes != (sizes := (result.image.shape, result.final.shape)):
            self.sizes = sizes
            self._resize()
        self.frames[0].set_xy((result.column - 0.5, result.row - 0.5))
        row, column = result.mark
        edge = FRAME * max(result.final.shape)
        self.frames[1].set_bounds(column - 0.5 - edge, row - 0.5 - edge, 1 + 2 * edge, 1 + 2 * edge)
        self.products.set_path(products(result.window, result.kernel))
        self.sum.set_text(f"sum: {signed(float(result.output[result.row, result.column]))}")
        height, width = result.final.shape
        most = float(result.final.abs().max())
        head = HEADS[AFTER.index(result.after)]
        end = "±" * (result.after == AFTER[0]) + f"{most:.{2 if most < 100 else 0}f}"
        self.head.set_text(f"{head}: {height} × {width}, up to {end}")

    def _resize(self) -> None:
        """Axes around an image and a map of other sizes."""
        for shown, ax, (height, width), room in zip(
            (self.shown, self.map), self.panels, self.sizes, (0, 2 * FRAME), strict=True
        ):
            shown.set_extent((-0.5, width - 0.5, height - 0.5, -0.5))
            more = 0.5 + room * max(height, width)
            ax.set(xlim=(-more, width - 1 + more), ylim=(height - 1 + more, -more))
        self.redraw()

    def describe(self, result: Slid) -> str:
        height, width = result.image.shape
        rows, columns = result.final.shape
        here = float(result.output[result.row, result.column])
        return (
            f"The kernel “{result.name}” on an image of {height} × {width} pixels, then "
            f"{result.after}: a map of {rows} × {columns}. The window at row {result.row}, column "
            f"{result.column} gives the sum {signed(here)}; sums go from "
            f"{signed(float(result.output.min()))} to {signed(float(result.output.max()))}."
        )

    def truth(self) -> str:
        image, kernel = picture("zero"), self.kernels["left to right: −1 0 1"]
        row, column = divmod(int(slide(image, kernel).argmax()), image.shape[1] - SIZE + 1)
        left, middle, right = image[row + 1, column : column + SIZE].tolist()
        return self.choices[0 if left < middle < right else 2 if left > middle > right else 1]


def products(window: Tensor, kernel: Tensor) -> Path:
    """Pixel · weight in each cell of the window, in a font in which the longest fits."""
    pairs = zip(window.flatten().tolist(), kernel.flatten().tolist(), strict=True)
    texts = [f"{pixel:.2f} · {two_digits(weight)}".replace("-", "−") for pixel, weight in pairs]
    longest = max(sum(width for *_, width in map(glyph, text)) for text in texts)
    cells = [(k % SIZE, k // SIZE) for k in range(SIZE * SIZE)]
    return outline(zip(texts, cells, strict=True), min(0.16, 0.9 / longest), downwards=True)


def two_digits(weight: float) -> str:
    """A weight to two digits, or as a whole number where that has more."""
    return f"{weight:.2g}" if abs(weight) < 99.5 else f"{weight:.0f}"


def own(kernel: Tensor) -> Tensor:
    """The learner's kernel, checked.

    kernel   tensor (SIZE, SIZE)
    returns  float32 tensor of the same shape
    raises   ValueError for another shape
    """
    kernel = torch.as_tensor(kernel, dtype=torch.float32)
    if kernel.shape != (SIZE, SIZE):
        shape = tuple(kernel.shape)
        raise ValueError(f"kernel must have the shape ({SIZE}, {SIZE}), got {shape}")
    return kernel


def signed(value: float) -> str:
    """A number with two digits and a proper minus."""
    return f"{value + 0:.2f}".replace("-0.00", "0.00").replace("-", "−")
