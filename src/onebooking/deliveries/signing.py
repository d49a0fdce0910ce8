"""Prove to a website that a webhook is ours and unchanged, in the two ways websites verify."""

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"


def sign(secrets: Sequence[str], *, webhook_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a webhook whose body is exactly `body`, sent at `at` (aware).

    Two signatures travel side by side. The specification's keys its HMAC with
    the whole string of the first secret, prefix included, and signs
    `{unix}.{body}`. Standard Webhooks (standardwebhooks.com) keys it with the
    bytes that the base64 after `whsec_` stands for, and signs
    `{id}.{unix}.{body}`; there every secret signs, so that during a rotation
    both the old and the new one verify.

    A secret the website made up itself, not `whsec_` and base64, has no key in
    the sense of Standard Webhooks: it gets the specification's headers alone.
    """
    unix = str(int(at.timestamp()))
    stamped = unix.encode() + b"." + body
    headers = {
        "Content-Type": "application/json",
        "X-Webhook-Signature": "sha256=" + _hmac(secrets[0].encode(), stamped).hex(),
        "X-Webhook-Timestamp": unix,
        "X-Webhook-Id": webhook_id,
    }
    if keys := [key for secret in secrets if (key := _standard_key(secret))]:
        named = webhook_id.encode() + b"." + stamped
        headers |= {
            "webhook-id": webhook_id,
            "webhook-timestamp": unix,
            "webhook-signature": " ".join(
                "v1," + b64encode(_hmac(key, named)).decode() for key in keys
            ),
        }
    return headers


def _standard_key(secret: str) -> bytes | None:
    encoded = secret.removeprefix(PREFIX)
    if encoded == secret:
        return None
    try:
        return b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):  # ValueError: letters outside ASCII
        return None


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
