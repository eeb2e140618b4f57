"""A panel for the notebook that says which exercises are solved, and keeps up by itself.

from descent.student import panel
panel.show()
"""

import html
import io
import linecache
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from descent.explore.view import view
from descent.student.faults import StudentError
from descent.student.hints import next_hint
from descent.student.outcome import MARKS, SLOW, SOLVED, Outcome, of_exercise, outcome
from descent.student.paper import Cell, Exercise, Paper, all_papers, find_paper, read_cells, shown

LIMIT = 20.0
"""Seconds that the tests of an exercise may take."""
_shown: list["Panel"] = []
"""The panel that keeps up with the notebook; a new one takes its place."""


def show(chapter: str = "") -> "Panel | Refusal":
    """The panel of this notebook's exercises, to end a cell with.

    chapter  name of the chapter, where the notebook does not tell
    returns  what is displayed: the panel, or why there is none
    """
    from IPython import get_ipython

    shell = get_ipython()
    try:
        if shell is None:
            raise StudentError("this is no notebook: descent check NOTEBOOK says the same")
        panel = Panel(_paper(shell, chapter), shell)
    except StudentError as error:
        return Refusal(error)
    for old in _shown:
        shell.events.unregister("post_run_cell", old.after_cell)
    shell.events.register("post_run_cell", panel.after_cell)
    _shown[:] = [panel]
    return panel


class Refusal(str):
    """Why there is no panel."""

    __repr__ = str.__str__


class Panel:
    """States of all exercises, by their visible tests.

    paper  the untouched notebook
    shell  IPython, in which the student's answers are
    """

    def __init__(self, paper: Paper, shell: Any) -> None:
        self.paper, self.shell = paper, shell
        self.outcomes = {exercise.name: Outcome("") for exercise in paper.exercises}
        self.rows = {exercise.name: _Row(exercise, self.hint) for exercise in paper.exercises}
        self.tests = {shown(e.test): e for e in paper.exercises}
        self.ids = {e.test.id: e for e in paper.exercises if e.test.id}
        self.answers = {cell.id: cell.name for cell in paper.cells if cell.answer and cell.id}
        self.heading, self.status = widgets.HTML(), widgets.HTML()
        self.button = widgets.Button(description="Check all", tooltip="Run the visible tests")
        self.button.on_click(lambda _: self.check())
        rows = [row.box for row in self.rows.values()]
        self.box = widgets.VBox([self.heading, self.button, self.status, *rows])
        self.box.add_class("descent-panel")
        self._say("Run a test cell, or check all.")

    def check(self, *names: str) -> None:
        """Run the visible tests in the notebook as it is now, all or those of some exercises."""
        self.button.disabled = True
        try:
            for exercise in self.paper.pick(list(names)):
                self._say(f"Checking {exercise.name} …")
                self.record(exercise.name, run_test(exercise, self.shell.user_ns))
            if not names:
                solved = sum(map(self._is_solved, self.paper.exercises))
                self._say(f"{solved} of {len(self.outcomes)} exercises solved.")
        except KeyboardInterrupt:
            self._say("Stopped.")
        finally:
            self.button.disabled = False

    def hint(self, name: str) -> None:
        """Show the next hint of an exercise."""
        (exercise,) = self.paper.pick([name])
        self.rows[name].told.value = _html(next_hint(self.paper.chapter, exercise))
        self._say(f"A hint for {name} is shown below its name.")

    def record(self, name: str, ended: Outcome) -> None:
        """Take and show how the tests of an exercise ended."""
        self.outcomes[name] = ended = of_exercise(ended, name)
        self.rows[name].update(ended)
        self._say(f"{name}: {ended.state or 'changed, run its tests again'}.")

    def after_cell(self, result: Any) -> None:
        """Take the outcome of a test cell that the student ran; IPython calls this."""
        cell_id = getattr(result.info, "cell_id", None) or ""
        exercise = self.tests.get(shown(Cell("code", result.info.raw_cell or "")))
        if exercise:
            self.record(exercise.name, outcome(result.error_before_exec or result.error_in_exec))
        elif cell_id in self.ids:  # its text was changed
            self.check(self.ids[cell_id].name)
        elif self.outcomes.get(self.answers.get(cell_id, ""), Outcome("")).state:
            self.record(self.answers[cell_id], Outcome(""))

    @property
    def points(self) -> float:
        """Points for the exercises whose visible tests pass."""
        return sum(e.points for e in self.paper.exercises if self._is_solved(e))

    def _is_solved(self, exercise: Exercise) -> bool:
        return self.outcomes[exercise.name].state == SOLVED

    def _say(self, text: str) -> None:
        total = sum(exercise.points for exercise in self.paper.exercises)
        self.heading.value = (
            f"<b>{self.paper.chapter}: {self.points:g} of {total:g} points</b> by the visible "
            "tests; hidden ones are run when you hand in"
        )
        said = html.escape(text)
        self.status.value = f'<p role="status" aria-live="polite">{said}</p>'

    def __repr__(self) -> str:
        names = ", ".join(exercise.name for exercise in self.paper.exercises)
        return f"Progress in {self.paper.chapter}: {names}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"text/plain": repr(self)} | view(self.box)


class _Row:
    """An exercise in the panel: name, state, points, a button for hints, the message."""

    def __init__(self, exercise: Exercise, hint: Any) -> None:
        self.exercise = exercise
        below = widgets.Layout(margin="0 0 0 2em")
        self.label, self.message = widgets.HTML(), widgets.HTML(layout=below)
        self.told = widgets.HTMLMath(layout=below)
        tip = f"Show the next hint for {exercise.name}"
        button = widgets.Button(description=f"Next hint: {exercise.name}", tooltip=tip)
        button.layout.width = "auto"
        button.on_click(lambda _: hint(exercise.name))
        self.button = button
        self.box = widgets.VBox([widgets.HBox([self.label, button]), self.message, self.told])
        self.update(Outcome(""))

    def update(self, ended: Outcome) -> None:
        got = self.exercise.points if ended.state == SOLVED else 0
        state = f"{MARKS[ended.state]} {ended.state or 'not checked yet'}"
        points = f"{got:g} / {self.exercise.points:g}"
        columns = (11, f"<b>{self.exercise.name}</b>"), (4, points), (9, state)
        self.label.value = " ".join(
            f'<span style="display:inline-block;width:{width}em">{text}</span>'
            for width, text in columns
        )
        text = html.escape("\n".join(ended.lines))
        self.message.value = f"<pre>{text}</pre>" if text else ""


# ---- tests in the notebook's own process ---------------------------------------------------------


class _TooLate(BaseException):
    """No `except Exception` of a student holds it."""


def run_test(exercise: Exercise, namespace: dict[str, Any]) -> Outcome:
    """Run the visible tests of an exercise; what they define stays out of the notebook.

    namespace  of the notebook
    raises     KeyboardInterrupt if the student interrupts it
    """
    source, file = exercise.visible, f"<ipython-input-test_{exercise.name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    nowhere = io.StringIO()
    try:
        with redirect_stdout(nowhere), redirect_stderr(nowhere), _time_limit(LIMIT):
            exec(compile(source, file, "exec"), dict(namespace))
    except KeyboardInterrupt:
        raise
    except _TooLate:
        return Outcome(SLOW, (f"stopped after {LIMIT:g} s",))
    except BaseException as error:
        return outcome(error)
    return Outcome(SOLVED)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise _TooLate in the block after so many seconds, where the system can."""
    main = threading.current_thread() is threading.main_thread()
    if not (main and hasattr(signal, "setitimer")):
        yield
        return
    before = signal.signal(signal.SIGALRM, _too_late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _too_late(*_: object) -> None:
    raise _TooLate


# ---- which notebook this is ----------------------------------------------------------------------


def _paper(shell: Any, chapter: str) -> Paper:
    """The untouched version of the notebook that runs in this process."""
    here = Path.cwd()
    folders = [here, *here.parents, *Path(__file__).resolve().parents[2:3]]
    if chapter:
        found = {paper.chapter: paper for paper in all_papers(folders)}
        if chapter not in found:
            raise StudentError(f"no chapter {chapter}; there are: {', '.join(found) or 'none'}")
        return found[chapter]
    cells = [Cell("code", text) for text in shell.user_ns.get("In", [])]
    file = os.environ.get("JPY_SESSION_NAME") or shell.user_ns.get("__vsc_ipynb_file__", "")
    if file and Path(file).is_file():
        cells += read_cells(Path(file))
    try:
        return find_paper(folders, cells)
    except StudentError as error:
        raise StudentError(f'{error}; name it: panel.show("CHAPTER")') from None


def _html(markdown: str) -> str:
    """A hint as HTML: paragraphs, code and emphasis."""
    text = html.escape(markdown, quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"(?<![\w*\\])\*([^*$\n]+)\*(?![\w*])", r"<em>\1</em>", text)
    return "".join(f"<p>{part}</p>" for part in re.split(r"\n\s*\n", text))
