"""A small course with a gradebook, whose marks and graded notebooks are written by hand."""

import os
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook

from descent.course import notebooks
from descent.course.chapter import read_chapter

REPOSITORY = Path(__file__).resolve().parents[2]
TINY = REPOSITORY / "tests" / "unit" / "course_tiny"
CHAPTER = "01_tiny"


def make_course(root: Path) -> Path:
    """The tiny course with source/ and a gradebook that knows the assignment."""
    shutil.copytree(TINY, root)
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    source = notebooks.source(read_chapter(root, CHAPTER), "made for a test")
    notebooks.write(root / "source" / CHAPTER / f"{CHAPTER}.ipynb", notebooks.text(source))
    generate_assignment(root)
    return root


def generate_assignment(root: Path) -> None:
    """What `nbgrader generate_assignment` does, in this process."""
    from nbgrader.converters import GenerateAssignment

    from descent.grading.folder import open_course

    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    course = open_course(root)
    course.directory.assignment_id = CHAPTER
    GenerateAssignment(coursedir=course.directory, parent=course.app, force=True).start()


def address(root: Path) -> str:
    """Of the gradebook."""
    return f"sqlite:///{root / 'gradebook.db'}"


def source_of(root: Path) -> NotebookNode:
    """The instructor's notebook, hidden tests in place."""
    return nbformat.read(root / "source" / CHAPTER / f"{CHAPTER}.ipynb", 4)


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    """The cell with this grade_id."""
    found = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name]
    assert len(found) == 1, f"{len(found)} cells are called {name}"
    return found[0]


def error(message: str) -> NotebookNode:
    """An output as nbgrader's execution leaves it."""
    lines = message.split("\n")
    return nbformat.v4.new_output("error", ename="CheckFailed", evalue=lines[0], traceback=lines)


def enter(root: Path, student: str, points: dict[str, float], notebook: NotebookNode) -> str:
    """Put marks into the gradebook and a notebook into autograded/; the submission's id."""
    folder = root / "autograded" / student / CHAPTER
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{CHAPTER}.ipynb")
    with Gradebook(address(root)) as gradebook:
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission(CHAPTER, student)
        found = gradebook.find_submission_notebook(CHAPTER, CHAPTER, student)
        for grade in found.grades:
            grade.auto_score = points.get(grade.cell.name, 0.0)
            grade.needs_manual_grade = False
        gradebook.db.commit()
        return str(found.id)
