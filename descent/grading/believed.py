"""What of a hand-in's own messages is taken over: only what has the form of an answer.

The processes that run a hand-in could send anything. Points do not depend on it (seals do that).
"""

from typing import Any

Message = dict[str, Any]
STATES = {"ok", "error", "died", "late", "memory", "many", "late, ended"}
SHOWN = ("text/plain", "image/png", "image/jpeg")


def cell(result: Message) -> Message:
    """How a cell ran: its outputs, state and seconds."""
    outputs = result.get("outputs")
    kept = [_output(o) for o in outputs[:1000]] if isinstance(outputs, list) else []
    state = result.get("state")
    known = state if state in STATES else "error"
    return {"outputs": [o for o in kept if o], "state": known, "seconds": _number(result)}


def test(result: Message) -> Message:
    """How a test ran."""
    return {
        "passed": result.get("passed") is True,
        "kind": _text(result.get("kind"), 200),
        "message": _text(result.get("message"), 8000),
        "seal": _text(result.get("seal"), 64),
        "seconds": _number(result),
        "again": False,
    }


def flags(result: Message) -> list[str]:
    """What it says of tampering."""
    found = result.get("flags")
    return [_text(flag, 200) for flag in found[:20]] if isinstance(found, list) else []


def _output(output: Any) -> Message:
    if not isinstance(output, dict):
        return {}
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        trace = [_text(line, 4000) for line in lines[:80]] if isinstance(lines, list) else []
        ename, evalue = _text(output.get("ename"), 200), _text(output.get("evalue"), 2000)
        return {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": trace}
    data = output.get("data")
    if kind not in ("display_data", "execute_result") or not isinstance(data, dict):
        return {}
    shown = {mime: _text(data[mime]) for mime in SHOWN if mime in data}
    made: Message = {"output_type": kind, "data": shown, "metadata": {}}
    return made | ({"execution_count": None} if kind == "execute_result" else {})


def _text(value: Any, longest: int = 20_000_000) -> str:
    text = value if isinstance(value, str) else ""
    return text[:longest].encode("utf-8", "replace").decode()


def _number(result: Message) -> float:
    value = result.get("seconds")
    return float(value) if isinstance(value, (int, float)) and 0 <= value < 1e6 else 0.0
