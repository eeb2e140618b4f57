"""A student who has solved nothing: all that is not an exercise works, each test says so."""

import ast
import functools

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.notebooks.built import GRADED, codes, path, read, role


@functools.cache
def opened(chapter: str) -> NotebookNode:
    """The student version after Run All."""
    notebook = read("exercises", chapter)
    folder = str(path("exercises", chapter).parent)
    NotebookClient(
        notebook, allow_errors=True, timeout=120, resources={"metadata": {"path": folder}}
    ).execute()
    return notebook


def errors(cell: NotebookNode) -> list[str]:
    return [output.ename for output in cell.outputs if output.output_type == "error"]


def is_constant(cell: NotebookNode) -> bool:
    """Whether the stub is raised when the cell runs, not when what it defines is called."""
    return any(isinstance(node, ast.Raise) for node in ast.parse(cell.source).body)


@pytest.mark.parametrize("chapter", GRADED)
def test_students_and_nbgrader_get_the_same_cells(chapter: str) -> None:
    exercises, release = read("exercises", chapter), read("release", chapter)
    assert exercises.cells == release.cells


@pytest.mark.parametrize("chapter", GRADED)
def test_everything_outside_the_exercises_works(chapter: str) -> None:
    for cell in codes(opened(chapter)):
        if role(cell) == "locked" or (role(cell) == "solution" and not is_constant(cell)):
            assert errors(cell) == [], cell.source
            streams = [o.text for o in cell.outputs if o.output_type == "stream"]
            assert not streams or role(cell) == "locked", cell.source
            assert all(o.get("name") != "stderr" for o in cell.outputs), cell.source


@pytest.mark.parametrize("chapter", GRADED)
def test_every_exercise_is_there_unsolved(chapter: str) -> None:
    cells = codes(opened(chapter))
    solutions = [c.metadata.nbgrader.grade_id for c in cells if role(c) == "solution"]
    tests = [c.metadata.nbgrader.grade_id for c in cells if role(c) == "test"]
    assert solutions
    assert tests == [f"test_{name}" for name in solutions]
    for cell in cells:
        if role(cell) == "test" or (role(cell) == "solution" and is_constant(cell)):
            assert errors(cell) == ["NotImplementedError"], cell.source
