"""What students are told of wrong answers, and the page that shows all of it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from descent import cli
from descent.course import markers
from descent.course.attempts import read_attempts
from descent.course.contract import Exercise
from descent.course.judge import Loss, Verdict
from descent.course.messages import MOST_LINES, page
from tests.unit.course_tools import NAME, change, make_course

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(p.parent.name for p in ROOT.glob("chapters/*/exercise.md"))
INTERNALS = re.compile(
    r"ipython-input|ipykernel|site-packages|descent[/\\.](check|course)|aten::|torch[/\\]\w|\.cpp|"
    r"Traceback|Exception raised from|0x[0-9a-f]{6,}"
)
LEAST = 12
"""Characters from which on a line is taken for one of the solution, or of a hidden test."""


def lines(source: str) -> set[str]:
    """The lines of a text that say something, without the space around them."""
    return {line.strip() for line in source.splitlines() if len(line.strip()) >= LEAST}


def secrets(exercise: Exercise) -> set[str]:
    """Lines of solution and hidden tests that a student cannot see."""
    solution, test = exercise.solution.source, exercise.test.source
    shown = lines(markers.without(solution, markers.SOLUTION))
    shown |= lines(markers.without(test, markers.HIDDEN))
    return {s for s in (lines(solution) | lines(test)) - shown if not s.startswith("###")}


def faults(verdict: Verdict, hidden: set[str]) -> list[str]:
    """What is wrong with the message that a wrong attempt gets."""
    said = verdict.own.shown
    found = [] if said.strip() and said.strip() != "AssertionError" else ["says nothing"]
    if len(said.splitlines()) > MOST_LINES:
        found.append(f"{len(said.splitlines())} lines")
    if match := INTERNALS.search(said):
        found.append(f"names internals: {match[0]}")
    found += [f"line {line!r} was not for students" for line in told(said) & hidden]
    return [f"{verdict.exercise}, {verdict.title}: {what}\n{said}" for what in found]


def told(said: str) -> set[str]:
    """The lines of a message that are not of the student's own cell."""
    rows = said.splitlines()
    own = {k + 1 for k, row in enumerate(rows) if row.startswith("✗") and row.endswith(":")}
    return {row.strip() for k, row in enumerate(rows) if k not in own}


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("", "says nothing"),
        ("AssertionError", "says nothing"),
        ("line\n" * 13, "13 lines"),
        ("✗ x\n  File <ipython-input-test>", "names internals"),
        ("✗ x\n  /lib/site-packages/torch", "names internals"),
        ("✗ x\n  assert secret(3) == 9", "was not for students"),
    ],
)
def test_a_bad_message_is_found(said: str, what: str) -> None:
    verdict = Verdict("a", "wrong", "title", {"a": Loss("AssertionError", said, "hidden", said)})
    assert any(what in fault for fault in faults(verdict, {"assert secret(3) == 9"}))


def test_a_line_of_the_student_s_own_may_be_that_of_the_solution() -> None:
    said = (
        "✗ f stopped with an error in line 2 of its cell:\n      return x * other\n  TypeError: no"
    )
    verdict = Verdict("a", "wrong", "title", {"a": Loss("TypeError", "no", "hidden", said)})
    assert faults(verdict, {"return x * other"}) == []


class Texts(HTMLParser):
    """The texts of a page by tag, and whatever it loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = {}
        self.loads: list[str] = []
        self.tag = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tag = tag
        self.loads += [str(v) for k, v in attributes if k == "src" or (tag == "link" and k)]

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.tag, []).append(data)


def test_the_page_shows_each_wrong_attempt_and_no_other(tmp_path: Path) -> None:
    root, file = make_course(tmp_path), tmp_path / "messages.html"
    folder = root / "chapters" / NAME / "attempts"
    loop = "def double(x, times=1):\n    while True:\n        pass\n"
    change(folder / "double.py", f"# %% wrong: an endless loop\n# says: took longer\n{loop}\n", "")
    assert cli.main(["graders", "--root", str(root), "--messages", str(file)]) == 0
    text = file.read_text("utf-8")
    seen = Texts(text)
    shown = "".join(seen.texts["p"])
    attempts = [a for p in sorted(folder.glob("*.py")) for a in read_attempts(p)]
    for attempt in attempts:
        assert (attempt.title in shown) == (not attempt.right), attempt.title
    said = [text for text in seen.texts["pre"] if text.strip()]
    assert len(said) == sum(not attempt.right for attempt in attempts)
    assert "double(3.0) must be 6.0, got 9.0" in said
    assert seen.loads == []
    assert "http" not in text


def test_texts_of_answers_are_no_html() -> None:
    said = "✗ <script>alert(1)</script>"
    verdict = Verdict("a", "wrong", "<b>", {"a": Loss("E", said, "visible", said)})
    html = page({"01": [verdict], "00": []})
    assert "<script" not in html
    assert "&lt;b&gt;" in html
    assert "00" not in html.split("</style>")[1]
    assert said in "".join(Texts(html).texts["pre"])
