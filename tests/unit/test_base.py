"""The base of explorables: PNG, points to drag, codes of settings, pictures of a run, the gate."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from descent import style
from descent.explore import base, direct, film, picture, share
from descent.explore.catalogue import explorables

# ---- the PNG -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 33), (468, 960)])
def test_png_has_exactly_these_pixels(shape):
    rgba = np.random.default_rng(3).integers(0, 256, (*shape, 4), dtype=np.uint8)
    found = Image.open(io.BytesIO(picture.encode(rgba)))
    found.load()  # checks the checksums of all chunks
    assert found.mode == "RGB"
    assert np.array_equal(np.asarray(found), rgba[:, :, :3])


def test_png_is_small_where_the_picture_is_plain():
    rgba = np.full((400, 800, 4), 255, dtype=np.uint8)
    assert len(picture.encode(rgba)) < 10_000


def test_png_chunks_are_of_the_standard():
    data = picture.encode(np.zeros((2, 3, 4), dtype=np.uint8))
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data[12:16] == b"IHDR"
    assert int.from_bytes(data[29:33], "big") == zlib.crc32(data[12:29])
    assert data.endswith(b"\x00\x00\x00\x00IEND\xaeB`\x82")


# ---- a small explorable with everything ----------------------------------------------------------


class Spot(base.Explorable):
    """A spot to drag, on a path that is played."""

    title = "A spot"
    size = (3.0, 2.0)
    question = "Where is it?"
    choices = ("left", "right")
    play = "step"
    drawn = 0

    def controls(self):
        return {
            "step": base.int_slider("step", 0, 6, 2),
            "x": base.slider("across", -1, 1, 0.5, step=0.25),
            "y": base.slider("up", 0, 10, 4, step=0.5),
            "kind": base.choice("kind", [("a, b = 50%", (1, 2)), ("plain", (3, 4))]),
            "big": base.widgets.Checkbox(False, description="big"),
        }

    def compute(self, step, x, y, kind, big):
        return step, x, y, kind, big

    def limits(self, result):
        return {"step": 3 if result[4] else 6}

    def build(self, fig, result):
        self.ax = fig.subplots()
        self.ax.set(xlim=(-1.5, 1.5), ylim=(12, -1))
        (self.dot,) = self.ax.plot([], [], "o", color=style.BLUE)
        self.moving(self.dot)

    def handles(self):
        return [
            base.Handle("spot", self.ax, lambda r: r[1:3], "x", "y"),
            base.Handle(
                "twice", self.ax, lambda r: (0, 2 * r[2]), "", "y", lambda *p: {"y": p[2] / 2}
            ),
        ]

    def update(self, result):
        self.drawn += 1
        self.dot.set_data([result[1] + result[0] / 20], [result[2]])
        self.dot.set_markersize(12 if result[4] else 6)

    def describe(self, result):
        return f"Step {result[0]} of the spot at ({result[1]:g}, {result[2]:g}), {result[3]}."

    def truth(self):
        return "right"


@pytest.fixture
def spot(monkeypatch):
    monkeypatch.setattr(base.Explorable, "_guesses", {})
    return Spot()


@pytest.fixture
def browser(spot):
    """The displayed explorable as a browser sees it, gate skipped; what it is sent, in `sent`."""
    base.Explorable._guesses[Spot] = ""
    spot._repr_mimebundle_()
    spot.sent = []
    spot._send = lambda message, buffers=(): spot.sent.append((message, list(buffers)))
    return spot


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def hear(explorable, **message):
    explorable._hear(explorable._live, message, [])


# ---- dragging ------------------------------------------------------------------------------------


def test_dragging_moves_both_controls_and_the_picture(spot):
    before = spot.png
    spot.drag("spot", -0.6, 7.1)
    assert (spot.params["x"], spot.params["y"]) == (-0.5, 7.0)
    assert spot.result[1:3] == (-0.5, 7.0)
    assert spot.png != before
    assert "(-0.5, 7)" in spot.sentence


def test_dragging_draws_once_and_stops_at_the_ends(spot):
    drawn = spot.drawn
    spot.drag("spot", 99, -99)
    assert (spot.params["x"], spot.params["y"]) == (1, 0)
    assert spot.drawn == drawn + 1


def test_a_handle_may_stand_for_something_else_than_its_place(spot):
    assert spot.drag("twice", 5, 9).params["y"] == 4.5


def test_dragging_what_there_is_not(spot):
    with pytest.raises(KeyError):
        spot.drag("star", 0, 0)
    with pytest.raises(ValueError, match="finite"):
        spot.drag("spot", float("nan"), 0)


def test_a_place_on_the_picture_is_a_place_on_the_axes(spot):
    left, top = direct.on_picture(spot.ax, (0.5, 4.0))
    assert 0 < left < 1
    assert 0 < top < 1
    assert direct.on_axes(spot.ax, left, top) == pytest.approx((0.5, 4.0))


def test_the_browser_drags_and_is_answered(browser):
    left, top = direct.on_picture(browser.ax, (-1.0, 9.0))
    hear(browser, type="drag", name="spot", left=left, top=top)
    assert (browser.params["x"], browser.params["y"]) == (-1, 9)
    assert browser._live.sentence == browser.sentence
    assert browser.sent == [({"type": "done"}, [])]
    state = next(h for h in browser._live.handles if h["name"] == "spot")
    assert (state["left"], state["top"]) == pytest.approx((left, top), abs=1e-4)
    assert (state["min"], state["max"], state["now"]) == (-1, 1, -1)
    assert state["text"] == "across -1, up 9"


def test_arrow_keys_follow_the_picture(browser):
    hear(browser, type="nudge", name="spot", right=-2, up=1)
    assert browser.params["x"] == 0
    assert browser.params["y"] == 3.5, "the axis points down: up is less"
    hear(browser, type="nudge", name="twice", right=1, up=2)
    assert browser.params["y"] == 5, "a control that is alone moves with all keys"


def test_the_picture_goes_to_the_browser_before_its_sliders(browser, monkeypatch):
    sent = []
    for name, widget in {"picture": browser._live, **browser.widgets}.items():
        send = lambda *_, name=name, **__: sent.append(name)  # noqa: E731
        monkeypatch.setattr(type(widget), "send_state", lambda w, *_, **__: w.sending())
        object.__setattr__(widget, "sending", send)
    browser.drag("spot", -0.25, 6)
    assert sent[0] == "picture"
    assert {"x", "y"} <= set(sent[1:])


def test_a_browsers_rounding_is_no_change(spot):
    spot.set(x=0.25, y=0.5)
    drawn = spot.drawn
    spot.widgets["x"].value, spot.widgets["y"].value = 0.25 + 5e-17, 0.49999999999999983
    assert spot.drawn == drawn
    assert spot.params["y"] == 0.5
    spot.widgets["y"].value = 1e-17
    assert spot.drawn == drawn + 1
    assert str(spot.params["y"]) == "0.0"


def test_back_from_a_setting_that_fails(browser, monkeypatch):
    monkeypatch.setattr(browser, "compute", lambda **_: 1 / 0)
    browser.widgets["y"].value = 7
    assert "ZeroDivisionError" in browser._live.note
    monkeypatch.undo()
    browser.widgets["y"].value = 4
    assert browser._live.note == ""


def test_nothing_is_dragged_before_the_gate_is_answered(spot):
    spot._repr_mimebundle_()
    spot._send = lambda *_: None
    assert all(h["locked"] for h in spot._live.handles)
    before = spot.params
    hear(spot, type="drag", name="spot", left=0.1, top=0.1)
    hear(spot, type="nudge", name="spot", right=1, up=0)
    hear(spot, type="restore", code="Spot:x=1")
    assert spot.params == before
    spot._box.children[0].children[2].children[1].click()
    assert not any(h["locked"] for h in spot._live.handles)


@pytest.mark.parametrize(
    "kind", [k for k in explorables() if k.handles is not base.Explorable.handles]
)
def test_each_point_is_dragged_to_where_it_is_let_go(kind):
    explorable = kind()
    for name, handle in explorable._handles.items():
        start, before = handle.place(explorable.result), explorable.params
        explorable.drag(name, *start)
        assert explorable.params == before, f"{name}: its own place is another setting"
        for control, steps in handle.nudge(1, 1).items():
            now = explorable.widgets[control]
            explorable.set(**{control: direct.moved(now, steps if now.value < now.max else -1)})
        there, moved = handle.place(explorable.result), explorable.params
        explorable.set(**before)
        assert explorable.drag(name, *there).params == moved, f"{name}: not where it was let go"
        assert there != start


# ---- codes ---------------------------------------------------------------------------------------


def test_a_code_restores_a_setting(spot):
    spot.set(step=1, x=-0.25, kind=(3, 4), big=True)
    assert spot.code == "Spot:step=1,x=-0.25,y=4,kind=plain,big=yes"
    again = Spot.at(spot.code)
    assert again.params == spot.params
    assert again.png == spot.png
    assert Spot.at(Spot().code).params == Spot().params, "a label with comma, = and %"


def test_what_a_code_leaves_out_is_as_at_first():
    assert Spot.at('"Spot:y=2.5" ').params == Spot().params | {"y": 2.5}
    assert Spot.at("Spot").params == Spot().params


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("Dot:x=1", "begins with Spot:, got Dot"),
        ("Spot:z=1", "among step, x, y, kind, big; got 'z'"),
        ("Spot:x=1.5", "x must lie in -1..1 in steps of 0.25, got '1.5'"),
        ("Spot:x=0.3", "in steps of 0.25"),
        ("Spot:x=nan", "x must lie"),
        ("Spot:x=wide", "x must lie"),
        ("Spot:big=yes,step=5", "step must lie in 0..3"),
        ("Spot:kind=odd", "must be one of a, b = 50%, plain"),
        ("Spot:big=1", "must be one of yes, no"),
        ("Spot:x", "expected a code such as"),
        ("", "expected a code such as"),
    ],
)
def test_wrong_codes_are_told_and_change_nothing(spot, code, said):
    before = spot.params
    with pytest.raises(ValueError, match="expected|must") as caught:
        spot.restore(code)
    assert said in str(caught.value)
    assert spot.params == before


def test_a_code_is_entered_in_the_browser(browser):
    hear(browser, type="restore", code="Spot:y=9,x=0")
    assert browser.params["y"] == 9
    assert browser._live.code == browser.code
    hear(browser, type="restore", code="Spot:y=11")
    assert "y must lie in 0..10" in browser._live.note
    hear(browser, type="nudge", name="spot", right=1, up=0)
    assert browser._live.note == ""


@pytest.mark.parametrize("kind", explorables())
def test_every_explorable_has_a_code(kind):
    explorable = kind()
    for name, control in explorable.widgets.items():
        if hasattr(control, "options"):
            explorable.set(**{name: direct.choices(control)[-1]})
        elif hasattr(control, "max") and not isinstance(control, base.widgets.FloatLogSlider):
            explorable.set(**{name: control.max})
    again = share.show(explorable.code)
    assert type(again) is kind
    assert again.params == explorable.params


def test_a_code_holds_what_was_typed():
    typed = share.show("Broadcasting").set(a="3, 1", b="2=")
    assert typed.code == "Broadcasting:a=3%2C 1,b=2%3D,entry=13"
    assert share.show(typed.code).params == typed.params


def test_no_such_explorable():
    with pytest.raises(ValueError, match="NeighbourVotes.*got 'Nobody'"):
        share.show("Nobody:k=1")


def test_a_sharp_picture_shows_the_same_with_more_dots(spot):
    quick = spot.set(x=0.75).png
    height, width = pixels(quick).shape[:2]
    sharp = pixels(spot.sharp(2.4))
    assert sharp.shape[:2] == (2 * height, 2 * width)
    small = np.asarray(Image.fromarray(sharp).resize((width, height), Image.Resampling.BOX))
    assert abs(small.astype(float) - pixels(quick)).mean() < 4
    spot.redraw()
    assert spot.set(x=0.75).png == quick
    most = pixels(spot.sharp(99)).shape[1]
    assert most == round(width * base.SHARPEST / 1.2)


def test_the_browser_asks_for_a_sharp_picture(browser):
    hear(browser, type="sharpen", scale=2, turn="a")
    message, pictures = browser.sent[-1]
    assert message == {"type": "sharp", "turn": "a", "sentence": browser.sentence}
    assert pictures == [browser.sharp(2)]


# ---- the pictures of a run -----------------------------------------------------------------------


def ask_for_all(explorable) -> dict[int, tuple[bytes, str]]:
    """All pictures and sentences that the browser is given."""
    found = {}
    hear(explorable, type="hello")
    for _ in range(400):
        hear(explorable, type="more")
        message, pictures = explorable.sent[-1]
        assert message["film"] == explorable._live.film
        found |= {
            step: (png, said)
            for step, png, said in zip(
                message["steps"], pictures, message["sentences"], strict=True
            )
        }
        if message["complete"]:
            return found
    raise AssertionError("never complete")


def test_a_browser_gets_all_pictures_of_the_run(browser):
    found = ask_for_all(browser)
    assert sorted(found) == list(range(7))
    assert next(iter(found)) == 2, "the present one first"
    other = Spot()
    for step, (png, said) in found.items():
        other.set(step=step)
        assert (png, said) == (other.png, other.sentence)


def test_what_the_browser_has_is_not_drawn_again(browser):
    found = ask_for_all(browser)
    live, drawn = browser._live.png, browser.drawn
    browser.widgets["step"].value = 5
    assert browser.drawn == drawn
    assert browser._live.png == live
    assert browser.sentence == browser._live.sentence == found[5][1]
    assert browser.result[0] == 5
    assert browser.png == found[5][0], "it is there for whoever asks"


def test_another_setting_is_another_run(browser):
    ask_for_all(browser)
    number = browser._live.film
    browser.widgets["x"].value = -1
    assert browser._live.film > number
    assert browser._live.png == browser.png
    browser.widgets["step"].value = 5
    assert browser._live.png == browser.png == Spot.at("Spot:x=-1,step=5").png


def test_a_drawn_picture_is_kept_too(browser):
    hear(browser, type="hello")
    browser.widgets["step"].value = 5
    assert browser._live.at == 5
    browser.widgets["step"].value = 4
    drawn = browser.drawn
    browser.widgets["step"].value = 5
    assert browser.drawn == drawn


def test_a_browser_that_keeps_nothing_is_sent_everything(browser):
    for step in (5, 4, 5):
        browser.widgets["step"].value = step
        assert browser._live.png == Spot.at(f"Spot:step={step}").png
    assert browser._live.film == 0


def test_a_reloaded_page_begins_anew(browser):
    ask_for_all(browser)
    number = browser._live.film
    hear(browser, type="hello")
    assert browser._live.film > number
    browser.widgets["step"].value = 5
    assert browser._live.png == browser.png


def test_pictures_are_sent_only_while_the_slider_is_unlocked(spot):
    spot._repr_mimebundle_()
    spot.sent = []
    spot._send = lambda message, buffers=(): spot.sent.append(message)
    hear(spot, type="hello")
    hear(spot, type="more")
    assert spot.sent == []
    assert spot._live.film == 0


def test_a_film_is_limited(monkeypatch, browser):
    monkeypatch.setattr(film, "LIMIT", 2 * len(browser.png))
    found = ask_for_all(browser)
    assert 2 <= len(found) <= 4
    browser.widgets["step"].value = 0
    assert 0 not in found
    assert browser._live.png == browser.png
    assert browser._live.at == -1


FILMED = [kind for kind in explorables() if kind.play and kind.filmed]


@pytest.mark.parametrize("kind", FILMED)
def test_kept_pictures_are_those_that_would_be_drawn(kind, monkeypatch):
    explorable, other = kind(), kind()
    slider = explorable.widgets[kind.play]
    middle = slider.min + (slider.max - slider.min) // slider.step // 2 * slider.step
    for step in (slider.min, middle, slider.max):
        png, said = explorable._picture_at(step)
        other.set(**{kind.play: step})
        assert said == other.sentence
        assert png == other.png


# ---- the gate ------------------------------------------------------------------------------------


def gate_of(explorable):
    """The parts of the displayed gate: field, commit, skip, what is said, answer again."""
    explorable._repr_mimebundle_()
    _, field, buttons, said, again = explorable._box.children[0].children
    return field, *buttons.children, said, again


def test_a_guess_is_remembered_when_the_cell_runs_again(spot):
    field, commit, *_ = gate_of(spot)
    field.value = "left"
    commit.click()
    field, _, _, said, again = gate_of(Spot())
    assert field.value == "left"
    assert "You said “left”" in said.value
    assert again.layout.display == ""


def test_a_learner_can_answer_again(spot):
    field, commit, skip, said, again = gate_of(spot)
    assert again.layout.display == "none"
    skip.click()
    again.click()
    assert not field.disabled
    assert not spot.widgets["x"].disabled, "what was unlocked stays so"
    field.value = "right"
    commit.click()
    assert "Right" in said.value
    assert "Right" in gate_of(Spot())[3].value


def test_nothing_moves_by_itself(spot):
    plays = [w for w in base.player(spot.widgets["step"], 80).children if hasattr(w, "playing")]
    assert plays
    assert not any(play.playing for play in plays)
