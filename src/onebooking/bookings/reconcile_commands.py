"""`onebooking websites reconcile`: how hub and website stand, and what the hub can do about it."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import track
from rich.table import Table

from onebooking.bookings.retell import retell
from onebooking.bookings.standing import DayStanding, count_parked, find_untold, stand
from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.deliveries.resend_all import ResendAll, resend_all
from onebooking.errors import WebsiteNotFound
from onebooking.reach import EVERYTHING, WebsiteId
from onebooking.settings import Settings
from onebooking.terminal import with_database
from onebooking.websites import queries

_AT_ONCE = 200
_SHOWN = 60


class Found(Struct, frozen=True):
    """What a look at one website found."""

    days: list[DayStanding]
    untold: list[UUID]
    parked: int


def reconcile(
    website_id: Annotated[str, typer.Argument(metavar="ID", help="Such as hanuman-world.")],
    *,
    dry_run: Annotated[bool, typer.Option(help="Only show how things stand.")] = False,
) -> None:
    """Show how hub and website ID stand, and tell the website again what it has not taken.

    What was given up is sent again; what the website is not known to hold, and nobody owes it, is
    owed. What the hub lacks only the website can say: run its SDK's `reconcile` there. Conflicts
    are a member's to settle. Safe to repeat.
    """

    async def work(database: Database, _: Settings) -> None:
        found = await _look(database, WebsiteId(website_id))
        console = Console()
        _show(console, website_id, found)
        if not dry_run:
            await _repair(console, database, WebsiteId(website_id), found.untold)

    with_database(work)


async def _look(database: Database, website_id: WebsiteId) -> Found:
    async with database.begin(EVERYTHING) as tx:
        if await queries.get_website(tx, EVERYTHING, website_id) is None:
            raise WebsiteNotFound
        return Found(
            await stand(tx, website_id),
            await find_untold(tx, website_id),
            await count_parked(tx, website_id),
        )


def _show(console: Console, website_id: str, found: Found) -> None:
    if found.days:
        table = Table("Day", "Bookings", "Waiting", "Given up", "In conflict", "Untold", "Digest")
        for day in found.days[-_SHOWN:]:
            counts = (day.bookings, day.waiting, day.given_up, day.conflicts, day.untold)
            table.add_row(str(day.day), *map(str, counts), _digest(day))
        console.print(table)
        if len(found.days) > _SHOWN:
            console.print(f"The {len(found.days) - _SHOWN} earlier days are not shown.")
    else:
        console.print(f"As far as the hub knows, {website_id} holds all that it holds.")
    if found.parked:
        console.print(f"{found.parked} events wait for bookings that {website_id} has yet to send.")


def _digest(day: DayStanding) -> str:
    """What the website's last digest of the day said, and when."""
    if day.compared_at is None:
        return "never compared"
    says = "agreed" if day.agrees else f"differed ({day.there} there, {day.here} here)"
    return f"{says} {day.compared_at:%Y-%m-%d %H:%M} UTC"


async def _repair(
    console: Console, database: Database, website_id: WebsiteId, untold: Sequence[UUID]
) -> None:
    async with database.begin(EVERYTHING) as tx:
        resent = await resend_all(tx, ResendAll(website_id=website_id))
    owed = 0
    chunks = [untold[start : start + _AT_ONCE] for start in range(0, len(untold), _AT_ONCE)]
    for chunk in track(chunks, "Owing", console=console, disable=not chunks):
        async with database.begin(EVERYTHING) as tx:  # each alone: no edit waits for all of them
            owed += await retell(tx, chunk, now=utc_now())
    console.print(f"{resent} deliveries are sent again, {owed} bookings are told anew.")
