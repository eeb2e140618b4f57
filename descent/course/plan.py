"""What notebooks a chapter's text asks for, and which of them are stale."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from descent.course import notebooks, stamp
from descent.course.chapter import Chapter, chapter_names, read_chapter
from descent.course.faults import CourseError, read_text
from descent.course.inputs import hash_run, hash_texts
from descent.course.release import CONFIG


@dataclass(frozen=True)
class Plan:
    """The notebooks that a chapter's text asks for, not yet executed.

    root       the course's folder
    chapter    the text
    lecture    the lecture
    source     instructor version of the exercises, None if the chapter has none
    solutions  solved exercises, None if the chapter has none
    """

    root: Path
    chapter: Chapter
    lecture: NotebookNode
    source: NotebookNode | None = None
    solutions: NotebookNode | None = None

    @property
    def name(self) -> str:
        """The chapter's name."""
        return self.chapter.name

    def path(self, kind: str) -> Path:
        """The file of a built notebook.

        kind     "lectures", "source", "release", "exercises" or "solutions"
        """
        folder = self.root / kind / (self.name if kind in ("source", "release") else "")
        return folder / f"{self.name}.ipynb"

    def release_is_stale(self) -> bool:
        """Whether nbgrader has to make the student version anew."""
        found = stamp.load(self.path("release"))
        return self.source is not None and (
            found is None or stamp.inputs(found) != stamp.inputs(self.source)
        )


def select(root: Path, chapters: Iterable[str]) -> list[str]:
    """The chapters to work on, in order.

    chapters  names, all if none are given
    raises    CourseError if one doesn't exist
    """
    names, wanted = chapter_names(root), list(chapters)
    for name in wanted:
        if name not in names:
            raise CourseError(f"no chapter {name!r}; there are {', '.join(names)}")
    return [name for name in names if name in wanted or not wanted]


def read_plans(root: Path, names: list[str]) -> tuple[list[Plan], list[CourseError]]:
    """The plans of those chapters that have no faults, and the faults of the others."""
    plans, errors = [], []
    for name in names:
        try:
            plans.append(_plan(root, read_chapter(root, name)))
        except CourseError as error:
            errors.append(error)
    return plans, errors


def _plan(root: Path, chapter: Chapter) -> Plan:
    text, *texts = chapter.texts.values()
    lecture = notebooks.lecture(chapter, "")
    lecture = notebooks.lecture(chapter, hash_run([text], _codes(lecture)))
    if not chapter.exercises:
        return Plan(root, chapter, lecture)
    config = read_text(root / CONFIG, CONFIG) if (root / CONFIG).exists() else ""
    source = notebooks.source(chapter, hash_texts([*texts, config]))
    solutions = notebooks.solutions(chapter, hash_run(texts, _codes(source)))
    return Plan(root, chapter, lecture, source, solutions)


def _codes(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]
