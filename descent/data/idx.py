"""IDX files, the format of MNIST: four bytes of type and rank, the sizes, then the entries."""

import gzip
import math
import mmap
import struct
import zlib
from pathlib import Path
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

Content: TypeAlias = bytes | mmap.mmap

GZIP = b"\x1f\x8b"
TYPES = {
    0x08: ("uint8", ">u1"),
    0x09: ("int8", ">i1"),
    0x0B: ("int16", ">i2"),
    0x0C: ("int32", ">i4"),
    0x0D: ("float32", ">f4"),
    0x0E: ("float64", ">f8"),
}
"""Type code → its name, and the big-endian NumPy type."""


class Header(NamedTuple):
    """What the first bytes of an IDX file state.

    name   type of the entries
    code   the same for NumPy, big-endian
    shape  sizes of the tensor
    start  offset of the first entry, bytes
    """

    name: str
    code: str
    shape: tuple[int, ...]
    start: int


def read_idx(path: Path | str) -> Tensor:
    """The tensor in an IDX file, compressed with gzip or not.

    path     file of entries of 8-, 16- or 32-bit integers or of floats
    returns  tensor of the type and shape that the file states
    raises   ValueError if the file is damaged, or not an IDX file; OSError if it can't be read
    source   "The IDX file format", at the end of http://yann.lecun.com/exdb/mnist/
    """
    import numpy as np

    path = Path(path)
    content = unpacked(stored(path), path)
    head = read_header(content, path)
    entries = np.frombuffer(content, head.code, offset=head.start).reshape(head.shape)
    return torch.from_numpy(entries.astype(entries.dtype.newbyteorder("=")))


def stored(path: Path) -> Content:
    """The bytes of a file as they are on disk.

    path     any file
    returns  a read-only view
    raises   OSError if the file can't be read
    """
    if not path.stat().st_size:
        return b""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def unpacked(content: Content, path: Path) -> Content:
    """What a gzip file holds; other content as it is.

    content  bytes of a file, whatever its name
    path     where they come from, for the message
    raises   ValueError if they begin as a gzip file, and are damaged
    """
    if content[: len(GZIP)] != GZIP:
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(
            f"{path}: expected a whole gzip file, got {len(content):,} bytes that are "
            f"{'cut short' if isinstance(error, EOFError) else 'damaged'} ({error}): "
            "delete the file and get it again"
        ) from None


def read_header(content: Content, path: Path) -> Header:
    """The header of an IDX file, the length of the file checked against it.

    content  unpacked bytes
    path     where they come from, for the message
    raises   ValueError if they are not those of an IDX file, or too few, or too many
    """
    head = _header(bytes(content[: 4 + 4 * 255]))
    if head is None:
        raise ValueError(
            f"{path}: expected an IDX file (two zero bytes, a type code, the number of sizes, "
            f"the sizes), got {len(content):,} bytes that begin with {bytes(content[:8])!r}: "
            "this is another kind of file"
        )
    expected = head.start + math.prod(head.shape) * int(head.code[-1])
    if len(content) != expected:
        raise ValueError(
            f"{path}: expected {expected:,} bytes for {head.name} {head.shape}, as its header "
            f"states, got {len(content):,}: the file is {_fault(len(content) - expected)}, "
            "delete it and get it again"
        )
    return head


def _header(start: bytes) -> Header | None:
    """The header, or None if these bytes do not begin with one."""
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES:
        return None
    end = 4 + 4 * start[3]
    if len(start) < end:
        return None
    return Header(*TYPES[start[2]], struct.unpack(f">{start[3]}I", start[4:end]), end)


def _fault(surplus: int) -> str:
    return "cut short" if surplus < 0 else "too long"
