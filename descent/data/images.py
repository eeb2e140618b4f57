"""Handwritten digits: the embedded ones, or MNIST where the machine has it."""

from dataclasses import replace

import torch

from descent.data.dataset import Dataset
from descent.data.files import embedded, located
from descent.data.mnist import load_mnist

DIGITS = "digits: 1,797 images of 8×8 that ship with scikit-learn"
SPLIT = 1437


def load_digits() -> Dataset:
    """The handwritten digits that ship with scikit-learn: no file, no network.

    returns  Dataset: x (1437, 1, 8, 8) and test_x (360, 1, 8, 8) in [0, 1], 10 classes
    source   Alpaydin & Kaynak 1998, DOI 10.24432/C50P49 (its test part)
    """
    from sklearn import datasets

    pixels, labels = datasets.load_digits(return_X_y=True)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    x = torch.from_numpy(pixels).float().div(16).view(-1, 1, 8, 8)[order]
    y = torch.from_numpy(labels).long()[order]
    return Dataset("digits", x[:SPLIT], y[:SPLIT], x[SPLIT:], y[SPLIT:], DIGITS)


def load_images(prefer: str = "mnist", download: bool = False) -> Dataset:
    """MNIST where the machine has it, else the embedded digits; `source` says which, and why.

    prefer    "mnist", or "digits" for the embedded ones in any case
    download  whether to fetch MNIST where it is missing; without network: the digits
    returns   Dataset
    raises    ValueError for another preference, or if MNIST's files are not genuine;
              FileNotFoundError if `DESCENT_DATA` names a folder without them
    """
    if prefer not in ("mnist", "digits"):
        raise ValueError(f'prefer must be "mnist" or "digits", got {prefer!r}')
    if prefer == "digits":
        return load_digits()
    if embedded():
        return _instead("DESCENT_DATA=embedded asks for these")
    if not (download or located()):
        return _instead("MNIST was not found; data.load_mnist(download=True) fetches it")
    try:
        return load_mnist(download=download)
    except ConnectionError:
        return _instead("MNIST was not found, and no mirror could be reached to fetch it")


def _instead(reason: str) -> Dataset:
    return replace(load_digits(), source=f"{DIGITS} ({reason})")
