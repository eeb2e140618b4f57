"""Attempts at `adam_step`: what graders must accept and reject."""

import torch
from torch import Tensor


# %% right: the corrections gathered in the learning rate
def adam_step(w: Tensor, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (grad - m)
    v = v + (1 - beta2) * (grad**2 - v)
    root = (1 - beta2**t) ** 0.5
    return w - lr * root / (1 - beta1**t) * m / (v.sqrt() + eps * root), m, v


# %% right: torch's in-place functions on copies
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m.clone().lerp_(grad, 1 - beta1)
    v = v.clone().mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    divisor = v.div(1 - beta2**t).sqrt_().add_(eps)
    return w.clone().addcdiv_(m / (1 - beta1**t), divisor, value=-lr), m, v


# %% right: in double precision, power by logarithm
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    kind = w.dtype
    w, m, v, grad = (part.double() for part in (w, m, v, grad))
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    power = torch.tensor([beta1, beta2], dtype=torch.float64) ** t
    one, two = (1 - power).tolist()
    new = w - lr * (m / one) / (torch.sqrt(v / two) + eps)
    return new.to(kind), m.to(kind), v.to(kind)


# %% right: a product over the steps
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    left1 = left2 = 1.0
    for _ in range(t):
        left1, left2 = left1 * beta1, left2 * beta2
    m = torch.lerp(grad, m, beta1)
    v = torch.lerp(grad.pow(2), v, beta2)
    return w - lr * (m / (1 - left1)) / ((v / (1 - left2)).sqrt() + eps), m, v


# %% wrong: no power t
# says: lack the power t
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1) / ((v / (1 - beta2)).sqrt() + eps), m, v


# %% wrong: ε inside the root
# says: ε is inside the root
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps).sqrt(), m, v


# %% wrong: v of g
# says: not of g
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: v of |g|
# says: not of |g|
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad.abs()
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: no corrections
# says: both corrections are missing
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (v.sqrt() + eps), m, v


# %% wrong: only m corrected
# says: correction of v is missing
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1**t) / (v.sqrt() + eps), m, v


# %% wrong: only v corrected
# says: correction of m is missing
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: corrected moments returned
# says: without the corrections
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = (beta1 * m + (1 - beta1) * grad) / (1 - beta1**t)
    v = (beta2 * v + (1 - beta2) * grad**2) / (1 - beta2**t)
    return w - lr * m / (v.sqrt() + eps), m, v


# %% wrong: uphill
# says: uphill
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w + lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: no root
# says: by the root of v
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps), m, v


# %% wrong: counts from zero
# says: no t + 1
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    t = t + 1
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: one step behind
# says: no t − 1
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    one, two = 1 - beta1 ** (t - 1) or 1.0, 1 - beta2 ** (t - 1) or 1.0
    return w - lr * m / one / ((v / two).sqrt() + eps), m, v


# %% wrong: product in place of the power
# says: a power, not a product
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1 * t) / ((v / (1 - beta2 * t)).abs().sqrt() + eps), m, v


# %% wrong: ε before the correction, as in the short form of the paper
# says: after the correction of v
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    rate = lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
    return w - rate * m / (v.sqrt() + eps), m, v


# %% wrong: bracket missing
# says: bracket
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * (m / (1 - beta1**t) / (v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: ε ignored
# says: not the eps that is given
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + 1e-8), m, v


# %% wrong: shares exchanged
# says: share that is kept
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = (1 - beta1) * m + beta1 * grad
    v = (1 - beta2) * v + beta2 * grad**2
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: betas exchanged
# says: β₁ is for m
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta2 * m + (1 - beta2) * grad
    v = beta1 * v + (1 - beta1) * grad**2
    return w - lr * m / (1 - beta2**t) / ((v / (1 - beta1**t)).sqrt() + eps), m, v


# %% wrong: RMSProp
# says: not by the gradient
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * grad / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: old moments
# says: not by the old ones
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    new = w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps)
    return new, beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2


# %% wrong: sums
# says: weighed with 1 − β
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + grad
    v = beta2 * v + grad**2
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: moments in place
# says: m was changed in place
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m.mul_(beta1).add_(grad, alpha=1 - beta1)
    v.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: weights in place
# says: w was changed in place
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    w -= lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps)
    return w, m, v


# %% wrong: torch's optimiser
# says: uses
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    p = torch.nn.Parameter(w.clone())
    o = torch.optim.Adam([p], lr=lr, betas=(beta1, beta2), eps=eps)
    p.grad = grad.clone()
    kept = {"exp_avg": m.clone(), "exp_avg_sq": v.clone()}
    o.state[p] = {"step": torch.tensor(float(t - 1)), **kept}
    o.step()
    return p.detach(), o.state[p]["exp_avg"], o.state[p]["exp_avg_sq"]


# %% wrong: another default of β₂
# says: the defaults of its signature
# caught: hidden
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.99, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: another default of η
# says: the defaults of its signature
# caught: hidden
def adam_step(w, m, v, grad, t, lr=1e-2, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: weight decay as well
# says: no weight decay
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    w = w * (1 - lr * 0.01)
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: one scale for all weights
# says: its own v̂
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).mean().sqrt() + eps), m, v


# %% wrong: largest v so far (AMSGrad)
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = torch.maximum(v, beta2 * v + (1 - beta2) * grad**2)
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


# %% wrong: weights alone
# says: must be a tuple
# caught: visible
def adam_step(w, m, v, grad, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps)
