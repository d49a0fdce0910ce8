"""`GET /metrics`: what the processes of this machine counted, and what the database holds."""

import hmac
import time
from asyncio import Lock
from collections.abc import Awaitable, Callable, Iterable

from litestar import Request, Response, get
from litestar.datastructures import State
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from onebooking.errors import NotFound
from onebooking.metrics_share import everybody, folder_in, process_name
from onebooking.settings import Settings
from onebooking.words import say

_FRESH_SECONDS = 5.0
Gauges = Callable[[], Awaitable[list[Metric]]]


class Fresh:
    """The database's gauges, asked for once in a while however many scrape."""

    def __init__(self, read: Gauges) -> None:
        self._read = read
        self._lock = Lock()
        self._read_at = float("-inf")
        self._found: list[Metric] = []

    async def gauges(self) -> list[Metric]:
        """At most five seconds old."""
        async with self._lock:
            if time.monotonic() - self._read_at >= _FRESH_SECONDS:
                self._found = await self._read()
                self._read_at = time.monotonic()
            return self._found


class _Page(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


@get("/metrics", include_in_schema=False)
async def metrics_page(request: Request[object, object, State]) -> Response[bytes]:
    """What Prometheus reads, with ONEBOOKING_METRICS_TOKEN; in development everybody."""
    settings: Settings = request.app.state.settings
    fresh: Fresh = request.app.state.gauges
    _check(request.headers.get("authorization", ""), settings)
    shared = everybody(folder_in(settings.data_dir), process_name("serve"))
    return Response(
        generate_latest(_Page([*shared, *await fresh.gauges()])),
        headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
    )


def _check(given: str, settings: Settings) -> None:
    """To whoever may not scrape there is no such page. Raises NotFound."""
    wanted = settings.metrics_token
    if wanted is None:
        if settings.development:
            return
        raise NotFound(say("Page"))
    if not hmac.compare_digest(given.encode(), f"Bearer {wanted}".encode()):
        raise NotFound(say("Page"))
