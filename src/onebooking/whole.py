"""A reply leaves as a whole: uvicorn writes head and body, a system call and a packet each."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST_HELD = 64 * 1024  # a stream is passed on, and may be told to pause


class WholeReplies(HttpToolsProtocol):
    """uvicorn's protocol over a transport that gathers what one turn of the loop writes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(cast("asyncio.Transport", _Gathering(transport, self.loop)))


class _Gathering:
    """A transport that passes on what was written since the last turn of the loop, as one."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []
        self._held = 0

    def write(self, data: bytes) -> None:
        """Send `data`, soon."""
        if not self._written:
            self._loop.call_soon(self._pass_on)
        self._written.append(data)
        self._held += len(data)
        if self._held > _MOST_HELD:
            self._pass_on()

    def close(self) -> None:
        """Send what is left, and close."""
        self._pass_on()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _pass_on(self) -> None:
        if self._written:
            written = b"".join(self._written)
            self._written.clear()
            self._held = 0
            self._transport.write(written)
