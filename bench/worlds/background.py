"""An event loop in a thread of its own, so that asynchronous work has a synchronous face."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

__all__ = ["BackgroundLoop", "Work"]

T = TypeVar("T")


class Work(Generic[T]):
    """Something under way in the loop."""

    def __init__(self, loop: BackgroundLoop, future: Future[T]) -> None:
        self._loop, self._future = loop, future

    def result(self) -> T:
        """Wait for it; an interrupt of the waiting thread cancels it."""
        try:
            return self._future.result()
        except KeyboardInterrupt:
            self.cancel()
            raise

    def cancel(self) -> None:
        """End it, if it is still under way, and wait until it has let go."""
        if self._future.cancel():
            self._loop.run(asyncio.sleep(0))


class BackgroundLoop:
    """One loop, started at once and closed by `close`. Not to be used across a fork."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="isobudget-http", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, T]) -> Work[T]:
        """Begin something without waiting for it."""
        return Work(self, asyncio.run_coroutine_threadsafe(work, self._loop))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The work's result; an interrupt of the waiting thread cancels the work."""
        return self.start(work).result()

    def close(self) -> None:
        """Cancel what still runs and end the thread."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self.run(_cancel_others())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
