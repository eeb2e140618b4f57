"""What a hand-in may show on a page: texts, verified pictures, and harmless Markdown."""

import base64
import io
import random
import re

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.ansi import ansi2html
from PIL import Image

from descent.grading import sanitise

PNG = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
).decode()


def drawn(kind: str, width: int, height: int) -> str:
    raw = io.BytesIO()
    Image.new("1" if kind == "PNG" else "L", (width, height)).save(raw, kind)
    return base64.b64encode(raw.getvalue()).decode()


RUNS = re.compile(
    r"<(script|svg|iframe|object|embed|style|link|meta|base|form|input|video)|<[^>]*javascript:|"
    r"<[^>]*\son\w+\s*=|<[^>]*\sstyle\s*=|srcdoc|vbscript:",
    re.I,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+'>",
    "<svg><script>alert(1)</script></svg>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt&colon;alert(1))",
    "[a](  javascript:alert(1))",
    "[a](java\tscript:alert(1))",
    "<a href='&#106;avascript:alert(1)'>a</a>",
    "[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![a](javascript:alert(1))",
    "![a](attachment:missing.png)",
    "![$\\text{\" onerror=alert(1) \"}$](x)",
    "<p title='$x$' onclick=alert(1)>a</p>",
    "$\\text{<script>alert(1)</script>}$",
    "$$\\href{javascript:alert(1)}{x}$$",
    "$\\style{position:fixed}{x}$",
    "\\begin{x<script>}a\\end{x<script>}",
    "<math><mtext><table><mglyph><style><!--</style>"
    "<img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<style>*{background:url(javascript:alert(1))}</style>",
    "<div style='background:url(http://192.0.2.1/)'>a</div>",
    "<form action=javascript:alert(1)><button>a</button></form>",
    "<details open ontoggle=alert(1)>a</details>",
    "<base href='http://192.0.2.1/'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "```mermaid\n<img src=x onerror=alert(1)>\n```",
    "```html\n<img src=x onerror=alert(1)>\n```",
    "<<img src=x onerror=alert(1)>script>alert(1)<</script>/script>",
    "<!--><script>alert(1)</script>-->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
]  # fmt: skip


@pytest.mark.parametrize("source", HOSTILE)
def test_markdown_leaves_nothing_that_runs(source):
    page = sanitise.markdown(source)
    assert not RUNS.search(page), page
    assert "attachment:" not in page


def test_markdown_keeps_what_a_text_is_made_of():
    source = (
        "# Title\n\n<a id='tlu'></a> [`tlu`](#tlu), [far](https://example.org)\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "<details><summary>More</summary>\n\n*yes*\n\n</details>\n\n"
        f"```python\nx = 1\n```\n\n![dot](data:image/png;base64,{PNG})\n\n$x^2$"
    )
    page = sanitise.markdown(source)
    parts = ["<h1>Title", '<a id="text-tlu">', 'href="#text-tlu"', "<td>1</td>", "<summary>More"]
    parts += ["<em>yes</em>", '<span class="n">x</span>', PNG, "<msup><mi>x</mi><mn>2</mn></msup>"]
    parts += ['href="https://example.org" rel="noopener noreferrer nofollow"']
    for part in parts:
        assert part in page, part


def test_links_go_to_other_sites_or_stay_in_the_text():
    for target in ("evil.html", "/lab", "../x", "//evil.org", "ftp://x.org", "file:///etc/passwd"):
        assert "href" not in sanitise.markdown(f"[a]({target})"), target


def test_no_name_of_a_text_is_one_of_the_page():
    assert sanitise.markdown("<a id='test_tlu'></a>") == '<p><a id="text-test_tlu"></a></p>\n'
    assert "btn" not in sanitise.markdown("<span class='btn full-credit'>a</span>")


def test_a_formula_that_is_none_stays_as_typed():
    deep = "{" * 5000
    assert sanitise.formula(deep, "inline") == f"<code>{deep}</code>"


def test_formulas_hold_no_markup():
    assert sanitise.formula("\\text{<b>}", "inline").count("&lt;b&gt;") == 1
    assert "&amp;lt;" not in sanitise.formula("a \\le b", "inline")


LINKED = "\x1b]8;;javascript:alert(1)\x07a\x1b]8;;\x07"


@pytest.mark.parametrize(
    "raw", [LINKED, "a\x00\x08", "\x9ba", "\x1b[2Ja", "\x1b[38ma", "\x1bPa\x1b\\"]
)
def test_text_has_no_control_characters_but_colours(raw):
    said = sanitise.text(raw)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", said), repr(said)
    assert "javascript" not in said


def test_colours_stay_and_never_break_nbconvert():
    assert sanitise.text("\x1b[0;31mred\x1b[0m") == "\x1b[0;31mred\x1b[0m"
    generator = random.Random(0)
    for _ in range(3000):
        code = "".join(generator.choice("0134589;;") for _ in range(generator.randrange(9)))
        ansi2html(sanitise.text(f"\x1b[{code}mx"))


def test_text_that_hides_its_order_is_spelt_out():
    assert sanitise.text("a\u202eb") == "a⟨U+202E⟩b"


def test_long_text_is_cut_and_says_so():
    said = sanitise.text("x" * (sanitise.LONGEST_TEXT + 5))
    assert len(said) < sanitise.LONGEST_TEXT + 50
    assert said.endswith("5 characters more")


def test_pictures_are_what_they_say():
    assert sanitise.picture(PNG, "image/png") == PNG
    assert sanitise.picture(drawn("JPEG", 3, 3), "image/jpeg")
    posing = ['"><script>alert(1)</script>', PNG + '" onload="alert(1)', "", None, ["x"]]
    posing += [base64.b64encode(b"<svg onload=alert(1)>").decode(), drawn("JPEG", 3, 3)]
    for data in posing:
        assert sanitise.picture(data, "image/png") == "", data


def test_a_picture_of_too_many_pixels_is_not_shown():
    assert sanitise.picture(drawn("PNG", 6000, 6000), "image/png") == ""
    assert sanitise.picture(drawn("PNG", 20_000, 20_000), "image/png") == ""  # what warns in Pillow


def output(data: dict, metadata: dict | None = None):
    new = nbformat.v4.new_output
    return new("display_data", data=data, metadata=metadata or {})


def cleaned(*outputs, source: str = "1", **metadata):
    cell = nbformat.v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)
    return sanitise.clean(nbformat.v4.new_notebook(cells=[cell])).cells[0]


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/javascript",
    "text/markdown", "text/latex", "application/pdf", "application/vnd.jupyter.widget-view+json",
    "application/x-unknown", "text/vnd.mermaid"])  # fmt: skip
def test_only_text_and_pictures_are_shown(kind):
    cell = cleaned(output({kind: "<script>alert(1)</script>", "text/plain": "plain"}))
    assert cell.outputs[0].data == {"text/plain": "plain"}
    cell = cleaned(output({kind: "<script>alert(1)</script>"}))
    assert cell.outputs[0].data == {"text/plain": f"[not shown: {kind}]"}


def test_a_picture_keeps_its_words_and_width():
    note = {"image/png": {"alt": "a dot", "width": 5, "height": "1 onload=alert(1)", "x": 1}}
    shown = cleaned(output({"image/png": PNG, "text/plain": "dot"}, note)).outputs[0]
    assert shown.data == {"image/png": PNG}
    assert shown.metadata == {"image/png": {"alt": "a dot", "width": 5}}
    note = {"image/png": {"width": "1 onload=alert(1)"}}
    shown = cleaned(output({"image/png": PNG, "text/plain": "dot"}, note)).outputs[0]
    assert shown.metadata == {"image/png": {"alt": "dot"}}


def test_metadata_is_nbgraders_or_nothing():
    note = {"grade_id": "test_x", "grade": True, "points": 2, "locked": True, "solution": False,
            "comment": "<b>", "score": "<b>"}  # fmt: skip
    cell = cleaned(nbgrader=note, tags=['"><script>'], magics_language="html")
    assert set(cell.metadata) == {"nbgrader"}
    assert set(cell.metadata.nbgrader) == {
        "grade_id", "grade", "points", "locked", "solution", "task", "schema_version"
    }  # fmt: skip
    assert cleaned(nbgrader=note | {"grade_id": '"><script>'}).metadata == {}


def test_a_cleaned_notebook_is_one_still():
    raw = nbformat.v4.new_raw_cell("```\n<script>", metadata={"raw_mimetype": "text/html"})
    notebook = nbformat.v4.new_notebook(cells=[raw, nbformat.v4.new_markdown_cell("a")])
    notebook.metadata.language_info = {"name": "<script>", "pygments_lexer": "<script>"}
    nbformat.validate(sanitise.clean(notebook))
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    assert "<script>" not in page


def test_the_students_name_is_text_in_the_formgrader():
    _, resources = sanitise.Sanitise().preprocess(
        nbformat.v4.new_notebook(), {"student": "<b>", "index": 1, "last_name": None}
    )
    assert resources == {"student": "&lt;b&gt;", "index": 1, "last_name": None}
