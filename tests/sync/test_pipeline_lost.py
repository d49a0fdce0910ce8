"""A server that hangs up with its last words, our own unread, is noticed on any event loop."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import make_url

from onebooking.db import Database, Statement, Together
from onebooking.errors import Unavailable
from onebooking.pipelines import Left, Pipelines
from onebooking.reach import EVERYTHING

pytestmark = pytest.mark.anyio
NOTICED_SECONDS = 5.0
_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0"
LAST_WORDS = b"E" + struct.pack("!i", 4 + len(_FIELDS)) + _FIELDS


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops we may run on: each watches a socket in its own way."""
    return "asyncio", {"use_uvloop": request.param}


class Wire:
    """Passes bytes between a client and PostgreSQL until told to end as a killed server does."""

    def __init__(self, listening: socket.socket, server: socket.socket) -> None:
        self._listening, self._server = listening, server
        self._deaf = threading.Event()
        self._client: socket.socket | None = None
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def stop_listening(self) -> None:
        """Leave what the client says from now on unread."""
        self._deaf.set()

    def hang_up(self) -> None:
        """Say the last words and close, with unread words of the client's: that resets it."""
        assert self._client is not None
        self._client.sendall(LAST_WORDS)
        self._client.close()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join()
        self._server.close()

    def _serve(self) -> None:
        self._client, _ = self._listening.accept()
        self._client.settimeout(0.05)
        back = threading.Thread(target=self._answer, args=(self._client,))
        self._threads.append(back)
        back.start()
        while not self._deaf.is_set():
            with suppress(TimeoutError):
                self._server.sendall(self._client.recv(65_536))

    def _answer(self, client: socket.socket) -> None:
        with suppress(OSError):
            while said := self._server.recv(65_536):
                client.sendall(said)


@contextmanager
def wire_to(database_url: str) -> Iterator[tuple[str, Wire]]:
    """A wire to this database, and the URL that leads through it."""
    url = make_url(database_url)
    name = f".s.PGSQL.{url.port or 5432}"
    server = socket.socket(socket.AF_UNIX)
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        if not url.query.get("host"):
            pytest.skip("the server listens on no socket file")
        server.connect(f"{url.query['host']}/{name}")
        listening.bind(str(Path(folder) / name))
        listening.listen()
        wire = Wire(listening, server)
        try:
            through = url.update_query_dict({"host": folder})
            yield through.render_as_string(hide_password=False), wire
        finally:
            wire.close()


async def test_a_server_that_says_a_last_word_and_hangs_up_is_gone(database_url: str) -> None:
    with wire_to(database_url) as (url, wire):
        database = Database.at(url, connections=1)
        pipelines = Pipelines(database)

        async def work(tx: Together) -> tuple[None, Left]:
            await tx.together(Statement("SELECT 1"))
            wire.stop_listening()
            await asyncio.sleep(0.2)
            asyncio.get_running_loop().call_later(0.2, wire.hang_up)
            await tx.together(Statement("SELECT 2"))
            return None, []

        with pytest.raises(Unavailable):
            await asyncio.wait_for(pipelines.transact(EVERYTHING, work), NOTICED_SECONDS)
        await pipelines.close()
        await database.close()
