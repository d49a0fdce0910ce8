"""What changed, over HTTP, for websites."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from msgspec import Struct

from onebooking.bookings import auth, changes
from onebooking.bookings.auth import OwnReader
from onebooking.bookings.changes import ChangedBooking
from onebooking.web.paging import Limit
from onebooking.web.replies import answers
from onebooking.websites.auth import SECURITY

Since = Annotated[
    str | None,
    QueryParameter(
        description="`next_cursor` of the page before; left out, from the beginning", max_length=500
    ),
]


class ChangesReply(Struct, frozen=True):
    """One page. `next_cursor` is there also when nothing is new: ask with it again later."""

    bookings: list[ChangedBooking]
    next_cursor: str
    more: bool
    restarted: bool
    success: bool = True


@get(
    "/changes",
    summary="Read what changed",
    dependencies={"reader": Provide(auth.open_own_reader)},
    security=SECURITY,
    responses=answers(401, 404, 422),
)
async def list_changes(
    reader: NamedDependency[OwnReader], since: Since = None, limit: Limit = 100
) -> ChangesReply:
    """The website's own bookings as they are now, each again after it changed, without a gap.

    `more` says that another page waits. `restarted` says that the cursor was made in another life
    of the database (it was restored, or another server took over): the page is the first of all.
    """
    page = await changes.list_changes(reader.tx, reader.reach, since=since, limit=limit)
    return ChangesReply(page.bookings, page.next_cursor, page.more, page.restarted)


router = Router("/api/bookings", route_handlers=[list_changes], tags=["Recovery"])
