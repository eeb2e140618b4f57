"""The instructor's report: right figures, harmless texts, one page that needs no network."""

import csv
import io
import random
import re
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from scipy.stats import pointbiserialr

from descent.cli import main
from descent.course.faults import CourseError
from descent.grading import report
from descent.grading.folder import open_course
from tests.grading.graded_course import (
    CHAPTER,
    address,
    cell_of,
    enter,
    error,
    make_course,
    source_of,
)

# nbgrader's own sessions make SQLAlchemy say this whenever a submission is entered
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning")

SQUARE = "✗ double(3.0): the value differs\n  → that is the square"
VILLAIN = "<img src=x onerror=alert(1)>"
MARKS = {  # points of double, PAIR, Tally; message of double; status; reason
    "ada": ([2, 1, 1.5], "", "graded", ""),
    "bob": ([0, 1, 1.5], SQUARE, "repaired", "the tests of PAIR were put back"),
    "cyd": ([0, 0, 1.5], SQUARE, "graded", ""),
    "dan": ([0, 0, 0], "not answered", "graded", ""),
    "eve": ([0, 0, 0], "marks withheld", "tampered", "torch.equal was replaced"),
    VILLAIN: ([0, 1, 0], "=HYPERLINK(1)", "crashed", "<script>alert(1)</script>"),
}
SECONDS = {"ada": 2.0, "bob": 0.5}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    course = make_course(tmp_path_factory.mktemp("report") / "course")
    tests = ["test_double", "test_PAIR", "test_Tally"]
    for student, (points, said, status, reason) in MARKS.items():
        notebook = source_of(course)
        marks = [{"name": "double", "points": points[0], "max_points": 2.0, "message": said}]
        told = {"student": student, "status": status, "reason": reason, "tests": marks}
        told |= {"seconds": SECONDS[student]} if student in SECONDS else {}
        notebook.metadata.descent = {"grading": told}
        enter(course, student, dict(zip(tests, map(float, points), strict=True)), notebook)
    with Gradebook(address(course)) as gradebook:
        gradebook.update_or_create_student("fay")
        gradebook.find_grade("test_double", CHAPTER, CHAPTER, "eve").needs_manual_grade = True
        gradebook.db.commit()
    return course


@pytest.fixture(scope="module")
def chapter(root) -> report.Chapter:
    (found,) = report.read_chapters(open_course(root), [])
    return found


def test_marks_are_the_gradebooks(chapter):
    assert list(chapter.worth.items()) == [("double", 2.0), ("PAIR", 1.0), ("Tally", 1.5)]
    scores = {row.student: row.score for row in chapter.rows}
    assert scores == {s: sum(points) for s, (points, *_) in MARKS.items()} | {"fay": 0.0}
    assert {row.student for row in chapter.rows if row.status == "missing"} == {"fay"}


def test_only_what_was_run_counts(chapter):
    assert {row.student for row in chapter.counting} == {"ada", "bob", "cyd", "dan", VILLAIN}
    assert chapter.mean == pytest.approx((4.5 + 2.5 + 1.5 + 0 + 1) / 5)
    assert chapter.median == 1.5
    assert sum(chapter.counts) == 5
    assert chapter.counts[0] == 1
    assert chapter.counts[9] == 1


def test_items(chapter):
    double, pair, tally = chapter.items
    assert [double.pass_rate, pair.pass_rate, tally.pass_rate] == [1 / 5, 3 / 5, 3 / 5]
    assert double.unanswered == 1
    assert double.mistakes == [("that is the square", 2), ("=HYPERLINK(1)", 1)]
    rest = [2.5, 2.5, 1.5, 0, 1]
    right = pointbiserialr([1, 0, 0, 0, 0], rest).statistic
    assert double.discrimination == pytest.approx(right)


@given(st.integers(0, 2**32 - 1))
def test_discrimination_is_the_point_biserial_correlation(seed):
    generator = random.Random(seed)
    passed = [generator.random() < 0.5 for _ in range(20)]
    rest = [generator.uniform(0, 9) for _ in range(20)]
    rows = [
        report.Row("s", "graded", "", {"x": 3.0 * p}, 12.0, 3.0 * p + r)
        for p, r in zip(passed, rest, strict=True)
    ]
    found = report.item("x", 3.0, rows).discrimination
    if len(set(passed)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(pointbiserialr(passed, rest).statistic)
        assert found == pytest.approx(np.corrcoef(passed, rest)[0, 1])


@pytest.mark.parametrize("points", [[], [1.0], [1.0, 0.0], [1.0, 1.0, 1.0]])
def test_too_little_tells_nothing(points):
    assert report.correlation(points, list(range(len(points)))) is None


@given(st.lists(st.floats(0, 1.5), max_size=30))
def test_every_share_is_in_one_column(shares):
    assert sum(report.histogram(shares)) == len(shares)


def test_columns_are_as_high_as_their_counts():
    scores = [0.0, 0.0, 0.5, 1.0]
    rows = [report.Row(str(n), "graded", "", {}, 1.0, s) for n, s in enumerate(scores)]
    bars = report.Chapter("x", {"y": 1.0}, rows).bars
    assert [bar["count"] for bar in bars] == [2, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    heights = {bar["count"]: bar["height"] for bar in bars}
    assert heights == {0: 0, 1: report.HIGHEST // 2, 2: report.HIGHEST}
    assert all(bar["y"] + bar["height"] == 150 for bar in bars)


def test_the_pictures_words_name_every_column_that_is_not_empty(chapter):
    told = dict(re.findall(r"with (\d+–\d+)()", chapter.picture_words))
    assert set(told) == {bar["label"] for bar in chapter.bars if bar["count"]}


def test_flagged_hand_ins_come_with_their_reason(chapter):
    first, *others = chapter.flagged
    assert (first.student, first.reason, first.waits) == ("eve", "torch.equal was replaced", True)
    assert {row.student for row in others} == {"bob", VILLAIN}


def test_marks_set_by_hand_count(root):
    with Gradebook(address(root)) as gradebook:
        grade = gradebook.find_grade("test_double", CHAPTER, CHAPTER, "dan")
        grade.manual_score = 1.0
        gradebook.db.commit()
        try:
            (found,) = report.read_chapters(open_course(root), [CHAPTER])
        finally:
            grade.manual_score = None
            gradebook.db.commit()
    assert {row.student: row.points["double"] for row in found.rows}["dan"] == 1.0


def test_what_plain_nbgrader_printed_is_read_too(root):
    notebook = source_of(root)
    cell_of(notebook, "test_double").outputs = [error(SQUARE)]
    enter(root, "zoe", {}, notebook)
    try:
        (found,) = report.read_chapters(open_course(root), [])
        assert {row.student: row.said for row in found.rows}["zoe"]["double"] == SQUARE
    finally:
        with Gradebook(address(root)) as gradebook:
            gradebook.remove_student("zoe")


def test_a_note_of_another_student_is_not_believed(root):
    notebook = source_of(root)
    notebook.metadata.descent = {"grading": {"student": "ada", "status": "tampered"}}
    enter(root, "yan", {}, notebook)
    try:
        (found,) = report.read_chapters(open_course(root), [])
        assert {row.student: row.status for row in found.rows}["yan"] == "graded"
    finally:
        with Gradebook(address(root)) as gradebook:
            gradebook.remove_student("yan")


def test_seconds_are_those_of_the_graded_notebooks(chapter):
    times = {row.student: row.seconds for row in chapter.rows}
    assert times == dict.fromkeys([*MARKS, "fay"], None) | {"ada": 2.0, "bob": 0.5}
    assert (chapter.seconds, chapter.all_seconds) == (1.25, 2.5)


# ---- page and table ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(root, tmp_path_factory) -> tuple[str, str]:
    to = tmp_path_factory.mktemp("page") / "marks.html"
    assert main(["report", "--root", str(root), "--to", str(to)]) == 0
    return to.read_text(encoding="utf-8"), to.with_suffix(".csv").read_text(encoding="utf-8")


def test_the_page_loads_nothing_and_runs_nothing(files):
    page, _ = files
    assert not re.search(r"<script|<link|<img|@import|url\(|<[^>]*\bsrc=", page)
    assert set(re.findall(r'href="([^"]*)"', page)) <= {f"#{CHAPTER}"}
    assert "default-src 'none'" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_page_is_readable_by_everyone(files):
    page, _ = files
    assert '<html lang="en">' in page
    assert page.count("<table>") == page.count("<caption>") > 3
    assert not re.search(r"<th>", page), "every heading cell has a scope"
    assert re.search(r'<svg[^>]*role="img" aria-label="Hand-ins by share', page)
    assert "prefers-color-scheme: dark" in page


def test_the_table_has_a_line_for_every_student_and_exercise(files):
    _, text = files
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 3 * (len(MARKS) + 1)
    by_key = {(row["student"], row["exercise"]): row for row in rows}
    assert by_key["bob", "double"]["mistake"] == "that is the square"
    assert by_key["ada", "Tally"]["points"] == "1.5"
    assert by_key["eve", "PAIR"]["status"] == "tampered"


def test_no_cell_of_the_table_is_a_formula(files):
    _, text = files
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_contrast_in_both_schemes(files, tmp_path, chromium, scheme):
    (tmp_path / "page.html").write_text(files[0], encoding="utf-8")
    page = chromium.new_page()
    page.emulate_media(color_scheme=scheme)
    page.goto((tmp_path / "page.html").as_uri())
    contrast = page.evaluate(
        """() => {
          const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
            .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
            return .2126 * r + .7152 * g + .0722 * b; };
          const behind = (e) => { for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if (c !== 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
          return [...document.querySelectorAll('h1,p,th,td,caption,code,a')].map(e => {
            const both = [light(getComputedStyle(e).color), light(behind(e))];
            const [a, b] = both.sort((x, y) => y - x);
            return (a + .05) / (b + .05); }); }"""
    )
    page.close()
    assert len(contrast) > 50
    assert min(contrast) >= 4.5


# ---- what can be wrong ---------------------------------------------------------------------------


def test_a_course_without_marks_says_what_to_do(tmp_path, capsys):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    assert main(["report", "--root", str(tmp_path)]) == 1
    assert "grade first" in capsys.readouterr().err
    assert not (tmp_path / "gradebook.db").exists()


def test_an_unknown_chapter_is_named_with_those_that_are_there(root):
    with pytest.raises(CourseError, match=rf"99_none is not in the gradebook.*{CHAPTER}"):
        report.read_chapters(open_course(root), ["99_none"])


def test_the_table_never_overwrites_the_page(root, tmp_path):
    with pytest.raises(CourseError, match="name the page"):
        report.write(root, [], tmp_path / "marks.csv")


def test_reading_marks_takes_few_queries_a_student(root, monkeypatch):
    """The report of a large course must not take minutes."""
    statements = []
    original = sqlite3.connect

    def counting(*arguments, **options):
        connection = original(*arguments, **options)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3.dbapi2, "connect", counting)
    report.read_chapters(open_course(root), [])
    assert 0 < len(statements) < 30 + 8 * len(MARKS)
