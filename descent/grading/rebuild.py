"""Step 1: from a hand-in take only the answers, and put them into the pristine notebook."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import Any, BinaryIO

import nbformat
from nbformat.notebooknode import NotebookNode

from descent.grading.paper import Exercise, Paper, normal
from descent.grading.salvage import NO_JSON, Found, read_cells

LIMITS = {"cell": 60.0, "notebook": 600.0, "memory": 2_000_000_000, "output": 200_000}
"""Seconds, seconds, bytes, bytes kept of a cell's output."""
ADDED = 2 << 20
"""Characters of all the code that a student added."""


@dataclass(frozen=True)
class Slot:
    """A cell of the rebuilt notebook.

    role    "text", "locked", "added", "solution" or "test"
    name    of the exercise, of a solution and a test
    source  its text
    at      number of the pristine cell, -1 for one that the student added
    """

    role: str
    name: str
    source: str
    at: int = -1


@dataclass(frozen=True)
class Rebuilt:
    """What was taken from a hand-in.

    status      "ok", "repaired" or "unreadable"
    notes       what was mended, or why nothing could be read, in words for the student
    answers     exercise -> text
    added       (number of the pristine cell after which it stands, text), -1 for before all
    unanswered  exercise -> why there is no answer
    """

    status: str
    notes: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    added: tuple[tuple[int, str], ...] = ()
    unanswered: Mapping[str, str] = field(default_factory=dict)

    def slots(self, paper: Paper) -> Iterator[Slot]:
        """The cells of the rebuilt notebook, in their order."""
        yield from self._added_after(-1)
        for at, cell in enumerate(paper.notebook.cells):
            role = paper.role(at) if cell.cell_type == "code" else "text"
            name = _exercise_at(paper, at) if role in ("solution", "test") else ""
            source = self.answers.get(name, cell.source) if role == "solution" else cell.source
            yield Slot(role, name, source, at)
            yield from self._added_after(at)

    def notebook(self, paper: Paper) -> NotebookNode:
        """The pristine notebook with the answers and the student's own cells, not yet run."""
        notebook = nbformat.from_dict({**paper.notebook, "cells": []})
        for number, slot in enumerate(self.slots(paper)):
            if slot.role == "added":
                cell = nbformat.v4.new_code_cell(slot.source, id=f"added-{number}")
            else:
                cell = nbformat.from_dict(paper.notebook.cells[slot.at])
                cell.source = slot.source
            notebook.cells.append(cell)
        return notebook

    def job(
        self,
        paper: Paper,
        keys: Mapping[str, str],
        limits: Mapping[str, float] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """What is sent to the sandbox.

        keys    exercise -> key of its seal, fresh for every run
        limits  as `LIMITS`; those that are not named are as there
        data    file name -> contents in base64
        """
        cells = [
            {"key": str(number), "role": slot.role, "name": slot.name, "source": slot.source}
            for number, slot in enumerate(self.slots(paper))
            if slot.role != "text"
        ]
        return {
            "cells": cells,
            "keys": dict(keys),
            "limits": LIMITS | dict(limits or {}),
            "data": dict(data or {}),
        }

    def _added_after(self, at: int) -> Iterator[Slot]:
        return (Slot("added", "", source) for place, source in self.added if place == at)


def rebuild(hand_in: bytes | BinaryIO, paper: Paper) -> Rebuilt:
    """Take the answers out of a hand-in.

    hand_in  contents of the file, or the file, opened
    returns  whatever could be found; no contents raise an error
    """
    file = BytesIO(hand_in) if isinstance(hand_in, bytes) else hand_in
    cells, notes = read_cells(file)
    return _Search(cells, paper).result(notes)


def reference(paper: Paper) -> Rebuilt:
    """The reference solution, as if it had been handed in."""
    return Rebuilt("ok", answers=paper.solutions)


def nothing(paper: Paper, why: str) -> Rebuilt:
    """A hand-in of which nothing can be graded.

    why  in words for the student
    """
    unanswered = {exercise.name: "the file could not be read" for exercise in paper.exercises}
    return Rebuilt("unreadable", (why,), unanswered=unanswered)


DEFINITION = re.compile(
    r"^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE
)


def definitions(source: str) -> set[str]:
    """Names that code defines at its left edge; found by text, so that broken code has them too."""
    return {a or b for a, b in DEFINITION.findall(source)}


def _exercise_at(paper: Paper, at: int) -> str:
    names = {paper.places[e.name]: e.name for e in paper.exercises}
    tests = {paper.places[e.test_id]: e.name for e in paper.exercises}
    return names.get(at) or tests.get(at, "")


class _Search:
    """Finds the answers among the cells of a hand-in."""

    def __init__(self, cells: list[Found], paper: Paper) -> None:
        self.cells, self.paper = cells, paper
        self.notes: list[str] = []
        self.texts = [normal(cell.source) for cell in cells]
        self.defined = [definitions(cell.source) for cell in cells]
        self.chosen: dict[int, str] = {}  # number of a found cell -> exercise
        self.known: dict[int, int] = {}  # number of a found cell -> pristine cell
        self.dropped: set[int] = set()

    def result(self, notes: list[str]) -> Rebuilt:
        self._recognise()
        for exercise in self.paper.exercises:
            self._choose(exercise)
        for exercise in self.paper.exercises:
            if exercise.name not in self.chosen.values():
                self._choose_elsewhere(exercise)
        if not (self.chosen or self.known):
            return nothing(self.paper, self._nothing(notes))
        self._look_for_locked()
        answers = {name: self.cells[at].source for at, name in self.chosen.items()}
        missing = [e.name for e in self.paper.exercises if e.name not in answers]
        unanswered = {name: self._why(name) for name in missing}
        added = tuple(self._added())
        every = tuple(notes + self.notes)
        return Rebuilt("repaired" if every else "ok", every, answers, added, unanswered)

    # ---- which cell is which

    @cached_property
    def stubs(self) -> dict[str, str]:
        """Exercise -> what stands in its cell when nobody wrote in it."""
        return {e.name: normal(self.paper.stub(e.name)) for e in self.paper.exercises}

    def _label(self, number: int) -> str:
        """The exercise that a cell answers by its name, "" if it plainly answers another one."""
        name, defined = self.cells[number].name, self.defined[number]
        if name not in self.stubs or (name not in defined and defined & self.stubs.keys()):
            return ""
        return name

    def _recognise(self) -> None:
        """Cells that are as they were released, by name or by text."""
        for number, cell in enumerate(self.cells):
            at = self.paper.places.get(cell.name)
            places = self.paper.released.get(self.texts[number], ())
            pristine = at is not None and self.texts[number] == self._text(at)
            if at is not None and (at in places or pristine):
                self.known[number] = at
            elif at is None and places and self.texts[number]:
                free = [p for p in places if p not in self.known.values()]
                self.known[number] = (free or places)[0]
            elif at is not None and cell.name not in self.stubs:
                self.dropped.add(number)

    def _text(self, at: int) -> str:
        return normal(self.paper.notebook.cells[at].source)

    def _labelled(self, name: str) -> list[int]:
        """Cells with the exercise's name in which somebody wrote."""
        return [
            n
            for n, text in enumerate(self.texts)
            if text and n not in self.known and self._label(n) == name
        ]

    def _choose(self, exercise: Exercise) -> None:
        """The answer in the cell that is meant for it."""
        name = exercise.name
        labelled = self._labelled(name)
        code = [n for n in labelled if self.cells[n].kind == "code"]
        if not labelled:
            return
        chosen = (code or labelled)[-1]
        self.chosen[chosen] = name
        if not code:
            self._note(f"the cell of {name} was no code cell: its text was taken as code")
        different = {self.texts[n] for n in code or labelled}
        if len(different) > 1:
            self._note(f"{name} was answered {len(different)} times: the last answer counts")
        self.dropped |= {n for n in labelled if n != chosen and self.texts[n] == self.texts[chosen]}

    def _choose_elsewhere(self, exercise: Exercise) -> None:
        """The answer in another cell, found by what it defines: code first, the last one."""
        name = exercise.name
        open_ones = [n for n, names in enumerate(self.defined) if name in names]
        defining = [n for n in open_ones if self._is_free(n) or self._is_changed(n)]
        code = [n for n in defining if self.cells[n].kind == "code"]
        if not defining:
            return
        self.chosen[(code or defining)[-1]] = name
        how = "" if code else ", taken as code"
        self._note(f"the answer to {name} stood in another cell: it was found there{how}")

    def _is_free(self, number: int) -> bool:
        taken = number in self.chosen or number in self.known or number in self.dropped
        return not taken and bool(self.texts[number])

    def _is_changed(self, number: int) -> bool:
        """Whether this is a cell of the course, other than for answers, in which somebody wrote."""
        name = self.cells[number].name
        return number in self.dropped and name in self.paper.places and name not in self.stubs

    # ---- what is said about it

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _nothing(self, notes: list[str]) -> str:
        if self.cells:
            return f"none of the {len(self.cells)} cells found belongs to {self.paper.chapter}"
        others = [note for note in notes if note != NO_JSON]
        return "; ".join([*others, "no cell of a notebook was found in the file"])

    def _why(self, name: str) -> str:
        at = self.paper.places[name]
        empty = any(cell.name == name for cell in self.cells)
        return "" if empty or at in self.known.values() else "its cell was not in the file"

    def _look_for_locked(self) -> None:
        """Say which code cells of the course were changed or lost."""
        changed = {
            self.paper.places[self.cells[n].name] for n in self.dropped if self._is_changed(n)
        }
        for at, cell in enumerate(self.paper.notebook.cells):
            if cell.cell_type != "code" or at in self.known.values():
                continue
            role = self.paper.role(at)
            if role == "solution":
                continue
            name = _exercise_at(self.paper, at) if role == "test" else ""
            what = f"the tests of {name} were" if name else "a locked cell of the course was"
            how = "changed: they were" if at in changed else "missing: they were"
            how = how if name else how.replace("they were", "it was")
            self._note(f"{what} {how} put back")

    # ---- what students added

    def _added(self) -> Iterator[tuple[int, str]]:
        """Code cells of the student's own, after the pristine cell before which they stood."""
        after, room = -1, ADDED
        for number, cell in enumerate(self.cells):
            if number in self.chosen:
                after = self.paper.places[self.chosen[number]]
            elif number in self.known:
                at = self.known[number]
                answered = _exercise_at(self.paper, at) in self.chosen.values()
                # an empty cell whose answer stands elsewhere is no landmark
                after = after if self.paper.role(at) == "solution" and answered else at
            elif self._is_changed(number):
                after = self.paper.places[cell.name]
            elif cell.kind == "code" and self._is_free(number):
                room -= len(cell.source)
                if room < 0:
                    self._note("the cells that were added are too long: the last are left out")
                    return
                yield after, cell.source
