"""Pages speak the visitor's language, all of it."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from litestar.testing import RequestFactory

from onebooking import errors
from onebooking.errors import InvalidPayload
from onebooking.languages import Language, catalogue_of
from onebooking.web.languages import language_of
from onebooking.web.templates import TEMPLATES, render

ROOT = Path(__file__).parents[2]
# Where nobody but a program, or a person at the command line, is answered.
UNSEEN = (
    "api.py", "bearers.py", "jwts.py", "local.py", "commands.py", "/auth.py", "/imports/", "/sync/",
    "/embedded/", "tokens.py", "compare.py", "intake.py", "https.py", "doctor.py", "metrics.py",
)  # fmt: skip


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
    thai = catalogue_of("th")
    assert thai.gettext("No such message") == "No such message"
    assert thai.ngettext("%(n)s row", "%(n)s rows", 2) == "%(n)s rows"


def test_a_template_translates_only_what_it_says_itself() -> None:
    """`_()` takes its message for markup and for a format: others' words go through `said`."""
    given = re.compile(r"\b_\((?!\s*[\"'])")
    for path in sorted(TEMPLATES.rglob("*.html")):
        assert given.search(path.read_text()) is None, path


def literal_in(message: ast.expr) -> str:
    """The letters that a message has of its own, where it is not said by `say`."""
    parts = message.values if isinstance(message, ast.JoinedStr) else [message]
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    return "".join(letter for text in texts for letter in str(text) if letter.isalpha())


def test_every_error_that_a_page_shows_can_be_said_in_each_language() -> None:
    unsaid = []
    for path in sorted((ROOT / "src/onebooking").rglob("*.py")):
        if any(part in str(path) for part in UNSEEN):
            continue
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args:
                made = getattr(errors, call.func.id, None)
                is_error = isinstance(made, type) and issubclass(made, errors.OneBookingError)
                if is_error and literal_in(call.args[0]):
                    unsaid.append(f"{path}:{call.lineno}")
    assert unsaid == []


@pytest.mark.parametrize(
    ("english", "thai"),
    [
        ("Choose a role.", "เลือกบทบาท"),
        ("Use 12 characters at most.", "ใช้ไม่เกิน 12 อักขระ"),
        ("The website answered 502 Bad Gateway.", "เว็บไซต์ตอบ 502 Bad Gateway"),
        ("Delivery not found", "ไม่พบการส่งข้อมูล"),  # a value that is itself a word of ours
        ("som@example.com is a member already.", "som@example.com เป็นสมาชิกอยู่แล้ว"),
        ("Nobody said this: 100 %(sure)s", "Nobody said this: 100 %(sure)s"),
        ("x" * 600 + " not found", "x" * 600 + " not found"),
    ],
)
def test_what_python_said_is_known_again_by_its_words(english: str, thai: str) -> None:
    assert catalogue_of("th").said(english) == thai
    assert catalogue_of("en").said(english) == english


@pytest.mark.parametrize("language", ["en", "th"])
def test_others_words_are_neither_markup_nor_a_format(language: Language) -> None:
    hostile = InvalidPayload("<b>100%s</b> is no e-mail address.")
    given = {"error": hostile, "request_id": "1", "path": "/", "query": "", "member": None}
    shown = render("error.html", given, language=language)
    assert "<b>100" not in shown
    assert "&lt;b&gt;100%s&lt;/b&gt;" in shown
