"""Finds what was handed in, and opens nothing but that."""

import base64
import fnmatch
import importlib.util
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from descent.course.faults import CourseError
from descent.grading.folder import Course
from descent.grading.record import files_beside

SECRET = "descent-any-student"
LARGEST = 4 << 20
"""Bytes of all data files of a hand-in together."""
COURSE = 16 << 20
"""Bytes of all data files of a chapter together."""


class Unreadable(Exception):  # noqa: N818 - a state of a hand-in, not an error of ours
    """The hand-in's file can't be opened; the text says why."""


@dataclass(frozen=True)
class HandIn:
    """What a student handed in.

    student  nbgrader's id
    folder   submitted/<student>/<chapter>, None if it is not there
    """

    student: str
    folder: Path | None

    @property
    def has_name(self) -> bool:
        """Whether a gradebook, and the pages made of it, can hold the id."""
        return not self.misnamed

    @property
    def misnamed(self) -> str:
        """What is wrong with the id, "" if nothing: names of folders may be no text, or HTML."""
        try:
            self.student.encode()
        except UnicodeEncodeError:
            return "is no text in UTF-8"
        odd = sorted(set(self.student) & set('<>"'))
        return f"has {' and '.join(odd)} in it" if odd else ""


def hand_ins(course: Course, chapter: str, known: list[str], wanted: list[str]) -> list[HandIn]:
    """A hand-in for every student, sorted.

    known   students in the gradebook
    wanted  ids to take; empty takes all
    raises  CourseError if a wanted student is unknown
    """
    folders = dict(_folders(course, chapter))
    every = sorted(folders.keys() | set(known))
    strange = sorted(set(wanted) - set(every))
    if strange:
        raise CourseError(
            f"no student {', '.join(map(repr, strange))} in submitted/ or the gradebook; "
            f"there are {len(every)}: {', '.join(every[:10])}{' …' if len(every) > 10 else ''}"
        )
    return [HandIn(student, folders.get(student)) for student in every if _takes(wanted, student)]


def open_notebook(course: Course, hand_in: HandIn, chapter: str) -> tuple[BinaryIO, str] | None:
    """The notebook of a hand-in, opened.

    returns  file, and what is odd about its name; None if there is no notebook
    raises   Unreadable if it is no plain file, or a link, or may not be read
    """
    if hand_in.folder is None:
        return None
    _check_inside(course, hand_in, chapter)
    path, odd = hand_in.folder / f"{chapter}.ipynb", ""
    if not os.path.lexists(path):
        others = sorted(hand_in.folder.glob("*.ipynb"))
        if len(others) != 1:
            return None
        path = others[0]
        odd = f"the notebook was called {path.name} instead of {chapter}.ipynb"
    return _open(path), odd


def data_files(course: Course, hand_in: HandIn, chapter: str) -> dict[str, str]:
    """The files that answers may read.

    returns  name -> contents in base64; the course's own where names are the same, and no modules
             that stand in the way of installed ones
    """
    found: dict[str, str] = {}
    for folder, room in ((course.source(chapter), COURSE), (hand_in.folder, LARGEST)):
        if folder is None:
            continue
        for path in files_beside(folder, course.directory.ignore):
            name, size = path.relative_to(folder).as_posix(), path.stat().st_size
            if name not in found and size <= room and _is_data(name):
                room -= size
                found[name] = base64.b64encode(path.read_bytes()).decode()
    return found


def _folders(course: Course, chapter: str) -> Iterator[tuple[str, Path | None]]:
    """Students with a folder in submitted/, and that of the chapter where there is one."""
    pattern = course.submitted(SECRET, chapter)
    if SECRET not in pattern.parts:
        raise CourseError(
            "CourseDirectory.directory_structure must have {student_id} as a folder of its own"
        )
    at = pattern.parts.index(SECRET)
    base, rest = Path(*pattern.parts[:at]), pattern.parts[at + 1 :]
    if not base.is_dir():
        where = f"{base.name}/<student>/{chapter}/{chapter}.ipynb"
        raise CourseError(f"{base} is missing: collect hand-ins first, as {where}")
    excluded = course.directory.student_id_exclude.split(",")
    for folder in base.iterdir():
        inside = folder.joinpath(*rest)
        has = os.path.lexists(inside)
        ignored = folder.name.startswith(".") or _ignored(folder.name, course)
        if folder.is_dir() and folder.name not in excluded and (has or not ignored):
            yield folder.name, inside if has else None


def _ignored(name: str, course: Course) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in course.directory.ignore)


def _takes(wanted: list[str], student: str) -> bool:
    return not wanted or student in wanted


def _check_inside(course: Course, hand_in: HandIn, chapter: str) -> None:
    """A link in a hand-in must not lead to somebody else's files."""
    assert hand_in.folder is not None
    base = Path(os.path.commonpath([course.submitted(s, chapter) for s in ("a", "b")]))
    real = Path(os.path.realpath(hand_in.folder))
    expected = Path(os.path.realpath(base)) / hand_in.folder.relative_to(base)
    if real != expected:
        raise Unreadable("the folder is a link to another place: it was not followed")
    if not real.is_dir():
        raise Unreadable(f"{hand_in.folder.name} is a file where a folder was expected")


def _open(path: Path) -> BinaryIO:
    try:
        handle = os.open(path, os.O_RDONLY | _flag("O_NOFOLLOW") | _flag("O_NONBLOCK"))
    except OSError as error:
        why = "is a link: it was not followed" if path.is_symlink() else f"({error.strerror})"
        raise Unreadable(f"{path.name} can't be opened {why}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Unreadable(f"{path.name} is no plain file")
    return os.fdopen(handle, "rb")


def _flag(name: str) -> int:
    return int(getattr(os, name, 0))


def _is_data(name: str) -> bool:
    """Whether an answer may see the file: not what Python or the shell would take for its own."""
    top, _, rest = name.partition("/")
    stem = top.partition(".")[0]
    if name == "timestamp.txt" or top.startswith("."):
        return False
    is_module = name.endswith((".py", ".pyc", ".so", ".pth", ".zip", ".egg")) or bool(rest)
    return not (is_module and (stem in sys.stdlib_module_names or _installed(stem)))


def _installed(name: str) -> bool:
    if name in ("sitecustomize", "usercustomize", "ipython_config", "conftest"):
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return True
