"""Register a website, change it, switch it off and on."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import UNSET, Struct, UnsetType, structs

from onebooking.db import Tx
from onebooking.errors import FieldError, InvalidPayload, WebsiteExists, WebsiteNotFound
from onebooking.reach import Reach, WebsiteId
from onebooking.vault import Vault
from onebooking.web.guard import UnsafeAddress, check_url
from onebooking.websites import queries
from onebooking.websites.keys import TEST_KEY, TEST_WEBSITE, add_key, new_key
from onebooking.websites.model import Decimals, Domain, Logo, Name, Slug, Url, Website
from onebooking.websites.secrets import new_secret, set_secret
from onebooking.words import say


class NewWebsite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it takes to register one. A key or secret the park already uses can be brought along."""

    id: Slug
    name: Name
    domain: Domain
    webhook_url: Url | None = None
    logo_url: Logo | None = None
    timezone: Name = "Asia/Bangkok"
    amount_decimals: Decimals = 0
    api_key: str | None = None
    webhook_secret: str | None = None


class WebsiteChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be changed of a website; absent is unchanged."""

    name: Name | UnsetType = UNSET
    domain: Domain | UnsetType = UNSET
    webhook_url: Url | None | UnsetType = UNSET
    logo_url: Logo | None | UnsetType = UNSET
    timezone: Name | UnsetType = UNSET
    amount_decimals: Decimals | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class Registered(Struct, frozen=True):
    """A new website with its key and secret: shown once, never again."""

    website: Website
    api_key: str
    webhook_secret: str


async def register_website(
    tx: Tx, new: NewWebsite, *, vault: Vault, development: bool
) -> Registered:
    """Add a website that may send bookings from now on.

    Raises:
        InvalidPayload: a webhook URL we may not call, an unknown time zone, a bad key or secret.
        WebsiteExists: the id or the key is taken.
    """
    _check(new.webhook_url, new.timezone, development=development)
    if new.api_key == TEST_KEY and not development:
        raise InvalidPayload(
            say("The test key is for development. Leave api_key out to get a new one.")
        )
    values = structs.asdict(new)
    api_key = values.pop("api_key") or new_key(new.id)
    secret = values.pop("webhook_secret") or new_secret()
    website = await queries.insert_website(tx, values)
    if website is None:
        raise WebsiteExists(say("%(id)s is registered already.", id=new.id))
    await add_key(tx, website.id, api_key)
    await set_secret(tx, vault, website.id, secret)
    return Registered(website, api_key, secret)


async def change_website(
    tx: Tx, reach: Reach, website_id: str, changes: WebsiteChanges, *, development: bool
) -> Website:
    """Change what is given; switching a website off refuses its syncs and holds its deliveries.

    Switching it on, even where it was on, also ends a pause of its deliveries. So does another
    webhook URL where the old one was gone or failed, but not where a member paused it.

    Raises:
        InvalidPayload: a webhook URL we may not call, or an unknown time zone.
        WebsiteNotFound: no such website within reach.
    """
    values = {name: value for name, value in structs.asdict(changes).items() if value is not UNSET}
    _check(values.get("webhook_url"), values.get("timezone"), development=development)
    before = await queries.lock_website(tx, reach, website_id)
    if before is None:
        raise WebsiteNotFound
    moves = changes.webhook_url not in (UNSET, before.webhook_url)
    if changes.is_active is True or (moves and before.paused_reason != "by_hand"):
        values |= {"paused_at": None, "paused_reason": None}
    website = await queries.update_website(tx, reach, website_id, values)
    if changes.is_active is True or moves:
        await queries.forget_failures(tx, before.id)
    return website or before


async def ensure_test_website(tx: Tx, vault: Vault) -> None:
    """In development: the spec's test website with the spec's test key."""
    values = {"id": TEST_WEBSITE, "name": "Test website", "domain": "localhost"}
    if await queries.insert_website(tx, values):
        await add_key(tx, WebsiteId(TEST_WEBSITE), TEST_KEY)
        await set_secret(tx, vault, WebsiteId(TEST_WEBSITE), new_secret())


def _check(webhook_url: str | None, timezone: str | None, *, development: bool) -> None:
    if webhook_url is not None:
        try:
            check_url(webhook_url, development=development)
        except UnsafeAddress as unsafe:
            wrong = FieldError("webhook_url", unsafe.message)
            raise InvalidPayload(unsafe.message, details=(wrong,)) from None
    if timezone is not None:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            wrong = FieldError("timezone", say("Use a name such as Asia/Bangkok."))
            raise InvalidPayload(
                say("No time zone %(timezone)s.", timezone=repr(timezone)), details=(wrong,)
            ) from None
