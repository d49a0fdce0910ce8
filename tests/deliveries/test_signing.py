"""What we sign, verifiers we did not write accept."""

import base64
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from onebooking.clock import utc_now
from onebooking.deliveries.signing import sign
from onebooking.websites.secrets import new_secret

CONTRACT = Path(__file__).parents[2] / "contract"
VERIFIER = Path(__file__).with_name("verify.mjs")
VECTORS = json.loads((CONTRACT / "signatures.json").read_text(encoding="utf-8"))["vectors"]
BODY = (CONTRACT / "webhooks" / "updated.json").read_bytes()
THAI = '{"customer_name":"สมชาย ใจดี 🐒"}'.encode()
ID = "018f6b4e-9f3a-7cc1-8000-3f2b6a5d1c11"


def the_specs_verifier(*cases: dict[str, str]) -> list[bool]:
    """What the specification's own function says about each case, in Node."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("node is not installed: the specification's verifier is JavaScript")
    run = subprocess.run(
        [node, str(VERIFIER)], input=json.dumps(cases).encode(), capture_output=True, check=True
    )
    answers: list[bool] = json.loads(run.stdout)
    return answers


def case(headers: dict[str, str], secret: str, body: bytes) -> dict[str, str]:
    return {
        "payload": body.decode(),
        "signature": headers["X-Webhook-Signature"],
        "secret": secret,
        "timestamp": headers["X-Webhook-Timestamp"],
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_vector_of_the_contract_comes_out_byte_for_byte(vector: dict[str, Any]) -> None:
    headers = sign(
        [vector["secret"]],
        webhook_id=vector["id"],
        at=datetime.fromtimestamp(vector["timestamp"], UTC),
        body=vector["body"].encode(),
    )
    assert headers == {"Content-Type": "application/json"} | vector["headers"]


@pytest.mark.parametrize("body", [BODY, THAI, b"", b"{}"])
def test_the_specs_verifier_accepts_ours_and_nothing_changed(body: bytes) -> None:
    secret = new_secret()
    headers = sign([secret], webhook_id=ID, at=utc_now(), body=body)
    genuine = case(headers, secret, body)
    assert the_specs_verifier(
        genuine,
        genuine | {"payload": genuine["payload"] + " "},
        genuine | {"timestamp": "1"},
        genuine | {"secret": new_secret()},
    ) == [True, False, False, False]


@pytest.mark.parametrize("secret", ["swordfish", "whsec_xxxxx", "ลับสุดยอด", "whsec_", "whsec_ลับ"])
def test_a_secret_a_park_made_up_gets_the_specs_headers_alone(secret: str) -> None:
    headers = sign([secret], webhook_id=ID, at=utc_now(), body=THAI)
    assert the_specs_verifier(case(headers, secret, THAI)) == [True]
    assert not [name for name in headers if name.startswith("webhook-")]
    assert headers["X-Webhook-Id"] == ID


@given(body=st.text(st.characters(exclude_categories=["Cs"])))
def test_standard_webhooks_accepts_ours_unmodified(body: str) -> None:
    secret, payload = new_secret(), json.dumps([body], ensure_ascii=False)
    headers = sign([secret], webhook_id=ID, at=utc_now(), body=payload.encode())
    assert Webhook(secret).verify(payload, headers) == [body]


def test_while_a_secret_is_rotated_both_verify_and_a_third_does_not() -> None:
    old, new = new_secret(), new_secret()
    headers = sign([old, new], webhook_id=ID, at=utc_now(), body=BODY)
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(BODY.decode(), headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY.decode(), headers)


def test_while_a_secret_is_rotated_the_specs_signature_is_the_first_secrets() -> None:
    old, new = new_secret(), new_secret()
    headers = sign([old, new], webhook_id=ID, at=utc_now(), body=BODY)
    cases = [case(headers, secret, BODY) for secret in (old, new)]
    assert the_specs_verifier(*cases) == [True, False]


def test_rotating_away_from_a_made_up_secret_signs_with_each_as_it_can() -> None:
    made_up, new = "swordfish", new_secret()
    headers = sign([made_up, new], webhook_id=ID, at=utc_now(), body=BODY)
    assert the_specs_verifier(case(headers, made_up, BODY)) == [True]
    assert Webhook(new).verify(BODY.decode(), headers)


def test_a_new_secret_is_whsec_and_thirty_two_random_bytes() -> None:
    secrets = {new_secret() for _ in range(50)}
    assert len(secrets) == 50
    for secret in secrets:
        prefix, encoded = secret[:6], secret[6:]
        assert prefix == "whsec_"
        assert len(base64.b64decode(encoded, validate=True)) == 32


def test_a_fraction_of_a_second_is_cut_off() -> None:
    at = datetime(2026, 2, 20, 16, 0, 0, 999_999, UTC)
    headers = sign(["swordfish"], webhook_id=ID, at=at, body=b"")
    assert headers["X-Webhook-Timestamp"] == "1771603200"
