"""The API's documentation as a page of our own: readable, without a CDN, without JavaScript."""

import re
from shlex import quote
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from markupsafe import Markup, escape

from onebooking.web.openapi import Json, Yaml, document_of
from onebooking.web.pages import small_page
from onebooking.web.samples import fill
from onebooking.web.schema import Operation, operations
from onebooking.web.templates import TEMPLATES, environment

_TOLD = TEMPLATES / "docs"
_CREDENTIALS = {
    "key": ("X-API-Key", "$ONEBOOKING_API_KEY"),
    "token": ("Authorization", "Bearer $ONEBOOKING_TOKEN"),
}
_CODE = re.compile(r"`([^`]+)`")
schema_plugins = [Json(path=["/", "/openapi.json"]), Yaml(path="/openapi.yaml")]


@get("/docs", include_in_schema=False)
async def docs_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Every route of the OpenAPI document, for people."""
    document = document_of(request.app)
    return _page(
        request,
        "docs.html",
        document=document,
        groups=_by_tag(operations(document)),
        base_url=str(request.base_url).rstrip("/"),
        errors=msgspec.json.decode((_TOLD / "errors.json").read_bytes()),
        webhook=(_TOLD / "webhook.json").read_text().strip(),
        verify=(_TOLD / "verify.ts").read_text().strip(),
        verify_standard=(_TOLD / "standard.ts").read_text().strip(),
    )


def _page(request: Request[Any, Any, Any], name: str, **context: Any) -> Response[str]:
    html = _templates.get_template(name).render(context)
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return small_page(request, html, headers=headers)


def _by_tag(found: list[Operation]) -> dict[str, list[Operation]]:
    groups: dict[str, list[Operation]] = {}
    for operation in found:
        groups.setdefault(operation.tag, []).append(operation)
    return groups


def _curl(operation: Operation, base_url: str) -> str:
    """A command to paste into a shell that has the credentials in its environment."""
    lines = [f'curl "{base_url}{fill(operation.path)}"']
    if operation.method != "GET":
        lines[0] = lines[0].replace("curl ", f"curl -X {operation.method} ", 1)
    for caller in operation.callers[:1]:
        name, value = _CREDENTIALS[caller]
        lines.append(f'-H "{name}: {value}"')
    if operation.example is not None:
        body = msgspec.json.format(msgspec.json.encode(operation.example)).decode()
        lines += ['-H "Content-Type: application/json"', f"-d {quote(body)}"]
    return " \\\n  ".join(lines)


def _prose(text: str) -> Markup:
    """Paragraphs, with `code` between backticks: all the Markdown that descriptions use."""
    paragraphs = (str(escape(one)) for one in text.split("\n\n") if one.strip())
    marked = (_CODE.sub(r"<code>\1</code>", one) for one in paragraphs)
    return Markup("").join(Markup(f"<p>{one}</p>") for one in marked)  # noqa: S704 -- escaped above


def _words(text: str) -> Markup:
    """The same for one line."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 -- escaped


_templates = environment("en")
_templates.filters |= {"prose": _prose, "words": _words, "curl": _curl}

handlers: list[HTTPRouteHandler] = [docs_page]
