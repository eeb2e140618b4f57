"""The pristine notebook of a chapter, as data: what is locked, answered, tested and hidden."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from descent.course.faults import CourseError
from descent.grading.folder import Course, open_course

SHORTEST = 12
"""Characters of a hidden line that tell it from everyday code."""


@dataclass(frozen=True)
class Exercise:
    """One exercise: `name` is its solution cell's grade_id, `test_id` that of its tests."""

    name: str
    points: float
    test_id: str


@dataclass(frozen=True)
class Paper:
    """A chapter's exercises as they are graded.

    chapter    its name, which is also that of the notebook
    notebook   every cell as the gradebook knows it: stubs for answers, hidden tests in place
    exercises  in the order of the notebook
    solutions  exercise -> the reference answer
    released   text of every cell of the student version, normalised -> its places
    hidden     lines of hidden tests and solutions that students never saw
    """

    chapter: str
    notebook: NotebookNode
    exercises: tuple[Exercise, ...]
    solutions: dict[str, str]
    released: dict[str, tuple[int, ...]]
    hidden: tuple[str, ...]

    @cached_property
    def places(self) -> dict[str, int]:
        """grade_id -> number of the cell."""
        return {name_of(cell): at for at, cell in enumerate(self.notebook.cells) if name_of(cell)}

    @cached_property
    def digest(self) -> str:
        """Hash of everything that marks depend on."""
        cells = [[c.cell_type, c.source, c.metadata.get("nbgrader")] for c in self.notebook.cells]
        text = json.dumps([self.chapter, cells, self.solutions], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def max_score(self) -> float:
        """Points for right answers to all exercises."""
        return sum(exercise.points for exercise in self.exercises)

    def stub(self, exercise: str) -> str:
        """What students find in place of an answer."""
        return str(self.notebook.cells[self.places[exercise]].source)

    def role(self, at: int) -> str:
        """What a code cell is for: "solution", "test" or "locked"."""
        nbgrader = self.notebook.cells[at].metadata.get("nbgrader", {})
        return "solution" if nbgrader.get("solution") else "test" if _graded(nbgrader) else "locked"

    def redact(self, text: str) -> str:
        """The text without the lines that students must not see."""
        lines = text.splitlines()
        return "\n".join(line for line in lines if not self._tells(line))

    def _tells(self, line: str) -> bool:
        short = " ".join(line.split())
        return len(short) >= SHORTEST and any(hidden in short for hidden in self.hidden)


def read_paper(root: Path, chapter: str) -> Paper:
    """The paper of a chapter.

    root    the course's folder
    raises  CourseError if there is no such chapter, or it isn't one that `descent build` made
    """
    return paper_of(open_course(root), chapter)


def paper_of(course: Course, chapter: str) -> Paper:
    """The paper of a chapter of a course that is open already."""
    path = course.source(chapter) / f"{chapter}.ipynb"
    try:
        source = nbformat.reads(path.read_text(encoding="utf-8"), 4)
    except FileNotFoundError:
        known = sorted(p.stem for p in course.source("*").parent.glob("*/*.ipynb"))
        names = ", ".join(known) or "none"
        raise CourseError(f"{path} is missing: run descent build. Chapters here: {names}") from None
    except (OSError, ValueError) as error:
        raise CourseError(f"{path} can't be read ({error}): run descent build --force") from error
    with_tests, released = _versions(course, source)
    texts: dict[str, tuple[int, ...]] = {}
    for at, cell in enumerate(released.cells):
        key = normal(cell.source)
        texts[key] = (*texts.get(key, ()), at)
    solutions = {name_of(c): c.source for c in source.cells if _flag(c, "solution")}
    exercises = _exercises(path, with_tests, solutions)
    return Paper(chapter, with_tests, exercises, solutions, texts, _hidden(source, released))


def name_of(cell: NotebookNode) -> str:
    """nbgrader's name of a cell, "" if it has none."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def normal(text: str) -> str:
    """The text without what an editor may add: blanks at the ends, other line ends."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _versions(course: Course, source: NotebookNode) -> tuple[NotebookNode, NotebookNode]:
    """What `nbgrader generate_assignment` keeps in the gradebook, and what it releases."""
    from nbgrader import preprocessors as own

    kept = [own.LockCells, own.ClearSolutions, own.ClearOutput, own.CheckCellMetadata]
    kept += [own.ComputeChecksums]
    given = [own.ClearHiddenTests, own.ClearMarkScheme, own.ComputeChecksums]
    with_tests = _through(course, source, kept)
    return with_tests, _through(course, with_tests, given)


def _through(course: Course, notebook: NotebookNode, steps: list[Any]) -> NotebookNode:
    notebook, resources = nbformat.from_dict(notebook), dict[str, Any]()
    for step in steps:
        notebook, resources = step(parent=course.app).preprocess(notebook, resources)
    return notebook


def _exercises(
    path: Path, notebook: NotebookNode, solutions: dict[str, str]
) -> tuple[Exercise, ...]:
    tests = [c for c in notebook.cells if _graded(c.metadata.get("nbgrader", {}))]
    names = {name_of(cell).removeprefix("test_"): cell for cell in tests}
    if not tests or sorted(names) != sorted(solutions) or len(names) != len(tests):
        raise CourseError(
            f"{path}: `descent grade` needs one test cell test_NAME for every solution cell NAME; "
            f"found tests {sorted(names)} for solutions {sorted(solutions)}. Mend them, or grade "
            "with nbgrader autograde"
        )
    return tuple(
        Exercise(name, float(names[name].metadata.nbgrader.points), name_of(names[name]))
        for name in solutions
    )


def _hidden(source: NotebookNode, released: NotebookNode) -> tuple[str, ...]:
    seen, kept = ({_line for cell in n.cells for _line in _lines(cell)} for n in (released, source))
    return tuple(sorted(line for line in kept - seen if len(line) >= SHORTEST))


def _lines(cell: NotebookNode) -> list[str]:
    return [" ".join(line.split()) for line in cell.source.splitlines()]


def _flag(cell: NotebookNode, name: str) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get(name))


def _graded(nbgrader: dict[str, Any]) -> bool:
    return bool(nbgrader.get("grade"))
