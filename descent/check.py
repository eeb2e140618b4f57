"""Checks that explain: what was expected, what came, and which mistake gives just that.

Used by the visible and the hidden tests of every exercise. A check that passes says nothing;
one that fails raises `CheckFailed`, shown as a few lines without a traceback.
"""

import ast
import dis
import inspect
import linecache
import math
import re
import sys
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import CodeType, FrameType, FunctionType, MethodType, TracebackType
from typing import Any

import torch
from torch import Tensor

from descent.device import device

__all__ = [
    "CheckFailed",
    "close",
    "device",
    "never_uses",
    "no_loop",
    "raises",
    "short_errors",
    "there",
    "true",
    "unchanged",
]

TOLERANCE = {torch.float64: (1e-7, 1e-9), torch.float32: (1e-4, 1e-5)}
"""Relative and absolute tolerance of a floating dtype; those not listed get (1e-2, 1e-3)."""


class CheckFailed(AssertionError):  # noqa: N818 - what a student reads: a check, not an error
    """An answer that is not what the exercise asks for; its text is the whole explanation."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def close(
    actual: Any,
    expected: Any,
    mistakes: Mapping[str, Any] | None = None,
    *,
    what: str = "",
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Pass if the answer is the expected one, within rounding.

    Compares in this order and stops at the first difference: type, shape, dtype, device,
    finite, value. Integers, booleans and texts must be equal.

    actual    the answer: tensor, number, text, or a list, tuple or dict of these
    expected  the right answer, of the same structure; a 0-d tensor accepts a number as well
    mistakes  sentence that names a mistake -> the answer that this mistake gives (or a function
              without arguments that gives it); the first that matches is told
    what      name of the answer in messages, by default the text of the first argument
    rtol      relative tolerance, by default by dtype (`TOLERANCE`)
    atol      absolute tolerance, likewise, in the unit of the answer
    raises    CheckFailed with what was expected, what came, and the matched mistake
    """
    difference = _difference(actual, expected, rtol, atol)
    if difference is None:
        return
    lines = [f"✗ {what or _caller_text()}: {difference}"]
    lines += [f"  expected  {_brief(expected)}", f"  got       {_brief(actual)}"]
    hint = _hint(actual, expected, mistakes or {}, rtol, atol)
    _fail(lines + ([f"  → {hint}"] if hint else []))


def true(condition: Any, message: str) -> None:
    """Pass if the condition holds.

    condition  anything with a truth value
    message    what was expected, what came, and where to look
    raises     CheckFailed with the message
    """
    if not condition:
        _fail([f"✗ {message}"])


def there(name: str, namespace: Mapping[str, Any]) -> None:
    """Pass if the notebook defines the name (for exercises that ask for a constant).

    name       name of the constant
    namespace  the notebook's `globals()`
    raises     NotImplementedError if it is not there yet
    """
    if name not in namespace:
        raise NotImplementedError(f"{name} is not there yet: solve its cell and run it")


def raises(
    error: type[Exception],
    function: Callable[..., Any],
    *args: Any,
    naming: str | tuple[str, ...] = (),
    **options: Any,
) -> None:
    """Pass if the call is refused with the right kind of error.

    error     the class of error that the exercise asks for
    function  called with the arguments that follow
    naming    arguments of which the message must name at least one, as a word of its own
    raises    CheckFailed if nothing, something else or an unnamed error was raised
    """
    call = f"{_argument(function)}({_arguments(args, options)})"
    names = (naming,) if isinstance(naming, str) else naming
    try:
        got = _brief(function(*args, **options))
    except NotImplementedError:
        raise
    except error as caught:
        if not names or any(re.search(rf"\b{re.escape(n)}\b", str(caught)) for n in names):
            return
        lines = [
            f"✗ {call} raises {error.__name__}, as it should, but its message names no argument",
            f"  expected  a message that names {' or '.join(names)}",
            f"  got       {_brief(str(caught))}",
        ]
    except Exception as other:
        lines = _refusal(call, error, f"{type(other).__name__}: {_brief(str(other))}")
    else:
        lines = _refusal(call, error, got)
    _fail(lines)


def _refusal(call: str, error: type[Exception], got: str) -> list[str]:
    return [
        f"✗ {call} must be refused with {error.__name__}",
        f"  got       {got}",
        f"  → which of them is not allowed? Test for it before you compute, and raise "
        f"{error.__name__} with a message that names it",
    ]


@contextmanager
def unchanged(**arguments: Tensor) -> Iterator[None]:
    """Pass if the block leaves these tensors as they were.

    arguments  name -> tensor; the name is told when it was changed
    raises     CheckFailed with the name of the first one that was changed in place
    """
    before = {name: value.detach().clone() for name, value in arguments.items()}
    yield
    for name, old in before.items():
        told = _written(old, arguments[name].detach())
        if told:
            _fail(
                [
                    f"✗ {name} was changed in place: the caller's tensor is not yours to write to",
                    f"  before    {told[0]}",
                    f"  after     {told[1]}",
                    f"  → compute a new tensor ({name} = {name} + 1) instead of writing into this "
                    f"one ({name} += 1)",
                ]
            )


def _written(old: Tensor, new: Tensor) -> tuple[str, str] | None:
    """What was there before and after, where that shows a difference; None if there is none."""
    whole = _brief(old), _brief(new)
    if new.shape != old.shape or new.dtype != old.dtype:
        return whole
    changed = ~_equal(new, old, 0, 0)
    if not changed.any():
        return None
    at = tuple(changed.nonzero()[0].tolist())
    first, then = old[at].item(), new[at].item()
    if old.numel() <= 12 and f"{first:.4g}" != f"{then:.4g}":
        return whole
    return f"{first!r} at {list(at)}", f"{then!r} at {list(at)}"


LOOPS = (
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
HIDDEN_LOOPS = ("map", "starmap", "filter", "reduce", "vectorize", "apply_along_axis", "apply_")


def no_loop(function: Callable[..., Any]) -> None:
    """Pass if neither the function nor the notebook's functions that it uses loop or recurse.

    A loop over a written-out list or `range(3)` is none: its length does not grow with the data.

    function  function or class of the notebook
    raises    CheckFailed with the line of the loop
    """
    sources = _sources(function)
    for key, source in sources.items():
        if _calls_itself(source.tree) or _reaches(sources, key):
            _no_loop_failed(f"{source.name} calls itself, which is a loop", source.tree)
        for node in ast.walk(source.tree):
            named = any(_is_use(node, word, source) for word in HIDDEN_LOOPS)
            mapped = named and not isinstance(node, ast.Constant)
            if mapped or (isinstance(node, LOOPS) and not _has_fixed_length(node)):
                _no_loop_failed(f"{source.name} has a loop", node)


def _no_loop_failed(what: str, node: ast.AST) -> None:
    _fail(
        [
            f"✗ {what}, and this exercise asks for none:",
            f"      {_first_line(node)}",
            "  → one operation on whole tensors does the work for all entries at once",
        ]
    )


OPERATORS: dict[str, type[ast.AST]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "^": ast.BitXor,
    "%": ast.Mod,
    "is": ast.Is,
    "@": ast.MatMult,
    "**": ast.Pow,
}


def never_uses(function: Callable[..., Any], *banned: str) -> None:
    """Pass if the function, and the notebook's functions that it uses, have no such name.

    Variables of the function's own, and functions of the notebook's own, may have any name.

    function  function or class of the notebook
    banned    names (`"cdist"`) and operators (`"!="`, see `OPERATORS`)
    raises    CheckFailed with the name that was used
    """
    for source in _sources(function).values():
        used = {getattr(value, "__name__", "") for value in source.uses} - source.own
        for word in banned:
            if word in used or any(_is_use(n, word, source) for n in ast.walk(source.tree)):
                _fail([f"✗ {source.name} uses {word}: solve this exercise without it"])


def short_errors() -> None:
    """Show errors in test cells in a few lines: what went wrong, and where in your own code.

    Does nothing outside IPython. Errors in other cells keep IPython's full traceback. Warnings go
    to standard output, since nbgrader takes any text on standard error for a failed test.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        shell.set_custom_exc((Exception,), _show_error)
        warnings.showwarning = _show_warning


# ---- comparing ---------------------------------------------------------------------------------


def _difference(
    actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None
) -> str | None:
    """What differs first, in words; None if nothing does."""
    if isinstance(expected, Tensor):
        return _tensor_difference(actual, expected, rtol, atol)
    if isinstance(expected, (tuple, list)):
        return _sequence_difference(actual, expected, rtol, atol)
    if isinstance(expected, dict):
        return _dict_difference(actual, expected, rtol, atol)
    if isinstance(expected, float):
        return _number_difference(actual, expected, rtol, atol)
    if not _same_kind(actual, expected):
        return f"must be {_kind(expected)}, not {_kind(actual)}"
    return None if actual == expected else "the value differs"


def _same_kind(actual: Any, expected: Any) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool):
        return isinstance(actual, bool) and isinstance(expected, bool)
    return isinstance(actual, type(expected))


def _tensor_difference(
    actual: Any, expected: Tensor, rtol: float | None, atol: float | None
) -> str | None:
    numbers = (int, float) if expected.is_floating_point() else int
    if expected.ndim == 0 and isinstance(actual, numbers) and not isinstance(actual, bool):
        actual = torch.tensor(actual, dtype=expected.dtype, device=expected.device)
    if not isinstance(actual, Tensor):
        return f"must be a tensor, not {_kind(actual)}"
    if actual.shape != expected.shape:
        return f"must have the shape {tuple(expected.shape)}, not {tuple(actual.shape)}"
    if actual.dtype != expected.dtype:
        return f"must have the dtype {expected.dtype}, not {actual.dtype}"
    if actual.device.type != expected.device.type:
        return f"must be on the device {expected.device}, not on {actual.device}"
    actual, expected = actual.detach(), expected.detach()
    if expected.is_floating_point() and expected.isfinite().all():
        bad = ~actual.isfinite()
        if bad.any():
            return f"must be finite, but {_places(bad)} {'is' if bad.sum() == 1 else 'are'} not"
    wrong = ~_equal(actual, expected, rtol, atol)
    if not wrong.any():
        return None
    if expected.ndim == 0:
        return "the value differs"
    at = tuple(wrong.nonzero()[0].tolist())
    first = f"at {list(at)} expected {_number(expected[at])}, got {_number(actual[at])}"
    return f"{_places(wrong)} {'differs' if wrong.sum() == 1 else 'differ'}; {first}"


def _equal(actual: Tensor, expected: Tensor, rtol: float | None, atol: float | None) -> Tensor:
    if not (expected.is_floating_point() or expected.is_complex()):
        return actual == expected
    default = TOLERANCE.get(expected.dtype, (1e-2, 1e-3))
    return actual.isclose(
        expected,
        rtol=default[0] if rtol is None else rtol,
        atol=default[1] if atol is None else atol,
        equal_nan=True,
    )


def _number_difference(
    actual: Any, expected: float, rtol: float | None, atol: float | None
) -> str | None:
    if isinstance(actual, bool) or not isinstance(actual, (int, float)):
        hint = " (item() makes the one of the other)" if isinstance(actual, Tensor) else ""
        return f"must be a Python number, not {_kind(actual)}{hint}"
    if math.isfinite(expected) and not math.isfinite(actual):
        return "must be finite"
    same = actual == expected or math.isclose(
        actual,
        expected,
        rel_tol=1e-6 if rtol is None else rtol,
        abs_tol=1e-9 if atol is None else atol,
    )
    return None if same or (actual != actual and expected != expected) else "the value differs"


def _sequence_difference(
    actual: Any, expected: Any, rtol: float | None, atol: float | None
) -> str | None:
    if not isinstance(actual, type(expected)):
        return f"must be {_kind(expected)}, not {_kind(actual)}"
    if len(actual) != len(expected):
        entries = "1 entry" if len(expected) == 1 else f"{len(expected)} entries"
        return f"must have {entries}, not {len(actual)}"
    for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
        if difference := _difference(a, e, rtol, atol):
            return f"entry {i}: {difference}"
    return None


def _dict_difference(
    actual: Any, expected: dict[Any, Any], rtol: float | None, atol: float | None
) -> str | None:
    if not isinstance(actual, dict):
        return f"must be a dict, not {_kind(actual)}"
    if actual.keys() != expected.keys():
        return f"must have the keys {sorted(map(str, expected))}, not {sorted(map(str, actual))}"
    for key, e in expected.items():
        if difference := _difference(actual[key], e, rtol, atol):
            return f"[{key!r}]: {difference}"
    return None


def _hint(
    actual: Any, expected: Any, mistakes: Mapping[str, Any], rtol: float | None, atol: float | None
) -> str | None:
    """What to look at: only the form, or the first mistake that gives just this answer."""
    given, right = _plain(actual), _plain(expected)
    same = partial(_same, rtol=rtol, atol=atol)
    formal = _same_form(actual, expected)
    if isinstance(actual, Tensor) and isinstance(expected, int) and same(given, right):
        return "the value is right, but it is a tensor: item() gives the Python number"
    if not (formal or isinstance(expected, float)) and (form := _form_hint(given, right, same)):
        return form
    for sentence, wrong in mistakes.items():
        wrong = _plain(wrong() if callable(wrong) else wrong)
        if not same(wrong, right) and same(given, wrong):
            return sentence
    if isinstance(given, list) and len(given) == 2 and same(given[::-1], right):
        return "the two are swapped"
    if isinstance(given, Tensor) and given.ndim == 2 and same(given.T, right):
        return "rows and columns are swapped"
    if formal and _same(given, right, rtol=0.02) and not _is_whole(right):
        return "nearly right: too few digits somewhere, or something small added or left out?"
    return None


def _form_hint(given: Any, right: Any, same: Callable[[Any, Any], bool]) -> str | None:
    """What to change in an answer whose numbers, both plain, are right; None if they are not."""
    if isinstance(given, list) and isinstance(right, list) and same(given, right):
        return "the values are right, only their kind is not: look at `returns` above"
    if isinstance(given, Tensor) and isinstance(right, Tensor):
        if same(given, right):
            return "the values are right, only their kind is not: convert them, .to() does it"
        if same(given.flatten(), right.flatten()):
            return "the values are right, only the shape is not"
    return None


def _same(given: Any, right: Any, rtol: float | None = None, atol: float | None = None) -> bool:
    return _difference(given, right, rtol, atol) is None


def _same_form(given: Any, right: Any) -> bool:
    """Whether two answers agree in all but the numbers."""
    if isinstance(right, (list, tuple)):
        forms = isinstance(given, type(right)) and len(given) == len(right)
        return forms and all(map(_same_form, given, right))
    if isinstance(right, Tensor):
        form = (
            isinstance(given, Tensor) and given.shape == right.shape and given.dtype == right.dtype
        )
        return form and given.device.type == right.device.type
    return _same_kind(given, right)


def _is_whole(value: Any) -> bool:
    """Whether a plain value has only whole numbers, which cannot be nearly right."""
    if isinstance(value, list):
        return all(map(_is_whole, value))
    return not isinstance(value, Tensor) or bool((value == value.round()).all())


def _plain(value: Any) -> Any:
    """The value with dtype, device and the kind of number taken away."""
    if isinstance(value, bool | int | float):
        value = torch.tensor(value)
    if isinstance(value, Tensor):
        return value if value.is_meta else value.detach().cpu().float()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    return value


# ---- saying ------------------------------------------------------------------------------------


def _fail(lines: list[str]) -> None:
    raise CheckFailed(re.sub(r" at 0x[0-9a-f]+", "", "\n".join(lines)))


def _brief(value: Any) -> str:
    """The value in a few lines."""
    if isinstance(value, Tensor) and value.numel() > 12:
        text = _start(value)
    elif isinstance(value, (list, tuple, dict)) and "\n" in repr(value):
        text = _short(value)
    elif isinstance(value, Tensor):
        text = str(value.detach())
    else:
        text = repr(value)
    lines = [line if len(line) <= 200 else f"{line[:200]} …" for line in text.splitlines()]
    return "\n            ".join(lines if len(lines) <= 5 else [*lines[:4], "…"])


def _start(value: Tensor) -> str:
    """Kind and first numbers of a tensor."""
    first = [_number(entry) for entry in value.detach().flatten()[:6]]
    return f"{_kind(value)}, [{', '.join(first + ['…'] * (value.numel() > 6))}]"


def _short(value: Any) -> str:
    """A structure of tensors with a line for each entry."""
    if isinstance(value, Tensor):
        text = str(value.detach())
        return _start(value) if "\n" in text else text
    if isinstance(value, dict):
        return "\n".join(f"{key!r}: {_short(entry)}" for key, entry in value.items())
    return "\n".join(map(_short, value)) if isinstance(value, (list, tuple)) else repr(value)


def _kind(value: Any) -> str:
    if value is None:
        return "None (is a return missing?)"
    if isinstance(value, Tensor):
        return f"a tensor {tuple(value.shape)} of {value.dtype}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' or name == 'ndarray' else 'a'} {name}"


def _number(value: Tensor) -> str:
    return f"{value.item():.6g}" if value.is_floating_point() else str(value.item())


def _places(mask: Tensor) -> str:
    return f"{int(mask.sum())} of {mask.numel()} entries" if mask.ndim else "it"


def _arguments(args: tuple[Any, ...], options: dict[str, Any]) -> str:
    texts = [_argument(a) for a in args] + [f"{k}={_argument(v)}" for k, v in options.items()]
    return ", ".join(texts)


def _argument(value: Any) -> str:
    if isinstance(value, Tensor) and value.numel() > 4:
        return f"<tensor {tuple(value.shape)}>"
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    if isinstance(value, torch.Generator):
        return "generator"
    return textwrap.shorten(repr(value).replace("\n", " "), 60, placeholder=" …")


def _caller_text() -> str:
    """Source text of the first argument of the check that is being run."""
    frame: FrameType = sys._getframe(2)
    try:
        from executing import Source

        node = Source.executing(frame).node
        if isinstance(node, ast.Call) and node.args:
            return textwrap.shorten(ast.unparse(node.args[0]), 80, placeholder=" …")
    except Exception:  # the text is a courtesy: no source, no text
        pass
    return "your answer"


# ---- reading the answer's source ----------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """A function of the notebook.

    tree  its syntax tree
    uses  objects that its code refers to
    own   names of its variables, and of the notebook's functions that it uses
    """

    name: str
    tree: ast.AST
    uses: list[Any]
    own: set[str]


def _sources(answer: Any, found: dict[int, _Source] | None = None) -> dict[int, _Source]:
    """By id: the answer (a class gives its methods) and the notebook's functions that it uses."""
    found = {} if found is None else found
    function = _unwrapped(answer)
    if id(function) in found or getattr(function, "__module__", "") != "__main__":
        return found
    if isinstance(function, type):
        for part in (*function.__bases__, *filter(_is_written, vars(function).values())):
            _sources(part, found)
        return found
    uses = [_unwrapped(value) for value in _references(function)]
    helpers = {u.__name__ for u in uses if getattr(u, "__module__", "") == "__main__"}
    tree = _tree(function)
    name = function.__qualname__.split("<locals>.")[-1]
    found[id(function)] = _Source(name, tree, uses, helpers | _own_names(tree))
    for used in uses:
        _sources(used, found)
    return found


def _unwrapped(value: Any) -> Any:
    """The function or class behind a decorator, a partial, a method or an instance."""
    if isinstance(value, (MethodType, classmethod, staticmethod)):
        return _unwrapped(value.__func__)
    if isinstance(value, (partial, property)):
        return _unwrapped(value.func if isinstance(value, partial) else value.fget)
    value = inspect.unwrap(value) if callable(value) else value
    named = isinstance(value, type) or hasattr(value, "__name__")
    return value if named else type(value)


def _is_written(value: Any) -> bool:
    """Whether this is a function whose text is known (a dataclass makes others)."""
    code = getattr(_unwrapped(value), "__code__", None)
    return code is not None and bool(linecache.getlines(code.co_filename))


def _references(function: FunctionType) -> Iterator[Any]:
    """What a function refers to: by global names, by defaults, by closure."""
    values = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # a cell that is not filled yet
            values.append(cell.cell_contents)
    names = _global_names(function.__code__)
    values += [function.__globals__[n] for n in names if n in function.__globals__]
    for value in values:
        inside = value.values() if isinstance(value, dict) else value
        yield from inside if isinstance(value, (dict, list, tuple)) else [value]


def _global_names(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in {"LOAD_GLOBAL", "LOAD_NAME"}:
            yield instruction.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _global_names(inner)


def _tree(function: FunctionType) -> ast.AST:
    """Syntax tree of a function, from the text of its cell; lambdas of one line come together."""
    code = function.__code__
    kind = ast.Lambda if code.co_name == "<lambda>" else (ast.FunctionDef, ast.AsyncFunctionDef)
    cell = ast.parse("".join(linecache.getlines(code.co_filename)))
    nodes: list[Any] = [
        n for n in ast.walk(cell) if isinstance(n, kind) and _begins(n) == code.co_firstlineno
    ]
    if not nodes:
        name = function.__name__
        raise CheckFailed(f"✗ the source of {name} cannot be read: define it with def in its cell")
    return _without_annotations(ast.Tuple(elts=nodes, ctx=ast.Load()) if nodes[1:] else nodes[0])


def _begins(node: Any) -> int:
    """Line of the first decorator, or of the node itself."""
    first: int = min(part.lineno for part in (node, *getattr(node, "decorator_list", [])))
    return first


def _without_annotations(tree: ast.AST) -> ast.AST:
    """The tree without its functions' annotations, which name types and compute nothing."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return tree


def _is_use(node: ast.AST, word: str, source: _Source) -> bool:
    """Whether this node is the operator, or the name, and not that of an own variable."""
    if word in OPERATORS:
        return isinstance(node, OPERATORS[word])
    if isinstance(node, ast.Name):
        return node.id == word and word not in source.own
    if isinstance(node, ast.Attribute):
        return node.attr == word
    if isinstance(node, ast.alias):
        return node.name.split(".")[-1] == word
    return isinstance(node, ast.Constant) and node.value == word


def _own_names(tree: ast.AST) -> set[str]:
    """Arguments and variables of a function and of those inside it."""
    nodes = list(ast.walk(tree))
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {n.arg for n in nodes if isinstance(n, ast.arg)}


def _calls_itself(tree: ast.AST) -> bool:
    """Whether a function inside the tree, or a method by `self.`, refers to itself."""
    for f in ast.walk(tree):
        if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names = {f.name} - _own_names(f)
            names |= {f"self.{f.name}", f"cls.{f.name}"}
            used = (n for n in ast.walk(f) if isinstance(n, (ast.Name, ast.Attribute)))
            if any(ast.unparse(node) in names for node in used):
                return True
    return False


def _reaches(sources: Mapping[int, _Source], goal: int) -> bool:
    """Whether a function's code leads back to it, over the functions that it uses."""
    seen: set[int] = set()
    ahead = [id(used) for used in sources[goal].uses]
    while ahead:
        key = ahead.pop()
        if key == goal:
            return True
        if key in sources and key not in seen:
            seen.add(key)
            ahead += [id(used) for used in sources[key].uses]
    return False


def _has_fixed_length(loop: ast.AST) -> bool:
    """Whether a loop runs over a written-out list, or `range` of written-out numbers."""
    if isinstance(loop, ast.While):
        return False
    return all(_is_written_out(part.iter) for part in getattr(loop, "generators", [loop]))


def _is_written_out(node: ast.AST) -> bool:
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return not any(isinstance(entry, ast.Starred) for entry in node.elts)
    if isinstance(node, ast.Call) and ast.unparse(node.func) in {"range", "enumerate"}:
        return all(_is_written_out(a) for a in node.args)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "zip":
        return any(_is_written_out(a) for a in node.args)
    return isinstance(node, ast.Constant)


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0]


# ---- errors in test cells -----------------------------------------------------------------------


def _show_error(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    tb: TracebackType,
    tb_offset: int | None = None,
) -> list[str] | None:
    """IPython's handler: a few lines in test cells, IPython's own traceback elsewhere."""
    frames = [f for f in traceback.extract_tb(tb) if _is_cell(f.filename)]
    if not frames or "check." not in "".join(linecache.getlines(frames[0].filename)):
        shell.showtraceback((kind, error, tb), tb_offset=tb_offset)
        return None
    own = [frame for frame in frames if frame.filename != frames[0].filename]
    lines = _error_lines(error, own)
    shell._showtraceback(kind, error, lines)
    return lines


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    sys.stdout.write(f"{category.__name__}: {message}\n")


def _is_cell(filename: str) -> bool:
    return bool(re.search(r"[\\/]ipykernel_\d+[\\/]|^<ipython-input", filename))


def _error_lines(error: BaseException, own: list[traceback.FrameSummary]) -> list[str]:
    """What a student is told of an error in a test.

    error  of the test
    own    the part of its traceback that is in other cells of the notebook
    """
    if isinstance(error, CheckFailed):
        return str(error).splitlines()
    message = textwrap.shorten(str(error), 300, placeholder=" …")
    line = (own[-1].line or "") if own else ""
    if line.startswith("raise NotImplementedError"):
        return [f"NotImplementedError: {own[-1].name}: {message or 'not solved yet'}"]
    said = f"{type(error).__name__}: {message}" if message else type(error).__name__
    if own:
        names = [f.name for f in own if not f.name.startswith("<")]
        name = names[-1] if names else "your answer"
        at = f"{name} stopped with an error in line {own[-1].lineno} of its cell:"
        lines = [f"✗ {at}", f"      {line}", f"  {said}"]
    elif isinstance(error, NotImplementedError):
        lines = [said]
    else:
        lines = ["✗ the test could not go on with your answer:", f"  {said}"]
    advice = _advice(error, line)
    return lines + ([f"  → {advice}"] if advice else [])


ADVICE = {
    r"mat1 and mat2|size mismatch": (
        "the shapes of this matrix product do not fit: print them; the inner sizes must be equal"
    ),
    r"must be batches of square matrices": (
        "this function needs as many rows as columns: print the shape of the matrix"
    ),
    r"must match|inconsistent tensor size|cannot be broadcast": (
        "the shapes of these tensors do not fit: print them, and compare them from the right"
    ),
    r"out of (bounds|range)": (
        "an index is beyond the end: which axis, or list, is it for, and how long is that?"
    ),
    r"two bool tensors|a bool tensor": (
        "Booleans are no numbers: convert them first, .to() does it"
    ),
    r"same dtype|scalar type|not implemented for '|infer output dtype": (
        "the operation is not for this dtype: print the dtypes; .to() converts"
    ),
    r"on the same device": ("tensors are on different devices: make new ones with device=x.device"),
    r"'(float|int)' object has no attribute|expected Tensor .* but got (float|int)": (
        "this is a Python number, not a tensor: both may come here"
    ),
    r"only one element tensors|converted to Scalar": (
        "a tensor of several numbers comes here: use operations of torch, which work on all entries"
    ),
    r"before Module.__init__": "__init__ must call super().__init__() before anything else",
    r'required "forward"': "the class needs a method forward(self, x) giving the answer for x",
    r"missing \d+ required positional": "compare the arguments with those of the table on top",
    r"^name '\w+' is not defined": "run the cell that defines it first, or all cells from the top",
    r"operand type.* for .*: '(int|float)' and": (
        "a number may stand on the left, too: which method does Python ask for then?"
    ),
    r"'NoneType' object": "None came where something else is needed: is a return missing?",
    r"multiply sequence": (
        "a list came where a number is needed: operations of torch work for any shape"
    ),
    r"non-empty": "a list is empty here: for which arguments?",
    r"math domain error": "a number came for which this function is not defined: print it",
    r"maximum recursion depth": "the calls are nested too deeply: use a loop with a list",
    r"vmap": "f is an ordinary Python function of one point: call it once for each point",
    r"is singular": "the matrix has no inverse here: print it, and what it was computed from",
    r"bincount": "this function counts only 0, 1, 2 …: which labels come here?",
}
"""Pattern of an error's message -> where to look."""


def _advice(error: BaseException, line: str) -> str:
    """Where to look after an error in a line, "" if there is nothing to say."""
    if line.startswith(("raise ", "assert ")):
        return "these arguments are allowed: they must be answered, not refused"
    found = (text for pattern, text in ADVICE.items() if re.search(pattern, str(error)))
    return next(found, "")
