"""Keys are kept as hashes, secrets as ciphers, and replacing one interrupts nobody."""

import pytest

from onebooking.errors import OneBookingError
from onebooking.reach import EVERYTHING
from onebooking.settings import Settings, SettingsError
from onebooking.vault import Vault
from onebooking.websites.register import NewWebsite, register_website
from onebooking.websites.secrets import new_secret, secrets_of
from tests import make
from tests.front_door import Hub, member
from tests.parks import all_of, run

pytestmark = pytest.mark.anyio
KEYS = "/api/websites/hanuman-world/rotate-key"
SECRETS = "/api/websites/hanuman-world/replace-secret"


async def rotated(hub: Hub, path: str, name: str) -> str:
    reply = await hub.http.post(path, headers=member(hub.token))
    assert reply.status_code == 200, reply.text
    new: str = reply.json()[name]
    return new


async def test_both_keys_work_until_the_old_one_ends(hub: Hub) -> None:
    new = await rotated(hub, KEYS, "api_key")
    assert new != hub.key
    for key in (new, hub.key):
        assert (await hub.hears(make.event(), key=key)).status_code == 200
    await run(
        hub.database,
        "UPDATE website_keys SET expires_at = expires_at - interval '24 hours 1 second'",
    )
    assert (await hub.hears(make.event(), key=hub.key)).status_code == 401
    assert (await hub.hears(make.event(), key=new)).status_code == 200


async def test_rotating_again_does_not_lengthen_the_first_keys_life(hub: Hub) -> None:
    await rotated(hub, KEYS, "api_key")
    ends = "SELECT max(expires_at) FROM website_keys WHERE prefix = :prefix"
    first = await all_of(hub.database, ends, prefix=hub.key[:8])
    await rotated(hub, KEYS, "api_key")
    left = await all_of(
        hub.database,
        "SELECT count(*) FILTER (WHERE expires_at IS NULL), count(*), min(expires_at) "
        "FROM website_keys",
    )
    assert left == [(1, 3, first[0][0])]


async def test_neither_key_nor_secret_lies_readable_in_the_database(hub: Hub) -> None:
    key = await rotated(hub, KEYS, "api_key")
    secret = await rotated(hub, SECRETS, "webhook_secret")
    for table in ("website_keys", "website_secrets", "websites", "member_tokens", "members"):
        rows = await all_of(hub.database, f"SELECT t::text AS row FROM {table} AS t")
        for row in rows:
            for known in (key, hub.key, secret, hub.token):
                assert known not in row.row
                assert known.encode().hex() not in row.row, table
    prefixes = await all_of(hub.database, "SELECT prefix FROM website_keys")
    assert all(len(row.prefix) == 8 for row in prefixes)


async def test_a_secret_is_read_with_the_key_it_was_written_with_and_no_other(hub: Hub) -> None:
    secret = await rotated(hub, SECRETS, "webhook_secret")
    async with hub.database.begin(EVERYTHING) as tx:
        found = await secrets_of(tx, make.vault(), ["hanuman-world", "no-such-park"])
        assert found == {"hanuman-world": [secret]}
        newer = Vault.of(Settings(secret_key="n" * 40 + "," + "k" * 40))
        assert await secrets_of(tx, newer, ["hanuman-world"]) == found
        stranger = Vault.of(Settings(secret_key="n" * 40))
        assert await secrets_of(tx, stranger, ["hanuman-world"]) == {}
    with pytest.raises(SettingsError, match="ONEBOOKING_SECRET_KEY"):
        stranger.decrypt(make.vault().encrypt(secret))


async def test_a_secret_signs_from_the_moment_it_is_made(hub: Hub) -> None:
    first = await rotated(hub, SECRETS, "webhook_secret")
    second = await rotated(hub, SECRETS, "webhook_secret")
    async with hub.database.begin(EVERYTHING) as tx:
        found = await secrets_of(tx, make.vault(), ["hanuman-world"])
    assert found["hanuman-world"][0] == second != first


def test_two_encryptions_of_one_secret_differ() -> None:
    secret, vault = new_secret(), make.vault()
    assert vault.encrypt(secret) != vault.encrypt(secret)
    assert vault.decrypt(vault.encrypt(secret)) == secret


async def test_production_takes_no_test_key(hub: Hub) -> None:
    new = NewWebsite(id="luge", name="x", domain="y", api_key="test_sk_xxxxx")
    with pytest.raises(OneBookingError, match="test key"):
        async with hub.database.begin(EVERYTHING) as tx:
            await register_website(tx, new, vault=make.vault(), development=False)
