"""Templates in each language that pages speak."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from onebooking.languages import NAMES, Language, catalogue_of
from onebooking.web import formats
from onebooking.web.assets import url_of
from onebooking.web.sentences import SpeakingEnvironment

TEMPLATES = Path(__file__).parent.parent / "templates"
_EXTENSIONS = ("jinja2.ext.i18n",)


def environment(language: Language) -> Environment:
    """Strict and escaping: an undefined name fails, and no value becomes markup by itself."""
    made = SpeakingEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a row is a template: no look at its file for each
        extensions=_EXTENSIONS,
    )
    catalogue = catalogue_of(language)
    made.speak(catalogue)
    made.filters |= {
        name: partial(getattr(formats, name), locale=language)
        for name in ("money", "number", "figures", "size", "day", "moment", "ago")
    }
    made.filters["said"] = catalogue.said
    made.globals |= {
        "language": language,
        "languages": NAMES,
        "static": url_of,
        "colours": "device",
    }
    return made


_ENVIRONMENTS: Mapping[Language, Environment] = MappingProxyType(
    {language: environment(language) for language in NAMES}
)


def render(name: str, context: Mapping[str, Any], *, language: Language) -> str:
    """A template of `templates/` as text."""
    return _ENVIRONMENTS[language].get_template(name).render(context)
