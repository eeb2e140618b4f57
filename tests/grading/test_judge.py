"""A test passes only when its record says so under its seal; everything else is no pass."""

import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descent.grading import judge
from descent.grading.judge import Result, fresh_keys, seal
from descent.grading.paper import Paper, name_of, read_paper
from descent.grading.rebuild import Rebuilt, nothing
from tests.grading.batches import POINTS, RIGHT, tiny_course

WHOLE = Rebuilt("ok", answers=RIGHT)


@pytest.fixture(scope="module")
def paper(tmp_path_factory) -> Paper:
    return read_paper(tiny_course(tmp_path_factory.mktemp("judge") / "course"), "01_tiny")


@pytest.fixture
def keys(paper):
    return fresh_keys(paper)


def record(keys, name, **changes):
    good = {"passed": True, "kind": "", "message": "", "seconds": 0.1, "again": False}
    return good | {"seal": seal(keys[name], name)} | changes


def outcome(keys, **changes):
    """That of a hand-in in which everything passes, but for the records given."""
    tests = {name: record(keys, name) for name in keys} | changes
    return {"cells": {}, "tests": tests, "flags": [], "deaths": {}, "error": ""}


def points(result):
    return {mark.name: mark.points for mark in result.tests}


def test_sealed_records_have_all_points(paper, keys):
    result = judge.judge(paper, WHOLE, outcome(keys), keys)
    assert points(result) == POINTS
    assert (result.status, result.score, result.max_score) == ("graded", 4.5, 4.5)
    assert [mark.message for mark in result.tests] == ["", "", ""]


def test_keys_are_fresh(paper):
    one, two = fresh_keys(paper), fresh_keys(paper)
    assert one.keys() == two.keys() == POINTS.keys()
    assert len({*one.values(), *two.values()}) == 6


FORGED = {
    "no seal": {"seal": ""},
    "seal of nothing": {"seal": None},
    "seal of a list": {"seal": ["x"]},
    "a guess": {"seal": "0" * 64},
    "no text": {"seal": "ü" * 64},
    "not passed": {"passed": False},
    "passed in words": {"passed": "True"},
    "passed by number": {"passed": 1},
}


@pytest.mark.parametrize("what", FORGED)
def test_whatever_is_not_proved_has_failed(paper, keys, what):
    result = judge.judge(
        paper, WHOLE, outcome(keys, double=record(keys, "double", **FORGED[what])), keys
    )
    assert points(result) == POINTS | {"double": 0.0}
    assert result.tests[0].message


def test_a_seal_is_of_one_exercise_and_one_run(paper, keys):
    other = record(keys, "double", seal=seal(keys["PAIR"], "PAIR"))
    assert points(judge.judge(paper, WHOLE, outcome(keys, double=other), keys))["double"] == 0
    wrong_name = record(keys, "double", seal=seal(keys["double"], "PAIR"))
    assert points(judge.judge(paper, WHOLE, outcome(keys, double=wrong_name), keys))["double"] == 0
    yesterday = outcome(fresh_keys(paper))
    assert judge.judge(paper, WHOLE, yesterday, keys).score == 0


def test_without_a_key_nothing_passes(paper, keys):
    assert judge.judge(paper, WHOLE, outcome(keys), {}).score == 0


def test_a_missing_record_has_failed(paper, keys):
    empty = {"tests": {}, "cells": {}, "flags": [], "deaths": {}}
    result = judge.judge(paper, WHOLE, empty, keys)
    assert result.score == 0
    assert "no record" in result.tests[0].message


def test_any_flag_withholds_all_marks(paper, keys):
    result = judge.judge(
        paper, WHOLE, outcome(keys) | {"flags": ["torch.equal was replaced"]}, keys
    )
    assert (result.status, result.score) == ("tampered", 0)
    assert points(result) == dict.fromkeys(POINTS, 0.0)
    assert "torch.equal was replaced" in result.reason
    assert all("withheld" in mark.message for mark in result.tests)
    assert not result.sure


def test_a_death_is_told_and_costs_its_exercise(paper, keys):
    deadly = outcome(keys, double={}) | {"deaths": {"double": "took longer than 60 s"}}
    result = judge.judge(paper, WHOLE, deadly, keys)
    assert (result.status, result.score) == ("crashed", 2.5)
    assert result.tests[0].message == "took longer than 60 s"
    assert "double took longer" in result.reason


def test_status_says_the_worst(paper, keys):
    mended = Rebuilt("repaired", ("the file was cut",), RIGHT)
    assert judge.judge(paper, mended, outcome(keys), keys).status == "repaired"
    dead = outcome(keys) | {"deaths": {"": "ended the process"}}
    result = judge.judge(paper, mended, dead, keys)
    assert result.status == "crashed"
    assert "a cell of your own ended the process; the file was cut" in result.reason
    assert judge.judge(paper, mended, dead | {"flags": ["x"]}, keys).status == "tampered"


def test_messages_have_no_hidden_line_and_an_end(paper, keys):
    hidden = 'assert double(1.5, times=3) == 12.0, "several times over"'
    said = {
        "passed": False,
        "kind": "AssertionError",
        "message": f"✗ no\n  {hidden}\n" + "x" * 9999,
    }
    mark = judge.judge(paper, WHOLE, outcome(keys, double=said), keys).tests[0]
    assert mark.message.startswith("✗ no")
    assert hidden not in mark.message
    assert len(mark.message) <= judge.LONGEST + 2


def test_no_answer_is_said_so(paper, keys):
    rebuilt = Rebuilt(
        "ok", answers={"Tally": RIGHT["Tally"]}, unanswered={"double": "", "PAIR": "lost"}
    )
    failed = {"passed": False, "kind": "NotImplementedError", "message": "not solved yet"}
    result = judge.judge(paper, rebuilt, outcome(keys, double=failed, PAIR=failed), keys)
    assert [m.message for m in result.tests] == ["not answered", "not answered: lost", ""]
    assert result.unanswered == ("double", "PAIR")


def test_the_graded_notebook_is_what_nbgrader_would_leave(paper, keys):
    said = {"passed": False, "kind": "CheckFailed", "message": "✗ no\n  → hint"}
    stream = {"output_type": "stream", "name": "stdout", "text": "hello"}
    page = {"output_type": "display_data", "data": {"text/html": "<script>", "text/plain": "x"}}
    ran = outcome(keys, PAIR=said) | {"cells": {"1": {"outputs": [stream, page, 3, {"a": 1}]}}}
    notebook = nbformat.reads(judge.judge(paper, WHOLE, ran, keys).notebook, 4)
    nbformat.validate(notebook)
    cells = {name_of(c): c for c in notebook.cells}
    assert cells["double"].source == RIGHT["double"]
    assert cells["test_double"].outputs == []
    assert (
        cells["test_double"].metadata == paper.notebook.cells[paper.places["test_double"]].metadata
    )
    (error,) = cells["test_PAIR"].outputs
    assert (error.ename, error.traceback) == ("CheckFailed", ["✗ no", "  → hint"])
    assert [o.output_type for o in notebook.cells[1].outputs] == ["stream", "display_data"]
    assert notebook.cells[1].outputs[1].data == {"text/plain": "x"}


def test_outputs_do_not_fill_the_notebook(paper, keys):
    flood = [{"output_type": "stream", "name": "stdout", "text": "x" * 1_500_000}] * 3
    ran = outcome(keys) | {"cells": {str(n): {"outputs": flood} for n in range(9)}}
    assert len(judge.judge(paper, WHOLE, ran, keys).notebook) < 2 * judge.OUTPUT


def test_what_cannot_be_read_or_graded_has_a_row(paper):
    unread = judge.unread(paper, nothing(paper, "no notebook"))
    assert (unread.status, unread.score, unread.reason) == ("unreadable", 0, "no notebook")
    assert [m.name for m in unread.tests] == list(POINTS)
    assert nbformat.reads(unread.notebook, 4).cells
    broken = judge.failed(paper, "the sandbox broke down")
    assert (broken.status, broken.sure) == ("crashed", False)
    assert judge.failed(paper, "nothing", "missing").notebook == ""


def test_a_row_is_what_the_report_promises(paper, keys):
    row = judge.judge(paper, WHOLE, outcome(keys), keys).row()
    assert list(row) == ["student", "status", "reason", "score", "max_score", "seconds", "tests"]
    assert row["tests"][0] == {"name": "double", "points": 2.0, "max_points": 2.0, "message": ""}


def test_results_are_kept_as_json_and_nothing_else(paper, keys):
    result = judge.judge(paper, WHOLE, outcome(keys), keys)
    assert Result.from_json(result.to_json()) == result
    for text in (
        "",
        "[]",
        "{}",
        '{"tests": 3}',
        "null",
        json.dumps({"tests": [], "unanswered": []}),
    ):
        with pytest.raises(ValueError, match="not a result|Expecting value"):
            Result.from_json(text)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*POINTS, "outputs", "seal", "passed", "data"]), inner)
    ),
    max_leaves=9,
)


@settings(max_examples=100, deadline=None)
@given(parts=st.dictionaries(st.sampled_from(["cells", "tests", "flags", "deaths"]), anything))
def test_an_outcome_of_any_form_gives_a_row_without_points(paper, parts):
    result = judge.judge(paper, WHOLE, parts, fresh_keys(paper))
    assert result.status in judge.STATUSES
    assert result.score == 0
    nbformat.validate(nbformat.reads(result.notebook, 4))
