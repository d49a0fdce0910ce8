"""What an import does with rows: as a sync would, and never against a member."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from onebooking.errors import WebsiteNotFound
from onebooking.tables import bookings, deliveries, imports, parked_events, sync_logs
from tests import make
from tests.front_door import Hub
from tests.imports.files import counts, imported, put, refused, report_of, row, sheet
from tests.parks import all_of, one, run

pytestmark = pytest.mark.anyio


async def test_without_apply_it_says_what_would_come_of_each_row_and_writes_nothing(
    hub: Hub, tmp_path: Path
) -> None:
    there = row()
    await imported(hub.database, put(tmp_path, sheet([there]), "first.csv"))
    before = await make.rows(hub.database, sync_logs)
    rows = [there, there | {"time_slot": "15:00"}, row(), row() | {"guest_count": "many"}]
    path = put(tmp_path, sheet(rows))
    looked = await imported(hub.database, path, apply=False)
    assert counts(looked) == {"unchanged": 1, "again": 1, "new": 1, "refused": 1}
    assert refused(path) == [(5, "guest_count: many is no number")]
    assert await make.rows(hub.database, bookings) == 1
    assert await make.rows(hub.database, sync_logs) == before
    assert await make.rows(hub.database, imports) == 1
    assert counts(await imported(hub.database, path)) == counts(looked)
    assert await make.rows(hub.database, bookings) == 2


async def test_a_row_becomes_the_booking_that_the_same_sync_would_make(
    hub: Hub, tmp_path: Path
) -> None:
    flat = row(customer={"name": 'ศิริพร, "Noi"', "special_requests": "line 1\nline 2"})
    await imported(hub.database, put(tmp_path, sheet([flat])))
    (listed,) = (await hub.lists())["bookings"]
    assert listed["customer"]["name"] == 'ศิริพร, "Noi"'
    assert listed["customer"]["special_requests"] == "line 1\nline 2"
    assert listed["source_created_at"] == "2026-02-20T10:30:00Z"
    assert listed["total_amount"] == 8500
    assert "total_amount: the parts add up to 6980" in listed["warnings"][0]
    reply = await hub.hears(
        make.event("booking.updated") | {"source_booking_id": flat["source_booking_id"]}
    )
    assert reply.json()["booking_id"] == listed["id"]
    log = await one(hub.database, "SELECT direction, event_type, request_id FROM sync_logs")
    assert log[:2] == ("inbound", "update")
    assert log[2].startswith("import-")
    assert log[2].endswith(":2")
    assert await make.rows(hub.database, deliveries) == 0


async def test_what_a_member_edited_stays_whatever_the_file_says(hub: Hub, tmp_path: Path) -> None:
    """Also after the website accepted the edit: the dump may be from before."""
    flat = row()
    await imported(hub.database, put(tmp_path, sheet([flat]), "first.csv"))
    booking = (await one(hub.database, "SELECT id FROM bookings"))[0]
    edit: dict[str, Any] = {"total_amount": 1, "time_slot": "11:00", "status": "completed"}
    after = await hub.edits(str(booking), **edit)
    assert await hub.delivers() == 1
    stale = flat | {"guest_count": 5, "special_requests": "new"}
    told = await imported(hub.database, put(tmp_path, sheet([stale])))
    assert counts(told) == {"merged": 1, "kept": 1}
    now = await hub.booking(str(booking))
    assert {name: now[name] for name in edit} == {name: after[name] for name in edit}
    assert (now["guest_count"], now["customer"]["special_requests"]) == (5, "new")
    assert now["sync_state"] == "in_step"
    assert await make.rows(hub.database, deliveries) == 1


async def test_what_the_website_changed_after_the_edit_may_follow_a_file(
    hub: Hub, tmp_path: Path
) -> None:
    event = make.event()
    booking = (await hub.hears(event)).json()["booking_id"]
    await hub.edits(booking, time_slot="11:00")
    await hub.delivers()
    await hub.hears(event | {"event": "booking.updated", "time_slot": "15:00"})
    assert (await hub.booking(booking))["time_slot"] == "15:00"
    flat = row(**event) | {"time_slot": "16:00"}
    assert counts(await imported(hub.database, put(tmp_path, sheet([flat])))) == {"merged": 1}
    assert (await hub.booking(booking))["time_slot"] == "16:00"


async def test_an_empty_cell_says_nothing_and_json_null_clears(hub: Hub, tmp_path: Path) -> None:
    flat = row()
    await imported(hub.database, put(tmp_path, sheet([flat]), "first.csv"))
    emptied = flat | {"customer_phone": "", "hotel_name": " "}
    told = await imported(hub.database, put(tmp_path, sheet([emptied])))
    assert counts(told) == {"unchanged": 1}
    line = msgspec.json.encode(flat | {"customer_phone": None})
    told = await imported(hub.database, put(tmp_path, line, "rows.jsonl"))
    assert counts(told) == {"merged": 1}
    (listed,) = (await hub.lists())["bookings"]
    assert listed["customer"]["phone"] is None
    assert listed["transport"]["hotel_name"] == "Marriott Phuket"


async def test_a_booking_that_comes_twice_is_merged_in_the_order_of_the_file(
    hub: Hub, tmp_path: Path
) -> None:
    flat = row()
    slots = ["10:00", "11:00", "12:00"]
    path = put(tmp_path, sheet([flat | {"time_slot": slot} for slot in slots]))
    assert counts(await imported(hub.database, path)) == {"new": 1, "again": 2}
    assert (await hub.lists())["bookings"][0]["time_slot"] == "12:00"


async def test_a_row_lets_its_parked_events_in_and_is_itself_never_parked(
    hub: Hub, tmp_path: Path
) -> None:
    flat, lonely = row(), row()
    partial = {"event": "booking.cancelled", "source_booking_id": flat["source_booking_id"]}
    assert (await hub.hears(partial)).status_code == 202
    lines = [flat, {"source_booking_id": lonely["source_booking_id"], "time_slot": "11:00"}]
    path = put(tmp_path, b"\n".join(map(msgspec.json.encode, lines)), "rows.jsonl")
    assert counts(await imported(hub.database, path)) == {"new": 1, "refused": 1}
    assert refused(path)[0][1].startswith("Missing: booking_ref, package_name")
    assert await make.rows(hub.database, parked_events) == 0
    failed = await one(hub.database, "SELECT payload FROM sync_logs WHERE status = 'failed'")
    assert failed[0]["time_slot"] == "11:00"


async def test_an_erased_person_does_not_come_back_in_a_file(hub: Hub, tmp_path: Path) -> None:
    flat = row(customer={"name": "Siriporn Private", "email": "siriporn@private.example"})
    await imported(hub.database, put(tmp_path, sheet([flat]), "first.csv"))
    booking = (await one(hub.database, "SELECT id FROM bookings"))[0]
    headers = {"Authorization": f"Bearer {hub.token}"}
    await hub.http.post(f"/api/bookings/{booking}/erase", headers=headers)
    told = await imported(hub.database, put(tmp_path, sheet([flat | {"guest_count": 4}])))
    assert counts(told) == {"merged": 1}
    now = await hub.booking(str(booking))
    assert (now["customer"]["name"], now["guest_count"]) == ("Erased", 4)
    logged = await all_of(hub.database, "SELECT payload::text FROM sync_logs")
    assert not any("Siriporn" in (payload or "") for (payload,) in logged)


async def test_another_websites_bookings_are_out_of_reach(hub: Hub, tmp_path: Path) -> None:
    await make.website(hub.database, "flying-hanuman")
    flat = row()
    path = put(tmp_path, sheet([flat | {"website_id": "hanuman-world"}]))
    await imported(hub.database, path)
    told = await imported(hub.database, path, website_id="flying-hanuman")
    assert counts(told) == {"refused": 1}
    assert refused(path) == [(2, "website_id: the row is one of hanuman-world")]
    assert await make.rows(hub.database, bookings, website_id="flying-hanuman") == 0


async def test_a_website_that_may_not_sync_may_not_import(hub: Hub, tmp_path: Path) -> None:
    path = put(tmp_path, sheet([row()]))
    with pytest.raises(WebsiteNotFound, match="not registered"):
        await imported(hub.database, path, website_id="no-such-park")
    await run(hub.database, "UPDATE website_keys SET expires_at = now()")
    with pytest.raises(WebsiteNotFound, match="has no valid key"):
        await imported(hub.database, path)
    await run(hub.database, "UPDATE websites SET is_active = false")
    with pytest.raises(WebsiteNotFound, match="is switched off"):
        await imported(hub.database, path)
    assert await make.rows(hub.database, imports) == 0
    assert not report_of(path).exists()
