"""Mutants: a solution with one small change, which tests worth their name must notice.

Tests that tell a program from all its mutants are likely to find larger mistakes, too: those are
mostly sums of small ones (DeMillo, Lipton & Sayward 1978). The operators are the sufficient set
of Offutt et al. 1996 without its absolute values (arithmetic, comparison, logical connectors,
signs), with the comparisons thinned out as Kaminski, Ammann & Offutt 2013 prove enough, and what
Python and tensors add:

    arithmetic  another operator; one operand alone; a //= b instead of a += b
    sign        -x for an operand x, x for -x
    comparison  the neighbouring comparison, always true, always false; `in` for `not in`
    logical     `or` for `and`; one operand alone; not x for a condition x; x for not x and ~x
    constant    n ± 1, 2n; the other truth value; an empty text
    index       i ± 1; a slice that begins or ends one entry too early or too late, or not at all
    range       one step more or less, at either end
    call        f(x) → x, x.f() → x; an in-place method that is not
    swap        neighbouring arguments, entries of a tuple, operands (not of + and *)
    reduction   sum for mean, max for min, all for any, ...
    keyword     f(x, dim=0) → f(x)
    statement   left out
    loop        only the first round; the last round first
    block       `with` left out, its body stays
    return      None, or the first variable of the answer
    raise       another class of error

Texts of errors and annotations stay as they are: an exercise leaves the first open, and the second
compute nothing. So do `device=`, `.to(x.device)` and `strict=`: the first two make a difference on
a GPU only, the last only where arguments are not what the exercise promises.

source  DeMillo, Lipton & Sayward 1978, Hints on test data selection, doi:10.1109/C-M.1978.218136;
        Offutt, Lee, Rothermel, Untch & Zapf 1996, An experimental determination of sufficient
        mutant operators, doi:10.1145/227607.227610
        Kaminski, Ammann & Offutt 2013, Improving logic-based testing
"""

import ast
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from types import CodeType
from typing import Any

from descent.course import markers

Operator = Callable[[ast.AST], Iterator[ast.AST]]

MODULES = {"F", "math", "nn", "torch"}
"""Names whose attributes are functions, not methods."""
UNSEEN = {"device", "strict"}
"""Keywords without which nothing changes on a computer with one device and right arguments."""


@dataclass(frozen=True)
class Mutant:
    """A cell with one change.

    operator  that made it
    line      of the cell where the change begins, from 1
    before    text of the lines that change, without indentation
    after     the same after the change
    source    text of the changed cell
    """

    operator: str
    line: int
    before: str
    after: str
    source: str

    @property
    def key(self) -> str:
        """What identifies it, however the rest of the cell changes."""
        return f"{self.operator}: {self.before} → {self.after}"


def mutants(source: str) -> list[Mutant]:
    """All mutants of the solution regions of a cell, in the order of its lines.

    source   text of a solution cell
    returns  each compiles, and to another code than the cell and all others
    """
    regions = markers.regions(source, markers.SOLUTION)
    tree = ast.parse(source)
    nodes = [n for n in _mutable(tree) if any(_inside(n, *region) for region in regions)]
    seen = {_code(source)}
    found = []
    for node in sorted(nodes, key=lambda n: (n.lineno, n.col_offset, -_end(n))):
        for name, operator in OPERATORS.items():
            for new in operator(node):
                mutant = _mutant(name, source, *_narrowed(node, new))
                code = _code(mutant.source)
                if code is not None and code not in seen:
                    seen.add(code)
                    found.append(mutant)
    return found


# ---- from a changed node to a changed text -------------------------------------------------------


def _mutable(node: ast.AST) -> Iterator[Any]:
    """The nodes of a tree that have a place in the text and may be changed."""
    if hasattr(node, "lineno") and not isinstance(node, ast.arg | ast.keyword):
        yield node
    for name, value in ast.iter_fields(node):
        if _is_open(node, name):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _mutable(child)


def _is_open(node: ast.AST, field: str) -> bool:
    """Whether a part of a node is left alone: nothing that is asked for depends on it."""
    words = {ast.Raise: ("exc", "cause"), ast.JoinedStr: ("values",), ast.Assert: ("msg",)}
    unseen = isinstance(node, ast.keyword) and node.arg in UNSEEN
    unseen = unseen or (isinstance(node, ast.stmt) and _is_docstring(node))
    return unseen or field in ("annotation", "returns", *words.get(type(node), ()))


def _inside(node: Any, first: int, last: int) -> bool:
    return bool(first < node.lineno and node.end_lineno < last)


def _end(node: Any) -> int:
    return int(node.end_lineno * 1000 + node.end_col_offset)


def _narrowed(old: Any, new: Any) -> tuple[Any, Any]:
    """The smallest part of a node that a change of it replaces, and what by."""
    fields = [f for f in old._fields if getattr(old, f) is not getattr(new, f, None)]
    if type(old) is not type(new) or len(fields) != 1:
        return old, new
    part, other = getattr(old, fields[0]), getattr(new, fields[0])
    placed = hasattr(part, "lineno") and isinstance(other, ast.AST)
    return _narrowed(part, other) if placed else (old, new)


def _mutant(name: str, source: str, node: Any, new: ast.AST) -> Mutant:
    """The cell with a new node in place of another."""
    lines = source.splitlines(keepends=True)
    first, last = node.lineno - 1, node.end_lineno
    start = lines[first].encode()[: node.col_offset].decode()
    end = lines[last - 1].encode()[node.end_col_offset :].decode()
    head, tail = "".join(lines[:first]) + start, end + "".join(lines[last:])
    text = _text(new, head, tail, node.col_offset)
    before, after = "".join(lines[first:last]), start + text + end
    return Mutant(name, first + 1, _brief(before), _brief(after), head + text + tail)


def _text(new: ast.AST, head: str, tail: str, indent: int) -> str:
    """A node as text between two others, in parentheses if it would be torn apart without."""
    text = ast.unparse(ast.fix_missing_locations(new))
    if isinstance(new, ast.stmt):
        return textwrap.indent(text, " " * indent).lstrip()
    plain, grouped = (_tree(f"{head}{t}{tail}") for t in (text, f"({text})"))
    return text if grouped is None or plain == grouped else f"({text})"


def _tree(source: str) -> str | None:
    """A text that two sources share if they mean the same, None if one means nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.dump(ast.parse(source))
    except SyntaxError:
        return None


def _code(source: str) -> CodeType | None:
    """What a cell compiles to, wherever its lines are; None if it doesn't."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of calls of numbers and the like
            tree = ast.parse(source)
            for node in ast.walk(tree):
                if hasattr(node, "lineno"):
                    vars(node).update(lineno=1, end_lineno=1, col_offset=0, end_col_offset=0)
            return compile(tree, "<mutant>", "exec")
    except SyntaxError:
        return None


def _brief(lines: str) -> str:
    return textwrap.shorten(lines, 140, placeholder=" …")


def _changed(node: ast.AST, **fields: Any) -> ast.AST:
    """A copy of a node with other parts."""
    new = copy(node)
    vars(new).update(fields)
    return new


def _without(items: Iterable[Any], index: int) -> list[Any]:
    return [item for i, item in enumerate(items) if i != index]


# ---- operators -----------------------------------------------------------------------------------

ARITHMETIC: dict[type[ast.operator], list[type[ast.operator]]] = {
    ast.Add: [ast.Sub, ast.Mult],
    ast.Sub: [ast.Add, ast.Mult],
    ast.Mult: [ast.Div, ast.Add],
    ast.Div: [ast.Mult, ast.Sub],
    ast.FloorDiv: [ast.Div, ast.Mult],
    ast.Mod: [ast.FloorDiv, ast.Mult],
    ast.Pow: [ast.Mult, ast.Div],
    ast.MatMult: [ast.Mult],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.BitXor: [ast.BitOr],
}

COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.NotEq, ast.GtE],
    ast.Gt: [ast.GtE, ast.NotEq, ast.LtE],
    ast.LtE: [ast.Lt, ast.Eq, ast.Gt],
    ast.GtE: [ast.Gt, ast.Eq, ast.Lt],
    ast.Eq: [ast.LtE, ast.GtE, ast.NotEq],
    ast.NotEq: [ast.Lt, ast.Gt, ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
}

REDUCTIONS = {
    "sum": ["mean", "prod", "amax"],
    "mean": ["sum", "median", "amax"],
    "max": ["min", "mean"],
    "min": ["max", "mean"],
    "amax": ["amin", "mean", "sum"],
    "amin": ["amax", "mean", "sum"],
    "argmax": ["argmin"],
    "argmin": ["argmax"],
    "all": ["any"],
    "any": ["all"],
    "std": ["var", "mean"],
    "var": ["std", "mean"],
    "norm": ["sum", "amax"],
    "cumsum": ["cumprod"],
    "prod": ["sum"],
    "zeros": ["ones"],
    "ones": ["zeros"],
    "zeros_like": ["ones_like"],
    "ones_like": ["zeros_like"],
    "rand": ["randn"],
    "randn": ["rand"],
    "randperm": ["arange"],
    "sqrt": ["square"],
    "square": ["sqrt", "abs"],
    "exp": ["expm1"],
    "log": ["log1p"],
    "log1p": ["log"],
    "expm1": ["exp"],
    "append": ["extend"],
    "cat": ["stack"],
    "stack": ["cat"],
}
"""Function -> those that are taken for it: reductions first of all, then other lookalikes."""


def arithmetic(node: ast.AST) -> Iterator[ast.AST]:
    """Another arithmetic operator, or one operand alone."""
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for op in ARITHMETIC.get(type(node.op), []):
            yield _changed(node, op=op())
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)


def sign(node: ast.AST) -> Iterator[ast.AST]:
    """A minus that is lost, or one too many."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    if isinstance(node, ast.BinOp):
        for name in ("left", "right"):
            yield _changed(node, **{name: ast.UnaryOp(ast.USub(), getattr(node, name))})


def comparison(node: ast.AST) -> Iterator[ast.AST]:
    """The neighbouring comparison, its opposite, always true, always false."""
    if isinstance(node, ast.Compare):
        for i, old in enumerate(node.ops):
            for op in COMPARISONS[type(old)]:
                yield _changed(node, ops=[*node.ops[:i], op(), *node.ops[i + 1 :]])
        yield from (ast.Constant(True), ast.Constant(False))


def logical(node: ast.AST) -> Iterator[ast.AST]:
    """`or` for `and`, one operand less, a condition that is negated, a negation that is lost."""
    if isinstance(node, ast.BoolOp):
        yield _changed(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
        yield from node.values
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield node.operand
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield _changed(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.If | ast.IfExp):
        yield _changed(node, test=ast.Constant(True))
        yield _changed(node, test=ast.Constant(False))


def constant(node: ast.AST) -> Iterator[ast.AST]:
    """A number one more or less or twice as large, the other truth value, an empty text."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield from map(_number, (value + 1, value - 1, 2 * value))
    elif isinstance(value, str):
        yield ast.Constant("")


def _number(value: float) -> ast.AST:
    if value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def index(node: ast.AST) -> Iterator[ast.AST]:
    """An index off by one, a slice that is off by one at an end or has no such end."""
    if isinstance(node, ast.Slice):
        for name, inner in (("lower", 1), ("upper", -1)):
            bound = getattr(node, name)
            if bound is None:
                yield _changed(node, **{name: _number(inner)})
            else:
                yield from (_changed(node, **{name: moved}) for moved in (None, *_moved(bound)))
    if isinstance(node, ast.Subscript):
        entries = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for i, entry in enumerate(entries):
            for moved in () if isinstance(entry, ast.Slice) else _moved(entry):
                moves = [*entries[:i], moved, *entries[i + 1 :]]
                new = ast.Tuple(moves, ast.Load()) if len(moves) > 1 else moved
                yield _changed(node, slice=new)


def _moved(bound: ast.expr) -> list[ast.expr]:
    """One more and one less; nothing of a number, which is `constant`'s to change."""
    if isinstance(bound, ast.UnaryOp | ast.Constant):
        return []
    return [ast.BinOp(bound, op, ast.Constant(1)) for op in (ast.Add(), ast.Sub())]


def steps(node: ast.AST) -> Iterator[ast.AST]:
    """A range that begins or ends one step too early or too late."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("range", "torch.arange"):
        at = min(len(node.args) - 1, 1)
        for moved in _moved(node.args[at]):
            yield _changed(node, args=[*node.args[:at], moved, *node.args[at + 1 :]])
        if at == 0:
            yield _changed(node, args=[ast.Constant(1), *node.args])


def call(node: ast.AST) -> Iterator[ast.AST]:
    """The argument, or the object, of a call without the call; an in-place method that is not."""
    if not isinstance(node, ast.Call) or _moves_device(node):
        return
    yield from (arg for arg in node.args[:1] if not isinstance(arg, ast.Starred))
    if isinstance(node.func, ast.Attribute):
        base, name = node.func.value, node.func.attr
        if not (isinstance(base, ast.Name) and base.id in {*MODULES, "self"}):
            yield base
        if name.endswith("_") and not name.startswith("_"):
            yield _changed(node, func=_changed(node.func, attr=name[:-1]))


def _moves_device(node: ast.Call) -> bool:
    return ast.unparse(node).endswith(".device)") and ast.unparse(node.func).endswith(".to")


def swap(node: ast.AST) -> Iterator[ast.AST]:
    """Two neighbouring arguments, entries of a tuple, or operands, in each other's place."""
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add | ast.Mult):
        yield _changed(node, left=node.right, right=node.left)
    name = "args" if isinstance(node, ast.Call) else "elts"
    if isinstance(node, ast.Call | ast.Tuple):
        items = getattr(node, name)
        for i in range(len(items) - 1):
            pair = [items[i + 1], items[i]]
            yield _changed(node, **{name: [*items[:i], *pair, *items[i + 2 :]]})


def reduction(node: ast.AST) -> Iterator[ast.AST]:
    """Another reduction, or another function that is taken for the right one."""
    if isinstance(node, ast.Attribute):
        yield from (_changed(node, attr=name) for name in REDUCTIONS.get(node.attr, []))
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from (_changed(node, id=n) for n in REDUCTIONS.get(node.id, []) if n in BUILTINS)


BUILTINS = {"sum", "max", "min", "all", "any"}


def keyword(node: ast.AST) -> Iterator[ast.AST]:
    """A call without one of its keywords."""
    if isinstance(node, ast.Call):
        for i, given in enumerate(node.keywords):
            if given.arg not in UNSEEN:
                yield _changed(node, keywords=_without(node.keywords, i))


def statement(node: ast.AST) -> Iterator[ast.AST]:
    """A statement left out."""
    if isinstance(node, ast.stmt) and not _is_docstring(node):
        yield ast.Pass()


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def loop(node: ast.AST) -> Iterator[ast.AST]:
    """A loop that ends after its first round, or runs backwards."""
    if isinstance(node, ast.While):
        yield _changed(node, body=[*node.body, ast.Break()])
    if isinstance(node, ast.For):
        rounds = ast.Call(ast.Name("list"), [node.iter], [])
        yield _changed(node, iter=ast.Subscript(rounds, ast.Slice(None, ast.Constant(1))))
        yield _changed(node, iter=ast.Call(ast.Name("reversed"), [rounds], []))


def block(node: ast.AST) -> Iterator[ast.AST]:
    """The body of a `with` without it."""
    if isinstance(node, ast.With):
        yield ast.If(ast.Constant(True), node.body, [])


def answer(node: ast.AST) -> Iterator[ast.AST]:
    """Nothing, or the first variable of the answer, instead of the answer."""
    if isinstance(node, ast.Return) and node.value is not None:
        yield ast.Return(ast.Constant(None))
        names = [n for n in ast.walk(node.value) if isinstance(n, ast.Name) and n.id not in MODULES]
        yield from (ast.Return(name) for name in names[:1])


def error(node: ast.AST) -> Iterator[ast.AST]:
    """Another class of error."""
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        yield _changed(node, exc=_changed(node.exc, func=ast.Name("Exception")))


OPERATORS: dict[str, Operator] = {
    "arithmetic": arithmetic,
    "sign": sign,
    "comparison": comparison,
    "logical": logical,
    "constant": constant,
    "index": index,
    "range": steps,
    "call": call,
    "swap": swap,
    "reduction": reduction,
    "keyword": keyword,
    "statement": statement,
    "loop": loop,
    "block": block,
    "return": answer,
    "raise": error,
}
"""Name -> what makes other nodes of a node."""
