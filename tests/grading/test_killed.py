"""kill -9 at any moment: no invalid mark is left, and the next run ends with the same marks."""

import random
import shutil
import signal
import subprocess
import time

import pytest

from descent.grading import sandbox
from tests.grading import batches
from tests.grading.batches import RIGHT, answered, fill, gradebook, hand_in, marks

CHAPTER = "01_tiny"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(sandbox.probe()), reason=f"hand-ins cannot be isolated here: {sandbox.probe()}"
    ),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course that was graded without disturbance, its marks, and how many seconds that took."""
    root = batches.tiny_course(tmp_path_factory.mktemp("killed") / "course")
    paper = batches.tiny_paper(root)
    fill(root, paper)
    for number in range(3):
        answers = RIGHT | {"Tally": RIGHT["Tally"] + f"\n# {number}"}
        hand_in(root, f"s{number}", answered(paper, answers), CHAPTER)
    found = batches.grade(root, CHAPTER)
    start = time.monotonic()
    assert marks(batches.grade(root, CHAPTER, "--force")) == marks(found)
    return root, marks(found), time.monotonic() - start


@pytest.mark.parametrize("seed", range(20))
def test_at_a_random_point(course, seed):
    root, expected, seconds = course
    if seed % 4 == 0:  # all is run anew; every second time the graded notebooks are gone, too
        shutil.rmtree(root / ".descent/grading/results", ignore_errors=True)
        if seed % 8:
            shutil.rmtree(root / "autograded", ignore_errors=True)
    process = subprocess.Popen(
        batches.command(root, CHAPTER, "--jobs", "2"),
        cwd=root,
        env=batches.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(random.Random(seed).uniform(0.3, 1.0) * seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for student, points in gradebook(root).items():
        valid = {name: p for name, p in points.items() if p is not None}
        assert valid.items() <= expected[student].items()
    if seed % 4 == 3:  # killed four times in a row, then left alone
        assert marks(batches.grade(root, CHAPTER)) == expected
        assert gradebook(root) == expected
