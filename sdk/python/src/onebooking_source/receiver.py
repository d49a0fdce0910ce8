"""Take the hub's changes: verified, each exactly once, never an older one over a newer."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Generic, TypeVar

from onebooking_source import inbox
from onebooking_source.change import Change, NotAChange, NotJson, Reply, read_object
from onebooking_source.database import Connection, dialect_named, transaction
from onebooking_source.errors import RejectChange, SignatureInvalid
from onebooking_source.inbox import Standing
from onebooking_source.signature import TOLERANCE_SECONDS, verify
from onebooking_source.tables import INBOX, create

log = logging.getLogger("onebooking_source")

BODY_BYTES = 1024 * 1024
Own = TypeVar("Own", bound=Connection)
"""The connection of the website's driver, so that `apply` knows it by its own type."""


class Receiver(Generic[Own]):
    """Answers the hub's webhooks and hands each new change to the website's own function.

    `apply(connection, change)` runs inside one transaction together with the memory
    of the webhook's id and version: both commit or neither does, also when the
    process is killed. It writes through the `connection` it is given, never commits,
    and raises `RejectChange` to turn a change down. `connect` opens a connection
    with no transaction open; it is closed after use. `secret` may be several
    during a rotation; `clock` gives seconds since 1970.
    """

    def __init__(  # noqa: PLR0913 three are what every website passes, the rest has defaults
        self,
        secret: str | Sequence[str],
        apply: Callable[[Own, Change], object],
        *,
        connect: Callable[[], Own],
        dialect: str = "sqlite",
        tolerance_seconds: float = TOLERANCE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not secret or not all(secret):
            raise ValueError("An empty secret would accept anybody's webhooks.")
        self._secret = secret
        self._apply = apply
        self._connect = connect
        self._dialect = dialect_named(dialect)
        self._tolerance_seconds = tolerance_seconds
        self._clock = clock

    def create_tables(self, connection: Connection) -> None:
        """Create what is missing, in the caller's transaction; never commits."""
        create(self._dialect, connection, INBOX)

    def forget(self, connection: Connection, *, older_than: timedelta = timedelta(days=30)) -> int:
        """Delete the memory of webhook ids older than that, in the caller's transaction.

        Safe: a repeat that old is still recognised by its version. Returns how many.
        """
        before = self._clock() - older_than.total_seconds()
        return inbox.forget(self._dialect, connection, before=before)

    def handle(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one webhook. Raises nothing: every failure is a reply the hub understands."""
        if len(body) > BODY_BYTES:
            return Reply.error(413, "The body is larger than 1 MiB.")
        try:
            verify(
                self._secret,
                headers,
                body,
                now=self._clock(),
                tolerance_seconds=self._tolerance_seconds,
            )
            said = read_object(body)
            if said.get("test") is True:
                return Reply.success("Test received. Nothing was changed.")
            change = Change.of(said, webhook_id=_webhook_id(headers))
        except SignatureInvalid as invalid:
            log.warning("webhook refused: %s", invalid)
            return Reply.error(401, str(invalid))
        except NotJson as invalid:
            return Reply.error(400, str(invalid))
        except NotAChange as invalid:
            return Reply.error(422, str(invalid))
        return self._answer(change)

    def _answer(self, change: Change) -> Reply:
        """Apply the change, whatever its function may raise."""
        name = f"{change.event} {change.webhook_id} of booking {change.source_booking_id}"
        try:
            standing = self._apply_once(change)
        except RejectChange as rejected:
            log.warning("%s: turned down by the website", name)
            return Reply.error(200, rejected.reason)
        except Exception as failed:
            log.error("%s: failed (%s)", name, type(failed).__name__)  # noqa: TRY400 see below
            log.debug("a traceback may hold personal data: at debug only", exc_info=True)
            return Reply.error(500, "The website could not apply the change.")
        log.info("%s: version %d is %s", name, change.version, standing.value)
        return Reply.success(_MESSAGES[standing])

    def _apply_once(self, change: Change) -> Standing:
        with closing(self._connect()) as connection, transaction(self._dialect, connection):
            standing = inbox.remember(self._dialect, connection, change, now=self._clock())
            if standing is Standing.NEW:
                self._apply(connection, change)
        return standing


_MESSAGES = {
    Standing.NEW: "Booking updated",
    Standing.REPEAT: "This webhook was applied before.",
    Standing.OUTDATED: "A newer version is already here.",
}


def _webhook_id(headers: Mapping[str, str]) -> str | None:
    given = {name.lower(): value for name, value in headers.items()}
    return given.get("x-webhook-id") or given.get("webhook-id") or None
