"""A mail, through a real SMTP server that behaves and that does not."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from onebooking.mail import Folder, Mail, NotSent, Server, greet, post_of, send
from onebooking.settings import Settings
from tests import make
from tests.alerts.certificates import certified
from tests.alerts.mailroom import PASSWORD, USER, mailroom

pytestmark = pytest.mark.anyio
LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"
NEEDS_LOGIN: dict[str, Any] = {"auth_required": True, "auth_require_tls": False}


def mail(**given: Any) -> Mail:
    values: dict[str, Any] = {
        "to": "ops@example.com",
        "subject": "Hello",
        "text": "All is well.\n",
        "id": "m-1",
    }
    return Mail(**(values | given))


def post(tmp_path: Path, url: str) -> Server:
    sender = "OneBooking <hub@example.com>"
    found = post_of(make.settings(tmp_path, smtp_url=url, mail_from=sender))
    assert isinstance(found, Server)
    return found


async def test_a_mail_arrives_as_it_was_written(tmp_path: Path) -> None:
    written = mail(subject="หนุมาน is failing", text="Edits that wait: 17.\nหนุมาน เวิลด์\n")
    async with mailroom() as room:
        await send(post(tmp_path, room.url), written)
    (got,) = room.mails
    assert room.envelopes == [("hub@example.com", ["ops@example.com"])]
    assert (got["To"], got["From"]) == ("ops@example.com", "OneBooking <hub@example.com>")
    assert got["Subject"] == "หนุมาน is failing"
    assert got.get_content().replace("\r\n", "\n") == written.text
    assert got["Message-ID"] == "<m-1@example.com>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"]


async def test_it_logs_in_where_the_url_says_so(tmp_path: Path) -> None:
    async with mailroom(offers=dict(NEEDS_LOGIN)) as room:
        await send(post(tmp_path, room.url.replace("://", f"://{LOGIN}")), mail())
        assert (len(room.mails), room.passwords) == (1, [PASSWORD])
        wrong = post(tmp_path, room.url.replace("://", "://hub:wr0ng@"))
        with pytest.raises(NotSent, match=r"^The mail server refused user name or .* \(535\)\.$"):
            await send(wrong, mail())
        with pytest.raises(NotSent, match="refused user name or password"):
            await greet(wrong)


async def test_it_speaks_tls_from_the_start_and_trusts_no_stranger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = certified(tmp_path, "127.0.0.1")
    async with mailroom(implicit_tls=context) as room:
        secure = post(tmp_path, room.url.replace("smtp:", "smtps:"))
        with pytest.raises(NotSent, match="No TLS connection to the mail server"):
            await send(secure, mail())
        assert room.mails == []
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        await send(secure, mail())
    assert len(room.mails) == 1


async def test_a_password_leaves_this_machine_by_starttls_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = "0.0.0.0"  # noqa: S104 -- leads here, and does not look like it
    context, trusted = certified(tmp_path, elsewhere)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with mailroom(offers=dict(NEEDS_LOGIN)) as room:
        plain = post(tmp_path, f"smtp://{LOGIN}{elsewhere}:{room.port}")
        with pytest.raises(NotSent, match="lacks TLS"):
            await send(plain, mail())
        assert room.passwords == []
    offers = {"tls_context": context, "require_starttls": True, "auth_required": True}
    async with mailroom(offers=offers) as room:
        secure = post(tmp_path, f"smtp://{LOGIN}{elsewhere}:{room.port}")
        await send(secure, mail())
        assert (len(room.mails), room.passwords) == (1, [PASSWORD])


async def test_a_refusal_is_one_sentence_that_quotes_nobody(tmp_path: Path) -> None:
    async with mailroom(refuses={"gone@example.com"}) as room:
        with pytest.raises(NotSent, match=r"^The mail server refused the recipient \(550\)\.$"):
            await send(post(tmp_path, room.url), mail(to="gone@example.com"))
        room.busy = True
        with pytest.raises(NotSent, match=r"^The mail server refused it \(451\)\.$"):
            await send(post(tmp_path, room.url), mail())


async def test_a_server_that_hangs_or_is_down_costs_its_deadline_and_no_more(
    tmp_path: Path,
) -> None:
    async with mailroom(hangs=True) as room:
        with pytest.raises(NotSent, match="did not answer in time"):
            await send(post(tmp_path, room.url), mail(), timeout_seconds=0.3)
        await room.close()
        with pytest.raises(NotSent, match="cannot be reached"):
            await send(post(tmp_path, room.url), mail())
        with pytest.raises(NotSent, match="cannot be reached"):
            await greet(post(tmp_path, room.url))


@pytest.mark.parametrize(
    "address",
    ["a@example.com, b@example.com", "a@example.com\nBcc: b@example.com", "a", "", "a b@c", "@x"],
)
async def test_an_address_that_would_be_more_than_one_is_refused(
    tmp_path: Path, address: str
) -> None:
    async with mailroom() as room:
        with pytest.raises(NotSent, match="cannot be written to"):
            await send(post(tmp_path, room.url), mail(to=address))
    assert room.mails == []


async def test_a_subject_stays_one_line(tmp_path: Path) -> None:
    async with mailroom() as room:
        await send(post(tmp_path, room.url), mail(subject="Hello\r\nBcc: b@example.com"))
    assert room.mails[0]["Subject"] == "Hello Bcc: b@example.com"
    assert room.mails[0]["Bcc"] is None


async def test_development_keeps_its_mails_to_be_read(tmp_path: Path) -> None:
    folder = post_of(make.settings(tmp_path))
    assert isinstance(folder, Folder)
    assert folder.path == tmp_path / "mails"
    for number in range(3):
        await send(folder, mail(subject=f"Mail {number}"))
    kept = [path.read_bytes() for path in sorted(folder.path.glob("*"))]
    read = [message_from_bytes(content, policy=default) for content in kept]
    assert [one["Subject"] for one in read] == ["Mail 0", "Mail 1", "Mail 2"]
    assert post_of(Settings(env="production")) is None
    (tmp_path / "file").touch()
    with pytest.raises(NotSent, match="cannot be kept in"):
        await send(Folder(path=tmp_path / "file"), mail())
