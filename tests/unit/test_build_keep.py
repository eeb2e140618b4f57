"""`git pull` never loses a student's answers: real repositories, the real merge driver."""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

from descent.course.stamp import stamp
from tests.unit.course_tools import REPOSITORY

FILE = Path("exercises") / "01_tiny.ipynb"
NEW = FILE.with_name("01_tiny.new.ipynb")
OTHER = FILE.with_name("01_tiny.other.ipynb")
QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_EDITOR": "true"}


class Repository:
    """A clone with set-up done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        python = Path(sys.executable).as_posix()
        for key, value in {
            "user.name": "ada",
            "user.email": "ada@example.org",
            "core.autocrlf": "false",
            "pull.rebase": "false",
            "merge.descent-exercise.driver": f"'{python}' -m descent.course.keep %O %A %B %P",
        }.items():
            self.git("config", key, value)

    def git(self, *arguments: str, ok: bool = True, terminal: bool = False) -> str:
        """Run git; what it says, also on a terminal if it has one."""
        environment = os.environ | QUIET | {"PYTHONPATH": str(REPOSITORY)}
        if terminal:
            code, said = on_a_terminal(["git", *arguments], self.folder, environment)
        else:
            run = subprocess.run(
                ["git", *arguments],
                cwd=self.folder,
                env=environment,
                capture_output=True,
                text=True,
            )
            code, said = run.returncode, run.stdout + run.stderr
        assert (code == 0) is ok, f"git {arguments}: {said}"
        return said

    def commit(self, notebook: dict[str, Any], file: Path = FILE) -> None:
        self.write(notebook, file)
        self.git("add", "-A")
        self.git("commit", "-m", "change")

    def write(self, notebook: dict[str, Any], file: Path = FILE) -> None:
        (self.folder / file).parent.mkdir(exist_ok=True)
        (self.folder / file).write_text(json.dumps(notebook, indent=1) + "\n")

    def read(self, file: Path = FILE) -> dict[str, Any]:
        notebook: dict[str, Any] = json.loads((self.folder / file).read_text())
        return notebook


def on_a_terminal(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command as if it was typed; its exit code and what appears."""
    ours, theirs = os.openpty()
    child = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    said = b""
    with os.fdopen(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):
        while part := terminal.read(4096):
            said += part
    return child.wait(60), said.decode()


def built(*sources: str) -> dict[str, Any]:
    """A notebook as the build leaves it."""
    cells = [{"cell_type": "code", "source": s, "outputs": [], "metadata": {}} for s in sources]
    notebook: dict[str, Any] = {"cells": cells, "metadata": {}}
    notebook["metadata"]["descent"] = {"built": stamp(notebook)}
    return notebook


def answered(notebook: dict[str, Any], answer: str = "return 2 * x") -> dict[str, Any]:
    """The same with a student's answer in its last cell."""
    copy: dict[str, Any] = json.loads(json.dumps(notebook))
    copy["cells"][-1]["source"] = answer
    return copy


def ran(notebook: dict[str, Any]) -> dict[str, Any]:
    """The same after it was run."""
    copy: dict[str, Any] = json.loads(json.dumps(notebook))
    for cell in copy["cells"]:
        cell |= {"execution_count": 3, "outputs": [{"output_type": "stream", "text": "a\nb\n"}]}
    return copy


OLD = built("statement", "### stub")
UPSTREAM = built("statement, mended", "### stub")


@pytest.fixture
def course(tmp_path: Path) -> Repository:
    """The instructor's repository."""
    (tmp_path / "upstream").mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path / "upstream")], check=True)
    repository = Repository(tmp_path / "upstream")
    (repository.folder / ".gitattributes").write_text("exercises/*.ipynb merge=descent-exercise\n")
    (repository.folder / ".gitignore").write_text("exercises/*.new.ipynb\n")
    repository.commit(OLD)
    return repository


@pytest.fixture
def student(course: Repository, tmp_path: Path) -> Repository:
    """A clone of it."""
    return clone(course, tmp_path / "student")


def clone(course: Repository, folder: Path) -> Repository:
    subprocess.run(["git", "clone", "-q", str(course.folder), str(folder)], check=True)
    return Repository(folder)


def test_untouched_exercises_are_updated(course: Repository, student: Repository) -> None:
    course.commit(UPSTREAM)
    assert "Fast-forward" in student.git("pull")
    assert student.read() == UPSTREAM
    assert not (student.folder / NEW).exists()


@pytest.mark.parametrize("how", ["--no-rebase", "--rebase"])
def test_committed_answers_stay(course: Repository, student: Repository, how: str) -> None:
    student.commit(answered(OLD))
    course.commit(UPSTREAM)
    said = student.git("pull", how)
    assert student.read() == answered(OLD)
    assert student.read(NEW) == UPSTREAM
    assert f"{FILE} has your edits: it stays as it is, the new version is {NEW.name}" in said
    assert student.git("status", "--porcelain") == ""


@pytest.mark.parametrize("how", ["--no-rebase", "--rebase"])
def test_uncommitted_answers_stay(course: Repository, student: Repository, how: str) -> None:
    student.write(answered(OLD))
    course.commit(UPSTREAM)
    said = student.git("pull", how, "--autostash", terminal=True)
    assert student.read() == answered(OLD)
    assert student.read(NEW) == UPSTREAM
    assert "has your edits" in said
    assert student.git("stash", "list") == ""


def test_without_autostash_git_refuses_and_loses_nothing(
    course: Repository, student: Repository
) -> None:
    student.write(answered(OLD))
    course.commit(UPSTREAM)
    assert "would be overwritten" in student.git("pull", ok=False)
    assert student.read() == answered(OLD)


def test_answers_to_what_did_not_change_need_no_new_version(
    course: Repository, student: Repository
) -> None:
    note = json.loads(json.dumps(OLD))
    note["metadata"]["title"] = "Tiny"
    student.commit(answered(OLD))
    course.commit(note)
    student.git("pull")
    assert student.read() == answered(OLD)
    assert not (student.folder / NEW).exists()


@pytest.mark.parametrize("how", ["--no-rebase", "--rebase"])
@pytest.mark.parametrize("committed", [True, False])
def test_a_notebook_that_was_only_run_is_updated(
    course: Repository, student: Repository, how: str, committed: bool
) -> None:
    (student.commit if committed else student.write)(ran(OLD))
    course.commit(UPSTREAM)
    student.git("pull", how, "--autostash")
    assert student.read() == UPSTREAM
    assert not (student.folder / NEW).exists()


def test_two_pulls_leave_the_latest_version_beside(course: Repository, student: Repository) -> None:
    student.commit(answered(OLD))
    latest = built("statement, mended twice", "### stub")
    for version in (UPSTREAM, latest):
        course.commit(version)
        student.git("pull")
    assert student.read() == answered(OLD)
    assert student.read(NEW) == latest
    assert {p.name for p in student.folder.glob("exercises/*")} == {NEW.name, FILE.name}


def test_work_in_the_new_version_stays(course: Repository, student: Repository) -> None:
    student.commit(answered(OLD))
    course.commit(UPSTREAM)
    student.git("pull")
    student.write(answered(UPSTREAM), NEW)
    latest = built("statement, mended twice", "### stub")
    course.commit(latest)
    student.git("pull")
    assert student.read() == answered(OLD)
    assert student.read(NEW) == answered(UPSTREAM)
    assert student.read(FILE.with_name("01_tiny.2.new.ipynb")) == latest


@pytest.mark.parametrize("side", ["edited", "run"])
def test_a_stash_put_back_by_hand(course: Repository, student: Repository, side: str) -> None:
    mine = answered(OLD) if side == "edited" else ran(OLD)
    student.write(mine)
    student.git("stash")
    course.commit(UPSTREAM)
    student.git("pull")
    student.git("stash", "pop")
    assert student.read() == (mine if side == "edited" else UPSTREAM)


def test_two_machines_of_one_student(
    course: Repository, student: Repository, tmp_path: Path
) -> None:
    course.git("config", "receive.denyCurrentBranch", "updateInstead")
    laptop = clone(course, tmp_path / "laptop")
    laptop.commit(answered(OLD, "on the laptop"))
    laptop.git("push")
    student.commit(answered(OLD, "at home"))
    said = student.git("pull", ok=False)
    assert "was edited on both sides" in said
    assert "CONFLICT" in said
    assert student.read() == answered(OLD, "at home")
    assert student.read(OTHER) == answered(OLD, "on the laptop")
    student.git("add", str(FILE))
    student.git("commit", "-m", "both")
    assert student.read() == answered(OLD, "at home")


def test_the_same_answers_on_two_machines(
    course: Repository, student: Repository, tmp_path: Path
) -> None:
    course.git("config", "receive.denyCurrentBranch", "updateInstead")
    laptop = clone(course, tmp_path / "laptop")
    laptop.commit(ran(answered(OLD)))
    laptop.git("push")
    student.commit(answered(OLD))
    student.git("pull")
    assert student.read() == answered(OLD)
    assert not (student.folder / OTHER).exists()


def test_an_unreadable_notebook_counts_as_work(course: Repository, student: Repository) -> None:
    (student.folder / FILE).write_text('{"cells": [half of my ans')
    student.git("commit", "-am", "broken")
    course.commit(UPSTREAM)
    student.git("pull")
    assert (student.folder / FILE).read_text() == '{"cells": [half of my ans'
    assert student.read(NEW) == UPSTREAM


def test_the_driver_loads_nothing_but_the_standard_library() -> None:
    code = "import sys; import descent.course.keep; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {name for name in out.stdout.split() if name.startswith("descent")}
    assert ours == {"descent", "descent.course", "descent.course.keep", "descent.course.stamp"}
    assert not {"nbformat", "torch", "numpy", "IPython"} & set(out.stdout.split())
