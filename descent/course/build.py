"""Builds what is stale: lectures/, source/, release/, exercises/ and solutions/ from chapters/."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from descent.course import notebooks, readme, stamp
from descent.course.execute import execute
from descent.course.faults import CourseError
from descent.course.leftovers import leftovers, remove_leftovers
from descent.course.place import place, up_to_date
from descent.course.plan import Plan, read_plans, select
from descent.course.release import release

Say = Callable[[str], None]
Made = dict[str, str]
Jobs = dict[tuple[str, str], Callable[[], Awaitable[Any]]]
Results = dict[tuple[str, str], Any]


@dataclass(frozen=True)
class Options:
    """How to build.

    force  build also what is not stale
    run    whether to execute lectures and solutions; without, these two stay as they are
    jobs   processes that work at a time, by default as many as the machine has processors
    """

    force: bool = False
    run: bool = True
    jobs: int = 0


DEFAULT = Options()


def build(
    root: Path, chapters: Iterable[str] = (), options: Options = DEFAULT, say: Say = print
) -> bool:
    """Write the built notebooks that are stale; say what was written, and what is wrong.

    root      the course's folder
    chapters  names of chapters, all if none are given
    options   how to build
    say       takes a line of text
    returns   whether all went well; of a chapter with faults nothing is written
    raises    CourseError if there is no such course or chapter
    """
    wanted, start = list(chapters), time.perf_counter()
    names = select(root, wanted)
    plans, errors = read_plans(root, names)
    written = 0
    for plan, made in zip(plans, _make(plans, options), strict=True):
        if isinstance(made, CourseError):
            errors.append(made)
        else:
            written += _write(plan, made, options, say)
    for error in errors:
        say(f"not built, mend this first:\n{error}")
    if not wanted:
        remove_leftovers(root, names, say)
    if not (wanted or errors):
        written += _write_readme(root, names, say)
    done = f"{written} files written" if written else "nothing to write"
    count = f"{len(names)} chapter{'s' * (len(names) > 1)}"
    say(f"{count}: {done}, {time.perf_counter() - start:.1f} s")
    return not errors


def check(root: Path, chapters: Iterable[str] = (), say: Say = print) -> bool:
    """Compare the built notebooks with what the build would write; say which differ.

    Those that are executed are compared without their outputs.

    root      the course's folder
    chapters  names of chapters, all if none are given
    say       takes a line of text
    returns   whether none differs
    raises    CourseError if there is no such course or chapter
    """
    wanted = list(chapters)
    names = select(root, wanted)
    plans, errors = read_plans(root, names)
    differ = [] if wanted else [(p, "belongs to no chapter") for p in leftovers(root, names)]
    if not (wanted or errors) and _readme(root, names):
        differ.append((root / "README.md", "has not today's table of chapters"))
    for plan, made in zip(plans, _make(plans, Options(force=True, run=False)), strict=True):
        if isinstance(made, CourseError):
            errors.append(made)
        else:
            differ += [(path, "is not what chapters/ says") for path in _differing(plan, made)]
    for error in errors:
        say(str(error))
    for path, what in differ:
        say(f"{path.relative_to(root).as_posix()} {what}; run: descent build")
    return not (errors or differ)


def _write_readme(root: Path, names: list[str], say: Say) -> int:
    """Bring the README's table of chapters up to date; how many files that took."""
    text = _readme(root, names)
    if text is None:
        return 0
    (root / "README.md").write_text(text, "utf-8")
    say("README.md: table of chapters written")
    return 1


def _readme(root: Path, names: list[str]) -> str | None:
    """README.md with today's table of chapters, None if it is up to date or has none."""
    text = readme.updated(root, names)
    return text if text and text != (root / "README.md").read_text("utf-8") else None


def _make(plans: list[Plan], options: Options) -> list[Made | CourseError]:
    """Contents of the notebooks to write of each chapter by kind, or what is wrong with it."""
    sources = {
        plan.name: notebooks.text(plan.source)
        for plan in plans
        if plan.source and (options.force or plan.release_is_stale())
    }
    jobs: Jobs = {}
    if sources:
        jobs["", "release"] = partial(release, sources, plans[0].root)
    for plan in plans if options.run else ():
        jobs |= _runs(plan, options)
    results = asyncio.run(_work(jobs, options.jobs or os.cpu_count() or 1))
    return [_gather(plan, results) for plan in plans]


def _runs(plan: Plan, options: Options) -> Jobs:
    """The executions of a chapter that are due."""
    runs: Jobs = {}
    for kind, notebook, parts in (
        ("lectures", plan.lecture, notebooks.lecture_parts(plan.chapter)),
        ("solutions", plan.solutions, notebooks.exercise_parts(plan.chapter)),
    ):
        path = plan.path(kind)
        if notebook and (options.force or not up_to_date(path, notebook)):
            cells = [part.cell for part in parts]
            runs[plan.name, kind] = partial(execute, notebook, cells, path.parent)
    return runs


async def _work(jobs: Jobs, limit: int) -> Results:
    """The results of all jobs, a few at a time; a CourseError is a result too."""
    free = asyncio.Semaphore(limit)

    async def one(job: Callable[[], Awaitable[Any]]) -> Any:
        async with free:
            try:
                return await job()
            except CourseError as error:
                return error

    return dict(zip(jobs, await asyncio.gather(*map(one, jobs.values())), strict=True))


def _gather(plan: Plan, results: Results) -> Made | CourseError:
    """What was made of one chapter."""
    released = results.get(("", "release"), {}) if plan.source else {}
    mine = {kind: made for (name, kind), made in results.items() if name == plan.name}
    wrong = [r for r in (*mine.values(), released) if isinstance(r, CourseError)]
    if wrong:
        return CourseError("\n".join(map(str, wrong)))
    made = {kind: notebooks.text(notebook) for kind, notebook in mine.items()}
    if plan.source:
        student = released.get(plan.name) or plan.path("release").read_text("utf-8")
        made |= {"source": notebooks.text(plan.source), "release": student}
        made["exercises"] = notebooks.text(notebooks.exercises(nbformat.reads(student, 4)))
    return made


def _write(plan: Plan, made: Made, options: Options, say: Say) -> int:
    """Write what differs from what is there; how many files that were."""
    written = 0
    for kind, contents in made.items():
        path = plan.path(kind)
        if kind in ("source", "release"):
            new = not path.exists() or path.read_text("utf-8") != contents
            if new:
                notebooks.write(path, contents)
        else:
            waits = not options.force and up_to_date(path, nbformat.reads(contents, 4))
            new = not waits and place(path, contents, say)
        if new:
            say(f"{path.relative_to(plan.root).as_posix()} written")
            written += 1
    return written


def _differing(plan: Plan, made: Made) -> list[Path]:
    """The built notebooks of a chapter that are not as they should be."""
    wanted = made | {"lectures": notebooks.text(plan.lecture)}
    if plan.solutions:
        wanted["solutions"] = notebooks.text(plan.solutions)
    found = {kind: _found(plan.path(kind), kind) for kind in wanted}
    return [plan.path(kind) for kind, contents in wanted.items() if found[kind] != contents]


def _found(path: Path, kind: str) -> str:
    """The contents of a built notebook, of one that was executed without its outputs."""
    if kind not in ("lectures", "solutions") or stamp.load(path) is None:
        return path.read_text("utf-8") if path.exists() else ""
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebooks.text(notebook)
