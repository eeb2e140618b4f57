"""Questions: one answer is right, each says why, by keyboard, without a kernel, in each lecture."""

import ast
import html
import re
from itertools import pairwise

import pytest

from descent.explore.catalogue import explorables
from descent.explore.questions import Question
from tests.notebooks.built import CHAPTERS, codes, read

ANSWER = re.compile(r"<details><summary>(.*?)</summary>(.*?)</details>")


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    """Each test in a session of its own."""
    monkeypatch.setattr(Question, "_given", {})


def asked(**changes) -> Question:
    parts = {
        "right": {"12": "Three rows of `4`."},
        "wrong": {"7": "That is 3 + 4, one side & the other.", "1,200": "A hundred times as many."},
    }
    return Question("How many are 3 · 4 < 20?", **(parts | changes))


def test_answers_come_in_the_order_of_numbers_then_letters():
    question = Question(
        "?",
        right={"no": "Since."},
        wrong={"1,000.5 cm": "Not.", "Both": "Neither.", "−3": "Less."},
    )
    assert list(question.answers) == ["−3", "1,000.5 cm", "Both", "no"]
    assert list(asked().answers) == ["7", "12", "1,200"]


def test_each_answer_says_whether_it_is_right_and_why():
    question = asked()
    assert question.choose("7") == "Not this one. That is 3 + 4, one side & the other."
    assert question.chosen == "7"
    assert question.choose("12") == "Right. Three rows of `4`."
    assert question.chosen == question.right == "12"


def test_an_answer_that_is_none_is_refused_and_not_remembered():
    with pytest.raises(KeyError):
        asked().choose("8")
    assert Question._given == {}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"right": {}}, "one right answer"),
        ({"right": {"12": "So.", "twelve": "So."}}, "one right answer"),
        ({"wrong": {"7": "No."}}, "two or three"),
        ({"wrong": {str(n): "No." for n in range(4)}}, "two or three"),
        ({"wrong": {"12": "No.", "7": "No."}}, "'12' is right, and among the wrong"),
        ({"wrong": {"7": " ", "8": "No."}}, "no feedback for '7'"),
        ({"right": {"12": ""}}, "no feedback for '12'"),
    ],
)
def test_a_question_that_can_not_be_answered_is_refused(changes, says):
    with pytest.raises(ValueError, match=says):
        asked(**changes)


def test_text_and_page_are_the_same_each_time_and_hold_no_address():
    first, again = asked()._repr_mimebundle_(), asked()._repr_mimebundle_()
    for kind in ("text/plain", "text/html"):
        assert first[kind] == again[kind]
    assert first["text/plain"] == "How many are 3 · 4 < 20?\n( ) 7\n( ) 12\n( ) 1,200"


def test_without_a_kernel_each_answer_opens_its_feedback():
    page = asked()._repr_mimebundle_()["text/html"]
    assert page.startswith("<p><b>How many are 3 · 4 &lt; 20?</b></p>")
    assert ANSWER.findall(page) == [
        ("7", "Not this one. That is 3 + 4, one side &amp; the other."),
        ("12", "Right. Three rows of <code>4</code>."),
        ("1,200", "Not this one. A hundred times as many."),
    ]


def test_the_widget_holds_what_the_page_says():
    question = asked()
    live = question._widget()
    said = ANSWER.findall(question._repr_mimebundle_()["text/html"])
    assert list(zip(live.answers, live.feedback, strict=True)) == said
    assert live.chosen == -1
    assert question._widget() is live


def test_an_answer_given_in_the_widget_is_remembered_by_the_next_display():
    asked()._widget().chosen = 1
    assert asked().chosen == "12"
    assert asked()._widget().chosen == 1


def test_an_answer_given_in_python_shows_in_the_widget():
    question = asked()
    live = question._widget()
    question.choose("1,200")
    assert live.chosen == 2


def test_an_answer_that_is_no_longer_offered_is_forgotten():
    asked().choose("7")
    other = asked(wrong={"8": "Not.", "9": "Not."})
    assert other.chosen == ""
    assert other._widget().chosen == -1


def test_questions_are_no_explorables():
    assert explorables()
    assert not [kind for kind in explorables() if kind.__module__.endswith("questions")]


# ---- in a browser -------------------------------------------------------------------------------

SHOW = """async ([script, state]) => {
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const heard = [];
    window.model = {
        get: (name) => state[name],
        set: (name, value) => { state[name] = value; },
        save_changes: () => { window.saved = { ...state }; heard.forEach((listen) => listen()); },
        on: (event, listen) => { if (event === "change:chosen") heard.push(listen); },
    };
    for (const id of ["one", "two"]) {
        const el = document.body.appendChild(document.createElement("div"));
        el.id = id;
        (await import(url)).default.render({ model: window.model, el });
    }
}"""


@pytest.fixture
def shown(chromium):
    """A page that shows a question twice, as JupyterLab does with a second view of an output."""
    live = asked()._widget()
    page = chromium.new_page()
    state = {name: getattr(live, name) for name in ("asked", "answers", "feedback", "chosen")}
    page.evaluate(SHOW, [live._esm, state])
    yield page
    page.close()


@pytest.mark.browser
def test_a_keyboard_answers_and_tries_again(shown):
    said = shown.locator("#one [role=status][aria-live=polite]")
    shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")
    assert said.inner_text() == "Choose an answer first."
    shown.keyboard.press("Space")
    shown.keyboard.press("Enter")
    assert said.inner_text() == "Not this one. That is 3 + 4, one side & the other."
    assert shown.evaluate("() => window.saved.chosen") == 0
    shown.keyboard.press("ArrowDown")
    assert said.inner_text() == ""
    shown.keyboard.press("Tab")
    shown.keyboard.press("Space")
    assert said.inner_text() == "Right. Three rows of 4."
    assert shown.evaluate("() => window.saved.chosen") == 1


@pytest.mark.browser
def test_both_views_show_the_answer_that_was_given(shown):
    shown.locator("#one").get_by_role("radio", name="1,200").check()
    shown.locator("#one").get_by_role("button").press("Enter")
    assert shown.locator("#two").get_by_role("radio", name="1,200").is_checked()
    assert shown.locator("#two [role=status]").inner_text().startswith("Not this one.")


@pytest.mark.browser
def test_the_question_names_its_answers_and_keeps_their_keys_from_jupyterlab(shown):
    group = shown.locator("#two").get_by_role("group", name="How many are 3 · 4 < 20?")
    assert [group.get_by_role("radio").nth(i).is_checked() for i in range(3)] == [False] * 3
    assert group.get_by_role("radio", name="12", exact=True).count() == 1
    reached = shown.locator("#two input, #two button")
    kept = reached.evaluate_all("all => all.map(e => e.hasAttribute('data-lm-suppress-shortcuts'))")
    assert kept == [True] * 4


# ---- in the lectures ----------------------------------------------------------------------------


def questions(chapter: str) -> list[tuple[ast.Call, str]]:
    """The call that asks, and the stored page, of each question of a built lecture."""
    cells = [c for c in codes(read("lectures", chapter)) if "Question(" in c.source]
    return [(ast.parse(c.source).body[-1].value, c.outputs[0].data["text/html"]) for c in cells]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_lecture_asks_some_questions(chapter):
    assert 2 <= len(questions(chapter)) <= 6


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_one_answer_is_right_and_every_answer_says_why(chapter):
    for call, page in questions(chapter):
        answers = ANSWER.findall(page)
        written = sum(len(keyword.value.keys) for keyword in call.keywords)
        assert len(answers) == written, f"two answers came out alike: {page}"
        verdicts = [said.split(". ", 1) for _, said in answers]
        assert sorted(v for v, _ in verdicts) == ["Not this one"] * (written - 1) + ["Right"]
        sentences = [html.unescape(why) for _, why in verdicts]
        assert len(set(sentences)) == written
        for why in sentences:
            assert len(why.split()) >= 4, f"this says too little: {why}"
            assert re.search(r"[.)?]$", why), f"this is no sentence: {why}"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_place_of_the_right_answer_tells_nothing(chapter):
    said = [[why for _, why in ANSWER.findall(page)] for _, page in questions(chapter)]
    places = [[why.startswith("Right") for why in whys].index(True) for whys in said]
    assert any(a != b for a, b in pairwise(places)), places


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_code_in_questions_is_closed(chapter):
    for _, page in questions(chapter):
        assert "`" not in page
