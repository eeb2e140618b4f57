"""Attempts at `batch_norm`: what graders must accept and reject."""

import torch
from torch import Tensor, nn


# %% right: case by case
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% right: torch's own, on copies
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training and len(x) < 2:
        raise ValueError(f"x has {len(x)} samples, at least 2 are needed")
    mean, var = running_mean.detach().clone(), running_var.detach().clone()
    y = nn.functional.batch_norm(x, mean, var, gamma, beta, training, momentum, eps)
    return y, mean, var


# %% right: a module, loaded and read
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training and x.shape[0] <= 1:
        raise ValueError("batch_norm: x must have more than one row")
    layer = nn.BatchNorm1d(x.shape[1], eps, momentum, affine=False)
    layer = layer.to(x.device, x.dtype).train(training)
    layer.running_mean.copy_(running_mean)
    layer.running_var.copy_(running_var)
    return layer(x) * gamma + beta, layer.running_mean, layer.running_var


# %% right: sums of squares, reciprocal roots, one fused factor
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if not training:
        factor = gamma * torch.rsqrt(running_var + eps)
        return x * factor + (beta - running_mean * factor), running_mean, running_var
    n = x.shape[0]
    if n < 2:
        raise ValueError("in training x needs n >= 2")
    mu = x.sum(dim=0) / n
    centred = x - mu[None, :]
    squares = (centred * centred).sum(dim=0)
    y = gamma[None, :] * centred * (squares / n + eps) ** -0.5 + beta[None, :]
    with torch.no_grad():
        running_mean = running_mean + momentum * (mu - running_mean)
        running_var = running_var + momentum * (squares / (n - 1) - running_var)
    return y, running_mean, running_var


# %% right: column by column
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    columns, means, variances = [], [], []
    if training and len(x) < 2:
        raise ValueError("x must have two rows")
    for d in range(x.shape[1]):
        column, mean, var = x[:, d], running_mean[d], running_var[d]
        if training:
            mean, var = column.mean(), ((column - column.mean()) ** 2).mean()
        columns.append(gamma[d] * (column - mean) / (var + eps).sqrt() + beta[d])
        step = momentum if training else 0.0
        means.append((1 - step) * running_mean[d] + step * mean.detach())
        full = var.detach() * len(x) / (len(x) - 1) if training else var
        variances.append((1 - step) * running_var[d] + step * full)
    return torch.stack(columns, dim=1), torch.stack(means), torch.stack(variances)


# %% wrong: unbiased to normalise
# says: divided by N, not by N − 1
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: the running variance is the biased one
# says: collects the unbiased one
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0, correction=0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: running statistics in training
# says: the batch's own statistics count
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - running_mean) / torch.sqrt(running_var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: the new running statistics in training
# says: new running averages
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - new_mean) / torch.sqrt(new_var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: the batch's statistics in use
# says: the running statistics count
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: momentum the other way round
# says: weight of the new batch
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = momentum * running_mean + (1 - momentum) * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: momentum the other way round, for the variance only
# says: weight of the new batch
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = momentum * running_var + (1 - momentum) * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: running statistics written in place
# says: running_mean was changed in place
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = running_mean.mul_(1 - momentum).add_(momentum * mean.detach())
        new_var = running_var.mul_(1 - momentum).add_(momentum * x.detach().var(0))
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: torch's own, in place
# says: running_mean was changed in place
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training and len(x) < 2:
        raise ValueError("x must have at least two samples")
    y = nn.functional.batch_norm(x, running_mean, running_var, gamma, beta, training, momentum, eps)
    return y, running_mean, running_var


# %% wrong: running mean carries a gradient
# says: carry a gradient
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: running variance carries a gradient
# says: carry a gradient
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: the batch's statistics are detached in y
# says: mean and variance, too: detach neither
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.detach().mean(0), x.detach().var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: only the variance is detached
# says: the variance, too: don't detach it
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.detach().var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: divided by the variance
# says: take its root
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / (var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: eps outside the root
# says: under the root
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / (torch.sqrt(var) + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: no eps
# says: eps is missing
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var) * gamma + beta
    return y, new_mean, new_var


# %% wrong: eps of its own
# says: eps is an argument
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + 1e-5) * gamma + beta
    return y, new_mean, new_var


# %% wrong: momentum of its own
# says: momentum is an argument
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    momentum = 0.1
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: gamma and beta forgotten
# says: where are gamma and beta
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps)
    return y, new_mean, new_var


# %% wrong: beta forgotten
# says: beta is missing
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma
    return y, new_mean, new_var


# %% wrong: gamma forgotten
# says: gamma is missing
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) + beta
    return y, new_mean, new_var


# %% wrong: over the features: layer normalisation
# says: over the batch (dim=0)
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(1, keepdim=True), x.var(1, correction=0, keepdim=True)
        new_mean = (1 - momentum) * running_mean + momentum * x.detach().mean(0)
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: one mean and variance for all columns
# says: of its own
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(), x.var(correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * x.detach().mean(0)
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: running statistics replaced by the batch's
# says: only a step towards it
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: running statistics stand still
# says: moves
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = running_mean
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: standard deviations are collected
# says: collect variances
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().std(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: running statistics move in use, too
# says: stay as they are
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean = (1 - momentum) * running_mean + momentum * x.detach().mean(0)
        new_var = running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: a single sample is let through
# says: must be refused
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: an empty batch is let through
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) == 1:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: a single sample is refused in use as well
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if len(x) < 2:
        raise ValueError("x must have at least two samples")
    if training:
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: the error names nothing
# says: names no argument
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("a batch is needed")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y, new_mean, new_var


# %% wrong: y alone
# says: a tuple of three
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y


# %% wrong: a list
# says: a tuple of three
# caught: visible
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return [y, new_mean, new_var]


# %% wrong: y itself detached
# says: carries no gradient
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y.detach(), new_mean, new_var


# %% wrong: float32 whatever comes
# caught: hidden
def batch_norm(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) < 2:
            raise ValueError("x must have at least two samples")
        mean, var = x.mean(0), x.var(0, correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * x.detach().var(0)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps) * gamma + beta
    return y.float(), new_mean.float(), new_var.float()
