"""Run the web process until told to stop."""

import uvicorn

from onebooking.app import create_app
from onebooking.collector import calm_collector
from onebooking.db import Database
from onebooking.settings import Settings
from onebooking.start import run_part
from onebooking.terminal import check_port
from onebooking.watch import watching
from onebooking.whole import WholeReplies

_FINISH_SECONDS = 10  # for requests in flight


async def serve(settings: Settings, url: str, parent: int | None) -> None:
    """Answer HTTP until SIGTERM or Ctrl-C; requests in flight are finished."""
    check_port(settings)
    database = Database.of(settings, url)
    config = uvicorn.Config(
        create_app(settings, database),
        http=WholeReplies,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=_FINISH_SECONDS,
        timeout_keep_alive=75,  # longer than a proxy keeps its side: it never meets a closing one
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    calm_collector()
    async with watching(parent, stop):
        await server.serve()
    await database.close()


if __name__ == "__main__":
    run_part(serve)
