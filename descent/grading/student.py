"""The processes that run a hand-in: its cells in order, and a waiting copy for each test.

They are forked from a process that imported what exercises need and never saw a test. What they
send is believed only where it is sealed (tests) or where it can harm nobody else (outputs).
"""

__builtins__ = dict(vars(__import__("builtins")))  # type: ignore[assignment]

import contextlib
import hashlib
import hmac
import linecache
import os
import random
import signal
import socket
import sys
import time
import traceback
import types
from pathlib import Path
from typing import Any

from descent.grading import guard, native, wire
from descent.grading.shell import Shell

Message = dict[str, Any]
_digest, _dup, _fork = hmac.digest, os.dup2, os.fork  # whatever a hand-in makes of them


class Room:
    """What is made once, in the process that all of them are forked from."""

    def __init__(self, trusted: tuple[str, ...]) -> None:
        import torch

        import descent
        import descent.check

        self.trusted = trusted
        self.torch = torch
        self.shell = Shell()
        path = Path(str(descent.check.__file__))
        self.check = compile(path.read_text("utf-8"), str(path), "exec")
        guard.no_hooks_at_fork(trusted)
        guard.canaries(self._check(), torch)  # what is slow only the first time
        self.seal = guard.Seal()
        self.seal.restore()

    def seal_again(self) -> None:
        """Take for right what is there now: more was imported."""
        self.seal = guard.Seal()
        self.seal.restore()

    def _check(self) -> types.ModuleType:
        """A copy of `descent.check` that no hand-in knows."""
        check = types.ModuleType("descent.check")
        vars(check)["__builtins__"] = guard.pristine_builtins()
        exec(self.check, vars(check))
        return check

    def work(self, orders: socket.socket, folder: str) -> None:
        """Do what the warden orders, until it says no more."""
        flags: list[str] = []
        secret = bytes.fromhex(wire.receive(orders)["secret"])
        wire.send(orders, {"pid": os.getpid()})
        files: dict[str, str] = {}
        self._settle(folder, flags)
        while True:
            order = wire.receive(orders)
            if order["do"] == "run":
                self._run(order, orders, files, flags)
            elif order["do"] == "wait" and _fork() == 0:
                self._wait(orders, secret, files, flags, folder)

    def _settle(self, folder: str, flags: list[str]) -> None:
        """Become a student: own folder, own seeds, and no way back to this module."""
        native.hide_memory()
        os.setsid()  # out of reach of what it kills by group
        reset(self.torch, folder)
        sys.path.append(folder)
        for name in [n for n in sys.modules if n.startswith("descent.grading")]:
            del sys.modules[name]
        vars(sys.modules["descent"]).pop("grading", None)
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            _dup(null, number)
        guard.watch(self.trusted, flags)

    def _uncover(self) -> None:
        """Take away the student's names that cover built-in ones."""
        for name in set(self.shell.names) & set(guard.pristine_builtins()):
            if not name.startswith("__"):
                del self.shell.names[name]

    def _run(
        self, order: Message, orders: socket.socket, files: dict[str, str], flags: list[str]
    ) -> None:
        start = time.monotonic()
        flags += guard.suspects(order["source"]) if order["role"] != "locked" else []
        state, outputs = self.shell.run(order["source"], files, order["keep"])
        seconds = time.monotonic() - start
        answer = {"state": state, "outputs": outputs, "seconds": seconds, "flags": flags}
        wire.send(orders, answer | {"number": order["number"]})

    def _wait(
        self,
        orders: socket.socket,
        secret: bytes,
        files: dict[str, str],
        flags: list[str],
        folder: str,
    ) -> None:
        """The copy: hand one end of a new line to the warden, then wait for the test."""
        try:
            os.setsid()
            mine, theirs = socket.socketpair()
            token = _digest(secret, str(os.getpid()).encode(), "sha256")
            socket.send_fds(orders, [token], [theirs.fileno()])
            orders.close()
            theirs.close()
            order = wire.receive(mine)
            if "redo" in order:
                self._redo(order["redo"], files, folder)
            wire.send(mine, self._test(order, files, flags) | {"number": order["number"]})
        finally:
            os._exit(0)

    def _redo(self, order: Message, files: dict[str, str], folder: str) -> None:
        """Run what every notebook starts with, then the tested cell itself, from a fresh state."""
        for source in order["opening"]:
            self.shell.run(source, files, 0)
        reset(self.torch, folder)
        self._uncover()
        self.shell.run(order["own"], files, 0)

    def _test(self, order: Message, files: dict[str, str], flags: list[str]) -> Message:
        """Run a test over what the student's cells left; sealed if it passed."""
        start = time.monotonic()
        flags += self.seal.restore()
        names = self._names(order, files)
        check = self._check()
        names |= {"check": check, "__builtins__": guard.pristine_builtins()}
        flags += guard.canaries(check, self.torch)
        before = dict(vars(check))
        kind, message = _judge(order, names, check)
        flags += self.seal.restore()
        if any(vars(check).get(key) is not value for key, value in before.items()):
            flags.append("descent.check was changed during the test")
        if names.get("check") is not check:
            flags.append("the test's name `check` was bound anew")
        flags += guard.canaries(check, self.torch)
        answer: Message = {"kind": kind, "message": message, "flags": sorted(set(flags))[:20]}
        answer |= {"seconds": time.monotonic() - start, "passed": not kind and not flags}
        key = bytes.fromhex(order["key"]) if answer["passed"] else b""
        said = f"{order['name']}|passed".encode()
        return answer | {"seal": hmac.new(key, said, hashlib.sha256).hexdigest() if key else ""}

    def _names(self, order: Message, files: dict[str, str]) -> dict[str, Any]:
        """The student's names, but those that the course defines as the course defines them."""
        linecache.cache.update(
            {name: (len(text), None, text.splitlines(True), name) for name, text in files.items()}
        )
        sys.settrace(None)
        sys.setprofile(None)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for alarm in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGUSR1):
            signal.signal(alarm, signal.SIG_DFL)
        self.torch.set_num_threads(1)  # threads of the process that it was copied from are gone
        names = dict(self.shell.names)
        for number, source in enumerate(order["helpers"]):
            _quietly(source, f"<course {order['name']} {number}>", names)
        if order["name"] in self.shell.names:
            names[order["name"]] = self.shell.names[order["name"]]
        return names


def reset(torch: Any, folder: str) -> None:
    """The state that a notebook starts from: seeds, dtype, gradients, threads, folder."""
    import numpy

    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    if torch.are_deterministic_algorithms_enabled():  # to ask is quick, to set imports a compiler
        torch.use_deterministic_algorithms(False)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    numpy.random.seed(0)  # noqa: NPY002 - the student's own global generator
    numpy.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
    sys.setrecursionlimit(3000)
    os.chdir(folder)


def _judge(order: Message, names: dict[str, Any], check: Any) -> tuple[str, str]:
    """How the test went: class of the error and what the student is told; empty if it passed."""
    file = f"<test {order['name']}>"
    shown = order["shown"]
    linecache.cache[file] = (len(shown), None, shown.splitlines(True), file)
    try:
        code = compile(order["source"], file, "exec", dont_inherit=True)
        with _silence():
            exec(code, names)
    except BaseException as error:
        return _told(error, check)
    return "", ""


def _told(error: BaseException, check: Any) -> tuple[str, str]:
    try:
        trace = error.__traceback__
        own = [f for f in traceback.extract_tb(trace) if f.filename.startswith("<ipython-input")]
        lines = check._error_lines(error, own)
        return type(error).__name__, "\n".join(map(str, lines))[:4000]
    except BaseException as other:
        return type(
            error
        ).__name__, f"{type(error).__name__}, which cannot be shown ({other!r:.80})"


def _quietly(source: str, file: str, names: dict[str, Any]) -> None:
    """Run definitions of the course's own cells; what needs a student's answer may fail."""
    with _silence(), contextlib.suppress(Exception):
        exec(compile(source, file, "exec", dont_inherit=True), names)


class _silence(contextlib.ContextDecorator):  # noqa: N801 - used as a statement
    """Nothing that a test or an answer prints goes anywhere."""

    def __enter__(self) -> None:
        self._before = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123

    def __exit__(self, *_: object) -> None:
        sys.stdout, sys.stderr = self._before
