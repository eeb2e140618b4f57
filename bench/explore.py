"""Server-side cost of one update of every explorable, beside `interact` with new inline figures.

    python bench/explore.py [--updates 500] [NAME …]

One row an explorable: median and 95th percentile of an update in milliseconds when each control is
moved from end to end for the first time (a network that a setting trains is trained then), and of
all updates after that; memory gained over these, and the same picture drawn anew as `interact`
with inline figures does, in one run.
"""

import argparse
import itertools
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from descent import style
from descent.explore import base
from descent.explore.catalogue import explorables


def values(control: Any) -> list[Any]:
    """Some settings of a control, from end to end."""
    if hasattr(control, "options"):
        return [o[1] if isinstance(o, tuple) else o for o in control.options]
    if isinstance(control.value, bool):
        return [True, False]
    if isinstance(control, base.widgets.FloatLogSlider):
        steps = range(int((control.max - control.min) / control.step) + 1)
        return [control.base ** (control.min + k * control.step) for k in steps][:40]
    if hasattr(control, "max"):
        n = min(40, int((control.max - control.min) / control.step))
        every = (control.max - control.min) / control.step // max(n, 1) * control.step
        return [control.min + type(control.min)(k * every) for k in range(n + 1)]
    return [control.value]


def moves(explorable: base.Explorable) -> list[tuple[str, Any]]:
    """One control after the other from end to end and back."""
    return [
        (name, value)
        for name, control in explorable.widgets.items()
        for value in [*values(control), control.value]
    ]


def measure(update: Callable[[str, Any], Any], settings: list[tuple[str, Any]]) -> list[float]:
    """Milliseconds of each update."""
    times = []
    for name, value in settings:
        start = time.perf_counter()
        update(name, value)
        times.append(1000 * (time.perf_counter() - start))
    return times


def memory() -> float:
    """Resident memory of this process, MiB (Linux; nan elsewhere)."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return float("nan")


def inline(explorable: base.Explorable) -> Callable[[str, Any], None]:
    """The update of `interact` with inline figures: compute, a new pyplot figure, PNG, close."""
    import matplotlib.pyplot as plt
    from IPython.core.pylabtools import print_figure

    params = dict(explorable.params)

    def update(name: str, value: Any) -> None:
        params[name] = value
        fresh = object.__new__(type(explorable))
        fresh.__dict__ = explorable.__dict__ | {"_moving": [], "_changing": []}
        fresh.__dict__ |= {"_fixed": None, "_background": None}
        result = explorable.compute(**params)
        fig = plt.figure(figsize=explorable.size, dpi=style.DPI, layout="constrained")
        fresh.build(fig, result)
        for artist in fresh._moving:
            artist.set_animated(False)
        fresh.update(result)
        print_figure(fig, "png")
        plt.close(fig)

    return update


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="classes; default: all")
    parser.add_argument("--updates", type=int, default=500)
    options = parser.parse_args()
    heads = ("first", 9), ("p95", 7), ("median", 9), ("p95", 7), ("MiB gained", 12)
    heads += ("interact+inline", 17), ("ratio", 8)
    print(f"{'explorable':34}" + "".join(f"{head:>{width}}" for head, width in heads))
    for kind in explorables():
        if not options.names or kind.__name__ in options.names:
            print(row(kind, options.updates), flush=True)


def row(kind: type[base.Explorable], updates: int) -> str:
    """What is measured of an explorable."""
    explorable = kind()
    move = lambda name, value: explorable.set(**{name: value})  # noqa: E731
    round_ = moves(explorable)
    first = measure(move, round_)
    settings = list(itertools.islice(itertools.cycle(round_), updates))
    measure(move, round_)  # what caches grow to
    before = memory()
    times = measure(move, settings)
    gained = memory() - before
    slow = statistics.median(measure(inline(explorable), round_[:: max(1, len(round_) // 25)]))
    median = statistics.median(times)
    name = f"{kind.__module__.split('.')[-1]}.{kind.__name__}"
    return (
        f"{name:34}{statistics.median(first):>9.1f}{p95(first):>7.1f}{median:>9.1f}"
        f"{p95(times):>7.1f}{gained:>12.2f}{slow:>17.1f}{slow / median:>8.1f}"
    )


if __name__ == "__main__":
    main()
