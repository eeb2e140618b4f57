"""Every explorable can be read by everybody: size, contrast, names, nothing by colour alone."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from unittest import mock

import ipywidgets as widgets
import matplotlib
import numpy as np
import pytest
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.offsetbox import DrawingArea
from matplotlib.text import Text

from descent.explore.catalogue import explorables
from tests.unit.test_style import contrast

ROOT = Path(__file__).parents[2]
SMALLEST = 8
"""Points, of text at 100 %."""
HALVES = 2


def drawn_texts(explorable) -> list[Text]:
    """The texts that are drawn in the picture as it is now."""
    found, draw = [], Text.draw

    def spy(self, renderer):
        if self.get_visible() and self.get_text().strip():
            found.append(self)
        draw(self, renderer)

    with mock.patch.object(Text, "draw", spy):
        explorable.redraw()
        explorable.set()
    return found


def ground(pixels: np.ndarray, box) -> np.ndarray:
    """The commonest colour under a text."""
    top = len(pixels)
    x, y = max(0, int(box.x0)), max(0, int(top - box.y1))
    under = pixels[y : int(top - box.y0) + 1, x : int(box.x1) + 1, :3].reshape(-1, 3)
    colours, counts = np.unique(under // 8, axis=0, return_counts=True)
    return (colours[counts.argmax()] * 8 + 4) / 255


def text_faults(explorable) -> list[str]:
    """What is wrong with the texts of a picture: too small, too pale, cut off."""
    faults = []
    texts = drawn_texts(explorable)
    assert texts, "a picture without a word"
    pixels = np.asarray(explorable._canvas.buffer_rgba())
    for text in texts:
        box, said = text.get_window_extent(), text.get_text()
        if text.get_fontsize() < SMALLEST:
            faults.append(f"{said!r} has {text.get_fontsize():g} points")
        if min(box.x0, box.y0, pixels.shape[1] - box.x1, pixels.shape[0] - box.y1) < -1:
            faults.append(f"{said!r} is cut off at the picture's edge")
        elif (ratio := contrast(text.get_color(), ground(pixels, box))) < 4.4:  # of 4.5, rounded
            faults.append(f"{said!r} has a contrast of {ratio:.1f}")
    return faults


def look(part) -> tuple:
    """How a part of a legend looks to somebody who sees no colour."""
    if isinstance(part, Line2D):
        filled = "none" not in (part.get_fillstyle(), str(part.get_markerfacecolor()))
        return part.get_linestyle(), part.get_marker(), filled
    hatch = getattr(part, "get_hatch", lambda: None)()
    return type(part).__name__, hatch, str(part.get_linestyle())


def alike(explorable) -> list[str]:
    """Legend entries that only their colours tell apart."""
    found = []
    for legend in explorable.fig.findobj(Legend):
        keys = legend.findobj(DrawingArea)
        seen = [sorted(map(str, map(look, key.get_children()))) for key in keys]
        names = [text.get_text() for text in legend.get_texts()]
        found += [
            f"{n!r} by colour alone" for n, k in zip(names, seen, strict=True) if seen.count(k) > 1
        ]
    return found


@pytest.mark.parametrize(
    "kind", explorables(), ids=lambda c: f"{c.__module__.split('.')[-1]}.{c.__name__}"
)
def test_a_picture_can_be_read(kind):
    explorable = kind()
    assert text_faults(explorable) + alike(explorable) == []
    assert not [w for w in parts(explorable._widget()) if getattr(w, "playing", False)]


def parts(widget) -> list:
    """A widget and all that it holds."""
    return [widget, *(p for child in getattr(widget, "children", ()) for p in parts(child))]


DARK = """
import sys
from descent.explore.catalogue import explorables
from tests.unit.test_access import HALVES, text_faults
for kind in explorables()[int(sys.argv[1]) :: HALVES]:
    print(kind.__name__, *text_faults(kind()), sep=": ")
"""


@pytest.mark.parametrize("half", range(HALVES))
def test_a_dark_picture_can_be_read(half):
    done = subprocess.run(
        [sys.executable, "-c", DARK, str(half)],
        cwd=ROOT,
        env=os.environ | {"DESCENT_STYLE": "dark"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(explorables()[half::HALVES])
    assert not [line for line in lines if ":" in line]


def test_a_bad_text_is_found():
    kind = explorables()[0]
    explorable = kind()
    ax = explorable.fig.axes[0]
    ax.text(0.5, 0.5, "tiny", fontsize=5, transform=ax.transAxes)
    ax.text(0.5, 0.6, "pale", color="#BBBBBB", transform=ax.transAxes)
    explorable.fig.text(0.99, 0.5, "cut off at the edge")
    said = " ".join(text_faults(explorable))
    for fault in (
        "'tiny' has 5 points",
        "'pale' has a contrast of",
        "'cut off at the edge' is cut",
    ):
        assert fault in said


def test_play_starts_by_a_click_only():
    played = [kind() for kind in explorables() if kind.play]
    assert played
    plays = [w for e in played for w in parts(e._widget()) if isinstance(w, widgets.Play)]
    assert len(plays) == len(played)
    assert not [play for play in plays if play.playing]


MOTION = re.compile(r"@keyframes|\banimation\s*:|\btransition\s*:|\.animate\(|<marquee|autoplay")


def test_no_script_or_style_of_ours_animates():
    ours = [p for p in (ROOT / "descent").rglob("*") if p.suffix in (".js", ".css", ".html")]
    assert ours
    assert not [p.name for p in ours if MOTION.search(p.read_text(encoding="utf-8"))]


PAINT = {"color", "c", "fc", "ec", "mec", "mfc", "facecolor", "edgecolor", "facecolors"}
PAINT |= {"edgecolors", "markeredgecolor", "markerfacecolor", "colors", "backgroundcolor"}


def literals(tree: ast.AST) -> list[str]:
    """Colours that are written down instead of taken from the style."""
    pairs = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            pairs += [(word.arg, word.value) for word in node.keywords]
        elif isinstance(node, ast.Dict):
            pairs += zip(
                (getattr(key, "value", None) for key in node.keys), node.values, strict=True
            )
        elif isinstance(node, ast.Constant) and re.fullmatch(r"#[0-9a-fA-F]{6}", str(node.value)):
            pairs.append(("color", node))
    values = [v.value for name, v in pairs if name in PAINT and isinstance(v, ast.Constant)]
    return [v for v in values if v != "none" and matplotlib.colors.is_color_like(v)]


def cells(path: Path) -> str:
    """The code of a chapter's page."""
    return "\n".join(
        re.findall(r"```\{code-cell\}.*\n(?::.*\n)*((?:.*\n)*?)```", path.read_text("utf-8"))
    )


@pytest.mark.parametrize("folder", ["descent/explore", "chapters"])
def test_all_colours_come_from_the_style(folder):
    sources = {p: p.read_text("utf-8") for p in (ROOT / folder).glob("*.py")}
    sources |= {p: cells(p) for p in (ROOT / folder).glob("*/lecture.md")}
    assert all(sources.values())
    assert len(sources) > 5
    found = {p.name: literals(ast.parse(text)) for p, text in sources.items()}
    assert not {name: colours for name, colours in found.items() if colours}


def test_a_colour_that_is_written_down_is_found():
    code = "ax.plot(x, color='red'); look = {'fc': '#FBE9DD', 'mfc': 'none'}; pale = '#EEEEEE'"
    assert sorted(literals(ast.parse(code))) == ["#EEEEEE", "#FBE9DD", "#FBE9DD", "red"]
