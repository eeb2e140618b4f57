"""The comment lines that tell solutions and hidden tests from what students see."""

import difflib
import re
from collections.abc import Iterable, Iterator

from descent.course.faults import Fault
from descent.course.myst import Cell

SOLUTION, HIDDEN = "SOLUTION", "HIDDEN TESTS"
TEXTS = {f"{end} {kind}": (end, kind) for kind in (SOLUTION, HIDDEN) for end in ("BEGIN", "END")}
Region = tuple[int, int]


def marker(line: str) -> tuple[str, str] | None:
    """The marker that a line is, or is meant to be.

    line     of a code cell
    returns  ("BEGIN" or "END", SOLUTION or HIDDEN), None for any other line
    """
    if not line.lstrip().startswith("#"):
        return None
    text = re.sub(r"\W+", " ", line.replace("_", " ")).strip().upper()
    close = difflib.get_close_matches(text, TEXTS, 1, cutoff=0.8)
    return TEXTS[close[0]] if close else None


def has(cell: Cell, kind: str) -> bool:
    """Whether a code cell has a marker of this kind, however misspelt."""
    found = (marker(line) for line in cell.source.splitlines())
    return cell.kind == "code" and any(m and m[1] == kind for m in found)


def regions(source: str, kind: str) -> list[Region]:
    """The regions of a kind, from the line of BEGIN to that of END, counted from 1.

    source   text of a cell whose markers are balanced
    kind     SOLUTION or HIDDEN
    returns  pairs (first, last)
    """
    rows = [row for row, line in enumerate(source.splitlines(), 1) if _is(line, kind)]
    return list(zip(rows[::2], rows[1::2], strict=False))


def without(source: str, kind: str, stub: str | None = None) -> str:
    """The text without the regions of a kind, as nbgrader leaves it.

    source   text of a cell whose markers are balanced
    kind     SOLUTION or HIDDEN
    stub     line to put in place of each region, indented like its BEGIN; None puts none
    """
    kept, lines = [], source.splitlines()
    found = regions(source, kind)
    for row, line in enumerate(lines, 1):
        if stub is not None and any(row == first for first, _ in found):
            kept.append(line[: len(line) - len(line.lstrip())] + stub)
        if not any(first <= row <= last for first, last in found):
            kept.append(line)
    return "\n".join(kept)


def unmarked(source: str) -> str:
    """The text without the marker lines; what they enclose stays."""
    lines = source.splitlines()
    return "\n".join(line for line in lines if not (_is(line, SOLUTION) or _is(line, HIDDEN)))


def marker_faults(cell: Cell, allowed: Iterable[str]) -> Iterator[Fault]:
    """Markers of a cell that are misspelt, unbalanced or in the wrong cell.

    cell     any cell
    allowed  kinds that may stand in it
    """
    opened: tuple[int, str] | None = None
    for row, line in enumerate(cell.source.splitlines(), 1):
        found = marker(line) if cell.kind == "code" else None
        if found is None:
            if any(text in line for text in TEXTS):
                yield cell.fault(
                    "nbgrader takes this line for a marker; put it in other words", row
                )
            continue
        end, kind = found
        if line.strip() != f"### {end} {kind}":
            yield cell.fault(f"unknown marker {line.strip()!r}; write ### {end} {kind}", row)
        elif kind not in allowed:
            where = "a solution cell" if kind == SOLUTION else "a test cell, one with :points:"
            yield cell.fault(f"### {end} {kind} stands outside {where}; move it there", row)
        if end == "BEGIN" and opened:
            yield cell.fault(f"{kind} begins inside {opened[1]}; close that with ### END", row)
        if end == "END" and (opened is None or opened[1] != kind):
            yield cell.fault(f"### END {kind} without ### BEGIN {kind}; add it above", row)
        opened = (row, kind) if end == "BEGIN" else None
    if opened:
        yield cell.fault(f"### BEGIN {opened[1]} is never closed; add ### END", opened[0])


def _is(line: str, kind: str) -> bool:
    return line.strip() in (f"### BEGIN {kind}", f"### END {kind}")
