"""A website joins by four environment variables."""

import pytest

from onebooking_source import Settings, SettingsWrong

ENV = {
    "ONEBOOKING_API_URL": "https://db.onebooking.co/",
    "ONEBOOKING_API_KEY": "hw_sk_live_1",
    "ONEBOOKING_WEBHOOK_SECRET": "whsec_1",
    "WEBSITE_ID": "hanuman-world",
}


def test_the_four_variables_are_read() -> None:
    settings = Settings.from_env(ENV)
    assert settings.api_url == "https://db.onebooking.co"
    assert settings.api_key == "hw_sk_live_1"
    assert settings.webhook_secret == "whsec_1"
    assert settings.website_id == "hanuman-world"
    assert settings.webhook_secrets == ["whsec_1"]


def test_while_a_secret_is_rotated_the_next_one_is_read_as_well() -> None:
    settings = Settings.from_env(ENV | {"ONEBOOKING_WEBHOOK_SECRET_NEXT": "whsec_2"})
    assert settings.webhook_secrets == ["whsec_1", "whsec_2"]


@pytest.mark.parametrize("name", ENV)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    env = {key: there for key, there in ENV.items() if key != name}
    if value is not None:
        env[name] = value
    with pytest.raises(SettingsWrong, match=name):
        Settings.from_env(env)


@pytest.mark.parametrize(
    "url",
    [
        "http://db.onebooking.co",
        "ftp://db.onebooking.co",
        "db.onebooking.co",
        "https://",
        "https://user:password@db.onebooking.co",
        "https://db.onebooking.co?key=1",
        "https://db.onebooking.co:port",
        "http://localhost.evil.example",
    ],
)
def test_a_url_that_would_carry_the_key_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(SettingsWrong, match="ONEBOOKING_API_URL"):
        Settings.from_env(ENV | {"ONEBOOKING_API_URL": url})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    settings = Settings.from_env(ENV | {"ONEBOOKING_API_URL": f"http://{host}"})
    assert settings.api_url == f"http://{host}"


def test_a_key_that_would_add_a_header_is_refused() -> None:
    with pytest.raises(SettingsWrong, match="ONEBOOKING_API_KEY"):
        Settings.from_env(ENV | {"ONEBOOKING_API_KEY": "key\r\nX-Other: 1"})


def test_printing_settings_shows_no_secret() -> None:
    shown = repr(Settings.from_env(ENV))
    assert "hw_sk_live_1" not in shown
    assert "whsec_1" not in shown
