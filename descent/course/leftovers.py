"""Built notebooks of chapters that are gone."""

from collections.abc import Callable
from pathlib import Path

from descent.course import stamp

KINDS = ("lectures", "exercises", "solutions", "source", "release")


def leftovers(root: Path, chapters: list[str]) -> list[Path]:
    """The built notebooks that no chapter asks for.

    root      the course's folder
    chapters  the names of all its chapters
    returns   files, sorted; new versions beside a student's notebook are none
    """
    asking = [c for c in chapters if (root / "chapters" / c / "exercise.md").exists()]
    found = []
    for kind in KINDS:
        names = chapters if kind == "lectures" else asking
        for path in sorted((root / kind).glob("*/*.ipynb" if _nested(kind) else "*.ipynb")):
            if (
                "." not in path.stem
                and (path.parent.name if _nested(kind) else path.stem) not in names
            ):
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
        judged = root / "source" / path.parent.name / path.name if _released(root, path) else path
        notebook = stamp.load(judged)
        shown = path.relative_to(root).as_posix()
        if judged.exists() and (notebook is None or stamp.edited(notebook)):
            say(f"{shown} belongs to no chapter, and was edited: left as it is")
            continue
        path.unlink()
        if _nested(path.relative_to(root).parts[0]) and not any(path.parent.iterdir()):
            path.parent.rmdir()
        say(f"{shown} belongs to no chapter: removed")


def _nested(kind: str) -> bool:
    return kind in ("source", "release")


def _released(root: Path, path: Path) -> bool:
    return path.relative_to(root).parts[0] == "release"
