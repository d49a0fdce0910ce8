"""How websites are, over HTTP."""

from litestar import Router, get
from litestar.di import NamedDependency
from msgspec import Struct

from onebooking.alerts.model import WebsiteHealth
from onebooking.alerts.queries import websites_health
from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.members.auth import SECURITY
from onebooking.members.model import Member, Right
from onebooking.web.replies import answers


class WebsitesHealthReply(Struct, frozen=True):
    """The websites within the caller's reach, by name."""

    websites: list[WebsiteHealth]
    success: bool = True


@get("/websites", summary="How websites are", responses=answers(401))
async def get_websites_health(
    tx: NamedDependency[Tx], member: NamedDependency[Member]
) -> WebsitesHealthReply:
    """Whether each website keeps up, what waits, and the alerts that are open."""
    member.require(Right.VIEW)
    return WebsitesHealthReply(await websites_health(tx, member.reach, now=utc_now()))


router = Router(
    "/api/health", route_handlers=[get_websites_health], tags=["Health"], security=SECURITY
)
