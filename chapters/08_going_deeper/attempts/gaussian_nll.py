"""Attempts at `gaussian_nll`: what graders must accept and reject."""

import math

import torch
from torch import Tensor, nn


# %% right: as the formula stands
def gaussian_nll(mean, log_var, y):
    each = 0.5 * (math.log(2 * math.pi) + log_var + (y - mean) ** 2 / log_var.exp())
    return each.mean()


# %% right: torch's distribution
def gaussian_nll(mean, log_var, y):
    sigma = torch.exp(log_var * 0.5)
    return -torch.distributions.Normal(mean, sigma, validate_args=False).log_prob(y).mean()


# %% right: torch's loss, with an eps that clamps nothing
def gaussian_nll(mean, log_var, y):
    return nn.functional.gaussian_nll_loss(mean, y, log_var.exp(), full=True, eps=1e-30)


# %% right: element by element, in float64
def gaussian_nll(mean, log_var, y):
    total = torch.zeros((), dtype=torch.float64, device=mean.device)
    triples = zip(mean.reshape(-1), log_var.reshape(-1), y.reshape(-1))
    for m, s, t in triples:
        m, s, t = m.double(), s.double(), t.double()
        total = total + 0.5 * (s + (t - m) ** 2 * torch.exp(-s) + math.log(2 * math.pi))
    return (total / mean.numel()).to(mean.dtype)


# %% wrong: without the constant
# says: the constant
# caught: visible
def gaussian_nll(mean, log_var, y):
    return 0.5 * (log_var + (y - mean) ** 2 / log_var.exp()).mean()


# %% wrong: torch's loss as it comes
# says: the constant
# caught: visible
def gaussian_nll(mean, log_var, y):
    return nn.functional.gaussian_nll_loss(mean, y, log_var.exp())


# %% wrong: torch's loss clamps the variance
# says: is one clamped
# caught: hidden
def gaussian_nll(mean, log_var, y):
    return nn.functional.gaussian_nll_loss(mean, y, log_var.exp(), full=True)


# %% wrong: log σ for log σ²
# says: not of σ
# caught: visible
def gaussian_nll(mean, log_var, y):
    z = (y - mean) / log_var.exp()
    return (0.5 * z**2 + log_var + 0.5 * math.log(2 * math.pi)).mean()


# %% wrong: the standard deviation in place of the variance
# says: divided by σ², not by σ
# caught: visible
def gaussian_nll(mean, log_var, y):
    std = torch.exp(log_var / 2)
    return 0.5 * (log_var + (y - mean) ** 2 / std + math.log(2 * math.pi)).mean()


# %% wrong: Normal takes σ, not σ²
# says: not of σ
# caught: visible
def gaussian_nll(mean, log_var, y):
    return -torch.distributions.Normal(mean, log_var.exp()).log_prob(y).mean()


# %% wrong: the sum
# says: that is the sum
# caught: visible
def gaussian_nll(mean, log_var, y):
    return 0.5 * (math.log(2 * math.pi) + log_var + (y - mean) ** 2 / log_var.exp()).sum()


# %% wrong: the likelihood's logarithm itself
# says: minus it
# caught: visible
def gaussian_nll(mean, log_var, y):
    return -0.5 * (math.log(2 * math.pi) + log_var + (y - mean) ** 2 / log_var.exp()).mean()


# %% wrong: the factor ½ forgotten
# says: the factor ½
# caught: visible
def gaussian_nll(mean, log_var, y):
    each = log_var + (y - mean) ** 2 / log_var.exp() + 0.5 * math.log(2 * math.pi)
    return each.mean()


# %% wrong: log 2π without its half
# says: the constant is ½ log 2π
# caught: visible
def gaussian_nll(mean, log_var, y):
    each = 0.5 * (log_var + (y - mean) ** 2 / log_var.exp())
    return each.mean() + math.log(2 * math.pi)


# %% wrong: the residual is not squared
# says: the residual must be squared
# caught: visible
def gaussian_nll(mean, log_var, y):
    return 0.5 * (log_var + (y - mean).abs() / log_var.exp()).mean() + 0.5 * math.log(2 * math.pi)


# %% wrong: log_var is taken for the variance
# says: not the variance itself
# caught: visible
def gaussian_nll(mean, log_var, y):
    var = log_var.clamp(min=1e-6)
    return 0.5 * (math.log(2 * math.pi) + var.log() + (y - mean) ** 2 / var).mean()


# %% wrong: log_var is taken for the variance, and nothing is clamped
# says: is log_var taken for the variance
# caught: visible
def gaussian_nll(mean, log_var, y):
    return 0.5 * (math.log(2 * math.pi) + log_var.log() + (y - mean) ** 2 / log_var).mean()


# %% wrong: σ² for log σ²
# says: log σ², not σ²
# caught: visible
def gaussian_nll(mean, log_var, y):
    var = log_var.exp()
    return 0.5 * (math.log(2 * math.pi) + var + (y - mean) ** 2 / var).mean()


# %% wrong: without log σ²
# says: where is the term log σ²
# caught: visible
def gaussian_nll(mean, log_var, y):
    return 0.5 * ((y - mean) ** 2 / log_var.exp() + math.log(2 * math.pi)).mean()


# %% wrong: the variance multiplies
# says: a large variance makes it small
# caught: visible
def gaussian_nll(mean, log_var, y):
    return 0.5 * (math.log(2 * math.pi) + log_var + (y - mean) ** 2 * log_var.exp()).mean()


# %% wrong: one value for each element
# says: must have the shape ()
# caught: visible
def gaussian_nll(mean, log_var, y):
    return 0.5 * (math.log(2 * math.pi) + log_var + (y - mean) ** 2 / log_var.exp())


# %% wrong: a mean over the batch only
# says: must have the shape ()
# caught: visible
def gaussian_nll(mean, log_var, y):
    each = 0.5 * (math.log(2 * math.pi) + log_var + (y - mean) ** 2 / log_var.exp())
    return each.mean(dim=0) if each.ndim > 1 else each.mean()


# %% wrong: a Python number
# says: carries no gradient
# caught: hidden
def gaussian_nll(mean, log_var, y):
    return 0.5 * (math.log(2 * math.pi) + log_var + (y - mean) ** 2 / log_var.exp()).mean().item()


# %% wrong: log_var clamped
# says: is one clamped
# caught: hidden
def gaussian_nll(mean, log_var, y):
    s = log_var.clamp(-10, 10)
    return 0.5 * (math.log(2 * math.pi) + s + (y - mean) ** 2 / s.exp()).mean()


# %% wrong: an eps beside the variance
# caught: hidden
def gaussian_nll(mean, log_var, y):
    var = log_var.exp() + 1e-6
    return 0.5 * (math.log(2 * math.pi) + var.log() + (y - mean) ** 2 / var).mean()


# %% wrong: the variance gets no gradient
# says: detach nothing
# caught: hidden
def gaussian_nll(mean, log_var, y):
    var = log_var.exp().detach()
    return 0.5 * (math.log(2 * math.pi) + log_var + (y - mean) ** 2 / var).mean()


# %% wrong: log_var gets no gradient at all
# says: no gradient reaches log_var
# caught: hidden
def gaussian_nll(mean, log_var, y):
    s = log_var.detach()
    return 0.5 * (math.log(2 * math.pi) + s + (y - mean) ** 2 / s.exp()).mean()


# %% wrong: written into the targets
# says: y was changed in place
# caught: visible
def gaussian_nll(mean, log_var, y):
    with torch.no_grad():
        y -= mean
    return 0.5 * (math.log(2 * math.pi) + log_var + y**2 / log_var.exp()).mean()
