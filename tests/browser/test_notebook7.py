"""A student who prefers Jupyter Notebook 7 opens a lecture, runs it and moves its explorables."""

import pytest

from tests.browser.test_lectures import KERNEL, clear, move_one, run_all

LECTURE = "05_mlp.ipynb"
"""One with films, with points to drag, and with everything else that an explorable has."""


@pytest.fixture
def opened(chromium, course, jupyter):
    """A page with the lecture in Jupyter Notebook, its kernel ready."""
    with jupyter(course, app="notebook") as address:
        page = chromium.new_page()
        page.goto(f"{address}/notebooks/lectures/{LECTURE}?token=t")
        page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
        page.wait_for_function(KERNEL)
        page.errors = []  # from here on: Notebook 7.6 itself makes one while it loads its settings
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        yield page
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        page.close()


@pytest.mark.browser
def test_jupyter_notebook_runs_a_lecture(opened):
    clear(opened)
    run_all(opened)
    boxes = opened.locator(".descent-explorable")
    assert boxes.count() >= 3
    for i in range(boxes.count()):
        move_one(boxes.nth(i))
    without = "() => [...document.querySelectorAll('.jp-OutputArea img:not([alt])')].length"
    assert opened.evaluate(without) == 0
    assert opened.errors == []
