"""Are the tests right about the solutions, whatever the random numbers, dtype, threads and order?

`python -m descent.course.robust [CHAPTER …] [--seeds N] [--device cuda] [--root DIR]` runs each
chapter's solutions and tests again and again: with other seeds, with float64 as the default dtype,
with two threads, in reversed order, without a network. It prints a line for each exercise: the
runs that failed, the CPU seconds of the slowest, and the largest error of a comparison, in
units of what is allowed. Exit code: 0 if nothing failed and all errors are small.
"""

import argparse
import math
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

from rich.console import Console
from rich.table import Table
from rich.text import Text

from descent.course.chapter import read_chapter
from descent.course.contract import Exercise
from descent.course.judge import Course
from descent.course.markers import HIDDEN, regions
from descent.course.plan import select

SEEDS = 20
CLOSEST = 0.1
"""Share of its tolerance that the error of a right answer may use up."""
SECONDS = 2.0
"""CPU time that the tests of an exercise may take."""
FLOAT32 = {
    "GATES": "its weights must be float32, and torch.tensor([1.0]) makes the default dtype",
    "empirical_risk": "the mean of losses that are true or false is float32",
    "zero_one_loss": "its answer must be float32, and torch.tensor([1.0]) makes the default dtype",
    "train_classifier": "its data are float32, and nn.Linear has the default dtype",
    "logistic_gradient": "the numbers of its worked example are rounded to the digits of float32",
    "adam_step": "the numbers of its worked example are rounded to the digits of float32",
    "he_init": "its weights are float32, whatever the default",
    "gradient_norms": "the numbers of its worked example are those of float32 draws",
    "ConvNet": "its pictures are float32, and layers have the default dtype",
    "to_grey": "its answer must be float32, and torch.tensor(weights) makes the default dtype",
}
"""Exercises whose solutions are right for float32 as the default dtype only, and why."""
FIXED = {"gradient_norms": "its worked example shows the numbers of one seed"}
"""Exercises only whose hidden tests get other seeds, and why."""
GIVEN = {"ConvNet": "the split and the seeds of its loop are part of the task"}
"""Exercises whose tests keep all their seeds, and why."""
CHANCE = {"he_init": "shares of random numbers are compared, and vary by chance, not by rounding"}
"""Exercises whose errors say nothing about rounding, and why."""


@dataclass(frozen=True)
class Setting:
    """What a run differs in.

    seed     added to every seed of a generator
    dtype    torch's default: "float32" or "float64"
    threads  that torch uses
    device   what `DESCENT_DEVICE` names; "" leaves it open
    """

    seed: int = 0
    dtype: str = "float32"
    threads: int = 1
    device: str = ""

    @property
    def reversed(self) -> bool:
        """Whether the last exercise comes first: with every other seed."""
        return self.seed % 2 == 1


@dataclass
class Found:
    """What the runs of an exercise showed.

    failures  setting, and what the test said
    seconds   CPU time of the slowest run
    error     the largest of a comparison, in units of what is allowed
    """

    failures: list[tuple[Setting, str]] = field(default_factory=list)
    seconds: float = 0.0
    error: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing failed and all errors are small; time is for the reader to judge."""
        return not self.failures and self.error <= CLOSEST


def settings(seeds: int, device: str = "") -> list[Setting]:
    """All settings: every seed with both dtypes and numbers of threads."""
    kinds = [(dtype, threads) for dtype in ("float32", "float64") for threads in (1, 2)]
    return [Setting(seed, *kind, device) for kind in kinds for seed in range(seeds)]


def run(root: Path, chapter: str, chosen: list[Setting]) -> dict[str, Found]:
    """Run a chapter's solutions and tests in each setting, in a process of its own.

    root     the course's folder
    chapter  its name
    chosen   settings
    returns  exercise -> what its runs showed, of a chapter without exercises nothing
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_run, root, chapter, chosen).result()


def _run(root: Path, name: str, chosen: list[Setting]) -> dict[str, Found]:
    """The same in this process, whose `__main__` is replaced."""
    chapter = read_chapter(root, name)
    found = {exercise.name: Found() for exercise in chapter.exercises}
    os.environ["DESCENT_DATA"] = "embedded"
    course = Course(chapter)
    course.limit = 0  # a solution ends, however busy the machine
    for setting in chosen if found else []:
        shift = Shift(setting.seed)
        with _set(setting, shift), mock.patch("socket.socket.connect", _no_network):
            _run_once(course, setting, shift, found)
    return found


def _run_once(course: Course, setting: Setting, shift: "Shift", found: dict[str, Found]) -> None:
    import torch

    namespace = course.opened()
    torch.set_num_threads(setting.threads)
    for exercise in course.exercises[:: -1 if setting.reversed else 1]:
        shift.start(exercise)
        narrow = exercise.name in FLOAT32
        torch.set_default_dtype(torch.float32 if narrow else getattr(torch, setting.dtype))
        with _measured() as meter:
            start = time.process_time()
            loss = course.one(exercise, exercise.solution.source, namespace)
            seconds = time.process_time() - start
        mine = found[exercise.name]
        if exercise.name not in CHANCE:
            mine.error = max(mine.error, meter.worst)
        if setting.threads == 1:  # a second one spends its time on waiting
            mine.seconds = max(mine.seconds, seconds)
        if loss:
            mine.failures.append((setting, f"{loss.kind}: {loss.message}"))


def _no_network(*_: object) -> None:
    raise OSError("tests must not use the network")


class Shift:
    """What is added to seeds: nothing in the tests, or only the visible ones, of some exercises."""

    def __init__(self, by: int) -> None:
        self.by, self.file, self.first, self.given = by, "", 0, False

    def start(self, exercise: Exercise) -> None:
        """Begin with an exercise."""
        hidden = regions(exercise.test.source, HIDDEN)
        self.file = f"<ipython-input-test_{exercise.name}>"
        self.first = hidden[0][0] if exercise.name in FIXED and hidden else 0
        self.given = exercise.name in GIVEN

    def __call__(self, seed: int) -> int:
        """The seed to use where a test, or what it calls, asks for this one."""
        if self.given:
            return seed
        frame: FrameType | None = sys._getframe(1)
        line = self.first
        while frame is not None:
            if frame.f_code.co_filename == self.file:
                line = frame.f_lineno
            frame = frame.f_back
        return seed + self.by if line >= self.first else seed


@contextmanager
def _set(setting: Setting, shift: Shift) -> Iterator[None]:
    """Shift seeds in the block, and choose the device."""
    import torch

    generator, manual_seed = torch.Generator, torch.manual_seed

    class Shifted(generator):  # type: ignore[misc, valid-type]
        """A generator whose seeds are shifted."""

        def manual_seed(self, seed: int) -> Any:
            return super().manual_seed(shift(seed))

    chosen = {"DESCENT_DEVICE": setting.device} if setting.device else {}
    with (
        mock.patch.object(torch, "Generator", Shifted),
        mock.patch.object(torch, "manual_seed", lambda seed: manual_seed(shift(seed))),
        mock.patch.dict(os.environ, chosen),
    ):
        yield


# ---- how far errors are from what is allowed -----------------------------------------------------


@dataclass
class Meter:
    """Takes down the largest error of all comparisons, in units of what is allowed."""

    worst: float = 0.0

    def tensors(self, actual: Any, expected: Any, rtol: float, atol: float) -> None:
        """Compare floating tensors of one shape; equal entries, inf and nan too, count 0."""
        a, e = actual.detach().double(), expected.detach().double()
        share = (a - e).abs() / (atol + rtol * e.abs())
        share[(a == e) | e.isnan()] = 0
        if share.numel():
            self.worst = max(self.worst, float(share.max()))

    def numbers(self, actual: float, expected: float, rtol: float, atol: float) -> None:
        """Compare numbers as `math.isclose` does."""
        allowed = max(rtol * max(abs(actual), abs(expected)), atol)
        if actual != expected and math.isfinite(expected):
            self.worst = max(self.worst, abs(actual - expected) / allowed if allowed else math.inf)


@contextmanager
def _measured() -> Iterator[Meter]:
    """A meter of all comparisons of `descent.check` in the block."""
    from descent import check

    meter = Meter()
    equal, difference = check._equal, check._number_difference

    def tensors(actual: Any, expected: Any, rtol: float | None, atol: float | None) -> Any:
        default = check.TOLERANCE.get(expected.dtype, (1e-2, 1e-3))
        if expected.is_floating_point():
            used = default[0] if rtol is None else rtol, default[1] if atol is None else atol
            meter.tensors(actual, expected, *used)
        return equal(actual, expected, rtol, atol)

    def numbers(actual: Any, expected: float, rtol: float | None, atol: float | None) -> Any:
        if isinstance(actual, (int, float)):
            used = 1e-6 if rtol is None else rtol, 1e-9 if atol is None else atol
            meter.numbers(actual, expected, *used)
        return difference(actual, expected, rtol, atol)

    with (
        mock.patch.object(check, "_equal", tensors),
        mock.patch.object(check, "_number_difference", numbers),
    ):
        yield meter


# ---- the command ---------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Run all settings and print the table.

    arguments  command line: [CHAPTER …] [--seeds N] [--device cuda] [--root DIR]
    returns    exit code: 0 if nothing failed and all errors are small
    """
    parser = argparse.ArgumentParser(prog="robust", description=main.__doc__)
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="default: all")
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help=f"default: {SEEDS}")
    parser.add_argument("--device", default="", metavar="cuda", help="default: as in the course")
    parser.add_argument("--root", type=Path, default=Path.cwd())
    options = parser.parse_args(arguments)
    chosen = settings(options.seeds, options.device)
    console = Console(width=None if sys.stdout.isatty() else 120)
    well = True
    for chapter in select(options.root, options.chapters):
        found = run(options.root, chapter, chosen)
        if found:
            _show(chapter, found, len(chosen), console)
        well &= all(mine.ok for mine in found.values())
    return 0 if well else 1


def _show(chapter: str, found: dict[str, Found], runs: int, console: Console) -> None:
    table = Table(title=f"{chapter}, {runs} runs")
    for heading in ("exercise", "failed", "CPU s", "error / allowed"):
        table.add_column(heading, justify="left" if heading == "exercise" else "right")
    for name, mine in found.items():
        row = (name, str(len(mine.failures)), f"{mine.seconds:.2f}", f"{mine.error:.3f}")
        slow = mine.seconds > SECONDS
        table.add_row(*row, style="bold red" if slow or not mine.ok else None)
    console.print(table)
    for name, mine in found.items():
        first = {said: setting for setting, said in reversed(mine.failures)}
        for said, setting in first.items():
            console.print(Text(f"{name}, {setting}: {said}"), soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
