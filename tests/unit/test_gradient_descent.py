"""The computations behind chapter 06, explorables and page, against independent ones."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import approx_fprime, minimize, minimize_scalar
from scipy.sparse.linalg import cg

from descent import data
from descent.explore import gradient_descent as gd
from descent.explore import landscapes, minimisers, race

LECTURE = Path(__file__).parents[2] / "chapters" / "06_gradient_descent" / "lecture.md"


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*size: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*size, generator=generator(seed), dtype=torch.float64)


# ---- surfaces -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", landscapes.SURFACES)
def test_slopes_are_those_of_autograd(name):
    surface = landscapes.SURFACES[name]
    w = (2 * normal(50, 2)).requires_grad_()
    (slopes,) = torch.autograd.grad(surface.loss(*w.T).sum(), w)
    assert torch.allclose(torch.stack(surface.slope(*w.detach().T), dim=1), slopes)
    at = w[0].tolist()
    assert surface.loss(*at) == pytest.approx(float(surface.loss(*w[0].detach())))
    assert surface.slope(*at) == pytest.approx(tuple(slopes[0].tolist()))


@pytest.mark.parametrize("name", landscapes.SURFACES)
def test_nothing_is_lower_than_the_smallest_loss(name):
    surface = landscapes.SURFACES[name]
    found = [minimize(lambda w: surface.loss(*w), w).fun for w in normal(8, 2).tolist()]
    assert min(found) == pytest.approx(surface.best, abs=1e-7)
    left, right, low, high = surface.window
    grid = torch.cartesian_prod(torch.linspace(left, right, 99), torch.linspace(low, high, 99))
    assert float(surface.loss(*grid.double().T).min()) >= surface.best - 1e-9
    for place in surface.lowest:
        assert surface.loss(*place) == pytest.approx(surface.best, abs=1e-9)
    for u, v in (surface.start, *surface.lowest):
        assert left < u < right
        assert low < v < high


@pytest.mark.parametrize(
    ("gradient", "curvatures", "kind"),
    [
        ([0, 0, 0], [1, 2, 3], "minimum"),
        ([0, 0, 0], [-3, -2, -1], "maximum"),
        ([0, 0, 0], [-3, -2, 1], "saddle"),
        ([0, 0, 0], [-3, 0, 1], "degenerate"),
        ([0, 0], [0, 1], "degenerate"),
        ([0, 1e-3], [1, 1], "not critical"),
        ([0, -1e-3], [0, 1], "not critical"),
        ([1e-9, 0], [1e-9, 1], "degenerate"),
    ],
)
def test_kinds_of_points(gradient, curvatures, kind):
    parts = (torch.tensor(part, dtype=torch.float64) for part in (gradient, curvatures))
    assert landscapes.kind_of_point(*parts) == kind


@pytest.mark.parametrize("terrain", landscapes.TERRAINS)
def test_derivatives_of_a_point_are_finite_differences(terrain):
    point = landscapes.point_of(terrain, 0.35, -0.6)
    loss = lambda w: float(landscapes.TERRAINS[terrain][0](torch.tensor(w)))  # noqa: E731
    assert np.allclose(point.gradient, approx_fprime(point.w.numpy(), loss, 1e-7), atol=1e-4)
    for curvature, direction in zip(point.curvatures, point.directions.T, strict=True):
        ends = [loss((point.w + side * 1e-3 * direction).numpy()) for side in (-1, 0, 1)]
        bend = (ends[0] - 2 * ends[1] + ends[2]) / 1e-6
        assert bend == pytest.approx(float(curvature), abs=1e-3)
    for profile, direction in zip(point.profiles, point.directions.T, strict=True):
        ahead = (point.w + landscapes.REACH * direction).numpy()
        assert float(profile[-1]) == pytest.approx(loss(ahead))
        assert float(profile[50]) == pytest.approx(point.loss)


@pytest.fixture(scope="module")
def critical() -> landscapes.CriticalPoints:
    return landscapes.CriticalPoints()


@pytest.mark.parametrize(
    ("terrain", "w", "kind"),
    [
        ("egg box", (1, 1), "minimum"),
        ("egg box", (0, 0), "maximum"),
        ("egg box", (1, 0), "saddle"),
        ("bowl", (0, 0), "minimum"),
        ("saddle", (0, 0), "saddle"),
        ("two hollows", (0, 0), "saddle"),
        ("two hollows", (-1, 0), "minimum"),
        ("monkey saddle", (0, 0), "degenerate"),
        ("quartic bowl", (0, 0), "degenerate"),
        ("gutter", (0.5, 0.5), "degenerate"),
        ("gutter", (0.5, 0), "not critical"),
    ],
)
def test_points_of_the_terrains(critical, terrain, w, kind):
    explorable = critical
    assert explorable.set(terrain=terrain, w1=w[0], w2=w[1]).result.kind == kind
    assert kind in explorable.sentence


# ---- the rules of the race ----------------------------------------------------------------------

KNOBS = race.Knobs(0.05, 0.8, 0.95)


def torch_path(surface: str, make, steps: int = 60, noise: float = 0.0) -> torch.Tensor:
    """Where an optimiser of torch goes on a surface, from its start."""
    ground = landscapes.SURFACES[surface]
    w = torch.nn.Parameter(torch.tensor(ground.start, dtype=torch.float64))
    optimiser, path = make([w]), [w.detach().clone()]
    for extra in torch.tensor(race.noise_of(noise), dtype=torch.float64)[:steps]:
        w.grad = torch.stack(ground.slope(*w.detach())) + extra
        optimiser.step()
        path.append(w.detach().clone())
    return torch.stack(path)


TWINS = {
    "gradient descent": lambda w: torch.optim.SGD(w, lr=0.05),
    "momentum": lambda w: torch.optim.SGD(w, lr=0.05, momentum=0.8),
    "AdaGrad": lambda w: torch.optim.Adagrad(w, lr=0.05, eps=race.EPS),
    "RMSProp": lambda w: torch.optim.RMSprop(w, lr=0.05, alpha=0.95, eps=race.EPS),
    "Adam": lambda w: torch.optim.Adam(w, lr=0.05, betas=(0.8, 0.95), eps=race.EPS),
}


@pytest.mark.parametrize("noise", [0.0, 0.5])
@pytest.mark.parametrize("surface", landscapes.SURFACES)
@pytest.mark.parametrize("name", TWINS)
def test_racers_go_where_torchs_optimisers_go(name, surface, noise):
    path = race.path_of(name, surface, KNOBS, noise)
    assert torch.allclose(path[:61], torch_path(surface, TWINS[name], noise=noise), atol=1e-9)


@pytest.mark.parametrize("surface", landscapes.SURFACES)
def test_nesterov_is_torchs_seen_from_where_it_looks(surface):
    """PyTorch keeps the place y = w − γu, where the gradient is taken."""
    path = race.path_of("Nesterov", surface, KNOBS)
    ahead = path[1:] - KNOBS.gamma * (path[:-1] - path[1:])
    make = lambda w: torch.optim.SGD(w, lr=0.05, momentum=0.8, nesterov=True)  # noqa: E731
    assert torch.allclose(ahead[:60], torch_path(surface, make)[1:], atol=1e-9)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_steps_are_the_same_for_tensors_and_floats(shape):
    w, m, v, g = torch.randn(4, *shape, generator=generator(), dtype=torch.float64)
    v = v.abs()
    moved, speed = race.momentum_step(w, m, g, 0.1, 0.9)
    step = race.adam_step(w, m, v, g, 3, 0.1)
    flat = [part.flatten().tolist() for part in (w, m, v, g, moved, speed, *step)]
    for a, b, c, d, *results in zip(*flat, strict=True):
        assert race.momentum_step(a, b, d, 0.1, 0.9) == pytest.approx(tuple(results[:2]))
        assert race.adam_step(a, b, c, d, 3, 0.1) == pytest.approx(tuple(results[2:]))


@pytest.fixture(scope="module")
def reference() -> race.OptimiserRace:
    """The race without a learner; tests put back what they move."""
    return race.OptimiserRace()


def test_who_flies_away_is_lost():
    path = race.path_of("gradient descent", "valley", race.Knobs(1.0, 0.9, 0.99))
    kept = path.isfinite().all(dim=1)
    first = int((~kept).nonzero()[0])
    assert path[0].tolist() == list(landscapes.SURFACES["valley"].start)
    assert kept[:first].all()
    assert not kept[first:].any()
    shown = race.OptimiserRace().set(surface="valley", lr=1.0, step=300)
    assert "Lost: gradient descent" in shown.sentence
    assert shown.result.leader not in ("gradient descent", "Nesterov")


def test_the_leader_has_the_smallest_loss():
    explorable = race.OptimiserRace().set(surface="valley", step=40)
    ground = landscapes.SURFACES["valley"]
    losses = {
        name: ground.loss(*explorable.result.paths[k, 40].tolist())
        for k, name in enumerate(race.RACERS)
    }
    assert explorable.result.leader == min(losses, key=losses.__getitem__)
    assert f"lowest is {explorable.result.leader}" in explorable.sentence


def test_playing_computes_no_path_anew():
    explorable = race.OptimiserRace()
    before = race.path_of.cache_info().misses
    for step in range(0, 300, 50):
        explorable.set(step=step)
        assert f"Step {step} of 300" in explorable.sentence
    assert race.path_of.cache_info().misses == before
    explorable.set(gamma=0.5)
    assert race.path_of.cache_info().misses <= before + 3


def test_every_racer_meets_the_same_noise():
    assert race.noise_of(0.5) == race.noise_of(0.5)
    assert np.allclose(np.array(race.noise_of(1.0)), 2 * np.array(race.noise_of(0.5)))
    assert np.array(race.noise_of(1.0)).std() == pytest.approx(1, abs=0.05)


# ---- the learner's own rules --------------------------------------------------------------------


def own_momentum(w, velocity, grad, lr, gamma):
    velocity = gamma * velocity + lr * grad
    return w - velocity, velocity


def own_adam(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = torch.lerp(grad, m, beta1)
    v = torch.lerp(grad**2, v, beta2)
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


def stub(*_, **__):
    raise NotImplementedError("not solved yet")


def momentum_of_pytorch(w, velocity, grad, lr, gamma):
    velocity = gamma * velocity + grad
    return w - lr * velocity, velocity


def adam_without_power(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1) / ((v / (1 - beta2)).sqrt() + eps), m, v


def adam_with_eps_inside(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps).sqrt(), m, v


def test_right_rules_of_a_learner_race(reference):
    explorable = race.OptimiserRace(momentum_step=own_momentum, adam_step=own_adam)
    assert explorable.momentum is own_momentum
    assert explorable.adam is own_adam
    assert torch.allclose(
        explorable.result.paths, reference.result.paths, atol=1e-8, equal_nan=True
    )
    assert explorable.sentence.startswith(reference.sentence)
    assert "momentum is your function; Adam is your function" in explorable.sentence
    assert "your function" not in reference.sentence


def test_the_learners_rule_is_really_called():
    calls = []

    def counted(*arguments):
        calls.append(arguments)
        return own_momentum(*arguments)

    race.OptimiserRace(momentum_step=counted)
    assert len(calls) >= race.STEPS
    assert all(isinstance(part, torch.Tensor) and part.shape == (2,) for part in calls[-1][:3])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"momentum_step": stub}, "momentum is the course's function, as yours failed (NotImpl"),
        ({"momentum_step": momentum_of_pytorch}, "momentum is the course's, as yours differs"),
        ({"momentum_step": lambda *_: 3}, "momentum is the course's function, as yours failed"),
        ({"adam_step": stub}, "Adam is the course's function, as yours failed (NotImpl"),
        ({"adam_step": adam_without_power}, "Adam is the course's, as yours differs"),
        ({"adam_step": adam_with_eps_inside}, "Adam is the course's, as yours differs"),
    ],
)
def test_wrong_rules_of_a_learner_are_told_and_replaced(reference, given, said):
    explorable = race.OptimiserRace(**given)
    assert said in explorable.sentence
    assert torch.equal(explorable.result.paths.nan_to_num(0), reference.result.paths.nan_to_num(0))


# ---- one step and its parabola ------------------------------------------------------------------


@pytest.mark.parametrize("curve", gd.CURVES)
def test_slopes_of_curves(curve):
    loss, slope, _ = gd.CURVES[curve]
    w = torch.linspace(-2, 2, 40, dtype=torch.float64, requires_grad=True)
    (automatic,) = torch.autograd.grad(loss(w).sum(), w)
    assert torch.allclose(slope(w.detach()), automatic)


@pytest.mark.parametrize("curve", gd.CURVES)
@pytest.mark.parametrize(("w", "lr"), [(0.7, 0.1), (-1.2, 0.4)])
def test_a_step_goes_to_the_lowest_point_of_the_parabola(curve, w, lr):
    at = torch.tensor(w, dtype=torch.float64)
    parabola = lambda v: float(gd.model(curve, at, lr, torch.tensor(v, dtype=at.dtype)))  # noqa: E731
    path = gd.walk_of(curve, w, lr).path
    assert float(path[1]) == pytest.approx(minimize_scalar(parabola).x, abs=1e-6)
    assert parabola(w) == pytest.approx(float(gd.CURVES[curve].loss(at)))
    assert (parabola(w + 1e-6) - parabola(w - 1e-6)) / 2e-6 == pytest.approx(
        float(gd.CURVES[curve].slope(at)), abs=1e-5
    )


def test_walks():
    bowl = gd.walk_of("bowl", 1.5, 0.1)
    assert torch.allclose(bowl.path, 1.5 * (1 - 0.1 * 4) ** torch.arange(41).double())
    assert not bowl.lost
    gone = gd.walk_of("two valleys", 1.8, 0.5)
    assert gone.lost
    assert (gone.path[:-1].abs() <= gd.LOST).all()
    assert "flown out" in gd.ParabolaDescent().set(start=1.8, lr=0.5, step=40).sentence
    assert (
        abs(
            gd.lowest("two valleys")
            - minimize_scalar(
                lambda w: (w * w - 1) ** 2 / 2 + 0.3 * w, bounds=(-2, 0), method="bounded"
            ).x
        )
        < 2e-4
    )
    left, right = (float(gd.walk_of("two valleys", s, 0.125).path[-1]) for s in (-0.3, 1.8))
    assert left == pytest.approx(gd.lowest("two valleys"), abs=1e-3)
    assert right > 0.9


# ---- the cloud ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("replace", [True, False])
def test_the_spread_is_that_over_all_batches(size, replace):
    each = normal(5, 2)
    pick = itertools.product if replace else itertools.combinations
    batches = pick(range(5), repeat=size) if replace else pick(range(5), size)
    means = torch.stack([each[list(batch)].mean(dim=0) for batch in batches])
    exact = (means - each.mean(dim=0)).square().sum(dim=1).mean().sqrt()
    assert gd.predicted_spread(each, size, replace) == pytest.approx(float(exact))


@pytest.mark.parametrize("replace", [True, False])
def test_batches_are_unbiased_and_as_wide_as_predicted(replace):
    each = normal(40, 2)
    means = gd.batch_means(each, 8, replace, seed=1)
    spread = gd.predicted_spread(each, 8, replace)
    away = means.mean(dim=0) - each.mean(dim=0)
    assert away.norm() < 4 * spread / math.sqrt(len(means))
    measured = (means - each.mean(dim=0)).square().sum(dim=1).mean().sqrt()
    assert float(measured) == pytest.approx(spread, rel=0.1)


def test_all_samples_without_replacement_leave_no_noise():
    each = normal(12, 2)
    means = gd.batch_means(each, 12, False, seed=0)
    assert torch.allclose(means, each.mean(dim=0).expand_as(means))
    assert gd.predicted_spread(each, 12, False) == 0
    assert gd.predicted_spread(each, 12, True) > 0


def test_gradients_of_samples_are_autograds():
    x, y, best = gd.regression()
    w = normal(2, seed=3).requires_grad_()
    mean = gd.mean_loss(w[0], w[1])
    assert torch.allclose(mean, ((x @ w - y) ** 2).mean() / 2)
    (automatic,) = torch.autograd.grad(mean, w)
    each = gd.sample_gradients(w.detach())
    assert torch.allclose(each.mean(dim=0), automatic)
    assert gd.sample_gradients(best).mean(dim=0).norm() < 1e-12
    (first,) = torch.autograd.grad((x[0] @ w - y[0]) ** 2 / 2, w)
    assert torch.allclose(each[0], first)


def test_the_cloud_counts_what_leads_uphill():
    cloud = gd.clouds_at(1.5, True, 0)[0]
    away = [float(m @ cloud.full) for m in cloud.means]
    assert cloud.uphill == pytest.approx(sum(a < 0 for a in away) / len(away))
    few, many = (gd.clouds_at(1.5, True, 0)[gd.BATCHES.index(b)].uphill for b in (1, 64))
    assert many < few


# ---- the cost of a digit ------------------------------------------------------------------------

BOWLS = [(2, 3.0, True), (5, 30.0, True), (4, 10.0, False), (12, 100.0, True)]


@pytest.mark.parametrize(("size", "kappa", "turned"), BOWLS)
def test_bowls_have_the_condition_number_asked_for(size, kappa, turned):
    a, b = minimisers.quadratic(size, kappa, turned)
    curvatures = torch.linalg.eigvalsh(a)
    assert torch.allclose(a, a.T)
    assert float(curvatures[-1] / curvatures[0]) == pytest.approx(kappa)
    assert float(curvatures[-1]) == pytest.approx(1)
    assert torch.equal(a, torch.diag(a.diagonal())) != turned
    assert b.shape == (size,)


def torch_sgd(a, b, steps, **knobs) -> torch.Tensor:
    w = torch.nn.Parameter(torch.zeros_like(b))
    optimiser, path = torch.optim.SGD([w], **knobs), [torch.zeros_like(b)]
    for _ in range(steps):
        w.grad = a @ w.detach() - b
        optimiser.step()
        path.append(w.detach().clone())
    return torch.stack(path)


@pytest.mark.parametrize(("size", "kappa", "turned"), BOWLS)
def test_first_order_families(size, kappa, turned):
    a, b = minimisers.quadratic(size, kappa, turned)
    low, high = 1 / kappa, 1.0
    found = torch.stack(minimisers.descent(a, b, 30))
    assert torch.allclose(found, torch_sgd(a, b, 30, lr=2 / (low + high)))
    root = math.sqrt(low) + math.sqrt(high)
    gamma = ((math.sqrt(high) - math.sqrt(low)) / root) ** 2
    found = torch.stack(minimisers.heavy_ball(a, b, 30))
    assert torch.allclose(found, torch_sgd(a, b, 30, lr=4 / root**2, momentum=gamma))


@pytest.mark.parametrize(("size", "kappa", "turned"), BOWLS)
def test_other_families(size, kappa, turned):
    a, b = minimisers.quadratic(size, kappa, turned)
    w, path = np.zeros(size), minimisers.coordinate(a, b, 4)
    for sweep in range(1, 5):
        for d in range(size):
            others = sum(float(a[d, e]) * w[e] for e in range(size) if e != d)
            w[d] = (float(b[d]) - others) / float(a[d, d])
        assert np.allclose(path[sweep], w)
    theirs: list = []
    cg(a.numpy(), b.numpy(), rtol=1e-14, maxiter=size, callback=lambda w: theirs.append(w.copy()))
    ours = minimisers.conjugate(a, b, size)
    assert all(np.allclose(o, t) for o, t in zip(ours[1:], theirs, strict=False))
    solved = torch.linalg.solve(a, b)
    assert torch.allclose(ours[-1], solved, atol=1e-6)
    newton = minimisers.newton(a, b, size + 1)
    assert torch.allclose(newton[-1], solved)
    assert not newton[-2].any()


def test_conjugate_gradients_stay_when_they_have_arrived():
    a, b = minimisers.quadratic(2, 3.0, True)
    path = torch.stack(minimisers.conjugate(a, b, 50))
    assert path.isfinite().all()
    assert torch.allclose(path[-1], torch.linalg.solve(a, b))


def test_the_bill_counts_digits():
    bill = minimisers.bill_of(12, 30.0, True)._replace(passes=20)
    a, b = minimisers.quadratic(12, 30.0, True)
    loss = lambda w: 0.5 * w @ a @ w - b @ w  # noqa: E731
    best = loss(torch.linalg.solve(a, b))
    path = minimisers.descent(a, b, 20)
    excess = (loss(path[20]) - best) / (loss(path[0]) - best)
    at = list(minimisers.FAMILIES).index("gradient descent")
    assert float(bill.digits[at]) == pytest.approx(-math.log10(float(excess)), abs=1e-6)
    assert minimisers.passes_for(torch.tensor([1.0, 0.2, 0.05, 0.001]), 1) == 2
    assert minimisers.passes_for(torch.tensor([1.0, 0.2]), 3) is None


# ---- the page -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> dict:
    """The functions that the lecture defines, with what they need."""
    cells = re.findall(r"```\{code-cell\} ipython3\n(.*?)```", LECTURE.read_text("utf-8"), re.S)
    names: dict = {"torch": torch, "math": math, "data": data}
    exec("from torch.nn.functional import logsigmoid, one_hot", names)
    wanted = (
        "def valleys|features =|age, pressure =|def alternate|def mse_slope|stretch =|"
        "def generation|def walk|def adagrad|def rmsprop|def adam|def grid"
    )
    for cell in cells:
        if re.search(rf"^({wanted})", cell, re.M):
            defined = re.split(r"^(?:(?:turns|crowds|hessian) =|\[)", cell, maxsplit=1, flags=re.M)
            exec(defined[0], names)
    return names


def test_the_lectures_gradients(page):
    w = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(page["valleys"](w), w)
    assert float(page["slope"](0.7)) == pytest.approx(float(slope))
    w = torch.tensor([0.4, -1.0, 0.2], requires_grad=True)
    loss = -torch.nn.functional.logsigmoid(page["label"] * (page["features"] @ w)).mean()
    (automatic,) = torch.autograd.grad(loss, w)
    assert torch.allclose(page["logistic_slope"](w.detach()), automatic, atol=1e-6)
    line = normal(2).requires_grad_()
    (automatic,) = torch.autograd.grad(page["mse"](line), line)
    assert torch.allclose(page["mse_slope"](line.detach()), automatic)


def test_the_lectures_mse(page):
    age, pressure = data.load_blood_pressure()
    lines = normal(3, 2)
    for line, loss in zip(lines.tolist(), page["mse"](lines), strict=True):
        errors = [line[0] * a / 10 + line[1] - p for a, p in zip(age, pressure, strict=True)]
        assert float(loss) == pytest.approx(sum(float(e) ** 2 for e in errors) / 30)
    assert page["grid"](5).shape == (25, 2)


def test_the_lectures_alternating_steps_are_minima_along_each_weight(page):
    start = torch.tensor([5.0, 70.0], dtype=torch.float64)
    tilt, intercept = page["alternate"](start).tolist()
    along = lambda a, b: float(page["mse"](torch.tensor([a, b], dtype=torch.float64)))  # noqa: E731
    assert tilt == pytest.approx(minimize_scalar(lambda a: along(a, 70.0)).x, abs=1e-5)
    assert intercept == pytest.approx(minimize_scalar(lambda b: along(tilt, b)).x, abs=1e-4)


def test_a_generation_never_gets_worse(page):
    source, lines = generator(), 10 * normal(16, 2) + 50
    for _ in range(5):
        new = page["generation"](lines, source)
        assert (page["mse"](new) <= page["mse"](lines)).all()
        lines = new


@pytest.mark.parametrize(
    ("rule", "memory", "make"),
    [
        (lambda p: p["adagrad"](0.3), 0.0, lambda w: torch.optim.Adagrad(w, lr=0.3)),
        (lambda p: p["rmsprop"](0.1, 0.9), 0.0, lambda w: torch.optim.RMSprop(w, 0.1, 0.9)),
        (lambda p: p["adam"](0.1), (0.0, 0.0), lambda w: torch.optim.Adam(w, 0.1)),
        (lambda p: p["rolling"](0.1, 0.9), 0.0, lambda w: torch.optim.SGD(w, 0.1, 0.9)),
    ],
)
def test_the_lectures_rules_are_torchs(page, rule, memory, make):
    def slope(w):
        return torch.stack(landscapes.SURFACES["banana (Rosenbrock)"].slope(*w))

    start = torch.tensor(landscapes.SURFACES["banana (Rosenbrock)"].start, dtype=torch.float64)
    path = page["walk"](rule(page), memory, start, slope, 60)
    assert torch.allclose(path, torch_path("banana (Rosenbrock)", make), atol=1e-9)


# ---- the answers to the questions ---------------------------------------------------------------


def test_the_answers_are_computed_right():
    assert gd.ParabolaDescent().truth() == "in the left valley"
    w = 1.9
    for _ in range(60):
        w -= 0.25 * (2 * w * (w * w - 1) + 0.3)
    assert w < 0
    assert gd.BatchCloud().truth() == pytest.approx(4, rel=0.05)
    assert landscapes.CriticalPoints().truth() == "nothing: degenerate"
    assert "momentum’s tenfold" in minimisers.CostOfDigits().truth()
    assert race.OptimiserRace().truth() == "Nesterov"
    paths = {
        "momentum": torch_path("slanted valley", lambda w: torch.optim.SGD(w, 0.1, 0.9), 100),
        "Adam": torch_path("slanted valley", lambda w: torch.optim.Adam(w, 0.1, (0.9, 0.99)), 100),
        "Nesterov": torch_path(
            "slanted valley", lambda w: torch.optim.SGD(w, 0.1, 0.9, nesterov=True), 100
        ),
    }
    loss = landscapes.SURFACES["slanted valley"].loss
    final = {name: float(loss(*path[-1])) for name, path in paths.items()}
    assert min(final, key=final.__getitem__) == "Nesterov"
