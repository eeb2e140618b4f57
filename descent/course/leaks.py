"""Lines of solutions that students could read somewhere else."""

import re
from collections.abc import Iterable, Iterator, Mapping

from descent.course import markers
from descent.course.faults import Fault
from descent.course.myst import Cell

SHORTEST = 12
"""Shorter lines, without blanks, say too little to give a solution away."""

GENERIC = re.compile(
    r"import |from |def |class |@|super\(\)\.__init__\(\)$|with torch\.no_grad\(\):$|raise \w+\($"
)
"""Lines that any code may have: imports and headings."""


def normalised(line: str) -> str:
    """The line without blanks and comment."""
    kept = re.sub(r"""("[^"]*"|'[^']*')|#.*""", lambda match: match[1] or "", line)
    return re.sub(r"\s+", "", kept)


def secrets(source: str) -> dict[str, str]:
    """The lines of a solution that must not be seen elsewhere.

    source   text of a solution cell
    returns  normalised line -> line
    """
    lines = source.splitlines()
    inside = [
        line.strip()
        for first, last in markers.regions(source, markers.SOLUTION)
        for line in lines[first : last - 1]
    ]
    return {
        normalised(line): line
        for line in inside
        if len(normalised(line)) >= SHORTEST and not GENERIC.match(line)
    }


def visible(cell: Cell) -> list[tuple[int, str]]:
    """The lines of a cell that students see, each with its line in the file."""
    hidden = [
        r for kind in ("SOLUTION", "HIDDEN TESTS") for r in markers.regions(cell.source, kind)
    ]
    return [
        (cell.line + row - 1, line)
        for row, line in enumerate(cell.source.splitlines(), 1)
        if not any(first <= row <= last for first, last in hidden)
    ]


def leak_faults(
    solutions: Mapping[str, str], texts: Iterable[tuple[str, list[tuple[int, str]]]]
) -> Iterator[Fault]:
    """Lines that show a line of a solution.

    solutions  exercise -> text of its solution cell
    texts      file, and the lines of it that students see, each with its number
    """
    found = {exercise: secrets(source) for exercise, source in solutions.items()}
    for file, lines in texts:
        for number, text in lines:
            shown = normalised(text)
            for exercise, hidden in found.items():
                for line in (hidden[secret] for secret in hidden if secret in shown):
                    what = f"this line shows the solution of `{exercise}`: {line}"
                    yield Fault(file, number, f"{what}; write one of the two in another way")
