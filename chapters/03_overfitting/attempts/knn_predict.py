"""Attempts at `knn_predict`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot


# %% right: squared distances by broadcasting, votes class by class
def knn_predict(train_x: Tensor, train_y: Tensor, x: Tensor, k: int) -> Tensor:
    n = train_x.shape[0]
    if k < 1 or k > n:
        raise ValueError(f"k={k} is not between 1 and {n}")
    squared = (x[:, None] - train_x[None]).pow(2).sum(-1)
    near = train_y[squared.argsort(dim=1)[:, :k]]
    best = torch.zeros(len(x), dtype=torch.long, device=x.device)
    most = torch.zeros_like(best)
    for label in train_y.unique().flip(0):
        votes = (near == label).sum(1)
        best = torch.where(votes >= most, label, best)
        most = torch.maximum(votes, most)
    return best


# %% right: products instead of differences, one-hot ballots
def knn_predict(train_x, train_y, x, k):
    if not 0 < k <= train_y.numel():
        raise ValueError("k must be at least 1 and at most the number of training samples")
    score = train_x.square().sum(1) - 2 * x @ train_x.T
    _, near = torch.topk(-score, k)
    labels, code = torch.unique(train_y, return_inverse=True)
    ballots = one_hot(code, len(labels))[near].sum(1)
    return labels[ballots.max(1).indices]


# %% right: a loop over k, votes by scatter_add
def knn_predict(train_x, train_y, x, k):
    if k not in range(1, len(train_x) + 1):
        raise ValueError(f"k {k}")
    order = torch.linalg.vector_norm(x.unsqueeze(1) - train_x, dim=2).sort(dim=1)[1]
    labels = torch.tensor(sorted(set(train_y.tolist())), device=train_y.device)
    code = torch.searchsorted(labels, train_y)
    votes = torch.zeros(len(x), len(labels), device=x.device)
    for j in range(k):
        votes.scatter_add_(1, code[order[:, j : j + 1]], torch.ones_like(votes[:, :1]))
    return labels[votes.argmax(1)]


# %% right: NumPy in float64, sorted labels compared pairwise
def knn_predict(train_x, train_y, x, k):
    a, b = train_x.double().cpu().numpy(), x.double().cpu().numpy()
    if k < 1 or len(a) < k:
        raise ValueError(f"k must be in 1..{len(a)}")
    d = np.linalg.norm(b[:, None] - a, axis=2)
    near = np.sort(train_y.cpu().numpy()[np.argpartition(d, k - 1, axis=1)[:, :k]], axis=1)
    counts = (near[:, :, None] == near[:, None]).sum(2)
    answer = np.take_along_axis(near, counts.argmax(1)[:, None], 1)[:, 0]
    return torch.from_numpy(answer).to(train_y.device)


# %% right: vmap over the queries
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k out of range")
    labels, code = train_y.unique(return_inverse=True)

    def one(query):
        near = ((train_x - query) ** 2).sum(1).topk(k, largest=False).indices
        return (code[near, None] == torch.arange(len(labels), device=code.device)).sum(0).argmax()

    return labels[torch.vmap(one)(x)]


# %% wrong: k ignored
# says: only the nearest
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    return train_y[torch.cdist(x, train_x).argmin(1)]


# %% wrong: mean of the labels, rounded
# says: not amounts
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = torch.cdist(x, train_x).topk(k, largest=False).indices
    return train_y[near].float().mean(1).round().long()


# %% wrong: mean of the labels, cut off
# says: not amounts
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = torch.cdist(x, train_x).topk(k, largest=False).indices
    return train_y[near].double().mean(1).long()


# %% wrong: ties at random
# says: have one vote each
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = torch.cdist(x, train_x).topk(k, largest=False).indices
    labels, code = train_y.unique(return_inverse=True)
    votes = one_hot(code[near], len(labels)).sum(1).double()
    g = torch.Generator().manual_seed(8)
    return labels[(votes + 0.5 * torch.rand(votes.shape, generator=g).to(votes)).argmax(1)]


# %% wrong: ties to the nearest neighbour's class
# says: not the nearest neighbour's
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = train_y[torch.cdist(x, train_x).topk(k, largest=False).indices]
    counts = (near[:, :, None] == near[:, None]).sum(2)
    return near.gather(1, counts.argmax(1, keepdim=True))[:, 0]


# %% wrong: ties to the largest label
# says: not the largest
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = torch.cdist(x, train_x).topk(k, largest=False).indices
    labels, code = train_y.unique(return_inverse=True)
    votes = one_hot(code[near], len(labels)).sum(1)
    return labels[len(labels) - 1 - votes.flip(1).argmax(1)]


# %% wrong: the farthest samples vote
# says: farthest
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = torch.cdist(x, train_x).topk(k).indices
    labels, code = train_y.unique(return_inverse=True)
    return labels[one_hot(code[near], len(labels)).sum(1).argmax(1)]


# %% wrong: the nearest left out, as for training samples
# says: left out
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = torch.cdist(x, train_x).argsort(1)[:, 1 : k + 1]
    labels, code = train_y.unique(return_inverse=True)
    return labels[one_hot(code[near], len(labels)).sum(1).argmax(1)]


# %% wrong: the k-th neighbour alone
# says: k-th neighbour alone
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    return train_y[torch.cdist(x, train_x).kthvalue(k, dim=1).indices]


# %% wrong: sums of absolute differences
# says: absolute differences
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = (x[:, None] - train_x).abs().sum(2).topk(k, largest=False).indices
    labels, code = train_y.unique(return_inverse=True)
    return labels[one_hot(code[near], len(labels)).sum(1).argmax(1)]


# %% wrong: positions of the classes, not their labels
# says: positions
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = torch.cdist(x, train_x).topk(k, largest=False).indices
    labels, code = train_y.unique(return_inverse=True)
    return one_hot(code[near], len(labels)).sum(1).argmax(1)


# %% wrong: the largest label among the neighbours (max instead of argmax)
# says: largest label
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    return train_y[torch.cdist(x, train_x).topk(k, largest=False).indices].amax(1)


# %% wrong: bincount, which takes no negative labels
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = train_y[torch.cdist(x, train_x).topk(k, largest=False).indices]
    return torch.vmap(lambda row: torch.bincount(row, minlength=10).argmax())(near)


# %% wrong: labels taken for small numbers, shifted by the smallest
# caught: hidden
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = train_y[torch.cdist(x, train_x).topk(k, largest=False).indices]
    low = int(train_y.min())
    return one_hot((near - low).clamp(max=50), 51).sum(1).argmax(1) + low


# %% wrong: a loop over the queries
# says: queries one by one
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    answers = []
    for query in x:
        near = train_y[(train_x - query).norm(dim=1).argsort()[:k]]
        labels, counts = near.unique(return_counts=True)
        answers.append(labels[counts.argmax()])
    return torch.stack(answers)


# %% wrong: the loop over the queries hidden in a comprehension
# says: count the votes of all queries at once
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = train_y[torch.cdist(x, train_x).topk(k, largest=False).indices].tolist()
    return torch.tensor([min(sorted(set(r)), key=lambda c: -r.count(c)) for r in near]).to(x.device)


# %% wrong: a loop over the training samples
# says: training samples one by one
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    distance = torch.stack([(x - sample).norm(dim=1) for sample in train_x], dim=1)
    near = distance.topk(k, largest=False).indices
    labels, code = train_y.unique(return_inverse=True)
    return labels[one_hot(code[near], len(labels)).sum(1).argmax(1)]


# %% wrong: no error for a k that is too large
# says: must be refused
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if k < 1:
        raise ValueError("k must be positive")
    near = torch.cdist(x, train_x).argsort(1)[:, :k]
    labels, code = train_y.unique(return_inverse=True)
    return labels[one_hot(code[near], len(labels)).sum(1).argmax(1)]


# %% wrong: topk's own error instead of a ValueError
# says: must be refused
# caught: visible
def knn_predict(train_x, train_y, x, k):
    near = torch.cdist(x, train_x).topk(k, largest=False).indices
    labels, code = train_y.unique(return_inverse=True)
    return labels[one_hot(code[near], len(labels)).sum(1).argmax(1)]


# %% wrong: labels as floats
# says: dtype
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = torch.cdist(x, train_x).topk(k, largest=False).indices
    labels, code = train_y.unique(return_inverse=True)
    return labels.float()[one_hot(code[near], len(labels)).sum(1).argmax(1)]


# %% wrong: queries centred in place
# says: changed in place
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    centre = train_x.mean(0)
    x -= centre
    near = torch.cdist(x, train_x - centre).topk(k, largest=False).indices
    labels, code = train_y.unique(return_inverse=True)
    return labels[one_hot(code[near], len(labels)).sum(1).argmax(1)]


# %% wrong: one answer squeezed to 0-d
# says: shape
# caught: visible
def knn_predict(train_x, train_y, x, k):
    if not 1 <= k <= len(train_x):
        raise ValueError("k")
    near = torch.cdist(x, train_x).topk(k, largest=False).indices
    labels, code = train_y.unique(return_inverse=True)
    return labels[one_hot(code[near], len(labels)).sum(1).argmax(1)].squeeze()
