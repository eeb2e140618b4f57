"""What is recorded is what nbgrader would have recorded, and nothing that is settled is lost."""

import json
import shutil
import sqlite3
import stat
import threading
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from descent.course.faults import CourseError
from descent.grading import judge
from descent.grading.folder import open_course
from descent.grading.judge import fresh_keys, seal
from descent.grading.paper import paper_of
from descent.grading.rebuild import Rebuilt, nothing
from descent.grading.record import Recorder, note, timestamp
from tests.grading.batches import (
    POINTS,
    RIGHT,
    answered,
    gradebook,
    hand_in,
    nbgrader,
    plain,
    tiny_course,
)

CHAPTER = "01_tiny"


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """A course whose gradebook has the chapter; to make one takes seconds."""
    root = tiny_course(tmp_path_factory.mktemp("template") / "course")
    course = open_course(root)
    with Recorder(course, paper_of(course, CHAPTER)) as recorder:
        assert recorder.said == [f"{CHAPTER} was not in the gradebook: entered it"]
    return root


@pytest.fixture
def root(template, tmp_path) -> Path:
    return shutil.copytree(template, tmp_path / "course")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A hand-in without other files."""
    path = tmp_path / "hand-in"
    path.mkdir()
    return path


@pytest.fixture
def course(root):
    return open_course(root)


@pytest.fixture
def paper(course):
    return paper_of(course, CHAPTER)


@pytest.fixture
def recorder(course, paper):
    with Recorder(course, paper) as found:
        yield found


def graded(paper, student="ada", passing=tuple(POINTS), key="k1", **changes):
    """The result of a hand-in whose exercises of these names pass."""
    keys = fresh_keys(paper)
    tests = {name: {"passed": True, "seal": seal(keys[name], name)} for name in passing}
    outcome = {"tests": tests} | changes
    result = judge.judge(paper, Rebuilt("ok", answers=RIGHT), outcome, keys)
    return replace(result, student=student, key=key)


def notebook_of(root, student="ada") -> Path:
    return root / "autograded" / student / CHAPTER / f"{CHAPTER}.ipynb"


def book(root) -> Gradebook:
    return Gradebook(f"sqlite:///{root / 'gradebook.db'}")


def scores(root, student="ada"):
    return gradebook(root)[student]


def waits(root, student="ada"):
    return set(gradebook(root, ["needs_manual_grade"])[student].values())


def test_the_chapter_is_entered_once(root, recorder):
    assert recorder.said == []
    with book(root) as found:
        names = {c.name for c in found.find_notebook(CHAPTER, CHAPTER).grade_cells}
    assert names == {f"test_{name}" for name in POINTS}


def test_marks_and_notebook_are_recorded(root, recorder, paper, folder):
    recorder.record(graded(paper, passing=("double", "Tally")), folder)
    assert scores(root) == {"double": 2.0, "PAIR": 0.0, "Tally": 1.5}
    assert waits(root) == {0}
    written = nbformat.read(notebook_of(root), 4)
    nbformat.validate(written)
    assert note(notebook_of(root))["key"] == "k1"
    assert [row["name"] for row in note(notebook_of(root))["tests"]] == list(POINTS)
    assert stat.S_IMODE(notebook_of(root).stat().st_mode) == 0o444


def test_recording_again_changes_nothing(root, recorder, paper, folder):
    recorder.record(graded(paper), folder)
    before = notebook_of(root).stat(), (root / "gradebook.db").read_bytes()
    recorder.record(graded(paper), folder)
    after = notebook_of(root).stat(), (root / "gradebook.db").read_bytes()
    assert (before[0].st_ino, before[0].st_mtime_ns) == (after[0].st_ino, after[0].st_mtime_ns)
    assert before[1] == after[1]


def test_what_an_instructor_entered_survives(root, recorder, paper, folder):
    recorder.record(graded(paper), folder)
    with book(root) as found:
        grade = found.find_grade("test_double", CHAPTER, CHAPTER, "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 0.5, 3.0, False
        found.find_comment("double", CHAPTER, CHAPTER, "ada").manual_comment = "well …"
        found.db.commit()
    recorder.record(graded(paper), folder)  # the same again: nothing to look at
    assert waits(root) == {0}
    recorder.record(graded(paper, passing=(), key="k2"), folder)  # another hand-in
    with book(root) as found:
        grade = found.find_grade("test_double", CHAPTER, CHAPTER, "ada")
        assert (grade.auto_score, grade.manual_score, grade.extra_credit) == (0.0, 0.5, 3.0)
        assert (grade.score, grade.needs_manual_grade) == (3.5, True)
        assert found.find_comment("double", CHAPTER, CHAPTER, "ada").comment == "well …"


def test_withheld_marks_do_not_look_valid(root, recorder, paper, folder):
    recorder.record(graded(paper), folder)
    recorder.record(graded(paper, key="k2", flags=["torch.equal was replaced"]), folder)
    assert set(scores(root).values()) == {0.0}
    assert waits(root) == {1}
    with book(root) as found:
        assert found.find_submission_notebook(CHAPTER, CHAPTER, "ada").flagged
        comment = found.find_comment("double", CHAPTER, CHAPTER, "ada").comment
    assert comment == "Marks withheld: torch.equal was replaced"
    recorder.record(graded(paper, key="k3"), folder)
    with book(root) as found:
        assert not found.find_submission_notebook(CHAPTER, CHAPTER, "ada").flagged
        assert found.find_comment("double", CHAPTER, CHAPTER, "ada").comment is None
    assert waits(root) == {0}


def test_a_flag_of_the_instructors_stays(root, recorder, paper, folder):
    recorder.record(graded(paper), folder)
    with book(root) as found:
        found.find_submission_notebook(CHAPTER, CHAPTER, "ada").flagged = True
        found.db.commit()
    recorder.record(graded(paper, key="k2"), folder)
    with book(root) as found:
        assert found.find_submission_notebook(CHAPTER, CHAPTER, "ada").flagged


def test_an_unreadable_hand_in_waits_for_a_look(root, recorder, paper, folder):
    result = judge.unread(paper, nothing(paper, "empty"))
    recorder.record(replace(result, student="ada", key="k"), folder)
    assert set(scores(root).values()) == {0.0}
    assert waits(root) == {1}
    assert len(nbformat.read(notebook_of(root), 4).cells) == len(paper.notebook.cells)


def test_marks_of_another_hand_in_are_taken_back(root, recorder, paper, folder):
    recorder.record(graded(paper), folder)
    recorder.record(graded(paper, "bob"), folder)
    assert recorder.forget_stale({"ada": "k1", "bob": "k2", "carl": "k3"}) == ["bob"]
    assert set(scores(root, "bob").values()) == {None}
    assert waits(root, "bob") == {1}
    assert not notebook_of(root, "bob").exists()
    assert scores(root) == POINTS
    assert notebook_of(root).exists()


def test_marks_of_a_hand_in_that_is_gone_are_taken_back(root, recorder, paper, folder):
    recorder.record(graded(paper), folder)
    recorder.record(replace(judge.failed(paper, "gone", "missing"), student="ada"), None)
    recorder.record(replace(judge.failed(paper, "none", "missing"), student="zoe"), None)
    assert set(scores(root).values()) == {0.0}
    assert not notebook_of(root).exists()
    assert "zoe" not in gradebook(root)


def test_a_crash_between_gradebook_and_file_is_mended(root, recorder, paper, folder, monkeypatch):
    recorder.record(graded(paper, passing=("PAIR",)), folder)
    recorder.forget_stale({"ada": "k2"})
    monkeypatch.setattr(
        recorder, "_write_files", lambda *_: (_ for _ in ()).throw(OSError("crash"))
    )
    with pytest.raises(OSError, match="crash"):
        recorder.record(graded(paper, key="k2"), folder)
    monkeypatch.undo()
    assert recorder.recorded("ada") == {}
    assert recorder.forget_stale({"ada": "k2"}) == ["ada"]
    recorder.record(graded(paper, key="k2"), folder)
    assert scores(root) == POINTS
    assert recorder.recorded("ada")["key"] == "k2"


def test_a_transaction_is_whole_or_nothing(root, recorder, paper, folder, monkeypatch):
    recorder.record(graded(paper, passing=("PAIR",)), folder)
    monkeypatch.setattr(recorder, "_set_penalty", lambda _: (_ for _ in ()).throw(OSError("x")))
    with pytest.raises(OSError, match="x"):
        recorder.record(graded(paper, key="k2"), folder)
    assert scores(root) == {"double": 0.0, "PAIR": 1.0, "Tally": 0.0}
    monkeypatch.undo()
    recorder.record(graded(paper, key="k2"), folder)
    assert scores(root) == POINTS


def test_a_gradebook_that_another_program_writes_to_is_waited_for(root, recorder, paper, folder):
    recorder.record(graded(paper), folder)
    other = sqlite3.connect(root / "gradebook.db", check_same_thread=False)
    other.execute("begin immediate")
    threading.Timer(0.7, other.rollback).start()
    recorder.record(graded(paper, passing=(), key="k2"), folder)
    assert set(scores(root).values()) == {0.0}


# ---- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-20 10:00:00 UTC", "2026-11-20 10:00:00"),
        ("2026-11-20 10:00:00.5+02:00", "2026-11-20 08:00:00.500000"),
        ("", "None"),
        ("yesterday", "None"),
        ("99999999999999999999999999", "None"),
        ("x" * 5000, "None"),
    ],
)
def test_time_of_handing_in(tmp_path, text, said):
    (tmp_path / "timestamp.txt").write_text(text)
    assert str(timestamp(tmp_path)) == said


def test_time_is_not_read_through_links(tmp_path):
    (tmp_path / "real").write_text("2026-11-20 10:00:00 UTC")
    (tmp_path / "timestamp.txt").symlink_to(tmp_path / "real")
    assert timestamp(tmp_path) is None


@pytest.mark.parametrize(("method", "penalty"), [("none", None), ("zero", 4.5)])
def test_lateness_costs_what_the_configuration_says(root, folder, method, penalty):
    config = root / "nbgrader_config.py"
    config.write_text(
        config.read_text() + f"\nc.LateSubmissionPlugin.penalty_method = {method!r}\n"
    )
    course = open_course(root)
    paper = paper_of(course, CHAPTER)
    (folder / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    with Recorder(course, paper) as recorder:
        recorder.gradebook.update_or_create_assignment(
            CHAPTER, course_id="graded-descent", duedate="2026-11-19 10:00:00"
        )
        recorder.record(graded(paper), folder)
    with book(root) as found:
        notebook = found.find_submission_notebook(CHAPTER, CHAPTER, "ada")
        assert notebook.late_submission_penalty == penalty
        assert notebook.assignment.total_seconds_late == 86400
        assert notebook.score == 4.5


# ---- files ---------------------------------------------------------------------------------------


def test_files_of_student_and_course_are_copied_and_links_are_not(root, recorder, paper, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("key")
    folder = root / "submitted" / "ada" / CHAPTER
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "mine.csv").write_text("1")
    (folder / "course.csv").write_text("forged")
    (folder / "link").symlink_to(secret)
    (folder / "copy.ipynb").write_text("{}")
    (root / "source" / CHAPTER / "course.csv").write_text("true")
    recorder.record(graded(paper), folder)
    to = notebook_of(root).parent
    found = {p.relative_to(to).as_posix(): p.read_text() for p in to.rglob("*") if p.is_file()}
    assert found.pop(f"{CHAPTER}.ipynb")
    assert found == {"sub/mine.csv": "1", "course.csv": "true"}


NAMES = ["Zoë", "a b", "a..b", "o'hara", "名前", "x" * 100, "[red]", "-rf", "%s{}", "a\nb"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_recorded(root, recorder, paper, folder, name):
    recorder.record(graded(paper, name), folder)
    assert scores(root, name) == POINTS
    assert recorder.recorded(name)["student"] == name


# ---- the chapter changes -------------------------------------------------------------------------


def change_source(root, old, new):
    path = root / "source" / CHAPTER / f"{CHAPTER}.ipynb"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_chapter_that_was_mended_is_entered_anew(root, course, paper, folder):
    with Recorder(course, paper) as recorder:
        recorder.record(graded(paper), folder)
    change_source(root, "Twice three is six.", "Twice three is six!")
    with Recorder(course, paper_of(course, CHAPTER)) as recorder:
        assert "newer than in the gradebook" in recorder.said[0]
    with book(root) as found:
        source = found.find_source_cell("test_double", CHAPTER, CHAPTER).source
    assert "six!" in source
    assert scores(root) == POINTS


def test_a_chapter_with_other_cells_is_refused(root, course, paper, folder):
    with Recorder(course, paper) as recorder:
        recorder.record(graded(paper), folder)
    change_source(root, '"grade_id": "opening-2"', '"grade_id": "opening-3"')
    other = paper_of(course, CHAPTER)
    with pytest.raises(CourseError, match="other cells"), Recorder(course, other):
        pass


def test_a_gradebook_that_cannot_be_opened_is_told(root):
    config = root / "nbgrader_config.py"
    config.write_text(
        config.read_text() + '\nc.CourseDirectory.db_url = "sqlite:////nowhere/at/all.db"\n'
    )
    course = open_course(root)
    with pytest.raises(CourseError, match="db_url"), Recorder(course, paper_of(course, CHAPTER)):
        pass


# ---- beside nbgrader -----------------------------------------------------------------------------


def everything(root):
    """All that a gradebook says of submissions, without ids that differ from run to run."""
    columns = ["auto_score", "manual_score", "extra_credit", "needs_manual_grade"]
    query = (
        "select s.student_id, s.timestamp, s.extension, n.flagged, n.late_submission_penalty, "
        "c.name, c.type, k.auto_comment, k.manual_comment from submitted_notebook n "
        "join submitted_assignment s on s.id = n.assignment_id "
        "join comment k on k.notebook_id = n.id join base_cell c on c.id = k.cell_id"
    )
    with sqlite3.connect(root / "gradebook.db") as database:
        rows = sorted(database.execute(query).fetchall(), key=str)
        cells = database.execute("select * from source_cell").fetchall()
        cells = sorted(row[1:-1] for row in cells)
    return gradebook(root, columns), rows, cells


def test_the_gradebook_is_as_nbgrader_leaves_it(root, tmp_path):
    theirs = plain(tiny_course(tmp_path / "theirs"))
    course = open_course(root)
    paper = paper_of(course, CHAPTER)
    hand_ins = {"ada": RIGHT, "bob": {"PAIR": RIGHT["PAIR"]}}
    for student, answers in hand_ins.items():
        path = hand_in(theirs, student, answered(paper, answers), CHAPTER)
        (path.parent / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    nbgrader(theirs, "generate_assignment", CHAPTER)
    nbgrader(theirs, "autograde", CHAPTER)
    with Recorder(course, paper) as recorder:
        for student, answers in hand_ins.items():
            result = graded(paper, student, tuple(answers))
            missing = tuple(name for name in RIGHT if name not in answers)
            folder = theirs / "submitted" / student / CHAPTER
            recorder.record(replace(result, unanswered=missing), folder)
    assert everything(root) == everything(theirs)
    for student in hand_ins:
        compare_notebooks(notebook_of(theirs, student), notebook_of(root, student))


def compare_notebooks(theirs: Path, ours: Path) -> None:
    assert {p.name for p in theirs.parent.iterdir()} == {p.name for p in ours.parent.iterdir()}
    assert theirs.stat().st_mode == ours.stat().st_mode
    one, two = (nbformat.read(path, 4) for path in (theirs, ours))
    for mine, own in zip(one.cells, two.cells, strict=True):
        mine.metadata.pop("execution", None)
        assert mine.metadata == own.metadata
        assert mine.id == own.id
        assert mine.get("execution_count") == own.get("execution_count")


def test_notes_of_strange_files_are_empty(tmp_path):
    path = tmp_path / "x.ipynb"
    for text in ("", "[]", "{}", '{"metadata": {"descent": {"grading": 3}}}', "[" * 100_000):
        path.write_text(text)
        assert note(path) == {}
    assert note(tmp_path / "none") == {}
    path.write_text(json.dumps({"metadata": {"descent": {"grading": {"key": "k"}}}}))
    assert note(path) == {"key": "k"}
