"""Reads a notebook's file in whatever state it is, and writes it back."""

import codecs
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from descent.student.doctor_finding import ERROR, WARNING, Finding
from descent.student.faults import StudentError
from descent.student.pristine import Raw, grade_id, text_of

LARGEST = 1 << 20
"""Characters of a cell's text; more is no answer."""
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
CELL = re.compile(
    r'\{\s*"(?:cell_type|source|input|metadata|id|outputs|execution_count|attachments)"\s*:'
)
CONFLICT = re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A cell as it was found.

    raw     as in the file, in format 4
    kind    "code", "markdown", or whatever the file says
    source  its text, with line ends as Python has them
    name    nbgrader's grade_id, "" if there is none
    """

    raw: Raw
    kind: str
    source: str
    name: str


@dataclass(frozen=True)
class File:
    """A notebook's file.

    path      where it lies
    cells     whose text could be read
    metadata  of the notebook
    size      bytes
    findings  what is wrong with the file as a whole
    """

    path: Path
    cells: tuple[Cell, ...]
    metadata: Raw
    size: int
    findings: tuple[Finding, ...]


def read_file(path: Path) -> File:
    """Read a notebook; what can't be read is told by its findings.

    raises  StudentError if there is no such file, or it can't be opened
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        what = "a folder" if path.is_dir() else error.strerror
        raise StudentError(f"{path} can't be read ({what}): expected a notebook's file") from None
    if not data.strip():
        what = "the file is empty: nothing of it can be saved"
        return File(path, (), {}, len(data), (Finding(ERROR, what, _earlier(path)),))
    text, findings = _decoded(data)
    try:
        notebook = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        notebook = {"cells": list(_salvaged(text)), "nbformat": 4, "nbformat_minor": 5}
        findings.append(_broken(path, text, error, len(notebook["cells"])))
    cells, more = _cells(notebook, path)
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    metadata = metadata if isinstance(metadata, dict) else {}
    return File(path, cells, metadata, len(data), tuple(findings + more))


def _decoded(data: bytes) -> tuple[str, list[Finding]]:
    wide = {b"{\0": "utf-16-le", b"\0{": "utf-16-be"}
    plain = (wide[data[:2]], "UTF-16") if data[:2] in wide else ("utf-8", "")
    marked = [(coding, how) for mark, coding, how in BOMS if data.startswith(mark)]
    coding, how = marked[0] if marked else plain
    try:
        text = data.decode(coding)
    except UnicodeDecodeError:
        text, how = data.decode("cp1252", "replace"), how or "an encoding other than UTF-8"
    if not how:
        return text, []
    level = WARNING if coding == "utf-8-sig" else ERROR
    what = f"the file is saved in {how}; a notebook is in UTF-8"
    return text, [Finding(level, what, mended="the file was saved in UTF-8")]


def _broken(path: Path, text: str, error: Exception, saved: int) -> Finding:
    where = (
        f" (line {error.lineno}: {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
    )
    if CONFLICT.search(text):
        where = ": git left marks of a conflict in it (<<<<<<<, >>>>>>>)"
    what = f"the file is not valid JSON{where}: JupyterLab can't open it"
    if not saved:
        return Finding(ERROR, f"{what}, and no cell of it is whole", _earlier(path))
    cells = "1 cell is" if saved == 1 else f"{saved} cells are"
    return Finding(
        ERROR,
        f"{what}; {cells} whole and can be saved",
        f"--fix saves them; look afterwards what is lost. Better: {_earlier(path)}",
        f"cells saved from the broken file: {saved}",
    )


def _earlier(path: Path) -> str:
    """Where an earlier version may be."""
    checkpoint = path.parent / ".ipynb_checkpoints" / f"{path.stem}-checkpoint.ipynb"
    if checkpoint.is_file() and checkpoint != path:
        return f"take Jupyter's last saved version, {checkpoint}"
    return "take an earlier version, from a backup or from git (git log -- FILE)"


def _salvaged(text: str) -> Iterator[Raw]:
    """The cells that are whole in a file that is not JSON."""
    decoder, at = json.JSONDecoder(strict=False), 0
    closed = text.rstrip() + "}"  # the last cell may lack its bracket alone
    while match := CELL.search(text, at):
        at = match.end()
        for tail in (text, closed):
            try:
                found, end = decoder.raw_decode(tail, match.start())
            except (ValueError, RecursionError):
                continue
            if "cell_type" in found and ("source" in found or "input" in found):
                yield found
                at = end
            break


# ---- cells in today's format ---------------------------------------------------------------------


def _cells(notebook: Any, path: Path) -> tuple[tuple[Cell, ...], list[Finding]]:
    listed = list(_listed(notebook))
    if not listed:
        what = "the file is not a notebook: no cells were found in it"
        return (), [Finding(ERROR, what, _earlier(path))]
    found = [_cell(raw) for raw in listed]
    cells = tuple(cell for cell in found if cell)
    findings = list(_format(notebook))
    if len(cells) < len(found):
        what = f"{len(found) - len(cells)} entries of the notebook are no cells: they have no text"
        findings.append(Finding(ERROR, what, mended="entries that are no cells were taken out"))
    return cells, findings


def _format(notebook: Raw) -> Iterator[Finding]:
    version, minor = notebook.get("nbformat"), notebook.get("nbformat_minor")
    if (version, minor) == (4, 5):
        return
    level = WARNING if version == 4 else ERROR
    old = f"the notebook has the format {version}.{minor}, not 4.5"
    yield Finding(level, old, mended="the notebook was put into format 4.5")


def _listed(notebook: Any) -> Iterator[Any]:
    """The cells, also of the formats 1 to 3."""
    if not isinstance(notebook, dict):
        return
    sheets = notebook.get("worksheets")
    for holder in (notebook, *(sheets if isinstance(sheets, list) else ())):
        cells = holder.get("cells") if isinstance(holder, dict) else None
        yield from cells if isinstance(cells, list) else ()


def _cell(found: Any) -> Cell | None:
    if not isinstance(found, dict):
        return None
    raw = _today(found)
    kind = raw.get("cell_type")
    kind = kind if isinstance(kind, str) else "code"
    source = raw.get("source")
    if not isinstance(source, str | list):
        return None
    text = text_of(raw).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    text = text.encode("utf-8", "replace").decode("utf-8")
    return Cell(raw, kind, text, grade_id(raw)[:200])


def _today(raw: Raw) -> Raw:
    """A cell of format 3 as one of format 4; its outputs, which look different, are left out."""
    if "input" not in raw and raw.get("cell_type") != "heading":
        return raw
    new: Raw = {key: raw[key] for key in ("cell_type", "id", "metadata") if key in raw}
    new["source"] = raw.get("source", raw.get("input"))
    if raw.get("cell_type") == "code":
        count = raw.get("prompt_number")
        new |= {"outputs": [], "execution_count": count, "metadata": raw.get("metadata", {})}
    if raw.get("cell_type") == "heading":
        level = raw.get("level")
        marks = "#" * (level if isinstance(level, int) else 1)
        new |= {"cell_type": "markdown", "source": f"{marks} {text_of(new)}"}
    return new


# ---- writing -------------------------------------------------------------------------------------


def write_file(path: Path, notebook: Raw) -> None:
    """Put a notebook in its place whole or not at all.

    raises  StudentError if it can't be written; what was there stays
    """
    part = path.with_name(f".{path.stem[:40]}.part")
    try:
        part.write_bytes(contents(notebook))
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise StudentError(f"{path} can't be written: {error.strerror}; it is unchanged") from None


def contents(notebook: Raw) -> bytes:
    """A notebook's file, laid out as Jupyter does."""
    layout: dict[str, Any] = {"indent": 1, "sort_keys": True}
    try:
        return json.dumps(notebook, ensure_ascii=False, **layout).encode() + b"\n"
    except UnicodeEncodeError:  # half of a character, which JSON can hold and UTF-8 cannot
        return json.dumps(notebook, **layout).encode() + b"\n"


def keep_copy(path: Path, stem: str) -> Path:
    """A copy of the file as it is, beside it, under a name that is free.

    stem    how the name begins
    raises  StudentError if it can't be written
    """
    number = 1
    while True:
        again = f".{number}" if number > 1 else ""
        copy = path.with_name(f"{stem}.before-doctor{again}.ipynb")
        try:
            with copy.open("xb") as file:
                file.write(path.read_bytes())
            return copy
        except FileExistsError:
            number += 1
        except OSError as error:
            raise StudentError(
                f"no copy of {path} can be kept ({error.strerror}): nothing was changed"
            ) from None
