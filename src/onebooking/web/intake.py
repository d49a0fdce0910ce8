"""What every request must be before a handler sees it."""

from typing import Any

from litestar import Request

from onebooking.errors import FieldError, InvalidPayload, NotFound, NotJson, WrongContentType
from onebooking.web.addresses import is_host
from onebooking.web.origin import SAFE, check_origin
from onebooking.words import say

_FORM = "application/x-www-form-urlencoded"
_LONGEST_PATH = 255  # bytes; a file system takes no longer name


async def check_request(request: Request[Any, Any, Any]) -> None:
    """Refuse what no handler could make sense of.

    A host that is none: no address can be made of it. A NUL character in the address: PostgreSQL
    holds none, so it names nothing we have. A body that does not say it is JSON, where one is
    wanted: a form on somebody else's page can send that.
    A form that is not from our own page; the API asks for that where it is used with a session.
    To a page, a body that is no form: nobody uploads anything here.

    Raises:
        InvalidPayload: naming the parameter.
        NotAllowed: the form came from elsewhere.
        NotJson: the host is none.
        NotFound: the NUL is in the path, or the path is longer than any of ours.
        WrongContentType: the body is no JSON, or no form.
    """
    if not is_host(request.headers.get("host", "")):
        raise NotJson(say("The request cannot be read: %(detail)s", detail="Host"))
    path = request.scope["path"]
    if "\x00" in path or len(path.encode()) > _LONGEST_PATH:
        raise NotFound(say("Page"))
    if b"%00" in request.scope["query_string"]:
        for name, value in request.query_params.multi_items():
            if "\x00" in value:
                wrong = FieldError(name, "holds a NUL character")
                raise InvalidPayload(f"{name} {wrong.message}", details=(wrong,))
    if request.method not in SAFE and not path.startswith("/api/"):
        check_origin(request.method, request.headers)
        if request.content_type[0] not in (_FORM, ""):
            raise WrongContentType("Send the page's own form.")
    takes_json = "data" in request.route_handler.parsed_fn_signature.parameters
    if takes_json and request.content_type[0] not in ("application/json", ""):
        raise WrongContentType("Send application/json.")
