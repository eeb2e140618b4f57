"""Explorables in a real browser: key press, or drag, to changed picture, and pictures a second.

    .venv/bin/python bench/browser.py                     those that play fastest
    .venv/bin/python bench/browser.py OptimiserRace …     these
    .venv/bin/python bench/browser.py --all               all of them
    .venv/bin/python bench/browser.py --lectures          seconds to a lecture's first figure

Each runs alone in a notebook of its own in JupyterLab, in headless Chromium. A picture counts when
the page has shown it (the browser's own frame came after the image was decoded). Two rows for one
that plays: pictures drawn by the kernel, and pictures of the recorded run that the browser keeps.
A third, for one with points to drag: pointer moved to changed picture. A lecture is opened, its
outputs cleared, and run as a whole once its kernel is up.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import nbformat  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

from descent.course.notebooks import METADATA  # noqa: E402
from descent.explore.catalogue import explorables  # noqa: E402
from tests.conftest import CHROMIUM, FLAGS, environment, free_port, stop, wait_for  # noqa: E402

PLAYS_FAST = 100
"""Milliseconds between pictures, from which on an explorable is one to watch as a film."""
KERNEL = """() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status
    === "idle" """
COUNT = """([image, steps, seconds]) => new Promise(done => {
    const img = document.querySelector(image), times = [], start = performance.now();
    const seen = new MutationObserver(() => img.decode().then(() =>
        requestAnimationFrame(() => times.push(performance.now() - start))).catch(() => {}));
    seen.observe(img, {attributes: true, attributeFilter: ["src"]});
    document.querySelector(steps).click();
    setTimeout(() => { seen.disconnect(); done(times); }, seconds * 1000);
})"""
PRESS = """([image, handle]) => new Promise(done => {
    const img = document.querySelector(image), key = document.querySelector(handle);
    const forth = +key.getAttribute("aria-valuenow") < +key.getAttribute("aria-valuemax");
    const seen = new MutationObserver(() => img.decode().then(() => requestAnimationFrame(() => {
        seen.disconnect(); done(performance.now() - start); })).catch(() => {}));
    seen.observe(img, {attributes: true, attributeFilter: ["src"]});
    key.focus();
    const start = performance.now();
    const name = forth ? "ArrowRight" : "ArrowLeft";
    key.dispatchEvent(new KeyboardEvent("keydown", {key: name, keyCode: forth ? 39 : 37,
        which: forth ? 39 : 37, bubbles: true}));
    setTimeout(() => { seen.disconnect(); done(NaN); }, 2000);
})"""
DRAG = """([image, point]) => {
    const img = document.querySelector(image);
    window.dragged = [];
    document.querySelector(point).addEventListener("pointermove",
        () => { window.moved = performance.now(); });
    new MutationObserver(() => { const start = window.moved; window.moved = undefined;
        img.decode().then(() => requestAnimationFrame(() =>
            start && window.dragged.push(performance.now() - start))).catch(() => {});
    }).observe(img, {attributes: true, attributeFilter: ["src"]});
}"""
COMMAND = "name => { window.jupyterapp.commands.execute(name) }"
DONE = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .every(c => c.model.type !== "code" || c.model.executionCount)"""
FIGURE = ".jp-OutputArea-output img"
IMAGE = ".descent-explorable img.descent-picture"
PLAY = ".descent-explorable .jupyter-widget-play button, .descent-explorable .widget-play button"
HANDLE = ".descent-explorable .noUi-handle"
POINT = ".descent-explorable .descent-handle"
LOADED = f"() => document.querySelector('{IMAGE}').dataset.film === 'complete'"


@contextmanager
def jupyter(folder: Path) -> Iterator[str]:
    """A JupyterLab in a folder; its address."""
    home = folder / ".home"
    settings = home / "settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"]
    command += [f"--port={port}", "--IdentityProvider.token=t", "--allow-root"]
    command += ["--expose-app-in-browser", f"--ServerApp.root_dir={folder}"]
    variables = environment(home) | {"PYTHONPATH": str(ROOT), "DESCENT_DATA": "embedded"}
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/status?token=t", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(process)


def notebook(kind: type) -> nbformat.NotebookNode:
    code = f"from {kind.__module__} import {kind.__name__}\n{kind.__name__}()"
    cell = nbformat.v4.new_code_cell(code, id="explorable")
    return nbformat.v4.new_notebook(cells=[cell], metadata=METADATA)


def open_page(page: Page, address: str, name: str) -> float:
    """Run the notebook, answer its gate; seconds to the first picture."""
    page.goto(f"{address}/lab/tree/{name}.ipynb?token=t&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
    page.wait_for_function(KERNEL)
    start = time.monotonic()
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
    page.wait_for_selector(IMAGE)
    first = time.monotonic() - start
    skip = page.get_by_role("button", name="Skip")
    if skip.count():
        skip.first.click()
    page.wait_for_function(f"() => !document.querySelector('{HANDLE}[aria-disabled=true]')")
    return first


def measure(page: Page, seconds: float, presses: int, plays: bool) -> dict[str, Any]:
    """Key to picture, and pictures a second while it plays."""
    pressed = [page.evaluate(PRESS, [IMAGE, HANDLE]) for _ in range(presses)]
    found: dict[str, Any] = {"moved": sorted(v for v in pressed if v == v), "rate": 0.0, "count": 0}
    if plays:
        back = page.get_by_role("button", name="Back to start")
        back.click()
        time.sleep(0.3)
        times = page.evaluate(COUNT, [IMAGE, PLAY, seconds])
        page.locator(PLAY).nth(1).click()  # pause
        back.click()
        found["count"] = len(times)
        if len(times) > 1:
            found["rate"] = (len(times) - 1) / (times[-1] - times[0]) * 1000
    return found


def lectures(context: Any, address: str) -> None:
    """Seconds from running a lecture, its kernel up, to its first figure, and to its end."""
    print(f"{'lecture':24} {'first figure, s':>16} {'all, s':>8}")
    for path in sorted((ROOT / "lectures").glob("[0-9]*.ipynb")):
        page = context.new_page()
        page.goto(f"{address}/lab/tree/lectures/{path.name}?token=t&reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
        page.wait_for_function(KERNEL)
        page.evaluate(COMMAND, "notebook:clear-all-cell-outputs")
        page.wait_for_function(f"() => !document.querySelector('{FIGURE}')")
        start = time.monotonic()
        page.evaluate(COMMAND, "notebook:run-all-cells")
        page.wait_for_selector(FIGURE)
        first = time.monotonic() - start
        page.wait_for_function(DONE, timeout=120_000)
        print(f"{path.stem:24} {first:16.1f} {time.monotonic() - start:8.1f}", flush=True)
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        page.close()


def drag(page: Page, moves: int) -> dict[str, Any]:
    """Pointer moved to picture, for moves of some pixels, one after the other."""
    page.evaluate(DRAG, [IMAGE, POINT])
    point = page.locator(POINT).first
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(moves):
        page.mouse.move(x + 12 * (k % 8 - 4), y + 9 * (k % 5 - 2))
        time.sleep(0.15)
    page.mouse.up()
    return {"moved": sorted(page.evaluate("() => window.dragged")), "rate": 0.0, "count": 0}


def rows(
    page: Page, kind: Any, options: argparse.Namespace
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is measured of an explorable, one row after the other."""
    times = options.seconds, options.presses
    yield "kernel", measure(page, *times, bool(kind.play))
    if kind.play and kind.filmed:
        page.wait_for_function(LOADED, timeout=120_000)
        yield "kept", measure(page, *times, True)
    if page.locator(POINT).count():
        yield "drag", drag(page, options.presses)


def show(name: str, way: str, first: float, found: dict[str, Any]) -> str:
    moved = found["moved"]
    median = statistics.median(moved) if moved else float("nan")
    p95 = moved[min(len(moved) - 1, round(0.95 * len(moved)))] if moved else float("nan")
    return (
        f"{name:18} {way:>8} {found['rate']:10.1f} {found['count']:9} {median:9.1f} {p95:9.1f} "
        f"{len(moved):9} {first:9.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="classes; default: those that play as films")
    parser.add_argument("--all", action="store_true", help="all explorables")
    parser.add_argument("--lectures", action="store_true", help="lectures instead")
    parser.add_argument("--seconds", type=float, default=6, help="of playing")
    parser.add_argument("--presses", type=int, default=30)
    options = parser.parse_args()
    if CHROMIUM is None:
        print("no Chromium on this machine: nothing measured")
        return
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place)
        shutil.copytree(ROOT / "lectures", folder / "lectures")
        for kind in explorables():
            nbformat.write(notebook(kind), folder / f"{kind.__name__}.ipynb")
        with jupyter(folder) as address:
            context = playwright.chromium.launch_persistent_context(
                folder / ".profile", executable_path=CHROMIUM, headless=True, args=FLAGS
            )
            if options.lectures:
                lectures(context, address)
            else:
                table(context, address, options)
            context.close()
    print(f"on {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}")


def table(context: Any, address: str, options: argparse.Namespace) -> None:
    """Rows for each of the explorables that are asked for."""
    head = ("explorable", "by", "pictures/s", "pictures", "ms", "p95, ms", "moves", "open, s")
    print(f"{head[0]:18} {head[1]:>8} {head[2]:>10}", *(f"{word:>9}" for word in head[3:]))
    for kind in filter(partial(_is_asked_for, options), explorables()):
        page = context.new_page()
        first = open_page(page, address, kind.__name__)
        for way, found in rows(page, kind, options):
            print(show(kind.__name__, way, first, found), flush=True)
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        page.close()


def _is_asked_for(options: argparse.Namespace, kind: Any) -> bool:
    """Whether it is named; without names, whether it plays as a film, or all are asked for."""
    if options.names:
        return kind.__name__ in options.names
    return options.all or (bool(kind.play) and kind.interval <= PLAYS_FAST)


if __name__ == "__main__":
    main()
