"""The built notebooks, found by listing the folders."""

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(p.parent.name for p in ROOT.glob("chapters/*/lecture.md"))
GRADED = sorted(p.parent.name for p in ROOT.glob("chapters/*/exercise.md"))


def path(kind: str, chapter: str) -> Path:
    """The file of a built notebook."""
    return ROOT / kind / (chapter if kind in ("source", "release") else "") / f"{chapter}.ipynb"


def read(kind: str, chapter: str) -> NotebookNode:
    return nbformat.read(path(kind, chapter), 4)


def codes(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def role(cell: NotebookNode) -> str:
    """What a cell of a student version is: "solution", "test" or "locked"."""
    note: dict[str, Any] = cell.metadata.nbgrader
    return "solution" if note["solution"] else "test" if note["grade"] else "locked"


executed = [("lectures", c) for c in CHAPTERS] + [("solutions", c) for c in GRADED]
student = [(kind, c) for kind in ("exercises", "release") for c in GRADED]
