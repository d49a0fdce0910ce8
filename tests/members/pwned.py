"""A stand-in for Pwned Passwords' range API, on a port of this machine, as its manual has it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Literal

from aiohttp import web

Mood = Literal["well", "busy", "away", "elsewhere", "garbage", "empty", "endless", "hangs"]
_PADDED_TO = 800


@dataclass
class Pwned:
    """What it knows, what it was asked, and how it feels."""

    url: str = ""
    known: dict[str, int] = field(default_factory=dict)  # how often a password was seen
    padding: list[str] = field(default_factory=list)  # passwords whose hashes pad, counted 0
    asked: list[str] = field(default_factory=list)
    mood: Mood = "well"

    async def answers(self, request: web.Request) -> web.StreamResponse:
        """One range, padded with lines that count 0 where the caller wants that."""
        self.asked.append(request.path)
        odd = {
            "busy": web.Response(status=429, headers={"Retry-After": "2"}, text="slow down"),
            "away": web.Response(status=503, text="upstream connect error"),
            "elsewhere": web.Response(status=302, headers={"Location": f"{self.url}/21BD1"}),
            "garbage": web.Response(text="<html>Sign in to the hotel's network</html>"),
            "empty": web.Response(text=""),
        }
        if self.mood in odd:
            return odd[self.mood]
        if self.mood != "well":
            return await self._never_ends(request)
        assert request.headers["Add-Padding"] == "true"
        prefix = request.match_info["prefix"]
        found = [(hashed(one), count) for one, count in self.known.items()]
        found += [(hashed(one), 0) for one in self.padding]
        found += [(prefix + f"{n:035X}", 0 if n % 2 else 7) for n in range(_PADDED_TO)]
        lines = [f"{one[5:]}:{count}" for one, count in found if one.startswith(prefix)]
        return web.Response(text="\r\n".join(lines))

    async def _never_ends(self, request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse()
        await reply.prepare(request)
        while self.mood == "endless":
            await reply.write(b"0018A45C4D1DEF81644B54AB7F969B88D65:3\r\n" * 1000)
        while self.mood == "hangs":  # noqa: ASYNC110 -- until the test says otherwise
            await asyncio.sleep(0.01)
        return reply


def hashed(password: str) -> str:
    """SHA-1 in capital digits."""
    return sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


@asynccontextmanager
async def pwned() -> AsyncIterator[Pwned]:
    """One that listens."""
    service = Pwned()
    app = web.Application()
    app.router.add_get("/range/{prefix:[0-9A-F]{5}}", service.answers)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}/range"
    try:
        yield service
    finally:
        service.mood = "well"
        await runner.cleanup()
