"""Hints one by one. How many were shown is kept on this computer, and told nobody."""

import json
import os
from contextlib import suppress
from pathlib import Path

from descent.student.paper import Exercise

TITLES = ("a nudge", "more", "nearly the answer")


def next_hint(chapter: str, exercise: Exercise) -> str:
    """The next hint that was not shown yet; after the last, all of them.

    returns  title and Markdown
    """
    shown = _seen().get(f"{chapter}/{exercise.name}", 0)
    if shown < len(exercise.hints):
        _remember(f"{chapter}/{exercise.name}", shown + 1)
        return _titled(exercise, shown)
    if not exercise.hints:
        return f"{exercise.name} has no hints."
    told = [_titled(exercise, number) for number in range(len(exercise.hints))]
    return "\n\n".join([*told, f"These were all {len(told)} hints for {exercise.name}."])


def _titled(exercise: Exercise, number: int) -> str:
    title = f": {TITLES[number]}" if len(exercise.hints) == len(TITLES) else ""
    return f"Hint {number + 1} of {len(exercise.hints)}{title}\n\n{exercise.hints[number]}"


def _file() -> Path:
    import platformdirs

    return Path(os.environ.get("DESCENT_STATE") or platformdirs.user_state_dir("descent")) / (
        "hints.json"
    )


def _seen() -> dict[str, int]:
    """Chapter/exercise -> number of hints that were shown."""
    try:
        found = json.loads(_file().read_text("utf-8"))
        return {str(name): int(number) for name, number in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(name: str, number: int) -> None:
    with suppress(OSError):  # then the same hint comes again
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(json.dumps(_seen() | {name: number}, indent=1), encoding="utf-8")
