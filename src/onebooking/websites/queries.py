"""Websites, their keys and secrets, as rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from onebooking.db import Tx, fetch_all, fetch_one, within
from onebooking.reach import Reach, WebsiteId
from onebooking.tables import website_keys, website_secrets, websites
from onebooking.websites.model import Website

# Keys that are accepted at this moment: the one place that says so.
VALID_KEY = "(website_keys.expires_at IS NULL OR website_keys.expires_at > now())"


async def list_websites(tx: Tx, reach: Reach) -> list[Website]:
    """The websites within reach, by name."""
    wanted = (
        select(websites)
        .where(within(websites.c.id, reach))
        .order_by(websites.c.name, websites.c.id)
    )
    return await fetch_all(tx, wanted, Website)


async def get_website(tx: Tx, reach: Reach, website_id: str) -> Website | None:
    """One website, if it is within reach."""
    return await fetch_one(
        tx,
        select(websites).where(websites.c.id == website_id, within(websites.c.id, reach)),
        Website,
    )


async def by_key(tx: Tx, key_hash: bytes) -> Website | None:
    """The website whose key this is, switched off or not."""
    wanted = (
        select(websites)
        .join(website_keys, website_keys.c.website_id == websites.c.id)
        .where(website_keys.c.key_hash == key_hash, text(VALID_KEY))
    )
    return await fetch_one(tx, wanted, Website)


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


async def insert_key(tx: Tx, website_id: WebsiteId, *, key_hash: bytes, prefix: str) -> bool:
    """A new row in `website_keys`; False where another website has that key."""
    values = {"website_id": website_id, "key_hash": key_hash, "prefix": prefix}
    new = insert_or_not(website_keys).values(values).on_conflict_do_nothing()
    return (await tx.execute(new.returning(website_keys.c.key_hash))).first() is not None


async def expire_keys(tx: Tx, website_id: WebsiteId, *, at: datetime) -> None:
    """Let every key that has no end yet end at `at`."""
    ending = update(website_keys).where(
        website_keys.c.website_id == website_id, website_keys.c.expires_at.is_(None)
    )
    await tx.execute(ending.values(expires_at=at))


async def insert_secret(tx: Tx, website_id: WebsiteId, encrypted: bytes) -> None:
    """A new row in `website_secrets`."""
    values = {"website_id": website_id, "encrypted": encrypted}
    await tx.execute(insert(website_secrets).values(values))


async def delete_secrets(tx: Tx, website_id: WebsiteId) -> None:
    """Forget every secret of a website."""
    await tx.execute(delete(website_secrets).where(website_secrets.c.website_id == website_id))


async def encrypted_secrets(tx: Tx, website_ids: Sequence[str]) -> dict[str, list[bytes]]:
    """What we sign with, by website, the newest first."""
    if not website_ids:
        return {}
    s = website_secrets.c
    wanted = (
        select(s.website_id, s.encrypted)
        .where(s.website_id.in_(website_ids), s.retires_at.is_(None) | (s.retires_at > func.now()))
        .order_by(s.website_id, s.created_at.desc())
    )
    found: dict[str, list[bytes]] = {}
    for website_id, encrypted in await tx.execute(wanted):
        found.setdefault(website_id, []).append(encrypted)
    return found
