"""The language somebody reads: in this browser, and, who is signed in, in all that we write."""

from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency

from onebooking.db import Database
from onebooking.languages import as_language
from onebooking.members import queries
from onebooking.members.auth import whole_session
from onebooking.reach import NOTHING
from onebooking.web.forms import Form
from onebooking.web.languages import remember_language
from onebooking.web.pages import Page, go_to, our_path, page_router


@post("/language", status_code=303)
async def switch_language(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    form: NamedDependency[Form],
) -> Page:
    """Speak another language from now on; what is none of ours changes nothing."""
    onward = go_to(request, our_path(form.get("next")))
    language = as_language(form.get("language"))
    if language is None:
        return onward
    session = await whole_session(request, database)
    if session is not None:
        async with database.begin(NOTHING) as tx:
            await queries.set_language(tx, session.member_id, language)
    remember_language(request, onward, language)
    return onward


router = page_router("/", [switch_language])
