"""Run the worker until told to stop."""

import asyncio
import signal

from onebooking.alerts.tell import Teller
from onebooking.alerts.worker import keep_watch
from onebooking.bookings.worker import keep_days, keep_search
from onebooking.collector import calm_collector
from onebooking.db import Database
from onebooking.deliveries.listen import listen
from onebooking.deliveries.worker import Worker, work
from onebooking.exports.worker import keep_exporting
from onebooking.history.partitions import keep_partitions
from onebooking.history.retention import Kept
from onebooking.metrics_share import folder_in, keep_sharing, process_name
from onebooking.pipelines import Pipelines
from onebooking.settings import Settings
from onebooking.start import run_part
from onebooking.vault import Vault
from onebooking.watch import watching
from onebooking.web.outgoing import open_http


async def run_worker(settings: Settings, url: str, parent: int | None) -> None:
    """Deliver until SIGTERM or Ctrl-C; what is in flight is finished or given back."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signalled in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signalled, stop.set)
    database = Database.of(settings, url)
    pipelines = Pipelines(database)
    async with open_http(development=settings.development) as http, watching(parent, stop.set):
        worker = Worker(
            pipelines=pipelines,
            http=http,
            vault=Vault.of(settings),
            slots=settings.delivery_slots,
            timeout_seconds=settings.delivery_timeout_seconds,
        )
        helpers = [
            asyncio.create_task(keep_partitions(database, Kept.of(settings))),
            asyncio.create_task(keep_sharing(folder_in(settings.data_dir), process_name("worker"))),
            asyncio.create_task(keep_search(database)),
            asyncio.create_task(keep_days(database)),
            asyncio.create_task(keep_exporting(database)),
            asyncio.create_task(keep_watch(database, Teller.of(settings, http))),
        ]
        if not settings.database_pooler:
            helpers.append(asyncio.create_task(listen(url, worker.wake)))
        calm_collector()
        await work(worker, stop)
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
    await pipelines.close()
    await database.close()


if __name__ == "__main__":
    run_part(run_worker)
