"""An event is owed if and only if the transaction that caused it commits."""

import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from sdk_kit import Database, Site

from onebooking_source import Outbox, Sender

UPDATE = {"event": "booking.updated", "source_booking_id": "b-1"}


def test_a_rolled_back_booking_owes_nothing(site: Site) -> None:
    with closing(site.database.connect()) as connection:
        site.outbox.put(connection, UPDATE)
        connection.rollback()
    assert site.counts() == {}
    assert site.sender.drain() == 0


def test_a_committed_booking_is_sent(site: Site) -> None:
    site.put("b-1")
    assert site.counts() == {"waiting": 1}
    assert site.sender.drain() == 1
    assert site.counts() == {"sent": 1}
    assert site.hub.heard[0]["source_booking_id"] == "b-1"


def test_an_event_gets_an_id_and_its_number_as_version(site: Site) -> None:
    first, second = site.put("b-1", "b-1")
    site.sender.drain()
    assert first < second
    assert [event["version"] for event in site.hub.heard] == [first, second]
    ids = {uuid.UUID(event["event_id"]) for event in site.hub.heard}
    assert len(ids) == 2


def test_a_websites_own_id_and_version_are_kept(site: Site) -> None:
    site.put("b-1", event_id="hw-evt-2", version=7)
    site.sender.drain()
    assert (site.hub.heard[0]["event_id"], site.hub.heard[0]["version"]) == ("hw-evt-2", 7)


def test_the_websites_event_is_left_as_it_was(site: Site) -> None:
    event = dict(UPDATE)
    site.ask(lambda connection: site.outbox.put(connection, event))
    assert event == UPDATE


def test_python_values_go_out_as_the_specification_writes_them(site: Site) -> None:
    booking = uuid.UUID(int=1)
    event = UPDATE | {
        "source_booking_id": booking,
        "activity_date": date(2026, 3, 1),
        "created_at": datetime(2026, 2, 20, 10, 30, tzinfo=UTC),
        "customer": {"name": "สมชาย 🐒 \x00 \ud800"},
    }
    site.ask(lambda connection: site.outbox.put(connection, event))
    site.sender.drain()
    heard = site.hub.heard[0]
    assert heard["source_booking_id"] == str(booking)
    assert heard["activity_date"] == "2026-03-01"
    assert heard["created_at"] == "2026-02-20T10:30:00+00:00"
    assert heard["customer"] == event["customer"]
    status = site.ask(lambda connection: site.outbox.status_of(connection, booking))
    assert status.state == "sent"


@pytest.mark.parametrize("missing", ["event", "source_booking_id"])
def test_an_event_nobody_could_place_is_refused_at_once(site: Site, missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        site.ask(lambda connection: site.outbox.put(connection, UPDATE | {missing: ""}))


@pytest.mark.parametrize(("value", "error"), [(object(), TypeError), (float("nan"), ValueError)])
def test_what_json_cannot_say_is_refused_at_once(
    site: Site, value: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        site.ask(lambda connection: site.outbox.put(connection, UPDATE | {"total": value}))


def test_only_two_dialects_are_known() -> None:
    with pytest.raises(ValueError, match="mysql"):
        Outbox("mysql")


def _sqlite_rows(place: str) -> sqlite3.Connection:
    connection = sqlite3.connect(place, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _sqlite_dicts(place: str) -> sqlite3.Connection:
    connection = sqlite3.connect(place)
    connection.row_factory = lambda cursor, row: {
        column[0]: value for column, value in zip(cursor.description, row, strict=True)
    }
    return connection


@pytest.mark.parametrize("connect", [_sqlite_rows, _sqlite_dicts])
def test_sqlite_is_used_however_the_website_has_set_it_up(
    site: Site, connect: Callable[[str], Any]
) -> None:
    if site.database.dialect != "sqlite":
        pytest.skip("SQLite's own ways")
    _check(site, lambda: connect(site.database.place))


@pytest.mark.parametrize("more", [{"autocommit": True}, {"row_factory": dict_row}])
def test_psycopg_is_used_however_the_website_has_set_it_up(
    site: Site, more: dict[str, Any]
) -> None:
    if site.database.dialect != "postgresql":
        pytest.skip("psycopg's own ways")
    _check(site, lambda: psycopg.connect(site.database.place, **more))


def _check(site: Site, connect: Callable[[], Any]) -> None:
    """Put in an explicit transaction, roll one back, send with a sender of the same kind."""
    with closing(connect()) as connection:
        connection.rollback()
        for end in ("ROLLBACK", "COMMIT"):
            connection.cursor().execute("BEGIN") if _autocommits(connection) else None
            site.outbox.put(connection, UPDATE)
            connection.cursor().execute(end)
        assert site.outbox.counts(connection)["waiting"] == 1
        connection.rollback()
    sender = Sender(connect, site.outbox, site.sender._client)
    assert sender.drain() == 1
    assert site.counts() == {"sent": 1}


def _autocommits(connection: Any) -> bool:
    isolation = getattr(connection, "isolation_level", None)
    return bool(getattr(connection, "autocommit", isolation is None))


def test_tables_can_be_created_again_and_again(database: Database) -> None:
    outbox = Outbox(database.dialect)
    for _ in range(2):
        with closing(database.connect()) as connection:
            outbox.create_tables(connection)
            connection.commit()
    with closing(database.connect()) as connection:
        assert sum(outbox.counts(connection).values()) == 0
        connection.rollback()


def test_an_import_of_thousands_of_bookings_is_one_transaction(site: Site) -> None:
    site.put(*[f"b-{number}" for number in range(10_000)])
    assert site.counts() == {"waiting": 10_000}
