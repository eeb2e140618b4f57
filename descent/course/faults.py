"""What is wrong with a chapter, said with file, line and remedy."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that an author has to mend.

    file  path from the course's root, with slashes
    line  line in that file, from 1
    what  what is wrong; what to do about it
    """

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


class CourseError(Exception):
    """The course can't be built as it is; the text says where and what to do.

    faults  what is wrong, empty where it isn't a matter of one file
    """

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = list(faults)


def course_error(faults: Sequence[Fault]) -> CourseError:
    """All faults as one error, in the order of files and lines.

    faults   at least one
    returns  CourseError whose text has one line a fault
    """
    faults = sorted(set(faults))
    return CourseError("\n".join(map(str, faults)), faults)


def read_text(path: Path, file: str) -> str:
    """The text of a file in UTF-8.

    file     its name in messages
    raises   CourseError if it is in another encoding
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise course_error([Fault(file, line, "not UTF-8; save the file in UTF-8")]) from None
