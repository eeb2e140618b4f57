"""Explorables of 02_risk: a threshold between two Gaussians, the spread of R̂, hiring."""

import math
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import ipywidgets as widgets
import torch
from matplotlib.patches import StepPatch
from torch import Tensor

from descent import style
from descent.data import load_heights
from descent.explore import base

WOMAN, MAN = style.CLASSES[:2]
LOW, HIGH = 165.0, 210.0
EDGES = (LOW - 1.5, HIGH + 1.5)
"""Limits of the axes of heights, cm: a mark at either end of the slider is drawn whole."""
DATA_SETS = 1000
SIZES = (6, 12, 24, 48, 96, 192, 384, 768)
SKILLS = (0.5, 0.9)


# ---- compute: two Gaussians ---------------------------------------------------------------------


class Gaussian(NamedTuple):
    """A normal distribution over heights; mean and std in cm."""

    mean: float
    std: float


class Sorted(NamedTuple):
    """What a threshold does to the players.

    threshold  cm
    prior      P(man)
    crossing   height at which the model finds both equally probable, cm
    grid       float tensor (G,), heights of the curves, cm
    curves     float tensor (2, G), prior times density of women and of men, 1/cm
    posterior  float tensor (G,), P(man | height)
    wrong      bool tensor (24,), players on the wrong side of the threshold
    """

    threshold: float
    prior: float
    crossing: float
    grid: Tensor
    curves: Tensor
    posterior: Tensor
    wrong: Tensor


@lru_cache
def players() -> tuple[Tensor, Tensor]:
    """The 24 players of the course.

    returns  float64 tensor (24,), heights in cm; int64 tensor (24,), 1 for a man
    """
    heights = load_heights()
    return torch.cat(heights).double(), torch.tensor([0] * 12 + [1] * 12)


@lru_cache
def fitted() -> tuple[Gaussian, Gaussian]:
    """The Gaussians of greatest likelihood of the women and of the men."""
    female, male = load_heights()
    return fit(female), fit(male)


def fit(heights: Tensor) -> Gaussian:
    """The Gaussian under which these heights are most likely.

    heights  float tensor (N,), cm
    returns  Gaussian, with the variance divided by N
    source   Fisher 1922
    """
    variance, mean = torch.var_mean(heights.double(), correction=0)
    return Gaussian(float(mean), math.sqrt(variance))


def density(h: Tensor, law: Gaussian) -> Tensor:
    """Density of a Gaussian.

    h        float tensor, any shape, cm
    law      the Gaussian
    returns  float tensor, same shape, 1/cm
    """
    z = (h - law.mean) / law.std
    return torch.exp(-z.square() / 2) / (law.std * math.sqrt(2 * math.pi))


def log_odds(female: Gaussian, male: Gaussian, prior: float) -> tuple[float, float, float]:
    """Coefficients (a, b, c) of ln P(man | h) / P(woman | h) = a h² + b h + c.

    female, male  Gaussians of the two classes, cm
    prior         P(man), in (0, 1)
    """
    precise_f, precise_m = female.std**-2, male.std**-2
    a = (precise_f - precise_m) / 2
    b = male.mean * precise_m - female.mean * precise_f
    c = (female.mean**2 * precise_f - male.mean**2 * precise_m) / 2
    return a, b, c + math.log(female.std / male.std) + math.log(prior / (1 - prior))


def posterior(h: Tensor, female: Gaussian, male: Gaussian, prior: float) -> Tensor:
    """P(man | h) by Bayes' rule.

    h             float tensor, any shape, cm
    female, male  Gaussians of the two classes, cm
    prior         P(man), in (0, 1)
    returns       float tensor, same shape
    """
    a, b, c = log_odds(female, male, prior)
    return torch.sigmoid((a * h + b) * h + c)


def crossing(female: Gaussian, male: Gaussian, prior: float) -> float:
    """Height at which P(man | h) rises through ½, cm; men are the taller class.

    female, male  Gaussians of the two classes, cm
    prior         P(man), in (0, 1)
    raises        ValueError if it never does
    """
    a, b, c = log_odds(female, male, prior)
    if b * b < 4 * a * c:
        raise ValueError(f"prior {prior} leaves one class more probable at every height")
    return -2 * c / (b + math.sqrt(b * b - 4 * a * c))


def ties(heights: Tensor) -> Tensor:
    """How many earlier players are exactly as tall: by how much to lift each, to see them all.

    heights  float tensor (N,), cm
    returns  int64 tensor (N,)
    """
    return (heights[:, None] == heights).tril(diagonal=-1).sum(dim=1)


def errors_at(thresholds: Tensor, h: Tensor, male: Tensor) -> Tensor:
    """Errors of "man if taller than t" for each t.

    thresholds  float tensor (T,), cm
    h           float tensor (N,), heights, cm
    male        tensor (N,), 1 for a man
    returns     int64 tensor (T,)
    """
    said_male = h > thresholds[:, None]
    return (said_male != male.bool()).sum(dim=1)


# ---- compute: risk over many data sets ----------------------------------------------------------


class Spread(NamedTuple):
    """Risks of one rule a data set.

    samples    number N of players in a data set
    chosen     whether each rule was chosen on its own data set
    empirical  float tensor (S,), R̂ of each rule on its data set
    true       float tensor (S,), R of each rule
    best       smallest R of any threshold
    """

    samples: int
    chosen: bool
    empirical: Tensor
    true: Tensor
    best: float


def true_risk(threshold: Tensor, female: Gaussian, male: Gaussian) -> Tensor:
    """Probability that "man if taller than t" errs when both classes are equally frequent.

    threshold     float tensor, any shape, cm, also infinite
    female, male  Gaussians of the two classes, cm
    returns       float tensor, same shape
    """
    women_above = torch.special.ndtr((female.mean - threshold) / female.std)
    men_below = torch.special.ndtr((threshold - male.mean) / male.std)
    return (women_above + men_below) / 2


def draw(
    shape: tuple[int, ...], female: Gaussian, male: Gaussian, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Players drawn from the two Gaussians, each a woman or a man with probability ½.

    shape         shape of the result
    female, male  Gaussians of the two classes, cm
    generator     of the random numbers
    returns       float64 tensor of that shape, cm; bool tensor of that shape, True for a man
    """
    is_male = torch.rand(shape, generator=generator) < 0.5
    mean, std = torch.tensor([female, male], dtype=torch.float64)[is_male.long()].unbind(-1)
    z = torch.randn(shape, generator=generator, dtype=torch.float64)
    return mean + std * z, is_male


def minimisers(h: Tensor, is_male: Tensor) -> tuple[Tensor, Tensor]:
    """The threshold with the fewest errors on each data set; the lowest on ties.

    h        float tensor (S, N), heights without ties, cm
    is_male  bool tensor (S, N)
    returns  float tensor (S,), thresholds halfway between two players, ±∞ outside all of them;
             float64 tensor (S,), their empirical risks
    """
    ranked, order = h.sort(dim=1)
    men = torch.nn.functional.pad(is_male.gather(1, order).cumsum(dim=1), (1, 0))
    below = torch.arange(h.shape[1] + 1, device=h.device)
    women_above = (h.shape[1] - below) - (men[:, -1:] - men)
    fewest, at = (men + women_above).min(dim=1, keepdim=True)
    edges = torch.nn.functional.pad(ranked, (1, 1))
    edges[:, 0], edges[:, -1] = -math.inf, math.inf
    ends = edges.gather(1, at), edges.gather(1, at + 1)
    return ((ends[0] + ends[1]) / 2).squeeze(1), fewest.squeeze(1).double() / h.shape[1]


@lru_cache
def world() -> tuple[Tensor, Tensor]:
    """`DATA_SETS` seeded data sets of the largest size; smaller ones are their beginnings.

    returns  float64 tensor (1000, 768), heights in cm; bool tensor, same shape, True for a man
    """
    return draw((DATA_SETS, SIZES[-1]), *fitted(), torch.Generator().manual_seed(0))


@lru_cache
def spread(samples: int, chosen: bool) -> Spread:
    """R̂ and R of one rule on each of `DATA_SETS` data sets.

    samples  players in a data set
    chosen   True: the threshold with the fewest errors on that data set; False: the crossing
    """
    laws = fitted()
    fixed = torch.tensor(crossing(*laws, prior=0.5), dtype=torch.float64)
    best = true_risk(fixed, *laws)
    h, is_male = (part[:, :samples] for part in world())
    if chosen:
        thresholds, empirical = minimisers(h, is_male)
        return Spread(samples, chosen, empirical, true_risk(thresholds, *laws), float(best))
    empirical = ((h > fixed) != is_male).double().mean(dim=1)
    return Spread(samples, chosen, empirical, best.expand(DATA_SETS), float(best))


@lru_cache
def mean_risks(chosen: bool) -> Tensor:
    """Mean R̂ and mean R over the data sets, for each number of samples.

    chosen   as for `spread`
    returns  float tensor (2, 8), R̂ first
    """
    all_sizes = [spread(n, chosen) for n in SIZES]
    return torch.tensor([[s.empirical.mean(), s.true.mean()] for s in all_sizes]).T


def bins(samples: int) -> Tensor:
    """Edges of a histogram of R̂ from 0 to 1, each bin with as many possible values as any other.

    samples  players in a data set, N: R̂ is a multiple of 1/N
    returns  float64 tensor (B+1,), halfway between possible values; the last bin may hold fewer
    """
    values = max(1, samples // 96)
    last = math.ceil((samples + 1) / values)
    return (torch.arange(last + 1, dtype=torch.float64) * values - 0.5) / samples


# ---- compute: hiring ----------------------------------------------------------------------------


class Hired(NamedTuple):
    """What to expect of the candidate with the best score.

    candidates  number of candidates
    questions   number of yes/no questions
    share       share of experts, who know 90 % of all answers; the others guess
    perfect     chance that at least one candidate has a perfect score
    best        float tensor (Q+1,), chance that the best score is 0, 1, … Q right answers
    score       mean share of right answers of the one hired, in this test
    skill       mean share of right answers of the one hired, in any later test
    """

    candidates: int
    questions: int
    share: float
    perfect: float
    best: Tensor
    score: float
    skill: float


def score_laws(questions: int) -> Tensor:
    """Chance of each number of right answers, for those who guess and for experts.

    questions  number of questions, Q
    returns    float64 tensor (2, Q+1), binomial with the probabilities of `SKILLS`
    """
    skill = torch.tensor(SKILLS, dtype=torch.float64)[:, None]
    right = torch.arange(questions + 1, dtype=torch.float64)
    ways = torch.tensor([math.comb(questions, k) for k in range(questions + 1)])
    return ways * skill**right * (1 - skill) ** (questions - right)


@lru_cache
def hire(candidates: int, questions: int, share: float) -> Hired:
    """The candidate with the best score, ties broken by lot; exact, without simulation.

    candidates  at least 1
    questions   at least 1
    share       share of experts, in [0, 1]: the probability that a candidate is one
    """
    weights = torch.tensor([1 - share, share], dtype=torch.float64)
    joint = score_laws(questions) * weights[:, None]
    law = joint.sum(dim=0)
    up_to = law.cumsum(dim=0).clamp(max=1) ** candidates
    best = up_to.diff(prepend=up_to.new_zeros(1))
    skill_at = torch.tensor(SKILLS, dtype=torch.float64) @ joint / law
    right = torch.linspace(0, 1, questions + 1, dtype=torch.float64)
    perfect = -math.expm1(candidates * math.log1p(-float(law[-1])))
    score, skill = float(best @ right), float(best @ skill_at)
    return Hired(candidates, questions, share, perfect, best, score, skill)


# ---- explorables --------------------------------------------------------------------------------


def steps(label: str, values: tuple[int, ...], start: int) -> widgets.SelectionSlider:
    """A slider over some integers, labelled and as wide as all others."""
    return widgets.SelectionSlider(
        options=[(f"{v:,}", v) for v in values],
        value=start,
        description=label,
        style=base.STYLE,
        layout=base.WIDE,
    )


def percent(share: float) -> str:
    """A share as text, with one digit after the point."""
    return f"{100 * share:.1f} %"


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it is one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def fill(bars: StepPatch, values: Tensor, edges: Tensor) -> None:
    """Make `bars` the histogram of these values, with nothing drawn where a bin is empty.

    bars    drawn by `Axes.stairs`
    values  float64 tensor (S,)
    edges   float64 tensor (B+1,), of the bins
    """
    share = torch.histogram(values.contiguous(), edges).hist / len(values)
    bars.set_data(style.numpy(share.where(share > 0, math.nan)), style.numpy(edges))


class MovingThreshold(base.Explorable):
    """Two fitted Gaussians, the posterior, and a threshold with its errors among 24 players."""

    title = "Where would you put the threshold between women and men?"
    size = (6.4, 5.6)
    question = (
        "You learn that four of five players at the door are men. "
        "Where do the two curves, each times its prior, cross then?"
    )
    choices: ClassVar = ("at a smaller height", "at the same height", "at a greater height")

    def controls(self) -> dict[str, Any]:
        """Threshold and prior."""
        return {
            "threshold": base.slider("threshold (cm)", LOW, HIGH, 187.5, 0.5),
            "prior": base.slider("P(man)", 0.05, 0.95, 0.5, 0.05),
        }

    def compute(self, threshold: float, prior: float) -> Sorted:
        """Curves of the model, and who is on the wrong side."""
        female, male = fitted()
        grid = torch.linspace(*EDGES, 193, dtype=torch.float64)
        h, is_male = players()
        weighted = [(1 - prior) * density(grid, female), prior * density(grid, male)]
        return Sorted(
            threshold,
            prior,
            crossing(female, male, prior),
            grid,
            torch.stack(weighted),
            posterior(grid, female, male, prior),
            (h > threshold) != is_male.bool(),
        )

    def build(self, fig: Any, result: Sorted) -> None:
        """Densities with the players, posterior, errors at every threshold."""
        top, middle, bottom = fig.subplots(3, sharex=True, height_ratios=(5, 3, 3))
        self._draw_players(top)
        self.curves = [
            *top.plot([], [], color=WOMAN, label="women"),
            *top.plot([], [], color=MAN, linestyle="--", label="men"),
        ]
        (self.wrong,) = top.plot([], [], "x", color=style.INK, markersize=9, label="wrong side")
        top.set(title=self.title, ylabel="prior × density\n(per cm)", xlim=EDGES)
        top.set(ylim=(-0.024, 0.06), yticks=(0, 0.02, 0.04, 0.06))
        (self.posterior,) = middle.plot([], [], color=style.INK)
        middle.axhline(0.5, color=style.GREY, linewidth=0.8)
        middle.set(ylim=(-0.05, 1.05), ylabel="P(man | height)")
        self._draw_errors(bottom)
        (self.dot,) = bottom.plot([], [], "D", color=style.INK, markersize=8)
        axes = (top, middle, bottom)
        self.thresholds = [ax.axvline(LOW, color=style.INK, linestyle="-.") for ax in axes]
        self.crossings = [ax.axvline(LOW, color=style.GREEN, linestyle=":") for ax in axes[:2]]
        self.thresholds[0].set_label("your threshold")
        self.crossings[0].set_label("where they cross")
        fig.legend(loc="outside lower center", ncols=5, fontsize=8, handlelength=2.8)
        self.said = bottom.text(209.5, 1, "", ha="right", va="bottom")
        self.moving(*self.curves, self.wrong, self.posterior, self.dot, self.said)
        self.moving(*self.thresholds, *self.crossings)
        self.top = top

    def handles(self) -> list[base.Handle]:
        """The threshold, at half the height of the curves."""
        return [base.Handle("threshold", self.top, lambda r: (r.threshold, 0.035), x="threshold")]

    def _draw_players(self, ax: Any) -> None:
        h, is_male = players()
        lifted = 0.005 * torch.cat([ties(h[is_male == c]) for c in (0, 1)])
        self.rows = torch.where(is_male == 1, -0.012, -0.019) + lifted
        for c, colour in enumerate((WOMAN, MAN)):
            mine = (style.numpy(h[is_male == c]), style.numpy(self.rows[is_male == c]))
            ax.plot(*mine, style.MARKERS[c], color=colour, markersize=5)

    def _draw_errors(self, ax: Any) -> None:
        """Every threshold that can differ: between two heights nothing changes."""
        h, is_male = players()
        low, high = (torch.tensor([edge], dtype=h.dtype) for edge in EDGES)
        edges = torch.cat([low, h.unique(), high])
        errors = errors_at(edges[:-1], h, is_male)
        values = style.numpy(errors), style.numpy(edges)
        ax.stairs(*values, color=style.PURPLE, linewidth=2, baseline=None)
        ax.set(xlabel="height, threshold (cm)", ylabel="errors of 24", ylim=(0, 14))
        ax.set_xticks(range(165, 211, 5))

    def update(self, result: Sorted) -> None:
        """Curves, lines, crosses on the players who are misjudged."""
        for line, curve in zip(self.curves, result.curves, strict=True):
            line.set_data(style.numpy(result.grid), style.numpy(curve))
        self.posterior.set_data(style.numpy(result.grid), style.numpy(result.posterior))
        h, _ = players()
        misjudged = (style.numpy(h[result.wrong]), style.numpy(self.rows[result.wrong]))
        self.wrong.set_data(*misjudged)
        for line in self.thresholds:
            line.set_xdata([result.threshold] * 2)
        for line in self.crossings:
            line.set_xdata([result.crossing] * 2)
        errors = int(result.wrong.sum())
        self.dot.set_data([result.threshold], [errors])
        self.said.set_text(f"{errors} errors of 24")

    def describe(self, result: Sorted) -> str:
        """Errors of the threshold, by class, and where the curves cross."""
        _, is_male = players()
        women = int((result.wrong & (is_male == 0)).sum())
        men = int((result.wrong & (is_male == 1)).sum())
        return (
            f"Threshold {result.threshold:.1f} cm: {women + men} errors of 24, {women} women above "
            f"it and {men} men not above it. With P(man) = {result.prior:.2f} the two curves cross "
            f"at {result.crossing:.2f} cm, where the posterior is one half."
        )

    def truth(self) -> str:
        """Which way the crossing moves when the prior grows from 0.5 to 0.8."""
        shift = crossing(*fitted(), prior=0.8) - crossing(*fitted(), prior=0.5)
        return self.choices[1 + round(math.copysign(abs(shift) > 0.01, shift))]


class RiskSpread(base.Explorable):
    """Distribution of R̂ over many data sets, for a fixed rule and for the minimiser of R̂."""

    title = "1,000 data sets, one R̂ each"
    size = (7.2, 3.8)
    question = (
        "A rule is fixed, and its R̂ is computed on many data sets of 24 players, then on as many "
        "of 96. How much narrower is the second histogram?"
    )
    choices: ClassVar = ("as wide as the first", "half as wide", "a quarter as wide")

    def controls(self) -> dict[str, Any]:
        """Number of samples, and how the rule came about."""
        rules = [("fixed beforehand", False), ("fewest errors on each data set", True)]
        return {
            "samples": steps("players N", SIZES, 24),
            "chosen": base.choice("the threshold is", rules),
        }

    def compute(self, samples: int, chosen: bool) -> Spread:
        """Risks on the seeded data sets of this size."""
        return spread(samples, chosen)

    def build(self, fig: Any, result: Spread) -> None:
        """Histogram of R̂ and of R on the left; their means against N on the right."""
        left, right = fig.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        flat = {"values": [0.0], "edges": [0.0, 1.0], "orientation": "horizontal"}
        self.bars = left.stairs(**flat, fill=True, color=style.TRAIN, alpha=0.75, label="R̂")
        self.outline = left.stairs(
            **flat, color=style.TEST, hatch="///", linewidth=1.5, label="R of these rules"
        )
        left.set(title=self.title, xlabel="share of the data sets", ylabel="risk")
        left.set(xlim=(0, 1), ylim=(-0.02, 0.76))
        means = {"linewidth": 1.6, "color": style.TRAIN}
        self.mean = left.axhline(0, linestyle="--", label="mean R̂", **means)
        least = {"color": style.GREEN, "linestyle": ":", "label": "smallest R", "zorder": 3}
        least_lines = [ax.axhline(result.best, **least) for ax in (left, right)]
        left.legend(fontsize=8, loc="upper right")
        self._draw_means(right)
        self.moving(self.bars, self.outline, self.mean, *self.lines, *self.dots)
        self.moving(*least_lines, self.verdict)

    def _draw_means(self, ax: Any) -> None:
        roles = (("o-", style.TRAIN, "mean R̂"), ("s--", style.TEST, "mean R"))
        self.lines = [ax.plot([], [], m, color=c, label=label)[0] for m, c, label in roles]
        self.dots = [ax.plot([], [], m[0], color=c, markersize=11)[0] for m, c, _ in roles]
        ax.set_xscale("log", base=2)
        ax.set_xticks(SIZES[::2], [str(n) for n in SIZES[::2]])
        ax.set(xlabel="players N", xlim=(SIZES[0] / 1.4, SIZES[-1] * 1.4))
        self.verdict = ax.set_title("")
        ax.legend(fontsize=8, loc="upper right")

    def update(self, result: Spread) -> None:
        """Histograms, means, and the mark at this N."""
        true_edges = result.best - 1e-6 + torch.arange(25, dtype=torch.float64) / 80
        fill(self.bars, result.empirical, bins(result.samples))
        fill(self.outline, result.true, true_edges)
        self.mean.set_ydata([float(result.empirical.mean())] * 2)
        chosen, fixed = "On average: R̂ too low", "On average: R̂ is right"
        self.verdict.set_text(chosen if result.chosen else fixed)
        curves = mean_risks(result.chosen)
        for line, dot, curve in zip(self.lines, self.dots, curves, strict=True):
            line.set_data(SIZES, style.numpy(curve))
            dot.set_data([result.samples], [float(curve[SIZES.index(result.samples)])])

    def describe(self, result: Spread) -> str:
        """Mean and spread of R̂, mean of R, smallest R."""
        rule = "chosen on each data set" if result.chosen else "fixed beforehand"
        return (
            f"Threshold {rule}, N = {result.samples}: over {len(result.true):,} data sets R̂ has "
            f"mean {result.empirical.mean():.3f} and standard deviation "
            f"{result.empirical.std():.3f}; R has mean {result.true.mean():.3f}. "
            f"No threshold has a smaller R than {result.best:.3f}."
        )

    def truth(self) -> str:
        """Ratio of the standard deviations of R̂ at 96 and at 24 players."""
        ratio = float(spread(96, False).empirical.std() / spread(24, False).empirical.std())
        return min(
            zip((1.0, 0.5, 0.25), self.choices, strict=True), key=lambda c: abs(c[0] - ratio)
        )[1]


class Hiring(base.Explorable):
    """Score and skill of the best of many candidates in a test with yes/no questions."""

    title = "The one who is hired"
    size = (7.2, 3.6)
    question = (
        "1,000 candidates toss a coin for each of 10 yes/no questions. "
        "How likely is it, in percent, that at least one has all answers right?"
    )

    def controls(self) -> dict[str, Any]:
        """Number of candidates and questions, share of experts."""
        many = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 100_000)
        return {
            "candidates": steps("candidates", many, 1000),
            "questions": base.int_slider("questions", 1, 40, 10),
            "share": base.slider("experts (90 % right)", 0, 0.1, 0, 0.01, readout_format=".0%"),
        }

    def compute(self, candidates: int, questions: int, share: float) -> Hired:
        """Exact laws of the best score and of the skill behind it."""
        return hire(candidates, questions, share)

    def build(self, fig: Any, result: Hired) -> None:
        """Chance of a perfect score on the left; score and skill of the one hired on the right."""
        left, right = fig.subplots(1, 2, width_ratios=(2, 3))
        (self.chance,) = left.plot([], [], color=style.PURPLE)
        (self.dot,) = left.plot([], [], "D", color=style.INK, markersize=8)
        left.set(title="Someone is perfect", xlabel="candidates", ylabel="probability")
        left.set(xscale="log", xlim=(0.7, 1.5e5), ylim=(-0.03, 1.05))
        roles = {"color": [style.TRAIN, style.TEST], "hatch": ["", "//"], "edgecolor": style.PAPER}
        self.bars = right.barh(["in this test", "in a later one"], [0, 0], height=0.55, **roles)
        self.shares = [right.text(0, y, "", va="center") for y in (0, 1)]
        right.axvline(50, color=style.INK, linestyle=":")
        right.text(50, -0.62, "guessing", ha="center", fontsize=9, backgroundcolor=style.PAPER)
        right.set(title=self.title, xlabel="right answers (%)")
        right.set(xlim=(0, 130), ylim=(1.6, -0.8), xticks=(0, 25, 50, 75, 100))
        right.grid(visible=False)
        self.moving(self.chance, self.dot, *self.bars, *self.shares)

    def update(self, result: Hired) -> None:
        """Curve for this number of questions and experts; bars of the one hired."""
        numbers = torch.logspace(0, 5, 60, dtype=torch.float64)
        one = hire(1, result.questions, result.share).perfect
        self.chance.set_data(numbers, -torch.expm1(numbers * math.log1p(-one)))
        self.dot.set_data([result.candidates], [result.perfect])
        for bar, text, share in zip(
            self.bars, self.shares, (result.score, result.skill), strict=True
        ):
            bar.set_width(100 * share)
            text.set(x=100 * share + 2, text=percent(share))

    def describe(self, result: Hired) -> str:
        """Chance of a perfect score, score and skill of the one hired."""
        who = f"{percent(result.share)} of them experts" if result.share else "all guessing"
        return (
            f"{counted(result.candidates, 'candidate')}, {who}; "
            f"{counted(result.questions, 'question')}: the chance of a perfect score is "
            f"{result.perfect:.4f}. The one hired has {percent(result.score)} right in this test, "
            f"and will have {percent(result.skill)} right in any later one."
        )

    def truth(self) -> float:
        """Chance of a perfect score among 1,000 who guess 10 answers, in percent."""
        return round(100 * hire(1000, 10, 0.0).perfect, 1)
