"""Every command as a person runs it: right once, and wrong in every way we could think of."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from onebooking.db import Database
from onebooking.members.model import Role
from onebooking.tables import members
from tests import make
from tests.front_door import Hub, calling, member
from tests.parks import all_of, run

pytestmark = pytest.mark.anyio
ONEBOOKING = Path(sys.executable).with_name("onebooking")
AT_ONCE = 3  # processes; each imports half the house


class Said(Struct, frozen=True):
    """What a command left behind."""

    status: int
    out: str
    err: str


class Terminal(Struct, frozen=True):
    """Runs `onebooking` against one database."""

    env: dict[str, str]
    slots: asyncio.Semaphore

    async def __call__(self, *words: str, **env: str) -> Said:
        async with self.slots:
            process = await asyncio.create_subprocess_exec(
                ONEBOOKING, *words, env=self.env | env, stdout=PIPE, stderr=PIPE
            )
            out, err = await process.communicate()
        return Said(process.returncode or 0, out.decode().strip(), err.decode().strip())


@pytest.fixture
def onebooking(database_url: str, tmp_path: Path) -> Terminal:
    env = {name: value for name, value in os.environ.items() if not name.startswith("ONEBOOKING")}
    env |= {
        "ONEBOOKING_DATABASE_URL": database_url,
        "ONEBOOKING_SECRET_KEY": "k" * 40,
        "ONEBOOKING_DATA_DIR": str(tmp_path),
        "COLUMNS": "200",
    }
    return Terminal(env, asyncio.Semaphore(AT_ONCE))


LUGE = ("websites", "add", "hanuman-luge", "--name", "Luge", "--domain", "luge.example")


async def test_a_website_is_added_listed_switched_off_and_on(
    hub: Hub, onebooking: Terminal
) -> None:
    added = await onebooking(*LUGE)
    assert (added.status, added.err) == (0, "")
    first, *exports = added.out.splitlines()
    assert first == "hanuman-luge is registered. Its key and secret are shown this once:"
    given = dict(line.split("=", 1) for line in exports)
    assert set(given) == {"ONEBOOKING_API_KEY", "ONEBOOKING_WEBHOOK_SECRET", "WEBSITE_ID"}
    key = given["ONEBOOKING_API_KEY"]
    assert (await hub.hears(make.event(), key=key)).status_code == 200
    off = await onebooking("websites", "disable", "hanuman-luge")
    assert (off.status, off.out) == (0, "hanuman-luge is disabled.")
    assert (await hub.hears(make.event(), key=key)).status_code == 404
    table = await onebooking("websites", "list")
    assert "hanuman-luge" in table.out
    assert "disabled" in table.out
    on = await onebooking("websites", "enable", "hanuman-luge")
    assert (on.status, on.out) == (0, "hanuman-luge is enabled.")
    assert (await hub.hears(make.event(), key=key)).status_code == 200


async def test_keys_and_secrets_are_rotated_and_printed_alone(
    hub: Hub, onebooking: Terminal
) -> None:
    key, secret, listed = await asyncio.gather(
        onebooking("websites", "rotate-key", "hanuman-world"),
        onebooking("websites", "rotate-secret", "hanuman-world"),
        onebooking("websites", "list", "--json"),
    )
    assert (key.err, secret.err) == ("", "")
    assert secret.out.startswith("whsec_")
    promoted = await onebooking("websites", "promote-secret", "hanuman-world")
    assert promoted.out == "The new secret signs now."
    anew = await onebooking(
        "websites", "reencrypt", ONEBOOKING_SECRET_KEY="n" * 40 + "," + "k" * 40
    )
    assert anew.out == "2 written anew. The older secret keys can be dropped."
    for works in (key.out, hub.key):
        assert (await hub.hears(make.event(), key=works)).status_code == 200
    (website,) = msgspec.json.decode(listed.out)
    assert website["id"] == "hanuman-world"
    assert secret.out not in listed.out


async def test_a_member_is_added_and_works_with_a_token_within_reach(
    hub: Hub, onebooking: Terminal
) -> None:
    adding = ("members", "add", "Ops@Example.com", "--role", "staff", "--website", "hanuman-world")
    added = await onebooking(*adding, "--name", "สมชาย")
    assert (added.status, added.out) == (0, "ops@example.com is staff of hanuman-world.")
    token = await onebooking("members", "token", "OPS@example.com")
    assert token.out.startswith("ob_pat_")
    await hub.hears(make.event())
    assert len((await hub.lists(token.out))["bookings"]) == 1
    refused = await hub.http.post("/api/websites", json={}, headers=member(token.out))
    assert refused.status_code in (403, 422)


async def test_links_are_printed_alone_while_they_are_good_for_something(
    onebooking: Terminal, database: Database
) -> None:
    inviting = ["members", "invite", "new@example.com", "--role", "staff", "--all-websites"]
    inviting += ["--language", "th"]
    invited = await onebooking(*inviting, ONEBOOKING_PUBLIC_URL="https://hub.example/")
    assert invited.out.startswith("https://hub.example/invitations/")
    assert await all_of(database, "SELECT language FROM members") == [("th",)]
    again = await onebooking(*inviting)
    assert again.out.startswith("http://127.0.0.1:8000/invitations/")
    assert again.out[-20:] != invited.out[-20:]
    link = await onebooking("members", "setup-link")
    assert link.out.startswith("http://127.0.0.1:8000/set-up/")
    await run(
        database,
        "INSERT INTO member_passwords (member_id, hash) SELECT id, 'x' FROM members",
    )
    joined = await onebooking(*inviting)
    assert (joined.status, joined.err) == (1, "new@example.com needs no invitation.")
    await run(database, "UPDATE members SET role = 'superadmin'")
    assert await onebooking("members", "setup-link") == Said(0, "", "")


async def test_a_website_added_as_json_is_one_object(onebooking: Terminal) -> None:
    brought = ("--api-key", "hl_sk_live_brought", "--webhook-secret", "a-secret-we-brought")
    added = await onebooking(*LUGE, *brought, "--webhook-url", "http://127.0.0.1:9/", "--json")
    said = msgspec.json.decode(added.out)
    assert said["api_key"] == "hl_sk_live_brought"
    assert said["webhook_secret"] == "a-secret-we-brought"
    assert said["website"]["webhook_url"] == "http://127.0.0.1:9/"


async def test_a_database_is_migrated_as_often_as_one_likes(onebooking: Terminal) -> None:
    for said in await asyncio.gather(*(onebooking("migrate") for _ in range(3))):
        assert (said.status, said.out) == (0, "The database is up to date.")


EMAIL = ("members", "add", "a@example.com", "--role", "staff")
WRONG: list[tuple[tuple[str, ...], str]] = [
    ((*LUGE[:2], "Hanuman Luge", *LUGE[3:]), "id"),
    ((*LUGE[:2], "hanuman-world", *LUGE[3:]), "hanuman-world is registered already."),
    ((*LUGE, "--webhook-url", "ftp://luge.example"), "A webhook URL starts with https://."),
    ((*LUGE, "--webhook-url", "http://10.0.0.1/"), "10.0.0.1 is not a public address."),
    ((*LUGE, "--api-key", "short"), "An API key is 12 to 200 printable ASCII characters."),
    ((*LUGE, "--webhook-secret", "short"), "A webhook secret is 16 to 200"),
    ((*LUGE[:4], "", *LUGE[5:]), "name"),
    (("websites", "rotate-key", "no-such-park"), "Website not registered"),
    (("websites", "rotate-secret", "no-such-park"), "Website not registered"),
    (("websites", "disable", "no-such-park"), "Website not registered"),
    (("websites", "enable", "x" * 5000), "Website not registered"),
    ((*EMAIL[:2], "no-address", *EMAIL[3:], "--all-websites"), "no-address is no e-mail address."),
    ((*EMAIL[:2], "@", *EMAIL[3:], "--all-websites"), "@ is no e-mail address."),
    ((*EMAIL[:2], "taken@example.com", *EMAIL[3:], "--all-websites"), "is a member already."),
    ((*EMAIL, "--website", "no-such-park"), "No such website among no-such-park."),
    (EMAIL, "Say which websites: --website ID (repeatable), or --all-websites."),
    ((*EMAIL, "--website", "hanuman-world", "--all-websites"), "Say which websites"),
    (("members", "token", "nobody@example.com"), "Member nobody@example.com not found"),
    (("members", "token", "disabled@example.com"), "Member disabled@example.com not found"),
]


async def test_what_cannot_be_done_is_one_sentence_and_exit_code_1(
    hub: Hub, onebooking: Terminal
) -> None:
    await make.token(hub.database, email="taken@example.com")
    await make.token(hub.database, Role.STAFF, "hanuman-world", email="disabled@example.com")
    await run(hub.database, "UPDATE members SET disabled_at = now() WHERE email LIKE 'disabled%'")
    before = await make.rows(hub.database, members)
    all_said = await asyncio.gather(*(onebooking(*words) for words, _ in WRONG))
    for (words, sentence), said in zip(WRONG, all_said, strict=True):
        assert (said.status, said.out) == (1, ""), (words, said)
        assert sentence in said.err, (words, said)
        assert len(said.err.splitlines()) == 1, (words, said.err)
    assert await make.rows(hub.database, members) == before


async def test_wrong_usage_is_exit_code_2(onebooking: Terminal) -> None:
    commands: tuple[tuple[str, ...], ...] = (
        ("no-such-command",),
        ("websites", "rotate-key"),
        ("websites", "add", "luge"),
        ("members", "add", "a@example.com", "--role", "king", "--all-websites"),
        ("migrate", "--colour"),
    )
    for said in await asyncio.gather(*(onebooking(*words) for words in commands)):
        assert said.status == 2, said
        assert "Traceback" not in said.err


async def test_a_wrong_setting_is_named(onebooking: Terminal) -> None:
    here = onebooking.env["ONEBOOKING_DATABASE_URL"]
    elsewhere = "postgresql://nobody@127.0.0.1:1/none"
    wrong: tuple[tuple[dict[str, str], str], ...] = (
        ({"ONEBOOKING_PORT": "many"}, "ONEBOOKING_PORT is wrong"),
        ({"ONEBOOKING_PROT": "1"}, "Did you mean ONEBOOKING_PORT?"),
        ({"ONEBOOKING_ENV": "staging"}, "ONEBOOKING_ENV is wrong"),
        ({"ONEBOOKING_DATABASE_URL": elsewhere}, "The database cannot be used"),
        ({"ONEBOOKING_DATABASE_URL": here + "x"}, "The database cannot be used"),
        ({"ONEBOOKING_DATABASE_URL": "nonsense"}, "ONEBOOKING_DATABASE_URL is wrong"),
        ({"ONEBOOKING_PORT": "99999"}, "ONEBOOKING_PORT is wrong"),
        ({"ONEBOOKING_DELIVERY_SLOTS": "0"}, "ONEBOOKING_DELIVERY_SLOTS is wrong"),
        ({"ONEBOOKING_ENV": "production", "ONEBOOKING_SECRET_KEY": ""}, "ONEBOOKING_SECRET_KEY"),
    )
    words = ("websites", "list")
    all_said = await asyncio.gather(*(onebooking(*words, **env) for env, _ in wrong))
    for (env, sentence), said in zip(wrong, all_said, strict=True):
        assert (said.status, said.out) == (1, ""), (env, said)
        assert sentence in said.err, (env, said.err)
        assert len(said.err.splitlines()) == 1, (env, said.err)


async def test_what_the_command_line_made_the_api_shows(
    hub: Hub, onebooking: Terminal, tmp_path: Path
) -> None:
    await onebooking(*LUGE)
    async with calling(hub.database, tmp_path) as http:
        reply = await http.get("/api/websites/hanuman-luge", headers=member(hub.token))
    assert reply.json()["website"]["name"] == "Luge"
