"""Every command, option, file and place that the instructor's guide names exists."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from nbgrader.apps.nbgraderapp import NbGraderApp

from descent.cli import main

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
CODE = re.findall(r"^ *```(?:sh)?\n(.*?)^ *```", GUIDE, re.M | re.S)
LINES = [line.split("#")[0].strip() for block in CODE for line in block.splitlines()]
COMMANDS = [*LINES, *re.findall(r"`([^`\n]+)`", GUIDE)]


def used(program: str) -> list[str]:
    """What the guide writes after a program's name."""
    found = [re.search(rf"(?:^|/| ){program} (.*)", line) for line in COMMANDS]
    return [match[1] for match in found if match]


def test_the_guide_is_read():
    assert len(used("descent")) > 8
    assert len(used("nbgrader")) > 6


@pytest.mark.parametrize("line", sorted(set(used("descent"))))
def test_our_commands_and_their_options_exist(line, capsys):
    command, *words = line.split()
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0, line
    said = capsys.readouterr().out
    for option in (word for word in words if word.startswith("--")):
        assert option in said, line


def test_options_in_tables_exist(capsys):
    options = re.findall(r"^\| `(--[a-z]+)", GUIDE, re.M)
    assert len(options) > 5
    with pytest.raises(SystemExit):
        main(["grade", "--help"])
    said = capsys.readouterr().out
    assert [option for option in options if option not in said] == []


@pytest.mark.parametrize("line", sorted(set(used("nbgrader"))))
def test_nbgraders_commands_exist(line):
    assert line.split()[0] in NbGraderApp.subcommands


def test_targets_of_make_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert {line.split()[0] for line in used("make")} <= targets


def test_groups_of_packages_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {group for line in COMMANDS for group in re.findall(r"-e '\.\[(\w+)\]'", line)}
    assert named
    assert named <= set(project["optional-dependencies"])


def test_files_of_the_repository_exist():
    named = set(
        re.findall(r"\b(docs/\w+|bootstrap\.py|nbgrader_config\.py|constraints\.txt)", GUIDE)
    )
    assert "docs/Containerfile" in named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_links_within_the_guide_lead_somewhere():
    headings = re.findall(r"^## (.*)$", GUIDE, re.M)
    places = {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}
    places |= set(re.findall(r'<a id="([^"]+)">', GUIDE))
    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= places


def test_the_probe_runs():
    (code,) = [m[1] for line in LINES if (m := re.fullmatch(r".venv/bin/python -c \"(.*)\"", line))]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip()


def test_every_status_is_explained():
    from descent.grading.judge import STATUSES

    assert re.findall(r"^\| `([a-z]+)` \|", GUIDE, re.M) == list(STATUSES)


def test_the_image_has_what_it_needs():
    lines = (ROOT / "docs" / "Containerfile").read_text(encoding="utf-8").splitlines()
    copied = [w for line in lines if line.startswith("COPY") for w in line.split()[1:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {"constraints.txt", "pyproject.toml", "descent"} <= set(copied)
