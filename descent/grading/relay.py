"""Carries a kernel's messages over standard input and output, into a container without network.

`python -P -m descent.grading.relay`, inside, reads one line of JSON (the kernel's connection file,
and the files that it may read), starts the kernel, and then passes frames both ways.
"""

import base64
import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

PORTS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")
HEAD = struct.Struct(">IBI")
"""Number of the connection, which of `PORTS` it goes to, bytes that follow; without any it ends."""
LONGEST = 1 << 16


class Relay:
    """Many connections over one pair of pipes.

    incoming  where frames come from
    outgoing  where frames go to
    connect   makes the connection of a frame that begins one, by the place of its port in `PORTS`
    """

    def __init__(
        self, incoming: BinaryIO, outgoing: BinaryIO, connect: Callable[[int], socket.socket]
    ) -> None:
        self._incoming, self._outgoing, self._connect = incoming, outgoing, connect
        self._lock = threading.Lock()
        self._open: dict[int, socket.socket] = {}

    def add(self, number: int, port: int, connection: socket.socket) -> None:
        """Pass on what comes from a connection, in a thread of its own."""
        self._open[number] = connection
        threading.Thread(target=self._read, args=(number, port, connection), daemon=True).start()

    def serve(self) -> None:
        """Pass on frames until the pipe ends."""
        while head := _exactly(self._incoming, HEAD.size):
            number, port, size = HEAD.unpack(head)
            if size > LONGEST or port >= len(PORTS):
                break
            data = _exactly(self._incoming, size) if size else b""
            if len(data) < size:
                break
            self._deliver(number, port, data)
        for connection in list(self._open.values()):
            connection.close()

    def _deliver(self, number: int, port: int, data: bytes) -> None:
        try:
            if data and number not in self._open:
                self.add(number, port, self._connect(port))
            if data:
                self._open[number].sendall(data)
                return
        except OSError:
            self._send(number, port, b"")
        connection = self._open.pop(number, None)
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _read(self, number: int, port: int, connection: socket.socket) -> None:
        data = b"begin"
        while data:
            try:
                data = connection.recv(LONGEST)
                self._send(number, port, data)
            except OSError:
                return

    def _send(self, number: int, port: int, data: bytes) -> None:
        with self._lock:
            self._outgoing.write(HEAD.pack(number, port, len(data)) + data)
            self._outgoing.flush()


def listen(relay: Relay, listeners: list[socket.socket]) -> None:
    """Take connections to these ports, on the host, and pass them on.

    listeners  one for each of `PORTS`
    """
    numbers = iter(range(1 << 32))
    for port, listener in enumerate(listeners):

        def accept(port: int = port, listener: socket.socket = listener) -> None:
            with contextlib.suppress(OSError):  # it was closed
                while True:
                    relay.add(next(numbers), port, listener.accept()[0])

        threading.Thread(target=accept, daemon=True).start()


def _exactly(file: BinaryIO, size: int) -> bytes:
    """So many bytes, fewer only at the end."""
    data = b""
    while len(data) < size and (more := file.read(size - len(data))):
        data += more
    return data


# ---- inside --------------------------------------------------------------------------------------


def main() -> None:
    """Start the kernel and carry its messages until one of the two ends."""
    incoming, outgoing = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed is no frame
    order: dict[str, Any] = json.loads(incoming.readline())
    kernel = _start(order)
    threading.Thread(target=lambda: os._exit(kernel.wait() & 255), daemon=True).start()
    connection = order["connection"]

    def connect(port: int) -> socket.socket:
        return socket.create_connection(("127.0.0.1", connection[PORTS[port]]))

    Relay(incoming, outgoing, connect).serve()
    os._exit(0)


def _start(order: dict[str, Any]) -> "subprocess.Popen[bytes]":
    """The kernel, in a folder with the files that it may read."""
    folder = Path(tempfile.gettempdir()) / "work"
    folder.mkdir()
    for name, data in order["files"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(base64.b64decode(data))
    file = folder.with_name("kernel.json")
    file.write_text(json.dumps(order["connection"]))
    command = [sys.executable, "-P", "-m", "descent.grading.kernel", "-f", str(file)]
    return subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
