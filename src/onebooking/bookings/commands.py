"""Bookings on the command line."""

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from msgspec import Struct
from sqlalchemy import text

from onebooking.bookings import days, queries
from onebooking.bookings.erase import Eraser, erase
from onebooking.bookings.identity import FEWEST_DIGITS, Identity, Kind, Term, digits_of
from onebooking.bookings.mentions import clean_copies, find_bookings
from onebooking.bookings.model import Booking
from onebooking.bookings.search import Found, betrayed, search
from onebooking.db import Database
from onebooking.errors import BookingNotFound, WebsiteNotFound
from onebooking.migrate import migrate
from onebooking.reach import EVERYTHING, Reach, WebsiteId
from onebooking.terminal import Home, fail, home, saying_errors
from onebooking.websites.queries import get_website

group = typer.Typer(no_args_is_help=True, help="Bookings: erase a person, import a file.")
STILL_FOUND = 3
_BY = Eraser("onebooking bookings erase", is_member=False)


class _Wanted(Struct, frozen=True):
    """Whom to erase: a term that tells who it is, or one booking."""

    term: Term | None
    booking_id: UUID | None
    reach: Reach


class _Seen(Struct, frozen=True):
    """Which bookings those are, and by which terms they know their person."""

    bookings: Sequence[Booking]
    identity: Identity


@group.command("erase")
def erase_person(
    *,
    email: Annotated[str | None, typer.Option(help="Of whoever is to be erased.")] = None,
    booking: Annotated[UUID | None, typer.Option(help="The id of one booking.")] = None,
    phone: Annotated[str | None, typer.Option(help="Of whoever is to be erased.")] = None,
    website: Annotated[str | None, typer.Option(help="Only this website's bookings.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Really erase.")] = False,
) -> None:
    """Erase a person's data from every booking and every copy; without --apply, only look.

    It cannot be undone. Afterwards the whole database is searched: exit code 3 where an address
    or phone number is still found.
    """
    wanted = _Wanted(_term(email, phone, booking), booking, _reach(website))
    with saying_errors(), home() as here:
        migrate(here.url)
        found = asyncio.run(_run(here, wanted, apply=apply))
    if apply and betrayed(found):
        raise SystemExit(STILL_FOUND)


@group.command("recount")
def recount_days() -> None:
    """Count the bookings of every day anew, and put right what the overview had wrong.

    Nothing is wrong unless bookings were written with triggers switched off, as some ways to
    restore a backup do. It may run at any time, and keeps nobody waiting.
    """
    with saying_errors(), home() as here:
        migrate(here.url)
        wrong = asyncio.run(_recount(here))
    typer.echo(f"{wrong} sums were wrong, and are right now." if wrong else "Every sum was right.")


async def _recount(here: Home) -> int:
    database = Database.at(here.url, connections=1, pooler=here.settings.database_pooler)
    try:
        async with database.begin(EVERYTHING) as tx:
            return await days.recount(tx)
    finally:
        await database.close()


def _term(email: str | None, phone: str | None, booking: UUID | None) -> Term | None:
    if sum(given is not None for given in (email, phone, booking)) != 1:
        fail("Say whom to erase by one of --email, --phone and --booking.")
    if email is not None and "@" not in email.strip().strip("@"):
        fail(f"{email} is no e-mail address.")
    if phone is not None and len(digits_of(phone)) < FEWEST_DIGITS:
        fail(f"{phone} is no phone number: it has less than {FEWEST_DIGITS} digits.")
    if email is not None:
        return Term(Kind.EMAIL, email.strip())
    return None if phone is None else Term(Kind.PHONE, phone.strip())


def _reach(website: str | None) -> Reach:
    return EVERYTHING if website is None else Reach(frozenset({WebsiteId(website)}))


async def _run(here: Home, wanted: _Wanted, *, apply: bool) -> Found:
    database = Database.at(here.url, connections=1, pooler=here.settings.database_pooler)
    try:
        seen = await _look(database, wanted)
        _show_bookings(seen)
        if apply:
            for booking in seen.bookings:
                # Each on its own: a booking is locked for as long as its own copies take.
                async with database.begin(wanted.reach) as tx:
                    await erase(tx, wanted.reach, booking.id, by=_BY)
            async with database.begin(wanted.reach) as tx:
                await clean_copies(tx, seen.identity)
        found = await _search(database, seen.identity)
        _show_found(found, erased=apply)
        if not apply:
            typer.echo("Nothing was changed. With --apply this is erased, for good.")
        return found
    finally:
        await database.close()


async def _look(database: Database, wanted: _Wanted) -> _Seen:
    """Raises BookingNotFound and WebsiteNotFound for what was named and is not there."""
    async with database.begin(wanted.reach) as tx:
        for website in wanted.reach.websites:
            if await get_website(tx, wanted.reach, website) is None:
                raise WebsiteNotFound
        identity = Identity()
        if wanted.term is None:
            ids = [wanted.booking_id] if wanted.booking_id else []
        else:
            ids = await find_bookings(tx, wanted.term)
            identity = Identity(frozenset({wanted.term}))
        bookings = []
        for booking_id in ids:
            booking = await queries.get_booking(tx, wanted.reach, booking_id)
            if booking is None:
                raise BookingNotFound
            bookings.append(booking)
            identity |= await Identity.of(tx, booking_id)
    return _Seen(bookings, identity)


async def _search(database: Database, identity: Identity) -> Found:
    """As whoever owns the tables: the app's role does not see them all."""
    async with database.engine.begin() as owner:
        await owner.execute(text("SELECT set_config('onebooking.reach', '*', true)"))
        return await search(owner, identity)


def _show_bookings(seen: _Seen) -> None:
    typer.echo(f"{len(seen.bookings)} bookings:")
    for booking in seen.bookings:
        said = f"{booking.customer.name} <{booking.customer.email}>"
        erased = f", erased {booking.erased_at:%Y-%m-%d}" if booking.erased_at else ""
        ref, day = booking.booking_ref, booking.activity_date
        typer.echo(f"  {booking.website_id}  {ref}  {day}  {said}{erased}  {booking.id}")


def _show_found(found: Found, *, erased: bool) -> None:
    for term, places in found.items():
        where = ", ".join(f"{place} {count}" for place, count in places.items())
        others = " (a name may be another person's)" if erased and term.kind == Kind.NAME else ""
        said = f"found in {where}{others}" if places else "found nowhere"
        typer.echo(f"{term.kind} {term.text}: {said}.")
    if erased and betrayed(found):
        typer.echo(
            "What is left stands in bookings of others, or in those of another website: "
            "edit it there, or erase them too, then search again."
        )
