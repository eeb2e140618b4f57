"""Runs a notebook from top to bottom in a process of its own, and tells what does not work."""

import json
import queue
import shlex
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from descent.student import process
from descent.student.doctor_case import Case
from descent.student.doctor_finding import ERROR, WARNING, Finding
from descent.student.doctor_run import stored
from descent.student.faults import StudentError

CELL_SECONDS = 60.0
NOTEBOOK_SECONDS = 600.0
"""What a cell, and all of them, may take when they are graded."""
GRACE = 10.0
"""Seconds after which a process is ended that does not heed its limit."""
START = 120.0
"""Seconds that Python may take to start."""
LONGEST = 6
WIDEST = 160
"""Lines of an error's text that are told, characters of each."""


Lines = queue.Queue[str]


@dataclass
class Trial:
    """What running the cells showed.

    ends     number of a cell -> what is told of its end
    last     the cell that was running when the process ended before its time, else None
    late     whether it was ended because it took too long
    unknown  (cell, name that its functions use and nothing defines)
    """

    ends: dict[int, dict[str, Any]] = field(default_factory=dict)
    last: int | None = None
    late: bool = False
    unknown: list[tuple[int, str]] = field(default_factory=list)


def run_cells(
    cells: list[tuple[int, str]],
    folder: Path,
    limit: float = CELL_SECONDS,
    whole: float = NOTEBOOK_SECONDS,
) -> Trial:
    """Run cells in order.

    cells   number and text
    folder  in which they run
    limit   seconds that a cell may take
    whole   seconds that all may take
    raises  StudentError if Python does not start
    """
    with tempfile.TemporaryDirectory(prefix="descent-", ignore_cleanup_errors=True) as own:
        other = _start(Path(own), folder, limit)
        lines: Lines = queue.Queue()
        listener = threading.Thread(target=_pass_on, args=(other.stdout, lines), daemon=True)
        listener.start()
        try:
            return _heard(other, lines, cells, limit, whole)
        finally:
            process.end(other)
            listener.join(GRACE)


def _start(own: Path, folder: Path, limit: float) -> "subprocess.Popen[str]":
    inside = ["-P", "-m", "descent.student.doctor_run", str(limit)]
    both = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
    return process.start(inside, folder, own, stderr=subprocess.DEVNULL, **both)


def _heard(
    other: "subprocess.Popen[str]",
    lines: Lines,
    cells: list[tuple[int, str]],
    limit: float,
    whole: float,
) -> Trial:
    assert other.stdin
    with suppress(OSError), other.stdin:
        json.dump(cells, other.stdin)
    if not _next(lines, START):
        raise StudentError(f"{sys.executable} can't run cells: install IPython for it")
    trial, until = Trial(), time.monotonic() + whole
    while line := _next(lines, min(limit + GRACE, until - time.monotonic())):
        told = json.loads(line)
        if told.get("done"):
            trial.unknown = [(number, name) for number, name in told["unknown"]]
            trial.last = None
            return trial
        trial.last = told.get("start", trial.last)
        if "end" in told:
            trial.ends[told["end"]] = told
    trial.late = line is None
    return trial


def _pass_on(pipe: IO[str], lines: Lines) -> None:
    with pipe:
        for line in pipe:
            lines.put(line)
    lines.put("")


def _next(lines: Lines, seconds: float) -> str | None:
    """The next line; "" at the end, None if none comes in time."""
    try:
        return lines.get(timeout=max(seconds, 0))
    except queue.Empty:
        return None


# ---- what it means -------------------------------------------------------------------------------


def try_out(case: Case, limit: float = CELL_SECONDS) -> list[Finding]:
    """What goes wrong when the notebook is run from top to bottom.

    limit   seconds that a cell may take
    raises  StudentError if it can't be run
    """
    cells = enumerate(case.file.cells)
    code = [(n, c.source) for n, c in cells if c.kind == "code" and c.source.strip()]
    trial = run_cells(code, case.file.path.resolve().parent, limit)
    return list(_Reading(case, trial, limit).findings())


class _Reading:
    """Makes sentences of what a trial showed."""

    def __init__(self, case: Case, trial: Trial, limit: float) -> None:
        self.case, self.trial, self.limit = case, trial, limit
        self.missing: dict[str, list[int]] = {}

    def findings(self) -> Iterator[Finding]:
        for number, told in self.trial.ends.items():
            yield from self._times(number, told)
            if told["error"] and not told["late"]:
                yield from self._error(number, told["error"])
        for name, cells in self.missing.items():
            yield self._name(name, cells)
        yield from self._lost()
        if self.trial.last is not None:
            yield self._ended(self.trial.last)

    def _exercise(self, number: int) -> str:
        at = self.case.slots.get(number)
        return "" if at is None else self.case.pristine.exercise(at)

    def _role(self, number: int) -> str:
        at = self.case.slots.get(number)
        return "own" if at is None else self.case.pristine.role(at)

    def _retyped(self) -> set[str]:
        """Exercises whose answer is not in a code cell, so that it is not run."""
        chosen = self.case.match.chosen.items()
        return {name for n, name in chosen if self.case.file.cells[n].kind != "code"}

    def _times(self, number: int, told: dict[str, Any]) -> Iterator[Finding]:
        what, seconds = self.case.cell(number), told["seconds"]
        remedy = "make it faster, or take out what is not part of an answer"
        if told["late"]:
            said = f"{what} takes longer than the {self.limit:g} s after which grading stops it"
            yield Finding(ERROR, said, remedy)
        elif seconds > self.limit / 2:
            said = f"{what} took {seconds:.0f} s; grading stops it after {self.limit:g} s"
            yield Finding(WARNING, said, remedy)

    def _error(self, number: int, error: dict[str, Any]) -> Iterator[Finding]:
        exercise, role = self._exercise(number), self._role(number)
        if exercise in self.case.open or error["name"] in self.case.open | self._retyped():
            return  # that was said
        if error["open"]:
            if role == "test":
                what = f"{exercise} is solved in part: its tests come to a NotImplementedError"
                yield Finding(WARNING, what, "solve the rest, or hand in without")
            return
        if error["name"]:
            self.missing.setdefault(error["name"], []).append(number)
            return
        told = textwrap.indent(_cut(error["text"]), "  ")
        if role == "test":
            file = shlex.quote(str(self.case.file.path))
            remedy = f"mend the answer; descent check {file} {exercise} tells more"
            what = f"the tests of {exercise} fail (cell {number + 1}):\n{told}"
            yield Finding(ERROR, what, remedy)
        else:
            level = WARNING if role == "own" else ERROR
            remedy = "mend it: Run All Cells stops there"
            yield Finding(level, f"{self.case.cell(number)} fails:\n{told}", remedy)

    def _name(self, name: str, cells: list[int]) -> Finding:
        """A name that is not there when it is used."""
        first = cells[0]
        more = f", and so do {len(cells) - 1} more cells" if len(cells) > 1 else ""
        told = self.trial.ends[first]["error"]["at"]
        user = self.case.cell(first if told is None else told)
        what = f"{user} uses {name}, which no cell above defines{more}"
        where = self._defining(name)
        if any(n > first for n in where):
            below = next(n for n in where if n > first)
            what += f"; {self.case.cell(below)} does, further down"
            return Finding(ERROR, what, f"move that cell up: above cell {first + 1}")
        if where:
            fails = self.case.cell(where[-1])
            return Finding(ERROR, what, f"{fails} should define it, and does not get there")
        remedy = f"define {name}: its cell was deleted, or had another name for it"
        return Finding(ERROR, what, remedy)

    def _defining(self, name: str) -> list[int]:
        cells = self.case.file.cells
        return [n for n, c in enumerate(cells) if c.kind == "code" and name in stored(c.source)]

    def _lost(self) -> Iterator[Finding]:
        """Names that functions would miss if they were called."""
        course = {n for n in self.case.slots if n not in self.case.match.chosen}
        for number, name in self.trial.unknown:
            if number in course or name in self.missing or name in self.case.pristine.stubs:
                continue
            what = f"{self.case.cell(number)} uses {name}, which no cell defines"
            remedy = f"define {name}: its cell was deleted, or had another name for it"
            yield Finding(WARNING, what, remedy)

    def _ended(self, number: int) -> Finding:
        what = self.case.cell(number)
        if self.trial.late:
            said = f"{what} does not end within {self.limit:g} s, nor when it is stopped"
        else:
            said = f"{what} ends Python, so that no cell after it was run"
        return Finding(ERROR, said, "mend it: nothing below it works when the notebook is run")


def _cut(text: str) -> str:
    lines = [line if len(line) <= WIDEST else line[:WIDEST] + "…" for line in text.splitlines()]
    return "\n".join(lines[:LONGEST] + ["…"] * (len(lines) > LONGEST))
