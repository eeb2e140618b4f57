"""Attempts at `lda`: what graders must accept and reject."""

import math

import numpy as np
import torch
from torch import Tensor


# %% right: formula by formula, with the inverse
def lda(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    sigma = ((x0 - mu0).T @ (x0 - mu0) + (x1 - mu1).T @ (x1 - mu1)) / len(x)
    inverse = torch.linalg.inv(sigma)
    prior = torch.log(torch.tensor(len(x1) / len(x0), dtype=x.dtype, device=x.device))
    return inverse @ (mu1 - mu0), (mu0 @ inverse @ mu0 - mu1 @ inverse @ mu1) / 2 + prior


# %% right: loops
def lda(x, y):
    counts, means = [0, 0], [torch.zeros_like(x[0]), torch.zeros_like(x[0])]
    for row, label in zip(x, y):
        counts[int(label)] += 1
        means[int(label)] = means[int(label)] + row
    if 0 in counts:
        raise ValueError(f"y holds {counts[0]} zeros and {counts[1]} ones; both must occur")
    means = [m / c for m, c in zip(means, counts)]
    sigma = sum(torch.outer(r - means[int(t)], r - means[int(t)]) for r, t in zip(x, y)) / len(x)
    w = torch.linalg.solve(sigma, means[1] - means[0])
    b = -0.5 * torch.dot(w, means[0] + means[1]) + math.log(counts[1] / counts[0])
    return w, b


# %% right: NumPy in double precision
def lda(x, y):
    a, t = x.cpu().double().numpy(), y.cpu().numpy() == 1
    if t.all() or not t.any():
        raise ValueError("x needs samples of both classes")
    m0, m1, p = a[~t].mean(0), a[t].mean(0), t.mean()
    sigma = np.cov(a[~t].T, bias=True) * (1 - p) + np.cov(a[t].T, bias=True) * p
    inverse = np.linalg.pinv(np.atleast_2d(sigma))
    w, b = inverse @ (m1 - m0), 0.5 * (m0 @ inverse @ m0 - m1 @ inverse @ m1) + np.log(p / (1 - p))
    return torch.from_numpy(w).to(x), torch.tensor(b).to(x)


# %% right: means by a product with one-hot labels, Cholesky
def lda(x, y):
    hot = torch.stack([1 - y, y], dim=1).to(x.dtype)
    counts = hot.sum(dim=0)
    if (counts == 0).any():
        raise ValueError("a class is absent from y")
    means = (hot.T @ x) / counts[:, None]
    around = x - means[y.long()]
    factor = torch.linalg.cholesky(torch.einsum("ni,nj->ij", around, around) / len(x))
    scaled = torch.cholesky_solve(means.T, factor)
    halves = (means.T * scaled).sum(dim=0) / 2
    return scaled[:, 1] - scaled[:, 0], halves[0] - halves[1] + (counts[1] / counts[0]).log()


# %% right: second moments minus the means', a number for b
def lda(x, y):
    share = y.double().mean()
    if share == 0 or share == 1:
        raise ValueError("y: one class only")
    z = x.double()
    m1 = (z * y[:, None]).mean(0) / share
    m0 = (z * (1 - y)[:, None]).mean(0) / (1 - share)
    sigma = z.T @ z / len(z) - share * torch.outer(m1, m1) - (1 - share) * torch.outer(m0, m0)
    w = torch.linalg.lstsq(sigma.cpu(), (m1 - m0).cpu()[:, None]).solution[:, 0].to(z.device)
    b = math.log(share / (1 - share)) - float(w @ (m0 + m1)) / 2
    return w.to(x.dtype), b


# %% wrong: total covariance
# says: around one mean
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    sigma = torch.cov(x.T, correction=0).reshape(x.shape[1], x.shape[1])
    w = torch.linalg.solve(sigma, mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: prior forgotten
# says: b lacks log
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, -(w @ (mu0 + mu1)) / 2


# %% wrong: prior upside down
# says: upside down
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x0) / len(x1)) - w @ (mu0 + mu1) / 2


# %% wrong: sign of b
# says: b has the wrong sign
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, w @ (mu0 + mu1) / 2 - math.log(len(x1) / len(x0))


# %% wrong: sign of the quadratic terms
# says: quadratic terms have the wrong sign
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) + w @ (mu0 + mu1) / 2


# %% wrong: the half forgotten
# says: one half
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1)


# %% wrong: classes swapped
# says: towards class 1
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 1], x[y == 0]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: divided by N − 2
# says: divides by N
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / (len(x) - 2), mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: the mean of two covariances
# says: as if the classes were equally frequent
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    halves = [(g - g.mean(0)).T @ (g - g.mean(0)) / len(g) for g in (x0, x1)]
    w = torch.linalg.solve((halves[0] + halves[1]) / 2, mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: the scatter is not divided
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around, mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: covariance ignored
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    w = x1.mean(dim=0) - x0.mean(dim=0)
    return w, math.log(len(x1) / len(x0)) - w @ (x0.mean(dim=0) + x1.mean(dim=0)) / 2


# %% wrong: variances only
# says: variances alone
# caught: hidden
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = (mu1 - mu0) / around.square().mean(dim=0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: multiplied by the covariance
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = around.T @ around / len(x) @ (mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: a ridge on the covariance
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    sigma = around.T @ around / len(x) + 0.01 * torch.eye(x.shape[1]).to(x)
    w = torch.linalg.solve(sigma, mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: prior of class 1, not the odds
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x1) / len(x)) - w @ (mu0 + mu1) / 2


# %% wrong: labels taken for ±1
# caught: visible
def lda(x, y):
    x0, x1 = x[y == -1], x[y == 1]
    if len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x1) / max(len(x0), 1)) - w @ (mu0 + mu1) / 2


# %% wrong: nan where a class is absent
# says: must be refused with ValueError
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    inverse = torch.linalg.pinv(torch.nan_to_num(around.T @ around / len(x)))
    prior = torch.tensor(len(x1) / max(len(x0), 1), dtype=x.dtype, device=x.device).log()
    w = inverse @ (mu1 - mu0)
    return w, prior - w @ (mu0 + mu1) / 2


# %% wrong: only one of the classes is looked for
# says: must be refused with ValueError
# caught: hidden
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: an error without a name
# says: y or x
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("not enough classes")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: b of shape (1,)
# says: entry 1: must have the shape (), not (1,)
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - (mu0 + mu1)[None] @ w / 2


# %% wrong: w as a column
# says: entry 0: must have the shape (2,), not (2, 1)
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), (mu1 - mu0)[:, None])
    return w, math.log(len(x1) / len(x0)) - ((mu0 + mu1) @ w / 2).squeeze()


# %% wrong: a list
# says: must be a tuple, not a list
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return [w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2]


# %% wrong: prints
# says: is a return missing?
# caught: visible
def lda(x, y):
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    print(w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2)


# %% wrong: double precision whatever comes
# says: must have the dtype torch.float32, not torch.float64
# caught: visible
def lda(x, y):
    x = x.double()
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: whole labels only
# caught: hidden
def lda(x, y):
    if y.is_floating_point():
        y = y.to(torch.uint8) - 1
    x0, x1 = x[y == 0], x[y == 1]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: zeros first, whatever y says
# says: in any order
# caught: hidden
def lda(x, y):
    n = int((y == 0).sum())
    x0, x1 = x[:n], x[n:]
    if len(x0) == 0 or len(x1) == 0:
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x0.mean(dim=0), x1.mean(dim=0)
    around = torch.cat([x0 - mu0, x1 - mu1])
    w = torch.linalg.solve(around.T @ around / len(x), mu1 - mu0)
    return w, math.log(len(x1) / len(x0)) - w @ (mu0 + mu1) / 2


# %% wrong: centres its argument
# says: x was changed in place
# caught: hidden
def lda(x, y):
    mask = y == 1
    if mask.all() or not mask.any():
        raise ValueError("both classes must occur in y")
    mu0, mu1 = x[~mask].mean(dim=0), x[mask].mean(dim=0)
    x -= torch.where(mask[:, None], mu1, mu0)
    w = torch.linalg.solve(x.T @ x / len(x), mu1 - mu0)
    return w, math.log(mask.sum() / (~mask).sum()) - w @ (mu0 + mu1) / 2
