"""Attempts at `patches`: what graders must accept and reject."""

import torch
from torch import Tensor


# %% right: unfold
def patches(image: Tensor, k: int) -> Tensor:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if image.shape[0] % k or image.shape[1] % k:
        raise ValueError(f"image {tuple(image.shape)} cannot be cut into squares of {k}")
    return image.unfold(0, k, k).unfold(1, k, k)


# %% right: as_strided, with the image's own strides
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k != 0 or w % k != 0:
        raise ValueError("k does not fit the image")
    down, right = image.stride()
    shape = (h // k, w // k, k, k)
    return torch.as_strided(
        image, shape, (down * k, right * k, down, right), image.storage_offset()
    )


# %% right: view and permute
def patches(image, k):
    h, w = image.shape
    if k <= 0 or h % k or w % k:
        raise ValueError("H and W must be multiples of k, and k positive")
    return image.view(h // k, k, w // k, k).permute(0, 2, 1, 3)


# %% right: reshape, which splits axes without a copy
def patches(image, k):
    if k < 1 or image.size(0) % k or image.size(1) % k:
        raise ValueError("bad k")
    return image.reshape(image.size(0) // k, k, image.size(1) // k, k).transpose(1, 2)


# %% right: unflatten
def patches(image, k):
    if not (k >= 1 and image.shape[0] % k == 0 and image.shape[1] % k == 0):
        raise ValueError("k must divide both sides of the image")
    return image.unflatten(1, (-1, k)).unflatten(0, (-1, k)).swapaxes(1, 2)


# %% right: columns first, then rows
def patches(image, k):
    if k < 1 or any(side % k for side in image.shape):
        raise ValueError("image does not fit k")
    return image.T.unfold(0, k, k).unfold(1, k, k).permute(1, 0, 3, 2)


# %% wrong: a copy by contiguous
# says: the pixels were copied
# caught: visible
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    return image.view(h // k, k, w // k, k).transpose(1, 2).contiguous()


# %% wrong: a copy by stacking slices
# says: the pixels were copied
# caught: visible
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    rows = [
        torch.stack([image[i : i + k, j : j + k] for j in range(0, w, k)]) for i in range(0, h, k)
    ]
    return torch.stack(rows)


# %% wrong: a copy by nn.functional.unfold
# says: the pixels were copied
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    columns = torch.nn.functional.unfold(image.double()[None, None], k, stride=k)
    return columns[0].T.reshape(h // k, w // k, k, k).to(image.dtype)


# %% wrong: a copy when the image is not contiguous
# says: must be a view
# caught: hidden
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    return image.contiguous().view(h // k, k, w // k, k).transpose(1, 2)


# %% wrong: reshape of the transposed image copies
# says: must be a view
# caught: hidden
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    return image.reshape(-1).view(h // k, k, w // k, k).transpose(1, 2)


# %% wrong: view scrambles the pixels
# says: scrambled
# caught: visible
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    return image.view(h // k, w // k, k, k)


# %% wrong: each patch transposed
# says: each patch is transposed
# caught: visible
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    return image.view(h // k, k, w // k, k).permute(0, 2, 3, 1)


# %% wrong: rows and columns of patches swapped
# says: their order is not
# caught: visible
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    return image.view(h // k, k, w // k, k).permute(2, 0, 1, 3)


# %% wrong: axes left as they were split
# says: axes in another order
# caught: visible
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    return image.view(h // k, k, w // k, k)


# %% wrong: all patches in one row
# says: must have the shape (2, 3, 2, 2)
# caught: visible
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    return image.view(h // k, k, w // k, k).transpose(1, 2).reshape(-1, k, k)


# %% wrong: strides of a contiguous image
# says: strides are those of a contiguous image
# caught: hidden
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    return image.as_strided((h // k, w // k, k, k), (w * k, k, w, 1))


# %% wrong: as_strided from the start of the storage
# says: where does this image start
# caught: hidden
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    s, t = image.stride()
    return image.as_strided((h // k, w // k, k, k), (s * k, t * k, s, t), 0)


# %% wrong: overlapping patches
# says: these squares overlap
# caught: visible
def patches(image, k):
    h, w = image.shape
    if k < 1 or h % k or w % k:
        raise ValueError("k does not fit")
    return image.unfold(0, k, 1).unfold(1, k, 1)


# %% wrong: leftover pixels dropped in silence
# says: must be refused with ValueError
# caught: visible
def patches(image, k):
    if k < 1:
        raise ValueError("k must be positive")
    return image.unfold(0, k, k).unfold(1, k, k)


# %% wrong: only the height is tested
# says: must be refused with ValueError
# caught: visible
def patches(image, k):
    if k < 1 or image.shape[0] % k:
        raise ValueError("k must divide H")
    return image.unfold(0, k, k).unfold(1, k, k)


# %% wrong: only the number of pixels is tested
# says: must be refused with ValueError
def patches(image, k):
    if k < 1 or image.numel() % (k * k):
        raise ValueError("k must divide the image")
    return image.unfold(0, k, k).unfold(1, k, k)


# %% wrong: torch's own error for k = 0
# says: must be refused with ValueError
# caught: visible
def patches(image, k):
    h, w = image.shape
    if k and (h % k or w % k):
        raise ValueError("k does not fit")
    return image.unfold(0, k, k).unfold(1, k, k)


# %% wrong: accepts a negative k
# says: must be refused with ValueError
# caught: hidden
def patches(image, k):
    h, w = image.shape
    if k == 0 or h % k or w % k:
        raise ValueError("k does not fit")
    k = abs(k)
    return image.unfold(0, k, k).unfold(1, k, k)


# %% wrong: square images only
# says: wider than high
# caught: visible
def patches(image, k):
    n = image.shape[0]
    if k < 1 or n % k or image.shape[1] % k:
        raise ValueError("k does not fit")
    s, t = image.stride()
    return image.as_strided((n // k, n // k, k, k), (s * k, t * k, s, t))
