"""A secret is rotated under a stream of edits, and not one webhook is refused."""

import asyncio
import time

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from onebooking.reach import EVERYTHING
from onebooking.settings import Settings
from onebooking.vault import Vault
from onebooking.websites.secrets import reencrypt, secrets_of
from onebooking_source import SignatureInvalid, verify
from tests import make
from tests.front_door import Hub, member
from tests.parks import Heard, all_of, book, run, settled, told, until, working

pytestmark = pytest.mark.anyio
WEBSITE = "/api/websites/hanuman-world"


async def asks(hub: Hub, act: str) -> str:
    """`rotate-key`, `replace-secret`, …; what it gives."""
    reply = await hub.http.post(f"{WEBSITE}/{act}", headers=member(hub.token))
    assert reply.status_code == 200, reply.text
    return str(next(value for name, value in reply.json().items() if name != "success"))


async def retire(hub: Hub) -> None:
    """A day passes."""
    await run(
        hub.database, "UPDATE website_secrets SET retires_at = retires_at - interval '25 hours'"
    )


def standard_accepts(secret: str, heard: Heard) -> bool:
    """An unmodified Standard Webhooks verifier that knows one secret."""
    try:
        Webhook(secret).verify(heard.body, dict(heard.headers))
    except WebhookVerificationError:
        return False
    return True


async def test_a_website_that_holds_both_refuses_nothing(hub: Hub, database_url: str) -> None:
    old = await asks(hub, "replace-secret")
    holds = [old]
    refused: list[Heard] = []

    async def checks(heard: Heard) -> web.Response:
        try:
            verify(holds, heard.headers, heard.body, now=time.time())
        except SignatureInvalid:
            refused.append(heard)
            return web.Response(status=401)
        return web.json_response({"success": True})

    booking = await book(hub)
    async with told(hub, checks) as park, working(database_url):

        async def edits(*notes: str) -> list[Heard]:
            before = len(park.heard)
            for note in notes:
                await hub.edits(booking, admin_notes=note)
            await until(lambda: settled(hub.database))
            return park.heard[before:]

        await edits("before")
        new = await asks(hub, "rotate-secret")
        pending = await edits("pending 1", "pending 2")
        holds.append(new)
        await edits("both are held")
        assert await asks(hub, "promote-secret") == "True"
        promoted = await edits("promoted 1", "promoted 2")
        holds.remove(old)
        await edits("the old one is dropped")
        await retire(hub)
        (last,) = await edits("retired")
    assert refused == []
    for heard in (*pending, *promoted):
        assert standard_accepts(old, heard)
        assert standard_accepts(new, heard)
    assert standard_accepts(new, last)
    assert not standard_accepts(old, last)


async def test_a_website_that_holds_one_gets_again_what_it_refused(
    hub: Hub, database_url: str
) -> None:
    holds = [await asks(hub, "replace-secret")]

    async def checks(heard: Heard) -> web.Response:
        try:
            verify(holds, heard.headers, heard.body, now=time.time())
        except SignatureInvalid:
            return web.Response(status=401)
        return web.json_response({"success": True})

    booking = await book(hub)
    new = await asks(hub, "rotate-secret")
    await asks(hub, "promote-secret")
    await hub.edits(booking, admin_notes="refused at first")
    async with told(hub, checks) as park, working(database_url):
        await until(lambda: park.heard)
        holds[:] = [new]
        await hub.edits(booking, time_slot="12:00")  # begins the schedule anew: no 5 s to wait
        await until(lambda: settled(hub.database))
    assert park.versions(booking)[-2:] == [2, 3]


async def test_promoting_twice_is_once(hub: Hub) -> None:
    await asks(hub, "rotate-secret")
    assert await asks(hub, "promote-secret") == "True"
    ends = await all_of(hub.database, "SELECT retires_at FROM website_secrets ORDER BY promoted_at")
    assert await asks(hub, "promote-secret") == "False"
    again = "SELECT retires_at FROM website_secrets ORDER BY promoted_at"
    assert await all_of(hub.database, again) == ends
    assert [row.retires_at is None for row in ends] == [False, True]


async def test_two_who_rotate_at_once_leave_one_key_and_one_pending_secret(hub: Hub) -> None:
    await asyncio.gather(*(asks(hub, act) for act in ("rotate-key", "rotate-secret") * 3))
    (endless,) = await all_of(
        hub.database, "SELECT count(*) FROM website_keys WHERE expires_at IS NULL"
    )
    (secrets,) = await all_of(
        hub.database,
        "SELECT count(*) FILTER (WHERE promoted_at IS NULL) AS pending, count(*) AS every "
        "FROM website_secrets",
    )
    assert (endless[0], secrets.pending, secrets.every) == (1, 1, 2)


async def test_a_replaced_key_ends_every_other_one_at_once(hub: Hub) -> None:
    rotated = await asks(hub, "rotate-key")
    new = await asks(hub, "replace-key")
    for key, status in ((hub.key, 401), (rotated, 401), (new, 200)):
        assert (await hub.hears(make.event(), key=key)).status_code == status


async def test_no_sync_is_refused_while_a_key_is_rotated(hub: Hub) -> None:
    key = hub.key
    for _ in range(3):
        old, key = key, await asks(hub, "rotate-key")
        both = (hub.hears(make.event(), key=one) for one in (old, key) * 3)
        assert {reply.status_code for reply in await asyncio.gather(*both)} == {200}


async def test_after_encrypting_anew_the_older_secret_key_can_be_dropped(hub: Hub) -> None:
    await asks(hub, "rotate-secret")
    older, newer = "k" * 40, "n" * 40
    both, alone = (Vault.of(Settings(secret_key=keys)) for keys in (f"{newer},{older}", newer))
    async with hub.database.begin(EVERYTHING) as tx:
        before = await secrets_of(tx, both, ["hanuman-world"])
        lost = await reencrypt(tx, alone)
        assert (lost.done, lost.unreadable) == (0, ["hanuman-world"])
        assert (await reencrypt(tx, both)).done == 2
        again = await reencrypt(tx, both)
        assert (again.done, again.unreadable) == (0, [])
        assert await secrets_of(tx, alone, ["hanuman-world"]) == before
        assert len(before["hanuman-world"]) == 2
