"""Git merge driver for built notebooks: a student's answers survive `git pull`.

`python -m descent.course.keep %O %A %B %P`. The edited side stays in place, the new version of the
course goes beside it. Which side is the student's depends on the command (merge, rebase, stash), so
the stamps decide. Standard library only: git calls it once a file.
"""

import contextlib
import os
import shutil
import sys
from pathlib import Path

from descent.course import stamp


def main(arguments: list[str]) -> int:
    """Merge one notebook.

    arguments  files of the common ancestor, of our side (it takes the result) and of the other
               side, and the path in the repository
    returns    0 when merged, 1 for a conflict: both sides were edited
    """
    base, ours, theirs, path = map(Path, arguments)
    edited = _edited(ours), _edited(theirs)
    if all(edited):
        return 0 if _same_work(ours, theirs) else _keep_both(theirs, path)
    if any(edited):
        _keep_edited(ours, theirs, path, ours_edited=edited[0])
    elif _note(ours) == _note(base):
        shutil.copyfile(theirs, ours)
    return 0


def _keep_both(theirs: Path, path: Path) -> int:
    other = _free(path)
    shutil.copyfile(theirs, other)
    _say(f"{path} was edited on both sides: it stays as it is here, the other is {other.name}.")
    _say(f"Put together what you need, then: git add {path}")
    return 1


def _keep_edited(ours: Path, theirs: Path, path: Path, ours_edited: bool) -> None:
    student, course = (ours, theirs) if ours_edited else (theirs, ours)
    if _note(student).get("built") != _note(course).get("built"):
        new = stamp.beside(path)
        shutil.copyfile(course, new)
        _say(f"{path} has your edits: it stays as it is, the new version is {new.name}")
    if not ours_edited:
        shutil.copyfile(theirs, ours)


def _free(path: Path) -> Path:
    """x.other.ipynb, or x.2.other.ipynb, … where that is taken."""
    number = 1
    while True:
        other = path.with_name(f"{path.stem}{f'.{number}' if number > 1 else ''}.other.ipynb")
        if not other.exists():
            return other
        number += 1


def _edited(path: Path) -> bool:
    """Whether somebody worked in it; a file that can't be read may hold work too."""
    notebook = stamp.load(path)
    return notebook is None or stamp.edited(notebook)


def _same_work(ours: Path, theirs: Path) -> bool:
    """Whether two edited notebooks differ in outputs at most."""
    notebooks = stamp.load(ours), stamp.load(theirs)
    return all(notebooks) and len({stamp.stamp(n) for n in notebooks if n}) == 1


def _note(path: Path) -> dict[str, str]:
    notebook = stamp.load(path)
    return {} if notebook is None else dict(notebook["metadata"].get("descent", {}))


def _say(line: str) -> None:
    """Tell the user, on the terminal where git silences us: while it puts an autostash back."""
    sys.stderr.write(f"{line}\n")
    if os.name == "posix" and os.fstat(2).st_rdev == Path(os.devnull).stat().st_rdev:
        with contextlib.suppress(OSError), Path("/dev/tty").open("w") as terminal:
            terminal.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
