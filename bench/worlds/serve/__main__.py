"""`python -m bench.worlds.serve`: what `isobudget serve` and `running_server` start."""

from __future__ import annotations

import argparse
import sys

from bench.errors import USER_ERRORS
from bench.worlds.serve.faults import FaultRates
from bench.worlds.serve.process import end_with_parent, serve


def main() -> int:
    """Serve; 2 when that is impossible, with one line that says why."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.worlds.serve", description="Simulated models over HTTP."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0: any free one")
    parser.add_argument("--universe", default="main")
    parser.add_argument("--data-dir", help="folder with the questions; without it they come from the hub")
    parser.add_argument("--faults", default="", help="a share, or limited=0.1,hang=0.1,…")
    parser.add_argument("--unsafe-local-exec", action="store_true", help="run programs without a sandbox")
    parser.add_argument("--child", action="store_true", help="end when stdin closes")
    given = parser.parse_args()
    if given.child:
        end_with_parent()
    try:
        serve(
            given.host,
            given.port,
            universe=given.universe,
            data_dir=given.data_dir,
            faults=FaultRates.parse(given.faults) if given.faults else None,
            unsafe_local=given.unsafe_local_exec,
            announce=lambda url: print(url, flush=True),
        )
    except USER_ERRORS as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
