"""A park's website on Django: sells bookings, shows how each stands with the hub, takes changes.

    pip install django onebooking-source
    DATABASE=park.db python django_site.py         # and the specification's four variables

Django's own connection wraps the driver's: `connection.connection` is what the outbox
writes through, inside `transaction.atomic()`. `apply` runs on a connection of its own,
where the ORM is not: it speaks SQL.
"""

import json
import os
import sqlite3
import uuid
from contextlib import closing
from wsgiref.simple_server import make_server

import django
from django.conf import settings as django_settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from onebooking_source import Change, Client, Outbox, Receiver, Sender, Settings

DATABASE = os.environ.get("DATABASE", "park.db")
settings = Settings.from_env()
outbox = Outbox("sqlite")

django_settings.configure(
    SECRET_KEY=os.environ.get("DJANGO_SECRET_KEY", uuid.uuid4().hex),
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE}},
)
django.setup()


def connect() -> sqlite3.Connection:
    """Open the database beside Django, for the sender and the receiver."""
    return sqlite3.connect(DATABASE)


def apply(connection: sqlite3.Connection, change: Change) -> None:
    """Write what the hub changed; commits together with the memory that it was applied."""
    if "status" in change.data:
        sql = "UPDATE bookings SET status = ? WHERE id = ?"
        connection.execute(sql, (change.data["status"], change.source_booking_id))


receiver = Receiver(settings.webhook_secrets, apply, connect=connect)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Take a change from the hub: the signature is its proof, not a CSRF token."""
    reply = receiver.handle(request.headers, request.body)
    return HttpResponse(reply.body, status=reply.status, content_type="application/json")


@csrf_exempt
@require_POST
def book(request: HttpRequest) -> HttpResponse:
    """Sell a booking: the booking and the event it owes the hub are one transaction."""
    booking_id = str(uuid.uuid4())
    event = json.loads(request.body)
    event |= {"event": "booking.created", "source_booking_id": booking_id}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO bookings VALUES (%s, 'confirmed')", [booking_id])
        outbox.put(connection.connection, event)
    return JsonResponse({"id": booking_id})


def show(_: HttpRequest, booking_id: str) -> HttpResponse:
    """Show a booking, and whether the hub has everything about it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM bookings WHERE id = %s", [booking_id])
        ((status,),) = cursor.fetchall()
        sync = outbox.status_of(connection.connection, booking_id)
    return JsonResponse({"status": status, "sync": sync.state if sync else "none"})


urlpatterns = [
    path("api/webhooks/onebooking", webhook),
    path("bookings", book),
    path("bookings/<booking_id>", show),
]

if __name__ == "__main__":
    with closing(connect()) as database:
        database.execute("CREATE TABLE IF NOT EXISTS bookings (id TEXT PRIMARY KEY, status TEXT)")
        outbox.create_tables(database)
        receiver.create_tables(database)
        database.commit()
    Sender(connect, outbox, Client(settings)).start_thread()
    with make_server("127.0.0.1", int(os.environ.get("PORT", "8000")), get_wsgi_application()) as s:
        s.serve_forever()
