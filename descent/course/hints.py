"""Reads hints.yml: three hints for every exercise."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from descent.course.faults import Fault, read_text

WANTED = 3


@dataclass(frozen=True)
class Hints:
    """What hints.yml says.

    file   its path from the course's root
    text   its contents
    told   exercise -> its hints, a list of Markdown texts once the faults are mended
    lines  exercise -> line of its name in the file
    """

    file: str
    text: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def read_hints(path: Path, file: str) -> tuple[Hints, list[Fault]]:
    """The hints of a chapter, and what is wrong with the file's form.

    path     hints.yml
    file     its name from the course's root
    """
    if not path.exists():
        what = f"the hints are missing; write {WANTED} for every exercise"
        return Hints(file), [Fault(file, 1, what)]
    text = read_text(path, file)
    try:
        node, told = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        flow = "flow" in (error.context or "")  # then the bracket that is open is to blame
        mark = error.context_mark if flow else error.problem_mark
        line = mark.line + 1 if mark else 1
        return Hints(file), [Fault(file, line, f"not YAML ({error.problem}); mend the line")]
    if not isinstance(node, yaml.MappingNode):
        what = "not a list of hints under each exercise's name; write name: and three lines - |"
        return Hints(file), [Fault(file, 1, what)]
    lines: dict[str, int] = {}
    faults = []
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if lines.setdefault(key.value, line) != line:
            faults.append(Fault(file, line, f"`{key.value}` has hints above; join the two lists"))
    return Hints(file, text, told, lines), faults


def hint_faults(hints: Hints, exercises: list[str]) -> Iterator[Fault]:
    """Hints that are missing, not three, or for an exercise that isn't there.

    exercises  names of the chapter's exercises
    """
    for exercise in exercises:
        if exercise not in hints.told:
            what = f"no hints for `{exercise}`; write {WANTED}, from a nudge to nearly the answer"
            yield Fault(hints.file, 1, what)
    for exercise, told in hints.told.items():
        what = ""
        if exercise not in exercises:
            what = f"no exercise is called `{exercise}`; rename or remove its hints"
        elif not isinstance(told, list) or not all(isinstance(h, str) and h.strip() for h in told):
            what = f"the hints of `{exercise}` are not all texts; begin each with - |"
        elif len(told) != WANTED:
            what = f"`{exercise}` has {len(told)} hints; write {WANTED}"
        if what:
            yield Fault(hints.file, hints.lines[exercise], what)
