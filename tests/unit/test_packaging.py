"""What is declared, pinned and installed agrees, and imports stay light."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import bootstrap

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = {"": PROJECT["project"]["dependencies"], **PROJECT["project"]["optional-dependencies"]}
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")

SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def pins() -> dict[str, str]:
    """Canonical name → version, of every line of constraints.txt that is not a comment."""
    found = {}
    for line in CONSTRAINTS.splitlines():
        if line and not line.startswith("#"):
            name, version = line.split("==")
            assert canonicalize_name(name) not in found, f"{name} is pinned twice"
            found[canonicalize_name(name)] = version
    return found


def direct() -> list[Requirement]:
    return [Requirement(text) for group in GROUPS.values() for text in group]


def reachable(environment: dict[str, str]) -> tuple[set[str], set[str]]:
    """Distributions that ours asks for, directly or not: (installed ones, the others)."""
    here, absent, seen = set(), set(), set()
    todo = [(r.name, extra) for r in direct() for extra in ("", *r.extras)]
    while todo:
        name, extra = todo.pop()
        name = canonicalize_name(name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            asks = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            absent.add(name)
            continue
        here.add(name)
        for r in map(Requirement, asks):
            if r.marker is None or r.marker.evaluate({**environment, "extra": extra}):
                todo += [(r.name, e) for e in ("", *r.extras)]
    return here, absent


def environment_of(system: str, python: str) -> dict[str, str]:
    here = {key: str(value) for key, value in default_environment().items()}
    return here | SYSTEMS[system] | {"python_version": python, "python_full_version": python + ".0"}


def test_the_walk_goes_beyond_direct_dependencies():
    here, _ = reachable(environment_of("linux", "3.11"))
    assert {"torch", "nbgrader", "sympy", "sqlalchemy", "tornado"} <= here


def test_each_constraint_is_exact_and_fits_every_build_of_a_version():
    for version in pins().values():
        assert Version(version).local is None
        assert "*" not in version


def test_constraints_are_sorted():
    for block in CONSTRAINTS.split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        assert lines == sorted(lines, key=str.upper)  # as `LC_ALL=C sort -f` does


@pytest.mark.parametrize("group", GROUPS)
def test_direct_dependencies_are_pinned_within_their_bounds(group):
    for requirement in map(Requirement, GROUPS[group]):
        version = pins().get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name}: add it to constraints.txt"
        assert requirement.specifier.contains(version), f"{requirement}, but pinned to {version}"


def test_every_package_that_is_installed_for_us_has_its_pinned_version():
    here, absent = reachable({key: str(value) for key, value in default_environment().items()})
    assert not absent, "not installed: run `make setup`"
    installed = {name: str(Version(metadata.version(name)).public) for name in here}
    pinned = pins()
    different = {n: (v, pinned.get(n)) for n, v in installed.items() if pinned.get(n) != v}
    assert not different, f"package: (installed, pinned) = {different}"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_other_systems_need_is_pinned_too(system, python):
    here, absent = reachable(environment_of(system, python))
    assert (here | absent) - set(pins()) == set()


def test_pinned_versions_run_on_the_oldest_supported_python():
    oldest = ".".join(map(str, bootstrap.LOWEST_PYTHON)) + ".0"
    refusing = {}
    for name in reachable(environment_of("linux", "3.11"))[0]:
        needs = metadata.metadata(name).get("Requires-Python")
        if needs and not SpecifierSet(needs).contains(oldest):
            refusing[name] = needs
    assert not refusing, f"these do not install on Python {oldest}: {refusing}"


def test_the_build_backend_is_pinned_alike():
    (backend,) = map(Requirement, PROJECT["build-system"]["requires"])
    assert str(backend.specifier) == "==" + pins()[backend.name]


def conda() -> tuple[list[str], list[str]]:
    """(conda's packages, lines for pip) of environment.yml."""
    wanted = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = [entry["pip"] for entry in wanted if isinstance(entry, dict)]
    return [entry for entry in wanted if isinstance(entry, str)], pip


def test_conda_installs_the_same_groups_under_the_same_constraints():
    packages, pip = conda()
    assert pip == ["-c constraints.txt", f"-e .[{','.join(bootstrap.EXTRAS)}]"]
    assert {p.split("=")[0] for p in packages} == {"python", "pip"}


def test_set_up_installs_every_group():
    assert set(bootstrap.EXTRAS) == set(PROJECT["project"]["optional-dependencies"])


def test_python_versions_agree():
    lowest = ".".join(map(str, bootstrap.LOWEST_PYTHON))
    assert PROJECT["project"]["requires-python"] == f">={lowest}"
    assert PROJECT["tool"]["mypy"]["python_version"] == lowest
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + lowest.replace(".", "")
    assert f"python={lowest}" in conda()[0]


def test_the_version_is_the_packages():
    import descent

    assert metadata.version("graded-descent") == descent.__version__


# imports


def imported(path: Path) -> Iterator[str]:
    """Top-level names that a module imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def undeclared(paths: list[Path], groups: list[str]) -> dict[str, str]:
    """Imported distributions that none of the groups names → a file that imports them."""
    declared = {canonicalize_name(Requirement(t).name) for g in groups for t in GROUPS[g]}
    homes = metadata.packages_distributions()
    found = {}
    for path in paths:
        for name in set(imported(path)) - sys.stdlib_module_names - {"descent"}:
            owners = {canonicalize_name(owner) for owner in homes.get(name, [])}
            if owners and not owners & declared:
                found[name] = str(path.relative_to(ROOT))
    return found


def of_instructors(path: Path) -> bool:
    return path.relative_to(ROOT / "descent").parts[0] in ("course", "grading", "cli.py")


def test_students_half_imports_only_what_it_declares():
    paths = [p for p in (ROOT / "descent").rglob("*.py") if not of_instructors(p)]
    assert undeclared(paths, [""]) == {}


def test_instructors_half_imports_only_what_it_declares():
    paths = [p for p in (ROOT / "descent").rglob("*.py") if of_instructors(p)]
    assert undeclared(paths, ["", "student", "course", "cluster"]) == {}


def test_tests_import_only_what_is_declared():
    assert undeclared([*(ROOT / "tests").rglob("*.py")], list(GROUPS)) == {}


def python(script: str) -> str:
    """What a script prints in a fresh Python, away from the course's folder."""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a statement loads in a fresh Python beyond the standard library,
    torch, NumPy and Matplotlib with what these load themselves."""
    script = f"""
import sys
import torch, numpy, matplotlib.figure, matplotlib.backends.backend_agg
before = set(sys.modules)
{statement}
print(*sorted({{name.split(".")[0] for name in set(sys.modules) - before}}))
"""
    allowed = {"torch", "numpy", "matplotlib"} | sys.stdlib_module_names
    return set(python(script).split()) - allowed


def test_import_descent_loads_nothing_else():
    script = (
        "import sys; before = set(sys.modules); import descent; print(*set(sys.modules) - before)"
    )
    assert python(script).split() == ["descent"]


@pytest.mark.parametrize("module", ["check", "style", "device", "data"])
def test_what_every_notebook_imports_stays_light(module):
    assert loaded_by(f"from descent import {module}") == {"descent"}


EXPLORE = sorted(p.stem for p in (ROOT / "descent" / "explore").glob("[!_]*.py"))
INSTRUCTORS = {
    *("alembic", "jupyterlab", "jupyter_server", "jupytext", "nbclient", "nbconvert", "nbformat"),
    *("nbgrader", "nbval", "notebook", "pandas", "pytest", "rich", "sqlalchemy", "watchfiles"),
}


@pytest.mark.parametrize("module", EXPLORE)
def test_explorables_load_nothing_of_the_instructors(module):
    assert loaded_by(f"import descent.explore.{module}") & INSTRUCTORS == set()


@pytest.mark.parametrize("module", ["check", "style", "device", "data", "explore"])
def test_students_half_never_loads_the_instructors_half(module):
    script = f"import sys, descent.{module}; print(*sys.modules)"
    ours = {name for name in python(script).split() if name.startswith("descent.")}
    assert f"descent.{module}" in ours
    assert not [m for m in ours if re.match(r"descent\.(course|grading|cli)\b", m)]


# the commands that the documents name


@pytest.mark.parametrize("document", sorted(path.name for path in ROOT.glob("*.md")))
def test_commands_in_documents_exist(document):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = (ROOT / document).read_text(encoding="utf-8")
    assert set(re.findall(r"(?:`|^|&& )make ([a-z][a-z-]*)", text, re.MULTILINE)) <= targets
