"""Attempts at `train_classifier`: what graders must accept and reject."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy as ce


# %% right: descent by hand, mean over batches
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    history = []
    for epoch in range(epochs):
        perm = torch.randperm(len(x), generator=generator)
        losses = []
        for i in range(0, len(x), batch_size):
            idx = perm[i : i + batch_size].to(x.device)
            loss = ce(model(x[idx]), y[idx])
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= lr * p.grad
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% right: a DataLoader
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    from torch.utils.data import DataLoader, TensorDataset

    loader = DataLoader(
        TensorDataset(x, y), batch_size=batch_size, shuffle=True, generator=generator
    )
    opt = torch.optim.SGD(model.parameters(), lr)
    out = []
    for _ in range(epochs):
        total = 0
        for bx, by in loader:
            opt.zero_grad()
            loss = nn.CrossEntropyLoss()(model(bx), by)
            loss.backward()
            opt.step()
            total += loss.detach() * len(bx)
        out.append(float(total / len(x)))
    return out


# %% right: torch.autograd.grad, shuffled copies, an evaluation on the side
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    params = list(model.parameters())
    history = []
    for _ in range(epochs):
        order = torch.randperm(len(x), generator=generator).to(x.device)
        xs, ys = x[order], y[order]
        seen = []
        for bx, by in zip(xs.split(batch_size), ys.split(batch_size)):
            losses = ce(model(bx), by, reduction="none")
            for p, g in zip(params, torch.autograd.grad(losses.mean(), params)):
                p.data.add_(g, alpha=-lr)
            seen.append(losses.detach())
        with torch.no_grad():
            accuracy = (model(x).argmax(1) == y).float().mean()
        history.append(torch.cat(seen).mean().item())
    return history


# %% right: slopes cleared after the step
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.0, weight_decay=0.0)
    losses = [0.0] * epochs
    for e in range(epochs):
        perm = torch.randperm(y.numel(), generator=generator).tolist()
        while perm:
            idx, perm = perm[:batch_size], perm[batch_size:]
            loss = -torch.log_softmax(model(x[idx]), 1)[range(len(idx)), y[idx]].mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses[e] += loss.item() * len(idx) / len(x)
    return losses


# %% wrong: no zero_grad
# says: zero_grad
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: zero_grad once an epoch
# says: for every batch
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        opt.zero_grad()
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: zero_grad between backward and step
# says: no zero_grad() between
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.zero_grad()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: no shuffling
# says: in their own order
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        for bx, by in zip(x.split(batch_size), y.split(batch_size)):
            opt.zero_grad()
            loss = ce(model(bx), by)
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: shuffled once
# says: draw a new permutation in each epoch
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    batches = torch.randperm(len(x), generator=generator).split(batch_size)
    for _ in range(epochs):
        losses = []
        for idx in batches:
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: full batch always
# says: each batch holds all samples
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        idx = torch.randperm(len(x), generator=generator)
        opt.zero_grad()
        loss = ce(model(x[idx]), y[idx])
        loss.backward()
        opt.step()
        history.append(loss.item())
    return history


# %% wrong: lr ignored
# says: lr is ignored
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=0.1), []
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: momentum
# says: without momentum
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9), []
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: Adam
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.Adam(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: weight decay
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr, weight_decay=0.1), []
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: the sum over the batch
# says: take the mean
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        total = 0.0
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx], reduction="sum")
            loss.backward()
            opt.step()
            total += loss.item()
        history.append(total / len(x))
    return history


# %% wrong: the last batch dropped
# says: the short rest is a batch
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        order = torch.randperm(len(x), generator=generator)
        for k in range(len(x) // batch_size):
            idx = order[k * batch_size : (k + 1) * batch_size]
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: drawn with replacement
# says: with replacement
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        for idx in torch.randint(len(x), (len(x),), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: samples shuffled, labels not
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        order = torch.randperm(len(x), generator=generator)
        for bx, by in zip(x[order].split(batch_size), y.split(batch_size)):
            opt.zero_grad()
            loss = ce(model(bx), by)
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: the global generator
# says: global generator
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x)).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: a copy of the model
# says: train the model that is given
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    import copy

    given, history = model, []
    model = copy.deepcopy(model)
    model.batches, model.logits = given.batches, given.logits
    opt = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: the loss after the step
# says: after the step
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
        with torch.no_grad():
            history.append(ce(model(x), y).item())
    return history


# %% wrong: the last batch's loss
# says: last batch: all batches count
# caught: hidden
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
        history.append(loss.item())
    return history


# %% wrong: the losses of all batches
# says: a list of 4 losses
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            history.append(loss.item())
    return history


# %% wrong: tensors as losses
# says: Python floats
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.detach())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: returns nothing
# says: is a return missing
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(epochs):
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()


# %% wrong: one epoch
# says: list of 4 losses, not of 1
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, losses = torch.optim.SGD(model.parameters(), lr=lr), []
    for idx in torch.randperm(len(x), generator=generator).split(batch_size):
        opt.zero_grad()
        loss = ce(model(x[idx]), y[idx])
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return [sum(losses) / len(losses)]


# %% wrong: squared error
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            z = model(x[idx])
            loss = ((z - nn.functional.one_hot(y[idx], z.shape[1])) ** 2).mean()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: cross-entropy of the softmax
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]).softmax(1), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


# %% wrong: a learning rate that decays
# caught: visible
def train_classifier(model, x, y, epochs, lr, batch_size, generator):
    opt, history = torch.optim.SGD(model.parameters(), lr=lr), []
    plan = torch.optim.lr_scheduler.ExponentialLR(opt, 0.9)
    for _ in range(epochs):
        losses = []
        for idx in torch.randperm(len(x), generator=generator).split(batch_size):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        plan.step()
        history.append(sum(losses) / len(losses))
    return history
