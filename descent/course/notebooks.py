"""Makes notebooks of a chapter's cells, the same bytes each time."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from descent.course import markers
from descent.course.chapter import Chapter
from descent.course.contract import Exercise
from descent.course.myst import Cell
from descent.course.stamp import stamp

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
SUMMARIES = ("Hint 1: a nudge", "Hint 2: more", "Hint 3: nearly the answer")


@dataclass(frozen=True)
class Part:
    """A cell on its way into a notebook.

    cell    where it comes from
    source  its text in the instructor's version
    name    nbgrader's grade_id
    role    "locked", "solution" or "test"
    points  of a test
    """

    cell: Cell
    source: str
    name: str = ""
    role: str = "locked"
    points: float = 0


def lecture_parts(chapter: Chapter) -> list[Part]:
    """The cells of the lecture."""
    return [Part(cell, cell.source) for cell in chapter.lecture]


def exercise_parts(chapter: Chapter) -> list[Part]:
    """The cells of the instructor's version of the exercises, hints put in."""
    parts = list(_locked("opening", chapter.opening))
    for exercise in chapter.exercises:
        parts += _exercise_parts(exercise, chapter.hints[exercise.name])
    return parts


def lecture(chapter: Chapter, inputs: str) -> NotebookNode:
    """The lecture, not yet executed.

    inputs  hash of what it is built from
    """
    return _notebook(lecture_parts(chapter), inputs, graded=False)


def source(chapter: Chapter, inputs: str) -> NotebookNode:
    """nbgrader's instructor version of the exercises."""
    return _notebook(exercise_parts(chapter), inputs, graded=True)


def solutions(chapter: Chapter, inputs: str) -> NotebookNode:
    """The solved exercises without markers, not yet executed."""
    notebook = _notebook(exercise_parts(chapter), inputs, graded=False)
    for cell in notebook.cells:
        cell.source = markers.unmarked(cell.source) if cell.cell_type == "code" else cell.source
    return _stamped(notebook, inputs)


def exercises(release: NotebookNode) -> NotebookNode:
    """The student version: the release, with a stamp that tells whether it was edited since."""
    notebook = nbformat.from_dict(release)
    notebook.metadata.descent = {}
    return _stamped(notebook)


def text(notebook: NotebookNode) -> str:
    """The contents of the notebook's file."""
    written: str = nbformat.writes(notebook, version=4)
    return written.rstrip("\n") + "\n"


def write(path: Path, contents: str) -> None:
    """Write a file, its folders first; with the line ends that git stores."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(contents, encoding="utf-8", newline="\n")


def _exercise_parts(exercise: Exercise, hints: list[str]) -> Iterator[Part]:
    name, first = exercise.name, exercise.statement[0]
    statement = list(_locked(f"{name}-statement", list(exercise.statement)))
    yield Part(first, f'<a id="{name}"></a>\n\n{first.source}', statement[0].name)
    yield from statement[1:]
    yield Part(Cell("markdown", "", first.file, first.line), _folded(hints), f"{name}-hints")
    yield Part(exercise.solution, exercise.solution.source, name, "solution")
    yield from _locked(f"{name}-between", list(exercise.between))
    test = exercise.test
    yield Part(test, test.source, f"test_{name}", "test", test.options["points"])
    yield from _locked(f"{name}-after", list(exercise.after))


def _locked(name: str, cells: list[Cell]) -> Iterator[Part]:
    """Names that stay when a text is mended: nbgrader can't grade a cell whose name it lost."""
    for number, cell in enumerate(cells, 1):
        yield Part(cell, cell.source, f"{name}-{number}")


def _folded(hints: list[str]) -> str:
    """Hints as Markdown that opens one by one: each is inside the one before."""
    opened = [
        f"<details>\n<summary>{summary}</summary>\n\n{hint.strip()}\n"
        for summary, hint in zip(SUMMARIES, hints, strict=True)
    ]
    return "\n".join([*opened, *["</details>"] * len(opened)])


def _notebook(parts: list[Part], inputs: str, graded: bool) -> NotebookNode:
    seen: dict[str, int] = {}
    cells = []
    for part in parts:
        make = nbformat.v4.new_code_cell if part.cell.kind == "code" else _markdown_cell
        key = f"{part.cell.kind}\n{part.source}"
        seen[key] = seen.get(key, 0) + 1
        cells.append(make(part.source, id=_id(key, seen[key]), metadata=_metadata(part, graded)))
    return _stamped(nbformat.v4.new_notebook(cells=cells, metadata=METADATA), inputs)


def _markdown_cell(source: str, **options: Any) -> NotebookNode:
    cell: NotebookNode = nbformat.v4.new_markdown_cell(source, **options)
    return cell


def _id(key: str, occurrence: int) -> str:
    return hashlib.sha256(f"{occurrence}\n{key}".encode()).hexdigest()[:8]


def _metadata(part: Part, graded: bool) -> dict[str, Any]:
    tags: dict[str, Any] = {}
    if "tags" in part.cell.options:
        tags["tags"] = part.cell.options["tags"]
        if "hide-input" in tags["tags"]:
            tags["jupyter"] = {"source_hidden": True}
    if not graded:
        return tags
    nbgrader = {
        "grade": part.role == "test",
        "grade_id": part.name,
        "locked": part.role != "solution",
        "schema_version": 3,
        "solution": part.role == "solution",
        "task": False,
    }
    return {**tags, "nbgrader": nbgrader | ({"points": part.points} if part.points else {})}


def _stamped(notebook: NotebookNode, inputs: str = "") -> NotebookNode:
    note = {"built": stamp(notebook)} | ({"inputs": inputs} if inputs else {})
    notebook.metadata["descent"] = note
    return notebook
