"""Pictures for 00_start_here: seventy years of neural networks, drawn and computed."""

from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle
from matplotlib.path import Path as Outline
from matplotlib.text import Text
from matplotlib.textpath import TextPath
from torch import Tensor

from descent import style
from descent.explore import base
from descent.explore.gates import Place, draw_arrow

# ---- facts ---------------------------------------------------------------------------------------


class Event(NamedTuple):
    """Something that happened.

    year    when it was published
    label   a word or two for the picture
    what    sentence without a full stop
    """

    year: int
    label: str
    what: str


class Collection(NamedTuple):
    """A data set of images.

    name     of the data set
    year     when it was published
    images   how many it holds in the end
    """

    name: str
    year: int
    images: float


class Entry(NamedTuple):
    """A classifier in the ImageNet challenge.

    year    of the challenge
    name    of the team or its network
    error   top-5 error on the test images, per cent
    deep    whether it is a deep network
    """

    year: int
    name: str
    error: float
    deep: bool = True


EVENTS = (
    Event(1943, "threshold unit", "McCulloch and Pitts describe a nerve cell as a logical unit"),
    Event(1949, "Hebb’s rule", "Hebb: connections that are used together grow stronger"),
    Event(1951, "40 neurons", "Minsky builds the first artificial neural network, of 40 neurons"),
    Event(1957, "perceptron", "Rosenblatt’s perceptron learns from 20 × 20 photocells"),
    Event(1959, "visual cortex", "Hubel and Wiesel find nerve cells that answer to one direction"),
    Event(1980, "neocognitron", "Fukushima’s neocognitron stacks layers of such cells"),
    Event(1982, "back-propagation", "Werbos applies back-propagation to neural networks"),
    Event(1986, "Rumelhart", "Rumelhart, Hinton and Williams learn features by back-propagation"),
    Event(1998, "LeNet-5", "LeNet-5 reads handwritten digits"),
    Event(2012, "AlexNet", "AlexNet wins the ImageNet challenge"),
    Event(2015, "GoogLeNet, ResNet", "GoogLeNet and ResNet go deeper still"),
)

COLLECTIONS = (
    Collection("MNIST", 1998, 6.0e4),
    Collection("NORB", 2004, 4.8e4),
    Collection("Caltech-101", 2004, 9.1e3),
    Collection("Caltech-256", 2007, 3.0e4),
    Collection("LFW", 2007, 1.3e4),
    Collection("CIFAR10", 2009, 6.0e4),
    Collection("ImageNet", 2009, 14.2e6),
    Collection("PASCAL VOC", 2012, 2.1e4),
    Collection("MS-COCO", 2014, 2.0e5),
    Collection("Cityscapes", 2016, 2.5e4),
)
"""Sizes as listed in F. Fleuret's course notes; years of the papers."""

ENTRIES = (
    Entry(2010, "NEC", 28.2, deep=False),
    Entry(2011, "XRCE", 25.8, deep=False),
    Entry(2012, "AlexNet", 15.3),
    Entry(2013, "Clarifai", 11.7),
    Entry(2014, "VGG", 7.32),
    Entry(2014, "GoogLeNet", 6.66),
    Entry(2015, "PReLU-net", 4.94),
    Entry(2015, "BN-Inception", 4.82),
    Entry(2015, "ResNet", 3.57),
)
"""2010, 2011, 2013: Russakovsky et al. 2015; 2012: Krizhevsky et al.; later: He et al. 2016."""

HUMAN = 5.1
"""Top-5 error of a person who practised, per cent (Russakovsky et al. 2015)."""

# ---- compute -------------------------------------------------------------------------------------


def photocells(letter: str, side: int = 20) -> Tensor:
    """What a square of photocells sees of a black letter.

    letter   one character
    side     cells a side
    returns  bool tensor (side, side), True where the cell's centre is dark; row 0 is on top
    """
    outline = TextPath((0, 0), letter, size=100)
    low, high = outline.vertices.min(axis=0), outline.vertices.max(axis=0)
    half = 0.62 * float((high - low).max())
    across = torch.linspace(-half, half, 2 * side + 1)[1::2]
    y, x = torch.meshgrid(across.flip(0), across, indexing="ij")
    centres = torch.stack([x, y], dim=-1).view(-1, 2) + torch.tensor((low + high) / 2)
    # a hole is a line of its own: dark is what lies inside an odd number of them
    dark = torch.zeros(side * side, dtype=torch.bool)
    for line in outline.to_polygons():
        dark ^= torch.from_numpy(Outline(line).contains_points(style.numpy(centres)))
    return dark.view(side, side)


def bars(angles: Tensor, side: int, width: float = 1.0) -> Tensor:
    """Pictures of a bright bar through the centre.

    angles   float tensor (A,), direction of each bar, degrees anticlockwise from horizontal
    side     pixels a side
    width    standard deviation across the bar, pixels
    returns  float tensor (A, 1, side, side) in [0, 1]
    """
    return (-_offset(angles, side).square() / (2 * width**2)).exp()


def stripes(angles: Tensor, side: int) -> Tensor:
    """Receptive fields that like a bar of one direction: excited along it, inhibited beside it.

    angles   float tensor (A,), preferred directions, degrees anticlockwise from horizontal
    side     pixels a side
    returns  float tensor (A, 1, side, side); each adds up to 0, and its squares to 1
    source   Hubel & Wiesel 1959, simplified
    """
    field = bars(angles, side, side / 6)
    field = field - field.mean(dim=(2, 3), keepdim=True)
    return field / field.square().sum(dim=(2, 3), keepdim=True).sqrt()


def _offset(angles: Tensor, side: int) -> Tensor:
    """Distance of each pixel from the line through the centre, (A, 1, side, side)."""
    across = torch.arange(side) - (side - 1) / 2
    radians = torch.deg2rad(angles)[:, None, None, None]
    return across[:, None] * radians.cos() + across * radians.sin()


def known(year: int) -> tuple[list[Event], list[Collection], list[Entry]]:
    """Events, data sets and entries up to a year, that year's included."""
    return (
        [event for event in EVENTS if event.year <= year],
        [collection for collection in COLLECTIONS if collection.year <= year],
        [entry for entry in ENTRIES if entry.year <= year],
    )


def growth() -> float:
    """How many times as many images ImageNet has as MNIST."""
    sizes = {collection.name: collection.images for collection in COLLECTIONS}
    return sizes["ImageNet"] / sizes["MNIST"]


# ---- draw: 1943 to 1959 --------------------------------------------------------------------------


def canvas(ax: Axes, width: float, height: float, title: str) -> None:
    """Axes without ticks, of equal units, to draw a scheme on."""
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal", title=title)
    ax.set_axis_off()


def draw_disc(ax: Axes, place: Place, text: str = "", radius: float = 0.4, **options: Any) -> None:
    """A circle with a text in it.

    ax       Axes
    place    of its centre
    text     in it
    radius   in the axes' unit
    options  handed to `Circle`
    """
    look = {"fc": style.PAPER, "ec": style.INK, "lw": 1.5, "zorder": 3} | options
    ax.add_patch(Circle(place, radius, **look))
    ax.text(*place, text, ha="center", va="center", zorder=4)


def draw_unit(ax: Axes) -> None:
    """McCulloch and Pitts' unit: three inputs, weighed and added up, fire it or not."""
    canvas(ax, 7, 4, "1943: it adds up, and fires or not")
    for row, name in enumerate(("x₁", "x₂", "x₃")):
        place = (0.6, 3.2 - 1.2 * row)
        draw_arrow(ax, (1.0, place[1]), (2.9, 2 + 0.3 * (1 - row)), shrinkA=0)
        draw_disc(ax, place, name)
        ax.text(1.9, (3.0, 2.1, 0.7)[row], name.replace("x", "w"), color=style.BLUE)
    draw_disc(ax, (3.5, 2), "Σ", radius=0.65)
    draw_arrow(ax, (4.15, 2), (4.75, 2), shrinkA=0, shrinkB=0)
    ax.add_patch(Rectangle((4.75, 1.4), 1.2, 1.2, fc=style.PAPER, ec=style.INK, lw=1.5))
    ax.plot([4.9, 5.35, 5.35, 5.8], [1.6, 1.6, 2.4, 2.4], color=style.ORANGE)
    draw_arrow(ax, (5.95, 2), (6.55, 2), shrinkA=0, shrinkB=0)
    ax.text(6.62, 2, "0 or 1", va="center")


def draw_photocells(ax: Axes, seen: Tensor) -> None:
    """The Mark I perceptron: photocells, units wired to some of them at random, one answer.

    ax       Axes
    seen     bool tensor (side, side), which photocells are dark
    """
    canvas(ax, 7, 4, "1957: 20 × 20 photocells, weights that learn")
    light = style.PALETTES["light"]  # the plate is always white
    ax.imshow(
        style.numpy(seen), extent=(0.1, 3.3, 0.4, 3.6), cmap="Greys", vmax=1.4, aspect="equal"
    )
    side = len(seen)
    for k in range(1, side):
        ax.plot([0.1 + 3.2 * k / side] * 2, [0.4, 3.6], color=light.faint, linewidth=0.5)
        ax.plot([0.1, 3.3], [0.4 + 3.2 * k / side] * 2, color=light.faint, linewidth=0.5)
    places = [(4.7, y) for y in torch.linspace(0.7, 3.3, 5).tolist()]
    cells = torch.rand(len(places), 4, 2, generator=torch.Generator().manual_seed(1))
    for place, ends in zip(places, cells, strict=True):
        for x, y in (torch.tensor([0.3, 0.6]) + torch.tensor([2.9, 2.8]) * ends).tolist():
            ax.plot([x, place[0]], [y, place[1]], color=light.sky, linewidth=0.8)
        draw_arrow(ax, place, (6.1, 2), color=style.ORANGE, shrinkB=8, linewidth=1.5)
        draw_disc(ax, place, radius=0.18)
    draw_disc(ax, (6.3, 2), "±1")
    ax.text(5.5, 0.35, "weights w", color=style.ORANGE, ha="center")
    ax.set(xlim=(0, 7), ylim=(0, 4))


def draw_tuning(ax: Axes, angles: Tensor, response: Tensor, preferred: float) -> None:
    """How strongly a cell answers to bars of all directions.

    ax         Axes
    angles     float tensor (A,), degrees
    response   float tensor (A,), the cell's answers
    preferred  the direction that it likes best, degrees
    """
    ax.plot(style.numpy(angles), style.numpy(response), color=style.INK)
    ax.axvline(preferred, linestyle=":", color=style.GREY)
    ax.set(xlabel="direction of the bar (degrees)", ylabel="answer of the cell")
    ax.set_xticks(range(0, 181, 45))
    ax.set_title("1959: one cell, one direction")


def draw_images(axs: Any, images: Tensor, names: Any) -> None:
    """Small images side by side, each scaled by itself.

    axs      array of K Axes
    images   float tensor (K, H, W)
    names    K titles
    """
    for ax, image, name in zip(axs, images, names, strict=True):
        ax.imshow(style.numpy(image), cmap="gray_r", vmin=0)
        ax.set_title(name, fontsize=9, loc="center")
        ax.set(xticks=[], yticks=[])


# ---- draw: 1980 to 2015 --------------------------------------------------------------------------


def draw_layers(ax: Axes, sizes: list[tuple[int, ...]], names: list[str], title: str) -> None:
    """The tensors that pass through a network, each a stack of maps, to scale.

    ax       Axes
    sizes    (C, H, W) of each tensor of maps, or (C,) of a vector
    names    of the tensors
    title    of the picture
    """
    x = 0.0
    for size, name in zip(sizes, names, strict=True):
        wide = _draw_maps(ax, x, size) if len(size) == 3 else _draw_vector(ax, x, size[0])
        said = "×".join(map(str, size))
        ax.text(x + wide / 2, -22, f"{name}\n{said}", ha="center", va="top", fontsize=8)
        x += wide + 16
    ax.set(xlim=(-4, x - 8), ylim=(-44, 34), aspect="equal", title=title)
    ax.set_axis_off()


def _draw_maps(ax: Axes, x: float, size: tuple[int, ...]) -> float:
    """A stack of maps from x on; how wide it is."""
    count, side = min(size[0], 8), size[1]
    for k in range(count):
        corner = (x + 1.6 * k, 2 * (count - 1) / 2 - side / 2 - 2 * k)
        look: dict[str, Any] = {"fc": style.WASH, "ec": style.BLUE, "lw": 0.8}
        ax.add_patch(Rectangle(corner, side, side, **look))
    return side + 1.6 * (count - 1)


def _draw_vector(ax: Axes, x: float, length: int) -> float:
    """A vector as a column, whose height grows with the square root of its length."""
    height = 3.6 * length**0.5
    look: dict[str, Any] = {"fc": style.PALE_ORANGE, "ec": style.ORANGE, "lw": 0.8}
    ax.add_patch(Rectangle((x + 3, -height / 2), 4, height, **look))
    return 10.0


def draw_entries(ax: Axes) -> None:
    """Bars of the ImageNet challenge's errors, and the line of a person's."""
    for k, entry in enumerate(ENTRIES):
        look: dict[str, Any] = {"fc": style.TEST} if entry.deep else {"fc": "none", "hatch": "///"}
        ax.bar(k, entry.error, ec=style.TEST, **look)
        inside = entry.error < HUMAN + 0.5  # the line would cross what stands above
        where: dict[str, Any] = {"va": "top", "color": style.PAPER} if inside else {}
        height = entry.error + (-0.3 if inside else 0.5)
        ax.text(k, height, f"{entry.error:g}", ha="center", fontsize=8, **where)
    ax.axhline(HUMAN, linestyle="--", color=style.INK, linewidth=1)
    ax.text(8.4, HUMAN + 0.5, f"a person: {HUMAN:g}", ha="right", fontsize=8)
    names = [f"{entry.name} {entry.year}" for entry in ENTRIES]
    ax.set_xticks(range(len(ENTRIES)), names, rotation=40, ha="right", fontsize=8)
    ax.set(ylabel="top-5 error (%)", ylim=(0, 33))
    ax.set_title("ImageNet: hatched before, filled with deep nets")
    ax.grid(visible=False, axis="x")


def draw_residual(ax: Axes) -> None:
    """ResNet's block: two layers compute what is to be added to their input."""
    canvas(ax, 4, 6, "2015: add to x")
    for y, name in ((4.3, "layer"), (2.6, "layer")):
        box = FancyBboxPatch((1.0, y - 0.35), 1.4, 0.7, boxstyle="round,pad=0.08", ec=style.INK)
        box.set(facecolor=style.WASH, linewidth=1.5)
        ax.add_patch(box)
        ax.text(1.7, y, name, ha="center", va="center")
    for start, end in ((5.7, 4.75), (3.85, 3.05), (2.15, 1.35)):
        draw_arrow(ax, (1.7, start), (1.7, end), shrinkA=0, shrinkB=0)
    ax.text(1.9, 3.4, "ReLU", fontsize=8, color=style.GREY)
    ax.text(1.45, 5.5, "x", ha="right")
    draw_disc(ax, (1.7, 1.05), "+", radius=0.28)
    ax.plot([1.7, 3.2, 3.2, 2.1], [5.35, 5.35, 1.05, 1.05], color=style.ORANGE)
    draw_arrow(ax, (2.4, 1.05), (1.98, 1.05), color=style.ORANGE, shrinkA=0, shrinkB=0)
    ax.text(3.3, 3.2, "x, as it is", color=style.ORANGE, rotation=90, va="center")
    draw_arrow(ax, (1.7, 0.77), (1.7, 0.15), shrinkA=0, shrinkB=0)
    ax.text(1.9, 0.3, "x + f(x)")


# ---- wire ----------------------------------------------------------------------------------------

EVENT_PLACES = ("1c", "2r", "3l", "2l", "1l", "1r", "2r", "1l", "1c", "1r", "2r")
"""Of each event's label the height, and whether it ends, begins or is centred at its year."""
SIDES = {"c": "center", "l": "left", "r": "right"}
NAME_PLACES = {"Caltech-101": (-6, 0), "PASCAL VOC": (22, -9), "Cityscapes": (8, 9)}
"""Data sets whose names do not stand on the right of their markers: offset in points."""
TICKS = {
    "log": ((3e3, 6e7), {1e4: "10⁴", 1e5: "10⁵", 1e6: "10⁶", 1e7: "10⁷"}),
    "linear": ((-5e5, 1.65e7), {0: "0", 1e7: "10⁷"}),
}
"""Limits and ticks of each scale of the sizes."""


class Timeline(base.Explorable):
    """Year by year: what was found, how many images there were, how many errors were left."""

    title = "Eleven steps in seventy years"
    size = (8.8, 5.0)
    play = "year"
    interval = 250
    question = (
        "MNIST (1998) has 60,000 images. ImageNet (2009) in the end had how many times as many?"
    )
    choices = ("about 2 times", "about 20 times", "about 200 times", "about 2,000 times")

    def controls(self) -> dict[str, Any]:
        return {
            "year": base.int_slider("year", 1943, 2016, 2016),
            "scale": base.choice("axis of sizes", [("logarithmic", "log"), ("linear", "linear")]),
        }

    def compute(self, year: int, scale: str) -> tuple[int, str]:
        return year, scale

    def build(self, fig: Any, result: tuple[int, str]) -> None:
        grid = fig.add_gridspec(2, 2, height_ratios=[1, 1.9], width_ratios=[1.15, 1])
        self._build_events(fig.add_subplot(grid[0, :]))
        self._build_sizes(fig.add_subplot(grid[1, 0]))
        self._build_errors(fig.add_subplot(grid[1, 1]))
        self.shown = ""

    def _build_events(self, ax: Axes) -> None:
        ax.set(xlim=(1939, 2021), ylim=(-0.9, 3.8), yticks=[], title=self.title)
        ax.grid(visible=False)
        ax.spines[["left"]].set_visible(False)
        self.stems = ax.vlines([], [], [], color=style.GREY, linewidth=1)
        self.events = ax.plot([], [], "o", color=style.BLUE)[0]
        self.now = ax.plot([], [], "--", color=style.ORANGE)[0]
        self.date = ax.text(0, -0.8, "", color=style.ORANGE, fontsize=9)
        self.labels = [
            ax.text(event.year, float(place[0]), event.label, ha=SIDES[place[1]], fontsize=8)
            for event, place in zip(EVENTS, EVENT_PLACES, strict=True)
        ]
        for label in self.labels:
            label.set_bbox({"fc": style.PAPER, "ec": "none", "pad": 1.5})
        self.moving(self.stems, self.events, self.now, self.date, *self.labels)

    def _build_sizes(self, ax: Axes) -> None:
        self.axis = ax
        ax.set(xlim=(1996, 2018), ylabel="images", title="Data sets of images")
        ax.set_xticks(range(2000, 2017, 5))
        self.sizes = ax.plot([], [], "s", color=style.BLUE)[0]
        self.names = [self._name(ax, collection) for collection in COLLECTIONS]
        self.moving(self.sizes, *self.names)
        self.changing(ax)

    def _name(self, ax: Axes, collection: Collection) -> Text:
        offset = NAME_PLACES.get(collection.name, (6, 0))
        return ax.annotate(
            collection.name,
            (collection.year, collection.images),
            offset,
            textcoords="offset points",
            ha="left" if offset == (6, 0) else "right",
            va="center",
            fontsize=8,
        )

    def _build_errors(self, ax: Axes) -> None:
        ax.set(xlim=(2009, 2017), ylim=(0, 32), ylabel="top-5 error (%)")
        ax.set_xticks(range(2010, 2017, 2))
        ax.set_title("Errors on ImageNet")
        person = ax.axhline(HUMAN, linestyle="--", color=style.GREY, linewidth=1)
        said = ax.text(2009.2, HUMAN - 1.7, f"a person who practised: {HUMAN:g}", fontsize=8)
        self.person = (person, said)
        self.errors = ax.plot([], [], "o-", color=style.TEST)[0]
        self.teams = [
            ax.text(e.year + 0.15, max(e.error, HUMAN + 0.5) - 2.6 * (e.error < HUMAN), e.name)
            for e in _winners(ENTRIES)
        ]
        for team in self.teams:
            team.set_fontsize(8)
        self.moving(self.errors, *self.person, *self.teams)

    def update(self, result: tuple[int, str]) -> None:
        year, scale = result
        if scale != self.shown:
            self._show_scale(scale)
        events, collections, entries = known(year)
        years = [event.year for event in events]
        tops = [[(x, 0), (x, float(p[0]))] for x, p in zip(years, EVENT_PLACES, strict=False)]
        self.stems.set_segments(tops)
        self.events.set_data(years, [0] * len(years))
        self.now.set_data([year] * 2, [-0.9, 0.6])
        self.date.set(text=f" {year}", x=year)
        self.sizes.set_data([c.year for c in collections], [c.images for c in collections])
        best = _winners(entries)
        self.errors.set_data([e.year for e in best], [e.error for e in best])
        for artist in self.person:
            artist.set_visible(bool(best))
        shown = ((self.labels, events), (self.names, collections), (self.teams, best))
        for texts, facts in shown:
            for k, text in enumerate(texts):
                text.set_visible(k < len(facts))
        for k, name in enumerate(self.names if scale == "linear" else ()):
            name.set_visible(name.get_visible() and COLLECTIONS[k].name in ("MNIST", "ImageNet"))

    def _show_scale(self, scale: str) -> None:
        self.shown = scale
        limits, ticks = TICKS[scale]
        self.axis.set_yscale(scale)
        self.axis.set_ylim(limits)
        self.axis.set_yticks(list(ticks), list(ticks.values()))
        self.redraw()

    def describe(self, result: tuple[int, str]) -> str:
        events, collections, entries = known(result[0])
        last = events[-1]
        steps = f"By {result[0]}, {len(events)} of {len(EVENTS)} steps"
        said = [f"{steps}, the latest in {last.year}: {last.what}."]
        if collections:
            largest = max(collections, key=lambda c: c.images)
            said.append(
                f"The largest data set is {largest.name} with {largest.images:,.0f} images."
            )
        if entries:
            best = min(entries, key=lambda e: e.error)
            said.append(f"The best top-5 error on ImageNet is {best.error:g} %, by {best.name}.")
        return " ".join(said)

    def truth(self) -> str:
        powers = torch.tensor([2.0, 20.0, 200.0, 2000.0])
        return self.choices[int((powers.log() - torch.tensor(growth()).log()).abs().argmin())]


def _winners(entries: Any) -> list[Entry]:
    """The best entry of each year."""
    best: dict[int, Entry] = {}
    for entry in entries:
        if entry.year not in best or entry.error < best[entry.year].error:
            best[entry.year] = entry
    return list(best.values())
