"""What vLLM servers count of themselves at `/metrics`: tokens, and the seconds of waiting, reading and writing."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable

__all__ = ["Meter", "totals"]

_COUNTERS = {
    "vllm:request_success_total": "calls",
    "vllm:prompt_tokens_total": "prompt_tokens",
    "vllm:generation_tokens_total": "completion_tokens",
    "vllm:request_queue_time_seconds_sum": "queue_seconds",
    "vllm:request_prefill_time_seconds_sum": "prefill_seconds",
    "vllm:request_decode_time_seconds_sum": "decode_seconds",
}
_LINE = re.compile(r"^([a-z0-9_:]+)(?:\{.*\})? ([-+.0-9eE]+)$", re.MULTILINE)


def totals(text: str) -> dict[str, float]:
    """The counters of a Prometheus text by our names, summed over engines; empty where it is not vLLM's."""
    found: defaultdict[str, float] = defaultdict(float)
    for name, value in _LINE.findall(text):
        if name in _COUNTERS:
            found[_COUNTERS[name]] += float(value)
    return dict(found)


class Meter:
    """The differences of one server's counters. read: gives its text, "" where it has none."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read, self._since = read, 0.0
        self._last: dict[str, float] | None = None  # {}: it has no counters

    def take(self) -> dict[str, float]:
        """What the server did since the last time, whoever asked; empty at first and where it counts nothing."""
        before, since = self._last, self._since
        if before == {}:
            return {}
        now, at = totals(self._read()), time.perf_counter()
        self._last, self._since = now or before or {}, at
        if not now or before is None:
            return {}
        again = any(value < before.get(name, 0.0) for name, value in now.items())  # it was started again, from 0
        used = now if again else {name: value - before.get(name, 0.0) for name, value in now.items()}
        return used | {"elapsed_seconds": at - since}
