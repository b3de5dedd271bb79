"""The simulated models behind a real HTTP server, started and stopped with the world.

Everything a live world exercises is exercised (requests, retries, texts, graders), and the answers are those
of the simulated world. What it prints is therefore simulated, and labelled so.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

from bench.worlds.openai import OpenAIWorld
from bench.worlds.serve import FaultRates, running_server

__all__ = ["ServedWorld"]


class ServedWorld(OpenAIWorld):
    """A world of one universe that is asked over HTTP."""

    name: ClassVar[str] = "served"

    def __init__(
        self,
        universe: str = "main",
        *,
        data_dir: str | Path | None = None,
        unsafe_local: bool = False,
        faults: FaultRates | None = None,
        **options: Any,
    ) -> None:
        """faults: what the server injects. options: as for `OpenAIWorld`."""
        self._server = ExitStack()
        url = self._server.enter_context(running_server(data_dir, universe, faults, unsafe_local=unsafe_local))
        try:
            super().__init__(url, data_dir=data_dir, unsafe_local=unsafe_local, **options)
        except BaseException:
            self._server.close()
            raise

    def close(self) -> None:
        """End the connections, then the server."""
        super().close()
        self._server.close()
