"""The computations behind chapter 08's explorables, and its page, against independent ones."""

import copy
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from scipy.stats import norm
from sklearn.metrics import zero_one_loss
from torch import nn

from descent import training
from descent.explore import convolution, dropout, normalisation, uncertainty
from descent.explore.threads import one_thread

LECTURE = Path(__file__).parents[2] / "chapters" / "08_going_deeper" / "lecture.md"


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@one_thread()
def threads_inside(fail: bool) -> int:
    if fail:
        raise RuntimeError("stop")
    return torch.get_num_threads()


def test_one_thread_is_for_the_block_only():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert threads_inside(fail=False) == 1
        with pytest.raises(RuntimeError, match="stop"):
            threads_inside(fail=True)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_nothing_draws_from_the_global_generator():
    before = torch.get_rng_state()
    dropout.learnt.__wrapped__(0.5, 10)
    normalisation.deep_net(0.1, True)
    uncertainty.small_net()
    assert torch.equal(before, torch.get_rng_state())


# ---- dropout ------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.8])
def test_a_mask_keeps_the_mean(p):
    factors = dropout.masks((400, 500), p, generator(1))
    values = factors.unique().tolist()
    assert values == pytest.approx([0, 1 / (1 - p)] if p else [1])
    assert float(factors.mean()) == pytest.approx(1, abs=0.02)
    assert float((factors == 0).float().mean()) == pytest.approx(p, abs=0.01)


def as_module(net: dropout.Net) -> nn.Sequential:
    """The same network, of torch's layers."""
    parts: list[nn.Module] = []
    for w, b in net:
        layer = nn.Linear(w.shape[1], w.shape[0])
        layer.weight, layer.bias = nn.Parameter(w.clone()), nn.Parameter(b.clone())
        parts += [layer, nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def test_a_sub_network_is_the_network_without_the_dropped_units():
    net = dropout.first_weights(generator(2))
    x, factors = torch.randn(9, 2, generator=generator(3)), dropout.mask(0.5, 4)
    (w1, b1), (w2, b2), (w3, b3) = net
    first, second = factors > 0
    small = (
        (w1[first], b1[first]),
        (w2[second][:, first] * 2, b2[second]),
        (w3[:, second] * 2, b3),
    )
    expected = as_module(small)(x)[:, 0]
    assert torch.allclose(dropout.forward(net, x, factors), expected, atol=1e-5)
    assert torch.allclose(dropout.forward(net, x), as_module(net)(x)[:, 0], atol=1e-5)


@pytest.mark.parametrize("p", [0.0, 0.5])
def test_training_with_dropout_is_that_of_torchs_modules(p, monkeypatch):
    monkeypatch.setattr(dropout, "STEPS", 20)
    trained = dropout.learnt.__wrapped__(p, 40)
    draws = generator(dropout.SEED)
    module = as_module(dropout.first_weights(draws))
    x, y = dropout.points(40)
    optimiser = torch.optim.Adam(module.parameters(), lr=dropout.RATE)
    for _ in range(20):
        shape = (2, 40, dropout.UNITS)
        kept = torch.rand(shape, generator=draws) >= p if p else torch.ones(shape)
        h = x
        for layer, mask in zip((module[0], module[2]), kept, strict=True):
            h = torch.relu(layer(h)) * mask / (1 - p)
        optimiser.zero_grad()
        nn.functional.softplus(-(2 * y - 1) * module[4](h)[:, 0]).mean().backward()
        optimiser.step()
    at = dropout.grid()
    assert torch.allclose(dropout.forward(trained, at), module(at)[:, 0], atol=1e-3)


def test_what_is_told_of_a_network_is_counted_right():
    net, told = dropout.learnt(0.5, 40), dropout.whole(0.5, 40)
    x, y = dropout.fresh()
    module = as_module(net)
    assert told.test == pytest.approx(zero_one_loss(y, module(x)[:, 0].detach() > 0))
    x, y = dropout.points(40)
    assert told.train == pytest.approx(zero_one_loss(y, module(x)[:, 0].detach() > 0))
    subs = [dropout.masked(0.5, 40, m).error for m in range(dropout.MASKS)]
    assert told.sub == pytest.approx(np.mean(subs))
    assert len(set(subs)) > 3
    same = [dropout.masked(0.0, 40, m).error for m in range(3)]
    assert same == [dropout.whole(0.0, 40).test] * 3


def test_a_picture_shows_the_sub_network_of_its_mask():
    found = dropout.masked(0.5, 40, 3)
    factors = dropout.mask(0.5, 3)
    assert torch.equal(found.kept, factors > 0)
    logit = dropout.forward(dropout.learnt(0.5, 40), dropout.grid()[[7, 1400]], factors)
    row, column = 1400 // dropout.SIDE, 1400 % dropout.SIDE
    shown = torch.stack([found.sub[0, 7], found.sub[row, column]])
    assert torch.allclose(shown, logit, atol=1e-4)
    assert not torch.allclose(found.sub, found.whole.logit, atol=0.1)


def test_the_border_of_a_linear_function_is_its_line():
    normal = torch.tensor([0.6, -1.3])
    logit = (dropout.grid() @ normal + 0.2).view(dropout.SIDE, dropout.SIDE)
    lines = dropout.border(logit)
    assert (lines @ normal + 0.2).abs().max() < 1e-5
    inside = ((lines - dropout.CENTRE).abs() <= dropout.HALF + 1e-5).all()
    assert inside
    length = (lines[:, 0] - lines[:, 1]).norm(dim=1).sum()
    ends = lines.flatten(0, 1)
    along = ends @ torch.stack([-normal[1], normal[0]]) / normal.norm()
    assert length == pytest.approx(float(along.max() - along.min()), rel=1e-4)


def test_the_border_of_a_disc_is_its_circle():
    logit = 1 - (dropout.grid() - dropout.CENTRE).square().sum(dim=1)
    for sign in (1, -1):
        lines = dropout.border(sign * logit.view(dropout.SIDE, dropout.SIDE))
        radius = (lines - dropout.CENTRE).norm(dim=2)
        assert (radius - 1).abs().max() < 0.01
        length = float((lines[:, 0] - lines[:, 1]).norm(dim=1).sum())
        assert length == pytest.approx(2 * np.pi, rel=0.01)


def test_units_are_drawn_apart():
    places = dropout.unit_places()
    assert places.shape == (2, dropout.UNITS, 2)
    assert len(places.flatten(0, 1).unique(dim=0)) == 2 * dropout.UNITS
    assert places[0, :, 1].max() < places[1, :, 1].min()


# ---- batch normalisation ------------------------------------------------------------------------


@pytest.mark.parametrize("std", normalisation.STDS)
def test_both_towers_begin_with_the_same_draws(std):
    plain, normal = (normalisation.deep_net(std, bn) for bn in (False, True))
    linears = [[p for p in net if isinstance(p, nn.Linear)] for net in (plain, normal)]
    assert [len(found) for found in linears] == [normalisation.DEPTH] * 2
    for a, b in zip(*linears, strict=True):
        assert torch.equal(a.weight, b.weight)
        assert torch.equal(a.bias, b.bias)
    drawn = torch.cat([p.detach().flatten() for p in plain.parameters()])
    assert float(drawn.std()) == pytest.approx(std, rel=0.03)
    assert float(drawn.mean()) == pytest.approx(0, abs=0.03 * std)
    kinds = [type(part).__name__ for part in normal[:3]]
    assert kinds == ["Linear", "BatchNorm1d", "ReLU"]


@pytest.mark.parametrize("normalised", [False, True])
def test_an_epoch_is_that_of_torchs_optimiser(normalised):
    net = normalisation.deep_net(0.25, normalised)
    optimiser = torch.optim.SGD(net.parameters(), lr=normalisation.RATE)
    x, y = normalisation.discs()
    for epoch in (1, 2):
        for batch in torch.randperm(len(x), generator=generator(epoch)).view(-1, 100):
            optimiser.zero_grad()
            log_p = nn.functional.log_softmax(net(x[batch]), dim=1)
            (-log_p[torch.arange(100), y[batch]].mean()).backward()
            optimiser.step()
    found = normalisation.after(0.25, normalised, 2).state_dict()
    for name, value in net.state_dict().items():
        assert torch.allclose(found[name].double(), value.double(), atol=1e-3), name
    before = normalisation.after(0.25, normalised, 0).state_dict()
    again = normalisation.deep_net(0.25, normalised).state_dict()
    assert all(torch.equal(before[name], again[name]) for name in before), "epoch 0 was trained"


def test_a_histogram_counts_everything_that_is_finite():
    values = 3 * torch.randn(5000, generator=generator(5), dtype=torch.float64)
    edges = np.linspace(-normalisation.EDGE, normalisation.EDGE, normalisation.BINS + 1)
    inside = np.clip(values.numpy(), edges[0], edges[-1])
    expected = np.histogram(inside, edges)[0] / 5000
    assert np.allclose(normalisation.histogram(values), expected)
    broken = torch.tensor([0.5, float("nan"), float("inf"), -9.0])
    assert float(normalisation.histogram(broken).sum()) == pytest.approx(0.5)


@pytest.mark.parametrize("epoch", [0, 2])
@pytest.mark.parametrize("normalised", [False, True])
def test_what_reaches_a_layer_is_what_its_relu_gets(normalised, epoch):
    found = normalisation.depth(0.25, normalised, epoch)
    net, (x, y) = copy.deepcopy(normalisation.after(0.25, normalised, epoch)), normalisation.discs()
    net.train(epoch == 0)
    seen: list[torch.Tensor] = []
    for part in net:
        if isinstance(part, nn.ReLU):
            part.register_forward_hook(lambda _, given, __: seen.append(given[0].detach()))
    wrong = float((net(x).argmax(dim=1) != y).float().mean())
    assert found.error == pytest.approx(wrong)
    assert len(seen) == normalisation.DEPTH - 1 == len(found.shares)
    spread = [float(np.sqrt(s.double().numpy().var(axis=0).mean())) for s in seen]
    assert np.allclose(found.spread, spread)
    assert torch.allclose(found.shares[3], normalisation.histogram(seen[3]))


def test_normalised_layers_start_with_unit_spread_and_plain_ones_do_not():
    for std in (0.1, 0.25, 1.0):
        assert np.allclose(normalisation.depth(std, True, 0).spread, 1, atol=0.01)
    spread = normalisation.depth(0.1, False, 0).spread
    factor = (spread[-1] / spread[0]) ** (1 / (len(spread) - 1))
    assert float(factor) == pytest.approx(0.1 * (normalisation.WIDTH / 2) ** 0.5, rel=0.25)


def test_what_has_no_place_on_the_axis_is_put_at_its_edge():
    explorable = normalisation.ActivationHistograms().set(std=0.01)
    assert float(explorable.result.plain.spread.min()) == 0
    assert min(explorable.low.get_xdata()) == pytest.approx(normalisation.LOWEST)
    assert explorable.set(std=1.0, epoch=2).heads[0].get_text() == "Plain: diverged"


def test_outlines_are_as_high_as_their_histograms():
    shares = torch.tensor([[0.0, 0.5, 0.5, 0.0], [1.0, 0.0, 0.0, 0.0]]).repeat(1, 12)
    first, second = normalisation.ridges(shares)
    assert first.shape == (2 * normalisation.BINS + 2, 2)
    assert first[:, 1].max() == 1
    assert first[:, 1].min() == pytest.approx(-0.4)
    assert second[:, 1].max() == 2
    assert first[0, 0] == -normalisation.EDGE
    assert first[-1, 0] == normalisation.EDGE


# ---- convolution --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", convolution.KERNELS)
@pytest.mark.parametrize("image", ["zero", "five", "temple"])
def test_sliding_is_correlation(name, image):
    pixels = convolution.picture(image)
    kernel = torch.tensor(convolution.KERNELS[name], dtype=torch.float32)
    expected = correlate2d(pixels.numpy(), kernel.numpy(), mode="valid")
    assert np.allclose(convolution.slide(pixels, kernel), expected, atol=1e-5)


def test_the_window_gives_the_entry_of_the_map():
    explorable = convolution.KernelOnImage()
    for row, column in [(0, 0), (13, 6), (25, 25)]:
        found = explorable.set(row=row, column=column, name="sharpen").result
        total = float((found.window * found.kernel).sum())
        assert total == pytest.approx(float(found.output[row, column]), abs=1e-5)
    found = explorable.set(after="max-pool 2 and ReLU", row=7, column=12).result
    row, column = found.mark
    block = found.output[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
    assert found.output[7, 12] in block
    assert float(found.final[row, column]) == pytest.approx(max(float(block.max()), 0))


@pytest.mark.parametrize("after", convolution.AFTER)
def test_what_follows_a_convolution(after):
    output = torch.randn(7, 9, generator=generator(6))
    found = convolution.follow(output, after).numpy()
    expected = output.numpy()
    if "pool" in after:
        expected = expected[:6, :8].reshape(3, 2, 4, 2).max(axis=(1, 3))
    if "ReLU" in after:
        expected = np.maximum(expected, 0)
    assert np.array_equal(found, expected)


def test_kernels_do_what_their_names_say():
    image = torch.rand(8, 8, generator=generator(7))
    kernels = {name: torch.tensor(rows).float() for name, rows in convolution.KERNELS.items()}
    moved = convolution.slide(image, kernels["one pixel to the left"])
    assert torch.equal(moved, image[1:-1, 2:])
    mean = convolution.slide(image, kernels["mean of nine"])
    assert float(mean[2, 3]) == pytest.approx(float(image[2:5, 3:6].mean()))
    flat = torch.full((5, 5), 0.7)
    for name in ("left to right: −1 0 1", "top to bottom", "outline (Laplace)"):
        assert convolution.slide(flat, kernels[name]).abs().max() < 1e-6
    assert torch.allclose(convolution.slide(flat, kernels["sharpen"]), flat[1:-1, 1:-1])


def test_a_learner_can_slide_a_kernel_of_their_own():
    mine = torch.tensor([[0, 0, 0], [0, 2, 0], [0, 0, 0]])
    found = convolution.KernelOnImage(mine).result
    assert found.name == "yours"
    assert torch.allclose(found.output, 2 * found.image[1:-1, 1:-1])
    with pytest.raises(ValueError, match=r"kernel must have the shape \(3, 3\), got \(2, 2\)"):
        convolution.KernelOnImage(torch.ones(2, 2))


@pytest.mark.parametrize("weight", [0.3, -12.0, 100.0, -123456.0])
def test_products_stay_in_their_cells(weight):
    path = convolution.products(torch.full((3, 3), 0.44), torch.full((3, 3), weight))
    across = path.vertices[1:, 0]
    assert abs(across - across.round()).max() < 0.48


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("nothing more", "All sums: 26 × 26, up to ±"),
        ("ReLU", "Sums above 0: 26 × 26, up to 1"),
        ("max-pool 2 and ReLU", "Pooled sums: 13 × 13, up to 1"),
    ],
)
def test_the_maps_title_says_what_it_shows(after, said):
    explorable = convolution.KernelOnImage().set(after=after)
    assert explorable.head.get_text().startswith(said)
    assert explorable.head.get_text().endswith(f"{float(explorable.result.final.abs().max()):.2f}")


def test_pictures_are_grey_values():
    assert convolution.picture("zero").shape == convolution.picture("five").shape == (28, 28)
    assert convolution.picture("temple").shape == (48, 72)
    for name in ("zero", "five", "temple"):
        pixels = convolution.picture(name)
        assert 0 <= float(pixels.min()) < 0.2
        assert 0.8 < float(pixels.max()) <= 1


# ---- predicted variance -------------------------------------------------------------------------


def test_the_loss_is_that_of_the_gaussian_density():
    mean, log_var, y = torch.randn(3, 50, generator=generator(8), dtype=torch.float64)
    expected = -norm(mean.numpy(), np.exp(log_var.numpy() / 2)).logpdf(y.numpy()).mean()
    found = uncertainty.negative_log_likelihood(mean, log_var, y)
    assert float(found) == pytest.approx(expected)
    inputs = (mean.requires_grad_(), log_var.requires_grad_(), y)
    assert torch.autograd.gradcheck(uncertainty.negative_log_likelihood, inputs)


@pytest.mark.parametrize("kind", uncertainty.NOISES)
def test_noise_has_the_standard_deviation_that_is_drawn(kind):
    x, y = uncertainty.drawn(40_000, kind, 9)
    z = (y - torch.sin(3 * x)) / uncertainty.noise(x, kind)
    for part in (x < -1 / 3, x.abs() <= 1 / 3, x > 1 / 3):
        assert float(z[part].std()) == pytest.approx(1, abs=0.03)
        assert float(z[part].mean()) == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("model", uncertainty.MODELS)
def test_training_is_that_of_torchs_losses(model):
    kind, steps = uncertainty.NOISES[0], 50
    x, y = uncertainty.drawn(uncertainty.N, kind, 0)
    net = uncertainty.small_net()
    optimiser = torch.optim.Adam(net.parameters(), lr=uncertainty.RATE)
    for _ in range(steps):
        mean, log_var = net(x[:, None]).T
        one = nn.functional.mse_loss(mean, y)
        each = nn.functional.gaussian_nll_loss(mean, y, log_var.exp(), full=True)
        optimiser.zero_grad()
        (one if model == uncertainty.MODELS[1] else each).backward()
        optimiser.step()
    found = uncertainty.looks(kind, model)[steps // uncertainty.EVERY]
    with torch.no_grad():
        mean, log_var = net(uncertainty.line()[:, None]).T
        if model == uncertainty.MODELS[1]:
            log_var = torch.full_like(mean, nn.functional.mse_loss(net(x[:, None])[:, 0], y).log())
    assert torch.allclose(found.mean, mean, atol=1e-3)
    assert torch.allclose(found.log_var, log_var, atol=1e-3)


def test_shares_and_likelihood_are_those_of_fresh_points():
    kind, model = uncertainty.NOISES[1], uncertainty.MODELS[0]
    net = uncertainty.small_net(3)
    net[-1].bias.data[1] = -2.0  # so narrow a band that some points are outside
    found = uncertainty.look(net, kind, model)
    x, y = uncertainty.drawn(uncertainty.TESTS, kind, 1)
    with torch.no_grad():
        mean, log_var = net(x[:, None]).double().numpy().T
    law = norm(mean, np.exp(log_var / 2))
    y, at = y.numpy(), x.numpy()
    assert found.nll == pytest.approx(-law.logpdf(y).mean(), rel=1e-4)
    near = np.abs(y - mean) <= 2 * law.std()
    expected = (near[at < -1 / 3].mean(), near[at > 1 / 3].mean())
    assert found.inside == pytest.approx(expected, abs=2e-3)
    assert 0.1 < min(expected) < max(expected) < 0.9


# ---- the page -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> dict:
    """Functions as the lecture's page defines them, and nothing else of it."""
    cells = re.findall(r"```\{code-cell\} ipython3\n(.*?)```", LECTURE.read_text("utf-8"), re.S)
    names: dict = {}
    exec(next(cell for cell in cells if "import torch" in cell), names)
    names["generator"] = generator(10)
    for cell in cells:
        for definition in re.findall(r"^def .*?(?=^\S|\Z)", cell + "\n", re.S | re.M):
            exec(definition, names)
    return names


def test_the_pages_dropout(page):
    x = torch.rand(300, 400, generator=generator(11)) + 1
    y = page["drop"](x, 0.75, generator(12))
    kept = y != 0
    assert torch.allclose(y[kept], 4 * x[kept])
    assert float(kept.float().mean()) == pytest.approx(0.25, abs=0.01)


def test_the_pages_normalisation(page):
    s = torch.randn(30, 5, generator=generator(13), dtype=torch.float64) * 3 + 2
    expected = nn.functional.batch_norm(s, None, None, training=True)
    assert torch.allclose(page["standard"](s), expected)


def test_the_pages_convolution(page):
    image, kernel = (torch.rand(s, generator=generator(14)) for s in ((9, 12), (4, 3)))
    expected = correlate2d(image.numpy(), kernel.numpy(), mode="valid")
    assert np.allclose(page["convolve"](image, kernel), expected, atol=1e-5)


def test_the_pages_loss_of_a_predicted_variance(page):
    mean, log_var, y = torch.randn(3, 40, generator=generator(15), dtype=torch.float64)
    found = page["surprise"](mean, log_var, y)
    assert torch.allclose(found, uncertainty.negative_log_likelihood(mean, log_var, y))


def test_the_pages_network_is_the_published_one(page):
    mine, fast = page["published"](), training.published_net()
    assert str(mine) == str(fast)
    assert sum(p.numel() for p in mine.parameters()) == 105_506
    assert mine(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_the_pages_tower_is_drawn_as_it_says(page):
    for normalised in (False, True):
        net = page["tower"](0.1, normalised)
        assert [type(p) for p in net] == [type(p) for p in normalisation.deep_net(0.1, normalised)]
        linear = [part for part in net if isinstance(part, nn.Linear)]
        drawn = torch.cat([p.detach().flatten() for part in linear for p in part.parameters()])
        assert float(drawn.std()) == pytest.approx(0.1, rel=0.03)


def test_the_pages_epoch_visits_each_sample_once(page):
    x, y = torch.randn(250, 3, generator=generator(16)), torch.arange(250) % 2
    seen = []
    net = nn.Linear(3, 2)
    net.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    losses = page["epoch"](net, x, y, torch.optim.SGD(net.parameters(), lr=0.1))
    assert [len(part) for part in seen] == [100, 100, 50]
    assert len(losses) == 3
    rows = torch.cat(seen)
    assert not torch.equal(rows, x)
    assert torch.equal(rows.sort(dim=0).values, x.sort(dim=0).values)


# ---- the answers to the questions ---------------------------------------------------------------


def test_the_answers_are_computed_right():
    subs = [dropout.masked(0.5, 40, m).error for m in range(dropout.MASKS)]
    assert np.mean(subs) > dropout.whole(0.5, 40).test + 0.005
    assert dropout.DropoutMasks().truth() == "less often"
    assert normalisation.ActivationHistograms().truth() == "less than 0.0001"
    image = convolution.picture("zero").numpy()
    edges = correlate2d(image, np.array([[-1, 0, 1]] * 3), mode="valid")
    row, column = np.unravel_index(edges.argmax(), edges.shape)
    assert image[row + 1, column] < image[row + 1, column + 2]
    assert convolution.KernelOnImage().truth() == "along the left edges of the strokes"
    x, y = uncertainty.drawn(uncertainty.TESTS, uncertainty.NOISES[0], 1)
    sigma = float(uncertainty.looks(uncertainty.NOISES[0], uncertainty.MODELS[1])[-1].log_var[0])
    far = (y - torch.sin(3 * x)).abs() > 2 * np.exp(sigma / 2)
    assert float(far[x > 1 / 3].float().mean()) > 0.1
    assert uncertainty.PredictedVariance().truth() == "fewer than 90 %"
