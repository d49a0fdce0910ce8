"""Which bookings a search means: those with its text in reference, name, e-mail, phone or hotel."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import Select, column, false, func, select, table

# The view of `booking_words`, which holds the transaction's reach itself (docs/decisions/0016).
_searchable = table("searchable", column("booking_id"), column("website_id"), column("words"))
_SHORT = 3  # letters in a row; fewer have no place in the index but as the beginning of a word
s = _searchable.c


def found(q: str, websites: Sequence[str] | None = None) -> Select[tuple[object]]:
    """The ids of the bookings within the transaction's reach that have `q`, in any case of letters.

    Of these websites only, where some are named.

    Anywhere, where it has three letters or digits in a row. Shorter, at the beginning of a word:
    in the middle it would mean nearly every booking, and no index could say which. Text without a
    letter or digit is found nowhere.
    """
    wanted = select(s.booking_id)
    if websites is not None:
        wanted = wanted.where(s.website_id.in_(websites))
    longest = _longest_run(q)
    if not longest:
        return wanted.where(false())
    text = re.sub(r"([\\%_])", r"\\\1", q.strip())
    start = "% " if longest < _SHORT else "%"
    return wanted.where(s.words.like(func.lower(f"{start}{text}%")))


def _longest_run(text: str) -> int:
    """How many letters, digits and the marks above or below them stand in a row."""
    runs = groupby(text, key=lambda letter: unicodedata.category(letter)[0] in "LMN")
    return max((len(list(run)) for is_word, run in runs if is_word), default=0)
