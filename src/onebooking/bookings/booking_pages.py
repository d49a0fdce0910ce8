"""One booking's page: read it, change it, settle it, send it again."""

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from onebooking.bookings.conflicts import Side
from onebooking.bookings.edit import edit_booking
from onebooking.bookings.erase import erase_booking
from onebooking.bookings.inputs import blank_sheet
from onebooking.bookings.model import Status
from onebooking.bookings.sections import (
    SECTIONS,
    Typed,
    edit_in,
    offered,
    read,
    version_in,
)
from onebooking.bookings.settle import Choice, settle_conflict
from onebooking.bookings.show import Asked, back_to, find, show, show_again
from onebooking.bookings.timeline import timeline
from onebooking.db import Database, Tx
from onebooking.deliveries.queries import get_delivery
from onebooking.deliveries.resend import resend
from onebooking.errors import (
    EditConflict,
    InvalidPayload,
    NotAllowed,
    NotFound,
    OneBookingError,
)
from onebooking.members.auth import Desk, desk_of
from onebooking.members.model import Member, Right
from onebooking.web.forms import Form
from onebooking.web.pages import Page, is_htmx, page, page_router
from onebooking.web.paging import CursorText
from onebooking.words import say

_FINAL = frozenset({Status.CANCELLED, Status.REFUNDED})  # not sent to a website by a slip


@get("/bookings/{booking_id:uuid}")
async def booking_page(
    request: Asked,
    desk: NamedDependency[Desk],
    booking_id: FromPath[UUID],
    edit: FromQuery[str] = "",
    before: CursorText = None,
    through: CursorText = None,
) -> Page:
    """All of it; `edit` opens one section as a form, `before` turns back in its history.

    `through` is how far somebody has turned back, for a page that follows.
    """
    found = await find(desk, booking_id)
    if before is not None and is_htmx(request):
        past = await timeline(desk.tx, desk.member.reach, booking_id, before=before)
        context: dict[str, Any] = {
            "timeline": past,
            "b": found.booking,
            "w": found.website,
            "may_resend": desk.member.may(Right.RESEND),
        }
        return page(request, "bookings/booking/_past.html", member=desk.member, **context)
    sheet = None
    if edit in SECTIONS and offered(desk.member, found.booking, edit):
        decimals = found.website.amount_decimals
        sheet = blank_sheet(desk.member, found.booking, edit, decimals=decimals)
    return await show(request, found, sheet=sheet, pages=(before, through))


@post("/bookings/{booking_id:uuid}", status_code=303)
async def save_section(
    request: Asked,
    database: NamedDependency[Database],
    form: NamedDependency[Form],
    booking_id: FromPath[UUID],
) -> Page:
    """Change what the form changed, or show it again with what stands against it."""
    section = form.get("section")
    if section not in SECTIONS:
        raise InvalidPayload(say("This form is not whole. Open the booking again."))
    return await _save(request, database, form, booking_id, section)


@post("/bookings/{booking_id:uuid}/status", status_code=303)
async def change_status(
    request: Asked,
    database: NamedDependency[Database],
    form: NamedDependency[Form],
    booking_id: FromPath[UUID],
) -> Page:
    """Change the status, with a note; what cannot be taken back lightly is asked for twice."""
    return await _save(request, database, form, booking_id, "status")


@post("/bookings/{booking_id:uuid}/conflicts/{conflict_id:uuid}", status_code=303)
async def settle_now(
    request: Asked,
    database: NamedDependency[Database],
    form: NamedDependency[Form],
    booking_id: FromPath[UUID],
    conflict_id: FromPath[UUID],
) -> Page:
    """Let the hub's value hold, or the website's."""
    side, version = form.get("side"), version_in(form)
    if side not in set(Side):
        raise InvalidPayload(say("This form is not whole. Open the booking again."))
    choice = Choice(conflict_id, Side(side), version)
    try:
        async with desk_of(request, database) as desk:
            await settle_conflict(desk.tx, desk.member, booking_id, choice)
    except (EditConflict, InvalidPayload) as failed:
        async with desk_of(request, database) as desk:
            return await show(request, await find(desk, booking_id), failed=failed)
    return back_to(booking_id, "settled", "conflicts")


@post("/bookings/{booking_id:uuid}/deliveries/{delivery_id:uuid}/resend", status_code=303)
async def resend_now(
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    booking_id: FromPath[UUID],
    delivery_id: FromPath[UUID],
) -> Page:
    """Owe a delivery of this booking again, or try it now."""
    delivery = await get_delivery(tx, member.reach, delivery_id)
    if delivery is None or delivery.booking_id != booking_id:
        member.require(Right.RESEND)
        raise NotFound(say("Delivery"))
    await resend(tx, member, delivery_id)
    return back_to(booking_id, "resent", "timeline")


@post("/bookings/{booking_id:uuid}/erase", status_code=303)
async def erase_now(
    desk: NamedDependency[Desk],
    form: NamedDependency[Form],
    booking_id: FromPath[UUID],
) -> Page:
    """Erase the person, for who typed the booking's reference."""
    desk.member.require(Right.ERASE)
    found = await find(desk, booking_id)
    if form.get("booking_ref") != found.booking.booking_ref:
        raise InvalidPayload(
            say("Nothing was erased: type the booking's reference to erase its guest.")
        )
    await erase_booking(desk.tx, desk.member, booking_id)
    return back_to(booking_id, "erased", "")


async def _save(
    request: Asked, database: Database, form: Form, booking_id: UUID, section: str
) -> Page:
    failed: OneBookingError | None = None
    typed: Typed | None = None
    try:
        async with desk_of(request, database) as desk:
            found = await find(desk, booking_id)
            columns = offered(desk.member, found.booking, section)
            if not columns:
                raise NotAllowed(say("Your role may not change this."))
            typed = read(form, section, columns)
            if _asks_first(typed):
                return await show_again(request, found, typed, None)
            edit = edit_in(typed, decimals=found.website.amount_decimals)
            if edit is not None:
                await edit_booking(desk.tx, desk.member, booking_id, edit, seen=typed.based_on)
    except (EditConflict, InvalidPayload) as wrong:
        failed = wrong
    if failed is None:
        return back_to(booking_id, section, "status-action" if section == "status" else section)
    if typed is None:
        raise failed
    async with desk_of(request, database) as desk:
        return await show_again(request, await find(desk, booking_id), typed, failed)


def _asks_first(typed: Typed) -> bool:
    return typed.touched.get("status") in _FINAL and not typed.confirmed


router = page_router(
    "/", [booking_page, save_section, change_status, settle_now, resend_now, erase_now]
)
