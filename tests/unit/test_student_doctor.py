"""What `descent doctor` finds in a notebook, and that mending it touches no answer."""

import copy
import itertools
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from descent.course import stamp
from descent.grading.paper import normal, read_paper
from descent.grading.rebuild import LIMITS, rebuild
from descent.student import doctor, doctor_trial, pristine
from descent.student.doctor_file import read_file
from descent.student.doctor_look import look
from descent.student.doctor_match import longest_rise
from descent.student.doctor_mend import LARGE_CELL, LARGE_FILE
from descent.student.doctor_trial import run_cells, try_out
from tests.grading.batches import RIGHT, answered, student_version, tiny_course

ROOT = Path(__file__).parents[2]
CHAPTER = "01_tiny"
OWN = ("helper = 41", "# my notes\n\nlook at `double`", "print(helper + 1)  \n")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with one chapter, built and released."""
    root = tiny_course(tmp_path_factory.mktemp("doctor") / "course")
    release = root / "release" / CHAPTER / f"{CHAPTER}.ipynb"
    release.parent.mkdir(parents=True)
    notebook = student_version(read_paper(root, CHAPTER))
    notebook.metadata["descent"] = {"built": stamp.stamp(notebook)}
    nbformat.write(notebook, release)
    return root


@pytest.fixture(scope="module")
def paper(course):
    return read_paper(course, CHAPTER)


@pytest.fixture
def full(paper, course):
    """A notebook with right answers and three cells of the student's own."""
    return solved(paper)


def solved(paper):
    notebook = json.loads(nbformat.writes(answered(paper, RIGHT), 4))
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    notebook["cells"].insert(3, {**code, "id": "own-1", "source": OWN[0]})
    text = {"cell_type": "markdown", "metadata": {}, "id": "own-2", "source": OWN[1]}
    notebook["cells"].insert(6, text)
    notebook["cells"].append({**code, "id": "own-3", "source": OWN[2]})
    return notebook


def put(folder, notebook, name=f"{CHAPTER}.ipynb"):
    path = folder / name
    data = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    path.write_bytes(data)
    return path


def cell(notebook, name):
    (found,) = [c for c in notebook["cells"] if named(c) == name]
    return found


def named(c):
    return c.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")


def told(course, path, level=None):
    """What is said without running anything."""
    findings = look(course, read_file(path)).findings
    return [f.what for f in findings if level in (None, f.level)]


def fixed(course, path):
    """The notebook after `--fix`."""
    seen = doctor.mend(course, look(course, read_file(path)))
    return json.loads(seen.file.path.read_text("utf-8"))


def sources(notebook):
    return ["".join(c["source"]) for c in notebook["cells"]]


# ---- a notebook as it should be ------------------------------------------------------------------


def test_nothing_is_said_of_a_notebook_that_can_be_handed_in(course, full, tmp_path, capsys):
    path = put(tmp_path, full)
    before = path.read_bytes()
    assert doctor.run(course, path, fix=False) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["ready to hand in"]
    assert doctor.run(course, path, fix=True) == 0
    assert "nothing that --fix could mend" in capsys.readouterr().out
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_unsolved_notebook_has_no_faults(course, paper, tmp_path, capsys):
    path = put(tmp_path, nbformat.writes(student_version(paper), 4).encode())
    assert doctor.run(course, path, fix=False) == 0
    said = capsys.readouterr().out
    assert "not solved yet, 4.5 points: double (2), PAIR (1), Tally (1.5)" in said
    assert said.endswith("ready to hand in, 1 warning\n")


@pytest.mark.parametrize("room", ["exercises", "release"])
def test_no_chapter_of_the_course_has_faults_as_it_is_handed_out(room, tmp_path):
    for path in sorted((ROOT / room).rglob("*.ipynb")):
        found = look(ROOT, read_file(put(tmp_path, path.read_bytes(), path.name))).findings
        assert [f.what.split(",")[0] for f in found] == ["not solved yet"], path


# ---- which notebook it is ------------------------------------------------------------------------


def test_stamps_are_those_of_the_build(tmp_path):
    (tmp_path / "release").symlink_to(ROOT / "release")
    released = {c.chapter: c for c in pristine.all_pristine(tmp_path)}
    assert len(released) >= 8
    for chapter, found in released.items():
        assert stamp.stamp({"cells": found.cells}) in found.built, chapter


def test_the_instructors_version_gives_the_same_notebook(tmp_path):
    (tmp_path / "source").symlink_to(ROOT / "source")
    made = {c.chapter: (c.names, c.texts) for c in pristine.all_pristine(tmp_path)}
    assert made == {c.chapter: (c.names, c.texts) for c in pristine.all_pristine(ROOT)}


def test_exercises_in_which_somebody_worked_are_not_pristine(course, full, tmp_path):
    (tmp_path / "exercises").mkdir()
    put(tmp_path / "exercises", full)
    assert list(pristine.all_pristine(tmp_path)) == []
    released = (course / "release" / CHAPTER / f"{CHAPTER}.ipynb").read_bytes()
    path = put(tmp_path / "exercises", released)
    assert [c.chapter for c in pristine.all_pristine(tmp_path)] == [CHAPTER]
    assert look(tmp_path, read_file(path)).case


def test_a_renamed_notebook_is_known_by_its_cells(tmp_path):
    notebook = json.loads((ROOT / "release/05_mlp/05_mlp.ipynb").read_text("utf-8"))
    for name in ("04_perceptron.ipynb", "mine (1).ipynb"):
        assert any(f"called {name}, but only 05_mlp.ipynb" in what
                   for what in told(ROOT, put(tmp_path, notebook, name)))  # fmt: skip
    for c in notebook["cells"]:
        c["metadata"] = {}
    assert any(
        "only 05_mlp.ipynb" in what for what in told(ROOT, put(tmp_path, notebook, "x.ipynb"))
    )


def test_renaming_overwrites_nothing(course, full, tmp_path):
    path, other = put(tmp_path, full, "final version.ipynb"), tmp_path / f"{CHAPTER}.ipynb"
    other.write_text("precious")
    (finding,) = look(course, read_file(path)).findings
    assert "called final version.ipynb" in finding.what
    assert not finding.mended
    cell(full, "test_double")["source"] = "pass"
    put(tmp_path, full, path.name)
    assert sources(fixed(course, path))
    assert other.read_text() == "precious"
    other.unlink()
    fixed(course, path)
    assert not path.exists()
    assert told(course, other) == []
    assert len(list(tmp_path.glob("final version.before-doctor*.ipynb"))) == 2


@pytest.mark.parametrize("place", ["release/01_tiny", "lectures", ".ipynb_checkpoints"])
def test_the_courses_own_files_are_left_alone(course, full, place):
    (course / place).mkdir(parents=True, exist_ok=True)
    cell(full, "test_double")["source"] = "pass"
    path = put(course / place, full, "01_tiny-checkpoint.ipynb")
    before = path.read_bytes()
    assert doctor.run(course, path, fix=True) == 1
    assert path.read_bytes() == before
    path.unlink()


def test_a_notebook_of_somebody_else(course, tmp_path):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    path = put(tmp_path, nbformat.writes(made).encode(), "x.ipynb")
    assert "none of the notebook's cells" in told(course, path)[0]
    assert doctor.run(course, path, fix=True) == 1


@pytest.mark.parametrize(("file", "root"), [("none.ipynb", "course"), (".", "course"), ("a", ".")])
def test_what_is_not_there_is_said_on_stderr(course, tmp_path, capsys, file, root):
    (tmp_path / "a").write_text('{"cells": [{"cell_type": "code", "source": "1"}]}')
    assert doctor.run(course if root == "course" else tmp_path, tmp_path / file, fix=True) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1


# ---- damage, in plain words ----------------------------------------------------------------------


def retype(c, kind):
    c["cell_type"] = kind
    c.pop("outputs", None), c.pop("execution_count", None)


def forget(c):
    c["metadata"] = {}


def lose(notebook, name):
    notebook["cells"].remove(cell(notebook, name))


def twice(notebook, name, source=None):
    again = copy.deepcopy(cell(notebook, name))
    again["source"] = source or again["source"]
    notebook["cells"].insert(1, again)


def swap(notebook):
    cells = notebook["cells"]
    one, two = (cells.index(cell(notebook, name)) for name in ("double", "test_double"))
    cells[one], cells[two] = cells[two], cells[one]


DAMAGES = {
    "missing: the tests of double": lambda n: lose(n, "test_double"),
    "missing: the answer cell of PAIR": lambda n: lose(n, "PAIR"),
    "missing: the text `## `double`": lambda n: lose(n, "double-statement-1"),
    "changed: the tests of Tally": lambda n: cell(n, "test_Tally").update(source="assert True"),
    "turned into a markdown cell: the answer cell of PAIR": lambda n: retype(
        cell(n, "PAIR"), "markdown"
    ),
    "turned into a raw cell: the tests of PAIR": lambda n: retype(cell(n, "test_PAIR"), "raw"),
    "(grade_id), or with a wrong one: the answer cell of double": lambda n: forget(
        cell(n, "double")
    ),
    "notes for nbgrader: the tests of double": lambda n: cell(n, "test_double")["metadata"][
        "nbgrader"
    ].update(points=200),
    "metadata: the tests of double": lambda n: cell(n, "test_double")["metadata"].update(
        tags=["skip-execution"]
    ),
    "moved: the answer cell of double": swap,
    "there twice: the tests of PAIR (cell 2)": lambda n: twice(n, "test_PAIR"),
    "there twice: the answer cell of PAIR (cell 2)": lambda n: twice(n, "PAIR"),
    "PAIR is answered 2 times, in cells 2 and": lambda n: twice(n, "PAIR", "PAIR = 3"),
    "none: cell 2 (`assert 1`)": lambda n: twice(n, "test_PAIR", "assert 1"),
    "without an id of its own: cell 2": lambda n: n["cells"][1].update(id=n["cells"][0]["id"]),
    "not in the form of a notebook's cell: cell 1": lambda n: n["cells"][0].update(colour="red"),
    "the format 4.2, not 4.5": lambda n: n.update(nbformat_minor=2),
    "outputs of more than 1 MB: cell 4 (`helper = 41`), 2.0 MB": lambda n: n["cells"][3].update(
        outputs=[{"output_type": "stream", "name": "stdout", "text": "x" * 2 * LARGE_CELL}]
    ),
    "does not say that it is in Python": lambda n: n["metadata"].update(kernelspec={"name": "ir"}),
    "in another cell than the one that is meant for it: PAIR (cell 2)": lambda n: (
        twice(n, "PAIR"),
        forget(n["cells"][1]),
        cell(n, "PAIR").update(source=""),
    ),
}


@pytest.mark.parametrize("words", DAMAGES)
def test_damage_is_named_and_mended(course, paper, full, tmp_path, words):
    untouched = copy.deepcopy(full)
    DAMAGES[words](full)
    path = put(tmp_path, full)
    before = path.read_bytes()
    assert any(words in what for what in told(course, path)), told(course, path)
    after = fixed(course, path)
    nbformat.validate(after)
    assert not [f for f in look(course, read_file(path)).findings if f.mended]
    assert (tmp_path / f"{CHAPTER}.before-doctor.ipynb").read_bytes() == before
    old, new = rebuild(before, paper), rebuild(path.read_bytes(), paper)
    assert new.answers == old.answers
    assert new.status == "ok"
    if len(old.answers) == len(untouched["cells"]):
        assert sources(after) == sources(untouched)


def test_levels(course, full, tmp_path):
    lose(full, "test_double"), lose(full, "double-statement-1")
    forget(cell(full, "Tally"))
    cell(full, "test_PAIR")["metadata"]["deletable"] = True
    path = put(tmp_path, full)
    assert len(told(course, path, "error")) == 2
    assert len(told(course, path, "warning")) == 2


def test_copies_are_never_overwritten(course, full, tmp_path):
    for number in range(3):
        cell(full, "test_double")["source"] = f"assert {number}"
        fixed(course, put(tmp_path, full))
    copies = [tmp_path / f"{CHAPTER}.before-doctor{n}.ipynb" for n in ("", ".2", ".3")]
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / f"{CHAPTER}.ipynb", *copies])
    kept = [cell(json.loads(c.read_text()), "test_double")["source"] for c in copies]
    assert kept == ["assert 0", "assert 1", "assert 2"]


def test_a_file_that_cannot_be_written_stays(course, full, tmp_path, monkeypatch, capsys):
    cell(full, "test_double")["source"] = "pass"
    path = put(tmp_path, full)
    before = path.read_bytes()

    def broken(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", broken)
    assert doctor.run(course, path, fix=True) == 2
    assert "No space left" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert not [p for p in tmp_path.iterdir() if "part" in p.name]


def test_a_large_file_gets_small(course, full, tmp_path):
    text = "é" * (LARGE_CELL * 9 // 20)
    out = {"output_type": "stream", "name": "stdout", "text": text}
    more = [copy.deepcopy(full["cells"][3]) | {"outputs": [out], "id": f"n{i}"} for i in range(13)]
    full["cells"] += more
    path = put(tmp_path, json.dumps(full, ensure_ascii=False).encode())
    assert any("may be refused" in what for what in told(course, path, "error"))
    after = fixed(course, path)
    assert LARGE_FILE / 2 < path.stat().st_size <= LARGE_FILE
    assert sources(after).count(OWN[0]) == 14
    full["metadata"]["widgets"] = {"state": "x" * 2 * LARGE_FILE}
    fixed(course, put(tmp_path, full))
    assert path.stat().st_size <= LARGE_FILE


def test_what_cannot_be_mended_is_not_promised(course, full, tmp_path):
    full["cells"].append(full["cells"][3] | {"id": "long", "source": "#" * 2 * LARGE_FILE})
    seen = look(course, read_file(put(tmp_path, full))).findings
    assert [f.mended for f in seen] == ["", ""]
    assert "too much text to be graded" in seen[0].what


def test_the_order_in_which_cells_were_run(course, full, tmp_path):
    counts = itertools.count(1)
    for c in full["cells"]:
        if c["cell_type"] == "code":
            c["execution_count"] = next(counts)
    assert told(course, put(tmp_path, full)) == []
    counted = cell(full, "double")["execution_count"]
    cell(full, "double")["execution_count"] = 40
    (what,) = told(course, put(tmp_path, full), "warning")
    assert "was run before cell" in what
    assert "your answer to double" not in what
    cell(full, "double")["execution_count"] = counted
    full["cells"][-1]["execution_count"] -= 1
    assert len(told(course, put(tmp_path, full), "warning")) == 1


def test_paths_and_network_are_warned_of(course, full, tmp_path):
    full["cells"][3]["source"] = "open('/home/ada/x.csv')"
    cell(full, "PAIR")["source"] = "!pip install magic\n" + RIGHT["PAIR"]
    said = told(course, put(tmp_path, full), "warning")
    assert len(said) == 2
    assert "folder of this computer" in said[0]
    assert "uses the network" in said[1]


def test_another_version_of_the_chapter_is_noted(course, full, tmp_path):
    full["metadata"]["descent"] = {"built": "0123456789abcdef"}
    assert "another version" in told(course, put(tmp_path, full), "note")[0]


def own_code(source, number=0):
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {**code, "id": f"more-{number}", "source": source}


def test_the_last_of_several_answers_elsewhere_moves_to_its_cell(course, paper, full, tmp_path):
    at = full["cells"].index(cell(full, "PAIR"))
    cell(full, "PAIR")["source"] = paper.stub("PAIR")
    more = ["PAIR = 1", "one = 1", 'PAIR = {"a": one, "b": 2}  ']
    full["cells"][at + 1 : at + 1] = [own_code(text, n) for n, text in enumerate(more)]
    path = put(tmp_path, full)
    before = rebuild(path.read_bytes(), paper)
    assert any("meant for it: PAIR (cell" in what for what in told(course, path, "error"))
    after = sources(fixed(course, path))
    assert after[at : at + 3] == more
    assert list(rebuild(path.read_bytes(), paper).slots(paper)) == list(before.slots(paper))


def test_text_is_no_answer_where_there_is_code(course, full, tmp_path):
    note = {**copy.deepcopy(cell(full, "PAIR")), "source": "PAIR was hard", "id": "note"}
    retype(note, "markdown")
    full["cells"].append(note)
    path = put(tmp_path, full)
    assert any("none: cell" in what for what in told(course, path, "error"))
    after = fixed(course, path)
    assert "".join(cell(after, "PAIR")["source"]) == RIGHT["PAIR"]
    assert sources(after)[-1] == "PAIR was hard"


def test_too_long_a_text_is_no_answer(course, paper, full, tmp_path):
    long = RIGHT["PAIR"] + "\n" + "#" * (1 << 20)
    cell(full, "PAIR")["source"] = long
    path = put(tmp_path, full)
    assert "PAIR" not in rebuild(path.read_bytes(), paper).answers
    after = fixed(course, path)
    assert "".join(cell(after, "PAIR")["source"]) == paper.stub("PAIR")
    assert long in sources(after)


def test_answers_stay_byte_for_byte_and_stale_outputs_go(course, full, tmp_path):
    text = "\n\n# mine \r\n" + RIGHT["PAIR"] + "  \n\n"
    out = [{"output_type": "stream", "name": "stdout", "text": "passed"}]
    cell(full, "PAIR").update(source=text, outputs=out)
    cell(full, "test_PAIR").update(source="print('passed')", outputs=out)
    after = fixed(course, put(tmp_path, full))
    assert (cell(after, "PAIR")["source"], cell(after, "PAIR")["outputs"]) == (text, out)
    assert cell(after, "test_PAIR")["outputs"] == []


def test_parts_that_jupyter_refuses_are_taken_out(course, full, tmp_path):
    wrong = {"output_type": "stream", "name": "stdout", "text": "x", "colour": "red"}
    right = {"output_type": "stream", "name": "stdout", "text": "x"}
    full["cells"][3].update(outputs=[wrong, right], metadata={"tags": [1], "mine": True})
    path = put(tmp_path, full)
    assert any("not in the form" in what for what in told(course, path, "warning"))
    after = fixed(course, path)
    nbformat.validate(after)
    assert after["cells"][3]["outputs"] == [right]
    assert after["cells"][3]["metadata"] == {"mine": True}


# ---- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b" \n", b"[]", b"{}", b"PK\x03\x04 binary", b'{"cells": 3}'])
def test_what_is_no_notebook_is_left_as_it_is(course, tmp_path, capsys, data):
    path = put(tmp_path, data)
    assert doctor.run(course, path, fix=True) == 1
    said = capsys.readouterr().out
    assert "error" in said
    assert "earlier version" in said
    assert path.read_bytes() == data


def test_jupyters_checkpoint_is_named(course, tmp_path, capsys):
    (tmp_path / ".ipynb_checkpoints").mkdir()
    saved = put(tmp_path / ".ipynb_checkpoints", b"{}", f"{CHAPTER}-checkpoint.ipynb")
    doctor.run(course, put(tmp_path, b""), fix=False)
    assert str(saved) in capsys.readouterr().out


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_other_encodings(course, paper, full, tmp_path, coding):
    cell(full, "PAIR")["source"] = RIGHT["PAIR"] + "  # für"
    data = json.dumps(full, ensure_ascii=False).encode(coding)
    path = put(tmp_path, data)
    assert any("saved in" in what for what in told(course, path))
    after = fixed(course, path)
    assert cell(after, "PAIR")["source"].endswith("für")
    assert rebuild(path.read_bytes(), paper).answers == rebuild(data, paper).answers
    assert told(course, path) == []


def test_a_conflict_of_git_costs_one_cell(course, full, tmp_path):
    text = json.dumps(full, indent=1)
    line = '   "id": "own-1",'
    assert line in text
    marks = text.replace(line, f'<<<<<<< HEAD\n{line}\n=======\n   "id": "x",\n>>>>>>> other')
    path = put(tmp_path, marks.encode())
    assert any("marks of a conflict" in what for what in told(course, path, "error"))
    after = fixed(course, path)
    assert Counter(sources(after)) == Counter(sources(full)) - Counter([OWN[0]])


def test_a_cell_of_which_only_the_end_is_lost(course, full, tmp_path):
    text = json.dumps(full, indent=1)
    cut = text[: text.rindex('"source"')] + '"source": "print(helper + 1)"\n'
    after = fixed(course, put(tmp_path, cut.encode()))
    assert sources(after)[-1] == "print(helper + 1)"


def test_format_3_is_brought_up_to_date(course, paper, full, tmp_path):
    for c in full["cells"]:
        c["source"] = "".join(c["source"])
    old = nbformat.convert(nbformat.from_dict(full), 3)
    data = nbformat.writes(old, 3).encode()
    path = put(tmp_path, data)
    assert any("the format 3.0" in what for what in told(course, path, "error"))
    after = fixed(course, path)
    nbformat.validate(after)
    assert Counter(sources(after)) == Counter(sources(full))
    assert rebuild(path.read_bytes(), paper).answers == RIGHT


# ---- any damage ----------------------------------------------------------------------------------

JUNK = st.sampled_from([None, 3, "x", [], {}, ["x", 3], {"tags": [1]}, {"nbgrader": "?"}, -1, True])
PARTS = ("metadata", "outputs", "execution_count", "id", "cell_type", "attachments", "colour")
NAMES = ("double", "PAIR", "test_double", "test_Tally", "opening-2", "unheard")


@st.composite
def blows(draw):
    """One thing that happens to a list of cells, as a function of it."""
    at, to = draw(st.integers(0, 60)), draw(st.integers(0, 60))
    kind = draw(
        st.sampled_from(["delete", "copy", "move", "retype", "name", "text", "part", "swap"])
    )
    junk, part = draw(JUNK), draw(st.sampled_from(PARTS))
    name, text = draw(st.sampled_from(NAMES)), draw(st.sampled_from(TEXTS))
    new_kind = draw(st.sampled_from(["code", "markdown", "raw"]))

    def strike(cells):
        if not cells:
            return
        one, two = cells[at % len(cells)], cells[to % len(cells)]
        if kind == "delete":
            cells.remove(one)
        elif kind == "copy":
            cells.insert(to % len(cells), copy.deepcopy(one))
        elif kind == "move":
            cells.insert(to % len(cells), cells.pop(at % len(cells)))
        elif kind == "retype":
            one["cell_type"] = new_kind
        elif kind == "name":
            one["metadata"] = {"nbgrader": {"grade_id": name}}
        elif kind == "text":
            one["source"] = text
        elif kind == "part":
            one[part] = junk
        else:
            one["metadata"], two["metadata"] = two.get("metadata"), one.get("metadata")

    return strike


TEXTS = (
    "",
    "x = 1",
    "def double(x, times=1):\n    return 0",
    "PAIR = {}\r\nTally = 3",
    RIGHT["PAIR"],
    "assert True  ",
    "def double(x:\n",
    "\ud800",
    ["PAIR = ", '{"a": 2}\n', "# ö"],
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(hits=st.lists(blows(), min_size=1, max_size=6), cut=st.none() | st.integers(0, 10_000))
def test_mending_touches_no_answer(course, paper, hits, cut):
    notebook = solved(paper)
    for strike in hits:
        strike(notebook["cells"])
    text = json.dumps(notebook, indent=1)
    data = text[: -cut or None].encode() if cut else text.encode()
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder), data)
        first = look(course, read_file(path))
        if first.case is None:
            assert rebuild(data, paper).status == "unreadable"
            return
        second = doctor.mend(course, first)
        after = path.read_bytes()
        assert not [f.what for f in second.findings if f.mended]
        doctor.mend(course, second)
        assert path.read_bytes() == after
    if after != data:
        nbformat.validate(json.loads(after))
    _same_work(rebuild(data, paper), rebuild(after, paper), paper)
    mine = [s for _, n in first.case.match.own() for s in [first.file.cells[n].raw["source"]]]
    left = [c["source"] for c in json.loads(after)["cells"]]
    assert all(source in left for source in mine if isinstance(source, str))


def _same_work(before, after, paper):
    """Grading takes the same answers, and the same code of the student's in the same order."""
    assert after.answers == before.answers
    assert after.status == "ok", after.notes
    added = [s.source for s in before.slots(paper) if s.role == "added"]
    kept = [s.source for s in after.slots(paper) if s.role == "added"]
    left = iter(kept)
    assert all(s in left for s in added if normal(s) not in paper.released), (added, kept)


@given(st.permutations(range(7)))
def test_as_few_cells_as_can_be_are_said_to_have_moved(order):
    best = max(
        len(c) for r in range(8) for c in itertools.combinations(order, r) if list(c) == sorted(c)
    )
    found = longest_rise(order)
    assert len(found) == best
    assert found == sorted(found)


# ---- running it ----------------------------------------------------------------------------------


def tried(course, path, limit=30.0):
    return [f.what for f in try_out(look(course, read_file(path)).case, limit)]


def test_limits_are_those_of_grading():
    assert (
        LIMITS["cell"],
        LIMITS["notebook"],
    ) == (doctor_trial.CELL_SECONDS, doctor_trial.NOTEBOOK_SECONDS)


def test_what_fails_is_told_with_its_cell(course, full, tmp_path):
    full["cells"][3]["source"] = OWN[0] + "\n1 / 0"
    full["cells"].insert(4, full["cells"][3] | {"id": "s", "source": "def x(:"})
    full["cells"].insert(5, full["cells"][3] | {"id": "i", "source": "input()"})
    full["cells"].insert(6, full["cells"][3] | {"id": "n", "source": "raise NotImplementedError"})
    cell(full, "double")["source"] = "def double(x, times=1):\n    return 3 * x"
    found = try_out(look(course, read_file(put(tmp_path, full))).case)
    assert [f.level for f in found] == ["warning"] * 3 + ["error"]
    text = "\n".join(f.what for f in found)
    for words in ("ZeroDivisionError", "cell 5 (`def x(:`) fails", "nobody when it is graded"):
        assert words in text
    assert found[-1].what.startswith("the tests of double fail (cell")


def test_names_that_are_not_there(course, full, tmp_path):
    full["cells"][3]["source"] = "def f():\n    return lost_too\nprint(later)"
    cell(full, "double")["source"] = "def double(x, times=1):\n    return x * gone**times"
    full["cells"][-1]["source"] = "later = 1"
    number = len(full["cells"])
    found = try_out(look(course, read_file(put(tmp_path, full))).case)
    told = {f.what: f.remedy for f in found}
    (later,) = [w for w in told if "uses later" in w]
    assert later.startswith("cell 4 (")
    assert f"cell {number} (`later = 1`) does, further down" in later
    (gone,) = [w for w in told if "uses gone" in w]
    assert "your answer to double" in gone
    assert "was deleted" in told[gone]
    assert any("uses lost_too, which no cell defines" in w for w in told)
    assert len(told) == 3


def test_a_partly_solved_exercise_is_no_fault(course, full, tmp_path):
    cell(full, "Tally")["source"] = (
        "class Tally:\n    def __init__(self, start):\n        self.start = start\n"
        "    def next(self):\n        raise NotImplementedError('later')"
    )
    found = try_out(look(course, read_file(put(tmp_path, full))).case)
    assert [(f.level, f.what.split(":")[0]) for f in found] == [
        ("warning", "Tally is solved in part")
    ]


def test_slow_and_deadly_cells(course, full, tmp_path):
    full["cells"][3]["source"] = "while True:\n    pass"
    full["cells"][-1]["source"] = "import os\nos._exit(0)"
    first, last = tried(course, put(tmp_path, full), limit=0.5)
    assert "takes longer than the 0.5 s" in first
    assert "ends Python" in last


def test_a_cell_that_cannot_be_stopped_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor_trial, "GRACE", 0.5)
    stubborn = "import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True: pass"
    trial = run_cells([(0, "x = 1"), (1, stubborn), (2, "y = 1")], tmp_path, 0.5)
    assert (trial.last, trial.late, list(trial.ends)) == (1, True, [0])


def test_cells_run_as_in_a_notebook(tmp_path):
    (tmp_path / "beside.py").write_text("x = 5")
    cells = [
        "from beside import x",
        "%time y = x",
        "print('out')\ny",
        "!echo $HOME",
        "raise SystemExit",
    ]
    trial = run_cells(list(enumerate(cells)), tmp_path)
    assert trial.last is None
    assert [bool(end["error"]) for end in trial.ends.values()] == [False] * 4 + [True]


def test_the_students_part_imports_nothing_of_the_course():
    code = (
        "import sys, descent.student.doctor\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('nbgrader', 'nbformat', 'torch')"
        " or m.startswith(('descent.course', 'descent.grading'))])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert said.stdout == "[]\n", said.stderr


def test_an_answer_that_is_no_code_is_told_once(course, full, tmp_path):
    retype(cell(full, "double"), "markdown")
    path = put(tmp_path, full)
    assert len(told(course, path, "error")) == 1
    assert tried(course, path) == []
