"""A park's website on FastAPI: sells bookings, shows how each stands with the hub, takes changes.

pip install fastapi uvicorn onebooking-source
DATABASE=park.db python fastapi_site.py        # and the specification's four variables
"""

import os
import sqlite3
import threading
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.routing import Route

from onebooking_source import Change, Client, Outbox, Receiver, Sender, Settings, asgi_app

DATABASE = os.environ.get("DATABASE", "park.db")
settings = Settings.from_env()
outbox = Outbox("sqlite")


def connect() -> sqlite3.Connection:
    """Open the website's own database."""
    return sqlite3.connect(DATABASE)


def apply(connection: sqlite3.Connection, change: Change) -> None:
    """Write what the hub changed; commits together with the memory that it was applied."""
    if "status" in change.data:
        sql = "UPDATE bookings SET status = ? WHERE id = ?"
        connection.execute(sql, (change.data["status"], change.source_booking_id))


receiver = Receiver(settings.webhook_secrets, apply, connect=connect)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Create the tables, and send in a thread for as long as the website runs."""
    with closing(connect()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bookings (id TEXT PRIMARY KEY, status TEXT)")
        outbox.create_tables(connection)
        receiver.create_tables(connection)
        connection.commit()
    stop = threading.Event()
    thread = Sender(connect, outbox, Client(settings)).start_thread(stop)
    yield
    stop.set()
    thread.join()


app = FastAPI(lifespan=lifespan)
app.router.routes.append(Route("/api/webhooks/onebooking", asgi_app(receiver)))


@app.post("/bookings")
def book(booking: dict[str, Any]) -> dict[str, str]:
    """Sell a booking: the booking and the event it owes the hub are one transaction."""
    booking_id = str(uuid.uuid4())
    event = booking | {"event": "booking.created", "source_booking_id": booking_id}
    with closing(connect()) as connection, connection:
        connection.execute("INSERT INTO bookings VALUES (?, 'confirmed')", (booking_id,))
        outbox.put(connection, event)
    return {"id": booking_id}


@app.get("/bookings/{booking_id}")
def show(booking_id: str) -> dict[str, str]:
    """Show a booking, and whether the hub has everything about it."""
    with closing(connect()) as connection:
        sql = "SELECT status FROM bookings WHERE id = ?"
        ((status,),) = connection.execute(sql, (booking_id,)).fetchall()
        sync = outbox.status_of(connection, booking_id)
    return {"status": status, "sync": sync.state if sync else "none"}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
