"""One running park: its database, and the SDK's three parts around it."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import Self

from examples.park_site import hub, store
from examples.park_site.parks import Park
from onebooking_source import Client, Outbox, Receiver, Sender, Settings

POLL_SECONDS = 0.2
HUB_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Website:
    """What pages, samples and the sender share; every user opens a connection of its own."""

    park: Park
    id: str
    connect: store.Connect
    outbox: Outbox
    receiver: Receiver[Connection]
    sender: Sender

    @classmethod
    def of(cls, park: Park, settings: Settings, data: Path) -> Self:
        """A park that keeps its database in the folder `data`, created where missing."""
        connect = store.database_at(data / "park.sqlite3")
        outbox = Outbox("sqlite")
        receiver = Receiver(settings.webhook_secrets, hub.apply, connect=connect)
        with closing(connect()) as connection, store.transaction(connection):
            outbox.create_tables(connection)
            receiver.create_tables(connection)
            outbox.forget(connection)
            receiver.forget(connection)
        client = Client(settings, timeout_seconds=HUB_TIMEOUT_SECONDS)
        sender = Sender(connect, outbox, client)
        return cls(park, settings.website_id, connect, outbox, receiver, sender)

    def send(self, stop: threading.Event) -> threading.Thread:
        """Send what the hub is owed from now on, until `stop` is set."""
        return self.sender.start_thread(stop, poll_seconds=POLL_SECONDS)

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """A connection, closed afterwards; nothing is committed that asked for no transaction."""
        with closing(self.connect()) as connection:
            yield connection
