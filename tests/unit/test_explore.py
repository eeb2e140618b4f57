"""Every explorable, found by itself, works without a browser: controls, picture, sentence, gate."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from descent import style
from descent.explore import base
from descent.explore.catalogue import explorables


def ends(control) -> list:
    """Both ends and the middle of a control, or all its options."""
    if hasattr(control, "options"):
        values = [o[1] if isinstance(o, tuple) else o for o in control.options]
        return values
    if isinstance(control.value, bool):
        return [True, False]
    if isinstance(control, base.widgets.FloatLogSlider):
        return [control.base**p for p in (control.min, control.max)]
    if hasattr(control, "max"):
        middle = control.min + round((control.max - control.min) / control.step / 2) * control.step
        return [control.min, control.max, middle]
    return []


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def different(values: list) -> bool:
    return len(set(values)) > 1


@pytest.fixture(params=explorables(), ids=lambda c: f"{c.__module__.split('.')[-1]}.{c.__name__}")
def explorable(request):
    return request.param()


def test_each_control_changes_picture_and_sentence(explorable):
    moved = 0
    for name, control in explorable.widgets.items():
        before = control.value
        pictures, sentences = [explorable.png], [explorable.sentence]
        for value in ends(control):
            explorable.set(**{name: value})
            pictures.append(explorable.png)
            sentences.append(explorable.sentence)
            assert pixels(explorable.png).std() > 1, f"{name}={value} draws an empty picture"
        assert different(pictures), f"{name} never changes the picture"
        moved += different(sentences)
        explorable.set(**{name: before})
    assert moved, "no control changes the sentence"


def test_a_picture_follows_from_the_controls_alone(explorable):
    """Only what moves, or changes, is drawn anew; nothing is left of other settings."""

    def whole() -> np.ndarray:
        explorable._fixed = None
        explorable.redraw()
        return pixels(explorable.set().png)

    start, picture = dict(explorable.params), whole()
    for name, control in explorable.widgets.items():
        for value in ends(control):
            shown = pixels(explorable.set(**{name: value}).png)
            assert np.array_equal(shown, whole()), f"{name}={value}"
        shown = pixels(explorable.set(**start).png)
        assert np.array_equal(shown, picture), f"{name} moved there and back"


def test_controls_have_labels(explorable):
    for name, control in explorable.widgets.items():
        assert control.description.strip(), f"{name} has no label"


def test_it_displays_with_alt_text_and_without_a_kernel(explorable):
    data, metadata = explorable._repr_mimebundle_()
    assert data["text/plain"] == explorable.sentence == metadata["image/png"]["alt"]
    assert len(explorable.sentence.split()) >= 5
    assert "application/vnd.jupyter.widget-view+json" in data
    assert not [a for a in ("0x", "nan", "object at") if a in explorable.sentence]


def test_the_answer_is_one_of_the_choices(explorable):
    assert explorable.question, "every explorable asks for a prediction"
    truth = explorable.truth()
    if explorable.choices:
        assert truth in explorable.choices
    else:
        assert isinstance(truth, (int, float))


class Sine(base.Explorable):
    """The smallest explorable."""

    title = "A wave"
    question = "How high does it get?"
    play = "k"

    def controls(self):
        return {"k": base.int_slider("waves", 0, 8, 1), "a": base.slider("height", 0, 2, 1)}

    def compute(self, k, a):
        t = torch.linspace(0, 1, 100)
        if a > 1.95:
            raise ValueError("too high")
        return a * torch.sin(6.283 * k * t)

    def build(self, fig, result):
        ax = fig.subplots()
        ax.set(ylim=(-2, 2), title=self.title)
        (self.line,) = ax.plot(style.numpy(result))
        self.moving(self.line)

    def update(self, result):
        self.line.set_ydata(style.numpy(result))

    def describe(self, result):
        return f"The wave reaches {result.max():.2f}."

    def truth(self):
        return float(self.compute(k=1, a=1.0).max())


@pytest.fixture
def sine(monkeypatch):
    monkeypatch.setattr(base.Explorable, "_guesses", {})
    return Sine()


def gate_of(explorable) -> base.Gate:
    """The gate that the displayed explorable shows, rebuilt from its parts."""
    gate = base.Gate(explorable.question, explorable.choices, list(explorable.widgets.values()))
    gate.when_answered(explorable._answer)
    return gate


def test_the_gate_locks_until_a_guess(sine):
    gate = gate_of(sine)
    assert all(c.disabled for c in sine.widgets.values())
    gate.commit.click()
    assert all(c.disabled for c in sine.widgets.values()), "an empty guess is no guess"
    gate.field.value = "3"
    gate.commit.click()
    assert not any(c.disabled for c in sine.widgets.values())
    assert "You said 3" in gate.said.value
    assert "less than you thought" in gate.said.value


def test_the_gate_can_be_skipped_and_is_remembered(sine):
    gate_of(sine).skip.click()
    assert not any(c.disabled for c in sine.widgets.values())
    again = Sine()
    again._repr_mimebundle_()
    assert not any(c.disabled for c in again.widgets.values())


def test_headless_use_ignores_the_gate(sine):
    sine._repr_mimebundle_()
    assert "0.00" in sine.set(k=0).sentence


def test_a_broken_setting_is_told_and_raises_headless(sine):
    sine._repr_mimebundle_()
    sine.widgets["a"].value = 2.0
    assert "too high" in sine._live.note
    sine.widgets["a"].value = 1.0
    assert sine._live.note == ""
    with pytest.raises(ValueError, match="too high"):
        sine.set(a=2.0)


def test_the_live_picture_follows_the_control(sine):
    sine._repr_mimebundle_()
    before = sine._live.png
    sine.widgets["a"].value = 0.5
    assert sine._live.png != before
    assert sine._live.sentence == "The wave reaches 0.50."


def test_redrawing_parts_equals_redrawing_all(sine):
    partly = pixels(sine.set(k=3).png)
    sine.redraw()
    assert np.array_equal(partly, pixels(sine.set(k=3).png))


def test_play_buttons_move_the_slider(sine):
    play, back, forth, start = base.player(sine.widgets["k"], 80).children
    assert play.value == 1, "linking would otherwise move the slider to Play's own start"
    forth.click()
    assert sine.widgets["k"].value == 2
    back.click()
    back.click()
    back.click()
    assert sine.widgets["k"].value == 0
    forth.click()
    start.click()
    assert sine.widgets["k"].value == 0


@pytest.mark.parametrize(
    ("guess", "truth", "words"),
    [
        ("up", "up", "Right"),
        ("up", "down", "Computed: “down”"),
        ("1,02", 1.0, "Right"),
        ("5", 1.0, "less than you thought"),
        ("0", 1.0, "more than you thought"),
        ("many", 1.0, "no number"),
    ],
)
def test_verdict(guess, truth, words):
    assert words in base.verdict(guess, truth)


def test_learner_or_reference():
    reference = torch.square
    x = torch.tensor([1.0, 2.0])
    assert base.learner_or_reference(None, reference, x)[0] is reference
    assert base.learner_or_reference(lambda v: v * v, reference, x)[1] == "your function"
    assert "differs" in base.learner_or_reference(lambda v: v, reference, x)[1]

    def broken(v):
        raise NotImplementedError

    assert "NotImplementedError" in base.learner_or_reference(broken, reference, x)[1]


def test_memory_stays_flat(sine):
    import tracemalloc

    for k in range(30):
        sine.set(k=k % 8)
    tracemalloc.start()
    for k in range(200):
        sine.set(k=k % 8)
    before = tracemalloc.get_traced_memory()[0]
    for k in range(200):
        sine.set(k=k % 8)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 100_000
