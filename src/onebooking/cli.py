"""The command line: puts every slice's commands together, and runs the hub's parts."""

import asyncio
import logging
import sys
from typing import Annotated

import typer

from onebooking.log import set_up_logging
from onebooking.members import commands as members
from onebooking.settings import Settings
from onebooking.terminal import Home, fail, home, run_async, saying_errors
from onebooking.websites import commands as websites

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="OneBooking Central: every park's bookings in one place.",
)
app.add_typer(websites.group, name="websites")
app.add_typer(members.group, name="members")
Parent = Annotated[
    int | None, typer.Option(help="Stop when this process is gone.", hidden=True, metavar="PID")
]


@app.command()
def up(*, parent: Parent = None) -> None:
    """Run the hub: database, web and worker, until Ctrl-C."""
    from onebooking.processes import run_up

    with saying_errors(), home() as here:
        prepare(here)
        set_up_logging(here.settings)
        address = f"http://{here.settings.host}:{here.settings.port}"
        typer.echo(f"OneBooking Central at {address}  ·  API docs at {address}/docs")
        run_up(here, parent=parent)


@app.command()
def serve(*, parent: Parent = None) -> None:
    """Answer HTTP. Any number of these may run on one database."""
    from onebooking.serve import serve as run

    with saying_errors(), home() as here:
        set_up_logging(here.settings)
        _check_port(here.settings)
        prepare(here)
        run_async(run(here.settings, here.url, parent=parent))


@app.command()
def worker(*, parent: Parent = None) -> None:
    """Carry edits back to the websites. Any number of these may run on one database."""
    from onebooking.serve import run_worker as run

    with saying_errors(), home() as here:
        set_up_logging(here.settings)
        prepare(here)
        run_async(run(here.settings, here.url, parent=parent))


@app.command("migrate")
def migrate_now() -> None:
    """Bring the database to this release's schema. Safe to repeat, and for several at once."""
    with saying_errors(), home() as here:
        prepare(here)
    typer.echo("The database is up to date.")


@app.command()
def doctor() -> None:
    """Check everything the hub needs, and say what to do where something is missing."""
    from onebooking.doctor import examine, show

    with saying_errors(), home() as here:
        findings = asyncio.run(examine(here.settings, here.url))
    show(findings)
    if not all(finding.well for finding in findings):
        raise SystemExit(1)


def prepare(here: Home) -> None:
    """The schema of this release and, in development, the spec's test website."""
    from onebooking.migrate import migrate

    migrate(here.url)
    if here.settings.development:
        asyncio.run(_add_test_website(here))


async def _add_test_website(here: Home) -> None:
    from onebooking.db import Database
    from onebooking.reach import EVERYTHING
    from onebooking.websites.register import ensure_test_website
    from onebooking.websites.secrets import Vault

    database = Database.at(here.url, connections=1, pooler=here.settings.database_pooler)
    async with database.begin(EVERYTHING) as tx:
        await ensure_test_website(tx, Vault.of(here.settings))
    await database.close()


def _check_port(settings: Settings) -> None:
    """One sentence for a busy port, before uvicorn says it in many."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as failed:
            fail(f"Port {settings.port} of {settings.host} cannot be had: {failed.strerror}.")


def main() -> None:
    """Run the command line; `onebooking` and `python -m onebooking` come here."""
    logging.captureWarnings(capture=True)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
