"""Makes the notebook that should be handed in from the one that is there.

Answers and the student's own cells keep their text byte for byte; all else is the course's.
"""

import copy
import hashlib
from collections.abc import Iterable

from descent.student.doctor_file import Cell, File, contents
from descent.student.doctor_match import Match
from descent.student.doctor_tidy import is_id, ran, size, tidy, tidy_notebook
from descent.student.pristine import Pristine, Raw

LARGE_CELL = 1_000_000
"""Bytes of a cell's outputs."""
LARGE_FILE = 10_000_000
"""Bytes of a notebook's file."""


def mended(file: File, match: Match, pristine: Pristine) -> Raw:
    """The notebook as it should be, in format 4.5."""
    own: dict[int, list[Raw]] = {}
    for after, number in match.own():
        own.setdefault(after, []).append(_own(file.cells[number]))
    course = [_course(file, match, pristine, at) for at in range(len(pristine.cells))]
    _name(course, pristine, [cell for cells in own.values() for cell in cells])
    cells = own.get(-1, [])
    for at, cell in enumerate(course):
        cells += [cell, *own.get(at, [])]
    notebook = {
        "cells": cells,
        "metadata": tidy_notebook(file.metadata, pristine.metadata),
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    lighten(notebook)
    return notebook


def _course(file: File, match: Match, pristine: Pristine, at: int) -> Raw:
    """A cell of the course: of what was found, the answer stays, and what running it left."""
    cell = copy.deepcopy(pristine.cells[at])
    number = match.filler.get(at)
    if number is None:
        return cell
    found = file.cells[number]
    answer = pristine.role(at) == "solution"
    raw = tidy(found.raw, found.kind)
    metadata = {k: v for k, v in raw["metadata"].items() if k not in ("tags", "nbgrader")}
    cell["metadata"] = metadata | cell["metadata"]
    cell["id"] = found.raw.get("id")
    if answer:
        cell["source"] = raw["source"]
    if cell["cell_type"] == raw["cell_type"] == "code" and (answer or number in match.known):
        cell |= ran(raw)
    return cell


def _own(found: Cell) -> Raw:
    """A cell of the student's, which nbgrader is not to take for one of the course's."""
    cell = tidy(found.raw, found.kind)
    if "nbgrader" in cell["metadata"]:
        hidden = ("nbgrader", "deletable", "editable")
        cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k not in hidden}
    return cell | {"id": found.raw.get("id")}


def _name(course: list[Raw], pristine: Pristine, own: Iterable[Raw]) -> None:
    """Give each cell an id of its own; one that it has stays if it can."""
    used: set[str] = set()
    for number, cell in enumerate([*course, *own]):
        names = [cell["id"]]
        names += [pristine.cells[number].get("id")] if number < len(course) else []
        free = [name for name in names if is_id(name) and name not in used]
        cell["id"] = free[0] if free else _new_id(number, used)
        used.add(cell["id"])


def _new_id(number: int, used: set[str]) -> str:
    while True:
        name = hashlib.sha256(f"{number} {len(used)}".encode()).hexdigest()[:8]
        if name not in used:
            return name
        number += 1


def lighten(notebook: Raw) -> list[int]:
    """Take out outputs that are too large, and more where the file is still too large.

    returns  numbers of the cells that lost them
    """
    sizes = {n: size(c["outputs"]) for n, c in enumerate(notebook["cells"]) if c.get("outputs")}
    gone = [n for n, taken in sizes.items() if taken > LARGE_CELL]
    left = len(contents(notebook)) - sum(sizes[n] for n in gone)
    if left > LARGE_FILE and "widgets" in notebook["metadata"]:
        left -= size(notebook["metadata"].pop("widgets"))
    for number in sorted(sizes.keys() - set(gone), key=sizes.__getitem__, reverse=True):
        if left > LARGE_FILE:
            gone.append(number)
            left -= sizes[number]
    for number in gone:
        notebook["cells"][number]["outputs"] = []
    return sorted(gone)
