"""The rules of the house that a program can check: ruff, format, types, size of functions."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 40


def complaints(*command: str) -> str:
    """What a checker says about the repository; '' when it is content."""
    words = [sys.executable, "-m", *command]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{done.stdout}\n{done.stderr}"


def test_ruff_finds_nothing():
    said = complaints("ruff", "check", "--output-format=concise", ".")
    assert not said, said


def test_everything_is_formatted():
    said = complaints("ruff", "format", "--check", "--output-format=concise", ".")
    assert not said, said


@pytest.mark.slow
def test_types_are_right():
    said = complaints("mypy")
    assert not said, said


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the def line to the last, without the docstring's."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    docstring = first.end_lineno - first.lineno + 1 if documented else 0
    return function.end_lineno - function.lineno + 1 - docstring


@pytest.mark.parametrize("folder", ["descent", "bootstrap.py", "bench", "docs", "tests"])
def test_functions_are_small(folder):
    here = ROOT / folder
    paths = [here] if here.suffix == ".py" else sorted(here.rglob("*.py"))
    found = [(p, f) for p in paths for f in functions(p)]
    assert found
    long = {f"{p.name}:{f.name}": code_lines(f) for p, f in found if code_lines(f) > LONGEST}
    assert not long, f"functions of more than {LONGEST} lines: {long}"
