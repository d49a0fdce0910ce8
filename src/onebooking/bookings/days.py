"""What each day has at each website: sums that triggers keep with the bookings (`days` in SQL)."""

from datetime import date

from sqlalchemy import text

from onebooking.db import Database, Tx
from onebooking.reach import EVERYTHING

AT_ONCE = 10_000  # lines that one transaction folds


async def fold(database: Database) -> int:
    """Fold what changes of bookings added to their days, and say how many lines that were.

    The sums say the same before, meanwhile and after. A transaction folds its lines or leaves them
    all; while another process folds, there is nothing to do.
    """
    folded = 0
    while True:
        async with database.begin(EVERYTHING) as tx:
            found: int = (await tx.execute(_FOLD, {"most": AT_ONCE})).scalar_one()
        folded += found
        if found < AT_ONCE:
            return folded


async def count_wrong(tx: Tx, first: date, last: date) -> int:
    """How many sums of these days are not what their bookings come to; reads those bookings."""
    wrong: int = (await tx.execute(_WRONG, {"first": first, "last": last})).scalar_one()
    return wrong


async def recount(tx: Tx) -> int:
    """Count every booking, put right what is wrong, and say how many sums that were.

    It takes no lock that a sync waits for, and is exact whatever is written meanwhile.
    """
    mended: int = (await tx.execute(_RECOUNT)).scalar_one()
    return mended


_FOLD = text("SELECT fold_days(:most)")
_WRONG = text("SELECT count(*) FROM wrong_days(:first, :last)")
_RECOUNT = text("SELECT recount_days()")
