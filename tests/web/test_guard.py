"""Which addresses and URLs we send to: a table of what has fooled others."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from aiohttp import AddrInfoType
from hypothesis import given
from hypothesis import strategies as st

from onebooking.errors import InvalidPayload
from onebooking.web.guard import UnsafeAddress, check_url, is_public, socket_factory

REFUSED = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255
    127.0.0.1 127.0.0.53 127.255.255.255 168.63.129.16 169.254.0.1 169.254.169.254
    172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1
    192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1
    239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1
    64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 100:0:0:1::1 2001::1
    2001:0:7f00:1::1 2001:2::1 2001:10::1 2001:20::1 2001:1ff::1 2001:db8::1 2002:7f00:1::
    2002:808:808::1 3fff::1 3fff:fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fd12:3456::1
    fe80::1 fe80::1%eth0 febf::1 fec0::1 feff::1 ff02::1 ff0e::1 2606:4700::1%eth0
""".split()  # noqa: SIM905 (a table reads best as one)

PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255
    128.0.0.1 172.15.255.255 172.32.0.1 192.0.1.1 198.17.255.255 198.20.0.1 223.255.255.255
    2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1 2a00:1450::1 3ffe::1
""".split()  # noqa: SIM905

# What `check_url` refuses outside development, however it is spelt.
REFUSED_URLS = [
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0X7F.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://8.8.8.8.8/",
    "https://0/",
    "https://127.0.0.1%2f@park.example/",
    "https://①②⑦.⓪.⓪.①/",
    "https://\uff11\uff12\uff17.\uff10.\uff10.\uff11/",
    "https://127。0。0。1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[fec0::1]/",
    "https://[5f00::1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://hooks.localhost/",
    "https://intranet/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://metadata.google.internal./",
    "https://router.home.arpa/",
    "http://park.example/",
    "https://park.example:8443/",
    "https://park.example:80/",
    "https://park.example:0/",
    "https://park.example:65536/",
    "https://park.example:https/",
    "https://user:word@park.example/",
    "https://user@park.example/",
    "https://park.example/#top",
    "https://park.example/#",
    "https://park.example\\@127.0.0.1/",
    "https://park.example /",
    "https://park.example/\r\nX-Evil: 1",
    "https://park.example/\0",
    " https://park.example/",
    "https:///webhooks",
    "https://",
    "https://./",
    "https://park..example/",
    f"https://{'a' * 64}.example/",
    "https:park.example",
    "//park.example/",
    "park.example/webhooks",
    "/webhooks",
    "",
    "ftp://park.example/",
    "file:///etc/passwd",
    "gopher://park.example/",
    "javascript:alert(1)",
    "https://[park.example/",
    "https://[]/",
    "https://park.example/" + "a" * 2_000,
    "https://park.example/" + "ส" * 300,
]

FINE_URLS = [
    "https://hanumanworld.com/api/webhooks/onebooking",
    "https://hanumanworld.com:443/webhooks",
    "https://hanumanworld.com./webhooks",
    "HTTPS://HanumanWorld.com/webhooks?park=1",
    "https://หนุมาน.ไทย/webhooks",
    "https://8.8.8.8/webhooks",
    "https://[2606:4700::1]/webhooks",
    "https://1.park.example/@home",
    "https://10.0.0.1.park.example/",
    "https://localhost.park.example/",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_not_everybody_shares_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public_up_to_the_very_edge(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses())
def test_nothing_python_calls_private_is_public(address: IPv4Address | IPv6Address) -> None:
    assert not (is_public(address) and not address.is_global)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_is_public_in_an_ipv6_disguise(address: IPv4Address) -> None:
    number = int(address)
    disguises = (
        number,
        0xFFFF << 32 | number,
        0x64FF9B << 96 | number,
        0x2002 << 112 | number << 80,
    )
    assert not any(is_public(IPv6Address(disguise)) for disguise in disguises)


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_url_we_would_never_send_to_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(UnsafeAddress) as refused:
        check_url(url, development=False)
    assert refused.value.message.endswith(".")
    assert isinstance(refused.value, InvalidPayload)
    assert refused.value.status == 422


@pytest.mark.parametrize("url", FINE_URLS)
def test_the_url_of_a_real_park_is_fine(url: str) -> None:
    check_url(url, development=False)
    check_url(url, development=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:3000/api/webhooks/onebooking",
        "http://localhost:3000/",
        "http://[::1]:3000/",
        "http://park.localhost:3000/",
        "https://127.0.0.1:8443/",
        "http://staging.park.example/",
    ],
)
def test_in_development_a_park_may_run_beside_us(url: str) -> None:
    check_url(url, development=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://192.168.1.10:3000/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]:3000/",
        "http://[64:ff9b::7f00:1]/",
        "http://2130706433:3000/",
        "http://0x7f.1:3000/",
        "http://0.0.0.0:3000/",
        "http://user:word@localhost:3000/",
        "ftp://localhost/",
    ],
)
def test_development_opens_this_machine_and_nothing_more(url: str) -> None:
    with pytest.raises(UnsafeAddress):
        check_url(url, development=True)


def towards(host: str, port: int = 443) -> AddrInfoType:
    """What aiohttp hands to a socket factory for this address."""
    if ":" in host:
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port)


@pytest.mark.parametrize(
    "host", [*REFUSED, "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", ""]
)
def test_no_socket_opens_towards_an_address_that_is_not_public(host: str) -> None:
    with pytest.raises(UnsafeAddress):
        socket_factory(development=False)(towards(host))


@pytest.mark.parametrize("host", PUBLIC)
def test_a_socket_opens_towards_the_internet(host: str) -> None:
    with socket_factory(development=False)(towards(host)) as opened:
        assert opened.type == socket.SOCK_STREAM


@pytest.mark.parametrize("port", [22, 80, 5432, 8443])
def test_no_socket_opens_towards_another_port_than_that_of_https(port: int) -> None:
    with pytest.raises(UnsafeAddress):
        socket_factory(development=False)(towards("8.8.8.8", port))


def test_in_development_a_socket_opens_towards_this_machine_on_any_port() -> None:
    for host in ("127.0.0.1", "127.0.0.53", "::1"):
        socket_factory(development=True)(towards(host, 3000)).close()


def test_in_development_no_socket_opens_towards_the_office_network() -> None:
    for host in ("10.0.0.1", "192.168.1.10", "169.254.169.254", "::ffff:127.0.0.1", "fd00::1"):
        with pytest.raises(UnsafeAddress):
            socket_factory(development=True)(towards(host, 3000))
