"""Attempts at `cross_entropy`: what graders must accept and reject."""

import math

import torch
from torch import Tensor, nn


# %% right: torch.log_softmax and indexing
def cross_entropy(z, y):
    return -torch.log_softmax(z, dim=1)[torch.arange(len(z), device=z.device), y].mean()


# %% right: one-hot
def cross_entropy(z, y):
    truth = nn.functional.one_hot(y, z.shape[1])
    return (torch.logsumexp(z, 1) - (z * truth).sum(1)).mean()


# %% right: margins of all classes over the label's
def cross_entropy(z, y):
    above = z - z.gather(1, y.unsqueeze(1))
    top = above.amax(dim=1)
    return (top + (above - top[:, None]).exp().sum(1).log()).sum() / len(z)


# %% right: sample by sample in Python's numbers
def cross_entropy(z, y):
    total = 0.0
    for row, label in zip(z.tolist(), y.tolist()):
        top = max(row)
        total += top + math.log(sum(math.exp(v - top) for v in row)) - row[label]
    return torch.tensor(total / len(y), dtype=z.dtype, device=z.device)


# %% right: a categorical distribution
def cross_entropy(z, y):
    law = torch.distributions.Categorical(logits=z.double())
    return -law.log_prob(y).mean().to(z.dtype)


# %% wrong: sum
# says: not the sum
# caught: visible
def cross_entropy(z, y):
    return -torch.log_softmax(z, 1).gather(1, y[:, None]).sum()


# %% wrong: not reduced
# says: the mean of these
# caught: visible
def cross_entropy(z, y):
    return -torch.log_softmax(z, 1).gather(1, y[:, None])[:, 0]


# %% wrong: on probabilities
# says: no softmax before
# caught: visible
def cross_entropy(z, y):
    p = torch.softmax(z, dim=1)
    return -torch.log_softmax(p, 1).gather(1, y[:, None]).mean()


# %% wrong: probability instead of its logarithm
# says: take logarithms
# caught: visible
def cross_entropy(z, y):
    return -torch.softmax(z, 1).gather(1, y[:, None]).mean()


# %% wrong: logarithm of the mean probability
# says: not the other way
# caught: visible
def cross_entropy(z, y):
    return -torch.softmax(z, 1).gather(1, y[:, None]).mean().log()


# %% wrong: one-hot, averaged over all entries
# says: not by N · C
# caught: visible
def cross_entropy(z, y):
    truth = nn.functional.one_hot(y, z.shape[1])
    return -(truth * torch.log_softmax(z, 1)).mean()


# %% wrong: labels taken for one-hot
# says: multiplied by its label
# caught: visible
def cross_entropy(z, y):
    return -(y[:, None] * torch.log_softmax(z, 1)).sum(1).mean()


# %% wrong: all columns of all labels
# says: the columns of all labels
# caught: visible
def cross_entropy(z, y):
    return -torch.log_softmax(z, 1)[:, y].mean()


# %% wrong: labels as rows
# says: [y] alone picks rows
# caught: visible
def cross_entropy(z, y):
    return -torch.log_softmax(z, 1)[y].mean()


# %% wrong: sign
# says: the sign is wrong
# caught: visible
def cross_entropy(z, y):
    return torch.log_softmax(z, 1).gather(1, y[:, None]).mean()


# %% wrong: dim 0
# says: over its classes
# caught: visible
def cross_entropy(z, y):
    return -torch.log_softmax(z, 0).gather(1, y[:, None]).mean()


# %% wrong: the largest logit
# says: not the largest logit
# caught: visible
def cross_entropy(z, y):
    return -torch.log_softmax(z, 1).amax(1).mean()


# %% wrong: only the logit
# says: where is the sum
# caught: visible
def cross_entropy(z, y):
    return -z.gather(1, y[:, None]).mean()


# %% wrong: only the sum of powers
# says: subtract the logit of the label
# caught: visible
def cross_entropy(z, y):
    return torch.logsumexp(z, 1).mean()


# %% wrong: no shift
# says: overflows
# caught: visible
def cross_entropy(z, y):
    p = z.exp() / z.exp().sum(1, keepdim=True)
    return -p[torch.arange(len(z)), y].log().mean()


# %% wrong: logarithm of a rounded probability
# says: take it on paper
# caught: visible
def cross_entropy(z, y):
    return -torch.softmax(z, 1)[torch.arange(len(z)), y].log().mean()


# %% wrong: a small number inside the logarithm
# caught: visible
def cross_entropy(z, y):
    return -(torch.softmax(z, 1)[torch.arange(len(z)), y] + 1e-8).log().mean()


# %% wrong: binary cross-entropy of every class
# says: binary cross-entropy
# caught: visible
def cross_entropy(z, y):
    p, truth = torch.softmax(z, 1), nn.functional.one_hot(y, z.shape[1])
    return -(truth * p.log() + (1 - truth) * (1 - p).log()).sum(1).mean()


# %% wrong: to base 2
# says: not those to base 2
# caught: visible
def cross_entropy(z, y):
    return -torch.log_softmax(z, 1).gather(1, y[:, None]).mean() / math.log(2)


# %% wrong: torch's own
# says: uses cross_entropy
# caught: visible
def cross_entropy(z, y):
    return torch.nn.functional.cross_entropy(z, y)


# %% wrong: torch's module
# says: uses CrossEntropyLoss
# caught: visible
def cross_entropy(z, y):
    return nn.CrossEntropyLoss()(z, y)


# %% wrong: nll_loss
# says: uses nll_loss
# caught: visible
def cross_entropy(z, y):
    return nn.functional.nll_loss(torch.log_softmax(z, 1), y)


# %% wrong: a divergence instead
# says: uses kl_div
# caught: hidden
def cross_entropy(z, y):
    truth = nn.functional.one_hot(y, z.shape[1]).to(z.dtype)
    return nn.functional.kl_div(torch.log_softmax(z, 1), truth, reduction="batchmean")


# %% wrong: three classes only
def cross_entropy(z, y):
    total = torch.logaddexp(torch.logaddexp(z[:, 0], z[:, 1 % z.shape[1]]), z[:, 2 % z.shape[1]])
    return (total - z.gather(1, y[:, None])[:, 0]).mean()


# %% wrong: a shape of (1,)
# says: must have the shape ()
# caught: visible
def cross_entropy(z, y):
    return -torch.log_softmax(z, 1).gather(1, y[:, None]).mean(0)


# %% wrong: float32 whatever comes
# says: dtype
# caught: hidden
def cross_entropy(z, y):
    return -torch.log_softmax(z.float(), 1).gather(1, y[:, None]).mean()


# %% wrong: shifts the caller's logits
# says: z was changed in place
# caught: hidden
def cross_entropy(z, y):
    z.sub_(z.amax(1, keepdim=True))
    return (z.exp().sum(1).log() - z.gather(1, y[:, None])[:, 0]).mean()


# %% wrong: mean by N − 1
# says: divided by N − 1
# caught: visible
def cross_entropy(z, y):
    return -torch.log_softmax(z, 1).gather(1, y[:, None]).sum() / max(len(y) - 1, 1)
