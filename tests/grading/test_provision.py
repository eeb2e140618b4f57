"""Kernels of ours are isolated, whoever starts them; containers get the same promises."""

import asyncio
import base64
import itertools
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbgrader.preprocessors import Execute

from descent.grading import contained, provision, relay, sandbox
from descent.grading.folder import open_course

ROOT = Path(__file__).parents[2]
isolated = pytest.mark.skipif(bool(sandbox.probe()), reason=sandbox.probe() or "it works")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("JUPYTER_PATH", provision.UNSAFE, provision.CONTAINER):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def work(tmp_path) -> Path:
    """A folder as nbgrader starts kernels in."""
    folder = tmp_path / "autograded" / "ada" / "01_tiny"
    folder.mkdir(parents=True)
    (folder / "data.csv").write_text("1,2\n")
    (folder / "torch.py").write_text("raise SystemExit")
    (folder / "01_tiny.ipynb").write_text("{}")
    (folder / ".hidden").write_text("x")
    (folder / "link").symlink_to("/etc/passwd")
    (tmp_path / "gradebook.db").write_text("secret")
    return folder


def run(code: str, work: Path, name: str = "descent-sandbox", seconds: int = 60) -> str:
    """What a cell prints, run by nbclient in one of our kernels."""
    provision.kernel()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    where = {"metadata": {"path": str(work)}}
    client = NotebookClient(notebook, kernel_name=name, timeout=seconds, resources=where)
    client.interrupt_on_timeout = client.allow_errors = True
    client.execute()
    outputs = notebook.cells[0].outputs
    return "".join(o.get("text") or f"{o.get('ename')}: {o.get('evalue')}" for o in outputs)


def remains() -> list[Path]:
    return list(Path("/tmp").glob("descent-*/k*"))


# ---- which kernel --------------------------------------------------------------------------------


def test_the_kernels_are_found_without_installing_them():
    assert "descent-sandbox" not in KernelSpecManager().find_kernel_specs()
    assert provision.kernel() == "descent-sandbox"
    provision.kernel()
    assert os.environ["JUPYTER_PATH"] == str(provision.JUPYTER)
    for name in ("descent-sandbox", "descent-container"):
        spec = KernelSpecManager().get_kernel_spec(name)
        assert spec.interrupt_mode == "message"


def test_other_folders_of_jupyter_stay(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "/opt/a")
    provision.kernel()
    assert os.environ["JUPYTER_PATH"].split(os.pathsep) == [str(provision.JUPYTER), "/opt/a"]


def test_the_environment_chooses(monkeypatch):
    monkeypatch.setenv(provision.CONTAINER, "1")
    assert provision.kernel() == "descent-container"
    monkeypatch.setenv(provision.UNSAFE, "1")
    assert provision.kernel() == ""
    monkeypatch.setenv(provision.UNSAFE, "no")
    assert provision.kernel() == "descent-container"


def test_the_course_runs_nbgraders_own_execution_in_the_sandbox():
    assert Execute(parent=open_course(ROOT).app).kernel_name == "descent-sandbox"


@isolated
def test_nbgraders_own_execution_is_isolated(work):
    execute = Execute(parent=open_course(ROOT).app)
    code = "import os; print(os.getpid(), os.path.exists('../../../gradebook.db'))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    execute.preprocess(notebook, {"metadata": {"path": str(work)}})
    assert notebook.cells[0].outputs[0].text == "1 False\n"


def test_where_bubblewrap_fails_nothing_is_started(work, monkeypatch):
    monkeypatch.setattr(sandbox, "probe", lambda: "bwrap has gone")
    with pytest.raises(sandbox.NoSandbox, match="bwrap has gone"):
        run("print(1)", work)


# ---- bubblewrap ----------------------------------------------------------------------------------

LOOK = """
import os, socket, sys
print(sorted(os.listdir()), os.getuid() != 0, sorted(os.environ.keys() & {'PATH', 'SECRET'}))
print([p for p in ('%s', '%s', '/etc/passwd', '/var') if os.path.exists(p)])
try:
    socket.create_connection(('192.0.2.1', 80), 2)
except OSError as error:
    print(type(error).__name__, error.errno)
print(len([p for p in os.listdir('/proc') if p.isdigit()]))
print(get_ipython().history_manager.hist_file)
for place in ('/usr/x', '/x', os.path.dirname(os.__file__) + '/x'):
    try:
        open(place, 'w')
        print('wrote', place)
    except OSError as error:
        pass
import torch
print(torch.ones(2).sum().item())
"""


@isolated
def test_a_kernel_sees_and_reaches_nothing_else(work, monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    said = run(LOOK % (work.parents[2] / "gradebook.db", ROOT / "source"), work)
    lines = said.splitlines()
    assert lines[0] == "['data.csv'] True ['PATH']"
    assert lines[1] == "[]"
    assert lines[2] in ("OSError 101", "TimeoutError None")
    assert int(lines[3]) <= 2
    assert lines[4:] == [":memory:", "2.0"]
    assert remains() == []


@isolated
def test_what_a_kernel_may_read_it_can_not_change(work):
    said = run("open('data.csv', 'a').write('x')", work)
    assert "Read-only" in said
    assert (work / "data.csv").read_text() == "1,2\n"
    assert "None: None" not in run("open('own.txt', 'w').write('x'); print('written')", work)
    assert not (work / "own.txt").exists()


@isolated
def test_an_endless_loop_is_interrupted_by_a_message(work):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("while True: pass"), nbformat.v4.new_code_cell("print(7)")]
    )
    provision.kernel()
    client = NotebookClient(notebook, kernel_name="descent-sandbox", timeout=4)
    client.interrupt_on_timeout = client.allow_errors = True
    client.execute()
    assert notebook.cells[1].outputs[0].text == "7\n"


@isolated
def test_folders_in_memory_are_small(work):
    code = "open('big', 'wb').write(bytes(70_000_000))"
    assert "OSError" in run(f"{code}", work)


@isolated
@pytest.mark.parametrize(
    "code",
    [
        "x = bytearray(400_000_000)\nimport time; time.sleep(20)",
        "import os\nfor _ in range(4):\n    if not os.fork(): x = bytearray(100_000_000)\n"
        "import time; time.sleep(20)",
    ],
    ids=["memory", "memory of children"],
)
def test_a_kernel_that_takes_too_much_is_ended(work, monkeypatch, code):
    counted, spared = provision.memory_below, provision.MEMORY - 300_000_000
    monkeypatch.setattr(provision, "memory_below", lambda pid: counted(pid) + spared)
    start = time.monotonic()
    with pytest.raises(DeadKernelError):
        run(code, work)
    assert time.monotonic() - start < 18
    assert remains() == []


@isolated
def test_a_kernel_that_fills_the_folder_of_its_sockets_is_ended(work):
    code = "import glob, time\nfolder = glob.glob('/tmp/descent-*')[0]\n"
    code += "for n in range(5): open(f'{folder}/{n}', 'w').write('x' * 1000)\ntime.sleep(20)"
    with pytest.raises(DeadKernelError):
        run(code, work)
    assert list(Path("/tmp").glob("descent-*/0")) == []


@isolated
def test_a_kernel_that_is_killed_leaves_no_process(work):
    provision.kernel()

    async def live_and_die() -> set[int]:
        manager = AsyncKernelManager(kernel_name="descent-sandbox")
        await manager.start_kernel(cwd=str(work))
        await asyncio.sleep(2)
        pid = manager.provisioner.process.pid
        alive = provision.descendants(pid)
        await manager.shutdown_kernel(now=True)
        return alive | {pid}

    with ThreadPoolExecutor(1) as thread:  # another test of this worker may have a running loop
        pids = thread.submit(asyncio.run, live_and_die()).result()
    assert len(pids) > 1
    end = time.monotonic() + 10
    while any(map(runs, pids)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not [pid for pid in pids if runs(pid)]


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_data_files_are_plain_files_that_stand_in_nobodys_way(work):
    assert provision.data_files(work) == ["data.csv"]
    (work / "large.bin").write_bytes(bytes(provision.LARGEST))
    (work / "more").mkdir()
    (work / "more" / "z.txt").write_text("z")
    assert provision.data_files(work) == ["data.csv", "more/z.txt"]


def test_memory_of_descendants_is_counted():
    code = "import os, time\nx = bytearray(50_000_000)\nprint(1, flush=True)\ntime.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    try:
        assert provision.memory_below(os.getpid()) > 50_000_000
        assert provision.memory_below(child.pid) == 0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


# ---- containers ----------------------------------------------------------------------------------


def test_the_containers_command_line():
    inside = ["/x/.venv/bin/python", "-P", "-m", "descent.grading.relay"]
    line = provision.container("/usr/bin/podman", "image", "name", 1_000, 0.5, inside)
    at = line.index("image")
    assert line[:7] == [
        "/usr/bin/podman", "run", "--rm", "--interactive", "--name", "name", "--pull=never"
    ]  # fmt: skip
    assert line[at:] == ["image", "python", "-P", "-m", "descent.grading.relay"]
    options = line[7:at]
    for promise in (
        "--network=none", "--read-only", "--user=65534:65534", "--cap-drop=ALL",
        "--security-opt=no-new-privileges", "--memory=1000", "--memory-swap=1000", "--cpus=0.5",
        "--pids-limit=256", "--tmpfs=/tmp:rw,nosuid,nodev,size=64m,mode=1777", "--shm-size=64m",
    ):  # fmt: skip
        assert options.count(promise) == 1, promise
    variables = {a.partition("=")[0] for o, a in itertools.pairwise(options) if o == "--env"}
    assert variables == set(sandbox.variables()) - {"PATH", "PYTHONPATH"}
    for hole in ("-v", "--volume", "--mount", "--privileged", "-p", "--publish", "--device"):
        assert not [o for o in options if o.partition("=")[0] == hole], hole


def test_messages_pass_through_the_relay(work, fake_engine):
    code = "import os\nprint(sorted(os.listdir()), open('data.csv').read(), len('x' * 3_000_000))"
    assert run(code, work, "descent-container") == "['data.csv'] 1,2\n 3000000\n"
    assert (
        (fake_engine / "arguments").read_text().startswith("run --rm --interactive --name descent-")
    )
    assert (
        len(run("print('x' * 300_000)", fresh(work, fake_engine), "descent-container")) == 300_001
    )


def fresh(work: Path, engine: Path) -> Path:
    """The same folder, with the place inside as empty as in a new container."""
    shutil.rmtree(engine / "work")
    return work


def test_a_container_whose_kernel_ends_is_noticed(work, fake_engine):
    with pytest.raises(DeadKernelError):
        run("import os; os._exit(3)", work, "descent-container")


def test_without_an_engine_it_is_said(work, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(sandbox.NoSandbox, match=r"expected podman or docker.*docs/instructors"):
        run("print(1)", work, "descent-container")


def test_the_host_opens_no_connection_that_a_container_asks_for():
    with pytest.raises(OSError, match="asked for a connection to shell_port"):
        provision._refused(0)


def test_a_container_that_sends_nonsense_ends_the_relay(tmp_path):
    path = tmp_path / "frames"
    path.write_bytes(relay.HEAD.pack(0, 0, relay.LONGEST + 1) + b"x" * 10)
    with path.open("rb") as incoming, (tmp_path / "out").open("wb") as outgoing:
        relay.Relay(incoming, outgoing, provision._refused).serve()
        assert incoming.tell() > 0


JOB = {"cells": [], "keys": {}, "limits": {"cell": 0.1, "notebook": 0.1}}


def stand_in(folder: Path, script: str, monkeypatch) -> None:
    """Another program in the place of docker."""
    path = folder / "docker"
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import sys; sys.exit('no such image')", "gave no outcome: no such image"),
        ("print('[1]')", "gave nonsense"),
        ("print('x' * 100_000_000)", "gave no outcome"),
    ],
)
def test_a_container_without_an_outcome_is_told(tmp_path, monkeypatch, script, words):
    stand_in(tmp_path, script, monkeypatch)
    assert words in contained.Contained().run(JOB)["error"]


def test_a_container_that_never_ends_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(contained, "SPARE", 0.5)
    stand_in(
        tmp_path,
        "import sys, time, pathlib\n"
        f"pathlib.Path({str(tmp_path)!r}, sys.argv[1]).touch()\n"
        "time.sleep(60 if sys.argv[1] == 'run' else 0)",
        monkeypatch,
    )
    start = time.monotonic()
    assert "gave no outcome" in contained.Contained().run(JOB)["error"]
    assert time.monotonic() - start < 20
    assert (tmp_path / "kill").exists()


def test_files_come_whole_through_the_order():
    order = provision._order('{"shell_port": 1}', {"a": base64.b64encode(b"\x00\xff").decode()})
    assert order.count(b"\n") == 1
    assert order.endswith(b"\n")


def has_engine() -> str:
    """Why no container can be run here, "" if one can."""
    for name in ("podman", "docker"):
        path = shutil.which(name)
        command = [str(path), "image", "inspect", "graded-descent"]
        if path and subprocess.run(command, capture_output=True).returncode == 0:
            return ""
    return "no engine with the image graded-descent: docs/instructors.md says how to build it"


@pytest.mark.skipif(bool(has_engine()), reason=has_engine() or "there is one")
def test_a_kernel_in_a_container_sees_and_reaches_nothing_else(work):
    said = run(
        LOOK % (work.parents[2] / "gradebook.db", ROOT / "source"), work, "descent-container"
    )
    lines = said.splitlines()
    assert lines[0] == "['data.csv'] True ['PATH']"
    assert lines[2].startswith("OSError")
    assert lines[-1] == "2.0"
