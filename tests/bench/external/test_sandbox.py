"""Methods in the jail: honest ones do what they do anywhere, the others find nothing and change nothing.

SECURITY.md lists what is prevented, detected, and neither; each prevented or detected thing is tried here.
"""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sysconfig
from pathlib import Path

import pytest

from bench import contract, run
from bench.errors import IsobudgetError, MethodFault
from bench.external import jail
from bench.external.command import described_file
from bench.external.process import Limits
from bench.registry import add_command, parse_method, sandboxed_methods
from bench.spec import RunSpec
from tasks.base import SandboxUnavailable
from tasks.grading import _bwrap

pytestmark = pytest.mark.usefixtures("bubblewrap")

ROOT = Path(jail.__file__).parents[2]
SHORT = {"task": "math", "search": "120ex", "tests": 5}
ASKS = "def ask(self): return Proposal(self.draw(), 10)"


def _jailed(method, **settings):
    with sandboxed_methods():
        return run(method, **SHORT | settings)


# honest methods


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("random", {}),
        ("random", {"blind": True, "models": "aliased"}),
        ("tpe[startup=2]", {"search": "300ex", "allocation": "racing"}),
        ("agent-reinforce", {"search": "300ex", "tier": "P1"}),
        ("agent-reinforce", {"search": "2000units"}),  # ends when its agent cannot be paid any more
        ("nsga2", {"objective": "joint", "space": "open", "search": "300ex"}),
    ],
)
def test_a_jailed_method_does_what_it_does_here(method, settings):
    here = run(method, **SHORT | settings)
    there = _jailed(method, **settings)

    assert there.summary["error"] == ""
    assert there.digest() == here.digest()
    assert sum(event["measured_optimizer"] for event in there.rows()) > 0


def test_a_file_is_executed_in_the_jail_only(method_file, tmp_path):
    mark = tmp_path / "executed"
    path = method_file(
        ASKS, before=f"import pathlib\ntry: pathlib.Path({str(mark)!r}).touch()\nexcept OSError: pass\n"
    )
    there = _jailed(path)

    assert there.summary["error"] == ""
    assert there.spec.method == "mine"
    assert not mark.exists()
    assert run(path, **SHORT).digest() == there.digest()
    assert mark.exists()


def test_a_command_is_jailed_too(node):
    command = f"{node} examples/hill_climber.js"
    name = add_command(command)
    here = run(name, **SHORT)
    with sandboxed_methods():
        with pytest.raises(IsobudgetError, match="was registered without a sandbox"):
            parse_method(name)
        there = run(add_command(command), **SHORT)

    assert here.digest() == there.digest()


def test_what_knows_the_truth_is_not_for_the_jail():
    with sandboxed_methods(), pytest.raises(IsobudgetError, match="is a bound"):
        parse_method("oracle-selection")


def test_a_method_that_needs_a_world_says_so():
    assert "ModuleNotFoundError" in _jailed("planner").summary["error"]


def test_without_bubblewrap_nothing_runs(monkeypatch):
    monkeypatch.setattr(_bwrap, "_bwrap", lambda: None)
    _bwrap.require.cache_clear()
    try:
        with (
            pytest.raises(SandboxUnavailable, match="needs bubblewrap: apt-get install") as refused,
            sandboxed_methods(),
        ):
            pass
    finally:
        _bwrap.require.cache_clear()

    assert "\n" not in str(refused.value)
    assert "without --sandbox-methods" in str(refused.value)


def test_a_blind_run_is_another_run():
    """Its seed is of its own, its id is its own, and ids of all other runs are as before."""
    here, blind = (run("random", **SHORT, blind=on) for on in (False, True))

    assert here.spec.id != blind.spec.id
    assert "blind" not in here.spec.to_dict()
    assert RunSpec.from_dict(blind.spec.to_dict()) == blind.spec
    assert [e["graph"] for e in here.rows("search")] != [e["graph"] for e in blind.rows("search")]


def test_the_seed_of_a_season_depends_on_what_nobody_knew(monkeypatch):
    from bench import seeding

    spec = RunSpec(
        "s", "1", "", "m", "math", "small", "1ex", 0, blind=True, world_options=(("universe", "dev-003"),)
    )
    before = seeding.method_generator(spec).random()
    monkeypatch.setattr(seeding, "_public", lambda spec: "another value")

    assert seeding.method_generator(spec).random() != before


def test_the_jail_holds_no_world():
    """The modules of ours that are inside import nothing of ours that is not."""
    inside = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in jail.MODULES}
    for name in jail.MODULES:
        module = name.removesuffix(".py").replace("/", ".")
        for node in ast.walk(ast.parse((ROOT / name).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and module != "bench.__init__":
                assert node.module.partition(".")[0] not in jail.PACKAGES or node.module in inside, (
                    name,
                    node.module,
                )
    assert not any(word in name for name in inside for word in ("world", "season", "universe", "loop", "records"))


def test_installed_copies_are_hidden_wherever_they_can_be_read(tmp_path, monkeypatch, method_file):
    """As when isobudget is installed and not a clone: the libraries that a method needs lie beside it."""
    (tmp_path / "bench" / "worlds").mkdir(parents=True)
    (tmp_path / "bench" / "worlds" / "simulated.py").touch()
    (tmp_path / "other").mkdir()
    real = jail.sysconfig.get_path
    monkeypatch.setattr(jail.sysconfig, "get_path", lambda name, **vars: str(tmp_path) if vars else real(name))
    binds = ((str(tmp_path), str(tmp_path)),)
    look = f"import os; print(os.listdir({str(tmp_path)!r}), os.listdir({str(tmp_path / 'bench')!r}))"
    launch = jail._jailed(binds, {}, [*_bwrap.interpreter(), "-c", look], threads=False)

    filter_fd = launch.filter()
    argv = [str(filter_fd) if word == "{filter}" else word for word in launch.argv]
    done = subprocess.run(argv, capture_output=True, text=True, pass_fds=[filter_fd], check=True)

    names, inner = done.stdout.strip().rpartition(" ")[::2]
    assert inner == "[]"
    assert "other" in names


# what a method may try: each attempt is one line of PROBES, all tried by one method when it is imported

_ATTEMPTS = {
    "world": "import bench.worlds.simulated",
    "families": "import bench.families.wide",
    "keys": "import bench.keys",
    "loop": "from bench import run; run('random')",
    "optima": "import importlib.resources as r; (r.files('bench') / 'data' / 'optima.toml').read_text()",
    "tasks": "import tasks.math",
    "data": "import os; os.listdir('/box/bench/data')",
    "repository": f"open({str(ROOT / 'README.md')!r})",
    "home": "import os; os.listdir('/root') + os.listdir('/home')",
    "passwords": "open('/etc/passwd')",
    "parent": "import os; open(f'/proc/{os.getppid()}/environ').read()",
    "processes": "import os; os.listdir('/proc')",
    "fork": "import os; os.fork()",
    "thread": "import _thread; _thread.start_new_thread(print, ())",
    "program": "import subprocess; subprocess.run(['/bin/sh', '-c', 'true'])",
    "write here": "open(__file__, 'a')",
    "write beside": "open('/box/method/notes', 'w')",
    "write ours": "open('/box/bench/graph.py', 'a')",
    "write libraries": "import numpy; open(numpy.__file__, 'a')",
    "write root": "open('/notes', 'w')",
    "fill the disk": "open('/tmp/big', 'wb').write(bytes(64 << 20))",
    "memory": "bytearray(8 << 30)",
    "memory as a file": "import os; f = os.memfd_create('x'); [os.write(f, bytes(1 << 20)) for _ in range(64)]",
    "many files": "import tempfile; [tempfile.TemporaryFile() for _ in range(500)]",
    "more memory": "import resource as r; r.setrlimit(r.RLIMIT_AS, (r.RLIM_INFINITY,) * 2)",
    "internet": "import socket; socket.create_connection(('1.1.1.1', 53), timeout=2)",
    "names": "import socket; socket.gethostbyname('example.org')",
    "mount": "import ctypes; r = ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None); assert r == 0",
}


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    """For each attempt, what it raised, or '' where it succeeded; and what the method saw otherwise."""
    from bench.external.command import _ADDRESS_SPACE
    from bench.external.jail import jailed_python
    from bench.external.proxy import Line

    server = socket.create_server(("127.0.0.1", 0))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0isobudget-test-{os.getpid()}")
    abstract.listen()
    attempts = _ATTEMPTS | {
        "local server": f"import socket; socket.create_connection({server.getsockname()!r}, timeout=2)",
        "socket": f"import socket; socket.socket(socket.AF_UNIX).connect('\\0isobudget-test-{os.getpid()}')",
    }
    path = tmp_path_factory.mktemp("hostile") / "probe.py"
    path.write_text(
        "import os, sys, json\nfrom bench import Optimizer, Proposal, method\n"
        f"ATTEMPTS = {attempts!r}\nfound = {{}}\n"
        "for name, code in ATTEMPTS.items():\n"
        "    try: exec(code); found[name] = ''\n"
        "    except BaseException as error: found[name] = type(error).__name__\n"
        "found['environment'] = sorted(os.environ)\n"
        "found['kept'] = os.path.exists('/tmp/kept')\n"
        "open('/tmp/kept', 'w').write('from the last run')\n"
        "found['argv'] = sys.argv\nfound['cwd'] = os.getcwd()\nfound['root'] = sorted(os.listdir('/'))\n"
        "found['ours'] = sorted(m for m in sys.modules if m.split('.')[0] in ('bench', 'tasks', 'baselines'))\n"
        "text = json.dumps(found)\n"
        "class Probe(Optimizer):\n    def ask(self): raise ValueError(text)\n"
        "method('probe')(Probe)\n"
    )
    os.environ["ISOBUDGET_TEST_SECRET"] = "secret"
    try:
        reports = []
        for _ in range(2):
            line = Line(jailed_python(str(path), _ADDRESS_SPACE), Limits(), "probe")
            line.greet()
            reports.append(_report(line))
            line.close()
    finally:
        del os.environ["ISOBUDGET_TEST_SECRET"]
        server.close()
        abstract.close()
    return reports


def _report(line):
    """What the probe found: it says so by failing at its first question."""
    import json

    from bench.external.messages import problem_data
    from bench.optimizer import History, Problem
    from bench.space import Space

    space = Space.preset("standard", "math", "small")
    problem = Problem("math", space, History(lambda a, s: a), 30)
    line.ask("problem", **problem_data(problem, 1.0), parameters={}, seed="0" * 16, agent="")
    assert line.receive()["type"] == "ready"
    line.ask("ask", also=[], count=1, affordable=None)
    return json.loads(line.receive()["error"].removeprefix("ValueError: "))


@pytest.mark.parametrize("attempt", [*_ATTEMPTS, "local server", "socket"])
def test_an_attempt_fails(findings, attempt):
    assert findings[0][attempt] != ""


def test_what_a_jailed_method_sees_of_its_surroundings(findings):
    found = findings[0]

    assert "ISOBUDGET_TEST_SECRET" not in found["environment"]
    assert set(found["environment"]) <= {*"HOME LANG LC_CTYPE PWD PYTHONHASHSEED PYTHONPATH".split(), *jail._CALM}
    assert found["cwd"] == "/tmp"
    assert str(ROOT) not in " ".join(found["argv"])
    where_python_lies = {Path(path).parts[1] for path in (*_bwrap.system(), *sysconfig.get_paths().values())}
    assert set(found["root"]) <= {"box", "dev", "etc", "tmp", *where_python_lies}
    assert not any("world" in name or "season" in name for name in found["ours"])


def test_nothing_is_kept_between_runs(findings):
    assert [report["kept"] for report in findings] == [False, False]


# what a method may do while it runs


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("def ask(self):\n    blobs = []\n    while True: blobs.append(bytearray(1 << 28))", "MemoryError|memory"),
        (
            "def ask(self):\n    import os\n    os.kill(1, 9); os.kill(os.getpid(), 9)",
            "SIGKILL instead of answering",
        ),
        ("def ask(self):\n    import os\n    os.kill(-1, 9)", "No such process"),
        ("def ask(self):\n    import os\n    while True: os.fork()", "PermissionError"),
        ("def ask(self):\n    import os\n    os.close(3); os.close(4); os.write(5, b'x')", "mine|instead"),
        ("def ask(self): raise SystemExit", "instead of answering"),
        ("def ask(self): raise RecursionError('a' * 10**6)", "RecursionError: a"),
        ("def ask(self): return 'a graph'", "AttributeError"),
        ("def ask(self):\n    import ctypes\n    ctypes.string_at(0)", "SIGSEGV instead of answering"),
    ],
)
def test_what_it_does_to_itself_is_its_fault(method_file, body, words):
    import re

    error = _jailed(method_file(body)).summary["error"]

    assert re.search(words, error), error
    assert len(error) < 1000


def test_a_forged_answer_is_noticed(method_file):
    """A method owns its process, the line included: what it forges is an answer of its own, out of turn."""
    body = """
    def ask(self):
        import os
        forged = b'{"type": "told", "id": 3}\\n{"type": "tell", "id": 1, "outcome": {"right": 30}}\\n'
        for fd in range(3, 64):
            try: os.write(fd, forged)
            except OSError: pass
        return Proposal(self.draw())
    """
    record = _jailed(method_file(body))

    assert "was asked for" in record.summary["error"] or "malformed" in record.summary["error"]
    assert record.rows("search") == []


def test_a_method_cannot_tell_itself_a_history(method_file):
    """It may believe what it likes; what is charged, selected and recorded is the harness's own history."""
    body = """
    def ask(self):
        self.history.outcomes.clear()
        self.history.tallies.clear()
        return Proposal(self.draw(), 10)
    def recommend(self):
        return self.problem.space.cheapest()
    """
    record = _jailed(method_file(body))

    assert sum(event["executions"] for event in record.rows("search")) > 50
    assert record.summary["error"] == ""


def test_time_as_a_seed_is_detected(method_file, monkeypatch):
    """The clock cannot be hidden. Who draws from it is found by running again."""
    body = """
    def ask(self):
        import time, random
        random.seed(time.time_ns())
        graphs = self.problem.space.sample(self.rng), self.problem.space.cheapest()
        return Proposal(graphs[0] if random.random() < 0.5 else graphs[1], 10)
    """
    monkeypatch.setattr(contract, "SETTINGS", ({"task": "math", "budget": "small", "search": "300ex"},))
    monkeypatch.setattr(contract, "_learns", lambda method: "")
    with sandboxed_methods():
        verdicts = list(contract.check_method(method_file(body)))

    assert {v.check for v in verdicts if not v.passed} == {"deterministic by seed, whatever else ran"}


def test_a_broken_file_is_one_line(method_file, tmp_path):
    for name, body, words in (
        ("syntax", "def ask(self) return", "SyntaxError"),
        ("imports", "import no_such_module", "No module named 'no_such_module'"),
        ("prints", ASKS + "\nprint('hello')", ""),
    ):
        path = Path(method_file(body, name=name))
        if not words:
            assert described_file(path, Limits()).name == name
            continue
        with pytest.raises(MethodFault, match=words) as refused:
            described_file(path, Limits())
        assert "\n" not in str(refused.value)
