"""What the build demands of a single cell, taken for itself."""

import ast
import re
from collections.abc import Iterator

from descent.course import leaks, markers
from descent.course.faults import Fault
from descent.course.myst import Cell
from descent.course.solution import solution_faults


def is_solution(cell: Cell) -> bool:
    """Whether this is the cell that students write in."""
    return markers.has(cell, markers.SOLUTION)


def is_test(cell: Cell) -> bool:
    """Whether this is the cell that judges what students write."""
    return cell.kind == "code" and "points" in cell.options


def parse(cell: Cell) -> tuple[ast.Module | None, list[Fault]]:
    """The syntax tree of a code cell, with IPython's lines (%, !) left out.

    returns  tree, None where the cell isn't Python; faults
    """
    lines = cell.source.splitlines()
    text = "\n".join("pass" if re.match(r"[%!]", line) else line for line in lines)
    try:
        return ast.parse(text), []
    except SyntaxError as error:
        return None, [cell.fault(f"not Python ({error.msg}); mend the line", error.lineno or 1)]


def cell_faults(cell: Cell) -> Iterator[Fault]:
    """What is wrong with a cell of exercise.md."""
    if is_test(cell):
        yield from markers.marker_faults(cell, (markers.HIDDEN,))
        yield from _option_faults(cell, ("points",))
        yield from _test_faults(cell)
    elif is_solution(cell):
        broken = list(markers.marker_faults(cell, (markers.SOLUTION,)))
        tree, faults = parse(cell)
        yield from [*broken, *_option_faults(cell, ()), *faults]
        if tree and not broken:
            yield from solution_faults(cell, tree)
    else:
        yield from plain_faults(cell)


def plain_faults(cell: Cell) -> Iterator[Fault]:
    """What is wrong with a cell that is neither solution nor test."""
    yield from markers.marker_faults(cell, ())
    yield from _option_faults(cell, ("tags",))
    if cell.kind == "code":
        yield from parse(cell)[1]


def _option_faults(cell: Cell, known: tuple[str, ...]) -> Iterator[Fault]:
    for option, value in cell.options.items():
        if option not in known:
            allowed = "".join(f":{o}:" for o in known) or "none"
            yield cell.option_fault(option, f"unknown option :{option}:; this cell takes {allowed}")
        elif option == "points" and not (_is_number(value) and value > 0):
            yield cell.option_fault(
                option, f"points must be a positive number, not {value!r}; mend it"
            )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _test_faults(cell: Cell) -> Iterator[Fault]:
    tree, faults = parse(cell)
    yield from faults
    if not any(line.strip() for _, line in leaks.visible(cell)):
        what = "students see nothing of this test cell"
        yield cell.fault(f"{what}; begin it with a visible test, or a sentence in a comment")
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            what = f"the helper {node.name} could overwrite a student's"
            yield cell.fault(f"{what}; call it _{node.name}", node.lineno)
