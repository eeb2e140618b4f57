"""What an author has wrong is named with file, line and remedy, all at once."""

import re
from pathlib import Path

import pytest

from descent.course.chapter import chapter_names, read_chapter
from descent.course.faults import CourseError
from tests.unit.course_tools import NAME, change, make_course

ROW = "| [`double`](#double) | `double(x, times=1)` | 2 |"
TALLY = "| [`Tally`](#Tally) | `Tally(start)` | 1.5 |"
BODY = "    return x * 2**times  # no loop is needed"
PAIR = """```{code-cell} ipython3
:points: 1

if "PAIR" not in globals():
    raise NotImplementedError("PAIR is not there yet")
assert PAIR["a"] == 1
### BEGIN HIDDEN TESTS
assert PAIR["b"] == 2, "hidden b"
### END HIDDEN TESTS
```
"""
DEF = "def double(x: float, times: int = 1) -> float:"


def faults(root: Path) -> list[str]:
    with pytest.raises(CourseError) as caught:
        read_chapter(root, NAME)
    return str(caught.value).splitlines()


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return make_course(tmp_path)


def test_a_good_chapter_has_no_faults(course: Path) -> None:
    chapter = read_chapter(course, NAME)
    assert [e.name for e in chapter.exercises] == ["double", "PAIR", "Tally"]
    assert [e.points for e in chapter.exercises] == [2, 1, 1.5]


CASES = {
    # what the author wrote instead: file, text, replacement, lines further down, what is said
    "unknown option": (
        "exercise.md",
        ":points: 2\n",
        ":points: 2\n:mark: 3\n",
        1,
        "unknown option :mark:",
    ),
    "unknown lecture option": ("lecture.md", ":tags: [keep-me]", ":mark: 4", 0, "unknown option"),
    "tags no list": ("lecture.md", ":tags: [keep-me]", ":tags: keep-me", 0, "tags are no list"),
    "points no number": (
        "exercise.md",
        ":points: 2\n",
        ":points: two\n",
        0,
        "must be a positive number",
    ),
    "negative points": (
        "exercise.md",
        ":points: 2\n",
        ":points: -2\n",
        0,
        "must be a positive number",
    ),
    "misspelt marker": (
        "exercise.md",
        "    ### BEGIN SOLUTION\n    if",
        "    ### BEGIN SOLUTON\n    if",
        0,
        "unknown marker '### BEGIN SOLUTON'; write ### BEGIN SOLUTION",
    ),
    "marker in lower case": (
        "exercise.md",
        '### BEGIN HIDDEN TESTS\nassert PAIR["b"]',
        '### begin hidden tests\nassert PAIR["b"]',
        0,
        "write ### BEGIN HIDDEN TESTS",
    ),
    "never closed": (
        "exercise.md",
        "### BEGIN HIDDEN TESTS\nassert Tally(-1).next() == -1\n### END HIDDEN TESTS\n",
        "### BEGIN HIDDEN TESTS\nassert Tally(-1).next() == -1\n",
        0,
        "is never closed",
    ),
    "end without begin": (
        "exercise.md",
        "### BEGIN HIDDEN TESTS\nassert Tally",
        "assert Tally",
        1,
        "### END HIDDEN TESTS without ### BEGIN",
    ),
    "begins inside": (
        "exercise.md",
        '### BEGIN HIDDEN TESTS\nassert PAIR["b"]',
        '### BEGIN HIDDEN TESTS\n### BEGIN HIDDEN TESTS\nassert PAIR["b"]',
        1,
        "begins inside",
    ),
    "hidden tests in a solution": (
        "exercise.md",
        "    ### END SOLUTION\n```\n\nCompare",
        "    ### END SOLUTION\n    ### BEGIN HIDDEN TESTS\n```\n\nCompare",
        1,
        "stands outside a test cell",
    ),
    "marker in prose": (
        "lecture.md",
        "What is twice two?",
        "A BEGIN SOLUTION b",
        0,
        "takes this line for",
    ),
    "no tests": ("exercise.md", PAIR, "", -6, "has no tests"),
    "tests without points": ("exercise.md", ":points: 1\n", "", 1, "has no points; write :points:"),
    "second test cell": ("exercise.md", PAIR, f"{PAIR}\n{PAIR}", 14, "second test cell"),
    "test without exercise": (
        "exercise.md",
        "```{code-cell} ipython3\nimport math",
        "```{code-cell} ipython3\n:points: 3\nimport math",
        2,
        "belong to no exercise",
    ),
    "solution without statement": (
        "exercise.md",
        "## `PAIR` — a constant (1 point)\n",
        "",
        4,
        "has no statement of its own",
    ),
    "heading without points": (
        "exercise.md",
        "a constant (1 point)",
        "a constant",
        0,
        "the heading must read ## `name` — title (k points)",
    ),
    "heading names another": ("exercise.md", "## `PAIR` —", "## `PAIRS` —", 7, "defines `PAIR`"),
    "heading has other points": (
        "exercise.md",
        "(1 point)",
        "(3 points)",
        12,
        "1 points here, 3 in the",
    ),
    "heading inside a cell": (
        "exercise.md",
        "That was all.",
        "That was all.\n\n## `more` — later (1 point)",
        2,
        "put +++ above",
    ),
    "points differ from the table": (
        "exercise.md",
        ROW,
        ROW[:-3] + "5 |",
        0,
        "`double` has 5 points here",
    ),
    "not in the table": ("exercise.md", ROW + "\n", "", 7, "`double` is not in the table"),
    "not in the text": (
        "exercise.md",
        TALLY,
        f"{TALLY}\n| [`more`](#more) | `more()` | 1 |",
        1,
        "`more` is not in the text",
    ),
    "twice in the table": ("exercise.md", ROW, f"{ROW}\n{ROW}", 1, "in the table twice"),
    "broken row": ("exercise.md", ROW, "| double | double(x) | 2 |", 0, "a row must read"),
    "no table": ("exercise.md", "| exercise | signature | points |", "", -4, "has no table"),
    "another signature": (
        "exercise.md",
        "(x: float, times: int = 1)",
        "(x: float, times: int = 2)",
        -13,
        "times=2",
    ),
    "another class signature": (
        "exercise.md",
        "`Tally(start)`",
        "`Tally(begin)`",
        0,
        "`Tally(start)`",
    ),
    "duplicate name": (
        "exercise.md",
        "## `Tally` —",
        "## `PAIR` —",
        0,
        "the name of two exercises",
    ),
    "hints missing": ("hints.yml", "PAIR:", "PEAR:", 0, "no exercise is called `PEAR`"),
    "hints for nobody": ("hints.yml", "PAIR:", "PEAR:", -10, "no hints for `PAIR`"),
    "two hints": ("hints.yml", "  - Curly brackets.\n", "", -2, "`PAIR` has 2 hints; write 3"),
    "empty hint": ("hints.yml", "- Curly brackets.", "-", -2, "not all texts"),
    "hints twice": ("hints.yml", "Tally:", "PAIR:", 0, "`PAIR` has hints above"),
    "hints no YAML": ("hints.yml", "- Curly brackets.", "- [Curly", 0, "not YAML"),
    "no docstring": (
        "exercise.md",
        '        """The number whose turn it is."""\n',
        "",
        -1,
        "`next` has no docstring",
    ),
    "argument not explained": (
        "exercise.md",
        "    times    how often it is doubled, at least 0\n",
        "",
        -3,
        "does not explain times",
    ),
    "returns not explained": (
        "exercise.md",
        "    returns  number\n",
        "",
        -4,
        "does not explain returns",
    ),
    "no shape": (
        "exercise.md",
        "def double(x: float,",
        "def double(x: Tensor,",
        1,
        "does not say the shape of x",
    ),
    "no shape of the result": (
        "exercise.md",
        "= 1) -> float:",
        "= 1) -> Tensor:",
        1,
        "the shape of returns",
    ),
    "no example": ("exercise.md", "    >>> double(3.0)\n    6.0\n", "", -7, "has no example"),
    "argument of a class": (
        "exercise.md",
        "    start    first number\n",
        "",
        -2,
        "does not explain start",
    ),
    "constant not described": (
        "exercise.md",
        '# "a" -> 1, "b" -> 2\n',
        "",
        0,
        "`PAIR` is not described",
    ),
    "solution outside its region": (
        "exercise.md",
        "    ### END SOLUTION\n```\n\nCompare",
        "    ### END SOLUTION\n    return 0\n```\n\nCompare",
        1,
        "solution text outside a solution region",
    ),
    "import outside the region": (
        "exercise.md",
        DEF,
        f"import math\n{DEF}",
        0,
        "outside a solution region",
    ),
    "empty solution": (
        "exercise.md",
        'PAIR = {"a": 1, "b": 2}',
        "# PAIR",
        -2,
        "one function, class or constant",
    ),
    "two definitions": (
        "exercise.md",
        'PAIR = {"a": 1, "b": 2}',
        'KEY = "a"\nPAIR = {KEY: 1, "b": 2}',
        -2,
        "this one KEY, PAIR",
    ),
    "marker not indented": (
        "exercise.md",
        "    ### BEGIN SOLUTION\n    if times",
        "### BEGIN SOLUTION\n    if times",
        0,
        "the marker is not indented like the solution",
    ),
    "leak in the lecture": (
        "lecture.md",
        "len(base64.b64decode(Dot.PNG))",
        "x, times = 1, 2\nreturned = [lambda: 0]\n# one\nprint(1)\n'return x*2 ** times'",
        4,
        "shows the solution of `double`: return x * 2**times",
    ),
    "leak in a hint": (
        "hints.yml",
        "Multiply by",
        "One, return x * 2**times",
        0,
        "shows the solution",
    ),
    "leak in a statement": (
        "exercise.md",
        "Give twice",
        "`self.upcoming += 1`",
        0,
        "solution of `Tally`",
    ),
    "leak in a visible test": (
        "exercise.md",
        "_tally = Tally(5)",
        "self.upcoming  +=  1",
        0,
        "solution of `Tally`",
    ),
    "leak in a docstring": (
        "exercise.md",
        "    6.0\n",
        "    6.0\n    self.upcoming += 1\n",
        1,
        "of `Tally`",
    ),
    "hidden tests only": (
        "exercise.md",
        "_tally = Tally(5)\nassert [_tally.next(), _tally.next()] == [5, 6]\n",
        "",
        0,
        "students see nothing of this test cell",
    ),
    "helper without underscore": (
        "exercise.md",
        "_tally = Tally(5)",
        "_tally = Tally(5)\ndef helper(): pass",
        1,
        "call it _helper",
    ),
    "overwrites an answer": (
        "exercise.md",
        "_target = [0.0",
        "double = [0.0",
        0,
        "overwrites the student's",
    ),
    "not Python": ("lecture.md", 'print("four")', 'print("four"', 0, "not Python"),
    "broken test": (
        "exercise.md",
        'assert PAIR["a"] == 1',
        'assert PAIR["a" == 1',
        0,
        "not Python",
    ),
    "cell not closed": (
        "lecture.md",
        "import base64\n```",
        "import base64\n",
        -1,
        "is not closed before",
    ),
    "unknown cell": (
        "lecture.md",
        "```{code-cell} ipython3\nimport base64",
        "```{code-sell} ipython3\nimport base64",
        0,
        "unknown cell '{code-sell} ipython3'",
    ),
    "indented cell": (
        "lecture.md",
        "```{code-cell} ipython3\nimport base64\n```",
        "- ```{code-cell} ipython3\n  import base64\n  ```",
        0,
        "begin its fence at the margin",
    ),
    "options no YAML": ("exercise.md", ":points: 2\n", ":points: [2\n", -1, "YAML"),
    "header no YAML": ("lecture.md", "  language: python", "  language: [python", 0, "YAML"),
    "no header": ("lecture.md", "kernelspec:", "kernel:", -5, "has no header"),
    "attempts for nobody": (
        "attempts/PAIR.py",
        "# %% right: dict()",
        "# %% rigt: dict()",
        0,
        "unknown section",
    ),
    "attempts no Python": (
        "attempts/PAIR.py",
        "PAIR = dict(a=1, b=2)",
        "PAIR = dict(",
        0,
        "not Python",
    ),
    "unknown part": (
        "attempts/PAIR.py",
        "# caught: hidden",
        "# caught: secret",
        0,
        "visible or hidden",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_named_with_its_line(course: Path, case: str) -> None:
    file, old, new, further, said = CASES[case]
    line = change(course / "chapters" / NAME / file, old, new) + further
    found = faults(course)
    wanted = f"chapters/{NAME}/{file}:{line}: "
    assert any(f.startswith(wanted) and said in f for f in found), "\n".join(
        [wanted + said, *found]
    )
    assert all(re.match(r"chapters/[\w/.]+:\d+: .+; .+", f) for f in found), "a remedy for each"


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("lecture.md", "lecture.md:1: the lecture is missing"),
        ("hints.yml", "hints.yml:1: the hints are missing"),
        ("attempts/PAIR.py", "attempts/PAIR.py:1: the attempts at `PAIR` are missing"),
    ],
)
def test_missing_files(course: Path, gone: str, said: str) -> None:
    (course / "chapters" / NAME / gone).unlink()
    assert any(f"chapters/{NAME}/{said}" in fault for fault in faults(course))


def test_half_a_chapter(course: Path) -> None:
    folder = course / "chapters" / NAME
    (folder / "exercise.md").unlink()
    found = faults(course)
    assert [fault.split(":")[0].removeprefix(f"chapters/{NAME}/") for fault in found] == [
        "attempts/PAIR.py",
        "attempts/Tally.py",
        "attempts/double.py",
        "hints.yml",
    ]
    assert all("the chapter has no exercise.md; write it" in fault for fault in found)


@pytest.mark.parametrize("part", ["hints.yml", "attempts/f.py", "exercise.md"])
def test_a_chapter_of_which_only_a_part_is_there(course: Path, part: str) -> None:
    file = course / "chapters" / "02_more" / part
    file.parent.mkdir(parents=True)
    file.write_text("f: [a, b, c]\n")
    assert chapter_names(course) == [NAME, "02_more"]
    with pytest.raises(CourseError, match=r"02_more/lecture.md:1: the lecture is missing"):
        read_chapter(course, "02_more")


def test_attempts_at_no_exercise(course: Path) -> None:
    folder = course / "chapters" / NAME / "attempts"
    (folder / "PAIR.py").rename(folder / "PEAR.py")
    found = faults(course)
    assert any("attempts/PEAR.py:1: no exercise is called `PEAR`" in fault for fault in found)
    assert any("attempts/PAIR.py:1: the attempts at `PAIR` are missing" in fault for fault in found)


def test_text_in_another_encoding(course: Path) -> None:
    path = course / "chapters" / NAME / "hints.yml"
    line = path.read_bytes().count(b"\n") + 1
    path.write_bytes(path.read_bytes() + "# één".encode("latin-1"))
    assert faults(course) == [
        f"chapters/{NAME}/hints.yml:{line}: not UTF-8; save the file in UTF-8"
    ]


def test_all_faults_are_told_at_once_in_order(course: Path) -> None:
    folder = course / "chapters" / NAME
    change(folder / "exercise.md", ":points: 2\n", ":points: 2\n:mark: 3\n")
    change(folder / "exercise.md", "    returns  number\n", "")
    change(folder / "hints.yml", "  - Curly brackets.\n", "")
    change(folder / "lecture.md", 'print("four")', 'print("four"')
    change(folder / "attempts" / "PAIR.py", "caught: hidden", "caught: secret")
    found = faults(course)
    assert [fault.split(":")[0].split("/")[-1] for fault in found] == [
        "PAIR.py",
        "exercise.md",
        "exercise.md",
        "hints.yml",
        "lecture.md",
    ]


@pytest.mark.parametrize(
    "line",
    ["import torch", "def double(x):", "super().__init__()", "@cache", "# return x * 2**times"],
)
def test_lines_that_any_code_has_are_no_leaks(course: Path, line: str) -> None:
    folder = course / "chapters" / NAME
    change(
        folder / "exercise.md", BODY, f"    {line}\n        0\n{BODY}" if line[0] == "d" else BODY
    )
    change(folder / "lecture.md", "What is twice two?", line)
    read_chapter(course, NAME)


def test_chapters_are_found_by_listing(course: Path) -> None:
    (course / "chapters" / "00_hello").mkdir()
    (course / "chapters" / "00_hello" / "lecture.md").touch()
    (course / "chapters" / "notes").mkdir()
    assert chapter_names(course) == ["00_hello", NAME]


def test_no_chapters(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="no chapters in .*--root"):
        chapter_names(tmp_path)
