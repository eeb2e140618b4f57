"""Attempts at `fit_polynomial`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: QR decomposition
def fit_polynomial(x: Tensor, y: Tensor, degree: int) -> Tensor:
    powers = torch.vander(x, N=degree + 1, increasing=True)
    q, r = torch.linalg.qr(powers)
    return torch.linalg.solve_triangular(r, q.T @ y[:, None], upper=True).squeeze(1)


# %% right: pseudo-inverse, in float64
def fit_polynomial(x, y, degree):
    powers = torch.stack([x.double() ** d for d in range(degree + 1)], 1)
    return (torch.linalg.pinv(powers) @ y.double()).to(x.dtype)


# %% right: NumPy's polyfit, turned round
def fit_polynomial(x, y, degree):
    alpha = np.polyfit(x.double().cpu().numpy(), y.double().cpu().numpy(), degree)
    return torch.from_numpy(alpha[::-1].copy()).to(x)


# %% right: centred and scaled, normal equations there, expanded in float64
def fit_polynomial(x, y, degree):
    t, v = x.double().cpu(), y.double().cpu()
    centre = t.mean()
    width = (t - centre).abs().max().clamp(min=1e-9)
    u = torch.vander((t - centre) / width, N=degree + 1, increasing=True)
    beta = torch.linalg.solve(u.T @ u, u.T @ v)
    law = np.polynomial.Polynomial([-float(centre / width), 1 / float(width)])
    total = sum(float(b) * law**d for d, b in enumerate(beta))
    alpha = np.zeros(degree + 1)
    alpha[: len(total.coef)] = total.coef
    return torch.from_numpy(alpha).to(x)


# %% right: singular values
def fit_polynomial(x, y, degree):
    powers = x.double()[:, None] ** torch.arange(degree + 1, device=x.device)
    u, s, vt = torch.linalg.svd(powers, full_matrices=False)
    return (vt.T @ ((u.T @ y.double()) / s)).to(x.dtype)


# %% right: lstsq with another driver
def fit_polynomial(x, y, degree):
    powers = torch.cumprod(
        torch.cat([torch.ones_like(x)[:, None], x[:, None].expand(-1, degree)], 1), 1
    )
    driver = "gels" if x.is_cuda else "gelsd"
    return torch.linalg.lstsq(powers, y.unsqueeze(-1), driver=driver).solution.flatten()


# %% wrong: normal equations
# says: normal equations
# caught: visible
def fit_polynomial(x, y, degree):
    p = torch.vander(x, N=degree + 1, increasing=True)
    return torch.linalg.solve(p.T @ p, p.T @ y)


# %% wrong: normal equations with an inverse
# says: normal equations
# caught: visible
def fit_polynomial(x, y, degree):
    p = torch.vander(x, N=degree + 1, increasing=True)
    return torch.inverse(p.T @ p) @ p.T @ y


# %% wrong: normal equations with a pseudo-inverse
# says: normal equations
# caught: visible
def fit_polynomial(x, y, degree):
    p = torch.vander(x, N=degree + 1, increasing=True)
    return torch.linalg.pinv(p.T @ p) @ (p.T @ y)


# %% wrong: interpolation of the first points only
# says: first two points
# caught: visible
def fit_polynomial(x, y, degree):
    p = torch.vander(x[: degree + 1], N=degree + 1, increasing=True)
    return torch.linalg.solve(p, y[: degree + 1])


# %% wrong: interpolation, square systems only
# caught: visible
def fit_polynomial(x, y, degree):
    return torch.linalg.solve(torch.vander(x, N=degree + 1, increasing=True), y)


# %% wrong: highest power first
# says: wrong way
# caught: visible
def fit_polynomial(x, y, degree):
    return torch.linalg.lstsq(torch.vander(x, N=degree + 1), y[:, None]).solution[:, 0]


# %% wrong: a column
# says: only the shape
# caught: visible
def fit_polynomial(x, y, degree):
    p = torch.vander(x, N=degree + 1, increasing=True)
    return torch.linalg.lstsq(p, y[:, None]).solution


# %% wrong: the fitted values
# says: fitted values
# caught: visible
def fit_polynomial(x, y, degree):
    p = torch.vander(x, N=degree + 1, increasing=True)
    return p @ torch.linalg.lstsq(p, y[:, None]).solution[:, 0]


# %% wrong: no constant
# says: through the origin
# caught: visible
def fit_polynomial(x, y, degree):
    p = x[:, None] ** torch.arange(1, degree + 1, device=x.device)
    return torch.linalg.lstsq(p, y[:, None]).solution[:, 0]


# %% wrong: constant put to 0
# says: through the origin
# caught: visible
def fit_polynomial(x, y, degree):
    p = x[:, None] ** torch.arange(1, degree + 1, device=x.device)
    rest = torch.linalg.lstsq(p, y[:, None]).solution[:, 0]
    return torch.cat([torch.zeros_like(rest[:1]), rest])


# %% wrong: x fitted to y
# says: swapped
# caught: visible
def fit_polynomial(x, y, degree):
    p = torch.vander(y, N=degree + 1, increasing=True)
    return torch.linalg.lstsq(p, x[:, None]).solution[:, 0]


# %% wrong: everything in float32
# says: float32
# caught: visible
def fit_polynomial(x, y, degree):
    p = torch.vander(x.float(), N=degree + 1, increasing=True)
    return torch.linalg.lstsq(p, y.float()[:, None]).solution[:, 0].to(x.dtype)


# %% wrong: always float64
# says: dtype
# caught: visible
def fit_polynomial(x, y, degree):
    p = torch.vander(x.double(), N=degree + 1, increasing=True)
    return torch.linalg.lstsq(p, y.double()[:, None]).solution[:, 0]


# %% wrong: coefficients in powers of x minus its mean
# caught: visible
def fit_polynomial(x, y, degree):
    p = torch.vander(x - x.mean(), N=degree + 1, increasing=True)
    return torch.linalg.lstsq(p, y[:, None]).solution[:, 0]


# %% wrong: a little ridge to make the normal equations behave
# caught: visible
def fit_polynomial(x, y, degree):
    p = torch.vander(x, N=degree + 1, increasing=True)
    eye = torch.eye(degree + 1, dtype=x.dtype, device=x.device)
    return torch.linalg.solve(p.T @ p + 1e-6 * eye, p.T @ y)
