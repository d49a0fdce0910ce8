"""`GET /events`: an open stream that says when something changed, and where."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.types import ASGIApp

from onebooking.db import Database
from onebooking.errors import AuthFailed
from onebooking.live.stream import stream_to
from onebooking.live.watchers import Watchers
from onebooking.members.auth import desk_of
from onebooking.members.model import Right
from onebooking.web.origin import check_site

Age = Annotated[float, QueryParameter(description="Seconds since the page was asked for", ge=0)]


@get("/events", include_in_schema=False)
async def events(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    watchers: NamedDependency[Watchers],
    age: Age = 0,
) -> ASGIApp:
    """Say what changes within the member's reach, until the session ends.

    Websites' and bookings' ids and nothing else: what a page shows of them it asks for itself.

    Raises:
        AuthFailed: no session; scripts read `GET /api/bookings` with `updated_since`.
        NotAllowed: another site's page asks.
        RateLimited: too many streams are open.
    """
    check_site(request.headers)
    async with desk_of(request, database) as desk:  # closed before the stream begins
        member, session_id = desk.member, desk.session_id
    member.require(Right.VIEW)
    if session_id is None:
        raise AuthFailed("Sign in: the stream is for pages.")
    session = session_id
    return stream_to(watchers, lambda: watchers.join(session, member, age_seconds=age))
