"""What the outputs of a network mean: softmax with a temperature, and its Jacobian."""

from typing import Any, NamedTuple

import ipywidgets as widgets
import torch
from matplotlib.axes import Axes
from torch import Tensor

from descent import style
from descent.explore import base
from descent.explore.threads import one_thread

NAMES = ("A", "B", "C")
COOLEST, HOTTEST = -1.5, 1.5
"""Powers of ten between which the temperature moves."""

# ---- compute -------------------------------------------------------------------------------------


def softmax(z: Tensor, temperature: float = 1.0) -> Tensor:
    """Probabilities from logits; the largest logit is subtracted, so that nothing overflows.

    z            float tensor (…, C), logits
    temperature  T > 0, by which the logits are divided
    returns      float tensor of the same shape, each row sums to 1
    source       Bridle 1990; the temperature as in Hinton, Vinyals & Dean 2015
    """
    powers = ((z - z.max(dim=-1, keepdim=True).values) / temperature).exp()
    return powers / powers.sum(dim=-1, keepdim=True)


def jacobian(p: Tensor, temperature: float = 1.0) -> Tensor:
    """Derivatives of the softmax, ∂p_i / ∂z_j = p_i (1{i = j} − p_j) / T.

    p            float tensor (C,), the softmax's values
    temperature  T > 0
    returns      float tensor (C, C), symmetric, its rows sum to 0
    """
    return (p.diag() - torch.outer(p, p)) / temperature


def entropy(p: Tensor) -> float:
    """How undecided probabilities are, −Σ p log₂ p, bits: 0 to log₂ C."""
    return float(-(p * p.clamp(min=1e-30).log2()).sum())


class Answer(NamedTuple):
    """Logits and what a softmax makes of them.

    z            float64 tensor (C,), logits
    temperature  T
    p            float64 tensor (C,), probabilities
    """

    z: Tensor
    temperature: float
    p: Tensor


# ---- draw and wire -------------------------------------------------------------------------------


class SoftmaxTemperature(base.Explorable):
    """Three logits, a temperature: probabilities, how they depend on T, and the Jacobian."""

    title = "Probabilities"
    size = (8.8, 3.3)
    question = (
        "A leads with logit 2, before B with 1 and C with 0. All three logits grow by 5, "
        "at T = 1. What happens to the probability of A?"
    )
    choices = ("it grows", "it stays the same", "it falls")

    def controls(self) -> dict[str, Any]:
        power = {"base": 10, "min": COOLEST, "max": HOTTEST, "step": 0.05, "readout_format": ".3g"}
        power |= {"style": base.STYLE, "layout": base.WIDE, "description": "temperature T"}
        starts = zip("abc", NAMES, (2, 1, 0), strict=True)
        logits = {key: base.slider(f"logit of {name}", -5, 5, z, 0.25) for key, name, z in starts}
        return {
            "temperature": widgets.FloatLogSlider(1.0, **power),
            **logits,
            "shift": base.slider("added to all logits", -10, 10, 0, step=1),
        }

    def compute(self, temperature: float, a: float, b: float, c: float, shift: float) -> Answer:
        z = torch.tensor([a, b, c], dtype=torch.float64) + shift
        temperature = float(f"{temperature:.6g}")
        return Answer(z, temperature, softmax(z, temperature))

    def build(self, fig: Any, result: Answer) -> None:
        left, middle, right = fig.subplots(1, 3, width_ratios=[1, 1.15, 0.95])
        self._build_bars(left)
        self._build_curves(middle)
        self._build_jacobian(right)

    def _build_bars(self, ax: Axes) -> None:
        ax.set(xlim=(-0.6, 2.6), ylim=(0, 1.12), title=self.title)
        ax.set_xticks(range(3), ["\n"] * 3)
        ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
        self.bars = ax.bar(range(3), [0] * 3, color=style.CLASSES[:3], width=0.7)
        for bar, hatch in zip(self.bars, ("", "//", ".."), strict=True):
            bar.set(hatch=hatch, edgecolor=style.PAPER)
        self.told = [ax.text(k, -0.04, "", ha="center", va="top") for k in range(3)]
        self.moving(*self.bars, *self.told)

    def _build_curves(self, ax: Axes) -> None:
        ax.set(xscale="log", xlim=(10**COOLEST, 10**HOTTEST), ylim=(-0.03, 1.25))
        ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
        ax.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
        ax.set(xlabel="temperature T", title="At other temperatures")
        ax.axhline(1 / 3, linestyle=":", color=style.GREY, linewidth=1)
        self.curves = [
            ax.plot([], [], look, color=color, label=name)[0]
            for look, color, name in zip(("-", "--", "-."), style.CLASSES, NAMES, strict=False)
        ]
        ax.legend(loc="upper right", ncols=3, handlelength=2.4, columnspacing=1)
        self.here = ax.plot([], [], color=style.INK, linewidth=1)[0]
        self.moving(*self.curves, self.here)

    def _build_jacobian(self, ax: Axes) -> None:
        ax.set_xticks(range(3), [f"∂/∂z of {name}" for name in NAMES], fontsize=9)
        ax.set_yticks(range(3), [f"p of {name}" for name in NAMES])
        ax.set(title="Jacobian")
        ax.grid(False)
        look: dict[str, Any] = {"cmap": style.REGIONS, "vmin": -0.25, "vmax": 0.25}
        self.image = ax.imshow([[0.0] * 3] * 3, **look)
        self.entries = [
            ax.text(j, i, "", ha="center", va="center") for i in range(3) for j in range(3)
        ]
        self.moving(self.image, *self.entries)

    @one_thread()
    def update(self, result: Answer) -> None:
        for k, p in enumerate(result.p.tolist()):
            self.bars[k].set_height(p)
            said = f"{NAMES[k]}: {p:.3f}\nz = {result.z[k]:g}"
            self.told[k].set_text(said.replace("-", "−"))
        ts = torch.logspace(COOLEST, HOTTEST, 120, dtype=torch.float64)
        for curve, p in zip(self.curves, softmax(result.z / ts[:, None]).T, strict=True):
            curve.set_data(style.numpy(ts), style.numpy(p))
        self.here.set_data([result.temperature] * 2, [-0.03, 1])
        slopes = jacobian(result.p, result.temperature)
        self.image.set_data(style.numpy(slopes))
        for text, slope in zip(self.entries, slopes.flatten().tolist(), strict=True):
            text.set_text(f"{round(slope, 3) + 0.0:.3f}".replace("-", "−"))

    def describe(self, result: Answer) -> str:
        said = ", ".join(f"{n} {p:.3f}" for n, p in zip(NAMES, result.p.tolist(), strict=True))
        z = ", ".join(f"{v:g}" for v in result.z.tolist())
        return (
            f"Logits {z} at temperature {result.temperature:.3g} give {said}, an entropy of "
            f"{entropy(result.p):.2f} of at most {entropy(torch.ones(3) / 3):.2f} bits."
        ).replace("-", "−")

    def truth(self) -> str:
        before, after = (float(self.compute(1.0, 2, 1, 0, shift).p[0]) for shift in (0, 5))
        change = after - before
        return self.choices[1 if abs(change) < 1e-9 else 0 if change > 0 else 2]
