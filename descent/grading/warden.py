"""Leads the run of one hand-in: orders cells and tests, and ends what kills, hangs or swells.

The warden is the first process of its own process namespace, holds the tests and the keys, and
runs no line of the hand-in.
"""

import contextlib
import hmac
import os
import secrets
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from descent.grading import believed, native, pieces, wire
from descent.grading.student import Room

Message = dict[str, Any]
MOST = 64
"""Processes of a hand-in that are ended one by one; more are ended all at once."""
GRACE = 2.0
"""Seconds between an interrupt and the end."""
TICK = 0.1
"""Seconds between two looks at the memory."""


class Nursery:
    """Starts students' processes, from one that knows no job; seen from the warden."""

    def __init__(self, line: socket.socket, pid: int = 0) -> None:
        self._line = line
        self.pid = pid  # 0 where it lies outside the warden's namespace

    def student(self, memory: int, seconds: float) -> "Student":
        """A new process from the state in which nothing of the hand-in has run."""
        mine, theirs = socket.socketpair()
        socket.send_fds(self._line, [f"{memory} {seconds}".encode()], [theirs.fileno()])
        theirs.close()
        return Student(mine)


def nurse(line: socket.socket, room: Room, folder: str, prepare: Callable[[], None]) -> None:
    """Start students' processes as the warden asks, until it leaves.

    Outside the process namespace of those that it starts, so that they can't see or end it.

    prepare  called in each of them first
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        data, fds, *_ = socket.recv_fds(line, 64, 1)
        if not data:
            return
        memory, seconds = map(float, data.split())
        if os.fork() == 0:
            try:
                line.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                prepare()
                native.limit(int(memory), seconds)
                room.work(socket.socket(fileno=fds[0]), folder)
            finally:
                os._exit(0)
        os.close(fds[0])


class Student:
    """A process that runs cells, seen from the warden."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self._secret = secrets.token_bytes(32)
        wire.send(line, {"secret": self._secret.hex()})
        self.pid = int(wire.receive(line, seconds=60)["pid"])

    def copy(self) -> "Copy | None":
        """Have it fork a copy that waits for a test; None if it did not."""
        with contextlib.suppress(OSError, IndexError, wire.Closed):
            wire.send(self.line, {"do": "wait"})
            self.line.settimeout(10)
            token, fds, *_ = socket.recv_fds(self.line, 32, 1)
            line = socket.socket(fileno=fds[0])
            credentials = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            pid = int.from_bytes(credentials[:4], "little")
            if hmac.compare_digest(token, hmac.digest(self._secret, str(pid).encode(), "sha256")):
                return Copy(pid, line)
        return None


class Copy:
    """A process that waits for its test, seen from the warden."""

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.pid, self.line = pid, line


class Bomb(Exception):  # noqa: N818 - what it is
    """A cell started more processes than can be ended one by one; its text is the cell's key."""


class Gone(Exception):  # noqa: N818 - the host has left
    """Nobody waits for the outcome."""


class Warden:
    """One run of one hand-in."""

    def __init__(self, host: socket.socket, nursery: Nursery, job: Message, proc: int) -> None:
        self._host, self._nursery, self._proc = host, nursery, proc
        self.cells: list[Message] = job["cells"]
        self.keys: dict[str, str] = job["keys"]
        self.limits: Message = job["limits"]
        self._end = time.monotonic() + self.limits["notebook"]
        self._base = native.own_memory(proc)
        self._waiting: dict[str, Copy] = {}
        self._running: Message = {"key": ""}
        self._out: Message = {"cells": {}, "tests": {}, "flags": [], "deaths": {}, "error": ""}

    def outcome(self) -> Message:
        """Run all, and say what came."""
        self._run_cells()
        tests = [cell for cell in self.cells if cell["role"] == "test"]
        for cell in tests:
            self._out["tests"][cell["name"]] = self._first(cell)
        failed = [cell for cell in tests if self._may_improve(cell)]
        if failed:
            self._run_again(failed)
        self._out["flags"] = sorted(set(self._out["flags"]))[:50]
        return self._out

    # ---- the run of the whole ----

    def _run_cells(self) -> None:
        """Run the cells in order; one that ends its process is left out, the others run again."""
        left_out = {cell["key"] for cell in self.cells if cell.get("bomb")}
        for cell in self.cells:
            if cell.get("bomb") and cell["role"] != "test":
                result = {"outputs": [], "seconds": 0.0, "state": "many"}
                self._note_death(cell, result)
                self._out["cells"][cell["key"]] = result
        done = 0
        while done < len(self.cells):
            student = self._student()
            done = self._run_until_death(student, done, left_out)
            self._end_student(student)

    def _run_until_death(self, student: Student, done: int, left_out: set[str]) -> int:
        """Run again what came before, then go on.

        done     how many cells have been dealt with
        returns  how many have been now
        """
        for number, cell in enumerate(self.cells):
            if cell["role"] == "test":
                if number >= done:
                    self._wait_for_test(student, cell)
            elif cell["key"] not in left_out:
                result = self._cell(student, cell)
                if number >= done:
                    self._out["cells"][cell["key"]] = result
                if result["state"] in ("died", "late, ended", "memory", "many"):
                    left_out.add(cell["key"])
                    self._note_death(cell, result)
                    return max(done, number + 1)
            if time.monotonic() > self._end:
                self._skip_from(number + 1)
                return len(self.cells)
        return len(self.cells)

    def _cell(self, student: Student, cell: Message, source: str = "") -> Message:
        """Have a cell run; its outputs, state and seconds."""
        order = {"do": "run", "source": source or cell["source"], "role": cell["role"]}
        order["keep"] = self.limits["output"]
        self._running = cell
        result = self._ask(student.line, student.pid, order)
        self._flag(result)
        return believed.cell(result)

    def _wait_for_test(self, student: Student, cell: Message) -> None:
        copy = student.copy()
        if copy is not None:
            self._waiting[cell["name"]] = copy

    def _note_death(self, cell: Message, result: Message) -> None:
        name = cell["name"] if cell["role"] == "solution" else ""
        self._out["deaths"][name] = self._why(result["state"])
        result["state"] = "late" if result["state"].startswith("late") else "died"

    def _skip_from(self, number: int) -> None:
        why = f"the whole took longer than {self.limits['notebook']:g} s"
        for cell in self.cells[number:]:
            if cell["role"] != "test":
                state = {"outputs": [], "seconds": 0.0, "state": "skipped"}
                self._out["cells"].setdefault(cell["key"], state)
                if cell["role"] == "solution":
                    self._out["deaths"].setdefault(cell["name"], why)

    # ---- tests ----

    def _first(self, cell: Message) -> Message:
        """The test's result in the run of the whole."""
        name = cell["name"]
        copy = self._waiting.pop(name, None)
        if cell.get("bomb"):
            self._out["deaths"][name] = self._why("many")
        if name in self._out["deaths"] or copy is None:
            why = self._out["deaths"].get(name, "the cells before it ended the run")
            return _failed("died", f"not tested, since this exercise {why}")
        return self._test(copy, cell)

    def _test(self, copy: Copy, cell: Message, redo: Message | None = None) -> Message:
        """Send a waiting copy its test; what it answers, or how it ended."""
        self._end_strays({copy.pid} | {c.pid for c in self._waiting.values()})
        order = {"name": cell["name"], "source": cell["source"], "key": self.keys[cell["name"]]}
        order |= {"shown": pieces.shown(cell["source"]), "helpers": self._helpers(cell)}
        order |= {"redo": redo} if redo else {}
        self._running = cell
        result = self._ask(copy.line, copy.pid, order)
        self._end_process(copy.pid)
        copy.line.close()
        if "state" in result:
            why = self._why(result["state"])
            self._out["deaths"][cell["name"]] = why
            return _failed(result["state"].split(",")[0], f"the test was ended: your code {why}")
        self._flag(result)
        result = believed.test(result)
        if result["kind"] == "KeyboardInterrupt":
            self._out["deaths"][cell["name"]] = why = self._why("late")
            return _failed("late", f"the test was ended: your code {why}")
        result["message"] = pieces.told(result["message"], pieces.secrets(cell["source"]))
        return result

    def _flag(self, result: Message) -> None:
        self._out["flags"] += believed.flags(result)
        del self._out["flags"][200:]

    def _helpers(self, test: Message) -> list[str]:
        """What the course's own cells before a test define; in the first ones, also values."""
        before = self.cells[: self.cells.index(test)]
        answers = [n for n, cell in enumerate(before) if cell["role"] == "solution"]
        first = min(answers, default=0)
        locked = [(n, cell["source"]) for n, cell in enumerate(before) if cell["role"] == "locked"]
        return [part for n, text in locked for part in pieces.definitions(text, n < first)]

    def _may_improve(self, test: Message) -> bool:
        """Whether a test that failed could pass from the pristine state."""
        name, result = test["name"], self._out["tests"][test["name"]]
        died = name in self._out["deaths"] and result["message"].startswith("not tested")
        hopeless = result["passed"] or died or result["kind"] == "NotImplementedError"
        if hopeless or self._out["flags"] or self._left() <= 0:
            return False
        return name in self._out["deaths"] or not self._is_pristine(test)

    def _is_pristine(self, test: Message) -> bool:
        """Whether what ran before its own cell can't have left a mess."""
        opening = [cell["source"] for cell in self._opening()]
        before = self.cells[len(opening) : self.cells.index(test)]
        first = next((n for n, cell in enumerate(before) if cell["name"] == test["name"]), 0)
        kinds = {cell["role"] for cell in before[:first]}
        others = [
            c for c in before if c["role"] in ("solution", "added") and c is not before[first]
        ]
        return "locked" not in kinds and all(
            pieces.only_defines(cell["source"], opening) for cell in others
        )

    def _run_again(self, failed: list[Message]) -> None:
        """These tests from the pristine state, with what the student defined before each."""
        left_out: set[str] = set()
        while self._left() > 0:
            student = self._student()
            ended = self._define_until_death(student, failed, left_out)
            self._end_student(student)
            if not ended:
                break
            left_out.add(ended)
        for cell in failed:
            copy = self._waiting.pop(cell["name"], None)
            if copy is not None:
                self._better(cell, copy)

    def _define_until_death(
        self, student: Student, failed: list[Message], left_out: set[str]
    ) -> str:
        """Run the course's cells and the student's definitions; a copy waits at each failed test.

        returns  key of the cell that ended the process, "" if none did
        """
        names = {cell["name"] for cell in failed}
        own: dict[str, Message] = {}
        for cell in self.cells[: self.cells.index(failed[-1]) + 1]:
            name, is_test = cell["name"], cell["role"] == "test"
            if cell["role"] == "solution" and name in names:
                own[name] = cell  # defined only after its own test, which runs all of it
                continue
            if is_test and name in names and name not in self._waiting:
                self._wait_for_test(student, cell)
            known = own.pop(name, None) if is_test else cell
            if known and known["key"] not in left_out and self._ends(student, known):
                return str(known["key"])
        return ""

    def _ends(self, student: Student, cell: Message) -> bool:
        """Run a cell that all start with, or what another defines; whether that was the end."""
        texts = [""] if cell in self._opening() else pieces.definitions(cell["source"], True)
        ends = ("died", "late, ended", "memory", "many")
        return any(self._cell(student, cell, text)["state"] in ends for text in texts)

    def _opening(self) -> list[Message]:
        """The course's cells before the first answer."""
        answers = (n for n, cell in enumerate(self.cells) if cell["role"] == "solution")
        return [c for c in self.cells[: next(answers, 0)] if c["role"] == "locked"]

    def _better(self, cell: Message, copy: Copy) -> None:
        """Test once more; it counts if it passes."""
        name = cell["name"]
        died = self._out["deaths"].pop(name, None)
        again = self._test(copy, cell, self._redo(cell))
        if again["passed"]:
            self._out["tests"][name] = again | {"again": True}
        elif died:
            self._out["deaths"][name] = died

    def _redo(self, test: Message) -> Message:
        """What is run before a test that is run again: what all start with, and its own cell."""
        before = self.cells[: self.cells.index(test)]
        own = next((c["source"] for c in before if c["name"] == test["name"]), "")
        return {"opening": [c["source"] for c in self._opening()], "own": own}

    # ---- waiting, and ending ----

    def _student(self) -> Student:
        return self._nursery.student(self.limits["memory"], self.limits["notebook"])

    def _left(self) -> float:
        return self._end - time.monotonic()

    def _ask(self, line: socket.socket, pid: int, order: Message) -> Message:
        """Send an order and wait for the answer, within the limits.

        returns  the answer, or only a "state": died, memory, or late, ended
        """
        number = secrets.token_hex(8)
        try:
            wire.send(line, order | {"number": number})
        except wire.Closed:
            return {"state": "died"}
        end = time.monotonic() + min(self.limits["cell"], max(self._left(), 0.1))
        interrupted = False
        while True:
            ready = select.select([line, self._host], [], [], TICK)[0]
            if self._host in ready:
                raise Gone
            if line in ready and time.monotonic() < end + GRACE:
                try:
                    answer = wire.receive(line, 8 * self.limits["output"] + 10_000_000, 10)
                except wire.Closed:
                    self._end_process(pid)
                    return {"state": "died"}
                if answer.get("number") != number:
                    continue  # something else that the hand-in wrote
                if native.memory_of(self._proc, pid) - self._base > self.limits["memory"]:
                    self._end_process(pid)  # else the next cell would be ended for it
                    return {"state": "memory"}
                return answer | {"state": "late"} if interrupted and "state" in answer else answer
            state = self._over(end, interrupted)
            if state == "late" and not interrupted:
                _kill(pid, signal.SIGINT)
                interrupted, end = True, time.monotonic() + GRACE
            elif state:
                self._end_process(pid)
                return {"state": "late, ended" if state == "late" else state}

    def _over(self, end: float, interrupted: bool) -> str:
        if time.monotonic() > end:
            return "late"
        waiting = {copy.pid for copy in self._waiting.values()}
        used = {p.pid: p.memory - self._base for p in native.processes(self._proc).values()}
        active = sum(max(memory, 0) for pid, memory in used.items() if pid not in waiting)
        total = sum(max(memory, 0) for memory in used.values())
        allowed = self.limits["memory"]
        if len(used) - len(waiting) > MOST:
            return "many"
        return "memory" if active > allowed or total > 3 * allowed else ""

    def _why(self, state: str) -> str:
        if state.startswith("late"):
            return f"took longer than {self.limits['cell']:g} s"
        if state == "many":
            return f"started more than {MOST} processes"
        if state == "memory":
            return f"needed more than {self.limits['memory'] / 1e9:g} GB"
        return "ended the process that ran it (exit, crash, or out of memory)"

    def _end_student(self, student: Student) -> None:
        student.line.close()
        self._end_process(student.pid)
        self._end_strays({copy.pid for copy in self._waiting.values()})

    def _end_process(self, pid: int) -> None:
        _kill(pid, signal.SIGKILL)
        _reap()

    def _end_strays(self, kept: set[int]) -> None:
        """End all that the hand-in left running, however it hid."""
        kept = kept | {self._nursery.pid}
        ended: set[int] = set()  # what has got the signal starts nothing more
        end = time.monotonic() + 10
        while time.monotonic() < end:
            found = native.pids(self._proc) - kept - ended
            if not found:
                return
            if len(found) > MOST:
                break
            for pid in found:
                _kill(pid, signal.SIGKILL)
            ended |= found
            _reap()
        if os.getpid() == 1:
            os.kill(-1, signal.SIGKILL)  # at once, so that none of them can start another
        raise Bomb(self._running["key"])


def _failed(kind: str, message: str) -> Message:
    base: Message = {"passed": False, "kind": kind, "message": message, "seconds": 0.0}
    return base | {"seal": "", "again": False}


def _kill(pid: int, number: int) -> None:
    if pid > 1:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _reap() -> None:
    """Let ended processes go; as the first of its namespace this one inherits all."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
