"""A small paper for hand-ins that do something to their process; marks by the seals."""

import functools
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from descent.course import markers
from descent.course.chapter import Chapter, read_chapter

ROOT = Path(__file__).parents[2]
PAPER = ("tlu", "random_products", "lda")
LIMITS = {"cell": 10.0, "notebook": 60.0, "memory": 1_000_000_000, "output": 20_000}


@functools.cache
def chapter(name: str = "04_perceptron") -> Chapter:
    return read_chapter(ROOT, name)


def job(
    answers: Mapping[str, str] | None = None,
    added: Sequence[str] = (),
    *,
    paper: Sequence[str] | None = PAPER,
    of: str = "04_perceptron",
    **limits: float,
) -> dict[str, Any]:
    """What is sent into the sandbox: all right but for `answers`, after cells that are `added`."""
    cells: list[dict[str, str]] = []

    def put(role: str, source: str, name: str = "") -> None:
        cells.append({"key": str(len(cells)), "role": role, "name": name, "source": source})

    for cell in chapter(of).opening:
        if cell.kind == "code":
            put("locked", cell.source)
    for source in added:
        put("added", source)
    exercises = [e for e in chapter(of).exercises if paper is None or e.name in paper]
    for exercise in exercises:
        own = markers.unmarked(exercise.solution.source)
        put("solution", (answers or {}).get(exercise.name, own), exercise.name)
        for cell in exercise.between:
            if cell.kind == "code":
                put("locked", cell.source)
        put("test", exercise.test.source, exercise.name)
    keys = {exercise.name: os.urandom(32).hex() for exercise in exercises}
    return {"cells": cells, "keys": keys, "limits": LIMITS | limits, "data": {}}


def passed(sent: dict[str, Any], outcome: dict[str, Any]) -> set[str]:
    """Exercises whose seal is right, however else the outcome looks."""
    return {
        name
        for name, key in sent["keys"].items()
        if hmac.compare_digest(seal(key, name), outcome["tests"].get(name, {}).get("seal", ""))
    }


def seal(key: str, name: str) -> str:
    return hmac.new(bytes.fromhex(key), f"{name}|passed".encode(), hashlib.sha256).hexdigest()


def printed(outcome: dict[str, Any]) -> str:
    """All text that the cells showed."""
    outputs = [output for cell in outcome["cells"].values() for output in cell["outputs"]]
    texts = [o.get("text", "") + o.get("evalue", "") + str(o.get("data", "")) for o in outputs]
    return "\n".join(texts)
