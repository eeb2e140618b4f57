"""A Python of its own in which a student's cells run, and the end of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import descent


def python_path() -> str:
    """PYTHONPATH with which another Python finds this very package."""
    paths = [str(Path(descent.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(filter(None, paths))


def start(
    arguments: Sequence[str], folder: Path, scratch: Path, **pipes: Any
) -> "subprocess.Popen[Any]":
    """Start Python without the user's settings, as the leader of a group of processes.

    arguments  of Python
    folder     in which it works
    scratch    that takes what IPython writes
    pipes      options of `subprocess.Popen`
    """
    own = {"IPYTHONDIR": str(scratch), "MPLBACKEND": "agg", "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | own | {"PYTHONPATH": python_path()},
        start_new_session=True,
        **pipes,
    )


def end(process: "subprocess.Popen[Any]") -> None:
    """End a process that was started so, and what it started."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
