"""Builds a chapter each time it is saved."""

from collections.abc import Callable, Iterable
from pathlib import Path

from descent.course.build import Options, build
from descent.course.faults import CourseError
from descent.course.inputs import PACKAGE
from descent.course.release import CONFIG


def watch(
    root: Path,
    chapters: Iterable[str],
    options: Options,
    say: Callable[[str], None] = print,
    stop: object = None,
) -> None:
    """Build what is stale, then again after each save, until interrupted; faults don't end it.

    root      the course's folder
    chapters  names of chapters, all if none are given
    options   how to build
    say       takes a line of text
    stop      `threading.Event` that ends it too
    """
    from watchfiles import watch as changes

    wanted = list(chapters)
    _build(root, wanted, options, say)
    say("watching chapters/ and the package; Ctrl-C ends it")
    places = [p for p in (root / "chapters", root / CONFIG, PACKAGE) if p.exists()]
    for batch in changes(*places, stop_event=stop, raise_interrupt=False):  # type: ignore[arg-type]
        paths = sorted({Path(path) for _, path in batch})
        say(f"saved: {', '.join(path.name for path in paths)}")
        names = changed(root, paths)
        _build(root, [n for n in names if n in wanted or not wanted] or wanted, options, say)


def changed(root: Path, paths: Iterable[Path]) -> list[str]:
    """The chapters to look at after a change, none for all of them.

    paths    files that were saved
    """
    folder = (root / "chapters").resolve()
    names = set()
    for path in map(Path.resolve, paths):
        if not path.is_relative_to(folder):
            return []
        names.add(path.relative_to(folder).parts[0])
    return sorted(name for name in names if (folder / name).is_dir())


def _build(root: Path, names: list[str], options: Options, say: Callable[[str], None]) -> None:
    try:
        build(root, names, options, say)
    except CourseError as error:
        say(str(error))
