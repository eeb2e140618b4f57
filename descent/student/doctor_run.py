"""Runs the cells of a notebook from top to bottom; `doctor_trial` starts it and reads its lines.

`python -m descent.student.doctor_run SECONDS` takes cells as JSON on standard input, and writes a
line of JSON to standard output when a cell begins, when it ends, and at the end of all.
"""

import _thread
import ast
import builtins
import dis
import json
import os
import re
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

Line = dict[str, Any]
CELL = re.compile(r"<ipython-input-(\d+)-|ipykernel_\d+[\\/](\d+)")


def main(limit: float) -> None:
    """Run what standard input holds; what the cells print is lost."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as line:
        cells: list[tuple[int, str]] = json.load(sys.stdin)
        nothing = os.open(os.devnull, os.O_RDWR)
        for end in (0, 1, 2):
            os.dup2(nothing, end)

        def say(**told: Any) -> None:
            line.write(json.dumps(told) + "\n")
            line.flush()

        _Run(limit, say).cells(cells)


class _Run:
    """A shell, and what happened in it."""

    def __init__(self, limit: float, say: Callable[..., None]) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        signal.signal(signal.SIGINT, signal.default_int_handler)
        builtins.input = _no_input
        quiet = Config()
        quiet.HistoryManager.enabled = False
        self.shell: Any = InteractiveShell.instance(config=quiet)
        sys.path.insert(0, "")
        self.limit, self.say = limit, say
        self.numbers: list[int] = []
        self.late = False

    def cells(self, cells: list[tuple[int, str]]) -> None:
        self.say(ready=True)
        for number, source in cells:
            self.numbers.append(number)
            self.say(start=number)
            began = time.monotonic()
            error = self._run(source)
            took = time.monotonic() - began
            self.say(end=number, seconds=took, late=self.late, error=error and self._told(error))
        self.say(done=True, unknown=list(self._unknown(cells)))

    def _run(self, source: str) -> BaseException | None:
        self.late = False
        alarm = threading.Timer(self.limit, self._interrupt)
        alarm.daemon = True
        alarm.start()
        try:
            done = self.shell.run_cell(source, store_history=True)
        except KeyboardInterrupt as error:  # it came when the cell was just over
            return error
        finally:
            alarm.cancel()
        found: BaseException | None = done.error_before_exec or done.error_in_exec
        return found

    def _interrupt(self) -> None:
        self.late = True
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        else:
            _thread.interrupt_main()

    def _told(self, error: BaseException) -> Line:
        """What an error says: its kind, its text, the name it misses, the cell it comes from."""
        kind = type(error).__name__
        text = str(error) if kind == "CheckFailed" else f"{kind}: {error}"
        name = getattr(error, "name", None) if isinstance(error, NameError) else None
        frames = traceback.extract_tb(error.__traceback__)
        inside = [int(m[1] or m[2]) for f in frames if (m := CELL.search(f.filename))]
        at = self.numbers[inside[-1] - 1] if inside and inside[-1] <= len(self.numbers) else None
        is_open = isinstance(error, NotImplementedError)
        return {"kind": kind, "text": text, "name": name, "at": at, "open": is_open}

    def _unknown(self, cells: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        """Names that functions of a cell use, and that nothing in the notebook defines."""
        code = [(number, self.shell.transform_cell(source)) for number, source in cells]
        known = {*self.shell.user_ns, *vars(builtins)}
        known |= {name for _, text in code for name in stored(text)}
        for number, text in code:
            yield from ((number, name) for name in sorted(used_inside(text) - known))


def _no_input(*_: object) -> str:
    raise RuntimeError("input() waits for somebody who types; there is nobody when it is graded")


def stored(source: str) -> set[str]:
    """Names that code gives a value at any level; none of code that is no Python."""
    nodes = list(ast.walk(_parsed(source)))
    names = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names |= {n.name for n in nodes if isinstance(n, defined)}
    aliases = (n for n in nodes if isinstance(n, ast.alias))
    return names | {alias.asname or alias.name.split(".")[0] for alias in aliases}


def used_inside(source: str) -> set[str]:
    """Names that are looked up in the notebook when functions of this code are called."""
    try:
        whole = compile(_parsed(source), "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError):
        return set()
    return {name for code in _inner(whole) for name in _looked_up(code)}


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module(body=[], type_ignores=[])


def _inner(code: CodeType) -> Iterator[CodeType]:
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield part
            yield from _inner(part)


def _looked_up(code: CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname == "LOAD_GLOBAL":
            yield step.argval


if __name__ == "__main__":
    main(float(sys.argv[1]))
