"""The languages that pages and mails speak, and what everything is called in each."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from gettext import NullTranslations
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:  # loaded with the first catalogue: the command line speaks English alone
    from babel.messages.catalog import Message

Language: TypeAlias = Literal["en", "th"]
NAMES: Mapping[Language, str] = MappingProxyType({"en": "English", "th": "ไทย"})
_LANGUAGES: tuple[Language, ...] = get_args(Language)
_HERE = Path(__file__).parent / "locale"
_PLACE = re.compile(r"%\((\w+)\)s")
_LONGEST = 500  # characters: what is longer was said by somebody else


def as_language(given: str | None) -> Language | None:
    """`given` where it is one of ours."""
    return next((one for one in _LANGUAGES if one == given), None)


@cache
def catalogue_of(language: Language) -> "Catalogue":
    """The messages of a language, read when they are first wanted."""
    return Catalogue(language)


def noted(context: str, message: str) -> str:  # noqa: ARG001 -- `tools/messages.py` reads it
    """An English message that `pgettext` will be asked for by its value: here it is found."""
    return message


class Catalogue(NullTranslations):
    """The messages of one `.po` file. What it lacks, or marks as fuzzy, is said in English."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._messages: dict[tuple[str | None, str], str] = {}
        self._plurals: dict[str, tuple[str, ...]] = {}
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        self.said = lru_cache(maxsize=2000)(self._said)
        path = _HERE / f"{language}.po"
        if not path.exists():
            return
        from babel.messages.pofile import read_po

        with path.open("rb") as file:
            read = read_po(file, locale=language)
        for message in read:
            if message.id and not message.fuzzy:
                self._learn(message)
        self._patterns.sort(key=lambda one: -len(one[0].pattern))

    def _learn(self, message: "Message") -> None:
        if isinstance(message.id, tuple | list):
            self._plurals[message.id[0]] = tuple(message.string or ())
        elif message.string:
            said = str(message.string)
            self._messages[message.context, message.id] = said
            if _PLACE.search(message.id) and message.context is None and _is_of_python(message):
                self._patterns.append((_pattern_of(message.id), said))

    def gettext(self, message: str) -> str:
        """`message` in this language."""
        return self._messages.get((None, message), message)

    def pgettext(self, context: str, message: str) -> str:
        """The same, said where `context` says: in a mail, and so on no page."""
        return self._messages.get((context, message), message)

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
        known = self._messages.get((None, sentence))
        if known is not None or len(sentence) > _LONGEST:
            return known or sentence
        for pattern, said in self._patterns:
            if found := pattern.fullmatch(sentence):
                values = {name: self._said(value) for name, value in found.groupdict().items()}
                return said % values
        return sentence


def _is_of_python(message: "Message") -> bool:
    return any(name.endswith(".py") for name, _ in message.locations)


def _pattern_of(sentence: str) -> re.Pattern[str]:
    """What `sentence` looks like once its values are filled in."""
    pieces = _PLACE.split(sentence)  # text, name, text, name, …, text
    names = [f"(?P<{name}>.+?)" for name in pieces[1::2]]
    texts = [re.escape(text) for text in pieces[::2]]
    return re.compile("".join(map("".join, zip(texts, [*names, ""], strict=True))))
