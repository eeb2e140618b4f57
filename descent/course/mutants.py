"""Do the tests of an exercise notice a small change of its solution?

Each mutant runs in a forked copy of a process in which the notebook's opening cells have run, so
that one that loops, crashes or fills the memory costs only itself. `chapters/*/mutants.yml` lists
those that no test can notice, because they do what the exercise asks for:

    exercise:
      - why: the reason, for all of these
        mutants:
          - 'operator: line before → line after'

`python -m descent.course.mutants COURSE CHAPTER SAMPLE SEED FILE` writes what became of a chapter's
mutants to FILE as JSON.
"""

import contextlib
import json
import math
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from descent.course import plan
from descent.course.chapter import Chapter, read_chapter
from descent.course.contract import Exercise
from descent.course.faults import CourseError, read_text
from descent.course.judge import Course, TimeLimit
from descent.course.mutation import Mutant, mutants
from descent.student.process import python_path

SLOWER = 10.0
"""Times the processor time of the solution's own tests that a mutant may take, 1 s at least."""
PATIENCE = 60.0
"""Seconds after which a mutant is ended that waits for something."""
ROOM = 2**30
"""Bytes that a mutant may allocate."""
FORM = "write exercise: - why: reason, mutants: - 'operator: before → after'"
HEADINGS = ("exercise", "mutants", "by visible", "only hidden", "equivalent", "survived", "score")


@dataclass(frozen=True)
class Options:
    """How to run.

    sample  mutants a chapter, drawn at random; 0 for all
    seed    of the sample
    jobs    chapters at a time; 0 for one a processor
    """

    sample: int = 0
    seed: int = 0
    jobs: int = 0


@dataclass(frozen=True)
class Trial:
    """What became of a mutant.

    exercise  whose solution it is
    key       operator and change
    place     file and line
    part      of the tests that noticed: "visible", or "hidden" or unknown; "" if none did
    why       it is listed as equivalent, "" if it isn't
    """

    exercise: str
    key: str
    place: str
    part: str
    why: str = ""

    @property
    def problem(self) -> str:
        """What an author has to do about it, "" if nothing."""
        about = f"{self.place}: `{self.exercise}`: {self.key}"
        if self.part and self.why:
            return f"{about}\n  the tests notice it: remove it from mutants.yml"
        if not self.part and not self.why:
            return f"{about}\n  no test notices it: add one, or list it in mutants.yml"
        return ""


@dataclass(frozen=True)
class Found:
    """What became of a chapter's mutants, and what is wrong with its list of equivalent ones."""

    trials: list[Trial]
    problems: list[str]


def run(root: Path, chapters: list[str], options: Options) -> bool:
    """Run the mutants, print a table for each chapter, then what an author has to do.

    root      the course's folder
    chapters  names, all if none are given
    returns   whether each mutant was noticed by a test or is listed, and no other is listed
    raises    CourseError if a chapter has faults, or has tests that its solution fails
    """
    names = plan.select(root, chapters)
    largest = sorted(names, key=partial(_size, root), reverse=True)
    with ThreadPoolExecutor(options.jobs or os.cpu_count()) as pool:
        results = dict(zip(largest, pool.map(partial(study, root, options), largest), strict=True))
    return show([(name, results[name]) for name in names])


def study(root: Path, options: Options, chapter: str) -> Found:
    """Run the mutants of a chapter in a process of its own.

    raises  CourseError if the chapter has faults, or has tests that its solution fails
    """
    if not read_chapter(root, chapter).exercises:
        return Found([], [])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        words = [str(root.resolve()), chapter, str(options.sample), str(options.seed), str(file)]
        done = subprocess.run(
            [sys.executable, "-m", "descent.course.mutants", *words],
            cwd=folder,
            env=_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise CourseError(f"the mutants of {chapter} broke down:\n{done.stderr.strip()}")
        found = json.loads(file.read_text("utf-8"))
    return Found([Trial(**trial) for trial in found["trials"]], found["problems"])


def _environment() -> dict[str, str]:
    """One thread and no GPU: neither outlives a fork."""
    fixed = {"DESCENT_DATA": "embedded", "DESCENT_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
    return os.environ | fixed | {"PYTHONPATH": python_path()}


def _size(root: Path, chapter: str) -> int:
    file = root / "chapters" / chapter / "exercise.md"
    return file.stat().st_size if file.exists() else 0


# ---- in a chapter's own process ------------------------------------------------------------------


def examine(root: Path, name: str, options: Options) -> Found:
    """The same in this process, whose `__main__` is replaced."""
    chapter = read_chapter(root, name)
    listed = read_listed(root, chapter)
    made = [(e, m) for e in chapter.exercises for m in mutants(e.solution.source)]
    keys = {(e.name, m.key) for e, m in made}
    gone = [(n, key) for n, known in listed.items() for key in known if (n, key) not in keys]
    problems = [f"{_list(name)}: `{n}`: {key}\n  no such mutant: remove it" for n, key in gone]
    if options.sample:
        drawn = random.Random(options.seed).sample(range(len(made)), options.sample)
        made = [made[i] for i in sorted(drawn)]
    return Found(list(_trials(chapter, made, listed)), problems)


def _trials(
    chapter: Chapter, made: list[tuple[Exercise, Mutant]], listed: dict[str, dict[str, str]]
) -> Iterator[Trial]:
    harness = Harness(chapter)
    limits = {name: harness.limit(name) for name in dict.fromkeys(e.name for e, _ in made)}
    for exercise, mutant in made:
        part = harness.part(exercise.name, mutant.source, limits[exercise.name])
        place = exercise.solution.fault("", mutant.line)
        why = listed.get(exercise.name, {}).get(mutant.key, "")
        yield Trial(exercise.name, mutant.key, f"{place.file}:{place.line}", part, why)


class Harness:
    """A chapter whose opening cells have run, once; only forked copies go on from there."""

    def __init__(self, chapter: Chapter) -> None:
        self.course = Course(chapter)
        self.exercises = {exercise.name: exercise for exercise in chapter.exercises}
        self.course.limit = 0  # a copy has limits of its own, of processor time
        self.namespace = self.course.opened()

    def limit(self, exercise: str) -> float:
        """Seconds of processor time that a mutant may take.

        raises  CourseError if the tests reject the solution itself
        """
        solution = self.exercises[exercise].solution.source
        part, seconds = _in_copy(partial(self._test, exercise, solution), LONGEST)
        if part:
            raise CourseError(f"`{exercise}`: the tests reject the solution itself; mend them")
        return max(1.0, SLOWER * seconds)

    def part(self, exercise: str, source: str, limit: float) -> str:
        """The part of an exercise's tests that rejects a solution cell, "" if none does."""
        return str(_in_copy(partial(self._test, exercise, source), limit)[0])

    def _test(self, name: str, source: str) -> tuple[str, float]:
        """The part of the tests that rejects a cell, and the processor time that they took."""
        start = time.process_time()
        loss = self.course.one(self.exercises[name], source, self.namespace)
        return (loss.part or "unknown") if loss else "", time.process_time() - start


LONGEST = 60.0
"""Seconds of processor time that a solution's own tests may take at most."""


def _in_copy(work: Callable[[], tuple[str, float]], limit: float) -> tuple[str, float]:
    """What work gives in a forked copy of this process; ("unknown", limit) if that broke down."""
    read, write = os.pipe()
    copy = os.fork()
    if not copy:
        _work(work, limit, write)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        ready = select.select([told], [], [], limit + PATIENCE)[0]
        text = told.read() if ready else b""
    with contextlib.suppress(ProcessLookupError):
        os.kill(copy, signal.SIGKILL)
    os.waitpid(copy, 0)
    return json.loads(text) if text else ("unknown", limit)


def _work(work: Callable[[], tuple[str, float]], limit: float, write: int) -> None:
    """Work in a copy that stays within its limits, say what came of it, and end."""
    try:
        _confine(limit)
        os.write(write, json.dumps(work()).encode())
    finally:
        os._exit(0)


def _confine(limit: float) -> None:
    """Give this process so many seconds of processor time, and little more memory than it has."""
    import resource

    signal.signal(signal.SIGXCPU, _too_late)
    seconds = math.ceil(limit)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    size = Path("/proc/self/statm")
    if size.exists():
        room = int(size.read_text().split()[0]) * resource.getpagesize() + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _too_late(*_: object) -> None:
    raise TimeLimit("took too long")


# ---- the list of equivalent ones -----------------------------------------------------------------


def _list(chapter: str) -> str:
    return f"chapters/{chapter}/mutants.yml"


def read_listed(root: Path, chapter: Chapter) -> dict[str, dict[str, str]]:
    """The mutants that a chapter lists as equivalent: exercise -> key -> reason.

    raises  CourseError if the file has another form, or names no exercise
    """
    file = _list(chapter.name)
    if not (root / file).exists():
        return {}
    try:
        told = yaml.safe_load(read_text(root / file, file))
        found = {name: dict(_reasons(groups)) for name, groups in told.items()}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise CourseError(f"{file}: the form is wrong ({error!r}); {FORM}") from None
    for name in found.keys() - {exercise.name for exercise in chapter.exercises}:
        raise CourseError(f"{file}: no exercise is called `{name}`; rename or remove it")
    return found


def _reasons(groups: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for group in groups:
        yield from ((key, group["why"].strip()) for key in group["mutants"])


# ---- what is printed -----------------------------------------------------------------------------


def show(found: list[tuple[str, Found]], console: Console | None = None) -> bool:
    """Print a table for each chapter that has exercises, all problems, and the total.

    returns  whether there are no problems
    """
    console = console or Console(width=None if sys.stdout.isatty() else 120)
    for chapter, result in found:
        if result.trials:
            console.print(_table(chapter, result.trials))
    trials = [trial for _, result in found for trial in result.trials]
    problems = [t.problem for t in trials if t.problem] + [p for _, f in found for p in f.problems]
    for problem in problems:
        console.print(Text(problem), soft_wrap=True)
    _, *figures, score = _row("all", trials)
    names = ", ".join(f"{n} {name}" for n, name in zip(figures, HEADINGS[1:], strict=False))
    console.print(f"{names}; score {score}; {len(problems)} problems", soft_wrap=True)
    return not problems


def _table(chapter: str, trials: list[Trial]) -> Table:
    table = Table(title=chapter)
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == HEADINGS[0] else "right")
    for name in dict.fromkeys(trial.exercise for trial in trials):
        mine = [trial for trial in trials if trial.exercise == name]
        bad = any(trial.problem for trial in mine)
        table.add_row(*_row(name, mine), style="bold red" if bad else None)
    table.add_section()
    table.add_row(*_row("all", trials))
    return table


def _row(name: str, trials: list[Trial]) -> tuple[str, ...]:
    """Counts of mutants, and the share killed of those that are not equivalent."""
    visible = sum(trial.part == "visible" for trial in trials)
    killed = sum(bool(trial.part) for trial in trials)
    equivalent = sum(bool(trial.why) for trial in trials if not trial.part)
    counts = (len(trials), visible, killed - visible, equivalent, len(trials) - killed - equivalent)
    score = killed / max(1, len(trials) - equivalent)
    return (name, *map(str, counts), f"{100 * score:.1f} %")


def _main(root: Path, name: str, sample: int, seed: int, file: Path) -> None:
    found = examine(root, name, Options(sample, seed))
    file.write_text(json.dumps(asdict(found)), encoding="utf-8")


if __name__ == "__main__":
    course, name, sample, seed, file = sys.argv[1:]
    _main(Path(course), name, int(sample), int(seed), Path(file))
