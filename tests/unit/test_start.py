"""The computations behind the start page: its history, its pixel, its network, against others."""

import re
from pathlib import Path

import matplotlib.colors
import numpy as np
import pytest
import torch
from torch import nn

from descent import data, style
from descent.explore import history, start

LECTURE = Path(__file__).parents[2] / "chapters" / "00_start_here" / "lecture.md"


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ---- history: facts -----------------------------------------------------------------------------


def test_facts_are_in_the_order_of_years():
    for facts in (history.EVENTS, history.COLLECTIONS, history.ENTRIES):
        years = [fact.year for fact in facts]
        assert years == sorted(years)
        assert 1943 <= years[0] <= years[-1] <= 2016


def test_deep_networks_win_from_2012_on():
    assert all(entry.deep == (entry.year >= 2012) for entry in history.ENTRIES)
    errors = [entry.error for entry in history.ENTRIES]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("year", [1943, 1958, 1997, 2012, 2016])
def test_what_is_known_in_a_year(year):
    for known, facts in zip(
        history.known(year), (history.EVENTS, history.COLLECTIONS, history.ENTRIES), strict=True
    ):
        assert list(known) == [fact for fact in facts if fact.year in range(1900, year + 1)]


def test_the_lecture_computes_the_growth_from_the_same_sizes():
    text = LECTURE.read_text("utf-8")
    (large, small) = re.findall(r"(\d+\.\d+e\d) / (\d+e\d)", text)[0]
    assert history.growth() == float(large) / float(small)
    assert "14.2 million" in text
    sizes = {c.name: c.images for c in history.COLLECTIONS}
    assert sizes["ImageNet"] == max(sizes.values()) == 14.2e6


# ---- history: computed pictures -----------------------------------------------------------------


@pytest.mark.parametrize("letter", "AEOT")
def test_photocells_see_the_letters_area(letter):
    coarse, fine = (history.photocells(letter, side).float().mean() for side in (20, 200))
    assert float(coarse) == pytest.approx(float(fine), rel=0.15)


def test_photocells_see_letters_upright():
    t, o = history.photocells("T"), history.photocells("O")
    rows = t.sum(dim=1)
    assert rows[rows > 0][0] == rows.max() > 3 * rows[rows > 0][-1], "the bar of the T is on top"
    assert torch.equal(t, t.flip(1))
    assert not o[8:12, 8:12].any(), "an O is empty inside"


@pytest.mark.parametrize(("angle", "turns"), [(90.0, 1), (135.0, 1), (180.0, 2)])
def test_a_bar_turns_with_its_angle(angle, turns):
    bar, before = history.bars(torch.tensor([angle, angle - 90 * turns]), 9)[:, 0]
    assert torch.allclose(bar, torch.rot90(before, turns), atol=1e-5)


def test_bars_lie_where_their_angle_says():
    level, rising = history.bars(torch.tensor([0.0, 45.0]), 9)[:, 0]
    assert torch.equal(level, level[:, :1].expand(9, 9))
    assert level.argmax(dim=0).tolist() == [4] * 9
    assert torch.allclose(rising.flip(0).diagonal(), torch.ones(9)), "from bottom left to top right"


@pytest.mark.parametrize("side", [3, 8, 15])
def test_a_receptive_field_ignores_even_light(side):
    fields = history.stripes(torch.tensor([0.0, 45.0, 90.0, 135.0]), side)
    assert torch.allclose(fields.sum(dim=(1, 2, 3)), torch.zeros(4), atol=1e-5)
    assert torch.allclose(fields.square().sum(dim=(1, 2, 3)), torch.ones(4))


@pytest.mark.parametrize("preferred", [0.0, 45.0, 100.0])
def test_a_cell_answers_most_to_its_own_direction(preferred):
    angles = torch.arange(0.0, 180.0, 5)
    answers = (history.stripes(torch.tensor([preferred]), 15) * history.bars(angles, 15)).sum(
        (1, 2, 3)
    )
    assert float(angles[answers.argmax()]) == preferred
    across = history.bars(torch.tensor([preferred + 90]), 15)
    assert (
        float((history.stripes(torch.tensor([preferred]), 15) * across).sum()) < 0.2 * answers.max()
    )


# ---- history: drawings --------------------------------------------------------------------------


def test_layers_are_drawn_to_scale():
    _, ax = style.axes()
    history.draw_layers(ax, [(1, 32, 32), (6, 14, 14), (84,)], ["a", "b", "c"], "title")
    sides = [patch.get_width() for patch in ax.patches]
    assert sides[:7] == [32] + [14] * 6
    assert len(sides) == 8
    assert [text.get_text() for text in ax.texts] == ["a\n1×32×32", "b\n6×14×14", "c\n84"]


def test_bars_of_the_challenge_are_the_errors():
    _, ax = style.axes()
    history.draw_entries(ax)
    bars = [patch for patch in ax.patches if patch.get_width() == pytest.approx(0.8)]
    assert [bar.get_height() for bar in bars] == [entry.error for entry in history.ENTRIES]
    empty = [matplotlib.colors.to_rgba(bar.get_facecolor())[3] == 0 for bar in bars]
    assert empty == [not entry.deep for entry in history.ENTRIES]


@pytest.mark.parametrize("count", [0, 3, 40])
@pytest.mark.parametrize("side", [8, 28])
def test_mistakes_are_drawn_whatever_their_number(count, side):
    fig, ax = style.axes()
    images = torch.rand(count, 1, side, side, generator=generator())
    truth, answers = torch.arange(count) % 10, torch.arange(1, count + 1) % 10
    start.draw_mistakes(ax, images, truth, answers)
    said = [text.get_text() for text in ax.texts]
    wanted = [f"{k % 10}, read\nas {(k + 1) % 10}" for k in range(min(count, 12))]
    assert said == (wanted or ["no mistake"])
    fig.canvas.draw()


# ---- the timeline -------------------------------------------------------------------------------


def shown(texts) -> list[str]:
    return [text.get_text() for text in texts if text.get_visible()]


def test_the_timeline_shows_what_is_known():
    timeline = start.Timeline().set(year=1957)
    assert shown(timeline.labels) == ["threshold unit", "Hebb’s rule", "40 neurons", "perceptron"]
    assert shown(timeline.names) == shown(timeline.teams) == []
    assert "images" not in timeline.sentence
    timeline.set(year=2012)
    assert "AlexNet" in shown(timeline.labels)
    assert "PASCAL VOC" in shown(timeline.names)
    assert "MS-COCO" not in shown(timeline.names)
    assert shown(timeline.teams) == ["NEC", "XRCE", "AlexNet"]
    assert "15.3 %, by AlexNet" in timeline.sentence
    assert list(timeline.errors.get_ydata()) == [28.2, 25.8, 15.3]


def test_on_a_linear_axis_only_the_extremes_are_named():
    timeline = start.Timeline().set(scale="linear")
    assert shown(timeline.names) == ["MNIST", "ImageNet"]
    assert timeline.axis.get_yscale() == "linear"
    assert len(shown(timeline.set(scale="log").names)) == len(history.COLLECTIONS)


def test_the_timelines_truth_is_the_nearest_choice():
    said = start.Timeline().truth()
    assert said == f"about {round(14.2e6 / 6e4, -2):.0f} times"


# ---- one pixel ----------------------------------------------------------------------------------


def fewest_wrong(pair, row, column) -> int:
    """By trying every limit between two grey values, and both directions."""
    digits = data.load_digits().only(*pair)
    pixel, second = digits.x[:, 0, row, column].numpy(), (digits.y == pair[1]).numpy()
    limits = np.arange(-1, 18) / 16 - 1 / 32
    return min(
        int(((sign * pixel > sign * limit) != second).sum()) for limit in limits for sign in (1, -1)
    )


@pytest.mark.parametrize("pair", start.PAIRS)
def test_the_rule_of_a_pixel_is_the_best_one(pair):
    for row, column in [(0, 0), (2, 3), (3, 4), (5, 2), (7, 6)]:
        assert start.decide(pair, row, column).wrong == fewest_wrong(pair, row, column)


@pytest.mark.parametrize("pair", start.PAIRS)
def test_a_rule_makes_as_many_mistakes_as_it_says(pair):
    rule = start.decide(pair, 4, 3)
    digits = data.load_digits().only(*pair)
    above = digits.x[:, 0, 4, 3] > rule.threshold
    answer = torch.where(above, pair[rule.dark], pair[1 - rule.dark])
    assert int((answer != digits.y).sum()) == rule.wrong
    assert rule.error == pytest.approx(100 * rule.wrong / len(digits.y))
    assert rule.counts.sum(dim=1).tolist() == [int((digits.y == c).sum()) for c in pair]


def test_the_best_pixel_of_all():
    wrong = [fewest_wrong((0, 1), row, column) for row in range(8) for column in range(8)]
    best = start.best_pixel((0, 1))
    assert best.wrong == min(wrong) == wrong[8 * best.place[0] + best.place[1]]
    assert start.OnePixel().truth() == "about 1"
    assert 0.3 < best.error < 3


def test_a_pixel_that_is_always_blank_is_no_help():
    assert "does not help" in start.OnePixel().set(row=1, column=1).sentence
    assert "does not help" not in start.OnePixel().set(row=4, column=5).sentence


# ---- a network that learns ----------------------------------------------------------------------


def twin(net: str, parameters: list[torch.Tensor]) -> nn.Sequential:
    """The same network, made of PyTorch's own modules."""
    layers: list[nn.Module] = []
    for shape in start.NETS[net]:
        if len(shape) == 4:
            layers += [nn.Conv2d(shape[1], shape[0], 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        else:
            layers += [nn.Flatten(), nn.Linear(shape[1], shape[0]), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for theirs, ours in zip(model.parameters(), parameters, strict=True):
            theirs.copy_(ours)
    return model


@pytest.mark.parametrize("net", start.NETS)
def test_logits_are_those_of_modules(net):
    parameters = start.weights(net, generator())
    parameters[1].data += 0.3
    x = torch.rand(5, 1, 8, 8, generator=generator(1))
    assert torch.allclose(start.logits(parameters, x), twin(net, parameters)(x), atol=1e-5)


@pytest.mark.parametrize("net", start.NETS)
def test_first_weights_are_hes(net):
    parameters = start.weights(net, generator())
    for w, b, shape in zip(parameters[::2], parameters[1::2], start.NETS[net], strict=True):
        inputs = float(np.prod(shape[1:]))
        assert w.shape == shape
        assert float(w.detach().std()) == pytest.approx((2 / inputs) ** 0.5, rel=0.25)
        assert b.shape == shape[:1]
        assert not b.any()


def test_steps_are_those_of_sgd_with_momentum():
    parameters = start.weights("two convolutions", generator())
    model = twin("two convolutions", parameters)
    theirs = torch.optim.SGD(model.parameters(), lr=start.RATE, momentum=start.MOMENTUM)
    speed = [torch.zeros_like(p) for p in parameters]
    digits = data.load_digits()
    for k in range(5):
        x, y = digits.x[64 * k : 64 * k + 64], digits.y[64 * k : 64 * k + 64]
        start._step(parameters, speed, x, y)
        theirs.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        theirs.step()
    for ours, other in zip(parameters, model.parameters(), strict=True):
        assert torch.allclose(ours, other, atol=1e-5)


@pytest.mark.parametrize("net", start.NETS)
def test_a_run_adds_up(net):
    run, truth = start.learn(net), data.load_digits().test_y
    moments = start.STEPS // start.EVERY + 1
    assert run.answers.shape == (moments, len(truth))
    error = 100 * (run.answers != truth).float().mean(dim=1)
    assert torch.allclose(run.test_error, error)
    often = (run.answers != truth).sum(dim=0)
    assert often[run.hardest].tolist() == sorted(often.tolist(), reverse=True)[: start.HARDEST]
    assert len(run.hardest.unique()) == start.HARDEST
    assert error[0] > 70 > 8 > error[-1]


def test_convolutions_do_best():
    last = {net: float(start.learn(net).test_error[-1]) for net in start.NETS}
    assert last["two convolutions"] < last["one hidden layer"] < last["no hidden layer"]
    assert float(start.learn("two convolutions").train_error[-1]) < 0.5


def test_the_truth_is_the_first_moment_below_ten_per_cent():
    watch, error = start.WatchItLearn(), start.learn("two convolutions").test_error
    k = int(watch.truth()) // start.EVERY
    assert (error[:k] >= 10).all()
    assert error[k] < 10


def test_boxes_are_around_what_is_wrong():
    watch, truth = start.WatchItLearn(), data.load_digits().test_y
    for step in (0, 100, 500):
        watch.set(step=step)
        run = watch.result.run
        wrong = run.answers[step // start.EVERY, run.hardest] != truth[run.hardest]
        assert len(watch.boxes.get_xdata()) == int(wrong.sum())
        said = [text.get_text() for text in watch.guesses]
        assert [bool(text) for text in said] == wrong.tolist()


# ---- the page -----------------------------------------------------------------------------------


def code_cells() -> list[str]:
    return re.findall(r"```\{code-cell\} ipython3\n(.*?)```", LECTURE.read_text("utf-8"), re.DOTALL)


def lines(cell: str) -> int:
    return sum(bool(line.strip()) for line in cell.splitlines())


def test_fifteen_lines_are_fifteen():
    cells = code_cells()
    parts = [
        next(cell for cell in cells if mark in cell)
        for mark in ("def block(", "optimiser = ", "with torch.no_grad():")
    ]
    assert [lines(part) for part in parts] == [6, 7, 2]
    text = LECTURE.read_text("utf-8")
    assert all(said in text for said in ("fifteen lines", "Six of them", "Seven train", "two ask"))


def test_the_stub_on_the_page_is_what_students_find():
    stub = (LECTURE.parents[2] / "nbgrader_config.py").read_text("utf-8")
    told = re.findall(r'raise NotImplementedError\("(.*?)"\)', LECTURE.read_text("utf-8"))
    assert told
    assert all(said in stub for said in told)


def test_the_map_names_every_chapter_once():
    rows = re.findall(r"^\| (\d\d) \| (.+?) \|", LECTURE.read_text("utf-8"), re.MULTILINE)
    assert [number for number, _ in rows] == [f"{k:02}" for k in range(1, 9)]
    there = {p.name[:2] for p in LECTURE.parents[1].iterdir() if (p / "lecture.md").exists()}
    linked = {number for number, name in rows if name.startswith("[")}
    assert {"01", "02", "03", "04"} <= linked <= there
