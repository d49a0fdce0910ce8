"""What Supabase says of somebody, and which member that makes them."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from onebooking.db import Tx
from onebooking.errors import NotAllowed
from onebooking.members import acts, queries, supabase_users
from onebooking.members.model import Member
from onebooking.members.sessions import Held
from onebooking.members.supabase_calls import Account
from onebooking.words import say


class AccountProof(Struct, frozen=True):
    """That Supabase knows who somebody is; `trusted` where it also looked at their address."""

    account: Account
    trusted: bool
    held: Held | None = None

    @property
    def guarded(self) -> bool:
        """By a second factor at Supabase."""
        return self.account.guarded

    async def owner(self, tx: Tx, *, now: datetime) -> UUID:
        """The member linked to the account, or, the first time, the one at its address."""
        member = await supabase_users.member_of(tx, self.account.id)
        if member is not None:
            return member.id
        if not self.trusted:
            raise NotAllowed(
                say("Your address is not confirmed at Supabase. Ask for an invitation.")
            )
        member = await queries.by_email(tx, self.account.email)
        if member is None or member.disabled_at is not None:
            raise NotAllowed(say("No member has this address. Ask to be invited."))
        if await supabase_users.link(tx, member.id, self.account.id, now=now):
            await acts.record(tx, member.id, "joined", by=member.email, now=now)
        elif await supabase_users.user_of(tx, member.id) != self.account.id:
            raise NotAllowed(say("Your address had another account before. Choose a new password."))
        return member.id

    async def keep(self, tx: Tx, member: Member, *, now: datetime) -> None:
        """Link the two: their letter box, or the password, said that they are one."""
        if not await supabase_users.link_anew(tx, member.id, self.account.id, now=now):
            raise NotAllowed(say("This account is another member's."))
