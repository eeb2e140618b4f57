"""The panel in the notebook: it knows the tests that were run, and says nothing that is not so."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from descent.student import panel as student
from descent.student.outcome import CRASHED, OPEN, SLOW, SOLVED, WRONG
from descent.student.paper import all_papers

ROOT = Path(__file__).parents[2]
CHAPTER = "04_perceptron"
PAPER = next(paper for paper in all_papers([ROOT]) if paper.chapter == CHAPTER)
TESTS = {exercise.name: exercise for exercise in PAPER.exercises}
IDS = {cell.name: cell.id for cell in PAPER.cells if cell.name}


def answers() -> dict[str, str]:
    """The course's own answers, from source/."""
    found = {cell.name: cell.source for cell in PAPER.cells if cell.answer}
    return {name: text.replace("### ", "# ") for name, text in found.items()}


@pytest.fixture
def panel(tmp_path, monkeypatch):
    """A panel over a namespace with the imports of the chapter."""
    monkeypatch.setenv("DESCENT_STATE", str(tmp_path))
    namespace: dict[str, object] = {"__name__": "__main__"}
    opening = next(c.source for c in PAPER.cells if c.name == "opening-2")
    exec(opening, namespace)
    return student.Panel(PAPER, SimpleNamespace(user_ns=namespace))


def ran(source: str, error: BaseException | None = None, cell_id: str = "") -> SimpleNamespace:
    info = SimpleNamespace(raw_cell=source, cell_id=cell_id)
    return SimpleNamespace(info=info, error_before_exec=None, error_in_exec=error)


def fails(code: str) -> BaseException:
    try:
        exec(compile(code, "<ipython-input-1>", "exec"), {})
    except Exception as error:
        return error
    raise AssertionError("it was to fail")


def states(panel) -> dict[str, str]:
    return {name: ended.state for name, ended in panel.outcomes.items() if ended.state}


def test_a_test_cell_that_passes_is_known_by_its_text(panel):
    panel.after_cell(ran(TESTS["tlu"].visible + "\n\n"))
    assert states(panel) == {"tlu": SOLVED}
    assert "2 of 24 points" in panel.heading.value
    assert "✓ solved" in panel.rows["tlu"].label.value


def test_the_message_of_a_test_that_fails_is_shown_and_goes(panel):
    panel.after_cell(ran(TESTS["xor"].visible, fails("assert 1 < 0, 'a < b'")))
    assert states(panel) == {"xor": WRONG}
    assert "a &lt; b" in panel.rows["xor"].message.value
    assert "xor: wrong" in panel.status.value
    panel.after_cell(ran(TESTS["xor"].visible))
    assert panel.rows["xor"].message.value == ""


def test_other_cells_change_nothing(panel):
    panel.after_cell(ran("1 / 0", fails("1 / 0")))
    panel.after_cell(ran("", None))
    panel.after_cell(ran("def tlu(): ...", None, IDS["tlu"]))
    assert states(panel) == {}


def test_an_answer_that_is_run_again_waits_for_its_tests(panel):
    panel.after_cell(ran(TESTS["tlu"].visible))
    panel.after_cell(ran("def tlu(): ...", None, IDS["tlu"]))
    assert states(panel) == {}
    assert "changed, run its tests again" in panel.status.value
    assert panel.points == 0


def test_the_course_s_own_tests_count_where_the_cell_was_changed(panel):
    panel.after_cell(ran("pass  # mine", None, IDS["test_tlu"]))
    assert states(panel) == {"tlu": OPEN}
    exec(answers()["tlu"], panel.shell.user_ns)
    panel.after_cell(ran("assert False", fails("assert False"), IDS["test_tlu"]))
    assert states(panel) == {"tlu": SOLVED}


def test_check_all_runs_the_visible_tests_in_the_notebook_and_leaves_nothing_there(panel):
    names = panel.shell.user_ns
    for name in ("GATES", "lda", "random_products"):
        exec(answers()[name], names)
    exec("def tlu(x, w, b):\n    return 'no'", names)
    exec("def mistake_bound(*_):\n    raise SystemExit", names)
    before = set(names)
    panel.button.click()
    found = states(panel)
    assert [name for name in found if found[name] == SOLVED] == ["GATES", "random_products", "lda"]
    assert (found["tlu"], found["xor"], found["mistake_bound"]) == (WRONG, OPEN, CRASHED)
    assert set(names) == before
    assert "3 of 8 exercises solved" in panel.status.value
    assert not panel.button.disabled


def test_an_endless_loop_is_stopped(panel, monkeypatch):
    monkeypatch.setattr(student, "LIMIT", 0.2)
    code = "def tlu(*_):\n    while True:\n        try:\n            x = 1\n"
    exec(code + "        except Exception:\n            pass", panel.shell.user_ns)
    panel.check("tlu")
    assert states(panel) == {"tlu": SLOW}


def test_interrupting_the_kernel_stops_the_check(panel):
    exec("def tlu(*_):\n    raise KeyboardInterrupt", panel.shell.user_ns)
    panel.check()
    assert states(panel) == {}
    assert "Stopped" in panel.status.value
    assert not panel.button.disabled


def test_hints_come_one_by_one(panel):
    row = panel.rows["tlu"]
    told = []
    for _ in range(4):
        row.button.click()
        told.append(row.told.value)
    assert [text.split("</p>")[0] for text in told[:3]] == [
        "<p>Hint 1 of 3: a nudge",
        "<p>Hint 2 of 3: more",
        "<p>Hint 3 of 3: nearly the answer",
    ]
    assert "<code>x @ w</code>" in told[2]
    assert "These were all 3 hints for tlu." in told[3]


def test_every_control_says_what_it_is_for_and_changes_are_announced(panel):
    assert len({row.button.description for row in panel.rows.values()}) == len(TESTS)
    for name, row in panel.rows.items():
        assert name in row.button.description
    assert 'role="status" aria-live="polite"' in panel.status.value


def test_its_text_is_the_same_in_every_state(panel):
    before = panel._repr_mimebundle_()["text/plain"]
    assert before == repr(panel) == "Progress in 04_perceptron: " + ", ".join(TESTS)
    panel.after_cell(ran(TESTS["tlu"].visible))
    assert panel._repr_mimebundle_()["text/plain"] == before


SESSION = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
opening, test, answer = json.loads(sys.argv[1])
for cell in (opening, "from descent.student import panel", answer, "p = panel.show()", test):
    assert shell.run_cell(cell, store_history=True).success
first = shell.user_ns["p"]
print(repr(first)[:25], first.points)
shell.run_cell("q = panel.show('01_tensors')", store_history=True)
shell.run_cell(answer, store_history=True, cell_id=sys.argv[2])  # the first follows no more
print(repr(shell.user_ns["q"])[:22], first.points, shell.user_ns["q"].points)
shell.run_cell("r = panel.show('09_none')", store_history=True)
print(shell.user_ns["r"])
print([m for m in sys.modules if m.split(".")[0] in ("nbgrader", "nbformat", "rich", "jupytext")])
print([m for m in sys.modules if m.startswith(("descent.course", "descent.grading"))])
"""


def test_in_ipython_it_finds_its_chapter_and_follows_the_tests(tmp_path):
    opening = next(c.source for c in PAPER.cells if c.name == "opening-2")
    cells = json.dumps([opening, TESTS["tlu"].visible, answers()["tlu"]])
    run = subprocess.run(
        [sys.executable, "-c", SESSION, cells, IDS["tlu"]],
        capture_output=True,
        text=True,
        cwd=ROOT / "exercises",
        env={"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines() == [
        "Progress in 04_perceptron 2.0",
        "Progress in 01_tensors 2.0 0",
        "no chapter 09_none; there are: " + ", ".join(p.chapter for p in all_papers([ROOT])),
        "[]",
        "[]",
    ]


def test_outside_a_notebook_it_says_what_to_do_instead(monkeypatch):
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    assert "descent check NOTEBOOK" in repr(student.show())
