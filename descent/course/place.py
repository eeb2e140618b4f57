"""Puts a built notebook where it belongs, unless somebody works in the one that is there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode

from descent.course import notebooks, stamp


def up_to_date(path: Path, new: NotebookNode) -> bool:
    """Whether the built notebook, or one in which somebody works on this version, is there.

    path     where it belongs
    new      the notebook as built, executed or not
    returns  False if `place` would write
    """
    found = stamp.load(path)
    if found is not None and _same(found, new):
        return True
    if not path.exists() or (found is not None and not stamp.edited(found)):
        return False
    if found is not None and stamp.built(found) == stamp.built(new):
        return True
    return any(_same(stamp.load(other) or {}, new) for other in stamp.new_versions(path))


def place(path: Path, contents: str, say: Callable[[str], None]) -> bool:
    """Write a built notebook; beside the one that is there if that was edited or can't be read.

    path      where it belongs
    contents  of its file
    say       takes a line of text
    returns   whether anything was written: not if somebody works in this very version
    """
    found, to = stamp.load(path), path
    if path.exists() and (found is None or stamp.edited(found)):
        if found is not None and stamp.built(found) == stamp.built(json.loads(contents)):
            return False
        to = stamp.beside(path)
        why = "has your edits" if found is not None else "can't be read as a notebook"
        say(
            f"{path.parent.name}/{path.name} {why}: it stays as it is, the new version is {to.name}"
        )
    notebooks.write(to, contents)
    return True


def _same(found: dict[str, Any], new: NotebookNode) -> bool:
    """Built from the same; a student version counts as the same if its cells and their ids are."""
    if not found or stamp.inputs(new):
        return bool(found) and stamp.inputs(found) == stamp.inputs(new)
    ids = {cell.get("id") for cell in found["cells"]}
    same_ids = all(cell.get("id") in ids for cell in new["cells"])
    return same_ids and stamp.built(found) == stamp.built(new)
