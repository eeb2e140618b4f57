"""Lectures and solutions on other devices: the check itself on this CPU, and all of it on a GPU."""

import re
from pathlib import Path

import nbformat
import pytest
import torch
from nbformat import v4

from descent.course import gpu
from tests.notebooks.built import CHAPTERS, GRADED, ROOT

FOUND = gpu.notebooks(ROOT)


def graded(source: str, points: int, name: str):
    """A test cell as nbgrader marks it."""
    note = {"grade": True, "grade_id": name, "locked": True, "points": points}
    note |= {"schema_version": 3, "solution": False, "task": False}
    return v4.new_code_cell(source, metadata={"nbgrader": note})


def printed(source: str, said: str, **metadata):
    """A code cell with stored output."""
    stored = [v4.new_output("stream", name="stdout", text=said)]
    return v4.new_code_cell(source, outputs=stored, metadata=metadata)


@pytest.fixture
def course(tmp_path):
    """A course of one lecture and one instructor version, from cells."""

    def write(lecture: list, solution: list) -> Path:
        for kind, cells in (("lectures", lecture), ("source/01_tiny", solution)):
            (tmp_path / kind).mkdir(parents=True)
            nbformat.write(v4.new_notebook(cells=cells), tmp_path / kind / "01_tiny.ipynb")
        return tmp_path

    return write


def test_every_notebook_is_found():
    lectures, solutions = {f"lectures/{c}" for c in CHAPTERS}, {f"solutions/{c}" for c in GRADED}
    assert set(FOUND) == lectures | solutions
    assert all(path.is_file() for path in FOUND.values())


def test_a_course_that_works(course, capsys, monkeypatch):
    monkeypatch.setenv("DESCENT_DEVICE", "cuda:7")
    monkeypatch.setenv("DESCENT_DATA", "nowhere")
    where = "import os; print(os.environ['DESCENT_DEVICE'], os.environ['DESCENT_DATA'])"
    root = course([printed(where, "cpu embedded\n")], [graded("1 / 1;", 3, "test_a")])
    assert gpu.main(["--device", "cpu", "--root", str(root)]) == 0
    shown = capsys.readouterr().out
    rows = [re.sub("[│ ]+", " ", line).split() for line in shown.splitlines() if line[:1] == "│"]
    assert [[*row[:2], *row[3:]] for row in rows] == [
        ["lectures/01_tiny", "1", "0", "0"],  # cells, failed, other output
        ["solutions/01_tiny", "1", "0", "3/3"],  # cells, failed, marks
    ]


def test_what_fails_is_told_and_the_rest_still_runs(course, capsys):
    lecture = [v4.new_code_cell("x = 1\n1 / 0"), v4.new_markdown_cell("text"), printed("x", "")]
    solution = [
        graded("assert False, 'no [/such] tag'", 2, "test_a"),
        graded("import sys; print('psst', file=sys.stderr)", 4, "test_b"),
        graded("print('fine')", 5, "test_c"),
    ]
    root = course(lecture, solution)
    assert gpu.main(["--device", "cpu", "--root", str(root)]) == 1
    shown = capsys.readouterr().out
    assert "lectures/01_tiny failed in cell 1: ZeroDivisionError: division by zero" in shown
    assert "solutions/01_tiny failed in cell 1: AssertionError: no [/such] tag" in shown
    assert "solutions/01_tiny failed in cell 2: on stderr: psst" in shown
    assert "5/11" in shown
    assert "cell 3" not in shown


def test_points_lost_without_an_error_count(course, capsys):
    root = course([], [graded("0.5", 2, "test_a")])
    assert gpu.main(["solutions", "--device", "cpu", "--root", str(root)]) == 1
    assert "0.5/2" in capsys.readouterr().out


def test_a_kernel_that_dies_is_a_failure(course, capsys):
    root = course([v4.new_code_cell("import os; os._exit(9)")], [])
    assert gpu.main(["lectures", "--device", "cpu", "--root", str(root)]) == 1
    assert "failed in the run ended: Kernel died" in capsys.readouterr().out


def test_other_output_is_listed_and_no_failure(course, capsys):
    tags = {"tags": ["nbval-ignore-output"]}
    lecture = [
        printed("print('accuracy 0.97 of 3')", "accuracy 0.90 of 3\n"),
        printed("print('took 3 s')", "took 9 s\n", **tags),
        printed("print(1.000)", "1.001\n"),
    ]
    root = course(lecture, [])
    assert gpu.main(["lectures", "--device", "cpu", "--root", str(root)]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "something else" in line]
    assert len(said) == 1
    assert "cell 1: accuracy 0.90 of 3 → accuracy 0.97 of 3" in said[0]


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("loss 2.300", "loss 2.301", True),
        ("loss 2.3", "loss 2.4", False),
        ("2.3e-05", "2.3e-07", True),
        ("1e3", "2e3", False),
        ("x1 = -4", "x1 = 4", False),
        ("x1 is 7", "x2 is 7", False),
        ("on cpu", "on cuda", False),
        ("tensor([1., 2.])", "tensor([1., 2.], device='cuda:0')", False),
    ],
)
def test_lines_are_compared_by_words_and_numbers(before, after, same):
    assert gpu.same(before, after) is same


def test_without_a_gpu_it_says_so_with_a_code_of_its_own(capsys, monkeypatch):
    def none(*_: object, **__: object) -> None:
        raise AssertionError("Torch not compiled with CUDA enabled")

    monkeypatch.setattr(torch, "zeros", none)
    assert gpu.main([]) == gpu.NO_DEVICE == 3
    shown = capsys.readouterr().out
    assert "Nothing was run: this machine has no device 'cuda'" in shown
    assert "┃" not in shown


def test_a_name_that_no_notebook_has(capsys):
    with pytest.raises(SystemExit) as ended:
        gpu.main(["99_nothing", "--device", "cpu", "--root", str(ROOT)])
    assert ended.value.code == 2
    assert "99_nothing" in capsys.readouterr().err


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.parametrize("name", FOUND)
def test_on_a_gpu_no_cell_fails_and_marks_are_full(name):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA GPU on this machine")
    result = gpu.check(name, FOUND[name], "cuda")
    assert result.failed == []
    assert result.points is None or result.points[0] == result.points[1] > 0
