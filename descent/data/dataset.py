"""A labelled data set in two parts that says where it comes from."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Labelled samples, split into a training and a test part.

    name     short name, lower case
    x        float32 tensor (N, …), images in [0, 1]
    y        int64 tensor (N,), labels
    test_x   float32 tensor (M, …), like x
    test_y   int64 tensor (M,), like y
    source   one sentence: which data this is and, where it stands in for other data, why
    """

    name: str
    x: Tensor
    y: Tensor
    test_x: Tensor
    test_y: Tensor
    source: str

    def __repr__(self) -> str:
        shape = "×".join(map(str, self.x.shape[1:])) or "one number"
        sizes = f"{len(self.x):,} training and {len(self.test_x):,} test samples of {shape}"
        return f"{sizes}, {_said(self.y.unique().tolist())}, from {self.source}"

    def only(self, *labels: int) -> "Dataset":
        """The samples of some classes; labels and order stay.

        labels   classes to keep
        returns  Dataset
        raises   ValueError if there is no label, or one that no training sample has
        """
        known = self.y.unique().tolist()
        if not labels or not set(labels) <= set(known):
            raise ValueError(f"only() expects labels among {known}, got {list(labels)}")
        kept = torch.tensor(labels, device=self.y.device)
        train, test = torch.isin(self.y, kept), torch.isin(self.test_y, kept)
        return self._with(self.x[train], self.y[train], self.test_x[test], self.test_y[test])

    def flat(self) -> "Dataset":
        """The same samples as vectors.

        returns  Dataset with x (N, D) and test_x (M, D), views of the originals
        """
        return replace(self, x=self.x.flatten(1), test_x=self.test_x.flatten(1))

    def to(self, device: torch.device | str) -> "Dataset":
        """The same data on a device.

        device   as for `Tensor.to`
        returns  Dataset
        """
        parts = (self.x, self.y, self.test_x, self.test_y)
        return self._with(*(part.to(device) for part in parts))

    def _with(self, x: Tensor, y: Tensor, test_x: Tensor, test_y: Tensor) -> "Dataset":
        return replace(self, x=x, y=y, test_x=test_x, test_y=test_y)


def _said(labels: list[int]) -> str:
    """A few labels by name, more by their number."""
    if len(labels) > 4:
        return f"{len(labels)} classes"
    return f"class{'es' * (len(labels) > 1)} {' and '.join(map(str, labels))}"
