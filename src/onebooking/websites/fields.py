"""A website's fields as a form has them: each with what is wrong with it."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from msgspec import ValidationError, convert

from onebooking.errors import FieldError, InvalidPayload
from onebooking.web.forms import Form
from onebooking.websites.model import Decimals, Domain, Name, Slug, Url
from onebooking.words import say

_SHAPES = MappingProxyType(
    {
        "id": (Slug, say("Lower-case letters, digits and hyphens, such as hanuman-world.")),
        "name": (Name, say("1 to 200 characters.")),
        "domain": (Domain, say("Such as hanumanworld.com.")),
        "webhook_url": (Url | None, say("2,000 characters at most, on one line.")),
        "logo_url": (Url | None, say("2,000 characters at most, on one line.")),
        "timezone": (Name, say("Use a name such as Asia/Bangkok.")),
        "amount_decimals": (Decimals, say("A whole number from 0 to 4.")),
        "api_key": (str | None, ""),
        "webhook_secret": (str | None, ""),
    }
)
CHANGED = ("name", "domain", "webhook_url", "logo_url", "timezone", "amount_decimals")
GIVEN_ONCE = ("id", *CHANGED, "api_key", "webhook_secret")


def fields_of(form: Form, names: Iterable[str]) -> dict[str, Any]:
    """The values of these fields; where a field may be without, an empty one is None.

    Raises:
        InvalidPayload: `details` says of each wrong field what it may be.
    """
    values: dict[str, Any] = {}
    wrong: list[FieldError] = []
    for name in names:
        shape, says = _SHAPES[name]
        try:
            values[name] = convert(form.get(name) or None, shape, strict=False)
        except ValidationError:
            wrong.append(FieldError(name, says))
    logo = values.get("logo_url")
    if logo is not None and not logo.startswith("https://"):
        wrong.append(FieldError("logo_url", say("Begins with https://.")))
    if wrong:
        raise InvalidPayload(say("Mend what is marked."), details=tuple(wrong))
    return values
