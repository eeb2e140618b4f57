"""Table, statements, solutions and tests of a chapter's exercises, and whether they agree."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from descent.course import markers
from descent.course.cells import is_solution, is_test, parse
from descent.course.faults import Fault
from descent.course.myst import Cell
from descent.course.solution import Named, definition, name, plain_signature, signature

HEADING = re.compile(r"## `(\w+)`.*\((\d+(?:\.\d+)?) points?\)\s*")
FORM = "## `name` — title (k points)"


@dataclass(frozen=True)
class Exercise:
    """One exercise: what students read, what they write, what judges it.

    name       of the function, class or constant
    points     for passing its tests
    statement  Markdown cells, the first of which begins with the heading
    solution   the solution cell
    between    locked cells between solution and tests
    test       the test cell
    after      locked cells that follow
    """

    name: str
    points: float
    statement: tuple[Cell, ...]
    solution: Cell
    between: tuple[Cell, ...]
    test: Cell
    after: tuple[Cell, ...]

    @property
    def cells(self) -> list[Cell]:
        """All its cells, in the order of the notebook."""
        return [*self.statement, self.solution, *self.between, self.test, *self.after]


def split(cells: list[Cell]) -> tuple[list[Cell], list[list[Cell]]]:
    """The cells before the first statement, then those of each exercise."""
    opening: list[Cell] = []
    sections: list[list[Cell]] = []
    for cell in cells:
        if cell.kind == "markdown" and cell.source.startswith("## `"):
            sections.append([cell])
        else:
            (sections[-1] if sections else opening).append(cell)
    return opening, sections


def titles(sections: list[list[Cell]]) -> list[str]:
    """The name in the heading of each section, "" where it can't be read."""
    found = (re.match(r"## `(\w+)`", cells[0].source) for cells in sections)
    return [match[1] if match else "" for match in found]


def read_exercises(
    opening: list[Cell], sections: list[list[Cell]]
) -> tuple[list[Exercise], list[Fault]]:
    """The exercises of a chapter, and where its cells don't make one.

    opening   cells before the first statement, the first with the table
    sections  cells of each exercise
    """
    faults = [fault for cell in opening for fault in _astray(cell)]
    exercises = []
    for cells in sections:
        faults += _section_faults(cells)
        exercise = _exercise(cells)
        if exercise:
            exercises.append(exercise)
            faults += _agreement_faults(exercise)
    rows, table_faults = _read_table(opening[0]) if opening else ([], [])
    faults += [*table_faults, *_table_faults(rows, sections)]
    faults += [f for row in rows for e in exercises if e.name == row.name for f in row.check(e)]
    return exercises, faults


def name_faults(cells: list[Cell], exercises: list[str]) -> Iterator[Fault]:
    """Cells that students can't edit must not define the name of an exercise."""
    for cell in cells:
        tree = parse(cell)[0] if cell.kind == "code" and not is_solution(cell) else None
        names = [
            node for node in ast.walk(tree or ast.Module([], [])) if isinstance(node, ast.Name)
        ]
        for node in names:
            if isinstance(node.ctx, ast.Store) and node.id in exercises:
                what = f"this overwrites the student's `{node.id}`; use another name"
                yield cell.fault(what, node.lineno)


# ---- one exercise --------------------------------------------------------------------------------


def _astray(cell: Cell) -> Iterator[Fault]:
    if is_solution(cell):
        yield cell.fault(f"this solution has no statement of its own; put it after {FORM}")
    elif is_test(cell):
        yield cell.fault(f"these tests belong to no exercise; put them after {FORM} and a solution")


def _exercise(cells: list[Cell]) -> Exercise | None:
    match = HEADING.fullmatch(cells[0].source.splitlines()[0])
    solutions, tests = [c for c in cells if is_solution(c)], [c for c in cells if is_test(c)]
    if not match or len(solutions) != 1 or len(tests) != 1:
        return None
    at, to = cells.index(solutions[0]), cells.index(tests[0])
    parts = tuple(cells[:at]), solutions[0], tuple(cells[at + 1 : to]), tests[0]
    return Exercise(match[1], float(match[2]), *parts, tuple(cells[to + 1 :]))


def _section_faults(cells: list[Cell]) -> Iterator[Fault]:
    """An exercise is one statement, one solution cell and one test cell, in this order."""
    heading = cells[0].source.splitlines()[0]
    solutions, tests = [c for c in cells if is_solution(c)], [c for c in cells if is_test(c)]
    if not HEADING.fullmatch(heading):
        yield cells[0].fault(f"the heading must read {FORM}, not {heading}; mend it")
    for cell in cells:
        yield from _place_faults(cell)
    for cell in solutions[1:]:
        yield cell.fault(f"this solution has no statement of its own; put it after {FORM}")
    for cell in tests[1:]:
        yield cell.fault("a second test cell; put all tests of an exercise into one")
    if not solutions:
        what = "this exercise has no solution; add a cell with ### BEGIN SOLUTION, ### END SOLUTION"
        yield cells[0].fault(what)
    elif not tests:
        what = "this exercise has no tests; add a code cell with :points: k after the solution"
        yield solutions[0].fault(what)
    elif cells.index(tests[0]) < cells.index(solutions[0]):
        yield tests[0].fault("the tests come before the solution; put them after it")
    elif any(c.kind == "code" for c in cells[: cells.index(solutions[0])]):
        yield cells[0].fault("a code cell comes before the solution; put it after")


def _place_faults(cell: Cell) -> Iterator[Fault]:
    if not is_test(cell) and markers.has(cell, markers.HIDDEN):
        yield cell.fault("this test cell has no points; write :points: k below its fence")
    for row, line in enumerate(cell.source.splitlines(), 1):
        if row > 1 and cell.kind == "markdown" and line.startswith("## `"):
            yield cell.fault("a statement must begin its cell; put +++ above this heading", row)


def _agreement_faults(exercise: Exercise) -> Iterator[Fault]:
    """Heading, solution and tests must agree on name and points."""
    tree, _ = parse(exercise.solution)
    node = definition(tree) if tree else None
    if node and name(node) != exercise.name:
        what = f"the heading names `{exercise.name}`, this cell defines `{name(node)}`"
        yield exercise.solution.fault(f"{what}; call them the same", node.lineno)
    points = exercise.test.options["points"]
    if points != exercise.points:
        what = f"{points} points here, {exercise.points:g} in the heading"
        yield exercise.test.option_fault("points", f"{what}; make them the same")


# ---- the table -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A row of the table of exercises, at a line of a cell."""

    name: str
    signature: str
    points: str
    cell: Cell
    line: int

    def fault(self, what: str) -> Fault:
        """A fault at this row."""
        return self.cell.fault(what, self.line)

    def check(self, exercise: Exercise) -> Iterator[Fault]:
        """Where the row and its exercise differ."""
        tree, _ = parse(exercise.solution)
        node = definition(tree) if tree else None
        if node and plain_signature(self.signature) not in _signatures(node):
            what = f"the table says `{self.signature}`, the solution `{signature(node)}`"
            yield self.fault(f"{what}; make them the same")
        if self.points != f"{exercise.points:g}":
            what = (
                f"`{self.name}` has {self.points} points here, {exercise.points:g} in its heading"
            )
            yield self.fault(f"{what}; make them the same")


def _signatures(node: Named) -> set[str]:
    """What the table may say; the arguments of a class may be left out."""
    return {signature(node), node.name} if isinstance(node, ast.ClassDef) else {signature(node)}


def _read_table(cell: Cell) -> tuple[list[Row], list[Fault]]:
    rows, faults, started = [], [], False
    for number, line in enumerate(cell.source.splitlines(), 1):
        parts = [p.strip() for p in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if parts == ["exercise", "signature", "points"]:
            started = True
        elif started and line.startswith("|") and set(line) - set("|-: "):
            codes = [re.findall(r"`([^`]+)`", part) for part in parts[:2]]
            if len(parts) == 3 and all(codes):
                rows.append(Row(codes[0][0], codes[1][0], parts[2], cell, number))
            else:
                what = "a row must read | [`name`](#name) | `name(arguments)` | points |; mend it"
                faults.append(cell.fault(what, number))
    if not rows and not faults:
        what = "the first cell has no table | exercise | signature | points |; add it"
        faults.append(cell.fault(what))
    return rows, faults


def _table_faults(rows: list[Row], sections: list[list[Cell]]) -> Iterator[Fault]:
    """Table and text must name the same exercises, each once."""
    named, listed = titles(sections), [row.name for row in rows]
    for i, row in enumerate(rows):
        if row.name not in named:
            yield row.fault(
                f"`{row.name}` is not in the text; write the exercise, or remove the row"
            )
        if row.name in listed[:i]:
            yield row.fault(f"`{row.name}` is in the table twice; remove one row")
    for i, title in enumerate(named):
        if title and title in named[:i]:
            yield sections[i][0].fault(f"`{title}` is the name of two exercises; rename one")
        if title and title not in listed:
            yield sections[i][0].fault(
                f"`{title}` is not in the table of the first cell; add a row"
            )
