"""Courses with hand-ins, made for tests of the grading engine."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests

from descent.course import notebooks
from descent.course.chapter import read_chapter
from descent.grading.folder import open_course
from descent.grading.paper import Paper, name_of, read_paper

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "tests" / "unit" / "course_tiny"
TINY_CHAPTER = "01_tiny"
CHAPTER = "04_perceptron"

RIGHT = {
    "double": "def double(x, times=1):\n    return x * 2**times",
    "PAIR": 'PAIR = {"a": 1, "b": 2}',
    "Tally": "import itertools\n\nclass Tally:\n    def __init__(self, start):\n"
    "        self.numbers = itertools.count(start)\n    def next(self):\n"
    "        return next(self.numbers)",
}
"""Answers of the tiny chapter."""
WRONG = {"double": "def double(x, times=1):\n    return 3 * x"}
POINTS = {"double": 2.0, "PAIR": 1.0, "Tally": 1.5}
SCORES = {"ada": 4.5, "bob": 2.5, "carl": 0.0}
"""What the hand-ins of `fill` deserve."""


def tiny_course(root: Path) -> Path:
    """A course with the chapter 01_tiny: source/ and configuration, no gradebook."""
    (root / "submitted").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    source = notebooks.source(read_chapter(TINY, TINY_CHAPTER), "made for a test")
    notebooks.write(
        root / "source" / TINY_CHAPTER / f"{TINY_CHAPTER}.ipynb", notebooks.text(source)
    )
    return root


def real_course(root: Path, chapter: str = CHAPTER) -> Path:
    """A course with a chapter of the repository."""
    (root / "submitted").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    for room in ("source", "release"):
        shutil.copytree(ROOT / room / chapter, root / room / chapter)
    return root


def plain(root: Path) -> Path:
    """The same course for nbgrader alone: its configuration has only what grading needs."""
    stub = open_course(root).app.config.ClearSolutions.code_stub
    lines = [
        "from pathlib import Path",
        "c = get_config()",
        "c.CourseDirectory.course_id = 'graded-descent'",
        "c.CourseDirectory.root = str(Path(__file__).resolve().parent)",
        f"c.ClearSolutions.code_stub = {dict(stub)!r}",
        "c.ExecutePreprocessor.timeout = 60",
    ]
    (root / "nbgrader_config.py").write_text("\n".join(lines) + "\n")
    return root


def nbgrader(root: Path, *arguments: str) -> None:
    """Run one of nbgrader's own commands."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=root,
        env=environment() | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def student_version(paper: Paper) -> NotebookNode:
    """What students are given."""
    pristine = nbformat.from_dict(paper.notebook)
    return ClearHiddenTests().preprocess(pristine, {})[0]


def answered(paper: Paper, answers: Mapping[str, str]) -> NotebookNode:
    """The student version with answers."""
    notebook = student_version(paper)
    for cell in notebook.cells:
        if name_of(cell) in answers:
            cell.source = answers[name_of(cell)]
    return notebook


def hand_in(root: Path, student: str, contents: NotebookNode | bytes, chapter: str) -> Path:
    """Put a notebook where a student's is collected; its path."""
    path = root / "submitted" / student / chapter / f"{chapter}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = contents if isinstance(contents, bytes) else nbformat.writes(contents, 4).encode()
    path.write_bytes(data)
    return path


def fill(root, paper):
    """Three hand-ins: all right, one wrong, nothing answered."""
    hand_in(root, "ada", answered(paper, RIGHT), TINY_CHAPTER)
    hand_in(root, "bob", answered(paper, RIGHT | WRONG), TINY_CHAPTER)
    hand_in(root, "carl", answered(paper, {}), TINY_CHAPTER)


def tiny_paper(root: Path) -> Paper:
    """The paper of the tiny course."""
    return read_paper(root, TINY_CHAPTER)


def grade(root: Path, chapter: str, *options: str, report: str = "report.json") -> Any:
    """Run `descent grade`; its report, with what it printed."""
    done = subprocess.run(
        [*command(root, chapter, *options), "--report", str(root / report)],
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((root / report).read_text())
    assert found["chapter"] == chapter
    return found | {"printed": done.stdout + done.stderr}


def command(root: Path, chapter: str, *options: str) -> list[str]:
    """The command line of `descent grade`."""
    return [sys.executable, "-m", "descent.cli", "grade", chapter, "--root", str(root), *options]


def environment() -> dict[str, str]:
    """As set up by an instructor who has activated nothing."""
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}


def marks(report: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Student -> exercise -> points, of a report."""
    return {
        row["student"]: {test["name"]: test["points"] for test in row["tests"]}
        for row in report["submissions"]
    }


def statuses(report: Mapping[str, Any]) -> dict[str, str]:
    """Student -> status, of a report."""
    return {row["student"]: row["status"] for row in report["submissions"]}


def gradebook(root: Path, columns: Iterable[str] = ("auto_score",)) -> dict[str, dict[str, Any]]:
    """Student -> exercise -> columns of the gradebook's table of grades."""
    names = ", ".join(f"g.{column}" for column in columns)
    query = (
        f"select s.student_id, c.name, {names} from grade g "
        "join submitted_notebook n on n.id = g.notebook_id "
        "join submitted_assignment s on s.id = n.assignment_id "
        "join base_cell c on c.id = g.cell_id"
    )
    found: dict[str, dict[str, Any]] = {}
    # not read-only: what a killed run has half written is rolled back by the next that opens it
    with closing(sqlite3.connect(root / "gradebook.db")) as database:
        for student, cell, *values in database.execute(query):
            entry = values[0] if len(values) == 1 else tuple(values)
            found.setdefault(student, {})[cell.removeprefix("test_")] = entry
    return found


def spoiled(contents: bytes, seed: int) -> bytes:
    """A notebook's file with a few random bytes changed, cut or doubled."""
    chance = random.Random(seed)
    data = bytearray(contents)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(max(len(data), 1))
        kind = chance.randrange(4)
        if kind == 0:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del data[at : at + chance.randint(1, 400)]
        elif kind == 2:
            data[at:at] = data[at : at + chance.randint(1, 400)]
        else:
            del data[at:]
    return bytes(data)
