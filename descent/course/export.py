"""Writes a lecture as one HTML page in which every explorable works, without kernel and network."""

import functools
import html
import json
import re
import time
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from nbconvert.filters import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat.notebooknode import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

import descent
from descent.course import notebooks, recorded, stamp
from descent.course.faults import CourseError
from descent.course.plan import Plan, read_plans, select
from descent.course.recorded import Recording
from descent.grading.sanitise import formula

PAGE = Path(__file__).parent / "export_page"
SHOWN = "image/png", "text/html", "text/plain"
"""Kinds of output that a page shows, the best one first."""


def export(file: Path, to: Path | None = None) -> Path:
    """Write a built lecture as one page; say where it is, and how large.

    file     lecture of a course, as the build wrote it, outputs included
    to       file of the page, by default beside the lecture
    returns  the page's file
    raises   CourseError if the file is no such lecture, or a cell fails
    """
    start = time.perf_counter()
    notebook, to = read_lecture(file), to or file.with_suffix(".html")
    recordings = recorded.recordings(notebook)
    text = page(notebook, recordings, file.name)
    notebooks.write(to, text)
    count = f"{len(recordings)} explorables, {len(text.encode()) / 1e6:.1f} MB"
    print(f"{to}: {count}, {time.perf_counter() - start:.0f} s")
    return to


def read_lecture(file: Path) -> NotebookNode:
    """A lecture whose code may be run again, as it is the course's own.

    file     of the notebook; its course is the folder upwards that has chapters/
    returns  the notebook
    raises   CourseError if its cells are not those of the chapter, or it was not run
    """
    if not file.is_file():
        raise CourseError(f"there is no file {file}; name a lecture: lectures/<chapter>.ipynb")
    root = next((f for f in file.resolve().parents if (f / "chapters").is_dir()), None)
    if root is None:
        raise CourseError(f"{file} is in no course: no folder above it has chapters/")
    [name] = select(root, [file.stem])
    plans, errors = read_plans(root, [name])
    if errors:
        raise errors[0]
    found = stamp.load(file)
    if found is None:
        raise CourseError(f"{file} can't be read as a notebook; run: descent build {name}")
    _judge(file, found, plans[0])
    notebook: NotebookNode = nbformat.from_dict(found)
    return notebook


def _judge(file: Path, found: dict[str, Any], plan: Plan) -> None:
    """Raise CourseError unless these are the chapter's cells, with outputs."""
    rebuild = f"run: descent build {plan.name}"
    if stamp.stamp(found) != stamp.built(plan.lecture):
        if stamp.edited(found):
            raise CourseError(f"{file} has edits; move it away, then {rebuild}")
        raise CourseError(f"{file} is not what chapters/{plan.name} says; {rebuild}")
    code = [cell for cell in found["cells"] if cell["cell_type"] == "code"]
    if any(c["execution_count"] is None and "".join(c["source"]).strip() for c in code):
        raise CourseError(f"{file} lacks outputs; remove it, then {rebuild}")
    if any(o["output_type"] == "error" for cell in code for o in cell["outputs"]):
        raise CourseError(f"{file} has a cell that failed; remove it, then {rebuild}")


def page(notebook: NotebookNode, recordings: dict[str, Recording], name: str) -> str:
    """The whole page.

    notebook    executed lecture
    recordings  id of a cell -> what its explorable can show
    name        of the notebook's file
    """
    text = _Text()
    parts = [part for cell in notebook.cells for part in _parts(cell, recordings, text)]
    templates = Environment(
        loader=FileSystemLoader(PAGE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return templates.get_template("page.html.j2").render(
        title=text.title or name,
        headings=text.headings,
        parts=parts,
        name=name,
        version=descent.__version__,
        styles=[Markup((PAGE / "page.css").read_text("utf-8")), Markup(_colours())],
        script=Markup((PAGE / "player.js").read_text("utf-8")),
    )


def _parts(
    cell: NotebookNode, recordings: dict[str, Recording], text: "_Text"
) -> list[dict[str, Any]]:
    """What the page shows of a cell, in order."""
    source = "".join(cell.source)
    if cell.cell_type != "code":
        return [{"kind": "text", "html": Markup(text.render(source))}]
    made = [{"kind": "code", "html": Markup(_highlighted(source))}]
    if cell.id in recordings:
        return [*made, _explorable(recordings[cell.id])]
    return [*made, *(_output(output) for output in cell.outputs)]


def _output(output: NotebookNode) -> dict[str, Any]:
    if output.output_type == "stream":
        return _printed("".join(output.text))
    data = {kind: "".join(output.data[kind]) for kind in SHOWN if kind in output.data}
    if "image/png" in data:
        note = output.metadata["image/png"]
        return {"kind": "picture", "png": data["image/png"].strip(), **note}
    if "text/html" in data:
        return {"kind": "text", "html": Markup(data["text/html"])}
    return _printed(data["text/plain"])


def _printed(said: str) -> dict[str, Any]:
    return {"kind": "output", "html": Markup(ansi2html(said))}


def _explorable(recording: Recording) -> dict[str, Any]:
    """The start as a picture that needs no script, and the rest as JSON."""
    [_, _, _, start], *others = recording["frames"]
    rest = recording | {"frames": [[-1, 0, 0, ""], *others]}
    sentence = recording["sentences"][recording["states"][0][-2]]
    return {
        "kind": "explorable",
        "title": recording["title"],
        "size": recording["size"],
        "webp": start,
        "alt": sentence,
        "settings": f"{'all ' * recording['complete']}{len(recording['states'])}",
        "complete": recording["complete"],
        "json": Markup(json.dumps(rest, ensure_ascii=False).replace("<", "\\u003c")),
    }


def _highlighted(source: str) -> str:
    coloured: str = highlight(source, get_lexer_by_name("ipython3"), HtmlFormatter(nowrap=True))
    return coloured


@functools.cache
def _colours() -> str:
    """Style sheet of highlighted code, for light and for dark pages."""
    light = HtmlFormatter(style="default").get_style_defs(".code")
    light += "\n.code .ow, .code .nd { color: #7a1fc2 }"  # for a contrast of 4.5 : 1
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"


# ---- Markdown ------------------------------------------------------------------------------------


class _Text:
    """Renders the Markdown cells of a page, and remembers its headings.

    headings  level, id and HTML of each but the title
    title     text of the first heading
    """

    def __init__(self) -> None:
        self.headings: list[tuple[int, str, Markup]] = []
        self.title = ""
        self._ids: set[str] = set()

    def render(self, source: str) -> str:
        """HTML, formulas as MathML."""
        rendered: str = MarkdownWithMath(renderer=_Renderer(self)).render(source)
        return rendered

    def name(self, said: str, level: int) -> str:
        """The id of a heading, which is remembered.

        said   HTML of the heading
        """
        plain = html.unescape(re.sub(r"<[^>]+>", "", said))
        base = re.sub(r"\W+", "-", plain.lower()).strip("-") or "section"
        fresh = base
        while fresh in self._ids:
            fresh = f"{base}-{len(self._ids)}"
        self._ids.add(fresh)
        if self.title:
            self.headings.append((level, fresh, Markup(said)))
        self.title = self.title or plain
        return fresh


class _Renderer(IPythonRenderer):
    """nbconvert's, with formulas as MathML, and links that lead somewhere from a page."""

    def __init__(self, text: _Text) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self._text = text

    def heading(self, text: str, level: int, **_: Any) -> str:
        return f'<h{level} id="{self._text.name(text, level)}">{text}</h{level}>\n'

    def inline_math(self, body: str) -> str:
        return formula(body, "inline")

    def block_math(self, body: str) -> str:
        return f'<div class="formula">{formula(body, "block")}</div>'

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if match := re.fullmatch(r"(\d\d_\w+)\.ipynb(#.*)?", url):
            return f'<a href="{match[1]}.html{match[2] or ""}">{text}</a>'
        if match := re.fullmatch(r"\.\./(\w+/\w+\.ipynb)(#.*)?", url):
            return f'{text} (<span class="file">{match[1]}</span>)'
        return super().link(text, url, title)
