"""The contract of every exercise: what the table promises, all else keeps.

The one place is the table in a chapter's `exercise.md`: name, signature, points. Errors are those
of the solution's docstring.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import torch
from nbformat import NotebookNode

from descent.course import markers, readme
from descent.course.attempts import read_attempts
from descent.course.chapter import Chapter, chapter_names, read_chapter
from descent.course.contract import Exercise, Row, _read_table
from descent.course.hints import WANTED
from descent.course.judge import Course, Loss
from descent.course.solution import definition, name, plain_signature, signature

ROOT = Path(__file__).resolve().parents[2]
GRADED = sorted(p.parent.name for p in ROOT.glob("chapters/*/exercise.md"))
BUILT = {
    kind: f"{kind}/{{0}}/{{0}}.ipynb" if kind in ("source", "release") else f"{kind}/{{0}}.ipynb"
    for kind in ("source", "release", "exercises", "solutions")
}
RAISES = re.compile(r"^ *raises +(\w+) ", re.MULTILINE)
NUMBERS = {6: "Six", 7: "Seven", 8: "Eight", 5: "Five"}


def chapter(title: str) -> Chapter:
    return read_chapter(ROOT, title)


def table(title: str) -> dict[str, Row]:
    """The contract: name -> row of the table."""
    rows, faults = _read_table(chapter(title).opening[0])
    assert not faults
    return {row.name: row for row in rows}


def notebook(kind: str, title: str) -> NotebookNode:
    return nbformat.read(ROOT / BUILT[kind].format(title), 4)


def said(source: str) -> set[str]:
    """The signatures, as a table may give them, of what a cell defines."""
    node = definition(ast.parse(source))
    assert node is not None, source
    return {signature(node), name(node)} if isinstance(node, ast.ClassDef) else {signature(node)}


def docstrings(source: str) -> list[str]:
    """All docstrings of a cell; the comments above a constant."""
    named = [
        n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.ClassDef)
    ]
    comments = [line for line in source.splitlines() if re.match(r"# ", line)]
    return [str(ast.get_docstring(n)) for n in named if ast.get_docstring(n)] or comments


def graded(title: str, kind: str) -> dict[str, NotebookNode]:
    """grade_id -> cell of a built notebook."""
    cells = notebook(kind, title).cells
    return {c.metadata.nbgrader.grade_id: c for c in cells if "nbgrader" in c.metadata}


# ---- the table and the text ----------------------------------------------------------------------


@pytest.mark.parametrize("title", GRADED)
def test_the_table_names_every_exercise_with_its_signature_and_points(title: str) -> None:
    contract = table(title)
    exercises = chapter(title).exercises
    assert list(contract) == [exercise.name for exercise in exercises]
    for exercise in exercises:
        row = contract[exercise.name]
        assert plain_signature(row.signature).split()[0] in str(said(exercise.solution.source))
        assert row.points == f"{exercise.points:g}" == f"{exercise.test.options['points']:g}"


@pytest.mark.parametrize("title", GRADED)
def test_the_opening_tells_how_many_exercises_and_points(title: str) -> None:
    contract = table(title)
    total = sum(float(row.points) for row in contract.values())
    text = chapter(title).opening[0].source
    assert f"{NUMBERS[len(contract)]} exercises" in text
    assert f" {total:g} points" in text


@pytest.mark.parametrize("title", GRADED)
def test_every_exercise_has_hints_and_attempts(title: str) -> None:
    read, contract = chapter(title), table(title)
    assert set(read.hints) == set(contract)
    assert all(len(set(hints)) == len(hints) == WANTED for hints in read.hints.values())
    folder = ROOT / "chapters" / title / "attempts"
    assert {path.stem for path in folder.glob("*.py")} == set(contract)
    for exercise in contract:
        right = [a for a in read_attempts(folder / f"{exercise}.py") if a.right]
        assert right
        for attempt in right:
            assert exercise in defined(attempt.code), attempt.title


def defined(source: str) -> set[str]:
    """All names that a cell binds."""
    tree = ast.walk(ast.parse(source))
    names = {str(getattr(node, "name", "")) for node in tree}
    stored = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)]
    return names | {n.id for n in stored if isinstance(n.ctx, ast.Store)}


# ---- the built notebooks -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["source", "release", "exercises"])
@pytest.mark.parametrize("title", GRADED)
def test_a_built_notebook_keeps_the_contract(title: str, kind: str) -> None:
    cells, contract = graded(title, kind), table(title)
    solved = [key for key, cell in cells.items() if cell.metadata.nbgrader.solution]
    worth = {k: c.metadata.nbgrader.points for k, c in cells.items() if c.metadata.nbgrader.grade}
    assert solved == list(contract)
    assert worth == {f"test_{k}": float(row.points) for k, row in contract.items()}
    for exercise in chapter(title).exercises:
        cell, hints = cells[exercise.name], cells[f"{exercise.name}-hints"]
        assert all(hint.strip() in hints.source for hint in chapter(title).hints[exercise.name])
        assert cells[f"test_{exercise.name}"].metadata.nbgrader.locked
        told = markers.without(exercise.solution.source, markers.SOLUTION, "pass")
        assert docstrings(told)
        assert set(docstrings(told)) <= set(docstrings(cell.source))
        if kind != "source":
            stub_is_of(exercise, cell.source)


def stub_is_of(exercise: Exercise, source: str) -> None:
    """A stub has the solution's signature, if not its text, and says that it is not solved."""
    assert "raise NotImplementedError" in source
    if definition(ast.parse(source)) is not None:  # a constant's stub defines nothing
        assert said(source) == said(exercise.solution.source)
    else:
        assert isinstance(
            definition(ast.parse(exercise.solution.source)), ast.Assign | ast.AnnAssign
        )
    secret = markers.regions(exercise.solution.source, markers.SOLUTION)
    assert secret
    assert "SOLUTION" not in source


@pytest.mark.parametrize("title", GRADED)
def test_the_solved_notebook_keeps_the_contract(title: str) -> None:
    codes = [c.source for c in notebook("solutions", title).cells if c.cell_type == "code"]
    for exercise in chapter(title).exercises:
        assert codes.count(markers.unmarked(exercise.solution.source)) == 1
        assert codes.count(markers.unmarked(exercise.test.source)) == 1


def test_the_readme_lists_every_chapter() -> None:
    names = chapter_names(ROOT)
    text = (ROOT / "README.md").read_text("utf-8")
    assert readme.updated(ROOT, names) == text
    linked = re.findall(r"\[exercises\]\(exercises/(\w+)\.ipynb\)", text)
    assert [title for title in linked if title in names] == GRADED


# ---- errors --------------------------------------------------------------------------------------


class Silent(ast.NodeTransformer):
    """Takes one of the statements that raise an error out of an answer."""

    def __init__(self, at: int) -> None:
        self.at = at

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.copy_location(ast.Pass(), node) if node.lineno == self.at else node


def raised(source: str, error: str) -> Iterator[int]:
    """Lines of an answer that raise an error of this class."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and error in ast.unparse(node):
            yield node.lineno


def promises() -> list[tuple[str, str, str]]:
    """Chapter, exercise and error of every docstring that promises one."""
    return [
        (title, exercise.name, error)
        for title in GRADED
        for exercise in chapter(title).exercises
        for error in RAISES.findall("\n".join(docstrings(exercise.solution.source)))
    ]


@pytest.fixture
def course(title: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Course]:
    """A chapter's cells, run in this process."""
    threads = torch.get_num_threads()
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setenv("DESCENT_DATA", "embedded")
    yield Course(chapter(title))
    torch.set_num_threads(threads)


def verdict(course: Course, exercise: str, answer: str) -> Loss | None:
    mine = next(e for e in course.exercises if e.name == exercise)
    return course.one(mine, answer, course.opened(), "-mutant")


@pytest.mark.parametrize(("title", "exercise", "error"), promises())
def test_an_error_that_is_promised_is_asked_for(
    course: Course, title: str, exercise: str, error: str
) -> None:
    source = next(e.solution.source for e in course.exercises if e.name == exercise)
    lines = list(raised(source, error))
    assert lines, f"{exercise} promises {error} and raises none"
    assert verdict(course, exercise, source) is None
    for line in lines:
        mutant = ast.unparse(Silent(line).visit(ast.parse(source)))
        assert verdict(course, exercise, mutant), f"{exercise} is accepted without:\n{line}"


@pytest.mark.parametrize("title", GRADED)
def test_an_error_that_is_raised_is_promised(title: str) -> None:
    for exercise in chapter(title).exercises:
        promised = RAISES.findall("\n".join(docstrings(exercise.solution.source)))
        for error in ("ValueError", "TypeError", "KeyError", "IndexError", "RuntimeError"):
            if list(raised(exercise.solution.source, error)):
                assert error in promised, exercise.name
