"""Alerts as the operational webhook says them: for programs, in English."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from msgspec import json

from onebooking.alerts.notices import Notice


def body_about(notices: Sequence[Notice], *, now: datetime) -> bytes:
    """The operational webhook's body, in the form that Standard Webhooks proposes."""
    body = {
        "type": "alerts.changed",
        "timestamp": now,
        "data": {"alerts": [_said(notice) for notice in notices]},
    }
    return json.encode(body)


def name_of(notices: Sequence[Notice]) -> str:
    """The same for the same news, so that whoever gets it twice can tell."""
    news = sorted(
        f"{notice.alert_id} {notice.cleared_at is not None} {notice.told_at}" for notice in notices
    )
    return str(uuid5(NAMESPACE_URL, "onebooking:alerts:" + ";".join(news)))


def _said(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.alert_id,
        "website_id": notice.website_id,
        "kind": notice.kind,
        "state": "open" if notice.cleared_at is None else "over",
        "reminder": notice.cleared_at is None and notice.told_at is not None,
        "count": notice.count,
        "since": notice.since,
        "raised_at": notice.raised_at,
        "cleared_at": notice.cleared_at,
    }
