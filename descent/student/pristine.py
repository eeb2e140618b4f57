"""The notebook of a chapter as students are given it, found without the course's own tools."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from descent.student.faults import StudentError

Raw = dict[str, Any]
STUB = (
    "# YOUR CODE HERE",
    'raise NotImplementedError("not solved yet: replace these two lines by your code")',
)
"""What stands in the place of a solution."""
HIDDEN = re.compile(
    r"^[ \t]*### BEGIN HIDDEN TESTS[ \t]*$.*?^[ \t]*### END HIDDEN TESTS[ \t]*$\n?", re.M | re.S
)
SOLUTION = re.compile(
    r"^([ \t]*)### BEGIN SOLUTION[ \t]*$.*?^[ \t]*### END SOLUTION[ \t]*$", re.M | re.S
)


@dataclass(frozen=True)
class Pristine:
    """A chapter's notebook before anybody worked in it.

    chapter   its name, which is also that of the file
    cells     as in the file
    metadata  of the notebook
    built     stamps of the versions of it that are here
    """

    chapter: str
    cells: tuple[Raw, ...]
    metadata: Raw
    built: frozenset[str]

    @cached_property
    def names(self) -> list[str]:
        """grade_id of every cell."""
        return [grade_id(cell) for cell in self.cells]

    @cached_property
    def texts(self) -> list[str]:
        """Text of every cell, without what an editor may add."""
        return [normal(text_of(cell)) for cell in self.cells]

    @cached_property
    def places(self) -> dict[str, int]:
        """grade_id -> number of the cell."""
        return {name: at for at, name in enumerate(self.names) if name}

    @cached_property
    def released(self) -> dict[str, list[int]]:
        """Text -> numbers of the cells that have it."""
        found: dict[str, list[int]] = {}
        for at, text in enumerate(self.texts):
            found.setdefault(text, []).append(at)
        return found

    @cached_property
    def stubs(self) -> dict[str, str]:
        """Exercise -> what stands in its cell when nobody wrote in it."""
        cells = range(len(self.cells))
        return {self.names[at]: self.texts[at] for at in cells if self.role(at) == "solution"}

    @cached_property
    def points(self) -> dict[str, float]:
        """Exercise -> points for it."""
        notes = [_note(cell) for cell in self.cells]
        return {_tested(note): float(note.get("points", 0)) for note in notes if note.get("grade")}

    def role(self, at: int) -> str:
        """What a cell is for: "solution", "test", "locked" (other code) or "text"."""
        note = _note(self.cells[at])
        if self.cells[at].get("cell_type") != "code":
            return "text"
        return "solution" if note.get("solution") else "test" if note.get("grade") else "locked"

    def exercise(self, at: int) -> str:
        """The exercise to which a solution or a test belongs, "" for other cells."""
        role = self.role(at)
        tested = _tested(_note(self.cells[at]))
        return self.names[at] if role == "solution" else tested if role == "test" else ""


def find_pristine(root: Path, stem: str, cells: Iterable[Raw]) -> Pristine | None:
    """The pristine notebook of the chapter that a file belongs to.

    root    the course's folder
    stem    name of the file; it decides where the cells don't
    cells   of the file
    raises  StudentError if the folder has no chapters
    """
    chapters = list(all_pristine(root))
    if not chapters:
        raise StudentError(
            f"{root} has no release/CHAPTER/CHAPTER.ipynb to compare with: name the course's "
            "folder by --root, or fetch release/ again (git checkout release)"
        )
    cells = list(cells)
    names = {name for cell in cells if (name := grade_id(cell))}
    texts = {text for cell in cells if (text := normal(text_of(cell)))}

    def likeness(chapter: Pristine) -> tuple[int, bool]:
        alike = len(names & chapter.places.keys()) + len(texts & chapter.released.keys())
        return alike, chapter.chapter == stem

    best = max(chapters, key=likeness)
    if likeness(best)[0]:
        return best
    named = [c for c in chapters if stem == c.chapter]
    return named[0] if named else None


def all_pristine(root: Path) -> Iterator[Pristine]:
    """Every chapter with exercises, from the first room that has it untouched."""
    found: dict[str, list[tuple[list[Raw], Raw]]] = {}
    for path, is_source in _candidates(root):
        notebook = _load(path)
        if notebook is None or (path.parent.name == "exercises" and _edited(notebook)):
            continue
        cells = [_released(cell) for cell in notebook["cells"]] if is_source else notebook["cells"]
        found.setdefault(path.stem, []).append((cells, notebook["metadata"]))
    for chapter, versions in sorted(found.items()):
        cells, metadata = versions[0]
        stamps = {stamp for made, note in versions for stamp in (_stamp(made), built(note))}
        yield Pristine(chapter, tuple(cells), metadata, frozenset(stamps))


def _candidates(root: Path) -> Iterator[tuple[Path, bool]]:
    """Files, the most certain first, and whether it is the instructor's version."""
    for path in sorted((root / "release").glob("*/*.ipynb")):
        if path.stem == path.parent.name:
            yield path, False
    for path in sorted((root / "exercises").glob("*.ipynb")):
        if "." not in path.stem:
            yield path, False
    for path in sorted((root / "source").glob("*/*.ipynb")):
        if path.stem == path.parent.name:
            yield path, True


def _load(path: Path) -> Raw | None:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
        whole = [*map(text_of, notebook["cells"]), *map(grade_id, notebook["cells"])]
        return dict(notebook, metadata=dict(notebook["metadata"])) if any(whole) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _released(cell: Raw) -> Raw:
    """A cell of the instructor's version as students are given it."""
    source = HIDDEN.sub("", text_of(cell))
    source = SOLUTION.sub(lambda m: "\n".join(m[1] + line for line in STUB), source)
    emptied: Raw = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
    return {**cell, **emptied, "source": source}


# ---- parts of cells ------------------------------------------------------------------------------


def text_of(cell: Raw) -> str:
    """Its text, as one string."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(p for p in source if isinstance(p, str))


def grade_id(cell: Raw) -> str:
    """nbgrader's name of a cell, "" if it has none."""
    name = _note(cell).get("grade_id")
    return name if isinstance(name, str) else ""


def normal(text: str) -> str:
    """The text without what an editor may add: blanks at the ends, other line ends."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _note(cell: Raw) -> Raw:
    metadata = cell.get("metadata")
    note = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return note if isinstance(note, dict) else {}


def _tested(note: Raw) -> str:
    return str(note.get("grade_id", "")).removeprefix("test_")


def _descent(metadata: Raw) -> Raw:
    note = metadata.get("descent")
    return note if isinstance(note, dict) else {}


def built(metadata: Raw) -> str:
    """The stamp of the version from which a notebook was made, "" if there is none."""
    return str(_descent(metadata).get("built", ""))


def _edited(notebook: Raw) -> bool:
    return built(notebook["metadata"]) != _stamp(notebook["cells"])


def _stamp(cells: Iterable[Raw]) -> str:
    """Hash of what students can write, as the build leaves it in every notebook."""
    digest = hashlib.sha256()
    for cell in cells:
        source, name = text_of(cell).replace("\r\n", "\n"), grade_id(cell)
        if source.strip() or name:
            digest.update(json.dumps([cell["cell_type"], source, name]).encode())
    return digest.hexdigest()[:16]
