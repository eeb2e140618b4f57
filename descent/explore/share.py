"""A setting of an explorable as a short text: "NeighbourVotes:k=7,x1=0.5,x2=0.35"."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from ipywidgets import FloatLogSlider, Text

from descent.explore import direct

TOLERANCE = 1e-3
"""How far from a step a number may lie, in steps: codes have six digits."""
RESERVED = '%,="\n'
"""What separates the parts of a code, and is written as %2C and the like inside them."""


def encoded(name: str, controls: Mapping[str, Any]) -> str:
    """The code of a setting.

    name      of the explorable's class
    controls  name -> control
    returns   name:control=value,…
    """
    values = (f"{key}={_written(control)}" for key, control in controls.items())
    return f"{name}:{','.join(values)}"


def split(code: str) -> tuple[str, dict[str, str]]:
    """The parts of a code.

    code     name:control=value,…
    returns  name of the class, control's name -> its value as text
    raises   ValueError if it is no code
    """
    name, _, rest = code.strip().strip("\"'").partition(":")
    pairs = [part.partition("=") for part in rest.split(",") if part.strip()]
    if not name.strip().isidentifier() or not all(equals for _, equals, _ in pairs):
        raise ValueError(
            f"expected a code such as NeighbourVotes:k=7,x1=0.5, got {code!r}: copy the whole text "
            "of “Share this setting”"
        )
    return name.strip(), {key.strip(): unquote(value.strip()) for key, _, value in pairs}


def value_of(name: str, control: Any, text: str) -> Any:
    """The value of a control that a code names.

    name     of the control
    control  slider, list, check box or field
    text     its value in the code
    raises   ValueError if the control can't have it
    """
    if isinstance(control, Text):
        return text
    if hasattr(control, "options") or isinstance(control.value, bool):
        known = {_text(key): value for key, value in _named(control).items()}
        if text not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}; got {text!r}{ADVICE}")
        return known[text]
    return _number(name, control, text)


ADVICE = ": copy the code again, or leave this part out"


def _number(name: str, control: Any, text: str) -> Any:
    low, high = control.min, control.max
    logarithmic = isinstance(control, FloatLogSlider)
    ends = [control.base**end if logarithmic else end for end in (low, high)]
    steps = "" if logarithmic else f" in steps of {control.step:g}"
    wrong = f"{name} must lie in {ends[0]:g}..{ends[1]:g}{steps}, got {text!r}{ADVICE}"
    try:
        number = float(text)
        value = number if logarithmic else direct.fitted(control, number)
    except ValueError as error:
        raise ValueError(wrong) from error
    inside = ends[0] * (1 - TOLERANCE) <= value <= ends[1] * (1 + TOLERANCE)
    if (logarithmic and not inside) or abs(value - number) > TOLERANCE * control.step:
        raise ValueError(wrong)
    return value


def show(code: str) -> Any:
    """The explorable that a code names, in the setting that it names.

    code     what the field “Share this setting” shows
    returns  the explorable, to end a cell with
    raises   ValueError if it is no code, or no explorable has that name
    """
    from descent.explore.catalogue import explorables

    known = {kind.__name__: kind for kind in explorables()}
    name, _ = split(code)
    if name not in known:
        raise ValueError(f"expected one of {', '.join(sorted(known))}; got {name!r}")
    return known[name].at(code)


def _named(control: Any) -> dict[Any, Any]:
    """What a code calls each value of a list or check box."""
    if not hasattr(control, "options"):
        return {"yes": True, "no": False}
    pairs = [o if isinstance(o, tuple) else (o, o) for o in control.options]
    return {v if type(v) in (int, float) else label: v for label, v in pairs}


def _written(control: Any) -> str:
    """The value of a control in a code."""
    value = control.value
    if not isinstance(control, Text) and (hasattr(control, "options") or isinstance(value, bool)):
        value = next(key for key, v in _named(control).items() if v is value or v == value)
    return "".join(quote(c) if c in RESERVED else c for c in _text(value))


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
