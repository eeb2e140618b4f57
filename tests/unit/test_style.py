"""One style: figures outside pyplot, pictures with alt text, a palette that can be told apart."""

import io
import itertools
import os
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

from descent import device, style

JUST_NOTICEABLE = 2.3
"""Distance in CIE L*a*b* that half of all observers notice; Mahy, Van Eycken & Oosterlinck 1994."""
TOLD_APART = 6.5 * JUST_NOTICEABLE
"""Small marks need more than areas side by side, which the figure above is for."""

# Matrices of Machado, Oliveira & Fernandes 2009 at full severity, DOI 10.1109/TVCG.2009.113
DEFICIENCIES = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
PAINTS = ("blue", "orange", "green", "purple", "sky", "gold", "grey", "ink")
"""What lines and marks are drawn in: classes, losses, gradients, the truth."""


def linear(colour) -> torch.Tensor:
    """Red, green and blue as amounts of light, from the sRGB standard's curve."""
    c = torch.tensor(matplotlib.colors.to_rgb(colour), dtype=torch.float64)
    return torch.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(a, b) -> float:
    """Contrast ratio of WCAG 2.2, from 1 to 21."""
    weights = torch.tensor([0.2126, 0.7152, 0.0722], dtype=torch.float64)
    dark, light = sorted(float(linear(c) @ weights) for c in (a, b))
    return (light + 0.05) / (dark + 0.05)


def lab(colour, matrix: list[list[float]] | None = None) -> torch.Tensor:
    """CIE L*a*b* of a colour, as somebody with the deficiency sees it."""
    c = linear(colour)
    if matrix is not None:
        c = (torch.tensor(matrix, dtype=torch.float64) @ c).clamp(0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = torch.tensor(to_xyz, dtype=torch.float64) @ c / torch.tensor([0.9505, 1.0, 1.089])
    f = torch.where(xyz > 0.008856, xyz.clamp(min=1e-9) ** (1 / 3), 7.787 * xyz + 16 / 116)
    return torch.stack([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(a, b, deficiency: str | None) -> float:
    matrix = DEFICIENCIES.get(deficiency)
    return float(torch.dist(lab(a, matrix), lab(b, matrix)))


palettes = pytest.mark.parametrize("palette", style.PALETTES.values(), ids=style.PALETTES)


@palettes
def test_text_can_be_read(palette):
    for name in ("ink", "grey", "blue", "orange", "green"):
        for ground in (palette.paper, palette.wash):
            assert contrast(getattr(palette, name), ground) >= 4.5, (name, ground)
    for ground in (palette.pale_blue, palette.pale_orange):
        assert contrast(palette.ink, ground) >= 4.5, ground


@palettes
def test_lines_and_marks_can_be_seen(palette):
    for name in PAINTS:  # WCAG 2.2, 1.4.11: graphical objects
        assert contrast(getattr(palette, name), palette.paper) >= 3, name


@palettes
@pytest.mark.parametrize("deficiency", [None, *DEFICIENCIES])
def test_colours_are_told_apart(palette, deficiency):
    for a, b in itertools.combinations(PAINTS, 2):
        far = distance(getattr(palette, a), getattr(palette, b), deficiency)
        assert far >= TOLD_APART, f"{a} and {b} are {far:.1f} apart"


def test_two_colours_that_are_not_told_apart():
    assert (
        distance("#D55E00", "#B8860B", None) > TOLD_APART > distance("#D55E00", "#B8860B", "deutan")
    )


def test_roles_have_colours_of_their_own():
    roles = {style.LOSS, style.TRAIN, style.TEST, style.GRADIENT, style.TRUTH}
    assert len(roles) == 5
    assert roles <= {getattr(style, name.upper()) for name in PAINTS}
    assert style.PALETTES["light"] == style._COLOURS, "tests and built lectures are light"


IN_THE_DARK = """
import io
import numpy as np
from PIL import Image
from descent import style
fig, ax = style.axes(size=(3, 2))
picture = np.asarray(Image.open(io.BytesIO(style.show(fig, "Empty axes.").png)).convert("RGB"))
print("#%02X%02X%02X" % tuple(np.median(picture, axis=(0, 1)).astype(int)), style.PAPER)
"""


def test_the_dark_style_is_chosen_by_the_environment():
    environment = os.environ | {"DESCENT_STYLE": "dark"}
    done = subprocess.run(
        [sys.executable, "-c", IN_THE_DARK], env=environment, capture_output=True, text=True
    )
    paper = style.PALETTES["dark"].paper
    assert done.stdout.split() == [paper, paper], done.stderr


def test_a_style_that_there_is_not_is_named():
    with pytest.raises(ValueError, match=r"must be light or dark, got 'sepia'.*unset it"):
        style._chosen("sepia")


def test_classes_are_told_apart_without_colour():
    def drawn(c: int) -> np.ndarray:
        fig, ax = style.axes(size=(1, 1))
        ax.plot([0], [0], style.MARKERS[c], color="black", markersize=12)
        ax.set_axis_off()
        return np.asarray(Image.open(io.BytesIO(style.show(fig, "One mark.").png)).convert("L"))

    marks = [drawn(c) < 128 for c in range(len(style.CLASSES))]
    for a, b in itertools.combinations(marks, 2):
        assert (a ^ b).sum() > 0.1 * min(a.sum(), b.sum())


def test_no_pyplot_state():
    fig, ax = style.axes()
    ax.plot([1, 2])
    style.show(fig, "A line that rises.")
    if "matplotlib.pyplot" in sys.modules:
        assert not sys.modules["matplotlib.pyplot"].get_fignums()


def test_a_picture_has_its_text_and_is_the_same_twice():
    def draw() -> style.Picture:
        fig, ax = style.axes(size=(3, 2))
        style.draw_points(
            ax, torch.rand(9, 2, generator=torch.Generator().manual_seed(0)), torch.arange(9) % 2
        )
        return style.show(fig, "Nine points.")

    picture = draw()
    data, metadata = picture._repr_mimebundle_()
    assert (repr(picture), data["text/plain"], metadata["image/png"]["alt"]) == (
        "Nine points.",
    ) * 3
    assert metadata["image/png"]["width"] == 300
    assert draw().png == picture.png


def test_a_picture_without_text_is_refused():
    fig, _ = style.axes()
    with pytest.raises(ValueError, match="alt"):
        style.show(fig, " ")


def test_points_have_a_marker_a_class():
    _, ax = style.axes()
    lines = style.draw_points(
        ax, torch.rand(6, 2), torch.tensor([0, 1, 2, 0, 1, 2]), ["a", "b", "c"]
    )
    assert len({line.get_marker() for line in lines}) == 3
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b", "c"]


def test_device_is_said_plainly(monkeypatch):
    monkeypatch.setenv("DESCENT_DEVICE", "cpu")
    assert device.device() == torch.device("cpu")
    assert "CPU" in device.describe()
    monkeypatch.setenv("DESCENT_DEVICE", "abacus")
    with pytest.raises(ValueError, match="abacus.*unset it"):
        device.device()
