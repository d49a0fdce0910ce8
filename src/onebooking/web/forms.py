"""What a page's form sent."""

from typing import Any

from litestar import Request
from msgspec import Struct

from onebooking.errors import FieldError, InvalidPayload
from onebooking.words import say


class Form(Struct, frozen=True):
    """The fields of a form, in their order; lines end in LF and text is trimmed."""

    fields: tuple[tuple[str, str], ...]

    def get(self, name: str, default: str = "") -> str:
        """The last value of this name: a checkbox behind its hidden field wins."""
        return next((value for key, value in reversed(self.fields) if key == name), default)

    def all(self, name: str) -> list[str]:
        """Every value of this name."""
        return [value for key, value in self.fields if key == name]

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.fields)


async def form_of(request: Request[Any, Any, Any]) -> Form:
    """The form of this request. Raises InvalidPayload for a NUL: no database holds one."""
    found: list[tuple[str, str]] = []
    for name, value in (await request.form()).multi_items():
        if "\x00" in name or "\x00" in value:
            wrong = FieldError(name.replace("\x00", ""), say("holds a NUL character"))
            raise InvalidPayload(say("A text holds a NUL character."), details=(wrong,))
        found.append((name, value.replace("\r\n", "\n").strip()))
    return Form(tuple(found))
