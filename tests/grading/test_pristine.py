"""Seeing whether something was changed, and whether a second run could change a mark."""

import sys
import types

import pytest

from descent.grading import glance, zygote
from descent.grading.glance import Glance
from descent.grading.pieces import only_defines

OPENING = ["import torch\nfrom torch import Tensor\nfrom descent import check\nhelp_me = 3"]
HARMLESS = {
    "a function": "def f(x: Tensor, y: int = 2) -> Tensor:\n    sum = x\n    return sum",
    "an import that was there": "import torch\nfrom torch import Tensor\ndef f(): pass",
    "another import": "import numpy as np",
    "a text": "'what it does'",
    "numbers": "N = 3\nRATE: float = -1e-3",
    "tensors": "G = {'or': (torch.tensor([1.0, 1.0]), -0.5)}",
    "a class": "class A(torch.nn.Module):\n    n = 3\n    def g(self):\n        return f()",
    "a method without gradients": "class A:\n    @torch.no_grad()\n    def g(self): ...",
    "nothing": "",
}
MESSY = {
    "a call": "torch.set_default_dtype(torch.float64)",
    "a value that is computed": "N = f()",
    "a name that covers another module": "import numpy as torch",
    "a name that covers a built-in one": "sum = 3",
    "a name that covers one of the course": "def check(): ...",
    "a value in the place of one of the course": "help_me = 4",
    "an attribute": "torch.pi = 3",
    "an attribute with a type": "torch.pi: int = 3",
    "a type that is computed": "n: f() = 3",
    "a decorator": "@mess\ndef f(): ...",
    "a default that is computed": "def f(x=mess()): ...",
    "a base that is computed": "class A(mess()): ...",
    "a metaclass": "class A(metaclass=M): ...",
    "a body of a class": "class A:\n    mess()",
    "a global name": "def f():\n    global check\n    check = 3",
    "all names of a module": "from os import *",
    "several names": "a, check = 1, 2",
    "a branch": "if 1:\n    check = 3",
    "a deletion": "del check",
    "a command": "%cd /",
    "no Python": "def f(:",
}


@pytest.mark.parametrize("source", HARMLESS.values(), ids=HARMLESS)
def test_what_only_defines(source):
    assert only_defines(source, OPENING)


@pytest.mark.parametrize("source", MESSY.values(), ids=MESSY)
def test_what_may_leave_a_mess(source):
    assert not only_defines(source, OPENING)


def things() -> tuple[types.ModuleType, type, types.FunctionType]:
    class Owner:
        def method(self): ...

    def function(a=1, *, b=2): ...

    module = types.ModuleType("module")
    module.function, module.other = function, 1
    return module, Owner, function


CHANGES = {
    "nothing": (lambda m, c, f: None, set(), set()),
    "a name of a module": (lambda m, c, f: setattr(m, "other", 2), {0}, set()),
    "the same value again": (lambda m, c, f: setattr(m, "new", 2), {0}, set()),
    "a name taken away": (lambda m, c, f: delattr(m, "other"), {0}, set()),
    "a method": (lambda m, c, f: setattr(c, "method", f), {1}, set()),
    "code": (lambda m, c, f: setattr(f, "__code__", (lambda: 0).__code__), set(), {0}),
    "defaults": (lambda m, c, f: setattr(f, "__defaults__", (2,)), set(), {0}),
    "keyword defaults": (lambda m, c, f: setattr(f, "__kwdefaults__", {"b": 3}), set(), {0}),
}
knows = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="dictionaries have no version in this Python"
)


@knows
@pytest.mark.parametrize(("change", "owners", "functions"), CHANGES.values(), ids=CHANGES)
def test_every_change_is_seen(change, owners, functions):
    module, owner, function = things()
    seen = Glance([module, owner], [function])
    assert seen.changed() == (set(), set())
    change(module, owner, function)
    assert seen.changed() == (owners, functions)
    assert seen.changed() == (set(), set())


@knows
def test_looking_changes_nothing_and_settling_forgets():
    module, owner, function = things()
    seen = Glance([module, owner], [function])
    before = sys.getrefcount(function)
    seen.changed()
    assert sys.getrefcount(function) == before
    module.other = 5
    seen.settle()
    assert seen.changed() == (set(), set())


@pytest.mark.parametrize("part", ["_version_word", "_inside_words"])
def test_where_python_does_not_tell_all_may_have_changed(monkeypatch, part):
    monkeypatch.setattr(glance, part, lambda: 0)
    module, owner, function = things()
    seen = Glance([module, owner], [function])
    seen.settle()
    assert seen.changed() == ({0, 1}, {0})


def test_what_a_hand_in_mentions_is_imported_first():
    for words in ([], ["optim"], ["sklearn"], ["optim", "scipy"]):
        text = [f"import {word}" for word in words]
        expected = [name for word in zygote.LATER if word in words for name in zygote.LATER[word]]
        assert zygote.needed(zygote.needs(text)) == expected
    assert len(zygote.needs(["".join(zygote.LATER)])) == 1
