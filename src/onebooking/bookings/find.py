"""Which bookings a search means: those with its text in reference, name, e-mail, phone or hotel."""

import re
import unicodedata
from itertools import groupby

from sqlalchemy import ColumnElement, Select, and_, column, false, func, select, table

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
    text = q.strip()
    runs = _runs(text)
    longest = max((len(run) for is_word, run in runs if is_word), default=0)
    if not longest:
        return false()
    if longest < _SHORT:
        return s.words.like(func.lower("% " + re.sub(r"([\\%_])", r"\\\1", text) + "%"))
    # The index is asked for letters and digits alone. A space would ask it for every word that
    # begins with the next letter as well, and reading those was most of a name's time.
    loosely = "".join(run if is_word else "_" * len(run) for is_word, run in runs)
    found = s.words.like(func.lower(f"%{loosely}%"))
    exactly = func.strpos(s.words, func.lower(text)) > 0
    return found if len(runs) == 1 else and_(found, exactly)


def is_findable(q: str) -> bool:
    """Whether it has a letter or digit, without which nothing is found."""
    return any(is_word for is_word, _ in _runs(q))


def _runs(text: str) -> list[tuple[bool, str]]:
    """Words and what stands between them, in their order; whether it is a word."""
    return [(is_word, "".join(run)) for is_word, run in groupby(text, key=_is_word)]


def _is_word(letter: str) -> bool:
    """Whether it is a letter, a digit, or a mark above or below one."""
    return unicodedata.category(letter)[0] in "LMN"
