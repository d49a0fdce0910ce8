"""When no connection comes about: names, ports, certificates and URLs that do not work."""

import socket
import ssl
from asyncio import StreamReader, StreamWriter, start_server
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from onebooking.clock import utc_now
from onebooking.deliveries.send import Outcome, send
from onebooking.web.outgoing import open_http

pytestmark = pytest.mark.anyio


class NoSuchName(AbstractResolver):
    """A name server that knows nobody."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise socket.gaierror(socket.EAI_NONAME, f"{host}:{port}:{family} is unknown")

    async def close(self) -> None:
        """Nothing is held."""


async def attempt(http: aiohttp.ClientSession, url: str) -> Outcome:
    return await send(http, url=url, headers={}, body=b"{}", timeout_seconds=2)


def self_signed(folder: Path) -> Path:
    """A certificate and its key that nobody vouches for, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "park.example")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(utc_now() - timedelta(days=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "park.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem


async def greet(_: StreamReader, writer: StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    writer.close()


@pytest.fixture
async def plain_port() -> AsyncIterator[int]:
    server = await start_server(greet, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def tls_port(tmp_path: Path) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    server = await start_server(greet, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_closed_port_is_a_refused_connection(http: aiohttp.ClientSession) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        outcome = await attempt(http, f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert outcome.reason == "The website refused the connection."
    assert (outcome.accepted, outcome.status) == (False, None)
    assert outcome.counts_for_breaker


async def test_an_unknown_name_is_said_to_be_one() -> None:
    async with open_http(development=False, resolver=NoSuchName()) as http:
        outcome = await attempt(http, "https://no-such-park.example/")
    assert outcome.reason == "The host name could not be found."
    assert outcome.counts_for_breaker


async def test_a_certificate_nobody_vouches_for_is_not_accepted(
    http: aiohttp.ClientSession, tls_port: int
) -> None:
    outcome = await attempt(http, f"https://127.0.0.1:{tls_port}/")
    assert outcome.reason == "The website's TLS certificate is not valid."
    assert outcome.counts_for_breaker


async def test_https_towards_a_port_that_speaks_none_is_a_failure(
    http: aiohttp.ClientSession, plain_port: int
) -> None:
    outcome = await attempt(http, f"https://127.0.0.1:{plain_port}/")
    assert outcome.reason == "No TLS connection could be made."
    assert outcome.counts_for_breaker


async def test_http_towards_a_port_that_speaks_tls_is_a_failure(
    http: aiohttp.ClientSession, tls_port: int
) -> None:
    outcome = await attempt(http, f"http://127.0.0.1:{tls_port}/")
    assert not outcome.accepted
    assert outcome.counts_for_breaker


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/webhooks",
        "park",
        "http://",
        "http://[::1",
        "http://localhost:99999/",
        "http://localhost/\0",
        "http://a..b/",
        "http://xn--a/",
        f"http://{'a' * 300}.example/",
        "ftp://localhost/",
        "mailto:gate@park.example",
    ],
)
async def test_a_url_that_cannot_be_used_is_an_outcome_like_any_other(
    http: aiohttp.ClientSession, url: str
) -> None:
    outcome = await attempt(http, url)
    assert (outcome.accepted, outcome.status) == (False, None)
    assert outcome.reason.endswith(".")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\0", "a\n"])
async def test_a_header_that_cannot_be_sent_is_an_outcome_like_any_other(
    http: aiohttp.ClientSession, plain_port: int, value: str
) -> None:
    url = f"http://127.0.0.1:{plain_port}/"
    outcome = await send(http, url=url, headers={"X-Webhook-Id": value}, body=b"{}")
    assert outcome.reason == "The webhook could not be sent."
    assert not outcome.counts_for_breaker


async def test_the_secrets_of_a_url_stay_out_of_what_people_read(
    http: aiohttp.ClientSession,
) -> None:
    for url in (
        "http://127.0.0.1:9/?key=hush",
        "http://10.0.0.1/hush",
        "http://[hush",
        "hush://a/",
    ):
        assert "hush" not in (await attempt(http, url)).reason
