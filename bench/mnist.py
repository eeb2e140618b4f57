"""The published network: the plain loop with a DataLoader beside ours, in one run.

    python bench/mnist.py [--epochs 10] [--seeds 5] [--plain 5] [--data FOLDER]

Same network, batches of 100 in the same order, SGD with rate 0.1. The two take turns, one pair a
seed, each turn in a process of its own (neither warms up the other's memory) after a short run on
2,100 samples that loads libraries. Seconds are those of all epochs, moving the data and capturing
graphs included, the test left out. Where other programs take time, the fastest turns say most.

By default a couple of minutes: on a CPU 1 epoch and 3 seeds, which says how fast, not how well; on
a GPU, or on the digits, the published 10 epochs and 5 seeds, the plain loop once. FOLDER holds
MNIST's files; without, `DESCENT_DATA`, the cache, or else the digits enlarged to 28×28.
"""

import argparse
import multiprocessing
import os
import platform
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import torch

from descent import data, training
from descent.device import device

WAYS = {"plain": training.plain_loop, "ours": training.train}
WARM_UP = 2100
"""Samples: twenty batches of 100, as many as one graph has, and one more."""


def load(folder: Path | None) -> data.Dataset:
    found = data.load_mnist(folder) if folder else data.load_images()
    return found if found.name == "mnist" else training.enlarged(found)


def turn(way: str, seed: int, epochs: int, folder: Path | None) -> training.Trained:
    """One run in a fresh process, the weights seeded like the order."""
    samples = load(folder)
    few = replace(samples, x=samples.x[:WARM_UP].clone(), y=samples.y[:WARM_UP])
    WAYS[way](training.published_net(), few, epochs=1, progress=False)
    net = training.published_net(seed)
    return WAYS[way](net, samples, epochs=epochs, seed=seed, progress=False)


def in_fresh_process(*arguments: object) -> training.Trained:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(turn, *arguments).result()


def processor() -> str:
    """The CPU's model."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def machine() -> str:
    where = device()
    name = torch.cuda.get_device_name(where) if where.type == "cuda" else where.type
    threads = f"{torch.get_num_threads()} threads on {os.cpu_count()} cores"
    return f"{name}; {processor()}, {threads}; torch {torch.__version__}"


def row(label: str, *ways: tuple[float, float] | None) -> str:
    """One line of the table, from (seconds, error) of the plain loop, if it ran, and of ours."""
    cells = [f"{way[0]:>9.2f}{way[1]:>9.2%}" if way else " " * 18 for way in ways]
    plain, ours = ways
    ratio = f"{plain[0] / ours[0]:>9.2f}×" if plain and ours else ""
    return f"{label:<10}{'  '.join(cells)}{ratio}"


def summed_up(
    runs: list[training.Trained], how: Callable[[list[float]], float] = statistics.median
) -> tuple[float, float] | None:
    """The median (or another figure) of the seconds, and the median error."""
    if not runs:
        return None
    errors = [run.test_error for run in runs]
    return how([run.seconds for run in runs]), statistics.median(errors)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, help="default: 10, for MNIST on a CPU 1")
    parser.add_argument("--seeds", type=int, help="default: 5, for MNIST on a CPU 3")
    parser.add_argument("--plain", type=int, help="seeds for which the plain loop runs too")
    parser.add_argument("--data", type=Path, help="folder of MNIST's four files")
    return parser.parse_args()


def filled(options: argparse.Namespace, samples: data.Dataset) -> argparse.Namespace:
    """Defaults that end in a couple of minutes on this device."""
    on_cpu = device().type == "cpu"
    quick = on_cpu and samples.name == "mnist"
    options.epochs = options.epochs or (1 if quick else 10)
    options.seeds = options.seeds or (3 if quick else 5)
    if options.plain is None:
        options.plain = options.seeds if on_cpu else 1
    return options


def main() -> None:
    options = arguments()
    samples = load(options.data)
    filled(options, samples)
    print(f"{samples}\n{machine()}\n{options.epochs} epoch{'s' * (options.epochs > 1)}")
    print(f"\n{'':10}{'plain, s':>9}{'error':>9}  {'ours, s':>9}{'error':>9}{'ratio':>10}")
    runs: dict[str, list[training.Trained]] = {way: [] for way in WAYS}
    for seed in range(options.seeds):
        for way in WAYS if seed < options.plain else ["ours"]:
            runs[way].append(in_fresh_process(way, seed, options.epochs, options.data))
        plain, ours = (summed_up(runs[way][seed : seed + 1]) for way in WAYS)
        print(row(f"seed {seed}", plain, ours), flush=True)
    print(row("median", *(summed_up(runs[way]) for way in WAYS)))
    print(row("fastest", *(summed_up(runs[way], min) for way in WAYS)))
    print(f"\nours ran on: {runs['ours'][0].device}")
    if samples.name == "mnist" and options.epochs < 10:
        print("fewer epochs than the published 10: figures of speed; --epochs 10 gives the error")


if __name__ == "__main__":
    main()
