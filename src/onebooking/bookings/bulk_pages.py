"""Many bookings at once: what it would come to, then what was done and what was not."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Request, post
from litestar.di import NamedDependency

from onebooking.bookings import bulk
from onebooking.bookings.acts import Act
from onebooking.bookings.asked import PATH, address, day_at, read
from onebooking.bookings.bulk import MOST, STEP, Line, Lines, Order, Outlook
from onebooking.clock import utc_now
from onebooking.db import Database, Tx
from onebooking.errors import BookingNotFound, FieldError, InvalidPayload, Unavailable
from onebooking.members.auth import desk_of
from onebooking.members.model import Member
from onebooking.reach import WebsiteId
from onebooking.web.forms import Form
from onebooking.web.pages import Page, page, page_router
from onebooking.websites.model import Website
from onebooking.websites.queries import list_websites
from onebooking.words import say

Asked = Request[Any, Any, Any]
LONGEST_NOTE = 1000
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


@post("/bookings/bulk", status_code=200)
async def look(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    form: NamedDependency[Form],
) -> Page:
    """What would happen, and to how many; nothing changes yet."""
    act = _act(form)
    websites = await _websites(tx, member)
    outlook = await _outlook(tx, member, act, form, websites)
    lines = outlook.lines
    decimals = {website.id: website.amount_decimals for website in websites.values()}
    context: dict[str, Any] = {
        "act": act,
        "lines": lines,
        "lost": 0 if form.get("all") else len(set(form.all("booking"))) - len(lines.every),
        "more": outlook.more,
        "most": MOST,
        "longest_note": LONGEST_NOTE,
        "at_stake": lines.at_stake(decimals),
        "websites": websites,
        "seen": [(line.id, line.version) for line in lines.changed],
        "matching": form.get("matching"),
        "back": _list(form),
    }
    return page(request, "bookings/bulk/look.html", member=member, **context)


@post("/bookings/bulk/do", status_code=200)
async def do_it(
    request: Asked, database: NamedDependency[Database], form: NamedDependency[Form]
) -> Page:
    """Do it in steps, each a transaction of its own, and say what became of each booking.

    Sent twice, the second finds everything done. Where the database goes away between two steps,
    what is done stays done, and the rest is offered again.
    """
    order, seen = Order(_act(form), _note(form)), _seen(form)
    done: list[Line] = []
    left: dict[UUID, int] = dict(seen)
    websites: dict[WebsiteId, Website] = {}
    try:
        for step in _steps(seen):
            async with desk_of(request, database) as desk:
                websites = websites or await _websites(desk.tx, desk.member)
                lines = await bulk.do(desk.tx, desk.member, order, step)
            done += lines
            left = {booking_id: left[booking_id] for booking_id in left if booking_id not in step}
    except Unavailable:
        if not done:
            raise
    if not done:
        raise BookingNotFound
    context: dict[str, Any] = {
        "act": order.act,
        "note": order.note,
        "lines": Lines(done),
        "gone": len(seen) - len(left) - len(done),
        "left": list(left.items()),
        "websites": websites,
        "matching": form.get("matching"),
        "back": _list(form),
    }
    return page(request, "bookings/bulk/done.html", member=desk.member, **context)


def _steps(seen: Mapping[UUID, int]) -> Iterator[dict[UUID, int]]:
    ids = sorted(seen)
    for start in range(0, len(ids), STEP):
        yield {booking_id: seen[booking_id] for booking_id in ids[start : start + STEP]}


async def _websites(tx: Tx, member: Member) -> dict[WebsiteId, Website]:
    return {website.id: website for website in await list_websites(tx, member.reach)}


def _act(form: Form) -> Act:
    try:
        return Act(form.get("act"))
    except ValueError:
        raise _not_whole("act") from None


def _note(form: Form) -> str:
    note = form.get("note")
    if len(note) > LONGEST_NOTE:
        wrong = FieldError("note", say("is longer than %(most)s characters", most=LONGEST_NOTE))
        raise InvalidPayload(f"{wrong.field} {wrong.message}", details=(wrong,))
    return note


async def _outlook(
    tx: Tx, member: Member, act: Act, form: Form, websites: Mapping[WebsiteId, Website]
) -> Outlook:
    if form.get("all"):
        zones = [website.timezone for website in websites.values()]
        asked = read(_query(form), websites=websites, today=day_at(zones, utc_now()))
        if asked.wrong:  # to do it to more than were asked for would be worse than nothing
            raise _not_whole(asked.wrong[0])
        outlook = await bulk.look_at_all(tx, member, act, asked.filters)
    else:
        chosen = {_uuid(text) for text in form.all("booking")}
        if not chosen:
            raise InvalidPayload(say("Nothing was selected: tick the bookings first."))
        if len(chosen) > MOST:
            raise _not_whole("booking")
        outlook = await bulk.look_at(tx, member, act, chosen)
    if not outlook.lines.every:
        raise BookingNotFound
    return outlook


def _query(form: Form) -> list[tuple[str, str]]:
    return parse_qsl(form.get("matching"))


def _list(form: Form) -> str:
    """The list that the selection was made in; its address takes what is wrong."""
    query = _query(form)
    return address(query) if query else PATH


def _seen(form: Form) -> dict[UUID, int]:
    """The bookings looked at, each with its version then."""
    found: dict[UUID, int] = {}
    for text in form.all("seen"):
        booking_id, _, version = text.partition(".")
        if not _VERSION.fullmatch(version):
            raise _not_whole("seen")
        found[_uuid(booking_id)] = int(version)
    if not 0 < len(found) <= MOST:
        raise _not_whole("seen")
    return found


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _not_whole("booking") from None


def _not_whole(name: str) -> InvalidPayload:
    wrong = FieldError(name, say("is not as the page made it"))
    return InvalidPayload(
        say("This form is not whole. Open the list and select the bookings again."),
        details=(wrong,),
    )


router = page_router("/", [look, do_it])
