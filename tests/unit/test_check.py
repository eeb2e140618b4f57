"""Checks that explain: what passes, what fails first, and what the reader is told."""

import itertools
import json
import linecache
import math
import re
import subprocess
import sys
import textwrap
import traceback

import nbformat
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient

from descent import check
from descent.check import CheckFailed

NUMBER = itertools.count()


def cell(source, **names):
    """Names that a notebook has after running a cell with this text."""
    text = textwrap.dedent(source)
    file = f"/tmp/ipykernel_1/{next(NUMBER)}.py"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace = {"__name__": "__main__", "check": check, "torch": torch, **names}
    exec(compile(text, file, "exec"), namespace)
    return namespace


def message(*args, **options):
    """What `close` says to a reader."""
    with pytest.raises(CheckFailed) as caught:
        check.close(*args, what="answer", **options)
    return str(caught.value)


def refusal(*args, **options):
    """What `raises` says to a reader."""
    with pytest.raises(CheckFailed) as caught:
        check.raises(*args, **options)
    return str(caught.value)


def first(*args, **options):
    """What `close` says first, without the name of the answer."""
    return message(*args, **options).splitlines()[0].removeprefix("✗ answer: ")


# ---- close: what passes ----

FLOATS = torch.tensor([1.0, 2.0])


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (FLOATS, torch.tensor([1.0, 2.00001])),
        (FLOATS.double(), torch.tensor([1.0, 2.0 + 1e-8]).double()),
        (FLOATS.half(), torch.tensor([1.005, 2.0]).half()),
        (torch.tensor([math.nan, math.inf]), torch.tensor([math.nan, math.inf])),
        (torch.tensor([1, 2]), torch.tensor([1, 2])),
        (torch.tensor([True]), torch.tensor([True])),
        (torch.tensor([1 + 2j]), torch.tensor([1 + 2j])),
        (torch.empty(0, 3), torch.empty(0, 3)),
        (torch.nn.Parameter(FLOATS), FLOATS),
        (3, torch.tensor(3.0)),
        (3, torch.tensor(3)),
        (3.0, torch.tensor(3.0, dtype=torch.float64)),
        (2, 2.0),
        (2.0000001, 2.0),
        (math.inf, math.inf),
        (math.nan, math.nan),
        ("saddle", "saddle"),
        (None, None),
        ((FLOATS, [1, 0]), (torch.tensor([1.0, 2.0]), [1, 0])),
        ({"w": FLOATS, "b": 1.0}, {"b": 1.0, "w": FLOATS.clone()}),
        ([], []),
    ],
)
def test_equal_answers_pass(actual, expected):
    assert check.close(actual, expected) is None


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats() | st.integers() | st.booleans() | st.text() | st.tuples(st.floats())))
def test_an_answer_is_close_to_itself(answer):
    check.close(answer, answer)


@pytest.mark.parametrize(
    ("dtype", "passes", "fails"),
    [(torch.float64, 5e-8, 5e-7), (torch.float32, 5e-5, 5e-4), (torch.float16, 5e-3, 5e-2)],
)
def test_tolerance_follows_the_dtype(dtype, passes, fails):
    one = torch.ones(1, dtype=dtype)
    check.close(one + passes, one)
    assert first(one + fails, one).startswith("1 of 1 entries differs")


def test_tolerances_given_replace_those_of_the_dtype():
    check.close(torch.tensor([1.2]), torch.tensor([1.0]), rtol=0.3)
    check.close(torch.tensor([0.2]), torch.tensor([0.0]), atol=0.3)
    check.close([1.2, 0.2], [1.0, 0.0], rtol=0.3, atol=0.3)
    assert first(torch.tensor([1.00001]), torch.tensor([1.0]), rtol=0, atol=0)
    assert first(1.2, 1.0, rtol=0.1) == "the value differs"
    assert first(0.2, 0.0, rtol=0.9, atol=0.1) == "the value differs"
    assert first(1.0 + 1e-5, 1.0) == "the value differs"


# ---- close: the order of what is compared ----

META = torch.zeros(2, device="meta")
ORDER = [  # each is wrong in all that follows it, too
    ([1.0], "must be a tensor, not a list"),
    (None, "must be a tensor, not None (is a return missing?)"),
    (torch.full((3,), math.nan, dtype=torch.float64, device="meta"), "must have the shape (2,)"),
    (META.double(), "must have the dtype torch.float32, not torch.float64"),
    (META, "must be on the device cpu, not on meta"),
    (torch.tensor([5.0, math.nan]), "must be finite, but 1 of 2 entries is not"),
    (torch.tensor([5.0, 7.0]), "2 of 2 entries differ; at [0] expected 1, got 5"),
    (torch.tensor([1.0, 7.0]), "1 of 2 entries differs; at [1] expected 2, got 7"),
]


@pytest.mark.parametrize(("actual", "said"), ORDER)
def test_the_first_difference_is_told(actual, said):
    assert first(actual, FLOATS).startswith(said)


def test_only_the_first_difference_is_told():
    nan = torch.tensor([math.nan, math.inf])
    assert first(nan, FLOATS) == "must be finite, but 2 of 2 entries are not"
    assert "dtype" not in first(torch.zeros(3).double(), FLOATS)


def test_an_expected_infinity_asks_for_no_finite_answer():
    assert first(torch.tensor([0.0]), torch.tensor([math.inf])).startswith("1 of 1 entries differs")


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (torch.tensor(1.0), 1.0, "must be a Python number, not a tensor () of torch.float32 (item"),
        (True, 1.0, "must be a Python number, not a bool"),
        ("1", 1.0, "must be a Python number, not a str"),
        (None, 1.0, "must be a Python number, not None (is a return missing?)"),
        (math.nan, 1.0, "must be finite"),
        (math.inf, 1.0, "must be finite"),
        (1.0, math.inf, "the value differs"),
        (math.nan, math.inf, "the value differs"),
        (1.0, math.nan, "the value differs"),
        (3.0, FLOATS, "must be a tensor, not a float"),
        (2.0, 1.0, "the value differs"),
        (1.0, 1, "must be an int, not a float"),
        (True, 1, "must be an int, not a bool"),
        (1, True, "must be a bool, not an int"),
        (2, 1, "the value differs"),
        ("maximum", "minimum", "the value differs"),
        (2.5, torch.tensor(2), "must be a tensor, not a float"),
        (True, torch.tensor(1.0), "must be a tensor, not a bool"),
        (2.0, torch.tensor(1.0), "the value differs"),
        (math.nan, torch.tensor(1.0), "must be finite, but it is not"),
        ([1, 2], (1, 2), "must be a tuple, not a list"),
        ((1, 2), [1, 2], "must be a list, not a tuple"),
        ([1, 2], [1], "must have 1 entry, not 2"),
        ([], [1, 2], "must have 2 entries, not 0"),
        ([1, [2, 3]], [1, [2, 4]], "entry 1: entry 1: the value differs"),
        ([1], {"a": 1}, "must be a dict, not a list"),
        ({"a": 1}, {"a": 1, "b": 2}, "must have the keys ['a', 'b'], not ['a']"),
        ({"a": 1, "b": 3}, {"a": 1, "b": 2}, "['b']: the value differs"),
        (torch.tensor([1, 2]), torch.tensor([1, 3]), "1 of 2 entries differs; at [1] expected 3"),
        (torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2), "1 of 2 entries differs; at [0, 0]"),
    ],
)
def test_what_differs_is_said(actual, expected, said):
    assert first(actual, expected).startswith(said)


def test_a_tuple_of_another_class_is_a_tuple():
    check.close(torch.tensor([3.0, 1.0]).sort(), (torch.tensor([1.0, 3.0]), torch.tensor([1, 0])))


# ---- close: the whole message ----


def test_message_with_matched_mistake():
    said = message(
        torch.tensor([4.0, 6.0]),
        FLOATS,
        mistakes={"one": torch.zeros(2), "twice too much": 2 * FLOATS + 2, "never": FLOATS},
    )
    assert said.splitlines() == [
        "✗ answer: 2 of 2 entries differ; at [0] expected 1, got 4",
        "  expected  tensor([1., 2.])",
        "  got       tensor([4., 6.])",
        "  → twice too much",
    ]


def test_message_without_matching_mistake():
    said = message(torch.zeros(2), FLOATS, mistakes={"twice too much": 2 * FLOATS})
    assert len(said.splitlines()) == 3


@pytest.mark.parametrize(
    ("actual", "mistake"),
    [
        (torch.tensor([2, 4]), torch.tensor([2.0, 4.0])),
        (torch.tensor([2.0, 4.0], dtype=torch.float64), torch.tensor([2, 4])),
        (torch.tensor([2.0, 4.0]), lambda: torch.tensor([2.0, 4.0])),
        (torch.tensor([[2.0], [4.0]]), torch.tensor([[2.0], [4.0]])),
        (torch.tensor([2.0, 4.0]).requires_grad_(), torch.tensor([2.0, 4.0])),
    ],
)
def test_a_mistake_matches_whatever_its_dtype(actual, mistake):
    assert message(actual, FLOATS, mistakes={"doubled": mistake}).endswith("→ doubled")


@pytest.mark.parametrize(
    ("actual", "expected", "mistake"),
    [
        (1.5625, 6.25, 1.5625),
        (6, 6.25, 6),
        (torch.tensor(2.0), 1.0, 2.0),
        (2.0, torch.tensor(1.0), torch.tensor(2.0)),
        ((torch.zeros(2), [0]), (FLOATS, [2, 0]), (torch.zeros(2), [0])),
        ((FLOATS, torch.tensor(-4.5)), (FLOATS, torch.tensor(-5.2)), (FLOATS, -4.5)),
        ({"w": FLOATS}, {"w": 2 * FLOATS}, {"w": FLOATS}),
        ("maximum", "minimum", "maximum"),
        ([1, 2], (1, 3), [1, 2]),
    ],
)
def test_mistakes_match_numbers_and_nested_answers(actual, expected, mistake):
    assert message(actual, expected, mistakes={"known": mistake}).endswith("→ known")


def test_the_first_of_two_matching_mistakes_is_told():
    said = message(torch.zeros(2), FLOATS, mistakes={"a": torch.zeros(2), "b": torch.zeros(2)})
    assert said.endswith("→ a")


def test_a_mistake_that_gives_the_right_answer_is_not_told():
    mistakes = {"norm forgotten": FLOATS, "anything": lambda: FLOATS}
    assert "→ the values are right" in message(FLOATS.double(), FLOATS, mistakes=mistakes)
    said = message((FLOATS.double(),), (FLOATS,), mistakes={"no": (FLOATS,)})
    assert "→ the values are right" in said
    assert "→ no" not in said


def test_right_values_of_wrong_form_are_named():
    only = "→ the values are right, only "
    assert message(torch.tensor([0, 1]), torch.tensor([0.0, 1.0])).endswith(
        only + "their kind is not: convert them, .to() does it"
    )
    assert message(FLOATS[:, None], FLOATS).endswith(only + "the shape is not")
    assert "→" not in message(torch.ones(2, 1), FLOATS)
    assert "→" not in message(torch.zeros(2), FLOATS)
    assert message([1.0, 2], (1.0, 2)).endswith("is not: look at `returns` above")
    assert "→" not in message(torch.tensor(1.5), 1.5)  # item() is told in the first line


def test_an_answer_in_another_order_is_named():
    assert message((2.0, 1.5), (1.5, 2.0)).endswith("→ the two are swapped")
    square = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert message(square.T, square).endswith("→ rows and columns are swapped")
    assert "→" not in message(square + 1, square)


def test_an_answer_that_is_nearly_right_is_told_so():
    exact = torch.tensor([1.5, 2.25])
    assert "→ nearly right" in message(exact * 1.01, exact)
    assert "→ nearly right" in message(1.51, 1.5)
    assert "→" not in message(exact * 1.05, exact)
    assert "→" not in message(100, 101)


def test_long_answers_are_shortened():
    said = message(torch.arange(20.0) / 3, torch.zeros(20))
    assert "got       a tensor (20,) of torch.float32, [0, 0.333333, 0.666667, 1, 1.33333" in said
    assert said.count("\n") == 2
    tall = message(torch.zeros(12, 1), torch.ones(12, 1))
    assert tall.count("[0.]") == 4
    assert tall.count("…") == 2
    assert len(tall.splitlines()) + len(["→ a mistake"]) <= 12
    assert len(message("x" * 5000, "y")) < 600
    assert "[2., 4.]" in message(2 * FLOATS, FLOATS)


def test_a_gradient_is_not_printed():
    assert "grad" not in message(FLOATS.clone().requires_grad_() * 3, FLOATS)


def test_the_answer_is_called_by_its_text():
    names = cell("def ask():\n    check.close(double(1 + 2), 7)", double=lambda x: 2 * x)
    with pytest.raises(CheckFailed, match=r"^✗ double\(1 \+ 2\): the value differs"):
        names["ask"]()
    names = cell("def ask():\n    check.close(" + "+".join(["one"] * 60) + ", 7)", one=1)
    with pytest.raises(CheckFailed) as caught:
        names["ask"]()
    assert len(str(caught.value).splitlines()[0]) < 120


def test_an_answer_without_source_has_a_name_too():
    with pytest.raises(CheckFailed, match="^✗ your answer: "):
        eval("check.close(1, 2)", {"check": check})


# ---- true, there ----


def test_true_says_the_message():
    check.true(1 < 2, "never said")
    check.true(torch.tensor(True), "never said")
    with pytest.raises(CheckFailed, match="^✗ must be sorted$"):
        check.true([], "must be sorted")


def test_there_asks_for_a_name():
    check.there("GATES", {"GATES": None})
    with pytest.raises(NotImplementedError, match="GATES is not there yet"):
        check.there("GATES", {"gates": 1})


def test_a_failed_check_is_an_assertion():
    assert issubclass(CheckFailed, AssertionError)
    assert CheckFailed("a\nb")._render_traceback_() == ["a", "b"]


# ---- raises ----


def root(x, places=0):
    """Square root that refuses in several ways."""
    if x is None:
        raise TypeError("x is missing")
    if x == 0:
        raise NotImplementedError
    if x < 0:
        raise ValueError(f"x must not be negative, got {x}")
    return round(math.sqrt(x), places)


def test_a_right_refusal_passes():
    check.raises(ValueError, root, -1)
    check.raises(ValueError, root, -1, naming="x")
    check.raises(ValueError, root, -1, naming=("w_star", "x"), places=3)
    check.raises(Exception, root, -1)


def test_no_refusal_fails():
    assert refusal(ValueError, root, 4.0, places=1).splitlines() == [
        "✗ root(4.0, places=1) must be refused with ValueError",
        "  got       2.0",
        "  → which of them is not allowed? Test for it before you compute, and raise ValueError "
        "with a message that names it",
    ]


def test_another_error_fails():
    said = refusal(ValueError, root, None)
    assert said.splitlines()[:2] == [
        "✗ root(None) must be refused with ValueError",
        "  got       TypeError: 'x is missing'",
    ]


@pytest.mark.parametrize("naming", ["n", "ne", "X", "x must not", ("w_star", "got x")])
def test_the_message_must_name_an_argument_as_a_word(naming):
    passes = naming == "x must not"
    if passes:
        check.raises(ValueError, root, -1, naming=naming)
        return
    said = refusal(ValueError, root, -1, naming=naming)
    assert "raises ValueError, as it should, but its message names no argument" in said
    assert "  got       'x must not be negative, got -1'" in said


def test_the_names_that_are_asked_for_are_told():
    assert "a message that names a or b" in refusal(ValueError, root, -1, naming=("a", "b"))


def test_not_solved_is_not_a_refusal():
    with pytest.raises(NotImplementedError):
        check.raises(ValueError, root, 0)
    with pytest.raises(NotImplementedError):
        check.raises(Exception, root, 0)


def test_arguments_are_told_in_short():
    said = refusal(
        ValueError, lambda *a, **o: None, torch.zeros(5, 2), torch.tensor([1, 2]), f=root
    )
    assert said.startswith("✗ <lambda>(<tensor (5, 2)>, tensor([1, 2]), f=root) must be")
    assert len(refusal(ValueError, lambda a: None, "y" * 999).splitlines()[0]) < 120


# ---- unchanged ----


def test_unchanged_arguments_pass():
    x = torch.tensor([1.0, math.nan])
    with check.unchanged(x=x, w=torch.ones(2, requires_grad=True), y=torch.tensor([1, 2])):
        x = x + 1


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.add_(1e-7),
        lambda x: x.resize_(1),
        lambda x: x.__setitem__(1, math.nan),
        lambda x: x.unsqueeze_(0),
        lambda x: setattr(x, "data", x.double()),
    ],
)
def test_changed_arguments_are_named(change):
    x, y = torch.tensor([1.0, 2.0]), torch.zeros(2)
    with pytest.raises(CheckFailed, match="^✗ x was changed in place"), check.unchanged(y=y, x=x):
        change(x)


def test_before_and_after_are_told():
    x = torch.tensor([1, 2])
    with pytest.raises(CheckFailed) as caught, check.unchanged(samples=x):
        x += 1
    assert str(caught.value).splitlines()[1:3] == [
        "  before    tensor([1, 2])",
        "  after     tensor([2, 3])",
    ]
    assert "(samples = samples + 1)" in str(caught.value)


@pytest.mark.parametrize(
    ("x", "at", "by", "before", "after"),
    [
        (torch.zeros(5, 5), (4, 3), 2.0, "0.0 at [4, 3]", "2.0 at [4, 3]"),
        (
            torch.ones(2, dtype=torch.float64),
            (1,),
            2**-40,
            "1.0 at [1]",
            "1.0000000000009095 at [1]",
        ),
    ],
)
def test_before_and_after_differ_in_what_is_told(x, at, by, before, after):
    with pytest.raises(CheckFailed) as caught, check.unchanged(x=x):
        x[at] += by
    lines = [f"  before    {before}", f"  after     {after}"]
    assert str(caught.value).splitlines()[1:3] == lines


def test_a_number_in_a_tensor_is_told():
    with pytest.raises(CheckFailed, match=r"item\(\) gives the Python number"):
        check.close(torch.tensor(3), 3)


def test_an_error_inside_is_passed_on():
    with pytest.raises(ZeroDivisionError), check.unchanged(x=torch.zeros(1)):
        1 / 0  # noqa: B018


# ---- no_loop ----

LOOPING = {
    "for": "def f(x):\n    for row in x:\n        pass",
    "while": "def f(x):\n    while len(x):\n        x = x[1:]",
    "list comprehension": "def f(x):\n    return [r for r in x]",
    "set comprehension": "def f(x):\n    return {r for r in x}",
    "dict comprehension": "def f(x):\n    return {r: 1 for r in x}",
    "generator": "def f(x):\n    return sum(r for r in x)",
    "map": "def f(x):\n    return list(map(abs, x))",
    "reduce": "import functools\ndef f(x):\n    return functools.reduce(max, x)",
    "vectorize": "import numpy as np\ndef f(x):\n    return np.vectorize(abs)(x)",
    "lambda": "f = lambda x: [r for r in x]",
    "inner function": "def f(x):\n    def g():\n        return [r for r in x]\n    return g()",
    "loop in a fixed loop": """
        def f(x):
            for i in range(2):
                for row in x:
                    pass
        """,
    "half fixed": "def f(x):\n    return [i * r for i in (1, 2) for r in x]",
    "starred": "def f(x):\n    for r in (1, *x):\n        pass",
    "range of the data": "def f(x):\n    for n in range(1, len(x)):\n        pass",
    "helper": "def g(x):\n    return [r for r in x]\ndef f(x):\n    return g(x)",
    "helper of a helper": """
        def h(x): return [r for r in x]
        def g(x): return h(x)
        def f(x): return g(x)
        """,
    "helper of an inner function": """
        def g(x): return [r for r in x]
        def f(x):
            def h(): return g(x)
            return h()
        """,
    "helper as a default": "def g(x): return [r for r in x]\ndef f(x, by=g): return by(x)",
    "helper in a keyword": "def g(x): return [r for r in x]\ndef f(x, *, by=g): return by(x)",
    "helper in a closure": """
        def make(g):
            def inner(x): return g(x)
            return inner
        f = make(lambda x: [r for r in x])
        """,
    "helper in a partial": """
        from functools import partial
        def g(k, x): return [k * r for r in x]
        g2 = partial(g, 2)
        def f(x): return g2(x)
        """,
    "helper in a dict": "steps = {'a': lambda x: [r for r in x]}\ndef f(x): return steps['a'](x)",
    "helper in a tuple": "steps = (lambda x: [r for r in x],)\ndef f(x): return steps[0](x)",
    "helper in a list": "steps = [lambda x: [r for r in x]]\ndef f(x): return steps[0](x)",
    "decorated": """
        import functools
        @functools.lru_cache
        def g(x): return [r for r in x]
        def f(x): return g(x)
        """,
    "under no_grad": """
        def g(x): return [r for r in x]
        @torch.no_grad()
        def f(x): return g(x)
        """,
    "class": "class f:\n    def forward(self, x):\n        return [r for r in x]",
    "class's base": """
        class Base:
            def forward(self, x): return [r for r in x]
        class f(Base):
            pass
        """,
    "static method": """
        class f:
            @staticmethod
            def g(x): return [r for r in x]
        """,
    "property": """
        class f:
            @property
            def rows(self): return [r for r in self.x]
        """,
    "object of a class": """
        class Layer:
            def __call__(self, x): return [r for r in x]
        layer = Layer()
        def f(x): return layer(x)
        """,
    "method of an object": """
        class Layer:
            def go(self, x): return [r for r in x]
        go = Layer().go
        def f(x): return go(x)
        """,
}
RECURSIVE = {
    "itself": "def f(x):\n    return x if len(x) < 2 else f(x[1:])",
    "each other": "def f(x):\n    return g(x)\ndef g(x):\n    return f(x[1:]) if len(x) else x",
    "in a ring": "def f(x): return g(x)\ndef g(x): return h(x)\ndef h(x): return f(x)",
    "under another name": "def f(x):\n    return again(x[1:]) if len(x) else x\nagain = f",
    "inside": "def f(x):\n    def g(y):\n        return g(y[1:])\n    return g(x)",
    "helper": "def g(x):\n    return g(x[1:])\ndef f(x):\n    return g(x)",
    "method": "class f:\n    def go(self, x):\n        return self.go(x[1:])",
    "class method": "class f:\n    @classmethod\n    def go(cls, x):\n        return cls.go(x[1:])",
}
STRAIGHT = {
    "no loop": "def f(x):\n    return x.sum(dim=1)",
    "written-out tuple": "def f(x):\n    for k in (1, 2):\n        x = x * k\n    return x",
    "written-out range": "def f(x):\n    return [x * k for k in range(0, 6, 2)]",
    "written-out set": "def f(x):\n    return [x * k for k in {1, 2}]",
    "zip with a written-out list": "def f(x):\n    return [p * c for p, c in zip(x, (1, 2, 3))]",
    "enumerate a text": "def f(x):\n    return [i for i, c in enumerate('abc')]",
    "loop elsewhere": "def g(x): return [r for r in x]\ndef f(x): return x",
    "argument named like a helper": "def g(x): return [r for r in x]\ndef f(x, g): return g(x)",
    "variable named like a helper": """
        def g(x): return [r for r in x]
        def f(x):
            g = x
            return g
        """,
    "attribute named like a helper": "def sum(x): return [r for r in x]\ndef f(x): return x.sum()",
    "method named like the function": "def f(x):\n    return x.f()",
    "base's method": """
        class f(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(2, 2)
            def forward(self, x):
                return self.layer(x)
        """,
    "text that names a loop": "def f(x):\n    kind = 'map'\n    return x, kind",
    "variable called map": "def f(x):\n    map = x + 1\n    return map",
    "annotations": "def f(x: [i for i in [*'ab']]) -> [r for r in [*'ab']]:\n    return x",
    "dataclass": """
        from dataclasses import dataclass
        @dataclass
        class Gate:
            w: float
            def total(self, x): return self.w * x
        gate = Gate(1.0)
        def f(x): return gate.total(x)
        """,
    "not the notebook's": "from textwrap import dedent\ndef f(x): return dedent(x)",
}


@pytest.mark.parametrize("kind", LOOPING)
def test_loops_are_found(kind):
    names = cell(LOOPING[kind])
    with pytest.raises(CheckFailed, match="has a loop, and this exercise asks for none:"):
        check.no_loop(names["f"])


@pytest.mark.parametrize("kind", RECURSIVE)
def test_recursion_is_found(kind):
    with pytest.raises(CheckFailed, match="calls itself, which is a loop, and"):
        check.no_loop(cell(RECURSIVE[kind])["f"])


@pytest.mark.parametrize("kind", STRAIGHT)
def test_what_is_no_loop_passes(kind):
    check.no_loop(cell(STRAIGHT[kind])["f"])


@pytest.mark.parametrize("name", check.HIDDEN_LOOPS)
def test_functions_that_loop_are_found(name):
    for text in (f"m.{name}(abs, x)", f"{name}(abs, x)"):
        with pytest.raises(CheckFailed, match="^✗ f has a loop"):
            check.no_loop(cell(f"def f(m, x):\n    return {text}")["f"])


def test_the_line_of_the_loop_is_shown():
    names = cell("def g(x):\n    y = x\n    for n, row in enumerate(x):\n        y = row\n\nf = g")
    with pytest.raises(CheckFailed) as caught:
        check.no_loop(names["f"])
    assert str(caught.value).splitlines() == [
        "✗ g has a loop, and this exercise asks for none:",
        "      for n, row in enumerate(x):",
        "  → one operation on whole tensors does the work for all entries at once",
    ]


def test_a_method_is_called_by_its_class():
    with pytest.raises(CheckFailed, match=r"^✗ Layer\.go has a loop"):
        check.no_loop(cell("class Layer:\n    def go(self, x): return [r for r in x]")["Layer"])


def test_the_latest_definition_of_a_cell_counts():
    twice = "def f(x):\n    return [r for r in x]\n\ndef f(x):\n    return x"
    check.no_loop(cell(twice)["f"])
    inner = "def f(x):\n    def f():\n        return 1\n    return [r for r in x]"
    with pytest.raises(CheckFailed, match="^✗ f has a loop"):
        check.no_loop(cell(inner)["f"])


def test_a_function_without_source_cannot_be_judged():
    namespace = {"__name__": "__main__"}
    exec("def f(x): return x", namespace)
    with pytest.raises(CheckFailed, match="the source of f cannot be read: define it with def"):
        check.no_loop(namespace["f"])


# ---- never_uses ----

USING = {
    "operator": ("def f(a, b): return a != b", "!="),
    "operator in place": ("def f(a, b):\n    a ^= b\n    return a", "^"),
    "remainder": ("def f(a): return a % 2", "%"),
    "power": ("def f(a): return a ** 2", "**"),
    "matrix product": ("def f(a): return a @ a", "@"),
    "identity": ("def f(a): return a is None", "is"),
    "one of a chain": ("def f(a): return 0 < a == 1", "=="),
    "name": ("def f(a): return abs(a)", "abs"),
    "method": ("def f(a): return a.abs()", "abs"),
    "attribute": ("def f(a): return torch.nn.functional.softmax(a, 1)", "softmax"),
    "text": ("def f(a): return getattr(torch, 'cdist')(a, a)", "cdist"),
    "import inside": ("def f(a):\n    from torch import cdist as d\n    return d(a, a)", "cdist"),
    "import of a module": ("def f(a):\n    import torch.linalg as t\n    return t", "linalg"),
    "import outside": ("from torch import cdist as d\ndef f(a): return d(a, a)", "cdist"),
    "another name": ("d = torch.cdist\ndef f(a): return d(a, a)", "cdist"),
    "another name as a default": ("def f(a, d=torch.cdist): return d(a, a)", "cdist"),
    "helper": ("def g(a, b): return a != b\ndef f(a, b): return g(a, b)", "!="),
    "lambda": ("g = lambda a, b: a != b\ndef f(a, b): return g(a, b)", "!="),
    "second lambda of a line": (
        "g, h = lambda a: a, lambda a: a != 1\ndef f(a): return h(a)",
        "!=",
    ),
    "class": ("class f:\n    def forward(self, a): return a.softmax(1)", "softmax"),
    "module of the notebook": (
        "class Net(torch.nn.Module):\n    def forward(self, a): return a.softmax(1)\n"
        "net = Net()\ndef f(a): return net(a)",
        "softmax",
    ),
    "own function that uses it": (
        "def softmax(a): return torch.softmax(a, 1)\ndef f(a): return softmax(a)",
        "softmax",
    ),
}
NOT_USING = {
    "another operator": ("def f(a, b): return a >= b", "!="),
    "argument of that name": ("def f(abs): return abs + 1", "abs"),
    "variable of that name": ("def f(a):\n    ne = a > 1\n    return ne", "ne"),
    "own function of that name": (
        "def softmax(a): return a.exp() / a.exp().sum()\ndef f(a): return softmax(a)",
        "softmax",
    ),
    "the function itself": ("def softmax(a): return a.exp()\nf = softmax", "softmax"),
    "part of a name": ("def f(a): return a.logical_xor(a)", "xor"),
    "part of a text": ("def f(a):\n    '''Without cdist, please.'''\n    return a", "cdist"),
    "comment": ("def f(a):\n    return a  # not a != b", "!="),
    "annotation": ("def f(a: torch.Tensor) -> torch.Tensor: return a", "Tensor"),
    "elsewhere in the cell": ("def g(a): return abs(a)\ndef f(a): return a", "abs"),
}


@pytest.mark.parametrize("kind", USING)
def test_banned_names_are_found(kind):
    source, banned = USING[kind]
    with pytest.raises(CheckFailed) as caught:
        check.never_uses(cell(source)["f"], "rot90", banned)
    assert f" uses {banned}: solve this exercise without it" in str(caught.value)


@pytest.mark.parametrize("kind", NOT_USING)
def test_other_names_pass(kind):
    source, banned = NOT_USING[kind]
    check.never_uses(cell(source)["f"], "rot90", banned)


def test_nothing_is_banned_by_default():
    check.never_uses(cell("def f(a): return a != abs(a)")["f"])


# ---- short_errors, in IPython and in a kernel ----

ANSWERS = """\
def half(x):
    y = x + 1
    return y / 0

def stub(x):
    raise NotImplementedError()

def odd(x):
    raise NotImplementedError("no kernel for Double")
"""
NOTEBOOK = [
    "import torch\nfrom descent import check\ncheck.short_errors()",
    ANSWERS,
    "check.close(1 + 1, 3)",
    "check.close(half(2), 1)",
    "check.close(stub(2), 1)",
    "check.close(odd(2), 1)",
    "check.there('GATES', globals())",
    "check.true(True, '')\nmissing",
    "half(2)",
    "check.close(1, 1)\ndef wrong(:",
    "check.close(half(2), 1)",
    "import warnings\nwarnings.warn('slow')",
]


def lines(text):
    """Lines of an error without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip().splitlines()


@pytest.fixture(scope="module")
def shown():
    """Lines that IPython shows for each cell of NOTEBOOK, run in a shell of its own."""
    program = textwrap.dedent("""
        import json, sys
        from traitlets.config import Config
        from IPython.core.interactiveshell import InteractiveShell
        config = Config({"HistoryManager": {"enabled": False}})
        shell = InteractiveShell.instance(colors="nocolor", config=config)
        for source in json.loads(sys.stdin.read()):
            result = shell.run_cell(source)
            error = result.error_in_exec or result.error_before_exec
            print("=====", type(error).__name__ if error else "", flush=True)
    """)
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(NOTEBOOK),
        capture_output=True,
        text=True,
        check=True,
    )
    parts = run.stdout.split("=====")
    kinds = [part.splitlines()[0].strip() for part in parts[1:]]
    texts = [parts[0], *(part.split("\n", 1)[1] for part in parts[1:-1])]
    return [(kind, lines(text)) for kind, text in zip(kinds, texts, strict=True)]


EXPECTED = {
    2: (
        "CheckFailed",
        ["✗ 1 + 1: the value differs", "  expected  3", "  got       2"],
    ),
    3: (
        "ZeroDivisionError",
        [
            "✗ half stopped with an error in line 3 of its cell:",
            "      return y / 0",
            "  ZeroDivisionError: division by zero",
        ],
    ),
    4: ("NotImplementedError", ["NotImplementedError: stub: not solved yet"]),
    5: ("NotImplementedError", ["NotImplementedError: odd: no kernel for Double"]),
    6: (
        "NotImplementedError",
        ["NotImplementedError: GATES is not there yet: solve its cell and run it"],
    ),
    7: (
        "NameError",
        [
            "✗ the test could not go on with your answer:",
            "  NameError: name 'missing' is not defined",
            "  → run the cell that defines it first, or all cells from the top",
        ],
    ),
}


@pytest.mark.parametrize("number", EXPECTED)
def test_errors_in_test_cells_are_short(shown, number):
    assert shown[number] == EXPECTED[number]


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        ("torch.ones(2) + torch.ones(3)", "the shapes of these tensors do not fit"),
        ("torch.ones(2).expand(3)", "the shapes of these tensors do not fit"),
        ("torch.ones(2, 3) @ torch.ones(2)", "the shapes of this matrix product do not fit"),
        ("torch.ones(2, 3) @ torch.ones(2, 4)", "the shapes of this matrix product do not fit"),
        ("torch.ones(2) @ torch.ones(2).double()", "the operation is not for this dtype"),
        ("torch.ones(2).bool().mean()", "the operation is not for this dtype"),
        ("torch.ones(2)[5]", "an index is beyond the end"),
        ("[][0]", "an index is beyond the end"),
        ("1 - torch.ones(2).bool()", "Booleans are no numbers"),
        ("(1.0).log()", "this is a Python number, not a tensor"),
        ("torch.ones(2).item()", "a tensor of several numbers comes here"),
        ("torch.linalg.inv(torch.zeros(2, 2))", "the matrix has no inverse here"),
    ],
)
def test_common_errors_come_with_advice(answer, advice):
    with pytest.raises((RuntimeError, IndexError, AttributeError, ValueError)) as caught:
        eval(answer)
    said = check._error_lines(caught.value, [])
    assert said[-1].startswith(f"  → {advice}")


def test_a_call_refused_for_no_reason_is_said_to_be_allowed():
    own = traceback.FrameSummary("cell", 3, "half", line="raise ValueError('x must be even')")
    said = check._error_lines(ValueError("x must be even"), [own])
    assert said[-1] == "  → these arguments are allowed: they must be answered, not refused"


def test_cells_that_pass_say_nothing(shown):
    assert shown[0] == shown[1] == ("", [])


def test_errors_in_other_cells_are_those_of_ipython(shown):
    kind, text = shown[8]
    assert kind == "ZeroDivisionError"
    assert any("Traceback (most recent call last)" in line for line in text)
    assert any("y / 0" in line for line in text)


def test_syntax_errors_are_those_of_ipython(shown):
    kind, text = shown[9]
    assert kind == "SyntaxError"
    assert any("def wrong(:" in line for line in text)


def test_short_errors_outlast_a_long_one(shown):
    assert shown[10] == EXPECTED[3]


def test_warnings_cost_no_marks(shown):
    """nbgrader takes any text on standard error for a failed test."""
    assert shown[11] == ("", ["UserWarning: slow"])


def test_outside_ipython_nothing_happens(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert check.short_errors() is None


def test_errors_are_short_in_a_kernel():
    cells = [nbformat.v4.new_code_cell(source) for source in NOTEBOOK]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=60).execute()
    for number, (kind, text) in EXPECTED.items():
        (output,) = notebook.cells[number].outputs
        assert output.ename == kind
        assert output.traceback == text
    assert len(notebook.cells[8].outputs[0].traceback) > 3
