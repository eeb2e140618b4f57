"""The exercises of a chapter as they were handed out: tests, points, hints."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from descent.student.faults import StudentError

ROOMS = ("source", "release")
"""Folders with untouched notebooks; the first has the hidden tests, too."""
HIDDEN = re.compile(
    r"^[ \t]*### BEGIN HIDDEN TESTS$.*?^[ \t]*### END HIDDEN TESTS$\n?", re.MULTILINE | re.DOTALL
)
HINT = re.compile(r"<summary>[^<]*</summary>(.*?)(?=<details>|</details>|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook.

    kind    "code", "markdown" or "raw"
    source  its text
    name    nbgrader's name of it, "" if it has none
    id      its id, "" if it has none
    points  for passing, of a test cell; else 0
    answer  whether students write in it
    """

    kind: str
    source: str
    name: str = ""
    id: str = ""
    points: float = 0
    answer: bool = False


@dataclass(frozen=True)
class Exercise:
    """An exercise.

    name    of what is to be written
    points  for passing its tests
    test    the cell with its tests
    hints   Markdown, from a nudge to nearly the answer
    """

    name: str
    points: float
    test: Cell
    hints: tuple[str, ...]

    @property
    def visible(self) -> str:
        """The tests that students see."""
        return HIDDEN.sub("", self.test.source)

    @property
    def first_hidden(self) -> int:
        """The line of the test cell where hidden tests begin, 0 if there are none at hand."""
        found = HIDDEN.search(self.test.source)
        return self.test.source.count("\n", 0, found.start()) + 1 if found else 0


@dataclass(frozen=True)
class Paper:
    """An untouched notebook of exercises.

    chapter  its name
    cells    of the notebook, in order
    """

    chapter: str
    cells: tuple[Cell, ...]

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        """In the order of the notebook."""
        hints = {c.name.removesuffix("-hints"): c.source for c in self.cells if c.kind != "code"}
        names = {cell: cell.name.removeprefix("test_") for cell in self.cells if cell.points}
        return tuple(
            Exercise(name, cell.points, cell, split_hints(hints.get(name, "")))
            for cell, name in names.items()
        )

    @cached_property
    def places(self) -> dict[str, int]:
        """nbgrader's name of a cell, or the text that students see in it -> its number."""
        found = {shown(cell): at for at, cell in enumerate(self.cells) if not cell.answer}
        found.pop("", None)
        return found | {cell.name: at for at, cell in enumerate(self.cells) if cell.name}

    def place(self, cell: Cell) -> int:
        """The number of the cell that a student's cell is, -1 if it is the student's own."""
        return self.places.get(cell.name, self.places.get(shown(cell), -1))

    def pick(self, names: list[str]) -> list[Exercise]:
        """The exercises of these names, all if none is named.

        raises  StudentError if there is no such exercise
        """
        known = {exercise.name: exercise for exercise in self.exercises}
        for name in names:
            if name not in known:
                raise StudentError(_unknown(name, list(known), self.chapter))
        return [exercise for exercise in self.exercises if not names or exercise.name in names]


def split_hints(markdown: str) -> tuple[str, ...]:
    """The hints of a cell in which they are folded, each inside the one before."""
    return tuple(found.strip() for found in HINT.findall(markdown))


def shown(cell: Cell) -> str:
    """The text that students see, without what an editor may add: blanks and line ends."""
    text = HIDDEN.sub("", cell.source) if cell.points else cell.source
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def read_cells(path: Path) -> tuple[Cell, ...]:
    """The cells of a notebook.

    raises  StudentError if the file is not there, or is no notebook
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
        return tuple(_cell(found) for found in notebook["cells"])
    except FileNotFoundError:
        raise StudentError(f"{path} is not there; {_others(path)}") from None
    except OSError as error:
        raise StudentError(f"{path} can't be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        what = f"line {error.lineno}: {error.msg}"
        raise StudentError(f"{path} is no notebook ({what}); take an earlier version") from None
    except (UnicodeDecodeError, RecursionError):
        raise StudentError(f"{path} is no notebook; take an earlier version") from None
    except (KeyError, TypeError, AttributeError, ValueError):
        raise StudentError(
            f"{path} has no cells of a notebook in format 4; open it in JupyterLab and save it"
        ) from None


def find_paper(folders: Sequence[Path], cells: Iterable[Cell]) -> Paper:
    """The untouched notebook with most of a student's cells.

    folders  courses; the first that has notebooks counts
    cells    of the student's notebook
    raises   StudentError if it has none of them
    """
    papers = list(all_papers(folders))
    if not papers:
        raise StudentError(
            f"{folders[0]} has no release/CHAPTER/CHAPTER.ipynb to compare with; name the course's "
            "folder by --root"
        )
    names = {text for cell in cells for text in (cell.name, shown(cell)) if text}
    alike = [len(names & paper.places.keys()) for paper in papers]
    if alike.count(max(alike)) > 1 or not max(alike):
        known = ", ".join(paper.chapter for paper in papers)
        raise StudentError(f"this notebook can't be told for the exercises of a chapter: {known}")
    return papers[alike.index(max(alike))]


def all_papers(folders: Sequence[Path]) -> Iterator[Paper]:
    """The notebooks of the first folder that has any; its chapters are read once."""
    for folder in folders:
        found = {path.stem: path for room in ROOMS[::-1] for path in _notebooks(folder / room)}
        if found:
            for chapter, path in sorted(found.items()):
                yield Paper(chapter, read_cells(path))
            return


def _notebooks(room: Path) -> list[Path]:
    return [path for path in room.glob("*/*.ipynb") if path.stem == path.parent.name]


def _cell(found: dict[str, Any]) -> Cell:
    source, metadata = found["source"], found.get("metadata", {})
    text = source if isinstance(source, str) else "".join(source)
    note = metadata.get("nbgrader", {})
    return Cell(
        str(found["cell_type"]),
        text.replace("\r\n", "\n"),
        str(note.get("grade_id", "")),
        str(found.get("id", "")),
        float(note.get("points", 0)) if note.get("grade") else 0,
        bool(note.get("solution")),
    )


def _others(path: Path) -> str:
    """What may have been meant instead."""
    there = sorted(p.name for p in path.parent.glob("*.ipynb"))
    close = get_close_matches(path.name, there, 1)
    if close:
        return f"did you mean {path.with_name(close[0])}?"
    return f"notebooks there: {', '.join(there) or 'none'}"


def _unknown(name: str, known: list[str], chapter: str) -> str:
    close = get_close_matches(name, known, 1, cutoff=0.5)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"{chapter} has no exercise {name}: {meant}it has {', '.join(known)}"
