"""Seeded sets of labelled points in the plane.

Each gives (x, y): float32 (N, 2) in random order and int64 (N,), on the generator's device.
"""

import math

import torch
from torch import Generator, Tensor

CORNERS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))


def moons(n: int, noise: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """Two half circles of radius 1, one hooked into the other.

    n          number of points, at least 1; the upper moon (label 0) has n // 2
    noise      standard deviation of what is added to each coordinate
    generator  source of the order and of the noise
    returns    x float32 (n, 2), y int64 (n,)
    raises     ValueError if n < 1 or noise < 0
    source     scikit-learn's make_moons, the same points without noise
    """
    _check(n, noise)
    upper, lower = torch.linspace(0, math.pi, n // 2), torch.linspace(0, math.pi, n - n // 2)
    x = torch.cat([_circle(upper), torch.tensor([1.0, 0.5]) - _circle(lower)])
    return _shuffled(x, torch.arange(n) >= n // 2, noise, generator)


def circles(
    n: int, noise: float, generator: Generator, factor: float = 0.8
) -> tuple[Tensor, Tensor]:
    """A circle within a circle of radius 1.

    n          number of points, at least 1; the outer circle (label 0) has n // 2
    noise      standard deviation of what is added to each coordinate
    generator  source of the order and of the noise
    factor     radius of the inner circle
    returns    x float32 (n, 2), y int64 (n,)
    raises     ValueError if n < 1 or noise < 0
    source     scikit-learn's make_circles, the same points without noise
    """
    _check(n, noise)
    outer, inner = _turn(n // 2), _turn(n - n // 2)
    x = torch.cat([_circle(outer), factor * _circle(inner)])
    return _shuffled(x, torch.arange(n) >= n // 2, noise, generator)


def spirals(
    n: int, noise: float, generator: Generator, turns: float = 1.5
) -> tuple[Tensor, Tensor]:
    """Two Archimedean spirals, one the other turned by half a turn.

    n          number of points, at least 1; the first spiral (label 0) has n // 2
    noise      standard deviation of what is added to each coordinate
    generator  source of the order and of the noise
    turns      how often a spiral winds while its radius grows from 0.1 to 1
    returns    x float32 (n, 2), y int64 (n,)
    raises     ValueError if n < 1 or noise < 0
    """
    _check(n, noise)
    along = [torch.linspace(0, 1, n // 2), torch.linspace(0, 1, n - n // 2)]
    arms = [
        (0.1 + 0.9 * t)[:, None] * _circle(2 * math.pi * turns * t + arm * math.pi)
        for arm, t in enumerate(along)
    ]
    return _shuffled(torch.cat(arms), torch.arange(n) >= n // 2, noise, generator)


def discs(n: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Uniform points of a square, half of which a disc covers.

    n          number of points, at least 1
    generator  source of the points
    returns    x float32 (n, 2) in [−1, 1]², y int64 (n,), 1 within √(2/π) of the origin
    raises     ValueError if n < 1
    """
    _check(n, 0)
    x = 2 * torch.rand(n, 2, generator=generator, device=generator.device) - 1
    return x, (x.square().sum(dim=1) <= 2 / math.pi).long()


def xor(n: int, noise: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """The truth table of the exclusive or, each row many times.

    n          number of points, at least 1; the four corners of [0, 1]² have n / 4 each
    noise      standard deviation of what is added to each coordinate
    generator  source of the order and of the noise
    returns    x float32 (n, 2), y int64 (n,), 1 where exactly one coordinate of the corner is 1
    raises     ValueError if n < 1 or noise < 0
    """
    _check(n, noise)
    x = torch.tensor(CORNERS).repeat(math.ceil(n / 4), 1)[:n]
    return _shuffled(x, x[:, 0] != x[:, 1], noise, generator)


def _check(n: int, noise: float) -> None:
    if n < 1 or noise < 0:
        raise ValueError(f"expected n ≥ 1 and noise ≥ 0, got n = {n} and noise = {noise}")


def _turn(n: int) -> Tensor:
    """n angles that divide the turn evenly."""
    return 2 * math.pi * torch.arange(n) / max(n, 1)


def _circle(angle: Tensor) -> Tensor:
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def _shuffled(
    x: Tensor, label: Tensor, noise: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Points and labels in one random order, noise added to the points."""
    device = generator.device
    order = torch.randperm(len(x), generator=generator, device=device)
    added = noise * torch.randn(x.shape, generator=generator, device=device)
    return x.to(device)[order] + added, label.to(device)[order].long()
