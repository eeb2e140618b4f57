"""Messages between the processes of a run: JSON with its length before it, over a socket."""

import json
import socket
import struct
import time
from typing import Any

HEAD = struct.Struct(">I")


class Closed(Exception):  # noqa: N818 - an end, not an error
    """The other side has gone, or sent what is no message."""


def send(to: socket.socket, message: dict[str, Any]) -> None:
    """Send a message whole.

    raises  Closed if nobody listens any more
    """
    data = json.dumps(message).encode()
    try:
        to.sendall(HEAD.pack(len(data)) + data)
    except OSError as error:
        raise Closed(str(error)) from None


def receive(
    source: socket.socket, limit: int = 64_000_000, seconds: float | None = None
) -> dict[str, Any]:
    """Wait for a message.

    limit    bytes that it may have
    seconds  until it has to be there, None for ever
    raises   Closed if there is none, it is too long, too late, or no JSON object
    """
    end = None if seconds is None else time.monotonic() + seconds
    try:
        (size,) = HEAD.unpack(_exactly(source, HEAD.size, end))
        if size > limit:
            raise Closed(f"a message of {size} bytes, of which {limit} are allowed")
        message = json.loads(_exactly(source, size, end))
    except (OSError, ValueError, RecursionError) as error:
        raise Closed(f"{type(error).__name__}: {error}") from None
    if not isinstance(message, dict):
        raise Closed("a message that is no object")
    return message


def _exactly(source: socket.socket, size: int, end: float | None) -> bytes:
    data = bytearray()
    while len(data) < size:
        source.settimeout(None if end is None else max(end - time.monotonic(), 1e-3))
        chunk = source.recv(min(size - len(data), 1 << 20))
        if not chunk:
            raise Closed("the end of the stream")
        data += chunk
    return bytes(data)
