"""Reads the cells of a hand-in, whatever state the file is in, in little memory.

A file of ordinary size that is JSON is parsed. Anything else is scanned once from start to end:
outputs are skipped, brackets that do not match are forgiven, and cells that are whole are kept.
"""

import codecs
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, BinaryIO

SMALL = 4 << 20
"""Bytes of a file that is parsed as a whole: at worst, JSON takes 30 times its size."""
WIDE = 32 << 20
"""Bytes of a file that is changed from UTF-16 or UTF-32."""
LARGEST = 1 << 20
"""Bytes of a cell's text; more is no answer."""
MOST = 2_000
"""Cells of a notebook; more are not read."""
SECONDS = 10.0
"""CPU time that a scan may take: a busy machine must not cost an answer."""
DEEPEST = 12
"""Levels of nesting at which something of a notebook is found."""
CHUNK = 1 << 20

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "with a byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "in UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "in UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "in UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "in UTF-16"),
)
NO_JSON = "the file is not valid JSON: what is whole in it was graded"


@dataclass(frozen=True)
class Found:
    """A cell as it was found.

    kind    "code", "markdown", or whatever the file says
    source  its text
    name    nbgrader's grade_id, "" if there is none
    """

    kind: str
    source: str
    name: str = ""


def read_cells(file: BinaryIO) -> tuple[list[Found], list[str]]:
    """The cells of a notebook, and what was wrong with its file.

    file     open at its start; it is not read into memory when it is large
    returns  cells in their order, at most `MOST`; notes for the student
    """
    head = file.read(SMALL + 1)
    if not head.strip():
        return [], ["the file is empty"]
    coding, how = _coding(head)
    notes = [f"the file was saved {how}; UTF-8 is the rule for notebooks"] if how else []
    if how and coding != "utf-8-sig":
        head = (head + file.read(WIDE)).decode(coding, "replace").encode("utf-8", "replace")
        file = BytesIO()
    parsed = _parsed(head) if len(head) <= SMALL else ([], [])
    if parsed and parsed[0]:
        return parsed[0], notes + parsed[1]
    scan = _Scan(head, file)
    scan.broken = parsed is None
    cells = list(_first(scan.cells()))
    return cells, notes + scan.notes


def _coding(head: bytes) -> tuple[str, str]:
    for mark, coding, how in BOMS:
        if head.startswith(mark):
            return coding, how
    start = head.lstrip()[:4]
    if len(start) == 4 and start[0] in b"{[" and start[1] == 0:
        return ("utf-32-le", "in UTF-32") if start[2] == 0 else ("utf-16-le", "in UTF-16")
    if head[:1] == b"\0" and head[1:2] in (b"{", b"["):
        return "utf-16-be", "in UTF-16"
    return "utf-8", ""


# ---- a file that is JSON -------------------------------------------------------------------------


def _parsed(data: bytes) -> tuple[list[Found], list[str]] | None:
    """Cells, where they belong, and notes; None if the file is no JSON."""
    try:
        notebook = json.loads(data.decode("utf-8-sig"), strict=False)
        cells = [cell for cell in map(_cell, _listed(notebook)) if cell]
    except (ValueError, RecursionError, MemoryError):
        return None
    if not cells:
        return [], []
    version = notebook.get("nbformat", 4)
    old = f"the notebook has the old format {version}: save it with JupyterLab"
    is_old = isinstance(version, int) and version < 4
    return list(_first(iter(cells))), [old] if is_old else []


def _listed(notebook: Any) -> Iterator[Any]:
    if not isinstance(notebook, dict):
        return
    sheets = notebook.get("worksheets")
    for holder in (notebook, *(sheets if isinstance(sheets, list) else ())):
        cells = holder.get("cells") if isinstance(holder, dict) else None
        yield from cells if isinstance(cells, list) else ()


def _cell(cell: Any) -> Found | None:
    if not isinstance(cell, dict):
        return None
    parts = cell.get("source", cell.get("input"))
    if isinstance(parts, list):
        parts = "".join(part for part in parts if isinstance(part, str))
    if not isinstance(parts, str):
        return None
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    kind = cell.get("cell_type")
    return Found(
        kind if isinstance(kind, str) else "code", parts, name if isinstance(name, str) else ""
    )


def _first(cells: Iterator[Found]) -> Iterator[Found]:
    """The first cells, their texts as Python and JSON can hold them."""
    for number, cell in enumerate(cells):
        if number == MOST:
            return
        if len(cell.source) <= LARGEST:
            yield Found(cell.kind[:40], _clean(cell.source), _clean(cell.name[:200]))


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return text.encode("utf-8", "replace").decode("utf-8")


# ---- any other file ------------------------------------------------------------------------------


@dataclass
class _Level:
    """An object or list that the scan is in.

    opened   b"{" or b"["
    key      of the entry that is being read
    parts    of the text, of an object that is a cell
    whole    whether the text is there to its end
    """

    opened: bytes
    key: str = ""
    kind: str = ""
    name: str = ""
    parts: list[str] = field(default_factory=list)
    room: int = LARGEST
    whole: bool = False


class _Scan:
    """One pass over a file that is too large or too broken to be parsed."""

    # no possessive quantifiers: Python < 3.11.5 mismatches them (gh-106052)
    NEXT = re.compile(rb'["{}\[\]]')
    BODY = re.compile(rb'[^"\\\n]*(?:\\[^\n][^"\\\n]*)*')
    DULL = re.compile(rb'(?:[^"{}\[\]]+|\[\]|{}|"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*["\n])+')
    RUN = re.compile(rb"[{\[]+|[}\]]+")
    COLON = re.compile(rb"\s*:")

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self.buffer, self.file, self.at = head, file, 0
        self.levels: list[_Level] = []
        self.broken = self.late = False
        self.end = time.thread_time() + SECONDS

    @property
    def notes(self) -> list[str]:
        """What was wrong, once all cells were taken."""
        late = "the file is too large to be read as a whole: what came first was graded"
        return ([NO_JSON] if self.broken else []) + ([late] if self.late else [])

    def cells(self) -> Iterator[Found]:
        """The cells that are whole, in the order in which they end."""
        steps: dict[bytes, Callable[[], Found | None]] = {
            b'"': self._text,
            b"{": self._open,
            b"[": self._open,
            b"}": self._close,
            b"]": self._close,
        }
        while token := self._next(self.NEXT):
            found = steps[token]()
            if found:
                yield found
        self.broken = self.broken or bool(self.levels)
        for level in self.levels:
            if cell := _whole(level):
                yield cell

    def _next(self, pattern: re.Pattern[bytes]) -> bytes:
        """The next character that the pattern finds, not consumed; b"" at the end."""
        while not self.late:
            if match := pattern.search(self.buffer, self.at):
                self.at = match.start()
                return match.group()
            self.at = len(self.buffer)
            if not self._more():
                break
        return b""

    def _more(self) -> bool:
        """Read on; False at the end of the file or of the time."""
        self.late = self.late or time.thread_time() > self.end
        chunk = b"" if self.late else self.file.read(CHUNK)
        self.buffer = self.buffer[self.at :] + chunk
        self.at = 0
        return bool(chunk)

    # -- brackets

    def _open(self) -> None:
        opened = self.buffer[self.at : self.at + 1]
        self.at += 1
        above = self.levels[-1] if self.levels else None
        if len(self.levels) >= DEEPEST or (above and above.key in ("outputs", "attachments")):
            self._skip()
            return
        # a list inherits the key under which it stands, so that its texts are known
        key = above.key if above and opened == b"[" else ""
        self.levels.append(_Level(opened, key))

    def _close(self) -> Found | None:
        opened = b"{" if self.buffer[self.at : self.at + 1] == b"}" else b"["
        self.at += 1
        if not self.levels or self.levels[-1].opened != opened:
            self.broken = True
            if all(level.opened != opened for level in self.levels):
                return None
        closed = self.levels.pop()
        while closed.opened != opened:
            closed = self.levels.pop()
        above = self.levels[-1] if self.levels else None
        if opened == b"[" and above and above.opened == b"{" and above.key in ("source", "input"):
            above.whole = True
        return _whole(closed)

    def _skip(self) -> None:
        """Leave what was just opened unread, however deep and large."""
        depth, turns = 1, 0
        while depth and not self.late:
            match = self.DULL.match(self.buffer, self.at)
            self.at = match.end() if match else self.at
            if self.at >= len(self.buffer) or self.buffer[self.at] == 0x22:
                # a string that does not end in the buffer, or nothing left in it
                if self.at < len(self.buffer):
                    self._string(keep=False)
                elif not self._more():
                    break
                continue
            depth = self._along(depth)
            turns += 1
            self.late = not turns % 10_000 and time.thread_time() > self.end
        self.broken = self.broken or depth > 0

    def _along(self, depth: int) -> int:
        """Consume a run of brackets that all open or all close; the depth after it."""
        run = self.RUN.match(self.buffer, self.at)
        length = len(run.group()) if run else 0
        opens = self.buffer[self.at] in b"{["
        length = length if opens else min(length, depth)
        self.at += length
        return depth + length if opens else depth - length

    # -- texts

    def _text(self) -> Found | None:
        above = self.levels[-1] if self.levels else None
        if above is None:
            self._string(keep=False)
            return None
        body, ended = self._string(keep=True)
        if above.opened == b"{" and self._is_key():
            above.key = _decoded(body) if len(body) < 100 else ""
            return None
        if body is not None:
            self._take(above, _decoded(body), ended)
        return None

    def _take(self, level: _Level, text: str, ended: bool) -> None:
        """Keep a value that matters: type, text or name of a cell."""
        holder = self.levels[-2] if level.opened == b"[" and len(self.levels) > 1 else level
        if level.key in ("source", "input"):
            holder.room -= len(text) + 1
            if holder.room > 0:
                holder.parts.append(text)
            holder.whole = ended and holder is level
        elif holder is level and level.key == "cell_type":
            level.kind = text
        elif holder is level and level.key == "grade_id" and len(self.levels) > 2:
            self.levels[-3].name = text

    def _is_key(self) -> bool:
        if self.at + 64 > len(self.buffer):
            self._more()
        match = self.COLON.match(self.buffer, self.at)
        self.at = match.end() if match else self.at
        return match is not None

    def _string(self, keep: bool) -> tuple[bytes, bool]:
        """Consume a string; its inside, as far as it is kept, and whether it ended."""
        self.at += 1
        parts: list[bytes] = []
        size = 0
        while True:
            match = self.BODY.match(self.buffer, self.at)
            piece = match.group() if match else b""
            self.at += len(piece)
            size += len(piece)
            if keep and size <= LARGEST:
                parts.append(piece)
            after = self.buffer[self.at : self.at + 2]
            if after[:1] == b'"' or after[:1] == b"\n" or len(after) == 2:
                break
            if not self._more():
                after = b""
                break
        self.at += after[:1] == b'"'
        self.broken = self.broken or after[:1] != b'"'
        return b"".join(parts) if size <= LARGEST else b"", after[:1] == b'"'


def _whole(level: _Level) -> Found | None:
    """The cell that an object is, None if it is none or its text is cut off."""
    if level.opened != b"{" or not level.whole or level.room <= 0:
        return None
    if not (level.kind or level.name):
        return None
    return Found(level.kind or "code", "".join(level.parts), level.name)


def _decoded(body: bytes) -> str:
    for coding in ("utf-8", "cp1252"):
        try:
            return str(json.loads(f'"{body.decode(coding)}"', strict=False))
        except ValueError:
            continue
    return body.decode("utf-8", "replace")
