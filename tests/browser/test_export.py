"""A lecture's page in a browser without network: prediction, controls, pictures, playing."""

import re

import nbformat
import pytest

from descent.course import export, recorded
from descent.explore import base, gates
from tests.browser.test_access import violations

LONG_FORMULA = f"$$y = {' + '.join(f'x_{{{k}}}' for k in range(60))}$$"
CODE = """@property
def has(x, xs=(1.5, "two", None)) -> bool:  # a comment
    return x in xs and not False or x is None
"""


class Counted(gates.XorNetwork):
    """One whose question asks for a number."""

    question = "How many units are there?"
    choices = ()

    def truth(self):
        return 5.0


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A page with two explorables, one recorded in part and one as a whole."""
    cells = [
        nbformat.v4.new_markdown_cell(f"# Title\n\nText with $x^2$.\n\n## Part\n\n{LONG_FORMULA}"),
        nbformat.v4.new_code_cell(CODE, id="code"),
        nbformat.v4.new_code_cell("GateBuilder()", id="gate"),
        nbformat.v4.new_code_cell("XorNetwork()", id="xor"),
    ]
    recordings = {
        "gate": recorded.record(gates.GateBuilder(), 60_000),
        "xor": recorded.record(Counted()),
    }
    file = tmp_path_factory.mktemp("page") / "page.html"
    notebook = nbformat.v4.new_notebook(cells=cells)
    file.write_text(export.page(notebook, recordings, "04.ipynb"), encoding="utf-8")
    return file


@pytest.fixture
def page(chromium, written):
    """The page, opened where every request but that for itself is refused and noted."""
    page = chromium.new_page()
    page.errors, page.asked = [], []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda said: page.errors.append(said.text))

    def refuse(route):
        page.asked.append(route.request.url)
        route.abort()

    page.route(lambda url: url != written.as_uri(), refuse)
    page.goto(written.as_uri())
    page.locator("canvas").nth(1).wait_for()
    yield page
    assert page.errors == []
    assert page.asked == []
    page.close()


def gate_builder(page):
    return page.locator("figure").nth(0)


def network(page):
    return page.locator("figure").nth(1)


def skip(figure) -> None:
    figure.get_by_role("button", name="Skip").click()


def drawn(figure, sentence: str) -> str:
    """The picture, once it is the one that the sentence tells of."""
    canvas = figure.locator("canvas")
    figure.page.wait_for_function(
        "([canvas, said]) => canvas.getAttribute('aria-label') === said",
        arg=[canvas.element_handle(), sentence],
    )
    return str(canvas.evaluate("canvas => canvas.toDataURL()"))


def said(figure) -> str:
    return figure.locator(".sentence").inner_text()


@pytest.mark.browser
def test_a_key_moves_picture_and_sentence_and_back_again(page):
    figure = gate_builder(page)
    skip(figure)
    first = said(figure)
    before = drawn(figure, first)
    slider = figure.get_by_label("weight w₁ of u")
    slider.focus()
    slider.press("ArrowLeft")
    assert said(figure) != first
    assert drawn(figure, said(figure)) != before
    assert slider.get_attribute("aria-valuetext") in figure.locator("output").all_inner_texts()
    slider.press("ArrowRight")
    assert said(figure) == first
    assert drawn(figure, first) == before


@pytest.mark.browser
def test_what_was_not_recorded_together_is_said(page):
    figure = gate_builder(page)
    skip(figure)
    figure.get_by_label("gate to build").select_option("nand")
    for label in ("weight w₁ of u", "weight w₂ of v", "bias"):
        figure.get_by_label(label).press("Home")
    assert "Not recorded in that combination" in figure.locator(".moved").inner_text()
    assert figure.get_by_label("bias").input_value() == "0"
    figure.get_by_role("button", name="Reset").click()
    assert figure.locator(".moved").inner_text() == ""
    assert figure.get_by_label("gate to build").locator("option:checked").inner_text() == "xor"


@pytest.mark.browser
def test_controls_wait_for_a_guess(page):
    figure = gate_builder(page)
    slider, commit = figure.get_by_label("bias"), figure.get_by_role("button", name="Commit")
    assert slider.is_disabled()
    commit.click()
    assert "first, or skip" in figure.locator(".verdict").inner_text()
    assert slider.is_disabled()
    live = gates.GateBuilder()
    wrong = next(choice for choice in live.choices if choice != live.truth())
    figure.get_by_label(wrong, exact=True).check()
    commit.click()
    assert figure.locator(".verdict").inner_text() == base.verdict(wrong, live.truth())
    assert slider.is_enabled()


@pytest.mark.browser
@pytest.mark.parametrize("guess", ["5", "4,9", "2", "50", "many"])
def test_numbers_are_judged_as_in_the_notebook(page, guess):
    figure = network(page)
    figure.get_by_label("Your number").fill(guess)
    figure.get_by_label("Your number").press("Enter")
    assert figure.locator(".verdict").inner_text() == base.verdict(guess, 5.0)


@pytest.mark.browser
def test_a_run_plays_pauses_and_steps(page):
    figure = network(page)
    skip(figure)
    slider = figure.get_by_label("units wired")
    figure.get_by_role("button", name="Back to start").click()
    assert slider.input_value() == "0"
    figure.get_by_role("button", name="Step", exact=True).click()
    figure.get_by_role("button", name="Step", exact=True).click()
    figure.get_by_role("button", name="Step back").click()
    assert slider.input_value() == "1"
    figure.get_by_role("button", name="Play").click()
    assert figure.locator(".said").get_attribute("aria-live") == "off"
    figure.get_by_role("button", name="Pause").click()
    figure.get_by_role("button", name="Play").click()
    page.wait_for_function("slider => slider.value === '4'", arg=slider.element_handle())
    figure.get_by_role("button", name="Play").wait_for()
    assert figure.locator(".said").get_attribute("aria-live") == "polite"
    assert said(figure).startswith("Unit 5 of 5")


@pytest.mark.browser
def test_without_script_picture_and_sentence_remain(chromium, written):
    page = chromium.new_page()
    page.set_content(re.sub(r"<script>.*?</script>", "", written.read_text("utf-8"), flags=re.S))
    image = page.locator("figure img").first
    assert image.get_attribute("alt") == page.locator(".sentence").first.inner_text()
    assert image.evaluate("image => image.naturalWidth") > 0
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(page, scheme):
    page.emulate_media(color_scheme=scheme)
    assert violations(page, [["body"]]) == []
    for k in range(2):
        skip(page.locator("figure").nth(k))
    assert violations(page, [["body"]]) == []


@pytest.mark.browser
def test_what_is_too_wide_is_reached_by_keyboard(page):
    formula, code = page.locator(".formula"), page.locator("pre.code").first
    assert (formula.get_attribute("tabindex"), code.get_attribute("tabindex")) == ("0", None)
    page.set_viewport_size({"width": 300, "height": 600})
    page.wait_for_function("code => code.tabIndex === 0", arg=code.element_handle())
    page.set_viewport_size({"width": 1280, "height": 1000})
