"""Make a park known to the hub, and repair what an earlier start left half done."""

import json
from base64 import b64encode
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_bytes, token_hex

from examples.park_site.parks import Park
from examples.starting.hub import Hub
from examples.starting.private import read_private, write_private


@dataclass(frozen=True)
class Keys:
    """What a park shares with the hub."""

    api_key: str
    webhook_secret: str


def join(hub: Hub, park: Park, *, webhook_url: str, keys_file: Path) -> Keys:
    """The park's keys, which the hub accepts once this returns.

    They are kept before the hub hears of them: who is killed in between finishes
    at the next start. Keys that the hub no longer accepts, or that are gone, are
    made anew; a park that moved to another port is told to the hub.

    Raises:
        HubSaidNo: the hub would not have the park.
    """
    known = {website["id"]: website for website in hub.ask("GET", "/api/websites")["websites"]}
    keys = _kept(keys_file) or _new(park)
    if park.id not in known:
        write_private(keys_file, json.dumps(asdict(keys)))
        hub.ask("POST", "/api/websites", _registration(park, keys, webhook_url))
        return keys
    if not hub.takes_key(keys.api_key):
        keys = _again(hub, park)
        write_private(keys_file, json.dumps(asdict(keys)))
    if known[park.id]["webhook_url"] != webhook_url:
        hub.ask("PATCH", f"/api/websites/{park.id}", {"webhook_url": webhook_url})
    return keys


def _registration(park: Park, keys: Keys, webhook_url: str) -> dict[str, str]:
    return {
        "id": park.id,
        "name": park.name,
        "domain": f"{park.id.replace('-', '')}.example",
        "webhook_url": webhook_url,
        **asdict(keys),
    }


def _kept(keys_file: Path) -> Keys | None:
    text = read_private(keys_file)
    return Keys(**json.loads(text)) if text else None


def _new(park: Park) -> Keys:
    return Keys(
        api_key=f"{park.ref.lower()}_sk_live_{token_hex(24)}",
        webhook_secret="whsec_" + b64encode(token_bytes(32)).decode(),
    )


def _again(hub: Hub, park: Park) -> Keys:
    key = hub.ask("POST", f"/api/websites/{park.id}/rotate-key")["api_key"]
    secret = hub.ask("POST", f"/api/websites/{park.id}/replace-secret")["webhook_secret"]
    return Keys(api_key=key, webhook_secret=secret)
