"""An export at once: the list's bookings and no others, each once, however slowly it is read."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from onebooking.bookings.filters import Filters
from onebooking.exports.auth import NoLonger
from onebooking.exports.model import Format
from onebooking.exports.rows import PAGE, choose
from onebooking.exports.run import Part, parts_of, writer_of
from onebooking.members.model import Member, Role
from onebooking.reach import Reach, WebsiteId
from tests import make
from tests.exports.files import csv_of, csv_rows, exported, many
from tests.front_door import Hub, member
from tests.pages import said_on, visiting
from tests.parks import all_of, run
from tests.recovery.serving import served

pytestmark = pytest.mark.anyio
OURS, THEIRS = "hanuman-world", "flying-hanuman"


async def refs_of(hub: Hub, token: str | None = None, **query: Any) -> list[str]:
    return [row["booking_ref"] for row in await csv_of(hub, token, **query)]


async def listed(hub: Hub, **query: Any) -> list[str]:
    found = await hub.lists(limit=200, **query)
    return [one["booking_ref"] for one in found["bookings"]]


async def test_an_export_has_what_the_list_has_in_its_order(hub: Hub) -> None:
    days = ["2026-03-03", "2026-03-01", "2026-03-02"]
    for day in days:
        await hub.hears(make.event(activity_date=day))
    await hub.hears(make.event(activity_date="2026-03-02", customer={"name": "Malee"}))
    cancelled = make.event(activity_date="2026-03-04", status="cancelled")
    await hub.hears(cancelled)
    for query in (
        {},
        {"sort": "-activity_date"},
        {"sort": "-booking_ref"},
        {"q": "malee"},
        {"status": ["cancelled", "no_show"]},
        {"date_from": "2026-03-02", "date_to": "2026-03-03"},
        {"website_id": OURS, "sync_state": "in_step"},
        {"website_id": THEIRS},
    ):
        assert await refs_of(hub, **query) == await listed(hub, **query), query


async def test_a_member_of_one_website_gets_no_byte_of_another(hub: Hub) -> None:
    await make.website(hub.database, THEIRS)
    await many(hub.database, 700, OURS)
    await many(hub.database, 700, THEIRS)
    token = await make.token(hub.database, Role.ADMIN, THEIRS)
    for query in ({}, {"website_id": OURS}, {"website_id": [OURS, THEIRS]}, {"q": OURS}):
        reply = await exported(hub, token, **query)
        assert OURS.encode() not in reply.content
        expected = 0 if query in ({"website_id": OURS}, {"q": OURS}) else 700
        assert len(csv_rows(reply.content)) == expected


async def test_a_page_does_not_export_more_than_its_address_says(hub: Hub) -> None:
    """What a list would leave out with a word, a file cannot."""
    await hub.hears(make.event())
    som = await visiting(hub)
    for query in (
        "format=csv&status=happy", "format=csv&date_from=yesterday", "format=csv&website_id=none",
        "format=pdf", "status=confirmed", "format=csv&sync_state=x", "format=csv&q=%00",
    ):  # fmt: skip
        page = await som.opens(f"/bookings/export?{query}")
        assert page.status_code == 422, query
        assert "text/html" in page.headers["content-type"]


async def test_the_menu_says_how_many_there_are_and_sends_the_lists_own_filters(hub: Hub) -> None:
    for _ in range(3):
        await hub.hears(make.event(customer={"name": "Malee"}))
    await hub.hears(make.event())
    som = await visiting(hub)
    page = await som.opens("/bookings?q=malee&status=confirmed")
    assert "Export" in said_on(page)
    assert "3 bookings" in said_on(page)
    assert 'action="/bookings/export"' in page.text
    assert '<input type="hidden" name="q" value="malee">' in page.text
    assert '<input type="hidden" name="status" value="confirmed">' in page.text
    nok = await visiting(hub, Role.STAFF, OURS)
    assert "Export" not in said_on(await nok.opens("/bookings"))
    empty = await som.opens("/bookings?q=nobody")
    assert "there is nothing to export" in said_on(empty)
    assert 'action="/bookings/export"' not in empty.text


async def test_staff_export_nothing(hub: Hub) -> None:
    await hub.hears(make.event())
    staff = await make.token(hub.database, Role.STAFF, OURS)
    reply = await hub.http.get("/api/bookings/export", headers=member(staff))
    assert (reply.status_code, reply.json()["code"]) == (403, "FORBIDDEN")
    nok = await visiting(hub, Role.STAFF, OURS)
    assert (await nok.opens("/bookings/export?format=csv")).status_code == 403
    assert (await nok.opens("/exports")).status_code == 403


async def test_who_exported_how_much_stands_in_the_members_history(hub: Hub) -> None:
    for _ in range(3):
        await hub.hears(make.event())
    await exported(hub, format="xlsx")
    ((act, details),) = await all_of(
        hub.database, "SELECT act, details FROM member_acts WHERE act = 'exported'"
    )
    assert (act, details) == ("exported", {"name": "XLSX, 3"})


class Reading:
    """Somebody who reads a file part by part."""

    def __init__(self, hub: Hub, whose: Member, wanted: Filters | None = None) -> None:
        self.hub = hub
        self.whose = whose
        self.wanted = wanted or Filters()
        self.reach = Reach(frozenset({WebsiteId(OURS)}))
        self.read: list[Part] = []

    async def begins(self) -> None:
        async with self.hub.database.begin(self.reach) as tx:
            chosen = await choose(tx, self.reach, self.wanted)
        writer = writer_of(Format.CSV, chosen, ())
        self.parts = parts_of(
            self.hub.database, writer, chosen, member_id=self.whose.id, reach=self.reach
        )

    async def reads(self, parts: int = 1) -> None:
        for _ in range(parts):
            self.read.append(await anext(self.parts))

    async def reads_on(self) -> list[dict[str, str]]:
        self.read += [part async for part in self.parts]
        return csv_rows(b"".join(part.content for part in self.read))


@pytest.fixture
async def reading(hub: Hub) -> Reading:
    await many(hub.database, 2 * PAGE + 10)
    admin = await make.member(hub.database, Role.ADMIN, OURS)
    return Reading(hub, admin, Filters(sort="updated_at"))


async def test_a_booking_that_moves_while_the_file_is_written_is_in_it_once(
    reading: Reading,
) -> None:
    await reading.begins()
    await reading.reads(2)
    await run(
        reading.hub.database,
        "UPDATE bookings SET updated_at = updated_at + (random() - 0.5) * interval '9 days'",
    )
    await many(reading.hub.database, 10)  # these came after we began
    refs = Counter(row["booking_id"] for row in await reading.reads_on())
    assert (len(refs), set(refs.values())) == (2 * PAGE + 10, {1})


async def test_who_reads_slowly_holds_no_connection(reading: Reading) -> None:
    await reading.begins()
    pool: Any = reading.hub.database.engine.pool
    for _ in range(3):
        await reading.reads()
        assert pool.checkedout() == 0
    assert len(await reading.reads_on()) == 2 * PAGE + 10


@pytest.mark.parametrize(
    "lost",
    [
        "UPDATE members SET disabled_at = now() WHERE id = :id",
        "UPDATE members SET role = 'staff' WHERE id = :id",
        "DELETE FROM member_websites WHERE member_id = :id",
    ],
)
async def test_who_may_no_longer_gets_no_further_part(reading: Reading, lost: str) -> None:
    await reading.begins()
    await reading.reads(2)
    await run(reading.hub.database, lost, id=reading.whose.id)
    with pytest.raises(NoLonger):
        await reading.reads()


async def test_a_file_that_fails_half_way_does_not_look_whole(hub: Hub, tmp_path: Path) -> None:
    """Over a real socket: the reader of half a file is told that it is half."""
    await make.website(hub.database, THEIRS)
    await many(hub.database, 2 * PAGE, THEIRS)
    await many(hub.database, 10, OURS)  # the last, in a zone that nobody knows
    await run(hub.database, "UPDATE websites SET timezone = 'No/Where' WHERE id = :id", id=OURS)
    query = {"sort": "booking_ref"}
    async with served(hub, tmp_path) as url, httpx.AsyncClient(timeout=60) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(f"{url}/api/bookings/export", params=query, headers=member(hub.token))
