"""Members on the command line."""

from typing import Annotated

import typer

from onebooking.clock import utc_now
from onebooking.db import Database, Tx
from onebooking.languages import Language
from onebooking.members import acts, invite, queries
from onebooking.members.add import add_member
from onebooking.members.invite import Newcomer
from onebooking.members.links import Kind, path_of
from onebooking.members.mail_links import here
from onebooking.members.model import Grant, Member, Role
from onebooking.members.providers import provider_of
from onebooking.members.setup import make_setup_link
from onebooking.members.tokens import create_token
from onebooking.reach import EVERYTHING, Reach, WebsiteId
from onebooking.settings import Settings
from onebooking.terminal import fail, in_transaction, with_database
from onebooking.vault import Vault

group = typer.Typer(no_args_is_help=True, help="People who sign in.")
Email = Annotated[str, typer.Argument(metavar="EMAIL")]


@group.command()
def add(
    email: Email,
    *,
    role: Annotated[Role, typer.Option(help="What they may do.")],
    website: Annotated[list[str] | None, typer.Option(help="Their website; repeatable.")] = None,
    all_websites: Annotated[bool, typer.Option("--all-websites", help="Every website.")] = False,
    name: Annotated[str, typer.Option(help="What colleagues call them.")] = "",
) -> None:
    """Add a member. They see their websites' bookings and nothing else."""
    if bool(website) == all_websites:
        fail("Say which websites: --website ID (repeatable), or --all-websites.")
    reach = EVERYTHING if all_websites else Reach(frozenset(map(WebsiteId, website or ())))

    async def work(tx: Tx, _: Settings) -> Member:
        member = await add_member(tx, email, name=name, role=role, reach=reach)
        await acts.record(tx, member.id, "added", by=acts.COMMAND_LINE, now=utc_now())
        return member

    added = in_transaction(work)
    typer.echo(f"{added.email} is {added.role} of {added.reach.as_setting().replace('*', 'all')}.")


@group.command("invite")
def invite_member(
    email: Email,
    *,
    role: Annotated[Role, typer.Option(help="What they may do.")],
    website: Annotated[list[str] | None, typer.Option(help="Their website; repeatable.")] = None,
    all_websites: Annotated[bool, typer.Option("--all-websites", help="Every website.")] = False,
    language: Annotated[
        Language | None, typer.Option(help="What they read; else what their browser asks for.")
    ] = None,
) -> None:
    """Add a member who chooses name and password by a link. Prints the link, once; mails nothing.

    Whoever is a member without a password gets a new link; the one before opens nothing then.
    """
    if bool(website) == all_websites:
        fail("Say which websites: --website ID (repeatable), or --all-websites.")
    reach = EVERYTHING if all_websites else Reach(frozenset(map(WebsiteId, website or ())))

    async def work(database: Database, settings: Settings) -> str | None:
        provider = provider_of(settings, Vault.of(settings))
        async with database.begin(EVERYTHING) as tx:
            known, now = await queries.by_email(tx, email.strip()), utc_now()
            if known is not None:
                invited = await invite.invite_again(tx, None, known, provider.joined, now=now)
            else:
                newcomer = Newcomer(email, language)
                invited = await invite.invite(tx, None, newcomer, Grant(role, reach), now=now)
        url = here(settings) + path_of(Kind.INVITATION, invited.token)
        try:
            return await provider.link_for_hand(invited.member, url)
        finally:
            await provider.close()

    link = with_database(work)
    if link is None:
        fail("They are a member now. Supabase makes no link for them: see the log above.")
    typer.echo(link)


@group.command("setup-link")
def setup_link() -> None:
    """Print a link that makes whoever opens it the first superadmin. Works once, for a day.

    Prints nothing where a superadmin can sign in already.
    """

    async def work(tx: Tx, settings: Settings) -> str | None:
        joined = provider_of(settings, Vault.of(settings)).joined
        token = await make_setup_link(tx, joined, now=utc_now())
        return token and here(settings) + path_of(Kind.SETUP, token)

    link = in_transaction(work)
    if link:
        typer.echo(link)


@group.command()
def token(email: Email) -> None:
    """Make a token for a member's scripts. Prints only the token, once: we keep a hash."""

    async def work(tx: Tx, _: Settings) -> str:
        return await create_token(tx, email)

    typer.echo(in_transaction(work))
