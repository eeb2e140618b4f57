"""Makes a hand-in's notebook harmless to look at: nothing in it runs in anybody's browser.

nbgrader_config.py gives `Sanitise` and `markdown` to nbconvert's HTMLExporter, so that they serve
the Formgrader's submission view as well as the feedback.
"""

import base64
import html
import io
import re
import secrets
import warnings
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from bleach.html5lib_shim import Filter
from bleach.sanitizer import Cleaner
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat.notebooknode import NotebookNode
from PIL import Image

LONGEST_TEXT = 100_000
"""Characters of one cell's source, or of one output, that a page shows."""
LONGEST_MARKDOWN = 20_000
LARGEST_PICTURE = 4_000_000
"""Bytes of a picture that a page shows."""
MOST_PIXELS = 25_000_000
MOST_OUTPUTS = 50

PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG"}
FLAGS = ("grade", "solution", "locked", "task")
NAME = re.compile(r"[\w.-]{1,100}")

COLOUR = r"\[(?:(?:[34]8;5;\d{1,3}|0?\d|2\d|[34][0-79]|9[0-7]|10[0-7])(?:;(?!m)|(?=m))){0,8}m"
COLOURS = re.compile(rf"\x1b{COLOUR}")
ESCAPES = re.compile(
    rf"\x1b(?:(?P<colour>{COLOUR})|\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.|$)", re.S
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
DIRECTIONS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Characters that show text in another order than it has, and so hide what code does."""


class Sanitise(Preprocessor):
    """Leaves of a notebook only what can be shown without harm."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clean a notebook, and those resources that a hand-in has a say in.

        nb         any notebook, however hostile
        resources  of the exporter; the student's name in the Formgrader's template is put in as is
        returns    both, the notebook changed in place
        """
        for key in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(key), str):
                resources[key] = html.escape(resources[key])
        return clean(nb), resources


def clean(notebook: NotebookNode) -> NotebookNode:
    """A notebook without scripts, markup of its own, links into the server, tags and metadata.

    notebook  any notebook, changed in place
    returns   the same: code cells with texts and verified pictures as outputs; Markdown cells,
              which `markdown` makes harmless; nbgrader's metadata and nothing else
    """
    notebook.metadata = NotebookNode(
        language_info=NotebookNode(name="python", pygments_lexer="ipython3")
    )
    kept = [c for c in notebook.cells if c.get("cell_type") in ("code", "markdown", "raw")]
    notebook.cells = [_cell(cell, number) for number, cell in enumerate(kept)]
    return notebook


def _cell(cell: NotebookNode, number: int) -> NotebookNode:
    source = text(cell.source)
    fresh = NotebookNode(id=f"cell-{number}", metadata=_metadata(cell), source=source)
    if cell.cell_type == "code":
        count = cell.get("execution_count")
        fresh.cell_type, fresh.execution_count = "code", count if type(count) is int else None
        fresh.outputs = [o for output in cell.outputs[:MOST_OUTPUTS] for o in _outputs(output)]
    else:
        fresh.cell_type = "markdown"
        if cell.cell_type == "raw":
            fresh.source = _fenced(source)
    return fresh


def _fenced(source: str) -> str:
    longest = max((len(run) for run in re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{source}\n{fence}"


def _metadata(cell: NotebookNode) -> NotebookNode:
    """What nbgrader's templates read, if it has the form that nbgrader writes."""
    found = cell.metadata.get("nbgrader")
    if not isinstance(found, dict) or not NAME.fullmatch(str(found.get("grade_id"))):
        return NotebookNode()
    note = NotebookNode({flag: found.get(flag) is True for flag in FLAGS})
    note.update(grade_id=found["grade_id"], schema_version=3)
    if isinstance(found.get("points"), int | float):
        note.points = float(found["points"])
    return NotebookNode(nbgrader=note)


def _outputs(output: NotebookNode) -> Iterator[NotebookNode]:
    """The output as text or picture; nothing if it has neither."""
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        yield NotebookNode(output_type="stream", name=name, text=text(output.text))
    elif kind == "error":
        lines = text("\n".join(map(str, output.traceback))).split("\n")
        name, value = text(output.ename), text(output.evalue)
        yield NotebookNode(output_type="error", ename=name, evalue=value, traceback=lines)
    elif kind in ("display_data", "execute_result"):
        data, metadata = _shown(output)
        yield NotebookNode(output_type="display_data", data=data, metadata=metadata)


def _shown(output: NotebookNode) -> tuple[NotebookNode, NotebookNode]:
    """One kind of data, and its metadata: a picture, else text."""
    for kind in PICTURES:
        found = picture(output.data.get(kind), kind)
        if found:
            return NotebookNode({kind: found}), NotebookNode({kind: _size_and_alt(output, kind)})
    plain = output.data.get("text/plain")
    said = text(plain) if isinstance(plain, str) else f"[not shown: {', '.join(output.data)}]"
    return NotebookNode({"text/plain": text(said)}), NotebookNode()


def _size_and_alt(output: NotebookNode, kind: str) -> NotebookNode:
    found = output.get("metadata", {}).get(kind)
    found = found if isinstance(found, dict) else {}
    alt = found.get("alt") or output.data.get("text/plain")
    note = NotebookNode(alt=text(alt)[:1000] if isinstance(alt, str) else "picture of the hand-in")
    width = found.get("width")
    if type(width) is int and 0 < width <= 2000:
        note.width = width
    return note


def text(raw: Any, longest: int = LONGEST_TEXT) -> str:
    """Text without control characters and escape sequences but colours, and not too long.

    raw      any text; something else counts as its `str`
    longest  characters that are kept
    returns  text; characters that turn the direction of reading are spelt out
    """
    whole = str(raw)
    said = ESCAPES.sub(lambda m: m[0] if m["colour"] else "", whole[:longest])
    said = DIRECTIONS.sub(lambda m: f"⟨U+{ord(m[0]):04X}⟩", CONTROLS.sub("", said))
    return said if len(whole) <= longest else f"{said}\n… {len(whole) - longest:,} characters more"


def picture(data: Any, kind: str) -> str:
    """A picture's base64 text, if it is what it says, and not too large.

    data     base64 text, or anything
    kind     "image/png" or "image/jpeg"
    returns  base64 text made anew, "" if it is no such picture
    """
    if not isinstance(data, str) or len(data) > LARGEST_PICTURE * 3 // 2:
        return ""
    try:
        raw = base64.b64decode("".join(data.split()), validate=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a bomb of pixels is a warning at first
            with Image.open(io.BytesIO(raw), formats=(PICTURES[kind],)) as image:
                width, height = image.size
    except Exception:  # a file that is no picture can make a decoder fail in any way
        return ""
    fits = len(raw) <= LARGEST_PICTURE and width * height <= MOST_PIXELS
    return base64.b64encode(raw).decode() if fits else ""


# ---- Markdown ------------------------------------------------------------------------------------

_TAGS = """
a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre
q s samp small span strong sub summary sup table tbody td th thead tr u ul var
"""
TAGS = frozenset(_TAGS.split())
HARMFUL = "#harmful-link"
"""What mistune makes of a link that would run something."""
LINK = re.compile(r"(https?://|mailto:|#)", re.I)
DATA = re.compile(r"data:(image/(?:png|jpeg));base64,([\w+/=\s]+)")
COLOUR_CLASS = re.compile(r"[a-z]{1,3}\d?|highlight")
MARK = f"formula-{secrets.token_hex(8)}"
PREFIX = "text-"
"""Before every name that a text gives itself, so that none is one of the page's own."""


def markdown(source: str) -> str:
    """Markdown as HTML without anything that runs, fetches or poses as part of the page.

    source   Markdown with formulas, HTML in it
    returns  HTML: formulas as MathML; links to other sites, to addresses and within the text;
             pictures that the text holds itself
    """
    renderer = _Renderer()
    rendered = MarkdownWithMath(renderer=renderer).render(text(source, LONGEST_MARKDOWN))
    cleaner = Cleaner(TAGS, _allowed, {"http", "https", "mailto", "data"}, True, filters=[_Names])
    cleaned: str = cleaner.clean(rendered)
    return re.sub(rf"{MARK}-(\d+)-", lambda m: renderer.formulas[int(m[1])], cleaned)


class _Renderer(IPythonRenderer):
    """nbconvert's, with formulas put aside: `MARK` stands for them until the rest is clean."""

    def __init__(self) -> None:
        super().__init__(escape=False, allow_harmful_protocols=False, exclude_anchor_links=True)
        self.formulas: list[str] = []

    def inline_math(self, body: str) -> str:
        return self._aside(body, "inline")

    def block_math(self, body: str) -> str:
        return self._aside(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        return self._aside(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    def block_mermaidjs(self, code: str) -> str:
        return f"<pre><code>{html.escape(code)}</code></pre>"

    def _embed_image_or_attachment(self, src: str) -> str:
        return src

    def _aside(self, tex: str, display: str) -> str:
        self.formulas.append(formula(tex, display))
        return f"{MARK}-{len(self.formulas) - 1}-"


def _allowed(tag: str, name: str, value: str) -> bool:
    """Whether an attribute may stay."""
    if MARK in value:  # what replaces the mark has quotes, and belongs between tags
        return False
    if name == "href":
        return tag == "a" and bool(LINK.match(value)) and value != HARMFUL
    if name == "src":
        found = DATA.fullmatch(value)
        return tag == "img" and found is not None and bool(picture(found[2], found[1]))
    if name == "class":
        return all(COLOUR_CLASS.fullmatch(word) for word in value.split())
    if name in ("colspan", "rowspan", "start", "width"):
        return value.isdecimal() and int(value) <= 2000
    return name in ("alt", "title", "id", "open")


class _Names(Filter):  # type: ignore[misc]
    """Sets the names that a text gives itself apart from the page's; no link tells who follows."""

    def __iter__(self) -> Iterator[Any]:
        for token in super().__iter__():
            names = token["data"] if token["type"] in ("StartTag", "EmptyTag") else {}
            for key, value in list(names.items()):
                if key[1] == "id":
                    names[key] = f"{PREFIX}{value}"
                elif key[1] == "href" and value.startswith("#"):
                    names[key] = f"#{PREFIX}{value[1:]}"
                elif key[1] == "href":
                    names[(None, "rel")] = "noopener noreferrer nofollow"
            yield token


_MATH_TAGS = """
math mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle msub msubsup msup mtable
mtd mtext mtr munder munderover
"""
_MATH_ATTRIBUTES = """
accent columnalign columnspacing depth display displaystyle fence form height largeop linethickness
lspace mathvariant maxsize minsize movablelimits rowspacing rspace scriptlevel separator stretchy
width
"""
MATH_TAGS, MATH_ATTRIBUTES = frozenset(_MATH_TAGS.split()), frozenset(_MATH_ATTRIBUTES.split())


def formula(tex: str, display: str) -> str:
    """A formula as MathML, which browsers draw without a script; as it was typed if that fails.

    tex      what stands between the dollars
    display  "inline" or "block"
    """
    from latex2mathml.converter import convert_to_element

    try:
        return _mathml(convert_to_element(tex, display=display))
    except Exception:  # a hand-in may hold any text, and the converter has many ways to fail
        return f"<code>{html.escape(tex)}</code>"


def _mathml(element: Element) -> str:
    """The element written out with what is known and harmless."""
    inside = html.escape(html.unescape(element.text or "")) + "".join(
        _mathml(child) + html.escape(html.unescape(child.tail or "")) for child in element
    )
    if element.tag not in MATH_TAGS:
        return inside
    known = {k: v for k, v in element.attrib.items() if k in MATH_ATTRIBUTES}
    attributes = "".join(f' {k}="{html.escape(v)}"' for k, v in known.items())
    return f"<{element.tag}{attributes}>{inside}</{element.tag}>"


def plain(source: str) -> str:
    """Text for an HTML page, colours of a terminal left out.

    returns  escaped text
    """
    return html.escape(COLOURS.sub("", text(source)))
