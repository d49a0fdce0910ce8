"""What templates say, in one language: whole sentences when they are compiled, not when shown."""

from typing import Any

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from onebooking.languages import Catalogue

_CALLS = ("_", "gettext")


class SpeakingEnvironment(Environment):
    """Templates of one language.

    A sentence without values in it is known once its language is: it becomes a piece of the
    template's own text, since a page says two hundred of them and a list the same one in each row.
    """

    catalogue: Catalogue
    newstyle_gettext: bool

    def speak(self, catalogue: Catalogue) -> None:
        """Say every sentence of the templates as `catalogue` has it; values in it are escaped."""
        self.catalogue = catalogue

        def gettext(message: str, /, **values: Any) -> Markup:
            return _filled(catalogue.gettext(message), values)

        def ngettext(singular: str, plural: str, num: int, /, **values: Any) -> Markup:
            return _filled(catalogue.ngettext(singular, plural, num), {"num": num} | values)

        self.newstyle_gettext = True
        self.globals |= {"_": gettext, "gettext": gettext, "ngettext": ngettext}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        return _Saying(self.catalogue).visit(parsed)  # type: ignore[no-any-return]


class _Saying(NodeTransformer):
    """Puts what is said in the place of each call that says it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 -- the visitor's way
        """A call with one literal and nothing else is a sentence without values."""
        match node:
            case nodes.Call(
                node=nodes.Name(name=name), args=[nodes.Const(value=str(message))], kwargs=[]
            ) if name in _CALLS and node.dyn_args is None and node.dyn_kwargs is None:
                said = _filled(self._catalogue.gettext(message), {})
                return nodes.Const(said, lineno=node.lineno)
        return self.generic_visit(node)


def _filled(said: str, values: dict[str, Any]) -> Markup:
    """Always a format string, as Jinja's own are: `%%` is a per cent sign."""
    return Markup(said % {name: escape(value) for name, value in values.items()})  # noqa: S704
