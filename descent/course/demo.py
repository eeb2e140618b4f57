"""Six kinds of hand-in, graded by nbgrader's own commands from end to end.

`make grade-demo` fills `demo/`, a course of its own, with submitted/, feedback/ and grades.csv.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from rich.console import Console
from rich.table import Table

from descent.course.attempts import read_attempts

Answers = dict[str, str]

LOOP = "def {exercise}(*args, **options):\n    while True:\n        pass"
BROKEN = "def {exercise}(:\n    this is no Python"


def main(arguments: list[str] | None = None) -> int:
    """Make, grade and show the hand-ins.

    arguments  command line: [CHAPTER] [--root DIR] [--timeout SECONDS]
    returns    exit code: 0 if every hand-in got the marks that its kind deserves
    """
    parser = argparse.ArgumentParser(prog="grade-demo", description=main.__doc__)
    parser.add_argument("chapter", nargs="?", help="default: 04_perceptron, or the first one")
    parser.add_argument("--root", type=Path, default=Path.cwd())
    parser.add_argument("--timeout", type=int, default=20, help="seconds a cell may run")
    options = parser.parse_args(arguments)
    chapter = options.chapter or default_chapter(options.root)
    if not (options.root / "source" / chapter).is_dir():
        parser.error(f"{chapter} has no exercises; name a chapter of source/")
    course = make_course(options.root, chapter)
    kinds = hand_in_all(options.root, course, chapter)
    grade(course, chapter, options.timeout)
    marks = read_marks(course, chapter)
    show(kinds, marks, course, chapter)
    return 0 if as_deserved(marks) else 1


def default_chapter(root: Path) -> str:
    """The chapter to show: 04_perceptron where it exists, else the first one with exercises."""
    chapters = sorted(p.name for p in (root / "source").iterdir() if p.is_dir())
    return "04_perceptron" if "04_perceptron" in chapters else chapters[0]


def make_course(root: Path, chapter: str) -> Path:
    """A fresh course folder with the chapter's source and this course's configuration."""
    course = root / "demo"
    if course.exists():
        shutil.rmtree(course)
    shutil.copytree(root / "source" / chapter, course / "source" / chapter)
    shutil.copy(root / "nbgrader_config.py", course)
    return course


def hand_in_all(root: Path, course: Path, chapter: str) -> dict[str, str]:
    """Write submitted/<student>/<chapter>/; the students and what each handed in."""
    source = nbformat.read(course / "source" / chapter / f"{chapter}.ipynb", 4)
    release = nbformat.read(root / "release" / chapter / f"{chapter}.ipynb", 4)
    right = {name(c): c.source for c in source.cells if is_solution(c)}
    for student, (_, answers) in kinds().items():
        folder = course / "submitted" / student / chapter
        folder.mkdir(parents=True)
        handed_in = answered(release, answers(right, root / "chapters" / chapter / "attempts"))
        nbformat.write(handed_in, folder / f"{chapter}.ipynb")
    return {student: kind for student, (kind, _) in kinds().items()}


def kinds() -> dict[str, tuple[str, Callable[[Answers, Path], Answers]]]:
    """Student -> kind of hand-in, and the function that makes its answers."""
    return {
        "ada": ("all right", lambda right, _: right),
        "blaise": ("blank", lambda right, _: {}),
        "carl": ("half done", lambda right, _: first_half(right)),
        "dorothy": ("known mistakes", lambda right, attempts: mistaken(right, attempts)),
        "emmy": ("a syntax error in one answer", lambda right, _: replaced(right, BROKEN)),
        "felix": ("an endless loop in one answer", lambda right, _: replaced(right, LOOP)),
    }


def first_half(right: Answers) -> Answers:
    """Right answers to the first half of the exercises."""
    return dict(list(right.items())[: len(right) // 2])


def mistaken(right: Answers, attempts: Path) -> Answers:
    """The first known wrong attempt of every exercise."""
    return {
        exercise: next(a.code for a in read_attempts(attempts / f"{exercise}.py") if not a.right)
        for exercise in right
    }


def replaced(right: Answers, code: str) -> Answers:
    """Right answers but for the first exercise, which gets this code."""
    exercise = next(iter(right))
    return right | {exercise: code.format(exercise=exercise)}


def answered(release: NotebookNode, answers: Answers) -> NotebookNode:
    """The student version with these answers in its solution cells."""
    notebook = nbformat.from_dict(release)
    for cell in notebook.cells:
        if is_solution(cell) and name(cell) in answers:
            cell.source = answers[name(cell)]
    return notebook


def is_solution(cell: NotebookNode) -> bool:
    """Whether students write into this cell."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def name(cell: NotebookNode) -> str:
    """Name of the exercise that a solution cell answers."""
    return str(cell.metadata.nbgrader.grade_id)


def grade(course: Path, chapter: str, timeout: int) -> None:
    """nbgrader's own commands, as an instructor types them."""
    for command in (
        ["generate_assignment", chapter],
        ["autograde", chapter, f"--Execute.timeout={timeout}"],
        ["generate_feedback", chapter],
        ["export", "--to", "grades.csv"],
    ):
        print(f"$ nbgrader {' '.join(command)}", flush=True)
        nbgrader(course, *command)


def nbgrader(course: Path, *arguments: str) -> None:
    """Run one nbgrader command in the course; its output is shown when it fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=os.environ | {"PATH": path},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if run.returncode:
        sys.exit(f"{run.stdout}\nnbgrader {arguments[0]} ended with code {run.returncode}")


def read_marks(course: Path, chapter: str) -> dict[str, dict[str, tuple[float, float]]]:
    """Student -> exercise -> (points, most points), in the notebook's order, from the gradebook."""
    from nbgrader.api import Gradebook

    source = nbformat.read(course / "source" / chapter / f"{chapter}.ipynb", 4)
    order = [f"test_{name(cell)}" for cell in source.cells if is_solution(cell)]
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            s.student_id: {
                grade.name.removeprefix("test_"): (grade.score, grade.max_score)
                for notebook in s.notebooks
                for grade in sorted(notebook.grades, key=lambda g: order.index(g.cell.name))
            }
            for s in gradebook.assignment_submissions(chapter)
        }


def show(
    kinds: dict[str, str],
    marks: dict[str, dict[str, tuple[float, float]]],
    course: Path,
    chapter: str,
) -> None:
    """The table of marks, and where everything lies."""
    exercises = list(marks["ada"])
    table = Table(title=f"{chapter}: six hand-ins, graded by nbgrader")
    for heading in ("student", "handed in", *exercises, "marks"):
        table.add_column(heading)
    for student, kind in kinds.items():
        points = [marks[student][e] for e in exercises]
        total, most = sum(p for p, _ in points), sum(m for _, m in points)
        table.add_row(student, kind, *(f"{p:g}/{m:g}" for p, m in points), f"{total:g}/{most:g}")
    Console(width=160 if len(exercises) > 6 else None).print(table)
    print(f"feedback: {course / 'feedback'}/<student>/{chapter}/{chapter}.html")
    print(f"marks:    {course / 'grades.csv'}")


def as_deserved(marks: dict[str, dict[str, tuple[float, float]]]) -> bool:
    """Whether each kind of hand-in got what it deserves."""
    lost = {s: [e for e, (p, m) in by.items() if p < m] for s, by in marks.items()}
    every = list(marks["ada"])
    return (
        lost["ada"] == []
        and lost["blaise"] == lost["dorothy"] == every
        and len(lost["carl"]) == len(every) - len(every) // 2
        and len(lost["emmy"]) == len(lost["felix"]) == 1
    )


if __name__ == "__main__":
    sys.exit(main())
