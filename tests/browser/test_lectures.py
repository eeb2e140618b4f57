"""A student opens each lecture in JupyterLab, runs it, and moves a slider with the keyboard."""

import time
from pathlib import Path

import pytest

from descent.course.lab import lab_command
from tests.browser.test_access import violations

ROOT = Path(__file__).parents[2]
LECTURES = sorted(p.name for p in (ROOT / "lectures").glob("*.ipynb"))
KERNEL = """() => {
    const widget = window.jupyterapp?.shell.currentWidget;
    return widget?.sessionContext?.session?.kernel?.status === "idle";
}"""
CODE_CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter(c => c.model.type === "code").map(c => c.model.executionCount)"""
ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .flatMap(c => c.model.toJSON().outputs ?? [])
    .filter(o => o.output_type === "error" || o.name === "stderr").map(o => o.evalue ?? o.text)"""
IMAGE = """img => fetch(img.src).then(r => r.arrayBuffer())
    .then(b => Array.from(new Uint8Array(b)).reduce((h, x) => (h * 31 + x) | 0, 7))"""

DRAWN = """() => {
    const every = (nodes, holds) => [...nodes].every(holds);
    const shown = window.jupyterapp.shell.currentWidget.content.widgets
        .filter(c => (c.model.toJSON().outputs ?? []).some(
            o => o.data?.["application/vnd.jupyter.widget-view+json"]))
        .every(c => c.node.querySelector(".jp-OutputArea .jupyter-widgets"));
    const boxes = document.querySelectorAll(".descent-explorable");
    const named = ".noUi-handle, .widget-play button, [contenteditable]";
    return shown && every(boxes, box => box.querySelector("img.descent-picture")?.naturalWidth
        && every(box.querySelectorAll(named), node => node.ariaLabel));
}"""


@pytest.fixture
def opened(chromium, lab, request):
    """A page with the lecture, its kernel ready; console errors are collected on `page.errors`."""
    page = chromium.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(f"{lab}/lab/tree/lectures/{request.param}?token=t&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
    page.wait_for_function(KERNEL)
    yield page
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()


def changes(read, before, seconds: float = 15):
    """The first value that differs from the one before, or the same one when none came."""
    end = time.monotonic() + seconds
    while (now := read()) == before and time.monotonic() < end:
        time.sleep(0.02)
    return now


def run_all(page) -> None:
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
    end = time.monotonic() + 120
    while None in (counts := page.evaluate(CODE_CELLS)) or len(set(counts)) < len(counts):
        assert page.evaluate(ERRORS) == []
        assert time.monotonic() < end, f"not all cells ran: {counts}"
        time.sleep(0.1)
    page.wait_for_function(KERNEL)
    assert page.evaluate(ERRORS) == []
    page.wait_for_function(DRAWN)


def clear(page) -> None:
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")


@pytest.mark.browser
@pytest.mark.parametrize("opened", LECTURES, indirect=True)
def test_run_all_and_move_each_explorable_by_keyboard(opened):
    page = opened
    clear(page)
    run_all(page)
    boxes = page.locator(".descent-explorable")
    assert boxes.count() >= 2
    before = pictures(page)
    assert violations(page) == []
    assert pictures(page) == before, "a picture moves though nobody played it"
    for i in range(boxes.count()):
        move_one(boxes.nth(i))
    assert page.errors == []


def pictures(page) -> list[int]:
    """What all explorables show now."""
    images = page.locator("img.descent-picture")
    return [images.nth(i).evaluate(IMAGE) for i in range(images.count())]


def move_one(box) -> None:
    """Skip the gate, move controls by keyboard until the picture and its sentence change."""
    box.scroll_into_view_if_needed()
    skip = box.get_by_role("button", name="Skip")
    if skip.count():
        skip.first.click()
    image, sentence = box.locator("img.descent-picture"), box.locator(".descent-sentence")
    assert image.get_attribute("alt"), "the picture has no alt text"
    before, said = image.evaluate(IMAGE), sentence.inner_text()
    for control, key in controls(box):
        control.focus()
        control.press(key)
        drawn = changes(lambda: image.evaluate(IMAGE), before, 4) != before
        if drawn and changes(sentence.inner_text, said, 4) != said:
            return
    pytest.fail(f"no key changed the picture and its sentence: {said}")


def controls(box):
    """Everything of an explorable that a key moves, with a key that moves it off its start."""
    handles = box.locator(".noUi-handle")
    for i in range(handles.count()):
        handle = handles.nth(i)
        at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        for key in ("ArrowLeft", "PageDown") if at_end else ("ArrowRight", "PageUp"):
            yield handle, key
    for selector, key in (("select", "ArrowDown"), ("input[type=checkbox]", "Space")):
        for i in range(box.locator(selector).count()):
            yield box.locator(selector).nth(i), key


@pytest.mark.browser
def test_jupyterlab_opens_on_the_start_page(chromium, course, jupyter):
    options = [option for option in lab_command(course, []) if "LabApp" in option]
    with jupyter(course, *options) as address:
        page = chromium.new_page()
        page.goto(f"{address}/?token=t")
        page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
        shown = "() => window.jupyterapp.shell.currentWidget.context.path"
        assert page.evaluate(shown) == "lectures/00_start_here.ipynb"
        page.wait_for_function(KERNEL)
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        page.close()


def test_there_are_lectures():
    assert LECTURES
