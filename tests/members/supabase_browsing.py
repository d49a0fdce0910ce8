"""A browser at a hub whose members sign in by the stand-in."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from onebooking.db import Database
from tests.members.browsing import Browser, browsing
from tests.members.gotrue import ANON, SERVICE, GoTrue

MINA = "mina@example.com"


def named(server: GoTrue, **given: Any) -> dict[str, Any]:
    """The settings that name it."""
    return {
        "supabase_url": server.url,
        "supabase_anon_key": ANON,
        "supabase_service_key": SERVICE,
    } | given


def at_supabase(
    database: Database, tmp_path: Path, server: GoTrue, **settings: Any
) -> AbstractAsyncContextManager[Browser]:
    """`browsing`, with Supabase."""
    return browsing(database, tmp_path, **named(server, **settings))
