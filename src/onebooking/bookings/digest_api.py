"""Digests over HTTP: a website asks whether hub and website hold the same."""

from litestar import Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from onebooking.bookings import auth
from onebooking.bookings.auth import OwnReader
from onebooking.bookings.compare import (
    BookingsCompared,
    BookingsThere,
    DaysCompared,
    DaysThere,
    compare_bookings,
    compare_days,
)
from onebooking.clock import utc_now
from onebooking.web.replies import answers
from onebooking.websites.auth import SECURITY

_ERRORS = answers(400, 401, 404, 413, 415, 422)


class DaysReply(DaysCompared, frozen=True):
    """Send the bookings of each day in `different` to `/api/bookings/digest/bookings`."""

    success: bool = True


class BookingsReply(BookingsCompared, frozen=True):
    """Send what is `missing` or `different` again, whole, as `booking.updated`."""

    success: bool = True


@post("/digest", summary="Compare days", status_code=200, responses=_ERRORS)
async def post_digest(reader: NamedDependency[OwnReader], data: JSONBody[DaysThere]) -> DaysReply:
    """Which days differ between website and hub; `contract/README.md` says how to digest a day.

    At most 366 days. Compared is what the website is known to hold: an edit that is still on its
    way to it makes no difference. Nothing is changed.
    """
    found = await compare_days(reader.tx, reader.website.id, data, now=utc_now())
    return DaysReply(found.different, found.pending)


@post("/digest/bookings", summary="Compare a day's bookings", status_code=200, responses=_ERRORS)
async def post_bookings_digest(
    reader: NamedDependency[OwnReader], data: JSONBody[BookingsThere]
) -> BookingsReply:
    """Which bookings of a day differ between website and hub.

    At most 1,000 at once: where a day has more, send them in the order of their ids and say with
    `after` and `upto` which part of the day each request is about.
    """
    found = await compare_bookings(reader.tx, reader.website.id, data)
    return BookingsReply(found.missing, found.different, found.extra, found.pending, found.erased)


router = Router(
    "/api/bookings",
    route_handlers=[post_digest, post_bookings_digest],
    dependencies={"reader": Provide(auth.open_own_reader)},
    security=SECURITY,
    tags=["Recovery"],
)
