"""The hub against `contract/digest.json`, and the contract against another language."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from onebooking.bookings.digest import COMPARED
from tests import make
from tests.front_door import Hub

pytestmark = pytest.mark.anyio
CONTRACT = make.CONTRACT / "digest.json"
VECTORS = json.decode(CONTRACT.read_bytes())
DIFFERS = "0" * 64
NOTHING: dict[str, Any] = {
    "success": True, "missing": [], "different": [], "extra": [], "pending": [], "erased": [],
}  # fmt: skip


async def compares(hub: Hub, path: str, body: Any) -> dict[str, Any]:
    reply = await hub.http.post(path, json=body, headers={"X-API-Key": hub.key})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def test_the_hub_compares_the_contracts_fields_in_the_contracts_order() -> None:
    ours = [{"path": path, "null_means": field.default} for path, field in COMPARED.items()]
    assert ours == VECTORS["fields"]


@pytest.mark.parametrize("vector", VECTORS["bookings"], ids=lambda vector: vector["name"])
async def test_the_hub_digests_a_booking_as_the_contract_does(hub: Hub, vector: Any) -> None:
    reply = await hub.hears(vector["booking"] | {"event": "booking.updated"})
    assert reply.status_code == 200, reply.text
    name = vector["booking"]["source_booking_id"]
    asked = {"date": "2026-03-01"} | ({"fields": vector["fields"]} if "fields" in vector else {})
    for digest, expected in ((vector["digest"], []), (DIFFERS, [name.lower()])):
        there = [{"source_booking_id": name, "digest": digest}]
        found = await compares(hub, "/api/bookings/digest/bookings", asked | {"bookings": there})
        assert found == NOTHING | {"different": expected}


async def test_the_hub_digests_a_day_as_the_contract_does(hub: Hub) -> None:
    digests: list[str] = []
    by_digest = {vector["digest"]: vector["booking"] for vector in VECTORS["bookings"]}
    for vector in sorted(VECTORS["days"], key=lambda vector: len(vector["digests"])):
        for digest in set(vector["digests"]) - set(digests):
            await hub.hears(by_digest[digest] | {"event": "booking.updated"})
        digests = vector["digests"]
        asked: dict[str, Any] = {"from": "2026-03-01", "to": "2026-03-01"}
        there = {"count": len(digests), "digest": vector["digest"]}
        agreed = await compares(
            hub, "/api/bookings/digest", asked | {"dates": {asked["to"]: there}}
        )
        assert agreed == {"success": True, "different": [], "pending": {}}
        there["digest"] = DIFFERS
        found = await compares(hub, "/api/bookings/digest", asked | {"dates": {asked["to"]: there}})
        assert found["different"] == (["2026-03-01"] if digests else [])


def test_the_contract_reads_the_same_in_javascript() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = Path(__file__).with_name("digest.mjs")
    said = subprocess.run([node, script, CONTRACT], capture_output=True, text=True, check=True)
    assert said.stdout == f"{len(VECTORS['bookings']) + len(VECTORS['days'])} vectors\n"
