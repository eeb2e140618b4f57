"""Pictures of a recording, each kept as what differs from another: as sharp, and small."""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

CANDIDATES = 5
"""Earlier pictures that a new one is compared with."""
DEEPEST = 4
"""Pictures that have to be laid on one another at most."""
EXACT = 24
"""Colours, those of the largest areas, that stay as they are everywhere."""
CONTRAST, STEP = 24, 16
"""Between neighbours from which on a pixel lies on an edge; what is smoothed there is rounded."""


@dataclass(frozen=True)
class Frame:
    """A picture, as what is laid on another.

    under  index of the picture below, -1 for a whole one
    x, y   place of the patch, pixels
    webp   the patch, lossless; transparent where nothing changes
    depth  pictures below
    """

    under: int
    x: int
    y: int
    webp: bytes
    depth: int


class Film:
    """Frames without repetition, and which is which."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._known: dict[bytes, int] = {}
        self._near: list[tuple[int, np.ndarray]] = []

    def add(self, png: bytes) -> int:
        """Keep a picture.

        png      bytes of a picture, as large as the others
        returns  index of its frame
        """
        pixels = np.array(Image.open(io.BytesIO(png)).convert("RGBA"))
        key = hashlib.sha256(pixels.tobytes()).digest()
        if key not in self._known:
            self._known[key] = len(self.frames)
            self.frames.append(self._frame(pixels))
            if self.frames[-1].depth < DEEPEST:
                self._near.append((self._known[key], pixels))
            if len(self._near) > CANDIDATES:
                del self._near[1]  # the first one stays
        return self._known[key]

    def needed(self, frames: Iterable[int]) -> list[int]:
        """The frames, and all that lie below them, in order."""
        found, waiting = set[int](), list(frames)
        while waiting:
            index = waiting.pop()
            if index >= 0 and index not in found:
                found.add(index)
                waiting.append(self.frames[index].under)
        return sorted(found)

    def _frame(self, pixels: np.ndarray) -> Frame:
        """What differs from the nearest of some earlier pictures."""
        if not self._near:
            return Frame(-1, 0, 0, _webp(pixels), 0)
        masks = [(index, _differ(pixels, other)) for index, other in self._near]
        under, mask = min(masks, key=lambda found: int(found[1].sum()))
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        area = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        patch = rounded(pixels[area])
        patch[~mask[area]] = 0
        depth = self.frames[under].depth + 1
        return Frame(under, int(columns[0]), int(rows[0]), _webp(patch), depth)


def rounded(pixels: np.ndarray) -> np.ndarray:
    """The same to the eye, with fewer colours: rounded where text and lines are smoothed.

    pixels   uint8 array (H, W, 4), opaque
    returns  uint8 array (H, W, 4); flat and shaded areas, and the commonest colours, are exact
    """
    pixels = np.ascontiguousarray(pixels)
    whole = pixels.view(np.uint32)[..., 0]
    colours, counts = np.unique(whole, return_counts=True)
    common = np.isin(whole, colours[np.argsort(-counts, kind="stable")[:EXACT]])
    signed, edge = pixels.astype(np.int16), np.zeros_like(common)
    for axis, there, here in ((0, np.s_[1:], np.s_[:-1]), (1, np.s_[:, 1:], np.s_[:, :-1])):
        steep = (abs(np.diff(signed, axis=axis)) > CONTRAST).any(axis=2)
        edge[there] |= steep
        edge[here] |= steep
    coarse = np.minimum(255, (signed + STEP // 2) // STEP * STEP).astype(np.uint8)
    return np.where((edge & ~common)[..., None], coarse, pixels)


def _differ(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where two pictures differ: bool array (H, W)."""
    return one.view(np.uint32)[..., 0] != other.view(np.uint32)[..., 0]


def _webp(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "webp", lossless=True, method=4, quality=70)
    return buffer.getvalue()
