"""Run the web process until told to stop."""

import socket

import uvicorn

from onebooking.app import create_app
from onebooking.collector import calm_collector
from onebooking.db import Database
from onebooking.live.watchers import Watchers
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
    app = create_app(settings, database)
    config = uvicorn.Config(
        app,
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
    server = _Server(config, app.state.watchers)

    def stop() -> None:
        server.should_exit = True

    calm_collector()
    async with watching(parent, stop):
        await server.serve()
    await database.close()


class _Server(uvicorn.Server):
    """Ends the event streams first, when it is told to stop: it waits for what is open."""

    def __init__(self, config: uvicorn.Config, watchers: Watchers) -> None:
        super().__init__(config)
        self._watchers = watchers

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, finish what is in flight, and end."""
        self._watchers.close()
        await super().shutdown(sockets)


if __name__ == "__main__":
    run_part(serve)
