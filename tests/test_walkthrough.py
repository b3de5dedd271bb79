"""The walk-through in the documents, done as it is written: from an empty folder to a verified entry on a site."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.app.cli import main

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "walkthrough.md"


def _blocks():
    """(heading, script) of every shell block."""
    heading, blocks = "", []
    for part in re.split(r"(?m)^(## .*)$", PAGE.read_text(encoding="utf-8")):
        if part.startswith("## "):
            heading = part.removeprefix("## ")
        blocks += [(heading, block) for block in re.findall(r"```sh\n(.*?)```", part, re.DOTALL)]
    return blocks


@pytest.fixture
def shell(tmp_path, node):
    """A function that runs a script in an empty folder, with `isobudget` and `node` on the path."""
    programs = tmp_path / "programs"
    programs.mkdir()
    front = programs / "isobudget"
    front.write_text(f'#!/bin/sh\nexec {sys.executable} -m bench.app.cli "$@"\n')
    front.chmod(0o755)
    (programs / "node").symlink_to(node)
    here = tmp_path / "here"
    here.mkdir()
    for part in ("examples", "docs/methods"):
        shutil.copytree(ROOT / part, here / part)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}

    def run(script):
        done = subprocess.run(
            ["sh", "-eu", "-c", script], cwd=here, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    run.folder = here
    return run


def _options(words):
    """What of a command line is an option of the command that it names, and what is not."""
    command = main
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    known = {flag for parameter in command.params for flag in parameter.opts}
    return [word for word in words if word.startswith("-") and word not in known]


@pytest.mark.parametrize(("heading", "script"), _blocks())
def test_every_option_of_the_walkthrough_exists(heading, script):
    for line in re.findall(r"(?m)^isobudget (.*)$", script):
        assert _options(re.sub(r'"[^"]*"', "TEXT", line).split()) == []


@pytest.mark.usefixtures("bubblewrap")
@pytest.mark.timeout(900)
@pytest.mark.long
def test_the_walkthrough_works(shell):
    said = ""
    for _, script in _blocks():
        said += shell(script)

    assert "badge: verified" in said
    assert (shell.folder / "results" / "paper" / "drift" / "badge.json").is_file()
    first, own = (shell.folder / "site" / name for name in ("index.html", "methods/drift.html"))
    assert "Hill climber (JavaScript)" in first.read_text(encoding="utf-8")
    assert "badge: verified" in own.read_text(encoding="utf-8")
