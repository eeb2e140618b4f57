"""Attempts at `posterior_male`: what graders must accept and reject."""

import math

import numpy as np
import torch
from torch import Tensor


# %% right: sigmoid of the log-odds in float64
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        z = (h.to(torch.float64) - law[0]) / law[1]
        return -0.5 * z * z - math.log(law[1])

    odds = score(male) - score(female) + math.log(prior) - math.log(1 - prior)
    return (1 / (1 + torch.exp(-odds))).to(h.dtype)


# %% right: softmax over the two classes
def posterior_male(h, female, male, prior=0.5):
    scores = []
    for (mean, std), p in ((female, 1 - prior), (male, prior)):
        z = (h.double() - float(mean)) / float(std)
        scores.append(math.log(p) - math.log(float(std)) - z**2 / 2)
    return torch.softmax(torch.stack(scores), dim=0)[1].to(h.dtype)


# %% right: torch's normal distribution and logaddexp
def posterior_male(h, female, male, prior=0.5):
    normal = torch.distributions.Normal
    wide = h.double()
    f = normal(float(female[0]), float(female[1])).log_prob(wide) + math.log1p(-prior)
    m = normal(float(male[0]), float(male[1])).log_prob(wide) + math.log(prior)
    return torch.exp(m - torch.logaddexp(f, m)).to(h.dtype)


# %% right: one quadratic polynomial
def posterior_male(h, female, male, prior=0.5):
    (mf, sf), (mm, sm) = [(float(m), float(s)) for m, s in (female, male)]
    a = 0.5 / sf**2 - 0.5 / sm**2
    b = mm / sm**2 - mf / sf**2
    c = 0.5 * (mf / sf) ** 2 - 0.5 * (mm / sm) ** 2 + math.log(sf / sm * prior / (1 - prior))
    x = h.double()
    return torch.sigmoid(a * x**2 + b * x + c).to(h.dtype)


# %% right: a loop over heights in Python's floats
def posterior_male(h, female, male, prior=0.5):
    answers = []
    for height in h.tolist():
        f = (
            math.log(1 - prior)
            - math.log(female[1])
            - (height - female[0]) ** 2 / female[1] ** 2 / 2
        )
        m = math.log(prior) - math.log(male[1]) - (height - male[0]) ** 2 / male[1] ** 2 / 2
        top = max(f, m)
        answers.append(math.exp(m - top) / (math.exp(m - top) + math.exp(f - top)))
    return torch.tensor(answers, dtype=h.dtype, device=h.device)


# %% right: heights clamped, a product of sum and difference
def posterior_male(h, female, male, prior=0.5):
    h = h.clamp(-1e7, 1e7)
    zf = (h - female[0]) / female[1]
    zm = (h - male[0]) / male[1]
    odds = (zf - zm) * (zf + zm) / 2 + math.log(female[1] / male[1]) + math.log(prior / (1 - prior))
    return odds.sigmoid()


# %% right: NumPy
def posterior_male(h, female, male, prior=0.5):
    x = h.cpu().numpy().astype(np.float64)
    f = (
        np.log(1 - prior)
        - np.log(float(female[1]))
        - ((x - float(female[0])) / float(female[1])) ** 2 / 2
    )
    m = np.log(prior) - np.log(float(male[1])) - ((x - float(male[0])) / float(male[1])) ** 2 / 2
    return torch.from_numpy(np.exp(m - np.logaddexp(f, m))).to(h)


# %% wrong: the prior ignored
# says: is the prior ignored
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return torch.sigmoid(score(male) - score(female)).to(h.dtype)


# %% wrong: Bayes' rule as it is written
# says: 0/0
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def density(law):
        z = (h - law[0]) / law[1]
        return torch.exp(-z * z / 2) / (law[1] * math.sqrt(2 * math.pi))

    m, f = prior * density(male), (1 - prior) * density(female)
    return m / (m + f)


# %% wrong: Bayes' rule as it is written, in float64
# says: 0/0
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def density(law):
        z = (h.double() - law[0]) / law[1]
        return torch.exp(-z * z / 2) / law[1]

    m, f = prior * density(male), (1 - prior) * density(female)
    return (m / (m + f)).to(h.dtype)


# %% wrong: NaN replaced by 0
# says: is a guess
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def density(law):
        z = (h.double() - law[0]) / law[1]
        return torch.exp(-z * z / 2) / law[1]

    m, f = prior * density(male), (1 - prior) * density(female)
    return (m / (m + f)).nan_to_num(0.0).to(h.dtype)


# %% wrong: NaN replaced by the prior
# says: not undecided
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def density(law):
        z = (h.double() - law[0]) / law[1]
        return torch.exp(-z * z / 2) / law[1]

    m, f = prior * density(male), (1 - prior) * density(female)
    return (m / (m + f)).nan_to_num(prior).to(h.dtype)


# %% wrong: a small number added to both densities
# says: not undecided
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def density(law):
        z = (h.double() - law[0]) / law[1]
        return torch.exp(-z * z / 2) / law[1] + 1e-12

    m, f = prior * density(male), (1 - prior) * density(female)
    return (m / (m + f)).to(h.dtype)


# %% wrong: a verdict by distance to the means where the densities vanish
# says: the wider Gaussian wins
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def density(law):
        z = (h.double() - law[0]) / law[1]
        return torch.exp(-z * z / 2) / law[1]

    m, f = prior * density(male), (1 - prior) * density(female)
    nearer = ((h - male[0]).abs() < (h - female[0]).abs()).double()
    return torch.where(m + f > 0, m / (m + f), nearer).to(h.dtype)


# %% wrong: classes swapped
# says: P(female | h)
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return torch.sigmoid(score(female) - score(male) + math.log(prior / (1 - prior))).to(h.dtype)


# %% wrong: std taken for the variance
# says: std as a variance
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -((h.double() - law[0]) ** 2) / (2 * law[1]) - math.log(law[1]) / 2

    return torch.sigmoid(score(male) - score(female) + math.log(prior / (1 - prior))).to(h.dtype)


# %% wrong: the prior taken for P(female)
# says: not P(female)
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return torch.sigmoid(score(male) - score(female) + math.log((1 - prior) / prior)).to(h.dtype)


# %% wrong: the prior multiplied on after
# says: not the answer after
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return (prior * torch.sigmoid(score(male) - score(female))).to(h.dtype)


# %% wrong: the prior multiplied on after, in units of ½
# says: not the answer after
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return (2 * prior * torch.sigmoid(score(male) - score(female))).to(h.dtype)


# %% wrong: the factor in front of the exponential forgotten
# says: factor in front
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2

    return torch.sigmoid(score(male) - score(female) + math.log(prior / (1 - prior))).to(h.dtype)


# %% wrong: the women's std for both
# says: is each class given its own
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    zf, zm = (h.double() - female[0]) / female[1], (h.double() - male[0]) / female[1]
    return torch.sigmoid(zf**2 / 2 - zm**2 / 2 + math.log(prior / (1 - prior))).to(h.dtype)


# %% wrong: log-odds in float32
# says: the square of 3e38
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return torch.sigmoid(score(male) - score(female) + math.log(prior / (1 - prior)))


# %% wrong: odds
# says: those are odds
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return torch.exp(score(male) - score(female) + math.log(prior / (1 - prior))).to(h.dtype)


# %% wrong: log-odds
# says: those are log-odds
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return (score(male) - score(female) + math.log(prior / (1 - prior))).to(h.dtype)


# %% wrong: the density of heights among men
# says: not a probability of being one
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    return torch.distributions.Normal(*map(float, male)).log_prob(h).exp()


# %% wrong: a verdict
# says: that is a verdict
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return (score(male) - score(female) + math.log(prior / (1 - prior)) > 0).to(h.dtype)


# %% wrong: float64 always
# says: must have the dtype torch.float32
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return torch.sigmoid(score(male) - score(female) + math.log(prior / (1 - prior)))


# %% wrong: float32 always
# says: must have the dtype torch.float64
# caught: hidden
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return torch.sigmoid(score(male) - score(female) + math.log(prior / (1 - prior))).float()


# %% wrong: squares clamped, so that far tails are alike
# says: not undecided
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        z = (h.double() - law[0]) / law[1]
        return -(z**2).clamp(max=1000) / 2 - math.log(law[1])

    return torch.sigmoid(score(male) - score(female) + math.log(prior / (1 - prior))).to(h.dtype)


# %% wrong: works for tensors only
# says: this is a Python number
# caught: visible
def posterior_male(h, female, male, prior=0.5):
    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - law[1].log()

    return torch.sigmoid(score(male) - score(female) + math.log(prior / (1 - prior))).to(h.dtype)


# %% wrong: writes into h
# says: in place
# caught: hidden
def posterior_male(h, female, male, prior=0.5):
    h.clamp_(-1e5, 1e5)

    def score(law):
        return -(((h.double() - law[0]) / law[1]) ** 2) / 2 - math.log(law[1])

    return torch.sigmoid(score(male) - score(female) + math.log(prior / (1 - prior))).to(h.dtype)
