"""Which bookings a search means: those with its text in reference, name, e-mail, phone or hotel."""

import re
import unicodedata
from itertools import groupby

from sqlalchemy import ColumnElement, Select, column, false, func, select, table

from onebooking.tables import booking_words

# The view of `booking_words`, which holds the transaction's reach itself (docs/decisions/0016), and
# beside the words what lists of them are narrowed and ordered by.
searchable = table("searchable", *(column(one.name, one.type) for one in booking_words.c))
_SHORT = 3  # letters in a row; fewer have no place in the index but as the beginning of a word
s = searchable.c


def found(q: str) -> Select[tuple[object]]:
    """The ids of the bookings within the transaction's reach that have `q`."""
    return select(s.booking_id).where(has(q))


def has(q: str) -> ColumnElement[bool]:
    """Whether words of `searchable` have `q`, in any case of letters.

    Anywhere, where it has three letters or digits in a row. Shorter, at the beginning of a word:
    in the middle it would mean nearly every booking, and no index could say which. Text without a
    letter or digit is found nowhere.
    """
    longest = _longest_run(q)
    if not longest:
        return false()
    text = re.sub(r"([\\%_])", r"\\\1", q.strip())
    start = "% " if longest < _SHORT else "%"
    return s.words.like(func.lower(f"{start}{text}%"))


def _longest_run(text: str) -> int:
    """How many letters, digits and the marks above or below them stand in a row."""
    runs = groupby(text, key=lambda letter: unicodedata.category(letter)[0] in "LMN")
    return max((len(list(run)) for is_word, run in runs if is_word), default=0)
