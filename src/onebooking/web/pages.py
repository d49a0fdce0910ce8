"""Pages: HTML with its headers, errors people can read, and the way to the sign-in."""

from typing import Any, TypeAlias
from urllib.parse import quote

from litestar import Request, Response, Router
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler

from onebooking.errors import AuthFailed, OneBookingError
from onebooking.languages import Language
from onebooking.web.addresses import parts_of
from onebooking.web.assets import accepts_gzip
from onebooking.web.compress import packed
from onebooking.web.cookies import colours_in
from onebooking.web.languages import language_of
from onebooking.web.replies import ErrorReply, error_reply, known_error, request_id
from onebooking.web.templates import render

Page: TypeAlias = Response[str]
SIGN_IN = "/sign-in"
COLOURS = ("device", "light", "dark")  # which of them a visitor wants
_IN_ADDRESSES = "%/?#[]@!$&'()*+,;=:~"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' https: data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",  # somebody's bookings: not for the next who uses this machine
    "Vary": "HX-Request, Accept-Encoding, Accept-Language, Cookie",
}


def page(
    request: Request[Any, Any, Any],
    name: str,
    *,
    status: int = 200,
    theirs: Language | None = None,
    **context: Any,
) -> Response[str]:
    """A template as a page; a page for members is given `member`, whom its frame names.

    `theirs` is the language of whom it is for, where that is known and no cookie says otherwise.
    """
    given = {
        "member": None,
        "path": request.scope["path"],
        "query": request.scope["query_string"].decode("ascii", "replace"),
        "htmx": is_htmx(request),
        "colours": colours_of(request),
    }
    html = render(name, given | context, language=language_of(request, theirs))
    return small_page(request, html, status=status, headers=dict(_HEADERS))


def small_page(
    request: Request[Any, Any, Any], html: str, *, headers: dict[str, str], status: int = 200
) -> Page:
    """`html`, packed where the browser unpacks it.

    The answer to a POST, which may show a new key or secret, is sent as it is.
    """
    small = None
    if request.method == "GET" and accepts_gzip(request):
        small = packed(html.encode())
    if small is None:
        return Response(html, status_code=status, media_type="text/html", headers=headers)
    headers["Content-Encoding"] = "gzip"
    reply: Response[Any] = Response(
        small, status_code=status, media_type="text/html", headers=headers
    )
    return reply


def colours_of(request: Request[Any, Any, Any]) -> str:
    """Light, dark, or as the device has it."""
    chosen = colours_in(request.cookies, request.scope["scheme"])
    return chosen if chosen is not None and chosen in COLOURS else "device"


def page_router(path: str, handlers: list[ControllerRouterHandler]) -> Router:
    """Routes that answer with pages, their errors too; the API's document leaves them out."""
    return Router(
        path,
        route_handlers=handlers,
        exception_handlers={Exception: error_page},
        include_in_schema=False,
        opt={"page": True},
    )


def is_htmx(request: Request[Any, Any, Any]) -> bool:
    """Whether a part of a page is enough: htmx asked, and not to restore its history."""
    headers = request.headers
    return "hx-request" in headers and "hx-history-restore-request" not in headers


def is_page(handler: object) -> bool:
    """Whether this route answers with a page."""
    return isinstance(handler, HTTPRouteHandler) and bool(handler.opt.get("page"))


def go_to(request: Request[Any, Any, Any], path: str) -> Response[str]:
    """Send the visitor on, once a form has done its work; `path` is one of ours."""
    path = quote(path, safe=_IN_ADDRESSES)  # it may be one that somebody typed in Thai
    if is_htmx(request):
        return Response("", status_code=200, media_type="text/html", headers={"HX-Redirect": path})
    return Response("", status_code=303, media_type="text/html", headers={"Location": path})


def our_path(asked: str, *, default: str = "/") -> str:
    """`asked` where it is a path on this host, else `default`: nobody is sent elsewhere."""
    if not asked.startswith("/") or asked.startswith(("//", "/\\")) or not asked.isprintable():
        return default
    parts = parts_of(asked)
    return default if parts.scheme or parts.netloc or "\\" in asked else asked


def error_page(request: Request[Any, Any, Any], failed: Exception) -> Response[str]:
    """What a handler raised, said to a person: what happened to their work and what to do."""
    error = known_error(request, failed)
    if isinstance(error, AuthFailed):
        return _sign_in_first(request)
    name = "_error.html" if is_htmx(request) else "error.html"
    said = page(request, name, status=error.status, error=error, request_id=request_id(request))
    if error.retry_after_seconds is not None:
        said.headers["Retry-After"] = str(error.retry_after_seconds)
    if is_htmx(request):  # what was there stays there, with what the person typed
        said.headers.update(
            {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML", "HX-Reselect": "unset"}
        )
    return said


def error_for_anyone(
    request: Request[Any, Any, Any], failed: Exception
) -> Response[str] | Response[ErrorReply]:
    """An error outside every route: a page for a browser, JSON for everybody else."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if wants_page and not request.scope["path"].startswith("/api/"):
        return error_page(request, failed)
    return error_reply(request, failed)


def _sign_in_first(request: Request[Any, Any, Any]) -> Response[str]:
    asked, query = request.scope["path"], request.scope["query_string"].decode("ascii", "replace")
    if request.method != "GET":
        asked = parts_of(request.headers.get("referer", "")).path
    elif query:
        asked += "?" + query
    return go_to(request, f"{SIGN_IN}?next={quote(our_path(asked), safe='/')}")


def field_errors(error: OneBookingError) -> dict[str, str]:
    """What is wrong with each field, for the form that is shown again."""
    return {wrong.field: wrong.message for wrong in error.details}
