"""MNIST from a folder, from the cache, or downloaded; each file checked before it is used."""

import hashlib
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from descent.data import idx
from descent.data.dataset import Dataset
from descent.data.files import MEMBERS, Member, cache, decoded, embedded, located, missing

if TYPE_CHECKING:
    import numpy as np

SOURCE = "MNIST: 70,000 images of 28×28, handwritten digits (LeCun, Cortes & Burges 1998)"
PIECE = 2**20
"""Pixels that are converted at once: few enough for a processor's cache."""


def load_mnist(directory: Path | str | None = None, download: bool = False) -> Dataset:
    """MNIST, 60,000 training and 10,000 test images.

    Looked for in `directory`, else in the folder that `DESCENT_DATA` names, else in the cache.
    Each file is checked (sizes, length, SHA-256) and kept decoded in the cache, 220 MB in all,
    from where it loads at once the next time.

    directory  folder of the four IDX files, gzip-compressed or not
    download   whether to fetch MNIST into the cache if no folder is named and the cache lacks it
    returns    Dataset: x (60000, 1, 28, 28) and test_x (10000, 1, 28, 28) in [0, 1], 10 classes
    raises     FileNotFoundError if files are missing, ValueError naming the file that is not
               genuine, ConnectionError if no mirror could be reached
    source     LeCun, Bottou, Bengio & Haffner 1998, DOI 10.1109/5.726791
    """
    if embedded() and directory is None:
        raise FileNotFoundError(
            "MNIST was asked for, but DESCENT_DATA=embedded allows embedded data only: "
            "unset it, or set it to the folder of MNIST's files, or use load_images()"
        )
    paths = located(directory)
    if not paths and download:
        from descent.data.download import fetch_missing

        paths = fetch_missing(MEMBERS, cache())
    if not paths:
        remedy = "call load_mnist(download=True) to fetch them, or set DESCENT_DATA to their folder"
        raise FileNotFoundError(missing(cache(), remedy))
    return _load(paths)


def _load(paths: Sequence[Path]) -> Dataset:
    with ThreadPoolExecutor(len(MEMBERS)) as pool:
        x, y, test_x, test_y = pool.map(_tensor, MEMBERS, paths)
    return Dataset("mnist", x, y, test_x, test_y, SOURCE)


def _tensor(member: Member, path: Path) -> Tensor:
    """The tensor in a file, from the cache if this file was decoded before."""
    if path == decoded(member):
        if not _intact(member):
            digest, remedy = _sha256(idx.stored(path)), "it is made anew from MNIST's files"
            raise ValueError(_wrong(path, "SHA-256", member.decoded, digest, remedy))
        return _mapped(member)
    content = idx.stored(path)
    digest = _sha256(content)
    if _note(member)[:1] == [digest] and _intact(member):
        return _mapped(member)
    content = idx.unpacked(content, path)
    _check(member, path, content)
    try:
        _keep(member, content, digest)
    except OSError:  # a cache that can't be written costs time at the next load, nothing else
        return _in_memory(member, content)
    return _mapped(member)


def _check(member: Member, path: Path, content: idx.Content) -> None:
    """Raise ValueError unless this is the genuine file."""
    shape = idx.read_header(content, path).shape
    if shape != member.shape:
        raise ValueError(_wrong(path, "sizes", member.shape, shape))
    digest = _sha256(content)
    if digest != member.content:
        raise ValueError(_wrong(path, "SHA-256 (unpacked)", member.content, digest))


def _wrong(
    path: Path, what: str, expected: object, got: object, remedy: str = "get the right one"
) -> str:
    return (
        f"{path}: expected a file of MNIST with {what} {expected}, got {got}: it was changed, or "
        f"is of another data set that uses the same names; delete it, and {remedy}"
    )


def _numbers(member: Member, content: idx.Content) -> Iterator["np.ndarray"]:
    """Pixels as float32 in [0, 1], piece by piece, or labels as int64."""
    import numpy as np

    entries = np.frombuffer(content, np.uint8, offset=4 + 4 * len(member.shape))
    if len(member.shape) == 1:
        yield entries.astype(np.int64)
        return
    for piece in np.array_split(entries, 1 + entries.size // PIECE):
        yield np.divide(piece, np.float32(255), dtype=np.float32)


def _in_memory(member: Member, content: idx.Content) -> Tensor:
    pieces = [torch.from_numpy(piece) for piece in _numbers(member, content)]
    return torch.cat(pieces).view(_shape(member))


def _mapped(member: Member) -> Tensor:
    """The tensor of a decoded file: read when it is used, and writing to it leaves the file."""
    dtype = torch.int64 if len(member.shape) == 1 else torch.float32
    size, path = math.prod(member.shape), str(decoded(member))
    return torch.from_file(path, shared=False, size=size, dtype=dtype).view(_shape(member))


def _shape(member: Member) -> tuple[int, ...]:
    """(N, 1, H, W) of images, (N,) of labels."""
    n, *sizes = member.shape
    return (n, 1, *sizes) if sizes else (n,)


def _keep(member: Member, content: idx.Content, digest: str) -> None:
    """Write the decoded file, and a note: the hash of what it was made from, and its stamp."""
    _write(decoded(member), _numbers(member, content))
    _write(_beside(member), [f"{digest}\n{_stamp(decoded(member))}\n".encode()])


def _beside(member: Member) -> Path:
    return cache() / f"{member.name}.note"


def _note(member: Member) -> list[str]:
    note = _beside(member)
    return note.read_text(errors="replace").splitlines() if note.is_file() else []


def _sha256(content: idx.Content) -> str:
    return hashlib.sha256(content).hexdigest()


def _stamp(path: Path) -> str:
    return f"{path.stat().st_size} {path.stat().st_mtime_ns}"


def _intact(member: Member) -> bool:
    """Whether the decoded file is as it was when it was written."""
    path = decoded(member)
    if not path.is_file():
        return False
    return _note(member)[1:] == [_stamp(path)] or _sha256(idx.stored(path)) == member.decoded


def _write(path: Path, pieces: Iterable[Any]) -> None:
    """Write a file so that it is seen whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.writelines(pieces)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
