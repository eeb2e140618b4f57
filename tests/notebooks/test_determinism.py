"""Run-to-run equality: nbval compares what notebooks print, `pictures` what they draw."""

import base64
import io
import os
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from nbformat import v4
from PIL import Image

from tests.notebooks import pictures
from tests.notebooks.built import ROOT, codes, executed, read

IGNORED = "nbval-ignore-output"

GREY = np.full((40, 50, 4), 128, np.uint8)


def png(pixels: np.ndarray, level: int = 1) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", compress_level=level)
    return base64.b64encode(file.getvalue()).decode()


def changed(rows: int, by: int) -> np.ndarray:
    """GREY with that many pixels of the first column, blue channel, changed."""
    other = GREY.copy()
    other[:rows, 0, 2] += np.uint8(by)
    return other


def shown(*images: str) -> list:
    return [v4.new_output("display_data", {"image/png": image}) for image in images]


def test_pictures_are_compared_in_this_run(request):
    assert request.config.pluginmanager.has_plugin(pictures.__name__)


@pytest.mark.parametrize(
    ("fresh", "said"),
    [
        (png(GREY), ""),
        (png(GREY, level=9), ""),
        (png(changed(40, pictures.LEVELS)), ""),
        (png(changed(2, 100)), ""),
        (png(changed(3, pictures.LEVELS + 1)), "0.15% of the pixels differ"),
        (png(GREY[:, :49]), "50×40 pixels are stored, 49×40 came"),
    ],
)
def test_a_picture_is_the_same_within_the_tolerance(fresh, said):
    assert fresh != png(GREY) or not said
    assert pictures.difference(png(GREY), fresh).startswith(said)
    assert bool(pictures.difference(png(GREY), fresh)) == bool(said)


def test_pictures_of_a_cell_are_compared_one_by_one():
    other = png(changed(30, 90))
    stored = [v4.new_output("stream", text="…"), *shown(png(GREY), png(GREY))]
    assert pictures.differences(stored, shown(png(GREY), png(GREY))) == ""
    assert pictures.differences(stored, shown(png(GREY), other)).startswith("picture 2: 1.50%")
    assert pictures.differences(stored, shown(png(GREY))) == "2 pictures are stored, 1 came"
    assert pictures.differences([], shown(other)) == "0 pictures are stored, 1 came"


def notebook(stored: str, **metadata):
    """A cell that shows `GREY`, and has another picture stored."""
    source = "import base64\nfrom IPython.display import Image\nImage(base64.b64decode({!r}))"
    data = {"image/png": stored, "text/plain": "<IPython.core.display.Image object>"}
    output = v4.new_output("execute_result", data, execution_count=1)
    cell = v4.new_code_cell(
        source.format(png(GREY)), outputs=[output], execution_count=1, metadata=metadata
    )
    return v4.new_notebook(cells=[cell])


def test_nbval_fails_where_a_picture_changed(tmp_path):
    other = png(changed(30, 90))
    nbformat.write(notebook(png(GREY)), tmp_path / "same.ipynb")
    nbformat.write(notebook(other), tmp_path / "other.ipynb")
    nbformat.write(notebook(other, tags=[IGNORED]), tmp_path / "ignored.ipynb")
    command = [sys.executable, "-m", "pytest", "-n0", "--rootdir", str(ROOT), str(tmp_path)]
    command += ["-c", str(ROOT / "pyproject.toml"), "-p", pictures.__name__, "--no-header", "-rA"]
    run = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "picture 1: 1.50% of the pixels differ from those stored" in run.stdout
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    assert len(failed) == 1
    assert "other.ipynb" in failed[0]
    assert "2 passed" in run.stdout


def test_few_pictures_are_left_out():
    cells = [cell for kind, chapter in executed for cell in codes(read(kind, chapter))]
    drawn = [cell for cell in cells if pictures.pictures(cell.outputs)]
    left_out = [cell.source for cell in drawn if IGNORED in cell.metadata.get("tags", ())]
    assert len(drawn) > 10
    assert len(left_out) <= 0.05 * len(drawn), left_out
