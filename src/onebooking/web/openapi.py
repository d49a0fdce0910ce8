"""Make the OpenAPI document say what we do, where Litestar guesses."""

from typing import Any

from litestar import Litestar
from litestar.openapi.spec import Operation

from onebooking.web.replies import MEANINGS

_METHODS = ("get", "post", "put", "patch", "delete")


def tidy(app: Litestar, *, schemas: dict[str, Any]) -> None:
    """Correct the app's document in place, before anybody has asked for it.

    Adds `schemas` of bodies that handlers read themselves, and takes out the 400 that Litestar
    adds wherever a parameter is checked: we answer 422 there.
    """
    document = app.openapi_schema
    assert document.components is not None  # noqa: S101 -- it has our security schemes
    assert document.components.schemas is not None  # noqa: S101 -- and every reply
    for name, schema in schemas.items():
        document.components.schemas.setdefault(name, schema)
    for item in (document.paths or {}).values():
        for method in _METHODS:
            operation: Operation | None = getattr(item, method)
            if operation is not None and operation.responses is not None:
                guessed = operation.responses.get("400")
                if guessed is not None and guessed.description != MEANINGS[400]:
                    del operation.responses["400"]
