"""Text that a spreadsheet would run, made into text that it shows.

Excel, LibreOffice and Google Sheets take a CSV cell that begins with `= + - @` for a formula, also
full-width, behind blanks and behind a quote. A spreadsheet that parts columns by `;` or tab, as
half of Europe's do, sees such a beginning in the middle of a cell. An apostrophe in front of each
makes it text (https://owasp.org/www-community/attacks/CSV_Injection); `unguarded` takes it away
again, exactly.
"""

import re

# The four, all that Unicode says is the same (NFKC), and the minus sign.
_STARTS = (
    r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
    r"\u207a\u207c\u208a\u208c\ufb29\u2212]"
)
# Blanks, what cannot be seen, and quotes: skipped before the first character that counts.
_SKIPPED = r"""(?:[^\S\t\r\n]|[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200f\u2060-\u2064\ufeff'"])*"""
_BEGINNINGS = r"(?:^|(?<=[;\t\r\n]))"
_RISKY = f"(?={_SKIPPED}{_STARTS})"
# A cell that begins with a tab or a line end lets what follows slip into the next one.
_SLIPS = r"""(?=['"]*[\t\r\n])"""
_GUARD = re.compile(rf"{_BEGINNINGS}{_RISKY}|\A{_SLIPS}")
_GUARDED = re.compile(rf"{_BEGINNINGS}'{_RISKY}|\A'{_SLIPS}")
_SUSPECT = re.compile(_STARTS[:-1] + r"\t\r\n]")


def guarded(text: str) -> str:
    """`text` for a CSV cell: nothing in it is run. A phone number is `'+66 81 555 0199`."""
    return _GUARD.sub("'", text) if _SUSPECT.search(text) else text


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return _GUARDED.sub("", cell)
