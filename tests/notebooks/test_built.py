"""What is committed is what chapters/ says; executed notebooks were executed, and are clean."""

import json
import re

import nbformat
import pytest

from descent.course.build import check
from tests.notebooks.built import CHAPTERS, GRADED, ROOT, codes, executed, path, read, student

MIMES = {"text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/svg+xml"}
LOCAL = re.compile(r"/(home|root|tmp|Users|work|mnt|private|var/folders)/|\b[A-Z]:\\\\?Users")
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b|/ipykernel_\d+")
LARGEST = 5_000_000
"""Bytes; above, code-hosting sites stop rendering a notebook."""


def test_there_are_chapters() -> None:
    assert CHAPTERS
    assert set(GRADED) <= set(CHAPTERS)


@pytest.mark.parametrize("kind", ["lectures", "exercises", "solutions", "source", "release"])
def test_every_chapter_is_built_and_nothing_else(kind: str) -> None:
    pattern = "*/*.ipynb" if kind in ("source", "release") else "*.ipynb"
    found = sorted(p.stem for p in (ROOT / kind).glob(pattern) if "." not in p.stem)
    assert found == (CHAPTERS if kind == "lectures" else GRADED)


def test_rebuilding_gives_what_is_committed() -> None:
    said: list[str] = []
    assert check(ROOT, say=said.append), "\n".join(said)


@pytest.mark.parametrize(("kind", "chapter"), executed)
def test_every_code_cell_was_run(kind: str, chapter: str) -> None:
    cells = codes(read(kind, chapter))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs or kind == "solutions"
    assert not [o for o in outputs if o.output_type == "error"]
    assert not [o for o in outputs if o.output_type == "stream" and o.name == "stderr"]


@pytest.mark.parametrize(("kind", "chapter"), executed)
def test_stored_outputs_show_anywhere(kind: str, chapter: str) -> None:
    for cell in codes(read(kind, chapter)):
        for output in cell.outputs:
            data = output.get("data", {})
            assert set(data) <= MIMES, cell.source
            text = output.get("text", "") + "".join(data.get(m, "") for m in MIMES - {"image/png"})
            assert not LOCAL.search(text), text
            assert not ADDRESS.search(text), text
            if "image/png" in data:
                assert len(output.metadata["image/png"]["alt"]) > 20, cell.source


@pytest.mark.parametrize(("kind", "chapter"), [*executed, *student])
def test_files_are_small_valid_and_without_traces(kind: str, chapter: str) -> None:
    file = path(kind, chapter)
    assert file.stat().st_size < LARGEST
    notebook = read(kind, chapter)
    nbformat.validate(notebook)
    assert not {"widgets", "jupytext"} & set(notebook.metadata)
    assert "version" not in notebook.metadata.language_info
    assert all("execution" not in cell.metadata for cell in notebook.cells)
    assert not LOCAL.search(json.dumps([cell.source for cell in notebook.cells]))
