"""One booking's page: read it, change it, settle it, send it again."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from onebooking.bookings import queries
from onebooking.bookings.conflicts import Meanwhile, Side, open_conflicts
from onebooking.bookings.edit import edit_booking
from onebooking.bookings.erase import erase_booking
from onebooking.bookings.guests import others_of
from onebooking.bookings.inputs import Current, Sheet, blank_sheet, sheet_again
from onebooking.bookings.model import Booking, Status
from onebooking.bookings.oddities import sum_of_parts
from onebooking.bookings.sections import (
    SECTIONS,
    Typed,
    edit_in,
    offered,
    read,
    values_of,
    version_in,
)
from onebooking.bookings.settle import Choice, settle_conflict
from onebooking.bookings.timeline import timeline
from onebooking.db import Database, Tx
from onebooking.deliveries.queries import get_delivery
from onebooking.deliveries.resend import resend
from onebooking.errors import (
    BookingNotFound,
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
from onebooking.websites.model import Website
from onebooking.websites.queries import get_website
from onebooking.words import say

Asked = Request[Any, Any, Any]
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
    booking, website = await _find(desk.tx, desk.member, booking_id)
    if before is not None and is_htmx(request):
        past = await timeline(desk.tx, desk.member.reach, booking_id, before=before)
        context: dict[str, Any] = {
            "timeline": past,
            "b": booking,
            "w": website,
            "may_resend": _resends(desk.member),
        }
        return page(request, "bookings/booking/_past.html", member=desk.member, **context)
    sheet = None
    if edit in SECTIONS and offered(desk.member, booking, edit):
        decimals = website.amount_decimals
        sheet = blank_sheet(desk.member, booking, edit, decimals=decimals)
    pages = (before, through)
    return await _show(request, desk, booking, website, sheet=sheet, pages=pages)


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
            found = await _find(desk.tx, desk.member, booking_id)
            return await _show(request, desk, *found, failed=failed)
    return _back(booking_id, "settled", "conflicts")


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
    return _back(booking_id, "resent", "timeline")


@post("/bookings/{booking_id:uuid}/erase", status_code=303)
async def erase_now(
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    form: NamedDependency[Form],
    booking_id: FromPath[UUID],
) -> Page:
    """Erase the person, for who typed the booking's reference."""
    member.require(Right.ERASE)
    booking, _ = await _find(tx, member, booking_id)
    if form.get("booking_ref") != booking.booking_ref:
        raise InvalidPayload(
            say("Nothing was erased: type the booking's reference to erase its guest.")
        )
    await erase_booking(tx, member, booking_id)
    return _back(booking_id, "erased", "")


async def _save(
    request: Asked, database: Database, form: Form, booking_id: UUID, section: str
) -> Page:
    failed: OneBookingError | None = None
    typed: Typed | None = None
    try:
        async with desk_of(request, database) as desk:
            booking, website = await _find(desk.tx, desk.member, booking_id)
            columns = offered(desk.member, booking, section)
            if not columns:
                raise NotAllowed(say("Your role may not change this."))
            typed = read(form, section, columns)
            if _asks_first(typed):
                return await _again(request, desk, booking, website, typed, None)
            edit = edit_in(typed, decimals=website.amount_decimals)
            if edit is not None:
                await edit_booking(desk.tx, desk.member, booking_id, edit, seen=typed.based_on)
    except (EditConflict, InvalidPayload) as wrong:
        failed = wrong
    if failed is None:
        return _back(booking_id, section, "status-action" if section == "status" else section)
    if typed is None:
        raise failed
    async with desk_of(request, database) as desk:
        booking, website = await _find(desk.tx, desk.member, booking_id)
        return await _again(request, desk, booking, website, typed, failed)


def _asks_first(typed: Typed) -> bool:
    return typed.touched.get("status") in _FINAL and not typed.confirmed


async def _find(tx: Tx, member: Member, booking_id: UUID) -> tuple[Booking, Website]:
    booking = await queries.get_booking(tx, member.reach, booking_id)
    if booking is None:
        raise BookingNotFound
    website = await get_website(tx, member.reach, booking.website_id)
    if website is None:
        raise BookingNotFound
    return booking, website


async def _again(
    request: Asked,
    desk: Desk,
    booking: Booking,
    website: Website,
    typed: Typed,
    failed: OneBookingError | None,
) -> Page:
    oldest = min(typed.seen.values(), default=typed.version)
    newer = await queries.changes_since(desk.tx, booking.id, oldest)
    waiting = await open_conflicts(desk.tx, desk.member.reach, booking.id)
    now = Current(booking, Meanwhile(newer, waiting), website.amount_decimals)
    sheet = sheet_again(desk.member, typed, now, failed)
    return await _show(request, desk, booking, website, sheet=sheet, failed=failed)


async def _show(
    request: Asked,
    desk: Desk,
    booking: Booking,
    website: Website,
    *,
    sheet: Sheet | None = None,
    pages: tuple[str | None, str | None] = (None, None),  # before, through
    failed: OneBookingError | None = None,
) -> Page:
    held = values_of(booking)
    before, through = pages
    tx, reach, member = desk.tx, desk.member.reach, desk.member
    context: dict[str, Any] = {
        "b": booking,
        "w": website,
        "sheet": sheet,
        "conflicts": await open_conflicts(tx, reach, booking.id),
        "held": held,
        "timeline": await timeline(tx, reach, booking.id, before=before, through=through),
        "before": before,
        "others": await others_of(tx, reach, booking),
        "editable": [one for one in SECTIONS if offered(member, booking, one)],
        "parts": sum_of_parts(held),
        "may_resend": _resends(member),
        "may_erase": member.may(Right.ERASE),
        "done": request.query_params.get("done", ""),
        "failed": failed if sheet is None else None,
    }
    status = failed.status if failed else EditConflict.status if sheet and sheet.undecided else 200
    return page(request, "bookings/booking.html", status=status, member=member, **context)


def _resends(member: Member) -> bool:
    return member.may(Right.RESEND)


def _back(booking_id: UUID, done: str, place: str) -> Page:
    """To the booking; htmx follows by itself and takes the parts it wants."""
    where = f"/bookings/{booking_id}?done={done}" + (f"#{place}" if place else "")
    return Response("", status_code=303, media_type="text/html", headers={"Location": where})


router = page_router(
    "/", [booking_page, save_section, change_status, settle_now, resend_now, erase_now]
)
