"""Step 4: marks into nbgrader's gradebook and the graded notebook beside it, by one writer.

For each hand-in there is one transaction, then one file. The file names the hand-in and the paper
that it was made from, so the next run sees what a crash has left undone.
"""

import fnmatch
import json
import logging
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import nbformat

from descent.course.faults import CourseError
from descent.grading.folder import Course, tools_on_path, write_atomically
from descent.grading.judge import Mark, Result
from descent.grading.paper import Paper, name_of

WITHHELD = "Marks withheld: "
"""Begins the comment on a solution whose marks were withheld."""
TRIES = 5
"""How often to try while another program writes to the gradebook."""

log = logging.getLogger(__name__)


class Recorder:
    """Writes the results of one chapter; open in one process at a time.

    course  the course
    paper   of the chapter
    """

    def __init__(self, course: Course, paper: Paper) -> None:
        self.course, self.paper = course, paper
        self.said: list[str] = []

    def __enter__(self) -> "Recorder":
        """Open the gradebook, and enter the chapter if it is not in it as it is now.

        raises  CourseError if the gradebook can't be opened, or has another version of the chapter
        """
        from nbgrader.api import Gradebook

        directory = self.course.directory
        try:
            with tools_on_path():
                self.gradebook = Gradebook(directory.db_url, directory.course_id)
        except Exception as error:
            where = re.sub(r"://[^@/]*@", "://…@", directory.db_url)  # no password on the screen
            raise CourseError(
                f"the gradebook {where} can't be opened ({_first_line(error)}); see "
                "CourseDirectory.db_url in nbgrader_config.py"
            ) from None
        self._enter_chapter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the gradebook."""
        self.gradebook.close()

    def students(self) -> list[str]:
        """Ids of the students in the gradebook."""
        return [str(student.id) for student in self.gradebook.students]

    def record(self, result: Result, submitted: Path | None) -> None:
        """Write a result; nothing is written where all is there already.

        result     its student may be new to the gradebook
        submitted  folder of the hand-in, None if there is none
        raises     OSError or an error of the database; the marks are then as before, or none
        """
        if result.status == "missing":
            self._record_missing(result, submitted)
            return
        self._retry(lambda: self._write_marks(result, submitted))
        self._write_files(result, submitted)

    def forget_stale(self, keys: dict[str, str]) -> list[str]:
        """Take back marks that belong to another hand-in than the one that is there now.

        keys     student -> key that the result will have
        returns  students whose marks were taken back
        """
        stale = [s for s, key in keys.items() if self.recorded(s).get("key", "") != key]
        known = self._with_submission()
        for student in stale:
            if student in known:
                self._forget(student, None)
        return [student for student in stale if student in known]

    def recorded(self, student: str) -> dict[str, Any]:
        """What the graded notebook says of its own grading, {} if there is none."""
        return note(self._notebook(student))

    # ---- the chapter

    def _enter_chapter(self) -> None:
        """Do what `nbgrader generate_assignment` does for the gradebook, if it is not done."""
        from nbgrader.api import MissingEntry
        from nbgrader.preprocessors import SaveCells

        chapter = self.paper.chapter
        try:
            notebook = self.gradebook.find_notebook(chapter, chapter)
            kept = {c.name: (c.checksum, c.source) for c in notebook.source_cells}
            self.said.append(f"{chapter} is newer than in the gradebook: entered it anew")
        except MissingEntry:
            kept = {}
            self.said.append(f"{chapter} was not in the gradebook: entered it")
        cells = [c for c in self.paper.notebook.cells if name_of(c)]
        if kept == {name_of(c): (c.metadata.nbgrader.checksum, c.source) for c in cells}:
            self.said.clear()
            return
        self.gradebook.update_or_create_assignment(chapter, course_id=self.gradebook.course_id)
        names = {"notebook": chapter, "assignment": chapter, "db_url": self._url}
        try:
            SaveCells(parent=self.course.app).preprocess(
                nbformat.from_dict(self.paper.notebook), {"nbgrader": names}
            )
        except RuntimeError as error:
            raise CourseError(
                f"{error}: the chapter got other cells after hand-ins were recorded. Grade with "
                "the version that was released, or remove it with `nbgrader db assignment remove`"
            ) from error
        self.gradebook.db.expire_all()

    @property
    def _url(self) -> str:
        return str(self.course.directory.db_url)

    # ---- marks

    def _write_marks(self, result: Result, submitted: Path | None) -> None:
        from nbgrader.api import Comment, Grade, GradeCell, SolutionCell

        with self._transaction():
            notebook = self._submission(result.student, submitted)
            database = self.gradebook.db
            grades = database.query(Grade, GradeCell.name).join(
                GradeCell, GradeCell.id == Grade.cell_id
            )
            marks = {exercise.test_id: exercise.name for exercise in self.paper.exercises}
            by_name = {mark.name: mark for mark in result.tests}
            for grade, name in grades.filter(Grade.notebook_id == notebook.id):
                _set_grade(grade, by_name[marks[name]], result)
            comments = database.query(Comment, SolutionCell.name).join(
                SolutionCell, SolutionCell.id == Comment.cell_id
            )
            withheld = False
            for comment, name in comments.filter(Comment.notebook_id == notebook.id):
                withheld = withheld or (comment.auto_comment or "").startswith(WITHHELD)
                comment.auto_comment = _comment(name, result)
            _set_flag(notebook, result.status == "tampered", withheld)
            database.flush()
            database.expire(notebook, ["score"])
            self._set_penalty(notebook)

    def _submission(self, student: str, submitted: Path | None) -> Any:
        """The entry of the student's notebook, made if it is not there."""
        chapter = self.paper.chapter
        self.gradebook.update_or_create_student(student)
        when = timestamp(submitted) if submitted else None
        options = {"timestamp": when} if when else {}
        with self.gradebook.db.no_autoflush:  # it makes many entries that need one another
            self.gradebook.update_or_create_submission(chapter, student, **options)
        return self.gradebook.find_submission_notebook(chapter, chapter, student)

    def _set_penalty(self, notebook: Any) -> None:
        """The penalty for handing in late, by the plugin that the configuration names."""
        from nbgrader.preprocessors import AssignLatePenalties

        penalty = None
        late = notebook.assignment.total_seconds_late
        if late > 0:
            assign = AssignLatePenalties(parent=self.course.app)
            assign.init_plugin()
            student = notebook.student.id
            penalty = assign.plugin_inst.late_submission_penalty(student, notebook.score, late)
            if penalty is not None:
                penalty = assign._check_late_penalty(notebook, penalty)
        notebook.late_submission_penalty = penalty

    def _with_submission(self) -> set[str]:
        submissions = self.gradebook.assignment_submissions(self.paper.chapter)
        return {str(submission.student.id) for submission in submissions}

    def _forget(self, student: str, points: float | None) -> None:
        """Take back the marks of a hand-in, so that none looks valid; the notebook too."""
        self._retry(lambda: self._forget_marks(student, points))
        with suppress(FileNotFoundError):
            self._notebook(student).unlink()

    def _record_missing(self, result: Result, submitted: Path | None) -> None:
        """No points; and no entry for who never handed in anything, as with nbgrader."""
        if submitted is None:
            self._forget(result.student, 0.0)
            return
        with suppress(FileNotFoundError):
            self._notebook(result.student).unlink()
        self._retry(lambda: self._write_marks(result, submitted))

    def _forget_marks(self, student: str, points: float | None) -> None:
        from nbgrader.api import MissingEntry

        chapter = self.paper.chapter
        with self._transaction():
            try:
                notebook = self.gradebook.find_submission_notebook(chapter, chapter, student)
            except MissingEntry:
                return
            for grade in notebook.grades:
                grade.auto_score = points
                grade.needs_manual_grade = True

    def _retry(self, write: Any) -> None:
        """Write to the gradebook, again while another program has locked it."""
        for left in range(TRIES - 1, -1, -1):
            try:
                write()
                return
            except Exception as error:
                self.gradebook.db.rollback()
                if not left or "locked" not in str(error):
                    raise
                time.sleep(0.5)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """nbgrader's API commits after every step: here all steps are one transaction."""
        session = self.gradebook.db()
        commit, session.commit = session.commit, session.flush
        try:
            yield
            commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            del session.commit

    # ---- files

    def _notebook(self, student: str) -> Path:
        chapter = self.paper.chapter
        return self.course.autograded(student, chapter) / f"{chapter}.ipynb"

    def _write_files(self, result: Result, submitted: Path | None) -> None:
        """What nbgrader leaves in autograded/: the notebook, the student's and the course's files.

        The notebook is the last: with it the hand-in is recorded.
        """
        path = self._notebook(result.student)
        mode = 0o664 if self.course.directory.groupshared else 0o444
        notebook = json.loads(result.notebook)
        told = result.row() | {"key": result.key}
        told["seconds"] = told["seconds"] or note(path).get("seconds", 0)  # kept results take none
        notebook["metadata"].setdefault("descent", {})["grading"] = told
        data = (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
        for folder in (submitted, self.course.source(self.paper.chapter)):
            if folder is not None:
                self._copy(folder, path.parent, mode)
        if not path.exists() or path.read_bytes() != data:
            write_atomically(path, data, mode)

    def _copy(self, source: Path, to: Path, mode: int) -> None:
        """Copy the files beside the notebook, as nbgrader does; links are not followed."""
        for path in list(files_beside(source, self.course.directory.ignore)):
            target = to / path.relative_to(source)
            if path.stat().st_size <= 1000 * self.course.directory.max_file_size:
                target.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):
                    target.unlink()
                shutil.copy(path, target, follow_symlinks=False)
                target.chmod(mode)


def files_beside(folder: Path, ignore: list[str]) -> Iterator[Path]:
    """The files of a hand-in other than notebooks; no links, nothing that is ignored.

    ignore  patterns of names
    """
    for place, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [f for f in folders if not _matches(f, ignore)]
        for name in sorted(names):
            path = Path(place) / name
            if not _matches(name, [*ignore, "*.ipynb"]) and stat.S_ISREG(path.lstat().st_mode):
                yield path


def timestamp(folder: Path) -> datetime | None:
    """When a hand-in was made, as its timestamp.txt says; None if it can't be read."""
    from nbgrader.utils import parse_utc

    path = folder / "timestamp.txt"
    try:
        if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > 1000:
            return None
        text = path.read_text(encoding="utf-8-sig").strip()
        return parse_utc(text) if text else None
    except (OSError, ValueError, OverflowError):
        return None


def note(path: Path) -> dict[str, Any]:
    """What a graded notebook says of its grading, {} if it says nothing.

    path  of a notebook in autograded/
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["metadata"]["descent"]["grading"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _set_grade(grade: Any, mark: Mark, result: Result) -> None:
    """As nbgrader does; but what an instructor has settled stays so while the mark is the same."""
    by_hand = grade.manual_score is not None
    settled = by_hand and grade.auto_score == mark.points
    grade.auto_score = mark.points
    if not settled:
        grade.needs_manual_grade = by_hand or not result.sure


def _set_flag(notebook: Any, tampered: bool, withheld: bool) -> None:
    """Formgrader's flag; taken away only where this program has set it."""
    if tampered:
        notebook.flagged = True
    elif withheld:
        notebook.flagged = False


def _comment(name: str, result: Result) -> str | None:
    if result.status == "tampered":
        return f"{WITHHELD}{result.reason}"
    return "No response." if name in result.unanswered else None


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
