"""Put the web process together: every slice's routes, and what their handlers ask for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components
from litestar.types import ControllerRouterHandler
from prometheus_client.metrics_core import Metric
from sqlalchemy.pool import QueuePool

from onebooking import metrics
from onebooking.alerts import api as alerts
from onebooking.alerts import website_pages
from onebooking.alerts.gauges import website_gauges
from onebooking.bookings import api as bookings
from onebooking.bookings import booking_pages, bulk_pages, changes_api, digest_api, view_pages
from onebooking.bookings import pages as bookings_pages
from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.deliveries import api as deliveries
from onebooking.deliveries import pages as deliveries_pages
from onebooking.deliveries import trial_pages
from onebooking.exports import api as exports
from onebooking.exports import pages as exports_pages
from onebooking.live import api as live
from onebooking.live.elsewhere import keep_asking
from onebooking.live.follow import follow
from onebooking.live.watchers import Watchers
from onebooking.members import (
    account_pages,
    factor_pages,
    language_pages,
    link_pages,
    mail_pages,
    sign_in_pages,
)
from onebooking.members import pages as members
from onebooking.members.auth import TOKEN_SCHEME, desk_member, desk_tx, open_desk
from onebooking.members.providers import provider_of
from onebooking.metrics_share import folder_in, keep_sharing, process_name
from onebooking.overview import pages as overview_pages
from onebooking.pipelines import Pipelines
from onebooking.reach import EVERYTHING
from onebooking.settings import Settings
from onebooking.sync import api as sync
from onebooking.sync import log_api as sync_logs
from onebooking.sync import log_pages
from onebooking.sync.documents import SCHEMAS
from onebooking.sync.gather import gather_syncs
from onebooking.sync.straight import LARGEST_BODY, Intake
from onebooking.vault import Vault
from onebooking.web import assets, choice_pages, docs, health
from onebooking.web.callers import Limits, limited
from onebooking.web.forms import form_of
from onebooking.web.headers import guard
from onebooking.web.https import only_https
from onebooking.web.intake import check_request
from onebooking.web.limits import Limiter
from onebooking.web.metrics import Fresh, Gauges, metrics_page
from onebooking.web.outgoing import open_http
from onebooking.web.pages import error_for_anyone
from onebooking.web.replies import set_request_id
from onebooking.web.requests import watched
from onebooking.websites import api as websites
from onebooking.websites import pages as websites_pages
from onebooking.websites.auth import KEY_SCHEME

VERSION = "0.1.0"


def create_app(settings: Settings, database: Database) -> Litestar:
    """The hub's HTTP side over `database`, which stays the caller's to close."""
    app = make_app()
    equip(app, settings, database)
    return app


def equip(app: Litestar, settings: Settings, database: Database) -> None:
    """Give a made app what its handlers work with, in the place of what it had before.

    Syncs have connections of their own: no reader, however slow, keeps a booking waiting.
    """
    pipelines = Pipelines(database)
    vault = Vault.of(settings)
    app.state.update(
        {
            "settings": settings,
            "database": database,
            "pipelines": pipelines,
            "intake": Intake(gather_syncs(pipelines), settings, database),
            "vault": vault,
            "provider": provider_of(settings, vault),
            "watchers": Watchers(),
            "limits": Limits(Limiter(_beside(database, settings)), settings),
            "gauges": Fresh(_gauges(database)),
        }
    )


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    has = app.state
    async with open_http(development=has.settings.development) as has.http:
        name = process_name("serve")
        sharing = asyncio.create_task(keep_sharing(folder_in(has.settings.data_dir), name))
        following = asyncio.create_task(follow(has.database, has.watchers))
        asking = asyncio.create_task(keep_asking(has.database, has.provider, has.watchers))
        yield
        has.watchers.close()
        asking.cancel()
        following.cancel()
        sharing.cancel()
        await has.intake.syncs.drain()
        await has.pipelines.close()
        await has.limits.limiter.close()
        await has.provider.close()


def make_app() -> Litestar:
    """Every route, and nothing yet for its handlers to work with: that is `equip`'s."""
    state = State({"settings": None})  # filled: Litestar would put another in an empty one's place

    def part(name: str) -> Provide:
        return Provide(lambda: state[name], sync_to_thread=False)

    return Litestar(
        _ROUTES,
        lifespan=[_lifespan],
        dependencies={
            **{name: part(name) for name in _PARTS},
            "form": Provide(form_of),
            "desk": Provide(open_desk),
            "tx": Provide(desk_tx, sync_to_thread=False),
            "member": Provide(desk_member, sync_to_thread=False),
        },
        exception_handlers={Exception: error_for_anyone},
        logging_config=None,
        middleware=[watched, only_https, limited],
        before_request=check_request,
        before_send=[set_request_id, guard],
        openapi_config=_openapi(),
        opt={"schemas": SCHEMAS},
        state=state,
        request_max_body_size=LARGEST_BODY,
    )


_ROUTES: list[ControllerRouterHandler] = [
    sync.router,
    sync_logs.router,
    bookings.router,
    exports.router,
    changes_api.router,
    digest_api.router,
    websites.router,
    deliveries.router,
    alerts.router,
    health.healthz,
    health.readyz,
    metrics_page,
    overview_pages.router,
    live.events,
    choice_pages.router,
    bookings_pages.router,
    exports_pages.router,
    booking_pages.router,
    bulk_pages.router,
    view_pages.router,
    language_pages.router,
    sign_in_pages.router,
    link_pages.router,
    members.router,
    account_pages.router,
    factor_pages.router,
    mail_pages.router,
    website_pages.router,
    websites_pages.router,
    trial_pages.router,
    deliveries_pages.router,
    log_pages.router,
    assets.router,
    *docs.handlers,
]
_PARTS = ("database", "settings", "intake", "vault", "provider", "watchers", "http")


def _gauges(database: Database) -> Gauges:
    """What the database holds, for a scrape."""

    async def read() -> list[Metric]:
        metrics.build.labels(VERSION).set(1)
        pool = database.engine.pool
        if isinstance(pool, QueuePool):
            metrics.connections.labels("main", "in_use").set(pool.checkedout())
            metrics.connections.labels("main", "most").set(pool.size())
        async with database.begin(EVERYTHING) as tx:
            return await website_gauges(tx, now=utc_now())

    return read


def _beside(database: Database, settings: Settings) -> Database:
    """A pool of one connection: whoever waits for the others does not wait for this."""
    return Database.at(database.engine.url, connections=1, pooler=settings.database_pooler)


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="OneBooking Central",
        version=VERSION,
        description="The hub of the parks' bookings. Websites send an API key, members a token.",
        components=Components(security_schemes={"key": KEY_SCHEME, "token": TOKEN_SCHEME}),
        path="/schema",
        render_plugins=docs.schema_plugins,
        use_handler_docstrings=True,
    )
