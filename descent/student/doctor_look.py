"""What can be seen of a notebook without running it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from descent.student.doctor_case import Case, several
from descent.student.doctor_damage import answers, copies, damage
from descent.student.doctor_file import LARGEST, File, contents
from descent.student.doctor_finding import ERROR, NOTE, WARNING, Finding
from descent.student.doctor_match import Match
from descent.student.doctor_mend import LARGE_CELL, LARGE_FILE, mended
from descent.student.doctor_tidy import is_id, is_python, is_tidy, size, tidy_notebook
from descent.student.pristine import all_pristine, built, find_pristine

COURSE_ROOMS = ("release", "source", "solutions", "lectures", "autograded")
"""Folders whose notebooks are not for students to write in."""
CHECKPOINTS = ".ipynb_checkpoints"
HABITS = (
    (
        re.compile(r"""["'](?:/(?:home|Users|content|mnt|root|tmp)/|~/|[A-Za-z]:[\\/])"""),
        "names a folder of this computer, which is not there when it is graded",
        "name files relative to the notebook, or do without",
    ),
    (
        re.compile(
            r"\brequests\.(?:get|post)\(|\burlopen\(|\burlretrieve\(|\bdownload=True"
            r"|^[!%]\s*(?:pip|conda|wget|curl|git)\b",
            re.MULTILINE,
        ),
        "uses the network, which is not there when it is graded",
        "take the line out, or put # before it",
    ),
)


@dataclass(frozen=True)
class Look:
    """What is known of a notebook.

    findings  what is to be said about it
    case      what it is compared with, None if it belongs to no chapter or is not the student's
    """

    file: File
    findings: tuple[Finding, ...]
    case: Case | None = None


def look(root: Path, file: File) -> Look:
    """Look over a notebook.

    root     the course's folder
    raises   StudentError if the course's notebooks are not there
    """
    if not file.cells:
        return Look(file, file.findings)
    stem = file.path.stem.removesuffix("-checkpoint")
    pristine = find_pristine(root, stem, (cell.raw for cell in file.cells))
    match = Match(file.cells, pristine) if pristine else None
    if pristine is None or match is None or not (match.chosen or match.known):
        return Look(file, (*file.findings, _foreign(root)))
    places = tuple(_place(root, file.path, pristine.chapter))
    if _is_the_courses(root, file.path):
        return Look(file, places)
    case = Case(file, pristine, match)
    checks = (_version, damage, answers, copies, _form, _sizes, _open, _order, _habits)
    seen = [finding for check in checks for finding in check(case)]
    return Look(file, (*file.findings, *places, *seen), case)


def _foreign(root: Path) -> Finding:
    names = ", ".join(chapter.chapter for chapter in all_pristine(root))
    return Finding(
        ERROR,
        "none of the notebook's cells is one of the course's exercises",
        f"hand in the notebook in which you solved the exercises, one of: {names}",
    )


def _place(root: Path, path: Path, chapter: str) -> Iterator[Finding]:
    """A name, or a folder, in which the file is not found."""
    name, folder = f"{chapter}.ipynb", path.resolve().parent
    if folder.name == CHECKPOINTS:
        what = "this is Jupyter's own copy of an earlier state, not the notebook"
        yield Finding(ERROR, what, f"look over, and hand in, {path.parent.parent / name}")
    elif _is_the_courses(root, path):
        what = "the file lies among the course's own notebooks, which are not to be written in"
        yield Finding(ERROR, what, f"copy it to exercises/{name} and work there")
    elif path.name != name:
        what = f"the file is called {path.name}, but only {name} is graded"
        taken = path.with_name(name).exists() and not path.with_name(name).samefile(path)
        if taken:
            remedy = f"rename it to {name}; a file of that name is there already: move it away"
            yield Finding(ERROR, what, f"{remedy} first")
        else:
            yield Finding(ERROR, what, "--fix renames it", f"renamed: {path.name} is {name} now")


def _is_the_courses(root: Path, path: Path) -> bool:
    """Whether a file is one that `--fix` must leave alone."""
    folder, root = path.resolve().parent, root.resolve()
    inside = folder.relative_to(root).parts if folder.is_relative_to(root) else ()
    return folder.name == CHECKPOINTS or (inside and inside[0]) in COURSE_ROOMS


def _version(case: Case) -> Iterator[Finding]:
    stamp = built(case.file.metadata)
    if stamp and stamp not in case.pristine.built:
        yield Finding(
            NOTE,
            "the notebook was made from another version of the chapter than the one here",
            "ask which one is graded; --fix brings the course's cells to the version here",
        )


# ---- the notebook as such ------------------------------------------------------------------------


def _form(case: Case) -> Iterator[Finding]:
    """Ids of cells, parts that Jupyter refuses, the language."""
    cells = case.file.cells
    numbers = [n for n in range(len(cells)) if n not in case.match.copies]
    ids = [cells[n].raw.get("id") for n in numbers]
    again = zip(numbers, range(len(ids)), strict=True)
    bad = [n for n, at in again if not is_id(ids[at]) or ids[at] in ids[:at]]
    if bad and not any("format" in finding.what for finding in case.file.findings):
        names = several(map(case.cell, bad))
        what = f"without an id of its own: {names}"
        yield Finding(WARNING, what, mended=f"given an id of its own: {names}")
    damaged = [n for n, cell in enumerate(cells) if not is_tidy(cell.raw)]
    if damaged:
        names = several(map(case.cell, damaged))
        what = f"not in the form of a notebook's cell: {names}"
        yield Finding(WARNING, what, mended=f"put into the right form: {names}")
    right = tidy_notebook(case.file.metadata, case.pristine.metadata)
    if not is_python(case.file.metadata):
        what = "the notebook does not say that it is in Python"
        yield Finding(WARNING, what, mended="the notebook says again that it is in Python")
    elif right != {**case.pristine.metadata, **case.file.metadata}:
        what = "the notebook's metadata are not in the right form"
        yield Finding(WARNING, what, mended="the notebook's metadata are in the right form")


def _sizes(case: Case) -> Iterator[Finding]:
    cells = case.file.cells
    long = [n for n, cell in enumerate(cells) if len(cell.source) > LARGEST]
    if long:
        what = f"too much text to be graded: {several(map(case.cell, long))}"
        yield Finding(ERROR, what, "keep less than a million characters in a cell")
    outputs = {n: size(cell.raw.get("outputs", [])) for n, cell in enumerate(cells)}
    if large := [n for n, taken in outputs.items() if taken > LARGE_CELL]:
        names = several(f"{case.cell(n)}, {outputs[n] / 1e6:.1f} MB" for n in large)
        what = f"outputs of more than {LARGE_CELL / 1e6:g} MB: {names}"
        yield Finding(WARNING, what, "print less; --fix takes them out", f"taken out: {names}")
    if case.file.size > LARGE_FILE:
        what = f"the file has {case.file.size / 1e6:.1f} MB; more than {LARGE_FILE / 1e6:g} MB may "
        what += "be refused"
        new = mended(case.file, case.match, case.pristine)
        helps = len(contents(new)) <= LARGE_FILE
        remedy = "--fix takes outputs out" if helps else "take out pictures and long texts"
        yield Finding(ERROR, what, remedy, "outputs were taken out: the file is small" * helps)


def _open(case: Case) -> Iterator[Finding]:
    if left := [name for name in case.pristine.points if name in case.open]:
        points = sum(case.pristine.points[name] for name in left)
        names = ", ".join(f"{name} ({case.pristine.points[name]:g})" for name in left)
        what = f"not solved yet, {points:g} points: {names}"
        yield Finding(WARNING, what, "solve them, or hand in without")


def _order(case: Case) -> Iterator[Finding]:
    counts = [(cell.raw.get("execution_count"), n) for n, cell in enumerate(case.file.cells)]
    ran = [(count, n) for count, n in counts if isinstance(count, int)]
    for (before, first), (after, second) in pairwise(ran):
        if after <= before:
            what = f"cell {second + 1} was run before cell {first + 1}, which stands above it"
            remedy = "Kernel → Restart Kernel and Run All Cells, then save"
            yield Finding(WARNING, what, remedy)
            return


def _habits(case: Case) -> Iterator[Finding]:
    course = case.match.filler.values() - case.match.chosen.keys()
    for pattern, what, remedy in HABITS:
        for number, cell in enumerate(case.file.cells):
            own = cell.kind == "code" and number not in course and len(cell.source) <= LARGEST
            if own and pattern.search(cell.source):
                yield Finding(WARNING, f"{case.cell(number)} {what}", remedy)
