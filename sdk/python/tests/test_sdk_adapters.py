"""The receiver behind real ASGI and WSGI servers."""

import json
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import uvicorn
from sdk_kit import Database, ParkSite, signed

from onebooking_source import asgi_app, wsgi_app

CHANGE = {
    "event": "booking.status_changed",
    "source_booking_id": "b-1",
    "updated_fields": ["status"],
    "data": {"status": "no_show"},
    "version": 1,
}
MEBIBYTE = 1024 * 1024


@pytest.fixture
def database(sqlite: Database) -> Database:
    return sqlite


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@pytest.fixture
def wsgi_port(park: ParkSite) -> Iterator[int]:
    app = wsgi_app(park.receiver)
    with make_server("127.0.0.1", 0, app, server_class=Threads, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def asgi_port(park: ParkSite) -> Iterator[int]:
    config = uvicorn.Config(asgi_app(park.receiver), port=0, log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture(params=["asgi_port", "wsgi_port"])
def line(request: pytest.FixtureRequest) -> Iterator[HTTPConnection]:
    line = HTTPConnection("127.0.0.1", request.getfixturevalue(request.param), timeout=5)
    yield line
    line.close()


def test_a_signed_webhook_is_applied(park: ParkSite, line: HTTPConnection) -> None:
    body = json.dumps(CHANGE).encode()
    line.request("POST", "/", body, signed(body, at=park.clock.now, webhook_id="w-1"))
    reply = line.getresponse()
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert json.loads(reply.read()) == {"success": True, "message": "Booking updated"}
    assert park.applied[0].webhook_id == "w-1"


def test_an_unsigned_webhook_is_refused(park: ParkSite, line: HTTPConnection) -> None:
    line.request("POST", "/", b"{}")
    reply = line.getresponse()
    assert (reply.status, json.loads(reply.read())["success"]) == (401, False)
    assert park.applied == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_not_allowed(line: HTTPConnection, method: str) -> None:
    line.request(method, "/")
    reply = line.getresponse()
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")
    assert json.loads(reply.read())["success"] is False


def test_a_body_past_the_limit_is_refused(line: HTTPConnection) -> None:
    line.request("POST", "/", b" " * (MEBIBYTE + 1))
    assert line.getresponse().status == 413


def test_a_body_of_unknown_length_is_read_under_asgi(park: ParkSite, asgi_port: int) -> None:
    body = json.dumps(CHANGE).encode()
    headers = signed(body, at=park.clock.now, webhook_id="w-1")
    line = HTTPConnection("127.0.0.1", asgi_port, timeout=5)
    headers["Transfer-Encoding"] = "chunked"
    line.request("POST", "/", iter([body[:10], body[10:]]), headers, encode_chunked=True)
    assert line.getresponse().status == 200
    line.close()
