"""A park's website on Flask: sells bookings, shows how each stands with the hub, takes changes.

pip install flask onebooking-source
DATABASE=park.db python flask_site.py          # and the specification's four variables
"""

import os
import sqlite3
import uuid
from contextlib import closing

from flask import Flask, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from onebooking_source import Change, Client, Outbox, Receiver, Sender, Settings, wsgi_app

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
webhooks = {"/api/webhooks/onebooking": wsgi_app(receiver)}
app = Flask(__name__)
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, webhooks)  # type: ignore[method-assign]


@app.post("/bookings")
def book() -> dict[str, str]:
    """Sell a booking: the booking and the event it owes the hub are one transaction."""
    booking_id = str(uuid.uuid4())
    event = request.get_json() | {"event": "booking.created", "source_booking_id": booking_id}
    with closing(connect()) as connection, connection:
        connection.execute("INSERT INTO bookings VALUES (?, 'confirmed')", (booking_id,))
        outbox.put(connection, event)
    return {"id": booking_id}


@app.get("/bookings/<booking_id>")
def show(booking_id: str) -> dict[str, str]:
    """Show a booking, and whether the hub has everything about it."""
    with closing(connect()) as connection:
        sql = "SELECT status FROM bookings WHERE id = ?"
        ((status,),) = connection.execute(sql, (booking_id,)).fetchall()
        sync = outbox.status_of(connection, booking_id)
    return {"status": status, "sync": sync.state if sync else "none"}


if __name__ == "__main__":
    with closing(connect()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bookings (id TEXT PRIMARY KEY, status TEXT)")
        outbox.create_tables(connection)
        receiver.create_tables(connection)
        connection.commit()
    Sender(connect, outbox, Client(settings)).start_thread()
    app.run(port=int(os.environ.get("PORT", "8000")))
