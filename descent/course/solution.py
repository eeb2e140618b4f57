"""What the build demands of a solution cell: one name, regions, a docstring that says shapes."""

import ast
import inspect
import re
from collections.abc import Iterator

from descent.course import markers
from descent.course.faults import Fault
from descent.course.myst import Cell

Function = ast.FunctionDef | ast.AsyncFunctionDef
Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign

ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*) {2,}(\S.*)$")
SHAPE = re.compile(r"\([^()]*,[^()]*\)|\(\)|\b0-d\b|\bany shape\b|\bsame shape\b")


def definition(tree: ast.Module) -> Named | None:
    """The one function, class or constant that a solution cell defines, None if not one."""
    found = [node for node in tree.body if isinstance(node, Named)]
    return found[0] if len(found) == 1 and name(found[0]) else None


def name(node: Named) -> str:
    """The name that a statement defines, "" if it isn't a plain one."""
    if isinstance(node, ast.Assign):
        return node.targets[0].id if [type(t) for t in node.targets] == [ast.Name] else ""  # type: ignore[attr-defined]
    if isinstance(node, ast.AnnAssign):
        return node.target.id if isinstance(node.target, ast.Name) else ""
    return node.name


def signature(node: Named) -> str:
    """Name and arguments without annotations, as the table of exercises gives them.

    returns  `tlu(x, w, b)`; of a class those of `__init__`; of a constant just its name
    """
    if isinstance(node, ast.ClassDef):
        inits = [n for n in node.body if isinstance(n, Function) and n.name == "__init__"]
        return f"{node.name}({_arguments(inits[0], skip=1)})" if inits else node.name
    return f"{node.name}({_arguments(node)})" if isinstance(node, Function) else name(node)


def plain_signature(text: str) -> str:
    """A signature as an author writes it, without annotations; unchanged if it isn't one."""
    try:
        node = ast.parse(f"def {text}: pass").body[0]
    except SyntaxError:
        return text
    return signature(node) if isinstance(node, Function) else text


def solution_faults(cell: Cell, tree: ast.Module) -> Iterator[Fault]:
    """What is wrong with a solution cell whose markers are balanced.

    cell     the cell
    tree     its syntax tree
    """
    node = definition(tree)
    if node is None:
        names = ", ".join(name(n) or "?" for n in tree.body if isinstance(n, Named)) or "none"
        what = f"a solution cell defines one function, class or constant, this one {names}"
        yield cell.fault(f"{what}; move helpers into the solution region")
        return
    regions = markers.regions(cell.source, markers.SOLUTION)
    for statement in _outside(tree.body, regions):
        what = "solution text outside a solution region; move it between the markers"
        yield cell.fault(what, statement.lineno)
    yield from _region_faults(cell, regions)
    if isinstance(node, Function):
        yield from _function_faults(cell, node, example=True)
    elif isinstance(node, ast.ClassDef):
        yield from _class_faults(cell, node, regions)
    elif not any(
        line.startswith("#") for line in markers.without(cell.source, "SOLUTION").split("\n")
    ):
        yield cell.fault(f"`{name(node)}` is not described; say in a comment above what it holds")


def _region_faults(cell: Cell, regions: list[markers.Region]) -> Iterator[Fault]:
    lines = cell.source.splitlines()
    for first, last in regions:
        code = [line for line in lines[first : last - 1] if line.strip() and line.strip()[0] != "#"]
        if not code:
            yield cell.fault("the solution is empty; write it between the markers", first)
        elif _indent(code[0]) != _indent(lines[first - 1]):
            what = "the marker is not indented like the solution, so the stub would not be"
            yield cell.fault(f"{what}; indent it like the line below", first)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _outside(body: list[ast.stmt], regions: list[markers.Region]) -> Iterator[ast.stmt]:
    """Statements outside the regions, other than headings of functions and classes, and texts."""
    for node in body:
        last = node.end_lineno or node.lineno
        if any(begin < node.lineno and last < end for begin, end in regions):
            continue
        if isinstance(node, Function | ast.ClassDef):
            yield from _outside(node.body, regions)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield node


def _function_faults(cell: Cell, node: Function, example: bool, skip: int = 0) -> Iterator[Fault]:
    doc, row = _docstring(node)
    if not doc:
        yield cell.fault(
            f"`{node.name}` has no docstring; say what it does, with shapes", node.lineno
        )
        return
    returned = ast.unparse(node.returns) if node.returns else ""
    wanted = {a.arg: _annotation(a) for a in _argument_nodes(node)[skip:]}
    if example or (wanted and returned != "None"):
        wanted["returns"] = returned
    yield from _entry_faults(cell, row, node.name, doc, wanted)
    if example and ">>>" not in doc:
        yield cell.fault(f"the docstring of `{node.name}` has no example; add one with >>>", row)


def _class_faults(cell: Cell, node: ast.ClassDef, regions: list[markers.Region]) -> Iterator[Fault]:
    doc, row = _docstring(node)
    methods = [n for n in node.body if isinstance(n, Function)]
    seen = [n for n in methods if not any(first < n.lineno < last for first, last in regions)]
    inits = [n for n in methods if n.name == "__init__"]
    doc += "".join(f"\n{_docstring(n)[0]}" for n in inits)
    if not _docstring(node)[0]:
        yield cell.fault(
            f"`{node.name}` has no docstring; say what it is, with shapes", node.lineno
        )
        return
    wanted = {a.arg: _annotation(a) for n in inits for a in _argument_nodes(n)[1:]}
    yield from _entry_faults(cell, row, node.name, doc, wanted)
    if ">>>" not in doc:
        yield cell.fault(f"the docstring of `{node.name}` has no example; add one with >>>", row)
    for method in seen:
        if not method.name.startswith("_"):
            yield from _function_faults(cell, method, example=False, skip=1)


def _entry_faults(
    cell: Cell, row: int, owner: str, doc: str, wanted: dict[str, str]
) -> Iterator[Fault]:
    """Names that a docstring does not explain, and tensors whose shape it does not say."""
    entries = _entries(doc)
    for word, annotation in wanted.items():
        line = f"a line `{word}  what it is, shape`"
        if word not in entries:
            yield cell.fault(f"the docstring of `{owner}` does not explain {word}; add {line}", row)
        elif "Tensor" in annotation and not SHAPE.search(entries[word]):
            what = f"the docstring of `{owner}` does not say the shape of {word}"
            yield cell.fault(f"{what}; write it like (N, D), or 0-d", row)


def _entries(doc: str) -> dict[str, str]:
    """Name -> explanation, from lines `name  explanation` and the indented ones that follow."""
    entries: dict[str, str] = {}
    names: list[str] = []
    for line in doc.splitlines():
        match = ENTRY.match(line)
        if match:
            names = [n.lstrip("*") for n in match[1].split(", ")]
            entries |= dict.fromkeys(names, match[2])
        elif line.startswith(" "):
            entries |= {n: f"{entries[n]} {line.strip()}" for n in names}
        else:
            names = []
    return entries


def _docstring(node: Function | ast.ClassDef) -> tuple[str, int]:
    """Text and first line of a docstring, "" if there is none."""
    doc = ast.get_docstring(node, clean=False)
    return (inspect.cleandoc(doc), node.body[0].lineno) if doc else ("", node.lineno)


def _argument_nodes(node: Function) -> list[ast.arg]:
    a = node.args
    extra = [arg for arg in (a.vararg, a.kwarg) if arg]
    return [*a.posonlyargs, *a.args, *a.kwonlyargs, *extra]


def _annotation(node: ast.arg) -> str:
    return ast.unparse(node.annotation) if node.annotation else ""


def _arguments(node: Function, skip: int = 0) -> str:
    copy = ast.parse(ast.unparse(ast.fix_missing_locations(node))).body[0]
    assert isinstance(copy, Function)
    for argument in _argument_nodes(copy):
        argument.annotation = None
    copy.args.args = copy.args.args[skip:]
    return ast.unparse(copy.args)
