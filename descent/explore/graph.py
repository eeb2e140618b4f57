"""Computational graphs of 07_backprop: values forward, gradients backward, one edge at a time."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from descent.explore.outlines import Place

# ---- compute: graphs -----------------------------------------------------------------------------


class Operation(NamedTuple):
    """An elementary function of one value or more.

    value   its value
    slopes  its local derivatives, one for each argument
    text    how it is written, {0}, {1}, … for the arguments
    rules   its local derivatives as written, {out} for its own value
    """

    value: Callable[..., float]
    slopes: Callable[..., tuple[float, ...]]
    text: str
    rules: tuple[str, ...]


OPERATIONS = {
    "add": Operation(operator.add, lambda u, v: (1.0, 1.0), "{0} + {1}", ("1", "1")),
    "add three": Operation(
        lambda u, v, w: u + v + w, lambda u, v, w: (1.0, 1.0, 1.0), "{0} + {1} + {2}", ("1",) * 3
    ),
    "subtract": Operation(operator.sub, lambda u, v: (1.0, -1.0), "{0} − {1}", ("1", "−1")),
    "multiply": Operation(operator.mul, lambda u, v: (v, u), "{0}·{1}", ("{1}", "{0}")),
    "divide": Operation(
        operator.truediv, lambda u, v: (1 / v, -u / v**2), "{0} / {1}", ("1/{1}", "−{0}/{1}²")
    ),
    "square": Operation(lambda u: u * u, lambda u: (2 * u,), "{0}²", ("2{0}",)),
    "exp": Operation(math.exp, lambda u: (math.exp(u),), "exp({0})", ("{out}",)),
    "tanh": Operation(math.tanh, lambda u: (1 - math.tanh(u) ** 2,), "tanh({0})", ("1 − {out}²",)),
    "relu": Operation(
        lambda u: max(u, 0.0),
        lambda u: (float(u > 0),),
        "relu({0})",
        ("1 where {0} > 0, else 0",),
    ),
}
"""Name -> elementary function with its local derivatives."""


class Node(NamedTuple):
    """A value of a graph.

    name       of the value
    place      of its box
    operation  that computes it, a key of `OPERATIONS`; "" for an input or a constant
    inputs     names of the values that it is computed from
    constant   its value, where it is neither computed nor an input
    """

    name: str
    place: Place
    operation: str = ""
    inputs: tuple[str, ...] = ()
    constant: float | None = None

    @property
    def text(self) -> str:
        """How it is computed, such as p = x·y."""
        if not self.operation:
            return self.name if self.constant is None else f"{self.name} (constant)"
        return f"{self.name} = {OPERATIONS[self.operation].text.format(*self.inputs)}"

    def rule(self, which: int) -> str:
        """The local derivative by one of its inputs, as written."""
        return OPERATIONS[self.operation].rules[which].format(*self.inputs, out=self.name)


class Edge(NamedTuple):
    """The way from one value to another that is computed from it."""

    node: Node
    which: int

    @property
    def start(self) -> str:
        """Name of the input."""
        return self.node.inputs[self.which]

    @property
    def text(self) -> str:
        """The local derivative's name, such as ∂p/∂x."""
        return f"∂{self.node.name}/∂{self.start}"


Graph = tuple[Node, ...]
"""Nodes in an order in which each comes after its inputs; the last is the result."""

GRAPHS: dict[str, Graph] = {
    "used twice: x·y·(x + z)": (
        Node("x", (0.6, 1.5)),
        Node("y", (0.6, 3.0)),
        Node("z", (0.6, 0.0)),
        Node("p", (4.4, 2.4), "multiply", ("x", "y")),
        Node("q", (4.4, 0.6), "add", ("x", "z")),
        Node("f", (8.2, 1.5), "multiply", ("p", "q")),
    ),
    "a tanh unit and its loss": (
        Node("x", (0.0, 3.0)),
        Node("w", (0.0, 1.5)),
        Node("b", (0.0, 0.0)),
        Node("u", (2.4, 2.25), "multiply", ("w", "x")),
        Node("s", (3.5, 0.4), "add", ("u", "b")),
        Node("a", (6.0, 0.4), "tanh", ("s",)),
        Node("y", (4.9, 2.6), constant=1.0),
        Node("e", (7.2, 2.5), "subtract", ("a", "y")),
        Node("f", (8.9, 0.7), "square", ("e",)),
    ),
    "a ReLU unit and its loss": (
        Node("x", (0.0, 3.0)),
        Node("w", (0.0, 1.5)),
        Node("b", (0.0, 0.0)),
        Node("u", (2.4, 2.25), "multiply", ("w", "x")),
        Node("s", (3.5, 0.4), "add", ("u", "b")),
        Node("a", (6.0, 0.4), "relu", ("s",)),
        Node("y", (4.9, 2.6), constant=1.0),
        Node("e", (7.2, 2.5), "subtract", ("a", "y")),
        Node("f", (8.9, 0.7), "square", ("e",)),
    ),
    "softmax of three": (
        Node("x", (0.0, 3.0)),
        Node("y", (0.0, 1.5)),
        Node("z", (0.0, 0.0)),
        Node("a", (2.6, 3.0), "exp", ("x",)),
        Node("b", (2.6, 1.5), "exp", ("y",)),
        Node("c", (2.6, 0.0), "exp", ("z",)),
        Node("t", (5.8, 0.3), "add three", ("a", "b", "c")),
        Node("f", (8.6, 1.8), "divide", ("b", "t")),
    ),
}
"""What can be stepped through: name -> graph of three inputs."""


def inputs(graph: Graph) -> list[Node]:
    """The three nodes whose values the learner sets."""
    return [node for node in graph if not node.operation and node.constant is None]


def computed(graph: Graph) -> list[Node]:
    """The nodes that are computed, in this order."""
    return [node for node in graph if node.operation]


def edges(graph: Graph) -> list[Edge]:
    """The edges in the order in which the backward pass goes over them; none into a constant."""
    constants = {node.name for node in graph if node.constant is not None}
    backward = [Edge(node, k) for node in computed(graph)[::-1] for k in range(len(node.inputs))]
    return [edge for edge in backward if edge.start not in constants]


def steps(graph: Graph) -> int:
    """Steps from the inputs to the end: each value, ∂f/∂f = 1, each edge, a look at the whole."""
    return len(computed(graph)) + len(edges(graph)) + 2


class Trace(NamedTuple):
    """A graph some steps into its forward and backward pass.

    graph   what is computed
    step    steps done: one for each computed value, one for ∂f/∂f = 1, one for each edge, the end
    values  name -> value, of those known by now
    grads   name -> ∂f/∂name, as far as it is added up by now
    slopes  edge's text -> local derivative, of the edges gone over by now
    hidden  whether the last edge is still asked about, so that it doesn't count yet
    """

    graph: Graph
    step: int
    values: dict[str, float]
    grads: dict[str, float]
    slopes: dict[str, float]
    hidden: bool

    @property
    def last(self) -> int:
        """Steps from the inputs to the end."""
        return steps(self.graph)

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells this question from others: graph, step and inputs."""
        return self.graph, self.step, *(self.values[node.name] for node in inputs(self.graph))

    @property
    def edge(self) -> Edge | None:
        """The edge that this step goes over, if it is a step of the backward pass."""
        k = self.step - len(computed(self.graph)) - 2
        return edges(self.graph)[k] if 0 <= k < len(edges(self.graph)) else None

    @property
    def node(self) -> Node | None:
        """The value that this step computes, if it is a step of the forward pass."""
        k = self.step - 1
        return computed(self.graph)[k] if 0 <= k < len(computed(self.graph)) else None


def forward(graph: Graph, given: Sequence[float]) -> dict[str, float]:
    """All values of a graph.

    graph    Graph
    given    values of its inputs, in their order
    returns  name -> value
    """
    names = [node.name for node in inputs(graph)]
    values = dict(zip(names, given, strict=True))
    values |= {node.name: node.constant for node in graph if node.constant is not None}
    for node in computed(graph):
        arguments = [values[name] for name in node.inputs]
        values[node.name] = OPERATIONS[node.operation].value(*arguments)
    return values


def slope(edge: Edge, values: Mapping[str, float]) -> float:
    """The local derivative over an edge, at these values."""
    arguments = [values[name] for name in edge.node.inputs]
    return OPERATIONS[edge.node.operation].slopes(*arguments)[edge.which]


def trace(graph: Graph, given: Sequence[float], step: int, hidden: bool = False) -> Trace:
    """The first steps of a forward and a backward pass.

    graph    Graph
    given    values of its inputs, in their order
    step     steps done, at most `Trace.last`
    hidden   whether the last step, over an edge, is left out
    returns  Trace
    """
    values, known = forward(graph, given), computed(graph)
    done = edges(graph)[: max(0, step - len(known) - 1 - hidden)]
    grads = {graph[-1].name: 1.0} if step > len(known) else {}
    slopes = {}
    for edge in done:
        slopes[edge.text] = slope(edge, values)
        share = grads[edge.node.name] * slopes[edge.text]
        grads[edge.start] = grads.get(edge.start, 0.0) + share
    unknown = {node.name for node in known[step:]}
    shown = {name: value for name, value in values.items() if name not in unknown}
    return Trace(graph, step, shown, grads, slopes, hidden)


# ---- in words ------------------------------------------------------------------------------------


def say(number: float, digits: int = 3) -> str:
    """A number to so many digits, with a true minus sign."""
    text = f"{number:.{digits}g}"
    return "0" if float(text) == 0 else text.replace("-", "−")


def arithmetic(seen: Trace) -> str:
    """What the last step of a trace computed, in numbers."""
    if seen.step == 0:
        return "Nothing is computed yet: only the inputs are known."
    if seen.node:
        return f"Forward: {seen.node.text} = {say(seen.values[seen.node.name])}, and is kept."
    if seen.edge:
        return _asked(seen.edge, seen) if seen.hidden else _share(seen.edge, seen)
    if seen.step < seen.last:
        return "Backward begins with ∂f/∂f = 1."
    found = ", ".join(f"∂f/∂{n.name} = {say(seen.grads[n.name])}" for n in inputs(seen.graph))
    return f"Done: {found}."


def _asked(edge: Edge, seen: Trace) -> str:
    out = edge.node.name
    return (
        f"Backward over {edge.start} → {out}: ∂f/∂{out} is {say(seen.grads[out])}. "
        f"And what is {edge.text}, for {edge.node.text}?"
    )


def _share(edge: Edge, seen: Trace) -> str:
    out, number = edge.node.name, seen.slopes[edge.text]
    rule = edge.node.rule(edge.which)
    written = "" if rule == say(number) else f" = {rule}"
    share, total = seen.grads[out] * number, seen.grads[edge.start]
    more = "" if say(share) == say(total) else f", in sum {say(total)}"
    return (
        f"Backward: {edge.text}{written} = {say(number)}, times ∂f/∂{out} = {say(seen.grads[out])} "
        f"adds {say(share)} to ∂f/∂{edge.start}{more}."
    )
