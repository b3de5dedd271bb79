"""vLLM engines in this process, one a model, with the face of a client. The only file that imports vllm.

Whatever is begun goes to all engines before any of them steps, so that each works on as many requests as it holds;
then they step in turn until the batch that somebody waits for is done. With `sleep` only one of them is on the
device at a time.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import IsobudgetError, WorldError
from bench.worlds.client import Completion, Done

__all__ = ["Engines", "Usage"]

_ENVIRONMENT = {
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",  # whole GiB, taken by each engine
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # bound threads of several engines fight for the same cores
}
_CPU_ROWS = 128  # requests that an engine on a CPU works on at a time


@dataclass
class Usage:
    """What the engines have done since the last `take`.

    busy: seconds in which an engine was stepping. queued, prefill, decode: sums over all calls of the seconds
    before they were scheduled, then until and after the first token. started: by `time.perf_counter`.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    busy: float = 0.0
    queued: float = 0.0
    prefill: float = 0.0
    decode: float = 0.0
    started: float = 0.0

    def taken(self) -> dict[str, float]:
        """As plain figures, for a record's measured part."""
        elapsed = time.perf_counter() - self.started
        return {
            "calls": self.calls,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "elapsed_seconds": elapsed,
            "busy_seconds": self.busy,
            "queue_seconds": self.queued,
            "prefill_seconds": self.prefill,
            "decode_seconds": self.decode,
            "mean_running": (self.prefill + self.decode) / self.busy if self.busy else 0.0,
        }


class _Batch:
    """Requests that the engines have. rows: by model, each with its place. left: how many are not answered."""

    def __init__(self, engines: Engines, done: Done) -> None:
        self._engines, self.done, self.left = engines, done, 0
        self.rows: dict[str, list[tuple[int, dict[str, Any]]]] = {}

    def result(self) -> None:
        """Wait until all are answered; an error or an interrupt gives up the rest."""
        try:
            self._engines.finish(self)
        except BaseException:
            self.cancel()
            raise

    def cancel(self) -> None:
        """Give up what is not answered."""
        self._engines.abort(self)


class Engines:
    """Its methods block. Nothing is retried: an engine in this process fails for good or not at all."""

    retries = gave_up = 0
    where = "vLLM in the process"

    def __init__(self, models: Mapping[str, str], sleep: bool, options: Mapping[str, Any]) -> None:
        """models: folder or hub name of each model. options: of `vllm.LLM`, beyond what a CPU needs.

        Raises IsobudgetError where vLLM is missing or an engine does not start.
        """
        vllm = _vllm()
        self._parameters, self._sleep = vllm.SamplingParams, sleep
        chosen = _defaults() | ({"enable_sleep_mode": True} if sleep else {}) | dict(options)
        self._engines: dict[str, Any] = {}
        for name, source in models.items():
            try:
                self._engines[name] = vllm.LLM(model=str(source), **_fitted(chosen, str(source)))
            except Exception as error:
                line = (str(error).splitlines() or [type(error).__name__])[0]
                raise IsobudgetError(f"vLLM cannot start model {name} from {source}: {line}") from error
            if sleep:
                self._engines[name].sleep(level=1)
        self._revisions = {name: _revision(str(source)) for name, source in models.items()}
        self._waiting: dict[str, dict[str, tuple[_Batch, int]]] = {name: {} for name in self._engines}
        self._usage = Usage(started=time.perf_counter())

    def models(self) -> dict[str, Any]:
        """The models' names; `root` is what tells one set of weights from another."""
        return {
            "data": [
                {"id": name, "owned_by": "vllm", "root": revision} for name, revision in self._revisions.items()
            ]
        }

    def take(self) -> dict[str, float]:
        """What was used since the last time, which starts again from nothing."""
        taken, self._usage = self._usage.taken(), Usage(started=time.perf_counter())
        return taken

    def begin(self, bodies: Sequence[bytes], done: Done) -> _Batch:
        """Hand requests to the engines, which work on them while the result of this or another batch is awaited.

        Engines that take turns get them when the result is asked for.
        """
        batch = _Batch(self, done)
        for i, body in enumerate(bodies):
            request = json.loads(body)
            batch.rows.setdefault(request["model"], []).append((i, request))
        if unknown := [name for name in batch.rows if name not in self._engines]:
            raise IsobudgetError(f"no engine serves model {unknown[0]}: give --model {unknown[0]}=FOLDER_OR_NAME")
        if not self._sleep:
            try:
                for name in batch.rows:
                    self._enqueue(name, batch)
            except BaseException:  # nobody would wait for what the other engines have
                batch.cancel()
                raise
        return batch

    def close(self) -> None:
        """Let the engines go."""
        self._engines.clear()

    def finish(self, batch: _Batch) -> None:
        """Step until a batch is answered; what else is under way goes on beside it."""
        if not self._sleep:
            self._work(batch)
            return
        for name in batch.rows:
            self._engines[name].wake_up()
            try:
                self._enqueue(name, batch)
                self._work(batch)
            finally:
                self.abort(batch)
                self._engines[name].sleep(level=1)

    def abort(self, batch: _Batch) -> None:
        """Take from the engines what they have not answered."""
        for name, waiting in self._waiting.items():
            if own := [id for id, (other, _) in waiting.items() if other is batch]:
                self._engines[name].llm_engine.abort_request(own)
                for id in own:
                    del waiting[id]
        batch.left = 0

    def _work(self, batch: _Batch) -> None:
        while batch.left:
            for name, waiting in self._waiting.items():
                if waiting:
                    self._step(name, waiting)

    def _enqueue(self, name: str, batch: _Batch) -> None:
        rows = batch.rows[name]
        ids = self._engines[name].enqueue_chat(
            [request["messages"] for _, request in rows],
            [
                self._parameters(
                    temperature=request["temperature"], max_tokens=request["max_tokens"], seed=request["seed"]
                )
                for _, request in rows
            ],
            use_tqdm=False,
        )
        # An engine answers under the name before the dash, and counts requests of its own accord.
        self._waiting[name] |= {id.partition("-")[0]: (batch, i) for id, (i, _) in zip(ids, rows, strict=True)}
        batch.left += len(rows)

    def _step(self, name: str, waiting: dict[str, tuple[_Batch, int]]) -> None:
        started, engine = time.perf_counter(), self._engines[name].llm_engine
        if not engine.has_unfinished_requests():
            raise WorldError(f"the engine of {name} has finished and left {len(waiting)} requests unanswered")
        outputs = engine.step()
        self._usage.busy += time.perf_counter() - started
        for output in outputs:
            if output.finished and output.request_id in waiting:
                batch, i = waiting.pop(output.request_id)
                batch.left -= 1
                batch.done(i, self._completion(output))

    def _completion(self, output: Any) -> Completion:
        usage, times, written = self._usage, output.metrics, output.outputs[0]
        read, made = len(output.prompt_token_ids), len(written.token_ids)
        usage.calls, usage.prompt_tokens = usage.calls + 1, usage.prompt_tokens + read
        usage.completion_tokens += made
        usage.queued += times.scheduled_ts - times.queued_ts
        usage.prefill += times.first_token_ts - times.scheduled_ts
        usage.decode += times.last_token_ts - times.first_token_ts
        seconds = times.last_token_ts - times.queued_ts
        return Completion(written.text, read, made, seconds, 1, written.finish_reason or "")


def _revision(source: str) -> str:
    """The hub's name, or for a folder the SHA-256 of its weights: a path says nothing on another machine."""
    weights = sorted(Path(source).glob("*.safetensors"))
    if not weights:
        return source
    digest = hashlib.sha256()
    for path in weights:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return f"sha256:{digest.hexdigest()[:16]}"


def _vllm() -> Any:
    """The module, with its surroundings set: it reads them when it is imported."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        from vllm.platforms import current_platform

        if current_platform.is_cpu():
            os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        import vllm
    except ImportError as error:
        raise IsobudgetError(
            f"world vllm needs vLLM ({error}): pip install 'isobudget[vllm]' for a GPU; for a CPU see docs/vllm.md"
        ) from error
    return vllm


def _defaults() -> dict[str, Any]:
    """What holds for all engines here."""
    from vllm.platforms import current_platform

    common: dict[str, Any] = {"enable_prefix_caching": True, "disable_log_stats": False, "seed": 0}
    if not current_platform.is_cpu():
        return common
    # Chunked prefill and seeded requests crash the CPU engine together.
    return common | {
        "dtype": "float32",
        "enforce_eager": True,
        "enable_chunked_prefill": False,
        "max_num_seqs": _CPU_ROWS,
    }


def _fitted(options: dict[str, Any], source: str) -> dict[str, Any]:
    """Without chunks a batch must hold all prompts of its requests at their longest."""
    if options.get("enable_chunked_prefill", True) or "max_num_batched_tokens" in options:
        return options
    from transformers import AutoConfig

    longest = options.get("max_model_len") or AutoConfig.from_pretrained(source).max_position_embeddings
    return options | {"max_model_len": longest, "max_num_batched_tokens": longest * options["max_num_seqs"]}
