"""The command line where members sign in by Supabase: a link that is whole, and the set-up."""

import asyncio
import os
from pathlib import Path

import pytest

from onebooking.db import Database
from tests.end_to_end.running import ONEBOOKING
from tests.members.browsing import PASSWORD, Browser
from tests.members.gotrue import ANON, SERVICE, GoTrue
from tests.members.supabase_browsing import MINA, at_supabase
from tests.parks import all_of

pytestmark = pytest.mark.anyio


async def says(server: GoTrue, database: Database, tmp_path: Path, *words: str) -> tuple[int, str]:
    """Run `onebooking members …`: its exit code, and what it prints."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ONEBOOKING_")}
    settings = {
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "SECRET_KEY": "k" * 40,
        "PUBLIC_URL": "http://hub",
        "SUPABASE_URL": server.url,
        "SUPABASE_ANON_KEY": ANON,
        "SUPABASE_SERVICE_KEY": SERVICE,
    }
    run = await asyncio.create_subprocess_exec(
        *(ONEBOOKING, "members", *words),
        env=env | {f"ONEBOOKING_{name}": value for name, value in settings.items()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await run.communicate()
    return run.returncode or 0, said.decode().strip()


async def test_an_invitation_is_printed_whole_and_opens(
    database: Database, tmp_path: Path, server: GoTrue, browser: Browser
) -> None:
    words = ("invite", MINA, "--role", "staff", "--all-websites")
    code, link = await says(server, database, tmp_path, *words)
    assert (code, server.mails) == (0, [])
    path, _, part = link.removeprefix("http://hub").partition("?token_hash=")
    fields = {"name": "Mina", "password": PASSWORD, "token_hash": part}
    assert (await browser.sends(path, **fields)).headers["location"] == "/"
    assert await browser.is_signed_in()


async def test_who_has_an_account_already_gets_no_link_and_may_sign_in(
    database: Database, tmp_path: Path, server: GoTrue
) -> None:
    server.add(MINA, PASSWORD)
    words = ("invite", MINA, "--role", "staff", "--all-websites")
    code, said = await says(server, database, tmp_path, *words)
    assert (code, "They are a member now" in said) == (1, True)
    async with at_supabase(database, tmp_path, server) as browser:
        assert (await browser.signs_in(MINA)).status_code == 303


async def test_the_set_up_link_is_printed_until_a_superadmin_has_signed_in(
    database: Database, tmp_path: Path, server: GoTrue, browser: Browser
) -> None:
    server.add(MINA, PASSWORD)
    _, link = await says(server, database, tmp_path, "setup-link")
    fields = {"name": "Mina", "email": MINA, "password": PASSWORD}
    done = await browser.sends(link.removeprefix("http://hub"), **fields)
    assert done.headers["location"] == "/"
    assert await says(server, database, tmp_path, "setup-link") == (0, "")
    assert await all_of(database, "SELECT role FROM members") == [("superadmin",)]
