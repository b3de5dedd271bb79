"""Untrusted programs: what they may do, and that no attack turns a wrong answer into a right one."""

import contextlib
import errno
import os
import platform
import struct
import time
import tomllib
from pathlib import Path

import pytest

from tasks.base import GradeKind, SandboxUnavailable
from tasks.grading import _bwrap, _seccomp, sandbox
from tasks.grading.sandbox import run_program

pytestmark = pytest.mark.usefixtures("bubblewrap")
_GETPID = 39 if platform.machine() == "x86_64" else 172
TEST = "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(41) == 42\n"
ATTACKS = [
    pytest.param(group, program, id=f"{group}: {name}")
    for group, programs in tomllib.loads(Path(__file__).with_name("attacks.toml").read_text()).items()
    for name, program in programs.items()
]
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


@pytest.mark.parametrize("group, program", ATTACKS)
def test_no_attack_passes(group, program):
    verdict = run_program(program, TEST, "f", timeout=5.0)
    # On a busy machine the CPU can run out before the memory.
    contained = (GradeKind.WRONG, GradeKind.TIMEOUT) if group == "resources" else (GradeKind.WRONG,)
    assert verdict.kind in contained, verdict


def test_every_denied_system_call_fails_with_eperm():
    denied = _seccomp.denied()
    program = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "def f(number):\n    return libc.syscall(number, 0, 0, 0, 0, 0, 0), ctypes.get_errno()\n"
    )
    test = (
        f"def check(candidate):\n    assert candidate({_GETPID})[0] > 0\n"
        f"    for number in {sorted(denied.values())}:\n"
        f"        assert candidate(number) == (-1, {errno.EPERM}), number\n"
    )
    assert {"ptrace", "process_vm_readv", "mount", "unshare", "bpf", "socket"} <= set(denied)
    assert run_program(program, test, "f").kind is GradeKind.CORRECT


def test_the_program_holds_no_descriptor_but_its_pipes():
    program = (
        "import os\ndef held(fd):\n    try: return bool(os.fstat(fd))\n    except OSError: return False\n"
        "def f(): return [fd for fd in range(1024) if held(fd)]\n"
    )
    test = "def check(candidate):\n    assert candidate() == [0, 1, 2, 40, 41], candidate()\n"
    assert run_program(program, test, "f").kind is GradeKind.CORRECT


def test_nothing_stays_from_one_program_to_the_next():
    leave = "open('/tmp/left', 'w').write('2')\ndef f(x): return x + 1"
    find = "import os\ndef f(x): return x + len(os.listdir('/tmp'))"
    assert run_program(leave, TEST, "f").kind is GradeKind.CORRECT
    assert run_program(find, TEST, "f").kind is GradeKind.WRONG


@pytest.mark.skipif(platform.system() != "Linux", reason="reads /proc")
def test_no_process_of_the_box_shows_an_environment(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    with contextlib.ExitStack() as stack:
        box, from_box, to_box = sandbox._start_box(stack, unsafe_local=False)
        stack.callback(os.close, from_box)
        stack.callback(os.close, to_box)
        deadline, family = time.monotonic() + 20, []
        while len(family) < 3 and time.monotonic() < deadline:  # bubblewrap, the first process inside, Python
            family = _family(box.pid)
        shown = [Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") for pid in family]
    assert len(family) == 3
    assert {line.split(b"=")[0] for lines in shown for line in lines} <= {b"", b"PYTHONHASHSEED", b"PWD"}


def _family(pid):
    """A process and all below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *(found for child in children for found in _family(int(child)))]


@pytest.mark.parametrize("threads", [False, True])
def test_the_filter_is_made_of_whole_instructions_that_jump_inside_it(threads):
    code = list(struct.iter_unpack("HBBI", _seccomp.filter_program(threads)))
    assert len(code) < 4096  # the kernel's limit
    for place, (kind, yes, no, _) in enumerate(code):
        assert kind & 7 != 5 or place + 1 + max(yes, no) < len(code)
    assert code[-1] == (6, 0, 0, 0x7FFF0000)


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
