"""The judge of graders: what it accepts, what it finds, that it runs cells as a notebook does."""

import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from descent import cli
from descent.course import judge as module
from descent.course.attempts import read_attempts
from descent.course.faults import CourseError
from descent.course.judge import Loss, Verdict, judge
from descent.course.table import show
from tests.unit.course_tools import NAME, change, make_course

LOOP = """# %% wrong: an endless loop
# says: took longer
def double(x, times=1):
    while True:
        pass

"""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    return judge(make_course(tmp_path_factory.mktemp("good")), NAME)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The small course without the attempt that takes seconds."""
    root = make_course(tmp_path)
    change(attempts(root, "double"), LOOP, "")
    return root


def attempts(root: Path, exercise: str) -> Path:
    return root / "chapters" / NAME / "attempts" / f"{exercise}.py"


def problems(root: Path) -> list[str]:
    return [f"{v.exercise} {v.kind} {v.title}: {p}" for v in judge(root, NAME) for p in v.problems]


def found(verdicts: list[Verdict], title: str) -> Verdict:
    return next(v for v in verdicts if v.title == title)


def test_good_graders_have_no_problems(good: list[Verdict]) -> None:
    assert [v.problems for v in good] == [[]] * 15
    assert {v.kind for v in good} == {"solution", "blank", "example", "right", "wrong"}


def test_the_solution_keeps_all_and_a_blank_none(good: list[Verdict]) -> None:
    assert found(good, "the solutions").losses == {}
    blank = found(good, "nothing solved").losses
    assert {name: loss.kind for name, loss in blank.items()} == dict.fromkeys(
        ["double", "PAIR", "Tally"], "NotImplementedError"
    )


@pytest.mark.parametrize(
    ("title", "loss"),
    [
        ("three times", Loss("AssertionError", "double(3.0) must be 6.0, got 9.0", "visible")),
        ("once only", Loss("AssertionError", "several times over", "hidden")),
        ("an endless loop", Loss("TimeLimit", f"took longer than {module.LIMIT:g} s", "visible")),
        ("b is three", Loss("AssertionError", "hidden b", "hidden")),
        ("dict()", Loss("", "")),
    ],
)
def test_what_is_lost_and_where(good: list[Verdict], title: str, loss: Loss) -> None:
    assert found(good, title).own == loss


def test_words_on_stderr_cost_points_as_in_nbgrader(good: list[Verdict]) -> None:
    loss = found(good, "a word on stderr").own
    assert loss.kind == "stderr"
    assert "UserWarning: slow" in loss.message


def edit(file: str, old: str, new: str) -> Callable[[Path], object]:
    return lambda root: change(root / "chapters" / NAME / file, old, new)


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (
            edit("exercise.md", 'assert PAIR["b"] == 2', "assert True"),
            "PAIR wrong b is three: a wrong answer is accepted",
        ),
        (
            edit("exercise.md", 'assert PAIR["b"] == 2', "assert repr(PAIR) == \"{'a': 1}\""),
            "PAIR right dict(): a right answer is rejected: AssertionError: hidden b",
        ),
        (
            edit("exercise.md", 'assert PAIR["b"] == 2', 'assert PAIR["b"] == 4'),
            " solution the solutions: `PAIR` loses its points: hidden b",
        ),
        (
            edit(
                "exercise.md", '    raise NotImplementedError("PAIR', '    raise ValueError("PAIR'
            ),
            " blank nothing solved: `PAIR` must fail with NotImplementedError when it is not",
        ),
        (
            edit(
                "exercise.md",
                '    raise NotImplementedError("PAIR is not there yet")',
                "    globals().update(PAIR={'a': 1, 'b': 2})",
            ),
            " blank nothing solved: `PAIR` must fail with NotImplementedError when it is not",
        ),
        (
            edit("exercise.md", "    >>> double(3.0)\n    6.0", "    >>> double(3.0)\n    7.0"),
            "double example docstring: the docstring's example is not true",
        ),
        (
            edit("exercise.md", "    >>> Tally(3).next()\n    3", "    >>> Tally(3).next()\n    4"),
            "Tally example docstring: the docstring's example is not true",
        ),
        (
            edit("attempts/double.py", "says: must be 6.0", "says: must be 7.0"),
            "double wrong three times: the message does not say 'must be 7.0': double(3.0) must be",
        ),
        (
            edit("attempts/double.py", "# caught: visible", "# caught: hidden"),
            "double wrong three times: it is caught by the visible, not by the hidden tests",
        ),
        (
            edit(
                "exercise.md", "_tally = Tally(5)\n", "_tally = Tally(5 if PAIR['b'] == 2 else 6)\n"
            ),
            "PAIR wrong b is three: it costs `Tally` its points",
        ),
        (
            edit(
                "exercise.md",
                "assert math.isclose(double(-0.1), -0.2)",
                "math.isclose(double(-0.1), -0.2)",
            ),
            " solution the solutions: `double` loses its points: the cell ends in a value: True",
        ),
    ],
)
def test_a_mistake_of_graders_or_attempts_is_found(
    course: Path, mistake: Callable[[Path], object], said: str
) -> None:
    mistake(course)
    assert any(said in problem for problem in problems(course)), problems(course)


def test_attempts_do_not_see_each_other(course: Path) -> None:
    path = attempts(course, "double")
    path.write_text(
        path.read_text()
        + "\n# %% right: leaves a mess\nleft_over = 1\nmath.pi = 3\n\n\n"
        + "def double(x, times=1):\n    return x * 2**times\n"
        + "\n# %% right: finds none\nassert 'left_over' not in globals()\n\n\n"
        + "def double(x, times=1):\n    return x * 2**times\n"
    )
    assert problems(course) == []


def test_sources_and_main_are_as_in_a_notebook(course: Path) -> None:
    change(
        course / "chapters" / NAME / "exercise.md",
        "# Twice three is six.\n",
        "# Twice three is six.\nimport inspect, sys\n"
        "assert 'def double' in inspect.getsource(double)\n"
        "assert sys.modules['__main__'].double is double\n"
        "assert double.__module__ == __name__ == '__main__'\n",
    )
    assert problems(course) == []


def test_a_judge_that_breaks_down_says_so(course: Path) -> None:
    change(attempts(course, "PAIR"), "PAIR = dict(a=1, b=2)", "import os\nos._exit(3)")
    with pytest.raises(CourseError, match=f"judging {NAME} broke down"):
        judge(course, NAME)


def test_sections_of_a_file(course: Path) -> None:
    sections = read_attempts(attempts(course, "double"))
    assert [(s.kind, s.title, s.says, s.caught) for s in sections][1:4] == [
        ("right", "ldexp", "", ""),
        ("wrong", "three times", "must be 6.0", "visible"),
        ("wrong", "once only", "SEVERAL times", "hidden"),
    ]
    assert (
        sections[1].code
        == "import math\n\n\ndef double(x, times=1):\n    return math.ldexp(x, times)"
    )
    assert (
        attempts(course, "double").read_text().splitlines()[sections[1].line - 1]
        == "# %% right: ldexp"
    )


def said_of(verdicts: list[Verdict], verbose: bool = False) -> tuple[bool, str]:
    """Whether all is well, and what is printed, spaces taken together."""
    console = Console(width=160, file=io.StringIO())
    well = show([("01", verdicts)], console, verbose)
    return well, re.sub(r"[ │┃]+", " ", console.file.getvalue())


SEEN = {"a": Loss("AssertionError", "expected 1\n  got 2", "visible")}
UNSEEN = {"a": Loss("AssertionError", "another", "hidden", "→ one off")}
VERDICTS = [
    Verdict("", "solution", "the solutions"),
    Verdict("a", "example", "docstring"),
    Verdict("a", "right", "a loop"),
    Verdict("a", "right", "by sums"),
    Verdict("a", "wrong", "off by one", SEEN, says="EXPECTED 1"),
    Verdict("a", "wrong", "off by two", UNSEEN, says="one off"),
    Verdict("a", "wrong", "not asked", UNSEEN),
]


def test_the_table_has_a_row_for_each_exercise() -> None:
    well, said = said_of(VERDICTS)
    assert well
    assert "\n a 2/2 3/3 1 2 2/2 \n" in said
    assert "0 right answers rejected, 0 wrong answers accepted\n7 verdicts, 0 problems" in said
    assert "off by one" not in said


def test_the_table_counts_what_graders_get_wrong() -> None:
    refused = Verdict("a", "right", "a [loop]", SEEN, ["a right answer is rejected"])
    taken = Verdict("a", "wrong", "all the same", {}, ["a wrong answer is accepted"])
    mute = Verdict("a", "wrong", "mute", UNSEEN, ["the message does not say it"], says="it")
    well, said = said_of([*VERDICTS, refused, taken, mute])
    assert not well
    assert "\n a 2/3 4/5 1 3 2/3 \n" in said
    assert "1 right answers rejected, 1 wrong answers accepted\n10 verdicts, 3 problems" in said
    assert "01: a (right: a [loop]): a right answer is rejected\n" in said


def test_the_long_table_has_a_row_for_each_attempt() -> None:
    well, said = said_of(VERDICTS, verbose=True)
    assert well
    assert "\n a wrong off by one a visible expected 1 \n" in said
    assert "got 2" not in said


def test_graders_command(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["graders", "--root", str(course)]) == 0
    change(attempts(course, "PAIR"), "# caught: hidden", "# caught: visible")
    assert cli.main(["graders", NAME, "--root", str(course)]) == 1
    assert "not by the visible tests" in capsys.readouterr().out


@pytest.fixture
def start(course: Path) -> Path:
    """A chapter's folder with a lecture, and nothing else."""
    folder = course / "chapters" / "00_start"
    folder.mkdir()
    shutil.copy(course / "chapters" / NAME / "lecture.md", folder)
    return folder


def test_a_chapter_without_exercises_has_nothing_to_judge(
    course: Path, start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(course, start.name) == []
    assert cli.main(["graders", start.name, "--root", str(course)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["00_start has no exercises: nothing to judge", "0 verdicts, 0 problems"]


def test_all_chapters_are_judged_without_a_word_on_those_without_exercises(
    course: Path, start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["graders", "--root", str(course)]) == 0
    said = capsys.readouterr().out
    assert start.name not in said
    assert "14 verdicts, 0 problems" in said


def test_half_a_chapter_is_not_judged(
    course: Path, start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (start / "hints.yml").touch()
    assert cli.main(["graders", "--root", str(course)]) == 1
    assert "00_start/hints.yml:1: the chapter has no exercise.md" in capsys.readouterr().err


def test_a_cell_has_no_more_than_ten_seconds() -> None:
    assert module.LIMIT <= 10
