"""Only the hub's own bytes, fresh, pass."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdk_kit import CONTRACT, SECRET
from standardwebhooks import Webhook

from onebooking_source import SignatureInvalid, verify

VECTORS = json.loads((CONTRACT / "signatures.json").read_text())["vectors"]
OTHER = "whsec_" + b64encode(b"another secret of 32 bytes lengt").decode()
NAMES = [vector["name"] for vector in VECTORS]
SPEC = ("X-Webhook-Signature", "X-Webhook-Timestamp", "X-Webhook-Id")
STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")


def check(vector: dict[str, Any], headers: dict[str, str], *, later: float = 0) -> None:
    body = vector["body"].encode()
    verify(vector["secret"], headers, body, now=vector["timestamp"] + later)


def only(vector: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: vector["headers"][name] for name in names}


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
@pytest.mark.parametrize("names", [SPEC, STANDARD, SPEC[:2], SPEC + STANDARD])
def test_every_vector_of_the_contract_passes(
    vector: dict[str, Any], names: tuple[str, ...]
) -> None:
    check(vector, only(vector, names))
    check(vector, {name.upper(): value for name, value in only(vector, names).items()})


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
@pytest.mark.parametrize("names", [SPEC, STANDARD])
@pytest.mark.parametrize("later", [-300, 299, 300])
def test_within_five_minutes_passes(
    vector: dict[str, Any], names: tuple[str, ...], later: int
) -> None:
    check(vector, only(vector, names), later=later)


@pytest.mark.parametrize("names", [SPEC, STANDARD])
@pytest.mark.parametrize("later", [-301, 301, 10_000])
def test_too_old_and_too_new_do_not_pass(names: tuple[str, ...], later: int) -> None:
    with pytest.raises(SignatureInvalid, match="old"):
        check(VECTORS[0], only(VECTORS[0], names), later=later)


@pytest.mark.parametrize("names", [SPEC, STANDARD])
@pytest.mark.parametrize("missing", range(3))
def test_a_missing_header_does_not_pass(names: tuple[str, ...], missing: int) -> None:
    headers = only(VECTORS[0], names)
    if names[missing] == "X-Webhook-Id":
        return  # the specification's own pair has none
    del headers[names[missing]]
    with pytest.raises(SignatureInvalid):
        check(VECTORS[0], headers)


@pytest.mark.parametrize("names", [SPEC, STANDARD])
def test_another_secret_does_not_pass_and_either_of_two_does(names: tuple[str, ...]) -> None:
    vector = VECTORS[0]
    headers, body, now = only(vector, names), vector["body"].encode(), vector["timestamp"]
    with pytest.raises(SignatureInvalid):
        verify(OTHER, headers, body, now=now)
    verify([OTHER, SECRET], headers, body, now=now)
    verify([SECRET, OTHER], headers, body, now=now)
    with pytest.raises(SignatureInvalid):
        verify([], headers, body, now=now)


def test_a_wrong_spec_signature_is_not_made_good_by_a_right_standard_one() -> None:
    headers = VECTORS[0]["headers"] | {"X-Webhook-Signature": "sha256=" + "0" * 64}
    with pytest.raises(SignatureInvalid):
        check(VECTORS[0], headers)


def test_a_fresh_standard_timestamp_does_not_make_an_old_spec_one_young() -> None:
    headers = VECTORS[0]["headers"] | {"webhook-timestamp": str(VECTORS[0]["timestamp"] + 1000)}
    with pytest.raises(SignatureInvalid, match="old"):
        check(VECTORS[0], headers, later=1000)


def test_one_of_several_standard_signatures_is_enough() -> None:
    headers = only(VECTORS[0], STANDARD)
    headers["webhook-signature"] = f"v1,AAAA v1a,xyz {headers['webhook-signature']}"
    check(VECTORS[0], headers)


def test_what_the_standards_own_library_signs_passes() -> None:
    at, body = datetime(2026, 2, 20, tzinfo=UTC), '{"event":"สวัสดี"}'
    signature = Webhook(SECRET).sign("msg_1", at, body)
    unix = str(int(at.timestamp()))
    headers = dict(zip(STANDARD, ("msg_1", unix, signature), strict=True))
    verify(SECRET, headers, body.encode(), now=at.timestamp())
    with pytest.raises(SignatureInvalid):
        verify(SECRET, headers | {"webhook-id": "msg_2"}, body.encode(), now=at.timestamp())


def test_a_secret_that_is_not_base64_verifies_the_specifications_way() -> None:
    with pytest.raises(SignatureInvalid):
        verify("whsec_xxxxx", only(VECTORS[0], STANDARD), b"", now=0)
    with pytest.raises(SignatureInvalid):
        verify("whsec_", only(VECTORS[0], STANDARD), b"", now=0)


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=1))
def test_a_body_with_one_byte_changed_does_not_pass(place: int, byte: bytes) -> None:
    vector = VECTORS[1]
    body = vector["body"].encode()
    place %= len(body)
    changed = body[:place] + byte + body[place + 1 :]
    for names in (SPEC, STANDARD):
        if changed != body:
            with pytest.raises(SignatureInvalid):
                verify(SECRET, only(vector, names), changed, now=vector["timestamp"])


@given(st.sampled_from(SPEC[:2] + STANDARD), st.text())
def test_whatever_a_stranger_writes_into_a_header_is_refused_and_never_a_crash(
    name: str, value: str
) -> None:
    names = SPEC if name in SPEC else STANDARD
    headers = only(VECTORS[0], names)
    if value.split() == headers[name].split():
        return
    with pytest.raises(SignatureInvalid):
        check(VECTORS[0], headers | {name: value})
