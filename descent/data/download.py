"""Files fetched from the first mirror that has them, continued where a transfer broke off."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from descent.data.files import Member, in_folder

if TYPE_CHECKING:
    from requests import Response

MIRRORS: Sequence[str] = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
"""Addresses to which a file's name is added, tried in this order."""

PATIENCE = (10.0, 30.0)
"""Seconds to wait for a connection, and for the next bytes."""

PIECE = 2**12
"""Bytes written at once; what has come of a piece is lost where a transfer breaks off."""


def fetch_missing(members: Sequence[Member], folder: Path) -> list[Path]:
    """Fetch the members of MNIST that a folder does not have.

    members  which files
    folder   where they are and go
    returns  their paths in the folder
    raises   as `fetch`
    """
    return [
        in_folder(member, folder) or fetch(f"{member.name}.gz", member.packed, folder)
        for member in members
    ]


def fetch(name: str, sha256: str, folder: Path) -> Path:
    """Fetch one file from the first of `MIRRORS` that has it.

    name     file name
    sha256   what the file must have
    folder   where it goes, as `name`; a transfer that broke off waits there as `name.part`
    returns  path of the file
    raises   ValueError if what came is another file; ConnectionError if nothing came
    """
    failures: list[tuple[str, Exception]] = []
    for mirror in MIRRORS:
        try:
            return _retrieve(mirror + name, sha256, folder / name)
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            failures.append((mirror, error))
    wrong = any(not isinstance(error, OSError) for _, error in failures)
    raise (ValueError if wrong else ConnectionError)(_report(name, failures))


def _retrieve(url: str, sha256: str, path: Path) -> Path:
    """Fetch a file with pooch, which checks its hash."""
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)  # the progress bar says it
    part = path.with_name(f"{path.name}.part")
    get = partial(
        pooch.retrieve, url, f"sha256:{sha256}", path.name, path.parent,
        downloader=partial(_transfer, part),
    )  # fmt: skip
    continued = part.exists()
    try:
        return Path(get())
    except ValueError:
        if not continued:
            raise
        return Path(get())  # the part may have come from elsewhere: once more from the start


def _transfer(part: Path, url: str, output: str, _: object) -> None:
    """Download to `part`, from where it ends, then call it `output`; a downloader for pooch."""
    import requests

    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=PATIENCE) as reply:
        if not (have and reply.status_code == requests.codes.requested_range_not_satisfiable):
            reply.raise_for_status()
            _save(reply, part, have if reply.status_code == requests.codes.partial else 0)
    part.replace(output)


def _save(reply: "Response", part: Path, have: int) -> None:
    """Write what comes after the first `have` bytes, with a progress bar."""
    from tqdm.auto import tqdm

    length = reply.headers.get("Content-Length")
    total = have + int(length) if length else None
    name = part.name.removesuffix(".part")
    with (
        part.open("ab" if have else "wb") as file,
        tqdm(desc=name, initial=have, total=total, unit="B", unit_scale=True) as bar,
    ):
        for chunk in reply.iter_content(PIECE):
            bar.update(file.write(chunk))


def _report(name: str, failures: Sequence[tuple[str, Exception]]) -> str:
    tried = "\n".join(f"  {mirror}: {_reason(error)}" for mirror, error in failures)
    return (
        f"MNIST could not be downloaded: no mirror sent the genuine {name}\n{tried}\n"
        "Check the network and call load_mnist(download=True) again (what has come is kept and "
        "continued), or copy MNIST's four IDX files into a folder and name it: "
        "load_mnist(folder), or DESCENT_DATA. Until then load_images() gives the embedded digits."
    )


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return "no connection, or it broke off"
    return str(error)
