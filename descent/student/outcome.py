"""What a test that was run says, in the few lines that `descent.check` makes of an error."""

import traceback
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 12
"""Lines of a message that are shown."""
SOLVED, OPEN, WRONG = "solved", "not solved yet", "wrong"
CRASHED, SLOW = "crashed", "too slow"
MARKS = {SOLVED: "✓", OPEN: "·", WRONG: "✗", CRASHED: "!", SLOW: "…", "": " "}
"""A sign for every state; "" is that of an exercise whose tests were not run."""


@dataclass(frozen=True)
class Outcome:
    """How a cell ended.

    state  one of `MARKS`
    lines  what to tell, at most `LONGEST` lines
    fatal  whether it ended the process
    line   of the cell, where it failed; 0 if that is not known
    """

    state: str
    lines: tuple[str, ...] = ()
    fatal: bool = False
    line: int = 0


def outcome(error: BaseException | None, of_test: bool = True) -> Outcome:
    """What it means that a cell raised this, or nothing.

    of_test  whether the cell is the course's, whose own lines are left out of the message
    """
    from descent.check import CheckFailed

    if error is None:
        return Outcome(SOLVED)
    state = CRASHED
    if _says_open(error):
        state = OPEN
    elif isinstance(error, CheckFailed | AssertionError):
        state = WRONG
    return Outcome(state, short(_explained(error, of_test)), line=_line(error))


def of_exercise(ended: Outcome, name: str) -> Outcome:
    """The same, but that the exercise's own name is not defined means that it is not solved yet."""
    said = f"NameError: name '{name}' is not defined"
    if ended.state == CRASHED and any(line.strip() == said for line in ended.lines):
        return Outcome(OPEN, (f"{name} is not defined: solve its cell and run it",))
    return ended


def short(lines: Iterable[str]) -> tuple[str, ...]:
    """At most `LONGEST` lines of them."""
    found = [line for text in lines for line in text.splitlines()]
    cut = len(found) > LONGEST
    return (*found[: LONGEST - cut], *["  …"] * cut)


def _line(error: BaseException) -> int:
    from descent import check

    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 0 for f in frames if check._is_cell(f.filename)), 0)


def _says_open(error: BaseException) -> bool:
    """Whether a line of Python raised this to say that something is to be written yet."""
    frames = traceback.extract_tb(error.__traceback__)
    raised = bool(frames) and (frames[-1].line or "").startswith("raise NotImplementedError")
    return isinstance(error, NotImplementedError) and raised


def _explained(error: BaseException, of_test: bool) -> list[str]:
    from descent import check

    if isinstance(error, SyntaxError):
        where = f" in line {error.lineno} of the cell" if error.lineno else ""
        text = [f"      {error.text.strip()}"] if error.text else []
        return [f"{type(error).__name__}{where}: {error.msg}", *text]
    frames = traceback.extract_tb(error.__traceback__)
    cells = [frame for frame in frames if check._is_cell(frame.filename)]
    own = [f for f in cells if not of_test or f.filename != cells[0].filename]
    lines = check._error_lines(error, own)
    return [line.replace("✗ <module> stopped", "✗ the cell stopped") for line in lines]
