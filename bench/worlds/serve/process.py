"""The server as a process: in this one until stopped, or in a child for as long as it is needed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import uvicorn

from bench.errors import IsobudgetError, WorldError
from bench.worlds.serve.app import create_app
from bench.worlds.serve.faults import FaultRates

__all__ = ["running_server", "serve"]

_BACKLOG = 512


def serve(
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    universe: str = "main",
    data_dir: str | Path | None = None,
    faults: FaultRates | None = None,
    unsafe_local: bool = False,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve until interrupted. port 0 takes a free one; `announce` is given the base URL once it listens.

    Raises IsobudgetError when the address cannot be taken or the universe does not exist.
    """
    app = create_app(universe, data_dir, faults, unsafe_local=unsafe_local)
    listener = _listener(host, port)
    with listener:
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{listener.getsockname()[1]}/v1"
        # Dropped connections are on purpose here, and uvicorn would log each of them as an error.
        config = uvicorn.Config(
            app, log_level="critical", access_log=False, lifespan="off", ws="none", backlog=_BACKLOG
        )
        server = _Announcing(config, lambda: announce(url) if announce else None)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(server.serve(sockets=[listener]))


@contextlib.contextmanager
def running_server(
    data_dir: str | Path | None = None,
    universe: str = "main",
    faults: FaultRates | None = None,
    *,
    unsafe_local: bool = False,
) -> Iterator[str]:
    """A server in a child process on a free local port, for the time of the block; gives its base URL.

    The child ends with the block, and also when this process dies. Raises WorldError when it cannot start.
    """
    command = [sys.executable, "-m", "bench.worlds.serve", "--port", "0", "--universe", universe, "--child"]
    if data_dir is not None:
        command += ["--data-dir", str(data_dir)]
    if faults is not None:
        command += ["--faults", ",".join(f"{key}={value}" for key, value in asdict(faults).items())]
    if unsafe_local:
        command.append("--unsafe-local-exec")
    # An unbuffered child with our import path; its stdin tells it that we are still there.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield _url(child)
    finally:
        child.terminate()
        try:
            child.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()


def _url(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    line = child.stdout.readline().strip()
    if line.startswith("http"):
        return line
    _, said = child.communicate()
    why = (said.strip() or "it said nothing").splitlines()[-1]
    raise WorldError(f"the simulated server did not start: {why}")


def end_with_parent() -> None:
    """End this process when its stdin closes, which it does when the parent is gone, however it died."""

    def watch() -> None:
        # Not through sys.stdin, whose lock would be held when the interpreter ends.
        while os.read(0, 1024):
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def _listener(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=_family(host), backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else "ports go up to 65535"
        raise IsobudgetError(f"cannot listen on {host} port {port}: {why}") from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()
