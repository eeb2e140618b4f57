"""The computations behind chapter 04's explorables, against independent ones."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.path import Path as Outline
from scipy.optimize import linprog, minimize
from scipy.spatial.transform import Rotation
from sklearn.linear_model import Perceptron, Ridge
from sklearn.metrics import hinge_loss
from sklearn.preprocessing import PolynomialFeatures
from sklearn.svm import SVC

from descent import data
from descent.explore import features, gates, margin, perceptron

LECTURE = Path(__file__).parents[2] / "chapters" / "04_perceptron" / "lecture.md"


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def separates(x, positive) -> bool:
    """Whether some w, b has w·x + b ≥ 1 for the positive points and ≤ −1 for the others."""
    sign = np.where(np.asarray(positive) > 0, 1.0, -1.0)
    rows = -sign[:, None] * np.column_stack([np.asarray(x), np.ones(len(x))])
    found = linprog(np.zeros(rows.shape[1]), rows, -np.ones(len(x)), bounds=(None, None))
    return found.status == 0


# ---- lines --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_boundary_is_where_the_total_is_zero(seed):
    w, b = torch.randn(2, generator=generator(seed), dtype=torch.float64), 0.7 * seed - 1
    ends = margin.boundary(w, b)
    assert torch.allclose(ends @ w, torch.full((2,), -b, dtype=torch.float64))
    assert (ends[0] - ends[1]).norm() == pytest.approx(2 * margin.FAR)


@pytest.mark.parametrize("seed", range(5))
def test_a_half_plane_is_where_the_unit_fires(seed):
    w, b = torch.randn(2, generator=generator(seed)), 0.7 * seed - 1
    points = 6 * torch.rand(500, 2, generator=generator(9)) - 3
    inside = Outline(margin.half_plane(w, b).numpy()).contains_points(points.numpy())
    assert np.array_equal(inside, (points @ w + b >= 0).numpy())
    assert 0 < inside.sum() < 500


@pytest.mark.parametrize(("b", "inside"), [(0.0, True), (1.0, True), (-0.25, False)])
def test_without_weights_the_bias_decides_everywhere(b, inside):
    corners = margin.half_plane(torch.zeros(2), b).numpy()
    assert Outline(corners).contains_point((0.3, -2.0)) == inside


# ---- gates --------------------------------------------------------------------------------------

WORDS = {
    "or": lambda u, v: u or v,
    "and": lambda u, v: u and v,
    "nand": lambda u, v: not (u and v),
    "xor": lambda u, v: u != v,
    "nor": lambda u, v: not (u or v),
    "equal": lambda u, v: u == v,
    "u": lambda u, v: u,
    "v": lambda u, v: v,
    "not u": lambda u, v: not u,
    "not v": lambda u, v: not v,
    "u and not v": lambda u, v: u and not v,
    "v and not u": lambda u, v: v and not u,
    "u or not v": lambda u, v: u or not v,
    "v or not u": lambda u, v: v or not u,
    "always": lambda u, v: True,
    "never": lambda u, v: False,
}
BITS = [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_the_gates_are_all_functions_of_two_booleans():
    tables = {name: [int(word(u, v)) for u, v in BITS] for name, word in WORDS.items()}
    assert {name: gates.answers(name).tolist() for name in gates.GATES} == tables
    assert len(set(gates.GATES.values())) == 16


@pytest.mark.parametrize("gate", WORDS)
def test_a_unit_gets_all_rows_right_where_a_line_separates(gate):
    target = gates.answers(gate)
    constant = len(target.unique()) == 1
    assert (gates.most_rows(gate) == 4) == (constant or separates(gates.ROWS, target))


@pytest.mark.parametrize(
    ("w1", "w2", "b"), [(1.0, 1.0, -0.5), (1.0, 1.0, -1), (-2.0, 0.5, 0), (0.0, 0.0, -1)]
)
def test_the_builder_tells_what_the_unit_answers(w1, w2, b):
    gate = gates.GateBuilder().compute("xor", w1, w2, b)
    said = [int(w1 * u + w2 * v + b >= 0) for u, v in BITS]
    assert gate.answers.tolist() == said
    assert gate.right.tolist() == [s == (u != v) for s, (u, v) in zip(said, BITS, strict=True)]


@pytest.mark.parametrize("step", range(6))
def test_each_unit_of_the_network_is_its_gate(step):
    values = gates.wire(step).values
    assert list(values) == ["u", "v", *(unit.name for unit in gates.UNITS[:step])]
    for unit in gates.UNITS[:step]:
        first, second = (values[name].bool().tolist() for name in unit.inputs)
        used = first if unit.w[0] else second
        says = {
            "not": lambda k, used=used: not used[k],
            "and": lambda k, p=first, q=second: p[k] and q[k],
            "or": lambda k, p=first, q=second: p[k] or q[k],
        }[unit.kind]
        assert values[unit.name].bool().tolist() == [says(k) for k in range(4)]


def test_five_units_are_xor():
    assert gates.wire(5).values["xor"].tolist() == [float(u != v) for u, v in BITS]


def test_two_units_are_enough_for_xor_and_one_is_not():
    with_and = [(u, v, u & v) for u, v in BITS]
    xor = [u ^ v for u, v in BITS]
    assert separates(with_and, xor)
    assert not separates(BITS, xor)
    assert gates.fewest_units() == 2
    assert gates.XorNetwork().truth() == "two"


# ---- the perceptron -----------------------------------------------------------------------------

RUNS = [
    (n, half, bias, seed)
    for n in (10, 35)
    for half in (0.05, 0.3)
    for bias in (False, True)
    for seed in range(3)
]
RUNS.append((10, 0.05, True, 26))  # its last mistake is at the very end of an epoch


@pytest.mark.parametrize(("n", "half", "bias", "seed"), RUNS)
def test_the_samples_leave_the_band_asked_for(n, half, bias, seed):
    x, y, w_star = perceptron.separable(n, half, bias, seed)
    assert x.shape == (n, 3 if bias else 2)
    assert w_star.norm() == pytest.approx(1)
    distance = y * (x @ w_star) / w_star[:2].norm()
    assert distance.min() == pytest.approx(half)


@pytest.mark.parametrize(("n", "half", "bias", "seed"), RUNS)
def test_the_recorded_run_is_that_of_scikit_learn(n, half, bias, seed):
    run = perceptron.recorded(n, half, bias, seed)
    epochs = len(run.mistaken) // n
    # one epoch less: scikit-learn stops where it likes, and the last epoch changes nothing
    learner = Perceptron(fit_intercept=False, shuffle=False, tol=None, max_iter=max(epochs - 1, 1))
    learner.fit(run.x.numpy(), run.y.numpy())
    assert np.allclose(learner.coef_[0], run.weights[-1].numpy())


@pytest.mark.parametrize(("n", "half", "bias", "seed"), RUNS)
def test_the_run_keeps_novikoffs_promise_step_by_step(n, half, bias, seed):
    run = perceptron.recorded(n, half, bias, seed)
    mistakes = torch.cat([torch.zeros(1), run.mistaken.cumsum(0)]).double()
    radius = run.x.norm(dim=1).max()
    assert (run.weights @ run.w_star >= mistakes * run.half_margin - 1e-9).all()
    assert (run.weights.norm(dim=1) <= mistakes.sqrt() * radius + 1e-9).all()
    assert mistakes[-1] <= run.bound == int((radius / run.half_margin) ** 2 + 1e-9)
    *before, last = run.mistaken.view(-1, n).any(dim=1).tolist()
    assert before
    assert all(before)
    assert not last
    assert (run.y * (run.x @ run.weights[-1]) > 0).all()


def test_a_look_counts_the_mistakes_before_it():
    play = perceptron.PerceptronPlay()
    mistaken = play.result.run.mistaken.tolist()
    for step in (0, 1, 6, 21, len(mistaken), 10_000):
        look = play.set(step=step).result
        assert look.mistakes == sum(mistaken[:step])
        assert look.updated == (step > 0 and mistaken[look.step - 1])
    assert play.widgets["step"].max == len(mistaken)


@pytest.fixture(scope="module")
def page() -> dict:
    """The perceptron as the lecture's page defines it."""
    cells = re.findall(r"```\{code-cell\} ipython3\n(.*?)```", LECTURE.read_text("utf-8"), re.S)
    names: dict = {"torch": torch}
    for cell in cells:
        if re.match(r"def (epoch|learn)\(", cell):
            exec(cell, names)
    return names


@pytest.mark.parametrize("ahead", [1, 7, 1000])
@pytest.mark.parametrize(("n", "half", "bias", "seed"), RUNS[::3])
def test_the_lectures_look_ahead_makes_the_same_updates(page, ahead, n, half, bias, seed):
    run = perceptron.recorded(n, half, bias, seed)
    z = run.y[:, None] * run.x
    path = page["epoch"](torch.zeros_like(run.w_star), z, ahead=ahead)
    first = run.mistaken[:n].nonzero()[:, 0] + 1
    assert torch.equal(torch.stack(path), run.weights[first])
    weights, counts = page["learn"](z)
    assert torch.equal(weights[-1], run.weights[-1])
    assert counts == run.mistaken.view(-1, n).sum(dim=1).tolist()


def test_the_lectures_perceptron_separates_the_embedded_digits(page):
    digits = data.load_digits().only(0, 1).flat()
    weights, counts = page["learn"](digits.x * (2 * digits.y - 1)[:, None])
    learner = Perceptron(fit_intercept=False, shuffle=False, tol=None, max_iter=len(counts))
    learner.fit(digits.x.numpy(), digits.y.numpy())
    assert np.allclose(learner.coef_[0], weights[-1].numpy(), atol=1e-5)
    assert counts[-1] == 0


# ---- the support vector machine -----------------------------------------------------------------


def quadratic_programme(x, y, lam):
    """The SVM's least objective, by a solver that knows nothing of SVMs."""
    n, d = x.shape
    start = np.concatenate([np.zeros(d + 1), np.ones(n)])
    rows = np.column_stack([y[:, None] * x, y, np.eye(n)])

    def slope(p):
        return np.concatenate([2 * lam * p[:d], [0], np.full(n, 1 / n)])

    found = minimize(
        lambda p: lam * p[:d] @ p[:d] + p[d + 1 :].mean(),
        start,
        jac=slope,
        method="SLSQP",
        bounds=[(None, None)] * (d + 1) + [(0, None)] * n,
        constraints={"type": "ineq", "fun": lambda p: rows @ p - 1, "jac": lambda p: rows},
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assert found.success, found.message
    return found.fun, found.x[:d]


@pytest.mark.parametrize("distance", [1.0, 3.0])
@pytest.mark.parametrize("lam", [1e-3, 1e-2, 0.1, 1.0])
def test_the_svm_minimises_its_objective(distance, lam):
    x, y = margin.clouds(distance)
    best, w = quadratic_programme(x.numpy(), y.numpy(), lam)
    found = margin.Margin(lam, x, y, *margin.svm(x, y, lam))
    assert found.price + found.hinge == pytest.approx(best, rel=1e-4)
    assert np.allclose(found.w.numpy(), w, atol=1e-2)


@pytest.mark.parametrize("lam", [1e-4, 1e-2, 0.1])
def test_what_is_told_of_an_svm(lam):
    found = margin.solved(lam, 3.0)
    x, y = found.x.numpy(), found.y.numpy()
    machine = SVC(kernel="linear", C=1 / (2 * lam * len(y)), tol=1e-8).fit(x, y)
    assert found.support.nonzero()[:, 0].tolist() == sorted(machine.support_)
    assert found.hinge == pytest.approx(hinge_loss(y, machine.decision_function(x)), abs=1e-6)
    edges = [margin.boundary(found.w, float(found.b) + side)[0] for side in (-1, 1)]
    across = float((edges[0] - edges[1]) @ found.w / found.w.norm())
    assert found.width == pytest.approx(abs(across))


def test_samples_that_do_not_support_do_not_matter():
    found = margin.solved(0.01, 3.0)
    held = found.support
    assert 0 < held.sum() < len(held)
    scaled = found.lam * len(held) / int(held.sum())
    w, b = margin.svm(found.x[held], found.y[held], scaled)
    assert torch.allclose(w, found.w, atol=1e-4)
    assert torch.allclose(b, found.b, atol=1e-4)


def test_the_widest_band_of_two_samples():
    direction = margin.widest(torch.tensor([[2.0, 0.0], [0.0, 2.0]]))
    assert torch.allclose(direction, torch.full((2,), 0.5**0.5, dtype=torch.float64), atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_the_widest_band_is_that_of_a_hard_margin_svm(seed):
    x, y, w_star = perceptron.separable(30, 0.3, False, seed)
    z = y[:, None] * x
    found = margin.widest(z)
    mirrored = np.concatenate([z.numpy(), -z.numpy()])
    machine = SVC(kernel="linear", C=1e6, tol=1e-8).fit(mirrored, [1] * 30 + [-1] * 30)
    w = torch.from_numpy(machine.coef_[0].copy())
    assert found.norm() == pytest.approx(1)
    assert torch.allclose(found, w / w.norm(), atol=1e-3)
    assert (z @ found).min() >= (z @ w_star).min() - 1e-6


# ---- features -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 0), (-65, 20), (120, 75), (30, 90)])
def test_the_view_is_a_rotation(azimuth, elevation):
    turn = Rotation.from_euler("z", azimuth, degrees=True) * Rotation.from_euler(
        "y", -elevation, degrees=True
    )
    from_front = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]  # right, up and towards, seen along −x
    assert np.allclose(features.view(azimuth, elevation), turn.apply(from_front), atol=1e-6)


def test_a_point_towards_the_viewer_does_not_move_on_the_screen():
    seen = features.XorLifted().compute(40, 25, 1, 0)
    assert torch.allclose(seen.on_screen(seen.turn[2][None]), torch.zeros(1, 2), atol=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_a_line_that_is_found_exists(seed):
    points = torch.randn(12, 2, generator=generator(seed))
    y = (points @ torch.tensor([1.0, 0.5]) + 0.1 * (seed % 4) * points[:, 0] ** 3 > 0).long()
    y[0] = 1 - y[0] if seed % 2 else y[0]
    if features.splits_by_line(points, y):
        assert separates(points, y)
    gap = points + 4 * y[:, None]
    assert features.splits_by_line(gap, y) == separates(gap, y)


def test_only_the_lifted_points_are_separable():
    x, y = features.corners()
    flat = features.Lifted(x, y, 0.0, 0.0, features.view(0, 0))
    lifted = flat._replace(lift=1.0)
    assert not separates(x, y)
    assert not separates(flat.lifted, y)
    assert separates(lifted.lifted, y)
    assert lifted.right.all()
    assert int(flat.right.sum()) == int((y == 1).sum())
    raised = lifted._replace(height=0.8)
    assert torch.equal(raised.right, (x[:, 0] * x[:, 1] > 0.8) == (y == 0))


@pytest.mark.parametrize("product", [0.0, 0.5, 1.5, -0.3, -1.0, 1e9, -1e9])
def test_the_lobes_are_beyond_the_hyperbola(product):
    points = (4 * torch.rand(800, 2, generator=generator()) - 2).double()
    inside = [
        Outline(lobe.numpy()).contains_points(points.numpy()) for lobe in features.lobes(product)
    ]
    uv = points.prod(dim=1).numpy()
    clear = np.abs(uv - product) > 0.01  # the outlines are polygons
    clear &= points.abs().amin(dim=1).numpy() > 0.03
    expected = uv < product if product < 0 else uv > product
    assert np.array_equal((inside[0] | inside[1])[clear], expected[clear])
    assert not (inside[0] & inside[1]).any()


def test_products_follow_the_features():
    x = torch.randn(7, 4, generator=generator(), dtype=torch.float64)
    pairs = torch.combinations(torch.arange(4), with_replacement=True).T
    oracle = PolynomialFeatures(2, include_bias=False).fit_transform(x.numpy())
    assert np.allclose(features.with_products(x, pairs), oracle)


@pytest.mark.parametrize("at", [0, 5, 9])
def test_the_curve_is_that_of_ridge_regression(at):
    x, y, test_x, test_y = features.eights()
    pairs = torch.randint(1, 65, (2, features.COUNTS[-1]), generator=generator(0))
    pairs = pairs[:, : features.COUNTS[at]]
    x, test_x = features.with_products(x, pairs), features.with_products(test_x, pairs)
    model = Ridge(alpha=features.RIDGE, fit_intercept=False, solver="svd").fit(x, y)
    wrong = np.flatnonzero(model.predict(test_x) * test_y.numpy() <= 0)
    curve = features.recorded()
    assert curve.wrong[at].tolist() == wrong.tolist()
    assert float(curve.test[0, at]) == pytest.approx(len(wrong) / len(test_y))
    trained = (model.predict(x) * y.numpy() <= 0).mean()
    assert float(curve.train[0, at]) == pytest.approx(trained)


def test_eights_are_the_digits_with_a_constant():
    x, y, _, test_y = features.eights()
    digits = data.load_digits()
    assert torch.equal(x[:, 0], torch.ones(len(x), dtype=x.dtype))
    assert torch.equal(x[:, 1:].float(), digits.x.flatten(1))
    assert int((y > 0).sum()) == int((digits.y == 8).sum())
    assert set(test_y.tolist()) == {-1.0, 1.0}


def test_the_question_about_products_counts_its_weights_right():
    x = features.eights()[0]
    assert f" {256 + x.shape[1]} weights" in features.RandomProducts.question
    assert features.COUNTS[-1] + x.shape[1] > len(x)


def test_a_mosaic_holds_the_images_in_reading_order():
    images = torch.arange(1.0, 1 + 5 * 4).view(5, 4)
    canvas = features.mosaic(images, 2, 3)
    assert canvas.shape == (6, 9)
    assert torch.equal(canvas[:2, 3:5], images[1].view(2, 2))
    assert torch.equal(canvas[3:5, :2], images[3].view(2, 2))
    assert not canvas[:, 2::3].any()
    assert not canvas[3:, 6:].any()
    assert features.mosaic(images, 1, 2).sum() == images[:2].sum()


# ---- the answers to the questions ---------------------------------------------------------------


def test_the_answers_are_computed_right():
    assert gates.GateBuilder().truth() == "three"
    assert features.XorLifted().truth() == "from the side"
    run = perceptron.PerceptronPlay().result.run
    assert perceptron.PerceptronPlay().truth() == "fewer than a quarter"
    assert int(run.mistaken.sum()) < run.bound / 4
    x, y = margin.clouds(3.0)
    counts = [
        SVC(kernel="linear", C=1 / (2 * lam * len(y))).fit(x.numpy(), y.numpy()).n_support_.sum()
        for lam in (1e-4, 1.0)
    ]
    assert margin.SVMMargin().truth() == "it grows"
    assert counts[1] > counts[0]
