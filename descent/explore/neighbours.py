"""Nearest neighbours: fast predictions, errors for all K at once, and two explorables."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from ipywidgets import SelectionSlider
from torch import Tensor

from descent import style
from descent.explore import base

ENTRIES = 2**23
"""Distances held at a time (32 MiB in float32): few enough to stay in the processor's caches."""
FEW = 16
"""Up to so many features distances are computed from differences, exactly, not from products."""


def draw_sample(n: int, flips: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Points of the square in two classes that a wave separates, some labels flipped.

    n          number of points
    flips      probability that a label is flipped; below 1/2 this is Bayes' error
    generator  source of the draws; the same positions whatever `flips` is
    returns    float32 tensor (N, 2) uniform in [-1, 1]², int64 tensor (N,) of 0 and 1
    """
    x = 2 * torch.rand(n, 2, generator=generator) - 1
    flipped = torch.rand(n, generator=generator) < flips
    return x, ((x[:, 1] > wave(x[:, 0])) ^ flipped).long()


def wave(x1: Tensor) -> Tensor:
    """The true border between the classes: x₂ = 0.6 sin(1.5 π x₁), class 1 above it."""
    return 0.6 * torch.sin(1.5 * math.pi * x1)


def nearest(train_x: Tensor, x: Tensor, k: int) -> Tensor:
    """Indices of the nearest training samples of each query, the nearest first.

    train_x  float tensor (N, D)
    x        float tensor (M, D), queries
    k        number of neighbours, in 1..N
    returns  int64 tensor (M, k)
    raises   ValueError if k is outside 1..N
    """
    if k < 1 or k > len(train_x):
        raise ValueError(f"k must lie in 1..{len(train_x)} (number of samples), got {k}")
    squares = train_x.square().sum(1)
    rows = max(1, ENTRIES // len(train_x))
    parts = [_distances(train_x, squares, queries) for queries in x.split(rows)]
    return torch.cat([_smallest(d, k) for d in parts])


def _distances(train_x: Tensor, squares: Tensor, x: Tensor) -> Tensor:
    """Distances (M, N), or what orders the training samples in the same way."""
    if x.shape[1] <= FEW:
        return torch.cdist(x, train_x, compute_mode="donot_use_mm_for_euclid_dist")
    return torch.addmm(squares, x, train_x.T, alpha=-2)


def _smallest(values: Tensor, k: int) -> Tensor:
    """Indices of the k smallest entries of each row, in order."""
    if k < values.shape[1]:
        return values.topk(k, largest=False).indices
    if values.device.type == "cpu":  # NumPy's sort has vector instructions: five times as fast
        return torch.from_numpy(values.numpy().argsort(axis=1))
    return values.argsort(dim=1)


def predict(train_x: Tensor, train_y: Tensor, x: Tensor, k: int) -> Tensor:
    """Majority vote of the k nearest training samples, ties to the smallest label.

    train_x  float tensor (N, D)
    train_y  int64 tensor (N,)
    x        float tensor (M, D), queries
    k        number of neighbours, in 1..N
    returns  int64 tensor (M,)
    raises   ValueError if k is outside 1..N
    """
    return winners(train_y[nearest(train_x, x, k)], train_y.unique())[:, -1]


def winners(labels: Tensor, classes: Tensor) -> Tensor:
    """The majority among the first k labels of each row, for all k at once.

    labels   int tensor (M, K), labels of the neighbours, the nearest first
    classes  int tensor (C,), all labels there are, in increasing order
    returns  tensor (M, K) of the same dtype; column k-1 is the vote of k, ties to the smallest
    """
    best = classes[0].expand_as(labels)
    most = _votes(labels, classes[0])
    for c in classes[1:]:
        votes = _votes(labels, c)
        best = torch.where(votes > most, c, best)
        most = torch.maximum(votes, most)
    return best


def _votes(labels: Tensor, c: Tensor) -> Tensor:
    """Votes for class c among the first 1, 2, … labels of each row."""
    counted = torch.int16 if labels.shape[1] < 2**15 else torch.int32
    return (labels == c).to(counted).cumsum(1, dtype=counted)


def error_by_k(train_x: Tensor, train_y: Tensor, x: Tensor, y: Tensor, most: int) -> Tensor:
    """Share of wrong answers for every number of neighbours at once: one sort serves all.

    train_x, train_y  float tensor (N, D) and int64 tensor (N,)
    x, y              float tensor (M, D) and int64 tensor (M,), queries and their classes
    most              largest number of neighbours, in 1..N
    returns           float32 tensor (most,), entry k-1 for k neighbours
    raises            ValueError if most is outside 1..N
    """
    rows = max(1, ENTRIES // len(train_x))
    known, wrong = train_y.unique(), torch.zeros(most, device=x.device)
    for queries, classes in zip(x.split(rows), y.split(rows), strict=True):
        votes = winners(train_y[nearest(train_x, queries, most)], known)
        wrong += (votes != classes[:, None]).sum(0)
    return wrong / len(x)


# ---- how one query is answered -----------------------------------------------------------------


class Vote(NamedTuple):
    """One query and its neighbours.

    x, y       float32 tensor (N, 2) and int64 tensor (N,), the training samples
    query      float32 tensor (2,)
    chosen     int64 tensor (k,), indices of the neighbours
    answer     class that the majority says
    """

    x: Tensor
    y: Tensor
    query: Tensor
    chosen: Tensor
    answer: int

    @property
    def votes(self) -> list[int]:
        """Votes for class 0 and for class 1."""
        return torch.bincount(self.y[self.chosen], minlength=2).tolist()

    @property
    def radius(self) -> float:
        """Distance of the last neighbour that has a vote."""
        return float((self.x[self.chosen[-1]] - self.query).norm())


NAMES = ("class 0 (circles)", "class 1 (squares)")
SHAPES = ("circle", "square")


class NeighbourVotes(base.Explorable):
    """A query, its K nearest neighbours and their votes."""

    title = "The nearest neighbours vote"
    size = (6.4, 4.6)
    question = (
        "With K = 1 the query (the star) gets the class of the one point nearest to it. "
        "What will it be called with K = 7?"
    )
    choices = NAMES

    def controls(self) -> dict[str, Any]:
        return {
            "k": base.int_slider("neighbours K", 1, 39, 1, step=2),
            "x1": base.slider("query, x₁", -1, 1, 0.5, step=0.05),
            "x2": base.slider("query, x₂", -1, 1, 0.35, step=0.05),
        }

    def compute(self, k: int, x1: float, x2: float) -> Vote:
        x, y = draw_sample(40, 0.1, torch.Generator().manual_seed(30))
        query = torch.tensor([x1, x2])
        chosen = nearest(x, query[None], k)[0]
        return Vote(x, y, query, chosen, int(predict(x, y, query[None], k)))

    def build(self, fig: Any, result: Vote) -> None:
        ax = fig.subplots()
        points = style.draw_points(ax, result.x, result.y, NAMES)
        ax.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), xlabel="x₁", ylabel="x₂", aspect="equal")
        ax.set_title(self.title)
        ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
        (self.spokes,) = ax.plot([], [], color=style.GREY, linewidth=0.9, zorder=1.5)
        (self.ring,) = ax.plot([], [], "--", color=style.INK, linewidth=1.2, zorder=1.5)
        (self.star,) = ax.plot([], [], "*", color=style.GOLD, markersize=18, mec=style.INK)
        self.told = ax.text(1.06, 0.7, "", transform=ax.transAxes, va="top", linespacing=1.6)
        self.moving(self.spokes, self.ring, *points, self.star, self.told)
        self.plane = ax

    def handles(self) -> list[base.Handle]:
        return [base.Handle("query", self.plane, lambda r: tuple(r.query.tolist()), "x1", "x2")]

    def update(self, result: Vote) -> None:
        ends = result.x[result.chosen]
        gap = torch.full_like(ends, math.nan)
        spokes = torch.stack([result.query.expand_as(ends), ends, gap], 1).flatten(0, 1)
        self.spokes.set_data(*style.numpy(spokes).T)
        angle = torch.linspace(0, 2 * math.pi, 100)
        ring = result.query[:, None] + result.radius * torch.stack([angle.cos(), angle.sin()])
        self.ring.set_data(*style.numpy(ring))
        self.star.set_data(*style.numpy(result.query[:, None]))
        zero, one = result.votes
        self.told.set_text(
            f"K = {len(result.chosen)}\n{zero} for circles\n{one} for squares\n"
            f"answer: {SHAPES[result.answer]}"
        )

    def describe(self, result: Vote) -> str:
        zero, one = result.votes
        x1, x2 = result.query.tolist()
        query, k = f"the query ({x1:.2f}, {x2:.2f})", len(result.chosen)
        if k == 1:
            asked = f"The one nearest neighbour of {query} is a {SHAPES[result.answer]}"
        else:
            shares = f"{_are(zero, SHAPES[0])} and {_are(one, SHAPES[1])}"
            asked = f"Of the K = {k} nearest neighbours of {query} {shares}"
        return f"{asked}: the answer is {NAMES[result.answer]}."

    def truth(self) -> str:
        return NAMES[self.compute(k=7, x1=0.5, x2=0.35).answer]


def _are(count: int, noun: str) -> str:
    """“1 is a circle”, “2 are circles”."""
    return f"1 is a {noun}" if count == 1 else f"{count} are {noun}s"


# ---- the map of all answers, and the error against K -------------------------------------------

SIDE = 60
KS = (1, 3, 5, 7, 9, 11, 15, 19, 29, 39, 59, 99, 149, 199, 299, 399, 599, 799, 999)
SAMPLES = (30, 100, 300, 1000)


class Map(NamedTuple):
    """Answers on a grid and errors for all K.

    x, y         the training samples, (N, 2) and (N,)
    k            neighbours that vote; at most N
    share        float32 tensor (SIDE, SIDE), votes for class 1; rows go up x₂
    train, test  float32 tensor (N,), error for every K
    flips        probability of a flipped label, Bayes' error
    """

    x: Tensor
    y: Tensor
    k: int
    share: Tensor
    train: Tensor
    test: Tensor
    flips: float


@lru_cache(maxsize=64)
def _samples(n: int, flips: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training and test sample; a smaller training sample is the beginning of a larger one."""
    train_x, train_y = draw_sample(max(SAMPLES), flips, torch.Generator().manual_seed(4))
    test_x, test_y = draw_sample(2000, flips, torch.Generator().manual_seed(2))
    return train_x[:n], train_y[:n], test_x, test_y


@lru_cache(maxsize=len(SAMPLES))
def _orders(n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Training samples by distance from grid, training and test points: one sort, kept."""
    train_x, _, test_x, _ = _samples(n, 0.0)
    line = torch.linspace(-1, 1, SIDE)
    grid = torch.cartesian_prod(line, line).flip(1)
    return nearest(train_x, grid, n), nearest(train_x, train_x, n), nearest(train_x, test_x, n)


@lru_cache(maxsize=8)
def _grid_votes(n: int, flips: float) -> Tensor:
    """Votes for class 1 at every grid point for every K, int16 tensor (N, SIDE·SIDE)."""
    votes = _samples(n, flips)[1].short()[_orders(n)[0]].cumsum(1, dtype=torch.int16)
    return votes.T.contiguous()


@lru_cache(maxsize=64)
def _errors(n: int, flips: float) -> tuple[Tensor, Tensor]:
    """Training and test error for every K, float32 tensors (N,)."""
    _, train_y, _, test_y = _samples(n, flips)
    _, train_order, test_order = _orders(n)
    both = torch.arange(2)
    answers = (
        (winners(train_y[o], both), y) for o, y in [(train_order, train_y), (test_order, test_y)]
    )
    train, test = ((a != y[:, None]).float().mean(0) for a, y in answers)
    return train, test


def neighbour_map(k: int, n: int, flips: float) -> Map:
    """The answers everywhere and the errors for all K.

    k        neighbours asked for; more than n means n
    n        number of training samples, at most 1000
    flips    probability of a flipped label, in [0, 0.5)
    returns  Map
    """
    k = min(k, n)
    train_x, train_y, _, _ = _samples(n, flips)
    share = (_grid_votes(n, flips)[k - 1] / k).view(SIDE, SIDE)
    return Map(train_x, train_y, k, share, *_errors(n, flips), flips)


def shade(share: Tensor) -> Tensor:
    """How to colour a share of votes: by the answer, the deeper the more agree.

    share    float tensor of any shape, in [0, 1], votes for class 1
    returns  float tensor of the same shape, below 0.3 where class 0 is the answer, else above 0.7
    """
    return torch.where(share > 0.5, 0.4 + 0.6 * share, 0.6 * share)


def edges(region: Tensor) -> Tensor:
    """Lines between the cells of a grid over [-1, 1]² that differ, to draw as one polyline.

    region   bool tensor (S, S), rows go up x₂
    returns  float32 tensor (P, 2), three points a line: its ends, then a gap (nan)
    """
    side = len(region)
    cell = 2 / (side - 1)
    up, right = (region[1:] != region[:-1]).nonzero(), (region[:, 1:] != region[:, :-1]).nonzero()
    step_x, step_y = torch.tensor([cell / 2, 0.0]), torch.tensor([0.0, cell / 2])
    across = (up.flip(1) * cell - 1 + step_y, step_x)
    along = (right.flip(1) * cell - 1 + step_x, step_y)
    lines = [torch.stack([p - s, p + s, p * math.nan], 1).flatten(0, 1) for p, s in (across, along)]
    return torch.cat(lines)


def _everywhere(result: Map) -> str:
    """“class 1 everywhere”, or "" where the answers differ from place to place."""
    answers = (result.share > 0.5).unique().tolist()
    return f"class {int(answers[0])} everywhere" if len(answers) == 1 else ""


class NeighbourMap(base.Explorable):
    """Answers of K nearest neighbours everywhere, and training and test error against K."""

    title = "The answer at every place"
    size = (9.0, 4.2)
    question = (
        "300 points, one label in five flipped by chance. Moving K from 1 to 299: "
        "where is the error on fresh points smallest?"
    )
    choices = ("at K = 1", "somewhere in between", "at K = 299")

    def controls(self) -> dict[str, Any]:
        return {
            "k": SelectionSlider(
                options=KS,
                value=1,
                description="neighbours K",
                style=base.STYLE,
                layout=base.WIDE,
            ),
            "n": base.choice("training points N", SAMPLES, 300),
            "flips": base.slider("flipped labels", 0, 0.4, 0.2, step=0.05),
        }

    def compute(self, k: int, n: int, flips: float) -> Map:
        return neighbour_map(k, n, flips)

    def build(self, fig: Any, result: Map) -> None:
        left, right = fig.subplots(1, 2)
        self._build_map(left, result)
        self._build_curves(right)

    def _build_map(self, ax: Any, result: Map) -> None:
        half = 1 / (SIDE - 1)
        box = (-1 - half, 1 + half) * 2
        self.image = ax.imshow(
            style.numpy(result.share),
            extent=box,
            origin="lower",
            cmap=style.REGIONS,
            vmin=0,
            vmax=1,
        )
        line = torch.linspace(-1, 1, 100)
        (truth,) = ax.plot(line, wave(line), ":", color=style.INK, label="true border")
        (self.border,) = ax.plot(
            [], [], color=style.INK, linewidth=1, label="border of the answers"
        )
        self.points = [
            ax.plot([], [], style.MARKERS[c], color=style.CLASSES[c], linestyle="", markersize=3.5)[
                0
            ]
            for c in (0, 1)
        ]
        ax.set(xlabel="x₁ (● class 0, ■ class 1)", ylabel="x₂")
        self.says = ax.set_title("")
        ax.grid(False)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        self.moving(self.image, truth, self.border, *self.points, self.says)

    def _build_curves(self, ax: Any) -> None:
        (self.train,) = ax.plot([], [], "--", color=style.TRAIN, label="training error")
        (self.test,) = ax.plot([], [], color=style.TEST, label="test error")
        (self.bayes,) = ax.plot([], [], ":", color=style.TRUTH, label="Bayes' error")
        (self.marks,) = ax.plot([], [], "o", color=style.INK, markersize=7)
        (self.here,) = ax.plot([], [], color=style.INK, linewidth=1)
        ax.set(xscale="log", xlim=(0.9, 1100), ylim=(-0.02, 0.62), ylabel="share of wrong answers")
        ax.set_xticks((1, 10, 100, 1000), ("1", "10", "100", "1,000"))
        ax.set_xlabel("neighbours K (odd)")
        ax.set_title("Over-fitting on the left, under-fitting on the right")
        ax.legend(loc="upper left", ncols=3, fontsize=8.5, columnspacing=1)
        self.moving(self.train, self.test, self.bayes, self.here, self.marks)

    def update(self, result: Map) -> None:
        self.says.set_text(f"K = {result.k}: {_everywhere(result) or 'the answer at every place'}")
        self.image.set_data(style.numpy(shade(result.share)))
        self.border.set_data(*style.numpy(edges(result.share > 0.5)).T)
        for c, line in enumerate(self.points):
            line.set_data(*style.numpy(result.x[result.y == c]).T)
            line.set_markersize(5.5 - len(result.x).bit_length() / 3)
        odd = torch.arange(1, len(result.x) + 1, 2)
        self.train.set_data(odd, style.numpy(result.train[::2]))
        self.test.set_data(odd, style.numpy(result.test[::2]))
        self.bayes.set_data([0.9, 1100], [result.flips] * 2)
        now = [float(e[result.k - 1]) for e in (result.train, result.test)]
        self.marks.set_data([result.k] * 2, now)
        self.here.set_data([result.k] * 2, [-0.02, 0.54])

    def describe(self, result: Map) -> str:
        train, test = result.train[result.k - 1], result.test[result.k - 1]
        best = 2 * int(result.test[::2].argmin()) + 1
        who = "neighbour" if result.k == 1 else "neighbours"
        same = _everywhere(result)
        return (
            f"With K = {result.k} {who} of N = {len(result.x)} samples the training error is "
            f"{train:.1%} and the test error {test:.1%} (Bayes' error {result.flips:.0%}); "
            f"the smallest test error, {result.test[best - 1]:.1%}, is at K = {best}."
            f"{f' The answer is {same}.' if same else ''}"
        )

    def truth(self) -> str:
        best = 2 * int(neighbour_map(1, 300, 0.2).test[::2].argmin()) + 1
        return self.choices[0 if best == 1 else 2 if best == 299 else 1]
