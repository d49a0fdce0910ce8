"""Members on the command line."""

from typing import Annotated

import typer

from onebooking.db import Tx
from onebooking.members.add import add_member
from onebooking.members.model import Member, Role
from onebooking.members.tokens import create_token
from onebooking.reach import EVERYTHING, Reach, WebsiteId
from onebooking.settings import Settings
from onebooking.terminal import fail, in_transaction

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
        return await add_member(tx, email, name=name, role=role, reach=reach)

    added = in_transaction(work)
    typer.echo(f"{added.email} is {added.role} of {added.reach.as_setting().replace('*', 'all')}.")


@group.command()
def token(email: Email) -> None:
    """Make a token for a member's scripts. Prints only the token, once: we keep a hash."""

    async def work(tx: Tx, _: Settings) -> str:
        return await create_token(tx, email)

    typer.echo(in_transaction(work))
