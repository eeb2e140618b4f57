"""The optimisers of 06_gradient_descent, and their race on surfaces over two weights."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from ipywidgets import SelectionSlider
from torch import Tensor

from descent import style
from descent.explore import base
from descent.explore.landscapes import METHODS, SURFACES, Surface, draw_levels

# ---- the rules -----------------------------------------------------------------------------------


def momentum_step(w: Any, velocity: Any, grad: Any, lr: float, gamma: float) -> tuple[Any, Any]:
    """One step of gradient descent with momentum, u ← γu + ηg, w ← w − u.

    w         float tensor, weights, or a float
    velocity  u, like w; zeros at first
    grad      g, like w
    lr        learning rate η
    gamma     γ, the share of the velocity that is kept, in [0, 1)
    returns   new weights and new velocity
    source    Polyak 1964, DOI 10.1016/0041-5553(64)90137-5
    """
    speed = gamma * velocity + lr * grad
    return w - speed, speed


def adam_step(
    w: Any,
    m: Any,
    v: Any,
    grad: Any,
    t: int,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Any, Any, Any]:
    """One step of Adam.

    w        float tensor, weights, or a float
    m, v     running means of the gradient and of its square, like w; zeros at first
    grad     like w
    t        number of this step, 1 for the first
    lr       learning rate η
    beta1    share of m that is kept
    beta2    share of v that is kept
    eps      keeps the quotient finite
    returns  new weights, m and v, these two without the corrections
    source   Kingma & Ba 2015, algorithm 1, arXiv:1412.6980
    """
    mean, square = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * (grad * grad)
    scale = (square / (1 - beta2**t)) ** 0.5 + eps
    return w - lr * mean / (1 - beta1**t) / scale, mean, square


class Knobs(NamedTuple):
    """Settings of all rules: η, γ (β₁ of Adam), β₂."""

    lr: float
    gamma: float
    beta2: float


Memory = tuple[Any, ...]
Rule = Callable[[Any, Memory, Any, int, Knobs], tuple[Any, Memory]]
EPS = 1e-8


def _plain(w: Any, memory: Memory, g: Any, t: int, k: Knobs) -> tuple[Any, Memory]:
    return w - k.lr * g, memory


def _momentum(w: Any, memory: Memory, g: Any, t: int, k: Knobs) -> tuple[Any, Memory]:
    w, speed = momentum_step(w, memory[0], g, k.lr, k.gamma)
    return w, (speed,)


def _adagrad(w: Any, memory: Memory, g: Any, t: int, k: Knobs) -> tuple[Any, Memory]:
    total = memory[0] + g * g
    return w - k.lr * g / (total**0.5 + EPS), (total,)


def _rmsprop(w: Any, memory: Memory, g: Any, t: int, k: Knobs) -> tuple[Any, Memory]:
    square = k.beta2 * memory[0] + (1 - k.beta2) * g * g
    return w - k.lr * g / (square**0.5 + EPS), (square,)


def _adam(w: Any, memory: Memory, g: Any, t: int, k: Knobs) -> tuple[Any, Memory]:
    m, v = memory
    w, m, v = adam_step(w, m, v, g, t, k.lr, k.gamma, k.beta2, EPS)
    return w, (m, v)


class Racer(NamedTuple):
    """A rule in the race.

    rule      for one weight, in arithmetic on floats
    memories  how many numbers it keeps for a weight
    adaptive  whether it divides by the size of past gradients, and so has a learning rate apart
    ahead     whether its gradient is taken at w − γu, where the velocity leads (Nesterov)
    uses      whether it uses γ and β₂
    """

    rule: Rule
    memories: int
    adaptive: bool
    ahead: bool
    uses: tuple[bool, bool]


RACERS: dict[str, Racer] = {
    "gradient descent": Racer(_plain, 0, False, False, (False, False)),
    "momentum": Racer(_momentum, 1, False, False, (True, False)),
    "Nesterov": Racer(_momentum, 1, False, True, (True, False)),
    "AdaGrad": Racer(_adagrad, 1, True, False, (False, False)),
    "RMSProp": Racer(_rmsprop, 1, True, False, (False, True)),
    "Adam": Racer(_adam, 2, True, False, (True, True)),
}

# ---- runs ----------------------------------------------------------------------------------------

STEPS = 300
LOST = 1e4
"""Distance from the origin from which on a run counts as lost."""
TOP = 1e3
"""Largest loss above the smallest in the picture."""


@lru_cache(maxsize=64)
def noise_of(size: float, seed: int = 0) -> list[list[float]]:
    """What is added to the gradient of each step, the same for every racer: (STEPS, 2)."""
    draws = torch.randn(STEPS, 2, generator=torch.Generator().manual_seed(seed))
    return (size * draws).tolist()


@lru_cache(maxsize=4096)
def path_of(
    name: str, surface: str, knobs: Knobs, noise: float = 0.0, learner: Any = None
) -> Tensor:
    """Positions of one racer on a surface, the start first.

    name     key of RACERS
    surface  key of SURFACES
    knobs    settings
    noise    standard deviation of what is added to each partial derivative
    learner  `momentum_step` or `adam_step` of a learner in place of the course's, or None
    returns  float64 tensor (STEPS + 1, 2); nan once it is further than LOST from the origin
    """
    racer, (_, slope, _, start, *_) = RACERS[name], SURFACES[surface]
    advance = _by_learner(name, learner) if learner else _by_weight(racer.rule)
    w, memory = list(start), [[0.0, 0.0] for _ in range(racer.memories)]
    path = [w]
    for t, (e1, e2) in enumerate(noise_of(noise), 1):
        at = [p - knobs.gamma * u for p, u in zip(w, memory[0], strict=True)] if racer.ahead else w
        g1, g2 = slope(*at)
        w, memory = advance(w, memory, [g1 + e1, g2 + e2], t, knobs)
        if not math.hypot(*w) < LOST:
            break
        path.append(w)
    filled = torch.full((STEPS + 1, 2), torch.nan, dtype=torch.float64)
    filled[: len(path)] = torch.tensor(path, dtype=torch.float64)
    return filled


Advance = Callable[..., tuple[list[float], list[list[float]]]]


def _by_weight(rule: Rule) -> Advance:
    """The rule for lists of weights, one after the other: floats are faster than tensors of two."""

    def advance(
        w: list[float], memory: list[list[float]], g: list[float], t: int, k: Knobs
    ) -> tuple[list[float], list[list[float]]]:
        new = [rule(p, tuple(m[i] for m in memory), g[i], t, k) for i, p in enumerate(w)]
        kept = [[mem[j] for _, mem in new] for j in range(len(memory))]
        return [p for p, _ in new], kept

    return advance


def _by_learner(name: str, step: Callable[..., Any]) -> Advance:
    """The learner's step for lists of weights, handed over as float64 tensors (2,)."""

    def advance(
        w: list[float], memory: list[list[float]], g: list[float], t: int, k: Knobs
    ) -> tuple[list[float], list[list[float]]]:
        tensors = [torch.tensor(part, dtype=torch.float64) for part in (w, *memory, g)]
        knobs = (t, *k, EPS) if name == "Adam" else (k.lr, k.gamma)
        new, *kept = step(*tensors, *knobs)
        return new.tolist(), [part.tolist() for part in kept]

    return advance


def _trial(step: Callable[..., Any], memories: int) -> Callable[[], Tensor]:
    """Five steps in a row, each with its own learning rate: all that they return, (5, M, 2)."""

    def run() -> Tensor:
        draws = torch.randn(5, 2, generator=torch.Generator().manual_seed(6)).double()
        state = [draws[0]] + [torch.zeros_like(draws[0])] * memories
        seen = []
        for t, g in enumerate(draws, 1):
            knobs = (t, 0.1 * t, 0.8, 0.95, 1e-3) if memories == 2 else (0.1 * t, 0.8)
            state = list(step(*state, g, *knobs))
            seen.append(torch.stack(state))
        return torch.stack(seen)

    return run


def examined(
    learner: Callable[..., Any] | None, reference: Callable[..., Any], memories: int
) -> tuple[Any, str]:
    """The learner's step if five of its steps are the course's, and what is to be said of it.

    learner    `momentum_step` or `adam_step` from the notebook, or None
    reference  the same of the course
    memories   how many tensors it keeps beside the weights
    returns    the learner's step, or None where the course's is to be used; a label
    """
    tried = _trial(learner, memories) if learner is not None else None
    used, label = base.learner_or_reference(tried, _trial(reference, memories))
    return (learner if tried is not None and used is tried else None), label


class Race(NamedTuple):
    """All racers on one surface.

    surface  its name
    paths    float64 tensor (R, STEPS + 1, 2), nan where a racer is lost
    above    float64 tensor (R, STEPS + 1), loss above the smallest, likewise
    step     the one that is looked at
    """

    surface: str
    paths: Tensor
    above: Tensor
    step: int

    @property
    def leader(self) -> str:
        """Who has the smallest loss now, the first of them."""
        return (self.leaders or list(RACERS))[0]

    @property
    def leaders(self) -> list[str]:
        """All who have the smallest loss now, several only if they are level."""
        now = self.above[:, self.step].nan_to_num(torch.inf)
        return [n for n, a in zip(RACERS, now, strict=True) if a == now.min() < torch.inf]


@lru_cache(maxsize=256)
def race_of(
    surface: str, plain: Knobs, adaptive: Knobs, noise: float, momentum: Any, adam: Any
) -> Race:
    """The race on a surface, with one learning rate for each kind of racer; step 0."""
    learners = {"momentum": momentum, "Adam": adam}
    paths = torch.stack(
        [
            path_of(name, surface, _own(r, plain, adaptive), noise, learners.get(name))
            for name, r in RACERS.items()
        ]
    )
    ground: Surface = SURFACES[surface]
    above = (ground.loss(*paths.unbind(dim=2)) - ground.best).clamp(min=1e-12)
    return Race(surface, paths, above, 0)


def _own(racer: Racer, plain: Knobs, adaptive: Knobs) -> Knobs:
    """The settings that matter to a racer: another one's knob needs no new run."""
    lr, gamma, beta2 = adaptive if racer.adaptive else plain
    return Knobs(lr, gamma * racer.uses[0], beta2 * racer.uses[1])


# ---- draw and wire -------------------------------------------------------------------------------

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 1.0)
GAMMAS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)
BETAS = (0.5, 0.9, 0.99, 0.999)


def _pick(label: str, options: tuple[float, ...], value: float) -> SelectionSlider:
    """A slider over a few numbers."""
    return SelectionSlider(
        options=[(f"{o:g}", o) for o in options],
        value=value,
        description=label,
        style=base.STYLE,
        layout=base.WIDE,
    )


class OptimiserRace(base.Explorable):
    """Six optimisers from one start: where they are, and how far above the smallest loss.

    momentum_step  the learner's own, raced in place of the course's where it works
    adam_step      likewise
    """

    title = "Six ways down"
    size = (8.4, 4.1)
    play = "step"
    interval = 45
    question = (
        "The valley is 30 times as steep across as along. With the settings below, who has the "
        "smallest loss after 100 steps?"
    )
    choices = tuple(RACERS)

    def __init__(
        self,
        momentum_step: Callable[..., Any] | None = None,
        adam_step: Callable[..., Any] | None = None,
    ) -> None:
        course = globals()
        self.momentum, said = examined(momentum_step, course["momentum_step"], 1)
        self.adam, also = examined(adam_step, course["adam_step"], 2)
        self.whose = {"momentum": said, "Adam": also}
        self.given = momentum_step is not None or adam_step is not None
        super().__init__()

    def controls(self) -> dict[str, Any]:
        return {
            "step": base.int_slider("step", 0, STEPS, 100),
            "surface": base.choice("surface", list(SURFACES), "slanted valley"),
            "lr": _pick("η: first three", RATES, 0.1),
            "adaptive_lr": _pick("η: last three", RATES, 0.1),
            "gamma": _pick("γ, and β₁ of Adam", GAMMAS, 0.9),
            "beta2": _pick("β₂", BETAS, 0.99),
            "noise": base.slider("gradient noise", 0, 1, 0, 0.1),
        }

    def compute(
        self,
        step: int,
        surface: str,
        lr: float,
        adaptive_lr: float,
        gamma: float,
        beta2: float,
        noise: float,
    ) -> Race:
        plain, adaptive = Knobs(lr, gamma, beta2), Knobs(adaptive_lr, gamma, beta2)
        return race_of(surface, plain, adaptive, noise, self.momentum, self.adam)._replace(
            step=step
        )

    def build(self, fig: Any, result: Race) -> None:
        self.map, ax = fig.subplots(1, 2, width_ratios=[1.25, 1])
        ax.set(xlim=(0, STEPS + 8), ylim=(2e-13, TOP), yscale="log", xlabel="step")
        ax.set(ylabel="loss above the smallest", title="How far above the smallest loss")
        for axis in (self.map.xaxis, self.map.yaxis):  # of one width on all surfaces
            axis.set_major_formatter(lambda at, _: f"{at:.1f}".replace("-", "−"))
        lines: list[list[Any]] = [[], [], [], []]
        self.trails, self.heads, self.curves, self.tips = lines
        for name in RACERS:
            colour, dash, marker = METHODS[name]
            head = {"color": colour, "marker": marker, "linestyle": "", "mec": style.PAPER}
            for where, lines, heads in (
                (self.map, self.trails, self.heads),
                (ax, self.curves, self.tips),
            ):
                lines += where.plot([], [], dash, color=colour, linewidth=1.4)
                heads += where.plot([], [], markersize=9, zorder=3, clip_on=where is not ax, **head)
        ring = {"mfc": "none", "mec": style.INK, "mew": 1.5, "markersize": 12}
        (self.start,) = self.map.plot([], [], "o", **ring)
        (self.goal,) = self.map.plot([], [], "P", color=style.GREEN, mec=style.PAPER, markersize=12)
        self._build_words(fig)
        self.moving(*self.trails, *self.heads, *self.curves, *self.tips, self.now)
        self.changing(self.map)
        self.shown = ""

    def _build_words(self, fig: Any) -> None:
        """The names of the racers, and the number of the step, which stand in the picture."""
        names = [f"{n} ({_brief(self.whose[n])})" if self._told(n) else n for n in RACERS]
        pairs = list(zip(self.trails, self.heads, strict=True))
        fig.legend(pairs, names, loc="outside lower center", ncols=3, numpoints=1, handlelength=3)
        box = {"fc": style.PAPER, "ec": "none", "alpha": 0.85, "pad": 2}
        self.now = self.map.text(
            0.03, 0.96, "", transform=self.map.transAxes, va="top", weight="bold", bbox=box
        )

    def _told(self, name: str) -> bool:
        """Whether to say whose rule this is: a learner gave one."""
        return self.given and name in self.whose

    def update(self, result: Race) -> None:
        if result.surface != self.shown:
            self._show(result.surface)
        step = result.step
        paths, above = style.numpy(result.paths), style.numpy(result.above)
        for k in range(len(RACERS)):
            self.trails[k].set_data(*paths[k, : step + 1].T)
            self.heads[k].set_data(*paths[k, step : step + 1].T)
            self.curves[k].set_data(range(step + 1), above[k, : step + 1])
            tip = above[k, step : step + 1]
            self.tips[k].set_data([step] * len(tip[tip <= TOP]), tip[tip <= TOP])
        self.now.set_text(f"step {step} of {STEPS}")

    def _show(self, name: str) -> None:
        """The level lines of a surface, its start and its window."""
        self.shown = name
        for artist in tuple(self.map.collections):
            artist.remove()
        surface = SURFACES[name]
        words = {"title": f"{self.title}: {name}", "xlabel": "w₁   (○ start, ✚ minimum)"}
        draw_levels(self.map, surface.loss, surface.window, surface.best, **words)
        self.start.set_data([surface.start[0]], [surface.start[1]])
        self.goal.set_data(*zip(*surface.lowest, strict=True))
        self.redraw()

    def describe(self, result: Race) -> str:
        p = self.params
        lost = [n for n, a in zip(RACERS, result.above[:, result.step], strict=True) if a.isnan()]
        told = [
            f"{name} {float(a):.1e}"
            for name, a in zip(RACERS, result.above[:, result.step], strict=True)
            if not a.isnan()
        ]
        whose = [f"{name} is {label}" for name, label in self.whose.items() if self._told(name)]
        return (
            f"Step {result.step} of {STEPS} on the {result.surface}, η = {p['lr']:g} and "
            f"{p['adaptive_lr']:g}, γ = {p['gamma']:g}, β₂ = {p['beta2']:g}: {_first(result)}. "
            f"Above the smallest loss: {', '.join(told) or 'nobody'}."
            + (f" Lost: {', '.join(lost)}." if lost else "")
            + (f" In this race {'; '.join(whose)}." if whose else "")
        )

    def truth(self) -> str:
        plain = Knobs(0.1, 0.9, 0.99)
        return race_of("slanted valley", plain, plain, 0.0, None, None)._replace(step=100).leader


def _first(race: Race) -> str:
    """Who is lowest, in words."""
    *others, last = race.leaders or ["nobody"]
    if len(race.leaders) == len(RACERS):
        return "all are level"
    return f"lowest are {', '.join(others)} and {last}" if others else f"lowest is {last}"


def _brief(label: str) -> str:
    """A label of `learner_or_reference` for a legend."""
    short = label.split(" (")[0].replace(" function", "")
    return "yours" if short == "your" else short
