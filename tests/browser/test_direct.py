"""In a real browser: points are dragged and moved by keys, a recorded run is shown from memory."""

import time

import nbformat
import pytest

from descent.course.notebooks import METADATA
from tests.browser.test_lectures import ERRORS, IMAGE, KERNEL, changes, run_all

CELL = "from descent.explore.{} import {}\n{}()"
SHOWN = ("neighbours", "NeighbourVotes"), ("approximation", "ReluApproximator")
PLAYED = (("mlp", "HiddenPlane"),)


def notebook(kinds) -> nbformat.NotebookNode:
    cells = [nbformat.v4.new_code_cell(CELL.format(m, k, k), id=k) for m, k in kinds]
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)


@pytest.fixture(scope="module")
def pages(tmp_path_factory, jupyter):
    """A JupyterLab with a notebook of explorables to drag and one to play; its address."""
    folder = tmp_path_factory.mktemp("direct")
    for name, kinds in (("drag", SHOWN), ("play", PLAYED)):
        nbformat.write(notebook(kinds), folder / f"{name}.ipynb")
    with jupyter(folder) as address:
        yield address


@pytest.fixture
def opened(chromium, pages, request):
    """A page with the notebook, all cells run; page errors are collected on `page.errors`."""
    page = chromium.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(f"{pages}/lab/tree/{request.param}.ipynb?token=t&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
    page.wait_for_function(KERNEL)
    run_all(page)
    yield page
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()


def until(true, seconds: float = 15) -> bool:
    """Whether something becomes true in time."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(true())


def skip_gate(box) -> None:
    box.get_by_role("button", name="Skip").first.click()
    assert until(lambda: box.locator(".noUi-handle").first.get_attribute("aria-disabled") != "true")


def drag(page, handle, right: int, down: int) -> None:
    """Press on a handle, move it by some pixels in small steps, let go."""
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=10)
    page.mouse.up()


@pytest.mark.browser
@pytest.mark.parametrize("opened", ["drag"], indirect=True)
def test_a_point_is_dragged_once_the_gate_is_answered(opened):
    box = opened.locator(".descent-explorable").first
    image, said = box.locator("img.descent-picture"), box.locator(".descent-sentence")
    query = box.get_by_role("slider", name="query:")
    start, place = said.inner_text(), query.get_attribute("aria-valuetext")
    drag(opened, query, 60, 0)
    time.sleep(0.5)
    assert query.get_attribute("aria-valuetext") == place, "the gate was not answered yet"
    skip_gate(box)
    assert until(lambda: query.get_attribute("aria-disabled") == "false")
    drawn = image.evaluate(IMAGE)
    drag(opened, query, -120, 80)
    assert changes(lambda: image.evaluate(IMAGE), drawn) != drawn
    assert changes(said.inner_text, start) != start
    drag(opened, query, -2000, 2000)
    assert until(lambda: "x₁ -1, query, x₂ -1" in query.get_attribute("aria-valuetext"))
    assert opened.errors == []


@pytest.mark.browser
@pytest.mark.parametrize("opened", ["drag"], indirect=True)
def test_arrow_keys_move_a_point_and_codes_restore_it(opened):
    page = opened
    box = page.locator(".descent-explorable").first
    skip_gate(box)
    query = box.get_by_role("slider", name="query:")
    assert until(lambda: query.get_attribute("aria-disabled") == "false")
    query.focus()
    for _ in range(4):
        query.press("ArrowLeft")
    query.press("ArrowUp")
    assert until(lambda: "x₁ 0.3, query, x₂ 0.4" in query.get_attribute("aria-valuetext"))
    assert query.evaluate("handle => handle === document.activeElement"), "JupyterLab took the key"
    box.get_by_text("Share this setting").click()
    field = box.get_by_label("Copy this text")
    assert field.input_value() == "NeighbourVotes:k=1,x1=0.3,x2=0.4"
    field.fill("NeighbourVotes:k=7,x1=-0.5,x2=0")
    field.press("Enter")
    said = box.locator(".descent-sentence")
    assert until(lambda: "K = 7 nearest neighbours of the query (-0.50, 0.00)" in said.inner_text())
    field.fill("NeighbourVotes:k=8")
    field.press("Enter")
    assert until(lambda: "k must lie in 1..39 in steps of 2, got '8'" in said.inner_text())
    assert page.errors == []


@pytest.mark.browser
@pytest.mark.parametrize("opened", ["drag"], indirect=True)
def test_a_screen_with_more_dots_gets_them_when_nothing_moves(opened):
    page = opened
    box = page.locator(".descent-explorable").first
    image = box.locator("img.descent-picture")
    skip_gate(box)
    box.scroll_into_view_if_needed()
    width = image.evaluate("img => img.naturalWidth")
    screen = {"width": 1280, "height": 1000, "deviceScaleFactor": 2, "mobile": False}
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", screen)
    dots = "img => img.naturalWidth / img.width"
    page.evaluate("() => window.dispatchEvent(new Event('resize'))")  # as a zoom does
    assert until(lambda: image.evaluate(dots) == 2), f"{width} dots, {image.evaluate(dots)} a pixel"
    said = box.locator(".descent-sentence")
    for key in ("ArrowRight", "ArrowLeft"):
        told = said.inner_text()
        box.locator(".noUi-handle").first.press(key)
        assert changes(said.inner_text, told) != told
        assert until(lambda: image.evaluate(dots) == 2), "no sharp picture of the new setting"
        assert image.get_attribute("alt") in said.inner_text()
    assert page.errors == []


@pytest.mark.browser
@pytest.mark.parametrize("opened", ["drag"], indirect=True)
def test_a_finger_drags_a_knot(opened):
    """Chromium's own touch events, as from a screen."""
    page = opened
    box = page.locator(".descent-explorable").nth(1)
    skip_gate(box)
    knot = box.get_by_role("slider", name="knot:")
    assert until(lambda: knot.get_attribute("aria-disabled") == "false")
    knot.scroll_into_view_if_needed()
    place = knot.bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    touch = page.context.new_cdp_session(page)
    for kind, at in (("touchStart", x), ("touchMove", x + 6), ("touchMove", x + 12)):
        points = [{"x": at, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert until(lambda: float(knot.get_attribute("aria-valuenow")) > 0.1)
    assert "Knot 2 was dragged to" in box.locator(".descent-sentence").inner_text()
    assert page.errors == []


LATE = """box => box.insertAdjacentHTML("beforeend", `<div class="widget-inline-hbox">
    <label class="widget-label">late</label><div class="noUi-handle" role="slider" tabindex="0">
    </div></div><div class="widget-play"><button><i class="fa fa-play"></i></button></div>`)"""


@pytest.mark.browser
@pytest.mark.parametrize("opened", ["drag"], indirect=True)
def test_controls_that_are_drawn_late_have_names(opened):
    """On a busy computer sliders may come long after the picture beside them."""
    box = opened.locator(".descent-explorable").first
    time.sleep(1)
    box.evaluate(LATE)
    box.get_by_role("slider", name="late").wait_for(state="attached", timeout=5000)
    box.get_by_role("button", name="Play or pause").wait_for(state="attached", timeout=5000)
    assert opened.errors == []


PICTURES = """() => { window.updates = 0; window.jupyterapp.shell.currentWidget.sessionContext
    .session.kernel.iopubMessage.connect((_, m) => {
        if (m.header.msg_type === "comm_msg" && m.buffers.length) window.updates += 1; }); }"""

LOADS = """image => { window.loads = 0; new MutationObserver(
    () => { if (!image.complete) window.loads += 1; }
).observe(image, {attributeFilter: ["src"]}); }"""


@pytest.mark.browser
@pytest.mark.parametrize("opened", ["play"], indirect=True)
def test_a_run_is_shown_without_the_kernel_once_its_pictures_are_there(opened):
    page = opened
    box = page.locator(".descent-explorable").first
    image, said = box.locator("img.descent-picture"), box.locator(".descent-sentence")
    assert not image.get_attribute("data-film")
    skip_gate(box)
    assert until(lambda: image.get_attribute("data-film") == "complete", 60)
    page.evaluate(PICTURES)
    image.evaluate(LOADS)
    slider = box.locator(".widget-inline-hbox:has-text('on the way') .noUi-handle").first
    slider.focus()
    for _ in range(5):
        drawn, told = image.evaluate(IMAGE), said.inner_text()
        slider.press("ArrowRight")
        assert changes(lambda before=drawn: image.evaluate(IMAGE), drawn, 5) != drawn
        assert changes(said.inner_text, told, 5) != told
    page.wait_for_function(KERNEL)
    assert page.evaluate("() => window.updates") == 0, "the kernel sent pictures that were there"
    assert page.evaluate("() => window.loads") == 0, "the page loads pictures when it shows them"
    other = box.locator(".widget-inline-hbox:has-text('epoch') .noUi-handle").first
    drawn = image.evaluate(IMAGE)
    other.focus()
    other.press("PageDown")
    assert changes(lambda: image.evaluate(IMAGE), drawn) != drawn, "another run was not drawn"
    assert page.evaluate(ERRORS) == []
    assert page.errors == []
