"""Grading: plain `nbgrader autograde` beside ours cold, warm and warm over Dask, in one run.

    python bench/grading.py [--numbers 8,16,32,128] [--plain-most 16] [--cold-most 32] [--full]

Every way grades the same hand-ins (right, half done, mistaken, broken, by turns; no two the same)
of one chapter, in a course of its own whose gradebook knows the chapter. Times are whole commands,
start included; nothing is kept from one run to the next. What every hand-in costs plain nbgrader
does not depend on their number: beyond `--plain-most` its time is extrapolated, marked ~, unless
`--full` runs it all; so is that of cold beyond `--cold-most`. Marks are read from the gradebooks
and must agree, else the exit code is 1.
"""

import argparse
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat

from descent.course import demo
from descent.grading.folder import open_course

ROOT = Path(__file__).resolve().parents[1]
PLAIN = """
from pathlib import Path
c = get_config()
c.CourseDirectory.course_id = "graded-descent"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.ClearSolutions.code_stub = {stub!r}
c.ExecutePreprocessor.timeout = 60
"""
KINDS = ("ada", "carl", "dorothy", "emmy")
Marks = dict[tuple[str, str], float]


class Way(NamedTuple):
    """A way to grade: its name, its command, and the most hand-ins that it is run on."""

    name: str
    command: Callable[[Path], list[str]]
    most: float


def templates(folder: Path, chapter: str) -> tuple[Path, Path]:
    """Courses with an empty submitted/: for nbgrader alone, and with our configuration."""
    plain, ours = folder / "plain", folder / "ours"
    shutil.copytree(ROOT / "source" / chapter, plain / "source" / chapter)
    stub = dict(open_course(ROOT).app.config.ClearSolutions.code_stub)
    (plain / "nbgrader_config.py").write_text(PLAIN.format(stub=stub))
    run(plain, nbgrader("generate_assignment", chapter))
    shutil.copytree(plain, ours)
    shutil.copy(ROOT / "nbgrader_config.py", ours)
    return plain, ours


def hand_in(course: Path, chapter: str, number: int) -> None:
    """Fill submitted/ with hand-ins of which no two have the same answers."""
    source = nbformat.read(course / "source" / chapter / f"{chapter}.ipynb", 4)
    release = nbformat.read(course / "release" / chapter / f"{chapter}.ipynb", 4)
    right = {demo.name(c): c.source for c in source.cells if demo.is_solution(c)}
    attempts = ROOT / "chapters" / chapter / "attempts"
    kinds = [demo.kinds()[kind][1](right, attempts) for kind in KINDS]
    for at in range(number):
        answers = {e: f"{code}\n# hand-in {at}" for e, code in kinds[at % len(kinds)].items()}
        folder = course / "submitted" / f"s{at:04d}" / chapter
        folder.mkdir(parents=True)
        nbformat.write(demo.answered(release, answers), folder / f"{chapter}.ipynb")


def nbgrader(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "nbgrader", *arguments]


def descent(chapter: str, *options: str) -> Callable[[Path], list[str]]:
    line = [sys.executable, "-m", "descent.cli", "grade", chapter, *options]
    return lambda course: [*line, "--root", str(course)]


def run(course: Path, command: list[str]) -> float:
    """Seconds that a command takes in a course; its output is shown when it fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    start = time.monotonic()
    done = subprocess.run(command, cwd=course, env=variables, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return time.monotonic() - start


def marks(course: Path) -> Marks:
    """Points of every test of every hand-in, from the gradebook."""
    query = (
        "select s.student_id, c.name, g.auto_score from grade g "
        "join submitted_notebook n on n.id = g.notebook_id "
        "join submitted_assignment s on s.id = n.assignment_id "
        "join base_cell c on c.id = g.cell_id"
    )
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as database:
        return {(student, cell): points for student, cell, points in database.execute(query)}


@contextlib.contextmanager
def dask(jobs: int) -> Iterator[str]:
    """Address of a Dask cluster on this computer, "" where Dask is not installed."""
    try:
        from distributed import LocalCluster
    except ModuleNotFoundError:
        print("Dask is not installed (the extra `cluster`): left out\n")
        yield ""
        return
    options = {"n_workers": 1, "threads_per_worker": jobs, "dashboard_address": None}
    with LocalCluster(processes=True, **options) as cluster:
        yield cluster.scheduler_address


def ways(options: argparse.Namespace, address: str) -> list[Way]:
    chapter, jobs = options.chapter, ["--jobs", str(options.jobs)]
    most = float("inf")
    plain_most = most if options.full else options.plain_most
    cold_most = most if options.full else options.cold_most
    found = [
        Way("plain", lambda _: nbgrader("autograde", chapter), plain_most),
        Way("cold", descent(chapter, *jobs, "--kernels", "cold"), cold_most),
        Way("warm", descent(chapter, *jobs), most),
    ]
    dask_way = Way("dask", descent(chapter, *jobs, "--dask", address), most)
    return [*found, dask_way] if address else found


def measure(folder: Path, number: int, ways: list[Way], chapter: str) -> dict[str, float | None]:
    """Way -> seconds for this many hand-ins, None where it is not run; marks must agree."""
    seconds: dict[str, float | None] = {}
    found: dict[str, Marks] = {}
    for way in ways:
        seconds[way.name] = None
        if number > way.most:
            continue
        course = folder / f"{way.name}-{number}"
        shutil.copytree(folder / ("plain" if way.name == "plain" else "ours"), course)
        hand_in(course, chapter, number)
        seconds[way.name] = run(course, way.command(course))
        found[way.name] = marks(course)
        shutil.rmtree(course)
    first = next(iter(found.values()))
    for name, other in found.items():
        if other != first:
            different = {k: (first.get(k), other.get(k)) for k in first if first[k] != other.get(k)}
            sys.exit(f"{name} gives other marks than {next(iter(found))}: {different}")
    agree = " = ".join(found)
    print(f"{number:4d} hand-ins: marks of {len(first)} tests agree ({agree})", flush=True)
    return seconds


def show(table: dict[int, dict[str, float | None]], jobs: int) -> None:
    """Seconds, seconds a hand-in, and ratios to plain nbgrader."""
    names = list(next(iter(table.values())))
    print(f"\nseconds, {jobs} at a time (~ extrapolated from the largest number that was run)")
    print(f"{'hand-ins':>9}" + "".join(f"{name:>18}" for name in names) + f"{'plain / warm':>14}")
    for number, seconds in table.items():
        texts, plain, warm = [], 0.0, 0.0
        for name in names:
            took, mark = seconds[name], " "
            if took is None:
                took, mark = extrapolated(table, name, number), "~"
            plain, warm = (took if name == "plain" else plain), (took if name == "warm" else warm)
            texts.append(f"{mark}{took:8.1f} ({took / number:5.2f})")
        print(f"{number:9d}" + "".join(f"{text:>18}" for text in texts) + f"{plain / warm:13.1f}×")
    print("in brackets: seconds a hand-in")


def extrapolated(table: dict[int, dict[str, float | None]], name: str, number: int) -> float:
    """Seconds by a straight line through the two largest numbers that were run, or one."""
    known = [(n, s[name]) for n, s in table.items() if s[name] is not None]
    (n1, t1), (n2, t2) = known[-2:] if len(known) > 1 else ((0, 0.0), known[-1])
    assert t1 is not None
    assert t2 is not None
    return t2 + (number - n2) * (t2 - t1) / (n2 - n1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapter", default="04_perceptron")
    parser.add_argument("--numbers", default="8,16,32,128")
    parser.add_argument("--plain-most", type=int, default=16, help="hand-ins that plain grades")
    parser.add_argument("--cold-most", type=int, default=32, help="hand-ins that cold grades")
    parser.add_argument("--full", action="store_true", help="extrapolate nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    numbers = [int(number) for number in options.numbers.split(",")]
    if min(numbers) > min(options.plain_most, options.cold_most) and not options.full:
        parser.error("no number is small enough to run plain nbgrader and cold on it: use --full")
    with tempfile.TemporaryDirectory() as name, dask(options.jobs) as address:
        folder = Path(name)
        templates(folder, options.chapter)
        found = ways(options, address)
        table = {n: measure(folder, n, found, options.chapter) for n in numbers}
    show(table, options.jobs)


if __name__ == "__main__":
    main()
