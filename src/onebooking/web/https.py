"""In production, nothing is said over plain http."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from onebooking.errors import NotAllowed

_PROBES = ("/healthz", "/readyz", "/metrics")  # a load balancer asks from inside


def only_https(app: ASGIApp) -> ASGIApp:
    """Refuse what came without TLS, here or at a proxy we trust (`X-Forwarded-Proto`)."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == ScopeType.HTTP
            and scope["scheme"] != "https"
            and scope["path"] not in _PROBES
            and not scope["litestar_app"].state.settings.development
        ):
            raise NotAllowed("Use https.")
        await app(scope, receive, send)

    return guarded
