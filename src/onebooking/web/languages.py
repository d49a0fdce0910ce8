"""The languages that pages speak, and which one a visitor wants."""

from collections.abc import Mapping
from gettext import NullTranslations
from pathlib import Path
from types import MappingProxyType
from typing import Any

from babel import Locale, negotiate_locale
from babel.messages.pofile import read_po
from litestar import Request

from onebooking.web.cookies import language_in

_HERE = Path(__file__).parent.parent / "locale"
NAMES: Mapping[str, str] = MappingProxyType({"en": "English", "th": "ไทย"})


def language_of(request: Request[Any, Any, Any]) -> str:
    """What the visitor chose, or else what their browser asks for, or else English."""
    chosen = language_in(request.cookies, request.scope["scheme"])
    if chosen is not None and chosen in NAMES:
        return chosen
    asked = request.headers.get("accept-language", "").split(",")
    wanted = [part.partition(";")[0].strip() for part in asked]
    found: str | None = negotiate_locale([one for one in wanted if one], [*NAMES], sep="-")
    return found or "en"


def locale_of(language: str) -> Locale:
    """How this language writes dates and numbers; years are always those of the data."""
    return Locale.parse(language)


class Catalogue(NullTranslations):
    """The messages of one `.po` file. What it lacks, or marks as fuzzy, is said in English."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._messages: dict[str, str] = {}
        self._plurals: dict[str, tuple[str, ...]] = {}
        path = _HERE / f"{language}.po"
        if not path.exists():
            return
        with path.open("rb") as file:
            read = read_po(file, locale=language)
        for message in read:
            if not message.id or message.fuzzy:
                continue
            if isinstance(message.id, tuple | list):
                self._plurals[message.id[0]] = tuple(message.string or ())
            elif message.string:
                self._messages[message.id] = str(message.string)

    def gettext(self, message: str) -> str:
        """`message` in this language."""
        return self._messages.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form of a message that goes with `n`; Thai has one form for all."""
        said = self._plurals.get(msgid1, ())
        if said and said[0]:
            return said[0 if n == 1 or len(said) == 1 else 1]
        return msgid1 if n == 1 else msgid2


CATALOGUES: Mapping[str, Catalogue] = MappingProxyType({name: Catalogue(name) for name in NAMES})
