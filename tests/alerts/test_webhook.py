"""The operational webhook: what it says, signed, until it is heard."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from standardwebhooks import Webhook

from onebooking.web.outgoing import open_http
from tests.alerts.scene import Scene, staged, teller
from tests.front_door import Hub

pytestmark = pytest.mark.anyio
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@dataclass
class Pager:
    """What the operations team's receiver heard, and how it answers."""

    status: int = 200
    port: int = 0
    heard: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        self.heard.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status)

    def says(self, number: int = -1) -> list[dict[str, Any]]:
        """The alerts of one call, once its signature is found right."""
        headers, body = self.heard[number]
        Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
        said = msgspec.json.decode(body)
        assert said["type"] == "alerts.changed"
        alerts: list[dict[str, Any]] = said["data"]["alerts"]
        return alerts

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.heard]


@asynccontextmanager
async def paged() -> AsyncIterator[Pager]:
    pager = Pager()
    app = web.Application()
    app.router.add_post("/alerts", pager.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pager.port = runner.addresses[0][1]
        yield pager
    finally:
        await runner.cleanup()


@pytest.fixture
async def pager() -> AsyncIterator[Pager]:
    async with paged() as opened:
        yield opened


@pytest.fixture
async def paging(hub: Hub, pager: Pager, tmp_path: Path) -> AsyncIterator[Scene]:
    """A scene in which the webhook is told as well."""
    url = f"http://127.0.0.1:{pager.port}/alerts"
    async with staged(hub, tmp_path, alerts_webhook_url=url, alerts_webhook_secret=SECRET) as scene:
        yield scene


async def test_it_hears_what_opens_what_stays_and_what_is_over(paging: Scene, pager: Pager) -> None:
    await paging.fails(ago=2 * HOUR)
    assert await paging.looks() == 2  # the member and the webhook
    ((alert),) = pager.says()
    assert {name: alert[name] for name in ("website_id", "kind", "state", "reminder", "count")} == {
        "website_id": "hanuman-world",
        "kind": "failing",
        "state": "open",
        "reminder": False,
        "count": 0,
    }
    await paging.looks(MINUTE)
    assert len(pager.heard) == 1
    await paging.looks(DAY)
    assert pager.says()[0]["reminder"]
    await paging.recovers()
    await paging.looks(DAY + MINUTE)
    (over,) = pager.says()
    assert (over["id"], over["state"], over["reminder"]) == (alert["id"], "over", False)
    assert over["cleared_at"]
    await paging.looks(3 * DAY)
    assert (len(pager.heard), len(set(pager.ids()))) == (3, 3)


async def test_ten_alerts_at_once_are_one_call(paging: Scene, pager: Pager) -> None:
    from tests import make

    for number in range(10):
        await make.website(paging.database, f"park-{number}")
        await paging.fails(f"park-{number}", ago=2 * HOUR)
    await paging.looks()
    assert len(pager.heard) == 1
    assert len(pager.says()) == 10


async def test_what_it_does_not_take_is_said_again_under_the_same_id_and_mailed_once(
    paging: Scene, pager: Pager
) -> None:
    pager.status = 500
    await paging.fails(ago=2 * HOUR)
    assert await paging.looks() == 1
    await paging.looks(MINUTE)
    pager.status = 200
    await paging.looks(3 * MINUTE)
    await paging.looks(4 * MINUTE)
    assert (len(pager.heard), len(set(pager.ids()))) == (3, 1)
    assert len(paging.room.mails) == 1


async def test_it_meets_the_same_guard_as_deliveries(
    scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with paged() as pager, open_http(development=False) as http:
        guarded = teller(
            tmp_path,
            http,
            alerts_webhook_url=f"http://127.0.0.1:{pager.port}/alerts",
            alerts_webhook_secret=SECRET,
        )
        await scene.fails(ago=2 * HOUR)
        assert await scene.looks(teller=guarded) == 1  # the mail, kept in the folder
    assert pager.heard == []
    assert "A webhook URL starts with https://." in caplog.text
    assert SECRET not in caplog.text
