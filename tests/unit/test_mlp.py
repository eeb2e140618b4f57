"""The computations behind chapter 05's explorables, against independent ones."""

import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.interpolate import interp1d
from scipy.spatial.transform import Rotation
from torch import nn
from torch.nn import functional as F

from descent.explore import activations, approximation, mlp, outputs, regions

LECTURE = Path(__file__).parents[2] / "chapters" / "05_mlp" / "lecture.md"


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ---- activations --------------------------------------------------------------------------------

TORCHS = {
    "threshold": lambda s: torch.heaviside(s, torch.ones_like(s)),
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "ReLU": nn.ReLU(),
    "leaky ReLU": nn.LeakyReLU(0.1),
    "ELU": nn.ELU(),
    "softplus": nn.Softplus(),
    "SiLU": nn.SiLU(),
    "GELU": nn.GELU(),
    "Mish": nn.Mish(),
    "hard tanh": nn.Hardtanh(),
    "none": nn.Identity(),
}


def test_the_zoo_has_no_other_animals():
    assert set(TORCHS) == set(activations.ACTIVATIONS)


@pytest.mark.parametrize("name", TORCHS)
def test_activations_are_torchs(name):
    s = torch.linspace(-30, 30, 1201, dtype=torch.float64)
    assert torch.allclose(activations.ACTIVATIONS[name].value(s), TORCHS[name](s))


@pytest.mark.parametrize("name", sorted(set(TORCHS) - {"threshold"}))
def test_slopes_are_those_of_autograd_also_at_kinks(name):
    s = (torch.arange(-400, 401, dtype=torch.float64) / 20).requires_grad_()  # 0 and ±1 among them
    (slope,) = torch.autograd.grad(TORCHS[name](s).sum(), s)
    assert torch.allclose(activations.ACTIVATIONS[name].slope(s.detach()), slope, atol=1e-12)


def test_a_threshold_has_no_slope_anywhere():
    s = torch.linspace(-3, 3, 61)
    assert not activations.ACTIVATIONS["threshold"].slope(s).any()


@pytest.mark.parametrize(
    ("name", "where", "slope"),
    [("sigmoid", 0.0, 0.25), ("tanh", 0.0, 1.0), ("GELU", math.sqrt(2), 1.12890), ("none", 0.0, 1)],
)
def test_where_an_activation_is_steepest(name, where, slope):
    found = activations.steepest(name)
    assert found == pytest.approx((where, slope), abs=5e-3)
    assert math.copysign(1, found[0]) == 1, "−0 is printed with its sign"


def test_the_zoo_says_what_it_shows():
    zoo = activations.ActivationZoo().set(name="sigmoid", other="tanh", s=2.0)
    assert "gives 0.881 with slope 0.105, tanh 0.964 with slope 0.071" in zoo.sentence
    assert zoo.truth() == "a quarter"


# ---- sums of ReLUs ------------------------------------------------------------------------------


@pytest.mark.parametrize("target", approximation.TARGETS)
@pytest.mark.parametrize("units", [1, 2, 7, 40])
@pytest.mark.parametrize("spacing", approximation.SPACINGS)
def test_a_sum_of_ramps_is_the_interpolant(target, units, spacing):
    f, knots = approximation.TARGETS[target], approximation.placed(target, units, spacing)
    heights = f(knots).numpy()
    oracle = interp1d(knots.numpy(), heights, fill_value="extrapolate")
    total = approximation.ramps(f, knots)
    x = torch.linspace(-0.5, 1.5, 501, dtype=torch.float64)
    expected = np.where(x < 0, heights[0], oracle(x.numpy()))
    assert np.allclose(total(x).numpy(), expected, atol=1e-9)
    assert len(total.places) == len(total.heights) == units
    assert torch.allclose(total.terms(x).sum(0) + total.start, total(x))


@pytest.mark.parametrize("target", approximation.TARGETS)
def test_knots_where_it_bends_serve_better(target):
    even, bent = (approximation.errors(target, s) for s in approximation.SPACINGS)
    assert len(even) == approximation.MOST
    assert bent[15:].mean() < even[15:].mean()
    knots = approximation.bent_knots(target, 12)
    assert (knots.diff() > 0).all()
    assert (knots[0], knots[-1]) == (0, 1)


def test_the_sines_error_is_that_of_the_textbook():
    # h² max |f″| / 8, reached next to the peaks as h shrinks
    for units in (16, 32, 40):
        bound = (2 * math.pi / units) ** 2 / 8
        error = float(approximation.errors("sine", "even")[units - 1])
        assert 0.9 * bound < error <= bound + 1e-12


def test_dragging_moves_one_inner_knot_between_its_neighbours():
    knots = torch.tensor([0.0, 0.2, 0.6, 1.0], dtype=torch.float64)
    assert approximation.moved(knots, 2, 0.5).tolist() == pytest.approx([0, 0.2, 0.8, 1])
    assert approximation.moved(knots, 2, -0.5).tolist() == pytest.approx([0, 0.2, 0.4, 1])
    for end in (0, 3):
        assert torch.equal(approximation.moved(knots, end, 0.5), knots)
    assert knots[2] == 0.6


def test_the_approximator_tells_the_error_before_and_after_dragging():
    shown = approximation.ReluApproximator()
    usual = shown.result.error
    assert "dragged" not in shown.sentence
    shown.set(shift=0.9)
    assert shown.result.error > usual
    assert f"before, the error was {usual:.4f}" in shown.sentence
    assert shown.truth() == "about a sixteenth"


def test_the_knot_to_drag_is_one_that_there_is():
    shown = approximation.ReluApproximator().set(units=40, which=39)
    shown.set(units=3)
    assert shown.result.which == 2
    assert shown.widgets["which"].max == 2
    assert shown.set(units=1).result.units == 1


# ---- softmax ------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.03, 1.0, 20.0])
def test_softmax_is_torchs_and_survives_large_logits(temperature):
    z = 5 * torch.randn(6, 4, generator=generator(), dtype=torch.float64)
    z[0] = torch.tensor([1e4, 1e4, 0.0, -1e4])
    p = outputs.softmax(z, temperature)
    assert torch.allclose(p, torch.softmax(z / temperature, 1))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_jacobian_is_that_of_autograd(temperature):
    z = torch.randn(5, generator=generator(), dtype=torch.float64)
    oracle = torch.autograd.functional.jacobian(lambda v: torch.softmax(v / temperature, 0), z)
    found = outputs.jacobian(outputs.softmax(z, temperature), temperature)
    assert torch.allclose(found, oracle)
    assert torch.allclose(found.sum(1), torch.zeros(5).double(), atol=1e-12)


def test_entropy_in_bits():
    p = torch.tensor([0.5, 0.25, 0.25, 0.0], dtype=torch.float64)
    assert outputs.entropy(p) == pytest.approx(1.5)
    assert outputs.entropy(torch.ones(8) / 8) == pytest.approx(3)


def test_a_shift_of_all_logits_changes_nothing_but_a_temperature_does():
    shown = outputs.SoftmaxTemperature()
    p = shown.result.p
    assert torch.allclose(shown.set(shift=10).result.p, p)
    assert shown.truth() == "it stays the same"
    hot = shown.set(temperature=30.0).result
    assert outputs.entropy(hot.p) > outputs.entropy(p)


# ---- small networks -----------------------------------------------------------------------------

MODULES = {
    "ReLU": nn.ReLU,
    "leaky ReLU": lambda: nn.LeakyReLU(0.1),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "none": nn.Identity,
}


def module(theta: torch.Tensor, sizes: tuple[int, ...], kind: str) -> nn.Sequential:
    """The same network as PyTorch builds it."""
    parts = []
    for i, o in pairwise(sizes):
        parts += [nn.Linear(i, o, dtype=theta.dtype), MODULES[kind]()]
    net = nn.Sequential(*parts[:-1])
    nn.utils.vector_to_parameters(theta.clone(), net.parameters())
    return net


@pytest.mark.parametrize("kind", regions.KINDS)
@pytest.mark.parametrize("hidden", [(), (1,), (5,), (4, 3, 2)])
def test_a_step_is_that_of_torchs_optimiser(kind, hidden):
    sizes = (2, *hidden, 1)
    theta = regions.first_theta(sizes, kind, generator(3)).double()
    net = module(theta, sizes, kind)
    x = torch.randn(9, 2, generator=generator(4), dtype=torch.float64)
    y = (torch.arange(9) % 3 == 0).double()
    totals, values = regions.forward(regions.layers(theta, sizes), x, kind)
    assert torch.allclose(totals[-1], net(x))
    assert [v.shape[1] for v in values] == list(sizes[:-1])
    descent = torch.optim.SGD(net.parameters(), lr=0.7)
    for _ in range(3):
        regions.step(regions.layers(theta, sizes), x, y, kind, 0.7)
        descent.zero_grad()
        F.binary_cross_entropy_with_logits(net(x)[:, 0], y).backward()
        descent.step()
    assert torch.allclose(theta, nn.utils.parameters_to_vector(net.parameters()))


def test_the_layers_share_the_long_vectors_memory_and_use_all_of_it():
    theta = torch.arange(2.0 * 3 + 3 + 3 * 1 + 1)
    (w1, b1), (w2, b2) = regions.layers(theta, (2, 3, 1))
    assert w1.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert (b1.tolist(), w2.tolist(), b2.tolist()) == ([6, 7, 8], [[9, 10, 11]], [12])
    w2.zero_()
    assert theta[9:12].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("kind", "gain"), [("ReLU", 2**0.5), ("leaky ReLU", 2**0.5), ("tanh", 5 / 3), ("none", 1)]
)
def test_first_weights_have_the_spread_of_their_activation(kind, gain):
    theta = regions.first_theta((50, 400, 1), kind, generator())
    w, b = regions.layers(theta, (50, 400, 1))[0]
    assert w.std() == pytest.approx(gain / 50**0.5, rel=0.03)
    assert b.std() == pytest.approx(0.5, rel=0.1)


def test_a_run_is_plain_stochastic_descent():
    run = regions.recorded("moons", (6, 3), "tanh", 0.3, 0.1, 2)
    net = module(run.theta[0], run.sizes, "tanh")
    descent, shuffle = torch.optim.SGD(net.parameters(), lr=0.3), generator(0)
    for epoch in range(1, 4):
        for batch in torch.randperm(regions.N, generator=shuffle).split(regions.BATCH):
            descent.zero_grad()
            z = net(run.x[batch])[:, 0]
            F.binary_cross_entropy_with_logits(z, run.y[batch].float()).backward()
            descent.step()
        theta = nn.utils.parameters_to_vector(net.parameters())
        assert torch.allclose(run.theta[epoch], theta, atol=1e-4)
    z = run.logits(3, run.x)
    loss = F.binary_cross_entropy_with_logits(z, run.y.float())
    assert run.loss[3, 0] == pytest.approx(float(loss), rel=1e-4)
    assert run.wrong[3, 0] == pytest.approx(float(((z > 0) != run.y.bool()).float().mean()))
    assert run.theta.shape == (regions.EPOCHS + 1, 2 * 6 + 6 + 6 * 3 + 3 + 3 + 1)


def test_training_leaves_the_first_weights_as_they_were():
    x, y = regions.points("moons", regions.N, 0.1, 1)
    theta = regions.first_theta((2, 3, 1), "tanh", generator(2))
    before = theta.clone()
    path, overflow = regions.trained(theta, (2, 3, 1), x, y.float(), "tanh", 0.3)
    assert torch.equal(theta, before)
    assert torch.equal(path[0], before)
    assert not torch.equal(path[1], before)
    assert overflow == 0


def test_training_and_test_points_differ_and_runs_can_be_repeated():
    run = regions.recorded("xor", (3,), "ReLU", 0.3, 0.2)
    regions.recorded.cache_clear()
    again = regions.recorded("xor", (3,), "ReLU", 0.3, 0.2)
    assert again is not run
    assert torch.equal(run.theta, again.theta)
    assert not torch.equal(run.loss[:, 0], run.loss[:, 1])


def test_overflowing_weights_stop_and_are_told():
    shown = regions.DecisionRegions().set(width=16, depth=3, kind="none", lr=10**0.5, epoch=150)
    run = shown.result.run
    assert run.overflow
    assert run.theta.isfinite().all()
    assert run.loss.isfinite().all()
    assert torch.equal(run.theta[run.overflow], run.theta[run.overflow - 1])
    assert f"In epoch {run.overflow} the weights overflowed" in shown.sentence
    assert "overflowed" not in shown.set(lr=0.01).sentence


@pytest.mark.parametrize("name", regions.SETS)
def test_points_fill_the_picture_in_two_equal_classes(name):
    x, y = regions.points(name, 200, 0.0, 1)
    assert y.bincount().tolist() == [100, 100]
    assert 0.8 < x.abs().max() <= regions.HALF
    noisy, _ = regions.points(name, 200, 0.3, 1)
    assert not torch.equal(noisy, x)


def test_the_grid_goes_row_by_row_from_below():
    grid = regions.grid().view(regions.SIDE, regions.SIDE, 2)
    assert grid[0, 0].tolist() == pytest.approx([-regions.HALF] * 2)
    assert grid[0, -1].tolist() == pytest.approx([regions.HALF, -regions.HALF])
    assert (grid[..., 0].diff(dim=1) > 0).all()


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: x**2 + y**2 - 1,
        lambda x, y: 0.3 * x - y + 0.2,
        lambda x, y: torch.sin(4 * x) * torch.cos(3 * y) + 0.1,
    ],
)
def test_the_line_is_where_the_function_is_zero(f):
    values = f(*regions.grid().double().T).view(regions.SIDE, regions.SIDE)
    line = regions.zero_line(values)
    ends = line.view(-1, 3, 2)
    assert ends[:, 2].isnan().all()
    points = ends[:, :2].flatten(0, 1)
    assert points.isfinite().all()
    assert f(*points.double().T).abs().max() < 5e-3
    across = (values[:, 1:].sign() != values[:, :-1].sign()).nonzero()
    cell = 2 * regions.HALF / (regions.SIDE - 1)
    for row, column in across.tolist()[:: max(1, len(across) // 40)]:
        place = torch.tensor([column + 0.5, float(row)]) * cell - regions.HALF
        assert (points - place).norm(dim=1).min() < cell


def test_the_pieces_of_a_circles_line_have_its_length():
    values = (regions.grid().norm(dim=1) - 1).view(regions.SIDE, regions.SIDE)
    pieces = regions.zero_line(values).view(-1, 3, 2)
    length = (pieces[:, 0] - pieces[:, 1]).norm(dim=1).sum()
    assert float(length) == pytest.approx(2 * math.pi, rel=1e-3)
    assert len(regions.zero_line(torch.ones(9, 9))) == 0


def test_grey_lines_are_where_units_switch():
    run = regions.recorded("circles", (3,), "ReLU", 0.3, 0.08)
    w, b = regions.layers(run.theta[70], run.sizes)[0]
    ends = regions.unit_lines(run, 70).view(3, 3, 2)[:, :2]
    totals = torch.einsum("ked,kd->ke", ends, w) + b[:, None]
    assert totals.abs().max() < 1e-3
    assert len(regions.unit_lines(regions.recorded("xor", (), "ReLU", 0.3, 0.08), 5)) == 0


def test_the_step_number_is_shown_and_said_all_along():
    shown = regions.DecisionRegions()
    for epoch in (0, 1, 77, 150):
        shown.set(epoch=epoch)
        assert shown.told.get_text() == f"step {10 * epoch:,}"
        assert shown.sentence.startswith(f"Step {10 * epoch:,} of 1,500 (epoch {epoch} of 150)")


def test_three_units_close_the_ring_and_two_cannot():
    assert regions.DecisionRegions().truth() == "3 units"
    two = [regions.recorded("circles", (2,), "ReLU", 0.3, 0.08, k).wrong[-1, 0] for k in (1, 2, 3)]
    assert min(two) > 0.1


# ---- the plane of the hidden units --------------------------------------------------------------


@pytest.mark.parametrize("mirror", [1, -1])
@pytest.mark.parametrize("degrees", [0, 70, 200])
def test_points_are_turned_back_where_they_came_from(degrees, mirror):
    x = torch.randn(40, 2, generator=generator())
    turn = torch.from_numpy(Rotation.from_euler("z", degrees, degrees=True).as_matrix()).float()
    turn = turn[:2, :2] * torch.tensor([1, mirror])
    h = 3 * x @ turn + 5
    matrix, shift = mlp.fitted(h, x)
    found = h @ matrix + shift
    assert found.abs().max() == pytest.approx(0.9 * regions.HALF)
    assert torch.allclose(found.amax(0), -found.amin(0), atol=1e-5)
    spread, original = found - found.mean(0), x - x.mean(0)
    assert torch.allclose(spread, spread.norm() / original.norm() * original, atol=1e-4)


def test_all_that_is_drawn_goes_from_the_inputs_to_the_hidden_units():
    start, middle, end = (mlp.plane("circles", "tanh", 150, way) for way in (0, 20, 40))
    assert torch.equal(start.places, start.run.x)
    assert torch.allclose(middle.places, (start.places + end.places) / 2, atol=1e-5)
    hidden = mlp.hidden(end.run, 150, end.run.x)
    weights, bias = regions.layers(end.run.theta[150], end.run.sizes)[-1]
    assert torch.allclose((hidden @ weights.T + bias)[:, 0], end.run.logits(150, end.run.x))
    # what is drawn differs from the hidden units by an affine map only
    ones = torch.ones(len(hidden), 1)
    affine = torch.linalg.lstsq(torch.cat([hidden, ones], 1).double(), end.places.double())
    assert affine.solution[:2].det().abs() > 0
    assert torch.allclose(
        torch.cat([hidden, ones], 1).double() @ affine.solution, end.places.double(), atol=1e-4
    )


@pytest.mark.parametrize("name", ["circles", "moons", "xor"])
def test_the_border_is_straight_in_the_plane_of_the_hidden_units(name):
    assert mlp.plane(name, "tanh", 150, 40).bend < 0.01
    assert mlp.HiddenPlane().truth() == "a straight line"
    assert mlp.plane("circles", "tanh", 150, 0).bend > 0.5


def test_the_lattice_is_lines_of_the_square():
    parts = mlp.lines().view(26, 62, 2)
    assert parts[:, -1].isnan().any(dim=1).all()
    assert (parts[:13, :-1, 0].diff(dim=1) == 0).all()
    assert (parts[13:, :-1, 1].diff(dim=1) == 0).all()
    assert parts[:, :-1].abs().max() == pytest.approx(regions.HALF)


# ---- the lecture's own functions ----------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> dict:
    """Functions as the lecture's page defines them."""
    cells = re.findall(r"```\{code-cell\} ipython3\n(.*?)```", LECTURE.read_text("utf-8"), re.S)
    names: dict = {"torch": torch, "nn": nn, "F": F}
    for cell in cells:
        for name in ("def layer", "def psi", "def barron", "def formulas"):
            if name in cell:
                part = cell[cell.index(name) :]
                body = re.match(r"def .*?(?=\n\S|\Z)", part, re.S)
                exec(body[0], names)
    return names


def test_the_pages_layer_and_formulas_are_torchs(page):
    net = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    x = torch.randn(7, 3, generator=generator())
    assert torch.allclose(page["layer"](x, net[0].weight, net[0].bias, torch.relu), net[:2](x))
    assert torch.allclose(page["formulas"](x, *net.parameters()), net(x))


@pytest.mark.parametrize("n", [1e4, 1e6])
def test_the_best_number_of_units_in_barrons_bound(page, n):
    q = torch.logspace(0, 4, 20001)
    both = sum(page["barron"](q, n, dim=10, roughness=10.0))
    best = 10 * math.sqrt(n / (10 * math.log(n)))
    assert float(q[both.argmin()]) == pytest.approx(best, rel=0.01)


def test_waves_and_ramps_of_one_layer_follow_a_function_of_two(page):
    k = torch.cartesian_prod(torch.arange(4), torch.arange(-3, 4)).double() * torch.pi
    v, a = k.repeat(2, 1), torch.tensor([0.0, torch.pi / 2]).repeat_interleave(len(k)).double()
    x = torch.rand(400, 2, generator=generator(), dtype=torch.float64)
    waves = (x @ v.T + a).sin()
    c = torch.linalg.lstsq(waves, page["psi"](x)[:, None], rcond=1e-3, driver="gelsd").solution
    reach = float((x @ v.T + a).abs().max())
    sine = approximation.ramps(torch.sin, torch.arange(-reach, reach + 0.25, 0.25).double())
    by_ramps = (c[:, 0] * sine((x @ v.T + a).flatten()).view(len(x), -1)).sum(1)
    assert (by_ramps - (waves @ c)[:, 0]).abs().max() < 0.25**2 / 8 * c.abs().sum()
