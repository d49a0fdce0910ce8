"""Who a person is: the names, addresses and numbers by which bookings know them."""

import json
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from msgspec import Struct

from onebooking.db import Statement, Tx, together

FEWEST_DIGITS = 6  # shorter numbers are found everywhere and tell nothing


class Kind(StrEnum):
    """What a term is; a name may be somebody else's too."""

    EMAIL = "e-mail"
    PHONE = "phone"
    NAME = "name"


class Term(Struct, frozen=True, order=True):
    """A text that tells who somebody is."""

    kind: Kind
    text: str


class Identity(Struct, frozen=True):
    """The terms under which one or several bookings know their person."""

    terms: frozenset[Term] = frozenset()

    @property
    def addresses(self) -> list[Term]:
        """Those that are one person's alone."""
        return sorted(term for term in self.terms if term.kind != Kind.NAME)

    def __or__(self, other: "Identity") -> "Identity":
        return Identity(self.terms | other.terms)

    @classmethod
    def told(cls, kind: Kind, text: str) -> Self:
        """What somebody asked for."""
        return cls(frozenset(_terms(kind, [text])))

    @classmethod
    async def of(cls, tx: Tx, booking_id: UUID) -> Self:
        """What a booking says, has said, and has been told about its person."""
        rows, changes, conflicts = await together(
            tx,
            Statement(
                "SELECT customer_name, customer_email, customer_phone, source_values, "
                "source_before FROM bookings WHERE id = %(id)s AND erased_at IS NULL",
                {"id": booking_id},
            ),
            Statement(
                "SELECT changes FROM booking_changes WHERE booking_id = %(id)s", {"id": booking_id}
            ),
            Statement(
                "SELECT field, hub_value, website_value FROM conflicts WHERE booking_id = %(id)s",
                {"id": booking_id},
            ),
        )
        said: list[dict[str, Any]] = [*rows, *(row["source_values"] for row in rows)]
        for row in rows:
            before: dict[str, list[Any]] = row["source_before"]
            said += [{name: value} for name, values in before.items() for value in values]
        for row in changes:
            said += [{name: pair[side] for name, pair in row["changes"].items()} for side in (0, 1)]
        for row in conflicts:
            said += [{row["field"]: row[side]} for side in ("hub_value", "website_value")]
        return cls(
            frozenset(
                term
                for column, kind in _COLUMNS.items()
                for term in _terms(kind, (one.get(column) for one in said))
            )
        )


_COLUMNS = {
    "customer_email": Kind.EMAIL,
    "customer_phone": Kind.PHONE,
    "customer_name": Kind.NAME,
}


def _terms(kind: Kind, texts: Iterable[Any]) -> Iterable[Term]:
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            continue
        if kind != Kind.PHONE or len(digits_of(text)) >= FEWEST_DIGITS:
            yield Term(kind, text.strip())


def digits_of(phone: str) -> str:
    """What is left of a phone number however it is written."""
    return re.sub(r"[^0-9]", "", phone)


def pattern_of(term: Term) -> str:
    """PostgreSQL's regular expression, for `~*`, that finds a term and no longer word.

    Also as JSON writes it, where a text column holds JSON.
    """
    texts: Sequence[str] = (
        term.text,
        json.dumps(term.text, ensure_ascii=False)[1:-1],
        json.dumps(term.text)[1:-1],
    )
    found = "|".join(dict.fromkeys(re.escape(text) for text in texts))
    before, after = _BOUNDS[term.kind]
    return f"{before}(?:{found}){after}"


_BOUNDS = {
    Kind.EMAIL: ("(?<![a-z0-9._%+-])", r"(?![a-z0-9-]|\.[a-z0-9])"),
    Kind.PHONE: ("(?<![0-9])", "(?![0-9])"),
    Kind.NAME: ("(?<![[:alnum:]])", "(?![[:alnum:]])"),
}
