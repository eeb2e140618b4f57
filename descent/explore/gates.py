"""Explorables of 04_perceptron on logic: a gate from one unit, xor from five."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, Patch, Rectangle
from matplotlib.text import Text
from torch import Tensor

from descent import style
from descent.explore import base
from descent.explore.margin import draw_classes, half_plane, put_classes

Place = tuple[float, float]
ROWS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
"""The rows of a truth table of u and v."""

# ---- compute: gates ------------------------------------------------------------------------------

GATES = {
    "or": "0111",
    "and": "0001",
    "nand": "1110",
    "xor": "0110",
    "nor": "1000",
    "equal": "1001",
    "u": "0011",
    "v": "0101",
    "not u": "1100",
    "not v": "1010",
    "u and not v": "0010",
    "v and not u": "0100",
    "u or not v": "1011",
    "v or not u": "1101",
    "always": "1111",
    "never": "0000",
}
"""All sixteen functions of two Booleans: name, and answers to `ROWS`."""


class Gate(NamedTuple):
    """A threshold unit beside the gate that it should be.

    name     of the gate
    target   int64 tensor (4,), its answers to `ROWS`
    w, b     float tensor (2,), and bias, of the unit
    """

    name: str
    target: Tensor
    w: Tensor
    b: float

    @property
    def totals(self) -> Tensor:
        """w·x + b for every row, float tensor (4,)."""
        return ROWS @ self.w + self.b

    @property
    def answers(self) -> Tensor:
        """What the unit says, int64 tensor (4,)."""
        return self.totals.ge(0).long()

    @property
    def right(self) -> Tensor:
        """Which rows are as they should be, bool tensor (4,)."""
        return self.answers == self.target


def answers(gate: str) -> Tensor:
    """The truth table of one of `GATES`, int64 tensor (4,)."""
    return torch.tensor([int(bit) for bit in GATES[gate]])


@lru_cache
def most_rows(gate: str) -> int:
    """Rows that the best of all units on a grid gets right: weights −2, −1.75, … 2, bias to ±3."""
    weight, bias = torch.arange(-2, 2.1, 0.25), torch.arange(-3, 3.1, 0.25)
    units = torch.cartesian_prod(weight, weight, bias)
    said = (units[:, :2] @ ROWS.T + units[:, 2:]).ge(0)
    return int((said == answers(gate)).sum(dim=1).max())


# ---- draw and wire: one unit ---------------------------------------------------------------------


def square(ax: Axes, xlabel: str = "", ylabel: str = "") -> None:
    """Axes around the unit square."""
    ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6), xticks=(0, 1), yticks=(0, 1), aspect="equal")
    ax.set(xlabel=xlabel, ylabel=ylabel)


def draw_firing(ax: Axes) -> Any:
    """An empty half-plane where a unit fires, for `set_xy`; hatched, so that it needs no colour."""
    look: dict[str, Any] = {
        "facecolor": style.PALE_ORANGE,
        "edgecolor": style.ORANGE,
        "hatch": "//",
        "linewidth": 2,
    }
    return ax.fill([0], [0], zorder=0.5, hatch_linewidth=0.3, **look)[0]


def draw_gate(ax: Axes, w: Tensor, b: float, title: str) -> None:
    """The half-plane in which a unit fires, and what it answers to the four rows.

    ax       Axes, which are set up for it
    w        float tensor (2,), weights
    b        bias
    title    of the picture
    """
    square(ax, "u   (● 0, ■ 1)", "v")
    ax.set_title(title)
    draw_firing(ax).set_xy(style.numpy(half_plane(w, b)))
    put_classes(draw_classes(ax, markersize=13), ROWS, ROWS @ w + b >= 0)


def lines(column: Iterable[object]) -> str:
    """The entries of a column, one a line."""
    return "\n".join(str(entry) for entry in column)


class GateBuilder(base.Explorable):
    """One threshold unit: weights, half-plane and truth table, beside the gate to be built."""

    title = "The unit fires in the hatched half-plane"
    size = (8.0, 3.5)
    question = "One unit, any weights and bias: how many of the four rows of xor can it get right?"
    choices = ("two", "three", "all four")

    def controls(self) -> dict[str, Any]:
        return {
            "gate": base.choice("gate to build", list(GATES), "xor"),
            "w1": base.slider("weight w₁ of u", -2, 2, 1, step=0.25),
            "w2": base.slider("weight w₂ of v", -2, 2, 1, step=0.25),
            "b": base.slider("bias", -3, 3, -0.5, step=0.25),
        }

    def compute(self, gate: str, w1: float, w2: float, b: float) -> Gate:
        return Gate(gate, answers(gate), torch.tensor([w1, w2]), b)

    def build(self, fig: Any, result: Gate) -> None:
        left, right = fig.subplots(1, 2)
        square(left, "u   (● 0 wanted, ■ 1 wanted, ×: wrong)", "v")
        left.set_title(self.title)
        self.region = draw_firing(left)
        self.points = draw_classes(left, markersize=13)
        self.wrong = left.plot([], [], "x", color=style.INK, markersize=20, mew=2)[0]
        self.moving(self.region, *self.points, self.wrong)
        self._build_table(right)

    def _build_table(self, ax: Axes) -> None:
        ax.set_axis_off()
        ax.set(xlim=(0, 10), ylim=(0, 6), title="Its truth table")
        for x, head in zip(
            (0.7, 2, 4.4, 6.6, 8.2), ("u", "v", "total", "unit", "gate"), strict=True
        ):
            ax.text(x, 5.3, head, ha="center", weight="bold")
        ax.plot([0.1, 9.9], [5, 5], color=style.INK, linewidth=1)
        for x, column in zip((0.7, 2), ROWS.T.long().tolist(), strict=True):
            self._column(ax, x).set_text(lines(column))
        self.columns = [self._column(ax, x) for x in (5.2, 6.6, 8.2, 9.5)]
        self.moving(*self.columns)

    def _column(self, ax: Axes, x: float) -> Text:
        return ax.text(x, 4.5, "", ha="right" if x == 5.2 else "center", va="top", linespacing=3.0)

    def update(self, result: Gate) -> None:
        self.region.set_xy(style.numpy(half_plane(result.w, result.b)))
        put_classes(self.points, ROWS, result.target)
        self.wrong.set_data(*style.numpy(ROWS[~result.right]).T)
        totals = [f"{total:+.2f}".replace("-", "−") for total in result.totals.tolist()]
        marks = ["✓" if right else "✗" for right in result.right.tolist()]
        said = (totals, result.answers.tolist(), result.target.tolist(), marks)
        for text, column in zip(self.columns, said, strict=True):
            text.set_text(lines(column))

    def describe(self, result: Gate) -> str:
        w1, w2 = result.w.tolist()
        rows, said = int(result.right.sum()), "".join(map(str, result.answers.tolist()))
        unit = f"w = ({w1:g}, {w2:g}) and b = {result.b:g}".replace("-", "−")
        return (
            f"With {unit} the unit answers {said} to 00, 01, "
            f"10, 11; {result.name} is {GATES[result.name]}: {rows} of 4 rows are right."
        )

    def truth(self) -> str:
        return self.choices[most_rows("xor") - 2]


# ---- compute: xor from five units ----------------------------------------------------------------


class Unit(NamedTuple):
    """A threshold unit of the network.

    name     of its output
    kind     the gate that it is
    inputs   names of its two inputs
    w, b     weights and bias
    place    where it is drawn
    """

    name: str
    kind: str
    inputs: tuple[str, str]
    w: tuple[float, float]
    b: float
    place: Place


UNITS = (
    Unit("¬u", "not", ("u", "v"), (-1, 0), 0.5, (1.1, 0.5)),
    Unit("¬v", "not", ("u", "v"), (0, -1), 0.5, (1.1, 1.4)),
    Unit("p", "and", ("¬u", "v"), (1, 1), -1.5, (2.2, 0.0)),
    Unit("q", "and", ("u", "¬v"), (1, 1), -1.5, (2.2, 2.0)),
    Unit("xor", "or", ("p", "q"), (1, 1), -0.5, (3.3, 1.0)),
)
"""or(and(not u, v), and(u, not v)), in the order of computation."""
INPUTS: dict[str, Place] = {"u": (0.0, 2.0), "v": (0.0, 0.0)}


class Wired(NamedTuple):
    """The network with its first units.

    step     number of units wired
    values   name -> float tensor (4,), of the inputs and of the units wired
    """

    step: int
    values: dict[str, Tensor]


def wire(step: int) -> Wired:
    """The answers of the first units of `UNITS` to the four rows.

    step     number of units, 0 to 5
    returns  Wired
    """
    values = {"u": ROWS[:, 0], "v": ROWS[:, 1]}
    for unit in UNITS[:step]:
        first, second = (values[name] for name in unit.inputs)
        values[unit.name] = (unit.w[0] * first + unit.w[1] * second + unit.b).ge(0).float()
    return Wired(step, values)


@lru_cache
def fewest_units() -> int:
    """Number of threshold units that xor needs when each may read u, v and those before it.

    returns  1 or 2 where a search over units with small weights finds them, else 5
    """
    if most_rows("xor") == 4:
        return 1
    weight, bias = torch.arange(-2, 3.0), torch.arange(-2.5, 3.0)
    units = torch.cartesian_prod(weight, weight, weight, bias)
    for gate in (gate for gate in GATES if most_rows(gate) == 4):
        seen = torch.cat([ROWS, answers(gate)[:, None]], dim=1)
        said = (units[:, :3] @ seen.T + units[:, 3:]).ge(0)
        if (said == answers("xor")).all(dim=1).any():
            return 2
    return len(UNITS)


# ---- draw and wire: xor from five units ----------------------------------------------------------


def draw_node(ax: Axes, place: Place, text: str = "", **options: Any) -> Patch:
    """A circle, and a text in it.

    place    of its centre
    options  handed to `Circle`
    returns  the circle
    """
    ax.text(*place, text, ha="center", va="center", zorder=3)
    look = {"fc": "none", "ec": style.INK, "lw": 1.5, "zorder": 2} | options
    return ax.add_patch(Circle(place, 0.27, **look))


def draw_arrow(ax: Axes, start: Place, end: Place, **options: Any) -> FancyArrowPatch:
    """An arrow between two places.

    options  handed to `FancyArrowPatch`
    returns  the arrow
    """
    look: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 13, "color": style.INK}
    arrow = FancyArrowPatch(start, end, **look | options)
    ax.add_patch(arrow)
    return arrow


class XorNetwork(base.Explorable):
    """Five threshold units compute xor, wired one after the other."""

    title = "Xor, unit by unit"
    size = (8.6, 3.2)
    play = "step"
    interval = 1500
    question = (
        "Here xor takes five units. If weights may be chosen freely, and every unit may also "
        "read u and v: how few are enough?"
    )
    choices = ("one", "two", "three", "four")

    def controls(self) -> dict[str, Any]:
        return {"step": base.int_slider("units wired", 1, len(UNITS), len(UNITS))}

    def compute(self, step: int) -> Wired:
        return wire(step)

    def build(self, fig: Any, result: Wired) -> None:
        left, middle, right = fig.subplots(1, 3, width_ratios=[1.25, 1, 1.05])
        self._build_wires(left)
        self._build_plane(middle)
        self._build_table(right)

    def _build_wires(self, ax: Axes) -> None:
        ax.set(xlim=(-0.35, 3.75), ylim=(-0.6, 2.6), title=self.title)
        ax.set(aspect="equal", anchor="N")
        ax.set_axis_off()
        for name, place in INPUTS.items():
            draw_node(ax, place, name, linestyle="--")
        self.parts = [self._build_unit(ax, unit) for unit in UNITS]
        self.here = ax.plot([], [], "o", mfc="none", mec=style.ORANGE, mew=2.5, markersize=32)[0]
        self.moving(*(part for parts in self.parts for part in parts), self.here)

    def _build_unit(self, ax: Axes, unit: Unit) -> list[Patch]:
        """A unit, dotted; what makes it solid is returned."""
        x, y = unit.place
        draw_node(ax, unit.place, unit.name, ec=style.GREY, linestyle=":", lw=1)
        ax.text(x, y + 0.33, unit.kind, ha="center", va="bottom", color=style.GREY)
        places = INPUTS | {unit.name: unit.place for unit in UNITS}
        used = [name for name, weight in zip(unit.inputs, unit.w, strict=True) if weight]
        wires = [draw_arrow(ax, places[name], unit.place, shrinkA=16, shrinkB=16) for name in used]
        return [*wires, draw_node(ax, unit.place)]

    def _build_plane(self, ax: Axes) -> None:
        square(ax)
        ax.set_anchor("N")
        ax.set_title("What the newest unit sees")
        self.region = draw_firing(ax)
        self.points = draw_classes(ax, markersize=13)
        self.rows = [ax.text(0, 0, "", ha="center", va="bottom") for _ in ROWS]
        label: dict[str, Any] = {"transform": ax.transAxes, "ha": "center", "va": "center"}
        self.labels = [ax.text(0.5, -0.13, "", **label), ax.text(-0.13, 0.5, "", **label)]
        self.moving(self.region, *self.points, *self.rows, *self.labels)

    def _build_table(self, ax: Axes) -> None:
        ax.set_axis_off()
        ax.set(xlim=(-0.5, 6.5), ylim=(0, 6), title="Its truth table, column by column")
        names = [*INPUTS, *(unit.name for unit in UNITS)]
        for x, name in enumerate(names):
            ax.text(x, 5.3, name, ha="center", weight="bold")
        ax.plot([-0.5, 6.5], [5, 5], color=style.INK, linewidth=1)
        for x, column in enumerate(wire(len(UNITS)).values.values()):
            ax.text(x, 4.5, lines(column.long().tolist()), ha="center", va="top", linespacing=2.3)
        self.cover = Rectangle((0, 0), 7, 4.8, fc=style.PAPER, zorder=4)
        ax.add_patch(self.cover)
        self.moving(self.cover)

    def update(self, result: Wired) -> None:
        unit = UNITS[result.step - 1]
        for k, parts in enumerate(self.parts):
            for part in parts:
                part.set_visible(k < result.step)
        self.here.set_data([unit.place[0]], [unit.place[1]])
        self.cover.set_x(len(INPUTS) + result.step - 0.5)
        self._update_plane(unit, result.values)

    def _update_plane(self, unit: Unit, values: dict[str, Tensor]) -> None:
        seen = torch.stack([values[name] for name in unit.inputs], dim=1)
        self.region.set_xy(style.numpy(half_plane(torch.tensor(unit.w).float(), unit.b)))
        put_classes(self.points, seen, values[unit.name])
        groups: dict[tuple[float, float], list[str]] = {}
        for name, (across, up) in zip(("00", "01", "10", "11"), seen.tolist(), strict=True):
            groups.setdefault((across, up), []).append(name)
        places = [*groups.items(), *[((0.0, 0.0), [""])] * len(ROWS)]
        for text, ((across, up), names) in zip(self.rows, places, strict=False):
            text.set_text(" ".join(names))
            text.set_position((across, up + 0.14))
        for text, name in zip(self.labels, unit.inputs, strict=True):
            text.set_text(name)

    def describe(self, result: Wired) -> str:
        unit = UNITS[result.step - 1]
        said = "".join(f"{v:.0f}" for v in result.values[unit.name].tolist())
        return (
            f"Unit {result.step} of {len(UNITS)}, {unit.name} = {unit.kind} of "
            f"{' and '.join(n for n, w in zip(unit.inputs, unit.w, strict=True) if w)}, answers "
            f"{said} to the rows 00, 01, 10, 11 of u and v."
        )

    def truth(self) -> str:
        return self.choices[fewest_units() - 1]


# ---- draw: the unit as a graph -------------------------------------------------------------------


def draw_graph(ax: Axes) -> None:
    """The computational graph of a unit: values in boxes, parameters dashed, operations round.

    ax       Axes, which are set up for it
    """
    ax.set(xlim=(-0.5, 9.8), ylim=(-0.5, 1.8), aspect="equal")
    ax.set_axis_off()
    across = ("x", "dot", "w·x", "+", "w·x + b", "≥ 0", "f(x)")
    places = {name: (1.55 * k, 0.0) for k, name in enumerate(across)}
    places |= {"w": (places["dot"][0], 1.4), "b": (places["+"][0], 1.4)}
    for name, place in places.items():
        if name in ("dot", "+", "≥ 0"):
            draw_node(ax, place, name, fc=style.PALE_ORANGE)
        else:
            box = {"boxstyle": "round,pad=0.45", "fc": style.WASH, "ec": style.INK}
            box["linestyle"] = "--" if name in "wb" else "-"
            ax.text(*place, name, ha="center", va="center", bbox=box)
    for start, end in [*pairwise(across), ("w", "dot"), ("b", "+")]:
        gap = {name: 31 if name == "w·x + b" else 18 for name in (start, end)}
        draw_arrow(ax, places[start], places[end], shrinkA=gap[start], shrinkB=gap[end])
