"""The whole way from submitted/ to the gradebook: every student has a row, whatever happens."""

import csv
import json
import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
import pytest

from descent.course.faults import CourseError
from descent.grading import engine, sandbox
from descent.grading.cache import Cache
from descent.grading.early import hurry, new_hand_ins
from descent.grading.engine import Options
from descent.grading.judge import seal
from descent.grading.paper import Paper, name_of
from descent.grading.record import note
from tests.grading import batches
from tests.grading.batches import (
    POINTS,
    RIGHT,
    SCORES,
    WRONG,
    answered,
    fill,
    gradebook,
    hand_in,
    marks,
    statuses,
)

CHAPTER = "01_tiny"
needs_sandbox = pytest.mark.skipif(
    bool(sandbox.probe()), reason=f"hand-ins cannot be isolated here: {sandbox.probe()}"
)


class Oracle:
    """Stands for the sandbox: an answer passes if it is the right one, letter by letter."""

    def __init__(self, delay: float = 0.0) -> None:
        self.jobs: list[dict] = []
        self.delay = delay
        self.breaks = ""
        self.answers = [RIGHT]

    def run(self, job):
        self.jobs.append(job)
        time.sleep(self.delay)
        if self.breaks and self.breaks in json.dumps(job):
            return {"error": "out of order"}
        sources = {c["name"]: c["source"] for c in job["cells"] if c["role"] == "solution"}
        right = {n for n in sources for known in self.answers if sources[n] == known[n]}
        tests = {
            name: {"passed": True, "seal": seal(job["keys"][name], name)}
            if name in right
            else {"passed": False, "kind": "CheckFailed", "message": "✗ wrong"}
            for name in sources
        }
        return {"cells": {}, "tests": tests, "flags": [], "deaths": {}, "error": ""}

    def close(self):
        """Nothing to close."""


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """A course whose gradebook has the chapter; to make one takes seconds."""
    root = batches.tiny_course(tmp_path_factory.mktemp("engine") / "course")
    course = engine.open_course(root)
    with engine.Recorder(course, engine.paper_of(course, CHAPTER)):
        return root


@pytest.fixture(scope="module")
def paper(template) -> Paper:
    return batches.tiny_paper(template)


@pytest.fixture
def root(template, tmp_path) -> Path:
    return shutil.copytree(template, tmp_path / "course")


@pytest.fixture
def oracle(monkeypatch, paper):
    """The engine with an oracle in place of the sandbox."""
    found = Oracle()
    found.answers.append(paper.solutions)

    @contextmanager
    def start(kernels, unsafe):
        yield found

    monkeypatch.setattr(engine, "runner", start)
    return found


def run(root, **options):
    """Grade; student -> result, and whether all could be recorded."""
    said = []
    _, results, complete = engine.grade(root, CHAPTER, Options(jobs=2, **options), said.append)
    return {result.student: result for result in results}, complete, said


# ---- by itself -----------------------------------------------------------------------------------


def test_every_student_has_a_row_and_marks(root, paper, oracle):
    fill(root, paper)
    results, complete, _ = run(root)
    assert {s: r.score for s, r in results.items()} == SCORES
    assert complete
    assert {s: sum(m.values()) for s, m in gradebook(root).items()} == SCORES


def test_a_second_run_takes_no_sandbox(root, paper, oracle):
    fill(root, paper)
    first, _, _ = run(root)
    count = len(oracle.jobs)
    second, _, _ = run(root)
    assert len(oracle.jobs) == count == 4  # the reference solution, and three hand-ins
    assert {s: r.row() | {"seconds": 0} for s, r in first.items()} == {
        s: r.row() | {"seconds": 0} for s, r in second.items()
    }
    run(root, force=True)
    assert len(oracle.jobs) == count + 3


def test_only_what_changed_is_run_again(root, paper, oracle):
    fill(root, paper)
    run(root)
    count = len(oracle.jobs)
    hand_in(root, "bob", answered(paper, RIGHT), CHAPTER)
    results, _, _ = run(root)
    assert len(oracle.jobs) == count  # the same answers were graded before
    assert results["bob"].score == 4.5
    hand_in(root, "bob", answered(paper, RIGHT | {"PAIR": "PAIR = None"}), CHAPTER)
    assert run(root)[0]["bob"].score == 3.5
    assert len(oracle.jobs) == count + 1
    assert sum(gradebook(root)["bob"].values()) == 3.5


def test_damaged_results_are_made_again(root, paper, oracle):
    fill(root, paper)
    run(root)
    count = len(oracle.jobs)
    kept = [p for p in (root / ".descent/grading/results").rglob("*") if p.is_file()]
    assert len(kept) == 3
    kept[0].write_bytes(kept[0].read_bytes()[:-10])
    kept[1].write_bytes(b"")
    run(root)
    assert len(oracle.jobs) == count + 2


def test_data_files_count_as_part_of_the_hand_in(root, paper, oracle):
    path = hand_in(root, "ada", answered(paper, RIGHT), CHAPTER)
    run(root)
    (path.parent / "mine.csv").write_text("1,2")
    (path.parent / "torch.py").write_text("raise SystemExit")
    (path.parent / "link.csv").symlink_to("/etc/passwd")
    (root / "source" / CHAPTER / "course.csv").write_text("3")
    run(root)
    assert set(oracle.jobs[-1]["data"]) == {"mine.csv", "course.csv"}


def test_one_student_of_many(root, paper, oracle):
    fill(root, paper)
    results, _, _ = run(root, students=["bob"])
    assert list(results) == ["bob"]
    assert set(gradebook(root)) == {"bob"}
    with pytest.raises(CourseError, match="no student 'eve'"):
        run(root, students=["eve"])


def test_students_without_hand_in_are_missing(root, paper, oracle):
    fill(root, paper)
    (root / "submitted/dora").mkdir()
    (root / "submitted/emil" / CHAPTER).mkdir(parents=True)
    (root / "submitted/.ipynb_checkpoints").mkdir()
    (root / "submitted/notes.txt").write_text("")
    with engine.Recorder(engine.open_course(root), paper) as recorder:
        recorder.gradebook.update_or_create_student("felix")
        recorder.gradebook.update_or_create_student("../../felix")
    results, complete, _ = run(root)
    assert complete
    assert {s for s, r in results.items() if r.status == "missing"} == {
        "dora", "emil", "felix", "../../felix",
    }  # fmt: skip
    assert [m.name for m in results["dora"].tests] == list(POINTS)
    assert set(gradebook(root)) == {"ada", "bob", "carl", "emil"}


def test_a_notebook_under_another_name_is_found(root, paper, oracle):
    path = hand_in(root, "ada", answered(paper, RIGHT), CHAPTER)
    path.rename(path.with_name("01_tiny (1).ipynb"))
    result = run(root)[0]["ada"]
    assert (result.status, result.score) == ("repaired", 4.5)
    assert "01_tiny (1).ipynb" in result.reason


STRANGE = {
    "a link": lambda path: path.symlink_to("/etc/passwd"),
    "a folder": lambda path: path.mkdir(),
    "a pipe": lambda path: os.mkfifo(path),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "nothing in it": lambda path: path.write_bytes(b""),
    "no notebook": lambda path: path.write_bytes(b"\x89PNG" * 99),
}


@pytest.mark.parametrize("what", STRANGE)
def test_what_cannot_be_read_stops_nobody(root, paper, oracle, what):
    fill(root, paper)
    path = root / "submitted" / "ada" / CHAPTER / f"{CHAPTER}.ipynb"
    path.unlink()
    STRANGE[what](path)
    results, complete, _ = run(root)
    assert (results["ada"].status, results["ada"].score) == ("unreadable", 0)
    assert results["ada"].reason
    assert results["bob"].score == 2.5
    assert complete


@pytest.mark.parametrize("kind", ["student", "chapter"])
def test_links_to_other_hand_ins_are_not_followed(root, paper, oracle, kind):
    fill(root, paper)
    eve = root / "submitted" / "eve"
    if kind == "student":
        eve.symlink_to(root / "submitted" / "ada")
    else:
        eve.mkdir()
        (eve / CHAPTER).symlink_to(root / "submitted" / "ada" / CHAPTER)
    result = run(root)[0]["eve"]
    assert (result.status, result.score) == ("unreadable", 0)
    assert "link" in result.reason


def test_hand_ins_on_another_disk_are_read(root, paper, oracle, tmp_path):
    fill(root, paper)
    shutil.move(root / "submitted", tmp_path / "elsewhere")
    (root / "submitted").symlink_to(tmp_path / "elsewhere")
    assert {s: r.score for s, r in run(root)[0].items()} == SCORES


NAMES = [
    "Zoë Ångström",
    "a b",
    "a..b",
    "...",
    "o'hara",
    "名前",
    "[red]",
    "-rf",
    "*",
    "%s{}",
    "a\nb",
]


def test_any_name_has_its_own_marks(root, paper, oracle):
    for number, name in enumerate(NAMES):
        hand_in(root, name, answered(paper, RIGHT | (WRONG if number % 2 else {})), CHAPTER)
    results, complete, _ = run(root)
    assert complete
    assert {s: r.score for s, r in results.items()} == {
        name: 2.5 if number % 2 else 4.5 for number, name in enumerate(NAMES)
    }
    written = {p.parent.parent.name for p in (root / "autograded").rglob("*.ipynb")}
    assert written == set(NAMES)
    assert not (root / "autograded.ipynb").exists()


def test_a_name_that_is_no_text_has_a_row(root, paper, oracle):
    nameless = os.fsdecode(b"bad\xff")
    hand_in(root, nameless, answered(paper, RIGHT), CHAPTER)
    hand_in(root, "ada", answered(paper, RIGHT), CHAPTER)
    results, complete, _ = run(root)
    assert complete
    assert results["ada"].score == 4.5
    assert results[nameless].status == "unreadable"
    assert "rename it" in results[nameless].reason
    assert set(gradebook(root)) == {"ada"}


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", 'ada" onclick="x'])
def test_a_name_that_is_html_has_a_row_and_enters_no_page(root, paper, oracle, name):
    hand_in(root, name, answered(paper, RIGHT), CHAPTER)
    hand_in(root, "ada", answered(paper, RIGHT), CHAPTER)
    results, _, _ = run(root)
    assert results[name].status == "unreadable"
    assert "rename it" in results[name].reason
    assert set(gradebook(root)) == {"ada"}


def test_the_sandbox_breaking_down_is_nobodys_zero(root, paper, oracle):
    fill(root, paper)
    run(root)
    hand_in(root, "ada", answered(paper, RIGHT | {"PAIR": "PAIR = 'boom'"}), CHAPTER)
    oracle.breaks = "boom"
    results, complete, _ = run(root)
    assert complete
    assert results["ada"].status == "crashed"
    assert "out of order" in results["ada"].reason
    assert set(gradebook(root, ["needs_manual_grade"])["ada"].values()) == {1}
    assert results["bob"].score == 2.5
    oracle.breaks = ""
    assert run(root)[0]["ada"].score == 3.5  # it was not kept as a result


def test_an_error_of_ours_is_a_row_and_in_the_log(root, paper, oracle, monkeypatch):
    fill(root, paper)

    def break_down(self, run_, ready):
        if ready.hand_in.student == "bob":
            raise ZeroDivisionError("ours")
        return real(self, run_, ready)

    real = engine.Batch._run
    monkeypatch.setattr(engine.Batch, "_run", break_down)
    results, complete, _ = run(root)
    assert complete
    assert "ZeroDivisionError" in results["bob"].reason
    assert results["ada"].score == 4.5
    assert "break_down" in (root / ".descent/grading/log.txt").read_text()


def test_a_reference_that_fails_grades_nobody(root, paper, oracle):
    fill(root, paper)
    oracle.answers = []
    with pytest.raises(CourseError, match="reference solution"):
        run(root)
    assert gradebook(root) == {}


def test_unknown_chapters_are_told(root, oracle):
    with pytest.raises(CourseError, match="Chapters here: 01_tiny"):
        engine.grade(root, "99_nothing")


def test_no_result_is_kept_before_the_reference_has_passed(root, paper, oracle):
    fill(root, paper)
    oracle.answers = [RIGHT]  # the reference solution is none of these
    with pytest.raises(CourseError, match="reference solution"):
        run(root)
    assert not (root / ".descent/grading/results").exists()
    oracle.answers.append(paper.solutions)
    assert {s: r.score for s, r in run(root)[0].items()} == SCORES


def test_the_sandbox_starts_early_only_for_new_hand_ins(root, paper, oracle):
    assert not new_hand_ins(root, CHAPTER)
    fill(root, paper)
    assert new_hand_ins(root, CHAPTER)
    run(root)
    assert not new_hand_ins(root, CHAPTER)
    (root / "submitted" / "ada" / CHAPTER / f"{CHAPTER}.ipynb").touch()
    assert new_hand_ins(root, CHAPTER)
    with hurry(root, "99_nothing", "warm", False) as none:
        assert none is None


# ---- what is stale -------------------------------------------------------------------------------


def test_a_score_is_taken_back_before_the_new_hand_in_runs(root, paper, oracle):
    fill(root, paper)
    run(root)
    seen = []
    hand_in(root, "ada", answered(paper, RIGHT | {"PAIR": "PAIR = 0"}), CHAPTER)
    real = oracle.run
    oracle.run = lambda job: seen.append(gradebook(root)) or real(job)
    run(root)
    assert set(seen[0]["ada"].values()) == {None}
    assert sum(seen[0]["bob"].values()) == 2.5


def test_a_regrade_that_fails_leaves_no_valid_score(root, paper, oracle, monkeypatch):
    fill(root, paper)
    run(root)
    hand_in(root, "ada", answered(paper, RIGHT | {"PAIR": "PAIR = 0"}), CHAPTER)
    monkeypatch.setattr(engine.Batch, "_run", lambda *_: 1 / 0)
    run(root)
    assert set(gradebook(root, ["auto_score", "needs_manual_grade"])["ada"].values()) == {(0.0, 1)}


def test_a_hand_in_that_was_withdrawn_has_no_score(root, paper, oracle):
    fill(root, paper)
    run(root)
    shutil.rmtree(root / "submitted" / "ada")
    assert run(root)[0]["ada"].status == "missing"
    assert set(gradebook(root)["ada"].values()) == {0.0}
    assert not list((root / "autograded" / "ada").rglob("*.ipynb"))


def test_a_lost_gradebook_is_filled_again_without_a_run(root, paper, oracle, template):
    fill(root, paper)
    run(root)
    count = len(oracle.jobs)
    shutil.copy(template / "gradebook.db", root)
    run(root)
    assert len(oracle.jobs) == count
    assert {s: sum(m.values()) for s, m in gradebook(root).items()} == SCORES


# ---- no room on the disk -------------------------------------------------------------------------


def full(*_args, **_options):
    raise OSError(28, "No space left on device")


def test_results_that_cannot_be_kept_are_recorded_all_the_same(root, paper, oracle, monkeypatch):
    fill(root, paper)
    monkeypatch.setattr(engine, "write_atomically", full)
    monkeypatch.setattr(Cache, "put", lambda *_: False)
    results, complete, _ = run(root)
    assert complete
    assert {s: r.score for s, r in results.items()} == SCORES


def test_a_full_disk_is_told_and_mended_by_the_next_run(root, paper, oracle, monkeypatch):
    fill(root, paper)
    monkeypatch.setattr("descent.grading.record.write_atomically", full)
    results, complete, _ = run(root)
    assert not complete
    assert all("No space left" in r.reason for r in results.values())
    monkeypatch.undo()
    count = len(oracle.jobs)
    results, complete, _ = run_again(root, monkeypatch, oracle)
    assert complete
    assert {s: r.score for s, r in results.items()} == SCORES
    assert len(oracle.jobs) == count


def run_again(root, monkeypatch, oracle):
    @contextmanager
    def start(kernels, unsafe):
        yield oracle

    monkeypatch.setattr(engine, "runner", start)
    return run(root)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root mounts a small disk")
def test_a_disk_that_is_really_full(template, paper, oracle, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(disk)])
    if mounted.returncode:
        pytest.skip("this computer mounts no file system here")
    try:
        root = shutil.copytree(template, disk / "course")
        fill(root, paper)
        filler = disk / "filler"
        take_all_room(filler)
        results, complete, _ = run(root)
        assert not complete
        assert set(results) == set(SCORES)
        filler.unlink()
        results, complete, _ = run(root)
        assert complete
        assert {s: sum(m.values()) for s, m in gradebook(root).items()} == SCORES
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def take_all_room(filler: Path) -> None:
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


# ---- through the sandbox -------------------------------------------------------------------------

LATE = "def double(x, times=1):\n    import os\n    os._exit(3)"


def forty(root, paper) -> dict[str, tuple[set[str], dict[str, float]]]:
    """Forty hand-ins, every third broken; student -> statuses that fit, marks that are deserved."""
    right = nbformat.writes(answered(paper, RIGHT), 4).encode()
    cut = right[: right.index(b'"grade_id": "PAIR"')]
    broken = [
        (cut, {"repaired"}, POINTS | {"PAIR": 0.0, "Tally": 0.0}),
        (b"", {"unreadable"}, dict.fromkeys(POINTS, 0.0)),
        (right.decode().encode("utf-16"), {"repaired"}, POINTS),
        (b"[" * 100_000, {"unreadable"}, dict.fromkeys(POINTS, 0.0)),
        (right.replace(b'schema_version": 3', b'schema_version": 99'), {"graded"}, POINTS),
        (ours(paper, RIGHT | {"double": "def double(:"}), {"graded"}, POINTS | {"double": 0.0}),
        (ours(paper, RIGHT | {"double": LATE}), {"graded", "crashed"}, POINTS | {"double": 0.0}),
        (ours(paper, RIGHT, "import os\nos._exit(1)"), {"crashed"}, POINTS),
        (ours(paper, RIGHT, doubled="PAIR"), {"graded", "repaired"}, POINTS),
        (ours(paper, WRONG, "torch = math = None"), {"graded"}, dict.fromkeys(POINTS, 0.0)),
    ]
    expected = {}
    for number in range(40):
        student = f"s{number:02d}"
        contents, fits, deserved = right, {"graded"}, dict(POINTS)
        if number % 3 == 2:
            contents, fits, deserved = broken[number // 3 % len(broken)]
        hand_in(root, student, contents, CHAPTER)
        expected[student] = (fits, deserved)
    return expected


def ours(paper, answers, own="", doubled="") -> bytes:
    notebook = answered(paper, answers)
    if own:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(own))
    notebook.cells += [c for c in notebook.cells if doubled and name_of(c) == doubled]
    return json.dumps(notebook).encode()


@needs_sandbox
@pytest.mark.slow
def test_forty_of_which_every_third_is_broken(root, paper):
    expected = forty(root, paper)
    found = batches.grade(root, CHAPTER)
    assert marks(found) == {student: deserved for student, (_, deserved) in expected.items()}
    wrong = {s: v for s, v in statuses(found).items() if v not in expected[s][0]}
    assert not wrong
    assert all(row["reason"] for row in found["submissions"] if row["status"] != "graded")
    recorded = gradebook(root)
    assert {s: {k: v or 0.0 for k, v in m.items()} for s, m in recorded.items()} == marks(found)
    assert not new_hand_ins(root, CHAPTER)  # so no sandbox is started in advance, either
    again = batches.grade(root, CHAPTER, report="again.json")
    assert all(row["seconds"] < 0.001 for row in again["submissions"])
    assert marks(again) == marks(found)


@needs_sandbox
def test_the_command_prints_a_table_and_writes_the_report(root, paper):
    fill(root, paper)
    found = batches.grade(root, CHAPTER, "--jobs", "2", "--kernels", "cold", "--student", "bob")
    (row,) = found["submissions"]
    assert list(row) == ["student", "status", "reason", "score", "max_score", "seconds", "tests"]
    assert (row["student"], row["status"], row["score"], row["max_score"]) == (
        "bob",
        "graded",
        2.5,
        4.5,
    )
    assert "must be 6.0" in row["tests"][0]["message"]
    assert "bob" in found["printed"]
    assert "2.5/4.5" in found["printed"]
    assert note(root / "autograded/bob" / CHAPTER / f"{CHAPTER}.ipynb")["score"] == 2.5


@needs_sandbox
def test_the_report_is_written_as_csv_too(root, paper):
    hand_in(root, "=ada", answered(paper, RIGHT), CHAPTER)
    done = subprocess.run(
        [*batches.command(root, CHAPTER), "--report", str(root / "marks.csv")],
        cwd=root,
        env=batches.environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    with (root / "marks.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["student"], r["exercise"], r["points"]) for r in rows] == [
        ("'=ada", "double", "2.0"), ("'=ada", "PAIR", "1.0"), ("'=ada", "Tally", "1.5"),
    ]  # fmt: skip


@needs_sandbox
def test_two_graders_at_once(root, paper):
    fill(root, paper)
    for number in range(4):
        hand_in(root, f"s{number}", answered(paper, RIGHT | {"PAIR": f"PAIR = {number}"}), CHAPTER)
    both = [
        subprocess.Popen(
            [*batches.command(root, CHAPTER), "--report", str(root / f"{number}.json")],
            cwd=root,
            env=batches.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(2)
    ]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], "\n".join(said)
    assert sum("another run grades in this course" in text for text in said) == 1
    one, two = (json.loads((root / f"{n}.json").read_text()) for n in range(2))
    assert marks(one) == marks(two)
    assert gradebook(root) == marks(one)


@needs_sandbox
@pytest.mark.slow
def test_memory_is_bounded_for_any_hand_in(root, paper):
    flood = answered(paper, RIGHT)
    for number in range(40):
        flood.cells.insert(0, nbformat.v4.new_code_cell(f"print('x' * 3_000_000)  # {number}"))
    hand_in(root, "flood", json.dumps(flood).encode(), CHAPTER)
    hand_in(root, "deep", b'{"cells":' * 6_000_000, CHAPTER)
    large = answered(paper, RIGHT)
    output = {"output_type": "stream", "name": "stdout", "text": ["0123456789\n"] * 4_000_000}
    next(c for c in large.cells if name_of(c) == "double").outputs = [output]
    hand_in(root, "large", json.dumps(large).encode(), CHAPTER)
    process = subprocess.Popen(
        batches.command(root, CHAPTER),
        cwd=root,
        env=batches.environment(),
        stdout=subprocess.DEVNULL,
    )
    peak = 0
    while process.poll() is None:
        with suppress(OSError, TypeError):
            text = Path(f"/proc/{process.pid}/status").read_text()
            peak = max(peak, int(re.search(r"VmHWM:\s+(\d+)", text)[1]))
        time.sleep(0.02)
    assert process.returncode == 0
    assert 0 < peak < 600_000  # KiB
    scores = {student: sum(points.values()) for student, points in gradebook(root).items()}
    assert scores == {"flood": 4.5, "deep": 0.0, "large": 4.5}
