"""Set-up explains what stops it, returns at once when done, and never believes half a set-up."""

import ast
import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap

ROOT = Path(__file__).parents[2]
VERSION = sys.version_info[:2]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course folder with the inputs of a set-up; environments and installs are only counted."""
    root = (tmp_path / "a course").resolve()
    root.mkdir()
    for name in bootstrap.INPUTS:
        (root / name).write_text(name, encoding="utf-8")
    calls = []

    def make_venv(base, venv):
        calls.append("venv")
        python = bootstrap.venv_python(venv)
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
        (venv / "pyvenv.cfg").write_text(f"version = {VERSION[0]}.{VERSION[1]}.0\n")

    def install(python, where, extras):
        calls.append("install")
        assert bootstrap.read_stamp(where / ".venv") == bootstrap.UNFINISHED

    monkeypatch.setattr(bootstrap, "ROOT", root)
    monkeypatch.setattr(bootstrap, "make_venv", make_venv)
    monkeypatch.setattr(bootstrap, "install", install)
    return root, calls


def test_it_parses_on_an_old_python():
    source = (ROOT / "bootstrap.py").read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    future = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    assert future, "without it, `str | None` in a signature fails on Python 3.8"


def test_it_needs_only_the_standard_library():
    tree = ast.parse((ROOT / "bootstrap.py").read_text(encoding="utf-8"))
    names = {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert names <= sys.stdlib_module_names


# when to work


def test_the_second_set_up_does_nothing(course, monkeypatch):
    _, calls = course
    assert bootstrap.main([]) == 0
    assert calls == ["venv", "install"]
    monkeypatch.setattr(bootstrap.subprocess, "run", None)  # not even a question to a Python
    assert bootstrap.main([]) == 0
    assert calls == ["venv", "install"]


@pytest.mark.parametrize("name", bootstrap.INPUTS)
def test_a_changed_input_is_installed_into_the_same_environment(course, name):
    root, calls = course
    bootstrap.main([])
    (root / name).write_text("changed", encoding="utf-8")
    assert bootstrap.main([]) == 0
    assert calls == ["venv", "install", "install"]


def test_other_groups_are_installed(course):
    _, calls = course
    bootstrap.main(["--extras", "student"])
    bootstrap.main(["--extras", "student"])
    assert calls == ["venv", "install"]
    bootstrap.main(["--extras", "dev,student"])
    assert calls == ["venv", "install", "install"]


def test_the_order_of_groups_does_not_matter(course):
    _, calls = course
    bootstrap.main(["--extras", "student,dev"])
    bootstrap.main(["--extras", "dev,student"])
    assert calls == ["venv", "install"]


def test_a_group_that_does_not_exist_is_refused(course, capsys):
    with pytest.raises(SystemExit) as stop:
        bootstrap.main(["--extras", "student,studnet"])
    assert stop.value.code == 2
    assert "expected some of student, course, cluster, dev; got studnet" in capsys.readouterr().err


@pytest.mark.parametrize(
    "interruption", [KeyboardInterrupt, bootstrap.SetupError, OSError, SystemExit]
)
def test_an_interrupted_set_up_is_begun_anew(course, monkeypatch, interruption):
    root, calls = course
    whole = bootstrap.install

    def interrupted(python, where, extras):
        (where / ".venv" / "half").write_text("a package")
        raise interruption("half-way")

    monkeypatch.setattr(bootstrap, "install", interrupted)
    with contextlib.suppress(SystemExit):  # what nobody catches, as after a kill
        assert bootstrap.main([]) != 0
    monkeypatch.setattr(bootstrap, "install", whole)
    assert bootstrap.main([]) == 0
    assert calls == ["venv", "venv", "install"]
    assert not (root / ".venv" / "half").exists()


def test_an_interruption_while_the_environment_is_made(course, monkeypatch):
    _, calls = course
    whole = bootstrap.make_venv

    def interrupted(base, venv):
        whole(base, venv)
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "make_venv", interrupted)
    assert bootstrap.main([]) == 130
    monkeypatch.setattr(bootstrap, "make_venv", whole)
    assert bootstrap.main([]) == 0
    assert calls == ["venv", "venv", "install"]


def test_an_interrupted_update_is_begun_anew(course, monkeypatch):
    root, calls = course
    bootstrap.main([])
    (root / "constraints.txt").write_text("new")
    whole = bootstrap.install

    def interrupted(python, where, extras):
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "install", interrupted)
    assert bootstrap.main([]) == 130
    monkeypatch.setattr(bootstrap, "install", whole)
    bootstrap.main([])
    assert calls == ["venv", "install", "venv", "install"]


def test_a_moved_folder_is_set_up_anew(course, monkeypatch):
    root, calls = course
    bootstrap.main([])
    moved = root.parent / "elsewhere"
    shutil.move(root, moved)
    monkeypatch.setattr(bootstrap, "ROOT", moved)
    bootstrap.main([])
    assert calls == ["venv", "install", "venv", "install"]


def test_an_environment_whose_python_is_gone_is_made_anew(course):
    root, calls = course
    bootstrap.main([])
    python = bootstrap.venv_python(root / ".venv")
    python.unlink()
    python.symlink_to(root / "uninstalled")
    bootstrap.main([])
    assert calls == ["venv", "install", "venv", "install"]


def test_an_environment_of_another_python_is_made_anew(course):
    root, calls = course
    bootstrap.main([])
    (root / ".venv" / "pyvenv.cfg").write_text("version = 3.10.4\n")
    bootstrap.main([])
    assert calls == ["venv", "install", "venv", "install"]


def test_asking_for_the_same_python_again_does_nothing(course):
    _, calls = course
    bootstrap.main([])
    bootstrap.main(["--python", sys.executable])
    assert calls == ["venv", "install"]


def test_an_environment_that_someone_else_made_is_kept(course):
    root, calls = course
    bootstrap.make_venv("", root / ".venv")
    (root / ".venv" / "theirs").write_text("")
    bootstrap.main([])
    assert calls == ["venv", "install"]
    assert (root / ".venv" / "theirs").exists()


def test_inside_of_an_environment_its_base_python_makes_the_new_one(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    base, version = bootstrap.check_python(str(bootstrap.venv_python(tmp_path)))
    assert not Path(base).is_relative_to(tmp_path), "it would delete what it runs from"
    assert version == VERSION


# what stops it


def stopped(capsys) -> str:
    assert bootstrap.main([]) == 1
    return capsys.readouterr().err


def test_an_old_python_hears_which_newer_one_is_there(monkeypatch):
    monkeypatch.setattr(bootstrap, "newer_pythons", lambda: ["python3.12"])
    with pytest.raises(bootstrap.SetupError) as stop:
        bootstrap.check_version((3, 9, 6), "/usr/bin/python3")
    assert "expected Python 3.11 or newer, got 3.9.6 (/usr/bin/python3)" in str(stop.value)
    assert "make setup PYTHON=python3.12" in str(stop.value)


def test_an_old_python_hears_where_to_get_one(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(bootstrap.SetupError, match="python.org"):
        bootstrap.check_version((3, 10, 13), "python3")


def test_the_oldest_supported_python_passes():
    bootstrap.check_version((3, 11, 0), "python3")
    bootstrap.check_version((3, 14, 0), "python3")


def test_a_python_without_venv_hears_the_package():
    with pytest.raises(bootstrap.SetupError, match=r"sudo apt install python3\.11-venv"):
        bootstrap.check_parts((3, 11, 2), bits=64, modules=False)


def test_a_32_bit_python_is_refused():
    with pytest.raises(bootstrap.SetupError, match="expected a 64-bit Python, got a 32-bit one"):
        bootstrap.check_parts((3, 11, 2), bits=32, modules=True)


def test_a_python_that_is_not_there(course, capsys):
    assert bootstrap.main(["--python", "python3.99"]) == 1
    assert "expected a Python at 'python3.99', but it does not run" in capsys.readouterr().err


def test_a_small_disk_stops_it_before_anything_is_made(course, capsys, monkeypatch):
    root, calls = course
    usage = shutil._ntuple_diskusage(10**12, 10**12 - 10**9, 10**9)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path: usage)
    words = stopped(capsys)
    assert f"expected {bootstrap.DISK_GIB} GiB free at {root}, got 0.9" in words
    assert "Free some space" in words
    assert calls == []
    assert not (root / ".venv").exists()


def test_a_disk_that_is_full_for_cuda_only_warns(course, capsys, monkeypatch):
    usage = shutil._ntuple_diskusage(10**12, 10**12 - 6 * 10**9, 6 * 10**9)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    assert bootstrap.main([]) == 0
    assert "CPU build" in capsys.readouterr().err


def test_a_disk_that_fills_while_files_are_written(course, capsys, monkeypatch):
    def full(python, where, extras):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bootstrap, "install", full)
    assert "the disk is full" in stopped(capsys)


# as pip 23 and 26 write it
SAYINGS = {
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device": (
        "the disk is full"
    ),
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<pip>: "
    "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')'\n"
    "ERROR: No matching distribution found for hatchling==1.33.0": "could not be reached",
    "ERROR: Could not find a version that satisfies the requirement hatchling==1.33.0 (from "
    "versions: none)\nERROR: No matching distribution found for hatchling==1.33.0": (
        "could not be reached"
    ),
    "pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.": "could not be reached",
    "Could not fetch URL https://x/: There was a problem confirming the ssl certificate: "
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": "PIP_CERT",
    "ERROR: Cannot install graded-descent==0.1.0 because these package versions have conflicting "
    "dependencies.\n    graded-descent 0.1.0 depends on torch>=2.6\n"
    "    The user requested (constraint) torch==2.13.0": "no ready build of torch==2.13.0",
    "ERROR: Could not find a version that satisfies the requirement x==2 (from versions: 1)\n"
    "ERROR: No matching distribution found for x==2": "no ready build of x==2",
    "ERROR: something new": "its message is above",
}


@pytest.mark.parametrize(("words", "explanation"), SAYINGS.items())
def test_what_pip_says_is_explained(words, explanation):
    assert explanation in bootstrap.cause_of(words, bootstrap.UNKNOWN)


def test_without_network_it_says_so_and_is_not_believed(tmp_path, monkeypatch, capsys):
    """The real venv, the real pip, and an index that refuses the connection."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    settings = {"CONFIG_FILE": os.devnull, "INDEX_URL": "http://127.0.0.1:9/", "RETRIES": "1"}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    for name in bootstrap.INPUTS:
        shutil.copy(ROOT / name, tmp_path)
    command = [sys.executable, tmp_path / "bootstrap.py"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Set-up stopped: the package index could not be reached" in done.stderr
    assert bootstrap.read_stamp(tmp_path / ".venv") == bootstrap.UNFINISHED
    assert not bootstrap.is_ready(tmp_path / ".venv", tmp_path.resolve(), bootstrap.EXTRAS)


# git


def git(root, *words):
    return subprocess.run(["git", "-C", root, *words], capture_output=True, text=True).stdout


def test_a_clone_learns_how_to_keep_answers(course, capsys):
    root, _ = course
    git(root, "init")
    bootstrap.main([])
    for key, value in bootstrap.GIT_SETTINGS.items():
        assert git(root, "config", "--local", key).strip() == value
    assert capsys.readouterr().err == ""


def test_outside_of_a_clone_git_is_left_alone(course, capsys):
    root, _ = course
    git(root.parent, "init")  # the repository of someone else, around ours
    before = (root.parent / ".git" / "config").read_text()
    bootstrap.main([])
    assert (root.parent / ".git" / "config").read_text() == before
    assert capsys.readouterr().err == ""


def test_without_git_it_is_silent(course, capsys, monkeypatch):
    root, _ = course
    git(root, "init")
    monkeypatch.setenv("PATH", "")
    assert bootstrap.main([]) == 0
    assert capsys.readouterr().err == ""


def test_git_settings_name_attributes_that_exist():
    drivers = {key.split(".")[1] for key in bootstrap.GIT_SETTINGS if key.endswith(".driver")}
    attributes = (ROOT / ".gitattributes").read_text(encoding="utf-8")
    assert [f"exercises/*.ipynb merge={name}" in attributes for name in drivers] == [True]
