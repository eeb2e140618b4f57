"""`descent check`: a half-finished notebook is run apart; each exercise gets its own verdict."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from descent.student import check, hints, runner
from descent.student.outcome import CRASHED, LONGEST, OPEN, SLOW, SOLVED, WRONG, short
from descent.student.paper import all_papers, find_paper, read_cells

ROOT = Path(__file__).parents[2]
HIDDEN = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"
STUB = 'raise NotImplementedError("not solved yet")'
CLOSE = "from descent import check\n"


def cell(source: str, name: str = "", kind: str = "code", **note: object) -> dict:
    nbgrader = {"grade_id": name, "grade": False, "solution": False, **note}
    made = {"cell_type": kind, "id": name or "x", "metadata": {}, "source": source}
    if name:
        made["metadata"]["nbgrader"] = nbgrader
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def exercise(name: str, test: str, hidden: str = "") -> list[dict]:
    told = [f"<details>\n<summary>Hint {i}</summary>\n\n{name} {i}\n" for i in (1, 2, 3)]
    test = f"{test}\n{HIDDEN.format(hidden)}" if hidden else test
    return [
        cell(f"## `{name}`", f"{name}-statement-1", "markdown"),
        cell("\n".join([*told, "</details>" * 3]), f"{name}-hints", "markdown"),
        cell(f"def {name}():\n    {STUB}", name, solution=True),
        cell(test, f"test_{name}", grade=True, points=2),
    ]


def write(path: Path, cells: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


PAPER = [
    cell("# Tiny", "opening-1", "markdown"),
    cell("import os\nfrom descent import check", "opening-2"),
    *exercise("right", "check.close(right(), 1)", "check.close(right(), 1)"),
    *exercise("nearly", "check.close(nearly(), 1)", "check.close([nearly(), nearly()], [2, 3])"),
    *exercise("blank", "check.close(blank(), 1)", "blank()"),
    *exercise("wrong", "check.close(wrong(), 1, {'one too many': 2})"),
    *exercise("broken", "check.close(broken(), 1)"),
    *exercise("raising", "check.close(raising(), 1)"),
    *exercise("endless", "check.close(endless(), 1)"),
    *exercise("gone", "check.close(gone(), 1)"),
    *exercise("last", "check.close(last(), 1)"),
]
ANSWERS = {
    "right": "def right():\n    return 1",
    "nearly": "def nearly():\n    return 1",
    "wrong": "def wrong():\n    return 2",
    "broken": "def broken(:\n    return 1",
    "raising": "def raising():\n    return {}['key']",
    "endless": "def endless():\n    while True:\n        pass",
    "gone": "def gone():\n    os._exit(0)",
    "last": "def last():\n    return helper()",
}
STATES = {
    **{"right": SOLVED, "nearly": WRONG, "blank": OPEN, "wrong": WRONG, "broken": CRASHED},
    **{"raising": CRASHED, "endless": SLOW, "gone": CRASHED, "last": SOLVED},
}
MESSAGES = {
    "nearly": "entry 0: the value differs",
    "blank": "not solved yet",
    "wrong": "one too many",
    "broken": "SyntaxError in line 1",
    "raising": "KeyError: 'key'",
    "endless": "in endless, line ",
    "gone": "the process of Python ended",
}


def solved(answers: dict[str, str]) -> list[dict]:
    """The paper as a student has it: answers in their cells, no hidden tests."""
    papers = json.loads(json.dumps(PAPER))
    for made in papers:
        name = made["metadata"]["nbgrader"]["grade_id"]
        made["source"] = answers.get(name, made["source"].split("\n### BEGIN HIDDEN")[0])
    return papers


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("course")
    write(root / "source/01_tiny/01_tiny.ipynb", PAPER)
    return root


@pytest.fixture(scope="module")
def half(course) -> Path:
    """Half-finished: tests changed and lost; cells of one's own that help, fail, and kill."""
    cells = solved(ANSWERS | {"test_right": "assert False"})
    cells = [c for c in cells if c["metadata"]["nbgrader"]["grade_id"] != "test_wrong"]
    own = [cell("print('x' * 10**6)\n1 / 0"), cell("def helper():\n    return 1")]
    own.append(cell("import sys\nos.kill(os.getpid(), 9)"))
    return write(course / "exercises/01_tiny.ipynb", [*cells[:2], *own, *cells[2:]])


@pytest.fixture(scope="module")
def report(half, course):
    before = half.read_bytes(), sorted(half.parent.iterdir())
    cells = read_cells(half)
    paper = find_paper([course], cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "LIMIT", 1.5)
        found = check.check(paper, cells, half.parent, list(paper.exercises))
    assert before == (half.read_bytes(), sorted(half.parent.iterdir()))
    return found


@pytest.mark.parametrize("name", STATES)
def test_each_exercise_has_its_own_state(report, name):
    assert report.outcomes[name].state == STATES[name], report.outcomes[name]


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_say_what_is_wrong(report, name):
    said = "\n".join(report.outcomes[name].lines)
    assert MESSAGES[name] in said
    assert "Traceback" not in said


def test_hidden_tests_are_told_apart(report):
    assert report.hidden
    assert report.unseen == {"nearly"}


def test_changed_and_lost_tests_are_the_course_s_and_it_says_so(report):
    assert "the tests of right were changed in the notebook: the course's own were run" in (
        report.notes
    )
    assert "the tests of wrong were missing in the notebook: the course's own were run" in (
        report.notes
    )


def test_the_table_and_the_messages_are_printed(report, course, capsys):
    from rich.console import Console

    paper = next(all_papers([course]))
    check.show(paper, report, Console(highlight=False))
    said = capsys.readouterr().out
    assert "right      2 / 2    ✓ solved" in said
    assert "blank      0 / 2    · not solved yet" in said
    assert "total      4 / 18   2 of 9 solved" in said
    assert "nearly: wrong (by a hidden test)" in said
    assert "blank: not solved yet" not in said
    assert "The hidden tests were run, too." in said


def test_only_what_is_asked_for_is_tested_and_counts(half, course, capsys):
    assert check.run(course, half, ["right", "last"]) == 0
    said = capsys.readouterr().out
    assert "4 / 4" in said
    assert "wrong" not in said


def test_a_cell_of_one_s_own_that_ends_the_process_costs_nothing_else(report):
    left_out = "your own cell “import sys” is left out: the process of Python ended"
    assert left_out in report.notes


def test_without_sources_only_visible_tests_are_run(tmp_path, capsys):
    write(tmp_path / "release/01_tiny/01_tiny.ipynb", solved({}))
    path = write(tmp_path / "exercises/01_tiny.ipynb", solved(ANSWERS))
    assert check.run(tmp_path, path, ["nearly"]) == 0
    assert "The hidden tests were not run" in capsys.readouterr().out


def test_an_answer_in_a_cell_of_one_s_own_counts(course):
    cells = [c for c in solved({}) if c["metadata"]["nbgrader"]["grade_id"] != "right"]
    at = next(i for i, c in enumerate(cells) if "check.close(right" in c["source"])
    cells.insert(at, cell(ANSWERS["right"]))
    paper = find_paper([course], _cells(cells, course))
    tasks, _ = check.plan(paper, _cells(cells, course), {"right"})
    order = [(task.role, task.source.split("(")[0]) for task in tasks]
    assert order.index(("own", "def right")) < order.index(("test", "check.close"))


def _cells(cells: list[dict], folder: Path):
    return read_cells(write(folder / "scratch.ipynb", cells))


BAD = {
    "there.ipynb": (None, [], "is not there; notebooks there: none"),
    "text.ipynb": ("{", [], "is no notebook (line 1: "),
    "list.ipynb": ("[]", [], "has no cells of a notebook in format 4"),
    "other.ipynb": ('{"cells": []}', [], "can't be told for the exercises of a chapter: 01_tiny"),
    "latin.ipynb": (b"\xe4", [], "is no notebook"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_notebook_of_exercises_is_refused(course, tmp_path, name, capsys):
    contents, names, said = BAD[name]
    if contents is not None:
        data = contents if isinstance(contents, bytes) else contents.encode()
        (tmp_path / name).write_bytes(data)
    assert check.run(course, tmp_path / name, names) == 2
    assert said in capsys.readouterr().err


def test_unknown_exercises_and_files_get_their_nearest(course, half, capsys):
    assert check.run(course, half, ["rigth"]) == 2
    assert "has no exercise rigth: did you mean right? it has right, nearly" in (
        capsys.readouterr().err
    )
    assert check.run(course, half, [], hint="zzz") == 2
    assert "has no exercise zzz: it has right, nearly" in capsys.readouterr().err
    assert check.run(course, half.with_name("01_tony.ipynb"), []) == 2
    assert f"did you mean {half}?" in capsys.readouterr().err


# hints


def test_hints_come_one_by_one_and_then_all(course, half, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DESCENT_STATE", str(tmp_path))
    before, told = half.read_bytes(), []
    for _ in range(5):
        assert check.run(course, half, [], hint="wrong") == 0
        told.append(capsys.readouterr().out)
    for number in (1, 2, 3):
        assert told[number - 1].split("\n\n")[1].strip() == f"wrong {number}"
    assert told[3] == told[4]
    assert all(f"wrong {number}" in told[3] for number in (1, 2, 3))
    assert "These were all 3 hints for wrong." in told[3]
    check.run(course, half, [], hint="right")
    assert "Hint 1 of 3" in capsys.readouterr().out
    assert half.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["hints.json"]


@pytest.mark.parametrize("text", ["{", "[]", '{"01_tiny/wrong": "x"}'])
def test_a_broken_bookmark_begins_anew(course, text, tmp_path, monkeypatch):
    monkeypatch.setenv("DESCENT_STATE", str(tmp_path))
    (tmp_path / "hints.json").write_text(text)
    (asked,) = next(all_papers([course])).pick(["wrong"])
    assert "wrong 1" in hints.next_hint("01_tiny", asked)
    assert "wrong 2" in hints.next_hint("01_tiny", asked)


# the course's own chapters


def test_every_chapter_s_exercises_are_read(course):
    papers = list(all_papers([ROOT]))
    assert len(papers) == len(list(ROOT.glob("chapters/*/exercise.md")))
    for paper in papers:
        released = read_cells(ROOT / "release" / paper.chapter / f"{paper.chapter}.ipynb")
        visible = {c.name: c.source.strip() for c in released if c.points}
        assert visible == {e.test.name: e.visible.strip() for e in paper.exercises}
        assert all(len(e.hints) == 3 and all(e.hints) for e in paper.exercises)
        assert all(e.first_hidden for e in paper.exercises)
        assert find_paper([ROOT], released).chapter == paper.chapter


def test_messages_have_at_most_twelve_lines():
    assert short(["a\n" * LONGEST]) == ("a",) * LONGEST
    assert short(["a\n" * 99]) == (*["a"] * (LONGEST - 1), "  …")


def test_the_command_itself_loads_no_torch():
    code = "import sys, descent.student.check; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
