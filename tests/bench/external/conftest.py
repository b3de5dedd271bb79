"""Methods in other processes, as tests write them."""

from __future__ import annotations

import sys
import textwrap

import pytest

HELLO = '{"type": "hello", "id": 1, "protocol": 1, "name": "told"}'


@pytest.fixture(autouse=True)
def forgetful():
    """Files and commands that one test registers are unknown to the next."""
    from bench import registry

    yield
    registry._COMMANDS.clear()
    registry._FILES.clear()


@pytest.fixture
def talker(tmp_path):
    """A function that makes a command of a Python script; `get()` reads a message, `put(…)` answers it."""

    def made(body, name="talker.py"):
        path = tmp_path / name
        path.write_text(
            "import json, os, sys, time\n"
            "now = None\n"
            "def get():\n"
            "    global now\n"
            "    line = sys.stdin.readline()\n"
            "    if not line: sys.exit(0)\n"
            "    now = json.loads(line)\n"
            "    return now\n"
            "def put(type, **more):\n"
            "    print(json.dumps({'type': type, 'id': now['id'], **more}), flush=True)\n"
            "def begin(**more):\n"
            "    get(); put('hello', protocol=1, name='told', **more)\n"
            "    problem = get(); put('ready')\n"
            "    return problem\n" + textwrap.dedent(body)
        )
        return f"{sys.executable} {path}"

    return made


@pytest.fixture
def method_file(tmp_path):
    """A function that writes a file with one Python method; `body` is its class's body, `before` comes first."""

    def made(body, before="", name="mine"):
        path = tmp_path / f"{name}.py"
        path.write_text(
            "from bench import Optimizer, Proposal, method\n"
            + textwrap.dedent(before)
            + f'\n@method("{name}")\nclass Mine(Optimizer):\n'
            + textwrap.indent(textwrap.dedent(body), "    ")
        )
        return str(path)

    return made
