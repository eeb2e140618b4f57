"""What all tests share: a JupyterLab, a headless Chromium."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
APPS = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"JupyterLab ended with code {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not answer at {url} within {seconds} s")


@pytest.fixture(scope="session")
def course(tmp_path_factory) -> Path:
    """A copy of what a student opens, so that no test can change the repository."""
    folder = tmp_path_factory.mktemp("course")
    for room in ("lectures", "exercises"):
        if (ROOT / room).is_dir():
            shutil.copytree(ROOT / room, folder / room)
    return folder


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory):
    """Start a JupyterLab in a folder, without settings of this user; its token is `t`.

    Further options are JupyterLab's, or those of Jupyter Notebook if `app` says so.
    """

    @contextmanager
    def start(folder: Path, *options: str, app: str = "jupyterlab") -> Iterator[str]:
        home = tmp_path_factory.mktemp("jupyter")
        settings = home / "settings/@jupyterlab/apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(
            json.dumps({"fetchNews": "false", "checkForUpdates": False})
        )
        port = free_port()
        command = [sys.executable, "-m", app, "--no-browser", "--ip=127.0.0.1"]
        command += [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=t"]
        command += ["--allow-root", f"--{APPS[app]}.expose_app_in_browser=True"]
        command += [f"--ServerApp.root_dir={folder}"]
        command += options
        with (home / "log").open("w") as log:
            process = subprocess.Popen(
                command, cwd=folder, env=environment(home), stdout=log, stderr=log
            )
            try:
                wait_for(f"http://127.0.0.1:{port}/api/status?token=t", process)
                yield f"http://127.0.0.1:{port}"
            finally:
                stop(process)

    return start


def environment(home: Path) -> dict[str, str]:
    """This process's environment, with Jupyter's and IPython's own files under `home`."""
    places = {
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "IPYTHONDIR": home / "ipython",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return os.environ | {key: str(value) for key, value in places.items()}


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def lab(course, jupyter) -> Iterator[str]:
    """Address of a JupyterLab that shows the student's folders."""
    with jupyter(course) as address:
        yield address


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    """A headless browser with a profile of its own.

    A module's and no longer: while Playwright is at work an event loop runs in this thread, and
    no test that calls `asyncio.run` could follow on the same worker.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: `sudo apt-get install chromium` installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=CHROMIUM,
            headless=True,
            args=FLAGS,
            viewport={"width": 1280, "height": 1000},
        )
        context.set_default_timeout(60_000)
        yield context
        context.close()
