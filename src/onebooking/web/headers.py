"""What every reply tells browsers, whichever route it is of: an API's, a file's, an error's."""

from litestar.types import Message, Scope

# What is no page runs nothing, shows nothing and is shown in nothing, should a browser open it.
_EVERYWHERE = {
    b"x-content-type-options": b"nosniff",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"same-origin",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}
_NOT_KEPT = (b"cache-control", b"no-store")
_TWO_YEARS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
_FILES = "/static/"


async def guard(message: Message, scope: Scope) -> None:
    """Put these headers on every reply that does not say better itself.

    Nothing but our own files may be kept by a browser or a proxy. Over https in production,
    browsers are told to use nothing else with this host and those below it, for two years.
    """
    if message["type"] != "http.response.start":
        return
    given = [*message["headers"]]
    said = {name.lower() for name, _ in given}
    given += [one for one in _EVERYWHERE.items() if one[0] not in said]
    if b"cache-control" not in said and not scope["path"].startswith(_FILES):
        given.append(_NOT_KEPT)
    if scope["scheme"] == "https" and not scope["litestar_app"].state.settings.development:
        given.append(_TWO_YEARS)
    message["headers"] = given
