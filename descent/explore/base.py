"""The explorable: a question, controls, one picture that is redrawn in place, and its sentence."""

import base64
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar, Self

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from descent import style
from descent.explore import direct, film, share
from descent.explore.direct import Handle as Handle  # for subclasses, too
from descent.explore.picture import LivePicture, encode
from descent.explore.view import view

WIDE = widgets.Layout(width="420px")
STYLE = {"description_width": "140px"}
SHARPEST = 3.0
"""Dots of a screen to a pixel of the page, for which pictures are drawn at most."""


class Explorable:
    """A picture of a computation, with controls, to end a cell with.

    A subclass gives `controls`, `compute`, `build`, `update`, `describe` and `title`, and, for a
    guess that is asked for before the controls unlock, `question`, `choices` and `truth`.
    Displayed, it leaves a static picture (image/png), its sentence (text/plain and alt text) and
    the live widget. Without a front end it is an object: `set` moves controls, `drag` points of
    the picture; `result`, `sentence` and `png` tell what a learner would see.

    play      slider that indexes a recorded run, "" for none: buttons play it
    interval  time between two pictures while playing, milliseconds
    filmed    whether a browser may keep the run's pictures: they follow from the controls alone
    """

    title: ClassVar[str] = ""
    size: ClassVar[tuple[float, float]] = (6.4, 3.6)
    question: ClassVar[str] = ""
    choices: ClassVar[Sequence[str]] = ()
    play: ClassVar[str] = ""
    interval: ClassVar[int] = 80
    filmed: ClassVar[bool] = True
    _guesses: ClassVar[dict[type, str]] = {}

    def __init__(self) -> None:
        self.widgets = self.controls()
        self.fig = style.figure(self.size)
        self._moving: list[Artist] = []
        self._changing: list[Axes] = []
        self._fixed: Any = None
        self._background: Any = None
        self._live: LivePicture | None = None
        self._film = film.Film()
        self.result = self.compute(**self.params)
        self._limit()
        self.build(self.fig, self.result)
        self._handles = {handle.name: handle for handle in self.handles()}
        self.update(self.result)
        self._solve_layout()
        self._png: bytes | None = None
        self._draw()
        self._shown: dict[str, Any] | None = self.params
        for control in self.widgets.values():
            control.observe(self._changed, "value")

    # ---- what a subclass gives ----

    def controls(self) -> dict[str, Any]:
        """Parameter's name -> ipywidgets control with a description."""
        raise NotImplementedError

    def compute(self, *_: Any, **params: Any) -> Any:
        """What the picture shows, a pure and seeded function of the controls' values."""
        raise NotImplementedError

    def build(self, fig: Any, result: Any) -> None:
        """Make axes and artists, once; hand those that `update` moves to `self.moving`."""
        raise NotImplementedError

    def update(self, result: Any) -> None:
        """Put a new result into the artists; call `self.redraw` if axes or titles change too."""
        raise NotImplementedError

    def describe(self, result: Any) -> str:
        """One or two sentences that say what the picture shows now."""
        raise NotImplementedError

    def truth(self) -> str | float:
        """The answer to the question, computed: one of the choices, or a number."""
        raise NotImplementedError

    def limits(self, result: Any) -> dict[str, int]:
        """Control's name -> its new maximum, for controls whose range depends on the result."""
        return {}

    def handles(self) -> Sequence[Handle]:
        """Points of the picture to drag, on the axes that `build` made."""
        return ()

    # ---- what it can use ----

    def moving(self, *artists: Artist) -> None:
        """Redraw only these artists at an update, over a picture of all the others.

        artists  those that `update` changes; none of them outside the axes' limits
        """
        for artist in artists:
            artist.set_animated(True)
        self._moving += artists

    def changing(self, *axes: Axes) -> None:
        """Draw only these axes anew after `redraw`, over a picture of all the others.

        axes  those that `update` changes at times, besides what moves
        """
        self._changing += axes

    def redraw(self) -> None:
        """Have the axes that change drawn anew for the next picture; all, if none are known."""
        self._background = None

    # ---- what its users can do ----

    @property
    def params(self) -> dict[str, Any]:
        """Values of all controls."""
        return {name: direct.value_of(control) for name, control in self.widgets.items()}

    @property
    def png(self) -> bytes:
        """The picture; drawn now, if a browser has shown one that it kept."""
        if self._png is None:
            self.update(self.result)
            self._png = self._render()
        return self._png

    def sharp(self, scale: float) -> bytes:
        """The picture for a screen with more dots.

        scale    dots of the screen in each direction to a pixel of the page, 1 to `SHARPEST`
        returns  bytes of a PNG file
        """
        kept = self._fixed, self._background
        self._fixed = self._background = None
        self.fig.dpi = 100 * min(max(scale, 1), SHARPEST)
        try:
            self.update(self.result)
            return self._render()
        finally:
            self.fig.dpi = style.DPI
            self._fixed, self._background = kept

    @property
    def code(self) -> str:
        """The setting as a short text, for `at` and `descent.explore.share.show`."""
        return share.encoded(type(self).__name__, self.widgets)

    @classmethod
    def at(cls, code: str) -> Self:
        """A new one, in the setting that a code names; controls that it leaves out are as at first.

        code     what `code` and the field “Share this setting” show
        returns  explorable
        raises   ValueError if it is the code of another one, or names a control or a value that
                 there is not
        """
        explorable = cls()
        explorable.restore(code)
        return explorable

    def restore(self, code: str) -> None:
        """Move all controls that a code names; none, if one of them can't be moved so.

        code    of a setting of this explorable
        raises  ValueError as `at` does
        """
        name, texts = share.split(code)
        if name != type(self).__name__:
            raise ValueError(f"expected a code that begins with {type(self).__name__}:, got {name}")
        if unknown := sorted(texts.keys() - self.widgets.keys()):
            known = ", ".join(self.widgets)
            raise ValueError(f"expected controls among {known}; got {unknown[0]!r}{share.ADVICE}")
        before = self.params
        last = self.limits(self.result).keys()  # their range depends on the others
        try:
            for names in (texts.keys() - last, texts.keys() & last):
                values = {n: share.value_of(n, self.widgets[n], texts[n]) for n in sorted(names)}
                self.set(**values)
        except ValueError:
            self.set(**before)
            raise

    def drag(self, name: str, x: float, y: float) -> Self:
        """Drag a point of the picture as a learner would; it stops at the ends of its controls.

        name     of the handle
        x, y     where to, in the coordinates of its axes
        returns  the explorable itself
        raises   KeyError if there is no such handle
        """
        values = self._handles[name].read(self.result, x, y)
        return self.set(**{n: direct.fitted(self.widgets[n], v) for n, v in values.items()})

    def set(self, **params: Any) -> Self:
        """Move controls as a learner would.

        params   control's name -> value
        returns  the explorable itself
        raises   KeyError if there is no such control; whatever a broken explorable raises
        """
        for control in self.widgets.values():
            control.unobserve(self._changed, "value")
        try:
            with ExitStack() as sliders_later:  # the picture goes to the browser before them
                for name, value in params.items():
                    sliders_later.enter_context(self.widgets[name].hold_sync())
                    self.widgets[name].value = value
                self._refresh()
        finally:
            for control in self.widgets.values():
                control.observe(self._changed, "value")
        return self

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {
            "image/png": base64.b64encode(self.sharp(1.8)).decode(),  # as `style.show` stores
            "text/plain": self.sentence,
        } | view(self._widget())
        return data, {"image/png": {"alt": self.sentence, "width": self._width}}

    def __repr__(self) -> str:
        return self.sentence

    # ---- how it works ----

    @property
    def _width(self) -> int:
        return round(100 * self.size[0])

    def _changed(self, _: Any) -> None:
        if self.params != self._shown:  # not a browser's answer to what it was told
            self._try(self._refresh)

    def _try(self, change: Callable[..., Any], *values: Any) -> None:
        """Make a change for a learner, who is told what went wrong."""
        note = ""
        try:
            change(*values)
        except Exception as error:
            note = f"This setting could not be shown ({type(error).__name__}: {error})."
        if self._live is not None:
            self._live.note = note

    def _refresh(self) -> None:
        self._shown = None
        self.result = self.compute(**self.params)
        self._limit()
        if self._kept():
            self._png, self.sentence = None, self.describe(self.result)
        else:
            self._draw()
        self._tell()
        self._shown = self.params

    def _draw(self) -> None:
        self.update(self.result)
        self._png, self.sentence = self._render(), self.describe(self.result)

    def _tell(self, *_: Any) -> None:
        """Bring the browser up to date."""
        if self._live is None:
            return
        with self._live.hold_sync():
            self._live.film = self._run()
            if self._png is not None and self._png != self._live.png:
                self._live.png, self._live.at = self._png, self._give(self._png)
            self._live.sentence, self._live.code = self.sentence, self.code
            points = self._handles.values()
            self._live.handles = [direct.view(h, self.result, self.widgets) for h in points]

    def _limit(self) -> None:
        for name, maximum in self.limits(self.result).items():
            self.widgets[name].max = maximum

    def _solve_layout(self) -> None:
        """Let the layout engine work once: it costs more than everything else of an update."""
        for artist in self._moving:
            artist.set_animated(False)
        self._canvas.draw()
        self.fig.set_layout_engine("none")
        for artist in (*self._moving, *self._changing):
            artist.set_animated(True)

    @property
    def _canvas(self) -> FigureCanvasAgg:
        canvas = self.fig.canvas
        assert isinstance(canvas, FigureCanvasAgg)
        return canvas

    def _render(self) -> bytes:
        """The picture as PNG; the fixed part is drawn only when it changed."""
        if self._background is None:
            self._background = self._drawn()
        else:
            self._canvas.restore_region(self._background)
        for artist in sorted(self._moving, key=lambda a: a.get_zorder()):
            self.fig.draw_artist(artist)
        return encode(np.asarray(self._canvas.buffer_rgba()))

    def _drawn(self) -> Any:
        """All that does not move, drawn and kept."""
        if not self._changing or self._fixed is None:
            self._canvas.draw()
            self._fixed = self._canvas.copy_from_bbox(self.fig.bbox)
        if not self._changing:
            return self._fixed
        self._canvas.restore_region(self._fixed)
        for ax in self._changing:
            self.fig.draw_artist(ax)
        return self._canvas.copy_from_bbox(self.fig.bbox)

    def _widget(self) -> widgets.Widget:
        """The live widget; a new display of the same explorable shows the same controls."""
        if self._live is None:
            size = {"width": self._width, "height": round(100 * self.size[1])}
            steps = self.widgets[self.play].model_id if self.play and self.filmed else ""
            self._live = LivePicture(steps=steps, **size)
            self._live.on_msg(self._hear)
            gate = self._gate()
            self._tell()
            for control in self.widgets.values():
                control.observe(self._tell, "disabled")
            self._box = widgets.VBox([*gate, *self._rows(), self._live])
            self._box.add_class("descent-explorable")
        return self._box

    def _rows(self) -> list[widgets.Widget]:
        rows = list(self.widgets.values())
        if self.play:
            rows.append(player(self.widgets[self.play], self.interval))
        return rows

    # ---- what a browser asks for ----

    def _hear(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """A message of picture.js."""
        if message["type"] == "more":
            self._send_film()
        elif message["type"] == "hello":
            self._film.begin()
            self._tell()
        elif message["type"] == "sharpen":
            self._try(self._sharpen, message)
        else:
            self._try(self._moved, message)
            self._send({"type": "done"})

    def _send(self, message: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        assert self._live is not None
        self._live.send(message, list(buffers))

    def _sharpen(self, message: dict[str, Any]) -> None:
        answer = {"type": "sharp", "turn": message["turn"], "sentence": self.sentence}
        self._send(answer, [self.sharp(message["scale"])])

    def _moved(self, message: dict[str, Any]) -> None:
        """A point was dragged or moved by a key, or the code of a setting was entered."""
        if message["type"] == "restore":
            if not self._locked(self.widgets):
                self.restore(message["code"])
            return
        handle = self._handles[message["name"]]
        if self._locked(handle.controls):
            return
        if message["type"] == "drag":
            self.drag(handle.name, *direct.on_axes(handle.ax, message["left"], message["top"]))
        else:
            steps = handle.nudge(message["right"], message["up"])
            self.set(**{n: direct.moved(self.widgets[n], by) for n, by in steps.items()})

    def _locked(self, names: Iterable[str]) -> bool:
        return any(self.widgets[name].disabled for name in names)

    # ---- the pictures of a run, in the browser ----

    def _run(self) -> int:
        """Number of the run whose pictures a browser may keep; 0 for none, or a locked one."""
        if not (self.play and self.filmed) or self._locked([self.play]):
            return 0
        settings = self.params
        del settings[self.play]
        return self._film.run(settings)

    def _kept(self) -> bool:
        """Whether the browser shows the present picture by itself."""
        return self._run() > 0 and self._film.has(self.widgets[self.play].value)

    def _give(self, png: bytes) -> int:
        """Let the browser keep the picture that it gets, of this step; -1 if it is not to."""
        if not self._run():
            return -1
        step: int = self.widgets[self.play].value
        self._film.given(step, png)
        return step if self._film.has(step) else -1

    def _send_film(self) -> None:
        """Send some pictures of the run in advance, for as long as others can wait."""
        if not self._run():
            return
        slider = self.widgets[self.play]
        steps = range(slider.min, slider.max + 1, slider.step)
        end, sent, pictures, complete = time.monotonic() + film.SLICE, {}, [], True
        for step in self._film.missing(steps, slider.value):
            if time.monotonic() > end:
                complete = False
                break
            png, sent[step] = self._picture_at(step)
            pictures.append(png)
            self._film.given(step, png)
        message = {"type": "frames", "film": self._film.number, "complete": complete}
        message |= {"steps": list(sent), "sentences": list(sent.values())}
        self._send(message, pictures)

    def _picture_at(self, step: int) -> tuple[bytes, str]:
        """Picture and sentence of another step of the run."""
        result = self.compute(**self.params | {self.play: step})
        self.update(result)
        return self._render(), self.describe(result)

    def _gate(self) -> list[widgets.Widget]:
        """The question, and buttons to commit a guess or to skip; empty where nothing is asked."""
        if not self.question:
            return []
        gate = Gate(self.question, self.choices, list(self.widgets.values()))
        gate.when_answered(self._answer)
        if type(self) in self._guesses:
            gate.recall(self._guesses[type(self)])
        return [gate.box]

    def _answer(self, guess: str) -> str:
        self._guesses[type(self)] = guess
        return verdict(guess, self.truth()) if guess else "Skipped. Move the controls and see."


class Gate:
    """A question that locks controls until it is answered or skipped.

    question  text of the question
    choices   answers to choose from; none asks for a number
    locked    controls that are disabled until then
    """

    def __init__(self, question: str, choices: Sequence[str], locked: Sequence[Any]) -> None:
        self._locked = [control for control in locked if not control.disabled]
        self._judge: Callable[[str], str] = lambda guess: guess
        self.field = (
            widgets.RadioButtons(options=list(choices), value=None, layout={"width": "auto"})
            if choices
            else widgets.Text(placeholder="your number", layout={"width": "12em"})
        )
        self.field.add_class("descent-guess")
        self.commit = widgets.Button(description="Commit my guess", button_style="primary")
        self.skip = widgets.Button(description="Skip")
        self.said = widgets.HTML()
        asked = widgets.HTML(f"<p><b>Predict first.</b> {question}</p>")
        self.again = widgets.Button(description="Answer again", layout={"display": "none"})
        self._buttons = widgets.HBox([self.commit, self.skip])
        self.box = widgets.VBox([asked, self.field, self._buttons, self.said, self.again])
        self.commit.on_click(lambda _: self.answer(str(self.field.value or "")))
        self.skip.on_click(lambda _: self.answer("", skipped=True))
        self.again.on_click(lambda _: self._ask(True))
        self._lock(True)

    def when_answered(self, judge: Callable[[str], str]) -> None:
        """judge  the guess ("" when skipped) -> what to say about it"""
        self._judge = judge

    def answer(self, guess: str, skipped: bool = False) -> None:
        """Take a guess, say how it compares with the truth, and unlock the controls."""
        if not guess and not skipped:
            self.said.value = _status("Choose or write an answer first, or skip.")
            return
        self.said.value = _status(self._judge(guess))
        self._ask(False)
        self._lock(False)

    def recall(self, guess: str) -> None:
        """Show an earlier guess ("" when skipped) as this one's answer."""
        if guess in getattr(self.field, "options", [guess]):
            self.field.value = guess
        self.answer(guess, skipped=True)

    def _ask(self, asking: bool) -> None:
        """Take answers or no more; once unlocked, controls stay so when it asks again."""
        self.field.disabled = self.commit.disabled = self.skip.disabled = not asking
        self._buttons.layout.display = "" if asking else "none"
        self.again.layout.display = "none" if asking else ""
        if asking:
            self.said.value = ""

    def _lock(self, locked: bool) -> None:
        for control in self._locked:
            control.disabled = locked


def verdict(guess: str, truth: str | float) -> str:
    """How a guess compares with the truth, in words.

    guess    text of the guess: one of the choices, or a number
    truth    the computed answer: one of the choices, or a number
    returns  a sentence
    """
    if isinstance(truth, str):
        right = guess == truth
        return f"Right: {truth}" if right else f"You said “{guess}”. Computed: “{truth}”. Look why."
    try:
        off = float(guess.replace(",", ".")) - truth
    except ValueError:
        return f"“{guess}” is no number. Computed: {truth:g}."
    if abs(off) <= 0.05 * abs(truth):
        return f"Right: {truth:g}."
    return (
        f"You said {guess}. Computed: {truth:g}, {'less' if off > 0 else 'more'} than you thought."
    )


def slider(
    label: str, minimum: float, maximum: float, value: float, step: float = 0.1, **options: Any
) -> widgets.FloatSlider:
    """A slider over real numbers, labelled and as wide as all others."""
    return widgets.FloatSlider(
        value,
        min=minimum,
        max=maximum,
        step=step,
        description=label,
        style=STYLE,
        layout=WIDE,
        **options,
    )


def int_slider(
    label: str, minimum: int, maximum: int, value: int, step: int = 1
) -> widgets.IntSlider:
    """A slider over integers, labelled and as wide as all others."""
    return widgets.IntSlider(
        value, min=minimum, max=maximum, step=step, description=label, style=STYLE, layout=WIDE
    )


def choice(label: str, options: Sequence[Any], value: Any = None) -> widgets.Dropdown:
    """A list to choose from, labelled and as wide as all others."""
    start = options[0] if value is None else value
    start = start[1] if isinstance(start, tuple) else start
    return widgets.Dropdown(
        options=options, value=start, description=label, style=STYLE, layout=WIDE
    )


def player(steps: widgets.IntSlider, interval: int) -> widgets.HBox:
    """Play, pause, one step back, one step on, back to the start: all of them move the slider.

    steps     slider that indexes a recorded run
    interval  time between two pictures while playing, milliseconds
    returns   row of buttons
    """
    play = widgets.Play(
        steps.value, min=steps.min, max=steps.max, interval=interval, show_repeat=False
    )
    widgets.jslink((play, "value"), (steps, "value"))
    widgets.jslink((steps, "max"), (play, "max"))
    back = widgets.Button(description="Step back", layout={"width": "auto"})
    forth = widgets.Button(description="Step", layout={"width": "auto"})
    start = widgets.Button(description="Back to start", layout={"width": "auto"})

    def move(by: int) -> None:
        steps.value = min(max(steps.value + by, steps.min), steps.max)

    back.on_click(lambda _: move(-1))
    forth.on_click(lambda _: move(+1))
    start.on_click(lambda _: move(-steps.max))
    return widgets.HBox([play, back, forth, start])


def learner_or_reference(
    learner: Callable[..., Any] | None, reference: Callable[..., Any], *example: Any
) -> tuple[Callable[..., Any], str]:
    """The learner's own function where it works, else the course's.

    learner    function from the notebook, or None
    reference  function of the course
    example    arguments on which the learner's must give the reference's answer
    returns    the function to use, and a label that says whose it is
    """
    if learner is None:
        return reference, "the course's function"
    try:
        agrees = torch.allclose(
            torch.as_tensor(learner(*example)), torch.as_tensor(reference(*example)), atol=1e-4
        )
    except Exception as error:
        return reference, f"the course's function, as yours failed ({type(error).__name__})"
    return (learner, "your function") if agrees else (reference, "the course's, as yours differs")


def _status(text: str) -> str:
    return f'<p role="status" aria-live="polite">{text}</p>'
