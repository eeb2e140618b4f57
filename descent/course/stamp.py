"""Was a built notebook edited? Decided from the file alone; standard library only."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def stamp(notebook: dict[str, Any]) -> str:
    """Hash of what a reader can edit: type, text and nbgrader's name of each cell.

    Outputs, execution counts, other metadata and empty cells (JupyterLab adds one when the last
    cell is run) do not count.

    notebook  notebook as JSON, or nbformat's node of it
    returns   16 hexadecimal digits
    """
    digest = hashlib.sha256()
    for cell in notebook["cells"]:
        source, name = _source(cell), _grade_id(cell)
        if source.strip() or name:
            digest.update(json.dumps([cell["cell_type"], source, name]).encode())
    return digest.hexdigest()[:16]


def built(notebook: dict[str, Any]) -> str:
    """The stamp that the build left in the notebook, "" if there is none."""
    return str(_note(notebook).get("built", ""))


def inputs(notebook: dict[str, Any]) -> str:
    """Hash of what the notebook was built from, "" if there is none."""
    return str(_note(notebook).get("inputs", ""))


def edited(notebook: dict[str, Any]) -> bool:
    """Whether somebody edited the notebook after it was built, or it was never built."""
    return built(notebook) != stamp(notebook)


def load(path: Path) -> dict[str, Any] | None:
    """The notebook in a file, None if it can't be read as one.

    path     any file
    returns  notebook as JSON with a list of cells
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
        stamp(notebook), built(notebook)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return notebook if isinstance(notebook, dict) else None


def beside(path: Path) -> Path:
    """A name for a new version beside a notebook, where it overwrites nobody's work.

    path     exercises/x.ipynb
    returns  exercises/x.new.ipynb, or x.2.new.ipynb, … where somebody edited the first
    """
    for other in new_versions(path):
        found = load(other)
        if not other.exists() or (found is not None and not edited(found)):
            return other
    raise AssertionError("unreachable: there is always a further name")


def new_versions(path: Path) -> Iterator[Path]:
    """Names of new versions beside a notebook, the last of which is free.

    path     exercises/x.ipynb
    returns  exercises/x.new.ipynb, x.2.new.ipynb, …
    """
    number = 1
    while True:
        other = path.with_name(f"{path.stem}{f'.{number}' if number > 1 else ''}.new.ipynb")
        yield other
        if not other.exists():
            return
        number += 1


def _note(notebook: dict[str, Any]) -> dict[str, Any]:
    note = notebook.get("metadata", {}).get("descent", {})
    return note if isinstance(note, dict) else {}


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    text = source if isinstance(source, str) else "".join(source)
    return text.replace("\r\n", "\n")


def _grade_id(cell: dict[str, Any]) -> str:
    return str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", ""))
