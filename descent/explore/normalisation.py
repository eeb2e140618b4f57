"""Explorable of 08_going_deeper: what reaches 16 layers, with batch normalisation or without."""

import copy
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from descent import data, style
from descent.explore import base
from descent.explore.threads import one_thread

DEPTH, WIDTH, N, BATCH, RATE, EPOCHS = 16, 32, 1000, 100, 0.1, 20
"""Linear layers and their width; training points, samples of a step, learning rate; epochs."""
BINS, EDGE = 48, 4.0
"""Histograms count from −EDGE to EDGE; what is outside counts at the edges."""
LOWEST, HIGHEST = 1e-12, 1e12
"""Spreads are shown from the one to the other; what is outside is put at the edges."""
STDS = (0.01, 0.1, 0.25, 1.0)
"""Standard deviations of the first weights; 0.25 = √(2/32) is He's."""

# ---- compute -------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def discs() -> tuple[Tensor, Tensor]:
    """The training set: points of a square, half of them in a disc."""
    return data.discs(N, torch.Generator().manual_seed(0))


def deep_net(std: float, normalised: bool, seed: int = 0) -> nn.Sequential:
    """DEPTH linear layers, ReLU between them, with or without batch normalisation before it.

    std         standard deviation of all weights and biases, means are 0
    normalised  whether `nn.BatchNorm1d` stands between a linear layer and its ReLU
    seed        of the draws, the same with and without normalisation
    returns     network (N, 2) -> logits (N, 2)
    """
    generator = torch.Generator().manual_seed(seed)
    sizes = [2, *[WIDTH] * (DEPTH - 1)]
    parts: list[nn.Module] = []
    for inputs in sizes[:-1]:
        parts.append(drawn(inputs, WIDTH, std, generator))
        parts += [nn.BatchNorm1d(WIDTH)] if normalised else []
        parts.append(nn.ReLU())
    return nn.Sequential(*parts, drawn(WIDTH, 2, std, generator))


def drawn(inputs: int, outputs: int, std: float, generator: torch.Generator) -> nn.Linear:
    """A linear layer whose weights and biases are drawn from N(0, std²)."""
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, 0, std, generator=generator)
    return layer


@lru_cache(maxsize=256)
@one_thread()
def after(std: float, normalised: bool, epoch: int) -> nn.Sequential:
    """The network after so many epochs of stochastic gradient descent, each trained only once."""
    if epoch == 0:
        return deep_net(std, normalised)
    net = copy.deepcopy(after(std, normalised, epoch - 1)).train()
    x, y = discs()
    parameters = list(net.parameters())
    order = torch.randperm(N, generator=torch.Generator().manual_seed(epoch))
    for batch in order.split(BATCH):
        loss = cross_entropy(net(x[batch]), y[batch])
        for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.data.sub_(slope, alpha=RATE)
    return net.eval()


class Depth(NamedTuple):
    """What reaches the ReLUs of a network.

    shares   float tensor (DEPTH − 1, BINS), share of the values of a layer in each bin
    spread   float tensor (DEPTH − 1,), standard deviation over samples, root mean square over units
    error    share of wrong answers on the training set, 0.5 or so where the network has diverged
    """

    shares: Tensor
    spread: Tensor
    error: float


def histogram(values: Tensor) -> Tensor:
    """Share of the values in each bin; nothing where they are not finite.

    values   float tensor of any shape
    returns  float tensor (BINS,)
    """
    place = (values.flatten() / EDGE + 1) * (BINS / 2)
    place = place[place.isfinite()].clamp(0, BINS - 1).long()
    return torch.bincount(place, minlength=BINS) / max(values.numel(), 1)


@lru_cache(maxsize=256)
@one_thread()
def depth(std: float, normalised: bool, epoch: int) -> Depth:
    """Histograms, spreads and training error of a network; statistics are those of all points.

    std         of the first weights
    normalised  whether it has batch normalisation
    epoch       epochs of training so far
    returns     Depth
    """
    net, (x, y) = after(std, normalised, epoch), discs()
    reached, signal = [], x
    with torch.no_grad():
        net.train(epoch == 0)  # before training, running averages say nothing yet
        for part in copy.deepcopy(net):
            if isinstance(part, nn.ReLU):
                reached.append(signal)
            signal = part(signal)
        net.eval()
    spread = torch.stack([s.double().var(dim=0, correction=0).mean().sqrt() for s in reached])
    error = float((signal.argmax(dim=1) != y).float().mean())
    return Depth(torch.stack([histogram(s) for s in reached]), spread, error)


class Both(NamedTuple):
    """The same network without and with batch normalisation."""

    std: float
    epoch: int
    plain: Depth
    normal: Depth


# ---- draw and wire -------------------------------------------------------------------------------


def ridges(shares: Tensor) -> list[Any]:
    """Outlines of histograms, one under the other, layer 1 at the top.

    shares   float tensor (L, BINS)
    returns  L arrays (2 BINS + 2, 2), closed polygons; the highest bar is 1.4 layers high
    """
    layers = torch.arange(1.0, len(shares) + 1)[:, None]
    heights = 1.4 * shares / shares.amax(dim=1, keepdim=True).clamp(min=1e-9)
    edges = torch.linspace(-EDGE, EDGE, BINS + 1)
    across = torch.cat([edges[:1], edges.repeat_interleave(2)[1:-1], edges[-1:]])
    up = layers - heights.repeat_interleave(2, dim=1)
    up = torch.cat([layers, up, layers], dim=1)
    return [style.numpy(torch.stack([across, row], 1)) for row in up]


class ActivationHistograms(base.Explorable):
    """Histograms of what reaches the ReLU of each layer, with and without batch normalisation."""

    title = "Spread over samples"
    size = (9.4, 4.4)
    play = "epoch"
    interval = 400
    question = (
        "Weights and biases are drawn with standard deviation 0.1. Two samples that differ in "
        "layer 1 by 1: by how much, roughly, do they still differ in layer 15, without "
        "normalisation?"
    )
    choices = ("about 1", "about 0.1", "less than 0.0001")

    def controls(self) -> dict[str, Any]:
        named = [(f"{std:g}" + " (He)" * (std == 0.25), std) for std in STDS]
        return {
            "epoch": base.int_slider("epochs trained", 0, EPOCHS, 0),
            "std": base.choice("std of first weights", named, named[1]),
        }

    def compute(self, epoch: int, std: float) -> Both:
        return Both(std, epoch, depth(std, False, epoch), depth(std, True, epoch))

    def build(self, fig: Any, result: Both) -> None:
        left, middle, right = fig.subplots(1, 3, width_ratios=[1, 1, 0.9])
        self.plain = self._build_ridges(left, style.ORANGE, "")
        self.normal = self._build_ridges(middle, style.BLUE, "//")
        left.set_ylabel("layer")
        self.heads = [self._head(ax) for ax in (left, middle)]
        self._build_spread(right)

    def _head(self, ax: Axes) -> Any:
        ax.set_title(" ")
        text = ax.text(0, 1.02, "", transform=ax.transAxes, va="bottom", fontsize=11)
        self.moving(text)
        return text

    def _build_ridges(self, ax: Axes, colour: str, hatch: str) -> PolyCollection:
        look: dict[str, Any] = {"facecolor": style.PAPER, "edgecolor": colour, "linewidth": 1.1}
        hills = PolyCollection([], hatch=hatch, hatch_linewidth=0.3, **look)
        ax.add_collection(hills)
        ax.set(xlim=(-EDGE, EDGE), ylim=(DEPTH - 0.6, -1), yticks=range(1, DEPTH, 2))
        ax.set_xlabel(f"input of the ReLU\n(beyond ±{EDGE:g}: counted at the edges)")
        ax.grid(False)
        self.moving(hills)
        return hills

    def _build_spread(self, ax: Axes) -> None:
        layers = range(1, DEPTH)
        (self.low,) = ax.plot([], [], "s--", color=style.ORANGE, markersize=4)
        (self.high,) = ax.plot([], [], "o-", color=style.BLUE, markersize=4)
        reach = (LOWEST / 10, HIGHEST * 10)
        ax.set(xscale="log", xlim=reach, ylim=(DEPTH - 0.6, -1), yticks=layers[::2])
        ax.set_xticks([1e-10, 1e-5, 1, 1e5, 1e10])
        ax.set(title=self.title, xlabel="std (■ plain, ● normalised;\ncut at the edges)")
        self.moving(self.low, self.high)

    def update(self, result: Both) -> None:
        layers = range(1, DEPTH)
        names = ("Plain", "Batch-normalised")
        parts = ((self.plain, self.low, result.plain), (self.normal, self.high, result.normal))
        for name, head, (hills, line, found) in zip(names, self.heads, parts, strict=True):
            hills.set_verts(ridges(found.shares))
            line.set_data(style.numpy(found.spread.clamp(LOWEST, HIGHEST)), layers)
            finite = bool(found.spread.isfinite().all())
            head.set_text(f"{name}: {f'{found.error:.0%} errors' if finite else 'diverged'}")

    def describe(self, result: Both) -> str:
        parts = [("without", result.plain), ("with", result.normal)]
        said = "; ".join(f"{name} batch normalisation {told(found)}" for name, found in parts)
        epochs = f"{result.epoch} epoch{'s' * (result.epoch != 1)} of training"
        return f"First weights with std {result.std:g}, {epochs}: {said}."

    def truth(self) -> str:
        spread = depth(0.1, False, 0).spread
        left = float(spread[-1] / spread[0])
        return self.choices[0 if left > 0.3 else 1 if left > 1e-4 else 2]


def told(found: Depth) -> str:
    """How far samples differ at both ends of a network, and how often it is wrong."""
    if not found.spread.isfinite().all():
        return f"the weights have diverged, training error {found.error:.1%}"
    first, last = found.spread[0], found.spread[-1]
    return (
        f"samples differ by {first:.2g} in layer 1 and {last:.2g} in layer {DEPTH - 1}, "
        f"training error {found.error:.1%}"
    ).replace("e-", "e−")
