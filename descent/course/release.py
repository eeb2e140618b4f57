"""Student versions by nbgrader's own generate_assignment, for many chapters in one process.

`python -m descent.course.release COURSE CONFIG CHAPTER…` goes from COURSE/source to COURSE/release.
"""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from descent.course.faults import CourseError
from descent.course.inputs import PACKAGE
from descent.course.notebooks import write

CONFIG = "nbgrader_config.py"


async def release(sources: Mapping[str, str], root: Path) -> dict[str, str]:
    """What nbgrader writes to release/ for these sources; nothing of the course is touched.

    sources  chapter -> contents of its instructor version
    root     the course's folder, whose nbgrader_config.py counts
    returns  chapter -> contents of its student version
    raises   CourseError with nbgrader's own words
    """
    if not sources:
        return {}
    with TemporaryDirectory() as name:
        course = Path(name).resolve()
        for chapter, contents in sources.items():
            write(course / "source" / chapter / f"{chapter}.ipynb", contents)
        await _run(course, root.resolve() / CONFIG, list(sources))
        return {
            chapter: (course / "release" / chapter / f"{chapter}.ipynb").read_text("utf-8")
            for chapter in sources
        }


async def _run(course: Path, config: Path, chapters: list[str]) -> None:
    """`generate` in a process of its own, as it changes the working folder of the whole process."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "descent.course.release", str(course), str(config), *chapters],
        cwd=PACKAGE.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise CourseError(f"nbgrader generate_assignment failed:\n{said.decode().strip()}")


def generate(course: Path, config: Path, chapters: list[str]) -> None:
    """Run nbgrader's converter, as `nbgrader generate_assignment --no-db` does.

    course    folder with source/
    config    the nbgrader_config.py to obey
    chapters  names of the assignments
    raises    NbGraderException if one fails
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config.loader import PyFileConfigLoader

    settings = PyFileConfigLoader(config.name, path=str(config.parent)).load_config()
    settings.CourseDirectory.root = str(course)
    settings.SaveCells.enabled = False
    settings.GenerateAssignment.no_database = True
    for chapter in chapters:
        folder = CourseDirectory(config=settings, assignment_id=chapter)
        GenerateAssignment(coursedir=folder, config=settings).start()


if __name__ == "__main__":
    generate(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
