"""The OpenAPI document against a real server: every reply is one it announces, none is a 5xx."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok

from onebooking.app import create_app
from onebooking.db import Database
from tests import make
from tests.front_door import SYNC, member

EXAMPLES = 20


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The hub in a thread of its own, with a website, a member and a booking."""
    ready = SimpleNamespace(url="", key="", token="", stop=None)
    started = threading.Event()

    async def serve() -> None:
        database = Database.at(database_url, connections=5)
        ready.key = (await make.website(database)).api_key
        ready.token = await make.token(database)
        app: Any = create_app(make.settings(tmp_path), database)
        config = uvicorn.Config(app, port=0, log_level="critical", access_log=False)
        uvicorn_server = uvicorn.Server(config)
        ready.stop = lambda: setattr(uvicorn_server, "should_exit", True)
        serving = asyncio.create_task(uvicorn_server.serve())
        while not uvicorn_server.started:  # noqa: ASYNC110 -- it has no event to wait for
            await asyncio.sleep(0.01)
        port = uvicorn_server.servers[0].sockets[0].getsockname()[1]
        ready.url = f"http://127.0.0.1:{port}"
        started.set()
        await serving
        await database.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(30)
    yield ready
    ready.stop()
    thread.join(30)


def test_every_reply_is_one_the_document_announces(
    server: SimpleNamespace, subtests: pytest.Subtests
) -> None:
    both = {"X-API-Key": server.key} | member(server.token)
    known = _made(server.url, both)
    document = httpx.get(f"{server.url}/schema/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=server.url)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        with subtests.test(operation.label):
            _try_out(operation, known, headers=both)


def _made(url: str, headers: dict[str, str]) -> dict[str, str]:
    """A booking, its website and a delivery of it, by the names that paths give them."""
    with httpx.Client(base_url=url, headers=headers) as http:
        booking_id = http.post(SYNC, json=make.event()).json()["booking_id"]
        http.put(f"/api/bookings/{booking_id}", json={"guest_count": 7}).raise_for_status()
        delivery = http.get("/api/deliveries").json()["deliveries"][0]
    return {
        "booking_id": booking_id, "website_id": "hanuman-world", "delivery_id": delivery["id"],
    }  # fmt: skip


def _cases(operation: Any, known: dict[str, str]) -> Any:
    """Good and bad calls; where a path names something, also what is there."""
    cases = operation.as_strategy()
    named = {one.name: known[one.name] for one in operation.path_parameters if one.name in known}
    if named:
        cases |= operation.as_strategy(path_parameters=named)
    if operation.body or operation.query:
        cases |= operation.as_strategy(
            generation_mode=GenerationMode.NEGATIVE, path_parameters=named or None
        )
    return cases


def _try_out(operation: Any, known: dict[str, str], *, headers: dict[str, str]) -> None:
    @given(case=_cases(operation, known))
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def conforms(case: Any) -> None:
        case.call_and_validate(
            headers=headers,
            checks=[
                checks.not_a_server_error,
                checks.status_code_conformance,
                checks.content_type_conformance,
                checks.response_schema_conformance,
            ],
        )

    conforms()
