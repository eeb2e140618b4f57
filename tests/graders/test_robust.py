"""Tests accept the solutions whatever the seed, dtype, threads and order; errors stay small."""

import functools
from pathlib import Path

import pytest
import torch

from descent.course import robust
from descent.course.chapter import read_chapter
from descent.course.robust import CLOSEST, FLOAT32, Found, Meter, Setting, run
from tests.unit.course_tools import NAME, change, make_course

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(p.parent.name for p in ROOT.glob("chapters/*/exercise.md"))
CHOSEN = [
    *(Setting(seed) for seed in range(robust.SEEDS)),
    *(Setting(seed, "float64") for seed in (2, 3)),
    Setting(4, threads=2),
    *([Setting(5, device="cpu")] if torch.cuda.is_available() else []),
]
"""Where there is a GPU it is what all but the last compute on."""


@functools.cache
def found(chapter: str) -> dict[str, Found]:
    return run(ROOT, chapter, CHOSEN)


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_setting_fails_the_solutions(chapter: str) -> None:
    names = [exercise.name for exercise in read_chapter(ROOT, chapter).exercises]
    assert {name: mine.failures for name, mine in found(chapter).items()} == {n: [] for n in names}


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_errors_of_the_solutions_are_far_from_what_is_allowed(chapter: str) -> None:
    assert {n: m.error for n, m in found(chapter).items() if m.error > CLOSEST} == {}


def test_exceptions_are_exercises() -> None:
    names = {e.name for chapter in CHAPTERS for e in read_chapter(ROOT, chapter).exercises}
    assert set(FLOAT32) <= names


# ---- it notices ----------------------------------------------------------------------------------

DOUBLE = """\
import torch
from descent import check
assert torch.Generator().manual_seed(5).initial_seed() == 5, "one seed only"
check.close(2 * 1.0 + 2e-6, double(1.0), rtol=1e-5)
"""
PAIR = 'assert "_tally" not in globals(), "not before Tally"\n'
TALLY = """\
import socket
import torch
assert torch.tensor(1.0).dtype == torch.float32, "one dtype only"
assert torch.get_num_threads() == 1, "one thread only"
try:
    with socket.socket() as _socket:
        _socket.connect(("127.0.0.1", 9))
except OSError as error:
    assert "must not use the network" in str(error)
"""
TINY = [Setting(), Setting(1), Setting(2), Setting(0, "float64"), Setting(0, threads=2)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """What is found in a course whose tests depend on all that they must not."""
    root = make_course(tmp_path_factory.mktemp("robust"))
    file = root / "chapters" / NAME / "exercise.md"
    for before, added in {
        "# Twice three is six.\n": DOUBLE,
        'assert PAIR["a"] == 1\n': PAIR,
        "_tally = Tally(5)\n": TALLY,
    }.items():
        change(file, before, before + added)
    return run(root, NAME, TINY)


def failed(found: Found) -> dict[int, str]:
    """Number of the setting -> what failed."""
    return {TINY.index(setting): said.split("\n")[0] for setting, said in found.failures}


def test_what_depends_on_the_seed_is_found(tiny: dict[str, Found]) -> None:
    assert failed(tiny["double"]) == dict.fromkeys([1, 2], "AssertionError: one seed only")


def test_what_depends_on_the_order_is_found(tiny: dict[str, Found]) -> None:
    assert failed(tiny["PAIR"]) == {1: "AssertionError: not before Tally"}


def test_what_depends_on_dtype_and_threads_is_found(tiny: dict[str, Found]) -> None:
    said = {3: "AssertionError: one dtype only", 4: "AssertionError: one thread only"}
    assert failed(tiny["Tally"]) == said


def test_errors_and_times_are_taken_down(tiny: dict[str, Found]) -> None:
    assert tiny["double"].error == pytest.approx(0.1, rel=1e-3)
    assert not tiny["double"].ok
    assert tiny["PAIR"].error == 0
    assert all(0 < mine.seconds < 5 for mine in tiny.values())


@pytest.mark.parametrize(
    ("actual", "expected", "share"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0),
        ([1.0, 2.2], [1.0, 2.0], 0.2 / 0.3),
        ([float("inf"), float("nan")], [float("inf"), float("nan")], 0),
        ([float("inf")], [1.0], float("inf")),
        ([], [], 0),
    ],
)
def test_the_meter_reads_shares_of_the_tolerance(
    actual: list[float], expected: list[float], share: float
) -> None:
    meter = Meter()
    meter.tensors(torch.tensor(actual), torch.tensor(expected), 0.1, 0.1)
    assert meter.worst == pytest.approx(share)


def test_the_meter_reads_numbers_as_isclose_does() -> None:
    meter = Meter()
    meter.numbers(10.0, 10.5, 0.1, 0.2)
    assert meter.worst == pytest.approx(0.5 / 1.05)
    meter.numbers(1.0, 3.0, 0.0, 0.0)
    assert meter.worst == float("inf")


def test_the_command_prints_a_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    root = make_course(tmp_path)
    assert robust.main(["--seeds", "1", "--root", str(root)]) == 0
    assert [word for word in ("double", "PAIR", "Tally") if word in capsys.readouterr().out]
