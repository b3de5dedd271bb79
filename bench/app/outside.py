"""Methods in other processes on the command line: registered for as long as one command runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.errors import IsobudgetError
from bench.registry import add_command, sandboxed_methods

__all__ = ["added"]


@contextmanager
def added(commands: Sequence[str], names: Sequence[str], sandbox: bool) -> Iterator[list[str]]:
    """What `-m` would take for these commands; within, every method runs jailed if `sandbox` says so.

    names: what to call them, in their order; the last may be left out.
    """
    if len(names) > len(commands):
        raise IsobudgetError(f"--method-name {names[len(commands)]} has no --method-cmd that it could name")
    padded = [*names, *[""] * (len(commands) - len(names))]
    with sandboxed_methods(sandbox):
        yield [add_command(command, name) for command, name in zip(commands, padded, strict=True)]
