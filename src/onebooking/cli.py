"""The command line: puts every slice's commands together, and runs the hub's parts."""

import asyncio
import logging
import sys
from typing import Annotated

import typer

from onebooking.alerts import commands as alerts
from onebooking.bookings import commands as bookings
from onebooking.bookings.reconcile_commands import reconcile
from onebooking.deliveries import commands as deliveries
from onebooking.history import commands as retention
from onebooking.imports.commands import import_bookings
from onebooking.members import commands as members
from onebooking.parts import PARTS, become
from onebooking.samples.commands import generate
from onebooking.terminal import home, saying_errors
from onebooking.websites import commands as websites

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="OneBooking Central: every park's bookings in one place.",
)
websites.group.command("reconcile")(reconcile)
app.add_typer(websites.group, name="websites")
app.add_typer(members.group, name="members")
app.add_typer(deliveries.group, name="deliveries")
bookings.group.command("import")(import_bookings)
bookings.group.command("generate")(generate)
app.add_typer(bookings.group, name="bookings")
app.add_typer(retention.group, name="retention")
app.add_typer(alerts.group, name="alerts")
Parent = Annotated[
    int | None, typer.Option(help="Stop when this process is gone.", hidden=True, metavar="PID")
]


@app.command()
def up(*, parent: Parent = None) -> None:
    """Run the hub: database, web and worker, until Ctrl-C."""
    become(PARTS["up"], parent)


@app.command()
def serve(*, parent: Parent = None) -> None:
    """Answer HTTP. Any number of these may run on one database."""
    become(PARTS["serve"], parent)


@app.command()
def worker(*, parent: Parent = None) -> None:
    """Carry edits back to the websites. Any number of these may run on one database."""
    become(PARTS["worker"], parent)


@app.command("migrate")
def migrate_now() -> None:
    """Bring the database to this release's schema. Safe to repeat, and for several at once."""
    from onebooking.migrate import index_search
    from onebooking.start import prepare

    with saying_errors(), home() as here:
        prepare(here)
        indexed = index_search(here.url)
    typer.echo("The database is up to date.")
    if not indexed:
        typer.echo(
            "Searches read every booking: the server refused the extension pg_trgm. Let a "
            "superuser run CREATE EXTENSION pg_trgm in this database, then run this again."
        )


@app.command()
def doctor() -> None:
    """Check everything the hub needs, and say what to do where something is missing."""
    from onebooking.doctor import examine, show

    with saying_errors(), home() as here:
        findings = asyncio.run(examine(here.settings, here.url))
    show(findings)
    if not all(finding.well for finding in findings):
        raise SystemExit(1)


def main() -> None:
    """Run the command line."""
    logging.captureWarnings(capture=True)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
