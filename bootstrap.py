"""Make .venv and install the course into it, with the versions of constraints.txt.

    python3 bootstrap.py                        Linux, macOS
    py bootstrap.py                             Windows
    python3 bootstrap.py --python python3.12    with another Python than the one that runs this

Needs the standard library only. It is written for Python 3.8, although the course needs 3.11,
so that an older Python answers with a sentence and not with a SyntaxError. When nothing that the
set-up depends on has changed it returns at once; an interrupted set-up is begun anew.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
EXTRAS = ("student", "course", "cluster", "dev")
LOWEST_PYTHON = (3, 11)
GIB = 2**30
DISK_GIB = 4  # measured: 1.9 GiB installed, and pip's downloads while it works
DISK_GIB_CUDA = 11  # the same with torch's CUDA libraries, 2.7 GB of downloads
WINDOWS = os.name == "nt"

STAMP = ".graded-descent"  # in .venv: what the last complete set-up was made from, and where
UNFINISHED = "unfinished"
INPUTS = ("bootstrap.py", "constraints.txt", "pyproject.toml")

PROBE = """
import importlib.util, struct, sys
print(getattr(sys, "_base_executable", sys.executable) or sys.executable)
print(*sys.version_info[:3])
print(struct.calcsize("P") * 8)
print(all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")))
"""

KEEP = "Scripts" if WINDOWS else "bin"
GIT_SETTINGS = {
    "merge.descent-exercise.name": "keep the answers in an exercise notebook",
    "merge.descent-exercise.driver": f".venv/{KEEP}/python -m descent.course.keep %O %A %B %P",
    "merge.descent-exercise.recursive": "binary",
    "merge.autoStash": "true",
    "rebase.autoStash": "true",
}

CPU_HINT = (
    "On Linux, torch brings CUDA libraries of several GB by default. Without an NVIDIA card, "
    "choose the CPU build: pytorch.org, Get started, names the index to give to pip as "
    "PIP_EXTRA_INDEX_URL."
)
MORE_DISK = (
    "Free some space and run the same command again. If only the folder for temporary files is "
    "full, set TMPDIR to a folder on a larger disk. " + CPU_HINT
)
NO_NETWORK = (
    "the package index could not be reached. Check the network (a login page? a VPN?) and run "
    "the same command again. Behind a proxy, set HTTPS_PROXY first."
)
NO_TRUST = (
    "the package index answered with a certificate that is not trusted. Behind a proxy that "
    "inspects traffic, set PIP_CERT to its certificate; otherwise check the computer's clock."
)
NO_WHEEL = (
    "there is no ready build of {what} for this computer. The course runs on 64-bit Linux and "
    "Windows and on Macs with Apple silicon. For a Python that is very new, builds may still be "
    "missing: name an older one, for example `bootstrap.py --python python3.12`. (If you have just "
    "edited pyproject.toml: it must allow the versions of constraints.txt.)"
)
UNKNOWN = "pip failed; its message is above. Run the same command again once that is mended."

# the first that matches what pip wrote names the cause
CAUSES = (
    (r"No space left|Errno 28|Disk quota exceeded|Errno 122", "the disk is full. " + MORE_DISK),
    (r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError", NO_TRUST),
    (
        r"NewConnectionError|NameResolutionError|getaddrinfo failed|Name or service not known"
        r"|Network is unreachable|Connection (refused|reset|aborted|broken)|ProxyError"
        r"|(Connect|Read)Timeout|[Tt]imed out"
        r"|hatchling==\S+ \(from versions: none\)",  # it runs anywhere, and is asked for first
        NO_NETWORK,
    ),
    (r"The user requested \(constraint\) (?P<what>\S+)", NO_WHEEL),
    (r"No matching distribution found for (?P<what>\S+)", NO_WHEEL),
)


class SetupError(Exception):
    """Set-up cannot go on; the text says why and what to do."""


def main(argv: list[str] | None = None) -> int:
    """Set up, and return the exit status: 0, 1 after a failure, 130 after Ctrl-C."""
    options = parse(argv)
    try:
        set_up(ROOT, options.extras, options.python)
    except SetupError as error:
        print(f"\nSet-up stopped: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        reason = cause_of(str(error), f"the system refused something: {error}")
        print(f"\nSet-up stopped: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up was interrupted. Run the same command to begin anew.", file=sys.stderr)
        return 130
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Make .venv and install the course into it.")
    parser.add_argument(
        "--extras",
        type=extras_of,
        default=EXTRAS,
        metavar="NAMES",
        help="dependency groups, joined by commas (default: " + ",".join(EXTRAS) + ")",
    )
    parser.add_argument("--python", help="the Python that .venv is to use (default: this one)")
    return parser.parse_args(argv)


def extras_of(text: str) -> tuple[str, ...]:
    """'student,dev' → ('student', 'dev').

    raises   argparse.ArgumentTypeError for a group that does not exist
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in EXTRAS]
    if unknown:
        expected = ", ".join(EXTRAS)
        raise argparse.ArgumentTypeError(f"expected some of {expected}; got {', '.join(unknown)}")
    return names


def set_up(root: Path, extras: tuple[str, ...], python: str | None) -> None:
    """Bring root/.venv up to date, doing nothing when it is.

    raises   SetupError when that cannot be done
    """
    venv = root / ".venv"
    if python is None and is_ready(venv, root, extras):
        return
    base, version = check_python(python or sys.executable)
    if is_ready(venv, root, extras) and version == venv_version(venv):
        return
    anew = must_begin_anew(venv, version)
    if anew:
        check_disk(root)
    mark_unfinished(venv, anew)
    if anew:
        make_venv(base, venv)
    install(venv_python(venv), root, extras)
    configure_git(root)
    write_stamp(venv, fingerprint(root, extras, version))
    print(f"Set-up is complete: {venv} (Python {'.'.join(map(str, version))})")


def is_ready(venv: Path, root: Path, extras: tuple[str, ...]) -> bool:
    """Whether a complete set-up, from the same inputs and at the same place, is there."""
    version = venv_version(venv)
    if version is None or not venv_python(venv).exists():
        return False
    return read_stamp(venv) == fingerprint(root, extras, version)


def fingerprint(root: Path, extras: tuple[str, ...], version: tuple[int, ...]) -> str:
    """What a set-up depends on, as one line that starts with the place: a moved .venv is broken."""
    digest = hashlib.sha256(repr((tuple(sorted(extras)), version[:2])).encode())
    for name in INPUTS:
        digest.update(hashlib.sha256((root / name).read_bytes()).digest())
    return f"{root} {digest.hexdigest()}"


def read_stamp(venv: Path) -> str:
    """Return the stamp of a complete set-up, UNFINISHED, or '' where there is none."""
    try:
        return (venv / STAMP).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def write_stamp(venv: Path, text: str) -> None:
    """Replace the stamp in one step."""
    draft = venv / (STAMP + ".new")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(venv / STAMP)


def venv_python(venv: Path) -> Path:
    """Return the path of the Python in a virtual environment."""
    return venv / "Scripts" / "python.exe" if WINDOWS else venv / "bin" / "python"


def venv_version(venv: Path) -> tuple[int, ...] | None:
    """Return the (major, minor) that pyvenv.cfg names; None where there is no environment."""
    try:
        text = (venv / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^version\w* *= *(\d+)\.(\d+)", text, re.MULTILINE)
    return tuple(map(int, found.groups())) if found else None


def check_python(python: str) -> tuple[str, tuple[int, ...]]:
    """Ask a Python what it is.

    returns  the path of the Python behind it (itself, unless it is that of an environment), and
             its (major, minor)
    raises   SetupError when the course cannot run on it
    """
    try:
        answer = subprocess.run([python, "-c", PROBE], stdout=subprocess.PIPE, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(f"expected a Python at {python!r}, but it does not run: {error}") from None
    base, version, bits, modules = answer.stdout.decode(errors="replace").split("\n")[:4]
    numbers = tuple(map(int, version.split()))
    check_version(numbers, python)
    check_parts(numbers, int(bits), modules.strip() == "True")
    return base.strip(), numbers[:2]


def check_version(version: tuple[int, ...], python: str) -> None:
    """Stop at a Python that is too old, and name a newer one where there is one.

    raises   SetupError
    """
    if version >= LOWEST_PYTHON:
        return
    newer = newer_pythons()
    way = (
        f"This computer has {newer[0]}: run `make setup PYTHON={newer[0]}` "
        f"or `{newer[0]} bootstrap.py`."
        if newer
        else "Install a newer one (python.org or your package manager), or use conda: "
        "`conda env create -f environment.yml`."
    )
    raise SetupError(
        f"expected Python {'.'.join(map(str, LOWEST_PYTHON))} or newer, "
        f"got {'.'.join(map(str, version))} ({python}). {way}"
    )


def newer_pythons() -> list[str]:
    """Names of Pythons on PATH that are new enough and run, the most widely supported first."""
    names = [f"python3.{minor}" for minor in (12, 13, 11, 14)]
    return [name for name in names if shutil.which(name) and runs([name, "-c", ""])]


def runs(command: list[str]) -> bool:
    """Whether a command can be started and ends well; what it writes is dropped."""
    try:
        quiet = subprocess.DEVNULL
        return subprocess.run(command, stdout=quiet, stderr=quiet).returncode == 0
    except OSError:
        return False


def check_parts(version: tuple[int, ...], bits: int, modules: bool) -> None:
    """Stop at a Python that cannot make environments, or for which torch has no build.

    raises   SetupError
    """
    if not modules:
        package = "python{}.{}-venv".format(*version)
        raise SetupError(
            "this Python cannot make virtual environments: its modules venv and ensurepip are "
            f"missing. On Debian and Ubuntu: `sudo apt install {package}`."
        )
    if bits != 64:
        raise SetupError(
            f"expected a 64-bit Python, got a {bits}-bit one, for which torch has no build. "
            "Install the 64-bit one from python.org."
        )


def check_disk(root: Path) -> None:
    """Stop when the disk is too small; warn when it is too small for torch with CUDA.

    raises   SetupError
    """
    free = shutil.disk_usage(str(root)).free / GIB
    if free < DISK_GIB:
        raise SetupError(f"expected {DISK_GIB} GiB free at {root}, got {free:.1f}. {MORE_DISK}")
    if sys.platform == "linux" and free < DISK_GIB_CUDA:
        print(f"Note: {free:.1f} GiB free at {root}. {CPU_HINT}", file=sys.stderr)


def must_begin_anew(venv: Path, version: tuple[int, ...]) -> bool:
    """Whether .venv is absent, broken, unfinished, made elsewhere, or of another Python.

    Anything else can be updated in place.
    """
    stamp = read_stamp(venv)
    elsewhere = bool(stamp) and not stamp.startswith(f"{venv.parent} ")  # UNFINISHED too
    if elsewhere or venv_version(venv) != version:
        return True
    return not runs([str(venv_python(venv)), "-m", "pip", "--version"])


def mark_unfinished(venv: Path, anew: bool) -> None:
    """Leave a mark that survives whatever interrupts the rest, power cuts included."""
    if anew and venv.exists():
        shutil.rmtree(str(venv))
    venv.mkdir(exist_ok=True)
    write_stamp(venv, UNFINISHED)


def make_venv(base: str, venv: Path) -> None:
    """Create the virtual environment, around the mark that is in it.

    raises   SetupError
    """
    print(f"Making {venv} ...", flush=True)
    status, words = run_and_hear([base, "-m", "venv", str(venv)], venv.parent)
    if status:
        raise SetupError(cause_of(words, f"`{base} -m venv .venv` failed; its message is above."))


def install(python: Path, root: Path, extras: tuple[str, ...]) -> None:
    """Install the package, editable, with the pinned versions.

    raises   SetupError that explains what pip said
    """
    print("Installing; the first time takes some minutes ...", flush=True)
    target = ".[{}]".format(",".join(extras)) if extras else "."
    # a wheel or nothing: compiling would need tools that few have, and fail with pages of text
    options = ["--disable-pip-version-check", "--only-binary=:all:", "-c", "constraints.txt"]
    command = [str(python), "-m", "pip", "install", *options, "-e", target]
    status, words = run_and_hear(command, root)
    if status:
        raise SetupError(cause_of(words, UNKNOWN))


def run_and_hear(command: list[str], folder: Path) -> tuple[int, str]:
    """Run a command, let it speak, and return its exit status and what it said on stderr."""
    words = []
    with subprocess.Popen(command, cwd=str(folder), stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        for line in process.stderr:
            words.append(line.decode(errors="replace"))
            sys.stderr.write(words[-1])
    return process.returncode, "".join(words)


def cause_of(words: str, otherwise: str) -> str:
    """Return the explanation of the first known cause in what pip wrote, or `otherwise`."""
    for pattern, text in CAUSES:
        found = re.search(pattern, words)
        if found:
            return text.format(**found.groupdict())
    return otherwise


def configure_git(root: Path) -> None:
    """Tell this clone how `git pull` keeps a student's work; nothing outside of a clone."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        return
    for key, value in GIT_SETTINGS.items():
        if not runs(["git", "-C", str(root), "config", key, value]):
            print(f"Note: git did not take the setting {key} = {value}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
