"""Too many requests: who waits, for how long, and who never notices."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from onebooking.db import Database
from onebooking.tables import rate_limits
from tests import make
from tests.front_door import SYNC, calling, member, open_hub
from tests.parks import run, until

pytestmark = pytest.mark.anyio


async def ask(http: AsyncClient, token: str) -> Response:
    return await http.get("/api/websites", headers=member(token))


async def refused(http: AsyncClient, token: str) -> Response:
    """The first refusal."""
    for _ in range(2_000):
        reply = await ask(http, token)
        if reply.status_code == 429:
            return reply
        await asyncio.sleep(0)
    raise AssertionError("never refused")


async def test_too_many_requests_of_one_key_are_told_how_long_to_wait(
    database: Database, tmp_path: Path
) -> None:
    async with open_hub(database, tmp_path, rate_per_key=1) as hub:
        reply = await refused(hub.http, hub.token)
        assert reply.json()["code"] == "RATE_LIMITED"
        assert 1 <= int(reply.headers["Retry-After"]) <= 20
        assert reply.headers["X-Request-Id"] == reply.json()["request_id"]


async def test_another_keys_allowance_is_its_own(database: Database, tmp_path: Path) -> None:
    async with open_hub(database, tmp_path, rate_per_key=1) as hub:
        await refused(hub.http, hub.token)
        assert (await ask(hub.http, await make.token(database))).status_code == 200
        assert (await hub.hears(make.event())).status_code == 200


async def test_what_one_process_used_up_is_used_up_in_every_other(
    database: Database, tmp_path: Path
) -> None:
    async with open_hub(database, tmp_path, rate_per_key=0.1) as hub:
        await refused(hub.http, hub.token)
        async with calling(database, tmp_path, rate_per_key=0.1) as elsewhere:
            # It has to meet the caller, and to ask once: one before it is known, few on credit.
            replies = [await ask(elsewhere, hub.token) for _ in range(2)]
            assert [reply.status_code for reply in replies] == [200, 200]
            await refused(elsewhere, hub.token)


async def test_when_the_wait_is_over_the_caller_is_let_in(
    database: Database, tmp_path: Path
) -> None:
    async with open_hub(database, tmp_path, rate_per_key=1) as hub:
        await refused(hub.http, hub.token)
        await run(database, "UPDATE rate_limits SET whole_at = now()")

        async def let_in() -> bool:
            return (await ask(hub.http, hub.token)).status_code == 200

        await until(let_in, within_seconds=40)


async def test_guessing_keys_is_slowed_down_and_locks_nobody_out(
    database: Database, tmp_path: Path
) -> None:
    async with open_hub(database, tmp_path, rate_per_address=1) as hub:
        assert (await hub.hears(make.event())).status_code == 200
        said = Counter[int]()
        while not said[429]:
            guess = f"guess-{said.total()}"
            reply = await hub.http.post(SYNC, json=make.event(), headers={"X-API-Key": guess})
            said[reply.status_code] += 1
            assert said.total() < 2_000
        assert set(said) == {401, 429}
        assert (await ask(hub.http, hub.token)).status_code == 429  # has not proved itself here
        assert (await hub.hears(make.event())).status_code == 200


async def test_probes_and_static_files_are_not_counted(database: Database, tmp_path: Path) -> None:
    async with calling(database, tmp_path, rate_per_address=0.1) as http:
        for path in ("/healthz", "/readyz", "/static/app.css"):
            said = {(await http.get(path)).status_code for _ in range(20)}
            assert said == {200}, path


async def test_zero_is_no_limit(database: Database, tmp_path: Path) -> None:
    async with open_hub(database, tmp_path, rate_per_key=0, rate_per_address=0) as hub:
        said = {(await ask(hub.http, hub.token)).status_code for _ in range(50)}
        assert said == {200}
        assert await make.rows(database, rate_limits) == 0


async def test_where_the_limiter_fails_everybody_passes(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_hub(database, tmp_path, rate_per_key=0.1, rate_per_address=0.1) as hub:
        async with database.engine.begin() as owner:
            await owner.exec_driver_sql("ALTER TABLE rate_limits RENAME TO gone")
        assert (await hub.hears(make.event())).status_code == 200
        await until(lambda: "rate limits are off" in caplog.text)
        said = {(await hub.hears(make.event())).status_code for _ in range(20)}
        assert said == {200}
        assert caplog.text.count("rate limits are off") == 1
