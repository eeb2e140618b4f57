"""Feedback tells a student what went wrong, and nothing of a hand-in runs in a browser."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback

from descent.course.faults import CourseError
from descent.grading import feedback
from descent.grading.folder import open_course
from tests.grading.graded_course import (
    CHAPTER,
    address,
    cell_of,
    enter,
    error,
    make_course,
    source_of,
)

# nbgrader's own sessions make SQLAlchemy say this whenever a submission is entered
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning")

MESSAGE = (
    "✗ double(3.0): the value differs\n  expected  6.0\n  got       9.0\n  → that is the square"
)
HIDDEN = 'assert double(1.5, times=3) == 12.0, "several times over"'
VILLAIN = "<img src=x onerror=pwned('name')>"


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return make_course(tmp_path_factory.mktemp("feedback") / "course")


@pytest.fixture(scope="module")
def dora(root) -> str:
    """A page for a student with one wrong answer and one right; its HTML."""
    notebook = source_of(root)
    cell_of(notebook, "double").source = "def double(x, times=1):\n    return x**2"
    said = f"{MESSAGE}\n----> 5 {HIDDEN}\n"
    cell_of(notebook, "test_double").outputs = [error(said)]
    cell_of(notebook, "PAIR").outputs = [nbformat.v4.new_output("stream", text=f"{HIDDEN}\nmine\n")]
    enter(root, "dora", {"test_PAIR": 1.0, "test_Tally": 1.5}, notebook)
    with Gradebook(address(root)) as gradebook:
        gradebook.find_comment("double", CHAPTER, CHAPTER, "dora").manual_comment = "See *me*."
        gradebook.db.commit()
    feedback.generate(root, CHAPTER, ["dora"], say=lambda _: None)
    return page_of(root, "dora").read_text(encoding="utf-8")


def page_of(root: Path, student: str) -> Path:
    return root / "feedback" / student / CHAPTER / f"{CHAPTER}.html"


def words(page: str) -> str:
    """What a reader sees, blanks made one."""
    without_style = re.sub(r"<style.*?</style>", "", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", without_style)).split())


def panel(page: str, exercise: str) -> str:
    (found,) = re.findall(rf'<section[^>]*id="mark-{exercise}".*?</section>', page, re.S)
    return words(found)


def test_it_says_points_first_failed_check_and_mistake(dora):
    assert "2.5 of 4.5 points" in words(dora)
    said = panel(dora, "double")
    assert "✗ double: 0 of 2 points" in said
    assert "the value differs expected 6.0 got 9.0" in said
    assert "→ that is the square" in said
    assert "✓ PAIR: 1 of 1 points" in panel(dora, "PAIR")


def test_hints_come_with_what_went_wrong_and_are_folded(dora):
    (found,) = re.findall(r'<section[^>]*id="mark-double".*?</section>', dora, re.S)
    assert found.count("<details>") == 4  # one for all, one a hint
    assert "Powers of two" in words(found)
    assert "Hint" not in panel(dora, "PAIR")
    assert words(dora).count("What does twice mean?") == 1


def test_comments_of_instructors_are_there(dora):
    assert "<em>me</em>" in dora


def test_no_line_of_hidden_tests_is_there(root, dora):
    text = words(dora)
    hidden = 0
    for cell in source_of(root).cells:
        for region in re.findall(r"### BEGIN HIDDEN TESTS\n(.*?)\n\s*### END", cell.source, re.S):
            for line in region.splitlines():
                hidden += 1
                assert " ".join(line.split()) not in text
    assert hidden == 4
    assert "mine" in text
    assert "HIDDEN TESTS" not in text


def test_a_region_that_is_never_closed_is_hidden_to_the_end():
    assert feedback.without_regions("a\n### BEGIN HIDDEN TESTS\nb") == "a"
    assert feedback.without_regions("a\n### BEGIN SOLUTION\nb\n### END SOLUTION\nc") == "a\nc"


def test_the_page_loads_nothing_and_runs_nothing(dora):
    assert "<script" not in dora
    assert "content=\"default-src 'none'; img-src data:" in dora
    assert not re.search(r'\b(?:src|href)="(?!#|data:image/|https://|mailto:)', dora)
    assert "@import" not in dora
    assert "url(" not in dora


def test_what_is_not_looked_at_yet_is_said(root):
    enter(root, "finn", {}, source_of(root))
    with Gradebook(address(root)) as gradebook:
        gradebook.find_grade("test_PAIR", CHAPTER, CHAPTER, "finn").needs_manual_grade = True
        gradebook.find_grade("test_Tally", CHAPTER, CHAPTER, "finn").manual_score = 1.5
        gradebook.db.commit()
    feedback.generate(root, CHAPTER, ["finn"], say=lambda _: None)
    page = page_of(root, "finn").read_text(encoding="utf-8")
    assert "not looked at all of it yet" in words(page)
    assert "1.5 of 1.5 points, set by your instructor" in panel(page, "Tally")


def test_status_and_reason_of_the_grading_are_said(root):
    notebook = source_of(root)
    told = {"status": "repaired", "reason": "the <b>tests</b> of PAIR were changed: put back"}
    notebook.metadata.descent = {"grading": told}
    enter(root, "gina", {}, notebook)
    feedback.generate(root, CHAPTER, ["gina"], say=lambda _: None)
    page = page_of(root, "gina").read_text(encoding="utf-8")
    assert "Something in your file had to be mended: the <b>tests</b> of PAIR" in words(page)
    assert "&lt;b&gt;" in page


@pytest.mark.parametrize("told", [{"status": 5}, {"status": "graded", "reason": "x"}, {}])
def test_a_status_without_need_of_words_has_none(told):
    assert feedback.status_sentence(told) == ""


def test_nothing_graded_is_said(root):
    with pytest.raises(CourseError, match="grade first"):
        feedback.generate(root, CHAPTER, ["nobody"])


def test_the_command_takes_students_and_names_its_pages(root, dora):
    command = [sys.executable, "-m", "descent.cli", "feedback", CHAPTER, "--student", "dora"]
    run = subprocess.run(
        [*command, "--root", str(root)], capture_output=True, text=True, cwd=root, check=True
    )
    assert "1 page: " in run.stdout
    assert run.stdout.strip().endswith(f"feedback/<student>/{CHAPTER}/{CHAPTER}.html")


# ---- hostile hand-ins ----------------------------------------------------------------------------


def fire(name: str) -> str:
    return f"pwned('{name}')"


def vectors() -> dict[str, str]:
    """Name -> HTML that runs something, once a browser takes it for HTML."""
    return {
        "script": f"<script>{fire('script')}</script>",
        "img": f'<img src=x onerror="{fire("img")}">',
        "svg": f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{fire('svg')}\"></svg>",
        "details": f'<details open ontoggle="{fire("details")}"><p>a</p></details>',
        "frame": f'<iframe srcdoc="<script>parent.{fire("frame")}</script>"></iframe>',
        "video": f'<video><source onerror="{fire("video")}"></video>',
        "link": f'<a class=trap href="javascript:{fire("link")}">a</a>',
        "focus": f'<input autofocus onfocus="{fire("focus")}">',
        "style": f"<style>@keyframes k{{}}</style><b style='animation:k 1s' "
        f'onanimationstart="{fire("style")}">a</b>',
        "quote": f'"><img src=x onerror="{fire("quote")}">',
        "close": f'</pre></code></textarea></title><img src=x onerror="{fire("close")}">',
    }


def all_vectors(place: str) -> str:
    return "\n\n".join(vectors().values()).replace("pwned('", f"pwned('{place} ")


def hostile_outputs() -> list[nbformat.NotebookNode]:
    new, display = nbformat.v4.new_output, "display_data"
    kinds = ("text/html", "image/svg+xml", "text/markdown", "text/latex", "text/plain")
    outputs = [new(display, data={kind: all_vectors(kind)}) for kind in kinds]
    script = fire("javascript")
    return [
        *outputs,
        new("stream", name="stdout", text=all_vectors("stdout") + "\x1b]8;;javascript:1\x07a"),
        new("stream", name="stderr", text=all_vectors("stderr")),
        new(display, data={"application/javascript": script}),
        new(display, data={"text/vnd.mermaid": all_vectors("mermaid")}),
        new(display, data={"application/vnd.jupyter.widget-view+json": {"a": all_vectors("view")}}),
        new(display, data={"image/png": '"' + vectors()["quote"]}),
        new(
            display,
            data={"image/png": "iVBORw0KGgo=", "text/plain": all_vectors("alt")},
            metadata={
                "image/png": {"width": f"1 onerror={fire('width')}", "alt": vectors()["quote"]}
            },
        ),
        new(
            display,
            data={"text/html": all_vectors("isolated")},
            metadata={"text/html": {"isolated": True}},
        ),
        new(
            "error",
            ename=all_vectors("ename"),
            evalue=all_vectors("evalue"),
            traceback=[all_vectors("traceback"), "\x1b[38m" + all_vectors("colour")],
        ),
    ]


def hostile(root: Path) -> nbformat.NotebookNode:
    """The graded notebook of a hand-in that attacks whoever looks at it."""
    notebook = source_of(root)
    for name in ("double", "test_double", "Tally", "test_PAIR"):
        cell_of(notebook, name).outputs = hostile_outputs()
    cell_of(notebook, "double").source = f"%%html\n{all_vectors('source')}"
    cell_of(notebook, "PAIR").source = f"'''{all_vectors('docstring')}'''"
    bad = f'x" onerror="{fire("attribute")}'
    markdown = (
        f"# {all_vectors('title')}\n\n[a](javascript:{fire('markdown link')}) ![a](attachment:a)"
    )
    text = nbformat.v4.new_markdown_cell(
        markdown
        + f"\n\n```mermaid\n{all_vectors('fence')}\n```\n$\\text{{{all_vectors('math')}}}$",
        attachments={"a": {"image/svg+xml": all_vectors("attachment")}},
        metadata={"tags": [bad], "nbgrader": {"grade_id": bad, "solution": True, "grade": False}},
    )
    raw = nbformat.v4.new_raw_cell(all_vectors("raw"), metadata={"raw_mimetype": "text/html"})
    notebook.cells[:0] = [text, raw]
    notebook.metadata.title = all_vectors("metadata title")
    notebook.metadata.widgets = {
        "application/vnd.jupyter.widget-state+json": {"a": "</script>" + all_vectors("state")}
    }
    return notebook


def tame(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The same without what makes nbconvert itself stumble, so that scripts would run."""
    del notebook.metadata["widgets"]
    notebook.cells[0].metadata = {}
    for cell in notebook.cells:
        cell.source = cell.source.replace("attachment:a", "b")
        outputs = cell.get("outputs", [])
        outputs[:] = [o for o in outputs if not any("widget" in kind for kind in o.get("data", ()))]
        for output in outputs:
            if output.output_type == "error":
                output.traceback = output.traceback[:1]
    return notebook


@pytest.fixture
def fired(chromium):
    """A browser page and the names of the vectors that ran in it."""
    names: list[str] = []
    page = chromium.new_page()
    page.expose_function("pwned", lambda name: names.append(name))
    page.on("dialog", lambda dialog: (names.append("dialog"), dialog.dismiss()))
    yield page, names
    page.close()


def look_at(page, url: str) -> None:
    """Open a page, follow the links that a hand-in may have set, wait for what is slow."""
    page.goto(url, wait_until="domcontentloaded")
    page.evaluate(
        """() => { for (const e of document.querySelectorAll('details')) e.open = true;
        for (const a of document.querySelectorAll('a'))
            if (/^\\s*(javascript|data):/i.test(a.href) || a.matches('.trap')) a.click(); }"""
    )
    page.wait_for_timeout(1500)


@pytest.mark.browser
def test_the_vectors_run_where_nothing_is_sanitised(root, tmp_path, fired):
    page, names = fired
    exporter, notebook = HTMLExporter(template_name="basic"), tame(hostile(root))
    body, _ = exporter.from_notebook_node(notebook)
    (tmp_path / "plain.html").write_text(f"<!DOCTYPE html><body>{body}", encoding="utf-8")
    look_at(page, (tmp_path / "plain.html").as_uri())
    places = {name.rpartition(" ")[0] for name in names}
    assert {"text/html", "title", "text/markdown", "fence"} <= places, sorted(places)
    assert {name.rpartition(" ")[2] for name in names} >= set(vectors()) - {"close"}


@pytest.mark.browser
@pytest.mark.parametrize("how", ["descent feedback", "nbgrader generate_feedback"])
def test_no_script_of_a_hand_in_runs_in_feedback(root, fired, how):
    page, names = fired
    enter(root, VILLAIN, {}, hostile(root))
    if how == "descent feedback":
        feedback.generate(root, CHAPTER, [VILLAIN], say=lambda _: None)
    else:
        course = open_course(root)
        course.directory.assignment_id, course.directory.student_id = CHAPTER, VILLAIN
        GenerateFeedback(coursedir=course.directory, parent=course.app, force=True).start()
    look_at(page, page_of(root, VILLAIN).as_uri())
    assert "0 of 4.5 points" in page.inner_text("body")
    assert names == []
    assert page.locator("main script, main iframe, main svg, main style, main input").count() == 0


@pytest.mark.browser
def test_no_script_of_a_hand_in_would_run_even_without_the_policy(root, fired):
    page, names = fired
    enter(root, VILLAIN, {}, hostile(root))
    feedback.generate(root, CHAPTER, [VILLAIN], say=lambda _: None)
    path = page_of(root, VILLAIN)
    text, count = re.subn(r"<meta[^>]*Content-Security-Policy[^>]*>", "", path.read_text("utf-8"))
    assert count == 1
    path.write_text(text, encoding="utf-8")
    look_at(page, path.as_uri())
    assert names == []


@pytest.mark.browser
def test_no_script_of_a_hand_in_runs_in_the_formgrader(root, fired, jupyter):
    page, names = fired
    submissions = [
        enter(root, "tame", {}, tame(hostile(root))),
        enter(root, VILLAIN, {}, hostile(root)),
    ]
    with Gradebook(address(root)) as gradebook:
        gradebook.update_or_create_student(VILLAIN, first_name=VILLAIN, last_name=VILLAIN)
    with jupyter(root) as server:
        page.goto(f"{server}/lab?token=t")
        page.wait_for_selector("#jp-top-panel")
        for submission in submissions:
            look_at(page, f"{server}/formgrader/submissions/{submission}/")
            assert names == []
            page.wait_for_selector("#test_double")
            assert page.locator("input.score").count() == 3
        assert VILLAIN in page.text_content(".breadcrumb")
        for place in (f"manage_submissions/{CHAPTER}", f"gradebook/{CHAPTER}/{CHAPTER}"):
            look_at(page, f"{server}/formgrader/{place}")
            page.wait_for_selector("tbody tr")
        assert names == []


def test_the_notebook_itself_is_left_as_it_was(root):
    """Sanitising is for looking: what was handed in stays evidence."""
    before = hostile(root)
    enter(root, VILLAIN, {}, before)
    feedback.generate(root, CHAPTER, [VILLAIN], say=lambda _: None)
    kept = (root / "autograded" / VILLAIN / CHAPTER / f"{CHAPTER}.ipynb").read_text("utf-8")
    assert json.loads(kept)["metadata"]["title"] == before.metadata.title
