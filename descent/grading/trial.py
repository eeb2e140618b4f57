"""A small hand-in of our own whose marks are known: whether a runner works is tried with it."""

import hashlib
import hmac
from typing import Any

KEY = "00" * 32
CELLS = (
    ("locked", "", "import torch\nfrom descent import check"),
    ("solution", "double", "def double(x):\n    return 2 * x"),
    ("test", "double", "check.close(double(torch.ones(3)), torch.full((3,), 2.0))"),
    ("solution", "half", "def half(x):\n    return x"),
    ("test", "half", "check.close(half(torch.ones(3)), torch.full((3,), 0.5))"),
)
LIMITS = {"cell": 30.0, "notebook": 60.0, "memory": 2_000_000_000, "output": 10_000}


def job() -> dict[str, Any]:
    """One right and one wrong answer."""
    cells = [
        {"key": str(number), "role": role, "name": name, "source": source}
        for number, (role, name, source) in enumerate(CELLS)
    ]
    keys = {"double": KEY, "half": KEY}
    return {"cells": cells, "keys": keys, "limits": LIMITS, "data": {}}


def works(zygote: Any) -> bool:
    """Whether the right answer passes, the wrong one fails, and nothing is flagged."""
    outcome = zygote.run(job())
    tests = outcome.get("tests", {})
    seal = hmac.new(bytes.fromhex(KEY), b"double|passed", hashlib.sha256).hexdigest()
    right, wrong = tests.get("double", {}), tests.get("half", {})
    fair = right.get("seal") == seal and wrong.get("kind") == "CheckFailed"
    return fair and not wrong.get("seal") and not outcome.get("flags")
