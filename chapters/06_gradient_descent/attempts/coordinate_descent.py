"""Attempts at `coordinate_descent`: what graders must accept and reject."""

import torch
from torch import Tensor


# %% right: the others' share subtracted
def coordinate_descent(A: Tensor, b: Tensor, sweeps: int) -> Tensor:
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        for d in range(A.shape[0]):
            others = A[d] @ x - A[d, d] * x[d]
            x[d] = (b[d] - others) / A[d, d]
    return x


# %% right: a triangular system a sweep
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        right = b - torch.triu(A, diagonal=1) @ x
        x = torch.linalg.solve_triangular(torch.tril(A), right[:, None], upper=False)[:, 0]
    return x


# %% right: Python numbers
def coordinate_descent(A, b, sweeps):
    rows, x = A.double().tolist(), [0.0] * len(b)
    for _ in range(sweeps):
        for d, row in enumerate(rows):
            slope = sum(a * v for a, v in zip(row, x)) - b[d].item()
            x[d] -= slope / row[d]
    return torch.tensor(x, dtype=A.dtype, device=A.device)


# %% right: the residual kept up to date
def coordinate_descent(A, b, sweeps):
    x, rest = torch.zeros_like(b), b.clone()
    for step in range(sweeps * len(b)):
        d = step % len(b)
        move = rest[d] / A[d, d]
        x[d] += move
        rest -= move * A[:, d]
    return x


# %% wrong: Jacobi
# says: Jacobi
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        x = x + (b - A @ x) / A.diagonal()
    return x


# %% wrong: Jacobi by a copy
# says: Jacobi
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        old = x.clone()
        for d in range(len(b)):
            x[d] = old[d] + (b[d] - A[d] @ old) / A[d, d]
    return x


# %% wrong: sign
# says: the sign is wrong
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        for d in range(len(b)):
            x[d] -= (b[d] + A[d] @ x) / A[d, d]
    return x


# %% wrong: others added
# says: to be subtracted
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        for d in range(len(b)):
            x[d] = (b[d] + A[d] @ x - A[d, d] * x[d]) / A[d, d]
    return x


# %% wrong: its own share subtracted, too
# says: over the other coordinates
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        for d in range(len(b)):
            x[d] = (b[d] - A[d] @ x) / A[d, d]
    return x


# %% wrong: no division
# says: divide by A_dd
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        for d in range(len(b)):
            x[d] = b[d] - A[d] @ x + A[d, d] * x[d]
    return x


# %% wrong: one coordinate a sweep
# says: all coordinates
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for t in range(sweeps):
        d = t % len(b)
        x[d] += (b[d] - A[d] @ x) / A[d, d]
    return x


# %% wrong: one sweep too many
# says: three sweeps
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps + 1):
        for d in range(len(b)):
            x[d] += (b[d] - A[d] @ x) / A[d, d]
    return x


# %% wrong: backwards
# says: in order
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        for d in reversed(range(len(b))):
            x[d] += (b[d] - A[d] @ x) / A[d, d]
    return x


# %% wrong: there and back
# caught: hidden
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for sweep in range(sweeps):
        for d in range(len(b)):
            x[d] += (b[d] - A[d] @ x) / A[d, d]
        if len(b) > 2:
            for d in reversed(range(len(b))):
                x[d] += (b[d] - A[d] @ x) / A[d, d]
    return x


# %% wrong: solved at once
# says: how far two sweeps come
# caught: visible
def coordinate_descent(A, b, sweeps):
    return torch.linalg.solve(A, b)


# %% wrong: small steps down the slope
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        for d in range(len(b)):
            x[d] -= 0.1 * (A[d] @ x - b[d])
    return x


# %% wrong: gradient descent
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        g = A @ x - b
        x = x - (g @ g) / (g @ A @ g) * g
    return x


# %% wrong: starts from b
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = b.clone()
    for _ in range(sweeps):
        for d in range(len(b)):
            x[d] += (b[d] - A[d] @ x) / A[d, d]
    return x


# %% wrong: writes into b
# says: b was changed in place
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        for d in range(len(b)):
            step = b[d] / A[d, d]
            x[d] += step
            b -= step * A[:, d]
    return x


# %% wrong: at least one sweep
# caught: hidden
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(max(1, sweeps)):
        for d in range(len(b)):
            x[d] += (b[d] - A[d] @ x) / A[d, d]
    return x


# %% wrong: float32
# caught: hidden
def coordinate_descent(A, b, sweeps):
    x, A, b = torch.zeros(len(b), device=b.device), A.float(), b.float()
    for _ in range(sweeps):
        for d in range(len(b)):
            x[d] += (b[d] - A[d] @ x) / A[d, d]
    return x


# %% wrong: curvature of the first coordinate for all
# caught: visible
def coordinate_descent(A, b, sweeps):
    x = torch.zeros_like(b)
    for _ in range(sweeps):
        for d in range(len(b)):
            x[d] += (b[d] - A[d] @ x) / A[0, 0]
    return x
