"""nbgrader's own commands on the whole path, on hand-ins of six kinds, as the README tells."""

import csv
import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.validator import Validator

from descent.course import demo

ROOT = Path(__file__).parents[2]
CHAPTER = demo.default_chapter(ROOT)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A copy of what grading needs, so that no test can change the repository."""
    copy = tmp_path_factory.mktemp("course")
    for room in ("chapters", "source", "release"):
        shutil.copytree(ROOT / room, copy / room)
    shutil.copy(ROOT / "nbgrader_config.py", copy)
    return copy


@pytest.fixture(scope="module")
def graded(root) -> Path:
    """The course that `make grade-demo` leaves; the command itself says whether marks are right."""
    run = subprocess.run(
        [sys.executable, "-m", "descent.course.demo"],
        cwd=root,
        text=True,
        capture_output=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "felix" in run.stdout
    return root / "demo"


@pytest.fixture(scope="module")
def marks(graded) -> dict[str, dict[str, tuple[float, float]]]:
    return demo.read_marks(graded, CHAPTER)


def exercises() -> list[str]:
    """Names of the exercises, in the order of the notebook."""
    notebook = nbformat.read(ROOT / "source" / CHAPTER / f"{CHAPTER}.ipynb", 4)
    return [demo.name(cell) for cell in notebook.cells if demo.is_solution(cell)]


def total(points: dict[str, tuple[float, float]]) -> float:
    return sum(p for p, _ in points.values())


def test_all_right_has_all_points(marks):
    assert total(marks["ada"]) == sum(most for _, most in marks["ada"].values()) > 0


def test_blank_and_mistaken_have_none(marks):
    assert total(marks["blaise"]) == total(marks["dorothy"]) == 0


@pytest.mark.parametrize("student", ["emmy", "felix"])
def test_one_broken_answer_costs_only_itself(marks, student):
    lost = [e for e, (points, most) in marks[student].items() if points < most]
    assert lost == exercises()[:1]


def test_every_student_gets_feedback_that_explains(graded):
    for student in demo.kinds():
        assert (graded / "feedback" / student / CHAPTER / f"{CHAPTER}.html").stat().st_size > 10_000
    page = (graded / "feedback/dorothy" / CHAPTER / f"{CHAPTER}.html").read_text()
    text = re.sub(r"<[^>]+>", "", page)
    assert text.count("✗") >= len(exercises()) - 1
    assert "site-packages" not in text
    assert "descent/check.py" not in text


def test_feedback_keeps_hidden_tests_hidden(graded):
    page = (graded / "feedback/dorothy" / CHAPTER / f"{CHAPTER}.html").read_text()
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    hidden = hidden_lines()
    assert len(hidden) > 20
    assert hidden & {line.strip() for line in text.splitlines()} == set()


def hidden_lines() -> set[str]:
    """Lines of the hidden tests that stand nowhere else in the notebook."""
    notebook = nbformat.read(ROOT / "source" / CHAPTER / f"{CHAPTER}.ipynb", 4)
    hidden, seen, inside = set(), set(), False
    for line in "\n".join(cell.source for cell in notebook.cells).splitlines():
        inside = (inside or "BEGIN HIDDEN TESTS" in line) and "END HIDDEN TESTS" not in line
        (hidden if inside else seen).add(line.strip())
    return {line for line in hidden - seen if len(line) > 20}


def test_marks_are_exported(graded, marks):
    with (graded / "grades.csv").open() as file:
        rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert rows == {student: total(points) for student, points in marks.items()}


def nbgrader(course: Path, *arguments: str) -> subprocess.CompletedProcess:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=os.environ | {"PATH": path},
        text=True,
        capture_output=True,
    )


def test_generate_assignment_writes_our_release(root):
    run = nbgrader(root, "generate_assignment", CHAPTER, "--force")
    assert run.returncode == 0, run.stderr
    ours, theirs = (
        (r / "release" / CHAPTER / f"{CHAPTER}.ipynb").read_bytes() for r in (ROOT, root)
    )
    assert theirs == ours


def test_validate_passes_the_solution_and_fails_the_blank(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    solved = Validator().validate(str(ROOT / "source" / CHAPTER / f"{CHAPTER}.ipynb"))
    assert "failed" not in solved
    blank = Validator().validate(str(ROOT / "release" / CHAPTER / f"{CHAPTER}.ipynb"))
    assert len(blank["failed"]) >= len(exercises())


@pytest.mark.browser
def test_formgrader_shows_the_marks(graded, chromium, jupyter):
    with jupyter(graded) as address:
        page = chromium.new_page()
        page.goto(f"{address}/lab?token=t")  # the token becomes a cookie here, not in Formgrader
        page.wait_for_selector("#jp-top-panel")
        page.goto(f"{address}/formgrader/manage_assignments")
        page.wait_for_selector(f"tbody >> text={CHAPTER}")
        page.goto(f"{address}/formgrader/manage_submissions/{CHAPTER}")
        page.wait_for_selector("tbody >> text=dorothy")
        assert page.locator("tbody tr").count() == len(demo.kinds())
        page.close()
