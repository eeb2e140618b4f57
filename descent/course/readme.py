"""The table of chapters in README.md, read from the lectures' first cells."""

import re
from collections.abc import Iterable
from pathlib import Path

from descent.course.faults import Fault, course_error

PART = re.compile(r"(<!-- chapters -->\n).*?(<!-- /chapters -->)", re.DOTALL)
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
QUESTION = re.compile(r"^\*\*(.+?)\*\*$", re.MULTILINE | re.DOTALL)
MINUTES = re.compile(r"(\d+) minutes")


def updated(root: Path, names: Iterable[str]) -> str | None:
    """README.md with today's table between its two `chapters` comments.

    root     the course's folder
    names    names of all chapters
    returns  text of the file, None if there is no such file or it has no such comments
    raises   CourseError if a lecture's first cell has no title, question or minutes
    """
    path = root / "README.md"
    text = path.read_text("utf-8") if path.exists() else ""
    if not PART.search(text):
        return None
    rows = [row(root, name) for name in names]
    head = "| chapter | question | minutes | open |\n|---|---|---|---|\n"
    table = head + "".join(f"{r}\n" for r in rows)
    return PART.sub(lambda m: m[1] + table + m[2], text)


def row(root: Path, name: str) -> str:
    """One chapter's row of the table.

    root     the course's folder
    name     name of the chapter
    returns  a line of Markdown
    raises   CourseError if the lecture's first cell has no title, question or minutes
    """
    file = f"chapters/{name}/lecture.md"
    first = (root / file).read_text("utf-8").split("```", 1)[0]
    found = [pattern.search(first) for pattern in (TITLE, QUESTION, MINUTES)]
    if None in found:
        what = "the first cell needs `# title`, a line `**question?**` and `… minutes`; add it"
        raise course_error([Fault(file, 1, what)])
    title, question, minutes = (" ".join(match[1].split()) for match in found if match)
    graded = (root / "chapters" / name / "exercise.md").exists()
    exercises = f"[exercises](exercises/{name}.ipynb)" if graded else "no grade"
    links = [f"[lecture](lectures/{name}.ipynb)", exercises]
    return f"| {name[:2]} · {title} | {question} | {minutes} | {' · '.join(links)} |"
