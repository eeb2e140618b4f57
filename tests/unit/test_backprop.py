"""The computations behind chapter 07's explorables, against independent ones."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.patches import PathPatch
from torch.utils.flop_counter import FlopCounterMode

from descent import style
from descent.explore import backprop, graph, outlines, passes, stepper, vanishing

LECTURE = Path(__file__).parents[2] / "chapters" / "07_backprop" / "lecture.md"
INPUTS = [(1.5, -1.0, 0.5), (-0.7, 2.1, 1.3), (0.0, 0.4, -2.0), (2.9, 2.9, -3.0)]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ---- graphs -------------------------------------------------------------------------------------

FORMULAS = {
    "used twice: x·y·(x + z)": lambda x, y, z: x * y * (x + z),
    "a tanh unit and its loss": lambda x, w, b: (torch.tanh(w * x + b) - 1) ** 2,
    "a ReLU unit and its loss": lambda x, w, b: (torch.relu(w * x + b) - 1) ** 2,
    "softmax of three": lambda x, y, z: torch.stack([x, y, z]).softmax(dim=0)[1],
}


def leaves(given) -> list[torch.Tensor]:
    return [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in given]


def test_there_is_a_formula_for_every_graph():
    assert FORMULAS.keys() == graph.GRAPHS.keys()


@pytest.mark.parametrize("given", INPUTS)
@pytest.mark.parametrize("name", FORMULAS)
def test_a_graph_computes_its_formula_and_its_gradient(name, given):
    g = graph.GRAPHS[name]
    arguments = leaves(given)
    value = FORMULAS[name](*arguments)
    exact = torch.autograd.grad(value, arguments)
    end = graph.trace(g, given, graph.steps(g))
    assert end.values[g[-1].name] == pytest.approx(value.item(), rel=1e-12)
    found = [end.grads[node.name] for node in graph.inputs(g)]
    assert found == pytest.approx([e.item() for e in exact], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("operation", graph.OPERATIONS)
def test_local_derivatives_are_those_of_differences(operation):
    op = graph.OPERATIONS[operation]
    count = len(op.rules)
    draws = torch.randn(20, count, generator=generator(), dtype=torch.float64) + 0.1
    for arguments in draws.tolist():
        for k, exact in enumerate(op.slopes(*arguments)):
            up, down = list(arguments), list(arguments)
            up[k] += 1e-6
            down[k] -= 1e-6
            difference = (op.value(*up) - op.value(*down)) / 2e-6
            assert exact == pytest.approx(difference, rel=1e-5, abs=1e-7)


def test_relu_has_no_slope_at_zero():
    assert graph.OPERATIONS["relu"].slopes(0.0) == (0.0,)


@pytest.mark.parametrize("name", FORMULAS)
def test_every_value_waits_for_all_that_use_it(name):
    g = graph.GRAPHS[name]
    order = graph.edges(g)
    for k, edge in enumerate(order):
        late = [e for e in order[k:] if e.start == edge.node.name]
        assert not late, f"{edge.node.name} passes on before {late} has reported"


@pytest.mark.parametrize("name", FORMULAS)
def test_a_trace_grows_step_by_step(name):
    g = graph.GRAPHS[name]
    seen = [graph.trace(g, INPUTS[0], step) for step in range(graph.steps(g) + 1)]
    computed, over = len(graph.computed(g)), len(graph.edges(g))
    assert [len(s.values) for s in seen] == [
        len(g) - computed + min(k, computed) for k in range(len(seen))
    ]
    assert [len(s.slopes) for s in seen] == [
        min(max(0, k - computed - 1), over) for k in range(len(seen))
    ]
    assert not seen[computed].grads
    assert seen[computed + 1].grads == {g[-1].name: 1.0}
    constants = {node.name for node in g if node.constant is not None}
    assert seen[-1].grads.keys() == {node.name for node in g} - constants


def test_a_hidden_step_counts_nothing():
    g = graph.GRAPHS["used twice: x·y·(x + z)"]
    hidden, before = graph.trace(g, INPUTS[0], 7, hidden=True), graph.trace(g, INPUTS[0], 6)
    assert (hidden.grads, hidden.slopes) == (before.grads, before.slopes)
    assert hidden.edge is not None
    assert graph.trace(g, INPUTS[0], 7).slopes.keys() == {*before.slopes, hidden.edge.text}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (-1e-320, "−1e−320"),
        (2.0, "2"),
        (-1.4815, "−1.48"),
        (0.00871, "0.00871"),
    ],
)
def test_numbers_are_said_with_three_digits(number, text):
    assert graph.say(number) == text


# ---- guesses ------------------------------------------------------------------------------------

VALUES = {"x": 1.5, "e": -2.0, "a": 0.25}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3.0),
        (" -1,5 ", -1.5),
        ("−0.5", -0.5),
        ("2*e", -4.0),
        ("2e", -4.0),
        ("2e-1", 0.2),
        ("2exp(a)x", 3 * math.exp(0.25)),
        ("1 - a^2", 0.9375),
        ("1 − a²", 0.9375),
        ("x·e", -3.0),
        ("1/x", 2 / 3),
        ("exp(a)", math.exp(0.25)),
        ("1 - tanh(x)**2", 1 - math.tanh(1.5) ** 2),
        ("-(+x)", -1.5),
    ],
)
def test_a_guess_may_be_a_formula(text, number):
    assert stepper.evaluate(text, VALUES) == pytest.approx(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "two",
        "2*",
        "q",
        "1/0",
        "x.real",
        "__import__('os')",
        "print(1)",
        "[1]",
        "True if x else 0",
        *["9**9**9", "exp(1000)", "(-2)**0.5", "(" * 5000, "x(1)", "exp(x=1)", "'3'"],
    ],
)
def test_everything_else_is_refused(text):
    with pytest.raises(ValueError, match="neither a number|no real number"):
        stepper.evaluate(text, VALUES)


def asked(name: str, given, step: int) -> graph.Trace:
    seen = graph.trace(graph.GRAPHS[name], given, step, hidden=True)
    assert seen.edge is not None
    return seen


@pytest.mark.parametrize(
    ("guess", "right", "words"),
    [
        ("-1", True, "Right: ∂p/∂x = y = −1"),
        ("y", True, "Right"),
        ("1", False, "sign"),
        ("2*y", False, "product with ∂f/∂p already"),
        ("p", False, "value of p"),
        ("x", False, "value of x"),
        ("-0.5", False, "too large"),
        ("-7", False, "too small"),
        ("one", False, "neither a number"),
    ],
)
def test_a_guess_is_compared_in_words(guess, right, words):
    # over x → p, where p = x·y, ∂f/∂p = q = 2 and ∂p/∂x = y = −1
    seen = asked("used twice: x·y·(x + z)", (1.5, -1.0, 0.5), 9)
    assert seen.edge.text == "∂p/∂x"
    said = stepper.judge(guess, seen)
    assert said[0] is right
    assert words in said[1]


@pytest.mark.parametrize("name", FORMULAS)
def test_the_rule_of_every_edge_is_a_right_guess(name):
    g = graph.GRAPHS[name]
    given = (0.7, -1.2, 0.4)
    first = len(graph.computed(g)) + 2
    for step in range(first, first + len(graph.edges(g))):
        seen = asked(name, given, step)
        if "where" not in seen.edge.node.rule(seen.edge.which):
            assert stepper.judge(seen.edge.node.rule(seen.edge.which), seen)[0], seen.edge.text


@pytest.fixture
def shown(monkeypatch):
    """A stepper on a page, its first question skipped."""
    monkeypatch.setattr(stepper.GraphStepper, "_guesses", {stepper.GraphStepper: ""})
    explorable = stepper.GraphStepper()
    explorable._repr_mimebundle_()
    return explorable


def test_a_step_asks_before_it_tells(shown):
    assert shown.result.hidden
    assert "And what is ∂q/∂x" in shown.sentence
    assert shown.guess.description == "∂q/∂x ="
    assert shown.row.layout.display == ""
    shown.guess.value = "5"
    shown.check.click()
    assert shown.result.hidden
    assert "too large" in shown.verdict.value
    shown.guess.value = "1"
    shown.check.click()
    assert not shown.result.hidden
    assert "adds −1.5 to ∂f/∂x" in shown._live.sentence
    assert "Right" in shown.verdict.value
    assert shown.row.layout.display == "none"


def test_a_step_can_be_shown_or_passed_over(shown):
    shown.reveal.click()
    assert not shown.result.hidden
    assert "∂q/∂x = 1" in shown.verdict.value
    shown.widgets["step"].value = 8
    assert shown.result.hidden
    assert shown.verdict.value == ""
    shown.widgets["step"].value = 9
    assert "∂q/∂z" in shown.result.slopes, "what was passed over counts"
    shown.widgets["step"].value = 7
    assert not shown.result.hidden, "what was answered is not asked again"
    shown.widgets["a"].value = 2.0
    assert shown.result.hidden, "with other inputs it is another question"


def test_it_never_asks_who_does_not_want_to_be_asked(shown):
    shown.widgets["ask"].value = False
    for step in range(12):
        shown.widgets["step"].value = step
        assert not shown.result.hidden
        assert shown.row.layout.display == "none"
    shown.answer("3")
    assert shown.result.step == 11


def test_the_question_of_a_step_waits_for_the_first_one(monkeypatch):
    monkeypatch.setattr(stepper.GraphStepper, "_guesses", {})
    explorable = stepper.GraphStepper()
    explorable._repr_mimebundle_()
    assert explorable.panel.layout.display == "none"
    assert explorable._answer("") == "Skipped. Move the controls and see."
    assert explorable.panel.layout.display == ""


def test_headless_all_numbers_can_be_had():
    explorable = stepper.GraphStepper().set(ask=False, step=11)
    assert "∂f/∂x = −3.5, ∂f/∂y = 3, ∂f/∂z = −1.5" in explorable.sentence


# ---- outlines -----------------------------------------------------------------------------------


def painted(artist) -> np.ndarray:
    """Where an artist leaves ink in the square [0, 10]², bool (H, W)."""
    fig, ax = style.axes(size=(4, 4))
    ax.set_position((0, 0, 1, 1))
    ax.set(xlim=(0, 10), ylim=(0, 10))
    ax.set_axis_off()
    ax.add_artist(artist)
    fig.canvas.draw()
    return np.asarray(fig.canvas.buffer_rgba())[..., 0] < 128


def test_an_outline_is_what_a_text_draws():
    from matplotlib.text import Text

    size = 1.2  # of 10 units on 4 inches
    look = {"ha": "center", "va": "center_baseline", "fontsize": size / 10 * 4 * 72}
    as_text = painted(Text(5, 5, "−0.53 ∂f", **look))
    as_outline = painted(PathPatch(outlines.outline([("−0.53 ∂f", (5, 5))], size), fc="k", lw=0))
    for axis in (0, 1):
        places = [np.flatnonzero(ink.any(axis=axis)) for ink in (as_text, as_outline)]
        (a, b), (c, d) = ((p[0], p[-1]) for p in places)
        assert abs((a + b) - (c + d)) <= 14, "both stand in the same place"
        assert abs((b - a) - (d - c)) <= 6, "and are of the same size"


def test_downwards_is_upside_down():
    up, down = (outlines.outline([("7", (2, 3))], 1.0, downwards=d) for d in (False, True))
    assert np.allclose(up.vertices[1:] * [1, -1] + [0, 6], down.vertices[1:])


def test_no_text_is_no_ink():
    assert not painted(PathPatch(outlines.outline([], 1.0), fc="k", lw=0)).any()
    assert painted(PathPatch(outlines.outline([("8", (5, 5))], 1.0), fc="k", lw=0)).any()


# ---- two layers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", backprop.SLOPES)
@pytest.mark.parametrize("seed", range(1, 6))
def test_both_passes_are_those_of_autograd(activation, seed):
    x = torch.tensor([0.9, -1.3], dtype=torch.float64)
    found = backprop.passes(x, activation, seed)
    w1, b1, w2, b2, x = (t.clone().requires_grad_() for t in (*backprop.weights(seed), x))
    s1 = w1 @ x + b1
    x1 = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "ReLU": torch.relu}[activation](s1)
    s2 = w2 @ x1 + b2
    loss = torch.nn.functional.mse_loss(s2, backprop.TARGET, reduction="sum")
    named = {"w1": w1, "b1": b1, "w2": w2, "b2": b2, "x": x, "s1": s1, "x1": x1, "s2": s2}
    exact = dict(zip(named, torch.autograd.grad(loss, list(named.values())), strict=True))
    assert found.loss == pytest.approx(loss.item())
    assert found.grads.keys() == exact.keys()
    for name, value in named.items():
        assert torch.allclose(found.values[name], value, rtol=1e-12), name
        assert torch.allclose(found.grads[name], exact[name], rtol=1e-12), name


def test_gradients_are_found_in_an_order_that_works():
    """Whatever a gradient is made of comes before it."""
    order = {name: k for k, name in enumerate(backprop.BACKWARD)}
    for later, earlier in [("b2", "s2"), ("w2", "s2"), ("x1", "s2"), ("s1", "x1"), ("w1", "s1")]:
        assert order[earlier] < order[later]


def test_two_layers_reveal_step_by_step():
    explorable = backprop.TwoLayers()
    inked = []
    for step in range(13):
        explorable.set(step=step)
        inked.append(len(explorable.numbers.get_path().vertices))
    assert inked == sorted(inked)
    assert inked[0] < inked[3] < inked[5] < inked[12]


def test_numbers_in_the_cells_have_no_minus_zero():
    assert backprop.two_digits(-0.001) == "0.00"
    assert backprop.two_digits(-0.128) == "−0.13"


@pytest.mark.parametrize(
    ("number", "text"),
    [(9.99, "9.99"), (9.996, "10.0"), (-11.51, "−11.5"), (-99.96, "−100"), (131.753, "132")],
)
def test_large_numbers_fit_their_cells(number, text):
    assert backprop.two_digits(number) == text
    assert backprop.SIZE * sum(outlines.glyph(c)[2] for c in text) < 1


def test_the_legend_names_times_only_when_they_are_measured():
    explorable = passes.CostRatio()
    assert not explorable.name.get_visible()
    assert explorable.set(clock=True).name.get_visible()


# ---- cost ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [[5, 3], [7, 4, 2], [6, 6, 6, 6, 6], [10, 3, 8, 1]])
def test_multiplications_are_those_that_torch_counts(sizes):
    layers = [torch.nn.Linear(i, o, bias=False) for i, o in itertools.pairwise(sizes)]
    counts = passes.multiplications(sizes)
    with FlopCounterMode(display=False) as forward:
        out = torch.nn.Sequential(*layers)(torch.zeros(1, sizes[0])).sum()
    with FlopCounterMode(display=False) as backward:
        out.backward()
    assert sum(counts.forward) == forward.get_total_flops() / 2
    assert counts.backward == backward.get_total_flops() / 2


@pytest.mark.parametrize("depth", [1, 2, 5, 50])
def test_equal_layers_cost_two_minus_one_over_their_number(depth):
    assert passes.multiplications([9] * (depth + 1)).ratio == pytest.approx(2 - 1 / depth)


def test_times_are_measured_once():
    first = passes.measured(16, 2, 1)
    assert first.forward > 0
    assert first.backward > 0
    assert passes.measured(16, 2, 1) is first


def test_the_ratio_measures_nothing_unless_asked():
    explorable = passes.CostRatio()
    assert explorable.result.times == ()
    said = explorable.sentence
    explorable.set(clock=True)
    assert len(explorable.result.times) == len(passes.DEPTHS)
    assert explorable.sentence == said, "what is printed must not depend on the clock"


@pytest.mark.parametrize(("d", "h", "m"), [(512, 64, 1), (1, 8, 16), (3, 4, 5), (1, 1, 1)])
def test_both_modes_are_counted_as_torch_does(d, h, m):
    j1, j2, j3 = torch.zeros(h, d), torch.zeros(h, h), torch.zeros(m, h)
    modes = passes.Modes(d, h, m)
    with FlopCounterMode(display=False) as forward:
        j3 @ (j2 @ j1)
    with FlopCounterMode(display=False) as reverse:
        (j3 @ j2) @ j1
    assert modes.forward == forward.get_total_flops() / 2
    assert modes.reverse == reverse.get_total_flops() / 2


# ---- vanishing gradients ------------------------------------------------------------------------

SIGMA = {
    "sigmoid": (np.vectorize(lambda s: 1 / (1 + math.exp(-s))), lambda s, x: x * (1 - x)),
    "tanh": (np.tanh, lambda s, x: 1 - x**2),
    "ReLU": (lambda s: np.maximum(s, 0), lambda s, x: (s > 0) * 1.0),
    "leaky ReLU": (lambda s: np.where(s > 0, s, 0.1 * s), lambda s, x: np.where(s > 0, 1, 0.1)),
    "none": (lambda s: s, lambda s, x: np.ones_like(s)),
}


@pytest.mark.parametrize("initialisation", vanishing.INITIALISATIONS)
@pytest.mark.parametrize("activation", SIGMA)
@pytest.mark.parametrize("depth", [2, 5])
def test_norms_are_those_of_a_backward_pass_by_hand(depth, activation, initialisation):
    found = vanishing.norms(depth, activation, initialisation, 1.1)
    draw = {"generator": generator(), "dtype": torch.float64}
    n = vanishing.WIDTH
    xs = [torch.randn(vanishing.BATCH, n, **draw).numpy()]
    ws = [found.std * torch.randn(n, n, **draw).numpy() for _ in range(depth)]
    sigma, slope = SIGMA[activation]
    totals = []
    for layer, w in enumerate(ws, 1):
        totals.append(xs[-1] @ w.T)
        xs.append(sigma(totals[-1]) if layer < depth else totals[-1])
    ds = 2 * (xs[-1] - 1) / xs[-1].size
    signals, gradients = [], []
    for k in reversed(range(depth)):
        signals.insert(0, np.linalg.norm(ds))
        gradients.insert(0, np.linalg.norm(ds.T @ xs[k]))
        ds = ds @ ws[k] * (slope(totals[k - 1], xs[k]) if k else 1)
    assert found.signals.tolist() == pytest.approx(signals, rel=1e-9)
    assert found.gradients.tolist() == pytest.approx(gradients, rel=1e-9)
    spread = [x.std(ddof=1) for x in xs[1:]]
    assert found.spread.tolist() == pytest.approx(spread, rel=1e-9)


def test_the_standard_deviations_are_those_of_torch_init():
    for name, init in [("He", "kaiming_normal_"), ("Glorot", "xavier_normal_")]:
        options = {"nonlinearity": "relu"} if name == "He" else {}
        w = torch.empty(300, 200)
        getattr(torch.nn.init, init)(w, **options, generator=generator())
        (std,) = (
            f(200, 300) for key, f in vanishing.INITIALISATIONS.items() if key[:2] == name[:2]
        )
        assert std == pytest.approx(w.std().item(), rel=0.01)


def test_he_keeps_relu_level_and_sigmoids_starve():
    he = "He: √(2 / fan-in)"
    assert 0.01 < vanishing.norms(30, "ReLU", he).ratio < 100
    assert vanishing.norms(30, "sigmoid", he).ratio < 1e-12
    assert vanishing.norms(30, "ReLU", he, 0.5).ratio < 1e-6
    assert vanishing.norms(30, "ReLU", he, 2.0).ratio > 1e6


def test_weights_gradients_of_relu_stay_level_whatever_the_size():
    """The output is homogeneous in every w: ⟨w, ∂ℓ/∂w⟩ is the same number for every layer."""
    for scale in (0.5, 2.0):
        gradients = vanishing.norms(20, "ReLU", "He: √(2 / fan-in)", scale).gradients
        assert gradients.max() / gradients.min() < 30


# ---- the lecture --------------------------------------------------------------------------------


def test_the_lecture_shows_every_explorable():
    text = LECTURE.read_text("utf-8")
    used = set(re.findall(r"^explore\.(\w+)\(\)$", text, re.MULTILINE))
    assert used == {"GraphStepper", "TwoLayers", "CostRatio", "TwoModes", "GradientNorms"}


class Counted:
    """A number that counts the multiplications it takes part in."""

    count = 0

    def __init__(self, value):
        self.value = value

    def __mul__(self, other):
        Counted.count += 1
        return Counted(self.value * other.value)


@pytest.mark.parametrize("size", [2, 3, 10, 50])
def test_speelpennings_product_and_gradient_take_3d_minus_5(size):
    x = [Counted(v) for v in (0.5 + torch.rand(size, generator=generator()).double()).tolist()]
    Counted.count, partial = 0, x[:1]
    for factor in x[1:]:
        partial.append(partial[-1] * factor)
    grads, back = [partial[-2]], x[-1]  # the last product's gradient is 1
    for k in range(size - 2, 0, -1):
        grads.insert(0, back * partial[k - 1])
        back = back * x[k]
    numbers = leaves([v.value for v in x])
    exact = torch.autograd.grad(torch.stack(numbers).prod(), numbers)
    assert [g.value for g in [back, *grads]] == pytest.approx([e.item() for e in exact])
    assert Counted.count == 3 * size - 5
