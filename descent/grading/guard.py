"""Notices what a hand-in does to what its tests rely on, and refuses what no exercise needs.

Runs inside the sandbox, beside the student's code. Built-in names are this module's own copy:
replacing `builtins.len` does not reach it.
"""

__builtins__ = dict(vars(__import__("builtins")))  # type: ignore[assignment]

import ast
import builtins
import os
import sys
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from descent.grading.glance import Glance

MODULES = [
    "builtins", "_functools", "_operator", "ast", "cmath", "contextlib", "copy",
    "descent.check", "descent.data", "descent.device", "dis", "executing", "functools",
    "hashlib", "hmac", "inspect", "io", "itertools", "json", "json.decoder", "json.encoder",
    "linecache", "math", "numpy", "numpy.linalg", "numpy.random", "operator", "os", "posix",
    "random", "re", "socket", "statistics", "string", "textwrap", "time", "torch",
    "torch._tensor_str", "torch.autograd", "torch.autograd.functional",
    "torch.autograd.grad_mode", "torch.fft", "torch.func", "torch.linalg", "torch.nn",
    "torch.nn.functional", "torch.nn.init", "torch.optim", "torch.random", "torch.special",
    "torch.testing", "traceback", "types", "typing", "weakref",
]  # fmt: skip
CLASSES = ("torch.Tensor", "torch._C.TensorBase", "torch.nn.Module", "torch.Generator")
CHANGING = {
    "Storage",
    "showwarning",
    "formatwarning",
    "_",
    "__",
    "___",
    "help",
    "display",
    "get_ipython",
}
"""Names that IPython, or the course's own opening cell, binds anew."""


class Refused(RuntimeError):  # noqa: N818 - what was done, not an error of ours
    """What a hand-in is not allowed to do."""


# ---- what must stay as it is ---------------------------------------------------------------------


class Seal:
    """Remembers functions and classes of the modules that tests rely on."""

    def __init__(self) -> None:
        self.modules = {name: sys.modules[name] for name in MODULES if name in sys.modules}
        classes = dict(_classes(self.modules))
        self.keys = {name: (owner, set(vars(owner))) for name, owner in classes.items()}
        owners = [*self.modules.items(), *classes.items()]
        self.entries = [list(_entries(name, owner)) for name, owner in owners]
        self.functions = [
            (number, entry)
            for number, entries in enumerate(self.entries)
            for entry in entries
            if entry[-1]
        ]
        values = [entry[3] for _, entry in self.functions]
        self.glance = Glance([owner for _, owner in owners], values)
        self.names = [name for name, _ in owners]
        self.subclasses: dict[Any, set[Any]] = {
            kind: set(kind.__subclasses__()) for kind in _value_types()
        }

    def restore(self) -> list[str]:
        """Put back what was replaced.

        returns  what it was, in words; empty if all is as it was
        """
        said = []
        for name, module in self.modules.items():
            if sys.modules.get(name) is not module:
                sys.modules[name] = module
                said.append(f"the module {name} was replaced")
        owners, functions = self.glance.changed()
        for number in sorted(owners):
            said += self._restore_names(number)
        for number in sorted(functions):
            said += _restore_code(self.functions[number][1])
        if owners or functions:
            self.glance.settle()
        return said + list(self._pretenders())

    def _restore_names(self, number: int) -> Iterator[str]:
        """Give a module or class the values that it had."""
        for name, owner, key, value, _ in self.entries[number]:
            now = owner.__dict__.get(key)
            if now is not value and not (key == "step" and _is_hooked(now, value)):
                setattr(owner, key, value)
                yield f"{name}.{key} was replaced"
        owner, keys = self.keys.get(self.names[number], (None, set()))
        for key in set(vars(owner)) - keys - PASSING if owner else ():
            type.__delattr__(owner, key)
            yield f"{self.names[number]}.{key} was added"

    def _pretenders(self) -> Iterator[str]:
        """New kinds of numbers or tensors that say themselves what they equal."""
        for kind, known in self.subclasses.items():
            for new in set(kind.__subclasses__()) - known:
                module = sys.modules.get(new.__module__)
                found = getattr(module, new.__name__, None) is new
                decides = sorted(DECIDING & set(vars(new)))
                if decides and (new.__module__ == "__main__" or not found):
                    yield f"the class {new.__name__} defines {decides[0]}"


def _restore_code(entry: tuple[str, Any, str, Any, Any]) -> Iterator[str]:
    name, _, key, value, inside = entry
    if inside != _inside(value):
        value.__code__, value.__defaults__, value.__kwdefaults__ = inside
        yield f"the code of {name}.{key} was replaced"


def _is_hooked(now: Any, before: Any) -> bool:
    """Whether torch itself put its profiler around an optimiser's step."""
    code = getattr(now, "__code__", None)
    own = code is not None and code.co_filename.endswith("/torch/optim/optimizer.py")
    return own and getattr(now, "__wrapped__", None) is before


PASSING = {"__abstractmethods__", "_abc_impl", "__annotations__", "__slotnames__"}
DECIDING = {
    "__torch_function__", "__torch_dispatch__", "__array_ufunc__", "__array_function__",
    "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__bool__", "__len__",
    "__instancecheck__", "__class__", "__getattribute__",
}  # fmt: skip


def _value_types() -> tuple[type, ...]:
    torch, numpy = sys.modules["torch"], sys.modules["numpy"]
    return (int, float, complex, str, list, tuple, dict, set, torch.Tensor, numpy.ndarray)


def _classes(modules: dict[str, ModuleType]) -> Iterator[tuple[str, type]]:
    for name in CLASSES:
        module, _, attribute = name.rpartition(".")
        found = getattr(sys.modules.get(module), attribute, None)
        if isinstance(found, type):
            yield name, found
    for name, owner in modules.items():
        if name.startswith(("torch.nn", "torch.optim")):
            for key, value in vars(owner).items():
                if isinstance(value, type) and value.__module__.startswith("torch"):
                    yield f"{name}.{key}", value


def _entries(name: str, owner: Any) -> Iterator[tuple[str, Any, str, Any, Any]]:
    """What must stay: all of a class; of a module, its functions, classes and modules."""
    whole = isinstance(owner, type)
    for key, value in list(vars(owner).items()):
        function = isinstance(value, FunctionType)
        kept = function or isinstance(value, (BuiltinFunctionType, type, ModuleType))
        if (kept or whole) and key not in CHANGING | PASSING | {"__dict__", "__weakref__"}:
            yield name, owner, key, value, _inside(value) if function else None


def _inside(function: Any) -> tuple[Any, Any, Any]:
    return function.__code__, function.__defaults__, function.__kwdefaults__


# ---- what must fail ------------------------------------------------------------------------------


def canaries(check: Any, torch: Any) -> list[str]:
    """Wrong statements that must be found wrong, and right ones that must be found right.

    check    the private copy of `descent.check`
    returns  those that were not, in words
    """
    a, b = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.5])
    statements: dict[str, Callable[[], bool]] = {
        "torch.allclose": lambda: torch.allclose(a, a) and not torch.allclose(a, b),
        "torch.equal": lambda: torch.equal(a, a) and not torch.equal(a, b),
        "torch.isclose": lambda: a.isclose(b).tolist() == [True, False],
        "comparing tensors": lambda: (a == b).tolist() == [True, False],
        "comparing numbers": lambda: [n == 1 for n in (1, 2)] == [True, False] and 1.5 > 1.0,
        "all and any": lambda: all([1, 1]) and not all([1, 0]) and not any([0, 0]),
        "isinstance": lambda: isinstance(a, torch.Tensor) and not isinstance(1, torch.Tensor),
        "assert": lambda: _fails(_assert_false),
        "check.close": lambda: (
            _fails(lambda: check.close(a, b, what="a"))
            and not _fails(lambda: check.close(a, a + 0, what="a"))
        ),
        "check.close of numbers": lambda: _fails(lambda: check.close(1, 2, what="1")),
        "check.true": lambda: _fails(lambda: check.true(False, "must fail")),
        "check.raises": lambda: _fails(lambda: check.raises(ValueError, abs, 1)),
    }
    return [f"{name} no longer tells right from wrong" for name, f in statements.items() if not f()]


def _assert_false() -> None:
    assert 0 > 1, "must fail"


def _fails(function: Callable[[], Any]) -> bool:
    try:
        function()
    except Exception:
        return True
    return False


# ---- what is refused -----------------------------------------------------------------------------

ALWAYS = {
    "sys._current_frames",
    "sys._current_exceptions",
    "sys.settrace",
    "sys.setprofile",
    "sys.addaudithook",
    "gc.get_objects",
    "gc.get_referrers",
    "gc.get_referents",
    "code.__new__",
    "function.__new__",
}
"""Events that no line of an exercise may cause itself."""
FRAMES = {"tb_frame", "gi_frame", "cr_frame", "ag_frame", "f_code", "gi_code", "f_back"}
IMPORTS = {"ctypes", "_ctypes", "cffi", "_cffi_backend", "signal", "_imp", "imp", "faulthandler"}


def watch(trusted: tuple[str, ...], flags: list[str]) -> None:
    """Refuse, and note, reading of frames, of memory, and of the tests' own objects.

    An audit hook can't be taken away again, not even by the code that it watches.

    trusted  folders of Python files that are not the student's
    flags    what was tried is appended to it
    """
    busy = [False]
    see = sys._getframe

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if busy[0] or event not in WATCHED:
            return
        busy[0] = True
        try:
            what = _refusal(event, args, see(1), trusted)
        finally:
            busy[0] = False
        if what:
            if what not in flags and len(flags) < 20:
                flags.append(what)
            raise Refused(f"{what}: no exercise needs this, and a hand-in may not do it")

    sys.addaudithook(hook)


CTYPES = {
    "ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle", "ctypes.cdata", "ctypes.cdata/buffer",
    "ctypes.addressof", "ctypes.string_at", "ctypes.wstring_at", "ctypes.PyObj_FromPtr",
    "ctypes.call_function", "ctypes.create_string_buffer",
}  # fmt: skip
WATCHED = ALWAYS | CTYPES | {"sys._getframe", "object.__getattr__", "object.__setattr__"}
WATCHED |= {"import", "open", "compile"}


def _refusal(event: str, args: tuple[Any, ...], frame: Any, trusted: tuple[str, ...]) -> str:
    """What the event is if it has to be refused, else empty."""
    if event == "open":
        text = _text(args[0])
        memory = text.startswith("/proc/") and text.endswith(("/mem", "/maps", "/environ"))
        return f"opening of {text}" if memory and _nearest(frame, trusted) else ""
    if event == "compile":
        text = _text(args[1])
        false = text.startswith((*FALSE_NAMES, *trusted))
        return f"compiling as {text[:60]}" if false and _nearest(frame, trusted) else ""
    if event == "import":
        name = str(args[0]).split(".")[0]
        return f"import of {name}" if name in IMPORTS and _nearest(frame, trusted) else ""
    if event.startswith("object."):
        names = FRAMES if event == "object.__getattr__" else {"__code__", "__defaults__"}
        asks = args[1] in names and _nearest(frame, trusted, HELPERS)
        return f"use of {args[1]}" if asks else ""
    if event in CTYPES:
        return "use of ctypes" if _anywhere(frame, trusted) else ""
    return f"use of {event}" if _nearest(frame, trusted, HELPERS) else ""


def no_hooks_at_fork(trusted: tuple[str, ...]) -> None:
    """Refuse a hand-in's own functions in copies of its process, where they would see tests."""
    original, see = os.register_at_fork, sys._getframe

    def register_at_fork(**functions: Any) -> None:
        """Call functions around a fork, as `os.register_at_fork` does."""
        if _nearest(see(1), trusted):
            raise Refused("register_at_fork: no exercise needs this, and a hand-in may not do it")
        original(**functions)

    for module in (os, sys.modules["posix"]):
        vars(module)["register_at_fork"] = register_at_fork


FALSE_NAMES = ("<ipython-input", "<frozen", "<test ", "<course ")
OURS = ("<frozen", "<test ", "<course ")
HELPERS = ("inspect.py", "traceback.py", "gc.py", "threading.py")
FORMATS = ("print_", "format_", "extract_", "_extract_", "__init__", "from_exception")


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _nearest(frame: Any, trusted: tuple[str, ...], through: tuple[str, ...] = ()) -> bool:
    """Whether the hand-in itself asks, or lets one of these standard modules ask.

    Printing an error is no question: `traceback` reads frames for that, and keeps them.
    """
    while frame is not None:
        name, function = frame.f_code.co_filename, frame.f_code.co_name
        if not name.startswith((*trusted, *OURS)):
            return True
        if not name.endswith(through or "/") or function.startswith(FORMATS):
            return False
        frame = frame.f_back
    return False


def _anywhere(frame: Any, trusted: tuple[str, ...]) -> bool:
    """Whether the hand-in is among the callers, other than by importing something."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return False
        if not name.startswith((*trusted, *OURS)):
            return True
        frame = frame.f_back
    return False


SUSPECT = {
    "__globals__", "__builtins__", "__subclasses__", "__closure__", "__torch_function__",
    "__torch_dispatch__", "__instancecheck__", "__array_ufunc__", "__array_function__", "f_back",
    "f_globals", "f_locals", "f_builtins", "tb_frame", "gi_frame", "cr_frame", "co_consts",
    "_getframe", "settrace", "setprofile", "register_at_fork", "create_builtin", "ctypes", "cffi",
    "_ctypes", "_cffi_backend", "setitimer", "set_tracer", "DisableTorchFunctionSubclass",
    "_construct_storage_from_data_pointer", "ast_transformers", "input_transformers_post",
}  # fmt: skip


def suspects(source: str) -> list[str]:
    """Names in a source that only an attack on the tests uses.

    source   text of a cell; IPython's own syntax is left out
    returns  what they are, in words
    """
    try:
        tree = ast.parse("\n".join(line for line in source.split("\n") if line[:1] not in "%!"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = {name for node in ast.walk(tree) for name in _names(node) if name in SUSPECT}
    found |= {name for node in ast.walk(tree) for name in _imported(node) if name in IMPORTS}
    return [f"use of {name}" for name in sorted(found)]


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    return []


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    return [str(node.module).split(".")[0]] if isinstance(node, ast.ImportFrom) else []


def pristine_builtins() -> dict[str, Any]:
    """A copy of the built-in names, for code that must not see a hand-in's."""
    return dict(vars(builtins))
