"""The switch between languages."""

from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency

from onebooking.web.forms import Form
from onebooking.web.languages import COOKIE, NAMES
from onebooking.web.pages import go_to, our_path, page_router

_YEAR_SECONDS = 365 * 24 * 3600


@post("/language", status_code=303)
async def switch_language(
    request: Request[Any, Any, Any], form: NamedDependency[Form]
) -> Response[str]:
    """Speak another language from now on; what is none of ours changes nothing."""
    onward = go_to(request, our_path(form.get("next")))
    if form.get("language") in NAMES:
        cookie = Cookie(
            COOKIE,
            value=form.get("language"),
            max_age=_YEAR_SECONDS,
            secure=request.scope["scheme"] == "https",
            samesite="lax",
        )
        onward.set_cookie(cookie)
    return onward


router = page_router("/", [switch_language])
