"""Explorable of 07_backprop: steps through a computational graph, and asks for each slope."""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import ipywidgets as widgets
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, PathPatch

from descent import style
from descent.explore import base
from descent.explore.graph import (
    GRAPHS,
    Edge,
    Graph,
    Node,
    Trace,
    arithmetic,
    edges,
    inputs,
    say,
    slope,
    steps,
    trace,
)
from descent.explore.outlines import Place, outline

# ---- compute: a guess ----------------------------------------------------------------------------

BINARY: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
CALLS = {"exp": math.exp, "tanh": math.tanh}
SPELLING = str.maketrans({"^": "**", "−": "-", "·": "*", "×": "*", ",": ".", "²": "**2"})
PRODUCT = re.compile(r"(?<=[\d)])(?=[a-df-z(]|e(?![-+\d]))")
"""Where a learner leaves a multiplication sign out, as in 2e, but not in 2e-3."""


def evaluate(text: str, values: Mapping[str, float]) -> float:
    """The number that a learner's formula gives.

    text     a number, or a formula such as 2*e or 1 - a^2
    values   name -> value, of the names that it may use
    returns  the number
    raises   ValueError if it is neither
    """
    spelled = PRODUCT.sub("*", text.strip().translate(SPELLING))
    try:
        number = _number(ast.parse(spelled, mode="eval").body, values)
    except (ArithmeticError, LookupError, SyntaxError, RecursionError, TypeError) as error:
        raise ValueError(f"{text!r} is neither a number nor a formula of the values") from error
    if not isinstance(number, float):
        raise ValueError(f"{text!r} gives no real number")
    return number


def _number(node: ast.AST, values: Mapping[str, float]) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return (
            -_number(node.operand, values)
            if isinstance(node.op, ast.USub)
            else _number(node.operand, values)
        )
    if isinstance(node, ast.BinOp):
        return BINARY[type(node.op)](_number(node.left, values), _number(node.right, values))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        return CALLS[node.func.id](_number(node.args[0], values))
    raise TypeError(type(node).__name__)


def judge(guess: str, seen: Trace) -> tuple[bool, str]:
    """How a guess at a local derivative compares with it, in words.

    guess    what the learner wrote
    seen     a trace whose last edge is hidden
    returns  whether the guess is right, and a sentence
    """
    edge = seen.edge
    assert edge is not None
    try:
        number = evaluate(guess, seen.values)
    except ValueError:
        names = ", ".join(seen.values)
        return False, f"“{guess}” is neither a number nor a formula of {names}. Try again."
    truth = slope(edge, seen.values)
    if _near(number, truth):
        return True, f"Right: {edge.text} = {edge.node.rule(edge.which)} = {say(truth)}."
    return False, _mistake(number, truth, edge, seen)


def _near(number: float, truth: float) -> bool:
    """Whether two numbers agree, as far as the picture shows their digits."""
    return abs(number - truth) <= 0.01 * abs(truth) + 0.005


def _mistake(number: float, truth: float, edge: Edge, seen: Trace) -> str:
    """What a wrong number probably is."""
    out, start = edge.node.name, edge.start
    if _near(number, -truth):
        return "The size is right, the sign is not. Try again."
    if _near(number, truth * seen.grads[out]):
        return (
            f"That is the product with ∂f/∂{out} already: only this box's own slope is asked for."
        )
    if _near(number, seen.values[out]):
        return f"That is the value of {out}. How fast does it change with {start}?"
    if _near(number, seen.values[start]):
        return f"That is the value of {start}. How fast does {out} change with it?"
    size = "too small" if number < truth else "too large"
    return (
        f"{say(number)} is {size}. In {edge.node.text}: if {start} grows by a little, and nothing "
        f"else does, how much does {out} grow, for each unit of it?"
    )


# ---- draw ----------------------------------------------------------------------------------------

WIDTH, HEIGHT, SIZE = 1.5, 0.98, 0.155
"""Of a box and of the font in it, in units of the graph."""


class Drawn(NamedTuple):
    """The artists of a graph that change from step to step.

    places         name -> middle of its box
    values, grads  outlines of the numbers in the boxes
    slopes         edge's text -> text on an edge
    """

    places: dict[str, Place]
    values: Any
    grads: Any
    slopes: dict[str, Any]

    @property
    def artists(self) -> list[Any]:
        """All of them."""
        return [self.values, self.grads, *self.slopes.values()]


def draw_graph(ax: Axes, graph: Graph) -> Drawn:
    """Boxes with the formula of each value, arrows, and empty texts for the numbers.

    ax       Axes, which are cleared and set up for it
    graph    Graph
    returns  Drawn, to be filled by `put`
    """
    ax.clear()
    ax.set(xlim=(-0.85, 9.75), ylim=(-1.4, 3.6), aspect="equal")
    ax.set_axis_off()
    places = {node.name: node.place for node in graph}
    for node in graph:
        _draw_box(ax, node)
        for name in node.inputs:
            ax.add_patch(arrow(*ends(places[name], node.place), color=style.GREY, linewidth=1.2))
    values, grads = (
        ax.add_patch(PathPatch(outline([], SIZE), fc=colour, lw=0, zorder=5))
        for colour in (style.BLUE, style.GRADIENT)
    )
    slopes = {e.text: _beside(ax, *ends(places[e.start], e.node.place)) for e in edges(graph)}
    return Drawn(places, values, grads, slopes)


def _beside(ax: Axes, start: Place, end: Place) -> Any:
    """An empty text above an arrow, beside it where the arrow is steep."""
    rise = (end[1] - start[1]) / (end[0] - start[0])
    x, y = (0.55 * a + 0.45 * b for a, b in zip(start, end, strict=True))
    look: dict[str, Any] = {"va": "baseline", "fontsize": 9, "zorder": 5}
    if abs(rise) < 0.4:
        return ax.text(x, y + 0.1 + 0.2 * abs(rise), "", ha="center", **look)
    ha, away = ("right", -0.06) if rise > 0 else ("left", 0.06)
    return ax.text(x + away, y + 0.08, "", ha=ha, **look)


def _draw_box(ax: Axes, node: Node) -> None:
    x, y = node.place
    given = not node.operation
    look: dict[str, Any] = {"fc": style.PAPER if given else style.WASH, "ec": style.INK}
    look["linestyle"] = "--" if given else "-"
    corner = x - WIDTH / 2, y - HEIGHT / 2
    shape = "round,pad=0,rounding_size=0.12"
    ax.add_patch(FancyBboxPatch(corner, WIDTH, HEIGHT, boxstyle=shape, zorder=2, **look))
    ax.text(x, y + 0.29, node.text, ha="center", va="center", fontsize=9, weight="bold")


def ends(start: Place, end: Place) -> tuple[Place, Place]:
    """Where an arrow between two boxes leaves the one and meets the other."""
    across, up = end[0] - start[0], end[1] - start[1]
    cut = min(
        WIDTH / 2 / abs(across) if across else math.inf, HEIGHT / 2 / abs(up) if up else math.inf
    )
    first = (start[0] + cut * across, start[1] + cut * up)
    return first, (end[0] - cut * across, end[1] - cut * up)


def arrow(start: Place, end: Place, **options: Any) -> FancyArrowPatch:
    """An arrow between two places."""
    look: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 12, "shrinkA": 1, "shrinkB": 1}
    return FancyArrowPatch(start, end, **look | options)


def put(drawn: Drawn, seen: Trace) -> None:
    """Fill in the numbers that are known by now."""
    at = drawn.places
    values = [(f"= {say(number)}", at[name]) for name, number in seen.values.items()]
    grads = [(f"∂f: {say(number)}", at[name]) for name, number in seen.grads.items()]
    drawn.values.set_path(outline(values, SIZE))
    drawn.grads.set_path(outline([(text, (x, y - 0.29)) for text, (x, y) in grads], SIZE))
    asked = seen.edge.text if seen.edge and seen.hidden else ""
    for name, text in drawn.slopes.items():
        number = f"×{say(seen.slopes[name], 2)}" if name in seen.slopes else ""
        text.set_text("× ?" if name == asked else number)
        text.set(weight="bold" if name == asked else "normal")
        text.set_visible(bool(text.get_text()))


# ---- wire ----------------------------------------------------------------------------------------

START: dict[str, Any] = {
    "graph": "used twice: x·y·(x + z)",
    "a": 1.5,
    "b": -1.0,
    "c": 0.5,
    "step": 7,
    "ask": True,
}
"""The state in which `GraphStepper` begins: two local derivatives found, the third asked for."""


class GraphStepper(base.Explorable):
    """A computational graph: every value forward, every gradient backward, edge by edge."""

    title = "Values go forward, gradients come back"
    size = (8.6, 4.4)
    play = "step"
    interval = 1500
    filmed = False  # what a step asks is not in its picture
    question = (
        "In f = x·y·(x + z) the value x is used twice, by p and by q, and a gradient comes back "
        "from each. What is ∂f/∂x in the end?"
    )
    choices = ("the one that comes last", "the larger one", "their mean", "their sum")

    def controls(self) -> dict[str, Any]:
        self.told: set[tuple[Any, ...]] = set()
        self._make_panel()
        return {
            "graph": base.choice("graph", list(GRAPHS), START["graph"]),
            "a": base.slider("x", -3, 3, START["a"]),
            "b": base.slider("y", -3, 3, START["b"]),
            "c": base.slider("z", -3, 3, START["c"]),
            "step": base.int_slider("steps done", 0, 11, START["step"]),
            "ask": widgets.Checkbox(
                START["ask"], description="ask me for each local derivative", style=base.STYLE
            ),
        }

    def compute(self, graph: str, a: float, b: float, c: float, step: int, ask: bool) -> Trace:
        given = [a, b, c]
        seen = trace(GRAPHS[graph], given, min(step, steps(GRAPHS[graph])))
        hidden = ask and seen.edge is not None and seen.key not in self.told
        return trace(seen.graph, given, seen.step, hidden) if hidden else seen

    def limits(self, result: Trace) -> dict[str, int]:
        return {"step": result.last}

    def build(self, fig: Any, result: Trace) -> None:
        self.ax = fig.subplots()
        self.graph: Graph = ()
        self.update(result)

    def _show(self, graph: Graph) -> None:
        """Another graph: everything is drawn anew."""
        self.graph = graph
        self.drawn = draw_graph(self.ax, graph)
        self.ax.set_title(f"{self.title}   (= value, ∂f: gradient of f, × local derivative)")
        for control, node in zip("abc", inputs(graph), strict=True):
            self.widgets[control].description = node.name
        look: dict[str, Any] = {"color": style.ORANGE, "linewidth": 3, "zorder": 4, "shrinkA": 14}
        self.way = self.ax.add_patch(arrow((0, 0), (1, 1), **look))
        self.ring = FancyBboxPatch(
            (0, 0), WIDTH, HEIGHT, boxstyle="round,pad=0.06,rounding_size=0.12", fc="none"
        )
        self.ring.set(edgecolor=style.ORANGE, linewidth=2.5, zorder=3)
        self.ax.add_patch(self.ring)
        self.said = self.ax.text(-0.75, -1.05, "", fontsize=10.5, va="center")
        self._moving.clear()
        self.moving(self.ring, self.way, *self.drawn.artists, self.said)
        self.redraw()

    def update(self, result: Trace) -> None:
        if result.graph is not self.graph:
            self._show(result.graph)
        put(self.drawn, result)
        places = self.drawn.places
        here = result.edge.start if result.edge else result.node.name if result.node else ""
        self.ring.set_visible(bool(here))
        if here:
            x, y = places[here]
            self.ring.set_bounds(x - WIDTH / 2, y - HEIGHT / 2, WIDTH, HEIGHT)
        self.way.set_visible(result.edge is not None)
        if result.edge:
            start, end = ends(places[result.edge.start], result.edge.node.place)
            self.way.set_positions(end, start)
        self.said.set_text(arithmetic(result))
        self._ask(result)

    def describe(self, result: Trace) -> str:
        known = ", ".join(f"{n.name} = {say(result.values[n.name])}" for n in inputs(result.graph))
        return f"Step {result.step} of {result.last}, with {known}. {arithmetic(result)}"

    def truth(self) -> str:
        graph = GRAPHS[str(START["graph"])]
        end = trace(graph, [START[name] for name in "abc"], steps(graph))
        shares = [
            end.grads[e.node.name] * slope(e, end.values) for e in edges(graph) if e.start == "x"
        ]
        found = (shares[-1], max(shares), sum(shares) / 2, sum(shares))
        return self.choices[[math.isclose(f, end.grads["x"]) for f in found].index(True)]

    # ---- the question of a step ----

    def _make_panel(self) -> None:
        """A field for the guess, and buttons; where no step asks, it is not shown."""
        self.guess = widgets.Text(placeholder="a number, or a formula", layout={"width": "22em"})
        self.guess.style = {"description_width": "10em"}
        self.check = widgets.Button(description="Check", button_style="primary")
        self.reveal = widgets.Button(description="Show it")
        self.verdict = widgets.HTML()
        self.row = widgets.HBox([self.guess, self.check, self.reveal])
        self.panel = widgets.VBox([self.row, self.verdict], layout={"display": "none"})
        self.check.on_click(lambda _: self.answer(self.guess.value))
        self.reveal.on_click(lambda _: self.answer(""))

    def _rows(self) -> list[widgets.Widget]:
        return [*super()._rows(), self.panel]

    def _answer(self, guess: str) -> str:
        self.panel.layout.display = ""
        return super()._answer(guess)

    def _ask(self, result: Trace) -> None:
        """Put the question of this step, and take the last one's away."""
        self.row.layout.display = "" if result.hidden else "none"
        if result.hidden and result.edge:
            self.guess.description = f"{result.edge.text} ="
            self.guess.value = self.verdict.value = ""
        elif result.key not in self.told:
            self.verdict.value = ""

    def answer(self, guess: str) -> None:
        """Judge a guess at the local derivative that is asked for; "" shows it unguessed."""
        if not self.result.hidden:
            return
        edge, seen = self.result.edge, self.result
        number = say(slope(edge, seen.values))
        right, said = True, f"{edge.text} = {edge.node.rule(edge.which)} = {number}."
        if guess.strip():
            right, said = judge(guess, seen)
        if right:
            self.told.add(seen.key)
            self._try(self._refresh)
        self.verdict.value = f'<p role="status" aria-live="polite">{said}</p>'
