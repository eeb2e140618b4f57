"""Mutants: the harness notices what it should, and the chapters' tests notice a change."""

from pathlib import Path

import pytest

from descent.course.faults import CourseError
from descent.course.mutants import Found, Options, Trial, show, study
from tests.unit.course_tools import NAME, change, make_course

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(p.parent.name for p in ROOT.glob("chapters/*/mutants.yml"))
SAMPLE = 25
POWER = "swap: return x * 2**times # no loop is needed → return x * times ** 2 # no loop is needed"
WEAK = "comparison: if times < 0: → if times <= 0:"


def tiny(tmp_path: Path, *changes: tuple[str, str], listed: str = "") -> dict[str, Trial]:
    """What became of the mutants of the small course's function, changed so."""
    found = examined(tmp_path, *changes, listed=listed)
    return {trial.key: trial for trial in found.trials if trial.exercise == "double"}


def examined(tmp_path: Path, *changes: tuple[str, str], listed: str = "") -> Found:
    root = make_course(tmp_path)
    folder = root / "chapters" / NAME
    for old, new in changes:
        change(folder / "exercise.md", old, new)
    if listed:
        (folder / "mutants.yml").write_text(listed)
    return study(root, Options(), NAME)


def test_a_weak_test_leaves_just_the_survivors_that_it_must(tmp_path):
    """The small course never asks for no doubling at all, nor for what is refused."""
    trials = tiny(tmp_path)
    assert all("times" in key.split("→")[0] for key, t in trials.items() if not t.part)
    assert trials[WEAK].part == ""
    assert trials[WEAK].place == "chapters/01_tiny/exercise.md:43"
    assert trials[POWER].part == "visible"
    assert {trial.part for trial in trials.values()} >= {"visible", "hidden", ""}


def test_a_better_test_kills_them(tmp_path):
    better = (
        'assert double(1.5, times=3) == 12.0, "several times over"\nassert double(1.5, 0) == 1.5'
    )
    trials = tiny(tmp_path, (better.split("\n")[0], better))
    assert trials[WEAK].part == "hidden"


@pytest.mark.slow
def test_what_loops_crashes_or_takes_all_memory_costs_only_itself(tmp_path):
    """The solution is harmless; some of its mutants are not."""
    solution = (
        "total = 0\n    while total < times:\n        total += 1\n"
        "    x = x + 0 * len(bytes(10**3 - times))\n    return x * 2**total"
    )
    trials = tiny(tmp_path, ("return x * 2**times  # no loop is needed", solution))
    endless = [t for key, t in trials.items() if key == "statement: total += 1 → pass"]
    assert [trial.part for trial in endless] == ["visible"]
    assert trials[WEAK].part == ""


def test_a_list_of_equivalent_ones_is_kept_true(tmp_path):
    listed = (
        f"double:\n  - why: nobody asks\n    mutants:\n      - '{WEAK}'\n      - 'sign: a → -a'\n"
    )
    found = examined(tmp_path, listed=listed)
    assert [trial.why for trial in found.trials if trial.key == WEAK] == ["nobody asks"]
    assert len(found.problems) == 1
    assert "sign: a → -a" in found.problems[0]


@pytest.mark.parametrize(
    "listed", ["double: [a]", "double:\n  - mutants: [a]", "nobody: []", "double: ["]
)
def test_a_list_of_another_form_is_refused(tmp_path, listed):
    with pytest.raises(CourseError, match=r"mutants\.yml"):
        examined(tmp_path, listed=listed)


def test_tests_that_reject_the_solution_are_refused(tmp_path):
    with pytest.raises(CourseError, match="reject the solution"):
        examined(tmp_path, ("== 12.0", "== 13.0"))


@pytest.mark.parametrize(
    ("part", "why", "well"),
    [("hidden", "", True), ("", "same", True), ("", "", False), ("visible", "same", False)],
)
def test_what_an_author_has_to_do_is_a_problem(part, why, well):
    found = Found([Trial("double", "sign: a → -a", "exercise.md:3", part, why)], [])
    assert show([("tiny", found)]) == well


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_sample_leaves_no_survivor_that_is_not_listed(chapter):
    found = study(ROOT, Options(SAMPLE, seed=1), chapter)
    assert len(found.trials) == SAMPLE
    assert [trial.problem for trial in found.trials if trial.problem] == []
    assert found.problems == []
