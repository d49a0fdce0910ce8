"""One's own second factor: set up, renewed, turned off, each for who proves themself once more."""

from typing import Any

from litestar import get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.errors import InvalidPayload, OneBookingError, RateLimited
from onebooking.members import mails, second_factor, sessions
from onebooking.members.account_pages import (
    Asked,
    account_with,
    at_browser,
    prove_again,
    session_of,
    wrong,
)
from onebooking.members.auth import place_of
from onebooking.members.mail_links import send_quietly
from onebooking.members.model import Role
from onebooking.members.provider import Provider
from onebooking.settings import Settings
from onebooking.vault import Vault
from onebooking.web.cookies import session_cookie
from onebooking.web.forms import Form
from onebooking.web.pages import Page, field_errors, go_to, page, page_router


@get("/account/second-factor")
async def factor_page(
    request: Asked, database: NamedDependency[Database], vault: NamedDependency[Vault]
) -> Page:
    """Scan, and type the first code."""
    return await _proposed(request, database, vault)


@post("/account/second-factor", status_code=200)
async def confirm_factor(
    request: Asked,
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
) -> Page:
    """Put it in use and show the recovery codes; the session goes on under a new token."""
    now = utc_now()
    try:
        await prove_again(request, database, provider, form.get("current"), field="current")
        async with at_browser(request, database) as desk:
            await second_factor.knock(desk.tx, desk.member, place_of(request), now=now)
        async with at_browser(request, database) as desk:
            codes = await second_factor.confirm(
                desk.tx, vault, desk.member, form.get("code"), now=now
            )
            token = await sessions.renew(desk.tx, session_of(desk), now=now)
    except InvalidPayload as failed:
        return await _proposed(request, database, vault, failed)
    reply = page(request, "members/recovery_codes.html", codes=codes, onward="/account")
    reply.set_cookie(session_cookie(token, request.scope["scheme"], lasts=sessions.LONGEST))
    return reply


@post("/account/second-factor/{act:str}", status_code=200)
async def change_factor(
    request: Asked,
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    provider: NamedDependency[Provider],
    form: NamedDependency[Form],
    act: FromPath[str],
) -> Page:
    """Turn it off, or make new recovery codes: both for the password and a code."""
    now, codes, password = utc_now(), None, form.get("factor_password")
    try:
        await prove_again(request, database, provider, password, field="factor_password")
        async with at_browser(request, database) as desk:
            await second_factor.knock(desk.tx, desk.member, place_of(request), now=now)
        async with at_browser(request, database) as desk:
            tx, member = desk.tx, desk.member
            await second_factor.prove(tx, vault, member, form.get("code"), now=now)
            if act == "codes":
                codes = await second_factor.make_codes(tx, member, now=now)
            else:
                required = member.role == Role.SUPERADMIN and provider.factor_required
                await second_factor.turn_off(tx, member, by=member, now=now, required=required)
    except RateLimited:
        raise
    except OneBookingError as failed:
        said = failed if field_errors(failed) else wrong("code", failed.message)
        async with at_browser(request, database) as desk:
            return await account_with(request, desk, said)
    if codes is None:
        reply = go_to(request, "/account?done=factor-off")
        told = mails.factor_was_turned_off(member, by=member)
        reply.background = BackgroundTask(send_quietly, settings, told)
        return reply
    return page(request, "members/recovery_codes.html", codes=codes, onward="/account")


async def _proposed(
    request: Asked, database: Database, vault: Vault, failed: OneBookingError | None = None
) -> Page:
    """The secret to scan, again with what was wrong."""
    async with at_browser(request, database) as desk:
        proposal = await second_factor.propose(desk.tx, vault, desk.member)
    errors = field_errors(failed) if failed else {}
    context: dict[str, Any] = {"proposal": proposal, "errors": errors}
    status = failed.status if failed else 200
    return page(request, "members/factor.html", status=status, member=desk.member, **context)


router = page_router("/", [factor_page, confirm_factor, change_factor])
