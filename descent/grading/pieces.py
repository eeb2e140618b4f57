"""Parts of cells: what defines, what students may see, what of a message would tell too much."""

import ast
import re

DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
HIDDEN = re.compile(r"^[ \t]*### (BEGIN|END) HIDDEN TESTS[ \t]*$")
SHORTEST = 12
"""Characters of a hidden line that give nothing away by themselves."""


def definitions(source: str, assignments: bool = False) -> list[str]:
    """Imports, functions and classes of a cell, one by one.

    source       text of a cell
    assignments  take these too
    returns      texts of statements; none if the cell is not Python
    """
    kinds = (*DEFINING, ast.Assign, ast.AnnAssign) if assignments else DEFINING
    try:
        tree = ast.parse(source)
        return [ast.unparse(node) for node in tree.body if isinstance(node, kinds)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def shown(test: str) -> str:
    """A test's text with its hidden lines left empty, on the same lines."""
    lines, hidden = [], False
    for line in test.split("\n"):
        mark = HIDDEN.match(line)
        hidden = mark[1] == "BEGIN" if mark else hidden
        lines.append("" if hidden or mark else line)
    return "\n".join(lines)


def secrets(test: str) -> set[str]:
    """The lines of a test that a student must not read, without spaces."""
    visible = {_bare(line) for line in shown(test).split("\n")}
    lines = {_bare(line) for line in test.split("\n") if not HIDDEN.match(line)}
    return {line for line in lines - visible if len(line) >= SHORTEST}


def told(message: str, hidden: set[str], longest: int = 2000) -> str:
    """A message without lines that hold some of a hidden test.

    message  what the check, or the student's own error, says
    hidden   what `secrets` found
    returns  text, shortened
    """
    lines = message.split("\n")[:30]
    kept = [line for line in lines if not any(secret in _bare(line) for secret in hidden)]
    text = "\n".join(kept) if kept else "the message would show a hidden test"
    whole = _bare(message)
    if len(kept) == len(lines) and any(secret in whole for secret in hidden):
        text = "the message would show a hidden test"
    return text if len(text) <= longest else text[:longest] + " …"


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)
