"""Templates are compiled in their language; what stands in a sentence is escaped."""

from typing import Any

import pytest

from onebooking.web.templates import environment

THAI = environment("th")


def said(source: str, **given: Any) -> str:
    return THAI.from_string(source).render(given)


@pytest.mark.parametrize("source", ['{{ _("Bookings") }}', "{% trans %}Bookings{% endtrans %}"])
def test_a_sentence_without_values_is_a_piece_of_the_template(source: str) -> None:
    assert said(source) == "การจอง"
    assert "Bookings" not in THAI.compile(source, raw=True)


def test_what_stands_in_a_sentence_is_escaped_and_the_sentence_is_not() -> None:
    assert said('{{ _("<b>%(who)s</b>", who=who) }}', who="<i>") == "<b>&lt;i&gt;</b>"
    assert said("{% trans %}<b>{{ who }}</b>{% endtrans %}", who="<i>") == "<b>&lt;i&gt;</b>"
    assert said('{{ _("<b>") }}{{ who }}', who="<i>") == "<b>&lt;i&gt;"


def test_a_sentence_is_a_format_whether_it_has_values_or_not() -> None:
    assert said('{{ _("100 %%") }}') == "100 %"
    assert said('{{ _("%(share)s %%", share=1) }}') == "1 %"
    assert said('{{ ngettext("%(num)s day", "%(num)s days", many) }}', many=3) == "3 days"


def test_a_sentence_that_is_not_known_before_is_said_when_it_is_shown() -> None:
    assert said("{{ _(name) }}", name="Bookings") == "การจอง"
