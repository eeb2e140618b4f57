"""Three ways: solutions keep all points, blanks none, attempts what they deserve and no others'."""

import functools
from pathlib import Path

import pytest

from descent.course.attempts import Attempt, read_attempts
from descent.course.chapter import read_chapter
from descent.course.judge import Verdict, judge
from descent.course.messages import wrong
from tests.unit.test_messages import faults, secrets

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(p.parent.name for p in ROOT.glob("chapters/*/exercise.md"))
ATTEMPTS = [
    (chapter, attempt)
    for chapter in CHAPTERS
    for path in sorted((ROOT / "chapters" / chapter / "attempts").glob("*.py"))
    for attempt in read_attempts(path)
]
EXERCISES = sorted({(chapter, attempt.exercise) for chapter, attempt in ATTEMPTS})


@functools.cache
def verdicts(chapter: str) -> dict[tuple[str, str, str], Verdict]:
    return {(v.exercise, v.kind, v.title): v for v in judge(ROOT, chapter)}


def name(value: object) -> str:
    if isinstance(value, Attempt):
        return f"{value.exercise}: {value.kind}: {value.title}"
    return str(value)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_solutions_keep_all_points(chapter: str) -> None:
    assert verdicts(chapter)["", "solution", "the solutions"].losses == {}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_blank_earns_nothing(chapter: str) -> None:
    exercises = [exercise for c, exercise in EXERCISES if c == chapter]
    losses = verdicts(chapter)["", "blank", "nothing solved"].losses
    assert {exercise: loss.kind for exercise, loss in losses.items()} == dict.fromkeys(
        exercises, "NotImplementedError"
    )


@pytest.mark.parametrize(("chapter", "exercise"), EXERCISES)
def test_the_docstrings_example_is_true(chapter: str, exercise: str) -> None:
    assert verdicts(chapter)[exercise, "example", "docstring"].problems == []


@pytest.mark.parametrize(("chapter", "attempt"), ATTEMPTS, ids=name)
def test_an_attempt_gets_what_it_deserves(chapter: str, attempt: Attempt) -> None:
    verdict = verdicts(chapter)[attempt.exercise, attempt.kind, attempt.title]
    assert set(verdict.losses) == (set() if attempt.right else {attempt.exercise}), verdict.losses
    assert verdict.problems == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_wrong_answer_gets_a_message_for_students(chapter: str) -> None:
    hidden = {e.name: secrets(e) for e in read_chapter(ROOT, chapter).exercises}
    found = wrong(verdicts(chapter).values())
    assert {v.exercise for v in found} == set(hidden)
    assert [what for v in found for what in faults(v, hidden[v.exercise])] == []


@pytest.mark.parametrize(("chapter", "exercise"), EXERCISES)
def test_there_are_enough_attempts_of_each_kind(chapter: str, exercise: str) -> None:
    mine = [a for c, a in ATTEMPTS if (c, a.exercise) == (chapter, exercise)]
    assert sum(a.right for a in mine) >= 3
    assert sum(not a.right for a in mine) >= 6
    assert len({(a.kind, a.title) for a in mine}) == len(mine)
