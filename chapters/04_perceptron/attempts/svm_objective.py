"""Attempts at `svm_objective`: what graders must accept and reject."""

import torch
from torch import Tensor, nn


# %% right: clamp
def svm_objective(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lam: float) -> Tensor:
    hinge = (1 - y * (x @ w + b)).clamp(min=0)
    return lam * w.pow(2).sum() + hinge.mean()


# %% right: a loop over samples
def svm_objective(w, b, x, y, lam):
    loss = 0
    for sample, label in zip(x, y):
        margin = label * (torch.dot(w, sample) + b)
        if margin < 1:
            loss = loss + 1 - margin
    return lam * w.norm() ** 2 + loss / len(x)


# %% right: the maximum with 0, one class at a time
def svm_objective(w, b, x, y, lam):
    score = torch.einsum("d,nd->n", w, x) + b
    zero = torch.zeros_like(score)
    hinge = torch.where(y > 0, torch.maximum(zero, 1 - score), torch.maximum(zero, 1 + score))
    return hinge.sum() / x.shape[0] + lam * torch.dot(w, w)


# %% right: inside and back, in double precision
def svm_objective(w, b, x, y, lam):
    score = torch.mv(x.double(), w.double()) + b
    hinge = nn.functional.relu(1 - y.double() * score)
    return (lam * torch.sum(w.double() ** 2) + torch.mean(hinge)).to(w.dtype)


# %% right: only the samples that are charged
def svm_objective(w, b, x, y, lam):
    margins = (x * w).sum(dim=1).add(b) * y.to(w.dtype)
    charged = margins < 1
    return lam * (w @ w) + (1 - margins[charged]).sum() / len(margins)


# %% right: the hinge as half of a number and its absolute value
def svm_objective(w, b, x, y, lam):
    gap = 1 - y * (x.matmul(w) + b)
    return lam * torch.linalg.vector_norm(w) ** 2 + (gap + gap.abs()).mean() / 2


# %% wrong: sum
# says: averaged over the samples, not added up
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w) + torch.relu(1 - y * (x @ w + b)).sum()


# %% wrong: the norm without its square
# says: the square of the norm
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * w.norm() + torch.relu(1 - y * (x @ w + b)).mean()


# %% wrong: the absolute value
# says: a margin above 1 costs nothing
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w) + (1 - y * (x @ w + b)).abs().mean()


# %% wrong: no hinge at all
# says: pull the mean down
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w) + (1 - y * (x @ w + b)).mean()


# %% wrong: the mean inside the hinge
# says: pull the mean down
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w) + torch.relu((1 - y * (x @ w + b)).mean())


# %% wrong: penalty forgotten
# says: penalty
# caught: visible
def svm_objective(w, b, x, y, lam):
    return torch.relu(1 - y * (x @ w + b)).mean()


# %% wrong: bias forgotten
# says: the bias is missing
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w) + torch.relu(1 - y * (x @ w)).mean()


# %% wrong: the perceptron's hinge at 0
# says: margin of 1, not of 0
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w) + torch.relu(-y * (x @ w + b)).mean()


# %% wrong: bias penalised
# says: not b
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w + b**2) + torch.relu(1 - y * (x @ w + b)).mean()


# %% wrong: labels forgotten
# says: where is y
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w) + torch.relu(1 - (x @ w + b)).mean()


# %% wrong: sign of the margin
# says: 1 minus the margin
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w) + torch.relu(1 + y * (x @ w + b)).mean()


# %% wrong: half of the penalty
# says: not half of it
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam / 2 * (w @ w) + torch.relu(1 - y * (x @ w + b)).mean()


# %% wrong: mean of the squares of w
# says: nor their mean
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * w.square().mean() + torch.relu(1 - y * (x @ w + b)).mean()


# %% wrong: the hinge squared
# says: not its square
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w) + (torch.relu(1 - y * (x @ w + b)) ** 2).mean()


# %% wrong: the penalty once a sample
# says: counts once
# caught: visible
def svm_objective(w, b, x, y, lam):
    return (lam * (w @ w) + torch.relu(1 - y * (x @ w + b))).sum()


# %% wrong: one loss a sample
# says: one value a sample
# caught: visible
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w) + torch.relu(1 - y * (x @ w + b))


# %% wrong: shape (1,)
# says: must have the shape (), not (1,)
# caught: visible
def svm_objective(w, b, x, y, lam):
    return (lam * (w @ w) + torch.relu(1 - y * (x @ w + b)).mean()).reshape(1)


# %% wrong: a Python number
# says: no gradient can flow
# caught: visible
def svm_objective(w, b, x, y, lam):
    return (lam * (w @ w) + torch.relu(1 - y * (x @ w + b)).mean()).item()


# %% wrong: detached
# says: no gradient can flow
# caught: visible
def svm_objective(w, b, x, y, lam):
    with torch.no_grad():
        return lam * (w @ w) + torch.relu(1 - y * (x @ w + b)).mean()


# %% wrong: a leaf of its own
# says: no gradient reaches w
# caught: hidden
def svm_objective(w, b, x, y, lam):
    w, b = w.detach(), torch.as_tensor(b).detach()
    loss = lam * (w @ w) + torch.relu(1 - y * (x @ w + b)).mean()
    return loss.requires_grad_()


# %% wrong: bias as a plain number
# says: no gradient reaches b
# caught: hidden
def svm_objective(w, b, x, y, lam):
    return lam * (w @ w) + torch.relu(1 - y * (x @ w + float(b))).mean()


# %% wrong: only the penalty is differentiated
# says: the penalty's gradient alone
# caught: hidden
def svm_objective(w, b, x, y, lam):
    hinge = torch.relu(1 - y * (x @ w.detach() + b)).mean()
    return lam * (w @ w) + hinge


# %% wrong: only the loss is differentiated
# says: the hinge loss's gradient alone
# caught: hidden
def svm_objective(w, b, x, y, lam):
    return lam * w.detach().square().sum() + torch.relu(1 - y * (x @ w + b)).mean()


# %% wrong: rounded, so that the gradient vanishes
# says: is anything rounded
# caught: hidden
def svm_objective(w, b, x, y, lam):
    loss = lam * (w @ w) + torch.relu(1 - y * (x @ w + b)).mean()
    return loss.round(decimals=6)


# %% wrong: loops over numbers
# says: no gradient can flow
# caught: visible
def svm_objective(w, b, x, y, lam):
    total = 0.0
    for row, label in zip(x.tolist(), y.tolist()):
        score = sum(p * q for p, q in zip(row, w.tolist())) + float(b)
        total += max(0.0, 1 - label * score)
    return torch.tensor(lam * sum(p * p for p in w.tolist()) + total / len(x), device=x.device)


# %% wrong: prints
# says: is a return missing?
# caught: visible
def svm_objective(w, b, x, y, lam):
    print(lam * (w @ w) + torch.relu(1 - y * (x @ w + b)).mean())


# %% wrong: float32 whatever comes
# says: must have the dtype torch.float64, not torch.float32
# caught: hidden
def svm_objective(w, b, x, y, lam):
    w, x = w.float(), x.float()
    return lam * (w @ w) + torch.relu(1 - y * (x @ w + b)).mean().float()


# %% wrong: mean over features
# caught: hidden
def svm_objective(w, b, x, y, lam):
    hinge = torch.relu(1 - y * (x @ w + b))
    return lam * (w @ w) + hinge.sum() / (len(w) * 2)


# %% wrong: labels written into the samples
# says: x was changed in place
# caught: hidden
def svm_objective(w, b, x, y, lam):
    x *= y[:, None]
    return lam * (w @ w) + torch.relu(1 - x @ w - y * b).mean()


# %% wrong: rows against columns
# says: its own sample
# caught: visible
def svm_objective(w, b, x, y, lam):
    margins = y[:, None] * (x @ w + b)
    return lam * (w @ w) + torch.relu(1 - margins).mean()
