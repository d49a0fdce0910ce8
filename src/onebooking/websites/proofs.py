"""Which keys and secrets a website has, as far as they may be shown: when each began and ends."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import select, text

from onebooking.db import Tx, fetch_all
from onebooking.tables import website_keys, website_secrets
from onebooking.websites.model import Website
from onebooking.websites.queries import VALID_KEY


class Key(Struct, frozen=True):
    """A key that is accepted now; `expires_at` is None for the one in use."""

    prefix: str
    created_at: datetime
    expires_at: datetime | None


class Secret(Struct, frozen=True):
    """A secret that signs now: pending until it is promoted, then in use until it retires."""

    created_at: datetime
    promoted_at: datetime | None
    retires_at: datetime | None

    @property
    def standing(self) -> str:
        """`pending`, `in_use` or `retiring`."""
        if self.promoted_at is None:
            return "pending"
        return "in_use" if self.retires_at is None else "retiring"


async def keys_of(tx: Tx, website: Website) -> list[Key]:
    """The keys of a website within the caller's reach, the newest first."""
    k = website_keys.c
    wanted = select(k.prefix, k.created_at, k.expires_at)
    wanted = wanted.where(k.website_id == website.id, text(VALID_KEY))
    return await fetch_all(tx, wanted.order_by(k.created_at.desc()), Key)


async def secrets_standing(tx: Tx, website: Website) -> list[Secret]:
    """The secrets of a website within the caller's reach, the newest first."""
    s = website_secrets.c
    wanted = select(s.created_at, s.promoted_at, s.retires_at)
    wanted = wanted.where(
        s.website_id == website.id, text("(retires_at IS NULL OR retires_at > now())")
    )
    return await fetch_all(tx, wanted.order_by(s.created_at.desc()), Secret)
