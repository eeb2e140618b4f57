"""No line of a solution, no hidden test, no marker, no output in what students are given."""

import json
import re

import pytest

from tests.notebooks.built import CHAPTERS, GRADED, ROOT, codes, read, student

ANYBODYS = re.compile(
    r"import |from |def |class |@|super\(\)\.__init__\(\)$|with torch\.no_grad\(\):$|raise \w+\($"
)


def squeezed(line: str) -> str:
    """The line without blanks and comment."""
    return re.sub(r"\s+", "", re.sub(r"""("[^"]*"|'[^']*')|#.*""", lambda m: m[1] or "", line))


def lines(chapter: str) -> dict[str, list[str]]:
    """The lines of exercise.md: of solutions, of hidden tests, and those that anybody may see."""
    found: dict[str, list[str]] = {"SOLUTION": [], "HIDDEN TESTS": [], "": []}
    inside = ""
    for line in (ROOT / "chapters" / chapter / "exercise.md").read_text("utf-8").splitlines():
        marker = re.fullmatch(r"\s*### (BEGIN|END) (SOLUTION|HIDDEN TESTS)\s*", line)
        if marker:
            inside = marker[2] if marker[1] == "BEGIN" else ""
        elif len(squeezed(line)) >= 12:
            found[inside].append(line.strip())
    return found


def texts(kind: str, chapter: str) -> str:
    """All that a notebook shows, one squeezed line a line."""
    shown = [cell.source for cell in read(kind, chapter).cells]
    shown += [json.dumps(c.get("outputs", "")) for c in read(kind, chapter).cells]
    return "\n".join(squeezed(line) for text in shown for line in text.splitlines())


given = [*student, *(("lectures", c) for c in CHAPTERS if c in GRADED)]


@pytest.mark.parametrize(("kind", "chapter"), given)
def test_no_line_of_a_solution(kind: str, chapter: str) -> None:
    secrets = [line for line in lines(chapter)["SOLUTION"] if not ANYBODYS.match(line)]
    assert len(secrets) > 3
    shown = texts(kind, chapter)
    assert [line for line in secrets if squeezed(line) in shown] == []


@pytest.mark.parametrize(("kind", "chapter"), student)
def test_no_hidden_test(kind: str, chapter: str) -> None:
    found = lines(chapter)
    visible = "\n".join(map(squeezed, found[""]))
    secrets = [line for line in found["HIDDEN TESTS"] if squeezed(line) not in visible]
    assert len(secrets) > 3
    shown = texts(kind, chapter)
    assert [line for line in secrets if squeezed(line) in shown] == []


@pytest.mark.parametrize("chapter", [c for c in CHAPTERS if c in GRADED])
def test_no_hidden_check_in_the_lecture(chapter: str) -> None:
    shown = texts("lectures", chapter)
    hidden = [line for line in lines(chapter)["HIDDEN TESTS"] if "check." in line]
    assert [line for line in hidden if squeezed(line) in shown] == []


@pytest.mark.parametrize(("kind", "chapter"), given)
def test_no_marker(kind: str, chapter: str) -> None:
    shown = "\n".join(cell.source for cell in read(kind, chapter).cells)
    assert not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)", shown)


@pytest.mark.parametrize(("kind", "chapter"), student)
def test_no_stale_output(kind: str, chapter: str) -> None:
    for cell in codes(read(kind, chapter)):
        assert cell.outputs == []
        assert cell.execution_count is None
