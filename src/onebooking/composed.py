"""Statements that SQLAlchemy composes once, and that are then sent past it."""

from typing import Any

from sqlalchemy import ClauseElement, ColumnElement, Executable, Text, any_, bindparam, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from onebooking.db import Statement

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]


def composed(wanted: Executable) -> Statement:
    """`wanted` in psycopg's words, whole but for its `bindparam`s: `Statement.of` gives them."""
    assert isinstance(wanted, ClauseElement)  # noqa: S101 -- whatever we compose is one
    whole = wanted.compile(dialect=_DIALECT)
    return Statement(str(whole), whole.params)


def within_given(website_id: ColumnElement[Any], *, everything: bool) -> ColumnElement[bool]:
    """`within` for a reach that is given as `reach`, a list, unless it is everything."""
    if everything:
        return true()
    return website_id == any_(bindparam("reach", type_=ARRAY(Text)))
