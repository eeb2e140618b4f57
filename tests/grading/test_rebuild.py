"""Answers are found in whatever state a hand-in is, and nothing else of it is used."""

import io
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from descent.grading.judge import fresh_keys
from descent.grading.paper import Paper, name_of, read_paper
from descent.grading.rebuild import definitions, rebuild, reference
from descent.grading.salvage import MOST, read_cells
from tests.grading.batches import RIGHT, ROOT, answered, spoiled, student_version, tiny_course

HIDDEN = ("BEGIN HIDDEN", "several times over", "hidden b")


@pytest.fixture(scope="module")
def paper(tmp_path_factory) -> Paper:
    return read_paper(tiny_course(tmp_path_factory.mktemp("rebuild") / "course"), "01_tiny")


@pytest.fixture
def full(paper):
    """A hand-in in which everything is answered."""
    return answered(paper, RIGHT)


def data(notebook) -> bytes:
    return json.dumps(notebook).encode()


def cell(notebook, name):
    (found,) = [c for c in notebook.cells if name_of(c) == name]
    return found


def added(notebook, at, source, kind="code", **metadata):
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    notebook.cells.insert(at, make(source, metadata=metadata))
    return notebook


def places(notebook) -> dict[str, int]:
    return {name_of(c): at for at, c in enumerate(notebook.cells) if name_of(c)}


# ---- what is as it should be ---------------------------------------------------------------------


def test_paper_has_stubs_tests_and_what_is_hidden(paper):
    assert [(e.name, e.points, e.test_id) for e in paper.exercises] == [
        ("double", 2.0, "test_double"),
        ("PAIR", 1.0, "test_PAIR"),
        ("Tally", 1.5, "test_Tally"),
    ]
    assert "NotImplementedError" in paper.stub("double")
    assert "2**times" in paper.solutions["double"]
    assert any("several times over" in line for line in paper.hidden)
    assert not any("double(3.0) == 6.0" in line for line in paper.hidden)


def test_what_students_must_not_see_is_taken_out_of_messages(paper):
    line = 'assert PAIR["b"] == 2, "hidden b"'
    assert paper.redact(f"✗ no\n   ----> 4   {line}\nbecause") == "✗ no\nbecause"


def test_a_clean_hand_in_is_taken_as_it_is(paper, full):
    found = rebuild(data(full), paper)
    assert (found.status, found.notes, dict(found.answers)) == ("ok", (), RIGHT)
    assert found.added == ()
    assert found.unanswered == {}


def test_the_rebuilt_notebook_is_the_courses_own_with_the_answers(paper, full):
    for c in full.cells:
        c.metadata["tags"] = ["skip-execution"]
        if c.cell_type == "code":
            c.outputs = [nbformat.v4.new_output("stream", text="mine")]
    rebuilt = rebuild(data(full), paper).notebook(paper)
    for mine, theirs in zip(rebuilt.cells, paper.notebook.cells, strict=True):
        assert mine.metadata == theirs.metadata
        assert mine.get("outputs", []) == []
        assert mine.source == RIGHT.get(name_of(mine), theirs.source)


def test_the_job_holds_hidden_tests_and_no_text(paper, full):
    keys = fresh_keys(paper)
    job = rebuild(data(full), paper).job(paper, keys, {"cell": 3.0})
    assert [c["role"] for c in job["cells"]] == [
        "locked", "solution", "locked", "test", "solution", "test", "solution", "test",
    ]  # fmt: skip
    assert all(any(h in c["source"] for c in job["cells"]) for h in HIDDEN)
    assert job["keys"] == keys
    assert job["limits"]["cell"] == 3.0
    assert job["limits"]["memory"] > 0


def test_an_untouched_stub_is_no_answer(paper):
    found = rebuild(data(student_version(paper)), paper)
    assert found.answers == {}
    assert found.unanswered == dict.fromkeys(RIGHT, "")
    assert found.status == "ok"


def test_the_reference_is_a_hand_in_like_others(paper):
    assert dict(reference(paper).answers) == paper.solutions


@pytest.mark.parametrize("minor", [0, 2, 5, 9])
def test_minor_formats_do_not_matter(paper, full, minor):
    full.nbformat_minor = minor
    if minor < 5:
        for c in full.cells:
            del c["id"]
    assert rebuild(data(full), paper).status == "ok"


# ---- what students do to notebooks ---------------------------------------------------------------


def test_code_of_ones_own_stays_where_it_was(paper, full):
    at = places(full)["PAIR"]
    added(full, at, "helper = 1")
    added(full, 0, "import this")
    found = rebuild(data(full), paper)
    slots = [(s.role, s.source) for s in found.slots(paper)]
    assert slots[0] == ("added", "import this")
    assert slots.index(("added", "helper = 1")) + 1 == slots.index(("solution", RIGHT["PAIR"]))
    assert found.status == "ok"


def test_released_cells_are_not_taken_for_ones_own(paper, full):
    for c in full.cells:
        c.metadata = {}
    for name, source in RIGHT.items():
        assert source in [c.source for c in full.cells], name
    found = rebuild(data(full), paper)
    assert dict(found.answers) == RIGHT
    assert found.added == ()


def test_lost_names_are_found_by_what_cells_define(paper, full):
    for name in RIGHT:
        cell(full, name).metadata = {}
    found = rebuild(data(full), paper)
    assert dict(found.answers) == RIGHT
    assert found.status == "repaired"


def test_a_broken_answer_is_found_by_its_first_line(paper, full):
    c = cell(full, "double")
    c.metadata, c.source = {}, "def double(x, times=1:\n    return"
    assert rebuild(data(full), paper).answers["double"].startswith("def double(x, times=1:")


def test_names_that_were_swapped_are_put_right(paper, full):
    one, two = cell(full, "double"), cell(full, "PAIR")
    one.metadata, two.metadata = two.metadata, one.metadata
    assert dict(rebuild(data(full), paper).answers) == RIGHT


def test_an_answer_in_a_cell_of_its_own_beside_the_stub(paper, full):
    cell(full, "PAIR").source = paper.stub("PAIR")
    at = places(full)["PAIR"]
    added(full, at + 1, 'one = 1\nPAIR_ = "x"')
    added(full, at + 2, 'PAIR = {"a": one, "b": 2}')
    found = rebuild(data(full), paper)
    assert found.answers["PAIR"] == 'PAIR = {"a": one, "b": 2}'
    roles = [(s.role, s.source[:4]) for s in found.slots(paper)]
    assert roles.index(("added", "one ")) < roles.index(("solution", "PAIR"))


def test_an_answer_written_into_the_test_cell(paper, full):
    cell(full, "double").source = paper.stub("double")
    cell(full, "test_double").source = RIGHT["double"] + "\nassert double(3.0) == 6.0"
    found = rebuild(data(full), paper)
    assert found.answers["double"].startswith(RIGHT["double"])
    assert any("tests of double" in note for note in found.notes)


def test_the_last_of_several_answers_counts_and_the_stub_never(paper, full):
    at = places(full)["double"]
    nbgrader = dict(cell(full, "double").metadata.nbgrader)
    added(full, at, "def double(x, times=1):\n    return 0", nbgrader=nbgrader)
    added(full, at + 2, paper.stub("double"), nbgrader=nbgrader)
    found = rebuild(data(full), paper)
    assert found.answers["double"] == RIGHT["double"]
    assert any("answered 2 times" in note for note in found.notes)
    assert [source for _, source in found.added] == ["def double(x, times=1):\n    return 0"]


def test_an_answer_in_a_text_cell_is_taken_as_code(paper, full):
    c = cell(full, "double")
    c.cell_type = "markdown"
    del c["outputs"], c["execution_count"]
    found = rebuild(data(full), paper)
    assert found.answers["double"] == RIGHT["double"]
    assert any("was no code cell" in note for note in found.notes)


@pytest.mark.parametrize("name", ["test_double", "double-between-2", "opening-2"])
def test_locked_cells_are_put_back(paper, full, name):
    cell(full, name).source = "double = None\nassert True"
    found = rebuild(data(full), paper)
    assert found.status == "repaired"
    assert found.added == ()
    assert "double = None" not in json.dumps(found.job(paper, {}))
    full.cells = [c for c in full.cells if name_of(c) != name]
    again = rebuild(data(full), paper)
    assert any("missing" in note for note in again.notes)
    assert again.job(paper, {}) == found.job(paper, {})


def test_order_does_not_matter(paper, full):
    full.cells = full.cells[::-1]
    found = rebuild(data(full), paper)
    assert dict(found.answers) == RIGHT
    assert found.added == ()


def test_one_lost_cell_costs_one_exercise(paper, full):
    full.cells = [c for c in full.cells if name_of(c) != "PAIR"]
    found = rebuild(data(full), paper)
    assert found.unanswered == {"PAIR": "its cell was not in the file"}
    assert set(found.answers) == {"double", "Tally"}


def test_definitions_are_found_in_code_that_is_no_python():
    source = "async def a(:\nclass B\nC: int = 1\nD==2\n  def e(): pass\n%time f = 1\ng = h = 2"
    assert definitions(source) == {"a", "B", "C", "g"}


# ---- what happens to files -----------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings(paper, full, coding):
    cell(full, "double").source = RIGHT["double"] + "  # ä → ∞"
    found = rebuild(json.dumps(full, ensure_ascii=False).encode(coding), paper)
    assert found.answers["double"].endswith("ä → ∞")
    assert "saved" in found.notes[0]


def test_windows_line_ends(paper, full):
    text = nbformat.writes(full, 4).replace("\\n", "\\r\\n").replace("\n", "\r\n")
    found = rebuild(text.encode(), paper)
    assert (dict(found.answers), found.status) == (RIGHT, "ok")


def test_an_encoding_of_the_last_century(paper, full):
    cell(full, "double").source = RIGHT["double"] + "  # für"
    found = rebuild(json.dumps(full, ensure_ascii=False).encode("cp1252"), paper)
    assert found.answers["double"].endswith("für")


def test_format_3(paper, full):
    cells = [
        {"cell_type": c.cell_type, "metadata": c.metadata, "source": c.source} for c in full.cells
    ]
    for c in cells:
        if c["cell_type"] == "code":
            c["input"] = c.pop("source").splitlines(keepends=True)
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    found = rebuild(json.dumps(old).encode(), paper)
    assert dict(found.answers) == RIGHT
    assert "old format 3" in found.notes[0]


def test_a_file_that_was_cut_off_keeps_what_is_whole(paper, full):
    whole = nbformat.writes(full, 4).encode()
    counts = []
    for end in range(0, len(whole), 97):
        found = rebuild(whole[:end], paper)
        assert all(source == RIGHT[name] for name, source in found.answers.items())
        counts.append(len(found.answers))
    assert sorted(counts) == counts
    assert set(counts) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (b'"cell_type": "code",', b'"cell_type": "code"'),
        (b'{\n "cells"', b'<<<<<<< HEAD\n{\n "cells"'),
        (b'"execution_count": null,', b'"execution_count": None,'),
        (b'"nbformat": 4,', b'"nbformat": 4, "x": {{{'),
        (b'"metadata": {', b'"metadata": {"name": "no end,\n'),
    ],
)
def test_json_that_an_editor_or_git_broke(paper, full, wrong, right):
    text = nbformat.writes(full, 4).encode()
    assert wrong in text
    found = rebuild(text.replace(wrong, right), paper)
    assert dict(found.answers) == RIGHT
    assert "not valid JSON" in found.notes[0]


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"\0" * 1000,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"null",
        b"[]",
        b'"cells"',
        b'{"cells": {"a": 1}}',
        b'{"cells": [1, null, "x", [], {"source": 3}]}',
        b'{"cells": [{"cell_type": "code", "source": "x = 1"}]}',
        b"\xff\xfe" + b"{",
        b"def double(x): return 2 * x",
    ],
)
def test_what_is_no_notebook_of_the_chapter_says_so(paper, contents):
    found = rebuild(contents, paper)
    assert found.status == "unreadable"
    assert found.notes
    assert set(found.unanswered) == set(RIGHT)
    assert nbformat.validate(found.notebook(paper)) is None


def test_strange_characters_do_not_travel_on(paper, full):
    cell(full, "double").source = "x = '\ud800\0'"
    source = rebuild(data(full), paper).answers["double"]
    assert source.encode()
    assert "\0" not in source


# ---- what is large -------------------------------------------------------------------------------

CHILD = """
import re, sys
from pathlib import Path
from descent.grading.paper import read_paper
from descent.grading.rebuild import rebuild
paper = read_paper(Path(sys.argv[1]), "01_tiny")
with open(sys.argv[2], "rb") as file:
    found = rebuild(file, paper)
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(peak // 1024, len(found.answers))
"""
PIECES = {
    "one long text": (b'{"cells": [{"cell_type": "code", "source": "', b"a", b'"}]}'),
    "many texts": (b'{"cells": [{"cell_type": "code", "source": [', b'"abcdefgh",', b'""]}]}'),
    "deep lists": (b'{"cells": ', b"[", b""),
    "deep objects": (b"", b'{"cells":', b""),
    "many empty objects": (b'{"cells": [', b"{},", b"{}]}"),
    "many cells": (b'{"cells": [', b'{"cell_type": "code", "source": "x"},', b"{}]}"),
    "many keys": (b'{"metadata": {', b'"key": {"a": [1]},', b'"x": 1}, "cells": []}'),
    "numbers": (b'{"cells": [{"source": "x", "a": ', b"1234567890", b"}]}"),
}
MEGABYTES = 100


@pytest.fixture(scope="module")
def course(paper, tmp_path_factory) -> Path:
    return tiny_course(tmp_path_factory.mktemp("large") / "course")


def peak(course: Path, file: Path) -> tuple[int, int]:
    """Megabytes that a process takes to read a hand-in, and how many answers it finds."""
    run = subprocess.run(
        [sys.executable, "-c", CHILD, str(course), str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    most, answers = map(int, run.stdout.split())
    return most, answers


@pytest.mark.slow
@pytest.mark.parametrize("kind", PIECES)
def test_memory_is_bounded_for_any_file(course, tmp_path, kind):
    start, piece, end = PIECES[kind]
    file = tmp_path / "large.ipynb"
    with file.open("wb") as out:
        out.write(start)
        for _ in range(MEGABYTES):
            out.write(piece * ((1 << 20) // len(piece)))
        out.write(end)
    most, _ = peak(course, file)
    assert most < 600


def test_answers_are_found_beside_outputs_of_any_size(course, full, tmp_path):
    lines = ["0123456789" * 8 + "\n"] * 1_000_000
    cell(full, "double").outputs = [{"output_type": "stream", "name": "stdout", "text": lines}]
    file = tmp_path / "outputs.ipynb"
    file.write_text(json.dumps(full))
    assert file.stat().st_size > 80e6
    most, answers = peak(course, file)
    assert most < 600
    assert answers == 3


def test_cells_without_end_are_not_all_read():
    cells = b'{"cells": [' + b'{"cell_type": "code", "source": "x"},' * (2 * MOST) + b"{}]}"
    assert len(read_cells(io.BytesIO(cells))[0]) == MOST


# ---- whatever comes ------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
KEYS = ["source", "metadata", "cell_type", "outputs", "nbgrader", "grade_id", "id", "input"]


@st.composite
def edits(draw):
    """One change to a notebook: its JSON, its metadata or its cells."""
    kind = draw(st.sampled_from(["drop", "double", "swap", "set", "name", "top", "retype", "text"]))
    at, to = draw(st.integers(0, 40)), draw(st.integers(0, 40))
    return kind, at, to, draw(st.sampled_from(KEYS)), draw(json_values)


def edited(notebook, changes):
    notebook = json.loads(json.dumps(notebook))
    for kind, at, to, key, value in changes:
        cells = notebook.get("cells")
        if not isinstance(cells, list) or not cells:
            break
        at, to = at % len(cells), to % len(cells)
        if kind == "drop":
            del cells[at]
        elif kind == "double":
            cells.insert(to, json.loads(json.dumps(cells[at])))
        elif kind == "swap":
            cells[at], cells[to] = cells[to], cells[at]
        elif kind == "top":
            notebook[key if key != "source" else "cells"] = value
        elif not isinstance(cells[at], dict):
            cells[at] = value
        elif kind == "set":
            cells[at][key] = value
        elif kind == "name":
            cells[at]["metadata"] = {"nbgrader": {"grade_id": value, "solution": True}}
        elif kind == "retype":
            cells[at]["cell_type"] = "markdown"
        else:
            cells[at]["source"] = value
    return notebook


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(edits(), min_size=1, max_size=8), seed=st.integers(0, 10**9), bad=st.booleans()
)
def test_any_edit_gives_a_row(paper, full, changes, seed, bad):
    contents = json.dumps(edited(full, changes)).encode()
    found = rebuild(spoiled(contents, seed) if bad else contents, paper)
    assert found.status in ("ok", "repaired", "unreadable")
    assert set(found.answers) | set(found.unanswered) == set(RIGHT)
    assert not set(found.answers) & set(found.unanswered)
    job = found.job(paper, fresh_keys(paper))
    json.dumps(job).encode()
    tests = {c["name"]: c["source"] for c in job["cells"] if c["role"] == "test"}
    pristine = paper.notebook.cells
    assert tests == {e.name: pristine[paper.places[e.test_id]].source for e in paper.exercises}
    nbformat.validate(found.notebook(paper))
    if found.status == "unreadable":
        assert found.notes
