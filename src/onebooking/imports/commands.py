"""`onebooking bookings import`: a file of bookings, tried out first."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from onebooking.collector import calm_collector
from onebooking.db import Database
from onebooking.imports.record import Unreadable
from onebooking.imports.run import Told, Wanted, run_import
from onebooking.migrate import migrate
from onebooking.terminal import Home, fail, home, saying_errors

SOME_REFUSED = 3


def import_bookings(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, JSON Lines or a JSON list.")],
    *,
    website: Annotated[str, typer.Option(metavar="ID", help="Whose bookings they are.")],
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Which column is which field; TOML or JSON.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="For refused rows; FILE.refused.csv.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Really import.")] = False,
) -> None:
    """Import a website's bookings; without --apply, say what would come of each row.

    Stopped half-way, the same command goes on where it was. Exit code 3: some rows were refused.
    """
    report = report or file.with_name(f"{file.name}.refused.csv")
    wanted = Wanted(file, website, mapping, report, apply)
    with saying_errors(), home() as here:
        migrate(here.url)
        try:
            told = asyncio.run(_run(here, wanted))
        except Unreadable as failed:
            fail(str(failed))
        except KeyboardInterrupt:
            sys.stderr.write("Stopped. The same command goes on from here.\n")
            raise
    _say(told, wanted)
    if told.progress.rows_refused:
        raise SystemExit(SOME_REFUSED)


async def _run(here: Home, wanted: Wanted) -> Told:
    database = Database.at(here.url, connections=1, pooler=here.settings.database_pooler)
    calm_collector()
    try:
        with _progress_bar(wanted) as told:
            return await run_import(database, wanted, told=told)
    finally:
        await database.close()


@contextmanager
def _progress_bar(wanted: Wanted) -> Iterator[Callable[[int, int], None]]:
    """On a terminal, how much of the file is read; elsewhere nothing."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), DownloadColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        doing = "Importing" if wanted.apply else "Trying out"
        task = bar.add_task(f"{doing} {wanted.path.name}")

        def told(read: int, size: int) -> None:
            bar.update(task, completed=read, total=size)

        yield told


def _say(told: Told, wanted: Wanted) -> None:
    done = told.progress
    if told.was_finished:
        typer.echo(f"{wanted.path} was imported before, with this result:")
    elif told.went_on_from:
        typer.echo(f"Went on after row {told.went_on_from}.")
    for count, meaning in (
        (done.rows_new, "new"),
        (done.rows_merged, "merged into bookings that the hub has"),
        (done.rows_unchanged, "unchanged"),
        (done.rows_again, "of a booking that came before in the file"),
        (done.rows_refused, "refused"),
    ):
        if count or meaning == "new":
            typer.echo(f"{count:>9,} {meaning}")
    if done.rows_kept:
        typer.echo(f"{done.rows_kept:>9,} of these kept a value that a member had edited")
    typer.echo(f"{done.rows_done:>9,} rows")
    if told.unused:
        typer.echo(f"Columns that were not used: {', '.join(told.unused)}.")
    if done.rows_refused and not told.was_finished:
        typer.echo(f"Why rows were refused: {wanted.report_path}.")
    if not wanted.apply and not told.was_finished:
        typer.echo("Nothing was imported. With --apply it is.")
