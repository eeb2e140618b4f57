"""The repository that students get: all that they need, nothing that they could copy."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from descent.course import leaks
from descent.course.chapter import read_chapter
from descent.course.faults import CourseError
from descent.course.publish import MANIFEST, publish, secrets

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted(path.parent.name for path in ROOT.glob("chapters/*/exercise.md"))
LONG = 30
"""A line of the package may be like a short line of a solution: `if k < 1:`."""


def quiet(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("students") / "course"
    publish(ROOT, folder, quiet)
    return folder


@pytest.fixture
def copy(published, tmp_path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "copy"))


def files(folder: Path) -> set[str]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in found if not name.startswith(".git/")}


def texts(path: Path) -> list[str]:
    text = path.read_text("utf-8", errors="replace")
    if path.suffix != ".ipynb":
        return text.splitlines()
    return [line for c in json.loads(text)["cells"] for line in "".join(c["source"]).splitlines()]


def edit(path: Path, old: str, new: str) -> None:
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace(old, new).splitlines(keepends=True)
    path.write_text(json.dumps(notebook))


def test_all_lectures_and_exercises_are_there(published):
    there = files(published)
    for path in ROOT.glob("chapters/*/lecture.md"):
        assert f"lectures/{path.parent.name}.ipynb" in there
    for name in CHAPTERS:
        assert {f"exercises/{name}.ipynb", f"release/{name}/{name}.ipynb"} <= there
    assert {"README.md", "environment.yml", "constraints.txt", "LICENSE", "pyproject.toml"} <= there


def test_the_readme_has_the_course_s_chapters_and_places(published):
    said = (published / "README.md").read_text("utf-8")
    assert "@" not in re.sub(r"`[^`]*`", "", said)
    assert all(f"lectures/{name}.ipynb" in said for name in CHAPTERS)
    assert "| VS Code |" in said
    assert "%pip install" in said


def test_colab_gets_only_what_notebooks_need(published):
    project = tomllib.loads((published / "pyproject.toml").read_text())["project"]
    needs = {re.match(r"[\w-]+", need)[0] for need in project["dependencies"]}
    assert {"torch", "anywidget", "ipywidgets"} <= needs
    assert not needs & {"jupyterlab", "notebook", "nbgrader", "pytest"}


def test_no_instructors_file_is_there(published):
    wrong = ("chapters/", "source/", "solutions/", "attempts", "hints.yml", "nbgrader_config.py")
    wrong += ("gradebook", "descent/course", "descent/grading", "tests/", "submitted", "autograded")
    assert not [name for name in files(published) for part in wrong if part in name]


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_hidden_line_is_in_a_notebook_of_its_chapter(published, name):
    hidden = secrets(read_chapter(ROOT, name))
    assert hidden
    for room in ("exercises", f"release/{name}"):
        lines = texts(published / room / f"{name}.ipynb")
        assert not [line for line in lines if leaks.normalised(line) in hidden]


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_long_hidden_line_is_anywhere(published, name):
    hidden = {s for s in secrets(read_chapter(ROOT, name)) if len(s) >= LONG}
    found = [
        f"{file}: {line.strip()}"
        for file in sorted(files(published))
        for line in texts(published / file)
        if leaks.normalised(line) in hidden
    ]
    assert found == []


def test_the_package_works_alone(published):
    code = (
        "import sys; from descent import check, data, explore, style; import descent.explore.base"
    )
    code += "; print(descent.__file__); print([m for m in sys.modules if 'nbgrader' in m])"
    run = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {_paths(published)!r}; {code}"],
        capture_output=True,
        text=True,
        cwd=published,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [str(published / "descent/__init__.py"), "[]"]


def test_students_commands_work_without_the_instructors_half(published, tmp_path):
    """With an answer, and one in whose cell there is an error."""
    path = published.parent / "04_perceptron.ipynb"
    shutil.copyfile(published / "exercises/04_perceptron.ipynb", path)
    notebook = json.loads(path.read_text())
    cells = {c["metadata"]["nbgrader"]["grade_id"]: c for c in notebook["cells"]}
    cells["tlu"]["source"] = "def tlu(x, w, b):\n    return (x @ w + b >= 0).long()"
    cells["xor"]["source"] = "def xor(x:"
    path.write_text(json.dumps(notebook))
    script = tomllib.loads((published / "pyproject.toml").read_text())["project"]["scripts"]
    module, function = script["descent"].split(":")
    code = f"""import sys; sys.path[:0] = {_paths(published)!r}
from {module} import {function}
codes = [{function}([*words, {str(path)!r}]) for words in (["check"], ["check", "--hint", "tlu"])]
from descent.student import doctor, panel
print(codes, [m for m in sys.modules if m.startswith(("descent.c", "descent.g", "nbgrader"))])"""
    run = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        cwd=published,
        env=os.environ | {"PYTHONPATH": "", "DESCENT_STATE": str(tmp_path)},
    )
    assert run.returncode == 0, run.stderr
    lines = [" ".join(line.split()) for line in run.stdout.splitlines()]
    assert "tlu 2 / 2 ✓ solved" in lines
    assert any(line.startswith("xor 0 / 3 ! crashed SyntaxError in line 1") for line in lines)
    assert "total 2 / 24 1 of 8 solved" in lines
    assert "Hint 1 of 3: a nudge" in lines
    assert lines[-1] == "[1, 0] []"


def _paths(published: Path) -> list[str]:
    return [str(published), *(p for p in sys.path if "site-packages" in p)]


def test_publishing_again_writes_nothing(copy):
    before = {name: (copy / name).stat().st_mtime_ns for name in files(copy) - {MANIFEST}}
    publish(ROOT, copy, quiet)
    assert before == {name: (copy / name).stat().st_mtime_ns for name in files(copy) - {MANIFEST}}


def test_a_student_s_work_stays(copy):
    path = copy / "exercises/04_perceptron.ipynb"
    notebook = json.loads(path.read_text())
    notebook["metadata"]["descent"]["built"] = "0" * 16  # of an older version
    path.write_text(json.dumps(notebook))
    edit(path, "raise NotImplementedError", "return 42  # MINE")
    said: list[str] = []
    publish(ROOT, copy, said.append)
    assert "MINE" in path.read_text()
    assert (copy / "exercises/04_perceptron.new.ipynb").exists()
    assert any("has your edits" in line for line in said)


def test_an_edited_text_is_kept_beside(copy):
    (copy / "README.md").write_text("mine")
    publish(ROOT, copy, quiet)
    assert (copy / "README.md.yours").read_text() == "mine"
    assert (copy / "README.md").read_text().startswith("# Graded Descent")


def test_what_is_no_more_goes_unless_it_was_edited(copy):
    manifest = json.loads((copy / MANIFEST).read_text())
    for name, text in (("old.py", "old"), ("older.py", "edited")):
        (copy / name).write_text(text)
        manifest[name] = "f3d13ea6" + "0" * 56
    import hashlib

    manifest["old.py"] = hashlib.sha256(b"old").hexdigest()
    (copy / MANIFEST).write_text(json.dumps(manifest))
    publish(ROOT, copy, quiet)
    assert not (copy / "old.py").exists()
    assert (copy / "older.py").exists()


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(CourseError, match="not published by this command"):
        publish(ROOT, tmp_path, quiet)
    assert files(tmp_path) == {"thesis.tex"}


def test_nbgitpuller_brings_a_new_version_and_keeps_the_student_s_work(copy, tmp_path, monkeypatch):
    """Instructor publishes and pushes; the student works; the link is followed again."""
    for name, value in {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}.items():
        monkeypatch.setenv(name, value)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Teacher")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "teacher@example.org")

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=copy, check=True, capture_output=True)

    def pull() -> None:
        command = [sys.executable, "-m", "nbgitpuller.pull", str(copy), "main", str(home)]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    git("init", "-b", "main")
    git("add", "-A")
    git("commit", "-m", "first")
    home = tmp_path / "home"
    pull()
    mine = home / "exercises/04_perceptron.ipynb"
    edit(mine, "raise NotImplementedError", "return 42  # MINE")

    (copy / "lectures/09_new.ipynb").write_text("{}")
    edit(copy / "exercises/04_perceptron.ipynb", "# Exercises", "# Better exercises")
    git("add", "-A")
    git("commit", "-m", "second")
    pull()
    assert (home / "lectures/09_new.ipynb").exists()
    assert "MINE" in mine.read_text()
    json.loads(mine.read_text())
