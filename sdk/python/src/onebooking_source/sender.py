"""Send what the outbox owes, for as long as the website runs."""

import logging
import threading
from collections.abc import Callable
from contextlib import closing

from onebooking_source.client import Client
from onebooking_source.database import Connection
from onebooking_source.errors import SyncRefused, SyncUnavailable
from onebooking_source.lease import (
    Hold,
    Leased,
    record_held,
    record_refused,
    record_sent,
    record_unavailable,
    take,
)
from onebooking_source.outbox import Outbox
from onebooking_source.reply import SyncResult
from onebooking_source.schedule import HELD_SECONDS

log = logging.getLogger("onebooking_source")
_NOT_US, _TOO_MANY = 401, 429


class Sender:
    """Takes due events from the outbox, one at a time, and sends them to the hub.

    `connect` opens a connection of the sender's own, with no transaction open; it
    is closed after use. Any number of senders may run, in any number of processes.
    The hub is spoken to outside any transaction. A sender that dies after the hub
    has answered and before that is written down leaves the event to be sent again
    when its lease of 60 seconds ends: at least once, and the hub takes repeats.
    """

    def __init__(self, connect: Callable[[], Connection], outbox: Outbox, client: Client) -> None:
        self._connect = connect
        self._outbox = outbox
        self._client = client
        self._paused_until = 0.0

    def drain(self) -> int:
        """Send everything due and return how many events were tried.

        Ends early when the hub cannot be reached at all or asks everyone to wait
        (`Retry-After`): the other events would only use up their tries.
        """
        with closing(self._connect()) as connection:
            return self._drain(connection, threading.Event())

    def run(self, stop: threading.Event, poll_seconds: float = 1.0) -> None:
        """Send what is due, every `poll_seconds`, until `stop` is set; outlives its database."""
        while not stop.is_set():
            try:
                with closing(self._connect()) as connection:
                    while not stop.is_set():
                        self._drain(connection, stop)
                        stop.wait(poll_seconds)
            except Exception as failed:
                log.warning("the sender stumbled (%s) and goes on", type(failed).__name__)
                log.debug("what it stumbled over", exc_info=True)
                stop.wait(poll_seconds)

    def start_thread(
        self, stop: threading.Event | None = None, *, poll_seconds: float = 1.0
    ) -> threading.Thread:
        """Run in a daemon thread, until `stop` is set or the process ends."""
        thread = threading.Thread(
            target=self.run,
            args=(stop or threading.Event(), poll_seconds),
            name="onebooking-sender",
            daemon=True,
        )
        thread.start()
        return thread

    def _drain(self, connection: Connection, stop: threading.Event) -> int:
        tried = 0
        while not stop.is_set() and self._outbox.clock() >= self._paused_until:
            leased = take(self._outbox, connection)
            if leased is None:
                break
            tried += 1
            if not self._send(connection, leased):
                break
        return tried

    def _send(self, connection: Connection, leased: Leased) -> bool:
        """Send one event and write down the outcome; False when the hub was not there."""
        reached = True
        try:
            result = self._client.sync(leased.event)
        except SyncRefused as refused:
            if refused.status == _NOT_US:
                kept = self._hold(connection, leased, _key_refused(refused))
            else:
                kept = record_refused(self._outbox, connection, leased, refused)
                _log_refused(leased, refused)
        except SyncUnavailable as unavailable:
            kept = self._record_unavailable(connection, leased, unavailable)
            reached = unavailable.status is not None
        else:
            kept = record_sent(self._outbox, connection, leased, result)
            _log_sent(leased, result)
        if not kept:
            log.warning("%s: another sender took over, its lease had ended", leased.name)
        return reached

    def _record_unavailable(
        self, connection: Connection, leased: Leased, unavailable: SyncUnavailable
    ) -> bool:
        """Keep the event for later; where the hub asked for a pause, all of them wait."""
        pause = unavailable.retry_after_seconds
        if unavailable.status == _TOO_MANY:
            pause = HELD_SECONDS if pause is None else pause
            log.warning("the hub asked us to wait %.0f seconds; nothing is lost", pause)
            why = f"The hub asked us to wait {pause:.0f} seconds."
            return self._hold(connection, leased, Hold(pause, "RATE_LIMITED", why))
        kept = record_unavailable(self._outbox, connection, leased, unavailable)
        log.warning("%s: try %d failed: %s", leased.name, leased.tries + 1, _why(unavailable))
        if pause is not None:
            self._paused_until = self._outbox.clock() + pause
        return kept

    def _hold(self, connection: Connection, leased: Leased, hold: Hold) -> bool:
        """Let everything wait: what is wrong is not this event, and the next would meet it too."""
        self._paused_until = self._outbox.clock() + hold.seconds
        return record_held(self._outbox, connection, leased, hold)


def _key_refused(refused: SyncRefused) -> Hold:
    """Ask again until the website has a key that the hub takes: it may be on its way."""
    log.error(
        "the hub does not take our key; nothing is lost, we ask again every %.0f seconds:"
        " set ONEBOOKING_API_KEY to the website's present one",
        HELD_SECONDS,
    )
    return Hold(HELD_SECONDS, refused.code, str(refused))


def _why(unavailable: SyncUnavailable) -> str:
    return "no answer" if unavailable.status is None else f"the hub answered {unavailable.status}"


def _log_refused(leased: Leased, refused: SyncRefused) -> None:
    if refused.code == "DUPLICATE_BOOKING":
        log.error(
            "%s: refused, the hub already holds this booking with other content;"
            " send booking.updated to change it",
            leased.name,
        )
    else:
        log.error("%s: refused for good: %s (%d)", leased.name, refused.code, refused.status)


def _log_sent(leased: Leased, result: SyncResult) -> None:
    if result.stale:
        outcome = "the hub knew something newer"
    elif result.booking_id is None:
        outcome = "sent, waits at the hub for its booking"
    else:
        outcome = "sent"
    log.info("%s: %s, %d warnings", leased.name, outcome, len(result.warnings))
