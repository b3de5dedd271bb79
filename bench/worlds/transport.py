"""A lean transport for plain `http://`: kept-alive connections on asyncio streams, the protocol by h11.

httpx's own costs milliseconds of processor time a request at 32 connections, more than a simulated
model takes to answer; this one costs a fraction of that. `https://` and proxies stay with httpx's own.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

import h11
import httpx

__all__ = ["CONNECT_SECONDS", "LeanTransport"]

CONNECT_SECONDS = 10.0

_CHUNK = 1 << 16


class _Line:
    """One connection: its streams and the state of the protocol."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.protocol = h11.Connection(h11.CLIENT)

    @property
    def usable(self) -> bool:
        """Whether the server still keeps an idle connection open, as far as one can know."""
        return not (self.reader.at_eof() or self.writer.is_closing())

    async def exchange(self, request: httpx.Request, body: bytes) -> httpx.Response:
        """Send a request, read the whole response."""
        target = request.url.raw_path
        head = h11.Request(method=request.method, target=target, headers=request.headers.raw)
        parts = [head, h11.Data(data=body), h11.EndOfMessage()] if body else [head, h11.EndOfMessage()]
        self.writer.write(b"".join(filter(None, map(self.protocol.send, parts))))
        await self.writer.drain()
        response = await self._event()
        while isinstance(response, h11.InformationalResponse):
            response = await self._event()
        if not isinstance(response, h11.Response):
            raise httpx.RemoteProtocolError("the server closed the connection without a response")
        content = bytearray()
        while isinstance(event := await self._event(), h11.Data):
            content += event.data
        return httpx.Response(
            response.status_code, headers=list(response.headers), content=bytes(content), request=request
        )

    async def _event(self) -> h11.Event:
        while (event := self.protocol.next_event()) is h11.NEED_DATA:
            self.protocol.receive_data(await self.reader.read(_CHUNK))
        if isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            raise httpx.RemoteProtocolError("the server closed the connection without a response")
        assert not isinstance(event, type)
        return event

    def renew(self) -> bool:
        """Make ready for the next request; False when the connection cannot be used again."""
        if self.protocol.our_state is h11.DONE and self.protocol.their_state is h11.DONE:
            self.protocol.start_next_cycle()
            return True
        return False


class LeanTransport(httpx.AsyncBaseTransport):
    """As many connections as there are requests at a time; idle ones are used again."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int], list[_Line]] = defaultdict(list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx's own errors: ConnectError, ConnectTimeout, ReadError, RemoteProtocolError."""
        origin = (request.url.host, request.url.port or 80)
        body = await request.aread()
        line = await self._line(origin)
        done = False
        try:
            response = await line.exchange(request, body)
            done = line.renew()
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        except OSError as error:
            raise httpx.ReadError(str(error), request=request) from error
        finally:
            if done:
                self._idle[origin].append(line)
            else:
                line.writer.close()
        return response

    async def aclose(self) -> None:
        """Close the idle connections."""
        for lines in self._idle.values():
            for line in lines:
                line.writer.close()
        self._idle.clear()
        await asyncio.sleep(0)  # one turn of the loop, in which the sockets are really closed

    async def _line(self, origin: tuple[str, int]) -> _Line:
        idle = self._idle[origin]
        while idle:
            line = idle.pop()
            if line.usable:
                return line
            line.writer.close()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return _Line(*await asyncio.open_connection(*origin))
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"no connection in {CONNECT_SECONDS:g} s") from error
        except OSError as error:
            raise httpx.ConnectError(error.strerror or str(error)) from error
