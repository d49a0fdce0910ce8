"""Deliveries over HTTP: look, resend, try a webhook."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import aiohttp
from litestar import Request, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct

from onebooking.db import Database, Tx
from onebooking.deliveries import queries
from onebooking.deliveries.model import Delivery, State
from onebooking.deliveries.resend import resend
from onebooking.deliveries.resend_all import ResendAll, resend_all
from onebooking.deliveries.send import Outcome
from onebooking.deliveries.trial import TestWebhook, Trial, carry_out, prepare
from onebooking.errors import NotFound, WebsiteNotFound
from onebooking.members.auth import SECURITY, check_signed_in, desk_of
from onebooking.members.model import Member, Right
from onebooking.vault import Vault
from onebooking.web import paging
from onebooking.web.paging import CursorText, Limit
from onebooking.web.replies import answers
from onebooking.websites.queries import get_website


class DeliveriesReply(Struct, frozen=True):
    """One page, the newest first. `next_cursor` is null on the last."""

    deliveries: list[Delivery]
    next_cursor: str | None
    success: bool = True


class DeliveryReply(Struct, frozen=True):
    """One delivery."""

    delivery: Delivery
    success: bool = True


class ResentReply(Struct, frozen=True):
    """How many deliveries are sent again."""

    resent: int
    success: bool = True


class TestWebhookReply(Struct, frozen=True):
    """What was sent and what came back. `success` says that we sent; `answer.accepted` the rest."""

    sent: Trial
    answer: Outcome
    success: bool = True


@get("/deliveries", summary="List deliveries", responses=answers(401, 422))
async def list_deliveries(
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    website_id: Annotated[str | None, QueryParameter(description="Of one website")] = None,
    booking_id: Annotated[UUID | None, QueryParameter(description="Of one booking")] = None,
    delivery_state: Annotated[
        State | None, QueryParameter(name="state", description="What became of it so far")
    ] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> DeliveriesReply:
    """What websites were told or are still owed, within the member's reach."""
    wanted = queries.Wanted(
        website_id=website_id,
        booking_id=booking_id,
        state=delivery_state,
        before=None if cursor is None else paging.decode(cursor, tuple[datetime, UUID]),
    )
    rows = await queries.list_deliveries(tx, member.reach, wanted, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return DeliveriesReply(
        rows[:limit], None if last is None else paging.encode((last.created_at, last.id))
    )


@get("/deliveries/{delivery_id:uuid}", summary="Get a delivery", responses=answers(401, 404))
async def get_delivery(
    tx: NamedDependency[Tx], member: NamedDependency[Member], delivery_id: FromPath[UUID]
) -> DeliveryReply:
    """One delivery within the member's reach."""
    delivery = await queries.get_delivery(tx, member.reach, delivery_id)
    if delivery is None:
        raise NotFound("Delivery")
    return DeliveryReply(delivery)


@post(
    "/deliveries/{delivery_id:uuid}/resend",
    summary="Resend a delivery",
    status_code=200,
    responses=answers(401, 403, 404, 422),
)
async def post_resend(
    tx: NamedDependency[Tx], member: NamedDependency[Member], delivery_id: FromPath[UUID]
) -> DeliveryReply:
    """Owe a delivery that was given up again; try one that waits now."""
    return DeliveryReply(await resend(tx, member, delivery_id))


@post(
    "/deliveries/resend",
    summary="Resend a website's deliveries",
    status_code=200,
    responses=answers(400, 401, 403, 404, 413, 415, 422),
)
async def post_resend_all(
    tx: NamedDependency[Tx], member: NamedDependency[Member], data: JSONBody[ResendAll]
) -> ResentReply:
    """Send again all that a website did not accept, of all time or from `since` to `until`.

    What was given up is owed again, what waits is tried now. Of what was delivered, for a website
    that went back to a backup, each booking is owed one delivery of what the hub holds today. Safe
    to repeat.
    """
    member.require(Right.RESEND)
    if await get_website(tx, member.reach, data.website_id) is None:
        raise WebsiteNotFound
    return ResentReply(await resend_all(tx, data, by=member.email))


@post(
    "/admin/test-webhook",
    summary="Send a test webhook",
    status_code=200,
    dependencies={"signed_in": Provide(check_signed_in)},
    responses=answers(400, 401, 403, 404, 413, 415, 422),
)
async def post_test_webhook(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    http: NamedDependency[aiohttp.ClientSession],
    vault: NamedDependency[Vault],
    signed_in: NamedDependency[Member],  # noqa: ARG001 -- before anything is said of the body
    data: JSONBody[TestWebhook],
) -> TestWebhookReply:
    """Send one now, marked `"test": true`, and answer with what was sent and what came back."""
    # Its own transaction, ended before we speak HTTP.
    async with desk_of(request, database) as desk:
        trial = await prepare(desk.tx, desk.member, vault, data)
    return TestWebhookReply(trial, await carry_out(http, trial))


router = Router(
    "/api",
    route_handlers=[list_deliveries, get_delivery, post_resend, post_resend_all, post_test_webhook],
    tags=["Deliveries"],
    security=SECURITY,
)
