"""What the explorables of chapter 01 compute, against torch, NumPy and the published numbers."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from descent import style
from descent.data import load_blood_pressure
from descent.explore import tensors

SIZES = st.lists(st.integers(1, 4), max_size=4).map(tuple)
SHAPES = st.tuples(SIZES, SIZES)


@pytest.fixture(params=tensors.OPERATIONS)
def code(request):
    return request.param


# ---- storage and strides -------------------------------------------------------------------------


def test_positions_are_what_the_operation_does_to_the_numbers_of_the_places(code):
    """On a storage that holds its own places, every view shows the places that it reads."""
    counted = torch.arange(6).view(2, 3), torch.arange(12).view(2, 2, 3)
    reading = tensors.read(code, 0)
    if reading.copied:
        assert torch.equal(reading.positions, torch.arange(6))
    else:
        assert torch.equal(reading.positions, tensors.OPERATIONS[code](*counted))


def test_the_code_shown_is_the_code_run(code):
    expected = eval(code, {}, {"x": tensors.X, "z": tensors.Z})
    reading = tensors.read(code, 0)
    assert torch.equal(reading.values, expected)
    assert reading.values.stride() == expected.stride()


def test_each_entry_reads_the_stored_number(code):
    reading = tensors.read(code, 0)
    for entry, value in enumerate(reading.values.flatten().tolist()):
        followed = tensors.read(code, entry)
        assert followed.stored[followed.place] == value
        assert eval(followed.sum.replace("·", "*")) == followed.place


def test_only_reshape_of_the_transposed_copies():
    assert [c for c in tensors.OPERATIONS if tensors.read(c, 0).copied] == ["x.t().reshape(6)"]


def test_an_entry_beyond_the_end_follows_the_last():
    assert tensors.read("x[1]", 99).index == (2,)


@settings(deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_storage_positions_of_random_views(shape, random):
    x = torch.arange(math.prod(shape)).view(shape)
    axes = random.sample(range(len(shape)), len(shape))
    view = x.permute(axes)[random.randrange(x.permute(axes).shape[0]) :]
    found = tensors.storage_positions(view.shape, view.stride(), view.storage_offset())
    assert torch.equal(found, view)


@settings(deadline=None)
@given(SIZES)
def test_unravel_counts_row_after_row(shape):
    for entry in range(math.prod(shape)):
        expected = np.unravel_index(entry, shape) if shape else ()
        assert tensors.unravel(entry, shape) == tuple(map(int, expected))


def test_stored_numbers_see_all_of_the_storage():
    middle = torch.arange(10)[3:5]
    assert torch.equal(tensors.stored_numbers(middle), torch.arange(10))


def test_cells_do_not_overlap():
    for shape in ((), (3,), (2, 3), (2, 3, 4)):
        for down in (False, True):
            corners = tensors.cell_corners(shape, down)
            assert len(corners) == math.prod(shape)
            apart = (corners[:, None] - corners).abs().amax(dim=2)
            assert (apart + torch.eye(len(corners)) >= 1).all()


# ---- broadcasting --------------------------------------------------------------------------------


def torch_shape(a, b):
    """What torch makes of two shapes, None for an error."""
    try:
        return tuple(torch.broadcast_shapes(a, b))
    except RuntimeError:
        return None


@settings(deadline=None)
@given(SHAPES)
def test_the_rules_are_those_of_torch(shapes):
    result = tensors.broadcast(*(str(s) for s in shapes))
    assert (None if result.error else result.shape) == torch_shape(*shapes)


def test_of_several_axes_that_clash_the_last_is_named_as_torch_does():
    a, b = (2, 3, 5, 6), (4, 4, 6)
    with pytest.raises(
        RuntimeError, match=r"\(5\) must match .* \(4\) at non-singleton dimension 2"
    ):
        torch.ones(a) + torch.ones(b)
    assert "along axis −2 the sizes are 5 and 4" in tensors.mismatch(a, b)


@settings(deadline=None)
@given(SHAPES)
def test_entries_are_those_of_the_expanded_operands(shapes):
    result = tensors.broadcast(*(str(s) for s in shapes), entry=5)
    if result.error:
        return
    total = tensors.first_operand(result.a) + tensors.second_operand(result.b)
    said = tensors.followed_sum(result).replace("−", "-")
    assert int(said.split("= ")[-1]) == total[result.index]
    for shape in shapes:
        places = torch.arange(math.prod(shape)).view(shape)
        read = places.expand(result.shape)[result.index]
        assert places[tensors.own_index(result.index, shape)] == read


@settings(deadline=None)
@given(SHAPES)
def test_each_entry_of_an_operand_stands_once_and_is_repeated_elsewhere(shapes):
    result = tensors.broadcast(*(str(s) for s in shapes))
    if result.error:
        return
    for shape in shapes:
        places = torch.arange(math.prod(shape)).view(shape).expand(result.shape)
        own = places[~tensors.repeats(shape, result.shape)]
        assert torch.equal(own.sort().values, torch.arange(math.prod(shape)))


def test_operands_of_the_lecture():
    assert tensors.first_operand((4, 1)).flatten().tolist() == [1, 2, 3, 4]
    assert tensors.second_operand((1, 5)).flatten().tolist() == [5, -5, 5, -5, 5]


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("4, 1", (4, 1)),
        ("(4,1)", (4, 1)),
        ("[2 3  4]", (2, 3, 4)),
        ("3×4", (3, 4)),
        ("3x4", (3, 4)),
        ("5,", (5,)),
        ("", ()),
        ("()", ()),
        ("0, 3", (0, 3)),
    ],
)
def test_shapes_as_people_write_them(text, shape):
    assert tensors.parse_shape(text) == shape


@pytest.mark.parametrize("text", ["two", "4, -1", "4.5", "4; 1", "1e3", "1000", "²", "4, None"])
def test_what_is_no_shape_is_explained(text):
    with pytest.raises(ValueError, match="whole numbers from 0 to 999 with commas between"):
        tensors.parse_shape(text)


def test_too_many_axes_are_refused():
    with pytest.raises(ValueError, match="has 6 axes: write at most 5"):
        tensors.parse_shape("1 1 1 1 1 1")


def test_the_table_names_what_the_first_rule_adds_and_the_second_repeats():
    rows = {row[0]: row[1:] for row in tensors.table(tensors.broadcast("2, 1, 4", "3, 1"))}
    assert rows["b"] == ["(1)", "3", "1"]
    assert rows["a + b"] == ["2", "3", "4"]
    assert rows["repeat"] == ["b 2×", "a 3×", "b 4×"]


def test_the_table_marks_what_does_not_fit():
    rows = {row[0]: row[1:] for row in tensors.table(tensors.broadcast("4, 3", "4"))}
    assert rows["a + b"] == ["4", "✗"]
    assert rows["repeat"] == ["b 4×", "no fit"]


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ("4, 3", "4", "axis −1 the sizes are 3 and 4"),
        ("two", "4", "“two” is not a shape"),
        ("4", "1 2 3 4 5 6", "write at most 5"),
        ("20, 30", "30", "(20, 30), by repeating b 20× along axis −2. Its entries are not drawn"),
        ("20, 30", "30", "not drawn: there is room for 3 axes, 7 rows and 6 columns."),
        ("0, 3", "3", "gives (0, 3)"),
        ("0, 3", "3", "not drawn: there are none."),
        ("", "", "() + () gives (), and nothing is repeated. (a + b) = a + b = 1 + 5 = 6"),
    ],
)
def test_any_text_gives_a_sentence_and_a_picture(a, b, words):
    explorable = tensors.Broadcasting().set(a=a, b=b)
    assert words in explorable.sentence
    frames = len(explorable.marks.get_paths())
    assert frames == (3 if "(a + b)" in explorable.sentence else 0)


def test_typing_letter_by_letter_never_breaks():
    explorable = tensors.Broadcasting()
    explorable._repr_mimebundle_()
    for text in ("", "2", "2,", "2, 1", "2, 1,", "2, 1, 4", "2, 1, 4x", "2, 1, 4"):
        explorable.widgets["a"].value = text
        assert explorable._live.note == ""
    explorable.widgets["b"].value = "3, 1"
    assert "(2, 1, 4) + (3, 1) gives (2, 3, 4)" in explorable._live.sentence
    assert explorable.widgets["entry"].max == 23
    assert explorable._live.png == explorable.png


# ---- the regression line -------------------------------------------------------------------------


def test_best_lines_are_the_published_ones():
    assert tensors.best_line(True) == pytest.approx((0.97087, 98.7147), abs=5e-5)
    assert tensors.best_line(False) == pytest.approx((0.94932, 97.0771), abs=5e-5)


def test_best_line_agrees_with_numpy():
    for outlier, count in ((True, 30), (False, 29)):
        age, pressure = tensors.people(outlier)
        assert len(age) == count
        assert tensors.best_line(outlier) == pytest.approx(np.polyfit(age, pressure, 1))


def test_only_the_outlier_is_left_out():
    ages, pressures = (t.tolist() for t in load_blood_pressure())
    kept = list(zip(*(t.tolist() for t in tensors.people(False)), strict=True))
    everyone = list(zip(ages, pressures, strict=True))
    assert kept == [person for person in everyone if person != (47, 220)]


def test_mean_squared_error_is_that_of_scikit_learn():
    from sklearn.metrics import mean_squared_error

    slopes, intercepts = torch.tensor([[0.0], [0.5], [1.2]]), torch.tensor([90.0, 110.0])
    for outlier in (True, False):
        age, pressure = tensors.people(outlier)
        found = tensors.mean_squared_error(slopes, intercepts, outlier)
        expected = [
            [mean_squared_error(pressure, a * age + b) for b in intercepts.tolist()]
            for a in slopes.flatten().tolist()
        ]
        assert np.allclose(found, expected)


@settings(deadline=None)
@given(st.floats(-0.5, 0.5), st.floats(-20, 20), st.booleans())
def test_no_line_is_better_than_the_best(slope, intercept, outlier):
    a, b = tensors.best_line(outlier)
    line = tensors.judged_line(a + slope, b + intercept, outlier)
    assert line.error >= line.least - 1e-9
    assert line.excess >= -1e-6


def test_the_mean_area_of_the_squares_is_the_error():
    line = tensors.judged_line(0.7, 105.0, True)
    corners = tensors.residual_squares(line)
    years, pressures = (corners[:, 2] - corners[:, 0]).T
    assert pressures.square().mean().item() == pytest.approx(line.error)
    age, pressure = tensors.people()
    assert torch.equal(corners[:, 0], torch.stack([age, pressure], dim=1))
    assert torch.allclose(corners[:, 2, 1], 0.7 * age + 105)
    # as wide as high where 70 years are drawn as wide as 185 mmHg are high
    assert torch.allclose(years.abs() / 70, pressures.abs() / 185)


def test_the_axes_are_drawn_so_that_squares_are_square():
    explorable = tensors.RegressionLine()
    box = explorable.fig.axes[0].get_window_extent()
    assert box.width == pytest.approx(box.height)
    assert explorable.fig.axes[0].get_xlim() == (5, 75)
    assert explorable.fig.axes[0].get_ylim() == (45, 230)


def test_the_sentence_follows_the_outlier():
    explorable = tensors.RegressionLine().set(slope=0.97, intercept=98.5)
    assert "0.0 % above the least, 279.8" in explorable.sentence
    assert "for all 30 people" in explorable.sentence
    explorable.set(outlier=False)
    assert "the least, 85.1" in explorable.sentence
    assert "slope 0.94932 and intercept 97.0771" in explorable.sentence


def test_the_guess_is_judged_by_the_two_fits():
    change = abs(tensors.best_line(False)[0] / tensors.best_line(True)[0] - 1)
    assert change == pytest.approx(0.0222, abs=1e-4)
    assert tensors.RegressionLine().truth() == "less than 5 %"


# ---- pictures of the lecture ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "shape", "top"),
    [
        (torch.rand(4, 5), (4, 5), 1),
        (torch.rand(1, 4, 5), (4, 5), 1),
        (torch.rand(3, 4, 5), (4, 5, 3), 1),
        (torch.full((3, 4, 5), 200, dtype=torch.uint8), (4, 5, 3), 255),
        (torch.full((4, 5), 200, dtype=torch.uint8), (4, 5), 255),
    ],
)
def test_images_are_drawn_on_a_fixed_scale(image, shape, top):
    _, ax = style.axes()
    drawn = tensors.draw_image(ax, image, "title")
    assert drawn.get_array().shape == shape
    assert drawn.get_clim() == (0, top)
    assert ax.get_title(loc="left") == "title"


def test_colours_stay_in_their_channels():
    image = torch.zeros(3, 2, 2)
    image[0] = 1
    drawn = tensors.draw_image(style.axes()[1], image)
    assert np.array_equal(drawn.get_array()[0, 0], [1, 0, 0])


def test_tiles_stand_row_after_row():
    images = torch.arange(6.0).view(6, 1, 1, 1).expand(6, 1, 2, 2)
    tiled = tensors.tiled(images, cols=3)
    assert tiled.shape == (1, 4, 6)
    assert tiled[0, ::2, ::2].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_sound_is_drawn_in_milliseconds():
    line = tensors.draw_sound(style.axes()[1], torch.tensor([0.0, 0.5]), torch.tensor([1.0, -1.0]))
    assert line.get_xdata().tolist() == [0, 500]
    assert line.get_ydata().tolist() == [1, -1]
