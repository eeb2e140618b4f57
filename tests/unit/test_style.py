"""One style: figures outside pyplot, pictures with alt text, a palette that can be told apart."""

import itertools

import matplotlib
import pytest
import torch

from descent import device, style


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb(colour))
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


def rgb(colour: str) -> tuple[float, float, float]:
    return matplotlib.colors.to_rgb(colour)


def test_text_can_be_read():
    for colour in (style.INK, style.GREY):
        assert (1.05) / (luminance(colour) + 0.05) >= 4.5


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


def lab(colour: str, matrix: list[list[float]] | None = None) -> torch.Tensor:
    """CIE L*a*b* of a colour, as somebody with the deficiency sees it."""
    c = torch.tensor(rgb(colour), dtype=torch.float64)
    c = torch.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    if matrix is not None:
        c = (torch.tensor(matrix, dtype=torch.float64) @ c).clamp(0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = torch.tensor(to_xyz, dtype=torch.float64) @ c / torch.tensor([0.9505, 1.0, 1.089])
    f = torch.where(xyz > 0.008856, xyz.clamp(min=1e-9) ** (1 / 3), 7.787 * xyz + 16 / 116)
    return torch.stack([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("name", [None, *DEFICIENCIES])
def test_the_first_classes_are_told_apart(name):
    matrix = DEFICIENCIES.get(name)
    for a, b in itertools.combinations(style.CLASSES[:4], 2):
        assert torch.dist(lab(a, matrix), lab(b, matrix)) > 10, (a, b)


def test_no_pyplot_state():
    import sys

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
