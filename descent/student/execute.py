"""The process in which a notebook's cells are run: `descent.student.runner` starts it.

`python -m descent.student.execute JOB RESULTS` runs the cells of the one file, and appends a line
to the other when all is loaded, and one for each cell.
"""

import faulthandler
import json
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from descent.student.outcome import Outcome, outcome
from descent.student.runner import OPENING, TEST


def main(job: Path, results: Path) -> None:
    """Run the cells of a job; one that takes too long ends the process."""
    limit, tasks = json.loads(job.read_text("utf-8"))
    faults = results.with_name("faults").open("w")
    faulthandler.enable(faults)
    with results.open("a", encoding="utf-8") as file:

        def say(*what: object) -> None:
            file.write(json.dumps(what) + "\n")
            file.flush()

        execute = _shell()
        say("loaded")
        for task in tasks:
            if task["role"] != OPENING:
                faulthandler.dump_traceback_later(limit, exit=True, file=faults)
            ended = execute(task["source"], task["role"] == TEST)
            faulthandler.cancel_dump_traceback_later()
            say(ended.state, ended.lines, ended.line)


def _shell() -> Callable[[str, bool], Outcome]:
    """IPython, without history and output, and what runs a cell in it."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    import descent.check  # noqa: F401 - loads torch before the clock runs

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    for name in ("showtraceback", "showsyntaxerror", "_showtraceback"):
        setattr(shell, name, lambda *_, **__: None)
    nowhere = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    os.dup2(nowhere.fileno(), 2)

    def execute(source: str, of_test: bool) -> Outcome:
        with redirect_stdout(nowhere), redirect_stderr(nowhere):
            result = shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
            return outcome(result.error_before_exec or result.error_in_exec, of_test)

    return execute


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
