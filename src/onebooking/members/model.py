"""Who works here: a member, their role, and what each role may do."""

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from msgspec import Struct

from onebooking.errors import NotAllowed
from onebooking.reach import Reach


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
    ERASE = "erase"  # a person's data
    MANAGE_WEBSITES = "manage_websites"  # edit, keys, secrets, test webhook
    CREATE_WEBSITES = "create_websites"


_STAFF = frozenset({Right.VIEW, Right.EDIT})
_ADMIN = _STAFF | {Right.EDIT_MONEY, Right.RESEND, Right.ERASE, Right.MANAGE_WEBSITES}

RIGHTS = MappingProxyType(
    {Role.STAFF: _STAFF, Role.ADMIN: _ADMIN, Role.SUPERADMIN: frozenset(Right)}
)


class Member(Struct, frozen=True):
    """A person who signs in."""

    id: UUID
    email: str
    name: str
    role: Role
    reach: Reach
    created_at: datetime
    disabled_at: datetime | None = None

    def may(self, right: Right) -> bool:
        """Whether the role has this right; within what, the reach says."""
        return right in RIGHTS[self.role]

    def require(self, right: Right) -> None:
        """Raises NotAllowed where the role lacks the right."""
        if not self.may(right):
            raise NotAllowed(f"Your role, {self.role}, may not do this. Ask an admin.")
