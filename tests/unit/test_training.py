"""The published network: its shapes, and that going faster changes nothing but the time."""

import math
from dataclasses import replace

import pytest
import torch
from scipy import ndimage
from torch import nn

from descent import data, training

RATE = {"lr": 0.1, "batch_size": 25, "progress": False}
WAYS = [training.train, training.plain_loop]


@pytest.fixture(scope="module")
def few() -> data.Dataset:
    """260 digits of 28×28 to train on: ten batches of 25 and one of 10; 60 to test."""
    big = training.enlarged(data.load_digits())
    return replace(
        big, x=big.x[:260], y=big.y[:260], test_x=big.test_x[:60], test_y=big.test_y[:60]
    )


def small_net(seed: int = 0) -> nn.Sequential:
    """Logistic regression, in float64: sums in another order change nothing that we compare."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).double()


def in_double(dataset: data.Dataset) -> data.Dataset:
    return replace(dataset, x=dataset.x.double(), test_x=dataset.test_x.double())


# ---- the network -------------------------------------------------------------------------------


def test_the_net_is_the_published_one():
    net = training.published_net()
    shapes, x = [], torch.zeros(2, 1, 28, 28)
    for layer in net:
        x = layer(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes[:3] == [(32, 24, 24), (32, 8, 8), (32, 8, 8)]
    assert shapes[3:7] == [(64, 4, 4), (64, 2, 2), (64, 2, 2), (256,)]
    assert shapes[7:] == [(200,), (200,), (10,)]
    assert sum(p.numel() for p in net.parameters()) == 832 + 51_264 + 51_400 + 2_010 == 105_506


def test_the_net_is_seeded_and_leaves_the_global_generator():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    nets = [training.published_net(), training.published_net(), training.published_net(seed=1)]
    assert torch.equal(torch.get_rng_state(), before)
    first, same, other = (torch.cat([p.flatten() for p in net.parameters()]) for net in nets)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_enlarged_images_show_the_same_and_say_so():
    digits = data.load_digits()
    big = training.enlarged(digits)
    assert (big.x.shape, big.test_x.shape) == ((1437, 1, 28, 28), (360, 1, 28, 28))
    assert big.source == f"{digits.source}, enlarged to 28×28"
    assert torch.equal(big.y, digits.y)
    for ours, image in ((big.x[7, 0], digits.x[7, 0]), (big.test_x[3, 0], digits.test_x[3, 0])):
        theirs = ndimage.zoom(image.numpy(), 3.5, order=1, mode="nearest", grid_mode=True)
        torch.testing.assert_close(ours, torch.from_numpy(theirs), rtol=0, atol=1e-6)


# ---- the three ways ----------------------------------------------------------------------------


def by_hand(net: nn.Module, dataset: data.Dataset, epochs: int, seed: int) -> list[float]:
    """Mean loss of each epoch, with gradients from autograd and the update written out."""
    generator, losses = torch.Generator().manual_seed(seed), []
    weights = list(net.parameters())
    for _ in range(epochs):
        order, total = torch.randperm(len(dataset.x), generator=generator), 0.0
        for chosen in order.split(RATE["batch_size"]):
            y = dataset.y[chosen]
            logs = torch.log_softmax(net(dataset.x[chosen]), 1)
            loss = -logs[torch.arange(len(y)), y].mean()
            for w, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
                w.data -= RATE["lr"] * slope
            total += loss.item() * len(y)
        losses.append(total / len(dataset.x))
    return losses


@pytest.mark.parametrize("steps", [3, 5, 20])
@pytest.mark.parametrize("way", WAYS)
def test_each_way_makes_the_same_steps(way, steps, few, monkeypatch):
    monkeypatch.setattr(training, "STEPS", steps)  # at once: some left over, none, and too few
    exact, net, other = in_double(few), small_net(), small_net()
    trained = way(net, exact, epochs=3, seed=4, **RATE)
    assert trained.losses == pytest.approx(by_hand(other, exact, 3, seed=4), rel=1e-5)
    for ours, theirs in zip(net.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_both_ways_give_the_same_losses_with_the_published_net(few, monkeypatch):
    monkeypatch.setattr(training, "_has_bfloat16", lambda where: False)
    nets = [training.published_net() for _ in WAYS]
    ours, plain = (way(net, few, epochs=2, **RATE) for way, net in zip(WAYS, nets, strict=True))
    assert ours.losses == pytest.approx(plain.losses, rel=1e-4)
    assert ours.losses[1] < ours.losses[0] < 1.1 * math.log(10)
    for mine, theirs in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-2, atol=1e-4)


def test_products_in_bfloat16_change_a_loss_in_the_fourth_digit(few, monkeypatch):
    losses = []
    for short in (False, True):
        monkeypatch.setattr(training, "_has_bfloat16", lambda where, short=short: short)
        net = training.published_net()
        trained = training.train(net, few, epochs=2, **RATE)
        losses.append(trained.losses)
        assert ("bfloat16" in trained.device) == short
        assert all(weight.dtype == torch.float32 for weight in net.parameters())
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=2e-3)


def test_double_precision_is_never_shortened(few, monkeypatch):
    monkeypatch.setattr(training, "_has_bfloat16", lambda where: True)
    double = in_double(few)
    nets = [small_net() for _ in WAYS]
    for way, net in zip(WAYS, nets, strict=True):
        assert way(net, double, epochs=1, **RATE).device == "CPU"
    for ours, theirs in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_numbers_are_the_same_from_run_to_run(way, few):
    first, again = (way(training.published_net(), few, epochs=2, **RATE) for _ in range(2))
    assert first.losses == again.losses
    assert first.test_error == again.test_error


def test_the_seed_decides_the_order(few):
    losses = [
        training.train(training.published_net(), few, epochs=1, seed=seed, **RATE).losses[0]
        for seed in (0, 1)
    ]
    assert losses[0] != losses[1]


def test_each_epoch_has_an_order_of_its_own():
    first, second = training._orders(50, 2, seed=0)
    assert first.sort().values.tolist() == second.sort().values.tolist() == list(range(50))
    assert first.tolist() != second.tolist()


@pytest.mark.parametrize("way", WAYS)
def test_the_error_is_that_of_the_test_part(way, few, monkeypatch):
    monkeypatch.setattr(training, "TESTED_AT_ONCE", 7)
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    trained = way(net, few, epochs=2, **RATE)
    with torch.no_grad():
        wrong = sum(
            int(net(x[None]).argmax() != y) for x, y in zip(few.test_x, few.test_y, strict=True)
        )
    assert trained.test_error == wrong / 60
    assert 0 < trained.test_error < 0.9
    assert trained.seconds > 0
    assert trained.device.startswith("CPU")


@pytest.mark.parametrize("way", WAYS)
def test_layers_that_behave_otherwise_in_training(way, few):
    net = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784), nn.Linear(784, 10))
    way(net, few, epochs=1, **RATE)
    assert net[1].num_batches_tracked == 11
    assert not net.training


@pytest.mark.parametrize("way", WAYS)
def test_a_bar_on_request_only(way, few, capfd):
    way(small_net(), in_double(few), epochs=2, lr=0.1, batch_size=25, progress=True)
    shown = capfd.readouterr()
    assert "2 epochs: 100%" in shown.err
    assert "22/22" in shown.err
    way(small_net(), in_double(few), epochs=2, **RATE)
    assert capfd.readouterr() == (shown.out, "") == ("", "")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"batch_size": 0}, {"lr": 0.0}, {"lr": -1.0}, {"lr": math.nan}]
)
def test_arguments_out_of_range(way, wrong, few):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        way(small_net(), few, **wrong)


def test_settings_of_this_process_stay(few, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    seen = []
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    net.register_forward_hook(lambda *_: seen.append(torch.backends.cudnn.deterministic))
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    training.train(net, few, epochs=1, **RATE)
    assert seen[0] is True
    assert torch.backends.cudnn.deterministic is False
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


# ---- what a GPU does, all but the capture itself -----------------------------------------------


class FakeGpu:
    """Stands for a GPU on this CPU: `_fastest` takes the way of graphs, `_captured` is replaced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
        self.warmed = self.replays = 0
        self.error = error
        monkeypatch.setattr(training, "STEPS", 4)
        monkeypatch.setattr(training, "_has_graphs", lambda where: True)
        monkeypatch.setattr(training, "_captured", self.captured)

    def captured(self, warm_up, work):
        for _ in range(3):
            warm_up()
            self.warmed += 1
        if self.error:
            work()  # so that weights have moved when it fails
            raise self.error

        def replay() -> None:
            self.replays += 1
            work()

        return replay


def test_replaying_makes_the_same_steps(few, monkeypatch):
    expected = training.train(net := training.published_net(), few, epochs=2, **RATE)
    gpu = FakeGpu(monkeypatch)
    got = training.train(other := training.published_net(), few, epochs=2, **RATE)
    assert (gpu.warmed, gpu.replays) == (3, 2 * 2)  # of 10 whole batches 2 × 4, the rest singly
    assert got.losses == expected.losses
    assert got.device == "CPU"
    for mine, theirs in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_warming_up_leaves_no_trace_in_buffers(few, monkeypatch):
    FakeGpu(monkeypatch)
    net = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784), nn.Linear(784, 10))
    training.train(net, few, epochs=1, **RATE)
    assert net[1].num_batches_tracked == 11


def test_without_graphs_it_trains_all_the_same_and_says_why(few, monkeypatch):
    expected = training.train(training.published_net(), few, epochs=2, **RATE)
    gpu = FakeGpu(monkeypatch, RuntimeError("operation not permitted when capturing\nhint: …"))
    got = training.train(training.published_net(), few, epochs=2, **RATE)
    assert gpu.replays == 0
    assert got.losses == expected.losses
    assert got.device == "CPU, without CUDA graphs (operation not permitted when capturing)"


def test_few_samples_need_no_graph(few, monkeypatch):
    gpu = FakeGpu(monkeypatch)
    monkeypatch.setattr(training, "STEPS", 11)
    training.train(small_net(), in_double(few), epochs=1, **RATE)
    assert gpu.warmed == 0


# ---- a real GPU --------------------------------------------------------------------------------


@pytest.fixture
def gpu(monkeypatch) -> str:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA GPU on this machine")
    monkeypatch.setenv("DESCENT_DEVICE", "cuda")
    return torch.cuda.get_device_name()


@pytest.mark.gpu
def test_a_graph_makes_the_same_steps_on_a_gpu(gpu, few, monkeypatch):
    exact = in_double(few)
    monkeypatch.setattr(training, "STEPS", 4)
    net, other = small_net(), small_net()
    trained = training.train(net, exact, epochs=3, seed=4, **RATE)
    assert trained.device == gpu, "captured, with nothing to say"
    assert trained.losses == pytest.approx(by_hand(other, exact, 3, seed=4), rel=1e-5)
    for ours, theirs in zip(net.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(ours.cpu(), theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.gpu
def test_the_published_net_on_a_gpu(gpu, few, monkeypatch):
    monkeypatch.setattr(training, "STEPS", 4)
    first, again = (
        training.train(training.published_net(), few, epochs=2, **RATE) for _ in range(2)
    )
    assert first.losses == again.losses, "the same from run to run on one device"
    plain = training.plain_loop(training.published_net(), few, epochs=2, **RATE)
    monkeypatch.setenv("DESCENT_DEVICE", "cpu")
    cpu = training.train(training.published_net(), few, epochs=2, **RATE)
    assert first.losses == pytest.approx(plain.losses, rel=2e-2)  # TF32 has 10 bits
    assert first.losses == pytest.approx(cpu.losses, rel=2e-2)
