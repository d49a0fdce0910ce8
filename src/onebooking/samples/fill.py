"""Fill a database with made-up bookings and all that would have happened to them, in SQL.

Everything follows from the seed, the number of bookings and the moment they end at: the same three
make the same bookings, row for row.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from msgspec import Struct

from onebooking.db import Statement, Tx, as_json, together
from onebooking.samples import words

DAYS = 400  # over which the bookings were made
CHUNK = 10_000
# A member's edit, or forty of them: some bookings have a long history. Else the website's own.
_CHANGES = (
    "(CASE WHEN {r17} < 0.00005 THEN 120 WHEN {r17} < 0.12 THEN 1 "
    "WHEN {r24} < 0.1 THEN 1 ELSE 0 END)"
)
_LISTS: Mapping[str, tuple[str, ...]] = {
    "given": words.FIRST_NAMES,
    "family": words.LAST_NAMES,
    "thai": words.THAI_NAMES,
    "hosts": words.MAIL_HOSTS,
    "hotels": words.HOTELS,
    "requests": words.REQUESTS,
    "notes": words.NOTES,
    "reasons": words.REASONS,
    "slots": words.TIME_SLOTS,
    "countries": words.COUNTRY_CODES,
}


class Sample(Struct, frozen=True):
    """So many bookings, made until that moment."""

    total: int
    seed: int
    until: datetime

    @property
    def since(self) -> datetime:
        """When the first one was made."""
        return self.until - timedelta(days=DAYS)

    def chunks(self) -> Iterator[tuple[int, int]]:
        """The first and the last number of each."""
        for first in range(1, self.total + 1, CHUNK):
            yield first, min(first + CHUNK - 1, self.total)


def partitions(sample: Sample) -> Iterator[str]:
    """The statements that make a partition of each log for each month of the sample."""
    first = sample.since.replace(day=1, hour=0)
    while first <= sample.until:
        after = (first + timedelta(days=31)).replace(day=1)
        for log in ("sync_logs", "attempts"):
            yield (
                f"CREATE TABLE IF NOT EXISTS {log}_{first:%Y_%m} PARTITION OF {log} "
                f"FOR VALUES FROM ('{first:%Y-%m-%d} 00:00Z') TO ('{after:%Y-%m-%d} 00:00Z')"
            )
        first = after


async def add_websites(tx: Tx) -> None:
    """The parks that the bookings are of; those that are there already stay as they are."""
    new = (
        "INSERT INTO websites (id, name, domain) SELECT id, name, id || '.example' "
        "FROM unnest(%(ids)s::text[], %(names)s::text[]) AS new (id, name) ON CONFLICT DO NOTHING"
    )
    ids = [one.id for one in words.WEBSITES]
    await together(tx, Statement(new, {"ids": ids, "names": [one.name for one in words.WEBSITES]}))


async def has_others(tx: Tx) -> bool:
    """Whether the database has bookings of websites that are not made up."""
    wanted = (
        "SELECT EXISTS (SELECT FROM websites AS website WHERE id <> ALL(%(ids)s) AND EXISTS "
        "(SELECT FROM bookings WHERE website_id = website.id)) AS found"
    )
    (rows,) = await together(tx, Statement(wanted, {"ids": [one.id for one in words.WEBSITES]}))
    return bool(rows[0]["found"])


async def add_chunk(tx: Tx, sample: Sample, first: int, last: int) -> int:
    """Bookings `first` to `last` with their past; how many are new: all, or none when repeated."""
    given = _given(sample) | {"first": first, "last": last}
    (there,) = await together(tx, Statement(_THERE, given))
    if there[0]["found"]:
        return 0
    await together(tx, Statement(_BOOKINGS, given), Statement(_HISTORY, given))
    return last - first + 1


_THERE = (
    "SELECT EXISTS (SELECT FROM bookings WHERE source_booking_id = "
    "md5(%(seed)s || ':' || %(total)s || ':' || %(first)s)::uuid) AS found"
)


def _given(sample: Sample) -> dict[str, Any]:
    bounds = [0.0, *accumulate(one.share / 100 for one in words.WEBSITES)][:-1]
    return {
        "seed": str(sample.seed),
        "salt": sample.seed,
        "total": sample.total,
        "until": sample.until,
        "days": DAYS,
        "bounds": bounds,
        "websites": [one.id for one in words.WEBSITES],
        "prefixes": [one.prefix for one in words.WEBSITES],
        "packages": as_json([one.packages for one in words.WEBSITES]),
        **{name: list(those) for name, those in _LISTS.items()},
    }


def _statement(name: str) -> str:
    """The SQL of that file, its chances written out."""
    sql = (Path(__file__).parent / name).read_text("utf-8").replace("{changes}", _CHANGES)
    sql = re.sub(r"{pick:(\w+):(\w+)}", _pick, sql)
    sql = re.sub(r"{([rg])(\d+)}", _chance, sql)
    return sql.replace("{{", "{").replace("}}", "}")


def _pick(found: re.Match[str]) -> str:
    name, chance = found.groups()
    return f"(%({name})s::text[])[1 + floor({{{chance}}} * {len(_LISTS[name])})::integer]"


def _chance(found: re.Match[str]) -> str:
    whose = {"r": "n", "g": "guest"}[found[1]]
    salt = int(found[2]) + (64 if whose == "guest" else 0)
    hashed = f"hashint8extended({whose} * 128 + {salt}, %(salt)s::bigint)"
    return f"(({hashed} & 2147483647) / 2147483648.0::float8)"


_BOOKINGS, _HISTORY = _statement("bookings.sql"), _statement("history.sql")
