"""Explorables of chapter 01: what strides read, what broadcasting repeats, the regression line."""

import math
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import ipywidgets as widgets
import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D
from torch import Tensor

from descent import style
from descent.data import load_blood_pressure
from descent.explore.base import STYLE, WIDE, Explorable, Handle, choice, int_slider, slider

Shape = tuple[int, ...]
READ, UNREAD = style.PALE_BLUE, style.PAPER

# ---- pictures of the lecture -------------------------------------------------------------------


def draw_image(ax: Axes, image: Tensor, title: str = "") -> AxesImage:
    """An image without ticks.

    ax       Axes
    image    tensor (H, W) or (1, H, W), grey, or (3, H, W), red, green and blue; uint8 in
             0 … 255, or float in [0, 1]
    title    what to see
    returns  AxesImage
    """
    ax.set(xticks=[], yticks=[], anchor="N")
    ax.set_title(title, fontsize=9)
    ax.grid(visible=False)
    top = 255 if image.dtype == torch.uint8 else 1
    pixels = image.movedim(0, -1).squeeze(-1) if image.ndim == 3 else image
    return ax.imshow(style.numpy(pixels), cmap="gray", vmin=0, vmax=top)


def draw_sound(ax: Axes, time: Tensor, sound: Tensor, title: str = "") -> Line2D:
    """A sound as a curve.

    ax       Axes
    time     float tensor (N,), seconds
    sound    float tensor (N,), pressure in any unit
    title    what to see
    returns  Line2D
    """
    ax.set(xlabel="time (ms)", ylabel="pressure")
    ax.set_title(title, fontsize=9)
    return ax.plot(1000 * style.numpy(time), style.numpy(sound))[0]


def tiled(images: Tensor, cols: int = 3) -> Tensor:
    """Images side by side, as one; small ones get a margin of 0, an eighth of their width.

    images   tensor (N, C, H, W)
    cols     how many stand in a row; N is a multiple of it
    returns  tensor (C, N / cols · H, cols · W), H and W with the margins
    """
    images = torch.nn.functional.pad(images, 4 * (images.shape[-1] // 8,))
    rows = [torch.cat(list(row), dim=2) for row in images.split(cols)]
    return torch.cat(rows, dim=1)


# ---- storage and strides -----------------------------------------------------------------------

X = torch.tensor([[1, 3, 0], [2, 4, 6]])
Z = torch.tensor([[[1, 2, 1], [2, 1, 2]], [[3, 0, 3], [0, 3, 0]]])
OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "x": lambda x, z: x,
    "x.t()": lambda x, z: x.t(),
    "x.view(3, 2)": lambda x, z: x.view(3, 2),
    "x[1]": lambda x, z: x[1],
    "x[:, 1]": lambda x, z: x[:, 1],
    "x[:, ::2]": lambda x, z: x[:, ::2],
    "x.narrow(1, 1, 2)": lambda x, z: x.narrow(1, 1, 2),
    "x[:, :1].expand(2, 4)": lambda x, z: x[:, :1].expand(2, 4),
    "x.t().reshape(6)": lambda x, z: x.t().reshape(6),
    "z": lambda x, z: z,
    "z.view(2, 6)": lambda x, z: z.view(2, 6),
    "z[:, 1]": lambda x, z: z[:, 1],
    "z.narrow(2, 0, 2)": lambda x, z: z.narrow(2, 0, 2),
    "z.transpose(0, 1)": lambda x, z: z.transpose(0, 1),
    "z.transpose(0, 2)": lambda x, z: z.transpose(0, 2),
    "z.permute(2, 0, 1)": lambda x, z: z.permute(2, 0, 1),
}
"""Code -> the operation, on the two arrays of the chapter."""
RESULT, GAP = -1.5, 0.6
"""Height of the result below the storage, and space between its slices, in boxes."""


def stored_numbers(x: Tensor) -> Tensor:
    """Everything in the storage of a tensor, in the order of the memory.

    x        tensor of any shape
    returns  tensor (S,), a view of the same storage; S counts numbers that x doesn't read, too
    """
    count = x.untyped_storage().nbytes() // x.itemsize
    return x.as_strided((count,), (1,), 0)


def storage_positions(shape: Sequence[int], stride: Sequence[int], offset: int) -> Tensor:
    """Place in the storage that each entry reads: offset + Σ index · stride.

    shape    size of each axis
    stride   step in the storage along each axis, in numbers, as many as sizes
    offset   place of the first entry
    returns  int64 tensor of that shape
    """
    positions = torch.tensor(offset)
    for size, step in zip(shape, stride, strict=True):
        positions = positions.unsqueeze(-1) + step * torch.arange(size)
    return positions


@dataclass(frozen=True)
class Reading:
    """What an operation reads from the storage.

    code       the operation, as a learner writes it
    values     its result, of any shape
    positions  int64 tensor of the same shape, place of each entry in the storage
    stored     tensor (S,), the storage
    copied     whether the result has a storage of its own
    index      the entry that is followed
    """

    code: str
    values: Tensor
    positions: Tensor
    stored: Tensor
    copied: bool
    index: Shape

    @property
    def place(self) -> int:
        """Place in the storage that the followed entry reads."""
        return int(self.positions[self.index])

    @property
    def sum(self) -> str:
        """How that place is computed, as text."""
        steps = [f"{i}·{s}" for i, s in zip(self.index, self.values.stride(), strict=True)]
        return " + ".join([str(self.values.storage_offset()), *steps])


def read(code: str, entry: int) -> Reading:
    """Follow one entry of an operation's result into the storage.

    code     one of `OPERATIONS`
    entry    number of the entry, row after row; those beyond the end follow the last
    returns  Reading
    """
    values = OPERATIONS[code](X, Z)
    positions = storage_positions(values.shape, values.stride(), int(values.storage_offset()))
    source = X if code.startswith("x") else Z
    copied = values.untyped_storage().data_ptr() != source.untyped_storage().data_ptr()
    index = unravel(min(entry, values.numel() - 1), tuple(values.shape))
    return Reading(code, values, positions, stored_numbers(values), copied, index)


def unravel(entry: int, shape: Shape) -> Shape:
    """Index of the entry with this number, row after row.

    entry    0 … numel − 1
    shape    sizes of the tensor
    returns  as many numbers as the shape has axes
    """
    index: list[int] = []
    for size in reversed(shape):
        entry, i = divmod(entry, size)
        index.insert(0, i)
    return tuple(index)


def _word(ax: Axes, x: float, y: float, align: Any) -> Text:
    return ax.text(x, y, "", ha=align, va="center", fontsize=10)


def _listed(index: Shape) -> str:
    return ", ".join(map(str, index))


class Words:
    """Short texts in many places, drawn as one artist: a Text each would cost 0.3 ms."""

    def __init__(self, ax: Axes, size: float = 10) -> None:
        pixels = Affine2D().scale(size / 10 * style.DPI / 72)
        self.artist = PathCollection(
            [], offset_transform=ax.transData, color=style.INK, lw=0, zorder=3
        )
        self.artist.set_transform(pixels)
        ax.add_collection(self.artist)

    def put(self, centres: Tensor, words: Sequence[object]) -> None:
        """Show these texts at these places.

        centres  float tensor (N, 2)
        words    (N,), what to write there
        """
        self.artist.set_paths([outline(f"{word}".replace("-", "−")) for word in words])
        self.artist.set_offsets(style.numpy(centres))


@lru_cache(maxsize=512)
def outline(word: str) -> Path:
    """The outline of a word of 10 points, its middle at the origin."""
    path = TextPath((0, 0), word, size=10)
    box = path.get_extents()
    return Affine2D().translate(-(box.x0 + box.x1) / 2, -3.6).transform_path(path)


class Cells:
    """Numbers in boxes of side 1, drawn again and again by the same artists."""

    def __init__(self, ax: Axes, size: float = 10) -> None:
        self.boxes = PolyCollection([], edgecolors=style.GREY, linewidths=1)
        ax.add_collection(self.boxes)
        self.words = Words(ax, size)
        self.artists = (self.boxes, self.words.artist)

    def put(self, corners: Tensor, numbers: Sequence[float], faces: Sequence[str]) -> None:
        """Show these numbers in these places.

        corners  float tensor (N, 2), lower left corner of each box
        numbers  (N,), what to write into each box
        faces    (N,), its colour
        """
        self.boxes.set_verts(style.numpy(squares(corners)))
        self.boxes.set_facecolor(list(faces))
        self.words.put(corners + 0.5, numbers)


def squares(corners: Tensor, sides: Tensor | None = None) -> Tensor:
    """Corners of squares, for drawing.

    corners  float tensor (N, 2), one corner of each
    sides    float tensor (N, 2), signed width and height of each, by default 1
    returns  float tensor (N, 4, 2)
    """
    unit = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], dtype=corners.dtype)
    sides = torch.ones_like(corners) if sides is None else sides
    return corners[:, None] + unit * sides[:, None]


def cell_corners(shape: Sequence[int], down: bool = False) -> Tensor:
    """Where the entries of a tensor are drawn: rows go down, slices of more axes stand apart.

    shape    at most 3 axes; fewer are filled up with ones from the left
    down     whether slices follow each other downwards rather than to the right
    returns  float tensor (numel, 2), lower left corner of each box of side 1, at (0, -1) the first
    """
    slices, rows, cols = (1,) * (3 - len(shape)) + tuple(shape)
    s, r, c = torch.meshgrid(*map(torch.arange, (slices, rows, cols)), indexing="ij")
    right, low = (c, r + s * (rows + 0.4)) if down else (c + s * (cols + GAP), r)
    return torch.stack([right.flatten(), -1.0 - low.flatten()], dim=1)


def result_corner(result: Reading) -> Tensor:
    """Where the followed entry is drawn: float tensor (2,), lower left corner."""
    shape = result.values.shape
    return cell_corners(shape).view(*shape, 2)[result.index] + torch.tensor([0.0, RESULT])


class StorageAndStrides(Explorable):
    """An operation's result, entry by entry, over the stored numbers that it reads."""

    title = "Shape, stride and offset choose what is read"
    size = (7.4, 3.9)
    question = "What is the stride of <code>x[:, :1].expand(2, 4)</code>?"
    choices = ("(4, 1)", "(3, 1)", "(3, 0)", "(1, 3)")

    def controls(self) -> dict[str, Any]:
        """The operation, and the entry to follow."""
        last = X.numel() - 1
        return {
            "code": choice("operation", list(OPERATIONS), "x.t()"),
            "entry": int_slider("entry of the result", 0, last, 3),
        }

    def compute(self, **params: Any) -> Reading:
        """What the operation reads, and the followed entry."""
        return read(**params)

    def limits(self, result: Reading) -> dict[str, int]:
        """No more entries than the result has."""
        return {"entry": result.values.numel() - 1}

    def build(self, fig: Any, result: Reading) -> None:
        """Boxes of the storage above, of the result below, and a line between them."""
        ax = fig.subplots()
        ax.set(xlim=(-3.2, 12.2), ylim=(-5.5, 3.3), aspect="equal")
        ax.set_title(self.title, y=1.0)
        ax.axis("off")
        for y, words in ((2.1, "times read"), (1.4, "place"), (0.5, "storage"), (-2.0, "result")):
            _word(ax, -3.1, y, "left").set_text(words)
        self.stored, self.entries = Cells(ax), Cells(ax)
        self.places, self.times, self.slices = Words(ax), Words(ax), Words(ax)
        self.head, self.said = _word(ax, -3.1, 3.0, "left"), _word(ax, -3.1, -5.2, "left")
        self.head.set_fontsize(11)
        (self.path,) = ax.plot([], [], color=style.ORANGE, lw=2, zorder=0.9)
        self.marks = PolyCollection([], facecolors="none", edgecolors=style.ORANGE, linewidths=3)
        ax.add_collection(self.marks)
        self.moving(*self.stored.artists, *self.entries.artists, self.head, self.said)
        self.moving(*(words.artist for words in (self.places, self.times, self.slices)))
        self.moving(self.path, self.marks)

    def update(self, result: Reading) -> None:
        """Boxes follow the operation; the line and the sum under it follow the entry."""
        self._update_storage(result)
        self._update_entries(result)
        ends = torch.stack([torch.tensor([float(result.place), 0.0]), result_corner(result)])
        self.marks.set_verts(style.numpy(squares(ends)))
        self.path.set_data(*style.numpy(ends.T + 0.5))
        self.said.set_text(
            f"entry [{_listed(result.index)}] is read at offset + Σ index·stride = {result.sum} "
            f"= {result.place}"
        )

    def _update_storage(self, result: Reading) -> None:
        used = result.positions.flatten().bincount(minlength=len(result.stored)).tolist()
        corners = torch.stack([torch.arange(len(used)), torch.zeros(len(used))], dim=1)
        self.stored.put(corners, result.stored.tolist(), [READ if n else UNREAD for n in used])
        self.places.put(corners + torch.tensor([0.5, 1.4]), range(len(used)))
        self.times.put(corners + torch.tensor([0.5, 2.1]), [f"{n}×" for n in used])

    def _update_entries(self, result: Reading) -> None:
        x = result.values
        corners = cell_corners(x.shape) + torch.tensor([0.0, RESULT])
        self.entries.put(corners, x.flatten().tolist(), [READ] * x.numel())
        slices = torch.arange(len(x) if x.ndim == 3 else 0)
        middle = slices * (x.shape[-1] + GAP) + x.shape[-1] / 2
        below = torch.full_like(middle, RESULT - 0.4 - (x.shape[-2] if x.ndim == 3 else 0))
        names = [f"[{k}]" for k in slices.tolist()]
        self.slices.put(torch.stack([middle, below], dim=1), names)
        self.head.set_text(
            f"{result.code}   shape {tuple(x.shape)}   stride {x.stride()}   "
            f"offset {x.storage_offset()}   {'a copy' if result.copied else 'the same storage'}"
        )

    def describe(self, result: Reading) -> str:
        """Shape, stride, offset, and where the followed entry is."""
        x, whose = result.values, "a copy" if result.copied else "a view, nothing is copied"
        return (
            f"{result.code} is {whose}: shape {tuple(x.shape)}, stride {x.stride()}, offset "
            f"{x.storage_offset()}. Entry [{_listed(result.index)}] reads place {result.sum} = "
            f"{result.place} of the storage, where {int(x[result.index])} is."
        )

    def truth(self) -> str:
        """The stride asked for, from the tensor itself."""
        return str(read("x[:, :1].expand(2, 4)", 0).values.stride())


# ---- broadcasting ------------------------------------------------------------------------------

MOST_AXES, MOST_SIZE = 5, 999
MOST_COLS, MOST_ROWS = 6, 7
SHAPES = ("4, 1", "1, 5", "5", "4, 5", "3, 4", "2, 1, 4", "3, 1", "2, 3, 1")
"""Suggestions beside the fields; any other shape may be typed."""


def parse_shape(text: str) -> Shape:
    """The shape that a learner typed.

    text     whole numbers with commas, blanks or × between, with or without brackets; none is ()
    returns  sizes
    raises   ValueError that says what a shape looks like
    """
    words = [w for w in re.split(r"[\s,×x()\[\]]+", text) if w]
    if not all(re.fullmatch("[0-9]{1,3}", w) for w in words):
        raise ValueError(
            f"“{text}” is not a shape: write whole numbers from 0 to {MOST_SIZE} "
            "with commas between, such as 4, 1"
        )
    if len(words) > MOST_AXES:
        raise ValueError(f"“{text}” has {len(words)} axes: write at most {MOST_AXES}")
    return tuple(map(int, words))


@dataclass(frozen=True)
class Axis:
    """One axis of two shapes that are written flush right.

    place  counted from the end, −1 is the last
    a, b   sizes along it; 1 where a shape has no such axis (the first rule)
    """

    place: int
    a: int
    b: int

    @property
    def size(self) -> int | None:
        """Size of the result, None if there is none (the second rule)."""
        if self.a == self.b or self.b == 1:
            return self.a
        return self.b if self.a == 1 else None

    @property
    def verdict(self) -> str:
        """What happens along the axis."""
        if self.size is None:
            return "no fit"
        if self.a == self.b:
            return "equal"
        return f"a {self.b}×" if self.a == 1 else f"b {self.a}×"


def aligned(a: Shape, b: Shape) -> list[Axis]:
    """The axes of two shapes written flush right, the shorter one filled up with ones.

    a, b     shapes
    returns  the leftmost axis first
    """
    n = max(len(a), len(b))
    pairs = zip((1,) * (n - len(a)) + a, (1,) * (n - len(b)) + b, strict=True)
    return [Axis(place, *pair) for place, pair in enumerate(pairs, -n)]


@dataclass(frozen=True)
class Expansion:
    """Two shapes and what broadcasting makes of them.

    a, b    shapes; () where the text is none
    axes    of both, flush right
    shape   of a + b, () where there is none
    entry   the followed entry of a + b, row after row
    error   why there is no result, "" if there is one
    """

    a: Shape
    b: Shape
    axes: Sequence[Axis]
    shape: Shape
    entry: int
    error: str

    @property
    def index(self) -> Shape:
        """The followed entry."""
        return unravel(self.entry, self.shape)

    @property
    def why_blank(self) -> str:
        """Why the entries are not drawn, where there is a result."""
        if math.prod(self.shape):
            return f"there is room for 3 axes, {MOST_ROWS} rows and {MOST_COLS} columns"
        return "there are none"

    @property
    def is_drawn(self) -> bool:
        """Whether there is a result, of so few entries that each can be drawn."""
        cols, rows = math.prod(self.shape[-1:]), math.prod(self.shape[:-1])
        fits = len(self.shape) <= 3 and cols <= MOST_COLS and rows <= MOST_ROWS
        return not self.error and fits and rows * cols > 0


def broadcast(a: str, b: str, entry: int = 0) -> Expansion:
    """Apply the two rules to two typed shapes, and follow one entry of the sum.

    a, b     shapes as typed
    entry    number of the entry; those beyond the end follow the last
    returns  Expansion; what is wrong with the shapes stands in its `error`
    """
    try:
        left, right = parse_shape(a), parse_shape(b)
    except ValueError as error:
        return Expansion((), (), (), (), 0, str(error))
    axes = aligned(left, right)
    shape = tuple(axis.size for axis in axes if axis.size is not None)
    if len(shape) < len(axes):
        return Expansion(left, right, axes, (), 0, mismatch(left, right))
    return Expansion(left, right, axes, shape, max(min(entry, math.prod(shape) - 1), 0), "")


def mismatch(a: Shape, b: Shape) -> str:
    """Why two shapes don't fit: the last axis where they clash, which PyTorch reports, too.

    a, b     shapes that can't be broadcast
    returns  text
    """
    axis = [x for x in aligned(a, b) if x.size is None][-1]
    return (
        f"{a} and {b} do not fit: along axis −{-axis.place} the sizes are {axis.a} and {axis.b}, "
        "which differ, and neither is 1"
    )


def own_index(index: Shape, shape: Shape) -> Shape:
    """The entry of an operand that an entry of the result reads.

    index    in the result
    shape    of the operand
    returns  without the axes that the operand hasn't; 0 along those of size 1
    """
    last = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else i for i, size in zip(last, shape, strict=True))


def first_operand(shape: Shape) -> Tensor:
    """1, 2, 3, … in this shape."""
    return torch.arange(1, math.prod(shape) + 1).view(shape)


def second_operand(shape: Shape) -> Tensor:
    """5, −5, 5, … in this shape."""
    return (5 - 10 * (torch.arange(math.prod(shape)) % 2)).view(shape)


def repeats(shape: Shape, result: Shape) -> Tensor:
    """Which entries of the expanded operand only repeat another one.

    shape    of the operand
    result   shape that it is expanded to
    returns  bool tensor of the result's shape
    """
    mask = torch.ones(result, dtype=torch.bool)
    mask[(0,) * (len(result) - len(shape)) + tuple(map(slice, shape))] = False
    return mask


class Broadcasting(Explorable):
    """Two typed shapes, the rules applied axis by axis, and the sum of two such tensors."""

    title = "Broadcasting: along each axis the sizes are equal, or one of them is 1"
    size = (7.4, 5.2)
    question = "<code>a</code> has the shape (2, 1, 4), <code>b</code> (3, 1). And a + b?"
    choices = ("(2, 3, 4)", "(3, 1, 4)", "(2, 1, 4)", "an error")

    def controls(self) -> dict[str, Any]:
        """Two texts, and the entry to follow."""
        options: dict[str, Any] = {"options": SHAPES, "style": STYLE, "layout": WIDE}
        return {
            "a": widgets.Combobox(value="4, 1", description="shape of a", **options),
            "b": widgets.Combobox(value="1, 5", description="shape of b", **options),
            "entry": int_slider("entry of a + b", 0, 19, 13),
        }

    def compute(self, **params: Any) -> Expansion:
        """What the rules make of the two texts."""
        return broadcast(**params)

    def limits(self, result: Expansion) -> dict[str, int]:
        """No more entries than are drawn; the same as before while nothing is."""
        return {"entry": math.prod(result.shape) - 1} if result.is_drawn else {}

    def build(self, fig: Any, result: Expansion) -> None:
        """The table of axes above, the two expanded operands and their sum below."""
        ax = fig.subplots()
        ax.set(xlim=(-0.3, 20.7), ylim=(-15.4, 0.0), aspect="equal")
        ax.set_title(self.title, y=1.0)
        ax.axis("off")
        self.table = Words(ax)
        self.names = [_word(ax, 7.2 * block, -7.3, "left") for block in range(3)]
        self.blocks = [Cells(ax, 9) for _ in self.names]
        self.hatches = PolyCollection([], facecolors="none", edgecolors=style.FAINT, hatch="////")
        self.marks = PolyCollection([], facecolors="none", edgecolors=style.ORANGE, linewidths=3)
        ax.add_collection(self.hatches)
        ax.add_collection(self.marks)
        self.said = _word(ax, 0, -6, "left")
        self.moving(self.marks, self.said)
        self.shown: Expansion | None = None

    def update(self, result: Expansion) -> None:
        """Table and boxes follow the shapes; the frames and the sum follow the entry."""
        if self.shown is None or replace(result, entry=0) != self.shown:
            self.shown = replace(result, entry=0)
            self._update_table(result)
            self._update_blocks(result)
            self.redraw()
        self.said.set_text("\n".join(textwrap.wrap(self._said(result), 84)))
        entry = slice(result.entry, result.entry + result.is_drawn)
        ends = [self._corners(block, result)[entry] for block in range(3)]
        self.marks.set_verts(style.numpy(squares(torch.cat(ends))))

    def _update_table(self, result: Expansion) -> None:
        words = [(col, row, w) for row, ws in enumerate(table(result)) for col, w in enumerate(ws)]
        places = torch.tensor([[1 + 3 * col, -0.7 - row] for col, row, _ in words])
        self.table.put(places, [word for *_, word in words])

    def _update_blocks(self, result: Expansion) -> None:
        hatched = []
        for k, (name, values, copies) in enumerate(blocks(result)):
            corners, flags = self._corners(k, result)[: values.numel()], copies.flatten()
            faces = [UNREAD if copy else READ for copy in flags.tolist()]
            self.blocks[k].put(corners, values.flatten().tolist(), faces)
            self.names[k].set_text(name)
            hatched.append(corners[flags])
        self.hatches.set_verts(style.numpy(squares(torch.cat(hatched))))

    def _corners(self, block: int, result: Expansion) -> Tensor:
        shape = result.shape if result.is_drawn else ()
        return cell_corners(shape, down=True) + torch.tensor([7.2 * block, -7.8])

    def _said(self, result: Expansion) -> str:
        if result.error:
            return f"Error: {result.error}."
        blank = f"Its entries are not drawn: {result.why_blank}."
        return followed_sum(result) if result.is_drawn else blank

    def describe(self, result: Expansion) -> str:
        """The shape of the sum, who is repeated, and the followed entry; or what is wrong."""
        if result.error:
            return f"a + b is an error: {result.error}."
        how = [f"{x.verdict} along axis −{-x.place}" for x in result.axes if x.a != x.b]
        repeated = f", by repeating {', '.join(how)}" if how else ", and nothing is repeated"
        return f"{result.a} + {result.b} gives {result.shape}{repeated}. {self._said(result)}"

    def truth(self) -> str:
        """The shape asked for, by the rules."""
        result = broadcast("2, 1, 4", "3, 1")
        return "an error" if result.error else str(result.shape)


def table(result: Expansion) -> list[list[str]]:
    """Words of the picture's table: axes, a, b, a + b, and what happens along each axis.

    returns  5 rows of words, the first of each its heading
    """
    rows = {
        "axis": [str(axis.place) for axis in result.axes],
        "a": [_size(axis.a, axis.place, result.a) for axis in result.axes],
        "b": [_size(axis.b, axis.place, result.b) for axis in result.axes],
        "a + b": ["✗" if axis.size is None else str(axis.size) for axis in result.axes],
        "repeat": [axis.verdict for axis in result.axes],
    }
    return [[name, *row] for name, row in rows.items()]


def _size(size: int, place: int, shape: Shape) -> str:
    """The size, in brackets where the first rule has added it."""
    return f"{size}" if -place <= len(shape) else f"({size})"


def blocks(result: Expansion) -> list[tuple[str, Tensor, Tensor]]:
    """Heading, entries and repeated ones of a, b and a + b; empty where nothing is drawn."""
    if not result.is_drawn:
        return [("", torch.empty(0), torch.empty(0, dtype=torch.bool))] * 3
    a, b = (f(s) for f, s in ((first_operand, result.a), (second_operand, result.b)))
    return [
        (f"a, read as {result.shape}", a.expand(result.shape), repeats(result.a, result.shape)),
        (f"+  b, read as {result.shape}", b.expand(result.shape), repeats(result.b, result.shape)),
        ("=  a + b", a + b, torch.zeros(result.shape, dtype=torch.bool)),
    ]


def followed_sum(result: Expansion) -> str:
    """The followed entry of a + b as the sum of the two entries that it reads."""
    i, j = own_index(result.index, result.a), own_index(result.index, result.b)
    a, b = int(first_operand(result.a)[i]), int(second_operand(result.b)[j])
    total = f"{a} {'−' if b < 0 else '+'} {abs(b)} = {a + b}".replace("-", "−")
    return f"(a + b){_at(result.index)} = a{_at(i)} + b{_at(j)} = {total}"


def _at(index: Shape) -> str:
    return f"[{_listed(index)}]" if index else ""


# ---- the regression line -----------------------------------------------------------------------

SLOPES, INTERCEPTS = (0.0, 2.0), (50.0, 150.0)
AGES, PRESSURES = (5.0, 75.0), (45.0, 230.0)
SHOWN_SLOPES, SHOWN_INTERCEPTS = (-0.08, 2.08), (46.0, 154.0)
"""Limits of the surface: wider than the sliders, so that the point is drawn whole."""
MIDDLE_AGE, HIGH_AGE = 40.0, 70.0
"""Where the line is taken hold of, years."""
LEVELS = (1.02, 1.1, 1.3, 2, 4, 8, 16, 32)
"""Contours of the mean squared error, as multiples of the least."""
LABELLED = 500.0
"""Contours from here on have a label, mmHg²: the inner ones are too small for one."""


@lru_cache(maxsize=2)
def people(outlier: bool = True) -> tuple[Tensor, Tensor]:
    """Age and systolic blood pressure of the 30 people, or of the 29 without the outlier.

    outlier  whether (47 years, 220 mmHg) belongs to them
    returns  float64 tensors (N,), years and mmHg
    source   Kleinbaum, Kupper & Muller, Applied Regression Analysis
    """
    age, pressure = (column.double() for column in load_blood_pressure())
    kept = (age != 47) | (pressure != 220) | outlier
    return age[kept], pressure[kept]


@lru_cache(maxsize=2)
def best_line(outlier: bool = True) -> tuple[float, float]:
    """Slope and intercept of least squares.

    outlier  whether the outlier belongs to the people
    returns  mmHg/year, mmHg
    """
    age, pressure = people(outlier)
    columns = torch.stack([age, torch.ones_like(age)], dim=1)
    slope, intercept = torch.linalg.lstsq(columns, pressure[:, None]).solution.flatten().tolist()
    return slope, intercept


def mean_squared_error(slope: Tensor, intercept: Tensor, outlier: bool = True) -> Tensor:
    """Mean over the people of the squared residual.

    slope      tensor, mmHg/year
    intercept  tensor that fits to it, mmHg
    outlier    whether the outlier belongs to the people
    returns    float64 tensor of the shape of slope + intercept, mmHg²
    """
    age, pressure = people(outlier)
    line = slope.double().unsqueeze(-1) * age + intercept.double().unsqueeze(-1)
    return (pressure - line).square().mean(dim=-1)


@dataclass(frozen=True)
class Line:
    """A line through the blood pressures, and how far from them it is.

    slope      mmHg/year
    intercept  mmHg
    outlier    whether the outlier counts
    error      mean squared error of the line, mmHg²
    least      that of the best line, mmHg²
    """

    slope: float
    intercept: float
    outlier: bool
    error: float
    least: float

    @property
    def excess(self) -> float:
        """How far above the least the error is, percent."""
        return 100 * (self.error / self.least - 1)


def judged_line(slope: float, intercept: float, outlier: bool) -> Line:
    """A line with its error, and the least one.

    slope      mmHg/year
    intercept  mmHg
    outlier    whether the outlier counts
    returns    Line
    """
    lines = torch.tensor([[slope, intercept], best_line(outlier)], dtype=torch.float64)
    error, least = mean_squared_error(lines[:, 0], lines[:, 1], outlier).tolist()
    return Line(slope, intercept, outlier, error, least)


def residual_squares(line: Line) -> Tensor:
    """The square on each residual, away from the line; as wide as high in a square picture.

    line     the line
    returns  float64 tensor (N, 4, 2), corners in years and mmHg
    """
    age, pressure = people(line.outlier)
    residual = line.slope * age + line.intercept - pressure
    years = (AGES[1] - AGES[0]) / (PRESSURES[1] - PRESSURES[0])
    corners = torch.stack([age, pressure], dim=1)
    return squares(corners, torch.stack([residual * years, residual], dim=1))


class RegressionLine(Explorable):
    """A line to move through the blood pressures, beside the surface of its mean squared error."""

    title = "The error is the mean area of the squares"
    size = (7.8, 4.4)
    question = (
        "One of 30 people, at (47, 220), is far above all others. Without this outlier, by how "
        "much does the best slope change?"
    )
    choices = ("less than 5 %", "5 to 20 %", "more than 20 %")

    def controls(self) -> dict[str, Any]:
        """Slope, intercept, and whether the outlier counts."""
        return {
            "slope": slider("slope (mmHg/year)", *SLOPES, 0.5, 0.01),
            "intercept": slider("intercept (mmHg)", *INTERCEPTS, 110, 0.5, readout_format=".1f"),
            "outlier": widgets.Checkbox(
                True, description="count the outlier (47, 220)", style=STYLE, layout=WIDE
            ),
        }

    def compute(self, **params: Any) -> Line:
        """The error of this line, and the least."""
        return judged_line(**params)

    def build(self, fig: Any, result: Line) -> None:
        """Points, line and squares on the left, the error over slope and intercept on the right."""
        left, right = fig.subplots(1, 2)
        self._build_points(left)
        self._build_surface(right)
        self.shown: bool | None = None

    def _build_points(self, ax: Axes) -> None:
        self.points = ax
        ax.set(xlim=AGES, ylim=PRESSURES, box_aspect=1)
        ax.set(xlabel="age (years)", ylabel="systolic blood pressure (mmHg)")
        ax.set_title(self.title, fontsize=10)
        look: dict[str, Any] = {"mec": style.PAPER, "mew": 0.7, "zorder": 3}
        (points,) = ax.plot(*map(style.numpy, people(False)), "o", color=style.INK, ms=5, **look)
        (self.outlier,) = ax.plot(47, 220, "D", color=style.ORANGE, ms=7, zorder=3)
        name = ax.text(49.5, 219, "outlier", va="center", zorder=3)
        name.set_bbox({"fc": style.PAPER, "ec": "none", "alpha": 0.7, "pad": 1})
        (self.line,) = ax.plot([], [], color=style.BLUE, zorder=2)
        self.squares = PolyCollection([], facecolors=style.SKY, edgecolors=style.BLUE, alpha=0.2)
        ax.add_collection(self.squares)
        self.moving(self.squares, self.line, points, self.outlier, name)

    def _build_surface(self, ax: Axes) -> None:
        ax.set(xlim=SHOWN_INTERCEPTS, ylim=SHOWN_SLOPES, box_aspect=1, yticks=(0, 0.5, 1, 1.5, 2))
        ax.set(xlabel="intercept (mmHg)", ylabel="slope (mmHg/year)")
        ax.set_title("Mean squared error (mmHg²)", fontsize=10)
        self.surfaces = {outlier: draw_surface(ax, outlier) for outlier in (True, False)}
        look: dict[str, Any] = {"mec": style.PAPER, "mew": 0.7, "linestyle": ""}
        (self.here,) = ax.plot([], [], "o", color=style.BLUE, ms=13, label="0", **look)
        (self.least,) = ax.plot([], [], "X", color=style.ORANGE, ms=8, label="0", **look)
        below: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.15)}
        self.said = ax.legend(ncols=2, **below)
        self.moving(self.here, self.least, self.said)
        self.changing(ax)
        self.surface = ax

    def handles(self) -> list[Handle]:
        """The line at a middle and at a high age, and as a point of the surface."""

        def height(age: float) -> Callable[[Line], tuple[float, float]]:
            return lambda line: (age, line.slope * age + line.intercept)

        def lifted(line: Line, _: float, y: float) -> dict[str, float]:
            return {"intercept": y - MIDDLE_AGE * line.slope}

        def turned(line: Line, _: float, y: float) -> dict[str, float]:
            return {"slope": (y - line.intercept) / HIGH_AGE}

        both = ("intercept", "slope")
        return [
            Handle("line, up and down", self.points, height(MIDDLE_AGE), "", "intercept", lifted),
            Handle("line, steeper", self.points, height(HIGH_AGE), "", "slope", turned),
            Handle("slope and intercept", self.surface, lambda r: (r.intercept, r.slope), *both),
        ]

    def update(self, result: Line) -> None:
        """Move line, squares and point; change the surface when the outlier comes or goes."""
        if result.outlier != self.shown:
            self.shown = result.outlier
            self.outlier.set_markerfacecolor(style.ORANGE if result.outlier else style.PAPER)
            for outlier, artists in self.surfaces.items():
                for artist in artists:
                    artist.set_visible(outlier == result.outlier)
            self.redraw()
        ends = torch.tensor(AGES)
        self.line.set_data(AGES, style.numpy(result.slope * ends + result.intercept))
        self.squares.set_verts(style.numpy(residual_squares(result)))
        self.here.set_data([result.intercept], [result.slope])
        slope, intercept = best_line(result.outlier)
        self.least.set_data([intercept], [slope])
        this, least = self.said.get_texts()
        this.set_text(f"this line: {result.error:.1f}")
        least.set_text(f"least: {result.least:.1f}")

    def describe(self, result: Line) -> str:
        """The line's error beside the least, and the line that reaches it."""
        slope, intercept = best_line(result.outlier)
        who = "all 30 people" if result.outlier else "the 29 people without the outlier"
        return (
            f"Slope {result.slope:.2f} mmHg/year and intercept {result.intercept:.1f} mmHg: mean "
            f"squared error {result.error:.1f} mmHg², {result.excess:.1f} % above the least, "
            f"{result.least:.1f}, which slope {slope:.5f} and intercept {intercept:.4f} reach for "
            f"{who}."
        )

    def truth(self) -> str:
        """How much the best slope changes, from the two fits."""
        with_it, without = best_line(True)[0], best_line(False)[0]
        change = 100 * abs(without / with_it - 1)
        return self.choices[0 if change < 5 else 1 if change <= 20 else 2]


def draw_surface(ax: Axes, outlier: bool) -> list[Artist]:
    """Contours of the mean squared error over intercept and slope.

    ax       Axes
    outlier  whether the outlier counts
    returns  artists, to show or hide together
    """
    slopes, intercepts = (torch.linspace(*ends, 121) for ends in (SHOWN_SLOPES, SHOWN_INTERCEPTS))
    error = style.numpy(mean_squared_error(slopes[:, None], intercepts, outlier))
    levels = [level * judged_line(0, 0, outlier).least for level in LEVELS]
    grid = (style.numpy(intercepts), style.numpy(slopes), error)
    lines = ax.contour(*grid, levels=levels, colors=style.GREY, linewidths=1)
    labelled = [level for level in levels if level > LABELLED]
    return [lines, *ax.clabel(lines, labelled, fmt="%.0f", fontsize=8)]
