"""Makes the repository that students get: everything to learn with, nothing to copy from.

Whatever was published before and is not any more is taken away; what a student edited stays.
"""

import hashlib
import json
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat

from descent.course import leaks, markers, stamp
from descent.course.chapter import Chapter, read_chapter
from descent.course.faults import CourseError
from descent.course.inputs import PACKAGE, modules_used
from descent.course.place import place
from descent.course.plan import select

MANIFEST = ".published.json"
ROOMS = ("lectures", "exercises")
LICENCES = ("LICENSE", "LICENSE-text", "constraints.txt")
STUDENT = Path(__file__).parent / "student"
"""Files of the students' repository that are not made from the course's."""


def publish(root: Path, to: Path, say: Callable[[str], None] = print) -> list[str]:
    """Write, or update, the students' repository.

    root     the course's folder, built
    to       folder of the repository; made if it is not there
    say      takes a line of text
    returns  the files that it consists of, as paths with slashes
    raises   CourseError if something is not built, the folder holds something else, or a file
             would show a solution or a hidden test
    """
    files = dict(_files(root))
    _forbid_leaks(root, files)
    before = _published(to)
    for name, contents in files.items():
        _write(to, name, contents, before, say)
    for name in sorted(before.keys() - files.keys()):
        _take_away(to, name, before[name], say)
    hashes = {name: _hash(contents) for name, contents in sorted(files.items())}
    (to / MANIFEST).write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
    say(f"{len(files)} files in {to}; next: commit and push them there")
    return sorted(files)


def _files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Name and contents of every file."""
    names = select(root, [])
    notebooks = list(_notebooks(root, names))
    yield from notebooks
    yield from _package([json.loads(contents) for _, contents in notebooks])
    for name in LICENCES:
        if (root / name).is_file():
            yield name, (root / name).read_bytes()
    for path in sorted(STUDENT.iterdir()):
        if path.is_file():
            name = path.name.removesuffix(".txt")
            yield name, _filled(root, path.read_text("utf-8")).encode()


def _notebooks(root: Path, names: list[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        paths = [root / "lectures" / f"{name}.ipynb"]
        if (root / "chapters" / name / "exercise.md").exists():
            paths.append(root / "exercises" / f"{name}.ipynb")
            paths.append(root / "release" / name / f"{name}.ipynb")
        for path in paths:
            notebook = stamp.load(path)
            if notebook is None:
                raise CourseError(f"{path.relative_to(root)} is missing; run: make build")
            if path.parent.name in ROOMS and stamp.edited(notebook):
                raise CourseError(
                    f"{path.relative_to(root)} was edited by hand; move it away and run: make build"
                )
            yield path.relative_to(root).as_posix(), path.read_bytes()


def _package(notebooks: list[dict[str, list[dict[str, str]]]]) -> Iterator[tuple[str, bytes]]:
    """The modules that notebooks and students' commands use, and the files that lie beside them."""
    code = [
        "".join(cell["source"])
        for notebook in notebooks
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]
    code += [f"import descent.student.{path.stem}" for path in PACKAGE.glob("student/*.py")]
    code.append("import descent.server")
    modules = modules_used(code, PACKAGE)
    folders = {path.parent for path in modules} - {PACKAGE} | {PACKAGE / "labextensions"}
    beside = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    for path in sorted({*modules, *beside, PACKAGE / "py.typed"}):
        if path.is_file():
            yield f"descent/{path.relative_to(PACKAGE).as_posix()}", path.read_bytes()


def _filled(root: Path, template: str) -> str:
    """A template with the project's version, requirements and table of chapters."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    student = project["project"]["optional-dependencies"]["student"]
    readme = (root / "README.md").read_text("utf-8")
    from descent import __version__

    texts = {
        "@VERSION@": __version__,
        "@REQUIREMENTS@": _lines(project["project"]["dependencies"]),
        "@STUDENT@": _lines(student),
        "@CHAPTERS@": _part(readme, "chapters"),
        "@PLACES@": _part(readme, "places"),
    }
    for mark, text in texts.items():
        template = template.replace(mark, text)
    return template


def _part(readme: str, name: str) -> str:
    """What stands between two comments `<!-- name -->` and `<!-- /name -->`, "" if nothing does."""
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", readme, re.DOTALL)
    return found[1] if found else ""


def _lines(needs: list[str]) -> str:
    return "\n".join(f'    "{need}",' for need in needs)


# ---- nothing that students must not see ----------------------------------------------------------


def secrets(chapter: Chapter) -> dict[str, str]:
    """Lines of a chapter's solutions and hidden tests that no published file may have.

    returns  normalised line -> line
    """
    found = solutions(chapter)
    shown = {
        leaks.normalised(line)
        for exercise in chapter.exercises
        for cell in (exercise.solution, exercise.test, *exercise.statement, *exercise.between)
        for _, line in leaks.visible(cell)
    }
    for exercise in chapter.exercises:
        lines = exercise.test.source.splitlines()
        for first, last in markers.regions(exercise.test.source, markers.HIDDEN):
            found |= {leaks.normalised(line): line for line in lines[first : last - 1]}
    return {
        short: line
        for short, line in found.items()
        if len(short) >= leaks.SHORTEST and short not in shown and not leaks.GENERIC.match(line)
    }


def solutions(chapter: Chapter) -> dict[str, str]:
    """Lines of a chapter's solutions: normalised line -> line."""
    sources = [exercise.solution.source for exercise in chapter.exercises]
    return {short: line for source in sources for short, line in leaks.secrets(source).items()}


def _forbid_leaks(root: Path, files: dict[str, bytes]) -> None:
    """Stop at a line of a solution or of a hidden test of its own chapter's."""
    for name in select(root, []):
        if not (root / "chapters" / name / "exercise.md").exists():
            continue
        chapter = read_chapter(root, name)
        hidden, solved = secrets(chapter), solutions(chapter)
        for file, contents in files.items():
            if file.endswith(f"{name}.ipynb"):
                _forbid(file, contents, solved if file.startswith("lectures/") else hidden)


def _forbid(file: str, contents: bytes, hidden: dict[str, str]) -> None:
    notebook = nbformat.reads(contents.decode("utf-8"), as_version=4)
    lines = (line for cell in notebook.cells for line in cell.source.splitlines())
    for line in lines:
        if leaks.normalised(line) in hidden:
            raise CourseError(
                f"{file} would show students a line of a solution or of a hidden test: "
                f"{line.strip()}; run: make build"
            )


# ---- writing -------------------------------------------------------------------------------------


def _published(to: Path) -> dict[str, str]:
    """What was published before: file -> hash of its contents."""
    manifest = to / MANIFEST
    if manifest.is_file():
        try:
            return dict(json.loads(manifest.read_text("utf-8")))
        except (ValueError, TypeError):
            raise CourseError(
                f"{manifest} can't be read; restore it, or choose a new folder"
            ) from None
    if to.is_dir() and any(path.name not in (".git", ".gitignore") for path in to.iterdir()):
        raise CourseError(
            f"{to} holds files that were not published by this command; choose an empty folder, "
            "or a fresh clone of an empty repository"
        )
    to.mkdir(parents=True, exist_ok=True)
    return {}


def _write(
    to: Path, name: str, contents: bytes, before: dict[str, str], say: Callable[[str], None]
) -> None:
    target = to / name
    if target.is_file() and target.read_bytes() == contents:
        return
    if name.split("/", 1)[0] in ROOMS:
        place(target, contents.decode("utf-8"), say)
        return
    if target.is_file() and _hash(target.read_bytes()) != before.get(name):
        aside = target.with_name(f"{target.name}.yours")
        shutil.copyfile(target, aside)
        say(f"{name} was edited there: your text is kept in {aside.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(contents)


def _take_away(to: Path, name: str, published: str, say: Callable[[str], None]) -> None:
    """Remove what is published no more, unless somebody changed it."""
    target = to / name
    if not target.is_file() or not target.resolve().is_relative_to(to.resolve()):
        return
    if _hash(target.read_bytes()) == published:
        target.unlink()
    else:
        say(f"{name} is not part of the course any more; it was edited, so it stays")


def _hash(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()
