"""Tell a webhook of the hub's from anybody else's, in either of the two ways it signs."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

from onebooking_source.errors import SignatureInvalid

TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"
_LONGEST_TIMESTAMP = 12


def verify(
    secret: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> None:
    """Return when the hub signed exactly `body` within `tolerance_seconds` of `now`.

    The specification's pair (`X-Webhook-Signature`, `X-Webhook-Timestamp`) must
    verify where it is present; without it the headers of Standard Webhooks
    (standardwebhooks.com) must. `secret` may be several during a rotation: one
    that fits is enough. `now` is seconds since 1970. Compares in constant time.

    Raises:
        SignatureInvalid: no signature, none that fits, or one too old or too new.
    """
    secrets = [secret] if isinstance(secret, str) else list(secret)
    given = {name.lower(): value for name, value in headers.items()}
    if "x-webhook-signature" in given:
        timestamp = given.get("x-webhook-timestamp", "")
        valid = _spec_fits(secrets, given["x-webhook-signature"], timestamp, body)
    elif "webhook-signature" in given:
        timestamp = given.get("webhook-timestamp", "")
        valid = _standard_fits(secrets, given, timestamp, body)
    else:
        raise SignatureInvalid("The webhook is not signed.")
    if not valid:
        raise SignatureInvalid("The signature does not fit the body.")
    if not _is_timestamp(timestamp) or abs(now - int(timestamp)) > tolerance_seconds:
        raise SignatureInvalid("The webhook is too old, or one of the two clocks is wrong.")


def _spec_fits(secrets: list[str], signature: str, timestamp: str, body: bytes) -> bool:
    """The specification's way: keyed with the whole secret, its `whsec_` included."""
    signed = _bytes(timestamp) + b"." + body
    fits = [
        _same("sha256=" + _hmac(secret.encode(), signed).hex(), signature) for secret in secrets
    ]
    return any(fits)


def _standard_fits(
    secrets: list[str], given: Mapping[str, str], timestamp: str, body: bytes
) -> bool:
    """Standard Webhooks' way: keyed with the bytes behind `whsec_`, several signatures allowed."""
    webhook_id = given.get("webhook-id", "")
    if not webhook_id:
        return False
    signed = _bytes(webhook_id) + b"." + _bytes(timestamp) + b"." + body
    keys = [key for secret in secrets if (key := _standard_key(secret))]
    expected = ["v1," + b64encode(_hmac(key, signed)).decode() for key in keys]
    fits = [_same(one, other) for one in expected for other in given["webhook-signature"].split()]
    return any(fits)


def _standard_key(secret: str) -> bytes:
    """The key's bytes; empty for a secret that is not base64 and can only sign the spec's way."""
    try:
        return b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        return b""


def _is_timestamp(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIMESTAMP


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), _bytes(given))


def _bytes(header: str) -> bytes:
    return header.encode(errors="surrogatepass")
