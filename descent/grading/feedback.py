"""Feedback for students: points, first failed check, matched mistake and hints of each exercise.

nbgrader's own generate_feedback, with a page of ours: without hidden tests, without scripts, and
readable without a network. `descent feedback` and the Formgrader run the same.
"""

import copy
import glob
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import Preprocessor
from nbformat.notebooknode import NotebookNode
from pygments.formatters import HtmlFormatter
from traitlets import Bool
from traitlets.config import Config

from descent.course.faults import CourseError
from descent.grading.folder import open_course
from descent.grading.record import note
from descent.grading.sanitise import COLOURS, text

SETTINGS = Config(
    GenerateFeedback={
        "exporter_class": "descent.grading.feedback.FeedbackExporter",
        "preprocessors": ["nbgrader.preprocessors.GetGrades", "descent.grading.feedback.Tell"],
    }
)
"""What makes nbgrader's generate_feedback ours; nbgrader_config.py says the same."""
TEMPLATES = Path(__file__).parent / "templates"
BEGIN, END = "### BEGIN ", "### END "
KINDS = ("HIDDEN TESTS", "SOLUTION")
LEAST = 12
"""Characters of the shortest line of a hidden test that is looked for in what a hand-in printed."""
ARROW = "→ "
"""Begins the line with the matched mistake in a message of descent.check."""


@dataclass(frozen=True)
class Mark:
    """What the page says of one exercise.

    name     of the exercise
    points   reached, as text
    most     points to reach, as text
    full     whether all were reached
    by_hand  whether an instructor set them
    message  of the first failed check, "" if there is none
    mistake  that matches, "" if none does
    hints    Markdown, "" if all points were reached
    """

    name: str
    points: str
    most: str
    full: bool
    by_hand: bool
    message: str
    mistake: str
    hints: str

    @property
    def sign(self) -> str:
        """A mark that does not need colour."""
        return "✓" if self.full else "✗"

    @property
    def first(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0].removeprefix("✗ ")


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTML with the page, and the cleaning, of this course."""

    def __init__(self, config: Config | None = None, **options: Any) -> None:
        ours = copy.deepcopy(config or Config())
        ours.FeedbackExporter.template_name = "descent_feedback"
        ours.FeedbackExporter.extra_template_basedirs = [str(TEMPLATES)]
        ours.FeedbackExporter.preprocessors = ["descent.grading.sanitise.Sanitise"]
        ours.FeedbackExporter.filters = {"markdown2html": "descent.grading.sanitise.markdown"}
        super().__init__(config=ours, **options)  # type: ignore[no-untyped-call]


class Tell(Preprocessor):
    """Collects what the page says, and takes out what students must not see."""

    enabled = Bool(True).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Fill `resources["descent"]`, hide tests and solutions, move hints to their mark.

        nb         an autograded notebook, clean
        resources  with nbgrader's names and the address of its gradebook
        returns    both, changed in place
        """
        where = resources["nbgrader"]
        hide(nb)
        hints = {_id(c).removesuffix("-hints"): c.source for c in nb.cells if _is_hints(c)}
        grades, notices = read_grades(where)
        found = resources.get("metadata", {})
        file = Path(found.get("path", ".")) / f"{found.get('name', '')}.ipynb"
        notices = [sentence for sentence in [status_sentence(note(file)), *notices] if sentence]
        marks = [_mark(c, grades, hints) for c in nb.cells if _note(c).get("grade")]
        nb.cells = [c for c in nb.cells if not _is_hints(c)]
        resources["descent"] = {
            "title": title(nb, where["notebook"]),
            "score": f"{where['score']:g}",
            "most": f"{where['max_score']:g}",
            "notices": notices,
            "marks": marks,
            "by_test": {f"test_{mark.name}": mark for mark in marks},
            "css": code_colours(),
        }
        return nb, resources


def read_grades(where: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The grades of one notebook, and what else its student should know.

    where    nbgrader's names: db_url, assignment, notebook, student, late_penalty
    returns  name of the test cell -> points, most points, whether set by hand; sentences
    """
    from nbgrader.api import Gradebook

    with Gradebook(where["db_url"]) as gradebook:
        found = gradebook.find_submission_notebook(
            where["notebook"], where["assignment"], where["student"]
        )
        grades = {
            grade.cell.name: (grade.score, grade.max_score, grade.manual_score is not None)
            for grade in found.grades
        }
        notices = []
        if any(grade.needs_manual_grade for grade in found.grades):
            notices.append("Your instructor has not looked at all of it yet: points may change.")
    if where.get("late_penalty"):
        notices.append(f"{where['late_penalty']:g} points were taken off, as it came late.")
    return grades, notices


SENTENCES = {
    "repaired": "Something in your file had to be mended",
    "crashed": "Part of your work could not be run",
    "tampered": "Your points are withheld until your instructor has looked at your work",
    "unreadable": "Nothing could be read from your file",
}


def status_sentence(told: dict[str, Any]) -> str:
    """What a student should know of how the grading went, "" if it went as usual.

    told  status and reason, as the graded notebook notes them
    """
    status, reason = told.get("status"), told.get("reason")
    if not isinstance(status, str) or status not in SENTENCES:
        return ""
    return f"{SENTENCES[status]}: {text(reason, 2000)}" if reason else f"{SENTENCES[status]}."


def _mark(cell: NotebookNode, grades: dict[str, Any], hints: dict[str, str]) -> Mark:
    points, most, by_hand = grades.get(_id(cell), (0, _note(cell).get("points", 0), False))
    name, full = _id(cell).removeprefix("test_"), points >= most
    message = "" if full else said(cell)
    mistake = matched(message)
    shown = "\n".join(line for line in message.splitlines() if line.strip() != ARROW + mistake)
    return Mark(
        name=name,
        points=f"{points:g}",
        most=f"{most:g}",
        full=full,
        by_hand=by_hand,
        message=shown,
        mistake=mistake,
        hints="" if full else hints.get(name, ""),
    )


def said(cell: NotebookNode) -> str:
    """What the first error of a test cell says, without colours.

    returns  lines, "" if there was no error
    """
    errors = [o for o in cell.outputs if o.output_type == "error"]
    return COLOURS.sub("", "\n".join(errors[0].traceback)).strip() if errors else ""


def matched(message: str) -> str:
    """The mistake that a check recognised in an answer.

    message  of descent.check
    returns  its sentence, "" if none was recognised
    """
    lines = (line.strip() for line in message.splitlines())
    return next((line.removeprefix(ARROW) for line in lines if line.startswith(ARROW)), "")


def title(notebook: NotebookNode, otherwise: str) -> str:
    """The notebook's first heading."""
    lines = (line for c in notebook.cells for line in c.source.splitlines())
    return next((line.lstrip("# ") for line in lines if line.startswith("# ")), otherwise)


def hide(notebook: NotebookNode) -> None:
    """Take hidden tests out of test cells, and their lines out of whatever was printed.

    notebook  an autograded notebook, changed in place
    """
    tests = [cell for cell in notebook.cells if _note(cell).get("grade")]
    shown = {id(cell): without_regions(cell.source) for cell in tests}
    seen = {line.strip() for source in shown.values() for line in source.splitlines()}
    lines = {line.strip() for cell in tests for line in cell.source.splitlines()} - seen
    hidden = {line for line in lines if len(line) >= LEAST}
    for cell in tests:
        cell.source = shown[id(cell)]
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            _redact(output, hidden)


def without_regions(source: str) -> str:
    """A test cell as students have it; a region that is never closed goes to the end."""
    kept, inside = [], False
    for line in source.splitlines():
        if any(f"{BEGIN}{kind}" in line for kind in KINDS):
            inside = True
        if not inside:
            kept.append(line)
        if any(f"{END}{kind}" in line for kind in KINDS):
            inside = False
    return "\n".join(kept)


def _redact(output: NotebookNode, hidden: set[str]) -> None:
    if output.output_type == "stream":
        output.text = _without(output.text, hidden)
    elif output.output_type == "error":
        output.evalue = _without(output.evalue, hidden)
        output.traceback = _without("\n".join(output.traceback), hidden).split("\n")
    elif "text/plain" in output.data:
        output.data["text/plain"] = _without(output.data["text/plain"], hidden)


def _without(printed: str, hidden: Iterable[str]) -> str:
    """The text with lines that hold a hidden one left out."""
    bare = [(line, COLOURS.sub("", line)) for line in printed.split("\n")]
    return "\n".join(
        "…" if any(secret in told for secret in hidden) else line for line, told in bare
    )


def _note(cell: NotebookNode) -> dict[str, Any]:
    return cell.metadata.get("nbgrader", {}) if cell.cell_type == "code" else {}


def _id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _is_hints(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown" and _id(cell).endswith("-hints")


def code_colours() -> str:
    """Style sheet of highlighted code, for light and for dark pages."""
    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    plain = ".highlight { background: transparent !important; }"
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n{plain}"


# ---- command -------------------------------------------------------------------------------------


def generate(
    root: Path, chapter: str, students: Iterable[str], say: Callable[[str], None] = print
) -> int:
    """Write feedback/<student>/<chapter>/<chapter>.html by nbgrader's converter.

    root      the course's folder, whose nbgrader_config.py counts
    chapter   name of the assignment
    students  ids; none means all that were graded
    say       takes a line of text
    returns   number of pages
    raises    CourseError if there is nothing graded, or a page can't be made
    """
    from nbgrader.converters import GenerateFeedback
    from nbgrader.converters.base import NbGraderException

    course = open_course(root)
    course.app.update_config(SETTINGS)
    pages = 0
    for student in [glob.escape(s) for s in students] or ["*"]:
        course.directory.assignment_id, course.directory.student_id = chapter, student
        converter = GenerateFeedback(coursedir=course.directory, parent=course.app, force=True)
        try:
            converter.start()
        except NbGraderException as error:
            raise CourseError(f"{error}; grade first: descent grade {chapter}") from None
        pages += sum(map(len, converter.assignments.values()))
    where = course.directory.format_path(course.directory.feedback_directory, "<student>", chapter)
    say(f"{pages} {'page' if pages == 1 else 'pages'}: {where}/{chapter}.html")
    return pages
