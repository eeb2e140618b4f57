"""The published convolutional network, trained on whatever device there is, by one text.

`plain_loop` is the loop that courses show; `train` does the same steps on the same batches in the
same order, and goes as fast as the device lets it: the data lie on the device, batches are picked
there, weights are kept channels-last, updates are fused, the host waits once an epoch, on a GPU
twenty steps at a time are one CUDA graph, and on a CPU with matrix units for bfloat16 (Intel's AMX)
products are computed in that, from weights that stay float32.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.backends import cudnn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from descent.data import Dataset
from descent.device import device

__all__ = ["Trained", "enlarged", "plain_loop", "published_net", "train"]

STEPS = 20
"""Steps between two looks at the clock, and in one CUDA graph."""

TESTED_AT_ONCE = 1000
"""Samples: their activations fit into memory everywhere."""

Steps = Callable[[Tensor], None]
"""Makes one step of gradient descent for each row (int64, indices of samples) of a matrix."""


@dataclass(frozen=True)
class Trained:
    """What a run of training took and gave; the network itself is trained in place.

    seconds     of all epochs, moving the data and preparing included, the test left out
    losses      mean training loss of each epoch, measured while the weights move
    test_error  share of wrong answers on the test part, 0 … 1
    device      name of the device, and why it went slower there than it could, if it did
    """

    seconds: float
    losses: list[float]
    test_error: float
    device: str


def published_net(seed: int = 0) -> nn.Sequential:
    """Two convolutions and two linear layers, 105,506 weights, for images of 28×28.

    seed     of the random weights; the global generator is left as it is
    returns  network (N, 1, 28, 28) -> logits (N, 10)
    source   08_going_deeper; 10 epochs of batches of 100 with rate 0.1: about 1 % error on MNIST
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 32, 5), nn.MaxPool2d(3), nn.ReLU(),
            nn.Conv2d(32, 64, 5), nn.MaxPool2d(2), nn.ReLU(),
            nn.Flatten(), nn.Linear(256, 200), nn.ReLU(), nn.Linear(200, 10),
        )  # fmt: skip


def enlarged(dataset: Dataset, size: int = 28) -> Dataset:
    """The same images with more pixels, so that a network for larger ones can take them.

    dataset  images (N, C, H, W)
    size     new height and width, pixels
    returns  Dataset of images (N, C, size, size), interpolated linearly; `source` says so
    """
    x, test_x = (
        F.interpolate(part, (size, size), mode="bilinear") for part in (dataset.x, dataset.test_x)
    )
    return replace(
        dataset, x=x, test_x=test_x, source=f"{dataset.source}, enlarged to {size}×{size}"
    )


def train(
    net: nn.Module,
    dataset: Dataset,
    *,
    epochs: int = 10,
    batch_size: int = 100,
    lr: float = 0.1,
    seed: int = 0,
    progress: bool = True,
) -> Trained:
    """Train a classifier in place by stochastic gradient descent on the mean cross-entropy.

    net         network x -> logits (N, C); moved to the device
    dataset     samples and labels; the test part gives the error
    epochs      times that each sample is used, at least 1
    batch_size  samples of one step, at least 1; the last batch of an epoch takes the rest
    lr          learning rate, > 0
    seed        of the order of the samples, a new one for each epoch, the same on every device
    progress    whether to show a bar on stderr; without, nothing is written
    returns     Trained
    raises      ValueError for epochs, batch_size or lr out of range
    """
    _check(epochs, batch_size, lr)
    where = device()
    net.to(where, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    with _reproducible(), _bar(progress, epochs, len(dataset.x), batch_size) as advance:
        start = time.perf_counter()
        run = _Run(net, dataset.to(where), lr)
        steps, note = _fastest(run, batch_size)
        orders = _orders(len(dataset.x), epochs, seed)
        losses = [run.epoch(order, batch_size, steps, advance) for order in orders]
        seconds = time.perf_counter() - start
    return Trained(seconds, losses, _error(run.net, run.dataset), f"{_name(where)}{note}")


def plain_loop(
    net: nn.Module,
    dataset: Dataset,
    *,
    epochs: int = 10,
    batch_size: int = 100,
    lr: float = 0.1,
    seed: int = 0,
    progress: bool = True,
) -> Trained:
    """The loop that courses show: a DataLoader, one batch after the other; otherwise as `train`."""
    _check(epochs, batch_size, lr)
    where = device()
    net.to(where).train()
    with _bar(progress, epochs, len(dataset.x), batch_size) as advance:
        start, losses = time.perf_counter(), []
        samples = TensorDataset(dataset.x, dataset.y)
        optimiser = torch.optim.SGD(net.parameters(), lr)
        for order in _orders(len(dataset.x), epochs, seed):
            total = 0.0
            for x, y in DataLoader(samples, batch_size, sampler=order.tolist()):
                loss = F.cross_entropy(net(x.to(where)), y.to(where))
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                total += loss.item() * len(y)
                advance(1)
            losses.append(total / len(order))
        seconds = time.perf_counter() - start
    return Trained(seconds, losses, _error(net, dataset.to(where)), _name(where))


class _Run:
    """A network, its data and its optimiser on one device; no step makes the host wait."""

    def __init__(self, net: nn.Module, dataset: Dataset, lr: float) -> None:
        self.net, self.dataset = net, dataset
        self.optimiser = torch.optim.SGD(net.parameters(), lr, fused=True)
        self.total = torch.zeros((), device=dataset.x.device)
        self.short = dataset.x.dtype == torch.float32 and _has_bfloat16(self.total.device)

    def step(self, chosen: Tensor) -> None:
        """One step on these samples; their loss is added to the total."""
        x, y = (part.index_select(0, chosen) for part in (self.dataset.x, self.dataset.y))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.short):
            logits = self.net(x)
        loss = F.cross_entropy(logits.to(self.dataset.x.dtype), y)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.total.add_(loss.detach(), alpha=len(chosen))

    def steps(self, rows: Tensor) -> None:
        for chosen in rows:
            self.step(chosen)

    def epoch(
        self, order: Tensor, batch_size: int, steps: Steps, advance: Callable[[int], object]
    ) -> float:
        """Mean loss of one epoch; `steps` makes `STEPS` steps, the few that are left go singly."""
        self.total.zero_()
        order = order.to(self.total.device)
        whole = len(order) // batch_size * batch_size
        for rows in order[:whole].view(-1, batch_size).split(STEPS):
            (steps if len(rows) == STEPS else self.steps)(rows)
            advance(len(rows))
        if whole < len(order):
            self.step(order[whole:])
            advance(1)
        return self.total.item() / len(order)


def _fastest(run: _Run, batch_size: int) -> tuple[Steps, str]:
    """What makes `STEPS` steps at once, and what to say if that is slower than it could be."""
    if not _has_graphs(run.total.device) or len(run.dataset.x) < STEPS * batch_size:
        _keep_freed_memory()
        return run.steps, ", products in bfloat16" if run.short else ""
    before = {name: value.clone() for name, value in run.net.state_dict().items()}
    steps: Steps = run.steps
    note = ""
    try:
        steps = _replayed(run, batch_size)
    except RuntimeError as error:
        note = f", without CUDA graphs ({str(error).strip().splitlines()[0]})"
    run.net.load_state_dict(before)  # in place: a graph writes to these very weights
    return steps, note


def _has_bfloat16(where: torch.device) -> bool:
    return where.type == "cpu" and bool(torch.cpu.get_capabilities().get("amx_bf16"))


def _has_graphs(where: torch.device) -> bool:
    return where.type == "cuda"


def _replayed(run: _Run, batch_size: int) -> Steps:
    """`run.steps` as one graph, which reads the samples to take from a buffer of its own."""
    buffer = torch.arange(STEPS * batch_size, device=run.total.device).view(STEPS, batch_size)
    replay = _captured(lambda: run.step(buffer[0]), lambda: run.steps(buffer))

    def steps(rows: Tensor) -> None:
        buffer.copy_(rows)
        replay()

    return steps


def _captured(warm_up: Callable[[], None], work: Callable[[], None]) -> Callable[[], None]:
    """Record the work in a CUDA graph; warming up first, on a stream aside, as capture asks for."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            warm_up()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


def _keep_freed_memory() -> None:
    """Have the C library keep what it frees, instead of asking the system for new pages each step.

    glibc keeps blocks up to the size of the largest that was freed, at most 32 MiB; elsewhere this
    does nothing. Source: mallopt(3), M_MMAP_THRESHOLD, "dynamic".
    """
    torch.empty(2**25 - 2**16, dtype=torch.uint8)


@contextmanager
def _reproducible() -> Iterator[None]:
    """Only convolutions that give the same sums in every run on one GPU."""
    before, cudnn.deterministic = cudnn.deterministic, True
    try:
        yield
    finally:
        cudnn.deterministic = before


@contextmanager
def _bar(
    progress: bool, epochs: int, samples: int, batch_size: int
) -> Iterator[Callable[[int], object]]:
    """A progress bar for a run; what to call with the number of steps that were made."""
    from tqdm.auto import tqdm

    total = epochs * -(-samples // batch_size)
    text = f"{epochs} epoch{'s' * (epochs > 1)}"
    with tqdm(total=total, desc=text, unit="step", disable=not progress) as bar:
        yield bar.update


def _check(epochs: int, batch_size: int, lr: float) -> None:
    if epochs < 1 or batch_size < 1 or not lr > 0:
        raise ValueError(
            "expected epochs ≥ 1, batch_size ≥ 1 and lr > 0, "
            f"got epochs = {epochs}, batch_size = {batch_size} and lr = {lr}"
        )


def _orders(n: int, epochs: int, seed: int) -> Iterator[Tensor]:
    """A permutation of n samples for each epoch, drawn on the CPU: the same on every device."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        yield torch.randperm(n, generator=generator)


@torch.no_grad()
def _error(net: nn.Module, dataset: Dataset) -> float:
    """Share of wrong answers on the test part."""
    net.eval()
    parts = zip(
        dataset.test_x.split(TESTED_AT_ONCE), dataset.test_y.split(TESTED_AT_ONCE), strict=True
    )
    wrong = [(net(x).argmax(1) != y).sum() for x, y in parts]
    return int(torch.stack(wrong).sum()) / len(dataset.test_y)


def _name(where: torch.device) -> str:
    if where.type == "cuda":
        return torch.cuda.get_device_name(where)
    return "CPU" if where.type == "cpu" else "GPU of this Mac"
