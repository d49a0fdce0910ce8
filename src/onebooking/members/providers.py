"""Which of the two ways to sign in the settings name."""

from onebooking.members.local import Local
from onebooking.members.provider import Provider
from onebooking.settings import Settings, SettingsError
from onebooking.vault import Vault


def provider_of(settings: Settings, vault: Vault) -> Provider:
    """Supabase Auth where its project is named, or else passwords here.

    Only the former loads Supabase's client: it takes a second and 15 MiB.

    Raises:
        SettingsError: the client is not installed.
    """
    if settings.supabase_url is None:
        return Local(settings)
    try:
        from onebooking.members.supabase import Supabase
    except ModuleNotFoundError as missing:
        raise SettingsError(
            "ONEBOOKING_SUPABASE_URL needs Supabase's client: "
            "pip install 'onebooking-central[supabase]'."
        ) from missing
    return Supabase.of(settings, vault)
