"""Attempts at `fit_ridge`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: normal equations
def fit_ridge(x: Tensor, y: Tensor, degree: int, rho: float) -> Tensor:
    if rho < 0:
        raise ValueError(f"rho is {rho}")
    p = torch.vander(x, N=degree + 1, increasing=True)
    gram = p.T @ p + rho * torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    return torch.linalg.solve(gram, p.T @ y)


# %% right: singular values, in float64
def fit_ridge(x, y, degree, rho):
    if not rho >= 0:
        raise ValueError("rho must be at least 0")
    p = torch.stack([x.double() ** d for d in range(degree + 1)], 1)
    u, s, vt = torch.linalg.svd(p, full_matrices=False)
    return (vt.T @ (s / (s * s + rho) * (u.T @ y.double()))).to(x.dtype)


# %% right: rows added to the design matrix, NumPy's lstsq
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("negative rho")
    p = np.vander(x.double().cpu().numpy(), degree + 1, increasing=True)
    a = np.vstack([p, np.sqrt(rho) * np.eye(degree + 1)])
    b = np.concatenate([y.double().cpu().numpy(), np.zeros(degree + 1)])
    return torch.from_numpy(np.linalg.lstsq(a, b, rcond=None)[0]).to(x)


# %% right: Newton's step from 0, gradient and curvature by autograd
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x.double(), N=degree + 1, increasing=True)
    alpha = torch.zeros(degree + 1, dtype=torch.float64, device=x.device, requires_grad=True)
    objective = (p @ alpha - y.double()).square().sum() + rho * alpha.square().sum()
    (slope,) = torch.autograd.grad(objective, alpha, create_graph=True)
    rows = [torch.autograd.grad(s, alpha, retain_graph=True)[0] for s in slope]
    return -torch.linalg.solve(torch.stack(rows), slope.detach()).to(x.dtype)


# %% right: the kernel form where rho allows it, else a pseudo-inverse
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho must be >= 0")
    p = torch.vander(x.double(), N=degree + 1, increasing=True)
    if rho == 0:
        return (torch.linalg.pinv(p) @ y.double()).to(x.dtype)
    gram = p @ p.T + rho * torch.eye(len(x), dtype=p.dtype, device=x.device)
    return (p.T @ torch.linalg.solve(gram, y.double())).to(x.dtype)


# %% wrong: mean of the errors instead of their sum
# says: averag
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x, N=degree + 1, increasing=True)
    eye = torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    return torch.linalg.solve(p.T @ p / len(x) + rho * eye, p.T @ y / len(x))


# %% wrong: constant not charged
# says: constant is charged
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x, N=degree + 1, increasing=True)
    eye = torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    eye[0, 0] = 0
    return torch.linalg.solve(p.T @ p + rho * eye, p.T @ y)


# %% wrong: rho squared, by rows of rho instead of its root
# says: not ρ²
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x, N=degree + 1, increasing=True)
    a = torch.cat([p, rho * torch.eye(degree + 1, dtype=x.dtype, device=x.device)])
    b = torch.cat([y, torch.zeros(degree + 1, dtype=y.dtype, device=y.device)])
    return torch.linalg.lstsq(a, b[:, None]).solution[:, 0]


# %% wrong: root of rho
# says: not √ρ
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x, N=degree + 1, increasing=True)
    eye = torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    return torch.linalg.solve(p.T @ p + rho**0.5 * eye, p.T @ y)


# %% wrong: half of rho, from half of the penalty
# says: not ρ/2
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x, N=degree + 1, increasing=True)
    eye = torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    return torch.linalg.solve(p.T @ p + rho / 2 * eye, p.T @ y)


# %% wrong: rho ignored
# says: nothing is charged
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x, N=degree + 1, increasing=True)
    return torch.linalg.lstsq(p, y[:, None]).solution[:, 0]


# %% wrong: wrong sign
# says: wrong sign
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x, N=degree + 1, increasing=True)
    eye = torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    return torch.linalg.solve(p.T @ p - rho * eye, p.T @ y)


# %% wrong: penalty divided by the number of samples
# says: divided by N
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x, N=degree + 1, increasing=True)
    eye = torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    return torch.linalg.solve(p.T @ p + rho / len(x) * eye, p.T @ y)


# %% wrong: rho added to every entry
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x, N=degree + 1, increasing=True)
    return torch.linalg.solve(p.T @ p + rho, p.T @ y)


# %% wrong: highest power first
# says: wrong way
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x, N=degree + 1)
    eye = torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    return torch.linalg.solve(p.T @ p + rho * eye, p.T @ y)


# %% wrong: a column
# says: only the shape
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x, N=degree + 1, increasing=True)
    eye = torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    return torch.linalg.solve(p.T @ p + rho * eye, p.T @ y[:, None])


# %% wrong: no error for a negative rho
# says: must be refused
# caught: visible
def fit_ridge(x, y, degree, rho):
    p = torch.vander(x, N=degree + 1, increasing=True)
    eye = torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    return torch.linalg.solve(p.T @ p + rho * eye, p.T @ y)


# %% wrong: refuses rho = 0, too
# caught: visible
def fit_ridge(x, y, degree, rho):
    if rho <= 0:
        raise ValueError("rho must be positive")
    p = torch.vander(x, N=degree + 1, increasing=True)
    eye = torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    return torch.linalg.solve(p.T @ p + rho * eye, p.T @ y)


# %% wrong: float32 only
# says: dtype
# caught: hidden
def fit_ridge(x, y, degree, rho):
    if rho < 0:
        raise ValueError("rho")
    p = torch.vander(x.float(), N=degree + 1, increasing=True)
    eye = torch.eye(degree + 1, device=x.device)
    return torch.linalg.solve(p.T @ p + rho * eye, p.T @ y.float())
