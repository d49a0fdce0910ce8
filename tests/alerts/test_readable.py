"""An alert as the person meets it: the mail in their letter box, and where its links lead."""

import re
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date

from onebooking.members.model import Role
from tests import make
from tests.alerts.scene import OPS, Scene, disagrees, gives_up, parks_an_event, staged
from tests.front_door import Hub
from tests.pages import Visitor, said_on, visiting
from tests.parks import change, run

pytestmark = pytest.mark.anyio
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
THAI = "หนุมาน เวิลด์ ภูเก็ต"


async def everything_goes_wrong(scene: Scene) -> None:
    """Failing for more than an hour, given up, parked, in conflict."""
    await change(scene.hub, name=THAI)
    await gives_up(scene.hub)
    await parks_an_event(scene.hub)
    await disagrees(scene.hub)
    await scene.fails(ago=HOUR)


async def boss_of(scene: Scene) -> tuple[Visitor, str]:
    """A superadmin's browser, and their address, with nobody else about."""
    visitor = await visiting(scene.hub)
    others = "UPDATE members SET disabled_at = now() WHERE id NOT IN "
    await run(scene.database, others + "(SELECT member_id FROM member_sessions)")
    address = (await scene.hub.http.get("/account", headers=visitor.headers)).text
    found = re.search(r"member\d+@example\.com", address)
    assert found is not None
    return visitor, found[0]


async def test_one_mail_says_what_is_wrong_where_to_mend_it_and_that_it_is_over(
    scene: Scene,
) -> None:
    await everything_goes_wrong(scene)
    boss, address = await boss_of(scene)
    await scene.looks(16 * MINUTE)
    (mail,) = scene.room.to(address)
    assert mail["Subject"] == f"OneBooking: 4 alerts at {THAI}"
    text = mail.get_content()
    for said in (
        "accepts no webhook",
        "did not accept",
        "reported changes",
        "and the team changed",
    ):
        assert f"{THAI} {said}" in text, text
    assert wire_is_ascii(mail)
    for link in links_in(mail):
        page = await boss.opens(link)
        assert page.status_code == 200, link
        assert THAI in said_on(page), link
    await all_is_well_again(scene)
    await scene.looks(30 * MINUTE)
    last = scene.room.to(address)[-1].get_content()
    assert [last.count(word) for word in ("Over:", THAI)] == [4, 4], last
    assert "Still so" not in last


async def test_each_reader_is_told_in_their_language(scene: Scene) -> None:
    await everything_goes_wrong(scene)
    _, address = await boss_of(scene)
    await run(scene.database, f"UPDATE members SET language = 'th' WHERE email = '{address}'")
    await make.member(scene.database, Role.ADMIN, "hanuman-world", email="nok@example.com")
    await scene.looks(16 * MINUTE)
    (mail,), (other,) = scene.room.to(address), scene.room.to("nok@example.com")
    assert mail["Subject"] == f"OneBooking: 4 การแจ้งเตือนที่ {THAI}"
    assert (mail["Content-Language"], other["Content-Language"]) == ("th", "en")
    assert other["Subject"] == f"OneBooking: 4 alerts at {THAI}"
    text = mail.get_content()
    assert f"{THAI} ไม่รับ webhook ของเรา" in text
    since = scene.began_at - HOUR
    day = format_date(since.astimezone(ZoneInfo("Asia/Bangkok")), "d MMM y", locale="th")
    assert f"ตั้งแต่ {day}, " in text, text
    assert f"{since.year + 543}" not in text  # the years are those of the data
    assert re.search(r"เป็นเวลา 1 ชั่วโมง \d+ นาที", text), text
    assert wire_is_ascii(mail)
    assert len(links_in(mail)) == 5
    shown = re.sub(r"http\S+|webhook|URL|2xx|Asia/Bangkok|HW|OneBooking", "", text)
    assert re.findall(r"[A-Za-z]{2,}", shown) == []
    await all_is_well_again(scene)
    await scene.looks(30 * MINUTE)
    assert scene.room.to(address)[-1].get_content().count("จบแล้ว:") == 4


async def test_an_address_that_is_no_members_reads_what_the_settings_say(
    hub: Hub, tmp_path: Path
) -> None:
    async with staged(hub, tmp_path, alerts_to=OPS, alerts_language="th") as told:
        await told.fails(ago=2 * HOUR)
        await told.looks()
        assert told.subjects(OPS) == ["OneBooking: ส่งข้อมูลไปยัง hanuman-world ไม่สำเร็จ"]


async def test_an_admin_finds_the_very_thing_behind_each_link(scene: Scene) -> None:
    await everything_goes_wrong(scene)
    admin = await visiting(scene.hub, Role.ADMIN, "hanuman-world")
    await scene.looks(16 * MINUTE)
    mail = scene.room.mails[-1]
    shown = {link: said_on(await admin.opens(link)) for link in links_in(mail)}
    ((given_up, deliveries),) = [one for one in shown.items() if "/deliveries" in one[0]]
    assert "state=given_up" in given_up
    assert "Given up" in deliveries
    assert any("/sync-log/parked" in link and "Waits since" in said for link, said in shown.items())
    assert any("sync_state=conflict" in link and "HW-" in said for link, said in shown.items())


def links_in(mail: EmailMessage) -> list[str]:
    """The paths of the mail's links on our host, of which there are several."""
    found = re.findall(r"http://127\.0\.0\.1:8000(/\S+)", mail.get_content())
    assert len(found) == 5, mail.get_content()
    return found


def wire_is_ascii(mail: EmailMessage) -> bool:
    """Old servers on the way pass nothing else on unharmed."""
    return mail.as_bytes(policy=SMTP).isascii()


async def all_is_well_again(scene: Scene) -> None:
    await scene.recovers()
    await run(scene.database, "UPDATE deliveries SET state = 'delivered' WHERE state = 'given_up'")
    await run(scene.database, "DELETE FROM lanes")
    await run(scene.database, "DELETE FROM parked_events")
    await run(scene.database, "UPDATE conflicts SET settled_at = now(), settled_by = 'somebody'")
