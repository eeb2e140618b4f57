"""Prints what graders made of attempts."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from descent.course.judge import Verdict

Verdicts = Sequence[tuple[str, list[Verdict]]]

SUMMARY = (
    "exercise",
    "right accepted",
    "wrong rejected",
    "by visible",
    "only hidden",
    "message matched",
)
DETAILS = ("exercise", "kind", "attempt", "tests lost", "caught by", "message")


def show(verdicts: Verdicts, console: Console | None = None, verbose: bool = False) -> bool:
    """Print a table for each chapter that has exercises, then all problems, then totals.

    verdicts  chapter, and the verdicts on its attempts; none where nothing is asked
    console   to print on
    verbose   whether to give every attempt a row, instead of one for each exercise
    returns   whether there are no problems
    """
    console = console or Console(width=None if sys.stdout.isatty() else 160)
    table = _details if verbose else _summary
    for chapter, found in verdicts:
        if found:
            console.print(table(chapter, found))
    problems = list(_problems(verdicts))
    for line in problems:
        console.print(Text(line), soft_wrap=True)
    found = [verdict for _, some in verdicts for verdict in some]
    rejected, accepted = len(_failed(found, "right")), len(_passed(found, "wrong"))
    if found:
        console.print(f"{rejected} right answers rejected, {accepted} wrong answers accepted")
    console.print(f"{len(found)} verdicts, {len(problems)} problems")
    return not problems


def _problems(verdicts: Verdicts) -> Iterator[str]:
    for chapter, found in verdicts:
        for verdict in found:
            title = f"{chapter}: {verdict.exercise} ({verdict.kind}: {verdict.title})"
            yield from (f"{title}: {what}" for what in verdict.problems)


def _summary(chapter: str, verdicts: Iterable[Verdict]) -> Table:
    """A row for each exercise."""
    table = _table(chapter, SUMMARY)
    by_name: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_name.setdefault(verdict.exercise, []).append(verdict)
    by_name.pop("", None)
    for name, mine in by_name.items():
        bad = any(verdict.problems for verdict in mine)
        table.add_row(*map(Text, (name, *_counts(mine))), style="bold red" if bad else None)
    return table


def _counts(verdicts: list[Verdict]) -> Iterator[str]:
    """The cells of an exercise's row after its name."""
    failed = _failed(verdicts, "wrong")
    parts = Counter(verdict.own.part for verdict in failed)
    asked = [verdict for verdict in failed if verdict.says]
    right = sum(verdict.kind == "right" for verdict in verdicts)
    yield f"{len(_passed(verdicts, 'right'))}/{right}"
    yield f"{len(failed)}/{len(failed) + len(_passed(verdicts, 'wrong'))}"
    yield from (str(parts["visible"]), str(parts["hidden"]))
    yield f"{sum(verdict.own.says(verdict.says) for verdict in asked)}/{len(asked)}"


def _failed(verdicts: Iterable[Verdict], kind: str) -> list[Verdict]:
    return [v for v in verdicts if v.kind == kind and v.own.kind]


def _passed(verdicts: Iterable[Verdict], kind: str) -> list[Verdict]:
    return [v for v in verdicts if v.kind == kind and not v.own.kind]


def _details(chapter: str, verdicts: Iterable[Verdict]) -> Table:
    """A row for each attempt."""
    table = _table(chapter, DETAILS)
    for verdict in verdicts:
        lost = ", ".join(verdict.losses) or "none"
        own = verdict.own
        message = (own.message.strip() or own.kind).split("\n")[0]
        cells = (verdict.exercise, verdict.kind, verdict.title, lost, own.part, message)
        table.add_row(*map(Text, cells), style="bold red" if verdict.problems else None)
    return table


def _table(chapter: str, headings: Iterable[str]) -> Table:
    table = Table(title=chapter)
    for heading in headings:
        table.add_column(heading, justify="left" if headings is DETAILS else "right")
    table.columns[0].justify = "left"
    return table
