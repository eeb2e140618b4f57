"""What happened to the course's cells, and where the answers are."""

from collections.abc import Iterator

from descent.student.doctor_case import Case, several
from descent.student.doctor_finding import ERROR, WARNING, Finding
from descent.student.pristine import Raw


def damage(case: Case) -> Iterator[Finding]:
    """Cells of the course that are not as they were, those that matter for marks first."""
    for texts in (False, True):
        places = range(len(case.pristine.cells))
        some = [at for at in places if (case.pristine.role(at) == "text") == texts]
        yield from _damaged(case, some, WARNING if texts else ERROR)


def _damaged(case: Case, places: list[int], level: str) -> Iterator[Finding]:
    faults: dict[str, list[int]] = {}
    for at in places:
        for fault in _faults(case, at):
            faults.setdefault(fault, []).append(at)
    for fault, (done, remedy, least) in DAMAGE.items():
        for what in (w for w in faults if w.startswith(fault)):
            names = several(case.course_cell(at) for at in faults[what])
            worst = least or level
            yield Finding(worst, f"{what}: {names}", remedy, f"{done}: {names}")


DAMAGE = {
    "missing": ("put back", "--fix puts back what is missing", ""),
    "changed": ("put back as it was", "--fix puts the course's text back, a copy has yours", ""),
    "turned into a": ("of the right type again", "--fix turns back", ""),
    "without nbgrader's name (grade_id), or with a wrong one": (
        "named again",
        "--fix names again",
        "",
    ),
    "with changed notes for nbgrader": (
        "notes for nbgrader put back",
        "--fix puts back what was there",
        "",
    ),
    "with changed metadata": ("metadata put back", "--fix puts back what was there", WARNING),
    "moved": ("moved back", "--fix moves back; cells of your own go with the one above", WARNING),
}
"""Fault -> what was done about it, what to do, level unless it depends on the cell."""


def _faults(case: Case, at: int) -> Iterator[str]:
    """What is wrong with the cell that stands for one of the course's."""
    match, name = case.match, case.pristine.names[at]
    number = match.filler.get(at)
    if number is None:
        answered = any(match.names[n] == name for n in match.chosen)
        yield "changed" if answered else "missing"
        return
    if number in match.changed and number not in match.chosen:
        yield "changed"
    if at in match.moved:
        yield "moved"
    if _is_elsewhere(case, case.pristine.exercise(at)) and number in match.chosen:
        return  # not a cell of the course: another finding tells
    if match.cells[number].kind != case.pristine.cells[at]["cell_type"]:
        yield f"turned into a {match.cells[number].kind or 'nameless'} cell"
    yield from _lost(match.cells[number].raw, case.pristine.cells[at])


def _lost(raw: Raw, pristine: Raw) -> Iterator[str]:
    """What a cell's metadata lack."""
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    note, right = metadata.get("nbgrader"), pristine["metadata"].get("nbgrader", {})
    note = note if isinstance(note, dict) else {}
    if note.get("grade_id") != right.get("grade_id"):
        yield "without nbgrader's name (grade_id), or with a wrong one"
        return
    if any(note.get(key, "") != value for key, value in right.items()):
        yield "with changed notes for nbgrader"
    keys = pristine["metadata"].keys() - {"nbgrader"} | {"tags"}
    if any(metadata.get(key) != pristine["metadata"].get(key) for key in keys):
        yield "with changed metadata"


# ---- answers and copies --------------------------------------------------------------------------


def answers(case: Case) -> Iterator[Finding]:
    """Answers that stand in the wrong cell, or that are given more than once."""
    match = case.match
    away = {n: name for n, name in match.chosen.items() if _is_elsewhere(case, name)}
    if away:
        names = several(f"{name} (cell {n + 1})" for n, name in away.items())
        what = f"answered in another cell than the one that is meant for it: {names}"
        remedy = "--fix moves the answer to its cell, as is done when it is graded"
        yield Finding(ERROR, what, remedy, f"moved to its own cell: {names}")
    for exercise in case.pristine.stubs:
        *others, last = [n for n in match.answers(exercise) if n not in match.copies] or [-1]
        if others:
            cells = ", ".join(str(n + 1) for n in others)
            what = f"{exercise} is answered {len(others) + 1} times, in cells {cells} and "
            what += f"{last + 1}: when it is graded, the last one counts"
            remedy = "delete those that are not to count; --fix makes them cells of your own"
            done = f"{case.cell(last)} counts; a cell of your own from now on: {cells}"
            yield Finding(ERROR, what, remedy, done)


def _is_elsewhere(case: Case, exercise: str) -> bool:
    """Whether an exercise has its cell, and an answer in another one."""
    match, at = case.match, case.pristine.places.get(exercise)
    left = at in match.known.values() or exercise in match.names
    return exercise in match.elsewhere and left


def copies(case: Case) -> Iterator[Finding]:
    """Cells that are there twice, and cells that pass for one of the course's."""
    match = case.match
    if match.copies:
        places = [_original(case, n) for n in sorted(match.copies)]
        texts = all(case.pristine.role(at) == "text" for at in places)
        cells = zip(places, sorted(match.copies), strict=True)
        names = several(f"{case.course_cell(at)} (cell {n + 1})" for at, n in cells)
        what, done = f"there twice: {names}", f"taken out: copies of {names}"
        yield Finding(WARNING if texts else ERROR, what, "--fix takes the copies out", done)
    told = {n for exercise in case.pristine.stubs for n in match.answers(exercise)}
    false = [n for _, n in match.own() if _is_named(match.cells[n].raw) and n not in told]
    if false:
        names = several(map(case.cell, false))
        what = f"named as if it were a cell of the course, and is none: {names}"
        remedy = "--fix makes it a cell of your own"
        yield Finding(ERROR, what, remedy, f"a cell of your own from now on: {names}")


def _original(case: Case, number: int) -> int:
    """The cell of the course of which this one is a copy."""
    match = case.match
    named = case.pristine.places.get(match.names[number])
    text = case.pristine.released.get(match.texts[number], [named or 0])[0]
    return match.known.get(number, text if named is None else named)


def _is_named(raw: Raw) -> bool:
    metadata = raw.get("metadata")
    return isinstance(metadata, dict) and "nbgrader" in metadata
