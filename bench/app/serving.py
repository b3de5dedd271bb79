"""`isobudget serve`: the simulated models behind an OpenAI-compatible API, until interrupted."""

from __future__ import annotations

from pathlib import Path

import click

from bench.worlds.serve import FaultRates, serve

__all__ = ["serve_command"]


def serve_command(
    host: str,
    port: int,
    universe: str,
    data_dir: Path | None,
    fault_429: float,
    fault_500: float,
    fault_hang: float,
    fault_drop: float,
    fault_truncate: float,
    unsafe_local_exec: bool,
) -> None:
    """Serve, and say where."""
    faults = FaultRates(
        limited=fault_429, error=fault_500, hang=fault_hang, drop=fault_drop, truncated=fault_truncate
    )

    def announce(url: str) -> None:
        click.echo(f"simulated models (universe {universe}) at {url}; Ctrl-C ends")
        click.echo(f"try: isobudget run real --base-url {url}" + (f" --data-dir {data_dir}" if data_dir else ""))

    serve(
        host,
        port,
        universe=universe,
        data_dir=data_dir,
        faults=faults,
        unsafe_local=unsafe_local_exec,
        announce=announce,
    )
