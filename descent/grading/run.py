"""Step 2: runs hand-ins in the sandbox, from a process that is warm or from a cold start."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, Protocol

from descent.course.inputs import PACKAGE
from descent.grading import sandbox, trial, wire
from descent.grading.sandbox import NoSandbox
from descent.grading.zygote import needs

__all__ = ["NoSandbox", "Runner", "runner"]

Message = dict[str, Any]
START = 120.0
"""Seconds that the imports of a cold start may take."""
LONGEST = 64_000_000
"""Bytes of an outcome."""


class Runner(Protocol):
    """Runs one hand-in at a time per call; calls may come from several threads."""

    def run(self, job: Message) -> Message:
        """The outcome of a job; "error" in it says if the sandbox itself broke down."""
        ...

    def close(self) -> None:
        """End what it started."""
        ...


class Zygote:
    """The process in the sandbox that runs are forked from, seen from the host."""

    def __init__(self, mode: str, safe: bool) -> None:
        self._line, theirs = socket.socketpair()
        inside = [sys.executable, "-P", "-m", "descent.grading.zygote", str(theirs.fileno())]
        inside += [mode, str(sandbox.SIZE)]
        self._log = _Tail()
        self._process = subprocess.Popen(
            sandbox.command(inside) if safe else inside,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log.end,
            env=None if safe else os.environ | _unsafe_variables(),
            start_new_session=True,
            **(sandbox.lowered() if safe else {}),
        )
        theirs.close()
        self._log.started()
        self._lock = threading.Lock()

    def said(self) -> str:
        """What it wrote to standard error, the end of it."""
        return self._log.text()

    def ended(self) -> bool:
        """Whether it runs no more."""
        return self._process.poll() is not None

    def ready(self) -> bool:
        """Wait for its imports."""
        self._line.settimeout(START)
        try:
            return self._line.recv(5) == b"ready"
        except OSError:
            return False

    def run(self, job: Message) -> Message:
        """The outcome of a job; cells that start processes without end are left out."""
        cells = [dict(cell) for cell in job["cells"]]
        while True:
            outcome = self._run(job | {"cells": cells})
            bombs = [c for c in cells if c["key"] == outcome.get("bomb") and "bomb" not in c]
            if not bombs:
                return outcome if "bomb" not in outcome else {"error": "too many processes"}
            bombs[0]["bomb"] = True

    def _run(self, job: Message) -> Message:
        mine, theirs = socket.socketpair()
        try:
            with self._lock:
                order = needs(cell["source"] for cell in job["cells"])
                socket.send_fds(self._line, [order], [theirs.fileno()])
            theirs.close()
            wire.send(mine, job)
            limits = job["limits"]
            outcome = wire.receive(mine, LONGEST, 2 * limits["notebook"] + limits["cell"] + 60)
        except (OSError, wire.Closed) as error:
            return {"error": f"the sandbox broke down ({error}) {self._log.text()}".strip()}
        finally:
            mine.close()
        return outcome

    def close(self) -> None:
        """End it, and with it all that it started."""
        self._line.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        self._log.close()


class _Tail:
    """The last words on a process's standard error, however much it says."""

    def __init__(self) -> None:
        self._mine, self.end = os.pipe()
        self._text = b""
        self._thread = threading.Thread(target=self._read, daemon=True)

    def started(self) -> None:
        os.close(self.end)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := os.read(self._mine, 65536):
                self._text = (self._text + chunk)[-2000:]

    def text(self) -> str:
        return self._text.decode("utf-8", "replace").strip()[-500:]

    def close(self) -> None:
        self._thread.join(5)
        os.close(self._mine)


class Warm:
    """One zygote for all; started again if it breaks down."""

    def __init__(self, safe: bool = True) -> None:
        self._safe = safe
        self._lock = threading.Lock()
        self._zygote = Zygote("fresh", safe)
        if not self._zygote.ready() or not trial.works(self._zygote):
            said = self._zygote.run(trial.job()).get("error", "its own trial failed")
            self._zygote.close()
            raise NoSandbox(f"warm kernels do not work on this computer: {said}")

    def run(self, job: Message) -> Message:
        zygote = self._zygote
        outcome = zygote.run(job)
        if outcome.get("error"):
            self._renew(zygote)
            outcome = Cold(self._safe).run(job)
        return outcome

    def _renew(self, broken: Zygote) -> None:
        with self._lock:
            if self._zygote is broken and broken.ended():
                broken.close()
                self._zygote = Zygote("fresh", self._safe)
                self._zygote.ready()

    def close(self) -> None:
        self._zygote.close()


class Cold:
    """A new sandbox and a new Python for every hand-in."""

    def __init__(self, safe: bool = True) -> None:
        self._safe = safe
        self._mode = ""

    def run(self, job: Message) -> Message:
        if not self._mode:
            self._mode = "once" if self._works("once") else "flat"
        zygote = Zygote(self._mode, self._safe)
        try:
            if not zygote.ready():
                return {"error": f"the sandbox does not start: {zygote.said()}"}
            return zygote.run(job)
        finally:
            zygote.close()

    def _works(self, mode: str) -> bool:
        zygote = Zygote(mode, self._safe)
        try:
            return zygote.ready() and trial.works(zygote)
        finally:
            zygote.close()

    def close(self) -> None:
        """Nothing stays."""


@contextlib.contextmanager
def runner(kernels: str = "warm", unsafe: bool = False) -> Iterator[Runner]:
    """What runs hand-ins; containers, one for each, where the environment has DESCENT_CONTAINER=1.

    kernels  "warm", with "cold" where that does not work here, or "cold"
    unsafe   run without a sandbox: for hand-ins that you trust
    raises   NoSandbox if hand-ins can't be isolated here
    """
    if not unsafe and os.environ.get(sandbox.CONTAINER) == "1":
        from descent.grading.contained import Contained

        yield Contained()
        return
    if not unsafe:
        sandbox.require()
    found: Runner = Cold(not unsafe)
    if kernels == "warm" and not unsafe:
        with contextlib.suppress(NoSandbox):
            found = Warm()
    try:
        yield found
    finally:
        found.close()


def _unsafe_variables() -> dict[str, str]:
    kept = ("DESCENT_DATA", "DESCENT_DEVICE", "OMP_NUM_THREADS", "MPLBACKEND", "PYTHONHASHSEED")
    inside = sandbox.variables()
    return {name: inside[name] for name in kept} | {"PYTHONPATH": str(PACKAGE.parent)}
