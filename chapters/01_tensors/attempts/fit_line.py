"""Attempts at `fit_line`: what graders must accept and reject."""

import torch
from torch import Tensor


def refuse(x, y):
    """What all but a few of the attempts do first."""
    if len(x) != len(y):
        raise ValueError("x and y have different lengths")
    if len(x) < 2:
        raise ValueError("x has less than two entries")
    if (x == x[0]).all():
        raise ValueError("all x are equal")


# %% right: lstsq
def fit_line(x: Tensor, y: Tensor) -> tuple[float, float]:
    refuse(x, y)
    w = torch.stack([x, torch.ones_like(x)], dim=1)
    a, b = torch.linalg.lstsq(w, y[:, None]).solution[:, 0].tolist()
    return a, b


# %% right: normal equations, solved
def fit_line(x, y):
    refuse(x, y)
    w = torch.stack([x, torch.ones_like(x)], dim=1)
    theta = torch.linalg.solve(w.T @ w, w.T @ y)
    return theta[0].item(), theta[1].item()


# %% right: normal equations, by the inverse
def fit_line(x, y):
    refuse(x, y)
    w = torch.stack([torch.ones_like(x), x], dim=1)
    b, a = (w.T @ w).inverse() @ w.T @ y
    return float(a), float(b)


# %% right: centred sums
def fit_line(x, y):
    refuse(x, y)
    dx, dy = x - x.mean(), y - y.mean()
    a = (dx * dy).sum() / (dx**2).sum()
    return a.item(), (y.mean() - a * x.mean()).item()


# %% right: one-pass sums
def fit_line(x, y):
    refuse(x, y)
    n = len(x)
    sx, sy, sxx, sxy = x.sum(), y.sum(), (x * x).sum(), (x * y).sum()
    slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
    return slope.item(), ((sy - slope * sx) / n).item()


# %% right: pseudo-inverse
def fit_line(x, y):
    refuse(x, y)
    w = torch.stack([x, torch.ones_like(x)], dim=1)
    slope, intercept = torch.linalg.pinv(w) @ y
    return slope.item(), intercept.item()


# %% right: QR, in float64
def fit_line(x, y):
    refuse(x, y)
    w = torch.stack([x.double(), torch.ones_like(x).double()], dim=1)
    q, r = torch.linalg.qr(w)
    slope, intercept = torch.linalg.solve_triangular(r, (q.T @ y.double())[:, None], upper=True)
    return slope.item(), intercept.item()


# %% right: covariance matrix, and a copy that warns
def fit_line(x, y):
    refuse(x, y)
    c = torch.cov(torch.stack([x, y]))
    slope = torch.tensor(c[0, 1] / c[0, 0])
    return float(slope), float(y.mean() - slope * x.mean())


# %% right: by way of NumPy
def fit_line(x, y):
    import numpy as np

    refuse(x, y)
    slope, intercept = np.polyfit(x.double().cpu().numpy(), y.double().cpu().numpy(), 1)
    return slope, intercept


# %% right: loops, in Python's floats
def fit_line(x, y):
    xs, ys = x.tolist(), y.tolist()
    if len(xs) != len(ys):
        raise ValueError(f"len(x) = {len(xs)} but len(y) = {len(ys)}")
    if len(set(xs)) < 2:
        raise ValueError("x needs two different values")
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    up = down = 0.0
    for p, q in zip(xs, ys):
        up += (p - mx) * (q - my)
        down += (p - mx) ** 2
    return up / down, my - up / down * mx


# %% wrong: swapped
# says: the slope comes first
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    w = torch.stack([torch.ones_like(x), x], dim=1)
    return tuple(torch.linalg.lstsq(w, y[:, None]).solution[:, 0].tolist())


# %% wrong: through the origin
# says: goes through the origin
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    return ((x * y).sum() / (x * x).sum()).item(), 0.0


# %% wrong: x on y
# says: predicts x from y
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    dx, dy = x - x.mean(), y - y.mean()
    a = (dx * dy).sum() / (dy**2).sum()
    return a.item(), (x.mean() - a * y.mean()).item()


# %% wrong: x on y, turned round
# says: turned round
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    dx, dy = x - x.mean(), y - y.mean()
    a = (dy**2).sum() / (dx * dy).sum()
    return a.item(), (y.mean() - a * x.mean()).item()


# %% wrong: tensors instead of floats
# says: must be a Python number
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    w = torch.stack([x, torch.ones_like(x)], dim=1)
    a, b = torch.linalg.lstsq(w, y[:, None]).solution[:, 0]
    return a, b


# %% wrong: one tensor
# says: must be a tuple
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    w = torch.stack([x, torch.ones_like(x)], dim=1)
    return torch.linalg.lstsq(w, y[:, None]).solution[:, 0]


# %% wrong: a list
# says: must be a tuple
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    w = torch.stack([x, torch.ones_like(x)], dim=1)
    return torch.linalg.lstsq(w, y[:, None]).solution[:, 0].tolist()


# %% wrong: covariance and variance divided by different numbers
# says: covariance over N
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    a = ((x - x.mean()) * (y - y.mean())).mean() / x.var()
    return a.item(), (y.mean() - a * x.mean()).item()


# %% wrong: the intercept forgets the mean of x
# says: the point of both means
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    dx, dy = x - x.mean(), y - y.mean()
    return ((dx * dy).sum() / (dx**2).sum()).item(), y.mean().item()


# %% wrong: first point to last
# says: joins the first point and the last
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    a = (y[-1] - y[0]) / (x[-1] - x[0])
    return a.item(), (y[0] - a * x[0]).item()


# %% wrong: the outlier is thrown out
# says: use all points
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    w = torch.stack([x, torch.ones_like(x)], dim=1)
    r = (y - w @ torch.linalg.lstsq(w, y[:, None]).solution[:, 0]).abs()
    if len(x) > 4:
        w, y = w[r < 3 * r.std()], y[r < 3 * r.std()]
    a, b = torch.linalg.lstsq(w, y[:, None]).solution[:, 0].tolist()
    return a, b


# %% wrong: rounding decides whether all x are equal
# says: rounding makes their mean differ
# caught: hidden
def fit_line(x, y):
    if len(x) != len(y) or len(x) < 2:
        raise ValueError("x and y must be of one length, at least 2")
    dx, dy = x - x.mean(), y - y.mean()
    if (dx**2).sum() == 0:
        raise ValueError("all x are equal")
    a = (dx * dy).sum() / (dx**2).sum()
    return a.item(), (y.mean() - a * x.mean()).item()


# %% wrong: nearly equal is refused, too
# says: these entries differ
# caught: hidden
def fit_line(x, y):
    refuse(x, y)
    if torch.allclose(x, x[0]):
        raise ValueError("all x are equal")
    dx, dy = x - x.mean(), y - y.mean()
    a = (dx * dy).sum() / (dx**2).sum()
    return a.item(), (y.mean() - a * x.mean()).item()


# %% wrong: a small deviation is taken for none
# says: these entries differ
# caught: hidden
def fit_line(x, y):
    if len(x) != len(y) or len(x) < 2 or x.std() < 1e-6 * x.abs().max().clamp(min=1):
        raise ValueError("x is not good enough")
    dx, dy = x - x.mean(), y - y.mean()
    a = (dx * dy).sum() / (dx**2).sum()
    return a.item(), (y.mean() - a * x.mean()).item()


# %% wrong: all x equal gives nan
# says: must be refused with ValueError
# caught: visible
def fit_line(x, y):
    if len(x) != len(y) or len(x) < 2:
        raise ValueError("x and y must be of one length, at least 2")
    dx, dy = x - x.mean(), y - y.mean()
    a = (dx * dy).sum() / (dx**2).sum()
    return a.item(), (y.mean() - a * x.mean()).item()


# %% wrong: lstsq never complains about equal x
# says: must be refused with ValueError
# caught: visible
def fit_line(x, y):
    if len(x) != len(y) or len(x) < 2:
        raise ValueError("x and y must be of one length, at least 2")
    w = torch.stack([x, torch.ones_like(x)], dim=1)
    a, b = torch.linalg.lstsq(w, y[:, None]).solution[:, 0].tolist()
    return a, b


# %% wrong: a single point gets a horizontal line
# says: must be refused with ValueError
# caught: visible
def fit_line(x, y):
    if len(x) == 1:
        return 0.0, y.item()
    refuse(x, y)
    dx, dy = x - x.mean(), y - y.mean()
    a = (dx * dy).sum() / (dx**2).sum()
    return a.item(), (y.mean() - a * x.mean()).item()


# %% wrong: different lengths broadcast
# says: must be refused with ValueError
# caught: hidden
def fit_line(x, y):
    if len(x) < 2 or (x == x[0]).all():
        raise ValueError("x must have two different values")
    if len(y) > 1 and len(y) != len(x):
        raise ValueError("x and y differ in length")
    dx, dy = x - x.mean(), y - y.mean()
    a = (dx * dy).sum() / (dx**2).sum()
    return a.item(), (y.mean() - a * x.mean()).item()


# %% wrong: the longer one is cut
# says: must be refused with ValueError
# caught: hidden
def fit_line(x, y):
    n = min(len(x), len(y))
    x, y = x[:n], y[:n]
    refuse(x, y)
    dx, dy = x - x.mean(), y - y.mean()
    a = (dx * dy).sum() / (dx**2).sum()
    return a.item(), (y.mean() - a * x.mean()).item()


# %% wrong: the error names nothing
# says: names no argument
# caught: visible
def fit_line(x, y):
    try:
        refuse(x, y)
    except ValueError:
        raise ValueError("bad input") from None
    dx, dy = x - x.mean(), y - y.mean()
    a = (dx * dy).sum() / (dx**2).sum()
    return a.item(), (y.mean() - a * x.mean()).item()


# %% wrong: in place
# says: was changed in place
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    mx, my = x.mean().item(), y.mean().item()
    x -= mx
    y -= my
    a = ((x * y).sum() / (x**2).sum()).item()
    return a, my - a * mx


# %% wrong: not enough steps of gradient descent
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    a = b = torch.zeros((), dtype=x.dtype, device=x.device)
    for _ in range(100):
        r = a * x + b - y
        a, b = a - 0.1 * (r * x).mean(), b - 0.1 * r.mean()
    return a.item(), b.item()


# %% wrong: sum of absolute errors, by trying all pairs of points
# says: sum of |errors|
# caught: visible
def fit_line(x, y):
    refuse(x, y)
    best = None
    for i in range(len(x)):
        for j in range(i):
            if x[i] != x[j]:
                a = (y[i] - y[j]) / (x[i] - x[j])
                b = y[i] - a * x[i]
                error = (a * x + b - y).abs().sum()
                if best is None or error < best[0]:
                    best = error, a.item(), b.item()
    return best[1:]
