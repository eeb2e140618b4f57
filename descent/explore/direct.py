"""Direct manipulation: points of a picture that a learner drags, each bound to controls."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ipywidgets import FloatLogSlider
from matplotlib.axes import Axes


@dataclass(frozen=True)
class Handle:
    """A point of the picture that moves controls.

    name    what it is called: "query"
    ax      Axes in whose coordinates it lies
    place   result -> where it is now; None where there is nothing to drag
    x, y    controls that a move to the right and a move up change, "" for none; without `values`
            they are the point's coordinates
    values  result, x, y -> value of each control that puts the point there
    """

    name: str
    ax: Axes
    place: Callable[[Any], tuple[float, float] | None]
    x: str = ""
    y: str = ""
    values: Callable[[Any, float, float], dict[str, float]] | None = None

    @property
    def controls(self) -> list[str]:
        """Names of the controls that it moves."""
        return [name for name in (self.x, self.y) if name]

    def read(self, result: Any, x: float, y: float) -> dict[str, float]:
        """What the controls must be for the point to lie there, in data coordinates."""
        if self.values is not None:
            return self.values(result, x, y)
        return {name: value for name, value in ((self.x, x), (self.y, y)) if name}

    def nudge(self, right: int, up: int) -> dict[str, int]:
        """By how many steps the arrow keys move the controls: along the axes of the picture.

        right, up  key presses in that direction, less those in the other
        returns    steps of each control; one that is alone moves with all keys
        """
        if len(self.controls) == 1:
            return {self.controls[0]: right + up}
        signs = (-1 if inverted else 1 for inverted in self._inverted())
        return {n: by * s for n, by, s in zip((self.x, self.y), (right, up), signs, strict=True)}

    def _inverted(self) -> tuple[bool, bool]:
        return self.ax.xaxis_inverted(), self.ax.yaxis_inverted()


def fitted(control: Any, value: float) -> Any:
    """The value of a control that is nearest to a number: in its range, on one of its steps.

    control  slider, or a list of numbers to choose from
    value    a finite number
    raises   ValueError if it is none
    """
    if not math.isfinite(value):
        raise ValueError(f"{control.description}: expected a finite number, got {value}")
    if hasattr(control, "options"):
        return min(choices(control), key=lambda option: abs(option - value))
    if isinstance(control, FloatLogSlider):
        lowest = control.base**control.min
        return control.base ** on_step(control, math.log(max(value, lowest), control.base))
    return on_step(control, value)


def on_step(slider: Any, value: float) -> Any:
    """The slider's step nearest to a number, an int for a slider over integers."""
    low, high = slider.min, slider.max
    steps = round((min(max(value, low), high) - low) / slider.step)
    found = min(low + steps * slider.step, high)
    return found if isinstance(low, int) else round(found, 10)


def value_of(control: Any) -> Any:
    """The value of a control, without what a browser's arithmetic leaves in its last digits."""
    value = control.value
    if not isinstance(value, float):
        return value
    return float(f"{value:.12g}") if isinstance(control, FloatLogSlider) else round(value, 10) + 0.0


def moved(control: Any, steps: int) -> Any:
    """The value of a control after some steps up (or, negative, down); it stops at its ends."""
    if hasattr(control, "options"):
        values = choices(control)
        at = values.index(control.value) + steps
        return values[min(max(at, 0), len(values) - 1)]
    if isinstance(control, FloatLogSlider):
        power = math.log(control.value, control.base)
        return control.base ** on_step(control, power + steps * control.step)
    return on_step(control, control.value + steps * control.step)


def choices(control: Any) -> list[Any]:
    """The values that a list offers."""
    return [o[1] if isinstance(o, tuple) else o for o in control.options]


def on_picture(ax: Axes, point: tuple[float, float]) -> tuple[float, float]:
    """Where a point lies on the picture.

    point    data coordinates
    returns  parts of the width from the left and of the height from the top
    """
    across, up = ax.transData.transform(point)
    box = ax.get_figure(root=True).bbox  # type: ignore[union-attr]
    return float(across / box.width), float(1 - up / box.height)


def on_axes(ax: Axes, left: float, top: float) -> tuple[float, float]:
    """The reverse of `on_picture`: data coordinates of a place on the picture."""
    box = ax.get_figure(root=True).bbox  # type: ignore[union-attr]
    x, y = ax.transData.inverted().transform((left * box.width, (1 - top) * box.height))
    return float(x), float(y)


def view(handle: Handle, result: Any, controls: Mapping[str, Any]) -> dict[str, Any]:
    """What the browser must know of a handle.

    handle    Handle
    result    that the picture shows
    controls  name -> control
    returns   name and place; range, value and text for a screen reader; `locked` if no key or
              pointer may move it
    """
    place = handle.place(result)
    moves = [controls[name] for name in handle.controls]
    first = moves[0]
    values = choices(first) if hasattr(first, "options") else None
    left, top = on_picture(handle.ax, place) if place else (0.0, 0.0)
    return {
        "name": handle.name,
        "left": round(left, 5),
        "top": round(top, 5),
        "min": 0 if values else first.min,
        "max": len(values) - 1 if values else first.max,
        "now": values.index(first.value) if values else first.value,
        "text": ", ".join(f"{control.description} {_text(control.value)}" for control in moves),
        "hidden": place is None,
        "locked": any(control.disabled for control in moves),
    }


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
