"""Join a booking website to OneBooking Central: push its bookings, receive the hub's changes."""

from onebooking_source.asgi import asgi_app
from onebooking_source.change import Change, Reply
from onebooking_source.client import Client
from onebooking_source.errors import (
    RejectChange,
    SettingsWrong,
    SignatureInvalid,
    SyncRefused,
    SyncUnavailable,
)
from onebooking_source.outbox import Outbox
from onebooking_source.receiver import Receiver
from onebooking_source.reply import SyncResult
from onebooking_source.sender import Sender
from onebooking_source.settings import Settings
from onebooking_source.signature import verify
from onebooking_source.status import QueuedEvent, SyncStatus
from onebooking_source.wsgi import wsgi_app

__all__ = [
    "Change",
    "Client",
    "Outbox",
    "QueuedEvent",
    "Receiver",
    "RejectChange",
    "Reply",
    "Sender",
    "Settings",
    "SettingsWrong",
    "SignatureInvalid",
    "SyncRefused",
    "SyncResult",
    "SyncStatus",
    "SyncUnavailable",
    "asgi_app",
    "verify",
    "wsgi_app",
]
