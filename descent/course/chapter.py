"""Reads a chapter's folder, and says all that is wrong with it at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from descent.course import leaks
from descent.course.attempts import attempt_faults
from descent.course.cells import cell_faults, plain_faults
from descent.course.contract import Exercise, name_faults, read_exercises, split, titles
from descent.course.faults import CourseError, Fault, course_error, read_text
from descent.course.hints import hint_faults, read_hints
from descent.course.myst import Cell, read_cells

PARTS = ("*.md", "hints.yml", "attempts/*.py")
"""What a chapter's folder holds; `lecture.md` alone makes a chapter without exercises."""


@dataclass(frozen=True)
class Chapter:
    """What a chapter's folder says.

    name       of the folder
    lecture    cells of the lecture
    opening    locked cells before the first exercise
    exercises  none where the chapter asks nothing
    hints      exercise -> its hints, Markdown
    texts      file -> contents, of lecture.md, exercise.md and hints.yml
    """

    name: str
    lecture: list[Cell]
    opening: list[Cell] = field(default_factory=list)
    exercises: list[Exercise] = field(default_factory=list)
    hints: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def chapter_names(root: Path) -> list[str]:
    """The names of all chapters, in order.

    root     the course's folder
    raises   CourseError if there is none
    """
    folder = root / "chapters"
    paths = [path for part in PARTS for path in folder.glob(f"*/{part}")]
    if not paths:
        raise CourseError(f"no chapters in {folder}; name the course's folder by --root")
    return sorted({path.relative_to(folder).parts[0] for path in paths})


def read_chapter(root: Path, chapter: str) -> Chapter:
    """A chapter whose text has no faults.

    root     the course's folder
    chapter  name of a folder in chapters/
    raises   CourseError with everything that is wrong with it
    """
    folder, file = root / "chapters" / chapter, f"chapters/{chapter}"
    lecture, texts, faults = _lecture(folder / "lecture.md", f"{file}/lecture.md")
    read = Chapter(chapter, lecture, texts=texts)
    if (folder / "exercise.md").exists():
        read, found = _with_exercises(read, folder, file)
        faults += found
    else:
        faults += _half_faults(folder, file)
    faults = faults or list(_leaks(read))
    if faults:
        raise course_error(faults)
    return read


def _lecture(path: Path, file: str) -> tuple[list[Cell], dict[str, str], list[Fault]]:
    if not path.exists():
        what = "the lecture is missing; write it, or remove the chapter's folder"
        return [], {}, [Fault(file, 1, what)]
    text = read_text(path, file)
    cells, faults = read_cells(text, file)
    return cells, {file: text}, [*faults, *(f for cell in cells for f in plain_faults(cell))]


def _half_faults(folder: Path, file: str) -> Iterator[Fault]:
    """Files that say something about exercises, where there are none."""
    for path in (*folder.glob("hints.yml"), *sorted(folder.glob("attempts/*.py"))):
        what = "the chapter has no exercise.md; write it, or remove this file"
        yield Fault(f"{file}/{path.relative_to(folder).as_posix()}", 1, what)


def _with_exercises(chapter: Chapter, folder: Path, file: str) -> tuple[Chapter, list[Fault]]:
    text = read_text(folder / "exercise.md", f"{file}/exercise.md")
    cells, faults = read_cells(text, f"{file}/exercise.md")
    hints, found = read_hints(folder / "hints.yml", f"{file}/hints.yml")
    faults += found
    if not cells:
        return chapter, faults
    opening, sections = split(cells)
    named = [title for title in titles(sections) if title]
    exercises, contract = read_exercises(opening, sections)
    faults += [*(f for cell in cells for f in cell_faults(cell)), *contract]
    faults += name_faults(cells, named)
    faults += hint_faults(hints, named) if not found else []
    faults += attempt_faults(folder / "attempts", f"{file}/attempts", named)
    texts = chapter.texts | {f"{file}/exercise.md": text, hints.file: hints.text}
    return Chapter(chapter.name, chapter.lecture, opening, exercises, hints.told, texts), faults


def _leaks(chapter: Chapter) -> list[Fault]:
    """Lines of solutions that students could read in the chapter's texts."""
    cells = [*chapter.lecture, *chapter.opening, *(c for e in chapter.exercises for c in e.cells)]
    shown = [(cell.file, leaks.visible(cell)) for cell in cells]
    hints = [(file, text) for file, text in chapter.texts.items() if file.endswith(".yml")]
    shown += [(file, list(enumerate(text.splitlines(), 1))) for file, text in hints]
    solutions = {e.name: e.solution.source for e in chapter.exercises}
    return list(leaks.leak_faults(solutions, shown))
