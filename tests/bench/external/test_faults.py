"""Whatever a child does that it should not: the run soon ends with a row that says so; nothing stays behind."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bench import run
from bench.errors import IsobudgetError, MethodFault
from bench.external.command import described_command
from bench.external.process import Limits, LineProcess, _descendants, printable
from bench.external.proxy import OutsideOptimizer
from bench.optimizer import REGISTRY
from bench.registry import add_command

SHORT = Limits(start=20.0, answer=1.5, memory=200 << 20, line=100_000)


def _error(command, limits=SHORT, **settings):
    """The error of the row of one short run, with limits that a test can wait for."""
    info = described_command(command, "", False, limits)
    REGISTRY[info.name] = info
    before = set(_descendants(os.getpid()))
    record = run(info.name, "math", search="60ex", tests=5, **settings)
    assert set(_descendants(os.getpid())) <= before
    assert record.summary["status"] == ("method_fault" if record.summary["error"] else "ok")
    assert record.recommended is not None
    return record.summary["error"]


GRAPH = '{"nodes": [["1B", "assistant"]], "edges": [], "sink": ["vote", None]}'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("get(); time.sleep(60)", "gave no answer in time"),
        ("get(); sys.stdout.close(); os.close(1); time.sleep(60)", "closed its output instead of answering"),
        ("get(); print('oh dear', file=sys.stderr); sys.exit(3)", "ended with exit code 3"),
        ("get(); print('oh dear', file=sys.stderr); sys.exit(3)", "its last words: oh dear"),
        ("get(); os.kill(os.getpid(), 9)", "was ended by SIGKILL"),
        ("get(); print('Hello!', flush=True)", "sent a line that is no message"),
        ("get(); print('\\x1b[31m\\u202e', flush=True)", "sent a line that is no message"),
        (
            "get(); print(json.dumps({'type': 'proposals', 'id': now['id'], 'proposals': 7}), flush=True)",
            "malformed",
        ),
        ("get(); now['id'] = 99; put('proposals', proposals=[])", "answered request 99 when"),
        ("get(); put('told')", "sent 'told' where 'proposals' was asked for"),
        ("get(); put('failed', error='no idea\\x1b[31m')", "told: no idea?[31m"),
        ("get(); put('affordable', graphs=[])", "without saying `budget_aware`"),
        ("get(); put('consult', prompt='?', schema={})", "without naming any"),
        ("get(); sys.stdout.write('x' * 300_000); sys.stdout.flush(); time.sleep(60)", "more than 97 KiB"),
        ("get(); blob = bytearray(400 << 20); time.sleep(60)", "used more than 200 MiB of memory"),
        (
            "get(); os.fork(); blob = bytearray(150 << 20); time.sleep(60)",
            "used more than 200 MiB of memory",
        ),
        ("get()\nwhile True: put('sample'); get()", "gave no answer in time"),
        (
            f"get(); g = {GRAPH}; g['nodes'] *= 20; put('proposals', proposals=[{{'graph': g}}])",
            "invalid graph: 20 nodes",
        ),
        (
            f"get(); g = {GRAPH}; g['edges'] = [[0, 9]]; put('proposals', proposals=[{{'graph': g}}])",
            "edge (0, 9)",
        ),
        (
            f"get(); g = {GRAPH}; g['nodes'][0][0] = '70B'; put('proposals', proposals=[{{'graph': g}}])",
            "proposed an infeasible graph: model 70B is not in pool",
        ),
    ],
)
def test_a_fault_is_a_row(talker, body, words):
    started = time.monotonic()

    # On a busy machine it takes long to fill memory, and the fault to be seen is not the lateness.
    error = _error(talker("begin()\n" + body), replace(SHORT, answer=25.0) if "memory" in words else SHORT)

    assert words in error
    assert error.isprintable()
    assert len(error) < 1000
    assert time.monotonic() - started < 30


def test_chatter_and_waste_are_no_fault(talker):
    body = f"""
    sys.stderr.write("loading\\n" * 100_000)
    begin()
    while True:
        kind = get()["type"]
        sys.stderr.write("thinking\\n" * 20_000)
        if kind == "ask": put("proposals", proposals=[{{"graph": {GRAPH}, "questions": 5}}])
        if kind == "tell": put("told")
        if kind == "recommend": put("recommendation", graph=None)
    """
    assert _error(talker(body)) == ""


def test_a_graph_may_come_in_any_order_and_leaves_canonical(talker):
    body = """
    begin()
    g = {"nodes": [["3B", "fuser"], ["1B", "assistant"]], "edges": [[1, 0]], "sink": ["vote", None]}
    while True:
        message = get()
        if message["type"] == "ask": put("proposals", proposals=[{"graph": g}])
        if message["type"] == "tell":
            assert message["outcome"]["graph"]["nodes"] == [["1B", "assistant"], ["3B", "fuser"]]
            put("told")
        if message["type"] == "recommend": put("recommendation", graph=g)
    """
    assert _error(talker(body), selection="own") == ""


def test_nothing_outlives_a_run(talker, tmp_path):
    body = f"""
    import subprocess
    begin()
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
        open({str(tmp_path / "pids")!r}, "a").write(f"{{child.pid}}\\n")
    get(); put("proposals", proposals=[])
    get(); put("recommendation", graph=None)
    time.sleep(300)
    """
    assert _error(talker(body)) == ""

    pids = [int(line) for line in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 3
    deadline = time.monotonic() + 10
    while any(_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in pids if _alive(pid)] == []


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def test_its_own_processes_are_found(talker):
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    try:
        assert pid in _descendants(os.getpid())
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_no_key_of_this_process_reaches_a_command(talker, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    info = described_command(
        talker("get(); put('hello', protocol=1, name='told', note=repr(sorted(os.environ)))"), "", False, SHORT
    )

    assert "PATH" in info.note
    assert "OPENAI" not in info.note


def test_what_a_child_says_about_itself_is_shown_in_one_line(talker):
    info = described_command(
        talker("get(); put('hello', protocol=1, name='told', label='Best\\n\\x1b[1m\\u202e')"), "", False, SHORT
    )

    assert info.label == "Best ?[1m?"
    assert info.kind == "method"


@pytest.mark.parametrize(
    ("command", "name", "words"),
    [
        ("no-such-program x.js", "", "no program 'no-such-program'"),
        ("", "", "no program ''"),
        ("cat", "", "sent a malformed message"),
        ("true", "", "ended with exit code 0 instead of answering"),
    ],
)
def test_a_command_that_is_no_method_is_one_line(command, name, words):
    with pytest.raises(IsobudgetError, match=words):
        add_command(command, name)


def test_names_are_checked(talker):
    hello = talker("get(); put('hello', protocol=1, name='random')")

    with pytest.raises(IsobudgetError, match="there is a method random already"):
        add_command(hello)
    with pytest.raises(IsobudgetError, match="is no name of a method"):
        add_command(hello, "Räńdom")
    assert add_command(hello, "mine") == "mine"


def test_parameters_reach_the_method(talker):
    body = """
    problem = begin(parameters={"steps": 3, "rate": 0.5, "kind": "a"})
    get(); put("failed", error=json.dumps(problem["parameters"], sort_keys=True))
    """
    text = add_command(talker(body), "mine[steps=9,kind=b]")
    error = run(text, "math", search="60ex", tests=5).summary["error"]

    assert error == 'mine[kind=b,steps=9]: {"kind": "b", "rate": 0.5, "steps": 9}'


def test_a_large_message_passes_both_ways(talker):
    """More than a pipe holds, while the other side is not reading: nobody waits for the other."""
    body = """
    line = sys.stdin.readline()
    now = {"id": 1}
    put("hello", note=str(len(line)))
    """
    from bench.external.jail import command_launch
    from bench.external.messages import encode

    process = LineProcess(command_launch(tuple(talker(body).split())), Limits())
    process.send(encode({"type": "hello", "id": 1, "blob": "x" * 1_000_000}), time.monotonic() + 20)

    assert b"1000" in process.receive(time.monotonic() + 20)
    process.close()
    with pytest.raises(MethodFault, match="gave no answer in time"):
        LineProcess(command_launch(("sleep", "5")), Limits()).receive(time.monotonic() + 0.2)


def test_printable_is_one_short_line():
    assert printable("a\r\n\tb\x00\u2028c") == "a b? c"
    assert printable("x" * 500).endswith("…")
    assert len(printable("x" * 500)) == 200


def test_a_proxy_starts_nothing_before_its_run():
    assert OutsideOptimizer.called == ""
