"""Alerts on the command line."""

from typing import Annotated
from uuid import uuid4

import typer
from msgspec import Struct, json
from rich.console import Console
from rich.table import Column, Table

from onebooking.alerts.model import Alert, Reader
from onebooking.alerts.queries import open_alerts
from onebooking.alerts.tell import Teller, call
from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.mail import Folder, NotSent, send
from onebooking.members.queries import languages_of, superadmins
from onebooking.reach import EVERYTHING
from onebooking.settings import Settings
from onebooking.terminal import fail, in_transaction, run_async
from onebooking.web.outgoing import open_http

group = typer.Typer(no_args_is_help=True, help="What needs a person.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


class Tried(Struct, frozen=True):
    """What became of one test."""

    what: str
    well: bool
    said: str


@group.command("list")
def list_all(*, as_json: AsJson = False) -> None:
    """Show the alerts that are open, the oldest first."""

    async def work(tx: Tx, _: Settings) -> list[Alert]:
        return await open_alerts(tx, EVERYTHING)

    found = in_transaction(work)
    if as_json:
        typer.echo(json.encode(found))
        return
    if not found:
        typer.echo("All is well: no alert is open.")
        return
    columns = ("Website", "Kind", "Count", "Since", "Raised")
    table = Table(*(Column(name, overflow="fold") for name in columns))
    for alert in found:
        times = (f"{at:%Y-%m-%d %H:%M} UTC" for at in (alert.since, alert.raised_at))
        table.add_row(alert.website_id, alert.kind, f"{alert.count:,}", *times)
    Console().print(table)


@group.command("test")
def try_telling(
    *,
    to: Annotated[
        list[str] | None,
        typer.Option(help="Mail this address; repeatable. Else ONEBOOKING_ALERTS_TO, superadmins."),
    ] = None,
) -> None:
    """Send a test mail and a test webhook now, and say what became of them."""

    async def work(tx: Tx, settings: Settings) -> tuple[Settings, list[Reader]]:
        chosen = to or settings.alerts_recipients or await superadmins(tx)
        known = await languages_of(tx, chosen)
        default = settings.alerts_language
        return settings, [Reader(one, known.get(one.lower(), default)) for one in chosen]

    settings, readers = in_transaction(work)
    tried = run_async(_try(settings, readers))
    for one in tried:
        typer.echo(f"{'✓' if one.well else '✗'} {one.what}: {one.said}")
    if not tried:
        fail("Nobody would be told: set ONEBOOKING_SMTP_URL or ONEBOOKING_ALERTS_WEBHOOK_URL.")
    if not all(one.well for one in tried):
        raise SystemExit(1)


async def _try(settings: Settings, readers: list[Reader]) -> list[Tried]:
    async with open_http(development=settings.development) as http:
        teller = Teller.of(settings, http)
        tried = [await _mail(teller, reader) for reader in readers if teller.post]
        if teller.post and not readers:
            tried.append(Tried("Mail", well=False, said="nobody to send it to; give --to EMAIL"))
        if teller.hook is not None:
            test = {"type": "alerts.test", "timestamp": utc_now(), "data": {"alerts": []}}
            outcome = await call(http, teller.hook, json.encode(test), webhook_id=str(uuid4()))
            tried.append(Tried("Webhook", outcome.accepted, outcome.reason))
    return tried


async def _mail(teller: Teller, reader: Reader) -> Tried:
    assert teller.post is not None  # noqa: S101 -- the caller looked
    from onebooking.alerts.mails import trial_mail

    what = f"Mail to {reader.address}"
    try:
        await send(teller.post, trial_mail(reader))
    except NotSent as failed:
        return Tried(what, well=False, said=str(failed))
    if isinstance(teller.post, Folder):
        return Tried(what, well=True, said=f"kept in {teller.post.path}; nothing was sent")
    return Tried(what, well=True, said="the mail server took it")
