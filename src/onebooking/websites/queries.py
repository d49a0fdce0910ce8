"""Websites, their keys and secrets, as rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from onebooking.composed import composed, within_given
from onebooking.db import Statement, Together, Tx, fetch_all, fetch_one, together, within
from onebooking.reach import Reach, WebsiteId
from onebooking.tables import breakers, lanes, website_keys, website_secrets, websites
from onebooking.websites.model import Website

# Keys that are accepted at this moment: the one place that says so.
VALID_KEY = "(website_keys.expires_at IS NULL OR website_keys.expires_at > now())"


async def list_websites(tx: Tx, reach: Reach) -> list[Website]:
    """The websites within reach, by name."""
    return await fetch_all(tx, _WITHIN[reach.everything], Website, {"reach": [*reach.websites]})


_WITHIN = {
    everything: composed(
        select(websites)
        .where(within_given(websites.c.id, everything=everything))
        .order_by(websites.c.name, websites.c.id)
    )
    for everything in (True, False)
}


async def get_website(tx: Tx, reach: Reach, website_id: str) -> Website | None:
    """One website, if it is within reach."""
    return await fetch_one(
        tx,
        select(websites).where(websites.c.id == website_id, within(websites.c.id, reach)),
        Website,
    )


async def lock_website(tx: Tx, reach: Reach, website_id: str) -> Website | None:
    """`get_website`, and nobody else changes its keys or secrets meanwhile."""
    wanted = select(websites).where(websites.c.id == website_id, within(websites.c.id, reach))
    return await fetch_one(tx, wanted.with_for_update(key_share=True), Website)


async def by_key(tx: Tx, key_hash: bytes) -> Website | None:
    """The website whose key this is, switched off or not."""
    wanted = (
        select(websites)
        .join(website_keys, website_keys.c.website_id == websites.c.id)
        .where(website_keys.c.key_hash == key_hash, text(VALID_KEY))
    )
    return await fetch_one(tx, wanted, Website)


async def any_key(tx: Tx, website_id: WebsiteId) -> bytes | None:
    """The hash of a key that this website may use now, the one that lasts longest."""
    k = website_keys.c
    wanted = select(k.key_hash).where(k.website_id == website_id, text(VALID_KEY))
    wanted = wanted.order_by(k.expires_at.desc().nulls_first(), k.created_at.desc()).limit(1)
    found: bytes | None = (await tx.execute(wanted)).scalar_one_or_none()
    return found


async def insert_website(tx: Tx, values: dict[str, Any]) -> Website | None:
    """A new row in `websites`, or None where the id is taken."""
    new = insert_or_not(websites).values(values).on_conflict_do_nothing()
    return await fetch_one(tx, new.returning(websites), Website)


async def update_website(
    tx: Tx, reach: Reach, website_id: str, values: dict[str, Any]
) -> Website | None:
    """Change columns of one website within reach."""
    change = update(websites).where(websites.c.id == website_id, within(websites.c.id, reach))
    return await fetch_one(
        tx, change.values(**values, updated_at=func.now()).returning(websites), Website
    )


async def forget_failures(tx: Tx, website_id: WebsiteId) -> None:
    """Close a website's breaker, and let everything it is owed be tried now."""
    await tx.execute(delete(breakers).where(breakers.c.website_id == website_id))
    waiting = (
        select(lanes.c.booking_id)
        .where(lanes.c.website_id == website_id, lanes.c.due_at > func.now())
        .where(lanes.c.lease_token.is_(None))
        .with_for_update(skip_locked=True)  # who holds one waits for nobody who holds the website
    )
    due = update(lanes).where(lanes.c.booking_id.in_(waiting))
    await tx.execute(due.values(due_at=func.now()))


async def insert_key(tx: Tx, website_id: WebsiteId, *, key_hash: bytes, prefix: str) -> bool:
    """A new row in `website_keys`; False where another website has that key."""
    values = {"website_id": website_id, "key_hash": key_hash, "prefix": prefix}
    new = insert_or_not(website_keys).values(values).on_conflict_do_nothing()
    return (await tx.execute(new.returning(website_keys.c.key_hash))).first() is not None


async def expire_keys(tx: Tx, website_id: WebsiteId, *, at: datetime) -> None:
    """Let every key that would live longer end at `at`."""
    k = website_keys.c
    ending = update(website_keys).where(
        k.website_id == website_id, k.expires_at.is_(None) | (k.expires_at > at)
    )
    await tx.execute(ending.values(expires_at=at))


async def insert_secret(tx: Tx, website_id: WebsiteId, encrypted: bytes) -> None:
    """A new row in `website_secrets`: pending, until `promote_secret`."""
    values = {"website_id": website_id, "encrypted": encrypted}
    await tx.execute(insert(website_secrets).values(values))


async def promote_secret(tx: Tx, website_id: WebsiteId, *, old_retires_at: datetime) -> bool:
    """Let the pending secret be the one in use; False where none is pending."""
    s = website_secrets.c
    ours = update(website_secrets).where(s.website_id == website_id)
    pending = ours.where(s.promoted_at.is_(None)).values(promoted_at=func.clock_timestamp())
    promoted = (await tx.execute(pending.returning(s.id))).scalar()
    if promoted is None:
        return False
    old = ours.where(s.id != promoted, s.retires_at.is_(None))
    await tx.execute(old.values(retires_at=old_retires_at))
    return True


async def delete_secrets(tx: Tx, website_id: WebsiteId) -> None:
    """Forget every secret of a website."""
    await tx.execute(delete(website_secrets).where(website_secrets.c.website_id == website_id))


async def delete_idle_secrets(tx: Tx, website_id: WebsiteId) -> None:
    """Forget the secrets of a website that are pending, and those that have retired."""
    s = website_secrets.c
    idle = s.promoted_at.is_(None) | (s.retires_at <= func.now())
    await tx.execute(delete(website_secrets).where(s.website_id == website_id, idle))


async def lock_secrets(tx: Tx) -> list[tuple[UUID, WebsiteId, bytes]]:
    """Every secret there is: its id, its website, the cipher."""
    s = website_secrets.c
    every = select(s.id, s.website_id, s.encrypted).order_by(s.id).with_for_update()
    return [(row.id, row.website_id, row.encrypted) for row in await tx.execute(every)]


async def write_secret(tx: Tx, secret_id: UUID, encrypted: bytes) -> None:
    """Keep the same secret as another cipher."""
    row = update(website_secrets).where(website_secrets.c.id == secret_id)
    await tx.execute(row.values(encrypted=encrypted))


async def encrypted_secrets(
    tx: Tx | Together, website_ids: Sequence[str]
) -> dict[str, list[bytes]]:
    """What we sign with, by website: the one in use, those that retire, one that is pending."""
    if not website_ids:
        return {}
    (rows,) = await together(tx, Statement(_SECRETS, {"websites": list(website_ids)}))
    found: dict[str, list[bytes]] = {}
    for row in rows:
        found.setdefault(row["website_id"], []).append(row["encrypted"])
    return found


_SECRETS = (
    "SELECT website_id, encrypted FROM website_secrets WHERE website_id = ANY(%(websites)s) "
    "AND (retires_at IS NULL OR retires_at > now()) "
    "ORDER BY website_id, promoted_at DESC NULLS LAST"
)
