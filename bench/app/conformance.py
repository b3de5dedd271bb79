"""`isobudget test`: the contract's verdicts as text."""

from __future__ import annotations

from collections.abc import Sequence

import click

from bench.contract import check_method
from bench.errors import IsobudgetError
from bench.optimizer import REGISTRY
from bench.registry import list_methods, missing_module, parse_method

__all__ = ["conformance"]


def conformance(methods: Sequence[str], everything: bool) -> tuple[str, bool]:
    """One line a method, the failed checks below it; whether all passed."""
    chosen = list_methods() if everything else list(methods)
    if not chosen:
        raise IsobudgetError("name a method or a file, or give --all (isobudget list methods)")
    lines, passed = [], True
    for text in chosen:
        if everything and (lack := missing_module(REGISTRY[text])):
            lines.append(f"skip {text}: needs {lack} (the extra gp)")
            continue
        name = parse_method(text).text
        click.echo(f"testing {name} …", err=True)
        verdicts = list(check_method(text))
        failed = [verdict for verdict in verdicts if not verdict.passed]
        passed = passed and not failed
        lines.append(
            f"{'FAIL' if failed else 'ok  '} {name}: {len(verdicts) - len(failed)} of {len(verdicts)} checks"
        )
        lines += [f"     {v.check} ({v.setting}): {v.detail}" for v in failed]
    return "\n".join(lines), passed
