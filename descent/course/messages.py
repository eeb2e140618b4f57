"""One page of what students are told: every wrong attempt, and the message that it gets."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import escape
from itertools import groupby
from pathlib import Path

from descent.course.judge import Verdict, judge
from descent.course.plan import select

MOST_LINES = 12
"""Of a message, as a student sees it."""

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h3 { margin: 1.5rem 0 0; font-size: 1rem; }
pre { margin: .3rem 0; padding: .6rem .8rem; overflow-x: auto; border-left: 3px solid #b04a3a;
      background: #8881; font: 14px/1.4 ui-monospace, monospace; }
.part { font-weight: normal; opacity: .75; }
"""


def write(root: Path, chapters: Iterable[str], to: Path) -> None:
    """Judge the wrong attempts, and write what students see of each to one page.

    root      the course's folder
    chapters  names of chapters, all if none are given
    to        file of the page, self-contained
    raises    CourseError if a chapter is unknown or has faults
    """
    names = select(root, chapters)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each chapter runs in a process of its own
        found = dict(zip(names, pool.map(partial(judge, root), names), strict=True))
    shown = {name: wrong(verdicts) for name, verdicts in found.items()}
    to.write_text(page(shown), encoding="utf-8")
    print(f"{to}: {sum(map(len, shown.values()))} messages")


def wrong(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts on wrong attempts, in their order."""
    return [verdict for verdict in verdicts if verdict.kind == "wrong"]


def page(shown: dict[str, list[Verdict]]) -> str:
    """The page, without anything that it loads from elsewhere.

    shown    chapter -> verdicts on its wrong attempts
    returns  HTML
    """
    head = '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
    head += '<meta name="viewport" content="width=device-width">\n'
    head += f"<title>Messages of the graders</title>\n<style>{STYLE}</style>\n"
    parts = [
        part for name, verdicts in shown.items() if verdicts for part in _chapter(name, verdicts)
    ]
    contents = "".join(f'<li><a href="#{n}">{n}</a>: {len(v)}\n' for n, v in shown.items() if v)
    title = "<h1>What students see of wrong answers</h1>\n"
    return f"{head}{title}<ul>\n{contents}</ul>\n{''.join(parts)}</html>\n"


def _chapter(name: str, verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield f'<h2 id="{escape(name)}">{escape(name)}</h2>\n'
    for exercise, mine in groupby(verdicts, lambda verdict: verdict.exercise):
        yield f"<h3><code>{escape(exercise)}</code></h3>\n"
        for verdict in mine:
            part = verdict.own.part or "output"
            yield f'<p>{escape(verdict.title)} <span class="part">({part})</span></p>\n'
            yield f"<pre>{escape(verdict.own.shown or 'accepted')}</pre>\n"
