"""The statements that a pool's connections are sent, by SQLAlchemy or past it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from onebooking.db import Database


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Those that are sent meanwhile, in their order; what other pools send is not among them."""
    sent: list[str] = []
    ours: set[int] = set()
    execute = psycopg.AsyncCursor.execute

    def lent(connection: Any, *_: object) -> None:
        ours.add(id(connection.driver_connection))

    async def noted(self: Any, query: Any, *rest: Any, **named: Any) -> Any:
        if id(self.connection) in ours:
            sent.append(str(query))
        return await execute(self, query, *rest, **named)

    engine = database.engine.sync_engine
    event.listen(engine, "checkout", lent)
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(psycopg.AsyncCursor, "execute", noted)
            yield sent
    finally:
        event.remove(engine, "checkout", lent)
