"""Each operator makes the changes it promises, of solutions only, and none twice."""

import pytest

from descent.course.mutation import OPERATORS, Mutant, mutants


def made(text: str) -> list[Mutant]:
    """The mutants of the statements of a function."""
    lines = [f"    {line}" for line in text.splitlines()]
    marked = ["    ### BEGIN SOLUTION", *lines, "    ### END SOLUTION"]
    return mutants("\n".join(["def f(x, y):", *marked]))


CASES = [
    ("arithmetic", "return x + y", {"return x - y", "return x * y", "return x", "return y"}),
    ("arithmetic", "x += y", {"x -= y", "x *= y", "x = y"}),
    ("sign", "return -x", {"return x"}),
    ("sign", "return x * y", {"return -x * y", "return x * -y"}),
    ("comparison", "return x < y", {"return x <= y", "return x != y", "return x >= y"}),
    ("comparison", "return x not in y", {"return x in y"}),
    ("logical", "return x and y", {"return x or y", "return x", "return y"}),
    ("logical", "return not x", {"return x"}),
    ("constant", "return 3", {"return 4", "return 2", "return 6"}),
    ("constant", "return f(x, keepdim=True)", {"return f(x, keepdim=False)"}),
    ("constant", 'return "or"', {"return ''"}),
    ("index", "return x[y]", {"return x[y + 1]", "return x[y - 1]"}),
    ("index", "return x[:y]", {"return x[1:y]", "return x[:]", "return x[:y + 1]"}),
    ("index", "return x[:, None]", {"return x[1:, None]", "return x[:-1, None]"}),
    ("range", "return range(x)", {"return range(x + 1)", "return range(x - 1)"}),
    ("call", "return torch.relu(x)", {"return x"}),
    ("call", "return x.sort()", {"return x"}),
    ("call", "return x.add_(y)", {"return x.add(y)"}),
    ("swap", "return f(x, y)", {"return f(y, x)"}),
    ("swap", "return x @ y", {"return y @ x"}),
    ("reduction", "return x.sum(dim=0)", {"return x.mean(dim=0)"}),
    ("reduction", "return x.argmax()", {"return x.argmin()"}),
    ("keyword", "return x.sum(dim=0, keepdim=y)", {"return x.sum(dim=0)"}),
    ("statement", "x = x.sort()\nreturn x", {"pass"}),
    ("loop", "for i in x:\n    f(i)", {"for i in list(x)[:1]:", "for i in reversed(list(x)):"}),
    ("loop", "while x:\n    x = f(x)", {"while x: x = f(x) break"}),
    ("block", "with torch.no_grad():\n    x = f(y)", {"if True: x = f(y)"}),
    ("return", "return y * y", {"return None", "return y"}),
    ("raise", "raise ValueError(x)", {"raise Exception(x)"}),
]


def test_every_operator_has_a_case():
    assert {name for name, _, _ in CASES} == set(OPERATORS)


@pytest.mark.parametrize(("name", "text", "after"), CASES)
def test_an_operator_makes(monkeypatch, name, text, after):
    """All that it promises, whatever else it makes."""
    monkeypatch.setattr("descent.course.mutation.OPERATORS", {name: OPERATORS[name]})
    assert after <= {mutant.after for mutant in made(text)}


@pytest.mark.parametrize(
    "text",
    [
        'raise ValueError(f"got {x + 1}")',
        "return f(x, device=x.device)",
        "return y.to(x.device)",
    ],
)
def test_what_makes_no_difference_is_left_alone(text):
    """Only the whole statement, the class of an error and the arguments of the call may change."""
    changed = {mutant.after for mutant in made(text)}
    kept = {text, "pass", "return None", "return x", "return y", "return f"}
    assert all(after in kept or text[-10:] in after for after in changed), changed


def test_two_that_compile_to_the_same_are_one():
    """`1 - 1` and `1 * 0`, say, or a dropped `return None` at the end."""
    texts = [mutant.after for mutant in made("return 1 + 1")]
    assert "return 1 - 1" in texts
    assert "return -1 + 1" not in texts
    assert "return 2 + 0" not in texts
    assert len(made("return None")) == 0


def test_only_solutions_change():
    source = "def f(x):\n    y = x + 1\n    ### BEGIN SOLUTION\n    return y\n    ### END SOLUTION"
    assert {mutant.line for mutant in mutants(source)} == {4}


def test_a_change_keeps_the_rest_of_the_text():
    before = "def f(x, σ):\n    ### BEGIN SOLUTION\n    # π\n    return (x - σ) / 2  # σ\n"
    source = f"{before}    ### END SOLUTION\n"
    found = {mutant.key: mutant.source for mutant in mutants(source)}
    changed = "arithmetic: return (x - σ) / 2 # σ → return (x + σ) / 2 # σ"
    assert found[changed] == source.replace("x - σ", "x + σ")


def test_a_change_keeps_the_order_of_operations():
    """A replaced operand gets parentheses where it would be torn apart without."""
    afters = {mutant.after for mutant in made("return x * f(x + y)")}
    assert "return x * (x + y)" in afters
