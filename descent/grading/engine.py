"""Grades the hand-ins of a chapter: finds them, runs what is new, records and tells every one."""

import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from descent.course.faults import CourseError
from descent.grading import judge
from descent.grading.cache import Cache, environment
from descent.grading.collect import HandIn, Unreadable, data_files, hand_ins, open_notebook
from descent.grading.early import Start
from descent.grading.folder import Course, open_course, write_atomically
from descent.grading.judge import Result
from descent.grading.paper import Paper, paper_of
from descent.grading.rebuild import LIMITS, Rebuilt, nothing, rebuild, reference
from descent.grading.record import Recorder
from descent.grading.run import Runner, runner

Say = Callable[[str], None]
Told = Callable[[Result, int], None]


@dataclass(frozen=True)
class Options:
    """How to grade.

    students  ids, empty for all
    jobs      hand-ins that run at the same time; 0 takes the number of processors
    kernels   "warm" or "cold"
    dask      address of a Dask scheduler, "" for this computer
    unsafe    run hand-ins without a sandbox
    force     run also those whose result is known
    """

    students: list[str] = field(default_factory=list)
    jobs: int = 0
    kernels: str = "warm"
    dask: str = ""
    unsafe: bool = False
    force: bool = False


def grade(
    root: Path,
    chapter: str,
    options: Options | None = None,
    say: Say = print,
    told: Told = lambda result, number: None,
    started: Start | None = None,
) -> tuple[Paper, list[Result], bool]:
    """Grade the hand-ins of a chapter and record the marks.

    root     the course's folder
    say      takes a line of text
    told     is called with each result, once recorded, and the number of hand-ins
    started  gives a runner that is on its way, if there is one
    returns  the paper; a result for every student, sorted; whether all could be recorded
    raises   CourseError if the course, or this computer, can't grade
    """
    options = options or Options()
    course = open_course(root)
    with alone(course, say):
        paper = paper_of(course, chapter)
        with Recorder(course, paper) as recorder:
            for line in recorder.said:
                say(line)
            found = hand_ins(course, chapter, recorder.students(), options.students)
            batch = Batch(course, paper, options, started)
            return paper, *_grade_all(batch, recorder, found, told)


def _grade_all(
    batch: "Batch", recorder: Recorder, found: list[HandIn], told: Told
) -> tuple[list[Result], bool]:
    prepared = [batch.prepare(hand_in) for hand_in in found]
    recorder.forget_stale(
        {p.hand_in.student: p.key for p in prepared if p.hand_in.folder and p.hand_in.has_name}
    )
    results, complete = [], True
    for ready, result in batch.results(prepared):
        try:
            if ready.hand_in.has_name:
                recorder.record(result, ready.hand_in.folder)
        except Exception as error:
            complete = False
            result = batch.broken(ready.hand_in.student, "could not be recorded", error)
        results.append(result)
        told(result, len(found))
    return sorted(results, key=lambda result: result.student), complete


@dataclass(frozen=True)
class Prepared:
    """A hand-in that was read.

    rebuilt  what was taken from it; None if there is none, or reading failed
    key      hash of all that the marks depend on, "" if they can't be given
    result   what is known without running anything
    """

    hand_in: HandIn
    rebuilt: Rebuilt | None = None
    key: str = ""
    result: Result | None = None


class Batch:
    """The hand-ins that one command grades."""

    def __init__(
        self, course: Course, paper: Paper, options: Options, started: Start | None = None
    ) -> None:
        self.course, self.paper, self.options = course, paper, options
        self._started = started
        self._proved = False
        self._unproved: list[Result] = []
        self.cache = Cache(course.private / "results")
        self.limits = LIMITS | {"cell": course.seconds()}
        self.limits["notebook"] = max(LIMITS["notebook"], 3 * self.limits["cell"])
        self._lock = threading.Lock()

    # ---- reading

    def prepare(self, hand_in: HandIn) -> Prepared:
        """Read a hand-in; whatever happens becomes its result."""
        try:
            return self._prepare(hand_in)
        except Exception as error:
            result = self.broken(hand_in.student, "could not be read", error)
            return Prepared(hand_in, result=result)

    def _prepare(self, hand_in: HandIn) -> Prepared:
        try:
            rebuilt = self._rebuild(hand_in)
        except Unreadable as error:
            rebuilt = nothing(self.paper, str(error))
        if rebuilt is None:
            why = "nothing was handed in" if hand_in.folder is None else "no notebook in the folder"
            result = judge.failed(self.paper, why, "missing")
            return Prepared(hand_in, result=replace(result, student=hand_in.student))
        if rebuilt.status == "unreadable":
            key, result = self.key(rebuilt, {}), judge.unread(self.paper, rebuilt)
            return Prepared(hand_in, rebuilt, key, self._of(hand_in, result, key))
        return Prepared(hand_in, rebuilt, self.key(rebuilt, self._data(hand_in)))

    def _rebuild(self, hand_in: HandIn) -> Rebuilt | None:
        if not hand_in.has_name:
            what = f"the name of its folder {hand_in.misnamed}"
            raise Unreadable(f"{what}: rename it, then grade it")
        opened = open_notebook(self.course, hand_in, self.paper.chapter)
        if opened is None:
            return None
        with opened[0] as file:
            rebuilt = rebuild(file, self.paper)
        if opened[1] and rebuilt.status != "unreadable":
            return replace(rebuilt, status="repaired", notes=(opened[1], *rebuilt.notes))
        return rebuilt

    def _data(self, hand_in: HandIn) -> dict[str, str]:
        return data_files(self.course, hand_in, self.paper.chapter)

    def _of(self, hand_in: HandIn, result: Result, key: str, seconds: float = 0.0) -> Result:
        return replace(result, student=hand_in.student, key=key, seconds=seconds)

    def key(self, rebuilt: Rebuilt, data: Mapping[str, str]) -> str:
        """Hash of answers, tests and environment."""
        answers = [rebuilt.status, rebuilt.notes, dict(rebuilt.answers), rebuilt.added]
        answers += [dict(rebuilt.unanswered), dict(data), self.limits]
        return judge.content_key(answers, self.paper.digest, environment())

    # ---- running

    def results(self, prepared: list[Prepared]) -> Iterator[tuple[Prepared, Result]]:
        """The result of every hand-in, as they come; the sandbox starts only if one needs it."""
        todo = []
        for ready in prepared:
            result = ready.result or self.known(ready)
            if result is not None:
                yield ready, result
            else:
                todo.append(ready)
        if not todo:
            return
        with _runner(self.options, self._started) as (run, jobs), _pool(jobs) as pool:
            proof = pool.submit(self.prove, run)
            waiting = {pool.submit(self.run, run, ready): ready for ready in todo}
            proof.result()  # before that no result is kept or recorded
            for result in self._unproved:
                self.cache.put(result.key, result)
            yield from _as_they_come(waiting)

    def known(self, ready: Prepared) -> Result | None:
        """The result of an earlier run with the same answers, tests and environment."""
        kept = None if self.options.force else self.cache.get(ready.key)
        return kept and self._of(ready.hand_in, kept, ready.key)

    def run(self, run: Runner, ready: Prepared) -> Result:
        """Run and judge a hand-in; whatever happens becomes its result."""
        student = ready.hand_in.student
        try:
            return self._run(run, ready)
        except Exception as error:
            return self.broken(student, "could not be graded", error)

    def _run(self, run: Runner, ready: Prepared) -> Result:
        assert ready.rebuilt is not None
        start = time.monotonic()
        keys = judge.fresh_keys(self.paper)
        data = self._data(ready.hand_in)
        if self.key(ready.rebuilt, data) != ready.key:
            raise RuntimeError("its files changed while it was graded; run the command again")
        job = ready.rebuilt.job(self.paper, keys, self.limits, data)
        outcome = run.run(job)
        if outcome.get("error"):
            raise SandboxBroke(str(outcome["error"]))
        result = judge.judge(self.paper, ready.rebuilt, outcome, keys)
        result = self._of(ready.hand_in, result, ready.key, time.monotonic() - start)
        with self._lock:
            if not self._proved:
                self._unproved.append(result)
                return result
        self.cache.put(ready.key, result)
        return result

    def prove(self, run: Runner) -> None:
        """See that the reference solution passes, once for a paper and an environment.

        raises  CourseError if it does not: hand-ins would be graded unjustly
        """
        key = judge.content_key("proved", self.paper.digest, self.limits, environment())
        mark = self.course.private / "proved" / key
        if not mark.exists():
            self._prove(run)
            with suppress(OSError):  # then it is only proved again
                write_atomically(mark, b"")
        with self._lock:
            self._proved = True

    def _prove(self, run: Runner) -> None:
        rebuilt, keys = reference(self.paper), judge.fresh_keys(self.paper)
        data = self._data(HandIn("", None))
        outcome = run.run(rebuilt.job(self.paper, keys, self.limits, data))
        if outcome.get("error"):
            raise CourseError(f"hand-ins can't be run: {outcome['error']}")
        result = judge.judge(self.paper, rebuilt, outcome, keys)
        lost = [f"{m.name}: {m.message}" for m in result.tests if m.points < m.max_points]
        if lost or result.status != "graded":
            raise CourseError(
                f"the reference solution of {self.paper.chapter} does not pass its own tests in "
                f"the sandbox, so no hand-in was graded. {result.reason}\n" + "\n".join(lost)
            )

    # ---- what must not happen

    def broken(self, student: str, what: str, error: Exception) -> Result:
        """The result where this program failed; the log has the traceback."""
        reason = f"{what}: {type(error).__name__}: {error}"[: judge.LONGEST]
        trace = "".join(traceback.format_exception(error))
        path = self.course.private / "log.txt"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock, path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{time.strftime('%F %T')} {student!r} {reason}\n{trace}\n")
        except OSError:
            pass  # a full disk must not stop the others
        return replace(judge.failed(self.paper, reason), student=student)


class SandboxBroke(Exception):  # noqa: N818 - it is the sandbox that broke
    """The sandbox broke down, twice; nothing can be said about the hand-in."""


@contextmanager
def alone(course: Course, say: Say) -> Iterator[None]:
    """Wait until no other run works in this course."""
    path = course.private / "lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(f"{path.parent} can't be written ({error.strerror})") from None
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("another run grades in this course: waiting until it ends (Ctrl-C gives up)")
        lock.acquire()
    except OSError as error:
        raise CourseError(f"{path} can't be locked ({error.strerror})") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _runner(options: Options, started: Start | None = None) -> Iterator[tuple[Runner, int]]:
    """What runs the jobs, and how many at a time."""
    jobs = options.jobs or os.cpu_count() or 1
    if options.dask:
        from descent.grading.cluster import cluster

        with cluster(options.dask, options.kernels, options.unsafe) as (remote, size):
            yield remote, options.jobs or size
        return
    if started is not None:
        yield started(), jobs
        return
    with runner(options.kernels, options.unsafe) as local:
        yield local, jobs


@contextmanager
def _pool(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for the sandbox; what has not begun is dropped when we are interrupted."""
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="grade")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _as_they_come(
    waiting: dict[Future[Result], Prepared],
) -> Iterator[tuple[Prepared, Result]]:
    left: set[Future[Any]] = set(waiting)
    while left:
        done, left = wait(left, return_when=FIRST_COMPLETED)
        for future in done:
            yield waiting[future], future.result()
