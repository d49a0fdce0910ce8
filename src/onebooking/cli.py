"""The command line: puts every slice's commands together, and runs the hub's parts.

Only the group that is asked for is loaded: all of them take twice as long as one.
"""

import asyncio
import logging
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from onebooking.parts import PARTS, become
from onebooking.terminal import home, saying_errors

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="OneBooking Central: every park's bookings in one place.",
)
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


def _websites() -> typer.Typer:
    from onebooking.bookings.reconcile_commands import reconcile
    from onebooking.websites.commands import group

    group.command("reconcile")(reconcile)
    return group


def _members() -> typer.Typer:
    from onebooking.members.commands import group

    return group


def _deliveries() -> typer.Typer:
    from onebooking.deliveries.commands import group

    return group


def _bookings() -> typer.Typer:
    from onebooking.bookings.commands import group
    from onebooking.imports.commands import import_bookings
    from onebooking.samples.commands import generate

    group.command("import")(import_bookings)
    group.command("generate")(generate)
    return group


def _retention() -> typer.Typer:
    from onebooking.history.commands import group

    return group


def _alerts() -> typer.Typer:
    from onebooking.alerts.commands import group

    return group


_GROUPS = {
    "websites": _websites,
    "members": _members,
    "deliveries": _deliveries,
    "bookings": _bookings,
    "retention": _retention,
    "alerts": _alerts,
}
_NO_GROUP = (*PARTS, "migrate", "doctor")


def load(words: Sequence[str]) -> None:
    """Add the group that `words` begin with; all of them, where that is none of ours."""
    first = words[0] if words else ""
    for name, group_of in _GROUPS.items():
        if first == name or first not in (*_GROUPS, *_NO_GROUP):
            app.add_typer(group_of(), name=name)


def main() -> None:
    """Run the command line."""
    logging.captureWarnings(capture=True)
    load(sys.argv[1:])
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
