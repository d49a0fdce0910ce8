"""How every website is, as gauges: the same numbers as `/api/health/websites`."""

from collections.abc import Callable
from datetime import datetime

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from sqlalchemy import text

from onebooking.alerts.model import Kind, State, WebsiteHealth
from onebooking.alerts.queries import websites_health
from onebooking.db import Tx
from onebooking.reach import EVERYTHING


async def website_gauges(tx: Tx, *, now: datetime) -> list[Metric]:
    """One bounded query, given up by the database after two seconds. Counts end at 10,000."""
    await tx.execute(text("SET LOCAL statement_timeout = '2s'"))
    found = await websites_health(tx, EVERYTHING, now=now)
    plain = [_plain(name, about, found, of) for name, about, of in _plain_ones(now)]
    return [*plain, _states(found), _alerts(found)]


def _age(now: datetime, at: datetime | None) -> float:
    return max(0.0, (now - at).total_seconds()) if at else 0.0


def _plain_ones(
    now: datetime,
) -> list[tuple[str, str, Callable[[WebsiteHealth], float]]]:
    return [
        ("waiting", "Deliveries that wait.", lambda one: one.waiting),
        ("lag_seconds", "Age of the oldest delivery that waits.", lambda one: one.lag_seconds),
        ("given_up", "Deliveries that are not tried any more.", lambda one: one.given_up),
        ("parked", "Events that wait for their booking.", lambda one: one.parked),
        (
            "parked_seconds",
            "Age of the oldest event that waits for its booking.",
            lambda one: _age(now, one.parked_since),
        ),
        ("conflicts", "Bookings with conflicts nobody has settled.", lambda one: one.conflicts),
        (
            "last_sync_seconds",
            "Since the newest sync of it; 0 where there was none.",
            lambda one: _age(now, one.last_sync_at),
        ),
        (
            "failing_seconds",
            "Since it began to fail; 0 where it does not.",
            lambda one: _age(now, one.failing_since),
        ),
    ]


def _plain(
    name: str, about: str, found: list[WebsiteHealth], of: Callable[[WebsiteHealth], float]
) -> Metric:
    family = GaugeMetricFamily(f"onebooking_website_{name}", about, labels=["website"])
    for one in found:
        family.add_metric([one.website_id], of(one))
    return family


def _states(found: list[WebsiteHealth]) -> Metric:
    """1 for the state a website is in, 0 for the others: a change shows at once."""
    about = "How we get on with a website: its breaker, and whether it is paused."
    family = GaugeMetricFamily("onebooking_website_state", about, labels=["website", "state"])
    for one in found:
        for state in State:
            family.add_metric([one.website_id, state.value], float(one.state == state))
    return family


def _alerts(found: list[WebsiteHealth]) -> Metric:
    about = "Alerts that are open."
    family = GaugeMetricFamily("onebooking_alerts_open", about, labels=["website", "kind"])
    for one in found:
        kinds = {alert.kind for alert in one.alerts}
        for kind in Kind:
            family.add_metric([one.website_id, kind.value], float(kind in kinds))
    return family
