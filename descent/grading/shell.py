"""IPython without a terminal, a kernel or a history: runs cells, keeps what they show."""

import base64
import contextlib
import io
import sys
import types
from collections.abc import Callable
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

SHOWN = ("text/plain", "image/png", "image/jpeg")
"""Of what a hand-in displays, what can't run anything in a browser."""
Output = dict[str, Any]


class Shell:
    """Runs cells in one namespace, `__main__`."""

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.autocall = 0
        config.InteractiveShell.enable_tip = False
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self.names = vars(module)
        self._kept = Kept(0)
        _Shell.kept = self._kept
        self._shell: Any = _Shell.instance(config=config, user_module=module, user_ns=self.names)
        self._shell.run_line_magic("matplotlib", "inline")

    def run(self, source: str, files: dict[str, str], keep: int) -> tuple[str, list[Output]]:
        """Run a cell.

        files    name of its file -> its text is put in, also of a cell that fails
        keep     bytes of output to keep
        returns  "ok" or "error", and its outputs in nbformat's form
        """
        self._kept.start(keep)
        name = self._shell.compile.cache
        self._shell.compile.cache = _noting(name, files)
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Stream("stdout", self._kept), _Stream("stderr", self._kept)
        try:
            result = self._shell.run_cell(source, store_history=True)
        finally:
            sys.stdout, sys.stderr = before
            self._shell.compile.cache = name
        return ("ok" if result.success else "error"), self._kept.outputs


class Kept:
    """Outputs of one cell, as many as there is room for."""

    def __init__(self, room: int) -> None:
        self.start(room)

    def start(self, room: int) -> None:
        """Begin a cell whose outputs may take so many bytes."""
        self.outputs: list[Output] = []
        self._room = room
        self._full = False

    def text(self, name: str, text: str) -> None:
        """Add printed text."""
        text = text[: self._take(len(text))]
        if text and self.outputs and self.outputs[-1].get("name") == name:
            self.outputs[-1]["text"] += text
        elif text:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def shown(self, data: dict[str, Any], result: int = 0) -> None:
        """Add what was displayed, of the kinds that are safe to show."""
        safe = {kind: _as_text(data[kind]) for kind in SHOWN if kind in data}
        size = sum(map(len, safe.values()))
        if not safe or self._take(size) < size:
            return
        output: Output = {"output_type": "display_data", "data": safe, "metadata": {}}
        if result:
            output |= {"output_type": "execute_result", "execution_count": result}
        self.outputs.append(output)

    def error(self, name: str, text: str, lines: list[str]) -> None:
        """Add an error; its place is kept even where the room is used up."""
        trace = [line[:2000] for line in lines][-60:]
        self.outputs.append(
            {"output_type": "error", "ename": name[:200], "evalue": text[:2000], "traceback": trace}
        )

    def _take(self, size: int) -> int:
        given = min(size, self._room)
        self._room -= given
        if given < size and not self._full:
            self._full = True
            note = "\n[the rest of this output was too long to be kept]\n"
            self.outputs.append({"output_type": "stream", "name": "stdout", "text": note})
        return given


def _as_text(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


class _Stream(io.TextIOBase):
    encoding = "utf-8"

    def __init__(self, name: str, kept: Kept) -> None:
        self.name, self._kept = name, kept

    def write(self, text: str) -> int:
        self._kept.text(self.name, str(text))
        return len(text)

    def writable(self) -> bool:
        return True


class _Publisher(DisplayPublisher):
    def publish(self, data: Any, *_: Any, **options: Any) -> None:
        _Shell.kept.shown(dict(data))


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        _Shell.kept.shown(dict(format_dict), self.prompt_count)


class _Shell(InteractiveShell):
    kept: Kept
    displayhook_class = _Hook
    display_pub_class = _Publisher

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        _Shell.kept.error(getattr(etype, "__name__", "Error"), str(evalue), list(stb))

    def init_io(self) -> None:
        pass

    def _tee(self, channel: str) -> Any:
        """IPython 9 keeps all that is printed, without end, for its history; here `Kept` does."""
        return contextlib.nullcontext()

    def enable_gui(self, gui: Any = None) -> None:
        pass

    def ask_exit(self) -> None:
        pass

    def system(self, cmd: str) -> None:
        raise OSError(f"commands of the system are not run when a hand-in is graded: !{cmd[:80]}")


def _noting(cache: Callable[..., str], files: dict[str, str]) -> Callable[..., str]:
    """The compiler's naming of cells, that notes the text under each name."""

    def note(transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        name = cache(transformed_code, number, raw_code)
        files[name] = transformed_code
        return name

    return note
