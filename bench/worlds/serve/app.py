"""The ASGI application: OpenAI's chat completions and model list, and the injected faults."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bench.errors import USER_ERRORS
from bench.worlds.serve.answering import Answerer, completion_id
from bench.worlds.serve.faults import FaultRates, Injector
from bench.worlds.serve.requests import BadRequest
from bench.worlds.wire import OWNER
from tasks.base import SandboxUnavailable

__all__ = ["create_app"]


def create_app(
    universe: str = "main",
    data_dir: str | Path | None = None,
    faults: FaultRates | None = None,
    *,
    unsafe_local: bool = False,
) -> Starlette:
    """The simulated models of a universe on the questions of `data_dir` (without one: of the hub).

    unsafe_local: tell wrong programs from right ones without a sandbox. Raises IsobudgetError for an unknown
    universe; missing questions are told to whoever asks one.
    """
    service = Service(Answerer(universe, data_dir, unsafe_local=unsafe_local), faults or FaultRates())
    return Starlette(
        routes=[
            Route("/v1/chat/completions", service.chat, methods=["POST"]),
            Route("/v1/models", service.models),
            Route("/health", service.health),
        ]
    )


class Service:
    """What the routes do."""

    def __init__(self, answerer: Answerer, faults: FaultRates) -> None:
        self.answerer, self.injector = answerer, Injector(faults)

    async def chat(self, http: HttpRequest) -> Response:
        """POST /v1/chat/completions"""
        body = await http.body()
        fault = self.injector.fault(body)
        if fault in ("limited", "error"):
            return self._refused(fault)
        if fault == "hang":
            await asyncio.sleep(self.injector.rates.hang_seconds)
        if fault in ("hang", "drop"):
            return Dropped()
        content = await self._answered(body)
        if fault == "truncated":
            content.body = content.body[: len(content.body) // 2]
            content.headers["content-length"] = str(len(content.body))
        return content

    async def models(self, http: HttpRequest) -> Response:
        """GET /v1/models"""
        entries = [
            {"id": name, "object": "model", "created": 0, "owned_by": OWNER} for name in self.answerer.models
        ]
        return JSONResponse({"object": "list", "data": entries, "universe": self.answerer.world.universe.label})

    async def health(self, http: HttpRequest) -> Response:
        """GET /health"""
        return JSONResponse({"status": "ok"})

    async def _answered(self, body: bytes) -> Response:
        try:
            request, reply = await self.answerer.reply(body)
        except USER_ERRORS as error:
            return _error(error)
        message = {"role": "assistant", "content": reply.text}
        ending = "length" if reply.cut else "stop"
        return _json(
            {
                "id": completion_id(body),
                "object": "chat.completion",
                "created": 0,
                "model": request.model,
                "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": ending}],
                "usage": {
                    "prompt_tokens": reply.prompt_tokens,
                    "completion_tokens": reply.completion_tokens,
                    "total_tokens": reply.prompt_tokens + reply.completion_tokens,
                },
            }
        )

    def _refused(self, fault: str) -> Response:
        if fault == "error":
            return _json({"error": {"message": "injected fault", "type": "server_error"}}, 500)
        response = _json({"error": {"message": "injected fault", "type": "rate_limit_error"}}, 429)
        response.headers["retry-after"] = str(self.injector.rates.retry_after)
        return response


class Dropped(Response):
    """A reply that breaks off: headers that promise a body, then the end of the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def _error(error: Exception) -> Response:
    status, kind = 400, "invalid_request_error"
    if isinstance(error, BadRequest):
        status, kind = error.status, error.kind
    elif isinstance(error, SandboxUnavailable):
        status, kind = 501, "server_error"  # not a status that clients retry: waiting would not help
    return _json({"error": {"message": str(error), "type": kind, "param": None, "code": None}}, status)


def _json(data: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(data), status, media_type="application/json")
