"""The two ways to sign in, by passwords here or by Supabase Auth: what pages ask of either.

What speaks HTTP or computes for long takes no `tx`, and is called with no transaction open.
"""

from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement

from onebooking.db import Tx
from onebooking.errors import AuthFailed
from onebooking.members.links import Kind
from onebooking.members.model import Member
from onebooking.members.sessions import Held
from onebooking.words import say


class WrongSignIn(AuthFailed):
    """Address or password is wrong; which of the two, nobody is told."""

    def __init__(self, message: str = say("Address or password is wrong.")) -> None:
        super().__init__(message)


class Known(Struct, frozen=True):
    """What there is to hold a password against: of a stranger nothing, which takes as long."""

    email: str
    member_id: UUID | None = None
    kept: str | None = None  # the password's hash, or the user at Supabase they are linked to


class Bearer(Struct, frozen=True):
    """Whom a JWT names: a user at Supabase, and whether they proved a second factor there."""

    user_id: UUID
    email: str  # as it says: good for saying no, not for saying who
    second_factor: bool


class Proof(Protocol):
    """That somebody is who they say, until a transaction writes down what is to be kept."""

    @property
    def held(self) -> Held | None:
        """What their session lives on; None: on nothing but itself."""

    @property
    def guarded(self) -> bool:
        """Whether the account has a second factor elsewhere, for which nobody was asked."""

    async def owner(self, tx: Tx, *, now: datetime) -> UUID:
        """Whose it is.

        Raises:
            WrongSignIn: no member's.
        """

    async def keep(self, tx: Tx, member: Member, *, now: datetime) -> None:
        """Let this be how the member signs in from now on."""


@runtime_checkable  # Litestar looks at what it hands to a handler
class Provider(Protocol):
    """One of the two. Each raises SignInAway where Supabase does not answer."""

    @property
    def by_supabase(self) -> bool:
        """Which of the two it is."""

    @property
    def factor_required(self) -> bool:
        """Whether superadmins must have a second factor."""

    @property
    def joined(self) -> ColumnElement[bool]:
        """Of a row in `members`: whether they can sign in, as opposed to being invited."""

    async def kept(self, tx: Tx, member_id: UUID) -> str | None:
        """`Known.kept` of a member."""

    async def check(self, known: Known, password: str) -> Proof:
        """Hold a password against what is known. Raises WrongSignIn."""

    async def confirm(self, known: Known, password: str) -> None:
        """The same for who is signed in and proves it once more; who has none is let by.

        Raises:
            WrongSignIn: it is wrong.
        """

    async def first(self, email: str, name: str, password: str) -> Proof:
        """What the first superadmin will sign in with. Raises InvalidPayload, WrongSignIn."""

    async def open_link(self, kind: Kind, member: Member, given: str) -> bytes | None:
        """Use up Supabase's part of a link, `given` by its mail; what to keep until `choose`.

        Raises:
            LinkOver: it was used, is too old, or somebody else's.
        """

    async def choose(
        self, member: Member, name: str, password: str, *, opened: bytes | None
    ) -> Proof:
        """A new password of somebody whom a link let in. Raises InvalidPayload."""

    async def change(self, known: Known, name: str, password: str, *, new: str) -> Proof:
        """A new password of somebody who knows the old one. Raises WrongSignIn, InvalidPayload."""

    async def mail_invitation(self, member: Member, url: str, *, by: str) -> None:
        """Mail somebody new the way in. Raises NotMailed."""

    async def link_for_hand(self, member: Member, url: str) -> str | None:
        """The whole link, where it must be given by hand; None: there is none to give."""

    async def mail_reset(self, member: Member, url: str) -> None:
        """Mail the way to a new password. Raises NotMailed."""

    async def renew(self, held: bytes) -> Held | None:
        """What a session lives on from now; None: it was ended at Supabase."""

    async def stands(self, held: bytes) -> bool:
        """Whether a session whose access token is good was not ended at Supabase meanwhile."""

    async def leave(self, held: bytes) -> None:
        """Say at Supabase that a session is over. Goes wrong in silence: it is over with us."""

    async def read(self, jwt: str) -> Bearer:
        """Check a JWT. Raises AuthFailed: it is none, or not one for us."""

    async def user(self, jwt: str) -> Proof:
        """Ask whose a JWT is that `read` has checked. Raises AuthFailed: it was revoked."""

    async def close(self) -> None:
        """Let go of connections."""
