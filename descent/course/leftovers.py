"""Built notebooks of chapters that are gone."""

import re
from collections.abc import Callable
from pathlib import Path

from descent.course import stamp

KINDS = ("lectures", "exercises", "solutions", "source", "release")
NESTED = ("source", "release")
CHAPTER = re.compile(r"\d\d_\w+")


def leftovers(root: Path, chapters: list[str]) -> list[Path]:
    """The built notebooks that no chapter asks for.

    root      the course's folder
    chapters  the names of all its chapters
    returns   files, sorted; a reader's own notebooks and copies of notebooks are none
    """
    asking = [c for c in chapters if (root / "chapters" / c / "exercise.md").exists()]
    found = []
    for kind in KINDS:
        names = tuple(chapters if kind == "lectures" else asking)
        for path in sorted((root / kind).glob("*/*.ipynb" if kind in NESTED else "*.ipynb")):
            name = path.parent.name if kind in NESTED else path.stem
            if CHAPTER.fullmatch(name) and not name.startswith(names):
                found.append(path)
    return found


def remove_leftovers(root: Path, chapters: list[str], say: Callable[[str], None]) -> None:
    """Remove those that nobody edited, and say so of each.

    root      the course's folder
    chapters  the names of all its chapters
    say       takes a line of text
    """
    for path in leftovers(root, chapters):
        # A release is never edited: it goes with the source that it can be made from.
        released = path.is_relative_to(root / "release")
        judged = root / "source" / path.parent.name / path.name if released else path
        notebook = stamp.load(judged)
        shown = path.relative_to(root).as_posix()
        if judged.exists() and (notebook is None or stamp.edited(notebook)):
            say(f"{shown} belongs to no chapter, and was edited: left as it is")
            continue
        path.unlink()
        if path.parent.parent != root and not any(path.parent.iterdir()):
            path.parent.rmdir()
        say(f"{shown} belongs to no chapter: removed")
