"""Attempts at `zero_one_loss`: what graders must accept and reject."""

import numpy as np
import torch
from torch import Tensor


# %% right: not equal, as a float
def zero_one_loss(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError(f"prediction {prediction.shape} and target {target.shape} do not agree")
    return prediction.ne(target).to(torch.float32)


# %% right: where
def zero_one_loss(prediction, target):
    if prediction.size() != target.size():
        raise ValueError("prediction and target must have one shape")
    return torch.where(prediction == target, 0.0, 1.0)


# %% right: one minus the accuracy of each
def zero_one_loss(prediction, target):
    if list(prediction.shape) != list(target.shape):
        raise ValueError("target has another shape")
    return 1 - (prediction == target).float()


# %% right: a loop over samples
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("shape of prediction")
    losses = torch.zeros(prediction.shape[0], device=prediction.device)
    for n in range(prediction.shape[0]):
        if prediction[n].item() != target[n].item():
            losses[n] = 1.0
    return losses


# %% right: sign of the difference
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("prediction and target: different shapes")
    return (prediction - target).sign().abs().float()


# %% right: lists
def zero_one_loss(prediction, target):
    if prediction.ndim != target.ndim or len(prediction) != len(target):
        raise ValueError("prediction and target: different shapes")
    pairs = zip(prediction.tolist(), target.tolist())
    return torch.tensor([float(p != t) for p, t in pairs], device=prediction.device)


# %% right: NumPy
def zero_one_loss(prediction, target):
    p, t = prediction.cpu().numpy(), target.cpu().numpy()
    if p.shape != t.shape:
        raise ValueError(f"prediction has shape {p.shape}, not {t.shape}")
    return torch.from_numpy((p != t).astype(np.float32)).to(prediction.device)


# %% wrong: the accuracy
# says: not an accuracy
# caught: visible
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("prediction and target must have one shape")
    return (prediction == target).float()


# %% wrong: shapes that broadcast
# says: must be refused with ValueError
# caught: visible
def zero_one_loss(prediction, target):
    return (prediction != target).float()


# %% wrong: only lengths are compared
# says: must be refused with ValueError
# caught: visible
def zero_one_loss(prediction, target):
    if len(prediction) != len(target):
        raise ValueError("prediction and target must have one length")
    return (prediction != target).float()


# %% wrong: only numbers of entries are compared
# caught: visible
def zero_one_loss(prediction, target):
    if prediction.numel() != target.numel():
        raise ValueError("prediction and target must have as many entries")
    return (prediction != target).float()


# %% wrong: only numbers of dimensions are compared
# says: must be refused with ValueError
# caught: hidden
def zero_one_loss(prediction, target):
    if prediction.ndim != target.ndim:
        raise ValueError("prediction and target must have as many dimensions")
    return (prediction != target).float()


# %% wrong: the shapes are made equal
# says: must be refused with ValueError
# caught: visible
def zero_one_loss(prediction, target):
    return (prediction.flatten() != target.flatten()).float()


# %% wrong: True and False
# says: must have the dtype torch.float32
# caught: visible
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("prediction and target must have one shape")
    return prediction != target


# %% wrong: int64
# says: must have the dtype torch.float32
# caught: visible
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("prediction and target must have one shape")
    return (prediction != target).long()


# %% wrong: the dtype of the prediction
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("prediction and target must have one shape")
    return (prediction != target).to(prediction.dtype)


# %% wrong: float64 for labels in float64
# says: must have the dtype torch.float32
# caught: hidden
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("prediction and target must have one shape")
    return (prediction != target).to(torch.promote_types(prediction.dtype, torch.float32))


# %% wrong: the mean
# says: must have the shape
# caught: visible
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("prediction and target must have one shape")
    return (prediction != target).float().mean()


# %% wrong: distance between labels
# says: labels are names
# caught: visible
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("prediction and target must have one shape")
    return (prediction - target).abs().float()


# %% wrong: a formula for labels −1 and 1
# says: made for labels
# caught: visible
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("prediction and target must have one shape")
    return (1 - prediction * target).float() / 2


# %% wrong: labels 0 are taken for False
# says: only tells 0 from the rest
# caught: visible
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("prediction and target must have one shape")
    return (prediction.bool() ^ target.bool()).float()


# %% wrong: an assertion
# says: must be refused with ValueError
# caught: visible
def zero_one_loss(prediction, target):
    assert prediction.shape == target.shape, "prediction and target must have one shape"
    return (prediction != target).float()


# %% wrong: writes into the prediction
# says: in place
# caught: visible
def zero_one_loss(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("prediction and target must have one shape")
    prediction -= target
    return (prediction != 0).float()
