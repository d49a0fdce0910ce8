"""Who hears of an alert, and how often."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from onebooking.alerts.worker import look_and_tell
from onebooking.members.model import Role
from onebooking.web.outgoing import open_http
from tests import make
from tests.alerts.scene import OPS, Scene, disagrees, gives_up, parks_an_event, teller
from tests.parks import one, run

pytestmark = pytest.mark.anyio
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_http(development=True) as session:
        yield session


async def test_members_hear_of_their_own_websites_and_of_no_other(scene: Scene) -> None:
    luge = await make.website(scene.database, "hanuman-luge", name="Hanuman Luge")
    world, luges = "hanuman-world", "hanuman-luge"
    people = {
        "world@example.com": (Role.ADMIN, [world]),
        "luge@example.com": (Role.ADMIN, [luges]),
        "both@example.com": (Role.ADMIN, [world, luges]),
        "all@example.com": (Role.ADMIN, []),
        "boss@example.com": (Role.SUPERADMIN, []),
        "gate@example.com": (Role.STAFF, [world]),
        "desk@example.com": (Role.STAFF, []),
        "left@example.com": (Role.ADMIN, [world]),
    }
    for email, (role, websites) in people.items():
        await make.token(scene.database, role, *websites, email=email)
    await run(
        scene.database,
        "UPDATE members SET disabled_at = now() WHERE email IN ('left@example.com') "
        "OR email LIKE 'member%'",
    )
    await scene.fails(ago=2 * HOUR)
    await parks_an_event(scene.hub, luge.api_key)
    await scene.looks(16 * MINUTE)
    heard = {
        address: (
            [mail.get_content() for mail in scene.room.to(address)],
            scene.subjects(address),
        )
        for address in people
    }
    for address in ("gate@example.com", "desk@example.com", "left@example.com"):
        assert heard[address] == ([], []), address
    ((mail,), subjects) = heard["world@example.com"]
    assert subjects == ["OneBooking: hanuman-world is failing"]
    assert "luge" not in mail.lower()
    ((mail,), subjects) = heard["luge@example.com"]
    assert subjects == ["OneBooking: Hanuman Luge left bookings out"]
    assert "hanuman-world" not in mail
    for address in ("both@example.com", "all@example.com", "boss@example.com"):
        assert heard[address][1] == ["OneBooking: 2 alerts at 2 websites"]
    assert len(scene.room.mails) == 5


async def test_a_named_address_is_told_instead_of_the_members(told: Scene) -> None:
    await told.fails(ago=2 * HOUR)
    assert await told.looks() == 1
    assert [mail["To"] for mail in told.room.mails] == [OPS]


async def test_the_mail_says_what_happened_since_when_and_what_to_do_and_names_no_guest(
    told: Scene,
) -> None:
    await gives_up(told.hub)
    await disagrees(told.hub)
    await parks_an_event(told.hub)
    await told.fails(ago=2 * HOUR + 5 * MINUTE)
    await told.looks(16 * MINUTE)
    (mail,) = told.room.mails
    said = mail.get_content()
    assert mail["Subject"] == "OneBooking: 4 alerts at hanuman-world"
    assert "hanuman-world accepts no webhook of ours. Edits that wait: 2." in said
    assert "2 hours 21 minutes." in said
    assert "(Asia/Bangkok)" in said
    assert "See that the website is up and its webhook answers 2xx." in said
    assert "Deliveries given up: 1." in said
    assert "Events that wait: 1." in said
    assert "Bookings that wait: 1." in said
    assert "http://127.0.0.1:8000/websites" in said
    for private in ("John Doe", "john@", "+66", "HW-", "Marriott", "edited", "15:00"):
        assert private not in said, private


async def test_it_is_said_once_then_daily_then_when_it_is_over(told: Scene) -> None:
    await told.fails(ago=2 * HOUR)
    for minute in range(5):
        await told.looks(minute * MINUTE)
    assert told.subjects(OPS) == ["OneBooking: hanuman-world is failing"]
    await told.looks(DAY - MINUTE)
    assert len(told.room.mails) == 1
    await told.looks(DAY)
    await told.looks(DAY + MINUTE)
    assert told.subjects(OPS)[1:] == ["OneBooking: hanuman-world is failing"]
    assert told.room.mails[1].get_content().startswith("Still so: hanuman-world")
    await told.recovers()
    await told.looks(DAY + HOUR)
    for days in range(2, 5):
        await told.looks(days * DAY)
    assert told.subjects(OPS)[2:] == ["OneBooking: over: hanuman-world is failing"]


async def test_ten_alerts_at_once_are_one_mail(told: Scene) -> None:
    for number in range(9):
        await make.website(told.database, f"park-{number}")
        await told.fails(f"park-{number}", ago=2 * HOUR)
    await told.fails(ago=2 * HOUR)
    assert await told.looks() == 10
    assert told.subjects(OPS) == ["OneBooking: 10 alerts at 10 websites"]


async def test_what_comes_within_ten_minutes_of_a_mail_waits_and_is_one_more(told: Scene) -> None:
    await told.fails(ago=2 * HOUR)
    await told.looks()
    await gives_up(told.hub)
    await told.looks(MINUTE)
    await disagrees(told.hub)
    await told.looks(2 * MINUTE)
    await told.recovers()
    await told.looks(3 * MINUTE)
    assert len(told.room.mails) == 1
    await told.looks(10 * MINUTE)
    assert told.subjects(OPS)[1:] == ["OneBooking: 2 alerts at hanuman-world"]
    said = told.room.mails[1].get_content()
    assert "Over: hanuman-world is failing." in said


async def test_who_lost_a_website_hears_no_more_of_it_and_who_won_one_hears_now(
    scene: Scene,
) -> None:
    await run(scene.database, "UPDATE members SET disabled_at = now()")
    await make.token(scene.database, Role.ADMIN, "hanuman-world", email="old@example.com")
    await scene.fails(ago=2 * HOUR)
    scene.room.busy = True
    await scene.looks()
    await run(scene.database, "DELETE FROM member_websites")
    scene.room.busy = False
    await scene.looks(HOUR)
    assert scene.room.mails == []
    await make.token(scene.database, Role.ADMIN, "hanuman-world", email="new@example.com")
    await scene.looks(2 * HOUR)
    assert [mail["To"] for mail in scene.room.mails] == ["new@example.com"]


async def test_without_a_mail_server_alerts_are_raised_and_told_once_there_is_one(
    told: Scene, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    nobody = teller(tmp_path, http, env="production", secret_key="k" * 40, alerts_to=OPS)
    await told.fails(ago=2 * HOUR)
    assert await told.looks(teller=nobody) == 0
    assert (await one(told.database, "SELECT count(*) FROM alerts"))[0] == 1
    assert await told.looks(MINUTE) == 1


async def test_development_keeps_the_mail_in_its_folder(
    scene: Scene, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    await scene.fails(ago=2 * HOUR)
    keeping = teller(tmp_path, http, alerts_to=OPS)
    assert await look_and_tell(scene.database, keeping, now=scene.began_at) == 1
    (kept,) = (tmp_path / "mails").glob("*.eml")
    assert b"hanuman-world is failing" in kept.read_bytes()
