"""Parts of cells: what defines, what students may see, what of a message would tell too much."""

import ast
import builtins
import re
from collections.abc import Iterator

DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
HIDDEN = re.compile(r"^[ \t]*### (BEGIN|END) HIDDEN TESTS[ \t]*$")
SHORTEST = 12
"""Characters of a hidden line that give nothing away by themselves."""


HARMLESS = {"property", "staticmethod", "classmethod", "torch.no_grad()"}
"""Decorators that do nothing but decorate."""


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


def only_defines(source: str, opening: list[str]) -> bool:
    """Whether a cell can't have touched anything but new names of its own.

    source   text of a cell
    opening  texts of the cells before all of them
    returns  True if it only defines functions and classes, imports and binds constants, and
             covers no name that was there, or only by the same import
    """
    try:
        tree = ast.parse(source)
        before = [ast.parse(text) for text in opening]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    known = {pair for other in before for node in ast.walk(other) for pair in _bound(node)}
    taken = set(dir(builtins)) | {name for name, _ in known}
    new = {pair for node in tree.body for pair in _bound(node)}
    new -= {pair for pair in known if pair[1]}
    if any(isinstance(node, ast.Global) for node in ast.walk(tree)):
        return False
    return all(map(_only_defines, tree.body)) and not {name for name, _ in new} & taken


def _only_defines(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        returns = [node.returns] if node.returns else []
        harmless = {ast.unparse(decorator) for decorator in node.decorator_list} <= HARMLESS
        return harmless and not _calls(node.args, *returns)
    if isinstance(node, ast.ClassDef):
        plain = not node.decorator_list and not node.keywords and not _calls(*node.bases)
        return plain and all(map(_only_defines, node.body))
    if isinstance(node, ast.Import | ast.ImportFrom):
        return all(alias.name != "*" for alias in node.names)
    if isinstance(node, ast.Assign):
        return all(isinstance(t, ast.Name) for t in node.targets) and _is_literal(node.value)
    if isinstance(node, ast.AnnAssign):
        named = isinstance(node.target, ast.Name) and not _calls(node.annotation)
        return named and (node.value is None or _is_literal(node.value))
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and _is_literal(node.value))


def _calls(*nodes: ast.AST) -> bool:
    return any(isinstance(inside, ast.Call) for node in nodes for inside in ast.walk(node))


def _is_literal(node: ast.AST) -> bool:
    """Numbers, texts, tensors of them, and what is made of these."""
    if isinstance(node, ast.Call):
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        return ast.unparse(node.func) == "torch.tensor" and all(map(_is_literal, values))
    kinds = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.List, ast.Tuple, ast.Dict)
    return isinstance(node, kinds) and all(
        isinstance(inside, ast.operator | ast.unaryop | ast.expr_context) or _is_literal(inside)
        for inside in ast.iter_child_nodes(node)
    )


def _bound(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that a statement, or a target, binds, each with what is imported under it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name, ""
    elif isinstance(node, ast.Import):
        for alias in node.names:
            yield (alias.asname or alias.name).split(".")[0], f"import {alias.name}"
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _bound(target)
    elif isinstance(node, ast.AnnAssign):
        yield from _bound(node.target)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id, ""


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
