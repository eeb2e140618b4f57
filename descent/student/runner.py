"""Runs the cells of a notebook in a process of their own; one that ends it costs only itself."""

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from descent.student import process
from descent.student.faults import StudentError
from descent.student.outcome import CRASHED, SLOW, Outcome

LIMIT = 20.0
"""Seconds that a cell may take; the tests of an exercise take less than two."""
GRACE = 10.0
"""Seconds more after which a process that has not ended by itself is ended."""
OPENING, COURSE, OWN = "opening", "course", "own"
SOLUTION, TEST = "solution", "test"


@dataclass(frozen=True)
class Task:
    """A cell that is to be run.

    key       tells it from the others
    role      one of the above; the cells of the opening, which import, have no time limit
    exercise  that it belongs to, "" if to none
    source    its text
    """

    key: int
    role: str
    exercise: str
    source: str


def run(
    tasks: Sequence[Task],
    folder: Path,
    limit: float,
    heard: Callable[[Task], object] = lambda _: None,
) -> dict[int, Outcome]:
    """Run cells in order, as a notebook does; after one that ends the process, all others again.

    folder   in which the process works
    limit    seconds that a cell may take
    heard    is given each cell before it is run
    returns  key -> how it ended
    raises   StudentError if no process could be started
    """
    found: dict[int, Outcome] = {}
    ended: set[int] = set()
    while True:
        left = [t for t in tasks if t.key not in ended and not (t.role == TEST and t.key in found)]
        with (
            tempfile.TemporaryDirectory(prefix="descent-") as name,
            _Process(Path(name), folder, left, limit) as other,
        ):
            seen = other.watch(heard)
            found |= {task.key: said for task, said in zip(left, seen, strict=False)}
            if len(seen) == len(left):
                return found
            culprit = left[len(seen)]
            found[culprit.key] = other.fault(limit)
            ended.add(culprit.key)


class _Process:
    """A process that runs cells, each with a line in a file when it has ended."""

    def __init__(self, place: Path, folder: Path, tasks: Sequence[Task], limit: float) -> None:
        self.tasks, self.patience, self.late = tasks, limit + GRACE, False
        self.results, self.log, self.faults = (place / n for n in ("results", "log", "faults"))
        self.results.touch()
        job = place / "job"
        job.write_text(json.dumps([limit, [asdict(task) for task in tasks]]), encoding="utf-8")
        inside = ["-m", "descent.student.execute", str(job), str(self.results)]
        with self.log.open("wb") as log:
            nothing = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
            self.process = process.start(inside, folder, place, stderr=log, **nothing)

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_: object) -> None:
        process.end(self.process)

    def watch(self, heard: Callable[[Task], object]) -> list[Outcome]:
        """Wait until all cells were run, or none will be; how they ended, as far as it came."""
        done, since = -1, time.monotonic()
        while True:
            running, said = self.process.poll() is None, self._lines()
            lines = said[1:]
            now = self.tasks[len(lines)] if len(lines) < len(self.tasks) else None
            if len(said) > done:
                done, since = len(said), time.monotonic()
                if now:
                    heard(now)
            limited = bool(said) and now is not None and now.role != OPENING
            self.late = limited and time.monotonic() - since > self.patience
            if now is None or not running or self.late:
                return [Outcome(s, tuple(text), line=at) for s, text, at in map(json.loads, lines)]
            time.sleep(0.02)

    def fault(self, limit: float) -> Outcome:
        """Why the process ended in a cell.

        raises  StudentError if it did not come to the first
        """
        if not self._lines():
            log = self.log.read_text("utf-8", errors="replace").strip()
            raise StudentError(f"Python can't run the notebook's cells:\n{log}")
        faults = self.faults.read_text("utf-8", errors="replace")
        where = re.search(r'File "<ipython-input[^"]*", line (\d+) in (\S+)', faults)
        place = f" in {where[2]}, line {where[1]} of its cell" if where else ""
        place = place.replace(" in <module>,", " in")
        if self.late or "Timeout (" in faults:
            return Outcome(SLOW, (f"stopped after {limit:g} s{place}",), fatal=True)
        why = re.search(r"Fatal Python error: (.+)", faults)
        how = f" ({why[1]})" if why else ""
        return Outcome(CRASHED, (f"the process of Python ended{how}{place}",), fatal=True)

    def _lines(self) -> list[str]:
        """The file's whole lines: one when all is loaded, then one a cell."""
        text = self.results.read_text("utf-8")
        return text[: text.rfind("\n") + 1].splitlines()
