"""Results of hand-ins that were graded before, found by a hash of all that they depend on."""

import hashlib
import platform
import sys
import zlib
from dataclasses import replace
from functools import cache
from importlib import metadata
from pathlib import Path

from descent.course.inputs import PACKAGE
from descent.grading.folder import write_atomically
from descent.grading.judge import Result

PACKAGES = ("torch", "numpy", "matplotlib", "ipython", "scikit-learn", "nbformat")
"""Distributions on whose versions marks may depend."""


ELSEWHERE = ("course", "explore")
"""Folders of this package whose code no marks depend on: building and drawing."""


@cache
def environment() -> str:
    """Hash of the packages' versions and of this package's code that exercises can meet."""
    digest = hashlib.sha256(f"{sys.version} {platform.machine()} {platform.system()}".encode())
    for name in PACKAGES:
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE)
        if place.parts[0] not in ELSEWHERE:
            digest.update(place.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


class Cache:
    """A folder of results.

    folder  made when the first is kept
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Result | None:
        """The result that was kept under a key, None if there is none that is whole."""
        try:
            return Result.from_json(zlib.decompress(self._path(key).read_bytes()).decode())
        except (OSError, ValueError, zlib.error):
            return None

    def put(self, key: str, result: Result) -> bool:
        """Keep a result; whether there was room for it."""
        kept = replace(result, student="", seconds=0.0)
        try:
            write_atomically(self._path(key), zlib.compress(kept.to_json().encode(), 1))
        except OSError:
            return False
        return True

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]
