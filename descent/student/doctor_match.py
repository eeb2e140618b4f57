"""Which cell of a student's notebook is which of the course, as grading decides it.

The rules are those of `descent grade`: whatever order, ids and types the cells have, a cell of the
course is known by its grade_id or by its text, and of several answers the last one counts.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from descent.student.doctor_file import LARGEST, Cell
from descent.student.pristine import Pristine, normal

DEFINITION = re.compile(
    r"^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE
)


def definitions(source: str) -> set[str]:
    """Names that code defines at its left edge; found by text, so that broken code has them too."""
    return {a or b for a, b in DEFINITION.findall(source)}


class Match:
    """The cells of a file, told apart.

    chosen   number of a cell in the file -> exercise that it answers
    known    number of a cell in the file -> number of the pristine cell that it is
    changed  cells with the name of one of the course in which somebody wrote
    again    cells with an answer that is given once more, in the same words, further down
    elsewhere  exercises whose answer was not in their cell
    """

    def __init__(self, cells: Sequence[Cell], pristine: Pristine) -> None:
        self.cells, self.pristine = cells, pristine
        self.chosen: dict[int, str] = {}
        self.known: dict[int, int] = {}
        self.changed: set[int] = set()
        self.again: set[int] = set()
        self.elsewhere: set[str] = set()
        read = [c if len(c.source) <= LARGEST else Cell({}, c.kind, "", "") for c in cells]
        self.texts = [normal(cell.source) for cell in read]
        self.names = [cell.name for cell in read]
        self.defined = [definitions(cell.source) for cell in read]
        self._recognise()
        exercises = [name for name in pristine.stubs if name in pristine.points]
        for name in exercises:
            self._choose(name)
        for name in exercises:
            if name not in self.chosen.values():
                self._choose_elsewhere(name)

    def _recognise(self) -> None:
        """Cells that are as they were released, by name or by text."""
        for number, text in enumerate(self.texts):
            at = self.pristine.places.get(self.names[number])
            same = self.pristine.released.get(text, [])
            if at is not None and at in same:
                self.known[number] = at
            elif at is None and same and text:
                free = [p for p in same if p not in self.known.values()]
                self.known[number] = (free or same)[0]
            elif at is not None and self.names[number] not in self.pristine.stubs:
                self.changed.add(number)

    def _label(self, number: int) -> str:
        """The exercise that a cell answers by its name, "" if it plainly answers another one."""
        name, defined = self.names[number], self.defined[number]
        stubs = self.pristine.stubs.keys()
        return "" if name not in stubs or (name not in defined and defined & stubs) else name

    def answers(self, exercise: str) -> list[int]:
        """Cells with the exercise's name in which somebody wrote: code, if any is code."""
        found = [
            n
            for n, text in enumerate(self.texts)
            if text and n not in self.known and self._label(n) == exercise
        ]
        return [n for n in found if self.cells[n].kind == "code"] or found

    def _choose(self, exercise: str) -> None:
        labelled = self.answers(exercise)
        if labelled:
            last = labelled[-1]
            self.chosen[last] = exercise
            same = (
                n for n, text in enumerate(self.texts) if text == self.texts[last] and n != last
            )
            self.again |= {n for n in same if n not in self.known and self._label(n) == exercise}

    def _choose_elsewhere(self, exercise: str) -> None:
        """The answer in another cell, found by what it defines: code first, the last one."""
        defining = [
            n
            for n, names in enumerate(self.defined)
            if exercise in names and (self._is_free(n) or n in self.changed)
        ]
        code = [n for n in defining if self.cells[n].kind == "code"]
        if defining:
            self.chosen[(code or defining)[-1]] = exercise
            self.elsewhere.add(exercise)

    def _is_free(self, number: int) -> bool:
        taken = number in self.chosen or number in self.known or number in self.changed
        return not taken and number not in self.again and bool(self.texts[number])

    # ---- where everything belongs

    @cached_property
    def filler(self) -> dict[int, int]:
        """Number of a pristine cell -> the cell in the file that stands for it."""
        found = {self.pristine.places[name]: n for n, name in self.chosen.items()}
        before = -1
        for at, name in enumerate(self.pristine.names):
            if at not in found and (candidates := self._candidates(at, name, before)):
                found[at] = candidates[0]
            before = found.get(at, before)
        return found

    def _candidates(self, at: int, name: str, before: int) -> list[int]:
        """Cells that may stand for a pristine one, the best first."""
        cells, kind = self.cells, self.pristine.cells[at]["cell_type"]
        same = [n for n, place in self.known.items() if place == at]
        same.sort(key=lambda n: (self.names[n] != name, cells[n].kind != kind, n < before))
        named = [n for n, other in enumerate(self.names) if name and other == name]
        empty = [n for n in named if not self.texts[n] and n not in self.known]
        return same + [n for n in named if n in self.changed and n not in self.chosen] + empty

    @cached_property
    def copies(self) -> set[int]:
        """Cells that say nothing that is not in another one, too: they can go."""
        fillers = set(self.filler.values())
        return {n for n in range(len(self.cells)) if n not in fillers and self._is_copy(n)}

    def _is_copy(self, number: int) -> bool:
        text, named = self.texts[number], self.names[number] in self.pristine.places
        if number in self.known or number in self.again:
            return True
        return named and (not text or text in self.pristine.released)

    def own(self) -> Iterator[tuple[int, int]]:
        """The student's cells: number of the pristine cell before, -1 for none; own number."""
        after, fillers = -1, set(self.filler.values())
        for number in range(len(self.cells)):
            if number in self.chosen:
                after = self.pristine.places[self.chosen[number]]
            elif number in self.known:
                after = self._landmark(self.known[number], after)
            elif number in self.changed:
                after = self.pristine.places[self.names[number]]
            if number not in fillers and number not in self.copies:
                yield after, number

    def _landmark(self, at: int, before: int) -> int:
        """An empty cell whose answer stands elsewhere is no landmark."""
        answered = self.pristine.exercise(at) in self.chosen.values()
        return before if self.pristine.role(at) == "solution" and answered else at

    @cached_property
    def moved(self) -> list[int]:
        """Pristine cells that stand out of order, as few as can be."""
        places = [(n, at) for at, n in self.filler.items() if self.names[n] == self._name(at)]
        order = [at for _, at in sorted(places)]
        return sorted(set(order) - set(longest_rise(order)))

    def _name(self, at: int) -> str:
        return self.pristine.names[at]


def longest_rise(numbers: Sequence[int]) -> list[int]:
    """The longest rising subsequence."""
    best: list[list[int]] = []
    for number in numbers:
        before = max((run for run in best if run[-1] < number), key=len, default=[])
        best.append([*before, number])
    return max(best, key=len, default=[])
