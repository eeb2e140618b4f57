"""Attempts at `to_grey`: what graders must accept and reject."""

import torch
from torch import Tensor


# %% right: channel by channel
def to_grey(images: Tensor) -> Tensor:
    r, g, b = images.float().unbind(dim=1)
    return (0.299 * r + 0.587 * g + 0.114 * b) / 255


# %% right: weights as (3, 1, 1)
def to_grey(images):
    w = torch.tensor([0.299, 0.587, 0.114]).to(images.device).view(3, 1, 1)
    return (images.to(torch.float32).div(255) * w).sum(dim=1)


# %% right: matrix product with the channels last
def to_grey(images):
    weights = images.new_tensor([0.299, 0.587, 0.114], dtype=torch.float32)
    return images.permute(0, 2, 3, 1).float() @ weights / 255.0


# %% right: torch's promotion to float32
def to_grey(images):
    return (images[:, 0] * 0.299 + images[:, 1] * 0.587 + images[:, 2] * 0.114) / 255


# %% right: in float64, by a loop over channels
def to_grey(images):
    grey = torch.zeros(len(images), *images.shape[2:], dtype=torch.float64, device=images.device)
    for c, w in enumerate([0.299, 0.587, 0.114]):
        grey += w * images[:, c].double()
    return (grey / 255).float()


# %% right: thousandths, in integers wide enough
def to_grey(images):
    r, g, b = (images[:, c].int() for c in range(3))
    return (299 * r + 587 * g + 114 * b) / 255000


# %% right: a convolution, clamped
def to_grey(images):
    kernel = torch.tensor([0.299, 0.587, 0.114], device=images.device).view(1, 3, 1, 1)
    return torch.nn.functional.conv2d(images.float() / 255, kernel)[:, 0].clamp(0, 1)


# %% wrong: sum over 255 in uint8
# says: a sum ran over 255
# caught: visible
def to_grey(images):
    return (images[:, 0] + images[:, 1] + images[:, 2]) / 3 / 255


# %% wrong: products over 255 in uint8
# says: a product ran over 255
# caught: visible
def to_grey(images):
    return (30 * images[:, 0] + 59 * images[:, 1] + 11 * images[:, 2]) / 100 / 255


# %% wrong: weights cut off to uint8
# says: fractions were cut off
# caught: visible
def to_grey(images):
    w = torch.tensor([0.299, 0.587, 0.114], device=images.device).view(3, 1, 1)
    return (images * w.to(torch.uint8)).sum(1).float() / 255


# %% wrong: mean of the channels
# says: weigh them
# caught: visible
def to_grey(images):
    return images.float().mean(dim=1) / 255


# %% wrong: values 0 to 255
# says: white is 1, not 255
# caught: visible
def to_grey(images):
    r, g, b = images.float().unbind(dim=1)
    return 0.299 * r + 0.587 * g + 0.114 * b


# %% wrong: blue first
# says: red and blue are swapped
# caught: visible
def to_grey(images):
    b, g, r = images.float().unbind(dim=1)
    return (0.299 * r + 0.587 * g + 0.114 * b) / 255


# %% wrong: float64
# says: must have the dtype torch.float32
# caught: visible
def to_grey(images):
    r, g, b = images.double().unbind(dim=1)
    return (0.299 * r + 0.587 * g + 0.114 * b) / 255


# %% wrong: a channel axis is left
# says: must have the shape
# caught: visible
def to_grey(images):
    w = torch.tensor([0.299, 0.587, 0.114], device=images.device).view(3, 1, 1)
    return (images.float() / 255 * w).sum(dim=1, keepdim=True)


# %% wrong: channels taken for the last axis
# caught: visible
def to_grey(images):
    w = torch.tensor([0.299, 0.587, 0.114], device=images.device)
    return (images.float() / 255 * w).sum(dim=-1)


# %% wrong: channels taken for the first axis
# caught: visible
def to_grey(images):
    return (0.299 * images[0] + 0.587 * images[1] + 0.114 * images[2]) / 255


# %% wrong: scaled by the largest value
# says: the scale is 255 for every image
# caught: visible
def to_grey(images):
    r, g, b = images.float().unbind(dim=1)
    return (0.299 * r + 0.587 * g + 0.114 * b) / images.max()


# %% wrong: scaled by 256
# says: 255, not 256
# caught: visible
def to_grey(images):
    r, g, b = images.float().unbind(dim=1)
    return (0.299 * r + 0.587 * g + 0.114 * b) / 256


# %% wrong: other weights, of newer televisions
# says: another standard
# caught: visible
def to_grey(images):
    r, g, b = images.float().unbind(dim=1)
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255


# %% wrong: rounded to whole grey levels
# says: do not round
# caught: visible
def to_grey(images):
    r, g, b = images.float().unbind(dim=1)
    return (0.299 * r + 0.587 * g + 0.114 * b).round() / 255


# %% wrong: first image only
# caught: hidden
def to_grey(images):
    r, g, b = images[0].float()
    return ((0.299 * r + 0.587 * g + 0.114 * b) / 255)[None]


# %% wrong: written into the images
# says: images was changed in place
# caught: visible
def to_grey(images):
    r, g, b = images.float().unbind(dim=1)
    grey = (0.299 * r + 0.587 * g + 0.114 * b) / 255
    images[:] = (255 * grey).byte()[:, None]
    return grey


# %% wrong: view takes the channels for the last axis
# says: the pixels are scrambled
# caught: visible
def to_grey(images):
    n, _, h, w = images.shape
    weights = torch.tensor([0.299, 0.587, 0.114], device=images.device)
    return images.reshape(n, h, w, 3).float() @ weights / 255


# %% wrong: pixels in the order of the storage
# says: the pixels are scrambled
# caught: hidden
def to_grey(images):
    n, _, h, w = images.shape
    flat = images.permute(0, 2, 3, 1).reshape(n, 3, h, w).float()
    pixels = flat if h > 1 else images.float()
    return (
        torch.einsum(
            "nchw,c->nhw", pixels, torch.tensor([0.299, 0.587, 0.114], device=images.device)
        )
        / 255
    )
