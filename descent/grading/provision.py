"""Kernel provisioners: any Jupyter program that starts these kernels starts them isolated.

`descent-bwrap` runs the kernel in bubblewrap, `descent-container` in Docker or Podman. The course's
nbgrader_config.py chooses one by `kernel()`, so that nbgrader's own execution is isolated as well.
"""

import base64
import json
import os
import secrets
import shutil
import socket
import stat
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Float, Integer, Unicode

from descent.grading import relay, sandbox

JUPYTER = Path(__file__).parent / "jupyter"
"""Data folder of Jupyter's with the kernels of this package."""
MEMORY = 3_000_000_000
"""Bytes of memory that a kernel and what it starts may have together."""
LARGEST = 4 << 20
"""Bytes of all data files of a hand-in together."""
WORK = "/tmp/work"
UNSAFE, CONTAINER = "DESCENT_UNSAFE", sandbox.CONTAINER


def kernel() -> str:
    """Name of the kernel in which nbgrader runs hand-ins; Jupyter is told where it lies.

    returns  "descent-sandbox"; "descent-container" where the environment has DESCENT_CONTAINER=1;
             "", the kernel that a notebook names, where it has DESCENT_UNSAFE=1
    """
    known = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    if str(JUPYTER) not in known:
        os.environ["JUPYTER_PATH"] = os.pathsep.join([str(JUPYTER), *filter(None, known)])
    if os.environ.get(UNSAFE) == "1":
        return ""
    return "descent-container" if os.environ.get(CONTAINER) == "1" else "descent-sandbox"


def engine(name: str = "") -> str:
    """Path of the program that runs containers.

    name    "" for the first of podman, docker
    raises  NoSandbox where it is not installed
    """
    names = [name] if name else ["podman", "docker"]
    found = [path for path in map(shutil.which, names) if path]
    if not found:
        raise sandbox.NoSandbox(
            f"expected {' or '.join(names)} on the PATH and found none; docs/instructors.md says "
            "how hand-ins are run in containers"
        )
    return found[0]


def data_files(folder: Path) -> list[str]:
    """What a kernel may read of the folder that it is started in.

    returns  paths inside the folder, sorted: no notebooks, links, hidden files and modules that
             would stand in the way of installed ones; as many as fit into `LARGEST`
    """
    from descent.grading.collect import _is_data
    from descent.grading.record import files_beside

    room, names = LARGEST, []
    for path in files_beside(folder, [".*", "__pycache__"]):
        name = path.relative_to(folder).as_posix()
        size = path.stat().st_size
        if size <= room and _is_data(name):
            names.append(name)
            room -= size
    return sorted(names)


class Bubblewrap(LocalProvisioner):
    """A kernel in bubblewrap: no network, no other processes, nothing to write to but memory."""

    memory = Integer(MEMORY, help="Bytes that the kernel and what it starts may have.").tag(
        config=True
    )
    folder: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Put the kernel's command into the sandbox, and its sockets into a folder of their own.

        raises  NoSandbox where bubblewrap does not work
        """
        sandbox.require()
        self.folder = Path(tempfile.mkdtemp(prefix="descent-"))
        manager: Any = self.parent
        manager.transport = "ipc"
        manager.ip = str(self.folder / "k")
        manager.connection_file = str(self.folder / "kernel.json")
        work = Path(kwargs.pop("cwd", None) or self.folder)
        kwargs = await super().pre_launch(**kwargs)
        kwargs["cmd"] = wrapped(kwargs["cmd"], self.folder, work)
        kwargs["env"] = {"PATH": os.environ.get("PATH", sandbox.PATH)}
        return kwargs | {"cwd": str(self.folder)}

    async def poll(self) -> int | None:
        """Whether the kernel has ended; it is ended where it takes too much."""
        ended: int | None = await super().poll()
        if ended is None and self._takes_too_much():
            await self.kill()
        return ended

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the folder with the sockets."""
        await super().cleanup(restart=restart)
        if self.folder is not None and not restart:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _takes_too_much(self) -> bool:
        """More memory than allowed, or anything but sockets in the folder that it may write to."""
        process: Any = self.process
        assert self.folder is not None
        kinds = [entry.stat().st_mode for entry in self.folder.iterdir()]
        files = sum(not stat.S_ISSOCK(kind) for kind in kinds)
        return files > 1 or len(kinds) > 10 or memory_below(process.pid) > self.memory


def wrapped(command: list[str], folder: Path, work: Path) -> list[str]:
    """The command line of a kernel in the sandbox.

    command  of the kernel
    folder   that holds its connection file and its sockets
    work     folder whose data files it may read
    """
    variables = {"IPYTHONDIR": "/tmp/ipython", "JUPYTER_PLATFORM_DIRS": "1"}
    line = sandbox.command(command, writable=[folder], environment=variables)
    at = line.index("--", line.index("--chdir"))
    for name in data_files(work):
        line[at:at] = ["--ro-bind", str(work / name), f"{WORK}/{name}"]
    return line


def memory_below(pid: int) -> int:
    """Bytes of memory that a process's descendants hold by themselves."""
    return sum(map(_memory, descendants(pid)))


def descendants(pid: int) -> set[int]:
    """The processes that a process started, and those that these did."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):  # it has ended
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    ahead = [pid]
    while ahead:
        new = set(children.get(ahead.pop(), ())) - found
        found |= new
        ahead += new
    return found


def _memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    kilobytes = (fields.get(name, "0 kB").split()[0] for name in ("RssAnon", "RssShmem"))
    return 1024 * sum(map(int, kilobytes))


class Container(LocalProvisioner):
    """A kernel in a container without network; its messages come over standard output."""

    image = Unicode("graded-descent", help="Image with this package installed.").tag(config=True)
    engine = Unicode("", help="docker or podman; the first of podman, docker if empty.").tag(
        config=True
    )
    memory = Integer(MEMORY, help="Bytes that the container may have.").tag(config=True)
    processors = Float(1.0, help="Processors that the container may have.").tag(config=True)
    name = ""
    listeners: list[socket.socket] = []  # noqa: RUF012 - made anew by every launch

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Listen for the kernel's clients, and make the command that runs the container.

        raises  NoSandbox where no engine is installed
        """
        self.name = f"descent-{secrets.token_hex(8)}"
        self.listeners = [socket.create_server(("127.0.0.1", 0)) for _ in relay.PORTS]
        manager: Any = self.parent
        manager.transport, manager.ip = "tcp", "127.0.0.1"
        for port, listener in zip(relay.PORTS, self.listeners, strict=True):
            setattr(manager, port, listener.getsockname()[1])
        kwargs = await super().pre_launch(**kwargs)
        limits = (self.memory, self.processors)
        program = engine(self.engine)
        kwargs["cmd"] = container(program, self.image, self.name, *limits, kwargs["cmd"])
        return kwargs

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Run the container, tell it what to run, and pass messages on."""
        work = Path(kwargs.get("cwd") or ".")
        files = {n: base64.b64encode((work / n).read_bytes()).decode() for n in data_files(work)}
        manager: Any = self.parent
        connection = Path(manager.connection_file).read_text(encoding="utf-8")
        pipe = subprocess.PIPE
        process: Any = subprocess.Popen(cmd, stdin=pipe, stdout=pipe, start_new_session=True)
        process.stdin.write(_order(connection, files))
        process.stdin.flush()
        self.process, self.pid = process, process.pid
        messages = relay.Relay(process.stdout, process.stdin, _refused)
        relay.listen(messages, self.listeners)
        threading.Thread(target=messages.serve, daemon=True).start()
        return self.connection_info

    async def cleanup(self, restart: bool = False) -> None:
        """Stop listening."""
        await super().cleanup(restart=restart)
        for listener in self.listeners:
            listener.close()


def _order(connection: str, files: dict[str, str]) -> bytes:
    return (json.dumps({"connection": json.loads(connection), "files": files}) + "\n").encode()


def _refused(port: int) -> socket.socket:
    """The container opens no connections: it answers those that come from here."""
    raise OSError(f"the container asked for a connection to {relay.PORTS[port]}")


def container(
    engine: str, image: str, name: str, memory: int, processors: float, inside: list[str]
) -> list[str]:
    """The command line that runs a program in a container.

    engine      docker or podman
    image       with this package installed; it is never fetched
    name        of the container
    memory      bytes that it may have
    processors  that it may have
    inside      program and its arguments; its first word is Python's name in the image
    """
    line = [engine, "run", "--rm", "--interactive", "--name", name, "--pull=never"]
    line += ["--network=none", "--hostname=sandbox", "--read-only"]
    line += ["--tmpfs=/tmp:rw,nosuid,nodev,size=64m,mode=1777", "--shm-size=64m", "--workdir=/tmp"]
    line += ["--user=65534:65534", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
    line += [f"--memory={memory}", f"--memory-swap={memory}", f"--cpus={processors:g}"]
    line += ["--pids-limit=256", "--ulimit=core=0:0", "--ulimit=nofile=256:256"]
    for key, value in sandbox.variables().items():
        if key not in ("PATH", "PYTHONPATH"):  # those of the image
            line += ["--env", f"{key}={value}"]
    return [*line, image, "python", *inside[1:]]
