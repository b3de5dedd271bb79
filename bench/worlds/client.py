"""Chat completions over HTTP: bounded concurrency, retries with jittered backoff, errors in one line.

What is retried: 408, 409, 429, 5xx, broken connections, silence, replies that are not whole JSON or hold no
choice. What is not: every other refusal, because asking again would not change it. A server that was there and is
out of reach is waited for, which is said once and uses up no retries; what it had not answered is asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import numpy as np

from bench.errors import BadReply, IsobudgetError, TimedOut, Unreachable, WorldError
from bench.keys import fold, text_key, unif
from bench.worlds.background import BackgroundLoop, Work

__all__ = ["ChatClient", "Client", "Completion", "Done", "Pending", "Policy"]

T = TypeVar("T")

_log = logging.getLogger("isobudget")  # with no handler of its own, Python prints warnings to standard error
_KNOCK = 2.0  # seconds between two looks at a server that is out of reach, at most
_CONNECT_SECONDS = 10.0

_RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504})


class Policy(NamedTuple):
    """How patient a client is.

    timeout: seconds of one attempt. concurrency: requests at a time. retries: attempts after the first one.
    backoff: mean seconds before the first retry, doubled each time up to `longest_wait`. outage: seconds that a
    server may be out of reach once it has answered.
    """

    timeout: float = 60.0
    concurrency: int = 32
    retries: int = 7
    backoff: float = 0.2
    longest_wait: float = 30.0
    outage: float = 600.0


class Completion(NamedTuple):
    """A reply: text, the server's token counts, seconds of the successful attempt, number of attempts.

    finish: why it ended, as the server said; "" where it said nothing.
    """

    text: str
    prompt_tokens: int
    completion_tokens: int
    wall: float
    attempts: int
    finish: str = ""


Done = Callable[[int, Completion], None]
"""What is called with each answer as it comes: the request's place, and the answer."""


class Pending(Protocol):
    """Requests under way."""

    def result(self) -> None:
        """Wait until all are answered. Raises what failed for good, and gives up the others then."""
        ...

    def cancel(self) -> None:
        """Give up those that are not answered."""
        ...


class Client(Protocol):
    """What a text world sends its requests through: servers, or engines in this process.

    where: their addresses, for tapes.
    """

    where: str

    @property
    def retries(self) -> int:
        """Attempts that failed."""
        ...

    @property
    def gave_up(self) -> int:
        """Calls that were given up."""
        ...

    def models(self) -> dict[str, Any]:
        """The model list, in the shape of OpenAI's; empty where there is none."""
        ...

    def begin(self, bodies: Sequence[bytes], done: Done) -> Pending:
        """Send requests, chat completions as JSON, after those that are under way already."""
        ...

    def take(self) -> dict[str, float]:
        """What was used since the last time, as it says itself (docs/vllm.md); empty where it does not say."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class _Reply(NamedTuple):
    """A whole response."""

    status: int
    body: bytes
    retry_after: str


class _Fault(Exception):
    """An attempt that may be repeated: the error to raise if none succeeds, and how long to wait at least."""

    def __init__(self, error: WorldError, wait: float = 0.0) -> None:
        super().__init__(str(error))
        self.error, self.wait = error, wait


class ChatClient:
    """One server. Its methods block; requests run in a thread of their own. Close it when done."""

    def __init__(
        self, base_url: str, api_key: str | None, policy: Policy, loop: BackgroundLoop | None = None
    ) -> None:
        """base_url: with the version, like http://localhost:8000/v1. loop: another's, which that one closes.

        Raises IsobudgetError for a bad address.
        """
        self.base_url, self.policy = base_url.rstrip("/"), policy
        self.retries = self.gave_up = 0
        _check(self.base_url)
        headers = {"content-type": "application/json"}
        if api_key:
            headers["authorization"] = f"Bearer {api_key}"
        self._chat = f"{self.base_url}/chat/completions"
        self._list = f"{self.base_url}/models"
        self._loop = loop or BackgroundLoop()
        self._http = self._loop.run(_session(headers, policy.concurrency, _proxy(self.base_url)))
        self._free = asyncio.Semaphore(policy.concurrency)
        self._met = False
        self._outage: asyncio.Task[None] | None = None

    def models(self) -> dict[str, Any]:
        """The server's model list as it is; empty where it has none. Raises Unreachable or BadReply."""
        work = self._patiently(self._models, text_key(self.base_url), eager=True)
        try:
            return self._loop.run(work)[0]
        except _NoList:
            return {}

    def begin(self, bodies: Sequence[bytes], done: Done) -> Work[None]:
        """Send requests, after those that are under way already; `done` is called in the loop's thread.

        Its result raises Unreachable or BadReply for the first that fails for good; the others are given up.
        """
        return self._loop.start(self.send(bodies, done))

    def metrics(self) -> str:
        """What the server says of itself at `/metrics`; "" where it has no such page or is out of reach."""
        try:
            return self._loop.run(self._metrics())
        except (TimeoutError, aiohttp.ClientError):
            return ""

    def post(self, body: bytes) -> dict[str, Any]:
        """Send one request; the JSON object that the server replied, whatever is in it.

        Raises Unreachable, TimedOut or BadReply, whose `status` says how it was refused.
        """
        return self._loop.run(self._patiently(partial(self._exchange, body), text_key(self.base_url)))[0]

    def close(self) -> None:
        """Close the connections and the thread."""
        try:
            self.disconnect()
        finally:
            self._loop.close()

    def disconnect(self) -> None:
        """Close the connections; the thread runs on."""
        self._loop.run(self._http.close())

    async def send(self, bodies: Sequence[bytes], done: Done) -> None:
        """What `begin` does, for a caller in the loop's own thread."""
        waiting = iter(enumerate(bodies))

        async def work() -> None:
            async with self._free:  # kept until nothing waits: what began first is sent first
                for i, body in waiting:
                    key = text_key(str(i)) ^ len(body)
                    completion, attempts = await self._patiently(partial(self._post, body), key)
                    done(i, completion._replace(attempts=attempts))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.policy.concurrency, len(bodies))):
                    group.create_task(work())
        except ExceptionGroup as group_error:
            raise group_error.exceptions[0] from None

    async def _patiently(
        self, attempt: Callable[[], Awaitable[T]], key: int, *, eager: bool = False
    ) -> tuple[T, int]:
        """What an attempt gives, and how many it took. eager: a refused connection is final at once."""
        count = lost = 0
        while True:
            count += 1
            try:
                async with asyncio.timeout(self.policy.timeout):
                    got = await attempt()
                self._met = True
                return got, count
            except (TimeoutError, aiohttp.ClientError, _Fault) as error:
                fault = error if isinstance(error, _Fault) else _Fault(self._told(error))
            gone = isinstance(fault.error, Unreachable)
            if gone and eager:
                raise fault.error
            if gone and self._met and self.policy.outage > 0:
                self.retries, lost = self.retries + 1, lost + 1
                await self._back(fault.error)
            elif count - lost <= self.policy.retries:
                self.retries += 1
                await asyncio.sleep(max(fault.wait, self._pause(key, count - lost)))
            else:
                self.gave_up += 1
                raise type(fault.error)(f"{fault.error} (after {count} attempts)")

    async def _back(self, error: WorldError) -> None:
        """Wait until the server can be reached; all requests wait for the same sign. Raises `error` at last."""
        if self._outage is None or self._outage.done():
            self._outage = asyncio.create_task(self._watch(error))
        await asyncio.shield(self._outage)

    async def _watch(self, error: WorldError) -> None:
        started = time.perf_counter()
        _log.warning(
            "%s is out of reach: waiting up to %g s; the run goes on when it is back",
            self.base_url,
            self.policy.outage,
        )
        pause = self.policy.backoff
        while (gone := time.perf_counter() - started) < self.policy.outage:
            await asyncio.sleep(min(pause, _KNOCK, self.policy.outage - gone))
            pause *= 2
            with contextlib.suppress(TimeoutError, aiohttp.ClientError):
                async with asyncio.timeout(self.policy.timeout):
                    await self._request("GET", self._list)
                _log.warning("%s is back after %.1f s", self.base_url, time.perf_counter() - started)
                return
        self.gave_up += 1
        raise type(error)(f"{error} (waited {gone:.0f} s; the same command resumes the run)")

    def _told(self, error: Exception) -> WorldError:
        """What a connection's failure means."""
        if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            cause = error.strerror if isinstance(error, OSError) and error.strerror else _line(error)
            return Unreachable(f"no server at {self.base_url} ({cause}): {_START}")
        if isinstance(error, TimeoutError):
            return TimedOut(f"{self.base_url} gave no reply in {self.policy.timeout:g} s: {_PATIENCE}")
        return BadReply(f"{self.base_url} broke the connection ({_line(error)}): see its log")

    def _pause(self, key: int, count: int) -> float:
        """Seconds before the next attempt: doubling, between half and one and a half times, by key."""
        jitter = 0.5 + float(unif(fold(np.uint64(key % 2**64), count)))
        return min(self.policy.longest_wait, self.policy.backoff * 2.0 ** (count - 1)) * jitter

    async def _post(self, body: bytes) -> Completion:
        started = time.perf_counter()
        data = await self._exchange(body)
        try:
            choice, usage = data["choices"][0], data["usage"]
            message, finish = choice["message"], str(choice.get("finish_reason") or "")
            text, tokens = (
                message.get("content"),
                (int(usage["prompt_tokens"]), int(usage["completion_tokens"])),
            )
            if not isinstance(text, str | None) or min(tokens) < 0:
                raise TypeError("content or usage")
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            what = f"a reply that is no chat completion with usage ({error!r})"
            raise _Fault(BadReply(f"{self._chat} gave {what}: {str(data)[:120]!r}")) from error
        return Completion(text or "", *tokens, time.perf_counter() - started, 1, finish)

    async def _exchange(self, body: bytes) -> dict[str, Any]:
        return self._json(self._chat, await self._request("POST", self._chat, body))

    async def _models(self) -> dict[str, Any]:
        reply = await self._request("GET", self._list)
        if reply.status in (404, 405, 501):
            raise _NoList
        return self._json(self._list, reply)

    async def _metrics(self) -> str:
        async with asyncio.timeout(self.policy.timeout):
            reply = await self._request("GET", self.base_url.removesuffix("/v1") + "/metrics")
        return reply.body.decode(errors="replace") if reply.status == 200 else ""

    async def _request(self, method: str, url: str, body: bytes | None = None) -> _Reply:
        async with self._http.request(method, url, data=body, allow_redirects=False) as response:
            return _Reply(response.status, await response.read(), response.headers.get("retry-after", "0"))

    def _json(self, url: str, reply: _Reply) -> dict[str, Any]:
        if reply.status != 200:
            self._refuse(url, reply)
        try:
            data = json.loads(reply.body)
        except ValueError as error:
            raise _Fault(BadReply(f"{url} gave no whole JSON: {_start_of(reply)}")) from error
        if not isinstance(data, dict):
            raise _Fault(BadReply(f"{url} gave no JSON object: {_start_of(reply)}"))
        return data

    def _refuse(self, url: str, reply: _Reply) -> None:
        error = BadReply(f"{url} answered {reply.status}: {_message(reply)}{_HINTS.get(reply.status, '')}")
        error.status = reply.status
        if reply.status in _RETRIED:
            raise _Fault(error, _seconds(reply.retry_after, self.policy.longest_wait))
        raise error


class _NoList(Exception):
    """The server has no model list."""


_START = "start it (isobudget serve starts the simulated models) or mend the address"
_PATIENCE = "raise timeout, or lower concurrency"
_HINTS: Mapping[int, str] = {
    401: " (is its API key in the environment? OPENAI_API_KEY, unless another variable is named)",
    403: " (does this key have access?)",
    404: " (does the address end in /v1, and is the model's name the one that the server uses?)",
}


async def _session(headers: dict[str, str], concurrency: int, proxy: str | None) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),  # the policy bounds the whole
        connector=aiohttp.TCPConnector(limit=concurrency),
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy,
    )


def _proxy(base_url: str) -> str | None:
    """The environment's proxy for this address; aiohttp's `trust_env` would read files for every request."""
    parts = urlsplit(base_url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


def _check(base_url: str) -> None:
    try:
        parts = urlsplit(base_url)
        parts.port  # noqa: B018 - it is parsed when it is asked for
    except ValueError as error:
        raise IsobudgetError(f"base_url '{base_url}' is no URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise IsobudgetError(f"base_url '{base_url}' is no http URL: write it as http://localhost:8000/v1")


def _seconds(retry_after: str, longest: float) -> float:
    """Seconds that the server asks for; dates, which are rare, are left to the backoff."""
    try:
        return min(max(0.0, float(retry_after)), longest)
    except ValueError:
        return 0.0


def _message(reply: _Reply) -> str:
    """What an error reply says, in OpenAI's shape or any other."""
    try:
        return str(json.loads(reply.body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return _start_of(reply)


def _start_of(reply: _Reply) -> str:
    text = " ".join(reply.body.decode(errors="replace").split())
    return repr(text[:120]) if text else "an empty body"


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
