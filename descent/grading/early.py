"""Starts the sandbox while the command still loads, where it is plain that it will be needed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from descent.grading.run import Runner, runner

Start = Callable[[], Runner]


@contextmanager
def hurry(root: Path, chapter: str, kernels: str, unsafe: bool) -> Iterator[Start | None]:
    """A runner that is on its way, None where none may be needed.

    root     the course's folder
    returns  gives the runner, or raises what `runner` raises
    """
    if not new_hand_ins(root, chapter):
        yield None
        return
    # The thread that starts a sandbox must live as long as it: the kernel ends both together.
    with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        future = pool.submit(stack.enter_context, runner(kernels, unsafe))
        try:
            yield future.result
        finally:
            pool.submit(stack.close)


def new_hand_ins(root: Path, chapter: str) -> bool:
    """Whether a hand-in is newer than its graded notebook, as folders lie unless configured."""
    for path in (root / "submitted").glob(f"*/{chapter}/{chapter}.ipynb"):
        graded = root / "autograded" / path.relative_to(root / "submitted")
        try:
            if not graded.exists() or path.stat().st_mtime > graded.stat().st_mtime:
                return True
        except OSError:
            continue
    return False
