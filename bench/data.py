"""Time to load the data sets: MNIST from its gzip files and from the cache, the digits, the import.

    python bench/data.py [FOLDER] [--runs 7]

FOLDER holds MNIST's gzip files; by default the one that DESCENT_DATA or DESCENT_TEST_MNIST names.
Median and best of the runs in milliseconds, how many times faster than reading the gzip files
with gzip and torch, and the limit that the project promises. Caches are made in a temporary
folder and removed.
"""

import argparse
import gzip
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from descent import data
from descent.data import files, idx


def milliseconds(action: Callable[[], object], runs: int) -> list[float]:
    """Time of each run; its result is freed outside."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        result = action()
        times.append(1000 * (time.perf_counter() - start))
        del result
    return times


def report(what: str, times: list[float], plain: float | None = None, limit: str = "") -> None:
    median = statistics.median(times)
    ratio = f"{plain / median:>9.1f}×" if plain else " " * 10
    print(f"{what:52}{median:>9.1f}{min(times):>9.1f}{ratio}  {limit}", flush=True)


def plain_load(folder: Path) -> list[torch.Tensor]:
    """What anyone would write first, without any check."""
    tensors = []
    for member in files.MEMBERS:
        content = bytearray(gzip.decompress((folder / f"{member.name}.gz").read_bytes()))
        numbers = torch.frombuffer(content, dtype=torch.uint8, offset=4 + 4 * len(member.shape))
        tensors.append(
            numbers.view(member.shape) / 255 if len(member.shape) > 1 else numbers.long()
        )
    return tensors


def divided(path: Path) -> np.ndarray:
    """Pixels of an unpacked file, mapped and divided in one pass."""
    return np.divide(np.frombuffer(idx.stored(path), np.uint8, offset=16), np.float32(255))


def first_load(folder: Path) -> data.Dataset:
    """With nothing in the cache."""
    for path in files.cache().glob("*"):
        path.unlink()
    return data.load_mnist(folder)


def bench_mnist(folder: Path, runs: int) -> None:
    plain = milliseconds(lambda: plain_load(folder), runs)
    report("MNIST, gzip and torch, nothing checked", plain)
    median = statistics.median(plain)
    fresh = milliseconds(lambda: first_load(folder), runs)
    report("MNIST, gzip files, nothing in the cache", fresh, median, "limit 1,000")
    again = milliseconds(lambda: data.load_mnist(folder), runs)
    report("MNIST, gzip files, decoded before", again, median, "limit 1,000")
    cached = milliseconds(data.load_mnist, runs)
    report("MNIST, cache (mapped)", cached, median, "limit 100")
    summed = milliseconds(lambda: data.load_mnist().x.sum(), runs)
    report("MNIST, cache, every pixel read once", summed, median)
    raw = files.cache() / "raw"
    raw.write_bytes(gzip.decompress((folder / f"{files.MEMBERS[0].name}.gz").read_bytes()))
    report("60,000 images, mapped as bytes and divided", milliseconds(lambda: divided(raw), runs))


def bench_import(runs: int) -> None:
    """`import descent.data` beyond torch, each time in a new process."""
    script = (
        "import time, torch; start = time.perf_counter(); import descent.data; "
        "print(time.perf_counter() - start)"
    )
    command = [sys.executable, "-c", script]
    times = [
        1000 * float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(runs)
    ]
    report("import descent.data, beyond torch", times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    named = os.environ.get("DESCENT_DATA") or os.environ.get("DESCENT_TEST_MNIST")
    parser.add_argument("folder", nargs="?", type=Path, default=named and Path(named))
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    print(f"{'':52}{'median':>9}{'best':>9}{'ratio':>10}")
    bench_import(min(args.runs, 5))
    report("digits, first load (imports scikit-learn)", milliseconds(data.load_digits, 1))
    report("digits", milliseconds(data.load_digits, args.runs))
    if args.folder and all((args.folder / f"{m.name}.gz").is_file() for m in files.MEMBERS):
        with tempfile.TemporaryDirectory() as cache:
            os.environ["DESCENT_CACHE"] = cache
            bench_mnist(args.folder, args.runs)
    else:
        print("MNIST was not measured: name the folder of its gzip files")


if __name__ == "__main__":
    main()
