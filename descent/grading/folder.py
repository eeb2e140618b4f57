"""The course's folder, as nbgrader's own configuration describes it."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from descent.course.faults import CourseError

PRIVATE = Path(".descent") / "grading"


@dataclass(frozen=True)
class Course:
    """A folder in which nbgrader's commands work.

    root    its path
    app     nbgrader's application, the parent of every class that obeys the configuration
    """

    root: Path
    app: Any

    @property
    def directory(self) -> Any:
        """nbgrader's CourseDirectory."""
        return self.app.coursedir

    @property
    def private(self) -> Path:
        """Where grading keeps what nbgrader has no place for: cache, lock, log."""
        return self.root / PRIVATE

    def source(self, chapter: str) -> Path:
        """Folder of the instructor's version."""
        return self._path(self.directory.source_directory, ".", chapter)

    def submitted(self, student: str, chapter: str) -> Path:
        """Folder that a student handed in."""
        return self._path(self.directory.submitted_directory, student, chapter)

    def autograded(self, student: str, chapter: str) -> Path:
        """Folder of the graded hand-in."""
        return self._path(self.directory.autograded_directory, student, chapter)

    def seconds(self) -> float:
        """Seconds that a cell may run, as the configuration says for nbgrader's own commands."""
        from nbgrader.preprocessors import Execute

        return float(Execute(parent=self.app).timeout or 600)

    def _path(self, step: str, student: str, chapter: str) -> Path:
        return Path(os.path.normpath(self.directory.format_path(step, student, chapter)))


def open_course(root: Path) -> Course:
    """Read the configuration of a course.

    root    its folder; nbgrader_config.py in it may name another one
    raises  CourseError if the configuration can't be read
    """
    from nbgrader.apps.baseapp import NbGrader

    app = NbGrader(log_level=logging.ERROR)
    app.load_cwd_config = False
    app.raise_config_file_errors = True
    before = list(sys.path)
    try:
        app.initialize([], root=str(root.resolve()))
    except (Exception, SystemExit) as error:
        raise CourseError(f"{root / 'nbgrader_config.py'}: {error}; mend it") from error
    finally:
        sys.path[:] = before
    return Course(Path(app.coursedir.root), app)


@contextmanager
def tools_on_path() -> Iterator[None]:
    """nbgrader starts `alembic` by name when it makes a gradebook: let it find ours."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put a file in its place whole or not at all.

    path    where it belongs; its folder is made
    mode    permissions
    raises  OSError, with what was there before untouched
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        part.write_bytes(data)
        part.chmod(mode)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
