"""What the hub needs to know of Supabase: named where half is missing, looked at by the doctor."""

import pytest

from onebooking.doctor import Finding, examine
from onebooking.settings import Settings, SettingsError
from tests.members.gotrue import GoTrue
from tests.members.supabase_browsing import named

URL, KEY = "ONEBOOKING_SUPABASE_URL", "ONEBOOKING_SUPABASE_ANON_KEY"
WHOLE = {URL: "https://abc.supabase.co", KEY: "sb_publishable_x"}
PRODUCTION = {
    "ONEBOOKING_ENV": "production",
    "ONEBOOKING_DATABASE_URL": "postgresql://hub@db/hub",
    "ONEBOOKING_SECRET_KEY": "k" * 40,
}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({URL: WHOLE[URL]}, f"{KEY} is needed"),
        ({KEY: "x"}, f"{URL} is needed with {KEY}"),
        ({"ONEBOOKING_SUPABASE_SERVICE_KEY": "x"}, f"{URL} is needed with"),
        ({"ONEBOOKING_SUPABASE_JWT_SECRET": "x" * 40}, f"{URL} is needed with"),
        (WHOLE | {URL: "abc.supabase.co"}, f"{URL} is wrong"),
        (WHOLE | {URL: "https://user:pw@abc.supabase.co"}, f"{URL} is wrong"),
        (WHOLE | PRODUCTION | {URL: "http://abc.supabase.co"}, f"{URL} is wrong"),
        (WHOLE | {"ONEBOOKING_SUPABASE_JWT_SECRET": "short"}, "JWT_SECRET is too short"),
    ],
)
def test_half_of_it_is_named_at_start(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings.from_env(given)


def test_the_whole_of_it_is_taken() -> None:
    assert Settings.from_env(WHOLE | PRODUCTION).supabase_url == WHOLE[URL]
    assert Settings.from_env(WHOLE | {URL: "http://127.0.0.1:54321"}).supabase_url


async def looked(server: GoTrue, database_url: str) -> Finding:
    """What the doctor says of Supabase."""
    settings = Settings(secret_key="k" * 40, **named(server))
    (found,) = [one for one in await examine(settings, database_url) if "Supabase" in one.what]
    return found


@pytest.mark.anyio
async def test_the_doctor_looks_at_the_project(server: GoTrue, database_url: str) -> None:
    assert (await looked(server, database_url)).well
    server.autoconfirm = True
    anybody = await looked(server, database_url)
    assert (anybody.well, "Confirm email" in anybody.to_do) == (False, True)
    server.url = "http://127.0.0.1:9"
    away = await looked(server, database_url)
    assert (away.well, "does not answer" in away.found) == (False, True)
