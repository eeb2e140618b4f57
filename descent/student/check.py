"""`descent check`: what the tests say of a notebook of exercises, half-finished or not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from descent.student import runner
from descent.student.faults import StudentError
from descent.student.hints import next_hint
from descent.student.outcome import CRASHED, MARKS, OPEN, SLOW, SOLVED, WRONG, Outcome, of_exercise
from descent.student.paper import (
    Cell,
    Exercise,
    Paper,
    find_paper,
    read_cells,
    shown,
)
from descent.student.runner import COURSE, OPENING, OWN, SOLUTION, TEST, Task

COLOURS = {SOLVED: "green", OPEN: "", WRONG: "red", CRASHED: "red", SLOW: "red"}


@dataclass(frozen=True)
class Report:
    """What the tests say.

    exercises  that were asked for
    outcomes   exercise -> how its tests, or else its cell, ended
    unseen     exercises that only the hidden tests don't pass
    hidden     whether there were hidden tests to run
    notes      what was put right, or went wrong beside
    """

    exercises: list[Exercise]
    outcomes: Mapping[str, Outcome]
    unseen: frozenset[str]
    hidden: bool
    notes: list[str]

    @property
    def solved(self) -> list[Exercise]:
        """The exercises that pass."""
        return [e for e in self.exercises if self.outcomes[e.name].state == SOLVED]


def run(root: Path, file: Path, exercises: list[str], hint: str | None = None) -> int:
    """Check a notebook and say what came out, or show the next hint.

    root       the course's folder
    file       the notebook; it is only read
    exercises  to check; none for all
    hint       exercise whose next hint is to be shown instead
    returns    exit code: 0 if all pass, 1 if not, 2 if there is nothing to check
    """
    console = Console(highlight=False)
    try:
        cells = read_cells(file)
        paper = find_paper([root, *file.resolve().parents], cells)
        if hint is not None:
            (exercise,) = paper.pick([hint])
            console.print(next_hint(paper.chapter, exercise), markup=False)
            return 0
        chosen = paper.pick(exercises)
        with console.status("running the notebook") as status:
            found = check(paper, cells, file.parent, chosen, lambda task: status.update(_now(task)))
    except StudentError as error:
        Console(stderr=True, highlight=False).print(str(error), markup=False, soft_wrap=True)
        return 2
    show(paper, found, console)
    return 0 if len(found.solved) == len(chosen) else 1


def check(
    paper: Paper,
    cells: tuple[Cell, ...],
    folder: Path,
    chosen: list[Exercise],
    heard: Callable[[Task], object] = lambda _: None,
) -> Report:
    """Run a notebook and the tests of some exercises.

    paper   the untouched notebook
    cells   of the student's notebook
    folder  in which they are run
    heard   is given each cell before it is run
    """
    tasks, notes = plan(paper, cells, {exercise.name for exercise in chosen})
    ended = runner.run(tasks, folder, runner.LIMIT, heard)
    results = {(task.role, task.exercise): ended[task.key] for task in tasks if task.exercise}
    outcomes, unseen = {}, set()
    for exercise in chosen:
        name, test = exercise.name, results[TEST, exercise.name]
        outcomes[name] = _blamed(test, results.get((SOLUTION, name)), name)
        if 0 < exercise.first_hidden < test.line:
            unseen.add(name)
    own = [task for task in tasks if task.role == OWN and ended[task.key].fatal]
    notes += [_stopped(task, ended[task.key]) for task in own]
    hidden = any(exercise.first_hidden for exercise in chosen)
    return Report(chosen, outcomes, frozenset(unseen), hidden, notes)


def _blamed(test: Outcome, cell: Outcome | None, name: str) -> Outcome:
    """What to tell: that the answer's own cell fails comes before what follows from it."""
    if test.state in (SOLVED, WRONG, SLOW):
        return test
    if cell is not None and cell.state not in (SOLVED, OPEN):
        return cell
    return of_exercise(test, name)


# ---- which cells are run ------------------------------------------------------------------------


def plan(paper: Paper, cells: tuple[Cell, ...], chosen: set[str]) -> tuple[list[Task], list[str]]:
    """The cells to run: the course's as handed out, with the student's in their places.

    chosen   names of the exercises whose tests are run
    returns  tasks; what was put right, in sentences
    """
    found = _sorted_in(paper, cells)
    parts: list[tuple[str, str, str]] = [(OWN, "", cell.source) for cell in found.own.get(-1, [])]
    notes: list[str] = []
    changed: list[str] = []
    missing: list[str] = []
    for at, cell in enumerate(paper.cells):
        theirs = found.at.get(at, [])
        name = _exercise_of(cell)
        if cell.answer:
            parts += [(SOLUTION, name, other.source) for other in theirs if other.kind == "code"]
            notes += _answer_notes(name, theirs) if name in chosen else []
        elif cell.points and name in chosen:
            parts.append((TEST, name, cell.source))
            if not any(shown(o) == shown(cell) and o.kind == "code" for o in theirs):
                (changed if theirs else missing).append(name)
        elif cell.kind == "code" and not cell.points and name in chosen | {""}:
            parts.append((COURSE if name else OPENING, "", cell.source))
        parts += [(OWN, "", other.source) for other in found.own.get(at, [])]
    for names, how in ((changed, "changed"), (missing, "missing")):
        if names:
            tests = f"the tests of {', '.join(names)} were {how} in the notebook"
            notes.append(f"{tests}: the course's own were run")
    return [Task(key, *part) for key, part in enumerate(parts)], notes


def _exercise_of(cell: Cell) -> str:
    """The exercise that a cell of the course belongs to, "" for the opening."""
    name = cell.name.removeprefix("test_") if cell.points else cell.name.partition("-")[0]
    return "" if name == "opening" else name


@dataclass(frozen=True)
class _Sorted:
    """A student's cells: number of the course's cell that they are, or that they come after."""

    at: dict[int, list[Cell]]
    own: dict[int, list[Cell]]


def _sorted_in(paper: Paper, cells: tuple[Cell, ...]) -> _Sorted:
    found, after = _Sorted({}, {}), -1
    for cell in cells:
        at = paper.place(cell)
        if at >= 0:
            after = at
            found.at.setdefault(at, []).append(cell)
        elif cell.kind == "code":
            found.own.setdefault(after, []).append(cell)
    return found


def _answer_notes(name: str, theirs: list[Cell]) -> list[str]:
    if theirs and all(cell.kind != "code" for cell in theirs):
        return [f"the cell of {name} is no code cell: turn it into one, and run it"]
    if len(theirs) > 1:
        return [f"{name} has {len(theirs)} cells: the last that defines it counts"]
    return []


# ---- saying it ----------------------------------------------------------------------------------


def show(paper: Paper, report: Report, console: Console) -> None:
    """Print the table, the messages below it, and what else is to know."""
    total = sum(e.points for e in report.exercises)
    rows = [_row(exercise, report.outcomes[exercise.name]) for exercise in report.exercises]
    got = sum(e.points for e in report.solved)
    foot = "total", f"{got:g} / {total:g}", f"{len(report.solved)} of {len(rows)} solved", ""
    table = Table(title=paper.chapter, title_justify="left", box=box.SIMPLE_HEAD, show_footer=True)
    for at, head in enumerate(("exercise", "points", "state", "message")):
        width = max(len(head), len(foot[at]), *(len(row[at]) for row in rows))
        fixed = head != "message"  # the only column to be cut
        table.add_column(head, foot[at], min_width=width if fixed else None, no_wrap=fixed)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    for line in _below(report):
        console.print(line, markup=False, soft_wrap=True)


def _row(exercise: Exercise, said: Outcome) -> list[Text]:
    points = f"{exercise.points if said.state == SOLVED else 0:g} / {exercise.points:g}"
    state = Text(f"{MARKS[said.state]} {said.state}", COLOURS[said.state])
    message = said.lines[0] if said.lines and said.state not in (SOLVED, OPEN) else ""
    said_first = Text(message.removeprefix("✗ "), no_wrap=True, overflow="ellipsis")
    return [Text(exercise.name), Text(points), state, said_first]


def _below(report: Report) -> Iterator[str]:
    for exercise in report.exercises:
        said = report.outcomes[exercise.name]
        if said.state not in (SOLVED, OPEN):
            by = " (by a hidden test)" if exercise.name in report.unseen else ""
            yield "\n".join([f"{exercise.name}: {said.state}{by}", *said.lines, ""])
    yield from (f"Note: {note}." for note in report.notes)
    yield (
        "The hidden tests were run, too."
        if report.hidden
        else "The hidden tests were not run: they are not here. They check the same on other data."
    )


def _stopped(task: Task, ended: Outcome) -> str:
    first = next((line for line in task.source.splitlines() if line.strip()), "")
    return f"your own cell “{first.strip()[:60]}” is left out: {ended.lines[0]}"


def _now(task: Task) -> str:
    return f"testing {task.exercise}" if task.role == TEST else "running the notebook"
