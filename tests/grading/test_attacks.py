"""Hand-ins that attack: what must come out, one by one, from a warm start.

Three things must hold for each: it ends; no exercise gets points that its answer does not earn;
and unless it was caught at tampering, the answers that are right keep theirs.
"""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from descent.grading import pieces, run, sandbox
from tests.grading.rooms import PAPER, job, passed, printed

pytestmark = pytest.mark.skipif(
    bool(sandbox.probe()), reason=f"hand-ins cannot be isolated here: {sandbox.probe()}"
)
RIGHT = set(PAPER)
WRONG = "def tlu(x, w, b):\n    return torch.zeros(1)\n"


@pytest.fixture(scope="module")
def room() -> Iterator[run.Runner]:
    with run.runner("warm") as found:
        assert isinstance(found, run.Warm)
        yield found


def grade(room, answers=None, added=(), **limits):
    sent = job(answers, added, **limits)
    outcome = room.run(sent)
    assert not outcome["error"]
    return passed(sent, outcome), outcome


# ---- nothing at all, and what is wrong without malice --------------------------------------------


def test_the_solutions_pass_and_nothing_is_flagged(room):
    got, outcome = grade(room)
    assert got == RIGHT
    assert outcome["flags"] == []
    assert outcome["deaths"] == {}


def test_a_wrong_answer_fails_alone_and_is_told_why(room):
    got, outcome = grade(room, {"tlu": WRONG})
    assert got == RIGHT - {"tlu"}
    assert outcome["tests"]["tlu"]["kind"] == "CheckFailed"
    assert "tlu" in outcome["tests"]["tlu"]["message"]
    assert outcome["flags"] == []


def test_a_syntax_error_costs_one_exercise(room):
    got, outcome = grade(room, {"tlu": "def tlu(x, w, b:\n    return"})
    assert got == RIGHT - {"tlu"}
    assert "SyntaxError" in str(outcome["cells"])


INNOCENT = {
    "prints an error": "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n"
    "    traceback.print_exc()\n    print(traceback.format_exc())",
    "looks at sources": "import inspect\ndef f(x: int = 3) -> int:\n    return x\n"
    "print(inspect.signature(f), inspect.getsource(f))",
    "logs": "import logging\nlogging.warning('hello')\nlogging.getLogger('a').error('b')",
    "draws": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "defines data classes": "from dataclasses import dataclass\nfrom typing import NamedTuple\n"
    "from enum import Enum\n@dataclass\nclass P:\n    x: int = 1\n"
    "class Q(NamedTuple):\n    a: int\n"
    "class C(Enum):\n    RED = 1\nprint(P(), Q(1), C.RED)",
    "has a thread pool": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(2) as pool:\n    print(list(pool.map(abs, [-1, 2])))",
    "measures": "%timeit -n1 -r1 torch.ones(3).sum()",
    "warns": "import warnings\nwarnings.warn('look out')",
    "trains": "net = torch.nn.Linear(2, 1)\nopt = torch.optim.Adam(net.parameters())\n"
    "net(torch.ones(4, 2)).sum().backward()\nopt.step()",
    "has a module of its own": "class MyLayer(torch.nn.Module):\n    def forward(self, x):\n"
    "        return x\nMyLayer()(torch.ones(1))",
    "collects garbage": "import gc\ngc.collect()",
    "uses pandas-like names": "signal = torch.ones(3)\nprint(signal)",
    "writes a file": "open('notes.txt', 'w').write('x')\nprint(open('notes.txt').read())",
    "uses two threads": "torch.set_num_threads(2)\ntorch.ones(500, 500) @ torch.ones(500, 500)",
}


@pytest.mark.parametrize("source", INNOCENT.values(), ids=INNOCENT)
def test_innocent_code_is_not_accused(room, source):
    got, outcome = grade(room, added=[source])
    assert outcome["flags"] == []
    assert got == RIGHT
    assert "error" not in {cell["state"] for cell in outcome["cells"].values()}, printed(outcome)


MESS = {
    "default dtype": "torch.set_default_dtype(torch.float64)",
    "no gradients": "torch.set_grad_enabled(False)",
    "another folder": "import os, tempfile\nos.chdir(tempfile.mkdtemp())",
    "a seed": "torch.manual_seed(7)",
    "names bound anew": "torch = None; Tensor = 3; check = 'mine'; sum = 0; len = 1; print = None",
    "threads left running": "import threading, time\nfor _ in range(20):\n"
    "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "a process left running": "import subprocess\nsubprocess.Popen(['sleep', '600'])",
    "a deep stack": "import sys\nsys.setrecursionlimit(100)",
    "an alarm": "import numpy as np\nnp.seterr(all='raise')",
    "an exit": "import sys\nsys.exit()",
    "quit": "quit()",
    "the working folder removed": "import os, shutil\nshutil.rmtree(os.getcwd(), True)",
    "standard output closed": "import sys, os\nsys.stdout.close()\nos.close(1)\nos.close(2)",
    "standard output replaced": "import sys, io\nsys.stdout = io.StringIO()",
}


@pytest.mark.parametrize("source", MESS.values(), ids=MESS)
def test_a_mess_costs_no_other_exercise_its_marks(room, source):
    answer = "def tlu(x, w, b):\n    return 0\n" + source
    got, outcome = grade(room, {"tlu": answer})
    assert outcome["flags"] == []
    assert got == RIGHT - {"tlu"}


# ---- what ends, hangs or swells ------------------------------------------------------------------

ENDS = {
    "os._exit": "import os\nos._exit(0)",
    "kills itself": "import os\nos.kill(os.getpid(), 9)",
    "kills its parent": "import os\nos.kill(os.getppid(), 9)\nos.kill(1, 9)\nos._exit(1)",
    "kills all": "import os\nos.kill(-1, 9)",
    "a crash": "import os\nos.abort()",
    "an endless loop": "while True:\n    pass",
    "a loop that swallows the interrupt": "while True:\n    try:\n        while True:\n"
    "            pass\n    except BaseException:\n        pass",
    "sleep": "import time\ntime.sleep(1000)",
    "memory": "x = []\nwhile True:\n    x.append(bytearray(50_000_000))",
    "recursion": "def f():\n    return f()\nf()",
    "a huge tensor": "torch.ones(10**12)",
    "memory in children": "import os, time\nfor _ in range(40):\n    if os.fork() == 0:\n"
    "        x = bytearray(100_000_000)\n        time.sleep(100)\ntime.sleep(100)",
    "a fork bomb": "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n"
    "        pass",
    "a full disk": "i = 0\nwhile True:\n    i += 1\n    open(f'f{i}', 'wb').write(bytes(10**7))",
    "many files": "i = 0\nwhile True:\n    i += 1\n    open(f'f{i}', 'w').close()",
    "a flood of output": "while True:\n    print('x' * 10_000)",
    "a flood past Python": "import os\nfor _ in range(10**5):\n    os.write(1, b'x' * 10_000)",
    "junk on every line": "import os\nfor n in range(3, 60):\n    try:\n"
    "        os.write(n, b'\\x00\\x00\\x00\\x02{}' * 50)\n    except OSError:\n        pass",
    "every line closed": "import os\nos.closerange(0, 200)",
    "a length that never comes": "import os\nfor n in range(3, 60):\n    try:\n"
    "        os.write(n, b'\\x00\\xff\\xff\\xff')\n    except OSError:\n        pass",
}


@pytest.mark.parametrize("source", ENDS.values(), ids=ENDS)
def test_what_ends_or_hangs_when_it_is_defined_costs_only_itself(room, source):
    answer = "def tlu(x, w, b):\n    return 0\n" + source
    start = time.monotonic()
    got, outcome = grade(room, {"tlu": answer}, cell=6.0, notebook=60.0)
    assert time.monotonic() - start < 90
    assert got == RIGHT - {"tlu"}, outcome
    assert set(outcome["deaths"]) <= {"tlu"}


@pytest.mark.parametrize("source", ENDS.values(), ids=ENDS)
def test_what_ends_or_hangs_when_it_is_tested_costs_only_itself(room, source):
    body = "\n".join("    " + line for line in source.splitlines())
    answer = f"def tlu(x, w, b):\n{body}\n    return 0\n"
    start = time.monotonic()
    got, outcome = grade(room, {"tlu": answer}, cell=6.0, notebook=60.0)
    assert time.monotonic() - start < 90
    assert got == RIGHT - {"tlu"}, outcome
    assert set(outcome["deaths"]) <= {"tlu"}


def test_a_death_among_the_added_cells_costs_nothing_else(room):
    got, outcome = grade(room, added=["x = 1", "import os\nos._exit(3)", "y = x + 1\nprint(y)"])
    assert got == RIGHT
    assert outcome["deaths"][""].startswith("ended the process")
    assert "2" in printed(outcome)


def test_output_is_kept_only_up_to_its_limit(room):
    _, outcome = grade(room, added=["print('x' * 10**8)"], output=10_000)
    assert len(printed(outcome)) < 11_000
    assert "too long" in printed(outcome)


# ---- points that were not earned -----------------------------------------------------------------

UNEARNED = {
    "check.close replaced": "check.close = lambda *a, **k: None",
    "all of check replaced": "for n in dir(check):\n    if callable(getattr(check, n)):\n"
    "        setattr(check, n, lambda *a, **k: None)",
    "check replaced in sys.modules": "import sys, types\nsys.modules['descent.check'] = "
    "types.SimpleNamespace(**{n: (lambda *a, **k: None) for n in dir(check)})",
    "code of check.close replaced": "def nothing(*a, **k): pass\n"
    "check.close.__code__ = nothing.__code__",
    "check's helper replaced": "check._difference = lambda *a, **k: None\n"
    "import descent.check as c\nc._equal = lambda *a: torch.ones(1, dtype=torch.bool)",
    "check's tolerance": "check.TOLERANCE.clear()\n"
    "for d in (torch.float32, torch.float64, torch.int64):\n    check.TOLERANCE[d] = (1e9, 1e9)",
    "torch.allclose": "torch.allclose = lambda *a, **k: True\ntorch.equal = torch.allclose",
    "Tensor.isclose": "torch.Tensor.isclose = lambda s, o, **k: torch.ones_like(o).bool()",
    "Tensor.__eq__": "torch.Tensor.__eq__ = lambda s, o: torch.ones(2).bool()",
    "Tensor.all": "torch.Tensor.all = lambda *a, **k: torch.tensor(True)",
    "Tensor.shape": "torch.Tensor.shape = property(lambda s: torch.Size([4]))",
    "builtins.isinstance": "import builtins\nbuiltins.isinstance = lambda *a: True",
    "builtins.all": "import builtins\nbuiltins.all = builtins.any = lambda *a: True",
    "builtins.AssertionError": "import builtins\nbuiltins.AssertionError = Exception",
    "import system": "import builtins\noriginal = builtins.__import__\n"
    "def mine(name, *a, **k):\n    import types\n    return types.SimpleNamespace() "
    "if 'check' in name else original(name, *a, **k)\nbuiltins.__import__ = mine",
    "a finder": "import sys\nclass F:\n    def find_spec(self, *a):\n        return None\n"
    "sys.meta_path.insert(0, F())",
    "an AST transformer": "import ast\nclass T(ast.NodeTransformer):\n"
    "    def visit_Call(self, node):\n        return ast.Constant(None)\n"
    "get_ipython().ast_transformers.append(T())",
    "an input transformer": "get_ipython().input_transformers_cleanup.append(lambda lines: [])",
    "an event of IPython": "get_ipython().events.register('pre_run_cell', lambda *a: None)",
    "an error handler of IPython": "get_ipython().set_custom_exc((Exception,), lambda *a: None)",
    "run_cell replaced": "type(get_ipython()).run_cell = lambda *a, **k: None",
    "sys.displayhook": "import sys\nsys.displayhook = lambda *a: None",
    "sys.excepthook": "import sys\nsys.excepthook = lambda *a: None",
    "sys.exit": "import sys\nsys.exit = lambda *a: None",
    "sources that lie": "import linecache\nlinecache.getlines = lambda *a, **k: []",
    "a trace": "import sys\nsys.settrace(lambda *a: None)",
    "an audit hook": "import sys\nsys.addaudithook(lambda *a: None)",
    "random numbers that are known": "torch.randn = lambda *s, **k: torch.zeros(*s)",
    "os.fork": "import os\nos.fork = lambda: 0",
    "hooks at fork": "import os\nos.register_at_fork(after_in_child=lambda: print('here'))",
    "hmac": "import hmac\nhmac.new = hmac.digest = hmac.compare_digest = lambda *a, **k: b''",
    "json": "import json\njson.dumps = lambda *a, **k: '{\"passed\": true}'",
    "the guard": "import descent.grading.guard as g\ng.canaries = lambda *a: []\n"
    "g.Seal.restore = lambda self: []",
    "the room": "import descent.grading.student as s\n"
    "s.Room._test = lambda *a: {'passed': True, 'kind': '', 'message': '', 'flags': []}",
    "a fake message": "import os, json\nm = json.dumps({'passed': True, 'kind': '', 'flags': [], "
    "'message': '', 'seal': '0' * 64}).encode()\nfor n in range(3, 40):\n    try:\n"
    "        os.write(n, len(m).to_bytes(4, 'big') + m)\n    except OSError:\n        pass",
    "native code": "import ctypes\nctypes.pythonapi.Py_IncRef(ctypes.py_object(check))",
    "all objects": "import gc\nfor o in gc.get_objects():\n    pass",
}


@pytest.mark.parametrize("source", UNEARNED.values(), ids=UNEARNED)
def test_no_points_for_a_patch_when_it_is_defined(room, source):
    got, outcome = grade(room, {"tlu": source + "\n" + WRONG}, cell=5.0)
    assert "tlu" not in got, outcome["flags"]
    assert got <= RIGHT


@pytest.mark.parametrize("source", UNEARNED.values(), ids=UNEARNED)
def test_no_points_for_a_patch_when_it_is_tested(room, source):
    body = "\n".join("    " + line for line in source.splitlines())
    answer = f"def tlu(x, w, b):\n{body}\n    return torch.zeros(1)\n"
    got, outcome = grade(room, {"tlu": answer}, cell=5.0)
    assert "tlu" not in got, outcome["flags"]


PRETENDERS = {
    "a tensor that equals all": "class E(torch.Tensor):\n    @classmethod\n"
    "    def __torch_function__(cls, f, types, args=(), kwargs=None):\n"
    "        return torch.ones(3, dtype=torch.bool)\n"
    "def tlu(x, w, b):\n    return torch.zeros(len(x), dtype=torch.int64).as_subclass(E)",
    "a class that claims to be a tensor": "class E:\n"
    "    __class__ = property(lambda s: torch.Tensor)\n"
    "    def __getattr__(self, name):\n        return lambda *a, **k: True\n"
    "def tlu(x, w, b):\n    return E()",
    "a number that equals all": "class E(int):\n    def __eq__(self, other):\n        return True\n"
    "    __hash__ = None\ndef tlu(x, w, b):\n    return E(1)",
    "frames": "import sys\ndef tlu(x, w, b):\n    f = sys._getframe(1)\n"
    "    f.f_globals['check'] = None\n    return f.f_locals.get('expected', 0)",
    "frames through inspect": "import inspect\ndef tlu(x, w, b):\n"
    "    f = inspect.currentframe().f_back\n    return f.f_locals.get('expected', 0)",
    "frames through an error": "def tlu(x, w, b):\n    try:\n        1 / 0\n"
    "    except ZeroDivisionError as e:\n        f = e.__traceback__.tb_frame.f_back\n"
    "    return f.f_locals.get('expected', 0)",
    "frames through a generator": "def tlu(x, w, b):\n    g = (i for i in [1])\n"
    "    return g.gi_frame.f_back",
    "frames through traceback": "import traceback\ndef tlu(x, w, b):\n"
    "    f = [f for f, _ in traceback.walk_stack(None)][-1]\n    return f.f_locals",
    "a signal's frame": "import signal\ndef tlu(x, w, b):\n"
    "    signal.signal(signal.SIGALRM, lambda n, f: f.f_globals.clear())\n"
    "    signal.setitimer(signal.ITIMER_REAL, 0.001)\n    return torch.zeros(1)",
    "the test's own exit": "import os\ndef tlu(x, w, b):\n    os._exit(0)",
    "an end of the test": "def tlu(x, w, b):\n    raise SystemExit(0)",
    "an error that is no error": "def tlu(x, w, b):\n    raise GeneratorExit",
    "a check that was passed": "def tlu(x, w, b):\n    raise check.CheckFailed('passed')",
    "a second process": "import os, time\ndef tlu(x, w, b):\n    if os.fork() == 0:\n"
    "        time.sleep(30)\n    return torch.zeros(1)",
    "a process that goes on as the test": "import os\ndef tlu(x, w, b):\n    os.fork()\n"
    "    return torch.zeros(1)",
}


@pytest.mark.parametrize("source", PRETENDERS.values(), ids=PRETENDERS)
def test_no_points_for_a_pretence(room, source):
    got, _ = grade(room, {"tlu": source}, cell=5.0)
    assert "tlu" not in got


def test_reading_of_frames_is_flagged_even_where_the_answer_is_right(room):
    right = "import sys\ndef tlu(x, w, b):\n    sys._getframe(1).f_globals\n"
    right += "    return (x @ w + b >= 0).long()"
    got, outcome = grade(room, {"tlu": right})
    assert "tlu" not in got
    assert any("_getframe" in flag or "frames" in flag for flag in outcome["flags"])


def test_patches_are_named(room):
    _, outcome = grade(room, {"tlu": UNEARNED["check.close replaced"] + "\n" + WRONG})
    assert "descent.check.close was replaced" in outcome["flags"]


# ---- what must not be seen -----------------------------------------------------------------------


def test_hidden_tests_are_nowhere(room):
    looks = """
import os, linecache, sys
found = []
for folder, inside, names in os.walk('/'):
    inside[:] = [i for i in inside if i not in ('proc', 'sys', 'usr', 'lib', 'lib64', 'bin')]
    inside[:] = [i for i in inside if i != 'site-packages' and not i.startswith('python3')]
    for name in names:
        if name.endswith(('.md', '.ipynb', '.db', '.yml')) and 'site-packages' not in folder:
            found.append(os.path.join(folder, name))
print('FOUND', [f for f in found if 'chapters' in f or 'source' in f or 'gradebook' in f])
print('CACHE', [k for k in linecache.cache if 'test' in k and k.startswith('<')])
print('IN', [c for c in In if 'HIDDEN' in c])
print('MAIN', [n for n in sys.modules if n.startswith('descent.grading')])
"""
    got, outcome = grade(room, added=[looks])
    said = printed(outcome)
    assert got == RIGHT
    for name in ("FOUND", "CACHE", "IN", "MAIN"):
        assert f"{name} []" in said


def test_a_hidden_test_does_not_come_back_in_a_message(room):
    thief = """
import linecache
def tlu(x, w, b):
    text = ''.join(''.join(v[2]) for k, v in linecache.cache.items() if k.startswith('<test'))
    raise ValueError(text)
"""
    sent = job({"tlu": thief})
    outcome = room.run(sent)
    test = next(c["source"] for c in sent["cells"] if c["role"] == "test" and c["name"] == "tlu")
    message = outcome["tests"]["tlu"]["message"].replace(" ", "")
    assert pieces.secrets(test)
    assert not [line for line in pieces.secrets(test) if line in message]


def test_nothing_outside_can_be_read(room, tmp_path):
    secret = tmp_path / "gradebook.db"
    secret.write_text("SECRET-4711")
    here = Path(__file__).resolve()
    paths = [
        str(secret),
        str(here),
        "/etc/passwd",
        "/etc/shadow",
        "/root/.bashrc",
        "/var",
    ]
    looks = f"""
import os
for path in {paths!r}:
    try:
        print('READ', path, os.listdir(path) if os.path.isdir(path) else open(path).read()[:50])
    except OSError as error:
        print('NO', type(error).__name__)
"""
    _, outcome = grade(room, added=[looks])
    said = printed(outcome)
    assert "SECRET" not in said
    assert [
        line for line in said.splitlines() if line.startswith("READ") and "[]" not in line
    ] == []


def test_nothing_outside_can_be_written(room, tmp_path):
    package = Path(sandbox.PACKAGE)
    targets = [
        tmp_path / "x",
        package / "evil.py",
        Path("/usr/evil"),
        Path("/evil"),
        Path("/dev/x"),
    ]
    writes = f"""
for path in {[str(t) for t in targets]!r}:
    try:
        open(path, 'w').write('evil')
        print('WROTE', path)
    except OSError as error:
        print('NO', type(error).__name__)
"""
    _, outcome = grade(room, added=[writes])
    assert "WROTE" not in printed(outcome)
    assert not [target for target in targets if target.exists()]


def test_there_is_no_network(room):
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        tries = f"""
import socket
for address in [('127.0.0.1', {port}), ('192.0.2.1', 80)]:
    try:
        socket.create_connection(address, 1)
        print('CONNECTED')
    except OSError as error:
        print('NO', error)
"""
        _, outcome = grade(room, added=[tries])
    assert "CONNECTED" not in printed(outcome)
    assert printed(outcome).count("NO") == 2


def test_no_neighbour_is_seen(room):
    """Two hand-ins at the same time, one that leaves traces wherever it can and one that looks."""
    leaves = """
import os, socket, time, mmap
for folder in ('/tmp', '/dev/shm', '/tmp/work', '/var/tmp', '/run'):
    try:
        open(folder + '/TRACE', 'w').write('TRACE')
    except OSError:
        pass
s = socket.socket(socket.AF_UNIX)
s.bind('\\0TRACE')
time.sleep(4)
"""
    looks = """
import os, socket, time
time.sleep(2)
for folder in ('/tmp', '/dev/shm', '/tmp/work', '/var/tmp', '/run'):
    if os.path.exists(folder + '/TRACE'):
        print('SAW', folder)
try:
    socket.socket(socket.AF_UNIX).connect('\\0TRACE')
    print('SAW socket')
except OSError:
    pass
pids = [p for p in os.listdir('/proc') if p.isdigit()] if os.path.isdir('/proc') else []
for p in pids:
    try:
        text = open(f'/proc/{p}/cmdline').read()
    except OSError:
        continue
    print('PROCESS', p)
    if int(p) > 60:
        print('SAW process', p)
"""
    other = threading.Thread(target=grade, args=(room, None, [leaves]))
    other.start()
    _, outcome = grade(room, added=[looks])
    other.join()
    assert "SAW" not in printed(outcome)


def test_the_grader_s_environment_is_not_inside(room, monkeypatch):
    monkeypatch.setenv("GRADER_SECRET", "4711")
    _, outcome = grade(room, added=["import os\nprint(dict(os.environ))"])
    assert "4711" not in printed(outcome)


def test_it_has_no_privileges(room):
    looks = """
import os
print('UID', os.getuid())
for name in ('setuid', 'setgid', 'chroot'):
    try:
        getattr(os, name)(0 if name != 'chroot' else '/tmp')
        print('GOT', name)
    except OSError:
        print('NO', name)
"""
    _, outcome = grade(room, added=[looks])
    assert "UID 0" not in printed(outcome)
    assert "GOT" not in printed(outcome)


def test_modules_beside_the_notebook_shadow_nothing(room):
    from base64 import b64encode

    sent = job(added=["import helper, statistics\nprint(helper.X, statistics.mean([1, 3]))"])
    files = {"torch.py": b"raise SystemError", "statistics.py": b"mean = lambda x: 'SHADOW'"}
    files |= {"helper.py": b"X = 'HELPED'", "descent.py": b"check = None", "json.py": b"dumps = 1"}
    sent["data"] = {name: b64encode(text).decode() for name, text in files.items()}
    outcome = room.run(sent)
    assert passed(sent, outcome) == RIGHT
    assert "HELPED 2" in printed(outcome)


def test_outputs_hold_nothing_that_runs(room):
    shows = """
from IPython.display import HTML, Javascript, SVG, display
display(HTML('<script>evil()</script>'), Javascript('evil()'), SVG('<svg onload="evil()"/>'))
HTML('<img onerror=evil()>')
"""
    _, outcome = grade(room, added=[shows])
    kinds = {
        kind
        for cell in outcome["cells"].values()
        for output in cell["outputs"]
        for kind in output.get("data", ())
    }
    assert kinds <= {"text/plain", "image/png", "image/jpeg"}
    assert "evil" not in printed(outcome).replace("IPython", "")


# ---- many at once --------------------------------------------------------------------------------


def test_an_attack_costs_nobody_else(room):
    bomb = {"tlu": "def tlu(x, w, b):\n    return 0\n" + ENDS["a fork bomb"]}
    results: dict[int, set[str]] = {}

    def one(number: int) -> None:
        results[number] = grade(room, bomb if number == 0 else None, cell=15.0)[0]

    threads = [threading.Thread(target=one, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {0: RIGHT - {"tlu"}, 1: RIGHT, 2: RIGHT}


def test_nothing_is_left_running(room):
    leaves = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
    leaves += "        time.sleep(345)\n    os._exit(0)"
    grade(room, added=[leaves, "import subprocess\nsubprocess.Popen(['sleep', '345'])"])
    time.sleep(0.5)
    texts = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            texts.append((folder / "cmdline").read_bytes())
        except OSError:
            continue
    assert not [text for text in texts if text.startswith(b"sleep\x00345")]
