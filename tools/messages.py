"""Bring the catalogues to what templates and Python say today: `make messages`.

New messages are added empty, for a person to translate; those that nobody says any more go. With
`--check` nothing is written. Exit code 1 says that something is left to translate.
"""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parent.parent / "src/onebooking"
LOCALE = PACKAGE / "locale"
_METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
_OPTIONS = {"templates/**.html": {"trimmed": "true"}}
_KEYWORDS = DEFAULT_KEYWORDS | {"say": None, "noted": ((1, "c"), 2)}
_SAME_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # the file changes when its messages do
_PLACE = re.compile(r"%\((\w+)\)[sd]")


def said_anywhere() -> Catalog:
    """Every message of every template, and every sentence of Python's, with where it is said."""
    catalog = Catalog(project="OneBooking Central", charset="utf-8", creation_date=_SAME_DAY)
    found = extract_from_dir(PACKAGE, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS)
    for name, _, message, comments, context in found:
        catalog.add(message, None, [(name, 1)], auto_comments=comments, context=context)
    return catalog


def up_to_date(path: Path, template: Catalog) -> Catalog:
    """The catalogue in `path` with the messages of today."""
    with path.open("rb") as file:
        catalog = read_po(file, locale=path.stem)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.revision_date = catalog.creation_date = _SAME_DAY
    return catalog


def wrong(message: Message) -> str | None:
    """What is wrong with a translation; None: nothing."""
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    said = message.string if isinstance(message.string, tuple) else (message.string,)
    if not all(said):
        return "is not translated"
    if message.fuzzy:
        return "is marked as fuzzy"
    places = set(_PLACE.findall(str(ids[-1])))
    named = set(_PLACE.findall(str(said[-1])))
    return None if named <= places else "names a value that is not there"


def main() -> int:
    """Update every catalogue; says what is left to translate."""
    template = said_anywhere()
    left = 0
    for path in sorted(LOCALE.glob("*.po")):
        catalog = up_to_date(path, template)
        if "--check" not in sys.argv:
            with path.open("wb") as file:
                write_po(file, catalog, width=100, sort_output=True, include_lineno=False)
        for message in catalog:
            if message.id and (what := wrong(message)):
                print(f"{path.stem}: {message.id!r} {what}")
                left += 1
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
