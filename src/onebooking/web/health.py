"""Is the process alive, and can it work?"""

from litestar import get
from litestar.di import NamedDependency
from msgspec import Struct
from sqlalchemy import text

from onebooking.db import Database
from onebooking.reach import NOTHING
from onebooking.web.replies import answers


class HealthReply(Struct, frozen=True):
    """All is well."""

    success: bool = True


@get("/healthz", summary="Alive?", tags=["Health"])
async def healthz() -> HealthReply:
    """The process answers. Says nothing of the database."""
    return HealthReply()


@get("/readyz", summary="Ready?", tags=["Health"], responses=answers())
async def readyz(database: NamedDependency[Database]) -> HealthReply:
    """The process can work: the database answers."""
    async with database.begin(NOTHING) as tx:
        await tx.execute(text("SELECT 1"))
    return HealthReply()
