"""Runs jobs on the computers of a Dask cluster: they get bytes and return bytes (JSON)."""

import atexit
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from threading import Lock
from typing import Any

from descent.course.faults import CourseError
from descent.grading.cache import environment

START = 30
"""Seconds in which the scheduler must answer."""
_lock = Lock()


class Cluster:
    """A runner whose jobs run on the cluster's workers.

    client  Dask's client
    """

    def __init__(self, client: Any, kernels: str, unsafe: bool) -> None:
        self._client, self._how = client, (kernels, unsafe)

    def run(self, job: dict[str, Any]) -> dict[str, Any]:
        """The outcome of a job; "error" in it says if the worker was lost."""
        try:
            future = self._client.submit(work, json.dumps(job).encode(), *self._how, pure=False)
            outcome: dict[str, Any] = json.loads(future.result())
        except Exception as error:
            return {"error": f"a worker of the cluster failed: {type(error).__name__}: {error}"}
        return outcome

    def close(self) -> None:
        """The workers stay: they are not ours."""


@contextmanager
def cluster(address: str, kernels: str, unsafe: bool) -> Iterator[tuple[Cluster, int]]:
    """A runner over a Dask cluster, and how many jobs run there at a time.

    address  of the scheduler, e.g. tcp://10.0.0.1:8786
    raises   CourseError if it does not answer, or a worker is another environment than this one
    """
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise CourseError(
            "Dask is not installed; run: pip install -c constraints.txt -e '.[cluster]'"
        ) from None
    try:
        # no pickles from workers: they ran what students wrote
        options = {"timeout": START, "deserializers": ["dask", "msgpack", "error"]}
        client: Any = Client(address, **options)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise CourseError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        threads = client.nthreads()
        _check(client, address, threads)
        yield Cluster(client, kernels, unsafe), sum(threads.values())


def work(data: bytes, kernels: str, unsafe: bool) -> bytes:
    """Run a job on a worker: JSON in, JSON out; whatever happens becomes an outcome."""
    try:
        with _lock:
            runner = _runner(kernels, unsafe)
        return json.dumps(runner.run(json.loads(data))).encode()
    except Exception as error:
        return json.dumps({"error": f"{type(error).__name__}: {error}"}).encode()


def here() -> bytes:
    """Hash of this worker's environment."""
    return environment().encode()


@cache
def _runner(kernels: str, unsafe: bool) -> Any:
    """The one sandbox of this worker process."""
    from descent.grading.run import runner

    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(runner(kernels, unsafe))


def _check(client: Any, address: str, threads: dict[str, int]) -> None:
    if not threads:
        raise CourseError(f"the Dask scheduler at {address} has no workers; start some")
    for worker in threads:
        future = client.submit(here, workers=[worker], pure=False)
        if future.result(timeout=60) != environment().encode():
            raise CourseError(
                f"the Dask worker {worker} has other versions of packages or of descent than this "
                "computer, so marks could differ; install the same there"
            )
