"""A Jupyter server's extension: what a kernel says reaches the browser at once.

A picture follows two short messages of its kernel. TCP holds short ones back until the last one is
acknowledged (Nagle's algorithm, RFC 896), and that may take 40 ms on Linux (delayed, RFC 1122):
most of what lies between a slider's key and its picture.
"""

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "descent.server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    settings = server.web_app.settings
    kind = "kernel_websocket_connection_class"
    settings[kind] = prompt(settings[kind])


def prompt(connection: Any) -> Any:
    """A kind of connections to kernels that never waits for more to send.

    connection  subclass of Jupyter server's `BaseKernelWebsocketConnection`
    returns     subclass of it
    """

    class Prompt(connection):  # type: ignore[misc]
        """A connection whose short messages are sent at once."""

        def connect(self) -> Any:
            """What it was, without Nagle's algorithm."""
            self.websocket_handler.set_nodelay(True)
            return super().connect()

    return Prompt
