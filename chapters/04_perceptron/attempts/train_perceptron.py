"""Attempts at `train_perceptron`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: two for loops and a break
def train_perceptron(x: Tensor, y: Tensor, max_epochs: int) -> tuple[Tensor, list[int]]:
    w = torch.zeros(x.shape[1], dtype=x.dtype, device=x.device)
    mistakes = []
    for epoch in range(max_epochs):
        count = 0
        for n in range(len(x)):
            if y[n] * torch.dot(w, x[n]) <= 0:
                w += y[n] * x[n]
                count += 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% right: labels folded into the samples
def train_perceptron(x, y, max_epochs):
    z = x * y.to(x.dtype)[:, None]
    w, mistakes = z.new_zeros(z.shape[1]), []
    while len(mistakes) < max_epochs:
        count = 0
        for row in z:
            if not (row @ w > 0):
                w, count = w + row, count + 1
        mistakes.append(count)
        if not count:
            return w, mistakes
    return w, mistakes


# %% right: the dual, with a Gram matrix and counts
def train_perceptron(x, y, max_epochs):
    signs = y.to(x.dtype)
    gram = x @ x.T
    alpha = torch.zeros_like(signs)
    mistakes = []
    while len(mistakes) < max_epochs and (not mistakes or mistakes[-1] > 0):
        before = int(alpha.sum())
        for n in range(len(x)):
            if signs[n] * ((alpha * signs) @ gram[n]) <= 0:
                alpha[n] += 1
        mistakes.append(int(alpha.sum()) - before)
    return (alpha * signs) @ x, mistakes


# %% right: from mistake to mistake, all scores of the rest at once
def train_perceptron(x, y, max_epochs):
    z = (x.double().T * y.double()).T
    w = torch.zeros_like(z[0])
    mistakes = []
    for _ in range(max_epochs):
        start, count = 0, 0
        while start < len(z):
            wrong = (z[start:] @ w <= 0).nonzero().flatten().tolist()
            if not wrong:
                break
            start += wrong[0] + 1
            w = w + z[start - 1]
            count += 1
        mistakes.append(count)
        if count == 0:
            break
    return w.to(x.dtype), mistakes


# %% right: NumPy in double precision
def train_perceptron(x, y, max_epochs):
    samples, labels = x.cpu().double().numpy(), y.cpu().double().numpy()
    w, mistakes = np.zeros(samples.shape[1]), []
    for _ in range(max_epochs):
        mistakes.append(0)
        for sample, label in zip(samples, labels):
            if label * (w @ sample) <= 0:
                w = w + label * sample
                mistakes[-1] += 1
        if mistakes[-1] == 0:
            break
    return torch.from_numpy(w).to(x.dtype).to(x.device), mistakes


# %% right: recursion over epochs, case by case
def train_perceptron(x, y, max_epochs, w=None):
    w = torch.zeros_like(x[0]) if w is None else w
    if max_epochs == 0:
        return w, []
    count = 0
    for sample, label in zip(x, y):
        score = (w * sample).sum()
        if label > 0 and score <= 0:
            w, count = w + sample, count + 1
        elif label < 0 and score >= 0:
            w, count = w - sample, count + 1
    if count == 0:
        return w, [0]
    w, later = train_perceptron(x, y, max_epochs - 1, w)
    return w, [count, *later]


# %% wrong: strict inequality
# says: at w = 0 every y w·x is 0
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) < 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: batch update
# says: use the new w for the very next sample
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        wrong = y * (x @ w) <= 0
        w = w + (y[wrong].to(x.dtype)[:, None] * x[wrong]).sum(0)
        mistakes.append(int(wrong.sum()))
        if not wrong.any():
            break
    return w, mistakes


# %% wrong: never stops
# says: stop there
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
    return w, mistakes


# %% wrong: the last 0 is left out
# says: belongs in the list
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        if count == 0:
            break
        mistakes.append(count)
    return w, mistakes


# %% wrong: a bias added
# says: a bias was learnt
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, b, mistakes = torch.zeros_like(x[0]), 0.0, []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample + b) <= 0:
                w, b, count = w + label * sample, b + float(label), count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: a bias as a further weight
# says: w has two entries
# caught: visible
def train_perceptron(x, y, max_epochs):
    x = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: a learning rate of one half
# says: half as long
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + 0.5 * label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: the label left out of the update
# says: where is y
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: turns away from the sample
# says: turns away
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w - label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: counts from the start
# says: its own epoch
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes, count = torch.zeros_like(x[0]), [], 0
    for _ in range(max_epochs):
        before = count
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == before:
            break
    return w, mistakes


# %% wrong: returns from inside the epoch
# says: after each sample
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
            mistakes.append(count)
            if count == 0:
                return w, mistakes
    return w, mistakes


# %% wrong: stops at the first correct sample
# says: also after one that is right
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) > 0:
                break
            w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: predictions of 0 and 1 compared with labels of ±1
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            prediction = int(w @ sample >= 0)
            if prediction != label:
                w, count = w + (label - prediction) * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: sign for a prediction, 0 taken for +1
# says: where y = +1
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            prediction = 1 if w @ sample >= 0 else -1
            if prediction != label:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: one epoch too many
# says: one epoch too many
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs + 1):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: at least one epoch
# says: max_epochs=0
# caught: hidden
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    while True:
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0 or len(mistakes) >= max_epochs:
            return w, mistakes


# %% wrong: goes on until it is right
# says: until no mistake is left
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), [1]
    while mistakes[-1] and len(mistakes) < 100:
        mistakes.append(0)
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w = w + label * sample
                mistakes[-1] += 1
    return w, mistakes[1:]


# %% wrong: stops with one mistake left
# says: without any mistake
# caught: hidden
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count <= 1 < len(x):
            break
    return w, mistakes


# %% wrong: shuffled, with the global generator
def train_perceptron(x, y, max_epochs):
    torch.manual_seed(1)
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for n in torch.randperm(len(x)):
            if y[n] * (w @ x[n]) <= 0:
                w, count = w + y[n] * x[n], count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: backwards
# says: in their order
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for n in reversed(range(len(x))):
            if y[n] * (w @ x[n]) <= 0:
                w, count = w + y[n] * x[n], count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: starts at ones
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.ones_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: counts as 0-d tensors
# says: entry 0: must be an int
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = torch.tensor(0)
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: counts as a tensor
# says: must be a list
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, torch.tensor(mistakes)


# %% wrong: w alone
# says: must be a tuple
# caught: visible
def train_perceptron(x, y, max_epochs):
    w = torch.zeros_like(x[0])
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        if count == 0:
            break
    return w


# %% wrong: swapped
# says: entry 0: must be a tensor, not a list
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return mistakes, w


# %% wrong: prints instead of returning
# says: is a return missing?
# caught: visible
def train_perceptron(x, y, max_epochs):
    w = torch.zeros_like(x[0])
    for epoch in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        print(epoch, count)
        if count == 0:
            break


# %% wrong: float32 whatever comes
# caught: hidden
def train_perceptron(x, y, max_epochs):
    x = x.float()
    w, mistakes = torch.zeros_like(x[0]), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: float32 when there is nothing to do
# caught: hidden
def train_perceptron(x, y, max_epochs):
    w, mistakes = torch.zeros(x.shape[1], device=x.device), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w.to(x.dtype) @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: N where D is meant
# caught: visible
def train_perceptron(x, y, max_epochs):
    w, mistakes = x.new_zeros(len(x)), []
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w, count = w + label * sample, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: labels multiplied into the argument
# says: x was changed in place
# caught: hidden
def train_perceptron(x, y, max_epochs):
    z = x.clone() if len(x) < 4 else x
    z *= y[:, None]
    w, mistakes = torch.zeros_like(z[0]), []
    for _ in range(max_epochs):
        count = 0
        for row in z:
            if w @ row <= 0:
                w, count = w + row, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes


# %% wrong: the weights live in the first sample
def train_perceptron(x, y, max_epochs):
    w, mistakes = x[0], []
    w.zero_()
    for _ in range(max_epochs):
        count = 0
        for sample, label in zip(x, y):
            if label * (w @ sample) <= 0:
                w += label * sample
                count += 1
        mistakes.append(count)
        if count == 0:
            break
    return w, mistakes
