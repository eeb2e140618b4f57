"""Many short texts drawn as one outline: some twenty times as fast as as many text artists."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

Place = tuple[float, float]


@lru_cache
def glyph(character: str) -> tuple[Any, Any, float]:
    """A character of size 1.

    character  of the font
    returns    vertices (V, 2) and codes (V,) of its outline, NumPy arrays, and its width
    """
    font = FontProperties(size=text_to_path.FONT_SCALE)
    vertices, codes = text_to_path.get_text_path(font, character)
    width, *_ = text_to_path.get_text_width_height_descent(character, font, False)
    shape = np.asarray(vertices, dtype=float).reshape(-1, 2) / text_to_path.FONT_SCALE
    return shape, np.asarray(codes, dtype=Path.code_type), width / text_to_path.FONT_SCALE


def outline(texts: Iterable[tuple[str, Place]], size: float, downwards: bool = False) -> Path:
    """One outline of many texts, for a `PathPatch`.

    texts      each with the place of its middle, in units of the data
    size       of the font, in the same units, which must be equal along both axes
    downwards  whether the y axis points down
    returns    Path
    """
    scale = np.array([size, -size if downwards else size])
    vertices, codes = [np.zeros((1, 2))], [np.array([Path.MOVETO])]
    for text, (x, y) in texts:
        glyphs = [glyph(character) for character in text]
        across = x - size * sum(width for *_, width in glyphs) / 2
        base = y - 0.36 * scale[1]
        for corners, kinds, width in glyphs:
            vertices.append(corners * scale + np.array([across, base]))
            codes.append(kinds)
            across += size * width
    return Path(np.concatenate(vertices), np.concatenate(codes))
