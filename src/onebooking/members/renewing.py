"""Sessions that live on Supabase's tokens: renewed in time, and ended as they end there."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.errors import RateLimited, SignInAway
from onebooking.members import sessions
from onebooking.members.provider import Provider
from onebooking.members.sessions import Session
from onebooking.reach import NOTHING

_EARLY = timedelta(minutes=1)


def is_due(session: Session, *, now: datetime) -> bool:
    """Whether its access token is over, or is about to be."""
    return session.supabase_until is not None and session.supabase_until < now + _EARLY


async def renewed(database: Database, provider: Provider, session: Session) -> None:
    """Renew what the session lives on, in two short transactions with the HTTP between them.

    Ended at Supabase, it is ended here. Where Supabase is away the session lives on until its
    access token is over.

    Several requests may renew at once: Supabase gives them the same new token, since the one they
    come with is the parent of it, and what the first writes stays.

    Raises:
        SignInAway: its access token is over, and Supabase does not answer.
    """
    async with database.begin(NOTHING) as tx:
        held = await sessions.held_by(tx, session.id)
    if held is None:  # it ended meanwhile
        return
    try:
        fresh = await provider.renew(held)
    except (SignInAway, RateLimited) as away:
        if session.supabase_until is None or session.supabase_until <= utc_now():
            raise SignInAway from away
        return
    async with database.begin(NOTHING) as tx:
        await sessions.renew_held(tx, session.id, held, fresh)


async def elsewhere(database: Database, session_ids: Collection[UUID]) -> list[Session]:
    """Those of these sessions that Supabase may end without telling us."""
    async with database.begin(NOTHING) as tx:
        return await sessions.held_elsewhere(tx, session_ids)


async def end_if_over(database: Database, provider: Provider, session: Session) -> None:
    """Ask Supabase whether the session stands, and end it here where it does not.

    Raises:
        RateLimited, SignInAway: nobody knows; it lives on for as long as its access token.
    """
    if is_due(session, now=utc_now()):
        await renewed(database, provider, session)
        return
    async with database.begin(NOTHING) as tx:
        held = await sessions.held_by(tx, session.id)
    if held is None or await provider.stands(held):
        return
    async with database.begin(NOTHING) as tx:
        await sessions.renew_held(tx, session.id, held, None)
