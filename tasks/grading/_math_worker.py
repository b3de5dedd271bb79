"""Math-Verify in a process of its own: its parser hangs on some inputs and needs the main thread's signals.

Run as a script: one JSON request a line on stdin, one JSON reply a line on stdout. A request is {"gold",
"answer", "cpu", "bare"}: two LaTeX expressions, whole CPU seconds for the pair, and whether they are free
of units (Math-Verify would read the t of \\sin^2 t as one); a reply is {"equal": bool, "parsed": bool} or
{"error": text}. The CPU limit is the kernel's (RLIMIT_CPU, moved on with each request), so a stuck pair
ends the process even when the parent is gone, and a loaded machine changes no verdict.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import time
import warnings
from functools import lru_cache
from typing import Any

MEMORY_BYTES = 4 << 30


def main() -> None:
    """Answer requests until stdin ends."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no reply
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    import math_verify  # type: ignore[import-untyped]  # noqa: F401  slow, so before any clock starts

    replies.write("ready\n")
    replies.flush()
    for line in sys.stdin:
        request = json.loads(line)
        spent = time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (int(spent) + request["cpu"] + 1, resource.RLIM_INFINITY))
        replies.write(json.dumps(answer(request["gold"], request["answer"], request["bare"])) + "\n")
        replies.flush()


def answer(gold: str, given: str, bare: bool) -> dict[str, Any]:
    """The reply to one pair."""
    from math_verify import verify

    try:
        left, right = parsed(gold, bare), parsed(given, bare)
        equal = bool(left and right and verify(left, right, timeout_seconds=None, allow_set_relation_comp=True))
        return {"equal": equal, "parsed": bool(left and right)}
    except RecursionError:
        return {"error": "RecursionError"}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:200]}


@lru_cache(maxsize=1000)
def parsed(latex: str, bare: bool) -> list[Any]:
    """What Math-Verify makes of one expression: a SymPy object and the text itself, or nothing."""
    from math_verify import LatexExtractionConfig, LatexNormalizationConfig, parse

    rules = LatexNormalizationConfig(
        basic_latex=True, units=not bare, malformed_operators=True, nits=True, boxed="all", equations=False
    )
    return list(parse(f"${latex}$", [LatexExtractionConfig(normalization_config=rules)], parsing_timeout=None))


if __name__ == "__main__":
    main()
