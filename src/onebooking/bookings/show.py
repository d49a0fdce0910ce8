"""Show one booking: as it is, or with a form that was sent back; and lead back to it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response
from msgspec import Struct

from onebooking.bookings import queries
from onebooking.bookings.conflicts import Meanwhile, open_conflicts
from onebooking.bookings.guests import others_of
from onebooking.bookings.inputs import Current, Sheet, sheet_again
from onebooking.bookings.model import Booking
from onebooking.bookings.oddities import sum_of_parts
from onebooking.bookings.sections import SECTIONS, Typed, offered, values_of
from onebooking.bookings.timeline import timeline
from onebooking.errors import BookingNotFound, EditConflict, OneBookingError
from onebooking.members.auth import Desk
from onebooking.members.model import Right
from onebooking.web.pages import Page, page
from onebooking.websites.model import Website
from onebooking.websites.queries import get_website

Asked = Request[Any, Any, Any]


class Found(Struct, frozen=True):
    """A booking and its website, at the desk of a member who reaches them."""

    desk: Desk
    booking: Booking
    website: Website


async def find(desk: Desk, booking_id: UUID) -> Found:
    """What there is to show. Raises BookingNotFound."""
    tx, reach = desk.tx, desk.member.reach
    booking = await queries.get_booking(tx, reach, booking_id)
    website = await get_website(tx, reach, booking.website_id) if booking else None
    if booking is None or website is None:
        raise BookingNotFound
    return Found(desk, booking, website)


async def show(
    request: Asked,
    found: Found,
    *,
    sheet: Sheet | None = None,
    pages: tuple[str | None, str | None] = (None, None),  # before, through
    failed: OneBookingError | None = None,
) -> Page:
    """All of it; `sheet` is the section that is a form."""
    booking, member = found.booking, found.desk.member
    tx, reach, held = found.desk.tx, member.reach, values_of(booking)
    before, through = pages
    context: dict[str, Any] = {
        "b": booking,
        "w": found.website,
        "sheet": sheet,
        "conflicts": await open_conflicts(tx, reach, booking.id),
        "held": held,
        "timeline": await timeline(tx, reach, booking.id, before=before, through=through),
        "before": before,
        "others": await others_of(tx, reach, booking),
        "editable": [one for one in SECTIONS if offered(member, booking, one)],
        "parts": sum_of_parts(held),
        "may_resend": member.may(Right.RESEND),
        "may_erase": member.may(Right.ERASE),
        "done": request.query_params.get("done", ""),
        "failed": failed if sheet is None else None,
    }
    status = failed.status if failed else EditConflict.status if sheet and sheet.undecided else 200
    return page(request, "bookings/booking.html", status=status, member=member, **context)


async def show_again(
    request: Asked, found: Found, typed: Typed, failed: OneBookingError | None
) -> Page:
    """The form once more with all that was typed, beside what became of the booking meanwhile."""
    desk, booking = found.desk, found.booking
    oldest = min(typed.seen.values(), default=typed.version)
    newer = await queries.changes_since(desk.tx, booking.id, oldest)
    waiting = await open_conflicts(desk.tx, desk.member.reach, booking.id)
    now = Current(booking, Meanwhile(newer, waiting), found.website.amount_decimals)
    sheet = sheet_again(desk.member, typed, now, failed)
    return await show(request, found, sheet=sheet, failed=failed)


def back_to(booking_id: UUID, done: str, place: str) -> Page:
    """To the booking; htmx follows by itself and takes the parts it wants."""
    where = f"/bookings/{booking_id}?done={done}" + (f"#{place}" if place else "")
    return Response("", status_code=303, media_type="text/html", headers={"Location": where})
