"""Answers that the graders of an exercise must accept or reject, read from `attempts/`."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from descent.course.faults import CourseError, Fault, course_error, read_text

SECTION = re.compile(r"^# %%(.*)$")
TITLE = re.compile(r" (right|wrong): (\S.*)")
NOTE = re.compile(r"# (says|caught): *(\S.*)")


@dataclass(frozen=True)
class Attempt:
    """A complete replacement of a solution cell.

    exercise  name of the exercise
    right     whether graders must accept it
    title     what is right or wrong with it
    line      line of the section in its file
    code      text of the cell: what all sections share, then this one's
    says      text that the message must contain, whatever the case; "" asks for nothing
    caught    part of the tests that must reject it: "visible" or "hidden"; "" leaves it open
    """

    exercise: str
    right: bool
    title: str
    line: int
    code: str
    says: str = ""
    caught: str = ""

    @property
    def kind(self) -> str:
        """The word of the section's heading."""
        return "right" if self.right else "wrong"


def read_attempts(path: Path, file: str = "") -> list[Attempt]:
    """The attempts at one exercise, in the order of the file.

    path     attempts/<exercise>.py
    file     name for messages, by default the path
    raises   CourseError with the lines that are wrong
    """
    file = file or path.as_posix()
    text = read_text(path, file)
    lines = text.splitlines()
    starts = [row for row, line in enumerate(lines) if SECTION.match(line)]
    faults = list(_faults(text, lines, starts, file))
    if faults:
        raise course_error(faults)
    shared = _shared(text, lines[: starts[0]])
    ends = [*starts[1:], len(lines)]
    return [
        _attempt(path.stem, shared, lines[start:end], start + 1)
        for start, end in zip(starts, ends, strict=True)
    ]


def attempt_faults(folder: Path, file: str, exercises: list[str]) -> Iterator[Fault]:
    """Files of attempts that are missing, broken or left over.

    folder     attempts/ of a chapter
    file       its name from the course's root
    exercises  names of the chapter's exercises
    """
    for name in exercises:
        try:
            read_attempts(folder / f"{name}.py", f"{file}/{name}.py")
        except FileNotFoundError:
            what = (
                f"the attempts at `{name}` are missing; write sections # %% right: and # %% wrong:"
            )
            yield Fault(f"{file}/{name}.py", 1, what)
        except CourseError as error:
            yield from error.faults
    for path in sorted(folder.glob("*.py")):
        if path.stem not in exercises:
            what = f"no exercise is called `{path.stem}`; rename or remove the file"
            yield Fault(f"{file}/{path.name}", 1, what)


def _faults(text: str, lines: list[str], starts: list[int], file: str) -> Iterator[Fault]:
    try:
        ast.parse(text)
    except SyntaxError as error:
        yield Fault(file, error.lineno or 1, f"not Python ({error.msg}); mend the line")
    if not starts:
        yield Fault(file, 1, "no attempts; begin each with # %% right: why, or # %% wrong: why")
    for row in starts:
        match = SECTION.match(lines[row])
        if match and not TITLE.fullmatch(match[1]):
            yield Fault(file, row + 1, "unknown section; write # %% right: why, or # %% wrong: why")
    for row, line in enumerate(lines):
        note = NOTE.fullmatch(line)
        if note and note[1] == "caught" and note[2] not in ("visible", "hidden"):
            yield Fault(file, row + 1, f"unknown part {note[2]!r}; write visible or hidden")


def _shared(text: str, lines: list[str]) -> str:
    """What comes before the first section, without the file's docstring."""
    first = ast.parse(text).body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        lines = lines[first.end_lineno :]
    return "\n".join(lines)


def _attempt(exercise: str, shared: str, lines: list[str], line: int) -> Attempt:
    heading = TITLE.fullmatch(lines[0].removeprefix("# %%"))
    assert heading is not None
    notes = [note for note in map(NOTE.fullmatch, lines[1:]) if note]
    found = {note[1]: note[2].strip() for note in notes}
    code = "\n".join([shared, *lines[1:]]).strip("\n")
    return Attempt(exercise, heading[1] == "right", heading[2].strip(), line, code, **found)
