"""Attempts at `critical_point`: what graders must accept and reject."""

import torch
from torch import Tensor


# %% right: torch.autograd.functional and counts
def critical_point(f, x: Tensor) -> str:
    from torch.autograd.functional import hessian, jacobian

    if jacobian(f, x).norm() > 1e-6:
        return "not critical"
    e = torch.linalg.eigvalsh(hessian(f, x))
    if e.abs().min() < 1e-6:
        return "degenerate"
    positive = int((e > 0).sum())
    return {0: "maximum", len(e): "minimum"}.get(positive, "saddle")


# %% right: autograd twice, row by row
def critical_point(f, x):
    x = x.clone().requires_grad_()
    (g,) = torch.autograd.grad(f(x), x, create_graph=True)
    if g.detach().abs().max() > 1e-6:
        return "not critical"
    rows = [torch.autograd.grad(part, x, retain_graph=True)[0] for part in g]
    e = torch.linalg.eigh(torch.stack(rows)).eigenvalues.tolist()
    if any(abs(h) < 1e-6 for h in e):
        return "degenerate"
    if e[0] > 0:
        return "minimum"
    return "maximum" if e[-1] < 0 else "saddle"


# %% right: finite differences
def critical_point(f, x):
    d, eps = len(x), 1e-4
    eye = eps * torch.eye(d, dtype=x.dtype, device=x.device)
    g = torch.stack([(f(x + e) - f(x - e)) / (2 * eps) for e in eye])
    if float(g.abs().max()) > 1e-6:
        return "not critical"
    h = torch.zeros(d, d, dtype=torch.float64)
    for i in range(d):
        for j in range(d):
            a, b = eye[i], eye[j]
            h[i, j] = float(f(x + a + b) - f(x + a - b) - f(x - a + b) + f(x - a - b))
    e = torch.linalg.eigvalsh((h + h.T) / (8 * eps**2))
    if bool((e.abs() < 1e-5).any()):
        return "degenerate"
    if bool((e > 0).all()):
        return "minimum"
    return "maximum" if bool((e < 0).all()) else "saddle"


# %% right: signs of the singular values' directions
def critical_point(f, x):
    if not torch.allclose(torch.func.jacrev(f)(x), torch.zeros_like(x), atol=1e-6):
        return "not critical"
    h = torch.func.jacrev(torch.func.jacrev(f))(x)
    signs = torch.linalg.eigvals(h).real
    signs = torch.where(signs.abs() < 1e-6, 0.0, signs.sign())
    kinds = set(signs.int().tolist())
    if 0 in kinds:
        return "degenerate"
    return "saddle" if len(kinds) == 2 else "minimum" if 1 in kinds else "maximum"


# %% wrong: determinant and trace
# says: neither determinant nor trace
# caught: hidden
def critical_point(f, x):
    if torch.func.grad(f)(x).abs().max() > 1e-6:
        return "not critical"
    h = torch.autograd.functional.hessian(f, x)
    determinant = torch.linalg.det(h)
    if determinant.abs() < 1e-6:
        return "degenerate"
    if determinant < 0:
        return "saddle"
    return "minimum" if h[0, 0] > 0 else "maximum"


# %% wrong: determinant alone
# says: determinant
# caught: hidden
def critical_point(f, x):
    if torch.func.grad(f)(x).abs().max() > 1e-6:
        return "not critical"
    h = torch.autograd.functional.hessian(f, x)
    if torch.linalg.eigvalsh(h).abs().min() < 1e-6:
        return "degenerate"
    if len(x) == 2 and torch.linalg.det(h) < 0:
        return "saddle"
    if len(x) == 2:
        return "minimum" if h.trace() > 0 else "maximum"
    return "minimum" if torch.linalg.det(h) > 0 else "maximum"


# %% wrong: the trace
# says: neither determinant nor trace
# caught: hidden
def critical_point(f, x):
    if torch.func.grad(f)(x).abs().max() > 1e-6:
        return "not critical"
    e = torch.linalg.eigvalsh(torch.autograd.functional.hessian(f, x))
    if e.abs().min() < 1e-6:
        return "degenerate"
    if len(e) <= 2 and e[0] * e[-1] < 0:
        return "saddle"
    return "minimum" if e.sum() > 0 else "maximum"


# %% wrong: the diagonal
# says: its eigenvalues are
# caught: visible
def critical_point(f, x):
    if torch.func.grad(f)(x).abs().max() > 1e-6:
        return "not critical"
    e = torch.autograd.functional.hessian(f, x).diagonal()
    if e.abs().min() < 1e-6:
        return "degenerate"
    if (e > 0).all():
        return "minimum"
    return "maximum" if (e < 0).all() else "saddle"


# %% wrong: never degenerate
# says: whatever the other says
# caught: visible
def critical_point(f, x):
    if torch.func.grad(f)(x).abs().max() > 1e-6:
        return "not critical"
    e = torch.linalg.eigvalsh(torch.autograd.functional.hessian(f, x))
    if (e >= 0).all():
        return "minimum"
    return "maximum" if (e <= 0).all() else "saddle"


# %% wrong: degenerate only when all are zero
# caught: visible
def critical_point(f, x):
    if torch.func.grad(f)(x).abs().max() > 1e-6:
        return "not critical"
    e = torch.linalg.eigvalsh(torch.autograd.functional.hessian(f, x))
    if (e.abs() < 1e-6).all():
        return "degenerate"
    if (e > -1e-6).all():
        return "minimum"
    return "maximum" if (e < 1e-6).all() else "saddle"


# %% wrong: signs before zeros
# says: whatever the signs
# caught: hidden
def critical_point(f, x):
    if torch.func.grad(f)(x).abs().max() > 1e-6:
        return "not critical"
    e = torch.linalg.eigvalsh(torch.autograd.functional.hessian(f, x))
    if (e > 1e-6).any() and (e < -1e-6).any():
        return "saddle"
    if (e.abs() < 1e-6).any():
        return "degenerate"
    return "minimum" if e[0] > 0 else "maximum"


# %% wrong: gradient never looked at
# says: where the gradient isn't zero
# caught: visible
def critical_point(f, x):
    e = torch.linalg.eigvalsh(torch.autograd.functional.hessian(f, x))
    if (e.abs() < 1e-6).any():
        return "degenerate"
    if (e > 0).all():
        return "minimum"
    return "maximum" if (e < 0).all() else "saddle"


# %% wrong: minimum and maximum exchanged
# says: bend upwards
# caught: visible
def critical_point(f, x):
    if torch.func.grad(f)(x).abs().max() > 1e-6:
        return "not critical"
    e = torch.linalg.eigvalsh(torch.autograd.functional.hessian(f, x))
    if (e.abs() < 1e-6).any():
        return "degenerate"
    if (e > 0).all():
        return "maximum"
    return "minimum" if (e < 0).all() else "saddle"


# %% wrong: sum of the gradient
# says: the size of each of its entries
# caught: hidden
def critical_point(f, x):
    if torch.func.grad(f)(x).sum() > 1e-6:
        return "not critical"
    e = torch.linalg.eigvalsh(torch.autograd.functional.hessian(f, x))
    if (e.abs() < 1e-6).any():
        return "degenerate"
    if (e > 0).all():
        return "minimum"
    return "maximum" if (e < 0).all() else "saddle"


# %% wrong: exactly zero
# caught: hidden
def critical_point(f, x):
    if (torch.func.grad(f)(x) != 0).any():
        return "not critical"
    e = torch.linalg.eigvalsh(torch.autograd.functional.hessian(f, x))
    if (e == 0).any():
        return "degenerate"
    if (e > 0).all():
        return "minimum"
    return "maximum" if (e < 0).all() else "saddle"


# %% wrong: a generous zero
# says: below 1e-6 in size
# caught: hidden
def critical_point(f, x):
    if torch.func.grad(f)(x).abs().max() > 0.1:
        return "not critical"
    e = torch.linalg.eigvalsh(torch.autograd.functional.hessian(f, x))
    if (e.abs() < 0.1).any():
        return "degenerate"
    if (e > 0).all():
        return "minimum"
    return "maximum" if (e < 0).all() else "saddle"


# %% wrong: compares with neighbours
# caught: visible
def critical_point(f, x):
    g = torch.Generator(device=x.device).manual_seed(0)
    if torch.func.grad(f)(x).abs().max() > 1e-6:
        return "not critical"
    near = x + 1e-2 * torch.randn(200, len(x), generator=g, dtype=torch.float64, device=x.device)
    rises = torch.tensor([float(f(n) - f(x)) for n in near])
    if (rises > 0).all():
        return "minimum"
    return "maximum" if (rises < 0).all() else "saddle"


# %% wrong: two dimensions only
# caught: hidden
def critical_point(f, x):
    if torch.func.grad(f)(x).abs().max() > 1e-6:
        return "not critical"
    (a, b), (_, c) = torch.autograd.functional.hessian(f, x)[:2, :2].tolist()
    if abs(a * c - b * b) < 1e-6:
        return "degenerate"
    if a * c - b * b < 0:
        return "saddle"
    return "minimum" if a > 0 else "maximum"


# %% wrong: other words
# caught: visible
def critical_point(f, x):
    if torch.func.grad(f)(x).abs().max() > 1e-6:
        return "none"
    e = torch.linalg.eigvalsh(torch.autograd.functional.hessian(f, x))
    if (e.abs() < 1e-6).any():
        return "degenerate"
    if (e > 0).all():
        return "Minimum"
    return "Maximum" if (e < 0).all() else "Saddle"
