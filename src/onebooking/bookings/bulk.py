"""Do one thing to many bookings: first look what it would come to, then do it, in steps."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import ColumnElement, RowMapping, exists, select

from onebooking.bookings import filters, queries
from onebooking.bookings.acts import BECOMES, Act, Verdict, judge
from onebooking.bookings.filters import Filters
from onebooking.bookings.model import Status
from onebooking.bookings.queries import Locked
from onebooking.bookings.wire import LONGEST_TEXT
from onebooking.bookings.write import Edited, owed_of, write
from onebooking.clock import utc_now
from onebooking.db import Tx, together, within
from onebooking.deliveries.outbox import owe, wake_workers
from onebooking.members.model import Member, Right
from onebooking.reach import WebsiteId
from onebooking.tables import bookings, conflicts, websites

MOST = 500  # at once
STEP = 100  # in one transaction: nobody else waits long for these rows
b = bookings.c


class Line(Struct, frozen=True, kw_only=True):
    """One booking and what the act comes to for it; `total_amount` in its website's unit."""

    id: UUID
    version: int
    website_id: WebsiteId
    booking_ref: str
    customer_name: str
    activity_date: date
    time_slot: str
    guest_count: int
    total_amount: int
    currency: str
    status: Status
    verdict: Verdict


class Sum(Struct, frozen=True):
    """Money of one currency; `decimals` says in which unit: the finest that any website counts."""

    currency: str
    amount: int
    decimals: int


class Lines(Struct, frozen=True):
    """Bookings by what it comes to, or came to."""

    every: Sequence[Line]

    @property
    def changed(self) -> list[Line]:
        """Those that change."""
        return [line for line in self.every if line.verdict == Verdict.CHANGES]

    @property
    def already(self) -> list[Line]:
        """Those that are so already."""
        return [line for line in self.every if line.verdict == Verdict.ALREADY]

    @property
    def hindered(self) -> list[Line]:
        """Those that something stands against."""
        fine = (Verdict.CHANGES, Verdict.ALREADY)
        return [line for line in self.every if line.verdict not in fine]

    @property
    def guests(self) -> int:
        """How many people come with those that change."""
        return sum(line.guest_count for line in self.changed)

    @property
    def by_website(self) -> Counter[WebsiteId]:
        """How many change at each website."""
        return Counter(line.website_id for line in self.changed)

    def at_stake(self, decimals: Mapping[WebsiteId, int]) -> list[Sum]:
        """What those that change cost, for each currency; `decimals` by website."""
        finest: dict[str, int] = defaultdict(int)
        for line in self.changed:
            finest[line.currency] = max(finest[line.currency], decimals[line.website_id])
        sums: Counter[str] = Counter()
        for line in self.changed:
            unit = 10 ** (finest[line.currency] - decimals[line.website_id])
            sums[line.currency] += line.total_amount * unit
        return [Sum(currency, sums[currency], finest[currency]) for currency in sorted(finest)]


class Outlook(Struct, frozen=True):
    """What an act would come to. `more`: others match too, beyond what is done at once."""

    lines: Lines
    more: bool


async def look_at(tx: Tx, member: Member, act: Act, booking_ids: Collection[UUID]) -> Outlook:
    """What the act would come to for these bookings; those out of reach are none.

    Raises:
        NotAllowed: the member's role may not edit.
    """
    chosen = b.id.in_(booking_ids)
    return await _look(tx, member, act, [chosen], Filters())


async def look_at_all(tx: Tx, member: Member, act: Act, wanted: Filters) -> Outlook:
    """The same for all that match, in the list's order, up to `MOST`.

    Raises:
        NotAllowed: the member's role may not edit.
    """
    return await _look(tx, member, act, filters.conditions(wanted), wanted)


async def _look(
    tx: Tx, member: Member, act: Act, which: Sequence[ColumnElement[bool]], wanted: Filters
) -> Outlook:
    member.require(Right.EDIT)
    named = (name for name in Line.__struct_fields__ if name != "verdict")
    found = (
        select(*(b[name] for name in named), b.checked_in_at, websites.c.timezone)
        .add_columns(_fought().label("in_conflict"))
        .join(websites, websites.c.id == b.website_id)
        .where(within(b.website_id, member.reach), *which)
        .order_by(*filters.order(wanted.sort))
        .limit(MOST + 1)
    )
    rows = list((await tx.execute(found)).mappings())
    now = utc_now()
    return Outlook(Lines([_line(act, row, now) for row in rows[:MOST]]), len(rows) > MOST)


def _fought() -> ColumnElement[bool]:
    c = conflicts.c
    return exists().where(c.booking_id == b.id, c.field == "status", c.settled_at.is_(None))


def _line(act: Act, row: RowMapping, now: datetime) -> Line:
    today = now.astimezone(ZoneInfo(row["timezone"])).date()
    verdict = judge(act, row, today=today, in_conflict=row["in_conflict"])
    return _as_line(row, verdict)


def _as_line(row: RowMapping, verdict: Verdict) -> Line:
    fields = {name: row[name] for name in Line.__struct_fields__ if name != "verdict"}
    return Line(**fields, verdict=verdict)


class Order(Struct, frozen=True):
    """What is to be done; `note` is added below each booking's notes, and told to its website."""

    act: Act
    note: str = ""

    @property
    def columns(self) -> list[str]:
        """What it changes that websites know."""
        if self.act == Act.CHECK_IN:
            return []
        return ["status", "admin_notes"] if self.note else ["status"]

    def changes(self, held: RowMapping, now: datetime) -> dict[str, list[Any]]:
        """Column → [old, new]. Who was erased gets no note."""
        if self.act == Act.CHECK_IN:
            return {"checked_in_at": [None, now.isoformat()]}
        changes: dict[str, list[Any]] = {"status": [held["status"], BECOMES[self.act].value]}
        if self.note and held["erased_at"] is None:
            before = held["admin_notes"]
            changes["admin_notes"] = [before, f"{before}\n{self.note}" if before else self.note]
        return changes


async def do(tx: Tx, member: Member, order: Order, seen: Mapping[UUID, int]) -> list[Line]:
    """Do it to these bookings, and owe each website what has changed: one step, all or nothing.

    `seen` has each booking's version at the look. What somebody changed since is left as it is.
    Twice is once: what is so already stays. A booking out of reach has no line. As many statements
    for a hundred as for one.

    Raises:
        NotAllowed: the member's role may not edit.
    """
    member.require(Right.EDIT)
    now, by = utc_now(), member.email
    locked = await queries.lock_bookings(tx, member.reach, seen.keys())
    fought = await queries.in_conflict(tx, [one.id for one in locked], order.columns)
    verdicts = {
        one.id: _verdict(order, one, seen[one.id], now, in_conflict=one.id in fought)
        for one in locked
    }
    edits = [
        Edited(one, order.changes(one.values, now))
        for one in locked
        if verdicts[one.id] == Verdict.CHANGES
    ]
    if order.act == Act.CHECK_IN:
        await together(tx, *write(edits, event="booking.checked_in", by=by, now=now))
    elif edits:
        event = "booking.status_changed"
        owed = owe(owed_of(edits, event=event, by=by), now=now)
        written = write(edits, event=event, by=by, now=now)
        await together(tx, *written, *owed, wake_workers())
    return [_as_line(one.values, verdicts[one.id]) for one in locked]


def _verdict(order: Order, one: Locked, seen: int, now: datetime, *, in_conflict: bool) -> Verdict:
    today = now.astimezone(ZoneInfo(one.timezone)).date()
    verdict = judge(order.act, one.values, today=today, in_conflict=in_conflict)
    if verdict != Verdict.ALREADY and one.version != seen:
        return Verdict.MOVED
    _, notes = order.changes(one.values, now).get("admin_notes", (None, ""))
    is_full = verdict == Verdict.CHANGES and len(notes) > LONGEST_TEXT
    return Verdict.FULL if is_full else verdict
