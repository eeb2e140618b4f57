"""The picture of an explorable in the browser, and its pixels as a PNG file."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

SIGNATURE = b"\x89PNG\r\n\x1a\n"
EFFORT = 3
"""zlib's level: 1 takes as long on these pictures, for files that are a tenth larger."""


class LivePicture(anywidget.AnyWidget):
    """PNG bytes in an `<img>` with alt text, points to drag on it, and an announced sentence.

    png       picture of now
    sentence  its alt text, which screen readers announce
    note      what went wrong with a setting, or ""
    code      the setting in a short text
    handles   points to drag, see `descent.explore.direct`
    film      number of the recorded run whose pictures the browser may keep, 0 for none
    at        step of that run that `png` shows, -1 where there is no room to keep it
    steps     id of the model of the slider that indexes the run, or ""
    """

    _esm = Path(__file__).with_name("picture.js")
    png = traitlets.Bytes().tag(sync=True)
    sentence = traitlets.Unicode().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)
    handles: Any = traitlets.List().tag(sync=True)
    film = traitlets.Int().tag(sync=True)
    at = traitlets.Int().tag(sync=True)
    steps = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    height = traitlets.Int().tag(sync=True)


def encode(rgba: np.ndarray) -> bytes:
    """Pixels as PNG, compressed for speed: rows as they are, without filters.

    rgba     uint8 array (H, W, 4), opaque
    returns  bytes of the file
    source   W3C, Portable Network Graphics (PNG) Specification, 2nd edition, 2003
    """
    height, width = rgba.shape[:2]
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # each begins with its filter, 0: none
    for c in range(3):  # one colour after the other: four times as fast as all at once
        rows[:, 1 + c :: 3] = rgba[:, :, c]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits of each of RGB
    data = zlib.compress(rows.data, EFFORT)
    parts = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return SIGNATURE + b"".join(part for kind, body in parts for part in _chunk(kind, body))


def _chunk(kind: bytes, body: bytes) -> Iterator[bytes]:
    yield struct.pack(">I", len(body)) + kind
    yield body
    yield struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
