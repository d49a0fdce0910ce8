"""Export from the list of bookings: at once, or in the background; one's own exports."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from onebooking.bookings.asked import address, day_at, read
from onebooking.bookings.filters import Filters
from onebooking.bookings.reading import Pair
from onebooking.clock import utc_now
from onebooking.db import Database, Tx
from onebooking.errors import FieldError, InvalidPayload, NotFound
from onebooking.exports import queries
from onebooking.exports.download import export_now, send_kept
from onebooking.exports.model import MOST_KEPT, Ask, Export, Format, State, told
from onebooking.exports.rows import websites_of
from onebooking.members import acts
from onebooking.members.auth import desk_of
from onebooking.members.model import Member, Right
from onebooking.metrics import exports_asked
from onebooking.web.forms import Form
from onebooking.web.pages import Page, go_to, is_htmx, page, page_router
from onebooking.websites.queries import list_websites
from onebooking.words import say

Asked = Request[Any, Any, Any]
_OURS = ("format", "cursor", "before", "column", "from")  # of an address, and no filter


@get("/bookings/export")
async def export_page(request: Asked, database: NamedDependency[Database]) -> Stream:
    """The list as a file, at once; the bookings of all its pages."""
    query = list(request.query_params.multi_items())
    async with desk_of(request, database) as desk:
        desk.member.require(Right.EXPORT)
        wanted = await _wanted(desk.tx, desk.member, query)
        format_ = _format(query)
        return await export_now(desk, database, wanted, format_, mark=True)


@post("/exports", status_code=303)
async def ask_for_export(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    form: NamedDependency[Form],
) -> Page:
    """The same in the background: a worker writes it, and this member fetches it. Twice is once."""
    member.require(Right.EXPORT)
    wanted, format_, now = await _wanted(tx, member, form.fields), _format(form.fields), utc_now()
    reach = await websites_of(tx, member.reach, wanted)
    if await queries.ask(tx, member.id, Ask(format_, wanted, reach), now=now):
        said = format_.upper()
        await acts.record(tx, member.id, "exported", by=member.email, now=now, name=said)
        exports_asked.labels(format_).inc()
    return go_to(request, "/exports")


@get("/exports")
async def exports_page(
    request: Asked, tx: NamedDependency[Tx], member: NamedDependency[Member]
) -> Page:
    """The member's own, with their progress; the list alone where htmx asks again."""
    member.require(Right.EXPORT)
    mine = await queries.of_member(tx, member.id)
    context: dict[str, Any] = {
        "exports": [(one, told(one.wanted), _list_of(one)) for one in mine],
        "websites": {website.id: website for website in await list_websites(tx, member.reach)},
        "moving": any(one.is_moving for one in mine),
        "most": MOST_KEPT,
        "now": utc_now(),
    }
    name = "exports/_list.html" if is_htmx(request) else "exports/exports.html"
    return page(request, name, member=member, **context)


@get("/exports/{export_id:uuid}/file")
async def export_file(
    request: Asked, database: NamedDependency[Database], export_id: FromPath[UUID]
) -> Stream:
    """The file of one's own export."""
    async with desk_of(request, database) as desk:
        desk.member.require(Right.EXPORT)
        export = await queries.get(desk.tx, desk.member.id, export_id)
    if export is None or export.state != State.DONE:
        raise NotFound(say("Export"))
    return send_kept(database, export)


@post("/exports/{export_id:uuid}/delete", status_code=303)
async def delete_export(
    request: Asked,
    tx: NamedDependency[Tx],
    member: NamedDependency[Member],
    export_id: FromPath[UUID],
) -> Page:
    """Delete it with its file; one that is being written is stopped. Twice is once."""
    member.require(Right.EXPORT)
    await queries.forget(tx, member.id, export_id)
    return go_to(request, "/exports")


async def _wanted(tx: Tx, member: Member, query: Sequence[Pair]) -> Filters:
    """The filters of a list's address. Raises InvalidPayload: without one it would be too much."""
    websites = {website.id: website for website in await list_websites(tx, member.reach)}
    pairs = [pair for pair in query if pair[0] not in _OURS]
    today = day_at([website.timezone for website in websites.values()], utc_now())
    asked = read(pairs, websites=websites, today=today)
    if asked.wrong:
        wrong = tuple(FieldError(name, say("is not understood")) for name in asked.wrong)
        raise InvalidPayload(
            say("%(field)s is not understood.", field=wrong[0].field), details=wrong
        )
    return asked.filters


def _format(query: Sequence[Pair]) -> Format:
    """Raises InvalidPayload."""
    said = next((value for name, value in query if name == "format"), "")
    if said not in list(Format):
        wrong = FieldError("format", say("is csv or xlsx"))
        raise InvalidPayload(say("Choose CSV or Excel."), details=(wrong,))
    return Format(said)


def _list_of(export: Export) -> str:
    """The address of the list that the export is of."""
    return address(told(export.wanted))


router = page_router("/", [export_page, ask_for_export, exports_page, export_file, delete_export])
