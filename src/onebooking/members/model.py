"""Who works here: a member, their role, and what each role may do."""

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from msgspec import Struct

from onebooking.errors import NotAllowed
from onebooking.languages import Language
from onebooking.reach import NOTHING, Reach
from onebooking.words import say


class Role(StrEnum):
    """The three the spec names."""

    SUPERADMIN = "superadmin"
    ADMIN = "admin"
    STAFF = "staff"


class Right(StrEnum):
    """One thing a role may do, within the member's reach."""

    VIEW = "view"
    EDIT = "edit"  # status, date, time, guests, transport, contact, notes
    EDIT_MONEY = "edit_money"  # prices, amounts, package, add-ons
    RESEND = "resend"  # deliveries
    EXPORT = "export"  # bookings as a file
    ERASE = "erase"  # a person's data
    SHARE_VIEWS = "share_views"  # put a saved view before colleagues
    MANAGE_WEBSITES = "manage_websites"  # edit, keys, secrets, test webhook
    MANAGE_MEMBERS = "manage_members"  # an admin: staff who reach nothing the admin does not
    CREATE_WEBSITES = "create_websites"


_STAFF = frozenset({Right.VIEW, Right.EDIT})
_ADMIN = _STAFF | {
    Right.EDIT_MONEY,
    Right.RESEND,
    Right.EXPORT,
    Right.ERASE,
    Right.SHARE_VIEWS,
    Right.MANAGE_WEBSITES,
    Right.MANAGE_MEMBERS,
}

RIGHTS = MappingProxyType(
    {Role.STAFF: _STAFF, Role.ADMIN: _ADMIN, Role.SUPERADMIN: frozenset(Right)}
)


class Grant(Struct, frozen=True):
    """What somebody may do, and where. A superadmin's is everywhere, whatever it says."""

    role: Role
    reach: Reach

    @property
    def is_empty(self) -> bool:
        """Whether it opens nothing at all."""
        return self.role != Role.SUPERADMIN and self.reach == NOTHING


class Member(Struct, frozen=True):
    """A person who signs in."""

    id: UUID
    email: str
    name: str
    role: Role
    reach: Reach
    created_at: datetime
    disabled_at: datetime | None = None
    language: Language | None = None  # None: nobody has said yet

    def may(self, right: Right) -> bool:
        """Whether the role has this right; within what, the reach says."""
        return right in RIGHTS[self.role]

    def require(self, right: Right) -> None:
        """Raises NotAllowed where the role lacks the right."""
        if not self.may(right):
            raise NotAllowed(
                say("Your role, %(role)s, may not do this. Ask an admin.", role=self.role)
            )

    def sees(self, other: "Member") -> bool:
        """Whether the two work on a website together, or are one person."""
        together = self.reach.everything or other.reach.everything
        return self.id == other.id or together or bool(self.reach.websites & other.reach.websites)

    def manages(self, other: "Member") -> bool:
        """Whether this member decides about the other's role, websites, sessions.

        A superadmin about everybody; an admin about staff who reach nothing beyond the admin;
        nobody about themself, so that nobody locks themself out.
        """
        return self.id != other.id and self.may_grant(Grant(other.role, other.reach))

    def may_grant(self, grant: Grant) -> bool:
        """Whether this member may let somebody have `grant`: never more than they have."""
        if self.role == Role.SUPERADMIN:
            return True
        covered = grant.role == Role.STAFF and self.reach.covers(grant.reach)
        return self.may(Right.MANAGE_MEMBERS) and covered
