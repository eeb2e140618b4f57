"""Runs inside the sandbox: imports what exercises need once, then starts a run per hand-in.

`python -m descent.grading.zygote FD MODE SIZE`: FD is a socket on which the host sends another
socket for each run; MODE is `fresh` (each run gets namespaces of its own, forked from here), `once`
(the same for one run: imports only what every run needs) or
`flat` (this very process leads the one run).
"""

import base64
import contextlib
import gc
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from descent.grading import native, wire

WORK = "/tmp/work"
IMPORTS = [
    "matplotlib.pyplot", "matplotlib.figure", "matplotlib_inline.backend_inline", "numpy", "torch",
    "torch.nn", "torch.optim", "torch.func", "torch.autograd.functional", "torch.utils.data",
    "torch.testing", "statistics", "descent.check", "descent.data", "descent.style", "executing",
]  # fmt: skip
LATER = {
    "optim": ["torch._dynamo"],  # what an optimiser's first step imports
    "scipy": ["scipy"],
    "sklearn": ["sklearn", "sklearn.datasets"],
}
"""A word in a cell -> what is imported, once for all, before a hand-in with it runs."""


def main(number: int, mode: str, size: int) -> None:
    """Import, say so, and serve until the host leaves.

    number  of the open socket to the host
    mode    "fresh", "once" or "flat"
    size    bytes that a run's folder may hold
    """
    host = socket.socket(fileno=number)
    room = _room(IMPORTS if mode == "fresh" else [])
    _import([])
    alone = threading.active_count() == 1 and _threads() <= 1
    host.sendall(b"ready" if alone else b"many!")
    while True:
        data, fds, *_ = socket.recv_fds(host, 1, 1)
        if not data:
            return
        if _import(needed(data)):
            room.seal_again()
        if mode == "flat":
            host.close()
            _flat(socket.socket(fileno=fds[0]), room)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        if os.fork() == 0:
            host.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _isolated(socket.socket(fileno=fds[0]), room, size)
        os.close(fds[0])


def needs(sources: Iterable[str]) -> bytes:
    """What the cells of a hand-in need, as one byte for the zygote."""
    text = "\n".join(sources)
    return bytes([1 + sum(2 << n for n, word in enumerate(LATER) if word in text)])


def needed(data: bytes) -> list[str]:
    """The modules that `needs` meant."""
    words = [word for n, word in enumerate(LATER) if data[0] & 2 << n]
    return [name for word in words for name in LATER[word]]


def _import(names: list[str]) -> bool:
    """Import modules, and keep all that is there from the garbage collector; whether any is new."""
    new = [name for name in names if name not in sys.modules]
    for name in new:
        with contextlib.suppress(ImportError):
            __import__(name)
    gc.collect()
    gc.freeze()
    return bool(new)


def _room(names: list[str]) -> Any:
    _import(names)
    import torch

    torch.set_num_threads(1)
    if "descent.style" in names:
        _draw()
    from descent.grading.student import Room

    return Room(tuple(_trusted()))


def _draw() -> None:
    """Draw once what every first picture waits for: fonts, signs, marks of axes."""
    import io

    from descent import style

    fig, ax = style.axes()
    ax.plot([1, 10], [1, 10], label="$x_1$", marker="o")
    ax.scatter([1, 2], [3, 4])
    ax.set(title="0123456789 +−.,:()", xlabel="abcdefghijklmnopqrstuvwxyz", ylabel="ABCDEFGHIJKL")
    ax.legend()
    fig.savefig(io.BytesIO(), format="png", bbox_inches="tight")


def _threads() -> int:
    """Threads of this process, those that Python does not know of too; 0 if nobody tells."""
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - names only
    except OSError:
        return 0


def _trusted() -> Iterator[str]:
    """Folders of code that is not the hand-in's."""
    package = Path(__file__).parents[1]
    for folder in {sys.base_prefix, sys.prefix, str(package), *sys.path[1:]}:
        path = str(Path(folder).resolve()) if folder else ""
        if folder and path not in ("/", "/tmp", WORK) and not WORK.startswith(path):
            yield from {folder, path}


def _isolated(line: socket.socket, room: Any, size: int) -> None:
    """Lead a run in fresh namespaces; this process stays outside that of the processes."""
    from descent.grading.warden import Nursery, nurse

    with _last_words(line):
        native.fresh_namespaces()
        native.hide_memory()
        mine, theirs = socket.socketpair()
        if os.fork() == 0:
            with _last_words(line):
                mine.close()
                os.setsid()
                proc = native.private_folders(size)
                native.drop_privileges()
                _lead(line, Nursery(theirs), proc)
        line.close()
        theirs.close()
        nurse(mine, room, WORK, native.drop_privileges)
    os._exit(0)


def _flat(line: socket.socket, room: Any) -> None:
    """Lead the one run of this sandbox."""
    from descent.grading.warden import Nursery, nurse

    folder = tempfile.mkdtemp(prefix="descent-")  # without a sandbox, /tmp is everybody's
    mine, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        line.close()
        theirs.close()
        nurse(mine, room, folder, lambda: None)
        os._exit(0)
    mine.close()
    _lead(line, Nursery(theirs, pid), _proc(), folder)


def _lead(line: socket.socket, nursery: Any, proc: int, folder: str = WORK) -> None:
    """Be the warden of one run, and end."""
    from descent.grading.warden import Bomb, Gone, Warden

    with _last_words(line):
        native.hide_memory()
        Path(folder).mkdir(parents=True, exist_ok=True)
        job = wire.receive(line, seconds=60)
        for name, text in job.get("data", {}).items():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(base64.b64decode(text))
        with contextlib.suppress(Gone, wire.Closed):
            try:
                outcome = Warden(line, nursery, job, proc).outcome()
            except Bomb as bomb:
                outcome = {"bomb": str(bomb)}
            if folder != WORK:
                shutil.rmtree(folder, ignore_errors=True)
            wire.send(line, outcome)
    os._exit(0)


def _proc() -> int:
    try:
        return os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return -1


@contextlib.contextmanager
def _last_words(line: socket.socket) -> Iterator[None]:
    """Tell the host what broke, then end."""
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(wire.Closed):
            wire.send(line, {"error": f"{type(error).__name__}: {error}"[:500]})
        os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
