"""Runs every lecture and every solution on a GPU, and prints what failed there.

`make gpu-check`, or `python -m descent.course.gpu [NAME …] [--device cuda] [--root DIR]`, where
NAME is a part of `lectures/04_perceptron` or `solutions/04_perceptron`. Exit code: 0 if no cell
failed and every solution got all its points, 1 if not, 3 if this machine has no such device.

Solutions are run from `source/`, with all hidden tests, and marked as nbgrader does. What graders
accept between devices is `descent.check.TOLERANCE`, so the same marks say that the answers agree.
What lectures print is compared with what is stored, from a CPU, and lines whose words differ, or
whose numbers differ by more than `TOLERANCE`, are listed: for the reader to judge, since devices
have names, and long trainings drift apart.
"""

import argparse
import math
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from descent.course.execute import _kernel_manager
from descent.student.process import python_path

TOLERANCE = 0.01
"""Of a printed number, relative; near zero, absolute."""

TIMEOUT = 300
"""Seconds a cell may run."""

NO_DEVICE = 3
"""Exit code where there is nothing to run on."""

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d*)?(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Checked:
    """What one notebook did on the device.

    name     lectures/… or solutions/…
    cells    number of code cells
    seconds  from the start of the kernel to the end of the last cell
    failed   what went wrong, one line a cell
    differ   cells whose printed numbers differ from those stored, one line a cell
    points   that nbgrader gives, and the most it could; None for lectures
    """

    name: str
    cells: int
    seconds: float
    failed: list[str]
    differ: list[str]
    points: tuple[float, float] | None

    @property
    def ok(self) -> bool:
        """Whether nothing failed and no point was lost."""
        return not self.failed and (self.points is None or self.points[0] == self.points[1])


def main(arguments: list[str] | None = None) -> int:
    """Check the notebooks on a device and print the table.

    arguments  command line: [NAME …] [--device cuda] [--root DIR]
    returns    exit code: 0 all is well, 1 something failed, 3 no such device
    """
    parser = argparse.ArgumentParser(prog="gpu-check", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a notebook's name")
    parser.add_argument("--device", default="cuda", help="default: cuda")
    parser.add_argument("--root", type=Path, default=Path.cwd())
    options = parser.parse_args(arguments)
    missing = lacking(options.device)
    if missing:
        print(missing)
        return NO_DEVICE
    found = {n: p for n, p in notebooks(options.root).items() if wanted(n, options.names)}
    if not found:
        parser.error(f"no notebook in {options.root} has a name like {options.names or '…'}")
    results = list(checks(found, options.device))
    show(results, options.device)
    return 0 if all(result.ok for result in results) else 1


def lacking(device: str) -> str:
    """A sentence that says why nothing can run on the device, "" if it can."""
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0]
        return (
            f"Nothing was run: this machine has no device {device!r} ({reason}). The GPU's figures "
            "are not known from here; run the same command where there is one, or try the command "
            "itself with --device cpu."
        )
    return ""


def notebooks(root: Path) -> dict[str, Path]:
    """Name -> file of every lecture and of every instructor version, solutions and tests in it."""
    lectures = sorted((root / "lectures").glob("*.ipynb"))
    solutions = sorted((root / "source").glob("*/*.ipynb"))
    named = {f"lectures/{path.stem}": path for path in lectures if "." not in path.stem}
    return named | {f"solutions/{path.stem}": path for path in solutions}


def wanted(name: str, parts: list[str]) -> bool:
    """Whether the name has one of the parts; all have if there are none."""
    return not parts or any(part in name for part in parts)


def checks(found: dict[str, Path], device: str) -> Iterator[Checked]:
    """Results one after the other: the device is shared."""
    for name, path in found.items():
        result = check(name, path, device)
        print(f"{'ok    ' if result.ok else 'FAILED'} {name}, {result.seconds:.1f} s", flush=True)
        yield result


def check(name: str, path: Path, device: str) -> Checked:
    """Run one notebook in a fresh kernel, all cells whatever fails.

    name    as in the table
    path    of the notebook; its stored outputs are what printed numbers are compared with
    device  what `DESCENT_DEVICE` gets
    returns Checked
    """
    stored, fresh = nbformat.read(path, 4), nbformat.read(path, 4)
    start = time.perf_counter()
    died = run(fresh, path.parent, device)
    seconds = time.perf_counter() - start
    cells = [cell for cell in fresh.cells if cell.cell_type == "code"]
    before = [cell for cell in stored.cells if cell.cell_type == "code"]
    failed = [f"cell {k}: {what}" for k, cell in enumerate(cells, 1) if (what := error(cell))]
    differ = [
        f"cell {k}: {what}"
        for k, (old, new) in enumerate(zip(before, cells, strict=True), 1)
        if (what := difference(old, new))
    ]
    return Checked(name, len(cells), seconds, failed + died, differ, marks(cells))


def run(notebook: NotebookNode, folder: Path, device: str) -> list[str]:
    """Execute all cells in place; what ended the run before its end, if anything did."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellControlSignal, CellTimeoutError, DeadKernelError

    with tempfile.TemporaryDirectory() as scratch:
        client = NotebookClient(
            notebook,
            km=_kernel_manager(scratch),
            timeout=TIMEOUT,
            allow_errors=True,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(folder)}},
        )
        try:
            client.execute(env=environment(scratch, device), cleanup_kc=True)
        except (CellControlSignal, CellTimeoutError, DeadKernelError) as ended:
            return [f"the run ended: {str(ended).strip().splitlines()[0]}"]
    return []


def environment(scratch: str, device: str) -> dict[str, str]:
    """As the build has it, but for the device."""
    return os.environ | {
        "DESCENT_DATA": "embedded",
        "DESCENT_DEVICE": device,
        "IPYTHONDIR": scratch,
        "PYTHONPATH": python_path(),
    }


def error(cell: NotebookNode) -> str:
    """What a cell raised, or wrote to stderr; "" if nothing."""
    for output in cell.get("outputs", ()):
        if output.output_type == "error":
            said = (output.evalue or "").strip().splitlines()
            return f"{output.ename}: {said[0] if said else ''}"
        if output.output_type == "stream" and output.name == "stderr":
            return f"on stderr: {output.text.strip().splitlines()[-1]}"
    return ""


def marks(cells: list[NotebookNode]) -> tuple[float, float] | None:
    """Points that nbgrader gives to the tests, and the most; None if there are no tests."""
    from nbgrader.utils import determine_grade, is_grade

    graded = [determine_grade(cell) for cell in cells if is_grade(cell)]
    if not graded:
        return None
    return float(sum(points or 0 for points, _ in graded)), float(sum(most for _, most in graded))


def difference(stored: NotebookNode, fresh: NotebookNode) -> str:
    """The first printed line whose numbers differ from the stored ones; "" if none does."""
    ignored = "nbval-ignore-output" in stored.metadata.get("tags", ())
    if ignored or not stored.get("outputs"):
        return ""
    old, new = text(stored), text(fresh)
    for before, after in zip(old, new, strict=False):
        if not same(before, after):
            return f"{before.strip()} → {after.strip()}"
    return "" if len(old) == len(new) else f"{len(old)} lines → {len(new)} lines"


def text(cell: NotebookNode) -> list[str]:
    """The lines that a cell printed or ended in."""
    outputs = cell.get("outputs", ())
    parts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs]
    return "\n".join(parts).splitlines()


def same(before: str, after: str) -> bool:
    """Whether two lines have the same words, and numbers that agree within `TOLERANCE`."""
    if NUMBER.sub("#", before) != NUMBER.sub("#", after):
        return False
    pairs = zip(NUMBER.findall(before), NUMBER.findall(after), strict=True)
    return all(
        math.isclose(float(a), float(b), rel_tol=TOLERANCE, abs_tol=TOLERANCE) for a, b in pairs
    )


def show(results: list[Checked], device: str) -> None:
    """Print the table, and below it what failed and what differs."""
    table = Table(title=f"{len(results)} notebooks on {device_name(device)}")
    for heading in ("notebook", "cells", "seconds", "failed", "marks", "other output"):
        table.add_column(heading, justify="left" if heading == "notebook" else "right")
    for r in results:
        points = f"{r.points[0]:g}/{r.points[1]:g}" if r.points else ""
        row = (r.name, str(r.cells), f"{r.seconds:.1f}", str(len(r.failed)), points)
        table.add_row(*row, str(len(r.differ)) if r.points is None else "")
    console = Console(width=100)
    console.print(table)
    for r in results:
        for what in r.failed:
            console.print(f"[bold]{r.name}[/] failed in {escape(what)}")
    for r in results:
        for what in r.differ if r.points is None else ():
            console.print(f"{r.name} prints something else in {escape(what)}", highlight=False)


def device_name(device: str) -> str:
    """The GPU's own name."""
    import torch

    if torch.device(device).type != "cuda":
        return device
    return f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}"


if __name__ == "__main__":
    sys.exit(main())
