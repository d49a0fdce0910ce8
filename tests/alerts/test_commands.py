"""`onebooking alerts` and the doctor, as a person runs them."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from onebooking.settings import Settings, SettingsError
from tests.alerts.mailroom import Mailroom, mailroom
from tests.alerts.scene import Scene
from tests.front_door import Hub
from tests.parks import run

pytestmark = pytest.mark.anyio
ONEBOOKING = Path(sys.executable).with_name("onebooking")
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
CLOSED = "http://127.0.0.1:1/alerts"


class Terminal(Struct, frozen=True):
    """Runs `onebooking` against one database."""

    env: dict[str, str]

    async def __call__(self, *words: str, **env: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            ONEBOOKING, *words, env=self.env | env, stdout=PIPE, stderr=PIPE
        )
        out, err = await process.communicate()
        return process.returncode or 0, out.decode().strip(), err.decode().strip()


@pytest.fixture
def onebooking(database_url: str, tmp_path: Path) -> Terminal:
    env = {name: value for name, value in os.environ.items() if not name.startswith("ONEBOOKING")}
    return Terminal(
        env
        | {
            "ONEBOOKING_DATABASE_URL": database_url,
            "ONEBOOKING_SECRET_KEY": "k" * 40,
            "ONEBOOKING_DATA_DIR": str(tmp_path),
            "COLUMNS": "200",
        }
    )


def by_mail(room: Mailroom) -> dict[str, str]:
    return {"ONEBOOKING_SMTP_URL": room.url, "ONEBOOKING_MAIL_FROM": "hub@example.com"}


async def test_open_alerts_are_listed_for_people_and_for_scripts(
    scene: Scene, onebooking: Terminal
) -> None:
    assert await onebooking("alerts", "list") == (0, "All is well: no alert is open.", "")
    await scene.fails(ago=timedelta(hours=2))
    await scene.looks()
    (status, table, _), (_, listed, _) = await asyncio.gather(
        onebooking("alerts", "list"), onebooking("alerts", "list", "--json")
    )
    assert status == 0
    assert "hanuman-world" in table
    assert "failing" in table
    (alert,) = msgspec.json.decode(listed)
    assert (alert["website_id"], alert["kind"], alert["count"]) == ("hanuman-world", "failing", 0)


async def test_a_test_says_what_became_of_each_mail_and_of_the_webhook(
    hub: Hub, onebooking: Terminal
) -> None:
    await run(hub.database, "UPDATE members SET email = 'boss@example.com', language = 'th'")
    async with mailroom(refuses={"gone@example.com"}) as room:
        settings = by_mail(room)
        well, mixed = await asyncio.gather(
            onebooking("alerts", "test", **settings),
            onebooking(
                *("alerts", "test", "--to", "a@example.com", "--to", "gone@example.com"),
                ONEBOOKING_ALERTS_WEBHOOK_URL=CLOSED,
                ONEBOOKING_ALERTS_WEBHOOK_SECRET=SECRET,
                **settings,
            ),
        )
    assert well == (0, "✓ Mail to boss@example.com: the mail server took it", "")
    assert mixed[0] == 1
    assert mixed[1].splitlines() == [
        "✓ Mail to a@example.com: the mail server took it",
        "✗ Mail to gone@example.com: The mail server refused the recipient (550).",
        "✗ Webhook: The website refused the connection.",
    ]
    assert {mail["To"]: mail["Subject"] for mail in room.mails} == {
        "boss@example.com": "OneBooking: ทดสอบ",
        "a@example.com": "OneBooking: a test",
    }


async def test_a_test_says_where_development_keeps_its_mail_and_that_production_tells_nobody(
    hub: Hub, onebooking: Terminal, tmp_path: Path
) -> None:
    assert hub.token
    kept, nobody = await asyncio.gather(
        onebooking("alerts", "test", "--to", "a@example.com"),
        onebooking("alerts", "test", ONEBOOKING_ENV="production"),
    )
    assert kept[0] == 0
    assert f"kept in {tmp_path / 'mails'}; nothing was sent" in kept[1]
    assert len(list((tmp_path / "mails").glob("*.eml"))) == 1
    assert (nobody[0], nobody[1]) == (1, "")
    assert nobody[2].startswith("Nobody would be told: set ONEBOOKING_SMTP_URL")


async def test_the_doctor_tries_the_mail_server_and_looks_at_the_webhooks_address(
    hub: Hub, onebooking: Terminal
) -> None:
    await run(hub.database, "UPDATE websites SET webhook_url = NULL")
    async with mailroom() as room:
        well, sick = await asyncio.gather(
            onebooking("doctor", **by_mail(room)),
            onebooking(
                "doctor",
                ONEBOOKING_SMTP_URL="smtp://127.0.0.1:1",
                ONEBOOKING_MAIL_FROM="hub@example.com",
                ONEBOOKING_ALERTS_WEBHOOK_URL="http://10.0.0.1/alerts",
                ONEBOOKING_ALERTS_WEBHOOK_SECRET=SECRET,
            ),
        )
    assert well[0] == 0, well
    assert "127.0.0.1 lets us in" in well[1]
    assert room.mails == []
    assert sick[0] == 1
    assert "The mail server cannot be reached" in sick[1]
    assert "10.0.0.1 is not a public address." in sick[1]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SMTP_URL", "mail.example.com"),
        ("SMTP_URL", "http://mail.example.com"),
        ("SMTP_URL", "smtp://user@mail.example.com"),
        ("SMTP_URL", "smtp://user:p@ss@mail.example.com"),
        ("SMTP_URL", "smtp://mail.example.com:99999"),
        ("SMTP_URL", "smtp://mail.example.com:0"),
        ("SMTP_URL", "smtp://"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "hub@example.com\nBcc: b@example.com"),
        ("ALERTS_TO", "ops@example.com; boss@example.com"),
        ("ALERTS_LANGUAGE", "de"),
        ("ALERTS_WEBHOOK_SECRET", "s3cret"),
        ("ALERTS_WEBHOOK_SECRET", "whsec_short"),
        ("PUBLIC_URL", "hub.example.com"),
    ],
)
def test_a_setting_that_cannot_be_is_named(variable: str, value: str) -> None:
    right = {
        "SMTP_URL": "smtps://user:p%40ss@mail.example.com",
        "MAIL_FROM": "OneBooking <hub@example.com>",
        "ALERTS_TO": "ops@example.com, boss@example.com",
        "ALERTS_WEBHOOK_URL": "https://pager.example.com/alerts",
        "ALERTS_WEBHOOK_SECRET": SECRET,
        "PUBLIC_URL": "https://hub.example.com",
    }
    assert settings_of(right).alerts_recipients == ("ops@example.com", "boss@example.com")
    with pytest.raises(SettingsError, match=f"ONEBOOKING_{variable} is ") as wrong:
        settings_of(right | {variable: value})
    assert "p@ss" not in str(wrong.value)
    with pytest.raises(SettingsError, match="ALERTS_WEBHOOK_SECRET is needed"):
        settings_of({"ALERTS_WEBHOOK_URL": "https://pager.example.com"})


def settings_of(given: dict[str, str]) -> Settings:
    return Settings.from_env({f"ONEBOOKING_{name}": value for name, value in given.items()})
