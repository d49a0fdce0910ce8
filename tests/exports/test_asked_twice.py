"""A doubled click is one export; and what is asked, written and failed is counted."""

import asyncio

import pytest

from onebooking.exports import worker
from onebooking.exports.rows import PAGE
from onebooking.exports.worker import export_due
from onebooking.members.model import Role
from tests.exports.files import many
from tests.front_door import Hub
from tests.observability.test_metrics import scraped
from tests.pages import Visitor, visiting
from tests.parks import all_of, one, run

pytestmark = pytest.mark.anyio
OURS = "hanuman-world"


async def clicks(visitor: Visitor, file_format: str = "csv", **filters: str) -> None:
    reply = await visitor.sends("/exports", format=file_format, **filters)
    assert (reply.status_code, reply.headers["location"]) == (303, "/exports"), reply.text


async def exports(hub: Hub) -> int:
    counted: int = (await one(hub.database, "SELECT count(*) FROM exports"))[0]
    return counted


async def test_clicks_at_once_are_one_export_and_one_act(hub: Hub) -> None:
    som = await visiting(hub)
    await asyncio.gather(*(clicks(som, status="confirmed") for _ in range(5)))
    assert await exports(hub) == 1
    acts = await all_of(hub.database, "SELECT FROM member_acts WHERE act = 'exported'")
    assert len(acts) == 1


async def test_another_question_format_or_member_is_another_export(hub: Hub) -> None:
    som, dao = await visiting(hub), await visiting(hub, Role.ADMIN, OURS)
    for visitor, file_format, filters in (
        (som, "csv", {}), (som, "xlsx", {}), (som, "csv", {"status": "confirmed"}),
        (som, "csv", {"sort": "-booking_ref"}), (dao, "csv", {}),
    ):  # fmt: skip
        before = await exports(hub)
        for _ in range(2):
            await clicks(visitor, file_format, **filters)
        assert await exports(hub) == before + 1


@pytest.mark.parametrize(
    ("state", "seconds_ago", "together"),
    [
        ("waiting", 3_600, 1), ("running", 3_600, 1), ("done", 1, 1), ("done", 60, 2),
        ("failed", 1, 2),
    ],
)  # fmt: skip
async def test_one_that_is_not_written_yet_or_was_asked_for_just_now_is_the_answer(
    hub: Hub, state: str, seconds_ago: int, together: int
) -> None:
    som = await visiting(hub)
    await clicks(som)
    ago = "created_at = now() - CAST(:ago AS integer) * interval '1 second'"
    await run(hub.database, f"UPDATE exports SET state = :s, {ago}", s=state, ago=seconds_ago)
    await clicks(som)
    assert await exports(hub) == together


async def test_what_is_asked_written_and_failed_is_counted(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CHUNK", 1)
    await many(hub.database, 2 * PAGE)
    som = await visiting(hub)
    before = await scraped(hub.http)
    for _ in range(2):
        await clicks(som)
    assert await export_due(hub.database)
    size = (await one(hub.database, "SELECT size FROM exports"))[0]
    await clicks(som, "xlsx")
    await run(
        hub.database, "UPDATE exports SET attempts = 3, state = 'running' WHERE due_at <= now()"
    )
    assert not await export_due(hub.database)
    after = await scraped(hub.http)

    def more(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert more("onebooking_exports_asked_total{csv}") == 1
    assert more("onebooking_exports_asked_total{xlsx}") == 1
    assert more("onebooking_exports_ended_total{done}") == 1
    assert more("onebooking_exports_ended_total{stopped}") == 1
    assert more("onebooking_exported_bookings_total{}") == 2 * PAGE
    assert more("onebooking_exported_bytes_total{}") == size
