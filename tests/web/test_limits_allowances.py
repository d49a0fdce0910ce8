"""What the table of allowances promises, whoever takes from it."""

import asyncio

import pytest

from onebooking.db import Database
from onebooking.tables import rate_limits
from onebooking.web.allowances import BURST_SECONDS, Wanted, forget, take
from tests import make
from tests.parks import one, run

pytestmark = pytest.mark.anyio


def wanted(*callers: str, spent: int = 0, ahead: int = 10, per_second: float = 1.0) -> list[Wanted]:
    return [Wanted(caller, per_second, spent, ahead) for caller in callers]


async def test_a_burst_is_granted_once_and_then_what_time_brings(database: Database) -> None:
    got = [(await take(database, wanted("a", ahead=4)))["a"] for _ in range(4)]
    assert [taken.granted for taken in got[:2]] == [4, 4]
    assert sum(taken.granted for taken in got) <= BURST_SECONDS + 1
    assert got[-1].granted < 4
    assert 0 < got[-1].wait_seconds <= 1.01


async def test_many_processes_together_get_no_more_than_one(database: Database) -> None:
    takes = [take(database, wanted("a", "b", per_second=0.001, ahead=1)) for _ in range(20)]
    takes += [take(database, wanted("b", "a", per_second=0.001, ahead=1)) for _ in range(20)]
    got = await asyncio.gather(*takes)
    for caller in ("a", "b"):
        assert sum(taken[caller].granted for taken in got) == 1


async def test_what_was_spent_on_credit_is_paid_but_never_for_longer_than_two_bursts(
    database: Database,
) -> None:
    got = (await take(database, wanted("a", spent=1_000_000)))["a"]
    assert got.granted == 0
    assert BURST_SECONDS <= got.wait_seconds <= BURST_SECONDS + 1.01


async def test_rows_that_say_nothing_are_dropped(database: Database) -> None:
    await take(database, wanted("old", "new"))
    await run(
        database,
        "UPDATE rate_limits SET whole_at = now() - interval '2 minutes' WHERE caller = 'old'",
    )
    await forget(database)
    assert await make.rows(database, rate_limits) == 1
    assert (await one(database, "SELECT caller FROM rate_limits")).caller == "new"
