"""Search the whole database for a person: every text of every table, whatever tables there are."""

from typing import TypeAlias

from msgspec import Struct
from sqlalchemy import TextClause, text

from onebooking.bookings.identity import Identity, Kind, Term, pattern_of
from onebooking.db import Tx, fetch_all

# Term → "table.column" → in how many rows it was found.
Found: TypeAlias = dict[Term, dict[str, int]]


class _Column(Struct, frozen=True):
    """A column that can hold text, ready to stand in a statement."""

    relation: str
    named: str
    column: str


async def search(tx: Tx, identity: Identity) -> Found:
    """Where each term occurs, and in how many rows; a term that is nowhere has no places.

    From PostgreSQL's catalog, so that no table is forgotten: texts, JSON and lists of them. Hashes
    and ciphers (`bytea`) are not texts. `tx` must see everything, as the tables' owner does.
    """
    found: Found = {term: {} for term in sorted(identity.terms)}
    if not found:
        return found
    by_table: dict[str, list[_Column]] = {}
    for column in await fetch_all(tx, _COLUMNS, _Column):
        by_table.setdefault(column.relation, []).append(column)
    for relation, columns in by_table.items():
        counted = [
            f"count(*) FILTER (WHERE {one.column}::text ~* :p{number})"
            for number in range(len(found))
            for one in columns
        ]
        patterns = {f"p{number}": pattern_of(term) for number, term in enumerate(found)}
        row = (await tx.execute(_counting(relation, counted), patterns)).one()
        places = [(term, one.named) for term in found for one in columns]
        for (term, place), count in zip(places, row, strict=True):
            if count:
                found[term][place] = count
    return found


def _counting(relation: str, counted: list[str]) -> TextClause:
    # A name from the catalog may have a colon, which SQLAlchemy would take for a parameter.
    return text(f"SELECT {', '.join(counted)} FROM {relation.replace(':', chr(92) + ':')}")


def betrayed(found: Found) -> bool:
    """Whether an e-mail address or phone number is left anywhere; a name may be another's."""
    return any(places for term, places in found.items() if term.kind != Kind.NAME)


# Partitions are read through their parent.
_COLUMNS = text("""
    SELECT format('%I.%I', nspname, relname) AS relation, relname || '.' || attname AS named,
      quote_ident(attname) AS "column"
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    JOIN pg_type ON pg_type.oid = atttypid
    WHERE relkind IN ('r', 'p', 'm') AND NOT relispartition AND attnum > 0 AND NOT attisdropped
      AND nspname <> 'information_schema' AND nspname !~ '^pg_'
      AND typcategory IN ('S', 'A', 'U', 'X', 'E')
      AND atttypid NOT IN ('uuid'::regtype, 'bytea'::regtype)
    ORDER BY nspname, relname, attnum
""")
