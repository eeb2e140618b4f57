"""Step 2 in containers, one for each hand-in: for computers on which bubblewrap does not work.

`python -P -m descent.grading.contained`, inside, reads a job and writes its outcome, both JSON.
"""

import contextlib
import json
import secrets
import subprocess
import sys
import threading
from typing import Any

from descent.course.faults import CourseError
from descent.grading import native, provision
from descent.grading.run import LONGEST, Message, Zygote

MEMORY = 3_000_000_000
"""Bytes that a container may have: the packages, and what one hand-in may take."""
SPARE = 120.0
"""Seconds beyond the hand-in's own that a container may take."""


class Contained:
    """A runner that starts a container for every hand-in.

    raises  NoSandbox where there is no engine
    """

    def __init__(self, image: str = "graded-descent") -> None:
        self._engine, self._image = provision.engine(), image

    def run(self, job: Message) -> Message:
        """The outcome of a job; "error" in it says if the container broke down."""
        name = f"descent-{secrets.token_hex(8)}"
        inside = ["python", "-P", "-m", "descent.grading.contained"]
        line = provision.container(self._engine, self._image, name, MEMORY, 1.0, inside)
        seconds = 2 * job["limits"]["notebook"] + job["limits"]["cell"] + SPARE
        said, words = self._answer(line, name, json.dumps(job).encode(), seconds)
        try:
            outcome: Any = json.loads(said)
        except ValueError:
            return {"error": f"the container gave no outcome: {words.strip()[-300:]}"}
        return outcome if isinstance(outcome, dict) else {"error": "the container gave nonsense"}

    def _answer(self, line: list[str], name: str, job: bytes, seconds: float) -> tuple[bytes, str]:
        """What the container says on standard output and standard error, as much as is taken."""
        pipe = subprocess.PIPE
        process: Any
        with subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe) as process:
            late = threading.Timer(seconds, self._end, (process, name))
            late.start()
            words: list[bytes] = []
            errors = threading.Thread(target=_keep, args=(process.stderr, words), daemon=True)
            errors.start()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(job)
                process.stdin.close()
            said = process.stdout.read(LONGEST)
            late.cancel()
            self._end(process, name)
            errors.join(5)
        return said, b"".join(words).decode("utf-8", "replace")

    def _end(self, process: "subprocess.Popen[bytes]", name: str) -> None:
        """End a container that has not ended by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
            return
        subprocess.run([self._engine, "kill", name], capture_output=True, check=False)
        process.kill()

    def close(self) -> None:
        """Nothing stays."""


def _keep(errors: Any, words: list[bytes]) -> None:
    """The last of what comes, however much it is."""
    while chunk := errors.read(1 << 12):
        words[:] = [(b"".join(words) + chunk)[-2000:]]


def main() -> int:
    """Run the job that comes on standard input.

    returns  exit code: 0 if there is an outcome
    """
    native.hide_memory()  # it holds the keys of the seals
    job = json.load(sys.stdin)
    zygote = Zygote("flat", safe=False)
    try:
        if not zygote.ready():
            raise CourseError(f"the process for hand-ins does not start: {zygote.said()}")
        outcome = zygote.run(job)
    finally:
        zygote.close()
    json.dump(outcome, sys.stdout)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
