"""Which settings of an explorable a recording keeps, so that a learner can still do something."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

State = tuple[Any, ...]
"""A value for each control, in their order."""
COUNTS = ((61, 41), (61, 21), (41, 21), (31, 15), (31, 11), (21, 11), (21, 9), (15, 7), (11, 7))
"""Positions of the slider that plays, and of each other slider, from fine to coarse."""
COARSEST = ((11, 5), (11, 3), (7, 3), (3, 2))
"""The same, where a learner can only see each control's effect from the start."""


@dataclass(frozen=True)
class Control:
    """What a control can be set to.

    name    of the parameter
    values  all of them, in order
    start   the one that the lecture shows
    slides  whether some of the values do; else each of them counts
    plays   whether it is the slider that the play button moves
    """

    name: str
    values: tuple[Any, ...]
    start: Any
    slides: bool = False
    plays: bool = False

    def level(self, counts: tuple[int, int]) -> tuple[Any, ...]:
        """The values that are kept.

        counts   positions of the slider that plays, and of another
        returns  evenly spaced values, both ends and the start among them
        """
        most = counts[0] if self.plays else counts[1]
        if not self.slides or len(self.values) <= most:
            return self.values
        last = len(self.values) - 1
        kept = {round(i * last / (most - 1)) for i in range(most)}
        return tuple(self.values[i] for i in sorted(kept | {self.values.index(self.start)}))


def grid(controls: Sequence[Control], most: int) -> list[State]:
    """Settings to record.

    The finest of the first of these that has at most so many settings: all combinations; all
    combinations of the sliders; the player with each choice (or the first two controls) and
    further pairs; each control alone. What a sheet does not name stays at the start.

    controls  of the explorable
    most      settings, unless each control alone, at its coarsest, has more
    returns   settings without repetition, the start first
    """
    for sheets in _plans(controls):
        for counts in COUNTS:
            if _largest(controls, counts, sheets) > most:
                continue
            if len(_states(controls, counts, sheets)) <= most:
                return _with_pairs(controls, counts, sheets, most)
    return each_alone(controls, most)


def each_alone(controls: Sequence[Control], most: int) -> list[State]:
    """The finest settings in which one control leaves the start, or the coarsest there are."""
    found: list[State] = []
    for counts in (*COUNTS, *COARSEST):
        found = _states(controls, counts, _alone(controls))
        if len(found) <= most:
            break
    return found


Sheet = frozenset[str]


def _alone(controls: Sequence[Control]) -> list[Sheet]:
    return [frozenset([c.name]) for c in controls]


def _plans(controls: Sequence[Control]) -> Iterable[list[Sheet]]:
    """What to combine, from most to least."""
    alone = _alone(controls)
    yield [frozenset(c.name for c in controls)]
    sliders = frozenset(c.name for c in controls if c.slides)
    if len(sliders) > 1:
        yield [sliders, *alone]
    player = [c.name for c in controls if c.plays]
    chosen = [c.name for c in controls if not c.slides]
    if player:
        yield [*(frozenset([*player, name]) for name in chosen), *alone]
    else:
        yield [frozenset(c.name for c in controls[:2]), *alone]


def _with_pairs(
    controls: Sequence[Control], counts: tuple[int, int], sheets: list[Sheet], most: int
) -> list[State]:
    """The settings of the sheets, and of as many further pairs of controls as there is room for."""
    found = _states(controls, counts, sheets)
    ordered = sorted(controls, key=lambda c: not c.plays)
    for pair in itertools.combinations(ordered, 2):
        more = [*sheets, frozenset(c.name for c in pair)]
        if _largest(controls, counts, more) > most:
            continue
        states = _states(controls, counts, more)
        if len(states) <= most:
            sheets, found = more, states
    return found


def _largest(controls: Sequence[Control], counts: tuple[int, int], sheets: Iterable[Sheet]) -> int:
    """Settings of the largest sheet, told without making them."""
    return max(
        math.prod(len(c.level(counts)) for c in controls if c.name in sheet) for sheet in sheets
    )


def _states(
    controls: Sequence[Control], counts: tuple[int, int], sheets: Iterable[Sheet]
) -> list[State]:
    start = tuple(c.start for c in controls)
    found: dict[State, None] = {start: None}
    for sheet in sheets:
        levels = [c.level(counts) if c.name in sheet else (c.start,) for c in controls]
        found.update(dict.fromkeys(itertools.product(*levels)))
    return list(found)
