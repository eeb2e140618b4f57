"""Compares pictures where nbval compares text only: each as it was stored, within `TOLERANCE`.

Every notebook is run once, by nbval, in a process that is not the one that built it and hashes in
another order. A picture in a cell that is compared must come out again: same size, and at most
`SHARE` of the pixels further than `LEVELS` from what they were. Where nothing changed none is; the
room is for other processors, which round the last digit otherwise and so smooth an edge otherwise.
"""

import base64
import io
from collections.abc import Generator

import numpy as np
import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell
from PIL import Image

LEVELS = 16
"""Of 255, in any of red, green, blue and opacity."""

SHARE = 1e-3
"""Of a picture's pixels."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    yield
    if isinstance(item, IPyNbCell) and item.options["check"]:
        said = differences(item.cell.outputs, item.test_outputs)
        if said:
            item.raise_cell_error(said)


def differences(stored: list[NotebookNode], fresh: list[NotebookNode]) -> str:
    """What differs between the pictures of one cell, "" if nothing does."""
    old, new = pictures(stored), pictures(fresh)
    if len(old) != len(new):
        return f"{len(old)} pictures are stored, {len(new)} came"
    said = [difference(*pair) for pair in zip(old, new, strict=True)]
    return "; ".join(f"picture {k}: {what}" for k, what in enumerate(said, 1) if what)


def pictures(outputs: list[NotebookNode]) -> list[str]:
    """PNG files in base64."""
    found = [output.get("data", {}).get("image/png") for output in outputs]
    return ["".join(png.split()) for png in found if png]


def difference(stored: str, fresh: str) -> str:
    """How a picture differs from the stored one, "" if not by more than the tolerance."""
    if stored == fresh:
        return ""
    old, new = pixels(stored), pixels(fresh)
    if old.shape != new.shape:
        return (
            f"{old.shape[1]}×{old.shape[0]} pixels are stored, {new.shape[1]}×{new.shape[0]} came"
        )
    far = (np.abs(old - new) > LEVELS).any(axis=-1).mean()
    return f"{far:.2%} of the pixels differ from those stored" if far > SHARE else ""


def pixels(png: str) -> np.ndarray:
    """int16 (height, width, 4)"""
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA")
    return np.asarray(image).astype(np.int16)
