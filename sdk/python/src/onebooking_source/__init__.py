"""Join a booking website to OneBooking Central: push its bookings, receive the hub's changes."""

from onebooking_source.asgi import asgi_app
from onebooking_source.change import Change, Reply
from onebooking_source.changes import Changes, changes, read_changes
from onebooking_source.client import Client
from onebooking_source.comparison import Extra, OwnBookings
from onebooking_source.digest import NotWhole
from onebooking_source.errors import (
    RejectChange,
    SettingsWrong,
    SignatureInvalid,
    SyncRefused,
    SyncUnavailable,
)
from onebooking_source.outbox import Outbox
from onebooking_source.receiver import Receiver
from onebooking_source.reconcile import Progress, Refused, Summary, reconcile
from onebooking_source.reply import SyncResult
from onebooking_source.sender import Sender
from onebooking_source.settings import Settings
from onebooking_source.signature import verify
from onebooking_source.status import QueuedEvent, SyncStatus
from onebooking_source.wsgi import wsgi_app

__all__ = [
    "Change",
    "Changes",
    "Client",
    "Extra",
    "NotWhole",
    "Outbox",
    "OwnBookings",
    "Progress",
    "QueuedEvent",
    "Receiver",
    "Refused",
    "RejectChange",
    "Reply",
    "Sender",
    "Settings",
    "SettingsWrong",
    "SignatureInvalid",
    "Summary",
    "SyncRefused",
    "SyncResult",
    "SyncStatus",
    "SyncUnavailable",
    "asgi_app",
    "changes",
    "read_changes",
    "reconcile",
    "verify",
    "wsgi_app",
]
