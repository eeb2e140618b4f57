"""Everything works without a network: imports, data, explanations, a whole lecture, downloads.

Each test runs in a process that cannot reach anything: in a network namespace of its own where the
system allows it, and with its sockets blocked in any case.
"""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BLOCKED = '''
"""Python runs this when it starts: no address can be looked up or reached."""
import errno
import socket


class Socket(socket.socket):
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        return super().connect(address)

    connect_ex = connect


def getaddrinfo(*_, **__):
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


socket.socket = Socket
socket.getaddrinfo = getaddrinfo
'''


@functools.cache
def namespace() -> list[str]:
    """A command that runs another in a network namespace of its own; [] if there is none."""
    for command in (["unshare", "-rn"], ["bwrap", "--unshare-net", "--dev-bind", "/", "/"]):
        if shutil.which(command[0]):
            probe = subprocess.run([*command, "true"], stderr=subprocess.DEVNULL)
            if probe.returncode == 0:
                return command
    return []


@pytest.fixture(params=["namespace", "sockets blocked"])
def offline(request, tmp_path):
    """Run Python without a network; what it printed."""
    blocked = request.param == "sockets blocked" or (request.param == "either" and not namespace())
    if not blocked and not namespace():
        pytest.skip("no network namespaces: `sudo apt-get install bubblewrap` may give them")
    unset = ("DESCENT_DATA", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    env |= {"DESCENT_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
    if blocked:
        (tmp_path / "sitecustomize.py").write_text(BLOCKED)

    def run(*arguments: str) -> str:
        command = [*([] if blocked else namespace()), sys.executable, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_there_is_no_network_here(offline):
    said = offline("-c", """
import errno, socket
for address in ("192.0.2.1", "127.0.0.1"):
    try:
        probe = socket.socket()
        probe.settimeout(5)
        probe.connect((address, 9))
    except OSError as error:
        print(errno.errorcode[error.errno])
try:
    socket.getaddrinfo("example.org", 443)
except socket.gaierror:
    print("no names")
""")  # fmt: skip
    unreachable, here, names = said.split("\n")[:3]
    assert unreachable == "ENETUNREACH"
    assert here in ("ENETUNREACH", "ECONNREFUSED")
    assert names == "no names"


def test_every_module_is_imported(offline):
    said = offline("-c", """
import importlib, pkgutil, descent
modules = [m.name for m in pkgutil.walk_packages(descent.__path__, "descent.")]
for name in modules:
    importlib.import_module(name)
print(len(modules))
""")  # fmt: skip
    assert int(said) > 20


def test_data_sets_are_loaded(offline):
    said = offline("-c", """
import torch
from descent import data
print(data.load_digits())
print(data.load_images())
print(data.load_blood_pressure())
print(data.load_heights())
g = torch.Generator().manual_seed(0)
for x, _ in (data.moons(9, 0.1, g), data.circles(9, 0.1, g), data.spirals(9, 0.1, g)):
    print(len(x))
print(len(data.discs(9, g)[0]), len(data.xor(9, 0.1, g)[0]))
""")  # fmt: skip
    assert said.count("1,437 training and 360 test samples") == 2
    assert "MNIST was not found; data.load_mnist(download=True) fetches it" in said
    assert "30 people" in said
    assert "12 female and 12 male" in said
    assert said.split()[-5:] == ["9"] * 5


def test_a_download_says_what_to_do_and_gives_the_digits(offline):
    said = offline("-c", """
from descent import data
try:
    data.load_mnist(download=True)
except ConnectionError as error:
    print(error)
print(data.load_images(download=True))
""")  # fmt: skip
    assert "MNIST could not be downloaded" in said
    assert said.count("no connection, or it broke off") == 3, "all mirrors were tried, and named"
    assert "Check the network and call load_mnist(download=True) again" in said
    assert "load_images() gives the embedded digits" in said
    last = said.splitlines()[-1]
    assert last.startswith("1,437 training and 360 test samples of 1×8×8")
    assert last.endswith("(MNIST was not found, and no mirror could be reached to fetch it)")


@pytest.mark.parametrize("offline", ["either"], indirect=True)
def test_a_whole_lecture_runs(offline):
    said = offline("-m", "descent.course.gpu", "--device", "cpu", "lectures/02_risk")
    row = next(line.split() for line in said.splitlines() if line.startswith("│ lectures"))
    failed, others = row[7], row[-2]
    assert (failed, others) == ("0", "0"), "no cell fails, and all print what they print elsewhere"
