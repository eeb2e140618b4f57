"""Looks a notebook over before it is handed in, and mends what can be mended."""

import sys
from collections.abc import Iterable
from pathlib import Path

from descent.student.doctor_case import Case
from descent.student.doctor_file import keep_copy, read_file, write_file
from descent.student.doctor_finding import ERROR, NOTE, WARNING, Finding
from descent.student.doctor_look import Look, look
from descent.student.doctor_mend import mended
from descent.student.doctor_trial import try_out
from descent.student.faults import StudentError


def run(root: Path, file: Path, fix: bool) -> int:
    """Say what is wrong with a notebook of exercises.

    root     the course's folder
    file     the notebook
    fix      whether to mend what can be mended; a copy of the file as it was is kept
    returns  0 if it can be handed in, 1 if there is something to mend, 2 if it can't be read
    """
    try:
        seen = look(root, read_file(file))
        if fix:
            seen = mend(root, seen)
        findings = [*seen.findings, *(_try_out(seen.case) if seen.case else ())]
    except StudentError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    errors = _tell(findings)
    return 1 if errors else 0


def _try_out(case: Case) -> list[Finding]:
    _say("running the notebook from top to bottom …")
    return try_out(case)


def mend(root: Path, seen: Look) -> Look:
    """Mend the file, say what was done, and look again."""
    done = [finding.mended for finding in seen.findings if finding.mended]
    if seen.case is None or not done:
        _say("there is nothing that --fix could mend")
        return seen
    path, pristine = seen.file.path, seen.case.pristine
    to = path.with_name(f"{pristine.chapter}.ipynb")
    if to.exists() and not to.samefile(path):
        to = path
    copy = keep_copy(path, to.stem if to == path else path.stem)
    write_file(to.resolve(), mended(seen.file, seen.case.match, pristine))
    if to.name != path.name:
        path.unlink()
    for line in done:
        _say(f"mended   {line}")
    _say(f"kept     the file as it was: {copy}")
    _say(f"         if {to.name} is open in JupyterLab: File → Reload Notebook from Disk\n")
    return look(root, read_file(to))


def _tell(findings: Iterable[Finding]) -> int:
    """Print findings, the worst first, and the verdict; the number of errors."""
    found = sorted(findings, key=lambda finding: (ERROR, WARNING, NOTE).index(finding.level))
    for finding in found:
        _say("\n".join(finding.lines()))
    errors = sum(finding.level == ERROR for finding in found)
    warnings = sum(finding.level == WARNING for finding in found)
    mendable = sum(bool(finding.mended) for finding in found)
    more = f", {_counted(warnings, 'warning')}" if warnings else ""
    more += f"; --fix mends {mendable} of all {len(found)}" if mendable else ""
    _say(f"{_counted(errors, 'thing')} to mend{more}" if errors else f"ready to hand in{more}")
    return errors


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
