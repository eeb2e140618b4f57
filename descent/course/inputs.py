"""Hashes of what a built notebook depends on, so that only what is stale is built again."""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import descent

FORMAT = "1"
"""Raise it when the build makes something else of the same chapter."""

PACKAGE = Path(descent.__file__).parent


def hash_texts(texts: Iterable[str]) -> str:
    """16 hexadecimal digits that stand for these texts, in this order."""
    digest = hashlib.sha256(FORMAT.encode())
    for text in texts:
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()[:16]


def hash_run(texts: Iterable[str], sources: Iterable[str]) -> str:
    """The same for a notebook that is executed: the modules of this package count that it imports.

    texts    what the notebook is made of
    sources  texts of its code cells
    """
    modules = modules_used(sources, PACKAGE)
    return hash_texts([*texts, *(path.read_text("utf-8") for path in modules)])


def modules_used(sources: Iterable[str], package: Path) -> list[Path]:
    """The files of a package that code imports, and those that these import in turn.

    sources  texts of code cells; those that are not Python are left out
    package  folder of the package
    returns  paths, sorted
    """
    found: set[Path] = set()
    names = {name for source in sources for name in _imports(source, package.name)}
    todo = [path for name in names for path in _files(name, package)]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += [p for name in _file_imports(path, package) for p in _files(name, package)]
    return sorted(found)


def _imports(source: str, package: str, inside: str = "") -> set[str]:
    """Dotted names that code may import from the package; `inside` is the module's own package."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, inside)
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.split(".")[0] == package}


def _base(node: ast.ImportFrom, inside: str) -> str:
    if not node.level:
        return node.module or ""
    parents = inside.split(".")[: len(inside.split(".")) - node.level + 1]
    return ".".join([*parents, *([node.module] if node.module else [])])


@cache
def _read_imports(text: str, package: str, inside: str) -> frozenset[str]:
    return frozenset(_imports(text, package, inside))


def _file_imports(path: Path, package: Path) -> frozenset[str]:
    inside = ".".join([package.name, *path.parent.relative_to(package).parts])
    return _read_imports(path.read_text("utf-8"), package.name, inside)


def _files(name: str, package: Path) -> list[Path]:
    """The files that importing a dotted name runs: the module, and the packages it lies in."""
    parts = name.split(".")[1:]
    folders = [package.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]
    candidates = [folder / "__init__.py" for folder in folders]
    if parts:
        candidates.append(folders[-1].with_suffix(".py"))
    return [path for path in candidates if path.is_file()]
