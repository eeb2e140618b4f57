"""Brings parts of a notebook into the form that the notebook format demands."""

import json
import re
from collections.abc import Callable
from typing import Any

from descent.student.pristine import Raw, text_of

ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
KINDS = ("code", "markdown", "raw")
JSON = re.compile(r"application/(.*\+)?json")
Fits = Callable[[Any], object]
METADATA: dict[str, Fits] = {
    "collapsed": lambda v: isinstance(v, bool),
    "scrolled": lambda v: isinstance(v, bool) or v == "auto",
    "name": lambda v: isinstance(v, str) and re.match(".+$", v),
    "format": lambda v: isinstance(v, str),
    "jupyter": lambda v: isinstance(v, dict),
    "execution": lambda v: isinstance(v, dict) and all(isinstance(t, str) for t in v.values()),
    "tags": lambda v: (
        isinstance(v, list)
        and all(isinstance(t, str) and t and "," not in t for t in v)
        and len(set(v)) == len(v)
    ),
}
NOTEBOOK: dict[str, Fits] = {
    "title": lambda v: isinstance(v, str),
    "authors": lambda v: isinstance(v, list),
    "orig_nbformat": lambda v: _is_count(v) and v > 0,
}
OUTPUTS: dict[str, dict[str, Fits]] = {
    "execute_result": {
        "data": lambda v: _is_bundle(v),
        "metadata": lambda v: isinstance(v, dict),
        "execution_count": lambda v: v is None or _is_count(v),
    },
    "display_data": {
        "data": lambda v: _is_bundle(v),
        "metadata": lambda v: isinstance(v, dict),
    },
    "stream": {"name": lambda v: isinstance(v, str), "text": lambda v: _is_text(v)},
    "error": {
        "ename": lambda v: isinstance(v, str),
        "evalue": lambda v: isinstance(v, str),
        "traceback": lambda v: isinstance(v, list) and all(isinstance(t, str) for t in v),
    },
}


def tidy(raw: Raw, kind: str) -> Raw:
    """A cell without its id: what the format has for this kind of cell, and nothing else.

    raw   cell in format 4, however damaged
    kind  "code", "markdown" or "raw"; anything else gives "raw"
    """
    kind = kind if kind in KINDS else "raw"
    cell: Raw = {"cell_type": kind, "metadata": _metadata(raw.get("metadata"))}
    source = raw.get("source")
    cell["source"] = source if _is_text(source) else text_of(raw)
    if kind == "code":
        cell |= ran(raw)
    elif _is_attached(raw.get("attachments")):
        cell["attachments"] = raw["attachments"]
    return cell


def ran(raw: Raw) -> Raw:
    """What running a cell left in it."""
    outputs, count = raw.get("outputs"), raw.get("execution_count")
    outputs = outputs if isinstance(outputs, list) else []
    return {
        "outputs": [output for output in outputs if _is_output(output)],
        "execution_count": count if _is_count(count) else None,
    }


def is_tidy(raw: Raw) -> bool:
    """Whether a cell, its id aside, is as the format demands."""
    kind = raw.get("cell_type")
    body = {key: value for key, value in raw.items() if key != "id"}
    return kind in KINDS and tidy(raw, str(kind)) == body


def is_id(value: object) -> bool:
    """Whether this can be the id of a cell."""
    return isinstance(value, str) and ID.fullmatch(value) is not None


def tidy_notebook(metadata: Raw, pristine: Raw) -> Raw:
    """Metadata of a notebook, what is missing or wrong in it taken from the pristine one."""
    fit = {k: v for k, v in metadata.items() if k not in NOTEBOOK or NOTEBOOK[k](v)}
    found = {**pristine, **fit}
    if not is_python(found):
        found |= {key: pristine[key] for key in ("kernelspec", "language_info") if key in pristine}
    return found


def is_python(metadata: Raw) -> bool:
    """Whether a notebook says that it is in Python, in the form that is right."""
    kernel, language = metadata.get("kernelspec"), metadata.get("language_info")
    if not isinstance(kernel, dict) or not isinstance(language, dict):
        return False
    texts = [kernel.get("name"), kernel.get("display_name"), language.get("name")]
    texts += [language.get(key, "") for key in ("file_extension", "mimetype", "pygments_lexer")]
    modes = isinstance(language.get("codemirror_mode", ""), str | dict)
    fit = modes and all(isinstance(text, str) for text in texts)
    return fit and kernel.get("language", "python") == language["name"] == "python"


def size(value: object) -> int:
    """Bytes that it takes in a file, about."""
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _metadata(found: Any) -> Raw:
    found = found if isinstance(found, dict) else {}
    return {k: v for k, v in found.items() if k not in METADATA or METADATA[k](v)}


def _is_output(output: Any) -> bool:
    parts = OUTPUTS.get(str(output.get("output_type"))) if isinstance(output, dict) else None
    if parts is None or output.keys() != {"output_type", *parts}:
        return False
    return all(fits(output[key]) for key, fits in parts.items())


def _is_bundle(data: Any) -> bool:
    return isinstance(data, dict) and all(
        _is_text(value) or JSON.fullmatch(key) for key, value in data.items()
    )


def _is_attached(found: Any) -> bool:
    return isinstance(found, dict) and all(map(_is_bundle, found.values()))


def _is_text(value: Any) -> bool:
    lines = value if isinstance(value, list) else [value]
    return all(isinstance(line, str) for line in lines)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
