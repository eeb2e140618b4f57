"""Attempts at `relu_interpolant`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: a loop over ReLUs
def relu_interpolant(f, knots):
    if knots.numel() < 2:
        raise ValueError("knots: at least two are needed")
    y = f(knots)

    def g(x):
        total = torch.full_like(x, y[0].item())
        last = 0.0
        for k in range(len(knots) - 1):
            slope = (y[k + 1] - y[k]) / (knots[k + 1] - knots[k])
            total = total + (slope - last) * torch.relu(x - knots[k])
            last = slope
        return total

    return g


# %% right: searchsorted, no ReLU
def relu_interpolant(f, knots):
    if len(knots) <= 1:
        raise ValueError(f"too few knots: {knots}")
    y = f(knots)
    slopes = (y[1:] - y[:-1]) / (knots[1:] - knots[:-1])

    def g(x):
        k = torch.searchsorted(knots, x.contiguous(), right=True) - 1
        k = k.clamp(0, len(knots) - 2)
        return torch.where(x <= knots[0], y[0], y[k] + slopes[k] * (x - knots[k]))

    return g


# %% right: NumPy's interp, the right end by hand
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("there must be two knots")
    t, y = knots.double().cpu().numpy(), f(knots).double().cpu().numpy()

    def g(x):
        places = x.double().cpu().numpy()
        slope = (y[-1] - y[-2]) / (t[-1] - t[-2])
        values = np.interp(places, t, y) + slope * np.maximum(places - t[-1], 0)
        return torch.from_numpy(values).to(x)

    return g


# %% right: the factors from a triangular system
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots must be at least two")
    y = f(knots)
    ramps = torch.relu(knots[1:, None] - knots[:-1])
    a = torch.linalg.solve_triangular(ramps, (y[1:] - y[0])[:, None], upper=False)[:, 0]

    class G:
        def __call__(self, x):
            return y[0] + torch.relu(x[:, None] - knots[:-1]) @ a

    return G()


# %% right: place by place
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots has fewer than two entries")
    t, y = knots.tolist(), f(knots).tolist()

    def at(x):
        if x < t[0]:
            return y[0]
        i = 0
        while i < len(t) - 2 and x > t[i + 1]:
            i += 1
        share = (x - t[i]) / (t[i + 1] - t[i])
        return (1 - share) * y[i] + share * y[i + 1]

    return lambda x: torch.tensor([at(v) for v in x.tolist()], dtype=x.dtype, device=x.device)


# %% wrong: slopes instead of changes of slope
# says: not the slope
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    y = f(knots)
    slopes = y.diff() / knots.diff()
    return lambda x: y[0] + torch.relu(x[:, None] - knots[:-1]) @ slopes


# %% wrong: off by one knot
# says: one knot too late
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    y = f(knots)
    slopes = y.diff() / knots.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: y[0] + torch.relu(x[:, None] - knots[1:]) @ a


# %% wrong: not constant on the left
# says: not the first slope continued
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    y = f(knots)
    slopes = y.diff() / knots.diff()
    return lambda x: (
        y[0] + slopes[0] * (x - knots[0]) + torch.relu(x[:, None] - knots[1:-1]) @ slopes.diff()
    )


# %% wrong: constant on the right
# says: the last slope goes on
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    y = f(knots)

    def g(x):
        t, v = knots.cpu().numpy(), y.cpu().numpy()
        return torch.from_numpy(np.interp(x.cpu().numpy(), t, v)).to(x)

    return g


# %% wrong: the constant is missing
# says: the constant is missing
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    slopes = f(knots).diff() / knots.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: torch.relu(x[:, None] - knots[:-1]) @ a


# %% wrong: the first slope is missing
# says: before the first knot the slope is 0
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    y = f(knots)
    slopes = y.diff() / knots.diff()
    return lambda x: y[0] + torch.relu(x[:, None] - knots[1:-1]) @ slopes.diff()


# %% wrong: the last slope is missing
# says: the last slope is missing
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    y = f(knots)
    slopes = y.diff() / knots.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: y[0] + torch.relu(x[:, None] - knots[:-2]) @ a[:-1]


# %% wrong: the knots taken as one apart
# says: over a difference of knots
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    y = f(knots)
    slopes = y.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: y[0] + torch.relu(x[:, None] - knots[:-1]) @ a


# %% wrong: f itself
# says: that is f itself
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    return f


# %% wrong: a step function
# says: jumps from knot to knot
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    y = f(knots)
    return lambda x: y[(torch.searchsorted(knots, x, right=True) - 1).clamp(min=0)]


# %% wrong: the values instead of a function
# says: its answer has the type Tensor
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    return f(knots)


# %% wrong: one knot accepted
# says: must be refused with ValueError
# caught: visible
def relu_interpolant(f, knots):
    y = f(knots)
    slopes = y.diff() / knots.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: y[0] + torch.relu(x[:, None] - knots[:-1]) @ a


# %% wrong: an error without the argument's name
# says: names no argument
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("not enough")
    y = f(knots)
    slopes = y.diff() / knots.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: y[0] + torch.relu(x[:, None] - knots[:-1]) @ a


# %% wrong: an assert
# says: must be refused with ValueError
# caught: visible
def relu_interpolant(f, knots):
    assert len(knots) >= 2, "knots"
    y = f(knots)
    slopes = y.diff() / knots.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: y[0] + torch.relu(x[:, None] - knots[:-1]) @ a


# %% wrong: no knots accepted
# says: must be refused with ValueError
# caught: hidden
def relu_interpolant(f, knots):
    if len(knots) == 1:
        raise ValueError("knots")
    y = f(knots)
    slopes = y.diff() / knots.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: y[0] + torch.relu(x[:, None] - knots[:-1]) @ a


# %% wrong: two knots refused
# caught: hidden
def relu_interpolant(f, knots):
    if len(knots) < 3:
        raise ValueError("knots")
    y = f(knots)
    slopes = y.diff() / knots.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: y[0] + torch.relu(x[:, None] - knots[:-1]) @ a


# %% wrong: the slope before the first of three knots as the mean of all
# says: one line from the first knot to the last
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    y = f(knots)
    slopes = torch.full_like(y[1:], ((y[-1] - y[0]) / (knots[-1] - knots[0])).item())
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: y[0] + torch.relu(x[:, None] - knots[:-1]) @ a


# %% wrong: float32 whatever comes
# says: dtype
# caught: hidden
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    t = knots.float()
    y = f(t)
    slopes = y.diff() / t.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: y[0] + torch.relu(x.float()[:, None] - t[:-1]) @ a


# %% wrong: a column
# says: only the shape is not
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    y = f(knots)
    slopes = y.diff() / knots.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    return lambda x: y[0] + torch.relu(x[:, None] - knots[:-1]) @ a[:, None]


# %% wrong: shifts the caller's knots
# says: knots was changed in place
# caught: hidden
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    y = f(knots)
    slopes = y.diff() / knots.diff()
    a = torch.cat([slopes[:1], slopes.diff()])
    places = knots.clone()
    if len(knots) > 3:
        knots -= knots[0].item()
    return lambda x: y[0] + torch.relu(x[:, None] - places[:-1]) @ a


# %% wrong: heights from least squares, not from the knots
# caught: visible
def relu_interpolant(f, knots):
    if len(knots) < 2:
        raise ValueError("knots")
    x = torch.linspace(float(knots[0]), float(knots[-1]), 101).to(knots)
    ramps = torch.relu(x[:, None] - knots[:-1])
    a = torch.linalg.lstsq(ramps, (f(x) - f(knots)[0])[:, None]).solution[:, 0]
    return lambda x: f(knots)[0] + torch.relu(x[:, None] - knots[:-1]) @ a
