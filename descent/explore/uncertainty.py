"""Explorable of 08_going_deeper: a network that predicts a mean and a variance."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from torch import Tensor, nn

from descent import style
from descent.explore import base
from descent.explore.threads import one_thread

N, TESTS, STEPS, EVERY, RATE, WIDTH = 200, 3000, 400, 10, 0.01, 32
"""Training and fresh points; steps of Adam, those between two pictures, their rate; units."""
NOISES = ("grows to the right", "largest in the middle", "the same everywhere")
"""How the standard deviation of the noise depends on x."""
MODELS = ("σ predicted for each x", "one σ for all x")
"""What the network may say: two outputs and the likelihood, or one output and squared error."""

# ---- compute -------------------------------------------------------------------------------------


def noise(x: Tensor, kind: str) -> Tensor:
    """The true σ at x in [−1, 1], in the unit of y; `kind` is one of `NOISES`."""
    if kind == NOISES[0]:
        return 0.05 + 0.2 * (x + 1)
    if kind == NOISES[1]:
        return 0.05 + 0.35 * (-((x / 0.35) ** 2)).exp()
    return torch.full_like(x, 0.2)


def drawn(n: int, kind: str, seed: int) -> tuple[Tensor, Tensor]:
    """Points around sin(3x), x uniform in [−1, 1].

    n        number of points
    kind     of noise, one of `NOISES`
    seed     of the draw
    returns  x float32 tensor (n,), y float32 tensor (n,)
    """
    generator = torch.Generator().manual_seed(seed)
    x = 2 * torch.rand(n, generator=generator) - 1
    return x, torch.sin(3 * x) + noise(x, kind) * torch.randn(n, generator=generator)


def negative_log_likelihood(mean: Tensor, log_var: Tensor, y: Tensor) -> Tensor:
    """Mean of −log of the Gaussian density of y, 0-d.

    mean, log_var, y  float tensors of one shape; log_var is log σ²
    source            Nix & Weigend 1994
    """
    squares = (y - mean).square() * torch.exp(-log_var)
    return 0.5 * (squares + log_var + math.log(2 * math.pi)).mean()


def small_net(seed: int = 0) -> nn.Sequential:
    """Two hidden layers of tanh; the global generator is left as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(1, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 2)
        )


def outputs(net: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log σ² that the network says at x (N,): float tensors (N,) and (N,)."""
    mean, log_var = net(x[:, None]).unbind(dim=1)
    return mean, log_var


class Look(NamedTuple):
    """What a network says at one moment of its training.

    mean, log_var  float32 tensors (G,), predictions at the points of `line`
    nll            negative log-likelihood of fresh points
    inside         shares of fresh points within 2 σ of the mean: x < −1/3, and x > 1/3
    """

    mean: Tensor
    log_var: Tensor
    nll: float
    inside: tuple[float, float]


def line() -> Tensor:
    """Where predictions are drawn, float32 tensor (G,)."""
    return torch.linspace(-1, 1, 101)


@torch.no_grad()
def look(net: nn.Module, kind: str, model: str) -> Look:
    """Predictions, and how well they fit fresh points.

    net      as trained so far
    kind     of noise, one of `NOISES`
    model    one of `MODELS`; the one σ² for all is the mean square of the training residuals
    returns  Look
    """
    x, y = drawn(TESTS, kind, 1)
    (mean, log_var), (here, log_here) = outputs(net, line()), outputs(net, x)
    if model == MODELS[1]:
        train_x, train_y = drawn(N, kind, 0)
        common = (train_y - outputs(net, train_x)[0]).square().mean().log()
        log_var, log_here = common.expand_as(mean), common.expand_as(here)
    near = ((y - here).abs() <= 2 * torch.exp(log_here / 2)).float()
    inside = float(near[x < -1 / 3].mean()), float(near[x > 1 / 3].mean())
    return Look(mean, log_var, float(negative_log_likelihood(here, log_here, y)), inside)


@lru_cache(maxsize=16)
@one_thread()
def looks(kind: str, model: str) -> list[Look]:
    """A training run by Adam, looked at every few steps.

    kind     of noise, one of `NOISES`
    model    one of `MODELS`: trained on the likelihood, or on squared error
    returns  list of Look, the first before training
    """
    x, y = drawn(N, kind, 0)
    net = small_net()
    optimiser = torch.optim.Adam(net.parameters(), RATE)
    found = [look(net, kind, model)]
    for step in range(1, STEPS + 1):
        mean, log_var = outputs(net, x)
        squares = (y - mean).square().mean()
        loss = squares if model == MODELS[1] else negative_log_likelihood(mean, log_var, y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % EVERY == 0:
            found.append(look(net, kind, model))
    return found


class Predicted(NamedTuple):
    """One moment of one run, and the data."""

    step: int
    kind: str
    model: str
    x: Tensor
    y: Tensor
    said: Look


# ---- draw and wire -------------------------------------------------------------------------------


class PredictedVariance(base.Explorable):
    """A band of two standard deviations around the predicted mean, while the network learns."""

    title = "Predicted mean and a band of ±2 σ"
    size = (8.8, 3.8)
    play = "step"
    interval = 150
    question = (
        "The noise grows to the right. A network trained on squared error has one σ for all x. "
        "95 % of fresh points should be within ±2 σ. How many are, in the right third?"
    )
    choices = ("fewer than 90 %", "90 % to 97 %", "more than 97 %")

    def controls(self) -> dict[str, Any]:
        return {
            "step": base.int_slider("steps of training", 0, STEPS, STEPS, step=EVERY),
            "model": base.choice("the network says", MODELS, MODELS[1]),
            "kind": base.choice("noise", NOISES),
        }

    def compute(self, step: int, model: str, kind: str) -> Predicted:
        return Predicted(step, kind, model, *drawn(N, kind, 0), looks(kind, model)[step // EVERY])

    def build(self, fig: Any, result: Predicted) -> None:
        left, right = fig.subplots(1, 2, width_ratios=[1.5, 1])
        self._build_band(left)
        self._build_sigma(right)

    def _build_band(self, ax: Axes) -> None:
        self.band = ax.fill([0], [0], color=style.BLUE, alpha=0.18, linewidth=0)[0]
        (self.points,) = ax.plot([], [], "o", color=style.INK, markersize=3)
        (self.truth_line,) = ax.plot(
            *style.numpy(torch.stack([line(), torch.sin(3 * line())])), ":", color=style.TRUTH
        )
        (self.mean,) = ax.plot([], [], color=style.BLUE)
        ax.set(xlim=(-1, 1), ylim=(-2.2, 2.2), title=self.title)
        ax.set(xlabel="x   (dotted: the true mean)", ylabel="y")
        self.moving(self.band, self.points, self.truth_line, self.mean)

    def _build_sigma(self, ax: Axes) -> None:
        (self.true_sigma,) = ax.plot([], [], ":", color=style.TRUTH, label="true")
        (self.sigma,) = ax.plot([], [], color=style.BLUE, label="predicted")
        ax.set(xlim=(-1, 1), ylim=(0, 1.25), xlabel="x", ylabel="σ, unit of y")
        ax.set_title("Standard deviation of the noise")
        ax.legend(loc="upper left")
        self.told = ax.text(0.97, 0.96, "", transform=ax.transAxes, ha="right", va="top")
        self.moving(self.true_sigma, self.sigma, self.told)

    def update(self, result: Predicted) -> None:
        x, said = line(), result.said
        sigma = torch.exp(said.log_var / 2)
        upper, lower = (torch.stack([x, said.mean + 2 * side * sigma], 1) for side in (1, -1))
        self.band.set_xy(style.numpy(torch.cat([upper, lower.flip(0)])))
        self.points.set_data(style.numpy(result.x), style.numpy(result.y))
        self.mean.set_data(style.numpy(x), style.numpy(said.mean))
        self.sigma.set_data(style.numpy(x), style.numpy(sigma))
        self.true_sigma.set_data(style.numpy(x), style.numpy(noise(x, result.kind)))
        self.told.set_text(f"NLL, fresh points:\n{said.nll:.2f}".replace("-", "−"))

    def describe(self, result: Predicted) -> str:
        left, right = result.said.inside
        nll = f"{result.said.nll:.2f}".replace("-", "−")
        return (
            f"After {result.step} steps, {result.model}; noise {result.kind}: within ±2 σ are "
            f"{left:.0%} of the fresh points in the left third and {right:.0%} in the right third; "
            f"their mean negative log-likelihood is {nll}."
        )

    def truth(self) -> str:
        share = looks(NOISES[0], MODELS[1])[-1].inside[1]
        return self.choices[0 if share < 0.9 else 1 if share <= 0.97 else 2]
