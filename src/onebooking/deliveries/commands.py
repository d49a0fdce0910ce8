"""Deliveries on the command line."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from onebooking.db import Tx
from onebooking.deliveries.resend_all import ResendAll, resend_all
from onebooking.errors import WebsiteNotFound
from onebooking.reach import EVERYTHING
from onebooking.settings import Settings
from onebooking.terminal import in_transaction
from onebooking.websites import queries

group = typer.Typer(no_args_is_help=True, help="What websites are told.")


@group.callback()
def deliveries() -> None:
    """What websites are told."""


@group.command()
def resend(
    *,
    website: Annotated[str, typer.Option(help="Whose deliveries.", metavar="ID")],
    since: Annotated[datetime | None, typer.Option(help="From here on, in UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before, in UTC.")] = None,
    delivered: Annotated[bool, typer.Option("--delivered", help="What it accepted.")] = False,
) -> None:
    """Send again what website ID did not accept: given up or waiting. Safe to repeat.

    With --delivered, for a website that went back to a backup: what it accepted since then, one
    delivery a booking, with today's values.
    """
    wanted = ResendAll(
        website_id=website,
        state="delivered" if delivered else None,
        since=_utc(since),
        until=_utc(until),
    )

    async def work(tx: Tx, _: Settings) -> int:
        if await queries.get_website(tx, EVERYTHING, website) is None:
            raise WebsiteNotFound
        return await resend_all(tx, wanted)

    typer.echo(f"{in_transaction(work)} deliveries of {website} are sent again.")


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)
