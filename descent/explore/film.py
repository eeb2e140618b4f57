"""Which pictures of a recorded run a browser has, so that it can show them by itself."""

from collections.abc import Iterator, Sequence
from typing import Any

LIMIT = 20 * 2**20
"""Bytes of pictures that a browser gets for one explorable; the rest is drawn when asked for."""
SLICE = 0.025
"""Seconds that the kernel works on pictures in advance before it looks for other work."""


class Film:
    """The pictures of one run, of which the browser is given one after the other.

    A run is what the controls but the step slider say; another setting of them is another run.
    """

    def __init__(self) -> None:
        self.number = 0
        self._wanted = False
        self._run: Any = None
        self._held: set[int] = set()
        self._bytes = 0

    def begin(self) -> None:
        """A browser says that it can keep pictures; this one has none yet."""
        self._wanted = True
        self._forget()

    def run(self, settings: Any) -> int:
        """Tell which run is shown; another one forgets the pictures of the last.

        settings  values of all controls but the step slider
        returns   number of the run, 0 as long as no browser keeps pictures
        """
        if self._wanted and settings != self._run:
            self._run = settings
            self._forget()
        return self.number

    def _forget(self) -> None:
        self.number += 1
        self._held.clear()
        self._bytes = 0

    def has(self, step: int) -> bool:
        """Whether the browser has the picture of a step."""
        return step in self._held

    def given(self, step: int, png: bytes) -> None:
        """Note that the browser was given a picture, if there is room for it."""
        if not self.full and step not in self._held:
            self._held.add(step)
            self._bytes += len(png)

    @property
    def full(self) -> bool:
        """Whether the browser is to get no more."""
        return self._bytes >= LIMIT

    def missing(self, steps: Sequence[int], now: int) -> Iterator[int]:
        """Steps whose pictures the browser should get, the next ones first.

        steps  all of the run
        now    the one that is shown
        """
        for step in sorted(steps, key=lambda step: (step < now, abs(step - now))):
            if self.full:
                return
            if step not in self._held:
                yield step
