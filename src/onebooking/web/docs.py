"""The API's documentation as a page of our own: readable, without a CDN, without JavaScript."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.static_files import create_static_files_router

from onebooking.web.schema import Operation, operations

_HERE = Path(__file__).parent.parent
_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
schema_plugins = [
    JsonRenderPlugin(path=["/", "/openapi.json"]),
    YamlRenderPlugin(path="/openapi.yaml"),
]


@get("/docs", include_in_schema=False)
async def docs_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Every route of the OpenAPI document, for people."""
    document = request.app.openapi_schema.to_schema()
    return _page("docs.html", document=document, groups=_by_tag(operations(document)))


@get("/", include_in_schema=False)
async def front_page() -> Response[str]:
    """Where to look, until somebody signs in."""
    return _page("front.html")


def _page(name: str, **context: Any) -> Response[str]:
    html = _templates.get_template(name).render(context)
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return Response(html, media_type="text/html", headers=headers)


def _by_tag(found: list[Operation]) -> dict[str, list[Operation]]:
    groups: dict[str, list[Operation]] = {}
    for operation in found:
        groups.setdefault(operation.tag, []).append(operation)
    return groups


handlers: list[HTTPRouteHandler | Router] = [
    docs_page,
    front_page,
    create_static_files_router("/static", [_HERE / "static"], include_in_schema=False),
]
