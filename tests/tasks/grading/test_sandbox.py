"""Untrusted programs: what they may do, and that no attack turns a wrong answer into a right one."""

import os
import time
from pathlib import Path

import pytest

from tasks.base import GradeKind, SandboxUnavailable
from tasks.grading import _bwrap, sandbox
from tasks.grading.sandbox import run_program

pytestmark = pytest.mark.usefixtures("bubblewrap")
TEST = "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(41) == 42\n"
FORGED = "\\x00\\x00\\x00\\x0b" + "d\\x00\\x00\\x00\\x02s\\x00"

WRONG = {
    "wrong result": "def f(x): return x",
    "no result": "def f(x): pass",
    "exception": "def f(x): raise ValueError('x')",
    "assertion of its own": "def f(x): assert False",
    "exit at load": "import os; os._exit(0)",
    "sys.exit at load": "import sys; sys.exit(0)",
    "exit in the call": "import os\ndef f(x): os._exit(0)",
    "sys.exit in the call": "import sys\ndef f(x): sys.exit(0)",
    "kill its own process": "import os\ndef f(x): os.kill(os.getpid(), 9)",
    "printed verdicts": "print('correct')\ndef f(x):\n    print('{\"kind\": \"correct\"}')",
    "verdict written to every descriptor": (
        "import os\ndef f(x):\n    for fd in range(64):\n        try: os.write(fd, b'" + FORGED + "')\n"
        "        except OSError: pass"
    ),
    "equality that always holds": "class E:\n    def __eq__(self, o): return True\ndef f(x): return E()",
    "number that equals everything": (
        "class E(int):\n    def __eq__(self, o): return True\n    __hash__ = int.__hash__\ndef f(x): return E(7)"
    ),
    "patched builtins": "import builtins\nbuiltins.isinstance = lambda *a: True\ndef f(x): return x",
    "frames of its caller": (
        "import sys\ndef f(x):\n    frame = sys._getframe(1)\n"
        "    while frame:\n        frame.f_globals['send'] = lambda *a: 1 / 0\n        frame = frame.f_back"
    ),
    "fork": "import os\ndef f(x):\n    os.fork()\n    return x + 1",
    "fork bomb": "import os\nwhile True: os.fork()",
    "thread": "import threading\ndef f(x):\n    threading.Thread(target=print).start()\n    return x + 1",
    "subprocess": "import subprocess\ndef f(x):\n    subprocess.run(['/usr/bin/true'])\n    return x + 1",
    "memory bomb": "def f(x):\n    a = bytearray(4 << 30)\n    return x + 1",
    "long result": "def f(x): return 'x' * (20 << 20)",
    "endless nesting": "def f(x):\n    a = []\n    a.append(a)\n    return a",
    "deep recursion": "def f(x): return f(x)",
    "reading /proc": "def f(x):\n    open('/proc/self/environ').read()\n    return x + 1",
    "reading /etc/passwd": "def f(x):\n    open('/etc/passwd').read()\n    return x + 1",
    "reading the test": "def f(x):\n    open('/box/_checker.py')\n    return x + 1",
    "writing outside /tmp": "def f(x):\n    open('/etc/x', 'w').write('x')\n    return x + 1",
    "writing our files": "def f(x):\n    open('/box/_wire.py', 'w').write('x')\n    return x + 1",
    "a big file": "def f(x):\n    open('/tmp/x', 'wb').write(bytes(2 << 20))\n    return x + 1",
    "network": "import socket\ndef f(x):\n    socket.create_connection(('127.0.0.1', 9))\n    return 2",
    "network by name": "import socket\ndef f(x):\n    socket.getaddrinfo('example.org', 80)\n    return 2",
}
MALFORMED = {
    "syntax error": "def f(x) return",
    "another function": "def g(x): return x + 1",
    "null byte": "def f(x): return x + 1 \0",
    "nothing": "",
}
CORRECT = {
    "plain": "def f(x): return x + 1",
    "prints": "print('hello')\ndef f(x):\n    print(x)\n    return x + 1",
    "imports": "import collections, functools, heapq, itertools, math, re, string\ndef f(x): return x + 1",
    "subclass of int": "class I(int): pass\ndef f(x): return I(x + 1)",
    "writes to /tmp": "open('/tmp/a', 'w').write('1')\ndef f(x): return x + int(open('/tmp/a').read())",
    "closes standard streams": "import sys\nsys.stdout.close()\nsys.stdin.close()\ndef f(x): return x + 1",
    "keeps state": "calls = []\ndef f(x):\n    calls.append(x)\n    return x + len(calls) // len(calls)",
}


@pytest.mark.parametrize("name", WRONG)
def test_no_attack_passes(name):
    verdict = run_program(WRONG[name], TEST, "f")
    assert verdict.kind is GradeKind.WRONG, verdict


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name):
    assert run_program(MALFORMED[name], TEST, "f").kind is GradeKind.MALFORMED


@pytest.mark.parametrize("name", CORRECT)
def test_honest_programs_pass(name):
    assert run_program(CORRECT[name], TEST, "f").kind is GradeKind.CORRECT


@pytest.mark.parametrize(
    "program",
    [
        "def f(x):\n    while True: pass",
        "while True: pass",
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass",
    ],
    ids=["call", "load", "signal ignored", "limit touched"],
)
def test_an_endless_loop_is_a_timeout(program):
    started = time.perf_counter()
    assert run_program(program, TEST, "f", timeout=1.0).kind is GradeKind.TIMEOUT
    assert time.perf_counter() - started < 60  # far above 1 s of CPU: the machine may be busy


def test_sleeping_is_a_timeout_after_a_second_try(monkeypatch):
    tries = []
    once = sandbox._once
    monkeypatch.setattr(sandbox, "_once", lambda job, cap: tries.append(cap) or once(job, 1.0))
    verdict = run_program("import time\ndef f(x): time.sleep(3600)", TEST, "f", timeout=1.0)
    assert verdict.kind is GradeKind.TIMEOUT
    assert len(tries) == 2


def test_a_result_that_keeps_the_test_busy_is_a_timeout():
    test = "def check(candidate):\n    while candidate(1): pass\n"
    verdict = run_program("def f(x): return True", test.replace("candidate(1)", "True"), "f", timeout=1.0)
    assert verdict.kind is GradeKind.TIMEOUT


def test_the_program_sees_no_environment_and_no_files_of_ours(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    program = "import os\ndef f():\n    return sorted(os.environ), sorted(os.listdir('/tmp')), os.getcwd()"
    test = (
        "def check(candidate):\n    names, files, folder = candidate()\n"
        "    assert set(names) <= {'PYTHONHASHSEED', 'PWD', 'LC_CTYPE'}, names\n"
        "    assert files == [] and folder == '/tmp'\n"
    )
    assert run_program(program, test, "f").kind is GradeKind.CORRECT


def test_data_crosses_with_its_types():
    test = (
        "def check(candidate):\n"
        "    for v in (None, True, 1, 1.5, float('inf'), 'é', [1], (1, [2]), {1: (2,)},\n"
        "              {3}, frozenset({4}), b'x', 2j, 10**50):\n"
        "        assert candidate(v) == v and type(candidate(v)) is type(v)\n"
        "    assert candidate(v=3) == 3\n"
    )
    assert run_program("def f(v): return v", test, "f").kind is GradeKind.CORRECT


def test_true_is_not_one_for_the_test():
    test = "def check(candidate):\n    assert candidate() is True\n"
    assert run_program("def f(): return True", test, "f").kind is GradeKind.CORRECT
    assert run_program("def f(): return 1", test, "f").kind is GradeKind.WRONG


def test_helpers_come_from_us_and_not_from_the_program():
    test = "def check(candidate):\n    assert candidate(2) == double(2)\n"
    helpers = "def double(x): return 2 * x"
    cheat = "def double(x): return 0\ndef f(x): return 0"
    assert run_program("def f(x): return x + x", test, "f", helpers=helpers).kind is GradeKind.CORRECT
    assert run_program(cheat, test, "f", helpers=helpers).kind is GradeKind.WRONG


@pytest.mark.parametrize("test", ["def check(candidate:", "x = 1", "import no_such_module"])
def test_a_broken_test_is_a_grader_error(test):
    assert run_program("def f(x): return x", test, "f").kind is GradeKind.GRADER_ERROR


def test_a_test_that_passes_a_function_is_a_grader_error():
    test = "def check(candidate):\n    candidate(len)\n"
    assert run_program("def f(x): return x", test, "f").kind is GradeKind.GRADER_ERROR


def test_sets_have_one_order_so_verdicts_repeat(monkeypatch):
    program = "def f(x): return list({'a', 'b', 'c', 'd', 'e', 'f', str(x)})"
    orders = set()
    for expected in range(3):
        monkeypatch.setattr(sandbox, "_cache", type(sandbox._cache)())
        test = f"def check(c):\n    raise AttributeError if hash(str(c({expected} * 0))) % 2 else KeyError\n"
        orders.add(run_program(program, test, "f").detail)
    assert len(orders) == 1


def test_a_verdict_is_remembered(monkeypatch):
    program = f"def f(x): return x + 1  # {os.getpid()}"
    first = run_program(program, TEST, "f")
    monkeypatch.setattr(sandbox, "_judge", None)
    assert run_program(program, TEST, "f") == first._replace(seconds=0.0)


def test_no_process_or_descriptor_is_left_behind():
    def held():
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
        return children, len(list(Path("/proc/self/fd").iterdir()))

    run_program("def f(x): return x + 1  # warm", TEST, "f")
    before = held()
    for i in range(5):
        run_program(f"import os\ndef f(x): os._exit({i})", TEST, "f")
    assert held() == before


@pytest.fixture
def no_bubblewrap(monkeypatch):
    """A machine without bwrap."""
    monkeypatch.setattr(_bwrap, "_bwrap", lambda: None)
    _bwrap.require.cache_clear()
    yield
    _bwrap.require.cache_clear()


@pytest.mark.usefixtures("no_bubblewrap")
def test_without_bubblewrap_grading_refuses_unless_told_otherwise():
    with pytest.raises(SandboxUnavailable) as caught:
        run_program("def f(x): return x + 2", TEST, "f")
    assert "apt-get install bubblewrap" in str(caught.value)
    assert "--unsafe-local-exec" in str(caught.value)
    assert run_program("def f(x): return x + 1", TEST, "f", unsafe_local=True).kind is GradeKind.CORRECT
    assert run_program("def f(x): return x", TEST, "f", unsafe_local=True).kind is GradeKind.WRONG


def test_a_bubblewrap_that_may_not_make_namespaces_is_told_apart(monkeypatch, tmp_path):
    script = tmp_path / "bwrap"
    script.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(_bwrap, "_base", lambda: (str(script),))
    _bwrap.require.cache_clear()
    with pytest.raises(SandboxUnavailable) as caught:
        _bwrap.require()
    _bwrap.require.cache_clear()
    assert "No permissions to create new namespace" in str(caught.value)
    assert "\n" not in str(caught.value)
