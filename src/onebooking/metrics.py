"""What this process counts and times; `metrics_share.py` shares it, `web/metrics.py` shows it."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
_QUICK = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MANY = (1, 2, 5, 10, 20, 50, 100, 200, 500)

requests = Histogram(
    "onebooking_request_seconds",
    "Requests answered, by route template.",
    ["method", "route", "status"],
    buckets=_QUICK,
    registry=REGISTRY,
)
syncs = Counter(
    "onebooking_syncs", "Events of websites, by outcome.", ["outcome"], registry=REGISTRY
)
gathered = Histogram(
    "onebooking_gathered_events",
    "Events that shared one transaction.",
    buckets=_MANY,
    registry=REGISTRY,
)
applied = Histogram(
    "onebooking_apply_seconds",
    "One list of events: from the connection to the commit.",
    buckets=_QUICK,
    registry=REGISTRY,
)
deliveries = Histogram(
    "onebooking_delivery_seconds",
    "Attempts to deliver: how many, how long the website took.",
    ["outcome"],
    buckets=(*_QUICK, 20.0),
    registry=REGISTRY,
)
claimed = Histogram(
    "onebooking_claimed_lanes",
    "Lanes a worker got at one look; how often it looked.",
    buckets=(0, *_MANY),
    registry=REGISTRY,
)
exports_asked = Counter(
    "onebooking_exports_asked",
    "Exports in the background that members asked for.",
    ["format"],
    registry=REGISTRY,
)
exports_ended = Counter(
    "onebooking_exports_ended",
    "Exports in the background that ended: done, or why there is no file.",
    ["outcome"],
    registry=REGISTRY,
)
exported_bookings = Counter(
    "onebooking_exported_bookings",
    "Bookings written into files in the background; those of a file begun anew count again.",
    registry=REGISTRY,
)
exported_bytes = Counter(
    "onebooking_exported_bytes", "Bytes written into those files.", registry=REGISTRY
)
limited = Counter(
    "onebooking_rate_limited", "Requests refused with 429, by who was refused.", ["who"],
    registry=REGISTRY,
)  # fmt: skip
limiter_failures = Counter(
    "onebooking_rate_limiter_failures",
    "Times the limiter's database did not answer, and everybody passed.",
    registry=REGISTRY,
)
breach_lookups = Counter(
    "onebooking_breached_password_lookups",
    "New passwords looked up among breached ones, by what came of it.",
    ["outcome"],
    registry=REGISTRY,
)
connections = Gauge(
    "onebooking_database_connections",
    "Connections of this process's pools.",
    ["pool", "state"],
    registry=REGISTRY,
)
streams = Gauge("onebooking_event_streams", "Pages that follow changes.", registry=REGISTRY)
looks = Histogram(
    "onebooking_look_seconds",
    "Looks at what changed, one for all pages of a process.",
    buckets=_QUICK,
    registry=REGISTRY,
)
build = Gauge("onebooking_build_info", "Always 1; the release.", ["version"], registry=REGISTRY)


@cache
def _timer(method: str, route: str, status: int) -> Histogram:
    return requests.labels(method, route, str(status))


def answered(method: str, route: str, status: int, *, seconds: float) -> None:
    """One request was answered. `route` is a template: never what a caller made up."""
    _timer(method, route, status).observe(seconds)


def delivered(*, accepted: bool, status: int | None, seconds: float) -> None:
    """One attempt ended: accepted, or refused with a status, or with no answer at all."""
    outcome = "accepted" if accepted else "no_answer" if status is None else f"{status // 100}xx"
    deliveries.labels(outcome).observe(seconds)
