"""The languages that pages speak, and which one a visitor wants."""

import re
from collections.abc import Mapping
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from types import MappingProxyType
from typing import Any

from babel import negotiate_locale
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from litestar import Request

from onebooking.web.cookies import language_in

_HERE = Path(__file__).parent.parent / "locale"
NAMES: Mapping[str, str] = MappingProxyType({"en": "English", "th": "ไทย"})
_PLACE = re.compile(r"%\((\w+)\)s")
_LONGEST = 500  # characters: what is longer was said by somebody else


def language_of(request: Request[Any, Any, Any]) -> str:
    """What the visitor chose, or else what their browser asks for, or else English."""
    chosen = language_in(request.cookies, request.scope["scheme"])
    if chosen is not None and chosen in NAMES:
        return chosen
    asked = request.headers.get("accept-language", "").split(",")
    wanted = [part.partition(";")[0].strip() for part in asked]
    found: str | None = negotiate_locale([one for one in wanted if one], [*NAMES], sep="-")
    return found or "en"


class Catalogue(NullTranslations):
    """The messages of one `.po` file. What it lacks, or marks as fuzzy, is said in English."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._messages: dict[str, str] = {}
        self._plurals: dict[str, tuple[str, ...]] = {}
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        self.said = lru_cache(maxsize=2000)(self._said)
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
                if _PLACE.search(message.id) and _is_of_python(message):
                    self._patterns.append((_pattern_of(message.id), str(message.string)))
        self._patterns.sort(key=lambda one: -len(one[0].pattern))

    def gettext(self, message: str) -> str:
        """`message` in this language."""
        return self._messages.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form of a message that goes with `n`; Thai has one form for all."""
        said = self._plurals.get(msgid1, ())
        if said and said[0]:
            return said[0 if n == 1 or len(said) == 1 else 1]
        return msgid1 if n == 1 else msgid2

    def _said(self, sentence: str) -> str:
        """What Python said in English (`words.say`), wherever it has been kept meanwhile.

        A sentence with values in it is known by its other words. What nobody knows, such as a
        website's own answer, is said as it is.
        """
        known = self._messages.get(sentence)
        if known is not None or len(sentence) > _LONGEST:
            return known or sentence
        for pattern, said in self._patterns:
            if found := pattern.fullmatch(sentence):
                values = {name: self._said(value) for name, value in found.groupdict().items()}
                return said % values
        return sentence


def _is_of_python(message: Message) -> bool:
    return any(name.endswith(".py") for name, _ in message.locations)


def _pattern_of(sentence: str) -> re.Pattern[str]:
    """What `sentence` looks like once its values are filled in."""
    pieces = _PLACE.split(sentence)  # text, name, text, name, …, text
    names = [f"(?P<{name}>.+?)" for name in pieces[1::2]]
    texts = [re.escape(text) for text in pieces[::2]]
    return re.compile("".join(map("".join, zip(texts, [*names, ""], strict=True))))


CATALOGUES: Mapping[str, Catalogue] = MappingProxyType({name: Catalogue(name) for name in NAMES})
