"""The OpenAPI document, built when first asked for, and put right where Litestar guesses."""

from typing import Any

from litestar import Litestar, Request
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from msgspec import json

from onebooking.web.replies import MEANINGS

_METHODS = ("get", "post", "put", "patch", "delete")


def document_of(app: Litestar) -> dict[str, Any]:
    """The app's document, for reading.

    It takes a tenth of a second to build, which no start waits for.
    """
    state = app.state
    if "document" not in state:
        built = json.decode(json.encode(app.openapi_schema.to_schema()))  # nothing but JSON's types
        state.document = _tidied(built, app.opt["schemas"])
    document: dict[str, Any] = state.document
    return document


class Json(JsonRenderPlugin):
    """`document_of` as JSON."""

    def render(self, request: Request[Any, Any, Any], _: dict[str, Any]) -> bytes:
        """What is answered."""
        return super().render(request, document_of(request.app))


class Yaml(YamlRenderPlugin):
    """`document_of` as YAML, written once: that takes longer than anything else the hub answers."""

    def render(self, request: Request[Any, Any, Any], _: dict[str, Any]) -> bytes:
        """What is answered."""
        state = request.app.state
        if "document_yaml" not in state:
            state.document_yaml = super().render(request, document_of(request.app))
        written: bytes = state.document_yaml
        return written


def _tidied(document: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Add `schemas`, of bodies that handlers read themselves; take out the 400 of Litestar's.

    It says one wherever a parameter is checked: we answer 422 there.
    """
    document["components"]["schemas"] = schemas | document["components"]["schemas"]
    for item in document["paths"].values():
        for method in _METHODS:
            answers = item.get(method, {}).get("responses", {})
            if "400" in answers and answers["400"]["description"] != MEANINGS[400]:
                del answers["400"]
    return document
