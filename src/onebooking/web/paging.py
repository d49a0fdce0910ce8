"""Cursors: where the next page of a list begins, as callers carry it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, TypeVar

from litestar.params import QueryParameter
from msgspec import DecodeError, json

from onebooking.errors import FieldError, InvalidPayload
from onebooking.words import say

T = TypeVar("T")
_LONGEST = 500

Limit = Annotated[int, QueryParameter(description="Rows a page", ge=1, le=200)]
CursorText = Annotated[
    str | None,
    QueryParameter(description="`next_cursor` of the page before", max_length=_LONGEST),
]


def encode(place: Any) -> str:
    """`place`, whatever JSON can say, as text for an address."""
    return urlsafe_b64encode(json.encode(place)).decode().rstrip("=")


def decode(cursor: str, shape: type[T]) -> T:
    """The place again. Raises InvalidPayload where the cursor is none of ours."""
    try:
        return json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=shape)
    except (ValueError, DecodeError):
        raise foreign() from None


def foreign() -> InvalidPayload:
    """What to raise for a cursor that another list made."""
    wrong = FieldError("cursor", say("is not one of this list; start again without it"))
    return InvalidPayload(f"{wrong.field} {wrong.message}", details=(wrong,))
