"""What visitors choose for this browser alone: light or dark."""

from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency

from onebooking.web.cookies import colours_cookie
from onebooking.web.forms import Form
from onebooking.web.pages import COLOURS, go_to, our_path, page_router


@post("/colours", status_code=303)
async def switch_colours(
    request: Request[Any, Any, Any], form: NamedDependency[Form]
) -> Response[str]:
    """Light, dark, or as the device has it, from now on."""
    onward = go_to(request, our_path(form.get("next")))
    if form.get("colours") in COLOURS:
        onward.set_cookie(colours_cookie(form.get("colours"), request.scope["scheme"]))
    return onward


router = page_router("/", [switch_colours])
