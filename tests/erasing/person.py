"""A person whose traces are everywhere, and a search that knows nothing of the hub's own."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import make_url, text

from onebooking.bookings.views import Wish, save_view
from onebooking.db import Database
from onebooking.deliveries.send import Outcome
from tests import make
from tests.front_door import Hub
from tests.parks import run
from tests.worker import claim, deliver, record

EMAIL, PHONE, NAME = "siriporn@private.example", "081-555-0199", "ศิริพร Privacy"
TRACES = (
    EMAIL, PHONE, NAME, "Siriporn P", "+6611", "no peanuts, lactose", "Marriott Private",
    "Room 1205-P", "her secret note", "her mother is ill",
)  # fmt: skip
CUSTOMER = {
    "name": NAME,
    "email": EMAIL,
    "phone": PHONE,
    "country_code": "+6611",
    "special_requests": "no peanuts, lactose",
}
TRANSPORT = {"hotel_name": "Marriott Private", "room_number": "Room 1205-P"}


class Lived(Struct, frozen=True):
    """Somebody who left traces in every place there is."""

    booking: str
    event: dict[str, Any]


async def live(hub: Hub) -> Lived:
    """Parked, booked, edited, in conflict, told, refused, given up, quoted and waiting."""
    event = make.event(customer=CUSTOMER, transport=TRANSPORT)
    event[EMAIL] = "a field of that name"
    again = event | {"event": "booking.updated"}
    partial = {"event": "booking.updated", "source_booking_id": event["source_booking_id"]}
    await hub.hears(partial | {"customer": {"phone": PHONE}})
    booking = (await hub.hears(event, Idempotency_Key="once")).json()["booking_id"]
    await hub.edits(booking, admin_notes="her secret note")
    quoting = f"cannot write {EMAIL} in {TRANSPORT['room_number']}"
    await deliver(hub.database, Outcome(accepted=True, reason="OK", status=200, reply=quoting))
    await hub.edits(booking, customer={"name": "Siriporn P"})
    await deliver(hub.database, Outcome(accepted=False, reason=quoting, status=500, reply=quoting))
    await hub.hears(again | {"customer": CUSTOMER | {"name": "Sirip. " + NAME}})  # a conflict
    await hub.hears_all([again | {"event": "booking.cancelled", "reason": "her mother is ill"}])
    await hub.hears(again | {"guest_count": "many"})  # refused: logged without its booking
    await hub.hears(make.event("booking.updated") | {"customer": CUSTOMER, "booking_ref": None})
    other = make.event("booking.updated", customer=CUSTOMER)
    del other["package_name"]
    assert (await hub.hears(other)).status_code == 202  # parked for good
    claimed = await claim(hub.database)
    again_later = Outcome(accepted=False, reason=quoting, status=500, reply=quoting)
    await record(hub.database, claimed, again_later, retry=True)
    await _looked_for(hub)
    await hub.edits(booking, status="completed", customer={"phone": "+66 81 555 0199"})
    await hub.edits(booking, customer={"phone": PHONE})
    return Lived(booking, event)


async def _looked_for(hub: Hub) -> None:
    """Somebody saved lists of this guest's bookings, and imported a file of them alone."""
    member = await make.member(hub.database)
    async with hub.database.begin(member.reach) as tx:
        for name, q in (("A guest", EMAIL), (PHONE, "HW")):
            await save_view(tx, member, Wish(name, shared=False), [("q", q), ("status", "pending")])
    named = "INSERT INTO imports (website_id, file_hash, file_name) "
    await run(
        hub.database, named + "VALUES ('hanuman-world', 'x', :name)", name=f"{EMAIL} alone.csv"
    )


async def traces(database: Database, *looked_for: str) -> list[tuple[str, str]]:
    """Every table, partitions and all, as the text of its rows: where is what?"""
    async with database.engine.begin() as owner:
        await owner.execute(text("SELECT set_config('onebooking.reach', '*', true)"))
        tables = (
            await owner.execute(
                text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'")
            )
        ).scalars()
        found = []
        for table in tables.all():
            rows = (await owner.execute(text(f"SELECT t::text FROM {table} AS t"))).scalars()
            all_of_it = "\n".join(rows).lower()
            found += [(table, said) for said in looked_for if said.lower() in all_of_it]
    return found


class Said(Struct, frozen=True):
    """What a command left behind."""

    status: int
    out: str
    err: str


async def onebooking(database: Database, *words: str) -> Said:
    """Run the command as a person does, on the database of this test."""
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    env = {name: value for name, value in os.environ.items() if not name.startswith("ONEBOOKING")}
    env |= {"ONEBOOKING_DATABASE_URL": make_url(url).render_as_string(hide_password=False)}
    env |= {"ONEBOOKING_SECRET_KEY": "k" * 40, "COLUMNS": "200"}
    command = Path(sys.executable).with_name("onebooking")
    process = await asyncio.create_subprocess_exec(
        command, *words, env=env, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    return Said(process.returncode or 0, out.decode().strip(), err.decode().strip())
