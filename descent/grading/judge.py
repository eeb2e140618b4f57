"""Step 3: marks from what the sandbox says. What is not proved to have passed has failed."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from descent.grading.paper import Exercise, Paper
from descent.grading.rebuild import Rebuilt, Slot

STATUSES = ("graded", "repaired", "crashed", "tampered", "unreadable", "missing")
LONGEST = 2_000
"""Characters of a message."""
OUTPUT = 2_000_000
"""Characters of all outputs of a notebook."""


@dataclass(frozen=True)
class Mark:
    """The marks of one exercise; `message` says why they are not full."""

    name: str
    points: float
    max_points: float
    message: str = ""


@dataclass(frozen=True)
class Result:
    """What came out for one student.

    student     nbgrader's id
    status      one of `STATUSES`
    reason      why it is not just "graded"
    score       sum of the points
    max_score   sum of the most points
    seconds     how long it took this time
    tests       a mark for every exercise, in the order of the notebook
    unanswered  exercises without an answer
    notebook    the graded notebook, as the text of its file; "" if nothing was handed in
    key         hash of all that the marks depend on; "" if they could not be given
    """

    student: str
    status: str
    reason: str
    score: float
    max_score: float
    seconds: float
    tests: tuple[Mark, ...]
    unanswered: tuple[str, ...] = ()
    notebook: str = ""
    key: str = ""

    @property
    def sure(self) -> bool:
        """Whether the marks stand without a look by a human being."""
        given = bool(self.key) and self.status in ("graded", "repaired", "crashed")
        return given or self.status == "missing"

    def row(self) -> dict[str, Any]:
        """The entry of this submission in the report."""
        names = ("student", "status", "reason", "score", "max_score", "seconds")
        row: dict[str, Any] = {name: getattr(self, name) for name in names}
        row["seconds"] = round(self.seconds, 3)
        return row | {"tests": [asdict(mark) for mark in self.tests]}

    def to_json(self) -> str:
        """Everything, to be kept."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Result":
        """What `to_json` kept.

        raises  ValueError if the text is something else
        """
        try:
            found = json.loads(text)
            found["tests"] = tuple(Mark(**mark) for mark in found["tests"])
            found["unanswered"] = tuple(found["unanswered"])
            return cls(**found)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not a result: {error!r}") from None


def fresh_keys(paper: Paper) -> dict[str, str]:
    """A key for every test, never used before."""
    return {exercise.name: secrets.token_hex(32) for exercise in paper.exercises}


def seal(key: str, name: str) -> str:
    """What a test that passed signs its record with.

    key   that of the test, 64 hexadecimal digits
    name  of the exercise
    """
    return hmac.new(bytes.fromhex(key), f"{name}|passed".encode(), "sha256").hexdigest()


def judge(
    paper: Paper,
    rebuilt: Rebuilt,
    outcome: Mapping[str, Any],
    keys: Mapping[str, str],
) -> Result:
    """The result of a hand-in that was run.

    outcome  as the sandbox gave it; nothing in it is believed that isn't sealed
    keys     exercise -> key that its seal must be made with
    returns  Result without student, key and seconds
    """
    outcome = _sound(outcome)
    marks = tuple(_mark(paper, e, rebuilt, outcome, keys) for e in paper.exercises)
    status, reasons = _status(rebuilt, outcome)
    if status == "tampered":
        withheld = "marks withheld: the notebook interferes with the tests"
        marks = tuple(replace(mark, points=0.0, message=withheld) for mark in marks)
    notebook = _graded_notebook(paper, rebuilt, outcome, marks)
    reason = paper.redact("; ".join(reasons))[:LONGEST]
    return _result(paper, rebuilt, status, reason, marks, notebook)


def unread(paper: Paper, rebuilt: Rebuilt) -> Result:
    """The result of a hand-in of which nothing can be run."""
    return _without_marks(paper, rebuilt, "unreadable", "; ".join(rebuilt.notes))


def failed(paper: Paper, reason: str, status: str = "crashed") -> Result:
    """The result of a hand-in that could not be graded, or isn't there.

    reason  what happened, for the instructor
    """
    every = {exercise.name: "" for exercise in paper.exercises}
    result = _without_marks(paper, Rebuilt("ok", unanswered=every), status, reason)
    return replace(result, notebook="") if status == "missing" else result


def _without_marks(paper: Paper, rebuilt: Rebuilt, status: str, reason: str) -> Result:
    message = "not graded" if status == "crashed" else "not answered"
    marks = tuple(Mark(e.name, 0.0, e.points, message) for e in paper.exercises)
    notebook = _graded_notebook(paper, rebuilt, _sound({}), marks)
    return _result(paper, rebuilt, status, reason[:LONGEST], marks, notebook)


def _result(
    paper: Paper,
    rebuilt: Rebuilt,
    status: str,
    reason: str,
    marks: tuple[Mark, ...],
    notebook: NotebookNode,
) -> Result:
    score = sum(mark.points for mark in marks)
    text = nbformat.writes(notebook, 4) + "\n"
    unanswered = tuple(rebuilt.unanswered)
    return Result("", status, reason, score, paper.max_score, 0.0, marks, unanswered, text)


def _status(rebuilt: Rebuilt, outcome: Mapping[str, Any]) -> tuple[str, list[str]]:
    deaths = [f"{name or 'a cell of your own'} {how}" for name, how in outcome["deaths"].items()]
    if outcome["flags"]:
        return "tampered", [*outcome["flags"], *rebuilt.notes]
    if deaths:
        return "crashed", [*deaths, *rebuilt.notes]
    return ("repaired" if rebuilt.notes else "graded"), list(rebuilt.notes)


# ---- one exercise --------------------------------------------------------------------------------


def _mark(
    paper: Paper,
    exercise: Exercise,
    rebuilt: Rebuilt,
    outcome: Mapping[str, Any],
    keys: Mapping[str, str],
) -> Mark:
    name = exercise.name
    record = outcome["tests"].get(name, {})
    if _proved(name, record, keys):
        return Mark(name, exercise.points, exercise.points)
    return Mark(name, 0.0, exercise.points, _message(paper, name, rebuilt, outcome, record))


def _proved(name: str, record: Mapping[str, Any], keys: Mapping[str, str]) -> bool:
    """Whether the record of a test says, under its seal, that it passed."""
    given, key = record.get("seal"), keys.get(name)
    if record.get("passed") is not True or not isinstance(given, str) or not key:
        return False
    return hmac.compare_digest(seal(key, name).encode(), given.encode("utf-8", "replace"))


def _message(
    paper: Paper,
    name: str,
    rebuilt: Rebuilt,
    outcome: Mapping[str, Any],
    record: Mapping[str, Any],
) -> str:
    """Why an exercise has no points, in words for the student."""
    if name in rebuilt.unanswered:
        why = rebuilt.unanswered[name]
        return f"not answered: {why}" if why else "not answered"
    if name in outcome["deaths"]:
        return str(outcome["deaths"][name])[:LONGEST]
    said = paper.redact(str(record.get("message", ""))).strip()
    if len(said) > LONGEST:
        said = said[:LONGEST].rsplit("\n", 1)[0] + "\n…"
    kind = str(record.get("kind", ""))[:100]
    return said or kind or "the test left no record that it passed"


# ---- what the sandbox says -----------------------------------------------------------------------


def _sound(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """The outcome with everything of the right type, whatever came."""
    cells, tests = (_dicts(outcome.get(part)) for part in ("cells", "tests"))
    deaths = outcome.get("deaths")
    deaths = deaths if isinstance(deaths, dict) else {}
    flags = outcome.get("flags")
    flags = flags if isinstance(flags, list) else []
    return {
        "cells": cells,
        "tests": tests,
        "flags": [str(flag)[:300] for flag in flags[:20]],
        "deaths": {str(name): str(how)[:300] for name, how in deaths.items()},
    }


def _dicts(value: Any) -> dict[str, dict[str, Any]]:
    entries = value.items() if isinstance(value, dict) else ()
    return {str(name): entry for name, entry in entries if isinstance(entry, dict)}


# ---- the graded notebook -------------------------------------------------------------------------


def _graded_notebook(
    paper: Paper, rebuilt: Rebuilt, outcome: Mapping[str, Any], marks: tuple[Mark, ...]
) -> NotebookNode:
    """What nbgrader would leave: outputs in place, and why tests failed."""
    notebook = rebuilt.notebook(paper)
    by_name = {mark.name: mark for mark in marks}
    count, room = 0, OUTPUT
    for number, slot in enumerate(rebuilt.slots(paper)):
        if slot.role == "text":
            continue
        count += 1
        cell = notebook.cells[number]
        cell.execution_count = count
        outputs = outcome["cells"].get(str(number), {}).get("outputs", [])
        kept = _kept(paper, outputs, count, room)
        cell.outputs = _why(slot, by_name, outcome) if slot.role == "test" else kept
        room -= len(json.dumps(cell.outputs))
    return notebook


def _why(slot: Slot, marks: Mapping[str, Mark], outcome: Mapping[str, Any]) -> list[NotebookNode]:
    mark = marks[slot.name]
    if not mark.message:
        return []
    kind = outcome["tests"].get(slot.name, {}).get("kind")
    name = kind if isinstance(kind, str) and kind.isidentifier() else "NotPassed"
    lines = mark.message.splitlines()
    return [nbformat.v4.new_output("error", ename=name, evalue=mark.message, traceback=lines)]


def _kept(paper: Paper, outputs: Any, count: int, room: int) -> list[NotebookNode]:
    """Those of a cell's outputs that are what they should be, and fit."""
    kept: list[NotebookNode] = []
    for output in outputs if isinstance(outputs, list) else ():
        node = _output(paper, output, count)
        if node is None:
            continue
        room -= len(json.dumps(node))
        if room < 0:
            text = "… the rest of the output is left out\n"
            return [*kept, nbformat.v4.new_output("stream", name="stdout", text=text)]
        kept.append(node)
    return kept


def _output(paper: Paper, output: Any, count: int) -> NotebookNode | None:
    try:
        kind = output["output_type"]
        if kind == "stream":
            name = "stderr" if output["name"] == "stderr" else "stdout"
            return nbformat.v4.new_output(kind, name=name, text=str(output["text"]))
        if kind == "error":
            lines = [str(line) for line in output["traceback"]]
            name, value = str(output["ename"]), str(output["evalue"])
            return nbformat.v4.new_output(kind, ename=name, evalue=value, traceback=lines)
        shown = ("text/plain", "image/png", "image/jpeg")
        data = {mime: str(text) for mime, text in output["data"].items() if mime in shown}
        if kind not in ("display_data", "execute_result") or not data:
            return None
        options = {"execution_count": count} if kind == "execute_result" else {}
        return nbformat.v4.new_output(kind, data=data, **options)
    except (TypeError, KeyError, AttributeError, ValueError):
        return None


def content_key(*parts: Any) -> str:
    """Hash of what JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
