"""Runs a built notebook and keeps of its outputs what a reader can see."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode

from descent.course.faults import Fault, course_error
from descent.course.myst import Cell
from descent.course.notebooks import METADATA
from descent.student.process import python_path

WIDGET = "application/vnd.jupyter.widget-view+json"
TIMEOUT = 300
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}\b")


async def execute(notebook: NotebookNode, cells: list[Cell], folder: Path) -> NotebookNode:
    """Run all cells in a fresh kernel of this Python, on the embedded data.

    notebook  built notebook; its outputs are filled in
    cells     where each of its cells comes from
    folder    the kernel's working folder
    returns   the same notebook
    raises    CourseError with the file and line of the cell that fails, or that leaves outputs
              which would differ from run to run
    """
    from nbclient.exceptions import CellControlSignal, CellTimeoutError, DeadKernelError

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        kernel = _kernel_manager(scratch)
        client, running = _client(notebook, kernel, folder)
        try:
            await client.async_execute(env=environment(scratch), cleanup_kc=True)
        except (CellControlSignal, CellTimeoutError, DeadKernelError) as error:
            raise course_error([_failure(notebook, cells, running[0], error)]) from None
        finally:
            if await kernel.is_alive():
                await kernel.shutdown_kernel(now=True)
    notebook.metadata.language_info = METADATA["language_info"]
    made = zip(cells, notebook.cells, strict=True)
    said = [(cell, _tidy(output)) for cell, run in made for output in run.get("outputs", ())]
    faults = [cell.fault(what) for cell, what in said if what]
    if faults:
        raise course_error(faults)
    return notebook


def _client(notebook: NotebookNode, kernel: Any, folder: Path) -> tuple[Any, list[int]]:
    """What runs the cells, and a list that holds the index of the one that is running."""
    from nbclient import NotebookClient

    running = [0]
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=TIMEOUT,
        startup_timeout=TIMEOUT,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
        on_notebook_start=_let_interrupts_through,
        on_cell_start=lambda cell, cell_index: running.__setitem__(0, cell_index),
    )
    return client, running


def _kernel_manager(scratch: str) -> Any:
    """Starts the kernel of this very Python, whatever kernels the user has installed.

    scratch  folder for its sockets: short, as the names of sockets must be
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    specs = KernelSpecManager(kernel_dirs=[])
    kernel = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
    if sys.platform != "win32":
        kernel.transport, kernel.connection_file = "ipc", f"{scratch}/kernel.json"
    return kernel


def _let_interrupts_through(**_: object) -> None:
    """Have Ctrl-C end the whole build: nbclient would only end the run that started last."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.remove_signal_handler(number)


def environment(scratch: str) -> dict[str, str]:
    """The same text on every machine: embedded data, the CPU, no settings of the user's."""
    return os.environ | {
        "DESCENT_DATA": "embedded",
        "DESCENT_DEVICE": "cpu",
        "DESCENT_STYLE": "light",
        "OMP_NUM_THREADS": "1",  # sums in one order, on however many cores
        "IPYTHONDIR": scratch,
        "PYTHONPATH": python_path(),
    }


def _failure(notebook: NotebookNode, cells: list[Cell], index: int, error: Exception) -> Fault:
    """What went wrong in a cell, at the line that failed where the traceback tells."""
    cell, made = cells[index], notebook.cells[index]
    errors = [o for o in made.get("outputs", ()) if o.output_type == "error"]
    if not errors:
        what = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return cell.fault(f"this cell ends the run: {what}; mend it")
    traceback = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(errors[-1].traceback))
    row = re.search(r"Cell In\s?\[\d+\], line (\d+)", traceback)
    line = made.source.splitlines()[int(row[1]) - 1] if row else ""
    rows = [n for n, text in enumerate(cell.source.splitlines(), 1) if line and text == line]
    said = f"{errors[-1].ename}: {errors[-1].evalue}".strip().splitlines()[0]
    return cell.fault(f"{said}; mend the cell", rows[0] if rows else 1)


def _tidy(output: NotebookNode) -> str:
    """Take away what only a live page can show; what is wrong with the rest, "" if nothing."""
    if output.output_type == "stream":
        said = output.text.strip().splitlines()[-1:] or [""]
        if output.name == "stderr":
            return f"this cell writes to stderr ({said[0]}); make it silent"
        return _unstable(output.text)
    data = output.data
    data.pop(WIDGET, None)
    if "image/png" in data and not output.metadata.get("image/png", {}).get("alt"):
        return "this picture has no alt text; end the cell with style.show(fig, what to see)"
    return _unstable("".join(str(v) for kind, v in data.items() if kind.startswith("text/")))


def _unstable(text: str) -> str:
    address = ADDRESS.search(text)
    if address:
        return f"the output holds a memory address ({address[0]}); print the value instead"
    return ""
