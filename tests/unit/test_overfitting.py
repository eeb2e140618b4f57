"""The computations of chapter 03 against scikit-learn, NumPy and closed forms."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from descent.explore import evaluation, folds, neighbours, overfitting


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draws(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


# ---- neighbours --------------------------------------------------------------------------------


@pytest.fixture(params=[2, 40], ids=["by differences", "by products"])
def cloud(request):
    """300 training samples in three classes with odd labels, 80 queries with their classes."""
    x, labels = draws(380, request.param, seed=1), torch.tensor([-3, 7, 10**9])
    y = labels[(x[:, 0] > 0).long() + (x[:, 1] > 0.5)]
    return x[:300], y[:300], x[300:], y[300:]


@pytest.mark.parametrize("k", [1, 5, 299, 300])
def test_nearest_neighbours_are_those_of_scikit_learn(cloud, k):
    train_x, _, x, _ = cloud
    oracle = NearestNeighbors(n_neighbors=k, algorithm="kd_tree").fit(train_x.numpy())
    expected = oracle.kneighbors(x.numpy(), return_distance=False)
    assert np.array_equal(neighbours.nearest(train_x, x, k).numpy(), expected)


def test_a_sample_is_its_own_nearest_neighbour_even_beside_a_close_one():
    x = torch.tensor([[1.0, 1.0], [1.0, 1.0 + 1e-6], [5.0, 5.0]])
    assert neighbours.nearest(x, x, 1)[:, 0].tolist() == [0, 1, 2]


def test_blocks_of_queries_give_what_all_at_once_give(cloud, monkeypatch):
    train_x, train_y, x, y = cloud
    whole = neighbours.nearest(train_x, x, 9), neighbours.error_by_k(train_x, train_y, x, y, 40)
    monkeypatch.setattr(neighbours, "ENTRIES", 7 * len(train_x))
    assert torch.equal(neighbours.nearest(train_x, x, 9), whole[0])
    assert torch.equal(neighbours.error_by_k(train_x, train_y, x, y, 40), whole[1])


@pytest.mark.parametrize("k", [1, 3, 4, 50])
def test_predictions_are_those_of_scikit_learn(cloud, k):
    train_x, train_y, x, _ = cloud
    oracle = KNeighborsClassifier(k, algorithm="brute").fit(train_x.numpy(), train_y.numpy())
    expected = oracle.predict(x.numpy())
    assert np.array_equal(neighbours.predict(train_x, train_y, x, k).numpy(), expected)


def test_votes_for_all_k_are_the_modes_of_the_first_k():
    labels = torch.randint(-2, 3, (30, 25), generator=seeded())
    got = neighbours.winners(labels, labels.unique())
    for k in range(1, 26):
        first = labels[:, :k].tolist()
        expected = [min(set(r), key=lambda c: (-r.count(c), c)) for r in first]
        assert got[:, k - 1].tolist() == expected


def test_errors_for_all_k_are_those_of_one_k_after_the_other(cloud):
    train_x, train_y, x, y = cloud
    got = neighbours.error_by_k(train_x, train_y, x, y, 60)
    for k in (1, 2, 7, 60):
        wrong = neighbours.predict(train_x, train_y, x, k) != y
        assert got[k - 1].item() == pytest.approx(wrong.double().mean().item())


@pytest.mark.parametrize("k", [0, 4])
def test_a_number_of_neighbours_that_is_not_there_is_refused(k):
    with pytest.raises(ValueError, match=f"k must lie in 1..3 .number of samples., got {k}"):
        neighbours.nearest(torch.zeros(3, 2), torch.zeros(1, 2), k)


def test_labels_are_flipped_as_often_as_asked():
    x, y = neighbours.draw_sample(40_000, 0.3, seeded())
    flipped = y.bool() != (x[:, 1] > neighbours.wave(x[:, 0]))
    assert flipped.double().mean() == pytest.approx(0.3, abs=0.01)
    assert y.double().mean() == pytest.approx(0.5, abs=0.01)
    assert x.abs().max() <= 1
    again = neighbours.draw_sample(40_000, 0.0, seeded())[0]
    assert torch.equal(x, again), "the positions depend on the noise"


def test_one_neighbour_of_many_errs_as_cover_and_hart_say():
    x, y = neighbours.draw_sample(40_000, 0.2, seeded(1))
    wrong = neighbours.predict(x[:30_000], y[:30_000], x[30_000:], 1) != y[30_000:]
    assert wrong.double().mean() == pytest.approx(2 * 0.2 * 0.8, abs=0.015)


@pytest.mark.parametrize(("k", "n", "flips"), [(1, 30, 0.2), (29, 100, 0.4), (99, 300, 0.0)])
def test_the_map_shows_what_scikit_learn_predicts(k, n, flips):
    found = neighbours.neighbour_map(k, n, flips)
    oracle = KNeighborsClassifier(k).fit(found.x.numpy(), found.y.numpy())
    line = np.linspace(-1, 1, neighbours.SIDE)
    grid = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2).astype(np.float32)
    share = oracle.predict_proba(grid)[:, 1].reshape(neighbours.SIDE, neighbours.SIDE)
    same = np.isclose(found.share.numpy(), share, atol=1e-6).mean()
    assert same > 0.999, "grid points that are as far from two samples may differ"
    assert found.train[k - 1].item() == pytest.approx(
        1 - oracle.score(found.x.numpy(), found.y.numpy()), abs=1e-6
    )


def test_more_neighbours_than_samples_means_all():
    assert neighbours.neighbour_map(999, 30, 0.2).k == 30


def test_shades_tell_the_answer_and_how_many_agree():
    shades = neighbours.shade(torch.tensor([0.0, 0.3, 0.5, 0.51, 0.8, 1.0]))
    assert shades.tolist() == pytest.approx([0, 0.18, 0.3, 0.706, 0.88, 1])


def test_edges_of_a_single_cell_are_its_four_sides():
    region = torch.zeros(5, 5, dtype=torch.bool)
    region[1, 3] = True  # the cell around x₁ = 0.5, x₂ = -0.5, half a unit wide
    lines = neighbours.edges(region).view(-1, 3, 2)
    assert lines[:, 2].isnan().all()
    middles = {tuple(m) for m in lines[:, :2].mean(1).tolist()}
    assert middles == {(0.5, -0.75), (0.5, -0.25), (0.25, -0.5), (0.75, -0.5)}
    lengths = (lines[:, 0] - lines[:, 1]).norm(dim=1)
    assert torch.allclose(lengths, torch.full((4,), 0.5))


# ---- polynomials -------------------------------------------------------------------------------


def test_powers():
    got = overfitting.powers(torch.tensor([[0.0, 2.0], [-3.0, 1.0]]), 2)
    assert got.tolist() == [[[1, 0, 0], [1, 2, 4]], [[1, -3, 9], [1, 1, 1]]]


@pytest.mark.parametrize("rho", [0.0, 0.01, 3.0])
def test_fits_of_all_degrees_are_those_of_scikit_learn(rho):
    x, y = overfitting.spaced(25), draws(25)
    got = overfitting.fit_degrees(x, y, 8, rho)
    for degree in range(9):
        basis = np.vander(x.numpy(), degree + 1, increasing=True)
        linear = LinearRegression(fit_intercept=False)
        oracle = linear if rho == 0 else Ridge(rho, fit_intercept=False, solver="cholesky")
        expected = oracle.fit(basis, y.numpy()).coef_
        np.testing.assert_allclose(got[degree, : degree + 1], expected, rtol=1e-6, atol=1e-8)
        assert not got[degree, degree + 1 :].any()


def test_many_training_sets_at_once_give_what_each_gives():
    x, y = overfitting.spaced(15), draws(4, 15)
    got = overfitting.fit_degrees(x, y, 5, 0.1)
    each = torch.stack([overfitting.fit_degrees(x, one, 5, 0.1) for one in y])
    assert torch.allclose(got, each)
    own_x = overfitting.fit_degrees(x.expand(4, -1), y, 5, 0.1)
    assert torch.allclose(own_x, each)


def test_left_out_samples_do_not_count():
    x, y = overfitting.spaced(15), draws(15)
    kept = torch.arange(15) % 3 != 1
    got = overfitting.fit_degrees(x, y, 4, 0.2, kept)
    assert torch.allclose(got, overfitting.fit_degrees(x[kept], y[kept], 4, 0.2))


def test_mse_is_that_of_numpy():
    alpha, x, y = draws(3, 5), draws(20, seed=1), draws(20, seed=2)
    expected = [
        np.mean((np.polynomial.Polynomial(a.numpy())(x.numpy()) - y.numpy()) ** 2) for a in alpha
    ]
    assert overfitting.mse(alpha, x, y).tolist() == pytest.approx(expected)


def test_bias_and_variance_add_up_to_the_error():
    fits, truth = draws(50, 3, 20) + 1, draws(20, seed=1)
    bias2, variance = overfitting.bias_and_variance(fits, truth)
    assert bias2.shape == variance.shape == (3,)
    assert torch.allclose(bias2 + variance, (fits - truth).square().mean(dim=(0, 2)))
    np.testing.assert_allclose(variance, fits.numpy().var(axis=0).mean(axis=-1))


def test_the_ensemble_has_the_variance_that_least_squares_promises():
    found = overfitting.ensemble(40, 0.5, 0.0)
    basis = overfitting.powers(overfitting.spaced(40), 3)
    there = overfitting.powers(found.line, 3)
    leverage = (there @ torch.linalg.inv(basis.T @ basis) * there).sum(1)
    assert found.variance[3].item() == pytest.approx(0.25 * leverage.mean().item(), rel=0.15)
    assert found.bias2[3] < 0.01 < found.bias2[1]


def test_noise_has_the_size_asked_for():
    x = overfitting.anywhere(50_000, seeded())
    noise = overfitting.noisy_sine(x, 0.4, seeded(1)) - torch.sin(math.pi * x)
    assert noise.std() == pytest.approx(0.4, rel=0.02)
    assert x.std() == pytest.approx(1 / math.sqrt(3), rel=0.02)
    half = overfitting.noisy_sine(x, 0.2, seeded(1)) - torch.sin(math.pi * x)
    assert torch.allclose(2 * half, noise), "the draws depend on the size of the noise"


def test_fits_of_the_explorable_are_those_of_numpy():
    found = overfitting.polynomial_fits(12, 0.5, 0.0, sample=3)
    for degree in (0, 3, 6):
        oracle = np.polynomial.Polynomial.fit(found.x.numpy(), found.y.numpy(), degree)
        np.testing.assert_allclose(found.curves[degree], oracle(found.line.numpy()), atol=1e-8)
        error = np.mean((oracle(found.x.numpy()) - found.y.numpy()) ** 2)
        assert found.train[degree].item() == pytest.approx(error)
    assert found.train[11] < 1e-18, "twelve coefficients meet twelve points"


@pytest.mark.parametrize("k", [2, 3, 5, 20])
def test_cross_validation_is_what_a_loop_over_folds_gives(k):
    found = folds.cross_validation(k, shuffle=4)
    sizes = torch.bincount(found.fold, minlength=k)
    assert len(sizes) == k
    assert sizes.max() - sizes.min() <= 1
    for fold in range(k):
        out = (found.fold == fold).numpy()
        for degree in (1, 3):
            law = np.polynomial.Polynomial.fit(found.x[~out].numpy(), found.y[~out].numpy(), degree)
            error = np.mean((law(found.x[out].numpy()) - found.y[out].numpy()) ** 2)
            assert found.errors[fold, degree].item() == pytest.approx(error, rel=1e-6)
    assert found.chosen == int(found.errors.mean(0).argmin())


# ---- many networks -----------------------------------------------------------------------------


def by_hand(x, y, kept_out, networks, generator, hidden, epochs, batch, rate):
    """The same trainings one after the other, with torch's own modules and optimiser."""
    made = []
    for fan_in, fan_out in ((x.shape[1], hidden), (hidden, int(y.max()) + 1)):
        drawn = torch.randn(networks, fan_in, fan_out, generator=generator, dtype=x.dtype)
        made.append(drawn * math.sqrt(2 / fan_in))
    orders = [torch.rand(networks, len(x), generator=generator).argsort(1) for _ in range(epochs)]
    answers = torch.empty(epochs, networks, len(kept_out), dtype=torch.uint8)
    for s in range(networks):
        layers = [torch.nn.Linear(*w.shape[1:], dtype=x.dtype) for w in made]
        for layer, weights in zip(layers, made, strict=True):
            layer.weight.data, layer.bias.data = weights[s].T.clone(), layer.bias.data.zero_()
        network = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
        optimiser = torch.optim.SGD(network.parameters(), lr=rate, momentum=0.9)
        for epoch, order in enumerate(orders):
            for chosen in order[s].split(batch):
                optimiser.zero_grad()
                torch.nn.functional.cross_entropy(network(x[chosen]), y[chosen]).backward()
                optimiser.step()
            answers[epoch, s] = network(kept_out).argmax(1).byte()
    return answers


def test_networks_trained_as_one_are_those_trained_one_by_one():
    x, y, kept_out = draws(45, 6), torch.arange(45) % 3, draws(200, 6, seed=1)
    options = {"hidden": 5, "epochs": 3, "batch": 10, "rate": 0.2}
    together = evaluation.train_networks(x, y, kept_out, 12, seeded(2), **options)
    assert together.shape == (3, 12, 200)
    assert torch.equal(together, by_hand(x, y, kept_out, 12, seeded(2), **options))


def test_each_network_has_its_own_rate_and_scale():
    x, y, kept_out = draws(45, 6), torch.arange(45) % 3, draws(200, 6, seed=1)
    rate = torch.tensor([0.0, 0.2])
    answers = evaluation.train_networks(x, y, kept_out, 2, seeded(), epochs=4, rate=rate)
    assert torch.equal(answers[0, 0], answers[-1, 0]), "a rate of 0 learns"
    assert not torch.equal(answers[0, 1], answers[-1, 1])
    scale = torch.tensor([1.0, 0.0])
    flat = evaluation.train_networks(x, y, kept_out, 2, seeded(), epochs=1, rate=0.0, scale=scale)
    assert len(flat[0, 1].unique()) == 1 < len(flat[0, 0].unique())


def test_the_number_of_threads_is_left_as_it_was():
    x, y, before = draws(8, 2), torch.arange(8) % 2, torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        evaluation.train_networks(x, y, x, 2, seeded(), epochs=1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_hundred_networks_learn_the_digits():
    runs = evaluation.hundred_runs()
    assert runs.answers.shape == (20, 100, 1000)
    error = runs.wrong.double().mean(dim=2)
    assert 0.02 < error[-1].min() < error[-1].max() < 0.08
    assert (error[0] > error[-1]).all()
    assert "digits" in runs.source


# ---- choosing on a test set ---------------------------------------------------------------------


def test_test_sets_have_their_size_and_treat_all_samples_alike():
    sets = evaluation.draw_test_sets(4000, 30, 100, seeded())
    assert (sets.sum(1) == 30).all()
    assert (sets.double().mean(0) - 0.3).abs().max() < 0.04


def test_errors_on_sets_of_samples():
    wrong, chosen = draws(7, 40) > 0.5, draws(3, 40, seed=1) > 0
    got = evaluation.errors_on(wrong, chosen)
    for r in range(3):
        for s in range(7):
            assert got[r, s].item() == pytest.approx(wrong[s, chosen[r]].double().mean().item())


def test_the_best_of_n_is_chosen_on_the_test_set_alone():
    found = evaluation.best_of(25, 200, 3)
    assert found.best == int(found.tested[:25].argmin())
    assert found.tested[found.best] <= found.tested[:25].min()
    assert found.reported[0].item() == pytest.approx(found.truth[0].item(), abs=0.006)
    assert (found.reported.diff() <= 1e-7).all(), "more seeds report a larger error"
    assert found.truth[-1] - found.reported[-1] > 0.01


def test_luck_shrinks_as_the_test_set_grows():
    gaps = [c.truth[-1] - c.reported[-1] for c in (evaluation.best_of(9, m, 0) for m in (50, 450))]
    assert gaps[0] / gaps[1] == pytest.approx(3, rel=0.3), "luck goes as one over the root of M"


def clause_gain(answers, y, x, tested) -> int:
    """How many more answers the clauses mend than spoil, by trying every rule."""
    total = 0
    for a in answers.unique():
        best = 0
        for pixel in range(x.shape[1]):
            for grey in (0.25, 0.5, 0.75):
                for above in (True, False):
                    hit = ((x[:, pixel] > grey) == above) & (answers == a) & tested
                    for b in y.unique():
                        best = max(best, int((y[hit] == b).sum() - (y[hit] == a).sum()))
        total += best
    return total


def test_clauses_mend_as_many_answers_as_the_best_rules_can():
    x = torch.rand(120, 4, generator=seeded())
    y, answers = (torch.randint(4, (120,), generator=seeded(s)) for s in (1, 2))
    tested = torch.arange(120) < 50
    mended = evaluation.add_clauses(answers, y, x, tested)
    before, after = ((a == y)[tested].sum() for a in (answers, mended))
    assert int(after - before) == clause_gain(answers, y, x, tested) > 0


def test_clauses_that_help_nobody_change_nothing():
    y = torch.arange(30) % 3
    x = torch.rand(30, 2, generator=seeded())
    assert torch.equal(evaluation.add_clauses(y, y, x, torch.ones(30, dtype=torch.bool)), y)
