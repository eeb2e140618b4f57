"""What an instructor wants to know of a chapter's marks: one page without network, and CSV.

Marks are the gradebook's, those set by hand included. What the checks said, and why a hand-in is
flagged, come from the graded notebooks.
"""

import csv
import io
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader

from descent.course.faults import CourseError
from descent.grading.feedback import TEMPLATES, matched
from descent.grading.folder import Course, open_course
from descent.grading.record import note

COUNTED = ("graded", "repaired", "crashed")
"""Statuses of hand-ins whose marks say something about the exercises."""
UNANSWERED = ("not answered", "NotImplementedError")
"""What the message of an exercise without an answer begins with."""
COLUMNS = 10
HIGHEST = 120
"""Pixels of the highest column."""
COMMONEST = 3
FEWEST = 3
"""Hand-ins from which on a correlation is told."""


@dataclass(frozen=True)
class Row:
    """The marks of one student.

    student  nbgrader's id
    status   of the grading; "graded" where nothing else is known
    reason   why it is not just "graded"
    points   exercise -> points
    most     sum of the most points
    score    sum of the points
    waits    whether the Formgrader asks for a look
    said     exercise -> message of its first failed check
    seconds  that running it took, None if not known
    """

    student: str
    status: str
    reason: str
    points: dict[str, float]
    most: float
    score: float
    waits: bool = False
    said: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True)
class Item:
    """How an exercise went.

    name            of the exercise
    most            points to reach
    pass_rate       share of the counted hand-ins with all points
    unanswered      hand-ins without an answer
    discrimination  item-rest correlation, None where it is not defined
    mistakes        what the checks said most often, and how often
    """

    name: str
    most: float
    pass_rate: float
    unanswered: int
    discrimination: float | None
    mistakes: list[tuple[str, int]]


@dataclass(frozen=True)
class Chapter:
    """The marks of a chapter, and what they tell.

    name   of the chapter
    worth  exercise -> most points, in the order of the notebook
    rows   of all students, by id
    """

    name: str
    worth: dict[str, float]
    rows: list[Row]

    @cached_property
    def counting(self) -> list[Row]:
        """The hand-ins whose marks count in the analysis."""
        return [row for row in self.rows if row.status in COUNTED]

    @property
    def counted(self) -> int:
        """Their number."""
        return len(self.counting)

    @property
    def most(self) -> float:
        """Points for right answers to all exercises."""
        return sum(self.worth.values())

    @property
    def mean(self) -> float:
        """Mean of the scores."""
        return statistics.fmean(row.score for row in self.counting)

    @property
    def median(self) -> float:
        """Median of the scores."""
        return statistics.median(row.score for row in self.counting)

    @property
    def statuses(self) -> str:
        """How many hand-ins of which status."""
        counts = Counter(row.status for row in self.rows)
        return ", ".join(f"{count} {status}" for status, count in counts.most_common())

    @property
    def flagged(self) -> list[Row]:
        """Hand-ins that need a look, those with withheld marks first."""
        odd = [row for row in self.rows if row.waits or row.status not in ("graded", "missing")]
        return sorted(odd, key=lambda row: (row.status != "tampered", row.status, row.student))

    @cached_property
    def _times(self) -> list[float]:
        return [row.seconds for row in self.rows if row.seconds]

    @property
    def seconds(self) -> float:
        """Median of the seconds that a hand-in took, 0 if not known."""
        return statistics.median(self._times) if self._times else 0.0

    @property
    def all_seconds(self) -> float:
        """Seconds that all hand-ins took."""
        return sum(self._times)

    @cached_property
    def items(self) -> list[Item]:
        """How each exercise went."""
        return [item(name, most, self.counting) for name, most in self.worth.items()]

    @cached_property
    def counts(self) -> list[int]:
        """Hand-ins by tenth of the points; who has all is in the last."""
        return histogram([row.score / row.most for row in self.counting if row.most])

    @property
    def bars(self) -> list[dict[str, Any]]:
        """The columns of the picture."""
        highest, bars = max(self.counts, default=0) or 1, []
        for at, count in enumerate(self.counts):
            height = round(HIGHEST * count / highest)
            label = f"{at * 100 // COLUMNS}–{(at + 1) * 100 // COLUMNS}"
            place = {"x": 22 + 40 * at, "y": 150 - height, "height": height}
            bars.append(place | {"count": count, "label": label})
        return bars

    @property
    def picture_words(self) -> str:
        """The picture in a sentence."""
        parts = [f"{bar['count']} with {bar['label']}" for bar in self.bars if bar["count"]]
        return f"Hand-ins by share of the points, in per cent: {', '.join(parts)}"


def item(name: str, most: float, rows: Sequence[Row]) -> Item:
    """How an exercise went.

    name   of the exercise
    most   points to reach
    rows   hand-ins that count
    """
    points = [row.points.get(name, 0.0) for row in rows]
    rest = [row.score - own for row, own in zip(rows, points, strict=True)]
    said = [row.said[name] for row in rows if row.said.get(name)]
    unanswered = sum(words.startswith(UNANSWERED) for words in said)
    mistakes = Counter(words for words in map(mistake, said) if words)
    passed = sum(own >= most for own in points)
    return Item(
        name=name,
        most=most,
        pass_rate=passed / len(rows) if rows else 0.0,
        unanswered=unanswered,
        discrimination=correlation(points, rest),
        mistakes=mistakes.most_common(COMMONEST),
    )


def mistake(message: str) -> str:
    """What a check recognised, else its first line; "" for an answer that is not there."""
    if message.startswith(UNANSWERED):
        return ""
    return matched(message) or message.partition("\n")[0].removeprefix("✗ ")


def correlation(points: Sequence[float], rest: Sequence[float]) -> float | None:
    """Pearson's correlation of an exercise's points with those of all others.

    points   of the exercise, one a hand-in
    rest     of the other exercises
    returns  −1 to 1; None for few hand-ins, or if one of the two never changes
    source   Lord and Novick 1968, Statistical Theories of Mental Test Scores
    """
    if len(points) < FEWEST or len(set(points)) < 2 or len(set(rest)) < 2:
        return None
    return statistics.correlation(points, rest)


def histogram(shares: Iterable[float]) -> list[int]:
    """How many shares lie in each of `COLUMNS` equal parts of 0 to 1; 1 is in the last."""
    counts = [0] * COLUMNS
    for share in shares:
        counts[max(0, min(int(share * COLUMNS), COLUMNS - 1))] += 1
    return counts


# ---- what the course holds -----------------------------------------------------------------------


def read_chapters(course: Course, names: Sequence[str]) -> list[Chapter]:
    """The chapters with their marks, as the gradebook has them.

    names    none means all that somebody handed in
    raises   CourseError if there is no gradebook, or nothing of a chapter in it
    """
    from nbgrader.api import Gradebook, MissingEntry

    directory = course.directory
    file = directory.db_url.removeprefix("sqlite:///")
    if file != directory.db_url and not Path(file).exists():
        raise CourseError(f"there is no gradebook {file}; grade first: descent grade CHAPTER")
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        known = [a.name for a in gradebook.assignments if a.num_submissions]
        students = [str(student.id) for student in gradebook.students]
        chapters = []
        for name in names or sorted(known):
            try:
                assignment = gradebook.find_assignment(name)
            except MissingEntry:
                there = ", ".join(sorted(known)) or "none"
                raise CourseError(
                    f"{name} is not in the gradebook; there are marks of: {there}"
                ) from None
            chapters.append(_chapter(course, assignment, students))
    return chapters


def _chapter(course: Course, assignment: Any, students: list[str]) -> Chapter:
    name = str(assignment.name)
    cells = {c.name: c.max_score for n in assignment.notebooks for c in n.grade_cells}
    worth = {_exercise(cell): cells[cell] for cell in _order(course, name, list(cells))}
    rows = {s.student.id: _row(course, name, s) for s in assignment.submissions}
    for student in students:
        missing = Row(student, "missing", "", dict.fromkeys(worth, 0.0), sum(worth.values()), 0.0)
        rows.setdefault(student, missing)
    return Chapter(name, worth, [rows[student] for student in sorted(rows)])


def _row(course: Course, chapter: str, submission: Any) -> Row:
    student = str(submission.student.id)
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    told = note(course.autograded(student, chapter) / f"{chapter}.ipynb")
    told = told if told.get("student") == student else {}
    status, seconds = told.get("status"), told.get("seconds")
    points = {_exercise(grade.cell.name): float(grade.score) for grade in grades}
    return Row(
        student=student,
        status=status if isinstance(status, str) else "graded",
        reason=str(told.get("reason", "")),
        points=points,
        most=sum(grade.max_score for grade in grades),
        score=sum(points.values()),
        waits=any(grade.needs_manual_grade for grade in grades),
        said=_said(told) or _printed(course.autograded(student, chapter)),
        seconds=seconds if isinstance(seconds, float) else None,
    )


def _said(told: dict[str, Any]) -> dict[str, str]:
    """Exercise -> message, from the note of our grading."""
    tests = told.get("tests")
    marks = [mark for mark in tests if isinstance(mark, dict)] if isinstance(tests, list) else []
    return {str(mark.get("name")): str(mark.get("message", "")) for mark in marks}


def _printed(folder: Path) -> dict[str, str]:
    """Exercise -> message, from what plain nbgrader left in the test cells."""
    from descent.grading.feedback import said

    try:
        found = [nbformat.read(path, 4) for path in sorted(folder.glob("*.ipynb"))]
    except (OSError, ValueError, nbformat.ValidationError):
        return {}
    cells = [c for n in found for c in n.cells if c.metadata.get("nbgrader", {}).get("grade")]
    return {_exercise(c.metadata.nbgrader.grade_id): said(c) for c in cells if "outputs" in c}


def _order(course: Course, chapter: str, names: list[str]) -> list[str]:
    """Names of test cells in the order of the notebook."""
    text = ""
    for path in sorted(course.source(chapter).glob("*.ipynb")):
        text += path.read_text(encoding="utf-8")
    return sorted(names, key=lambda name: (text.find(f'"grade_id": "{name}"'), name))


def _exercise(cell: str) -> str:
    return cell.removeprefix("test_")


# ---- what is written -----------------------------------------------------------------------------


def write(
    root: Path, names: Sequence[str], to: Path | None = None, say: Callable[[str], None] = print
) -> list[Path]:
    """Write the page, and beside it the table as CSV.

    root     the course's folder
    names    of chapters; none means all that somebody handed in
    to       the page's file, report.html in the course's folder by default
    say      takes a line of text
    returns  the two files
    raises   CourseError if there are no marks, or a file can't be written
    """
    chapters = read_chapters(open_course(root), names)
    if not chapters:
        raise CourseError("the gradebook has no marks yet; grade first: descent grade CHAPTER")
    path = to or root / "report.html"
    if path.suffix == ".csv":
        raise CourseError(f"{path} would be overwritten by the table: name the page, x.html")
    files = {path: page(chapters), path.with_suffix(".csv"): table(chapters)}
    for file, contents in files.items():
        try:
            file.write_text(contents, encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise CourseError(f"{file} can't be written ({error.strerror})") from error
        say(str(file))
    return list(files)


def page(chapters: Sequence[Chapter]) -> str:
    """The page: HTML that needs nothing else."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.filters["number"] = lambda value: f"{round(value or 0, 2):g}"
    environment.filters["percent"] = lambda share: f"{share:.0%}"
    environment.filters["signed"] = lambda value: "–" if value is None else f"{value:.2f}"
    title = ", ".join(chapter.name for chapter in chapters)
    return environment.get_template("report.html.j2").render(title=title, chapters=chapters)


def table(chapters: Sequence[Chapter]) -> str:
    """The marks as CSV: a line for every student and exercise."""
    out = io.StringIO()
    writer = csv.writer(out)
    head = ["chapter", "student", "status", "score", "max_score", "exercise", "points"]
    writer.writerow([*head, "max_points", "mistake", "reason"])
    for chapter in chapters:
        for row in chapter.rows:
            for name, most in chapter.worth.items():
                said = mistake(row.said.get(name, ""))
                who = [chapter.name, harmless(row.student), row.status, row.score, row.most]
                which = [name, row.points.get(name, 0.0), most]
                writer.writerow([*who, *which, harmless(said), harmless(row.reason)])
    return out.getvalue()


def harmless(words: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{words}" if words.startswith(("=", "+", "-", "@", "\t", "\r")) else words
