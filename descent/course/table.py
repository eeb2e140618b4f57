"""Prints what graders made of attempts."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from descent.course.judge import Verdict


def show(verdicts: Sequence[tuple[str, list[Verdict]]], console: Console | None = None) -> bool:
    """Print a table for each chapter that has exercises, then all problems.

    verdicts  chapter, and the verdicts on its attempts; none where nothing is asked
    console   to print on
    returns   whether there are no problems
    """
    console = console or Console(width=None if sys.stdout.isatty() else 160)
    problems = []
    for chapter, found in verdicts:
        if found:
            console.print(_table(chapter, found))
        problems += [(chapter, verdict, what) for verdict in found for what in verdict.problems]
    for chapter, verdict, what in problems:
        title = f"{chapter}: {verdict.exercise} ({verdict.kind}: {verdict.title})"
        console.print(Text(f"{title}: {what}"), soft_wrap=True)
    count = sum(len(found) for _, found in verdicts)
    console.print(f"{count} verdicts, {len(problems)} problems")
    return not problems


def _table(chapter: str, verdicts: list[Verdict]) -> Table:
    table = Table(title=chapter)
    for heading in ("exercise", "kind", "attempt", "tests lost", "caught by", "message"):
        table.add_column(heading)
    for verdict in verdicts:
        lost = ", ".join(verdict.losses) or "none"
        own = verdict.own
        message = (own.message.strip() or own.kind).split("\n")[0]
        cells = (verdict.exercise, verdict.kind, verdict.title, lost, own.part, message)
        table.add_row(*map(Text, cells), style="bold red" if verdict.problems else None)
    return table
