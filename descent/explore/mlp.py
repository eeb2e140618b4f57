"""Explorables of 05_mlp: how hidden layers move the plane until a line separates the classes.

Those on activations, approximation, decision regions and outputs, in modules of their own, can be
had from here as well.
"""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from descent import style
from descent.explore import base
from descent.explore.activations import ACTIVATIONS, ActivationZoo, draw_activation
from descent.explore.approximation import ReluApproximator, ramps
from descent.explore.margin import draw_classes, draw_line, put_classes
from descent.explore.outputs import SoftmaxTemperature
from descent.explore.regions import (
    EPOCHS,
    HALF,
    SETS,
    SIDE,
    DecisionRegions,
    Run,
    draw_regions,
    forward,
    grid,
    layers,
    recorded,
    zero_line,
)
from descent.explore.threads import one_thread

__all__ = [
    "ACTIVATIONS",
    "ActivationZoo",
    "DecisionRegions",
    "HiddenPlane",
    "ReluApproximator",
    "SoftmaxTemperature",
    "draw_activation",
    "draw_line",
    "draw_regions",
    "one_thread",
    "ramps",
    "recorded",
]

WAY = 40
"""Pictures between the plane of the inputs and that of the last hidden layer."""
HIDDEN = (16, 2)
"""Widths of the hidden layers whose last one is drawn."""


# ---- compute -------------------------------------------------------------------------------------


class Plane(NamedTuple):
    """A network whose last hidden layer has two units, on the way there.

    run      its training
    epoch    after which it is looked at
    way      0 … WAY: from the plane of the inputs to that of the last hidden layer
    places   float tensor (N, 2), where the training points are drawn
    mesh     float tensor (P, 2), where lines of the plane are drawn, nan between them
    border   float tensor (Q, 2), where the border between the classes is drawn
    """

    run: Run
    epoch: int
    way: int
    places: Tensor
    mesh: Tensor
    border: Tensor

    @property
    def seen(self) -> Tensor:
        """Points of the border that are in the picture, float tensor (M, 2)."""
        kept = self.border[self.border.isfinite().all(dim=1)]
        return kept[(kept.abs() <= HALF).all(dim=1)]

    @property
    def bend(self) -> float:
        """How far the border is from one straight line, in units of its length; 0 if none."""
        kept = self.seen
        if len(kept) < 3:
            return 0.0
        long, short = torch.linalg.svdvals((kept - kept.mean(dim=0)).double()).tolist()
        return short / long if long else 0.0


@lru_cache(maxsize=1)
def lines() -> Tensor:
    """A square lattice as one polyline, float tensor (P, 2), nan between its lines."""
    along = torch.cat([torch.linspace(-HALF, HALF, 61), torch.tensor([math.nan])])
    at = torch.linspace(-HALF, HALF, 13)
    upright = torch.stack([at[:, None].expand(-1, 62), along.expand(13, -1)], dim=-1)
    return torch.cat([upright, upright.flip(-1)]).flatten(0, 1)


def hidden(run: Run, epoch: int, x: Tensor) -> Tensor:
    """Activations of the last hidden layer, float tensor (N, 2)."""
    return forward(layers(run.theta[epoch], run.sizes), x, run.kind)[1][-1]


def fitted(h: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """How to turn and scale points so that they fill the picture and lie near others.

    h        float tensor (N, 2), points to be turned, mirrored if need be, and scaled
    x        float tensor (N, 2), the others
    returns  matrix (2, 2) and shift (2,): h @ matrix + shift is what to draw
    source   orthogonal Procrustes problem (Schönemann 1966)
    """
    u, _, vt = torch.linalg.svd((h - h.mean(dim=0)).T @ (x - x.mean(dim=0)))
    turned = h @ u @ vt
    centre = (turned.amin(dim=0) + turned.amax(dim=0)) / 2
    size = float((turned - centre).abs().max())
    scale = 0.9 * HALF / size if size > 0 else 1.0
    return scale * u @ vt, -scale * centre


@lru_cache(maxsize=64)
@one_thread()
def ends(name: str, kind: str, epoch: int) -> tuple[Run, list[tuple[Tensor, Tensor]]]:
    """A run, and where points, lattice and border begin and end on the way."""
    run = recorded(name, HIDDEN, kind, 0.3, 0.08, 2)
    turn, shift = fitted(hidden(run, epoch, run.x), run.x)
    border = zero_line(run.logits(epoch, grid()).view(SIDE, SIDE))
    starts = (run.x, lines(), border)
    return run, [(x, hidden(run, epoch, x) @ turn + shift) for x in starts]


def plane(name: str, kind: str, epoch: int, way: int) -> Plane:
    """The plane of a network after training, on the way to its last hidden layer.

    name     one of `SETS`
    kind     key of `ACTIVATIONS`
    epoch    of its training, 0 … EPOCHS
    way      0 … WAY
    returns  Plane; in between, all goes straight from start to end
    """
    run, pairs = ends(name, kind, epoch)
    places = [torch.lerp(start, end, way / WAY) for start, end in pairs]
    return Plane(run, epoch, way, *places)


# ---- draw and wire -------------------------------------------------------------------------------


class HiddenPlane(base.Explorable):
    """The plane of the inputs is carried to that of two hidden units, points and border with it."""

    title = "Where the hidden layers carry the plane"
    size = (6.4, 4.8)
    play = "way"
    interval = 45
    question = (
        "Inputs go through 16 hidden units, then through two, whose activations are a plane "
        "again. What will the border between the classes be in that plane?"
    )
    choices = ("a closed curve", "a curve that is open", "a straight line")

    def controls(self) -> dict[str, Any]:
        return {
            "way": base.int_slider("on the way", 0, WAY, 0),
            "epoch": base.int_slider("epoch", 0, EPOCHS, EPOCHS),
            "name": base.choice("data set", SETS),
            "kind": base.choice("activation", ("tanh", "leaky ReLU", "sigmoid")),
        }

    def compute(self, way: int, epoch: int, name: str, kind: str) -> Plane:
        return plane(name, kind, epoch, way)

    def build(self, fig: Any, result: Plane) -> None:
        ax = fig.subplots()
        ax.set(xlim=(-HALF, HALF), ylim=(-HALF, HALF), aspect="equal", title=self.title)
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
        self.mesh = ax.plot([], [], color=style.GREY, linewidth=0.6, alpha=0.5)[0]
        self.border = ax.plot([], [], color=style.INK, label="border")[0]
        self.classes = draw_classes(ax, markersize=5, markeredgewidth=0.5)
        for line, name in zip(self.classes, ("class 0", "class 1"), strict=True):
            line.set_label(name)
        ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
        look: dict[str, Any] = {"transform": ax.transAxes, "va": "top", "linespacing": 1.6}
        self.told = ax.text(1.05, 0.7, "", **look)
        self.moving(self.mesh, self.border, *self.classes, self.told)

    def update(self, result: Plane) -> None:
        self.mesh.set_data(*style.numpy(result.mesh).T)
        self.border.set_data(*style.numpy(result.border).T)
        put_classes(self.classes, result.places, result.run.y)
        ends = {0: "plane of\nthe inputs", WAY: "plane of\nthe last two\nhidden units"}
        place = ends.get(result.way, "on the way")
        self.told.set_text(f"{result.way} of {WAY}:\n{place}")

    def describe(self, result: Plane) -> str:
        wrong = float(result.run.wrong[result.epoch, 0])
        where = f"in the plane of the {'hidden units' if result.way else 'inputs'}"
        if 0 < result.way < WAY:
            where = f"{result.way / WAY:.0%} of the way from inputs to hidden units"
        border = f"the border strays from a straight line by {result.bend:.1%} of its length"
        if len(result.seen) < 3:
            border = "there is no border to be seen"
        return (
            f"After epoch {result.epoch} of {EPOCHS}, {result.run.kind}, {wrong:.1%} of the points "
            f"are wrong; {where} {border}."
        )

    def truth(self) -> str:
        bend = self.compute(way=WAY, epoch=EPOCHS, name="circles", kind="tanh").bend
        return self.choices[2 if bend < 0.01 else 1]
