"""The build writes what the chapters say, the same each time, and never over a student's work."""

import filecmp
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from descent import cli
from descent.course import inputs, release, stamp
from descent.course import lab as lab_module
from descent.course.build import Options, build, check
from descent.course.faults import CourseError
from descent.course.lab import lab, lab_command
from descent.course.watch import changed, watch
from tests.unit.course_tools import BUILT, NAME, change, make_course

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course that is built once, not to be written to."""
    root = make_course(tmp_path_factory.mktemp("built"))
    said: list[str] = []
    assert build(root, say=said.append), said
    return root


@pytest.fixture(autouse=True)
def nbgrader_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run nbgrader's converter in this process, which saves the time to import it again."""

    async def run(course: Path, config: Path, chapters: list[str]) -> None:
        release.generate(course, config, chapters)

    monkeypatch.setattr(release, "_run", run)


@pytest.fixture
def course(built: Path, tmp_path: Path) -> Path:
    """A copy of it, as a fresh clone is one."""
    return Path(shutil.copytree(built, tmp_path / "clone"))


def path(root: Path, kind: str) -> Path:
    nested = [NAME] if kind in ("source", "release") else []
    return root.joinpath(kind, *nested, f"{NAME}.ipynb")


def read(root: Path, kind: str) -> nbformat.NotebookNode:
    return nbformat.read(path(root, kind), 4)


def contents(root: Path) -> dict[str, bytes]:
    return {kind: path(root, kind).read_bytes() for kind in BUILT}


def built_again(root: Path, **options: bool) -> list[str]:
    """The kinds that a build writes."""
    said: list[str] = []
    assert build(root, options=Options(**options), say=said.append), said
    return sorted(line.split("/")[0] for line in said if line.endswith(" written"))


def edit(file: Path, old: str = "# YOUR CODE HERE", new: str = "return 2 * x  # mine") -> bytes:
    """What a student does in JupyterLab."""
    notebook = nbformat.read(file, 4)
    cell = next(c for c in notebook.cells if old in c.source)
    cell.source = cell.source.replace(old, new)
    nbformat.write(notebook, file)
    return file.read_bytes()


# ---- what is written ---------------------------------------------------------------------------


def test_the_same_bytes_each_time(built: Path, course: Path) -> None:
    built_again(course, force=True)
    assert contents(course) == contents(built)


def test_cells_have_stable_ids_that_differ(built: Path) -> None:
    assert [c.source for c in read(built, "lectures").cells].count("Again.") == 2
    for kind in BUILT:
        ids = [cell.id for cell in read(built, kind).cells]
        assert len(set(ids)) == len(ids)
    solutions, release = read(built, "solutions"), read(built, "release")
    assert [c.id for c in solutions.cells] == [c.id for c in release.cells]


def test_lecture_is_executed_and_clean(built: Path) -> None:
    notebook = read(built, "lectures")
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in codes] == [1, 2, 3, 4]
    picture = codes[1].outputs[0]
    assert picture.data["image/png"]
    assert picture.metadata == {"image/png": {"alt": "one dot"}}
    assert WIDGET not in picture.data
    assert "execution" not in codes[0].metadata
    assert codes[2].metadata.tags == ["keep-me"]
    assert set(notebook.metadata) == {"descent", "kernelspec", "language_info"}
    assert "version" not in notebook.metadata.language_info


def test_nbgrader_metadata(built: Path) -> None:
    cells = {c.metadata.nbgrader.grade_id: c for c in read(built, "source").cells}
    assert list(cells)[2:8] == [
        "double-statement-1",
        "double-hints",
        "double",
        "double-between-1",
        "double-between-2",
        "test_double",
    ]
    roles = {
        name: (note.solution, note.grade, note.locked, note.get("points"), note.schema_version)
        for name, note in ((name, cell.metadata.nbgrader) for name, cell in cells.items())
    }
    assert roles["double"] == (True, False, False, None, 3)
    assert roles["test_double"] == (False, True, True, 2, 3)
    assert roles["test_Tally"] == (False, True, True, 1.5, 3)
    others = {role for name, role in roles.items() if name.removeprefix("test_") not in EXERCISES}
    assert others == {(False, False, True, None, 3)}


EXERCISES = ("double", "PAIR", "Tally")


def test_hints_open_one_by_one(built: Path) -> None:
    cells = {c.metadata.nbgrader.grade_id: c for c in read(built, "release").cells}
    hints = cells["double-hints"].source
    assert hints.count("<details>") == hints.count("</details>") == 3
    assert hints.index("Powers of two:\n\n```python\n2**3\n```\n\n<details>") > hints.index("twice")
    assert hints.endswith("</details>\n</details>\n</details>")


def test_students_see_neither_solution_nor_hidden_tests(built: Path) -> None:
    for kind in ("release", "exercises"):
        text = path(built, kind).read_text()
        for hidden in (
            "2**times",
            "upcoming",
            '\\"b\\": 2',
            "hidden b",
            "isclose",
            "BEGIN",
            "END ",
        ):
            assert hidden not in text, (kind, hidden)
        assert text.count('raise NotImplementedError(\\"not solved yet: replace these two') == 4
        assert all(not c.get("outputs") for c in read(built, kind).cells)


def test_solutions_keep_everything_but_the_markers(built: Path) -> None:
    notebook = read(built, "solutions")
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "return x * 2**times  # no loop is needed" in text
    assert "several times over" in text
    assert "### " not in text
    assert all("nbgrader" not in cell.metadata for cell in notebook.cells)
    counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_exercises_are_the_release_with_a_stamp(built: Path) -> None:
    release, exercises = read(built, "release"), read(built, "exercises")
    assert exercises.cells == release.cells
    assert exercises.metadata.descent == {"built": stamp.stamp(exercises)}
    assert not stamp.edited(exercises)


def test_links_of_the_table_lead_to_the_exercises(built: Path) -> None:
    text = "\n".join(cell.source for cell in read(built, "release").cells)
    for name in EXERCISES:
        assert f"](#{name})" in text
        assert f'<a id="{name}"></a>\n\n## `{name}`' in text


# ---- nbgrader's own commands -------------------------------------------------------------------


def nbgrader(root: Path, *arguments: str) -> str:
    folder = Path(sys.executable).parent
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=root,
        env=os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


@pytest.mark.slow
def test_nbgraders_own_commands(course: Path) -> None:
    hand_in = course / "submitted" / "ada" / NAME / f"{NAME}.ipynb"
    hand_in.parent.mkdir(parents=True)
    shutil.move(path(course, "release"), hand_in)
    nbgrader(course, "generate_assignment", NAME, "--force")
    assert path(course, "release").read_bytes() == hand_in.read_bytes()
    # A statement is mended after the release: nbgrader can grade hand-ins whose cells it knows.
    new_statement(course)
    assert build(course, options=Options(run=False))
    nbgrader(course, "generate_assignment", NAME, "--force")
    nbgrader(course, "autograde", NAME)
    graded = nbformat.read(course / "autograded" / "ada" / NAME / f"{NAME}.ipynb", 4)
    assert any("Compute twice `x`" in cell.source for cell in graded.cells)


# ---- only what is stale ------------------------------------------------------------------------


def test_nothing_is_stale_in_a_fresh_clone(course: Path) -> None:
    before = contents(course)
    start = time.perf_counter()
    assert built_again(course) == []
    assert time.perf_counter() - start < 5
    assert contents(course) == before


def test_a_changed_lecture_rebuilds_the_lecture(course: Path) -> None:
    change(course / "chapters" / NAME / "lecture.md", "What is twice two?", "Twice two?")
    assert built_again(course) == ["lectures"]
    assert "Twice two?" in path(course, "lectures").read_text()
    assert built_again(course) == []


def test_a_changed_hint_rebuilds_the_exercises(course: Path) -> None:
    change(course / "chapters" / NAME / "hints.yml", "Curly brackets.", "Braces.")
    assert built_again(course) == ["exercises", "release", "solutions", "source"]


def test_a_changed_hidden_test_changes_but_an_id_of_the_student_version(course: Path) -> None:
    before = path(course, "exercises").read_text()
    change(course / "chapters" / NAME / "exercise.md", '"hidden b"', '"b is two"')
    assert built_again(course) == ["exercises", "release", "solutions", "source"]
    old, new = before.splitlines(), path(course, "exercises").read_text().splitlines()
    changed = [line for line, other in zip(old, new, strict=True) if line != other]
    assert len(changed) == 1
    assert changed[0].strip().startswith('"id"')


def test_a_changed_hidden_test_leaves_a_student_version_with_answers(course: Path) -> None:
    mine = edit(path(course, "exercises"))
    change(course / "chapters" / NAME / "exercise.md", '"hidden b"', '"b is two"')
    assert built_again(course) == ["release", "solutions", "source"]
    assert path(course, "exercises").read_bytes() == mine


def test_another_stub_rebuilds_the_release(course: Path) -> None:
    change(course / "nbgrader_config.py", "not solved yet", "to be solved")
    assert built_again(course) == ["exercises", "release", "source"]
    assert "to be solved" in path(course, "exercises").read_text()


def test_attempts_need_no_rebuilding(course: Path) -> None:
    change(course / "chapters" / NAME / "attempts" / "PAIR.py", "dict()", "a dict")
    assert built_again(course) == []


def test_a_lost_notebook_is_built_again(course: Path) -> None:
    for kind in BUILT:
        path(course, kind).unlink()
        assert built_again(course) == [kind]


def test_without_executing(course: Path) -> None:
    change(course / "chapters" / NAME / "exercise.md", "Give twice", "Now give twice")
    change(course / "chapters" / NAME / "lecture.md", "What is twice two?", "Twice two?")
    assert built_again(course, run=False) == ["exercises", "release", "source"]
    assert built_again(course) == ["lectures", "solutions"]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package: a imports b, b (relatively) c.d, which imports e when called; f stands alone."""
    root = tmp_path / "pack"
    for name, text in {
        "__init__": "",
        "a": "import os\nfrom pack import b",
        "b": "from .c import d\nfrom . import __version__",
        "c/__init__": "",
        "c/d": "def late():\n    from ..e import something",
        "e": "",
        "f": "",
    }.items():
        (root / f"{name}.py").parent.mkdir(parents=True, exist_ok=True)
        (root / f"{name}.py").write_text(text)
    return root


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("from pack import a", "__init__ a b c/__init__ c/d e"),
        ("import pack.f as g\nimport torch", "__init__ f"),
        ("def f():\n    from pack.c.d import late", "__init__ c/__init__ c/d e"),
        ("import packed, os", ""),
        ("%matplotlib inline\nimport pack", ""),
    ],
)
def test_the_modules_that_code_uses(package: Path, code: str, modules: str) -> None:
    found = inputs.modules_used([code], package)
    names = [p.relative_to(package).with_suffix("").as_posix() for p in found]
    assert names == modules.split()


def test_the_modules_of_this_package_are_found() -> None:
    names = {p.stem for p in inputs.modules_used(["from descent import check"], inputs.PACKAGE)}
    assert names == {"__init__", "check", "device"}


# ---- what is wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("a = 1\nb = 1 / 0\nc = 3", 1, "ZeroDivisionError: division by zero"),
        ("def f():\n    return nothing\n\n\nf()", 4, "NameError: name 'nothing' is not defined"),
        ("import os\n\nos._exit(3)", 0, "this cell ends the run"),
        ("import sys\nprint('oh', file=sys.stderr)", 0, "writes to stderr (oh)"),
        ("import warnings\nwarnings.warn('old')", 0, "writes to stderr"),
        ("object()", 0, "memory address"),
        ("print(object())", 0, "memory address"),
        ("Dot._repr_mimebundle_ = lambda s, **_: {'image/png': s.PNG}\nDot()", 0, "no alt text"),
    ],
)
def test_a_lecture_that_fails_is_not_built(course: Path, code: str, line: int, said: str) -> None:
    before = contents(course)
    file = course / "chapters" / NAME / "lecture.md"
    change(course / "chapters" / NAME / "hints.yml", "Curly brackets.", "Braces.")
    at = change(file, 'print("four")\n2 + 2', code)
    told: list[str] = []
    assert not build(course, say=told.append)
    assert f"chapters/{NAME}/lecture.md:{at + line}: " in told[0]
    assert said in told[0]
    assert contents(course) == before


def test_a_wrong_solution_is_not_built(course: Path) -> None:
    before = contents(course)
    line = change(course / "chapters" / NAME / "exercise.md", "x * 2**times", "x * 3**times")
    told: list[str] = []
    assert not build(course, say=told.append)
    assert f"chapters/{NAME}/exercise.md:{line + 15}: AssertionError: double(3.0) must" in told[0]
    assert contents(course) == before


def test_other_chapters_are_built_where_one_has_faults(course: Path) -> None:
    shutil.copytree(course / "chapters" / NAME, course / "chapters" / "02_more")
    change(course / "chapters" / NAME / "exercise.md", ":points: 2\n", ":mark: 2\n")
    before = contents(course)
    told: list[str] = []
    assert not build(course, say=told.append)
    assert (course / "release" / "02_more" / "02_more.ipynb").exists()
    assert (course / "lectures" / "02_more.ipynb").exists()
    assert contents(course) == before


# ---- a chapter without exercises ---------------------------------------------------------------


@pytest.fixture
def started_here(course: Path) -> Path:
    """The small course with a start page: a folder with a lecture, and nothing else."""
    folder = course / "chapters" / "00_start"
    folder.mkdir()
    shutil.copy(course / "chapters" / NAME / "lecture.md", folder)
    opening = "**Where to begin?**\n\nAbout 5 minutes."
    change(folder / "lecture.md", "How far does one step go?", opening)
    return course


def test_a_chapter_without_exercises_is_a_lecture_and_nothing_else(started_here: Path) -> None:
    before = contents(started_here)
    assert built_again(started_here) == ["lectures"]
    found = [p.relative_to(started_here).as_posix() for p in started_here.rglob("00_start*")]
    assert sorted(found) == ["chapters/00_start", "lectures/00_start.ipynb"]
    assert contents(started_here) == before
    assert built_again(started_here) == []
    assert checked(started_here) == []


def test_a_chapter_that_loses_its_exercises_keeps_its_lecture(course: Path) -> None:
    folder = course / "chapters" / NAME
    (folder / "exercise.md").unlink()
    (folder / "hints.yml").unlink()
    shutil.rmtree(folder / "attempts")
    said: list[str] = []
    assert build(course, say=said.append), said
    assert [kind for kind in BUILT if path(course, kind).exists()] == ["lectures"]


def test_the_readme_says_that_there_is_no_grade(started_here: Path) -> None:
    opening = "**How far does one step go?**\n\nAbout 9 minutes."
    change(started_here / "chapters" / NAME / "lecture.md", "How far does one step go?", opening)
    readme = started_here / "README.md"
    readme.write_text("<!-- chapters -->\n<!-- /chapters -->\n")
    built_again(started_here)
    rows = [line.split(" | ") for line in readme.read_text().splitlines()[3:5]]
    assert [row[2] for row in rows] == ["5", "9"]
    assert rows[0][3] == "[lecture](lectures/00_start.ipynb) · no grade |"
    assert rows[1][3] == f"[lecture](lectures/{NAME}.ipynb) · [exercises](exercises/{NAME}.ipynb) |"


def test_lab_opens_the_start_page(started_here: Path) -> None:
    assert build(started_here)
    assert "--LabApp.default_url=/lab/tree/lectures/00_start.ipynb" in lab_command(started_here, [])


# ---- a student's work --------------------------------------------------------------------------


def rebuild(root: Path) -> list[str]:
    said: list[str] = []
    assert build(root, options=Options(run=False), say=said.append), said
    return said


def new_statement(root: Path, word: str = "Compute") -> None:
    text = (root / "chapters" / NAME / "exercise.md").read_text()
    old = next(w for w in ("Give", "Compute", "Find") if f"{w} twice `x`" in text)
    change(root / "chapters" / NAME / "exercise.md", f"{old} twice `x`", f"{word} twice `x`")


def test_an_edited_exercise_stays_and_the_new_version_goes_beside(course: Path) -> None:
    mine = edit(path(course, "exercises"))
    assert rebuild(course)[:-1] == []
    new_statement(course)
    said = rebuild(course)
    assert any(f"exercises/{NAME}.ipynb has your edits: it stays as it is" in line for line in said)
    assert any(f"the new version is {NAME}.new.ipynb" in line for line in said)
    assert path(course, "exercises").read_bytes() == mine
    new = nbformat.read(course / "exercises" / f"{NAME}.new.ipynb", 4)
    assert any("Compute twice" in cell.source for cell in new.cells)
    assert not stamp.edited(new)
    assert rebuild(course)[:-1] == []


def test_work_in_the_new_version_stays_too(course: Path) -> None:
    edit(path(course, "exercises"))
    new_statement(course)
    rebuild(course)
    mine = edit(course / "exercises" / f"{NAME}.new.ipynb")
    new_statement(course, "Find")
    rebuild(course)
    assert (course / "exercises" / f"{NAME}.new.ipynb").read_bytes() == mine
    assert "Find twice" in (course / "exercises" / f"{NAME}.2.new.ipynb").read_text()
    assert rebuild(course)[:-1] == []


def test_an_untouched_new_version_is_replaced(course: Path) -> None:
    edit(path(course, "exercises"))
    for word in ("Compute", "Find"):
        new_statement(course, word)
        rebuild(course)
    assert "Find twice" in (course / "exercises" / f"{NAME}.new.ipynb").read_text()
    assert not (course / "exercises" / f"{NAME}.2.new.ipynb").exists()


def test_forcing_does_not_overwrite_work(course: Path) -> None:
    mine = edit(path(course, "exercises"))
    notes = edit(path(course, "lectures"), "What is twice two?", "I think four.")
    assert build(course, options=Options(force=True))
    assert not list(course.glob("*/*.new.ipynb"))
    assert path(course, "exercises").read_bytes() == mine
    assert path(course, "lectures").read_bytes() == notes


def test_an_unreadable_exercise_stays(course: Path) -> None:
    for broken in (b"", b"{", b"[]", b"\xff\xfe", b'{"cells": 3}', b'{"cells": [{}]}'):
        path(course, "exercises").write_bytes(broken)
        (course / "exercises" / f"{NAME}.new.ipynb").unlink(missing_ok=True)
        said = rebuild(course)
        assert any("can't be read as a notebook: it stays" in line for line in said)
        assert path(course, "exercises").read_bytes() == broken
        assert (course / "exercises" / f"{NAME}.new.ipynb").exists()


def notebook(*cells: dict[str, object]) -> dict[str, object]:
    return {"cells": list(cells), "metadata": {}}


def code(source: object, **metadata: object) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": []}


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (notebook(code("a = 1")), True),
        (notebook(code(["a = ", "1"])), True),
        (notebook(code("a = 1") | {"outputs": [1], "execution_count": 7}), True),
        (notebook(code("a = 1", collapsed=True, tags=["x"])), True),
        (notebook(code("a = 1"), code("")), True),
        (notebook(code("a = 1"), code(" \n")), True),
        (notebook(code("a = 2")), False),
        (notebook(code("a = 1"), code("b")), False),
        (notebook(), False),
        (notebook(code("a = 1") | {"cell_type": "markdown"}), False),
        (notebook(code("a = 1", nbgrader={"grade_id": "a"})), False),
    ],
)
def test_what_counts_as_an_edit(other: dict[str, object], same: bool) -> None:
    assert (stamp.stamp(other) == stamp.stamp(notebook(code("a = 1")))) is same


def test_an_exercise_that_was_only_run_takes_the_new_version(course: Path) -> None:
    run = json.loads(path(course, "exercises").read_text())
    run["cells"][1] |= {"execution_count": 4, "outputs": [{"output_type": "stream"}]}
    run["metadata"]["language_info"]["version"] = "3.12.1"
    path(course, "exercises").write_text(json.dumps(run))
    assert rebuild(course)[:-1] == []
    new_statement(course)
    rebuild(course)
    assert "Compute twice" in path(course, "exercises").read_text()
    assert not list(course.glob("exercises/*.new.ipynb"))


def test_windows_line_ends_are_no_edit(course: Path) -> None:
    text = path(course, "exercises").read_text()
    path(course, "exercises").write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    found = stamp.load(path(course, "exercises"))
    assert found is not None
    assert not stamp.edited(found)


# ---- chapters that are gone --------------------------------------------------------------------


def test_notebooks_of_a_chapter_that_is_gone(course: Path) -> None:
    for kind in BUILT:
        old = path(course, kind)
        nested = old.parent.parent / "02_old" if kind in ("source", "release") else old.parent
        nested.mkdir(exist_ok=True)
        shutil.copy(old, nested / "02_old.ipynb")
    edit(course / "exercises" / "02_old.ipynb")
    assert not check(course, say=lambda _: None)
    said = rebuild(course)
    left = sorted(p.relative_to(course).as_posix() for p in course.glob("*/**/02_old*"))
    assert left == ["exercises/02_old.ipynb"]
    assert "exercises/02_old.ipynb belongs to no chapter, and was edited: left as it is" in said
    assert sum(line.endswith(": removed") for line in said) == 4


@pytest.mark.parametrize("name", ["mine", f"{NAME}-Copy1", f"{NAME}.new", f"{NAME}_backup", "01"])
def test_a_readers_own_notebooks_stay(course: Path, name: str) -> None:
    for kind in ("lectures", "exercises"):
        shutil.copy(path(course, kind), course / kind / f"{name}.ipynb")
    rebuild(course)
    assert (course / "lectures" / f"{name}.ipynb").exists()
    assert (course / "exercises" / f"{name}.ipynb").exists()


def test_building_one_chapter_removes_nothing(course: Path) -> None:
    shutil.copy(path(course, "lectures"), course / "lectures" / "02_old.ipynb")
    assert build(course, [NAME])
    assert (course / "lectures" / "02_old.ipynb").exists()


# ---- check -------------------------------------------------------------------------------------


def checked(root: Path) -> list[str]:
    said: list[str] = []
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    assert check(root, say=said.append) is not bool(said)
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before
    return said


def test_check_accepts_what_was_built(course: Path) -> None:
    assert checked(course) == []


def test_check_ignores_outputs_of_executed_notebooks_only(course: Path) -> None:
    run = read(course, "lectures")
    run.cells[2].execution_count = 99
    nbformat.write(run, path(course, "lectures"))
    assert checked(course) == []
    run = read(course, "exercises")
    run.cells[1].execution_count = 99
    nbformat.write(run, path(course, "exercises"))
    assert checked(course) == [
        f"exercises/{NAME}.ipynb is not what chapters/ says; run: descent build"
    ]


def test_check_names_what_differs(course: Path) -> None:
    for kind in BUILT:
        edit(path(course, kind), "#", "# ")
    found = checked(course)
    assert sorted(line.split("/")[0] for line in found) == sorted(BUILT)
    for kind in BUILT:
        path(course, kind).unlink()
    assert checked(course) == found


def test_check_sees_a_stale_hash(course: Path) -> None:
    run = read(course, "lectures")
    run.metadata.descent.inputs = "0" * 16
    nbformat.write(run, path(course, "lectures"))
    assert [line.split("/")[0] for line in checked(course)] == ["lectures"]


# ---- the command -------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    return cli.main(list(arguments))


def test_build_command(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("build", "--root", str(course)) == 0
    assert "nothing to write" in capsys.readouterr().out
    assert run("build", "--check", "--root", str(course), NAME) == 0
    new_statement(course)
    assert run("build", "--check", "--root", str(course)) == 1
    assert run("build", "--no-execute", "--jobs", "1", "--root", str(course)) == 0
    assert run("build", "--root", str(course), "09_none") == 1
    assert "no chapter '09_none'; there are 01_tiny" in capsys.readouterr().err


def test_build_command_fails_on_faults(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(course / "chapters" / NAME / "exercise.md", ":points: 2\n", ":mark: 2\n")
    assert run("build", "--root", str(course)) == 1
    assert "unknown option :mark:" in capsys.readouterr().out
    assert run("build", "--check", "--root", str(course)) == 1


@pytest.mark.parametrize(
    "arguments", [[], ["bild"], ["build", "--port", "1"], ["build", "--root", "/no"]]
)
def test_wrong_arguments(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*arguments)
    assert ended.value.code == 2


def test_the_course_is_found_from_below(course: Path) -> None:
    assert cli.find_root(course / "chapters" / NAME / "attempts") == course


def test_help_imports_nothing_slow() -> None:
    code = "import sys; from descent import cli; cli._parser(); print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "nbformat", "jupytext", "nbgrader"} & set(out.stdout.split())


# ---- watch -------------------------------------------------------------------------------------


def waited(said: list[str], text: str) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if any(text in line for line in said):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def watched(course: Path) -> Iterator[list[str]]:
    said: list[str] = []
    stop = threading.Event()
    arguments = (course, [], Options(run=False), said.append, stop)
    thread = threading.Thread(target=watch, args=arguments, daemon=True)
    thread.start()
    assert waited(said, "watching")
    yield said
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_watching_builds_what_is_saved_and_survives_faults(
    course: Path, watched: list[str]
) -> None:
    file = course / "chapters" / NAME / "exercise.md"
    change(file, ":points: 2\n", ":mark: 2\n")
    assert waited(watched, "unknown option :mark:")
    change(file, ":mark: 2\n", ":points: 2\n")
    change(course / "chapters" / NAME / "hints.yml", "Curly brackets.", "Braces.")
    assert waited(watched, f"release/{NAME}/{NAME}.ipynb written")
    assert "Braces." in path(course, "release").read_text()
    (course / "chapters" / NAME).rename(course / "away")
    assert waited(watched, "no chapters in")
    watched.clear()
    (course / "away").rename(course / "chapters" / NAME)
    assert waited(watched, "1 chapter: nothing to write")


def test_which_chapters_a_save_concerns(course: Path) -> None:
    file = course / "chapters" / NAME / "attempts" / "PAIR.py"
    assert changed(course, [file]) == [NAME]
    assert changed(course, [file, course / "nbgrader_config.py"]) == []


# ---- lab ---------------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, course: Path) -> list[list[str]]:
    """The commands that take the place of the process."""
    commands: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, command: commands.append(command))
    monkeypatch.chdir(course)
    return commands


def test_lab_opens_the_first_lecture(course: Path, started: list[list[str]]) -> None:
    assert run("lab", "--root", str(course), "--no-browser", "--port", "9999") in (0, None)
    assert started[0][1:3] == ["-m", "jupyterlab"]
    assert started[0][-3:] == ["--no-browser", "--port", "9999"]
    assert f"--LabApp.default_url=/lab/tree/lectures/{NAME}.ipynb" in started[0]
    assert f"--ServerApp.root_dir={course}" in started[0]


def test_lab_opens_although_an_author_is_wrong(course: Path, started: list[list[str]]) -> None:
    change(course / "chapters" / NAME / "exercise.md", ":points: 2\n", ":mark: 2\n")
    said: list[str] = []
    lab(course, [], said.append)
    assert any("unknown option :mark:" in line for line in said)
    assert started


def test_lab_without_chapters_builds_nothing(course: Path, started: list[list[str]]) -> None:
    shutil.rmtree(course / "chapters")
    said: list[str] = []
    lab(course, [], said.append)
    assert len(said) == 1
    assert started


def test_lab_without_lectures(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="no lectures in .*; run: descent build"):
        lab_command(tmp_path, [])


def test_lab_without_jupyterlab(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_module.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(CourseError, match="JupyterLab is not installed for .*; run: make setup"):
        lab(course, [])


def test_a_changed_chapter_takes_less_than_twenty_seconds(course: Path) -> None:
    new_statement(course)
    start = time.perf_counter()
    assert build(course)
    assert time.perf_counter() - start < 20


def test_copies_are_equal(built: Path, course: Path) -> None:
    assert all(filecmp.cmp(path(built, kind), path(course, kind)) for kind in BUILT)
