"""Retention on the command line."""

import asyncio
from typing import Annotated

import typer

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.history.retention import Forgotten, Kept, forget, survey
from onebooking.migrate import migrate
from onebooking.terminal import Home, home, saying_errors

group = typer.Typer(no_args_is_help=True, help="What is forgotten when it is old.")


@group.callback()
def _retention() -> None:
    """Keep `run` a command of its own, although it is the only one."""


@group.command("run")
def run_now(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would be.")] = False,
) -> None:
    """Forget what is older than ONEBOOKING_LOGS_KEPT_DAYS and ONEBOOKING_PAYLOADS_KEPT_DAYS.

    A worker does the same by itself, at its start and every six hours.
    """
    with saying_errors(), home() as here:
        migrate(here.url)
        forgotten = asyncio.run(_run(here, dry_run=dry_run))
    for what, count in forgotten.items():
        typer.echo(f"{what}: {count}")
    if not forgotten:
        typer.echo("There is nothing to forget.")
    elif dry_run:
        typer.echo("Nothing was changed.")


async def _run(here: Home, *, dry_run: bool) -> Forgotten:
    database = Database.at(here.url, connections=1, pooler=here.settings.database_pooler)
    kept = Kept.of(here.settings)
    try:
        if dry_run:
            return await survey(database, kept, now=utc_now())
        return await forget(database, kept, now=utc_now())
    finally:
        await database.close()
