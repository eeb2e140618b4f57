"""Polynomials that fit too little or too much: all degrees at once, and two explorables."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from ipywidgets import SelectionSlider
from matplotlib.collections import LineCollection
from torch import Tensor

from descent import style
from descent.explore import base

RHOS = (0.0, *(10.0**p for p in range(-8, 4)))
"""Penalties to choose from."""


def law(x: Tensor) -> Tensor:
    """The sine over one period: what noise is added to.

    x        float tensor (…), in units of π, so that powers of it stay in [-1, 1]
    returns  float tensor (…), sin(π x)
    """
    return torch.sin(math.pi * x)


def noisy_sine(x: Tensor, noise: float, generator: torch.Generator) -> Tensor:
    """Noisy values of the sine.

    x          float tensor (…), in units of π; (M, N) for M training sets
    noise      standard deviation of the noise, in the unit of y
    generator  source of the draws, the same ones whatever `noise` is
    returns    float tensor (…)
    """
    return law(x) + noise * torch.randn(x.shape, generator=generator, dtype=x.dtype)


def spaced(n: int) -> Tensor:
    """Numbers from -1 to 1 at equal distances, float64 tensor (n,)."""
    return torch.linspace(-1, 1, n, dtype=torch.float64)


def anywhere(n: int, generator: torch.Generator) -> Tensor:
    """Uniform draws from [-1, 1], float64 tensor (n,)."""
    return 2 * torch.rand(n, generator=generator, dtype=torch.float64) - 1


def powers(x: Tensor, degree: int) -> Tensor:
    """The powers 1, x, …, x^degree of every number.

    x        float tensor (…)
    degree   highest power
    returns  float tensor (…, degree+1)
    """
    return x[..., None] ** torch.arange(degree + 1, device=x.device)


def fit_degrees(
    x: Tensor, y: Tensor, degree: int, rho: float = 0.0, kept: Tensor | None = None
) -> Tensor:
    """Coefficients of the polynomials of every degree, for all sets: one QR decomposition.

    The columns of Q that serve degree d are the first d+1, so each degree adds one term to the
    one before. The penalty is a row √ρ for every coefficient; a sample left out is a row of 0.

    x, y     float tensors (…, N), one or many training sets; one x can serve many y
    degree   highest degree
    rho      penalty ρ of Σ(f(x) − y)² + ρ Σ α_d², 0 for least squares
    kept     bool tensor (…, N), samples to fit, by default all
    returns  float tensor (…, degree+1, degree+1), row d holds α_0 … α_d and zeros
    """
    basis = powers(x, degree)
    if kept is not None:
        basis = basis * kept[..., None]
    rows = math.sqrt(rho) * torch.eye(degree + 1, dtype=x.dtype).expand(*basis.shape[:-2], -1, -1)
    q, r = torch.linalg.qr(torch.cat([basis, rows], -2))
    inverse = torch.linalg.solve_triangular(r, torch.eye(degree + 1, dtype=x.dtype), upper=True)
    projected = q[..., : basis.shape[-2], :].mT @ y[..., None]
    return (inverse * projected.mT).cumsum(-1).mT


def mse(coefficients: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Mean squared error of polynomials.

    coefficients  float tensor (…, degree+1)
    x, y          float tensors (N,)
    returns       float tensor (…), in the unit of y, squared
    """
    fitted = coefficients @ powers(x, coefficients.shape[-1] - 1).T
    return (fitted - y).square().mean(-1)


def bias_and_variance(fits: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """How far the mean fit is from the truth, and the fits from their mean.

    fits     float tensor (M, …, N), the curves of M training sets
    truth    float tensor (N,), the expected target
    returns  squared bias and variance, float tensors (…), averaged over N; they add up to the
             mean squared distance between fits and truth
    source   Geman, Bienenstock & Doursat 1992, DOI 10.1162/neco.1992.4.1.1
    """
    variance, centre = torch.var_mean(fits, dim=0, correction=0)
    return (centre - truth).square().mean(-1), variance.mean(-1)


def _penalty(value: float) -> Any:
    """The control of ρ."""
    options = [(f"{rho:g}", rho) for rho in RHOS]
    return SelectionSlider(
        options=options, value=value, description="price ρ", style=base.STYLE, layout=base.WIDE
    )


def _below(ax: Any, *args: Any, **options: Any) -> None:
    """A legend below the axes, where no curve comes."""
    ax.legend(*args, loc="upper center", bbox_to_anchor=(0.5, -0.15), columnspacing=1, **options)


def _scale_errors(ax: Any, limits: tuple[float, float], highest: int) -> None:
    """Axes for errors of all degrees, a little wider than the limits at which they are cut."""
    ax.set(yscale="log", ylim=(limits[0] / 1.5, 1.5 * limits[1]), xlabel="degree D")
    ax.set(xlim=(-0.5, highest + 0.5), ylabel="mean squared error (cut at the edges)")


# ---- one fit, and the error against the degree -------------------------------------------------

HIGHEST = 11
FIT_ERRORS = (1e-3, 1e2)
"""Errors that are drawn; smaller and larger ones stand at the edge."""
FARTHEST = 3.0
"""Values y that are drawn, up to this one of either sign; others stand at the edge."""


class Fit(NamedTuple):
    """Fits of all degrees to one training sample.

    x, y          float64 tensors (N,), the training sample
    line          float64 tensor (200,), where curves are drawn
    curves        float64 tensor (HIGHEST+1, 200), the fit of each degree
    train, test   float64 tensors (HIGHEST+1,), mean squared errors
    largest       float64 tensor (HIGHEST+1,), largest coefficient of each fit
    degree        the one that is looked at
    noise         standard deviation
    rho           penalty
    """

    x: Tensor
    y: Tensor
    line: Tensor
    curves: Tensor
    train: Tensor
    test: Tensor
    largest: Tensor
    degree: int
    noise: float
    rho: float


@lru_cache(maxsize=256)
def polynomial_fits(n: int, noise: float, rho: float, sample: int) -> Fit:
    """Fits of all degrees, the errors on the training sample and on 1,000 fresh points.

    n        number of training samples, at equal distances
    noise    standard deviation
    rho      penalty
    sample   seed of the training sample's noise
    returns  Fit, with degree 0
    """
    x, g = spaced(n), torch.Generator().manual_seed(1000)
    y = noisy_sine(x, noise, torch.Generator().manual_seed(sample))
    test_x = anywhere(1000, g)
    test_y = noisy_sine(test_x, noise, g)
    fits, line = fit_degrees(x, y, HIGHEST, rho), spaced(200)
    curves = fits @ powers(line, HIGHEST).T
    train, test = mse(fits, x, y), mse(fits, test_x, test_y)
    return Fit(x, y, line, curves, train, test, fits.abs().amax(1), 0, noise, rho)


class PolynomialFit(base.Explorable):
    """Polynomials fitted to a noisy sine: degree, penalty, noise and number of samples."""

    title = "One sample, and its fit of degree D"
    size = (9.0, 4.1)
    question = (
        "12 noisy samples of a sine. The training error falls with every degree, to 0 at "
        "degree 11. At which degree is the error on fresh points smallest?"
    )

    def controls(self) -> dict[str, Any]:
        return {
            "degree": base.int_slider("degree D", 0, HIGHEST, 9),
            "rho": _penalty(0.0),
            "noise": base.slider("noise σ", 0, 1, 0.5, step=0.05),
            "n": base.int_slider("samples N", 12, 200, 12, step=4),
            "sample": base.int_slider("another sample", 0, 20, 0),
        }

    def compute(self, degree: int, rho: float, noise: float, n: int, sample: int) -> Fit:
        return polynomial_fits(n, noise, rho, sample)._replace(degree=degree)

    def build(self, fig: Any, result: Fit) -> None:
        left, right = fig.subplots(1, 2)
        line = style.numpy(result.line)
        (truth,) = left.plot(line, style.numpy(law(result.line)), ":", color=style.TRUTH)
        (self.fit,) = left.plot([], [], color=style.TRAIN)
        (self.points,) = left.plot([], [], "o", color=style.INK, markersize=5)
        left.set(ylim=(-1.07 * FARTHEST, 1.07 * FARTHEST), title=self.title)
        left.set(xlabel="x (in units of π)", ylabel="y (points cut at the edges)")
        left.set_xticks((-1, -0.5, 0, 0.5, 1))
        handles = [self.points, self.fit, truth]
        _below(left, handles, ["training sample", "fit", "sine"], ncols=3)
        self._build_errors(right)
        self.moving(truth, self.fit, self.points)

    def _build_errors(self, ax: Any) -> None:
        (self.train,) = ax.plot([], [], "o--", color=style.TRAIN, label="training")
        (self.test,) = ax.plot([], [], "s-", color=style.TEST, label="test")
        (self.floor,) = ax.plot([], [], ":", color=style.TRUTH, label="noise σ²")
        (self.here,) = ax.plot([], [], color=style.INK, linewidth=1)
        _scale_errors(ax, FIT_ERRORS, HIGHEST)
        ax.set_title("Error of the fit of every degree")
        _below(ax, ncols=3)
        self.moving(self.floor, self.here, self.train, self.test)

    def update(self, result: Fit) -> None:
        self.points.set_data(
            style.numpy(result.x), style.numpy(result.y.clamp(-FARTHEST, FARTHEST))
        )
        self.fit.set_data(style.numpy(result.line), style.numpy(result.curves[result.degree]))
        degrees = range(HIGHEST + 1)
        self.train.set_data(degrees, style.numpy(result.train.clamp(*FIT_ERRORS)))
        self.test.set_data(degrees, style.numpy(result.test.clamp(*FIT_ERRORS)))
        self.floor.set_data([-0.5, HIGHEST + 0.5], [max(result.noise**2, FIT_ERRORS[0])] * 2)
        self.here.set_data([result.degree] * 2, self.here.axes.get_ylim())

    def describe(self, result: Fit) -> str:
        d, best = result.degree, int(result.test.argmin())
        train, largest = (
            v if v > 1e-9 else 0.0 for v in (result.train[d].item(), result.largest[d].item())
        )
        return (
            f"Degree {d} with ρ = {result.rho:g} on {len(result.x)} samples: training MSE "
            f"{train:.3g}, test MSE {result.test[d]:.3g}, largest coefficient {largest:.3g}. "
            f"The test MSE is smallest, "
            f"{result.test[best]:.3g}, at degree {best}."
        )

    def truth(self) -> float:
        return float(polynomial_fits(12, 0.5, 0.0, 0).test.argmin())


# ---- many training sets ------------------------------------------------------------------------

SETS, TOP = 200, 9
PART_ERRORS = (1e-4, 4.0)
"""Errors that are drawn; smaller ones stand at the edge."""


class Ensemble(NamedTuple):
    """Fits of all degrees to many training sets of one law.

    line             float64 tensor (80,), where the fits are compared
    curves           float64 tensor (SETS, TOP+1, 80), set by set, degree by degree
    bias2, variance  float64 tensors (TOP+1,), averaged over x
    degree           the one that is looked at
    noise            standard deviation
    """

    line: Tensor
    curves: Tensor
    bias2: Tensor
    variance: Tensor
    degree: int
    noise: float


@lru_cache(maxsize=64)
def ensemble(n: int, noise: float, rho: float) -> Ensemble:
    """Fits of all degrees to 200 training sets, and what their errors are made of.

    n        number of samples in a set, at equal distances
    noise    standard deviation
    rho      penalty
    returns  Ensemble, with degree 0
    """
    x, line = spaced(n), spaced(80)
    y = noisy_sine(x.expand(SETS, -1), noise, torch.Generator().manual_seed(5))
    curves = fit_degrees(x, y, TOP, rho) @ powers(line, TOP).T
    return Ensemble(line, curves, *bias_and_variance(curves, law(line)), 0, noise)


class BiasVariance(base.Explorable):
    """Many training sets of one law: squared bias falls with the degree, variance rises."""

    title = "40 of 200 fits, each to its own sample"
    size = (9.0, 4.2)
    question = (
        "200 training sets of 12 samples, one fit each. From degree 3 to degree 9: "
        "what happens to the spread of the fits and to their mean?"
    )
    choices = (
        "the spread grows, the mean stays near the sine",
        "the spread stays, the mean moves away from the sine",
        "both come nearer to the sine",
    )

    def controls(self) -> dict[str, Any]:
        return {
            "degree": base.int_slider("degree D", 0, TOP, 1),
            "n": base.int_slider("samples N", 12, 100, 12, step=4),
            "noise": base.slider("noise σ", 0, 1, 0.5, step=0.05),
            "rho": _penalty(0.0),
        }

    def compute(self, degree: int, n: int, noise: float, rho: float) -> Ensemble:
        return ensemble(n, noise, rho)._replace(degree=degree)

    def build(self, fig: Any, result: Ensemble) -> None:
        left, right = fig.subplots(1, 2)
        thin: dict[str, Any] = {"linewidths": 0.7, "alpha": 0.6, "label": "single fits"}
        self.bundle = LineCollection([], colors=style.SKY, **thin)
        left.add_collection(self.bundle, autolim=False)
        line = style.numpy(result.line)
        (self.mean,) = left.plot([], [], color=style.INK, label="mean of all 200 fits")
        (truth,) = left.plot(line, style.numpy(law(result.line)), ":", color=style.TRUTH)
        truth.set_label("sine")
        left.set(
            xlim=(-1.05, 1.05),
            ylim=(-2.6, 2.6),
            xlabel="x (in units of π)",
            ylabel="y",
            title=self.title,
        )
        left.set_xticks((-1, -0.5, 0, 0.5, 1))
        _below(left, ncols=3)
        self._build_errors(right)
        self.moving(self.bundle, self.mean, truth)

    def _build_errors(self, ax: Any) -> None:
        (self.bias2,) = ax.plot([], [], "o--", color=style.BLUE, label="bias²")
        (self.variance,) = ax.plot([], [], "^-.", color=style.GREEN, label="variance")
        (self.floor,) = ax.plot([], [], ":", color=style.TRUTH, label="noise σ²")
        (self.total,) = ax.plot([], [], "s-", color=style.TEST, markersize=9, zorder=1.9)
        self.total.set_label("sum: expected error")
        (self.here,) = ax.plot([], [], color=style.INK, linewidth=1)
        _scale_errors(ax, PART_ERRORS, TOP)
        ax.set_title("The expected error, and its three parts")
        _below(ax, ncols=2)
        self.moving(self.floor, self.here, self.bias2, self.variance, self.total)

    def update(self, result: Ensemble) -> None:
        line, fits = result.line, result.curves[:, result.degree]
        shown = fits[:40]
        self.bundle.set_segments(style.numpy(torch.stack([line.expand_as(shown), shown], -1)))
        self.mean.set_data(style.numpy(line), style.numpy(fits.mean(0)))
        degrees = range(TOP + 1)
        total = result.bias2 + result.variance + result.noise**2
        for artist, height in (
            (self.bias2, result.bias2),
            (self.variance, result.variance),
            (self.total, total),
        ):
            artist.set_data(degrees, style.numpy(height.clamp(*PART_ERRORS)))
        self.floor.set_data([-0.5, TOP + 0.5], [max(result.noise**2, PART_ERRORS[0])] * 2)
        self.here.set_data([result.degree] * 2, self.here.axes.get_ylim())

    def describe(self, result: Ensemble) -> str:
        d = result.degree
        bias2, variance = result.bias2[d], result.variance[d]
        total = result.bias2 + result.variance + result.noise**2
        return (
            f"Degree {d}: squared bias {bias2:.3g}, variance {variance:.3g}, noise "
            f"{result.noise**2:.3g}, together an expected squared error of {total[d]:.3g}; "
            f"the smallest, {total.min():.3g}, is at degree {int(total.argmin())}."
        )

    def truth(self) -> str:
        result = ensemble(12, 0.5, 0.0)
        spread = result.variance[9] > 2 * result.variance[3]
        near = result.bias2[9] < 0.01
        return self.choices[0 if spread and near else 2 if near else 1]
