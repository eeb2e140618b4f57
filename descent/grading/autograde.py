"""`nbgrader autograde`, and the Formgrader's button, by the same steps as `descent grade`.

nbgrader reads every hand-in through its exporter, twice: to clean it, and to run it. `Engine` takes
that place (`c.Autograde.exporter_class`), so that nothing of a hand-in is read, or run, but as
`descent grade` does it, and no hand-in can stop the others.
"""

import atexit
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.converters.base import NbGraderException

from descent.course.faults import CourseError
from descent.grading import provision, sandbox
from descent.grading.collect import HandIn
from descent.grading.engine import Batch, Options, alone
from descent.grading.folder import Course
from descent.grading.judge import Result
from descent.grading.paper import Paper, paper_of
from descent.grading.record import Recorder
from descent.grading.run import Runner, runner

IDLE = 60.0
"""Seconds after which a server that does not grade ends the warm process."""

log = logging.getLogger(__name__)


class Engine(NotebookExporter):
    """Grades a hand-in when nbgrader asks for its cleaned notebook.

    Assignments that `descent build` has not made are left to nbgrader's own steps, in the kernel
    that `c.Execute.kernel_name` names.
    """

    def __init__(self, config: Any = None, **options: Any) -> None:
        super().__init__(config=config, **options)  # type: ignore[no-untyped-call]
        self._papers: dict[str, Paper | None] = {}
        try:
            require()
        except CourseError as error:  # before nbgrader has removed what was graded earlier
            told = f"{error} (here: by {provision.UNSAFE}=1 in the environment)"
            self.log.error(told)
            raise NbGraderException(told) from None

    def from_filename(  # type: ignore[override]
        self, filename: str, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """The graded notebook of a hand-in, its marks recorded.

        filename   of the hand-in, or of what was made of it before
        resources  with nbgrader's names of student and assignment
        """
        resources = self._init_resources(resources or {})  # type: ignore[no-untyped-call]
        names = resources.get("nbgrader", {})
        paper = self._paper(names.get("assignment", ""))
        if paper is None or names.get("notebook") != paper.chapter:
            made: Any = super().from_filename(filename, resources, **options)
            return str(made[0]), made[1]
        if getattr(self.parent, "_sanitizing", True):
            self._grade(paper, str(names["student"]))
        path = self._course.autograded(names["student"], paper.chapter) / f"{paper.chapter}.ipynb"
        path.chmod(0o644)  # nbgrader writes it once more, the same
        return path.read_text(encoding="utf-8"), resources

    @property
    def _course(self) -> Course:
        parent: Any = self.parent
        return Course(Path(parent.coursedir.root), parent.parent)

    def _paper(self, chapter: str) -> Paper | None:
        """The paper of an assignment; None if this package can't grade it."""
        if chapter not in self._papers:
            try:
                self._papers[chapter] = paper_of(self._course, chapter)
            except CourseError as error:
                self.log.warning(f"{chapter} is graded by nbgrader's own steps: {error}")
                self._papers[chapter] = None
        return self._papers[chapter]

    def _grade(self, paper: Paper, student: str) -> None:
        """Read, run, judge and record one hand-in."""
        course = self._course
        hand_in = HandIn(student, course.submitted(student, paper.chapter))
        with alone(course, self.log.info), Recorder(course, paper) as recorder:
            result = graded(course, paper, recorder, hand_in)
        said = f"{student}: {result.status}, {result.score:g} of {result.max_score:g} points"
        self.log.info(f"{said}; {result.reason}" if result.reason else said)


def graded(course: Course, paper: Paper, recorder: Recorder, hand_in: HandIn) -> Result:
    """The recorded result of one hand-in.

    recorder  open
    hand_in   with a folder
    raises    CourseError if the reference solution can't be run
    """
    batch = Batch(course, paper, Options())
    ready = batch.prepare(hand_in)
    recorder.forget_stale({hand_in.student: ready.key})
    result = ready.result or batch.known(ready)
    if result is None:
        with WARM.use() as run:
            batch.prove(run)
            result = batch.run(run, ready)
    recorder.record(result, hand_in.folder)
    return result


def require() -> None:
    """See that hand-ins can be run as the environment says.

    raises  NoSandbox if they can't be isolated here
    """
    kernel = provision.kernel()
    if kernel == "descent-sandbox":
        sandbox.require()
    elif kernel == "descent-container":
        provision.engine()


class Shared:
    """A runner that stays for the next hand-in, and ends when none comes for a while."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._lock = threading.RLock()
        self._runner: tuple[Runner, str] | None = None
        self._timer: threading.Timer | None = None

    @contextmanager
    def use(self) -> Iterator[Runner]:
        """The runner, started if need be.

        raises  NoSandbox if hand-ins can't be isolated here
        """
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            kernel = provision.kernel()
            if self._runner is None or self._runner[1] != kernel:
                self.close()
                self._runner = self._stack.enter_context(runner(unsafe=not kernel)), kernel
            try:
                yield self._runner[0]
            finally:
                self._timer = threading.Timer(IDLE, self.close)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """End what runs."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._runner = None
            self._stack.close()


WARM = Shared()
atexit.register(WARM.close)
