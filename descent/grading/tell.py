"""Step 5: what the instructor sees: progress, table, report."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from descent.course.faults import CourseError
from descent.grading.early import Start
from descent.grading.engine import Options, grade
from descent.grading.folder import write_atomically
from descent.grading.judge import STATUSES, Result
from descent.grading.paper import Paper

COLOURS = {
    "graded": "green",
    "repaired": "cyan",
    "crashed": "yellow",
    "tampered": "bold red",
    "unreadable": "bold red",
    "missing": "dim",
}


def run(
    root: Path,
    chapter: str,
    options: Options,
    file: Path | None = None,
    started: Start | None = None,
) -> int:
    """Grade a chapter and show it.

    file     where the report goes, as JSON or, by its name, CSV
    started  gives a runner that is on its way, if there is one
    returns  exit code: 0 if every hand-in has its row, in the gradebook too
    """
    console = Console()
    with progress(console) as bar:
        task = bar.add_task(chapter, total=None, last="")

        def told(result: Result, total: int) -> None:
            bar.update(task, advance=1, total=total, last=printable(result.student))

        say = bar.console.print
        paper, results, complete = grade(root, chapter, options, say, told, started)
        bar.update(task, last="")
    console.print(table(paper, results))
    console.print(summary(results))
    if file is not None:
        try:
            write_report(file, chapter, results)
        except OSError as error:
            raise CourseError(f"{file} can't be written ({error.strerror})") from error
    if not complete:
        console.print("Not all could be recorded: see the reasons, mend them, run this again.")
    return 0 if complete else 1


def progress(console: Console) -> Progress:
    """A bar that counts hand-ins."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
        console=console,
    )


def table(paper: Paper, results: Sequence[Result]) -> Table:
    """A row for every student."""
    shown = Table(title=f"{paper.chapter}: {len(results)} students")
    for heading in ("student", "status"):
        shown.add_column(heading, overflow="fold")
    shown.add_column("marks", justify="right", no_wrap=True)
    for heading in ("lost in", "reason"):
        shown.add_column(heading, overflow="fold")
    for result in results:
        lost = [m for m in result.tests if m.points < m.max_points]
        colour = COLOURS[result.status]
        shown.add_row(
            printable(result.student),
            f"[{colour}]{result.status}[/]",
            f"{result.score:g}/{result.max_score:g}",
            "everything" if len(lost) == len(result.tests) else ", ".join(m.name for m in lost),
            printable(result.reason.replace("\n", " ")[:300]),
        )
    return shown


def summary(results: Sequence[Result]) -> str:
    """One line: how many of which status."""
    counts = Counter(result.status for result in results)
    return ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])


def report(chapter: str, results: Sequence[Result]) -> str:
    """The report as JSON."""
    rows = [result.row() for result in results]
    return json.dumps({"chapter": chapter, "submissions": rows}, indent=1) + "\n"


def rows(results: Sequence[Result]) -> str:
    """The report as CSV: a line for every student and exercise."""
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(["student", "status", "reason", "exercise", "points", "max_points", "message"])
    for result in results:
        for mark in result.tests:
            line = [result.student, result.status, result.reason, mark.name]
            out.writerow([*map(_cell, line), mark.points, mark.max_points, _cell(mark.message)])
    return text.getvalue()


def write_report(path: Path, chapter: str, results: Sequence[Result]) -> None:
    """Write the report: CSV if the file's name ends so, else JSON.

    raises  OSError if it can't be written
    """
    text = rows(results) if path.suffix == ".csv" else report(chapter, results)
    write_atomically(path, text.encode("utf-8", "backslashreplace"))


def printable(text: str) -> str:
    """A text that a terminal and rich's markup leave as it is."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return escape(shown.encode("utf-8", "backslashreplace").decode())


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
