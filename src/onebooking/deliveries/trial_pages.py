"""The test webhook on a website's page: send one now, and see what was sent and what came back."""

from typing import Any

import aiohttp
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from onebooking.db import Database, Tx
from onebooking.deliveries.send import KEPT_CHARACTERS, Outcome
from onebooking.deliveries.trial import (
    TestWebhook,
    Trial,
    advise,
    booking_to_try,
    bookings_to_try,
    carry_out,
    prepare,
)
from onebooking.errors import InvalidPayload, OneBookingError, WebsiteNotFound
from onebooking.members.auth import desk_of
from onebooking.members.model import Member, Right
from onebooking.vault import Vault
from onebooking.web.forms import Form
from onebooking.web.pages import Page, field_errors, page, page_router
from onebooking.web.pretty import lines_of, read_body
from onebooking.websites.model import Website
from onebooking.websites.queries import get_website

Asked = Request[Any, Any, Any]
EVENTS = ("booking.updated", "booking.status_changed")


@get("/websites/{website_id:str}/test-webhook")
async def trial_page(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    website_id: FromPath[str],
) -> Page:
    """Which booking, which event; nothing is sent yet."""
    website = await _managed(tx, member, website_id)
    refs = await bookings_to_try(tx, website.id)
    return _show(request, member, website, refs)


@post("/websites/{website_id:str}/test-webhook", status_code=200)
async def send_now(
    request: Asked,
    database: NamedDependency[Database],
    http: NamedDependency[aiohttp.ClientSession],
    vault: NamedDependency[Vault],
    form: NamedDependency[Form],
    website_id: FromPath[str],
) -> Page:
    """Send it, by the use case of `POST /api/admin/test-webhook`, and show all of it."""
    trial: Trial | None = None
    failed: OneBookingError | None = None
    # Its own transaction, ended before we speak HTTP.
    async with desk_of(request, database) as desk:
        member = desk.member
        website = await _managed(desk.tx, member, website_id)
        refs = await bookings_to_try(desk.tx, website.id)
        try:
            booking_id = await booking_to_try(desk.tx, website.id, form.get("booking_ref"))
            event = "booking.status_changed" if form.get("event") == EVENTS[1] else EVENTS[0]
            wanted = TestWebhook(website.id, booking_id, event)  # type: ignore[arg-type]
            trial = await prepare(desk.tx, member, vault, wanted)
        except InvalidPayload as wrong:
            failed = wrong
    answer = None if trial is None else await carry_out(http, trial)
    return _show(request, member, website, refs, form=form, sent=(trial, answer), failed=failed)


async def _managed(tx: Tx, member: Member, website_id: str) -> Website:
    member.require(Right.MANAGE_WEBSITES)
    website = await get_website(tx, member.reach, website_id)
    if website is None:
        raise WebsiteNotFound
    return website


def _show(
    request: Asked,
    member: Member,
    website: Website,
    refs: list[str],
    *,
    form: Form | None = None,
    sent: tuple[Trial | None, Outcome | None] = (None, None),
    failed: OneBookingError | None = None,
) -> Page:
    trial, answer = sent
    context: dict[str, Any] = {
        "website": website,
        "refs": refs,
        "events": EVENTS,
        "typed": {"booking_ref": form.get("booking_ref"), "event": form.get("event")}
        if form
        else {"booking_ref": "", "event": EVENTS[0]},
        "trial": trial,
        "lines": lines_of(read_body(trial.body)) if trial else [],
        "answer": answer,
        "advice": advise(answer) if answer else None,
        "is_cut": answer is not None and len(answer.reply) >= KEPT_CHARACTERS,
        "errors": field_errors(failed) if failed else {},
        "failed": failed,
    }
    status = failed.status if failed else 200
    return page(request, "deliveries/trial.html", status=status, member=member, **context)


router = page_router("/", [trial_page, send_now])
