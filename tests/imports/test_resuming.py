"""An import that is ended, cut, doubled or disturbed comes to what it would have come to."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from typing import Any

import pytest

from onebooking.db import Database
from onebooking.imports.progress import ImportMoved
from onebooking.imports.run import Told
from onebooking.tables import bookings, sync_logs
from tests import make
from tests.erasing.person import onebooking
from tests.front_door import Hub
from tests.imports.files import counts, imported, put, refused, report_of, row, sheet
from tests.parks import all_of, cut_all, one, until

pytestmark = pytest.mark.anyio


def many(count: int, **given: Any) -> list[dict[str, Any]]:
    """So many rows; every hundredth is refused."""
    rows = [row(**given) for _ in range(count)]
    for number in range(0, count, 100):
        rows[number]["guest_count"] = "none"
    return rows


async def start(database: Database, *words: str) -> Process:
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    env = {name: value for name, value in os.environ.items() if not name.startswith("ONEBOOKING")}
    env |= {"ONEBOOKING_DATABASE_URL": url, "ONEBOOKING_SECRET_KEY": "k" * 40}
    command = Path(sys.executable).with_name("onebooking")
    return await asyncio.create_subprocess_exec(
        command, *words, env=env, stdout=DEVNULL, stderr=DEVNULL
    )


async def test_killed_in_the_middle_the_same_command_goes_on_to_the_same_end(
    hub: Hub, tmp_path: Path
) -> None:
    path = put(tmp_path, sheet(many(6000)))
    words = ("bookings", "import", str(path), "--website", "hanuman-world", "--apply")
    process = await start(hub.database, *words)

    async def is_under_way() -> bool:
        found = await all_of(hub.database, "SELECT rows_done FROM imports")
        return bool(found and found[0][0])

    await until(is_under_way, within_seconds=60)
    process.kill()
    await process.wait()
    done, finished_at = await one(hub.database, "SELECT rows_done, finished_at FROM imports")
    assert 0 < done < 6000
    assert finished_at is None
    assert await make.rows(hub.database, bookings) == done - -(-done // 100)

    again = await onebooking(hub.database, *words)
    assert again.status == 3, again
    assert f"Went on after row {done}." in again.out
    assert "5,940 new" in again.out
    assert "60 refused" in again.out
    assert [line for line, _ in refused(path)] == list(range(2, 6002, 100))
    assert await make.rows(hub.database, bookings) == 5940
    assert await make.rows(hub.database, sync_logs) == 6000  # each row once
    assert report_of(path).stat().st_mode & 0o077 == 0


async def test_connections_that_are_cut_meanwhile_cost_and_repeat_nothing(
    hub: Hub, database_url: str, tmp_path: Path
) -> None:
    path = put(tmp_path, sheet(many(2500)))
    importing = asyncio.create_task(imported(hub.database, path))
    for rows_done in (500, 1500):

        async def is_past(mark: int = rows_done) -> bool:
            found = await all_of(hub.database, "SELECT rows_done FROM imports")
            return importing.done() or bool(found and found[0][0] >= mark)

        await until(is_past, within_seconds=60)
        cut_all(database_url)
    assert counts(await importing) == {"new": 2475, "refused": 25}
    assert await make.rows(hub.database, sync_logs) == 2500


async def test_two_at_once_take_each_row_once(hub: Hub, tmp_path: Path) -> None:
    rows = sheet(many(1500))
    paths = [put(tmp_path, rows, name) for name in ("one.csv", "two.csv")]  # one file, copied
    told = await asyncio.gather(
        *(imported(hub.database, path) for path in paths), return_exceptions=True
    )
    assert any(isinstance(one_told, Told) for one_told in told), told
    for one_told in told:
        assert isinstance(one_told, ImportMoved) or counts(one_told) == {"new": 1485, "refused": 15}  # type: ignore[arg-type]
    assert await make.rows(hub.database, sync_logs) == 1500


async def test_syncs_of_the_same_bookings_meanwhile_wait_for_nobody_in_a_circle(
    hub: Hub, tmp_path: Path
) -> None:
    rows = [row() for _ in range(900)]
    events = [
        make.event("booking.updated") | {"source_booking_id": one_row["source_booking_id"]}
        for one_row in reversed(rows)
    ]
    path = put(tmp_path, sheet(rows))
    importing = asyncio.create_task(imported(hub.database, path))
    replies = await asyncio.gather(
        *(hub.hears_all(events[at : at + 100]) for at in range(0, 900, 100))
    )
    told = await importing
    assert all(reply.status_code == 200 for reply in replies)
    assert sum(counts(told).values()) == 900
    assert await make.rows(hub.database, bookings) == 900
    assert await make.rows(hub.database, sync_logs) == 1800


async def test_a_file_that_was_imported_says_so_and_keeps_its_report(
    hub: Hub, tmp_path: Path
) -> None:
    path = put(tmp_path, sheet(many(3)))
    first = await imported(hub.database, path)
    report = report_of(path).read_bytes()
    again = await imported(hub.database, path)
    assert (again.was_finished, counts(again)) == (True, counts(first))
    assert report_of(path).read_bytes() == report
    assert await make.rows(hub.database, sync_logs) == 3
    report_of(path).unlink()
    mended = put(tmp_path, sheet([row()]))
    assert counts(await imported(hub.database, mended)) == {"new": 1}
    assert not report_of(mended).exists()


async def test_the_command_says_what_came_of_it(hub: Hub, tmp_path: Path) -> None:
    path = put(tmp_path, sheet([row() | {"colour": "=red", "package_price": "=1+1"}, row()]))
    words = ("bookings", "import", str(path), "--website", "hanuman-world")
    looked = await onebooking(hub.database, *words)
    assert (looked.status, looked.err) == (3, "")
    assert (
        looked.out.split()
        == (
            f"1 new 1 refused 2 rows Columns that were not used: colour. Why rows were refused: "
            f"{report_of(path)}. Nothing was imported. With --apply it is."
        ).split()
    )
    assert await make.rows(hub.database, bookings) == 0
    assert refused(path) == [(2, "package_price: =1+1 is no number")]
    for more, sentence in (
        (("--report", str(path)), "name another file for the report."),
        (("--report", str(tmp_path / "no" / "where.csv")), "cannot be written: No such file"),
        (("--mapping", str(tmp_path / "no.toml")), "cannot be read: No such file"),
        (("--website", "no-such-park"), "Website not registered"),
    ):
        said = await onebooking(hub.database, *words, *more)
        assert (said.status, said.out, len(said.err.splitlines())) == (1, "", 1), said
        assert sentence in said.err
