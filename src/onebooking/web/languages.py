"""Which language a visitor wants."""

from typing import Any

from babel import negotiate_locale
from litestar import Request, Response

from onebooking.languages import NAMES, Language, as_language
from onebooking.web.cookies import language_cookie, language_in


def language_of(request: Request[Any, Any, Any], theirs: Language | None = None) -> Language:
    """What the visitor chose, or else the language known to be `theirs`, or their browser's.

    English where nothing says otherwise.
    """
    chosen = chosen_language(request) or theirs
    if chosen is not None:
        return chosen
    asked = request.headers.get("accept-language", "").split(",")
    wanted = [part.partition(";")[0].strip() for part in asked]
    return as_language(negotiate_locale([one for one in wanted if one], [*NAMES], sep="-")) or "en"


def remember_language(
    request: Request[Any, Any, Any], reply: Response[str], language: Language
) -> None:
    """Let this browser's pages speak it from now on."""
    reply.set_cookie(language_cookie(language, request.scope["scheme"]))


def chosen_language(request: Request[Any, Any, Any]) -> Language | None:
    """What the visitor chose in this browser, where they did."""
    return as_language(language_in(request.cookies, request.scope["scheme"]))
