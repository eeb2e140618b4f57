"""Grading over Dask: the same marks; workers get bytes, return bytes, and no pickles come back."""

import json
import shutil
from pathlib import Path

import pytest

from descent.course.faults import CourseError
from descent.grading import cluster, engine, sandbox
from tests.grading import batches
from tests.grading.batches import SCORES, fill, gradebook

distributed = pytest.importorskip(
    "distributed", reason="Dask is not installed: pip install -c constraints.txt -e '.[cluster]'"
)
CHAPTER = "01_tiny"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Dask's own sockets and loops
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def address():
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=True, dashboard_address=":0"
    ) as found:
        yield found.scheduler_address


@pytest.mark.skipif(
    bool(sandbox.probe()), reason=f"hand-ins cannot be isolated here: {sandbox.probe()}"
)
def test_marks_are_those_of_one_computer(address, tmp_path):
    root = batches.tiny_course(tmp_path / "course")
    fill(root, batches.tiny_paper(root))
    found = batches.grade(root, CHAPTER, "--dask", address)
    assert {row["student"]: row["score"] for row in found["submissions"]} == SCORES
    assert {s: sum(m.values()) for s, m in gradebook(root).items()} == SCORES
    shutil.rmtree(root / ".descent")
    here = batches.grade(root, CHAPTER)
    assert batches.marks(here) == batches.marks(found)


class Bomb:
    """Writes a file where it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


def test_no_pickle_of_a_worker_is_opened(address, tmp_path):
    mark = tmp_path / "opened"
    with cluster.cluster(address, "warm", False) as (remote, size):
        assert size == 2
        future = remote._client.submit(Bomb, str(mark), pure=False)
        with pytest.raises(TypeError, match="serialize"):
            future.result(timeout=20)
    assert not mark.exists()


def test_whatever_happens_on_a_worker_comes_back_as_bytes(monkeypatch):
    answer = cluster.work(b"no JSON", "warm", True)
    assert json.loads(answer)["error"]
    monkeypatch.setattr(cluster, "_runner", lambda *_: 1 / 0)
    assert "ZeroDivisionError" in json.loads(cluster.work(b"{}", "warm", True))["error"]


def test_a_lost_worker_is_an_outcome():
    class Client:
        def submit(self, *_, **__):
            raise OSError("gone")

    assert "gone" in cluster.Cluster(Client(), "warm", False).run({})["error"]


def test_a_worker_with_other_packages_is_refused(address, monkeypatch):
    monkeypatch.setattr(cluster, "environment", lambda: "other")
    with (
        pytest.raises(CourseError, match="other versions"),
        cluster.cluster(address, "warm", False),
    ):
        pass


def test_no_scheduler_is_told(monkeypatch):
    monkeypatch.setattr(cluster, "START", 1)
    with (
        pytest.raises(CourseError, match="no Dask scheduler answers"),
        engine._runner(engine.Options(dask="tcp://127.0.0.1:9")),
    ):
        pass
