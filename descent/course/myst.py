"""Reads a chapter's MyST text into cells that know their line."""

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from descent.course.faults import Fault

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*(.*?)\s*$")
CELL = re.compile(r"\{code-cell\}( (ipython3|python3?))?")
INDENTED = re.compile(r"^( {4,}|\s*([-*+>]|\d+[.)])\s+)(`{3,}|~{3,})\s*\{code-cell\}")


@dataclass(frozen=True)
class Cell:
    """A cell of a chapter's text.

    kind     "markdown" or "code"
    source   its text, without options
    file     path from the course's root
    line     line of the first line of the text in that file, from 1
    options  option -> value, as written after the fence
    rows     option -> its line in the file
    """

    kind: str
    source: str
    file: str
    line: int
    options: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)

    def fault(self, what: str, row: int = 1) -> Fault:
        """A fault of this cell.

        what     what is wrong; remedy
        row      line within the cell, from 1
        returns  Fault with the line in the file
        """
        return Fault(self.file, self.line + row - 1, what)

    def option_fault(self, option: str, what: str) -> Fault:
        """A fault of one of its options."""
        return Fault(self.file, self.rows.get(option, self.line), what)


def read_cells(text: str, file: str) -> tuple[list[Cell], list[Fault]]:
    """The cells of a MyST notebook, and what is wrong with its syntax.

    text     contents of the file
    file     path from the course's root, for messages
    returns  cells in order (none if the file can't be parsed), faults
    """
    from jupytext.myst import MystMetadataParsingError, myst_to_notebook
    from nbformat import ValidationError
    from yaml import YAMLError

    lines = text.splitlines()
    faults = [Fault(file, number, what) for number, what in _fence_faults(lines)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of mixed languages: _fence_faults says it with line
            notebook = myst_to_notebook(text, add_source_map=True)
    except (MystMetadataParsingError, YAMLError, ValidationError) as error:
        return [], faults or [_yaml_fault(error, file)]
    if "kernelspec" not in notebook.metadata:
        what = "the file has no header; begin it with the jupytext block of the other chapters"
        return [], [Fault(file, 1, what)]
    starts = notebook.metadata["source_map"]
    cells = [
        _cell(made, start, lines, file) for made, start in zip(notebook.cells, starts, strict=True)
    ]
    return cells, faults


def _cell(made: Any, start: int, lines: list[str], file: str) -> Cell:
    """A cell that begins after `start` lines of the file, its options before its text."""
    line = _first_line(made.source, start, lines)
    rows = {
        option[1]: start + row
        for row, text in enumerate(lines[start : line - 1], 1)
        if (option := re.match(r"\s*:([\w-]+):", text))
    }
    return Cell(made.cell_type, made.source, file, line, dict(made.metadata), rows)


def _fence_faults(lines: list[str]) -> Iterator[tuple[int, str]]:
    opened: tuple[int, str] | None = None
    for number, line in enumerate(lines, 1):
        match = FENCE.match(line)
        if opened is None and INDENTED.match(line):
            what = "begin its fence at the margin, after an empty line"
            yield number, f"this is not read as a cell; {what}"
            opened = number, line.lstrip(" -*+>.)0123456789")[:3]
        if re.match(r"\s*:tags:(?!\s*\[)", line):
            yield number, "the tags are no list; write :tags: [name]"
        if not match:
            continue
        marks, info = match.groups()
        if opened is None or info.startswith("{"):
            if opened is not None:
                yield opened[0], f"this cell is not closed before line {number}; end it with ```"
            if info.startswith("{") and not CELL.fullmatch(info):
                yield number, f"unknown cell {info!r}; write ```{{code-cell}} ipython3"
            opened = number, marks
        elif marks.startswith(opened[1]) and not info:
            opened = None
    if opened is not None:
        yield opened[0], "this block is never closed; end it with ```"


def _first_line(source: str, start: int, lines: list[str]) -> int:
    """Line, from 1, where a cell's text begins; `start` lines come before it at least."""
    wanted = source.splitlines()
    for at in range(start, len(lines) - len(wanted) + 1):
        if [line.rstrip() for line in lines[at : at + len(wanted)]] == [w.rstrip() for w in wanted]:
            return at + 1
    return start + 1


def _yaml_fault(error: Exception, file: str) -> Fault:
    """A fault at the line that the error names: of the cell, or of the header."""
    message = " ".join(str(error).split())
    cell = re.search(r"at line (\d+)", message)
    inside = re.search(r"line (\d+), column", message)
    line = int(cell[1]) if cell else 1 + int(inside[1]) if inside else 1
    return Fault(file, line, f"the options can't be read as YAML ({message}); write :key: value")
