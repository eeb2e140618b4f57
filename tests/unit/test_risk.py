"""Explorables of 02_risk: what they compute, against independent oracles and published numbers."""

import itertools
import math
import statistics
from fractions import Fraction

import pytest
import torch
from scipy import stats

from descent.data import load_heights
from descent.explore import risk
from descent.explore.risk import Gaussian

WIDE, NARROW = Gaussian(180.0, 9.0), Gaussian(192.0, 8.0)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ---- two Gaussians ------------------------------------------------------------------------------


def test_fits_are_those_of_maximum_likelihood():
    for sample, law in zip(load_heights(), risk.fitted(), strict=True):
        assert law.mean == pytest.approx(statistics.fmean(sample.tolist()))
        assert law.std == pytest.approx(statistics.pstdev(sample.tolist()))
    assert [round(law.mean, 2) for law in risk.fitted()] == [183.75, 194.33]


def test_players_are_those_of_the_data():
    h, is_male = risk.players()
    female, male = load_heights()
    assert sorted(h[is_male == 0].tolist()) == sorted(female.tolist())
    assert sorted(h[is_male == 1].tolist()) == sorted(male.tolist())


def test_density_is_that_of_scipy():
    h = torch.linspace(140, 240, 33, dtype=torch.float64)
    truth = stats.norm.pdf(h.numpy(), WIDE.mean, WIDE.std)
    assert torch.allclose(risk.density(h, WIDE), torch.as_tensor(truth))


@pytest.mark.parametrize("laws", [(WIDE, NARROW), (NARROW, WIDE), (WIDE, Gaussian(190.0, 9.0))])
@pytest.mark.parametrize("prior", [0.1, 0.5, 0.93])
def test_posterior_is_bayes_rule(laws, prior):
    h = torch.linspace(150, 230, 41, dtype=torch.float64)
    female, male = (torch.as_tensor(stats.norm.pdf(h.numpy(), *law)) for law in laws)
    truth = prior * male / (prior * male + (1 - prior) * female)
    assert torch.allclose(risk.posterior(h, *laws, prior), truth)


@pytest.mark.parametrize("prior", [0.05, 0.3, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("laws", [risk.fitted(), (WIDE, NARROW), (WIDE, Gaussian(190.0, 9.0))])
def test_at_the_crossing_the_posterior_rises_through_one_half(laws, prior):
    at = risk.crossing(*laws, prior)
    around = torch.tensor([at - 0.01, at, at + 0.01], dtype=torch.float64)
    below, middle, above = risk.posterior(around, *laws, prior).tolist()
    assert below < middle < above
    assert middle == pytest.approx(0.5)


def test_the_crossing_of_the_course():
    assert round(risk.crossing(*risk.fitted(), prior=0.5), 2) == 188.88


def test_no_crossing_is_an_error():
    with pytest.raises(ValueError, match=r"prior 0\.01"):
        risk.crossing(Gaussian(190.0, 5.0), Gaussian(191.0, 4.9), 0.01)


def test_errors_of_thresholds_are_counted():
    h, is_male = torch.tensor([1.0, 2.0, 2.0, 3.0]), torch.tensor([0, 1, 0, 1])
    thresholds = torch.tensor([0.0, 1.0, 1.5, 2.0, 3.0])
    truth = [2, 1, 1, 1, 2]
    assert risk.errors_at(thresholds, h, is_male).tolist() == truth


def test_the_fewest_errors_of_the_course():
    thresholds = torch.arange(160, 215, 0.125)
    errors = risk.errors_at(thresholds, *risk.players())
    best = thresholds[errors == errors.min()]
    assert errors.min() == 5
    assert best.tolist() == [t for t in thresholds.tolist() if 188 <= t < 190]


@pytest.mark.parametrize("prior", [0.05, 0.5, 0.95])
def test_a_threshold_marks_the_players_on_its_wrong_side(prior):
    explorable = risk.MovingThreshold().set(threshold=187.5, prior=prior)
    h, is_male = risk.players()
    marked = explorable.result.wrong
    assert marked.tolist() == [
        (v > 187.5) != bool(m) for v, m in zip(h.tolist(), is_male.tolist(), strict=True)
    ]
    assert "6 errors of 24, 4 women above it and 2 men" in explorable.sentence


def test_every_player_is_seen():
    explorable, (h, _) = risk.MovingThreshold(), risk.players()
    places = set(zip(h.tolist(), explorable.rows.tolist(), strict=True))
    assert len(places) == 24
    assert risk.ties(torch.tensor([190.0, 180.0, 190.0, 190.0])).tolist() == [0, 0, 1, 2]


def test_more_men_move_the_crossing_down():
    explorable = risk.MovingThreshold()
    assert explorable.truth() == "at a smaller height"
    assert "at 182.35 cm" in explorable.set(prior=0.8).sentence


# ---- risk over many data sets -------------------------------------------------------------------


def test_true_risk_is_the_area_below_two_bells():
    thresholds = torch.tensor([-math.inf, 150.0, 186.0, 193.5, 230.0, math.inf]).double()
    women = stats.norm.sf(thresholds.numpy(), *WIDE)
    men = stats.norm.cdf(thresholds.numpy(), *NARROW)
    truth = torch.as_tensor((women + men) / 2)
    assert torch.allclose(risk.true_risk(thresholds, WIDE, NARROW), truth)


def test_no_threshold_beats_the_crossing():
    at = risk.crossing(WIDE, NARROW, 0.5)
    everywhere = risk.true_risk(torch.linspace(150, 230, 8001).double(), WIDE, NARROW)
    here = risk.true_risk(torch.tensor(at).double(), WIDE, NARROW)
    assert here <= everywhere.min() + 1e-12
    assert here == pytest.approx(everywhere.min().item(), abs=1e-6)


def test_players_are_drawn_from_their_law():
    h, is_male = risk.draw((40_000,), WIDE, NARROW, generator(1))
    assert is_male.double().mean() == pytest.approx(0.5, abs=0.01)
    for law, heights in ((WIDE, h[~is_male]), (NARROW, h[is_male])):
        assert stats.kstest(heights.numpy(), "norm", args=tuple(law)).pvalue > 0.01


def test_drawing_uses_its_generator_only():
    before = torch.get_rng_state()
    first, again, other = (risk.draw((3, 5), WIDE, NARROW, generator(s))[0] for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("n", [1, 2, 5, 24])
def test_minimisers_make_the_fewest_errors(n):
    h, is_male = risk.draw((60, n), WIDE, NARROW, generator(n))
    thresholds, risks = risk.minimisers(h, is_male)
    for row, labels, t, empirical in zip(h, is_male, thresholds, risks, strict=True):
        candidates = [-math.inf, *row.tolist()]
        counts = [sum((v > c) != m for v, m in zip(row, labels, strict=True)) for c in candidates]
        assert empirical * n == pytest.approx(int(min(counts)))
        assert ((row > t) != labels).sum() == min(counts)


@pytest.mark.parametrize("n", risk.SIZES)
def test_a_fixed_rule_is_judged_without_bias(n):
    result = risk.spread(n, False)
    r = float(result.true[0])
    exact = math.sqrt(r * (1 - r) / n)
    assert (result.true == result.best).all()
    assert result.empirical.mean() == pytest.approx(r, abs=4 * exact / risk.DATA_SETS**0.5)
    assert result.empirical.std() == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize("n", risk.SIZES)
def test_a_chosen_rule_looks_better_and_is_worse(n):
    fixed, chosen = risk.spread(n, False), risk.spread(n, True)
    assert (chosen.empirical <= fixed.empirical).all()
    assert (chosen.true >= chosen.best - 1e-12).all()
    assert chosen.empirical.mean() < chosen.best < chosen.true.mean()


def test_means_are_those_of_the_data_sets_and_meet():
    empirical, true = risk.mean_risks(True).tolist()
    assert empirical[2] == pytest.approx(float(risk.spread(24, True).empirical.mean()))
    assert true[2] == pytest.approx(float(risk.spread(24, True).true.mean()))
    gaps = [t - e for t, e in zip(true, empirical, strict=True)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.02


@pytest.mark.parametrize("n", risk.SIZES)
def test_every_bin_holds_as_many_possible_values(n):
    values = torch.arange(n + 1, dtype=torch.float64) / n
    held = torch.histogram(values, risk.bins(n)).hist.tolist()
    assert sum(held) == len(values)
    assert set(held[:-1]) == {max(1, n // 96)}


def test_four_times_the_samples_halve_the_spread():
    assert risk.RiskSpread().truth() == "half as wide"


# ---- hiring -------------------------------------------------------------------------------------


def test_scores_are_binomial():
    laws = risk.score_laws(7)
    for law, skill in zip(laws, risk.SKILLS, strict=True):
        assert torch.allclose(law, torch.as_tensor(stats.binom.pmf(range(8), 7, skill)))


@pytest.mark.parametrize(("candidates", "questions"), [(1, 1), (3, 2), (1000, 10), (10_000, 40)])
def test_chance_of_a_perfect_guesser(candidates, questions):
    truth = float(1 - Fraction(2**questions - 1, 2**questions) ** candidates)
    assert risk.hire(candidates, questions, 0.0).perfect == pytest.approx(truth, rel=1e-9)


def test_the_published_chance():
    assert round(risk.hire(1000, 10, 0.0).perfect, 4) == 0.6236
    assert risk.Hiring().truth() == 62.4
    assert "0.6236" in risk.Hiring().sentence


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("candidates", "questions"), [(1, 2), (2, 2), (3, 1), (2, 3)])
def test_hiring_agrees_with_all_outcomes_counted(candidates, questions, share):
    """Every kind and score of every candidate, the winner drawn by lot among the best."""
    kinds = [(skill, share if skill > 0.5 else 1 - share) for skill in risk.SKILLS]
    each = [
        (k / questions, skill, weight * stats.binom.pmf(k, questions, skill))
        for skill, weight in kinds
        for k in range(questions + 1)
    ]
    score = skill = perfect = 0.0
    for people in itertools.product(each, repeat=candidates):
        chance = math.prod(p for _, _, p in people)
        best = max(s for s, _, _ in people)
        score += chance * best
        skill += chance * statistics.fmean(v for s, v, _ in people if s == best)
        perfect += chance * (best == 1)
    result = risk.hire(candidates, questions, share)
    assert result.score == pytest.approx(score)
    assert result.skill == pytest.approx(skill)
    assert result.perfect == pytest.approx(perfect)
    assert float(result.best.sum()) == pytest.approx(1)


def test_who_guesses_is_no_better_later():
    for candidates, questions in ((1, 1), (1000, 10), (100_000, 40)):
        assert risk.hire(candidates, questions, 0.0).skill == pytest.approx(0.5)


def test_more_questions_find_the_experts():
    skills = [risk.hire(1000, q, 0.01).skill for q in (2, 5, 10, 20, 40)]
    assert skills == sorted(skills)
    assert skills[-1] > 0.89
