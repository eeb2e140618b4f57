"""What several tests of grading share."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = """#!{python}
import os, sys
rest = sys.argv[sys.argv.index("graded-descent") + 2 :]
os.environ.update(TMPDIR={folder!r}, PYTHONPATH={root!r})
open({folder!r} + "/arguments", "w").write(" ".join(sys.argv[1:]))
os.execv({python!r}, [{python!r}, *rest])
"""


@pytest.fixture
def fake_engine(tmp_path, monkeypatch) -> Path:
    """A program in the place of docker: it runs here what would run in the container.

    returns  folder that takes the place of the container's /tmp
    """
    folder = tmp_path / "inside"
    folder.mkdir()
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "docker"
    script.write_text(ENGINE.format(python=sys.executable, folder=str(folder), root=str(ROOT)))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{Path(sys.executable).parent}")
    return folder
