"""A person in places that are no booking of theirs: clean the copies that the hub made.

Copies are what is kept of what went in and out: logs, replies, history, parked events, names of
imported files. What other bookings hold at this moment is theirs; a member edits it, so that its
website is told too.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from onebooking.bookings.identity import Identity, Kind, Term, digits_of, pattern_of
from onebooking.bookings.model import PERSONAL
from onebooking.db import Statement, Tx, as_json, together

ERASED = "[erased]"


async def find_bookings(tx: Tx, wanted: Term) -> list[UUID]:
    """The bookings within the reach of `tx` that are or ever were this person's, by their ids.

    An e-mail address in any case of its letters, a phone number however it is written.
    """
    email = wanted.kind == Kind.EMAIL
    sql = _finds("customer_email", _LOWER) if email else _finds("customer_phone", _DIGITS)
    told = wanted.text.strip().lower() if email else digits_of(wanted.text)
    (rows,) = await together(tx, Statement(sql, {"told": told}))
    return [row["id"] for row in rows]


_LOWER, _DIGITS = "lower(trim({}))", "regexp_replace({}, '[^0-9]', '', 'g')"


def _finds(column: str, same: str) -> str:
    """The statement that looks where bookings, their history and their conflicts have `column`."""

    def any_of(*places: str) -> str:
        return " OR ".join(f"{same.format(place)} = %(told)s" for place in places)

    held = any_of(column, f"source_values ->> '{column}'")
    before = (
        f"EXISTS (SELECT FROM jsonb_array_elements_text(source_before -> '{column}') AS value "
        f"WHERE {any_of('value')})"
    )
    changed = any_of(f"changes -> '{column}' ->> 0", f"changes -> '{column}' ->> 1")
    against = any_of("hub_value #>> '{}'", "website_value #>> '{}'")
    return (
        f"SELECT id FROM bookings WHERE {held} OR {before} "
        f"UNION SELECT booking_id FROM booking_changes WHERE {changed} "
        f"UNION SELECT booking_id FROM conflicts WHERE field = '{column}' AND ({against}) "
        "ORDER BY 1"
    )


async def clean_copies(tx: Tx, identity: Identity) -> None:
    """Clean every copy within the reach of `tx` that has one of the person's addresses."""
    if not identity.addresses:
        return
    patterns = [pattern_of(term) for term in identity.addresses]
    parameters = {"patterns": patterns, "personal": sorted(PERSONAL)}
    await together(tx, *(Statement(sql, parameters) for sql in _COPIES))
    for table, key, column in _HISTORY:
        wanted = f"SELECT {', '.join(key)}, {column} AS tree FROM {table} WHERE {_has(column)}"
        (rows,) = await together(tx, Statement(f"{wanted} FOR UPDATE", parameters))
        this = " AND ".join(f"{name} = %({name})s" for name in key)
        change = f"UPDATE {table} SET {column} = %(tree)s::jsonb WHERE {this}"
        for row in rows:
            tree = as_json(_redacted(row["tree"], identity.addresses))
            await together(tx, Statement(change, row | {"tree": tree}))


def _has(column: str) -> str:
    return f"{column}::text ~* ANY(%(patterns)s)"


_COPIES = (
    (
        "UPDATE sync_logs SET payload = NULL, error_message = "
        f"CASE WHEN {_has('error_message')} THEN 'Erased' ELSE error_message END "
        f"WHERE {_has('payload')} OR {_has('error_message')}"
    ),
    (
        "UPDATE attempts SET reply = '', reason = "
        f"CASE WHEN {_has('reason')} THEN 'Erased' ELSE reason END "
        f"WHERE {_has('reply')} OR {_has('reason')}"
    ),
    f"UPDATE deliveries SET body = '' WHERE state IN ('delivered', 'joined') AND {_has('body')}",
    f"UPDATE deliveries SET last_reason = 'Erased' WHERE {_has('last_reason')}",
    f"UPDATE idempotency_keys SET reply = (reply::jsonb - 'warnings')::text WHERE {_has('reply')}",
    (
        "UPDATE parked_events SET event = jsonb_set(event - 'warnings', '{values}', "
        f"(event -> 'values') - %(personal)s::text[]) WHERE {_has('event')}"
    ),
    f"UPDATE imports SET file_name = '{ERASED}' WHERE {_has('file_name')}",
    f"DELETE FROM exports WHERE {_has('filters')}",  # what somebody searched for
)
_HISTORY = (
    ("booking_changes", ("booking_id", "version"), "changes"),
    ("conflicts", ("id",), "hub_value"),
    ("conflicts", ("id",), "website_value"),
    ("bookings", ("id",), "source_before"),
)


def _redacted(tree: Any, addresses: Sequence[Term]) -> Any:
    """`tree` with the addresses gone from its texts, and nothing else changed."""
    if isinstance(tree, str):
        return _all_gone(tree, addresses)
    if isinstance(tree, dict):
        return {name: _redacted(value, addresses) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_redacted(value, addresses) for value in tree]
    return tree


def _all_gone(text: str, addresses: Iterable[Term]) -> str:
    for term in addresses:
        text = re.sub(re.escape(term.text), ERASED, text, flags=re.IGNORECASE)
    return text
