"""The sandbox around everything that runs a hand-in: bubblewrap, and what it lets in.

Nothing is visible inside but what this module lists: the system's programs and libraries, this
Python and its packages, and the course's package; all read-only. No network, no other processes.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from descent.course.faults import CourseError
from descent.course.inputs import PACKAGE

CONTAINER = "DESCENT_CONTAINER"
"""Environment variable: containers instead of bubblewrap if it is 1."""
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives")
PATH = "/usr/bin:/bin"
SIZE = 64 << 20
"""Bytes that a hand-in may write to its folders in memory."""


class NoSandbox(CourseError):  # noqa: N818 - what is missing
    """This computer can't isolate hand-ins; the text says why and what to do."""


def command(
    inside: list[str],
    *,
    size: int = SIZE,
    writable: Iterator[Path] | list[Path] | tuple[Path, ...] = (),
    environment: dict[str, str] | None = None,
) -> list[str]:
    """The command line that runs another one in the sandbox.

    inside       program and its arguments
    size         bytes of each folder in memory
    writable     folders that are let in for writing, none by default
    environment  variables besides those of `variables`
    returns      arguments for subprocess
    """
    line = [str(shutil.which("bwrap") or "bwrap"), "--unshare-all", "--die-with-parent"]
    line += ["--new-session", "--as-pid-1", "--cap-drop", "ALL", "--hostname", "sandbox"]
    line += ["--uid", "65534", "--gid", "65534", "--clearenv"]
    for path in readable():
        line += _let_in(path)
    line += ["--proc", "/proc", "--dev", "/dev", "--size", str(size), "--tmpfs", "/dev/shm"]
    line += ["--size", str(size), "--tmpfs", "/tmp", "--dir", "/tmp/work"]
    for folder in writable:
        line += ["--bind", str(folder), str(folder)]
    line += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp/work"]
    for name, value in (variables() | (environment or {})).items():
        line += ["--setenv", name, value]
    return [*line, "--", *inside]


def variables() -> dict[str, str]:
    """The environment inside: nothing of the grader's own."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{PATH}",
        "HOME": "/tmp",
        "USER": "student",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",
        "MPLCONFIGDIR": "/tmp",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "DESCENT_DATA": "embedded",
        "DESCENT_DEVICE": "cpu",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(PACKAGE.parent),
        "PYTHONSAFEPATH": "1",
        "PYTHONHASHSEED": "0",
    }


def readable() -> list[Path]:
    """What is let in: the system, this Python and its packages, the course's package."""
    places = {sys.base_prefix, sys.prefix, *sysconfig.get_paths().values()}
    places |= {str(Path(sys.executable).resolve().parents[1]), str(PACKAGE)}
    found = sorted({Path(place) for place in places if Path(place).exists()})
    inside = [p for p in found if not any(p != o and p.is_relative_to(o) for o in found)]
    wanted = [Path(path) for path in (*SYSTEM, *SETTINGS)]
    own = [p for p in inside if not any(p.is_relative_to(w) for w in wanted if not w.is_symlink())]
    return [path for path in wanted if path.exists() or path.is_symlink()] + own


def _let_in(path: Path) -> list[str]:
    if path.is_symlink() and str(path) in SYSTEM:
        return ["--symlink", str(path.readlink()), str(path)]
    return ["--ro-bind", str(path), str(path)]


@cache
def lowered() -> dict[str, Any]:
    """Options of subprocess that keep root's rights, and any number of processes, from a hand-in.

    Root becomes an ordinary user, or, where that one can't read this Python, starts the sandbox
    in a control group of its own, since root's number of processes has no other limit.

    returns  options; for an ordinary user none are needed
    raises   OSError if root can do neither
    """
    if os.geteuid() != 0:
        return {}
    nobody: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []}
    trial = subprocess.run(_trial(), capture_output=True, timeout=60, **nobody)
    if trial.returncode == 0:
        return nobody
    folder = next((path for path in GROUPS if _is_fenced(path)), None)
    if folder is None:
        raise OSError(
            "root's processes cannot be limited here (no control group `pids` to write to); "
            "grade as an ordinary user"
        )
    return {"preexec_fn": lambda: (folder / "cgroup.procs").write_text(str(os.getpid()))}


GROUPS = (Path("/sys/fs/cgroup/pids/descent"), Path("/sys/fs/cgroup/descent"))
MOST = 400
"""Processes of all hand-ins that run at once, where a control group limits them."""


def _is_fenced(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        (folder / "pids.max").write_text(str(MOST))
        return (folder / "cgroup.procs").exists()
    return False


def _trial() -> list[str]:
    return command([sys.executable, "-c", "import os; print(os.getpid(), os.listdir('/tmp'))"])


@cache
def probe() -> str:
    """Whether the sandbox works here, found by running it.

    returns  empty if it does, else why not
    """
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        return "bubblewrap (the program bwrap) is not installed"
    try:
        run = subprocess.run(_trial(), capture_output=True, text=True, timeout=60, **lowered())
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bwrap cannot be run: {error}"
    if run.returncode or run.stdout.split()[:1] != ["1"]:
        said = (run.stderr.strip() or run.stdout.strip()).splitlines()
        return f"bwrap does not work here: {said[-1] if said else f'code {run.returncode}'}"
    return ""


def require() -> None:
    """Refuse to run hand-ins where they can't be isolated.

    raises  NoSandbox
    """
    reason = probe()
    if reason:
        raise NoSandbox(
            f"hand-ins cannot be run safely on this computer: {reason}. Install bubblewrap "
            "(`sudo apt-get install bubblewrap`; docs/instructors.md says what Ubuntu, macOS and "
            "Windows need), or pass --unsafe if you trust every hand-in"
        )
