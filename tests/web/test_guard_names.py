"""What a name resolves to does not matter; what we connect to does."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from onebooking.deliveries.send import Outcome, send
from onebooking.web.outgoing import open_http

pytestmark = pytest.mark.anyio

NOT_PUBLIC = "The host leads to an address that is not public."


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops we may run on: each connects in its own way."""
    return "asyncio", {"use_uvloop": request.param}


class Names(AbstractResolver):
    """A name server that gives these answers in turn, then the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


class Listener:
    """A website on this machine that accepts everything, and counts who came."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0

    @asynccontextmanager
    async def listening(self, host: str = "127.0.0.1") -> AsyncIterator["Listener"]:
        server = await asyncio.start_server(self._accept, host, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()


async def deliver(url: str, names: AbstractResolver | None, *, development: bool) -> Outcome:
    async with open_http(development=development, resolver=names) as http:
        return await send(http, url=url, headers={}, body=b"{}", timeout_seconds=2)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:127.0.0.1",
     "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1", "fec0::1"],
)  # fmt: skip
async def test_a_public_name_that_leads_inside_is_not_followed(address: str) -> None:
    outcome = await deliver("https://park.example/", Names([address]), development=False)
    assert (outcome.accepted, outcome.status, outcome.reason) == (False, None, NOT_PUBLIC)
    assert not outcome.counts_for_breaker


async def test_a_name_with_only_refused_addresses_is_refused_whichever_is_tried() -> None:
    names = Names(["10.0.0.1", "::1", "192.168.0.1", "fe80::1"])
    outcome = await deliver("https://park.example/", names, development=False)
    assert outcome.reason == NOT_PUBLIC


async def test_of_mixed_addresses_only_an_allowed_one_is_connected_to() -> None:
    async with Listener().listening() as website:
        url = f"http://park.example:{website.port}/"
        names = Names(["10.0.0.1", "::ffff:127.0.0.1", "127.0.0.1"])
        outcome = await deliver(url, names, development=True)
    assert outcome.accepted
    assert website.connections == 1


async def test_an_address_in_disguise_never_reaches_the_machine_behind_it() -> None:
    async with Listener().listening() as website:
        url = f"http://park.example:{website.port}/"
        outcome = await deliver(url, Names(["::ffff:127.0.0.1"]), development=True)
    assert outcome.reason == NOT_PUBLIC
    assert website.connections == 0


async def test_a_name_that_changes_between_two_look_ups_is_refused_at_the_second() -> None:
    names = Names(["127.0.0.1"], ["::ffff:127.0.0.1"])
    async with (
        Listener().listening() as website,
        open_http(development=True, resolver=names) as http,
    ):
        url = f"http://park.example:{website.port}/"
        first = await send(http, url=url, headers={}, body=b"{}", timeout_seconds=2)
        http.connector.clear_dns_cache()  # type: ignore[union-attr]
        second = await send(http, url=url, headers={}, body=b"{}", timeout_seconds=2)
    assert first.accepted
    assert second.reason == NOT_PUBLIC
    assert website.connections == 1


async def test_a_name_that_looked_public_when_it_was_checked_is_refused_when_connecting() -> None:
    names = Names(["93.184.216.34"], ["127.0.0.1"])
    looked_up = await names.resolve("park.example", 443)
    assert looked_up[0]["host"] == "93.184.216.34"
    outcome = await deliver("https://park.example/", names, development=False)
    assert outcome.reason == NOT_PUBLIC


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost",
             "localhost.", "[::1]", "[::ffff:127.0.0.1]"],
)  # fmt: skip
async def test_outside_development_this_machine_is_out_of_reach_however_it_is_spelt(
    host: str,
) -> None:
    async with Listener().listening() as website:
        for url in (f"https://{host}/", f"http://{host}:{website.port}/"):
            outcome = await deliver(url, None, development=False)
            assert outcome.status is None
            assert not outcome.counts_for_breaker
    assert website.connections == 0


async def test_a_url_stored_before_the_rules_is_checked_again_when_sending() -> None:
    outcome = await deliver("http://park.example/", Names(["93.184.216.34"]), development=False)
    assert outcome.reason == "A webhook URL starts with https://."


async def test_in_development_localhost_is_reached_by_name() -> None:
    async with Listener().listening() as website:
        outcome = await deliver(f"http://localhost:{website.port}/", None, development=True)
    assert outcome.accepted
