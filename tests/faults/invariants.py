"""The sentence operators trust, as a check: kept, delivered, in order, and equal in the end."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import psycopg
from msgspec import Struct

from tests.faults.ledger import Ledger, Sold
from tests.faults.listener import Heard, Listener
from tests.faults.truth import reading

SHOWN = 5  # of each kind of wrong


class Tally(Struct, frozen=True):
    """What a check looked at, for the summary."""

    bookings: int
    syncs: int
    edits: int
    webhooks: int
    repeats: int
    unanswered: int
    longest_wait_seconds: float

    def __str__(self) -> str:
        return (
            f"{self.syncs} syncs of {self.bookings} bookings and {self.edits} edits acknowledged, "
            f"{self.webhooks} webhooks heard ({self.repeats} of them again), "
            f"{self.unanswered} requests without an answer or with 503, "
            f"longest wait for an acknowledgement {self.longest_wait_seconds:.1f} s. Lost: nothing."
        )


def check(url: str, ledger: Ledger, listeners: Mapping[str, Listener]) -> Tally:
    """Raise AssertionError with what was lost, doubled, out of order or different.

    Every booking acknowledged is there once with the values said last; every edit acknowledged was
    heard, in order; what each website holds is what the hub holds; no version is missing; the sums
    of days are right.
    """
    with reading(url) as connection:
        wrong = [
            *ledger.wrong,
            *_bookings_wrong(connection, ledger.sold),
            *history_wrong(connection),
            *_sums_wrong(connection),
            *_owed(connection),
        ]
    for website_id, listener in listeners.items():
        sold = [one for one in ledger.sold if one.website_id == website_id]
        wrong += [*_heard_wrong(listener.heard), *_unheard(sold, listener)]
        wrong += [f"{website_id} refused {one}" for one in listener.refused]
    shown = "\n".join(wrong[:SHOWN])
    assert not wrong, f"{len(wrong)} things are wrong:\n{shown}"
    ours = {one.booking_id for one in ledger.sold}
    heard = [
        one
        for listener in listeners.values()
        for one in listener.heard
        if one.said["booking_id"] in ours
    ]
    edits = ledger.acknowledged["edit"]
    return Tally(
        bookings=len(ledger.sold),
        syncs=ledger.total - edits,
        edits=edits,
        webhooks=len(heard),
        repeats=sum(not one.first for one in heard),
        unanswered=ledger.answers[0] + ledger.answers[503],
        longest_wait_seconds=ledger.longest_wait_seconds,
    )


def _bookings_wrong(connection: psycopg.Connection[dict[str, Any]], sold: list[Sold]) -> list[str]:
    """Each acknowledged booking once, under the id that was told, with what was said last."""
    rows = connection.execute("SELECT *, source_booking_id::text AS source FROM bookings")
    there: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        there.setdefault((row["website_id"], row["source"]), []).append(row)
    wrong = []
    for one in sold:
        found = there.get((one.website_id, one.source_booking_id), [])
        if [str(row["id"]) for row in found] != [one.booking_id]:
            wrong.append(f"{one.source_booking_id}: acknowledged once, there {len(found)} times")
            continue
        wanted = one.said | {column: values[-1] for column, values in one.edits.items()}
        differing = {
            column: (value, found[0][column])
            for column, value in wanted.items()
            if found[0][column] != value
        }
        if differing:
            wrong.append(f"{one.source_booking_id}: wanted, is {differing}")
    return wrong


def history_wrong(connection: psycopg.Connection[dict[str, Any]]) -> list[str]:
    """The first version is the booking's first event; each later one is written down once."""
    rows = connection.execute(
        """
        SELECT bookings.id, bookings.version, array_agg(change.version ORDER BY change.version)
          FILTER (WHERE change.version > 1) AS versions
        FROM bookings LEFT JOIN booking_changes AS change ON change.booking_id = bookings.id
        GROUP BY bookings.id
        """
    )
    return [
        f"booking {row['id']} is at version {row['version']}, its history has {row['versions']}"
        for row in rows
        if (row["versions"] or []) != list(range(2, row["version"] + 1))
    ]


def _sums_wrong(connection: psycopg.Connection[dict[str, Any]]) -> list[str]:
    """What the overview says of each day is what its bookings come to."""
    rows = connection.execute("SELECT * FROM wrong_days('-infinity', 'infinity')")
    return [f"the sums of a day are off by {row}" for row in rows]


def _owed(connection: psycopg.Connection[dict[str, Any]]) -> list[str]:
    rows = connection.execute(
        "SELECT state, count(*) FROM deliveries WHERE state IN ('waiting', 'given_up') "
        "GROUP BY state "
        "UNION ALL SELECT 'lane', count(*) FROM lanes HAVING count(*) > 0"
    )
    return [f"still {row['state']}: {row['count']}" for row in rows]


def _heard_wrong(heard: list[Heard]) -> list[str]:
    """Repeats are byte for byte the same; what is new comes in the order of versions."""
    bodies: dict[str, bytes] = {}
    newest: Counter[str] = Counter()
    wrong = []
    for one in heard:
        if bodies.setdefault(one.id, one.body) != one.body:
            wrong.append(f"webhook {one.id} came again with another body")
        booking, version = one.said["booking_id"], one.said["version"]
        if one.first:
            if version <= newest[booking]:
                wrong.append(f"booking {booking}: {version} came after {newest[booking]}")
            newest[booking] = version
    return wrong


def _unheard(sold: list[Sold], listener: Listener) -> list[str]:
    """Each edit was heard, itself or joined into a later one; none came after a later one."""
    heard: dict[tuple[str, str], list[Any]] = {}
    for webhook in listener.heard:
        if webhook.first:
            for column, value in webhook.said["data"].items():
                heard.setdefault((webhook.said["source_booking_id"], column), []).append(value)
    wrong = []
    for one in sold:
        for column, edits in one.edits.items():
            came = heard.get((one.source_booking_id, column), [])
            places = [edits.index(value) for value in came if value in edits]
            if places != sorted(places) or places[-1:] != [len(edits) - 1]:
                wrong.append(f"{one.source_booking_id}: edits {column} {edits} came as {came}")
            if listener.values.get(one.source_booking_id, {}).get(column) != edits[-1]:
                wrong.append(f"{one.source_booking_id}: the website's {column} is another")
    return wrong
