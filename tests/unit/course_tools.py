"""A small course to try the build on."""

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TINY = Path(__file__).with_name("course_tiny")
NAME = "01_tiny"
BUILT = ("lectures", "source", "release", "exercises", "solutions")


def make_course(folder: Path) -> Path:
    """A copy of the small course, with the configuration of the real one."""
    root = folder / "course"
    shutil.copytree(TINY, root)
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    return root


def change(path: Path, old: str, new: str) -> int:
    """Replace a text that must be there once; the line where it was."""
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1
