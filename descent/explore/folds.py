"""k-fold cross-validation of polynomials: all folds and degrees at once, and an explorable."""

from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from descent import style
from descent.explore import base
from descent.explore.overfitting import anywhere, fit_degrees, mse, noisy_sine, powers, spaced

SAMPLES, DEGREES = 20, 7
VALIDATION = style.PURPLE
"""Colour of what is left out: neither training nor test."""
ERRORS = (0.1, 5.0)
"""Errors that are drawn; smaller and larger ones stand at the edge."""


class Folds(NamedTuple):
    """A partition, the fits that leave out one fold each, and their errors.

    x, y        float64 tensors (N,), x increasing
    fold        int64 tensor (N,), fold of each sample, 0..k-1
    fits        float64 tensor (k, DEGREES+1, DEGREES+1), fold left out, degree, coefficients
    errors      float64 tensor (k, DEGREES+1), MSE on the fold left out
    fresh       float64 tensor (DEGREES+1,), MSE on fresh points of the fit to all samples
    shown       fold that is looked at, 0..k-1
    degree      degree that is looked at
    """

    x: Tensor
    y: Tensor
    fold: Tensor
    fits: Tensor
    errors: Tensor
    fresh: Tensor
    shown: int
    degree: int

    @property
    def chosen(self) -> int:
        """The degree with the smallest mean error over the folds."""
        return int(self.errors.mean(0).argmin())


@lru_cache(maxsize=256)
def cross_validation(k: int, shuffle: int) -> Folds:
    """All degrees on all folds of one partition: one batched least-squares solve.

    k        number of folds, 2..SAMPLES
    shuffle  seed of the partition
    returns  Folds, with fold 0 and degree 0 shown
    """
    x, g = spaced(SAMPLES), torch.Generator().manual_seed(9)
    y = noisy_sine(x, 0.5, g)
    fresh_x = anywhere(5000, g)
    fold = torch.randperm(SAMPLES, generator=torch.Generator().manual_seed(shuffle)) % k
    left_out = fold == torch.arange(k)[:, None]
    fits = fit_degrees(x.expand(k, -1), y.expand(k, -1), DEGREES, kept=~left_out)
    squares = (fits @ powers(x, DEGREES).T - y).square() * left_out[:, None]
    errors = squares.sum(-1) / left_out.sum(-1, keepdim=True)
    fresh = mse(fit_degrees(x, y, DEGREES), fresh_x, noisy_sine(fresh_x, 0.5, g))
    return Folds(x, y, fold, fits, errors, fresh, 0, 0)


class FoldViewer(base.Explorable):
    """k-fold cross-validation: who is left out when, the fit without them, the mean error."""

    title = "Every sample is left out once"
    size = (10.0, 3.9)
    question = (
        "20 samples in k = 5 folds, polynomials of degree 0 to 7 fitted without one fold each. "
        "Which degree has the smallest mean error on the folds left out?"
    )

    def controls(self) -> dict[str, Any]:
        return {
            "k": base.int_slider("folds k", 2, SAMPLES, 5),
            "fold": base.int_slider("fold left out", 1, 5, 1),
            "degree": base.int_slider("degree D", 0, DEGREES, 6),
            "shuffle": base.int_slider("shuffle", 0, 20, 0),
        }

    def compute(self, k: int, fold: int, degree: int, shuffle: int) -> Folds:
        return cross_validation(k, shuffle)._replace(shown=min(fold, k) - 1, degree=degree)

    def limits(self, result: Folds) -> dict[str, int]:
        return {"fold": len(result.errors)}

    def build(self, fig: Any, result: Folds) -> None:
        self.table, middle, right = fig.subplots(1, 3, width_ratios=(1.1, 1, 1))
        self._build_table(self.table)
        line = spaced(100)
        self.basis = powers(line, DEGREES)
        (self.fit,) = middle.plot(style.numpy(line), style.numpy(line), color=style.TRAIN)
        (self.used,) = middle.plot([], [], "o", color=style.TRAIN, markersize=5)
        (self.kept_out,) = middle.plot([], [], "s", color=VALIDATION, markersize=7)
        middle.set(
            ylim=(-2.6, 2.6), xlabel="x (in units of π)", ylabel="y", title="Fit without that fold"
        )
        self.moving(self.fit, self.used, self.kept_out)
        self._build_errors(right)

    def _build_table(self, ax: Any) -> None:
        (self.trained,) = ax.plot([], [], "o", color=style.TRAIN, markersize=3)
        (self.validated,) = ax.plot([], [], "s", color=VALIDATION, markersize=6)
        (self.row,) = ax.plot([], [], color=style.INK, linewidth=1.2)
        ax.set(xlim=(0, SAMPLES + 1), ylim=(1.02, -0.02), xticks=(1, 5, 10, 15, 20), yticks=())
        ax.set(xlabel="sample, by x", ylabel="← fold k      fold 1 →", title=self.title)
        ax.grid(False)
        self.moving(self.row, self.trained, self.validated)
        ax.legend(
            [self.trained, self.validated],
            ["fitted", "left out"],
            loc="upper center",
            bbox_to_anchor=(0.5, -0.17),
            ncols=2,
        )

    def _build_errors(self, ax: Any) -> None:
        (self.each,) = ax.plot([], [], "_", color=style.GREY, markersize=7, label="one fold")
        (self.mean,) = ax.plot([], [], "s-", color=VALIDATION, label="mean of the folds")
        (self.fresh,) = ax.plot([], [], "^:", color=style.TEST, label="fresh points")
        (self.here,) = ax.plot([], [], color=style.INK, linewidth=1)
        (self.ring,) = ax.plot([], [], "o", mfc="none", mec=style.INK, ms=15, label="chosen")
        ax.set(yscale="log", xlim=(-0.5, DEGREES + 0.5), ylim=(ERRORS[0] / 1.1, 1.1 * ERRORS[1]))
        ticks = (0.1, 0.2, 0.5, 1, 2, 5)
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
        ax.set(xlabel="degree D", ylabel="mean squared error\n(cut at the edges)")
        ax.set_title("Mean error chooses the degree")
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2, columnspacing=1)
        self.moving(self.each, self.here, self.fresh, self.mean, self.ring)

    def update(self, result: Folds) -> None:
        self._update_table(result)
        out = result.fold == result.shown
        curve = self.basis @ result.fits[result.shown, result.degree]
        self.fit.set_ydata(style.numpy(curve))
        self.used.set_data(style.numpy(result.x[~out]), style.numpy(result.y[~out]))
        self.kept_out.set_data(style.numpy(result.x[out]), style.numpy(result.y[out]))
        degrees = torch.arange(DEGREES + 1).expand_as(result.errors)
        each, mean = (e.clamp(*ERRORS) for e in (result.errors, result.errors.mean(0)))
        self.each.set_data(style.numpy(degrees.flatten()), style.numpy(each.flatten()))
        self.mean.set_data(style.numpy(degrees[0]), style.numpy(mean))
        self.fresh.set_data(style.numpy(degrees[0]), style.numpy(result.fresh))
        self.ring.set_data([result.chosen], [float(mean[result.chosen])])
        self.here.set_data([result.degree] * 2, self.here.axes.get_ylim())

    def _update_table(self, result: Folds) -> None:
        k = len(result.errors)
        out = result.fold == torch.arange(k)[:, None]
        for artist, which in ((self.validated, out), (self.trained, ~out)):
            row, sample = which.nonzero().T
            artist.set_data(style.numpy(sample + 1), style.numpy((row + 0.5) / k))
        top, bottom = result.shown / k, (result.shown + 1) / k
        left, right = 0.3, SAMPLES + 0.7
        self.row.set_data([left, right, right, left, left], [top, top, bottom, bottom, top])

    def describe(self, result: Folds) -> str:
        k, d, chosen = len(result.errors), result.degree, result.chosen
        mean = result.errors.mean(0)
        return (
            f"Fold {result.shown + 1} of {k} left out ({int((result.fold == result.shown).sum())} "
            f"of {SAMPLES} samples): degree {d} has an MSE of {result.errors[result.shown, d]:.3g} "
            f"there, of {mean[d]:.3g} in the mean over all folds. The mean is smallest, "
            f"{mean[chosen]:.3g}, at degree {chosen}."
        )

    def truth(self) -> float:
        return float(cross_validation(5, 0).chosen)
