"""Opens JupyterLab at the first lecture, after building what is stale."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from descent.course.faults import CourseError


def lab(root: Path, arguments: list[str], say: Callable[[str], None] = print) -> int:
    """Build what is stale, then run JupyterLab in place of this process; it prints its URL.

    root       the course's folder
    arguments  handed to JupyterLab
    say        takes a line of text
    returns    JupyterLab's exit code, where it can't take this process's place
    raises     CourseError if JupyterLab or the lectures are missing
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise CourseError(
            f"JupyterLab is not installed for {sys.executable}; "
            "run: make setup, or python -m pip install -c constraints.txt -e '.[student]'"
        )
    _build_stale(root, say)
    command = lab_command(root, arguments)
    say(f"opening {command[4].partition('=')[2].removeprefix('/lab/tree/')} in JupyterLab …")
    sys.stdout.flush()
    os.chdir(root)  # where nbgrader's extensions look for nbgrader_config.py
    if sys.platform == "win32":  # where exec returns to the prompt at once
        return subprocess.call(command)
    os.execv(command[0], command)


def lab_command(root: Path, arguments: list[str]) -> list[str]:
    """The command that opens JupyterLab at the first lecture.

    root       the course's folder
    arguments  options of JupyterLab, put last
    raises     CourseError if there is no lecture
    """
    lectures = sorted(p for p in (root / "lectures").glob("*.ipynb") if "." not in p.stem)
    if not lectures:
        raise CourseError(f"no lectures in {root / 'lectures'}; run: descent build")
    options = [
        f"--ServerApp.root_dir={root.resolve()}",
        f"--LabApp.default_url=/lab/tree/lectures/{lectures[0].name}",
    ]
    return [sys.executable, "-m", "jupyterlab", *options, *arguments]


def _build_stale(root: Path, say: Callable[[str], None]) -> None:
    """Build where the chapters' text is there; what goes wrong is said, and the lab opens still."""
    if not (root / "chapters").is_dir():
        return
    try:
        from descent.course.build import build
    except ImportError as error:
        say(f"not building: {error.name} is not installed. The notebooks stay as they are")
        return
    say("building what is stale …")
    try:
        build(root, (), say=say)
    except CourseError as error:
        say(f"not built: {error}")
