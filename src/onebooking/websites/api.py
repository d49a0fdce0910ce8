"""Websites over HTTP."""

from litestar import Router, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from onebooking.db import Tx
from onebooking.errors import WebsiteNotFound
from onebooking.members.auth import SECURITY
from onebooking.members.model import Member, Right
from onebooking.settings import Settings
from onebooking.vault import Vault
from onebooking.web.replies import answers
from onebooking.websites import queries
from onebooking.websites.keys import replace_key, rotate_key
from onebooking.websites.model import Website
from onebooking.websites.pause import pause, resume
from onebooking.websites.register import (
    NewWebsite,
    WebsiteChanges,
    change_website,
    register_website,
)
from onebooking.websites.secrets import promote_secret, replace_secret, rotate_secret


class WebsiteReply(Struct, frozen=True):
    """One website."""

    website: Website
    success: bool = True


class WebsitesReply(Struct, frozen=True):
    """The websites within the caller's reach."""

    websites: list[Website]
    success: bool = True


class RegisteredReply(Struct, frozen=True):
    """The new website. `api_key` and `webhook_secret` are shown here and never again."""

    website: Website
    api_key: str
    webhook_secret: str
    success: bool = True


class KeyReply(Struct, frozen=True):
    """The new key, shown once."""

    api_key: str
    success: bool = True


class PromotedReply(Struct, frozen=True):
    """`promoted` is false where no secret was pending."""

    promoted: bool
    success: bool = True


class SecretReply(Struct, frozen=True):
    """The new secret, shown once."""

    webhook_secret: str
    success: bool = True


@get("/", summary="List websites", responses=answers(401))
async def list_websites(tx: NamedDependency[Tx], member: NamedDependency[Member]) -> WebsitesReply:
    """The websites within the member's reach."""
    return WebsitesReply(await queries.list_websites(tx, member.reach))


@post("/", summary="Register a website", responses=answers(400, 401, 403, 409, 413, 415, 422))
async def create_website(
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    data: JSONBody[NewWebsite],
) -> RegisteredReply:
    """Register a source website. Superadmins only."""
    member.require(Right.CREATE_WEBSITES)
    new = await register_website(tx, data, vault=vault, development=settings.development)
    return RegisteredReply(new.website, new.api_key, new.webhook_secret)


@get("/{website_id:str}", summary="Get a website", responses=answers(401, 404))
async def get_website(
    tx: NamedDependency[Tx], member: NamedDependency[Member], website_id: FromPath[str]
) -> WebsiteReply:
    """One website within the member's reach."""
    website = await queries.get_website(tx, member.reach, website_id)
    if website is None:
        raise WebsiteNotFound
    return WebsiteReply(website)


@patch(
    "/{website_id:str}",
    summary="Change a website",
    responses=answers(400, 401, 403, 404, 413, 415, 422),
)
async def patch_website(
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    settings: NamedDependency[Settings],
    website_id: FromPath[str],
    data: JSONBody[WebsiteChanges],
) -> WebsiteReply:
    """Change what is given. `is_active: false` refuses its syncs and holds its deliveries."""
    member.require(Right.MANAGE_WEBSITES)
    website = await change_website(
        tx, member.reach, website_id, data, development=settings.development
    )
    return WebsiteReply(website)


@post(
    "/{website_id:str}/rotate-key",
    summary="Rotate the API key",
    status_code=200,
    responses=answers(401, 403, 404),
)
async def post_rotate_key(
    tx: NamedDependency[Tx], member: NamedDependency[Member], website_id: FromPath[str]
) -> KeyReply:
    """A new key, shown once; both keys are accepted for 24 hours."""
    member.require(Right.MANAGE_WEBSITES)
    return KeyReply(await rotate_key(tx, member.reach, website_id))


@post(
    "/{website_id:str}/replace-key",
    summary="Replace a leaked API key",
    status_code=200,
    responses=answers(401, 403, 404),
)
async def post_replace_key(
    tx: NamedDependency[Tx], member: NamedDependency[Member], website_id: FromPath[str]
) -> KeyReply:
    """A new key, shown once; every other one ends at this moment."""
    member.require(Right.MANAGE_WEBSITES)
    return KeyReply(await replace_key(tx, member.reach, website_id))


@post(
    "/{website_id:str}/rotate-secret",
    summary="Begin to rotate the webhook secret",
    status_code=200,
    responses=answers(401, 403, 404),
)
async def post_rotate_secret(
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    vault: NamedDependency[Vault],
    website_id: FromPath[str],
) -> SecretReply:
    """A new secret, shown once: it signs beside the one in use until it is promoted."""
    member.require(Right.MANAGE_WEBSITES)
    return SecretReply(await rotate_secret(tx, vault, member.reach, website_id))


@post(
    "/{website_id:str}/promote-secret",
    summary="Promote the new webhook secret",
    status_code=200,
    responses=answers(401, 403, 404),
)
async def post_promote_secret(
    tx: NamedDependency[Tx], member: NamedDependency[Member], website_id: FromPath[str]
) -> PromotedReply:
    """The website knows the new secret: it signs from now on, the old one retires in 24 hours."""
    member.require(Right.MANAGE_WEBSITES)
    return PromotedReply(await promote_secret(tx, member.reach, website_id))


@post(
    "/{website_id:str}/replace-secret",
    summary="Replace a leaked webhook secret",
    status_code=200,
    responses=answers(401, 403, 404),
)
async def post_replace_secret(
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    vault: NamedDependency[Vault],
    website_id: FromPath[str],
) -> SecretReply:
    """A new secret, shown once; it signs at once, and no other does."""
    member.require(Right.MANAGE_WEBSITES)
    return SecretReply(await replace_secret(tx, vault, member.reach, website_id))


@post(
    "/{website_id:str}/pause",
    summary="Pause a website's deliveries",
    status_code=200,
    responses=answers(401, 403, 404),
)
async def post_pause(
    tx: NamedDependency[Tx], member: NamedDependency[Member], website_id: FromPath[str]
) -> WebsiteReply:
    """Send it nothing until it is resumed. Its deliveries wait; none is dropped."""
    member.require(Right.MANAGE_WEBSITES)
    return WebsiteReply(await pause(tx, member.reach, website_id))


@post(
    "/{website_id:str}/resume",
    summary="Resume a website's deliveries",
    status_code=200,
    responses=answers(401, 403, 404),
)
async def post_resume(
    tx: NamedDependency[Tx], member: NamedDependency[Member], website_id: FromPath[str]
) -> WebsiteReply:
    """Send what waits, whatever paused it: a member, a 410, or five days of failures."""
    member.require(Right.MANAGE_WEBSITES)
    return WebsiteReply(await resume(tx, member.reach, website_id))


router = Router(
    "/api/websites",
    route_handlers=[
        list_websites,
        create_website,
        get_website,
        patch_website,
        post_pause,
        post_resume,
        post_rotate_key,
        post_replace_key,
        post_rotate_secret,
        post_promote_secret,
        post_replace_secret,
    ],
    tags=["Websites"],
    security=SECURITY,
)
