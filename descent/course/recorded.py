"""Records explorables: what a page without a kernel shows for the settings that it offers."""

import base64
import contextlib
import io
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode

from descent.course.execute import environment
from descent.course.faults import CourseError
from descent.course.frames import Film
from descent.course.grid import Control, State, grid
from descent.explore.base import Explorable, verdict

LARGEST = 1_500_000
"""Characters of one recording in a page."""
MOST = 560
"""Settings of one recording."""
FIRST = 25
"""Settings that are recorded to learn how large they are."""
ROUNDS = 3
SLOWEST = 250
"""Milliseconds between two pictures, where steps between them are left out."""

Recording = dict[str, Any]


def recordings(notebook: NotebookNode) -> dict[str, Recording]:
    """Run a lecture in a fresh Python, and record its explorables.

    notebook  of the course itself: its code is run as it is
    returns   id of the cell that ends in an explorable -> its recording
    raises    CourseError with what the cell says that fails
    """
    with tempfile.TemporaryDirectory() as scratch:
        source, to = Path(scratch) / "lecture.json", Path(scratch) / "recordings.json"
        source.write_text(json.dumps(notebook), encoding="utf-8")
        command = [sys.executable, "-m", __name__, str(source), str(to)]
        done = subprocess.run(
            command, env=environment(scratch), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CourseError(done.stderr.strip() or f"recording ended with {done.returncode}")
        found: dict[str, Recording] = json.loads(to.read_text(encoding="utf-8"))
        return found


def record(explorable: Explorable, largest: int = LARGEST) -> Recording:
    """The pictures and sentences of as many settings as there is room for.

    explorable  in the state to start from, in which it is left
    largest     characters of the recording as JSON
    returns     what the page's script needs; the smallest sensible choice of settings, if even
                that is too large, raises
    raises      CourseError if it does not fit, or a setting can't be shown
    """
    reel, most = Reel(explorable), FIRST
    best: Recording = {}
    length = 0
    for _ in range(ROUNDS):
        states = grid(reel.controls, most)
        made = reel.take(states)
        length = size(made)
        if length <= largest and len(made["states"]) > len(best.get("states", ())):
            best = made
        most = min(MOST, int(0.96 * len(states) * largest / length))
        if grid(reel.controls, most) == states:
            break
    explorable.set(**reel.start)
    if not best:
        name = type(explorable).__name__
        raise CourseError(f"the recording of {name} takes {length:,} characters, not {largest:,}")
    return best


def size(recording: Recording) -> int:
    """Its length in the page, characters."""
    return len(json.dumps(recording, ensure_ascii=False))


class Reel:
    """What was recorded of an explorable, from which a recording is put together.

    explorable  in its start state
    """

    def __init__(self, explorable: Explorable) -> None:
        self.explorable = explorable
        self.start = dict(explorable.params)
        self.labels = [self._labels()]
        self.controls = [
            control_of(name, widget, name == explorable.play)
            for name, widget in explorable.widgets.items()
        ]
        self._film = Film()
        self._shown: dict[State, State] = {}
        self._seen: dict[State, tuple[int, str, int]] = {}
        self._gate = gate(explorable) if explorable.question else None

    def take(self, states: Iterable[State]) -> Recording:
        """The recording of some settings, the first of which is the start.

        raises  CourseError if one can't be shown
        """
        shown = dict.fromkeys(self._shoot(state) for state in states)
        frames = self._film.needed(self._seen[state][0] for state in shown)
        place = {frame: i for i, frame in enumerate(frames)}
        said = list(dict.fromkeys(self._seen[state][1] for state in shown))
        number = {sentence: i for i, sentence in enumerate(said)}
        values = [
            sorted({state[i] for state in shown}, key=control.values.index)
            for i, control in enumerate(self.controls)
        ]
        rows = []
        for state in shown:
            frame, sentence, labels = self._seen[state]
            positions = [found.index(v) for found, v in zip(values, state, strict=True)]
            rows.append([*positions, place[frame], number[sentence], labels])
        return {
            "title": self.explorable.title,
            "complete": len(shown) == math.prod(len(c.values) for c in self.controls),
            "size": [round(100 * side) for side in self.explorable.size],
            "controls": [
                self._described(c, found) for c, found in zip(self.controls, values, strict=True)
            ],
            "states": rows,
            "frames": [self._packed(frame, place) for frame in frames],
            "sentences": said,
            "labels": self.labels,
            "play": self._playing(len(values[self._player])) if self.explorable.play else None,
            "gate": self._gate,
        }

    @property
    def _player(self) -> int:
        return list(self.start).index(self.explorable.play)

    def _shoot(self, state: State) -> State:
        """Move the controls; the setting that comes out, as one may limit the other."""
        if state not in self._shown:
            wanted = dict(zip(self.start, state, strict=True))
            try:
                self._move(wanted)
            except Exception as error:
                raise CourseError(
                    f"{type(self.explorable).__name__} can't be shown with {wanted}: {error!r}"
                ) from error
            found = tuple(self.explorable.params.values())
            self._shown[state] = found
            if found not in self._seen:
                self._seen[found] = self._picture()
        return self._shown[state]

    def _move(self, wanted: dict[str, Any]) -> None:
        self.explorable.set(**wanted)
        if self.explorable.params != wanted:  # a limit may have moved only after that
            self.explorable.set(**wanted)

    def _picture(self) -> tuple[int, str, int]:
        labels = self._labels()
        if labels not in self.labels:
            self.labels.append(labels)
        frame = self._film.add(self.explorable.png)
        return frame, self.explorable.sentence, self.labels.index(labels)

    def _labels(self) -> list[str]:
        return [widget.description for widget in self.explorable.widgets.values()]

    def _described(self, control: Control, values: Sequence[Any]) -> dict[str, Any]:
        widget = self.explorable.widgets[control.name]
        kind = "check" if isinstance(control.start, bool) and not options(widget) else "choice"
        return {
            "kind": "slider" if control.slides or slides(widget) else kind,
            "texts": [text(widget, value) for value in values],
        }

    def _packed(self, frame: int, place: dict[int, int]) -> list[Any]:
        found = self._film.frames[frame]
        under = place.get(found.under, -1)
        return [under, found.x, found.y, base64.b64encode(found.webp).decode()]

    def _playing(self, count: int) -> dict[str, int]:
        """Which control plays, and how fast; steps that are left out take a part of their time."""
        steps = len(self.controls[self._player].values) - 1
        interval = self.explorable.interval
        slower = min(interval * steps // max(count - 1, 1), max(interval, SLOWEST))
        return {"control": self._player, "interval": max(interval, slower)}


def control_of(name: str, widget: Any, plays: bool = False) -> Control:
    """What a widget can be set to.

    name    of its parameter
    widget  of ipywidgets: a slider, or anything with options or a check mark
    plays   whether the play button moves it
    raises  CourseError if it is something else
    """
    start = widget.value
    if options(widget):
        values = tuple(value for _, value in options(widget))
        return Control(name, values, start, plays=plays)
    if isinstance(start, bool):
        return Control(name, (False, True), start)
    if not hasattr(widget, "step"):
        raise CourseError(f"no recording knows the control {name}, a {type(widget).__name__}")
    return Control(name, _positions(widget), start, slides=True, plays=plays)


def options(widget: Any) -> list[tuple[str, Any]]:
    """Text and value of what can be chosen, empty for a slider."""
    found = getattr(widget, "options", ())
    return [(str(o[0]), o[1]) if isinstance(o, tuple) else (str(o), o) for o in found]


def slides(widget: Any) -> bool:
    """Whether it looks like a slider, whatever its values are."""
    return type(widget).__name__ == "SelectionSlider"


def text(widget: Any, value: Any) -> str:
    """How a value is written beside the control."""
    named = [name for name, found in options(widget) if found == value]
    if named:
        return named[0]
    return format(value, getattr(widget, "readout_format", "")).replace("-", "−")


def _positions(widget: Any) -> tuple[Any, ...]:
    """The values of a slider; the one that it has now replaces the nearest."""
    count = round((widget.max - widget.min) / widget.step) + 1
    places = [widget.min + i * widget.step for i in range(count)]
    if hasattr(widget, "base"):
        values = [widget.base**place for place in places]
    else:
        values = [round(place, 10) for place in places]
    nearest = min(range(count), key=lambda i: abs(values[i] - widget.value))
    values[nearest] = widget.value
    return tuple(values)


GUESS = "987654321"
"""Stands for a guess in sentences; far from any truth, on either side."""


def gate(explorable: Explorable) -> dict[str, Any]:
    """The question of an explorable, and what there is to say about each answer."""
    truth = explorable.truth()
    asked = {"question": explorable.question, "choices": list(explorable.choices)}
    if isinstance(truth, str):
        return asked | {"said": [verdict(choice, truth) for choice in explorable.choices]}
    said = {
        "right": verdict(str(truth), truth),
        "more": verdict(f"-{GUESS}", truth).replace(f"-{GUESS}", "{guess}"),
        "less": verdict(GUESS, truth).replace(GUESS, "{guess}"),
        "none": verdict("guess", truth).replace("“guess”", "“{guess}”"),
    }
    return asked | {"truth": float(truth), "said": said}


# ---- the process that runs the lecture -----------------------------------------------------------


def run(notebook: dict[str, Any]) -> dict[str, Recording]:
    """Run the code cells in this process; record what explorables they end in.

    returns  id of the cell -> recording
    raises   CourseError if a cell fails
    """
    from IPython.core.interactiveshell import InteractiveShell

    run_cell: Callable[[str], Any] = InteractiveShell.instance().run_cell
    found = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            done = run_cell("".join(cell["source"]))
        error = done.error_before_exec or done.error_in_exec
        if error:
            source = "".join(cell["source"]).strip().splitlines()
            raise CourseError(f"the cell that begins {source[0]!r} failed: {error!r}")
        if isinstance(done.result, Explorable):
            found[cell["id"]] = record(done.result)
    return found


def main(source: Path, to: Path) -> int:
    """Run the lecture in a file, write its recordings to another; exit code."""
    try:
        found = run(json.loads(source.read_text(encoding="utf-8")))
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    to.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
