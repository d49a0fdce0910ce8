"""The database that cannot be reached, told from one that refuses something."""

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from onebooking.errors import Unavailable


def is_away(failed: BaseException) -> bool:
    """Whether the database cannot be reached just now, as opposed to having refused something."""
    if isinstance(failed, Unavailable | PoolTimeout):
        return True
    if isinstance(failed, DBAPIError):
        if failed.connection_invalidated:
            return True
        failed = failed.orig or failed
    if isinstance(failed, psycopg.InterfaceError):
        return True
    state: str | None = getattr(failed, "sqlstate", None)
    # No SQLSTATE: never connected. 08 connection, 53 out of resources (disk, connections, memory),
    # 57P0x shutting down or starting, 25006 a standby that is no primary (yet), 40 retry.
    if state is None:
        return isinstance(failed, psycopg.OperationalError)
    return state.startswith(("08", "53", "57P", "25006", "40", "55P03"))
