"""Traces reach a collector that speaks OTLP; without one nothing is loaded."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from onebooking.tracing import set_up_tracing, stop_tracing
from tests import make
from tests.front_door import Hub
from tests.parks import settled, told, until, working

pytestmark = pytest.mark.anyio


@pytest.fixture
def heard() -> Iterator[list[ExportTraceServiceRequest]]:
    """What a collector hears of us; stops the tracing at the end of the test."""
    requests: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                raise AssertionError
            requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    set_up_tracing(f"http://127.0.0.1:{server.server_port}", part="test")
    yield requests
    stop_tracing()
    server.shutdown()
    server.server_close()


async def test_request_apply_and_attempt_are_spans_without_anybodys_data(
    hub: Hub, database_url: str, heard: list[ExportTraceServiceRequest]
) -> None:
    async with told(hub) as park:
        booking = (await hub.hears(make.event())).json()["booking_id"]
        await hub.edits(booking, admin_notes="marker-note")
        async with working(database_url):
            await until(lambda: settled(hub.database))
        assert "traceparent" not in {name.lower() for name in park.heard[0].headers}
    stop_tracing()
    spans = [
        span
        for request in heard
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert {"request", "apply", "attempt"} <= {span.name for span in spans}
    (attempt,) = [span for span in spans if span.name == "attempt"]
    told_of = {one.key: one.value.string_value for one in attempt.attributes}
    assert told_of == {"delivery_id": park.heard[0].id, "website_id": "hanuman-world"}
    said = [span.name for span in spans]  # ids are chance's: any byte may be in them
    said += [f"{one.key}={one.value}" for span in spans for one in span.attributes]
    assert not any("marker" in word or "@" in word for word in said)


def test_without_a_collector_nothing_of_opentelemetry_is_loaded() -> None:
    code = (
        "import sys, onebooking.serve, onebooking.work; from onebooking.tracing import span\n"
        "with span('x'): pass\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
