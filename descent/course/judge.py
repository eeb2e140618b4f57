"""Runs attempts against the tests of a chapter: do graders accept what is right, and only that?

`python -m descent.course.judge COURSE CHAPTER FILE` writes the verdicts to FILE as JSON.
"""

import ast
import contextlib
import doctest
import functools
import io
import json
import linecache
import os
import signal
import subprocess
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from descent.course import markers
from descent.course.attempts import Attempt, read_attempts
from descent.course.chapter import Chapter, read_chapter
from descent.course.contract import Exercise
from descent.course.faults import CourseError
from descent.student.process import python_path

LIMIT = 10.0
"""Seconds that one cell may take."""
STUB = 'raise NotImplementedError("not solved yet")'


@dataclass(frozen=True)
class Loss:
    """How a test failed.

    kind     class of the error; "stderr" or "value" for output that nbgrader takes for a failure
    message  its text
    part     "visible" or "hidden", where in the test cell; "" unknown
    shown    what a student sees of it
    """

    kind: str
    message: str
    part: str = ""
    shown: str = field(default="", compare=False)

    def says(self, text: str) -> bool:
        """Whether the message has this text, whatever the case."""
        return text.lower() in f"{self.message}\n{self.shown}".lower()


@dataclass(frozen=True)
class Verdict:
    """What the graders made of one attempt.

    exercise  that it is an attempt at; "" for all of them
    kind      "right", "wrong", "solution", "blank" or "example"
    title     of the attempt
    losses    exercise -> how its test failed; those that pass are not in it
    problems  what the graders, or the attempt, have wrong
    says      text that the message must contain; "" asks for nothing
    """

    exercise: str
    kind: str
    title: str
    losses: dict[str, Loss] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    says: str = ""

    @property
    def own(self) -> Loss:
        """How the test of its own exercise failed, empty if it passed."""
        return self.losses.get(self.exercise, Loss("", ""))


class TimeLimit(BaseException):
    """A cell took too long; no `except Exception` of a student holds it."""


def judge(root: Path, chapter: str) -> list[Verdict]:
    """The verdicts on a chapter: its solutions, blank answers, and every attempt.

    root     the course's folder
    chapter  its name
    returns  none for a chapter without exercises
    raises   CourseError if the chapter has faults, or the judging process broke down
    """
    if not read_chapter(root, chapter).exercises:
        return []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "verdicts.json"
        command = [sys.executable, "-m", "descent.course.judge", str(root.resolve()), chapter]
        fixed = {"DESCENT_DATA": "embedded", "OMP_NUM_THREADS": "1"}  # two wait for each other
        run = subprocess.run(
            [*command, str(file)],
            cwd=folder,
            env=os.environ | fixed | {"PYTHONPATH": python_path()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if run.returncode:
            raise CourseError(f"judging {chapter} broke down:\n{run.stderr.strip()}")
        return [_verdict(found) for found in json.loads(file.read_text("utf-8"))]


def verdicts(chapter: Chapter, attempts: list[Attempt]) -> Iterator[Verdict]:
    """The same in this process, whose `__main__` is replaced.

    chapter   the chapter
    attempts  at its exercises
    """
    course = Course(chapter)
    names = [e.name for e in chapter.exercises]
    losses = course.run({})
    lost = [f"`{n}` loses its points: {loss.message}" for n, loss in losses.items()]
    yield Verdict("", "solution", "the solutions", losses, lost)
    for exercise in chapter.exercises:
        yield Verdict(exercise.name, "example", "docstring", {}, course.example(exercise))
    losses = course.run({e.name: _blank(e) for e in chapter.exercises})
    odd = [n for n in names if losses.get(n, Loss("", "")).kind != "NotImplementedError"]
    said = [f"`{n}` must fail with NotImplementedError when it is not solved" for n in odd]
    yield Verdict("", "blank", "nothing solved", losses, said)
    for number, attempt in enumerate(attempts):
        losses = course.run({attempt.exercise: attempt.code}, f"-{number}")
        about = attempt.exercise, attempt.kind, attempt.title
        verdict = Verdict(*about, losses, says=attempt.says)
        verdict.problems.extend(_problems(attempt, verdict))
        yield verdict


class Course:
    """The cells of a chapter's exercises, run as a notebook runs them."""

    def __init__(self, chapter: Chapter) -> None:
        self.opening = [cell.source for cell in chapter.opening if cell.kind == "code"]
        self.exercises = chapter.exercises
        self.helpers = {e.name: _helpers(e) for e in chapter.exercises}
        self.limit = LIMIT

    def run(self, answers: dict[str, str], key: str = "") -> dict[str, Loss]:
        """Run all cells in a fresh namespace.

        answers  exercise -> text in place of its solution cell
        key      makes the names of their files differ from those of other runs
        returns  exercise -> how its test failed, of those that did
        """
        namespace = self.opened()
        losses = {}
        for exercise in self.exercises:
            answer = answers.get(exercise.name, exercise.solution.source)
            mark = key if exercise.name in answers else ""
            loss = self.one(exercise, answer, namespace, mark)
            if loss:
                losses[exercise.name] = loss
        return losses

    def one(
        self, exercise: Exercise, answer: str, namespace: dict[str, Any], key: str = ""
    ) -> Loss | None:
        """Run the cells of one exercise; how its test failed, None if it didn't."""
        _execute(answer, f"{exercise.name}{key}", namespace)
        for number, source in enumerate(self.helpers[exercise.name]):
            _execute(source, f"{exercise.name}-between-{number}", namespace)
        return _execute(exercise.test.source, f"test_{exercise.name}", namespace, self.limit)

    def opened(self) -> dict[str, Any]:
        """A namespace after the cells before the first exercise, which may import for long."""
        namespace = _fresh()
        for number, source in enumerate(self.opening):
            loss = _execute(source, f"opening-{number}", namespace, limit=0)
            if loss:
                raise RuntimeError(f"a cell before the first exercise fails: {loss}\n{source}")
        return namespace

    def example(self, exercise: Exercise) -> list[str]:
        """What the examples in the solution's docstrings give wrong."""
        namespace = self.opened()
        _execute(exercise.solution.source, f"example_{exercise.name}", namespace)
        said: list[str] = []
        for node in ast.walk(ast.parse(exercise.solution.source)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
                doc, name = str(ast.get_docstring(node)), node.name
                test = doctest.DocTestParser().get_doctest(doc, namespace, name, None, None)
                doctest.DocTestRunner(verbose=False).run(test, out=said.append)
        return [f"the docstring's example is not true: {''.join(said)}"] if said else []


def _blank(exercise: Exercise) -> str:
    return markers.without(exercise.solution.source, markers.SOLUTION, STUB)


def _helpers(exercise: Exercise) -> list[str]:
    """The locked code cells before the tests that define what these use; drawing takes too long."""
    test = exercise.test.source
    used = {n.id for n in ast.walk(ast.parse(test)) if isinstance(n, ast.Name)} - _bound(test)
    sources = [cell.source for cell in exercise.between if cell.kind == "code"]
    return [source for source in sources if used & _bound(source)]


def _bound(source: str) -> set[str]:
    """Names that a cell defines at its top level."""
    body = ast.parse(source).body
    names = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    imported = [a for n in body if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names]
    stored = [n for n in ast.walk(ast.Module(body, [])) if isinstance(n, ast.Name)]
    names |= {n.id for n in stored if isinstance(n.ctx, ast.Store)}
    return names | {a.asname or a.name for a in imported}


def _problems(attempt: Attempt, verdict: Verdict) -> Iterator[str]:
    own = verdict.own
    for name in verdict.losses.keys() - {attempt.exercise}:
        yield f"it costs `{name}` its points: {verdict.losses[name].message}"
    if attempt.right and own.kind:
        yield f"a right answer is rejected: {own.kind}: {own.message}"
    if not attempt.right and not own.kind:
        yield "a wrong answer is accepted"
    if own.kind and not own.says(attempt.says):
        yield f"the message does not say {attempt.says!r}: {own.message}"
    if own.kind and attempt.caught not in ("", own.part):
        yield f"it is caught by the {own.part or 'output'}, not by the {attempt.caught} tests"


def _fresh() -> dict[str, Any]:
    """The namespace of a new `__main__`, and torch as it is after import."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        torch.manual_seed(0)
    return vars(module)


def _execute(
    source: str, name: str, namespace: dict[str, Any], limit: float = LIMIT
) -> Loss | None:
    """Run a cell as IPython does; how it failed by nbgrader's rules, None if it didn't."""
    file = f"<ipython-input-{name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    said = io.StringIO()
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(said),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("default")
        try:
            with _time_limit(limit):
                value = _evaluate(source, file, namespace)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            part, shown = _part(error, file, source), _shown(error, file)
            return Loss(type(error).__name__, str(error), part, shown)
    if said.getvalue():
        return Loss("stderr", said.getvalue(), shown=said.getvalue())
    said_value = f"the cell ends in a value: {value!r}"
    return None if value is None else Loss("value", said_value, shown=said_value)


def _evaluate(source: str, file: str, namespace: dict[str, Any]) -> Any:
    """Run all statements; the value of the last if it is an expression."""
    statements, value = _compiled(source, file)
    exec(statements, namespace)
    return eval(value, namespace)


@functools.cache
def _compiled(source: str, file: str) -> tuple[types.CodeType, types.CodeType]:
    tree = ast.parse(source, file)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    value = last.value if isinstance(last, ast.Expr) else ast.Constant(None, lineno=1, col_offset=0)
    return compile(tree, file, "exec"), compile(ast.Expression(value), file, "eval")


def _shown(error: BaseException, file: str) -> str:
    """What `descent.check`, if the notebook uses it, shows of an error in a test cell."""
    check = sys.modules.get("descent.check")
    if check is None:
        return str(error) or type(error).__name__
    if isinstance(error, TimeLimit):
        return f"✗ the answer {error}: is there a loop that does not end, or one too many?"
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename.startswith("<ipython-input") and f.filename != file]
    return "\n".join(check._error_lines(error, own))


def _part(error: BaseException, file: str, source: str) -> str:
    """Which part of a test cell was running when the error came."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    if trace is None:
        return ""
    regions = markers.regions(source, markers.HIDDEN)
    inside = any(first < trace.tb_lineno < last for first, last in regions)
    return "hidden" if inside else "visible"


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimit in the block after so many seconds, where the system has such a timer.

    seconds  0 for no limit
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.signal(signal.SIGALRM, _too_late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _too_late(*_: object) -> None:
    raise TimeLimit(f"took longer than {LIMIT:g} s")


def _verdict(found: dict[str, Any]) -> Verdict:
    losses = {name: Loss(**loss) for name, loss in found.pop("losses").items()}
    return Verdict(**found, losses=losses)


def _main(root: Path, name: str, file: Path) -> None:
    chapter = read_chapter(root, name)
    folder = root / "chapters" / name / "attempts"
    attempts = [a for e in chapter.exercises for a in read_attempts(folder / f"{e.name}.py")]
    found = [asdict(verdict) for verdict in verdicts(chapter, attempts)]
    file.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
