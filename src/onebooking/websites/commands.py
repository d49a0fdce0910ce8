"""Websites on the command line."""

from typing import Annotated

import typer
from msgspec import ValidationError, convert, json
from rich.console import Console
from rich.table import Column, Table

from onebooking.db import Tx
from onebooking.members import second_factor, sessions
from onebooking.reach import EVERYTHING
from onebooking.settings import Settings
from onebooking.terminal import fail, in_transaction
from onebooking.vault import Vault
from onebooking.websites import keys, queries, secrets
from onebooking.websites.model import Website
from onebooking.websites.pause import pause, resume
from onebooking.websites.register import (
    NewWebsite,
    Registered,
    WebsiteChanges,
    change_website,
    register_website,
)

group = typer.Typer(no_args_is_help=True, help="Websites that send bookings.")
WebsiteId = Annotated[str, typer.Argument(metavar="ID", help="Such as hanuman-world.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


@group.command()
def add(  # noqa: PLR0913 -- one option for each field
    website_id: WebsiteId,
    *,
    name: Annotated[str, typer.Option(help="What people call it.")],
    domain: Annotated[str, typer.Option(help="Such as hanumanworld.com.")],
    webhook_url: Annotated[str | None, typer.Option(help="Where edits are sent.")] = None,
    api_key: Annotated[str | None, typer.Option(help="Bring a key along.")] = None,
    webhook_secret: Annotated[str | None, typer.Option(help="Bring a secret along.")] = None,
    as_json: AsJson = False,
) -> None:
    """Register website ID. Prints its key and secret, once: we keep a hash and a cipher."""
    given = {
        "id": website_id,
        "name": name,
        "domain": domain,
        "webhook_url": webhook_url,
        "api_key": api_key,
        "webhook_secret": webhook_secret,
    }
    try:
        new = convert({k: v for k, v in given.items() if v is not None}, NewWebsite)
    except ValidationError as wrong:
        fail(str(wrong))

    async def work(tx: Tx, settings: Settings) -> Registered:
        return await register_website(
            tx, new, vault=Vault.of(settings), development=settings.development
        )

    registered = in_transaction(work)
    if as_json:
        typer.echo(json.encode(registered))
        return
    typer.echo(f"{website_id} is registered. Its key and secret are shown this once:")
    typer.echo(f"ONEBOOKING_API_KEY={registered.api_key}")
    typer.echo(f"ONEBOOKING_WEBHOOK_SECRET={registered.webhook_secret}")
    typer.echo(f"WEBSITE_ID={website_id}")


@group.command("list")
def list_all(*, as_json: AsJson = False) -> None:
    """Show every website."""

    async def work(tx: Tx, _: Settings) -> list[Website]:
        return await queries.list_websites(tx, EVERYTHING)

    found = in_transaction(work)
    if as_json:
        typer.echo(json.encode(found))
        return
    columns = ("ID", "Name", "Domain", "Webhook", "State")
    table = Table(*(Column(name, overflow="fold") for name in columns))
    for website in found:
        state = "on" if website.is_active else "disabled"
        if website.paused_at:
            state = f"paused ({website.paused_reason})"
        table.add_row(
            website.id, website.name, website.domain, website.webhook_url or "none", state
        )
    Console().print(table)


@group.command("pause")
def pause_deliveries(website_id: WebsiteId) -> None:
    """Send website ID nothing more until it is resumed. Its deliveries wait."""

    async def work(tx: Tx, _: Settings) -> Website:
        return await pause(tx, EVERYTHING, website_id)

    in_transaction(work)
    typer.echo(f"The deliveries of {website_id} are paused.")


@group.command("resume")
def resume_deliveries(website_id: WebsiteId) -> None:
    """Send website ID what waits for it, whatever had paused it."""

    async def work(tx: Tx, _: Settings) -> Website:
        return await resume(tx, EVERYTHING, website_id)

    in_transaction(work)
    typer.echo(f"The deliveries of {website_id} are resumed.")


@group.command("rotate-key")
def rotate_key(website_id: WebsiteId) -> None:
    """Make a new key for website ID and print it, once. The old one works another 24 hours."""

    async def work(tx: Tx, _: Settings) -> str:
        return await keys.rotate_key(tx, EVERYTHING, website_id)

    typer.echo(in_transaction(work))


@group.command("replace-key")
def replace_key(website_id: WebsiteId) -> None:
    """A key has leaked: make a new one for website ID and print it. The old ones end at once."""

    async def work(tx: Tx, _: Settings) -> str:
        return await keys.replace_key(tx, EVERYTHING, website_id)

    typer.echo(in_transaction(work))


@group.command("rotate-secret")
def rotate_secret(website_id: WebsiteId) -> None:
    """Make a new webhook secret for website ID and print it, once.

    Nothing is refused: until promote-secret the old one signs too. Give the website both.
    """

    async def work(tx: Tx, settings: Settings) -> str:
        return await secrets.rotate_secret(tx, Vault.of(settings), EVERYTHING, website_id)

    typer.echo(in_transaction(work))


@group.command("promote-secret")
def promote_secret(website_id: WebsiteId) -> None:
    """Website ID knows its new secret: sign with it. The old one retires in 24 hours."""

    async def work(tx: Tx, _: Settings) -> bool:
        return await secrets.promote_secret(tx, EVERYTHING, website_id)

    promoted = in_transaction(work)
    typer.echo("The new secret signs now." if promoted else "No secret is pending.")


@group.command("replace-secret")
def replace_secret(website_id: WebsiteId) -> None:
    """A secret has leaked: make a new one for website ID and print it. No other signs any more."""

    async def work(tx: Tx, settings: Settings) -> str:
        return await secrets.replace_secret(tx, Vault.of(settings), EVERYTHING, website_id)

    typer.echo(in_transaction(work))


@group.command()
def reencrypt() -> None:
    """Encrypt every webhook secret with the newest ONEBOOKING_SECRET_KEY; then drop the older.

    The secrets of members' second factors likewise, and what sessions live on at Supabase.
    """

    async def work(tx: Tx, settings: Settings) -> tuple[int, list[str]]:
        vault = Vault.of(settings)
        websites = await secrets.reencrypt(tx, vault)
        members = await second_factor.reencrypt(tx, vault)
        here = await sessions.reencrypt(tx, vault)  # what no key opens of these is just over
        done = websites.done + members.done + here.done
        return done, [*websites.unreadable, *members.unreadable]

    done, unreadable = in_transaction(work)
    if unreadable:
        fail(
            f"{done} written anew. Keep the older keys: no key opens the secrets of "
            f"{', '.join(unreadable)}."
        )
    typer.echo(f"{done} written anew. The older secret keys can be dropped.")


@group.command()
def disable(website_id: WebsiteId) -> None:
    """Refuse the syncs of website ID and hold its deliveries. Nothing is lost."""
    _switch(website_id, on=False)


@group.command()
def enable(website_id: WebsiteId) -> None:
    """Take the syncs of website ID again and send what was held, also after a pause."""
    _switch(website_id, on=True)


def _switch(website_id: str, *, on: bool) -> None:
    async def work(tx: Tx, settings: Settings) -> Website:
        changes = WebsiteChanges(is_active=on)
        return await change_website(
            tx, EVERYTHING, website_id, changes, development=settings.development
        )

    in_transaction(work)
    typer.echo(f"{website_id} is {'enabled' if on else 'disabled'}.")
