"""Nearest neighbours: ours beside scikit-learn's brute force and a Python loop, in one run.

    python bench/knn.py [--queries 1000] [--k 5] [--most 200] [--seconds 5]

On MNIST's 60,000 training images where `DESCENT_DATA` has them, else on the embedded digits. Two
tables: one vote of K for many queries, and the error for every number of neighbours up to `--most`.
All ways take turns, at least twice, and the fastest turn of each counts; a slow way is measured on
fewer queries, or fewer K, says so, and is scaled to the whole. Times are milliseconds a query.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from descent import data
from descent.explore import neighbours

Answers = Tensor | np.ndarray


class Way(NamedTuple):
    """One way to answer: its name, the work, and how many times the asked-for work that is."""

    name: str
    run: Callable[[], Answers]
    times: float = 1.0


class Samples(NamedTuple):
    """Training samples and queries with their classes."""

    train_x: Tensor
    train_y: Tensor
    x: Tensor
    y: Tensor


def load(queries: int) -> Samples:
    """MNIST or the digits, flat, on the CPU; says which."""
    images = data.load_images().flat()
    print(f"{images}\n{torch.get_num_threads()} threads, float32\n")
    return Samples(images.x, images.y, images.test_x[:queries], images.test_y[:queries])


def scikit_learn(s: Samples, k: int) -> KNeighborsClassifier:
    """The classifier, fitted: brute force keeps the samples and computes nothing yet."""
    return KNeighborsClassifier(k, algorithm="brute").fit(s.train_x.numpy(), s.train_y.numpy())


def by_loop(s: Samples, k: int, queries: int) -> np.ndarray:
    """One query after the other: its distances, the k smallest, the most frequent label."""
    train_x, train_y, answers = s.train_x.numpy(), s.train_y.numpy(), []
    for query in s.x[:queries].numpy():
        distances = np.sqrt(((train_x - query) ** 2).sum(axis=1))
        labels = train_y[np.argsort(distances)[:k]]
        answers.append(np.bincount(labels).argmax())
    return np.array(answers)


def votes(s: Samples, k: int) -> list[Way]:
    """Ways to let k neighbours vote for all queries."""
    few = min(20, len(s.x))
    classifier = scikit_learn(s, k)
    return [
        Way("ours", lambda: neighbours.predict(s.train_x, s.train_y, s.x, k)),
        Way("scikit-learn, brute", lambda: classifier.predict(s.x.numpy())),
        Way(f"Python loop ({few} queries)", lambda: by_loop(s, k, few), few / len(s.x)),
    ]


def curves(s: Samples, most: int) -> list[Way]:
    """Ways to the errors of 1, 2, … most neighbours; all but ours do one K after the other."""
    ks, few = np.unique(np.linspace(1, most, 3).astype(int)), min(2, len(s.x))
    classifiers = [scikit_learn(s, int(k)) for k in ks]

    def one_after_the_other() -> np.ndarray:
        return np.array([(c.predict(s.x.numpy()) != s.y.numpy()).mean() for c in classifiers])

    def looping() -> np.ndarray:
        return np.array([(by_loop(s, int(k), few) != s.y[:few].numpy()).mean() for k in ks])

    def sorted_by_scikit_learn() -> Tensor:
        order = torch.from_numpy(classifiers[-1].kneighbors(s.x.numpy(), most, False))
        votes = neighbours.winners(s.train_y[order], s.train_y.unique())
        return (votes != s.y[:, None]).float().mean(0)

    share = len(ks) / most
    return [
        Way("ours, all K at once", lambda: neighbours.error_by_k(*s, most)),
        Way(f"scikit-learn, brute ({len(ks)} K)", one_after_the_other, share),
        Way("scikit-learn's order, our votes", sorted_by_scikit_learn),
        Way(f"Python loop ({len(ks)} K, {few} queries)", looping, share * few / len(s.x)),
    ]


def fastest(ways: list[Way], seconds: float) -> tuple[list[float], list[Any]]:
    """Seconds of the asked-for work in each way, the fastest of all turns, and the answers."""
    best: list[float] = [float("inf")] * len(ways)
    answers: list[Any] = [None] * len(ways)
    began, turns = time.perf_counter(), 0
    while turns < 2 or time.perf_counter() - began < seconds:
        for i, way in enumerate(ways):
            start = time.perf_counter()
            answers[i] = way.run()
            best[i] = min(best[i], (time.perf_counter() - start) / way.times)
        turns += 1
    return best, answers


def table(title: str, ways: list[Way], seconds: list[float], queries: int) -> None:
    """Print times, and how many times as long as ours the others take."""
    print(f"{title:46}{'ms':>10}{'times ours':>12}")
    for way, t in zip(ways, seconds, strict=True):
        print(f"  {way.name:44}{1000 * t / queries:>10.3f}{t / seconds[0]:>12.1f}")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--most", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=5, help="of turns, for each table")
    options = parser.parse_args()
    samples = load(options.queries)
    m = len(samples.x)
    ways = votes(samples, options.k)
    seconds, answers = fastest(ways, options.seconds)
    table(f"{options.k} neighbours vote, {m:,} queries", ways, seconds, m)
    same = np.mean(np.asarray(answers[0]) == answers[1])
    print(f"ours and scikit-learn's give the same class to {same:.2%} of the queries\n")
    ways = curves(samples, options.most)
    seconds, answers = fastest(ways, options.seconds)
    table(f"errors of 1 … {options.most} neighbours, {m:,} queries", ways, seconds, m)
    ks = np.unique(np.linspace(1, options.most, 3).astype(int))
    for k, theirs in zip(ks, answers[1], strict=True):
        print(f"error with K = {k}: ours {answers[0][k - 1]:.2%}, scikit-learn's {theirs:.2%}")


if __name__ == "__main__":
    main()
