"""What each day has at each website: sums that triggers keep with the bookings (`days` in SQL)."""

from datetime import date

from sqlalchemy import text

from onebooking.db import Tx


async def fold(tx: Tx, *, most: int) -> int:
    """Fold what changes of bookings added to their days, and say how many lines that were.

    The sums say the same before, meanwhile and after. It folds its lines or leaves them all; while
    another transaction folds, there is nothing to do.
    """
    folded: int = (await tx.execute(_FOLD, {"most": most})).scalar_one()
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
