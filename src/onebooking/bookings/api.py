"""Bookings over HTTP: list, read, change."""

import re
from typing import Annotated, Any, TypeVar
from uuid import UUID

from litestar import Request, Response, Router, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, HeaderParameter, JSONBody
from msgspec import UNSET, Struct, ValidationError, convert, structs

from onebooking.bookings import auth, queries
from onebooking.bookings.auth import Reader
from onebooking.bookings.edit import BookingEdit, StatusChange, edit_booking
from onebooking.bookings.erase import erase_booking
from onebooking.bookings.filters import Filters
from onebooking.bookings.filters_api import filters_of
from onebooking.bookings.model import Booking
from onebooking.db import Tx
from onebooking.errors import BookingNotFound, FieldError, InvalidPayload, field_error
from onebooking.members.auth import SECURITY
from onebooking.members.model import Member
from onebooking.reach import Reach
from onebooking.web.paging import CursorText, Limit
from onebooking.web.replies import answers

Edit = TypeVar("Edit", BookingEdit, StatusChange)


class BookingsReply(Struct, frozen=True):
    """One page. `next_cursor` is null on the last; `total` counts to 10,000."""

    bookings: list[Booking]
    next_cursor: str | None
    total: int
    total_is_exact: bool
    success: bool = True


class BookingReply(Struct, frozen=True):
    """One booking."""

    booking: Booking
    success: bool = True


IfMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", description="The ETag the edit is based on, for `version`"),
]


@get(
    "/",
    summary="List bookings",
    dependencies={
        "reader": Provide(auth.open_reader),
        "wanted": Provide(filters_of, sync_to_thread=False),
    },
    security=auth.SECURITY,
    responses=answers(401, 404, 422),
)
async def list_bookings(
    reader: NamedDependency[Reader],
    wanted: NamedDependency[Filters],
    limit: Limit = 50,
    cursor: CursorText = None,
) -> BookingsReply:
    """Members see the bookings within their reach, a website its own."""
    page = await queries.list_bookings(reader.tx, reader.reach, wanted, limit=limit, cursor=cursor)
    return BookingsReply(page.bookings, page.next_cursor, page.total, page.total_is_exact)


@get(
    "/{booking_id:uuid}",
    summary="Get a booking",
    dependencies={"reader": Provide(auth.open_reader)},
    security=auth.SECURITY,
    responses=answers(401, 404),
)
async def get_booking(
    reader: NamedDependency[Reader], booking_id: FromPath[UUID]
) -> Response[BookingReply]:
    """One booking; its version is also the ETag."""
    return await _reply(reader.tx, reader.reach, booking_id)


@put(
    "/{booking_id:uuid}",
    summary="Edit a booking",
    security=SECURITY,
    responses=answers(400, 401, 403, 404, 409, 413, 415, 422),
)
async def put_booking(
    request: Request[Any, Any, Any],
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    booking_id: FromPath[UUID],
    data: JSONBody[BookingEdit],
    if_match: IfMatch = None,
) -> Response[BookingReply]:
    """Change fields and tell the booking's website with `booking.updated`.

    With `version` (or `If-Match`), a field that somebody changed since answers EDIT_CONFLICT.
    """
    await _check_types(request, type(data))
    await edit_booking(tx, member, booking_id, _based_on(data, if_match))
    return await _reply(tx, member.reach, booking_id)


@post(
    "/{booking_id:uuid}/status",
    summary="Change a booking's status",
    status_code=200,
    security=SECURITY,
    responses=answers(400, 401, 403, 404, 409, 413, 415, 422),
)
async def post_status(
    request: Request[Any, Any, Any],
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    booking_id: FromPath[UUID],
    data: JSONBody[StatusChange],
    if_match: IfMatch = None,
) -> Response[BookingReply]:
    """Set the status, with an optional note, and tell the website `booking.status_changed`."""
    await _check_types(request, type(data))
    await edit_booking(tx, member, booking_id, _based_on(data, if_match))
    return await _reply(tx, member.reach, booking_id)


@post(
    "/{booking_id:uuid}/erase",
    summary="Erase a person from a booking",
    status_code=200,
    security=SECURITY,
    responses=answers(401, 403, 404),
)
async def post_erase(
    tx: NamedDependency[Tx], member: NamedDependency[Member], booking_id: FromPath[UUID]
) -> Response[BookingReply]:
    """Erase name, addresses and free texts: here, in the history, in what was sent and logged.

    It cannot be undone. Date, status and amounts stay; the website is not told.
    """
    await erase_booking(tx, member, booking_id)
    return await _reply(tx, member.reach, booking_id)


async def _reply(tx: Tx, reach: Reach, booking_id: UUID) -> Response[BookingReply]:
    booking = await queries.get_booking(tx, reach, booking_id)
    if booking is None:
        raise BookingNotFound
    return Response(BookingReply(booking), headers={"ETag": f'"{booking.version}"'})


async def _check_types(request: Request[Any, Any, Any], kind: type[Edit]) -> None:
    """Refuse `"2"` for 2, which Litestar lets pass. Raises InvalidPayload."""
    try:
        convert(await request.json(), kind)
    except ValidationError as failed:
        message, _, path = str(failed).partition(" - at `$")
        wrong = field_error(path.strip(".`"), message)
        raise InvalidPayload(f"{wrong.field}: {wrong.message}", details=(wrong,)) from None


def _based_on(edit: Edit, tag: str | None) -> Edit:
    """The edit with the version of `If-Match`, where the body has none."""
    if tag is None or edit.version is not UNSET:
        return edit
    version = re.fullmatch(r'(?:W/)?("?)([1-9][0-9]{0,8})\1', tag.strip())
    if version is None:
        wrong = FieldError("If-Match", 'is not the ETag of a booking, such as "3"')
        raise InvalidPayload(f"If-Match {wrong.message}", details=(wrong,))
    return structs.replace(edit, version=int(version[2]))


router = Router(
    "/api/bookings",
    route_handlers=[list_bookings, get_booking, put_booking, post_status, post_erase],
    tags=["Bookings"],
)
