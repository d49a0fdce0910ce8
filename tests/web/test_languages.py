"""Pages speak the visitor's language, all of it."""

import subprocess
import sys
from pathlib import Path

import pytest
from litestar.testing import RequestFactory

from onebooking.web.languages import CATALOGUES, language_of
from onebooking.web.templates import render

ROOT = Path(__file__).parents[2]


def test_every_message_of_every_template_is_translated() -> None:
    told = subprocess.run(
        [sys.executable, "tools/messages.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, f"make messages, then translate:\n{told.stdout}{told.stderr}"


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("", "en"),
        ("th-TH,th;q=0.9,en;q=0.8", "th"),
        ("de-DE,de;q=0.9", "en"),
        ("de, th;q=0.5", "th"),
        ("*", "en"),
        (";;,,=;q", "en"),
    ],
)
def test_a_browser_is_answered_in_a_language_it_asks_for(asked: str, spoken: str) -> None:
    request = RequestFactory().get("/", headers={"accept-language": asked})
    assert language_of(request) == spoken


def test_what_the_visitor_chose_wins_unless_it_is_none_of_ours() -> None:
    for chosen, spoken in (("en", "en"), ("../en", "th"), ("", "th")):
        headers = {"accept-language": "th", "cookie": f"language={chosen}"}
        assert language_of(RequestFactory().get("/", headers=headers)) == spoken


def test_a_page_is_said_in_the_language_it_is_asked_for() -> None:
    given = {"sent": False, "email": "", "error": "", "path": "/reset", "query": "", "member": None}
    thai = render("members/forgotten.html", given, language="th")
    assert "ตั้งรหัสผ่านใหม่" in thai
    assert 'lang="th"' in thai
    assert "ตั้งรหัสผ่านใหม่" not in render("members/forgotten.html", given, language="en")


def test_what_a_catalogue_lacks_is_said_in_english() -> None:
    thai = CATALOGUES["th"]
    assert thai.gettext("No such message") == "No such message"
    assert thai.ngettext("%(n)s row", "%(n)s rows", 2) == "%(n)s rows"
