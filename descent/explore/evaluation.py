"""One small network trained with many seeds at once, and what choosing on a test set does."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from descent import data, style
from descent.device import device
from descent.explore import base

NETWORKS = 100


class Runs(NamedTuple):
    """Many trainings of one network, and their answers on samples that none has seen.

    answers  uint8 tensor (epochs, S, M), class that each network gives after each epoch
    x, y     float tensor (M, D) and uint8 tensor (M,), the samples kept out of training
    source   which data these are
    """

    answers: Tensor
    x: Tensor
    y: Tensor
    source: str

    @property
    def wrong(self) -> Tensor:
        """Mistakes, bool tensor (epochs, S, M)."""
        return self.answers != self.y


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute with one thread: for products so small, threads wait more than they work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@_one_thread()
def train_networks(
    x: Tensor,
    y: Tensor,
    kept_out: Tensor,
    networks: int,
    generator: torch.Generator,
    *,
    hidden: int = 32,
    epochs: int = 20,
    batch: int = 50,
    rate: float | Tensor = 0.1,
    scale: float | Tensor = 1.0,
) -> Tensor:
    """Train many two-layer networks as one: every product is a batch of products.

    Each has its own first weights and its own order of the samples; all are trained by gradient
    descent on batches with momentum 0.9, minimising cross-entropy.

    x, y       float tensor (N, D) and int64 tensor (N,), the training set
    kept_out   float tensor (M, D), samples to classify after each epoch
    networks   number of networks S
    generator  source of weights and orders, on the CPU
    hidden     units of the hidden layer
    epochs     passes through the training set
    batch      samples of a step
    rate       learning rate, one or a tensor (S,)
    scale      factor of the first weights, one or a tensor (S,)
    returns    uint8 tensor (epochs, S, M), classes
    """
    rate, scale = (torch.as_tensor(v).to(x).view(-1, 1, 1) for v in (rate, scale))
    sizes = (x.shape[1], hidden, int(y.max()) + 1)
    parameters = list(_first_parameters(networks, sizes, scale, generator))
    velocities = [torch.zeros_like(p) for p in parameters]
    answers = []
    for _ in range(epochs):
        order = torch.rand(networks, len(x), generator=generator).to(x.device).argsort(dim=1)
        for chosen in order.split(batch, dim=1):
            _step(parameters, velocities, x[chosen], y[chosen], rate)
        answers.append(_answers(parameters, kept_out))
    return torch.stack(answers)


def _first_parameters(
    networks: int, sizes: tuple[int, int, int], scale: Tensor, generator: torch.Generator
) -> Iterator[Tensor]:
    """Weights (S, in, out) and biases (S, 1, out) of both layers, as He et al. 2015 draw them."""
    for fan_in, fan_out in pairwise(sizes):
        drawn = torch.randn(networks, fan_in, fan_out, generator=generator, dtype=scale.dtype)
        yield (drawn.to(scale.device) * scale * math.sqrt(2 / fan_in)).requires_grad_()
        yield torch.zeros(networks, 1, fan_out).to(scale).requires_grad_()


def _logits(parameters: list[Tensor], x: Tensor) -> Tensor:
    """Scores (S, B, C) of the networks for their batches (S, B, D)."""
    w1, b1, w2, b2 = parameters
    return torch.baddbmm(b2, torch.baddbmm(b1, x, w1).relu_(), w2)


@torch.no_grad()
def _answers(parameters: list[Tensor], x: Tensor) -> Tensor:
    """Classes (S, M) that the networks give to the same samples (M, D), ten networks at a time."""
    parts = zip(*(p.split(10) for p in parameters), strict=True)
    logits = (_logits(list(part), x.expand(len(part[0]), -1, -1)) for part in parts)
    return torch.cat([scores.argmax(dim=2).byte() for scores in logits])


def _step(
    parameters: list[Tensor], velocities: list[Tensor], x: Tensor, y: Tensor, rate: Tensor
) -> None:
    """One step of every network on its own batch, in place."""
    logits = _logits(parameters, x)
    loss = cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum") / y.shape[1]
    gradients = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for p, v, g in zip(parameters, velocities, gradients, strict=True):
            v.mul_(0.9).add_(g)
            p.sub_(rate * v)


@lru_cache(maxsize=2)
def hundred_runs(images: str = "digits") -> Runs:
    """One small network trained 100 times, each time with other first weights and orders.

    images   "digits": 797 of the embedded digits train, 1,000 are kept out;
             "mnist": MNIST's own training and test set where the machine has it, else the digits
    returns  Runs
    """
    found = data.load_images(images).flat()
    generator = torch.Generator().manual_seed(0)
    if found.name == "digits":
        found = _digits(found)
        answers = train_networks(found.x, found.y, found.test_x, NETWORKS, generator)
    else:
        found = found.to(device())
        sizes = {"hidden": 128, "epochs": 5, "batch": 100}
        answers = train_networks(found.x, found.y, found.test_x, NETWORKS, generator, **sizes)
    return _runs(answers, found)


@lru_cache(maxsize=1)
def varied_runs() -> Runs:
    """The same network and digits with 100 learning rates and scales of the first weights.

    returns  Runs; learning rates from 0.005 to 0.5, scales from 0.1 to 3, uniform in the logarithm
    """
    found = _digits(data.load_digits().flat())
    generator = torch.Generator().manual_seed(1)
    rate = 0.005 * 100 ** torch.rand(NETWORKS, generator=generator)
    scale = 0.1 * 30 ** torch.rand(NETWORKS, generator=generator)
    answers = train_networks(
        found.x, found.y, found.test_x, NETWORKS, generator, rate=rate, scale=scale
    )
    return _runs(answers, found)


def _digits(found: data.Dataset, kept_out: int = 1000) -> data.Dataset:
    """The digits with more of them kept out, on the CPU.

    In float64, so that another processor's rounding changes none of the answers.
    """
    x, y = torch.cat([found.x, found.test_x]).double(), torch.cat([found.y, found.test_y])
    return replace(
        found, x=x[:-kept_out], y=y[:-kept_out], test_x=x[-kept_out:], test_y=y[-kept_out:]
    )


def _runs(answers: Tensor, found: data.Dataset) -> Runs:
    return Runs(answers.cpu(), found.test_x.cpu(), found.test_y.byte().cpu(), found.source)


def draw_test_sets(draws: int, size: int, out_of: int, generator: torch.Generator) -> Tensor:
    """Random test sets, each a part of the samples that no training has seen.

    draws      number of test sets R
    size       samples in each
    out_of     number of samples M to draw from
    generator  source of the draws
    returns    bool tensor (R, M), true where a sample is in the test set
    """
    return torch.rand(draws, out_of, generator=generator).argsort(1).argsort(1) < size


@_one_thread()
def errors_on(wrong: Tensor, chosen: Tensor) -> Tensor:
    """Error of every candidate on every set of samples.

    wrong    bool tensor (S, M), mistakes of S candidates
    chosen   bool tensor (R, M), sets of samples
    returns  float32 tensor (R, S), share of mistakes
    """
    return chosen.float() @ wrong.float().T / chosen.sum(1, keepdim=True)


@_one_thread()
def add_clauses(answers: Tensor, y: Tensor, x: Tensor, tested: Tensor) -> Tensor:
    """Add to a method the special rules that help it most on one test set: one for each class.

    A clause says: where the method answers a and this pixel is above (or below) that grey,
    answer b. For each a the one is taken that mends most answers on the test set.

    answers  int tensor (M,), classes that the method gives
    y        int tensor (M,), true classes
    x        float tensor (M, D), images in [0, 1]
    tested   bool tensor (M,), the test set
    returns  int64 tensor (M,), answers with the clauses
    """
    above = torch.cat([x > grey for grey in (0.25, 0.5, 0.75)], dim=1)
    holds = torch.cat([above, ~above], dim=1).float()
    classes = int(max(y.max(), answers.max())) + 1
    pair = one_hot(classes * answers.long() + y, classes**2).float()  # what was said, what is true
    counts = ((holds[tested].T @ pair[tested]).view(-1, classes, classes)).transpose(0, 1)
    gains = counts - counts.diagonal(dim1=0, dim2=2).T[:, :, None]  # b mended, a spoilt
    best = gains.flatten(1).argmax(dim=1)
    condition, instead = best // classes, best % classes
    applies = holds.T[condition][answers.long(), torch.arange(len(y))].bool()
    return torch.where(applies, instead[answers.long()], answers.long())


# ---- the best of n seeds -----------------------------------------------------------------------


class Chosen(NamedTuple):
    """The best of n networks on one reused test set, and on average over many such sets.

    n                number of networks to choose from
    size             samples in the test set
    tested, fresh    float32 tensors (S,), error of each network on the test set and on the rest
    best             which network is best on the test set among the first n
    reported, truth  float32 tensors (S,), mean over many test sets of the error of the best of
                     1, 2, … networks on the test set that chose it, and on fresh samples
    """

    n: int
    size: int
    tested: Tensor
    fresh: Tensor
    best: int
    reported: Tensor
    truth: Tensor


@lru_cache(maxsize=32)
def _averages(size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Errors (R, S) on 300 test sets and on the rest, and the means over R for the best of n."""
    wrong = hundred_runs().wrong[-1]
    generator = torch.Generator().manual_seed(3)
    sets = draw_test_sets(300, size, wrong.shape[1], generator)
    tested, fresh = errors_on(wrong, sets), errors_on(wrong, ~sets)
    order = torch.rand(tested.shape, generator=generator).argsort(1)  # each time other seeds first
    lowest, which = tested.gather(1, order).cummin(dim=1)
    return tested, fresh, lowest.mean(0), fresh.gather(1, order).gather(1, which).mean(0)


def best_of(n: int, size: int, draw: int) -> Chosen:
    """Choose the best of n networks on one test set.

    n        number of networks, 1..100
    size     samples in the test set
    draw     which of 300 test sets
    returns  Chosen
    """
    tested, fresh, reported, truth = _averages(size)
    best = int(tested[draw, :n].argmin())
    return Chosen(n, size, tested[draw], fresh[draw], best, reported, truth)


BELOW: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.14), "ncols": 2}
"""Where the legends stand."""


class BestOfSeeds(base.Explorable):
    """Pick the best of n seeds on a test set that is used again and again."""

    title = "One program, 100 seeds, one test set"
    size = (9.0, 4.2)
    question = (
        "100 networks differ in nothing but the seed. You report the one that errs least "
        "on a test set of 200 digits. What error, in %, will you report on average?"
    )

    def controls(self) -> dict[str, Any]:
        return {
            "n": base.int_slider("seeds tried n", 1, NETWORKS, 40),
            "size": base.int_slider("test set size", 50, 500, 200, step=50),
            "draw": base.int_slider("another test set", 0, 30, 0),
        }

    def compute(self, n: int, size: int, draw: int) -> Chosen:
        return best_of(n, size, draw)

    def build(self, fig: Any, result: Chosen) -> None:
        left, right = fig.subplots(1, 2)
        (self.others,) = left.plot([], [], ".", color=style.GREY, markersize=4)
        (self.tried,) = left.plot([], [], "o", color=style.TRAIN, markersize=4)
        (self.gap,) = left.plot([], [], color=style.INK, linewidth=1.2)
        (self.ring,) = left.plot([], [], "o", color=style.INK, markersize=10, fillstyle="none")
        (self.fresh,) = left.plot([], [], "D", color=style.TEST, markersize=7)
        handles = [self.tried, self.others, self.ring, self.fresh]
        names = ["error on the test set", "not tried", "the best", "the best, on fresh digits"]
        left.legend(handles, names, **BELOW)
        left.set(xlim=(0, NETWORKS + 1), ylim=(-0.4, 17), xlabel="seed", ylabel="error (%)")
        left.set_title(self.title)
        self.moving(self.others, self.tried, self.gap, self.ring, self.fresh)
        self._build_averages(right)

    def _build_averages(self, ax: Any) -> None:
        (self.reported,) = ax.plot([], [], "--", color=style.TRAIN, label="reported")
        (self.truly,) = ax.plot([], [], color=style.TEST, label="on fresh digits")
        (self.here,) = ax.plot([], [], color=style.INK, linewidth=1)
        ax.set(xlim=(0, NETWORKS + 1), ylim=(0, 6), xlabel="seeds tried n", ylabel="error (%)")
        ax.set_title("The best of n, mean over 300 test sets")
        ax.legend(**BELOW)
        self.moving(self.here, self.reported, self.truly)

    def update(self, result: Chosen) -> None:
        seeds, tested = range(1, NETWORKS + 1), 100 * style.numpy(result.tested)
        self.tried.set_data(seeds[: result.n], tested[: result.n])
        self.others.set_data(seeds[result.n :], tested[result.n :])
        ends = [tested[result.best], 100 * float(result.fresh[result.best])]
        self.gap.set_data([result.best + 1] * 2, ends)
        self.ring.set_data([result.best + 1], ends[:1])
        self.fresh.set_data([result.best + 1], ends[1:])
        self.reported.set_data(seeds, 100 * style.numpy(result.reported))
        self.truly.set_data(seeds, 100 * style.numpy(result.truth))
        self.here.set_data([result.n] * 2, [0, 6])

    def describe(self, result: Chosen) -> str:
        b, n = result.best, result.n
        won = "Only seed 1 is tried" if n == 1 else f"Of {n} seeds number {b + 1} is best"
        who = "a single seed" if n == 1 else f"the best of {n}"
        return (
            f"{won} on this test set of {result.size}: "
            f"{result.tested[b]:.1%} reported, {result.fresh[b]:.1%} on fresh digits. Over 300 "
            f"test sets {who} reports {result.reported[n - 1]:.1%} on average and has "
            f"{result.truth[n - 1]:.1%} on fresh digits."
        )

    def truth(self) -> float:
        return round(100 * float(best_of(NETWORKS, 200, 0).reported[-1]), 1)
