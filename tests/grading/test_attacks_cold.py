"""The same hand-ins as in `test_attacks`, each in a sandbox and a Python of its own."""

from collections.abc import Iterator

import pytest

from descent.grading import run
from tests.grading.test_attacks import *  # noqa: F403 - all of its tests, with another fixture
from tests.grading.test_attacks import pytestmark  # noqa: F401


@pytest.fixture(scope="module")
def room() -> Iterator[run.Runner]:
    with run.runner("cold") as found:
        assert isinstance(found, run.Cold)
        yield found
