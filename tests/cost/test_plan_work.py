"""What a list reads is in proportion to its page, not to what the hub holds."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, text

from onebooking.bookings import queries
from onebooking.bookings.filters import Filters
from onebooking.bookings.model import Status, SyncState
from onebooking.db import Database, Tx
from onebooking.reach import EVERYTHING, Reach, WebsiteId
from onebooking.samples.fill import Sample, add_chunk, add_websites
from onebooking.samples.words import WEBSITES
from onebooking.web import paging

pytestmark = pytest.mark.anyio
MANY, ROWS = 50_000, 50
UNTIL = datetime(2026, 11, 26, 9, tzinfo=UTC)
DAY = UNTIL.date()
LARGE, SMALL, NEXT = (Reach(frozenset({WebsiteId(WEBSITES[at].id)})) for at in (0, -1, -2))
SOME = Reach(SMALL.websites | NEXT.websites)
REFUNDED = [Status.REFUNDED]
# A row is found in an index, read, and looked up in three more; then the levels of each index.
A_PAGE = ROWS * 16 + 200
ORDERS = ("activity_date", "-activity_date", "created_at", "-created_at", "updated_at",
          "-updated_at", "booking_ref", "-booking_ref")  # fmt: skip
CHEAP = {
    f"{name} by {order}": (reach, Filters(sort=order))  # type: ignore[arg-type]
    for order in ORDERS
    for name, reach in {"all": EVERYTHING, "some": SOME, "the smallest": SMALL}.items()
} | {
    "a day": (EVERYTHING, Filters(date_from=DAY, date_to=DAY)),
    "from a day on": (EVERYTHING, Filters(date_from=DAY)),
    "two websites": (EVERYTHING, Filters(website_id=sorted(SOME.websites))),
    "in step": (EVERYTHING, Filters(sync_state=SyncState.IN_STEP)),
    "what every booking has": (EVERYTHING, Filters(q="example")),
    "what none has": (EVERYTHING, Filters(q="qqqzzzqqq")),
    "a reference": (EVERYTHING, Filters(q="AC-0000123")),
    "a name": (EVERYTHING, Filters(q="siriporn rossi")),
    "a name of the smallest": (SMALL, Filters(q="siriporn rossi")),
    "a name, refunded": (EVERYTHING, Filters(q="siriporn rossi", status=REFUNDED)),
    "part of an e-mail": (EVERYTHING, Filters(q="rossi12")),
    "a Thai name": (EVERYTHING, Filters(q="ศิริพร แสงทอง")),
    "what every booking has of the smallest": (SMALL, Filters(q="example")),
    "a hotel of two websites": (SOME, Filters(q="novotel karon")),
}  # fmt: skip
# What matches is rarer than the page is long, or found elsewhere first: in proportion to it.
FOUND = {
    "a hotel": (EVERYTHING, Filters(q="novotel karon")),
    "a hotel, refunded": (EVERYTHING, Filters(q="novotel karon", status=REFUNDED)),
    "a hotel, on one day": (EVERYTHING, Filters(q="novotel karon", date_from=DAY, date_to=DAY)),
    "what every booking has, refunded": (EVERYTHING, Filters(q="example", status=REFUNDED)),
    "two letters": (EVERYTHING, Filters(q="so")),
    "failing": (EVERYTHING, Filters(sync_state=SyncState.FAILING)),
    "conflict": (EVERYTHING, Filters(sync_state=SyncState.CONFLICT)),
    "on their way": (EVERYTHING, Filters(sync_state=SyncState.ON_ITS_WAY)),
    "pending": (EVERYTHING, Filters(status=[Status.PENDING])),
}


async def fill(database: Database, many: int) -> None:
    sample = Sample(many, 1, UNTIL)
    for first, last in sample.chunks():
        async with database.begin(EVERYTHING) as tx:
            await add_websites(tx)
            await add_chunk(tx, sample, first, last)


@pytest.fixture
async def full(database: Database) -> Database:
    """The hub's database with fifty thousand bookings, as autovacuum would have left it."""
    await fill(database, MANY)
    async with database.engine.connect() as owner:
        outside = await owner.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text("VACUUM (ANALYZE)"))
    return database


@contextmanager
def sent_by(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements of lists that run meanwhile, with their values."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "bookings" in statement or "searchable" in statement:
            sent.append((statement, parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def pages_read(
    database: Database, reach: Reach, wanted: Filters, cursor: str | None = None
) -> tuple[int, int]:
    """How many pages of the disk the list touches: for its rows, and to find and count them."""
    async with database.begin(reach) as tx:
        with sent_by(database) as sent:
            await queries.list_bookings(tx, reach, wanted, limit=ROWS, cursor=cursor)
        costs = [(await touched(tx, *one), "special_requests" in one[0]) for one in sent]
    (rows,) = [cost for cost, shows_rows in costs if shows_rows]
    return rows, sum(cost for cost, shows_rows in costs if not shows_rows)


async def touched(tx: Tx, statement: str, parameters: Any) -> int:
    explain = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "
    found: Any = (await tx.exec_driver_sql(explain + statement, parameters)).scalar_one()
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


async def test_a_list_reads_a_page_and_not_the_table(full: Database) -> None:
    costs = {name: await pages_read(full, *asked) for name, asked in CHEAP.items()}
    assert {name: cost for name, cost in costs.items() if cost[0] > A_PAGE} == {}
    # Counting ends at 10,001, in an index.
    assert {name: cost for name, cost in costs.items() if cost[1] > 1_500} == {}
    costs = {name: await pages_read(full, *asked) for name, asked in FOUND.items()}
    assert {name: cost for name, cost in costs.items() if max(cost) > MANY // 15} == {}
    for sort in ("activity_date", "-created_at"):
        column = sort.lstrip("-")
        async with full.begin(EVERYTHING) as tx:
            middle = await tx.execute(
                text(f"SELECT {column}, id FROM bookings ORDER BY 1, 2 OFFSET {MANY // 2} LIMIT 1")
            )
            cursor = paging.encode((sort, *middle.one()))
        first, _ = await pages_read(full, EVERYTHING, Filters(sort=sort))
        deep, _ = await pages_read(full, EVERYTHING, Filters(sort=sort), cursor)
        assert deep <= first + 4 * ROWS, sort


async def test_new_words_are_found_before_and_after_they_are_sorted_in(
    database: Database,
) -> None:
    await fill(database, 500)
    wanted = Filters(q="quetzalcoatl")
    async with database.begin(EVERYTHING) as tx:
        await tx.execute(
            text("UPDATE bookings SET customer_name = 'Quetzalcoatl' WHERE id IN "
                 "(SELECT id FROM bookings ORDER BY id LIMIT 3)")
        )  # fmt: skip
    for tidied in (False, True):
        async with database.begin(EVERYTHING) as tx:
            page = await queries.list_bookings(tx, EVERYTHING, wanted, limit=ROWS, cursor=None)
            assert page.total == 3
            sorted_in = (await tx.execute(text("SELECT tidy_search()"))).scalar_one()
        assert (sorted_in > 0) is not tidied
