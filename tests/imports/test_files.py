"""Every file that somebody may bring: read whole, or refused line by line with the reason."""

from pathlib import Path

import msgspec
import pytest

from onebooking.imports.record import LONGEST, Unreadable
from onebooking.imports.records import Layout, read_records
from onebooking.tables import bookings
from tests import make
from tests.front_door import Hub
from tests.imports.files import counts, imported, put, refused, row, sheet

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("written", ["excel", "tabs", "sep", "thai", "unix", "ending"])
async def test_sheets_as_programs_write_them(hub: Hub, tmp_path: Path, written: str) -> None:
    rows = [row(customer={"name": "สมชาย; ใจดี"}), row()]
    content: str | bytes
    mapping = None
    match written:
        case "excel":
            content = b"\xef\xbb\xbf" + sheet(rows, delimiter=";").encode()
        case "tabs":
            content = sheet(rows, delimiter="\t")
        case "sep":
            content = "sep=;\r\n" + sheet(rows, delimiter=";")
        case "thai":
            content = sheet(rows).encode("cp874")
            fields = "".join(f"{name} = '{name}'\n" for name in rows[0])
            mapping = put(tmp_path, f"encoding = 'cp874'\n[fields]\n{fields}", "thai.toml")
        case "unix":
            content = sheet(rows, ends="\n").rstrip("\n")
        case _:
            content = sheet(rows) + "," * (len(rows[0]) - 1) + "\r\n\r\n"
    path = put(tmp_path, content)
    assert counts(await imported(hub.database, path, mapping=mapping)) == {"new": 2}
    names = {booking["customer"]["name"] for booking in (await hub.lists())["bookings"]}
    assert names == {"สมชาย; ใจดี", "John Doe"}


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json", "pretty.json"])
async def test_json_line_by_line_or_as_a_list(hub: Hub, tmp_path: Path, name: str) -> None:
    """In the wire's own shape or flat, as a sync's body or as a table's row."""
    nested, flat = make.event(), row()
    nested["customer"]["name"] = "สมชาย 😀"
    lines = [msgspec.json.encode(one) for one in (nested, flat)]
    content = b"\n".join(lines) + b"\n"
    if name != "rows.jsonl":
        content = msgspec.json.encode([nested, flat])
    if name == "pretty.json":
        content = b"\xef\xbb\xbf\n " + msgspec.json.format(content, indent=4) + b"\n"
    path = put(tmp_path, content, name)
    assert counts(await imported(hub.database, path)) == {"new": 2}
    listed = (await hub.lists())["bookings"]
    assert {one["customer"]["name"] for one in listed} == {"สมชาย 😀", "John Doe"}
    assert sorted(len(one["addons"]) for one in listed) == [0, 2]


async def test_broken_lines_cost_themselves_alone(hub: Hub, tmp_path: Path) -> None:
    good = sheet([row() for _ in range(3)]).encode().splitlines(keepends=True)
    header, one, two, three = good
    lines = [
        header,
        one,
        b'too,few,"columns"\r\n',
        b'"a quote that is never closed,,,,\r\n',
        two,
        one.replace(b"John Doe", b"J\xf6hn"),
        one.replace(b"John Doe", b"x" * 400_000),
        one.replace(b"John", b'"Jo"hn'),
        three.rstrip(),
    ]
    path = put(tmp_path, b"".join(lines))
    assert counts(await imported(hub.database, path)) == {"new": 3, "refused": 5}
    reasons = dict(refused(path))
    assert sorted(reasons) == [3, 4, 6, 7, 8]
    assert reasons[3] == f"has 3 columns, and the header {len(row())}"
    assert reasons[6] == "is not UTF-8"
    assert reasons[7] == "is longer than 256 KiB"


async def test_broken_json_lines_cost_themselves_alone(hub: Hub, tmp_path: Path) -> None:
    good = [msgspec.json.encode(row()) for _ in range(2)]
    bad = [
        b"{not json", b"[1]", b'"text"', b"{}", b'{"a": NaN}', b"[" * 5000, b"\xff{}",
        b'{"customer_name": "' + b"x" * 300_000 + b'"}', b'{"customer_name": "\\ud800"}',
        good[0].replace(b"John Doe", b"a\\u0000b"), b'{"guest_count": ' + b"9" * 5000 + b"}",
        good[0].replace(b"{", b'{"customer": "John", ', 1),
    ]  # fmt: skip
    path = put(tmp_path, b"\n".join([good[0], *bad, b"", good[1]]), "rows.jsonl")
    assert counts(await imported(hub.database, path)) == {"new": 2, "refused": len(bad)}
    assert [line for line, _ in refused(path)] == list(range(2, 2 + len(bad)))
    assert await make.rows(hub.database, bookings) == 2


async def test_a_json_list_that_breaks_off_says_where(hub: Hub, tmp_path: Path) -> None:
    whole = msgspec.json.format(msgspec.json.encode([row(), row(), row()]), indent=1)
    cut = put(tmp_path, whole[:-40], "cut.json")
    told = await imported(hub.database, cut)
    assert counts(told) == {"new": 2, "refused": 1}
    ((line, reason),) = refused(cut)
    assert line > 50
    assert "nor can the rest be read" in reason
    open_ended = put(tmp_path, whole.rstrip(b"]\n "), "open.json")
    assert counts(await imported(hub.database, open_ended))["refused"] == 1
    assert refused(open_ended)[0][1] == "the list does not end: the file is cut short"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \r\n \n", "The file is empty."),
        (b"\xef\xbb\xbf", "The file is empty."),
        ("id,name\n1,2\n".encode("utf-16"), "The file is UTF-16. Save it as CSV UTF-8."),
        (b"id,name\n1,2\n", "No column has source_booking_id, booking_ref,"),
        (b"id,id\n1,2\n", "The header has id twice."),
        (b"id\xff,name\n", "The header is not UTF-8."),
        (b"x" * 300_000, "The header is longer than 256 KiB."),
        (b"[]", "The file holds no rows."),
        (b"[\xff]", "The file is not UTF-8, near line 1."),
    ],
)
async def test_a_file_that_cannot_be_meant_is_refused_as_a_whole(
    hub: Hub, tmp_path: Path, content: bytes, sentence: str
) -> None:
    with pytest.raises(Unreadable) as failed:
        await imported(hub.database, put(tmp_path, content))
    assert str(failed.value).startswith(sentence)


async def test_a_header_alone_a_folder_and_nothing_at_all(hub: Hub, tmp_path: Path) -> None:
    header = sheet([row()]).splitlines()[0]
    for path, sentence in (
        (put(tmp_path, header), "The file holds no rows."),
        (tmp_path, "is a folder. Name a file."),
        (tmp_path / "nothing.csv", "cannot be read: No such file or directory."),
    ):
        with pytest.raises(Unreadable) as failed:
            await imported(hub.database, path)
        assert str(failed.value).endswith(sentence)


async def test_columns_that_nobody_reads_are_named(hub: Hub, tmp_path: Path) -> None:
    path = put(tmp_path, sheet([row() | {"shoe_size": 43, "colour": "red"}]))
    told = await imported(hub.database, path)
    assert (counts(told), told.unused) == ({"new": 1}, ["shoe_size", "colour"])


@pytest.mark.parametrize("kind", ["csv", "lines", "list"])
def test_a_file_of_any_size_is_read_in_little_memory(tmp_path: Path, kind: str) -> None:
    """Every record before the next is asked for; a line without an end is not taken in whole."""
    one = b'{"name": "' + b"x" * 1000 + b'"}'
    content = {
        "csv": b"name\n" + (b"x" * 1000 + b"\n") * 20_000 + b"y" * 30_000_000,
        "lines": (one + b"\n") * 20_000 + b"{" + b"y" * 30_000_000,
        "list": b"[" + (one + b",") * 20_000 + b'"' + b"y" * 30_000_000,
    }[kind]
    path = put(tmp_path, content)
    with path.open("rb") as file:
        _, records = read_records(file, Layout())
        next(records)
        assert file.tell() < 4 * LONGEST
        read = 1 + sum(1 for _ in records)
        longest = max(file.tell() - len(content), 0)
    assert (read, longest) == (20_001, 0)
