"""A notebook and the chapter that it belongs to, and what its cells are called in messages."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from descent.student.doctor_file import File
from descent.student.doctor_match import Match
from descent.student.pristine import Pristine

NAMED = 3
LOOKED_AT = 2_000
"""Cells that a message names before it counts the others; characters of one that are looked at."""


@dataclass(frozen=True)
class Case:
    """A notebook of exercises.

    pristine  the chapter's notebook as it is handed out
    match     which cell is which
    """

    file: File
    pristine: Pristine
    match: Match

    @cached_property
    def slots(self) -> dict[int, int]:
        """Number of a cell in the file -> pristine cell for which it stands."""
        return {n: at for at, n in self.match.filler.items()}

    @cached_property
    def open(self) -> set[str]:
        """Exercises without an answer."""
        return self.pristine.stubs.keys() - set(self.match.chosen.values())

    def course_cell(self, at: int) -> str:
        """What a cell of the course is called."""
        exercise, name = self.pristine.exercise(at), self.pristine.names[at]
        role = self.pristine.role(at)
        if exercise:
            return f"the {'tests' if role == 'test' else 'answer cell'} of {exercise}"
        if name.endswith("-hints"):
            return f"the hints of {name.removesuffix('-hints')}"
        what = "the text" if role == "text" else "the cell"
        return f"{what} {_quoted(self.pristine.texts[at])}"

    def cell(self, number: int) -> str:
        """What a cell of the file is called."""
        if number in self.match.chosen:
            return f"cell {number + 1} (your answer to {self.match.chosen[number]})"
        if number in self.slots:
            return f"cell {number + 1} ({self.course_cell(self.slots[number])})"
        return f"cell {number + 1} ({_quoted(self.file.cells[number].source)})"


def several(names: Iterable[str]) -> str:
    """The first of many names, and how many more there are."""
    found = list(names)
    shown = found[: NAMED + (len(found) == NAMED + 1)]
    more = len(found) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _quoted(text: str) -> str:
    lines = [line.strip() for line in text[:LOOKED_AT].splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("<")] or lines or ["empty"]
    return f"`{textwrap.shorten(told[0], 44, placeholder='…') or told[0][:40] + '…'}`"
