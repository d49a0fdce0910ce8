"""Formula injection: whatever text a cell holds, no spreadsheet runs it, and it can be had back."""

import csv
from io import StringIO
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onebooking.exports.cells import guarded, unguarded

HOSTILE = st.text(
    st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20\u2212'\" ;,\t\r\n\u200b\xa0\ufeffab1|")
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")) | HOSTILE


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+66 81 555 0199", "'+66 81 555 0199"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\rx", "'\rx"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("  =1", "'  =1"),
        ('"=1', "'\"=1"),
        ("'=1", "''=1"),
        ("\u200b=1", "'\u200b=1"),
        ("- no nuts\n- no milk", "'- no nuts\n'- no milk"),
        ("hot;=1", "hot;'=1"),
        ("John Doe", "John Doe"),
        ("a-b=c@d.example, +1", "a-b=c@d.example, +1"),
        ("0815550199", "0815550199"),
        ("", ""),
    ],
)
def test_text_that_would_run_begins_with_an_apostrophe_and_other_text_is_as_it_was(
    text: str, cell: str
) -> None:
    assert guarded(text) == cell


@given(TEXT)
def test_what_was_guarded_can_be_had_back_exactly(text: str) -> None:
    assert unguarded(guarded(text)) == text


def runs(cell: str) -> bool:
    """Whether a spreadsheet would take this cell for a formula: its own words, not ours."""
    begins = normalize("NFKC", cell).lstrip(' \t\r\n\xa0\u200b\ufeff"')[:1]
    return begins in {*"=+-@", "\N{MINUS SIGN}"} and begins != ""


@given(TEXT)
def test_no_cell_runs_however_a_spreadsheet_parts_the_columns(text: str) -> None:
    written = StringIO(newline="")
    csv.writer(written).writerow(["ref", guarded(text), "end"])
    line = written.getvalue()
    for delimiter in ",;\t":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            if delimiter == "," and quoting == csv.QUOTE_NONE:
                continue  # nobody who parts by commas overlooks quotes
            pieces = csv.reader(StringIO(line, newline=""), delimiter=delimiter, quoting=quoting)
            assert [cell for row in pieces for cell in row if runs(cell)] == [], line
