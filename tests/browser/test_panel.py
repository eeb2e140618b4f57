"""The panel in JupyterLab: it finds its chapter, follows a test cell, and obeys the keyboard."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READY = """() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status
    === "idle\""""
ANSWER = "def tlu(x, w, b):\n    return (x @ w + b >= 0).long()"


@pytest.fixture
def notebook(course) -> str:
    """Half of chapter 04 with the panel on top; `tlu` is solved."""
    made = json.loads((ROOT / "exercises/04_perceptron.ipynb").read_text("utf-8"))
    cells = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in made["cells"]}
    cells["tlu"]["source"] = ANSWER
    source = f"import os\nos.environ['DESCENT_STATE'] = {str(course / 'state')!r}\n"
    source += "from descent.student import panel\npanel.show()"
    own = {"cell_type": "code", "id": "panel", "metadata": {}, "source": source}
    own |= {"outputs": [], "execution_count": None}
    made["cells"] = [cells["opening-2"], own, cells["tlu"], cells["test_tlu"]]
    (course / "exercises/panel.ipynb").write_text(json.dumps(made), encoding="utf-8")
    return "exercises/panel.ipynb"


@pytest.mark.browser
def test_the_panel_follows_the_notebook_and_obeys_the_keyboard(chromium, lab, notebook):
    page = chromium.new_page()
    page.goto(f"{lab}/lab/tree/{notebook}?token=t&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
    page.wait_for_function(READY)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
    panel = page.locator(".descent-panel")
    panel.get_by_text("2 of 24 points").wait_for()
    assert "tlu: solved" in panel.get_by_role("status").inner_text()
    panel.get_by_role("button", name="Check all").press("Enter")
    panel.get_by_text("1 of 8 exercises solved").wait_for()
    panel.get_by_role("button", name="Next hint: xor").press("Space")
    panel.get_by_text("Hint 1 of 3: a nudge").wait_for()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()
