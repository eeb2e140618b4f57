"""MNIST's four files: what they must be, and where they are."""

import os
from pathlib import Path
from typing import NamedTuple


class Member(NamedTuple):
    """One of MNIST's four files.

    name      file name, without `.gz`
    shape     sizes of the uint8 tensor in it
    content   SHA-256 of the unpacked file
    packed    SHA-256 of the gzip file as published, which mirrors send
    decoded   SHA-256 of its numbers as the cache keeps them
    """

    name: str
    shape: tuple[int, ...]
    content: str
    packed: str
    decoded: str


MEMBERS = (
    Member(
        "train-images-idx3-ubyte",
        (60000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "257f039238a0be158bad088c051a53908383fd47df03a7b1c229bb7bc968f160",
    ),
    Member(
        "train-labels-idx1-ubyte",
        (60000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "e474323ac02fc156161b0bbb1f8c9cfeb327a74bcd9f9680a8385269a24f566c",
    ),
    Member(
        "t10k-images-idx3-ubyte",
        (10000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "bc9f8f501f39b3ca61f899a2f402edf2024bde012b73223431b6bd735e47a165",
    ),
    Member(
        "t10k-labels-idx1-ubyte",
        (10000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "2fd8de6bdb8d11780b4b96dc57847bcfe6953f7c32aa48bfcd8237c3b7847243",
    ),
)


def embedded() -> bool:
    """Whether `DESCENT_DATA` asks for embedded data only."""
    return os.environ.get("DESCENT_DATA") == "embedded"


def cache() -> Path:
    """The folder for what is downloaded or decoded, which need not exist."""
    import platformdirs

    root = os.environ.get("DESCENT_CACHE") or platformdirs.user_cache_dir("descent")
    return Path(root).expanduser() / "mnist"


def decoded(member: Member) -> Path:
    """Where the cache keeps the member's numbers."""
    return cache() / f"{member.name}.decoded"


def located(directory: Path | str | None = None) -> list[Path]:
    """Where MNIST's four files are.

    directory  folder to look into, by default the one that `DESCENT_DATA` names, else the cache
    returns    paths in the order of `MEMBERS`; none if the cache does not hold all of them
    raises     FileNotFoundError if a folder was named and lacks files
    """
    named = directory or os.environ.get("DESCENT_DATA")
    if not named:
        return _in_cache()
    root = Path(named).expanduser()
    for place in (root, root / "mnist", root / "MNIST" / "raw"):
        if len(found := _in_folder(place)) == len(MEMBERS):
            return found
    remedy = "correct directory= or DESCENT_DATA, or leave both out and load_mnist(download=True)"
    raise FileNotFoundError(missing(root, remedy))


def in_folder(member: Member, folder: Path) -> Path | None:
    """The member's file in a folder, the unpacked one if there are both."""
    paths = (folder / member.name, folder / f"{member.name}.gz")
    return next((path for path in paths if path.is_file()), None)


def missing(folder: Path, remedy: str) -> str:
    """A sentence that says which files a folder lacks."""
    lacking = [member.name for member in MEMBERS if not in_folder(member, folder)]
    state = "" if folder.is_dir() else ", which is not a folder"
    return (
        f"expected MNIST's four IDX files (name or name.gz) in {folder}{state}; "
        f"missing: {', '.join(lacking)}: {remedy}"
    )


def _in_folder(folder: Path) -> list[Path]:
    return [path for member in MEMBERS if (path := in_folder(member, folder))]


def _in_cache() -> list[Path]:
    """Paths of all members, or none: as they were fetched, else decoded."""
    found = [in_folder(member, cache()) or decoded(member) for member in MEMBERS]
    return found if all(path.is_file() for path in found) else []
