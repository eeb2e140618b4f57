"""The Jupyter server's extension: it is on once the package is installed, and only adds to it."""

import asyncio
import socket
import subprocess
import sys
from types import SimpleNamespace

import tornado.web
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.websocket import WebSocketHandler, websocket_connect

from descent import server


class Connection:
    """What stands for a connection to a kernel."""

    def __init__(self, handler):
        self.websocket_handler = handler

    def connect(self):
        async def connected():
            return "connected"

        return connected()


def loaded(kind):
    """The kind of connections in a server that had another one when the extension came."""
    settings = {"kernel_websocket_connection_class": kind}
    server._load_jupyter_server_extension(
        SimpleNamespace(web_app=SimpleNamespace(settings=settings))
    )
    return settings["kernel_websocket_connection_class"]


def test_installing_the_package_switches_it_on():
    command = [sys.executable, "-m", "jupyter", "server", "extension", "list"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    said = run.stdout + run.stderr
    assert "descent.server" in said
    assert "enabled" in next(line for line in said.splitlines() if "descent.server" in line)


def test_messages_of_kernels_do_not_wait_for_others():
    kind, seen = loaded(Connection), {}
    assert issubclass(kind, Connection)

    class Handler(WebSocketHandler):
        async def open(self):
            option = (socket.IPPROTO_TCP, socket.TCP_NODELAY)
            stream = self.ws_connection.stream
            seen["before"] = stream.socket.getsockopt(*option)
            seen["said"] = await kind(self).connect()
            seen["after"] = stream.socket.getsockopt(*option)
            self.close()

    async def converse():
        listening, port = bind_unused_port()
        http = HTTPServer(tornado.web.Application([("/", Handler)]))
        http.add_sockets([listening])
        client = await websocket_connect(f"ws://127.0.0.1:{port}/")
        assert await client.read_message() is None
        client.close()
        http.stop()
        await http.close_all_connections()

    asyncio.run(converse())
    assert seen["said"] == "connected"
    assert not seen["before"]
    assert seen["after"]
