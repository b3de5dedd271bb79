"""Several servers behind one face: each serves some of the models, and a batch goes to all of them at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bench.errors import IsobudgetError
from bench.worlds.background import BackgroundLoop, Work
from bench.worlds.client import ChatClient, Done, Policy
from bench.worlds.gauges import Meter

__all__ = ["Servers", "addresses"]


def addresses(text: str | Mapping[str, str]) -> Mapping[str, str]:
    """Addresses by model; "" stands for every model that is not named.

    text: `http://HOST:PORT/v1`, or a list such as `S=http://…/v1,M=http://…/v1`, or a mapping.
    """
    if not isinstance(text, str):
        return dict(text)
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        model, equals, address = part.partition("=")
        name, url = (model.strip(), address.strip()) if equals and "://" not in model else ("", part)
        if name in found:
            raise IsobudgetError(f"base_url '{text}' names two servers for {name or 'the same models'}")
        found[name] = url
    if not found:
        raise IsobudgetError("base_url names no server: write it as http://localhost:8000/v1")
    return found


class Servers:
    """One client a server, all in one loop. Models are told apart by the names that the servers know them by."""

    def __init__(
        self, urls: Mapping[str, str], names: Mapping[str, str], api_key: str | None, policy: Policy
    ) -> None:
        """urls: by the pool's names of models. names: the servers' names for them, where they differ."""
        self._loop = BackgroundLoop()
        try:
            clients = {url: ChatClient(url, api_key, policy, self._loop) for url in dict.fromkeys(urls.values())}
        except BaseException:
            self._loop.close()
            raise
        self._clients = tuple(clients.values())
        self.where = ", ".join(client.base_url for client in self._clients)
        self._served = {names.get(model, model): clients[url] for model, url in urls.items() if model}
        self._others = clients[urls[""]] if "" in urls else None
        self._meters = [Meter(client.metrics) for client in self._clients]

    @property
    def retries(self) -> int:
        """Attempts that failed, on all servers."""
        return sum(client.retries for client in self._clients)

    @property
    def gave_up(self) -> int:
        """Calls that were given up, on all servers."""
        return sum(client.gave_up for client in self._clients)

    def models(self) -> dict[str, Any]:
        """The servers' model lists put together. Raises Unreachable or BadReply."""
        lists = [client.models() for client in self._clients]
        entries = [entry for listed in lists for entry in listed.get("data") or () if isinstance(entry, dict)]
        return {**lists[0], "data": entries}

    def begin(self, bodies: Sequence[bytes], done: Done) -> Work[None]:
        """As `ChatClient.begin`, each request to the server of its model."""
        places: dict[ChatClient, list[int]] = {}
        for i, body in enumerate(bodies):
            places.setdefault(self._client(body), []).append(i)
        return self._loop.start(_together(places, bodies, done))

    def take(self) -> dict[str, float]:
        """What the servers that count did since the last time, others' requests included: see `gauges`."""
        parts = [part for meter in self._meters if (part := meter.take())]
        if not parts:
            return {}
        names = dict.fromkeys(name for part in parts for name in part)
        summed = {name: sum(part.get(name, 0.0) for part in parts) for name in names}
        elapsed = max(part["elapsed_seconds"] for part in parts)
        running = (summed.get("prefill_seconds", 0.0) + summed.get("decode_seconds", 0.0)) / elapsed
        return summed | {"elapsed_seconds": elapsed, "mean_running": running}

    def close(self) -> None:
        """Close all connections and the thread."""
        try:
            for client in self._clients:
                client.disconnect()
        finally:
            self._loop.close()

    def _client(self, body: bytes) -> ChatClient:
        if self._others is not None and not self._served:
            return self._others
        model = json.loads(body)["model"]
        client = self._served.get(model, self._others)
        if client is None:
            raise IsobudgetError(
                f"no server is named for model {model}: give --base-url {model}=http://HOST:PORT/v1"
            )
        return client


async def _together(places: Mapping[ChatClient, Sequence[int]], bodies: Sequence[bytes], done: Done) -> None:
    def placed(own: Sequence[int]) -> Done:
        return lambda k, completion: done(own[k], completion)

    try:
        async with asyncio.TaskGroup() as group:
            for client, own in places.items():
                group.create_task(client.send([bodies[i] for i in own], placed(own)))
    except ExceptionGroup as error:
        raise error.exceptions[0] from None
