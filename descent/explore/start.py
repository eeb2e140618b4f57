"""Explorables of 00_start_here: one pixel that decides, and a network that learns to read.

The history's pictures and its timeline, in the module of that name, can be had from here as well.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from torch import Tensor
from torch.nn.functional import conv2d, cross_entropy, max_pool2d

from descent import style
from descent.data import Dataset, load_digits
from descent.explore import base
from descent.explore.features import mosaic
from descent.explore.history import (
    Timeline,
    bars,
    draw_entries,
    draw_images,
    draw_layers,
    draw_photocells,
    draw_residual,
    draw_tuning,
    draw_unit,
    photocells,
    stripes,
)

__all__ = [
    "OnePixel",
    "Timeline",
    "WatchItLearn",
    "bars",
    "draw_entries",
    "draw_images",
    "draw_layers",
    "draw_mistakes",
    "draw_photocells",
    "draw_residual",
    "draw_tuning",
    "draw_unit",
    "mosaic",
    "photocells",
    "stripes",
]

# ---- compute: one pixel --------------------------------------------------------------------------

PAIRS = ((0, 1), (1, 7), (2, 3), (3, 8), (4, 9), (5, 6))
"""Pairs of digits to tell apart."""
LEVELS = 17
"""Grey values of the embedded digits: 0, 1/16, …, 1."""
TOP = 176
"""Images on the axis: at most 150 have the same grey value, and above is what the rule says."""


class Decision(NamedTuple):
    """A rule that looks at one pixel: darker than the threshold means the one class.

    pair       the two digits
    place      row and column of the pixel, from 0
    counts     int64 tensor (2, LEVELS), images of each class with each grey value of it
    threshold  grey value at which the answer changes, between two levels
    dark       which of the two classes is answered above it: 0 or 1
    wrong      images that the rule gets wrong
    """

    pair: tuple[int, int]
    place: tuple[int, int]
    counts: Tensor
    threshold: float
    dark: int
    wrong: int

    @property
    def error(self) -> float:
        """Share of images that the rule gets wrong, per cent."""
        return 100 * self.wrong / int(self.counts.sum())


@lru_cache
def digits() -> Dataset:
    """The embedded digits, read once."""
    return load_digits()


@lru_cache
def two(pair: tuple[int, int]) -> Dataset:
    """The embedded training images of two digits."""
    return digits().only(*pair)


@lru_cache(maxsize=1024)
def decide(pair: tuple[int, int], row: int, column: int) -> Decision:
    """The best rule that looks at this pixel only, of all thresholds and both directions."""
    images = two(pair)
    level = (images.x[:, 0, row, column] * (LEVELS - 1)).round().long()
    counts = torch.stack([torch.bincount(level[images.y == c], minlength=LEVELS) for c in pair])
    below = torch.nn.functional.pad(counts.cumsum(dim=1), (1, 0))
    above = counts.sum(dim=1, keepdim=True) - below
    # wrong[d, t]: images on the wrong side where class d is answered from level t on
    wrong = torch.stack([below[0] + above[1], below[1] + above[0]])
    dark, t = divmod(int(wrong.argmin()), LEVELS + 1)
    return Decision(pair, (row, column), counts, (t - 0.5) / (LEVELS - 1), dark, int(wrong.min()))


@lru_cache
def best_pixel(pair: tuple[int, int]) -> Decision:
    """The best rule of all pixels."""
    rows, columns = two(pair).x.shape[-2:]
    rules = [decide(pair, row, column) for row in range(rows) for column in range(columns)]
    return min(rules, key=lambda rule: rule.wrong)


# ---- draw and wire: one pixel --------------------------------------------------------------------


class OnePixel(base.Explorable):
    """Two digits told apart by a single pixel, which the learner chooses."""

    title = "How dark is this pixel?"
    size = (8.6, 3.2)
    question = (
        "Tell zeros from ones, but look at one pixel only, the same in every image. "
        "How many of 100 images does the best pixel get wrong?"
    )
    choices = ("about 1", "about 10", "about 30")

    def controls(self) -> dict[str, Any]:
        return {
            "row": base.int_slider("row", 1, 8, 4),
            "column": base.int_slider("column", 1, 8, 3),
            "pair": base.choice("digits", [(f"{a} and {b}", (a, b)) for a, b in PAIRS]),
        }

    def compute(self, row: int, column: int, pair: tuple[int, int]) -> Decision:
        return decide(pair, row - 1, column - 1)

    def build(self, fig: Any, result: Decision) -> None:
        first, second, right = fig.subplots(1, 3, width_ratios=[1, 1, 2])
        self.means, self.rings, self.titles = [], [], []
        for ax in (first, second):
            self.titles.append(ax.set_title("Mean 0 (outlined)"))
            ax.set(xticks=range(8), yticks=range(8))
            ax.set_xticklabels(range(1, 9), fontsize=8)
            ax.set_yticklabels(range(1, 9), fontsize=8)
            ax.grid(visible=False)
            self.means.append(
                ax.imshow(style.numpy(torch.zeros(8, 8)), cmap="gray_r", vmin=0, vmax=1)
            )
            ring = {"markersize": 15, "mfc": "none", "mec": style.ORANGE, "mew": 2.5}
            self.rings.append(ax.plot([0], [0], "s", **ring)[0])
        first.set(ylabel="row", xlabel="column")
        second.set(xlabel="column")
        self.moving(*self.titles, *self.means, *self.rings)
        self._build_counts(right)

    def handles(self) -> list[base.Handle]:
        def place(rule: Decision) -> tuple[float, float]:
            return rule.place[1], rule.place[0]

        def pixel(_: Decision, x: float, y: float) -> dict[str, float]:
            return {"column": x + 1, "row": y + 1}

        return [base.Handle("pixel", self.rings[0].axes, place, "column", "row", pixel)]

    def _build_counts(self, ax: Axes) -> None:
        ax.set(xlim=(-0.16, 1.16), ylim=(0, TOP), title=f"{self.title} Dashed: best limit")
        ax.set(xlabel="grey value: 0 white, 1 black", ylabel="images")
        edges = (torch.arange(LEVELS + 1) - 0.5) / (LEVELS - 1)
        self.steps = [
            ax.stairs([0] * LEVELS, edges, fill=c == 0, linewidth=2, color=style.CLASSES[c])
            for c in range(2)
        ]
        self.limit = ax.plot([0, 0], [0, TOP], "--", color=style.INK)[0]
        self.sides = [ax.text(0, TOP - 3, "", ha=ha, va="top") for ha in ("right", "left")]
        self.moving(*self.steps, self.limit, *self.sides)
        self.shown: tuple[int, int] | None = None

    def update(self, result: Decision) -> None:
        if result.pair != self.shown:
            self._show_pair(result.pair)
        row, column = result.place
        for ring, step, counts in zip(self.rings, self.steps, result.counts, strict=True):
            ring.set_data([column], [row])
            step.set_data(style.numpy(counts.double().where(counts > 0, torch.nan)))
        self.limit.set_xdata([result.threshold] * 2)
        answers = (result.pair[1 - result.dark], result.pair[result.dark])
        for text, answer, arrow, gap in zip(self.sides, answers, "←→", (-0.02, 0.02), strict=True):
            said = f"{arrow} {answer}" if arrow == "←" else f"{answer} {arrow}"
            text.set(text=said, x=result.threshold + gap)

    def _show_pair(self, pair: tuple[int, int]) -> None:
        self.shown = pair
        images = two(pair)
        looks = ("filled", "outlined")
        for title, mean, digit, look in zip(self.titles, self.means, pair, looks, strict=True):
            mean.set_data(style.numpy(images.x[images.y == digit].mean(dim=(0, 1))))
            title.set_text(f"Mean {digit} ({look})")

    def describe(self, result: Decision) -> str:
        row, column = (k + 1 for k in result.place)
        light, dark = result.pair[1 - result.dark], result.pair[result.dark]
        rule = f"says {dark} above grey value {result.threshold:.2f} and {light} below"
        if not 0 < result.threshold < 1:
            rule = f"does not help: the best answer is always {dark}"
        return (
            f"The pixel in row {row}, column {column} {rule}; wrong on {result.wrong} of "
            f"{int(result.counts.sum())} images, {result.error:.1f} %."
        )

    def truth(self) -> str:
        error = best_pixel(PAIRS[0]).error
        return min(self.choices, key=lambda said: abs(float(said.split()[-1]) - error))


# ---- compute: a network that learns --------------------------------------------------------------

STEPS, EVERY, BATCH, RATE, MOMENTUM = 500, 10, 64, 0.05, 0.9
NETS = {
    "two convolutions": ((16, 1, 3, 3), (32, 16, 3, 3), (64, 128), (10, 64)),
    "one hidden layer": ((64, 64), (10, 64)),
    "no hidden layer": ((10, 64),),
}
"""Name of a network -> shapes of its weights, first layer first."""


class Learning(NamedTuple):
    """A network at all moments of its training.

    net          its name
    train_error  float tensor (K,), errors on the training images, per cent, every EVERY steps
    test_error   float tensor (K,), the same on the test images
    answers      int64 tensor (K, M), its answers to the test images
    hardest      int64 tensor (HARDEST,), the test images that it got wrong most often
    """

    net: str
    train_error: Tensor
    test_error: Tensor
    answers: Tensor
    hardest: Tensor


def weights(net: str, generator: torch.Generator) -> list[Tensor]:
    """Random weights and zero biases of a network, layer after layer.

    net        one of `NETS`
    generator  of the weights, normal with variance 2 / inputs (He et al. 2015)
    returns    weight, bias, weight, bias, …
    """
    made = []
    for shape in NETS[net]:
        inputs = torch.Size(shape[1:]).numel()
        w = torch.randn(shape, generator=generator) * (2 / inputs) ** 0.5
        made += [w.requires_grad_(), torch.zeros(shape[0], requires_grad=True)]
    return made


def logits(parameters: list[Tensor], x: Tensor) -> Tensor:
    """What a network answers: ReLU between layers, pooling after each convolution.

    parameters  weight, bias, weight, bias, …
    x           float tensor (N, 1, 8, 8), images
    returns     float tensor (N, 10), the largest of a row is its answer
    """
    last = parameters[-2]
    for w, b in zip(parameters[::2], parameters[1::2], strict=True):
        if w.ndim == 4:
            x = max_pool2d(conv2d(x, w, b, padding=1).relu(), 2)
        else:
            x = x.flatten(1) @ w.T + b
            x = x if w is last else x.relu()
    return x


@lru_cache
def learn(net: str) -> Learning:
    """Train a network on the embedded digits, and keep what it answers on the way.

    net      one of `NETS`
    returns  Learning
    """
    images, generator = digits(), torch.Generator().manual_seed(0)
    parameters = weights(net, generator)
    speed = [torch.zeros_like(p) for p in parameters]
    errors, answers = [], []
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            train, said = (_answers(parameters, x) for x in (images.x, images.test_x))
            errors.append([_error(train, images.y), _error(said, images.test_y)])
            answers.append(said)
        batch = torch.randint(len(images.x), (BATCH,), generator=generator)
        _step(parameters, speed, images.x[batch], images.y[batch])
    seen = torch.stack(answers)
    often = (seen != images.test_y).sum(dim=0)
    hardest = often.argsort(descending=True, stable=True)[:HARDEST]
    train_error, test_error = torch.tensor(errors).T
    return Learning(net, train_error, test_error, seen, hardest)


def _step(parameters: list[Tensor], speed: list[Tensor], x: Tensor, y: Tensor) -> None:
    """One step of stochastic gradient descent with momentum, in place."""
    slopes = torch.autograd.grad(cross_entropy(logits(parameters, x), y), parameters)
    with torch.no_grad():
        for p, v, slope in zip(parameters, speed, slopes, strict=True):
            v.mul_(MOMENTUM).add_(slope)
            p.sub_(RATE * v)


@torch.no_grad()
def _answers(parameters: list[Tensor], x: Tensor) -> Tensor:
    return logits(parameters, x).argmax(dim=1)


def _error(answers: Tensor, y: Tensor) -> float:
    return 100 * float((answers != y).float().mean())


class Moment(NamedTuple):
    """A network after some steps.

    run    all of its training
    step   multiple of EVERY
    """

    run: Learning
    step: int

    @property
    def k(self) -> int:
        """Which of the kept moments it is."""
        return self.step // EVERY


# ---- draw and wire: a network that learns --------------------------------------------------------

HARDEST, ACROSS, PITCH = 40, 8, 11
"""Images in the mosaic and in a row of it; pixels from one to the next, three for the guess."""
BOX = 34
"""Side of the box around an image, points: a little more than its eight pixels."""


def draw_mistakes(ax: Axes, images: Tensor, truth: Tensor, answers: Tensor) -> None:
    """Images with the right label and what was answered below each.

    ax       Axes
    images   float tensor (K, 1, H, W), at most twelve are drawn; none at all may come
    truth    int64 tensor (K,), labels
    answers  int64 tensor (K,), what was answered instead
    """
    ax.set_axis_off()
    if not len(images):
        ax.text(0.5, 0.5, "no mistake", ha="center")
        return
    shown = images[:12, 0]
    side = shown.shape[-1]
    strip = torch.nn.functional.pad(shown, (side // 4, side // 4)).cpu()
    ax.imshow(style.numpy(torch.cat(list(strip), dim=1)), cmap="gray_r", vmin=0, vmax=1)
    for k in range(len(shown)):
        said = f"{int(truth[k])}, read\nas {int(answers[k])}"
        ax.text((k + 0.5) * strip.shape[-1], side, said, ha="center", va="top", fontsize=9)


class WatchItLearn(base.Explorable):
    """A small network while it learns to read digits: its errors, and what it still gets wrong."""

    title = f"The {HARDEST} hardest test images"
    size = (8.8, 4.0)
    play = "step"
    interval = 200
    question = (
        "Before it has seen any image, the network errs on about 9 of 10. With each step it looks "
        f"at {BATCH} of 1,437 images. After how many steps is it wrong on fewer than 10 % of the "
        "test images?"
    )

    def controls(self) -> dict[str, Any]:
        return {
            "step": base.int_slider("steps", 0, STEPS, 20, step=EVERY),
            "net": base.choice("network", list(NETS)),
        }

    def compute(self, step: int, net: str) -> Moment:
        return Moment(learn(net), step)

    def build(self, fig: Any, result: Moment) -> None:
        left, right = fig.subplots(1, 2, width_ratios=[1.5, 1])
        self._build_images(left)
        self._build_errors(right)
        self.shown = ""

    def _build_images(self, ax: Axes) -> None:
        blank = style.numpy(torch.zeros(HARDEST // ACROSS * PITCH + 1, ACROSS * PITCH + 1))
        self.image = ax.imshow(blank, cmap="gray_r", vmin=0, vmax=1)
        ax.set_axis_off()
        ax.set_title(f"{self.title}; boxed: wrong, with its guess")
        light = style.PALETTES["light"]  # the images' paper is always white
        self.boxes = ax.plot([], [], "s", ms=BOX, mfc="none", mec=light.orange, mew=1.5)[0]
        self.places = [
            (PITCH * (k % ACROSS) + 5, PITCH * (k // ACROSS) + 5) for k in range(HARDEST)
        ]
        below: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": 8}
        below["color"] = light.ink
        self.guesses = [ax.text(x - 0.5, y + 4.4, "", **below) for x, y in self.places]
        self.moving(self.boxes, *self.guesses)
        self.changing(ax)

    def _build_errors(self, ax: Axes) -> None:
        ax.set(xlim=(-10, STEPS + 10), ylim=(0, 100), title="Errors so far")
        ax.set(xlabel=f"steps, {BATCH} images each", ylabel="wrong (%)")
        self.train = ax.plot([], [], "--", color=style.TRAIN, label="training images")[0]
        self.test = ax.plot([], [], color=style.TEST, label="test images")[0]
        self.dot = ax.plot([], [], "o", color=style.TEST)[0]
        ax.axhline(10, linestyle=":", color=style.GREY, label="10 %")
        ax.legend()
        self.moving(self.train, self.test, self.dot)

    def update(self, result: Moment) -> None:
        run, k = result.run, result.k
        if run.net != self.shown:
            self._show_run(run)
        steps = torch.arange(k + 1) * EVERY
        for line, error in ((self.train, run.train_error), (self.test, run.test_error)):
            line.set_data(style.numpy(steps), style.numpy(error[: k + 1]))
        self.dot.set_data([result.step], [float(run.test_error[k])])
        guessed, truth = run.answers[k, run.hardest], digits().test_y[run.hardest]
        wrong = (guessed != truth).tolist()
        for text, guess, is_wrong in zip(self.guesses, guessed.tolist(), wrong, strict=True):
            text.set_text(f"{guess}?" if is_wrong else "")
        framed = [place for place, is_wrong in zip(self.places, wrong, strict=True) if is_wrong]
        self.boxes.set_data([x - 0.5 for x, _ in framed], [y - 0.5 for _, y in framed])

    def _show_run(self, run: Learning) -> None:
        self.shown = run.net
        images = torch.nn.functional.pad(digits().test_x[run.hardest, 0], (0, 3, 0, 3))
        rows = images.view(-1, ACROSS, PITCH, PITCH).transpose(1, 2)
        canvas = torch.nn.functional.pad(rows.reshape(-1, ACROSS * PITCH), (1, 0, 1, 0))
        self.image.set_data(style.numpy(canvas))
        self.redraw()

    def describe(self, result: Moment) -> str:
        run, k = result.run, result.k
        wrong, of = int((run.answers[k] != digits().test_y).sum()), run.answers.shape[1]
        passes = result.step * BATCH / len(digits().x)
        return (
            f"After {result.step} steps, {passes:.1f} times through the training images, the "
            f"network with {run.net} gets {wrong} of {of} test images wrong "
            f"({run.test_error[k]:.1f} %), and {run.train_error[k]:.1f} % of the training images."
        )

    def truth(self) -> float:
        good = learn("two convolutions").test_error < 10
        return float(EVERY * int(good.int().argmax()))
