"""One palette and one matplotlib style; figures without pyplot, shown with their alt text.

Importing this module sets matplotlib's defaults, so that every figure of the course looks alike.
`DESCENT_STYLE=dark` in the environment, before the import, gives light lines on dark paper: for all
notebooks `DESCENT_STYLE=dark make lab`, for one `%env DESCENT_STYLE=dark` as its first line.
"""

import base64
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import matplotlib
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure


class Palette(NamedTuple):
    """Colours of one style: six for classes and lines, four of text and paper, three tints."""

    blue: str
    orange: str
    green: str
    purple: str
    sky: str
    gold: str
    grey: str
    ink: str
    paper: str
    faint: str
    wash: str
    pale_blue: str
    pale_orange: str


PALETTES = {
    "light": Palette(
        blue="#00528F",
        orange="#B94600",
        green="#007D55",
        purple="#D971A5",
        sky="#2D9DD4",
        gold="#C08A00",
        grey="#626A73",
        ink="#1F2933",
        paper="#FFFFFF",
        faint="#D8DEE6",
        wash="#EAF2F8",
        pale_blue="#BBD7EA",
        pale_orange="#F6CDB4",
    ),
    "dark": Palette(
        blue="#3B91E4",
        orange="#EA8638",
        green="#34BA88",
        purple="#C386C7",
        sky="#9AD4FF",
        gold="#F1D161",
        grey="#A0A8B0",
        ink="#E6EAF0",
        paper="#111111",  # of JupyterLab's dark theme
        faint="#343B43",
        wash="#1A2733",
        pale_blue="#1D3B57",
        pale_orange="#54310F",
    ),
}
"""Hues of Okabe and Ito 2008, moved until all readers can tell them apart and read them as text."""


def _chosen(name: str) -> Palette:
    if name not in PALETTES:
        raise ValueError(f"DESCENT_STYLE must be light or dark, got {name!r}; mend or unset it")
    return PALETTES[name]


_COLOURS = _chosen(os.environ.get("DESCENT_STYLE", "light"))
BLUE, ORANGE, GREEN, PURPLE, SKY, GOLD = _COLOURS[:6]
GREY, INK, PAPER, FAINT, WASH = _COLOURS[6:11]
PALE_BLUE, PALE_ORANGE = _COLOURS[11:]

CLASSES = (BLUE, ORANGE, GREEN, PURPLE, SKY, GOLD)
"""Colour of class 0, 1, 2, …: told apart by colour-blind readers too."""
MARKERS = ("o", "s", "^", "D", "v", "P")
"""Marker of class 0, 1, 2, …: never colour alone."""
LOSS, TRAIN, TEST, GRADIENT, TRUTH = INK, BLUE, ORANGE, GREEN, GREY
"""One colour a role through the whole course."""
REGIONS = LinearSegmentedColormap.from_list("regions", [PALE_BLUE, PAPER, PALE_ORANGE])
"""Background of a two-class picture: class 0 (blue) to class 1 (orange)."""
SIGNED = LinearSegmentedColormap.from_list("signed", [BLUE, PAPER, ORANGE])
"""Numbers of both signs, 0 in the middle: negative (blue) to positive (orange)."""
DEPTHS = LinearSegmentedColormap.from_list("depths", [BLUE, PAPER])
"""Numbers from low (blue) to high (paper): maps of a loss, of an error."""

DPI = 120
RC: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.facecolor": PAPER,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.prop_cycle": f"cycler(color={list(CLASSES)})",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.dpi": DPI,
    "figure.facecolor": PAPER,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "patch.edgecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
matplotlib.rcParams.update(RC)


@dataclass(frozen=True)
class Picture:
    """A drawn figure with the sentence that says what to see.

    png    bytes of the image
    alt    text for those who can't see it, also its text/plain
    width  width on the page, pixels
    """

    png: bytes
    alt: str
    width: int

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Any]]:
        data = {"image/png": base64.b64encode(self.png).decode(), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt, "width": self.width}}


def figure(size: tuple[float, float] = (6.4, 3.6)) -> Figure:
    """An empty figure that no global state keeps alive.

    size     width and height, in hundreds of pixels on the page
    returns  figure with an Agg canvas and the layout solved by matplotlib
    """
    fig = Figure(figsize=size, dpi=DPI, layout="constrained")
    FigureCanvasAgg(fig)
    return fig


def axes(
    rows: int = 1, cols: int = 1, size: tuple[float, float] = (6.4, 3.6), **options: Any
) -> tuple[Figure, Any]:
    """A figure and its axes, as `plt.subplots` gives them.

    rows, cols  grid of axes
    size        width and height, in hundreds of pixels on the page
    options     handed to `Figure.subplots`
    returns     figure, and one Axes or an array of them
    """
    fig = figure(size)
    return fig, fig.subplots(rows, cols, **options)


def show(fig: Figure, alt: str) -> Picture:
    """The figure as a picture, to end a cell with.

    fig      figure made by `axes` or `figure`
    alt      sentence that says what to see, the same from run to run
    returns  Picture
    raises   ValueError if the sentence is missing
    """
    if not alt.strip():
        raise ValueError("alt must say in a sentence what to see in the picture, got an empty text")
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=1.5 * DPI, metadata={"Software": None})
    return Picture(buffer.getvalue(), alt, round(100 * fig.get_figwidth()))


def numpy(x: torch.Tensor) -> Any:
    """The numbers of a tensor as a NumPy array, for matplotlib.

    x        tensor of any shape, device and gradient state
    returns  array of the same shape
    """
    return x.detach().cpu().numpy()


def draw_points(
    ax: Axes, x: torch.Tensor, y: torch.Tensor, names: Sequence[str] = (), **options: Any
) -> list[Any]:
    """Points in the plane, each class with its own colour and marker.

    ax       Axes
    x        float tensor (N, 2), positions
    y        tensor (N,), labels; the smallest label is class 0
    names    legend entry of each class, in the order of the labels; none draws no legend
    options  handed to `Axes.plot`
    returns  list of Line2D, one a class
    """
    style: dict[str, Any] = {"markersize": 6, "markeredgecolor": PAPER, "markeredgewidth": 0.7}
    style |= options
    lines = []
    for c, label in enumerate(y.unique().tolist()):
        points = numpy(x[y == label])
        name = names[c] if c < len(names) else None
        lines += ax.plot(
            *points.T, MARKERS[c % 6], color=CLASSES[c % 6], linestyle="", label=name, **style
        )
    if names:
        ax.legend()
    return lines
