"""Links between the notebooks, and from the README, lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.notebooks.built import CHAPTERS, ROOT, executed, path, read, student

LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
PAGES = ["README.md", "CONTRIBUTING.md"]


def broken(text: str, folder: Path) -> list[str]:
    """Relative links of a Markdown text that lead nowhere."""
    return [link for link in LINK.findall(text) if not (folder / link).exists()]


@pytest.mark.parametrize(("kind", "chapter"), [*executed, *student])
def test_links_of_a_notebook(kind: str, chapter: str) -> None:
    texts = [c.source for c in read(kind, chapter).cells if c.cell_type == "markdown"]
    # a release is copied to where the exercises are before students see it
    folder = ROOT / "exercises" if kind == "release" else path(kind, chapter).parent
    assert broken("\n".join(texts), folder) == []


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert LINK.search(text)
    assert broken(text, ROOT) == []


def test_a_lecture_links_to_its_exercises() -> None:
    for chapter in CHAPTERS:
        text = "\n".join(c.source for c in read("lectures", chapter).cells)
        if path("exercises", chapter).exists():
            assert f"../exercises/{chapter}.ipynb" in text
