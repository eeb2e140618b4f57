"""Data sets: what they hold, that files are checked before use, and how they are fetched."""

import gzip
import hashlib
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
import torch

from descent import data
from descent.data import download, files, idx, mnist

ROOT = Path(__file__).parents[2]
GENUINE = Path(os.environ.get("DESCENT_TEST_MNIST") or ROOT.parent / "shared" / "data" / "mnist")


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Neither the machine's cache nor its data: each test begins with nothing."""
    monkeypatch.delenv("DESCENT_DATA", raising=False)
    monkeypatch.setenv("DESCENT_CACHE", str(tmp_path / "cache"))


# ---------------------------------------------------------------------------- Dataset and digits


def test_digits_are_split_as_the_exercises_say():
    digits = data.load_digits()
    pixels, labels = sklearn.datasets.load_digits(return_X_y=True)
    order = torch.randperm(1797, generator=seeded()).numpy()
    assert digits.x.shape == (1437, 1, 8, 8)
    assert digits.test_x.shape == (360, 1, 8, 8)
    assert (digits.x.dtype, digits.y.dtype) == (torch.float32, torch.int64)
    both = torch.cat([digits.x, digits.test_x]).flatten(1)
    np.testing.assert_array_equal(both.numpy(), (pixels / 16)[order].astype(np.float32))
    np.testing.assert_array_equal(torch.cat([digits.y, digits.test_y]), labels[order])
    assert both.min() == 0
    assert both.max() == 1


def test_a_data_set_says_what_it_is():
    assert repr(data.load_digits()) == (
        "1,437 training and 360 test samples of 1×8×8, 10 classes, from digits: 1,797 images of "
        "8×8 that ship with scikit-learn"
    )
    assert "samples of 64, classes 1 and 7, from" in repr(data.load_digits().only(7, 1).flat())
    assert ", class 3, from" in repr(data.load_digits().only(3))


def test_only_keeps_samples_of_these_classes():
    digits = data.load_digits()
    some = digits.only(8, 0)
    for x, y, all_x, all_y in (
        (some.x, some.y, digits.x, digits.y),
        (some.test_x, some.test_y, digits.test_x, digits.test_y),
    ):
        kept = [i for i, label in enumerate(all_y.tolist()) if label in (0, 8)]
        assert torch.equal(x, all_x[kept])
        assert torch.equal(y, all_y[kept])


@pytest.mark.parametrize("labels", [(), (10,), (0, -1)])
def test_only_refuses_classes_that_are_not_there(labels):
    with pytest.raises(ValueError, match=r"expects labels among \[0, 1, 2.*got"):
        data.load_digits().only(*labels)


def test_flat_gives_vectors_without_a_copy():
    digits = data.load_digits()
    flat = digits.flat()
    assert flat.x.shape == (1437, 64)
    assert flat.test_x.shape == (360, 64)
    assert flat.x.data_ptr() == digits.x.data_ptr()
    assert torch.equal(flat.x[5].view(1, 8, 8), digits.x[5])


def test_to_moves_all_parts():
    moved = data.load_digits().to("meta")
    parts = (moved.x, moved.y, moved.test_x, moved.test_y)
    assert {part.device.type for part in parts} == {"meta"}


# -------------------------------------------------------------------------------------- IDX files


def packed_idx(array: np.ndarray) -> bytes:
    """An IDX file, written from the format's description."""
    codes = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    code = codes[array.dtype.str[1:]]
    head = struct.pack(f">4B{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


NUMBERS = np.random.default_rng(0).normal(scale=60, size=(3, 4, 5))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_read_idx_reads_each_type(tmp_path, dtype, pack):
    array = np.abs(NUMBERS).astype(dtype) if dtype == "u1" else NUMBERS.astype(dtype)
    (tmp_path / "numbers").write_bytes(pack(packed_idx(array)))
    read = data.read_idx(tmp_path / "numbers")
    assert read.numpy().dtype == np.dtype(dtype)
    np.testing.assert_array_equal(read.numpy(), array)
    read.add_(1)  # the reader's own memory


def test_read_idx_takes_several_gzip_members_and_no_entries(tmp_path):
    content = packed_idx(np.arange(6, dtype="i2"))
    (tmp_path / "two").write_bytes(gzip.compress(content[:9]) + gzip.compress(content[9:]))
    assert data.read_idx(str(tmp_path / "two")).tolist() == [0, 1, 2, 3, 4, 5]
    (tmp_path / "none").write_bytes(packed_idx(np.zeros((0, 7), "f4")))
    assert data.read_idx(tmp_path / "none").shape == (0, 7)


SOUND = packed_idx(np.arange(12, dtype="i4").reshape(3, 4))
PACKED = gzip.compress(SOUND)
DAMAGED = {
    "one byte missing": (SOUND[:-1], r"expected 60 bytes for int32 \(3, 4\).*got 59.*cut short"),
    "one byte more": (SOUND + b"\0", r"expected 60 bytes.*got 61.*too long"),
    "half a header": (SOUND[:9], "expected an IDX file.*got 9 bytes.*another kind of file"),
    "empty": (b"", "expected an IDX file.*got 0 bytes"),
    "another kind": (
        b"<!DOCTYPE html><html></html>",
        "expected an IDX file.*begin with b'<!DOCTYP'",
    ),
    "unknown type": (b"\0\0\x0a" + SOUND[3:], "expected an IDX file"),
    "no zero bytes": (b"\1" + SOUND[1:], "expected an IDX file"),
    "swapped bytes": (SOUND[3::-1] + SOUND[4:], "expected an IDX file"),
    "gzip cut short": (PACKED[:-9], "expected a whole gzip file.*cut short"),
    "gzip changed": (PACKED[:-6] + b"!" + PACKED[-5:], "expected a whole gzip file.*damaged"),
    "gzip of nonsense": (PACKED[:10] + b"\xff" * 20, "expected a whole gzip file.*damaged"),
    "gzip of a part": (gzip.compress(SOUND[:-4]), "expected 60 bytes.*got 56.*cut short"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_read_idx_names_a_damaged_file(tmp_path, case):
    content, message = DAMAGED[case]
    (tmp_path / "numbers.gz").write_bytes(content)
    with pytest.raises(ValueError, match=rf"numbers\.gz: {message}"):
        data.read_idx(tmp_path / "numbers.gz")


def test_read_idx_of_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        data.read_idx(tmp_path / "nothing")


# ---------------------------------------------------------------------------------- genuine MNIST


@pytest.fixture
def genuine() -> Path:
    if not (GENUINE / "train-images-idx3-ubyte.gz").is_file():
        pytest.skip(f"no MNIST in {GENUINE}: set DESCENT_TEST_MNIST to a folder of its gzip files")
    return GENUINE


def test_genuine_mnist(genuine):
    full = data.load_mnist(genuine)
    assert full.x.shape == (60000, 1, 28, 28)
    assert full.test_x.shape == (10000, 1, 28, 28)
    assert (full.x.dtype, full.y.dtype) == (torch.float32, torch.int64)
    assert full.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert full.test_y[:5].tolist() == [7, 2, 1, 0, 4]
    assert full.y.bincount().tolist()[:2] == [5923, 6742]
    assert full.x.mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert full.x.std().item() == pytest.approx(0.3081, abs=5e-5)
    stored = data.read_idx(genuine / "t10k-images-idx3-ubyte.gz")
    assert torch.equal(full.test_x[:, 0], stored / 255)
    assert repr(full).startswith("60,000 training and 10,000 test samples of 1×28×28, 10 classes")
    assert str(genuine) not in repr(full)


def test_genuine_mnist_comes_again_from_the_cache(genuine):
    first = data.load_mnist(genuine)
    for path in cached().iterdir():
        os.utime(path, ns=(1, 1))  # so that it is hashed again
    again = data.load_mnist()
    for name in ("x", "y", "test_x", "test_y"):
        assert torch.equal(getattr(first, name), getattr(again, name))


PUBLIC_MD5 = (
    "6bbc9ace898e44ae57da46a324031adb",
    "a25bea736e30d166cdddb491f175f624",
    "2646ac647ad5339dbf082846283269ea",
    "27ae3e4e09519cfbb04c329615203637",
)


def test_hashes_are_those_of_the_published_files(genuine):
    for member, md5 in zip(files.MEMBERS, PUBLIC_MD5, strict=True):
        content = gzip.decompress((genuine / f"{member.name}.gz").read_bytes())
        assert hashlib.md5(content).hexdigest() == md5
        assert hashlib.sha256(content).hexdigest() == member.content


# ------------------------------------------------------------------ a small stand-in for the files


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def arrays() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    sizes = ((400, 6, 6), (400,), (20, 6, 6), (20,))
    return [rng.integers(256 if len(s) > 1 else 10, size=s, dtype=np.uint8) for s in sizes]


def decoded(array: np.ndarray) -> np.ndarray:
    return array.astype(np.int64) if array.ndim == 1 else array / np.float32(255)


CONTENTS = [packed_idx(array) for array in arrays()]
SMALL = tuple(
    files.Member(
        m.name, a.shape, sha256(c), sha256(gzip.compress(c, mtime=0)), sha256(decoded(a).tobytes())
    )
    for m, a, c in zip(files.MEMBERS, arrays(), CONTENTS, strict=True)
)
FILES = {f"{m.name}.gz": gzip.compress(c, mtime=0) for m, c in zip(SMALL, CONTENTS, strict=True)}


@pytest.fixture
def small(monkeypatch):
    """The loader takes four small files for MNIST."""
    for module in (files, mnist):
        monkeypatch.setattr(module, "MEMBERS", SMALL)


@pytest.fixture
def folder(small, tmp_path) -> Path:
    """A folder of the small files, gzip-compressed."""
    return written(tmp_path / "files", FILES)


def written(place: Path, contents: dict[str, bytes]) -> Path:
    place.mkdir(parents=True)
    for name, content in contents.items():
        (place / name).write_bytes(content)
    return place


def cached(name: str = "") -> Path:
    return files.cache() / name


def assert_small(loaded: data.Dataset) -> None:
    parts = (loaded.x, loaded.y, loaded.test_x, loaded.test_y)
    for part, array in zip(parts, arrays(), strict=True):
        assert part.shape == ((len(array), 1, 6, 6) if array.ndim == 3 else array.shape)
        assert part.dtype == (torch.float32 if array.ndim == 3 else torch.int64)
        np.testing.assert_array_equal(part.numpy().reshape(array.shape), decoded(array))


def test_packed_and_unpacked_files(small, tmp_path):
    assert_small(data.load_mnist(written(tmp_path / "packed", FILES)))
    raw = {m.name: c for m, c in zip(SMALL, CONTENTS, strict=True)}
    assert_small(data.load_mnist(str(written(tmp_path / "raw", raw))))
    misnamed = {f"{name}.gz": content for name, content in raw.items()}
    assert_small(data.load_mnist(written(tmp_path / "unpacked by the browser", misnamed)))


@pytest.mark.parametrize("below", ["mnist", "MNIST/raw"])
def test_folders_that_others_make(small, tmp_path, below):
    written(tmp_path / "files" / below, FILES)
    assert_small(data.load_mnist(tmp_path / "files"))


def test_order_of_places(folder, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"missing: train-images.*download=True"):
        data.load_mnist()
    monkeypatch.setenv("DESCENT_DATA", str(folder))
    assert_small(data.load_mnist())
    with pytest.raises(FileNotFoundError, match="elsewhere, which is not a folder"):
        data.load_mnist(tmp_path / "elsewhere")  # what is named goes before the variable
    monkeypatch.setenv("DESCENT_DATA", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="gone, which is not a folder"):
        data.load_mnist()  # the variable goes before the cache
    monkeypatch.setenv("DESCENT_DATA", "")
    assert_small(data.load_mnist())


def test_missing_files_are_named(folder):
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError) as caught:
        data.load_mnist(folder)
    assert "missing: t10k-labels-idx1-ubyte: " in str(caught.value)
    assert "DESCENT_DATA" in str(caught.value)


def test_embedded_allows_only_what_is_named_in_the_call(folder, monkeypatch):
    data.load_mnist(folder)
    monkeypatch.setenv("DESCENT_DATA", "embedded")
    with pytest.raises(FileNotFoundError, match="DESCENT_DATA=embedded"):
        data.load_mnist(download=True)
    assert_small(data.load_mnist(folder))


CHANGES = {
    "cut short": lambda content: content[: len(content) // 2],
    "one byte missing": lambda content: content[:-1],
    "empty": lambda content: b"",
    "one bit": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "one byte more": lambda content: content + b"\0",
    "another file": lambda content: b"<html>Sign in to this network</html>",
    "another size": lambda content: packed_idx(np.zeros((2, 3), np.uint8)),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("which", range(4))
def test_a_file_that_is_not_genuine_is_named_and_not_used(folder, which, change, pack):
    path = folder / list(FILES)[which]
    path.write_bytes(pack(CHANGES[change](CONTENTS[which])))
    with pytest.raises(ValueError, match="expected .* got ") as caught:
        data.load_mnist(folder)
    assert str(caught.value).startswith(f"{path}: ")
    assert not cached(f"{SMALL[which].name}.decoded").exists()


def test_another_size_is_told_from_another_content(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(CHANGES["another size"](b""))
    with pytest.raises(ValueError, match=r"sizes \(400, 6, 6\), got \(2, 3\): .* delete it"):
        data.load_mnist(folder)


def test_a_damaged_gzip_file_is_named(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="train-images-idx3-ubyte.gz: expected a whole gzip file"):
        data.load_mnist(folder)


def test_files_of_another_data_set_with_the_same_names(folder):
    pixels = np.zeros_like(arrays()[0])
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(packed_idx(pixels)))
    with pytest.raises(ValueError, match=f"{SMALL[0].content}, got {sha256(packed_idx(pixels))}"):
        data.load_mnist(folder)


# ------------------------------------------------------------------------------------------ cache


@pytest.fixture
def no_unpacking(monkeypatch):
    """A function after whose call only the cache can give the numbers."""

    def refuse(*_: object) -> None:
        raise AssertionError("unpacked again")

    return lambda: monkeypatch.setattr(idx, "unpacked", refuse)


def test_the_second_load_uses_the_cache(folder, no_unpacking):
    data.load_mnist(folder)
    no_unpacking()
    assert_small(data.load_mnist(folder))
    for name in FILES:
        (folder / name).unlink()
    assert_small(data.load_mnist())


def test_the_cache_is_not_used_for_files_that_changed(folder):
    data.load_mnist(folder)
    path = folder / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(CONTENTS[2][:-1]))
    with pytest.raises(ValueError, match="t10k-images-idx3-ubyte.gz: expected"):
        data.load_mnist(folder)


@pytest.mark.parametrize("change", ["cut short", "one bit", "one byte more", "empty"])
@pytest.mark.parametrize("which", range(4))
def test_a_changed_cache_is_named_or_made_anew(folder, which, change):
    data.load_mnist(folder)
    path = cached(f"{SMALL[which].name}.decoded")
    path.write_bytes(CHANGES[change](path.read_bytes()))
    with pytest.raises(ValueError, match=r"decoded: expected .* got .* delete it"):
        data.load_mnist()
    assert_small(data.load_mnist(folder))
    assert_small(data.load_mnist())


def test_a_copied_cache_still_counts(folder, no_unpacking):
    data.load_mnist(folder)
    no_unpacking()
    for path in cached().iterdir():
        os.utime(path, ns=(1, 1))
    assert_small(data.load_mnist())
    for path in cached().glob("*.note"):
        path.write_bytes(b"\xff\xfe nonsense")
    assert_small(data.load_mnist())


def test_half_a_cache_does_not_count(folder):
    data.load_mnist(folder)
    cached("t10k-labels-idx1-ubyte.decoded").unlink()
    with pytest.raises(FileNotFoundError):
        data.load_mnist()
    assert_small(data.load_mnist(folder))


def test_a_cache_that_cannot_be_written(folder, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert_small(data.load_mnist(folder))
    assert_small(data.load_mnist(folder))


def test_writing_to_a_tensor_leaves_the_cache(folder):
    loaded = data.load_mnist(folder)
    loaded.x.zero_()
    loaded.y.zero_()
    assert sha256(cached("train-images-idx3-ubyte.decoded").read_bytes()) == SMALL[0].decoded
    assert_small(data.load_mnist(folder))


def test_nothing_is_left_beside_the_cache(folder):
    data.load_mnist(folder)
    expected = {f"{m.name}.{end}" for m in SMALL for end in ("decoded", "note")}
    assert {path.name for path in cached().iterdir()} == expected


def test_default_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("DESCENT_CACHE")
    import platformdirs

    assert files.cache().is_relative_to(platformdirs.user_cache_dir("descent"))


# ------------------------------------------------------------------------------------ load_images


def test_images_are_mnist_where_the_machine_has_it(folder, monkeypatch):
    monkeypatch.setenv("DESCENT_DATA", str(folder))
    assert_small(data.load_images())
    monkeypatch.delenv("DESCENT_DATA")
    assert_small(data.load_images())
    assert data.load_images().source.startswith("MNIST: ")
    assert data.load_images(prefer="digits").name == "digits"


def test_images_are_digits_elsewhere_and_say_why(small, monkeypatch):
    found = data.load_images()
    assert torch.equal(found.x, data.load_digits().x)
    assert found.source == (
        "digits: 1,797 images of 8×8 that ship with scikit-learn "
        "(MNIST was not found; data.load_mnist(download=True) fetches it)"
    )
    monkeypatch.setenv("DESCENT_DATA", "embedded")
    assert data.load_images().source.endswith("(DESCENT_DATA=embedded asks for these)")


def test_images_are_embedded_when_asked_even_with_mnist(folder, monkeypatch):
    data.load_mnist(folder)
    monkeypatch.setenv("DESCENT_DATA", "embedded")
    assert data.load_images(download=True).name == "digits"


def test_images_never_pass_over_what_was_asked_for(folder, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r'"mnist" or "digits", got \'cifar\''):
        data.load_images(prefer="cifar")
    monkeypatch.setenv("DESCENT_DATA", str(tmp_path / "typo"))
    with pytest.raises(FileNotFoundError, match="typo"):
        data.load_images()
    monkeypatch.setenv("DESCENT_DATA", str(folder))
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(b"")
    with pytest.raises(ValueError, match="train-labels"):
        data.load_images()


# --------------------------------------------------------------------------------------- download


class Mirror(ThreadingHTTPServer):
    """A web server on this machine; `cut` names the files that break off once, and where."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents, self.cut = dict(contents), dict[str, int]()
        self.asked: list[tuple[str, str | None]] = []
        super().__init__(("127.0.0.1", 0), Reply)
        self.url = f"http://127.0.0.1:{self.server_port}/"


class Reply(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        name, ranged = self.path.lstrip("/"), self.headers["Range"]
        self.server.asked.append((name, ranged))
        content = self.server.contents.get(name)
        start = int(ranged.removeprefix("bytes=").removesuffix("-")) if ranged else 0
        if content is None or start >= len(content):
            self.send_error(416 if content else 404)
            return
        self.send_response(206 if ranged else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : self.server.cut.pop(name, None)])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirrors(small, monkeypatch) -> Iterator[list[Mirror]]:
    """Two mirrors of the small files, the only ones that the downloader knows."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    servers = [Mirror(FILES), Mirror(FILES)]
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,)) for server in servers]
    monkeypatch.setattr(download, "MIRRORS", [server.url for server in servers])
    for thread in threads:
        thread.start()
    yield servers
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


IMAGES = "train-images-idx3-ubyte.gz"
KEPT = 9000 // download.PIECE * download.PIECE
"""What is kept of 9,000 bytes that came: whole pieces."""


def test_download_on_request_only(mirrors, capsys):
    with pytest.raises(FileNotFoundError):
        data.load_mnist()
    assert data.load_images().name == "digits"
    assert mirrors[0].asked == []
    assert_small(data.load_mnist(download=True))
    assert mirrors[0].asked == [(name, None) for name in FILES]
    assert mirrors[1].asked == []
    shown = capsys.readouterr().err
    assert all(name in shown for name in FILES)
    assert "100%" in shown


def test_download_once(mirrors, monkeypatch):
    data.load_mnist(download=True)
    monkeypatch.setattr(download, "MIRRORS", [])
    assert_small(data.load_mnist(download=True))
    assert_small(data.load_images())


def test_download_fetches_only_what_is_missing(mirrors):
    names = list(FILES)
    written(cached(), {SMALL[0].name: CONTENTS[0]} | {name: FILES[name] for name in names[1:3]})
    assert_small(data.load_mnist(download=True))
    assert mirrors[0].asked == [(names[3], None)]


def test_second_mirror_where_the_first_lacks_a_file(mirrors):
    del mirrors[0].contents[IMAGES]
    assert_small(data.load_mnist(download=True))
    assert mirrors[1].asked == [(IMAGES, None)]


def test_mirrors_that_lack_a_file_are_listed(mirrors):
    for mirror in mirrors:
        del mirror.contents[IMAGES]
    with pytest.raises(ConnectionError, match=r"(?s)404.*404"):
        data.load_mnist(download=True)


def test_second_mirror_where_the_first_is_down(mirrors, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", [closed(), mirrors[1].url])
    assert_small(data.load_mnist(download=True))
    assert len(mirrors[1].asked) == 4


def test_a_transfer_that_breaks_off_is_continued_from_the_next_mirror(mirrors):
    mirrors[0].cut[IMAGES] = 9000
    assert_small(data.load_mnist(download=True))
    assert mirrors[1].asked == [(IMAGES, f"bytes={KEPT}-")]


def test_a_transfer_that_breaks_off_is_continued_by_the_next_call(mirrors, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", [mirrors[0].url])
    mirrors[0].cut[IMAGES] = 9000
    with pytest.raises(ConnectionError, match=rf"(?s){IMAGES}.*broke off.*call load_mnist"):
        data.load_mnist(download=True)
    assert cached(f"{IMAGES}.part").read_bytes() == FILES[IMAGES][:KEPT]
    assert_small(data.load_mnist(download=True))
    assert mirrors[0].asked[:2] == [(IMAGES, None), (IMAGES, f"bytes={KEPT}-")]
    assert not list(cached().glob("*.part"))


def test_a_whole_part_is_not_fetched_again(mirrors):
    written(cached(), {f"{IMAGES}.part": FILES[IMAGES]})
    assert_small(data.load_mnist(download=True))
    assert mirrors[0].asked[0] == (IMAGES, f"bytes={len(FILES[IMAGES])}-")
    assert [name for name, _ in mirrors[0].asked].count(IMAGES) == 1


@pytest.mark.parametrize("size", [100, 20_000])
def test_a_part_of_another_file_is_started_over(mirrors, size):
    written(cached(), {f"{IMAGES}.part": b"?" * size})
    assert_small(data.load_mnist(download=True))
    assert mirrors[0].asked[:2] == [(IMAGES, f"bytes={size}-"), (IMAGES, None)]


def test_a_server_that_knows_no_ranges_starts_over(mirrors, monkeypatch):
    written(cached(), {f"{IMAGES}.part": FILES[IMAGES][:100]})
    plain = Reply.do_GET

    def whole(self: Reply) -> None:
        del self.headers["Range"]
        plain(self)

    monkeypatch.setattr(Reply, "do_GET", whole)
    assert_small(data.load_mnist(download=True))
    assert len(mirrors[0].asked) == 4


def tampered(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def test_what_was_tampered_with_is_refused_and_named(mirrors):
    for mirror in mirrors:
        mirror.contents[IMAGES] = tampered(FILES[IMAGES])
    with pytest.raises(ValueError, match=rf"no mirror sent the genuine {IMAGES}") as caught:
        data.load_mnist(download=True)
    assert SMALL[0].packed in str(caught.value)
    assert sha256(tampered(FILES[IMAGES])) in str(caught.value)
    assert [*cached().iterdir()] == []
    with pytest.raises(ValueError, match=IMAGES):
        data.load_images(download=True)


def test_second_mirror_where_the_first_was_tampered_with(mirrors):
    mirrors[0].contents[IMAGES] = tampered(FILES[IMAGES])
    assert_small(data.load_mnist(download=True))
    assert mirrors[1].asked == [(IMAGES, None)]


def closed() -> str:
    """An address where nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


def test_without_network_the_message_says_what_to_do(small, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    addresses = [closed(), closed()]
    monkeypatch.setattr(download, "MIRRORS", addresses)
    with pytest.raises(ConnectionError) as caught:
        data.load_mnist(download=True)
    for part in (*addresses, "no connection", IMAGES, "load_mnist(folder)", "load_images()"):
        assert part in str(caught.value)
    assert "Check the network" in str(caught.value)


def test_without_network_images_are_digits_and_say_so(small, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "MIRRORS", [closed()])
    found = data.load_images(download=True)
    assert found.name == "digits"
    assert found.source.endswith(
        "(MNIST was not found, and no mirror could be reached to fetch it)"
    )


# ----------------------------------------------------------------------------------------- tables


def test_blood_pressure_gives_the_published_line():
    age, sbp = data.load_blood_pressure()
    assert (age.shape, sbp.shape, age.dtype, sbp.dtype) == ((30,), (30,), *2 * (torch.float32,))
    slope, intercept = np.polyfit(age, sbp, 1)
    assert (slope, intercept) == pytest.approx((0.97087, 98.7147), rel=1e-5)
    keep = sbp < 220
    slope, intercept = np.polyfit(age[keep], sbp[keep], 1)
    assert (slope, intercept) == pytest.approx((0.94932, 97.0771), rel=1e-5)
    assert (int(keep.sum()), age[~keep].item()) == (29, 47)
    assert "mmHg" in repr(data.load_blood_pressure())
    assert "Kleinbaum" in repr(data.load_blood_pressure())


def test_heights_have_the_published_means():
    heights = data.load_heights()
    assert (heights.female.shape, heights.male.shape) == ((12,), (12,))
    assert heights.female.mean().item() == pytest.approx(183.75)
    assert heights.male.mean().item() == pytest.approx(194.33, abs=0.005)
    both = torch.cat([heights.female, heights.male])
    is_male = torch.arange(24) >= 12
    errors = [int(((both > t) != is_male).sum()) for t in range(160, 210)]
    assert min(errors) == 5
    assert "(cm)" in repr(heights)


def test_tables_are_fresh_each_time():
    data.load_blood_pressure().age.zero_()
    data.load_heights().male.zero_()
    assert data.load_blood_pressure().age.min() == 17
    assert data.load_heights().male.min() == 183


# ---------------------------------------------------------------------------- points in the plane

NOISY = {
    "moons": data.moons,
    "circles": data.circles,
    "spirals": data.spirals,
    "xor": data.xor,
}
ALL = NOISY | {"discs": lambda n, noise, generator: data.discs(n, generator)}


def ordered(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rows (label, coordinates) in an order that rounding does not change."""
    rows = np.column_stack([y, x])
    return rows[np.lexsort(rows.round(4).T)]


@pytest.mark.parametrize("n", [1, 2, 7, 100, 501])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (data.moons, sklearn.datasets.make_moons),
        (data.circles, sklearn.datasets.make_circles),
        (
            lambda n, noise, generator: data.circles(n, noise, generator, factor=0.3),
            lambda n: sklearn.datasets.make_circles(n, factor=0.3),
        ),
    ],
)
def test_same_points_as_scikit_learn(ours, theirs, n):
    x, y = ours(n, 0.0, seeded())
    np.testing.assert_allclose(ordered(x.numpy(), y.numpy()), ordered(*theirs(n)), atol=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_points_are_seeded(name):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    x, y = ALL[name](200, 0.1, seeded(3))
    same_x, same_y = ALL[name](200, 0.1, seeded(3))
    other_x, _ = ALL[name](200, 0.1, seeded(4))
    assert torch.equal(x, same_x)
    assert torch.equal(y, same_y)
    assert not torch.equal(x, other_x)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", ALL)
def test_points_have_their_types_and_a_random_order(name):
    x, y = ALL[name](301, 0.1, seeded())
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((301, 2), torch.float32, (301,), torch.int64)
    changes = int((y[1:] != y[:-1]).sum())
    assert 100 < changes < 200  # 150 expected, sorted labels have 1, alternating ones 300


@pytest.mark.parametrize("name", NOISY)
def test_halves_and_noise(name):
    clean, y = NOISY[name](4000, 0.0, seeded())
    noisy, same = NOISY[name](4000, 0.2, seeded())
    assert torch.equal(y, same)
    assert int(y.sum()) == 2000
    added = noisy - clean
    assert added.mean().item() == pytest.approx(0, abs=0.02)
    assert added.std().item() == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("n", [0, -3])
def test_points_refuse_no_points(name, n):
    with pytest.raises(ValueError, match=f"n ≥ 1.*got n = {n}"):
        ALL[name](n, 0.1, seeded())


@pytest.mark.parametrize("name", NOISY)
def test_points_refuse_negative_noise(name):
    with pytest.raises(ValueError, match=r"noise ≥ 0, got .*-0\.1"):
        NOISY[name](10, -0.1, seeded())


def test_discs_are_uniform_and_half_inside():
    x, y = data.discs(20_000, seeded())
    assert torch.equal(y == 1, x.norm(dim=1) <= (2 / np.pi) ** 0.5)
    assert y.float().mean().item() == pytest.approx(0.5, abs=0.015)
    assert x.abs().max() <= 1
    counts = torch.histogramdd(x, bins=[4, 4], range=[-1.0, 1, -1, 1]).hist
    assert counts.min() > 1250 * 0.85
    assert counts.max() < 1250 * 1.15


def test_spirals_wind_and_mirror_each_other():
    x, y = data.spirals(1000, 0.0, seeded(), turns=2)
    first, second = (ordered(s * x[y == k].numpy(), y[y == k] * 0) for k, s in ((0, 1), (1, -1)))
    np.testing.assert_allclose(first, second, atol=1e-6)
    radius = x[y == 0].norm(dim=1)
    assert (radius.min().item(), radius.max().item()) == pytest.approx((0.1, 1))
    arm = x[y == 0][radius.argsort()]
    angle = np.unwrap(torch.atan2(arm[:, 1], arm[:, 0]).numpy())
    np.testing.assert_allclose(angle - angle[0], np.linspace(0, 4 * np.pi, 500), atol=1e-4)


def test_xor_is_its_truth_table():
    x, y = data.xor(400, 0.0, seeded())
    rows = torch.cat([x, y[:, None]], dim=1)
    table, counts = rows.unique(dim=0, return_counts=True)
    assert table.tolist() == [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]
    assert counts.tolist() == [100] * 4


# ---------------------------------------------------------------------------------------- imports


def test_import_is_light():
    script = (
        "import sys, torch; before = set(sys.modules); import descent.data;"
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert set(done.stdout.split()) - sys.stdlib_module_names == {"descent"}
