"""`nbgrader autograde` and the Formgrader's button grade as `descent grade` does."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.utils import determine_grade

from descent.grading import autograde, engine, provision, run, sandbox
from descent.grading.folder import open_course
from descent.grading.record import note
from tests.grading.graded_course import CHAPTER, address, cell_of, make_course, source_of

isolated = pytest.mark.skipif(bool(sandbox.probe()), reason=sandbox.probe() or "it works")
pytestmark = [
    isolated,
    # nbgrader's own sessions make SQLAlchemy say this whenever a submission is entered
    pytest.mark.filterwarnings("ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning"),
]

RIGHT = {
    "double": "def double(x, times=1):\n    return x * 2**times",
    "PAIR": 'PAIR = {"a": 1, "b": 2}',
    "Tally": "class Tally:\n    def __init__(self, start):\n        self.now = start - 1\n"
    "    def next(self):\n        self.now += 1\n        return self.now",
}
FULL = {"double": 2.0, "PAIR": 1.0, "Tally": 1.5}
NONE = dict.fromkeys(FULL, 0.0)


def answered(root: Path, **answers: str) -> NotebookNode:
    """The student's notebook with right answers but for those given."""
    release = nbformat.read(root / "release" / CHAPTER / f"{CHAPTER}.ipynb", 4)
    for name, answer in (RIGHT | answers).items():
        cell_of(release, name).source = answer
    return release


def doubled(root: Path) -> NotebookNode:
    notebook = answered(root)
    notebook.cells.append(nbformat.from_dict(cell_of(notebook, "test_PAIR")))
    return notebook


def too_new(root: Path) -> NotebookNode:
    notebook = answered(root)
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.schema_version = 99
    return notebook


def emptied_tests(root: Path) -> NotebookNode:
    """Tests that say nothing, which plain nbgrader takes for passed ones."""
    notebook = answered(root, double="def double(x, times=1):\n    return 7")
    for name in ("test_double", "test_PAIR", "test_Tally"):
        cell_of(notebook, name).source = "1.5"
        cell_of(notebook, name).metadata.tags = ["skip-execution"]
    return notebook


HAND_INS = {  # made of the course; marks; status
    "a_right": (answered, FULL, "graded"),
    "b_twice": (doubled, FULL, None),
    "c_new": (too_new, FULL, None),
    "d_binary": (lambda _: b"\x00\xff\x80" * 99, NONE, "unreadable"),
    "e_none": (lambda _: b"", NONE, "unreadable"),
    "f_no_tests": (emptied_tests, FULL | {"double": 0.0}, "repaired"),
    "g_ends": (
        lambda root: answered(root, PAIR="import os\nos._exit(1)"),
        FULL | {"PAIR": 0.0},
        "crashed",
    ),
    "h_stderr": (
        lambda root: answered(root, PAIR="import sys\nprint(1, file=sys.stderr)\n" + RIGHT["PAIR"]),
        FULL,
        "graded",
    ),
    "z_right": (answered, FULL, "graded"),
}


def hand_in(root: Path, student: str, made: NotebookNode | bytes) -> Path:
    folder = root / "submitted" / student / CHAPTER
    folder.mkdir(parents=True, exist_ok=True)
    data = made if isinstance(made, bytes) else json.dumps(made).encode()
    (folder / f"{CHAPTER}.ipynb").write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A course whose hand-ins nbgrader has graded."""
    course = make_course(tmp_path_factory.mktemp("autograde") / "course")
    for student, (make, *_) in HAND_INS.items():
        folder = hand_in(course, student, make(course))
        (folder / "data.csv").write_text("1")
        (folder / "evil.HTML").write_text("<script>alert(1)</script>")
        (folder / "evil.svg").write_text("<svg onload='alert(1)'/>")
    nbgrader(course)
    return course


def nbgrader(course: Path, student: str = "*", force: bool = False) -> None:
    """What `nbgrader autograde` does, in this process."""
    opened = open_course(course)
    opened.directory.assignment_id, opened.directory.student_id = CHAPTER, student
    Autograde(coursedir=opened.directory, parent=opened.app, force=force).start()


def marks(root: Path, student: str) -> dict[str, float]:
    with Gradebook(address(root)) as gradebook:
        found = gradebook.find_submission_notebook(CHAPTER, CHAPTER, student)
        return {grade.cell.name.removeprefix("test_"): grade.score for grade in found.grades}


def graded_notebook(root: Path, student: str) -> Path:
    return root / "autograded" / student / CHAPTER / f"{CHAPTER}.ipynb"


@pytest.mark.parametrize("student", HAND_INS)
def test_every_hand_in_gets_what_it_deserves(root, student):
    _, points, status = HAND_INS[student]
    assert marks(root, student) == points
    told = note(graded_notebook(root, student))
    assert told["student"] == student
    assert status is None or told["status"] == status


@pytest.mark.parametrize("student", HAND_INS)
def test_nbgrader_reads_the_same_marks_in_the_graded_notebook(root, student):
    notebook = nbformat.read(graded_notebook(root, student), 4)
    for name, points in HAND_INS[student][1].items():
        assert determine_grade(cell_of(notebook, f"test_{name}"))[0] == points


def test_descent_grade_gives_the_same(root, tmp_path):
    course = tmp_path / "course"
    shutil.copytree(root, course, ignore=shutil.ignore_patterns("autograded", ".descent"))
    _, results, complete = engine.grade(course, CHAPTER, say=lambda _: None)
    assert complete
    found = {r.student: {mark.name: mark.points for mark in r.tests} for r in results}
    assert found == {student: points for student, (_, points, _) in HAND_INS.items()}
    for student in HAND_INS:
        ours, theirs = (note(graded_notebook(c, student)) for c in (course, root))
        assert ours | {"seconds": 0} == theirs | {"seconds": 0}


def test_what_a_browser_would_run_is_not_copied(root):
    names = sorted(p.name for p in graded_notebook(root, "a_right").parent.iterdir())
    assert names == [f"{CHAPTER}.ipynb", "data.csv"]


def test_a_graded_notebook_is_kept_read_only(root):
    assert graded_notebook(root, "a_right").stat().st_mode & 0o777 == 0o444


def test_a_worse_hand_in_takes_the_old_marks_back(root):
    hand_in(root, "late", answered(root))
    nbgrader(root, "late")
    assert marks(root, "late") == FULL
    hand_in(root, "late", b"nothing of a notebook")
    nbgrader(root, "late", force=True)
    assert marks(root, "late") == NONE
    assert note(graded_notebook(root, "late"))["status"] == "unreadable"


def test_the_formgraders_button_grades_alike(root):
    hand_in(root, "button", answered(root, double="def double(x, times=1):\n    return x"))
    opened = open_course(root)
    api = NbGraderAPI(opened.directory, parent=opened.app)
    done = api.autograde(CHAPTER, "button")
    assert done["success"], done
    assert "button: graded, 2.5 of 4.5 points" in done["log"]
    assert marks(root, "button") == FULL | {"double": 0.0}


def test_the_command_grades_and_says_so(root):
    hand_in(root, "typed", answered(root))
    command = [sys.executable, "-m", "nbgrader", "autograde", CHAPTER, "--student", "typed"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "typed: graded, 4.5 of 4.5 points" in run.stderr
    assert marks(root, "typed") == FULL


@pytest.mark.browser
def test_the_button_in_a_browser(root, chromium, jupyter):
    hand_in(root, "clicked", answered(root))
    (root / "autograded" / "a_right" / CHAPTER / "left.html").write_text("<b>x</b>")
    with jupyter(root) as server:
        page = chromium.new_page()
        page.goto(f"{server}/lab?token=t")
        page.wait_for_selector("#jp-top-panel")
        page.goto(f"{server}/formgrader/manage_submissions/{CHAPTER}")
        page.click("tr:has(td:text-is('clicked')) .autograde a")
        page.wait_for_selector(".modal-body >> text=Successfully autograded")
        page.close()
    assert marks(root, "clicked") == FULL


# ---- where it must refuse ------------------------------------------------------------------------


def test_without_a_sandbox_nothing_is_run_and_nothing_is_lost(root, monkeypatch):
    before = graded_notebook(root, "a_right").read_bytes()
    monkeypatch.setattr(sandbox, "probe", lambda: "bwrap has gone")
    monkeypatch.delenv(provision.UNSAFE, raising=False)
    with pytest.raises(NbGraderException, match=r"bwrap has gone.*DESCENT_UNSAFE=1"):
        nbgrader(root, "a_right", force=True)
    assert graded_notebook(root, "a_right").read_bytes() == before
    assert marks(root, "a_right") == FULL


def test_unsafe_must_be_said(root, monkeypatch):
    monkeypatch.setattr(sandbox, "probe", lambda: "bwrap has gone")
    monkeypatch.setenv(provision.UNSAFE, "1")
    hand_in(root, "trusted", answered(root, PAIR=RIGHT["PAIR"] + "\nimport os\nprint(os.getpid())"))
    nbgrader(root, "trusted")
    autograde.WARM.close()
    assert marks(root, "trusted") == FULL


OWN = """{
 "cells": [{"cell_type": "code", "execution_count": null, "id": "a", "outputs": [],
  "metadata": {"nbgrader": {"grade": true, "solution": true, "locked": false, "task": false,
   "grade_id": "mine", "points": 1, "schema_version": 3}}, "source": "x = 1"},
  {"cell_type": "code", "execution_count": null, "id": "b", "outputs": [],
  "metadata": {"nbgrader": {"grade": true, "solution": false, "locked": true, "task": false,
   "grade_id": "asked", "points": 2, "schema_version": 3}},
   "source": "import os\\nassert os.getpid() == 1\\nassert not os.path.exists('/etc/passwd')"}],
 "metadata": {"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}},
 "nbformat": 4, "nbformat_minor": 5}"""


def test_assignments_of_other_make_are_run_by_nbgrader_in_the_sandbox(root):
    for folder in ("source", "submitted/ann"):
        (root / folder / "own").mkdir(parents=True)
        (root / folder / "own" / "own.ipynb").write_text(OWN)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    }
    for words in (["generate_assignment", "own"], ["autograde", "own"]):
        command = [sys.executable, "-m", "nbgrader", *words]
        run = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
    with Gradebook(address(root)) as gradebook:
        found = gradebook.find_submission_notebook("own", "own", "ann")
        assert {g.cell.name: g.auto_score for g in found.grades}["asked"] == 2
    assert json.loads((root / "autograded/ann/own/own.ipynb").read_text())["nbformat"] == 4


# ---- the warm process ----------------------------------------------------------------------------


def test_the_warm_process_stays_for_the_next_and_ends_when_none_comes(monkeypatch):
    started, ended = [], []

    class Runner:
        def close(self):
            ended.append(1)

    class Context:
        def __enter__(self):
            started.append(1)
            return Runner()

        def __exit__(self, *_):
            ended.append(1)

    monkeypatch.setattr(autograde, "runner", lambda **_: Context())
    monkeypatch.setattr(autograde, "IDLE", 0.3)
    shared = autograde.Shared()
    for _ in range(3):
        with shared.use():
            time.sleep(0.1)
    assert (len(started), len(ended)) == (1, 0)
    time.sleep(1)
    assert len(ended) == 1
    with shared.use():
        pass
    assert len(started) == 2
    shared.close()
    assert len(ended) == 2


def test_safe_and_unsafe_are_never_mixed(monkeypatch):
    asked = []

    class Context:
        def __enter__(self):
            return object()

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(autograde, "runner", lambda unsafe: (asked.append(unsafe), Context())[1])
    shared = autograde.Shared()
    for value in ("1", "0", "1"):
        monkeypatch.setenv(provision.UNSAFE, value)
        with shared.use():
            pass
    shared.close()
    assert asked == [True, False, True]


def test_containers_grade_alike(root, tmp_path, monkeypatch, fake_engine):
    course = tmp_path / "course"
    shutil.copytree(root, course, ignore=shutil.ignore_patterns("autograded", ".descent"))
    monkeypatch.setenv(provision.CONTAINER, "1")
    for student in ("a_right", "f_no_tests", "g_ends"):
        nbgrader(course, student)
        assert marks(course, student) == HAND_INS[student][1]
        assert note(graded_notebook(course, student))["status"] == HAND_INS[student][2]
    autograde.WARM.close()
    assert "descent.grading.contained" in (fake_engine / "arguments").read_text()


def test_descent_grade_takes_containers_too(root, tmp_path, monkeypatch, fake_engine):
    course = tmp_path / "course"
    shutil.copytree(root, course, ignore=shutil.ignore_patterns("autograded", ".descent"))
    monkeypatch.setenv(sandbox.CONTAINER, "1")
    options = engine.Options(students=["a_right"])
    _, results, _ = engine.grade(course, CHAPTER, options)
    assert {mark.name: mark.points for mark in results[0].tests} == HAND_INS["a_right"][1]
    assert "descent.grading.contained" in (fake_engine / "arguments").read_text()


def test_without_an_engine_containers_are_refused(root, monkeypatch):
    monkeypatch.setenv(sandbox.CONTAINER, "1")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(run.NoSandbox, match=r"docker|podman"), run.runner():
        pass


def test_the_source_is_never_changed(root):
    assert cell_of(source_of(root), "double").source.count("### BEGIN SOLUTION") == 1
