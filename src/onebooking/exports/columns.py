"""What an export says of a booking: its columns, by the names that the API has for them too.

Amounts are decimals, as the website counts them; instants are local to the booking's own website,
whose zone stands in a column beside them.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct

from onebooking.db import as_json

Row: TypeAlias = Mapping[Any, Any]  # a booking with its website's name, timezone, amount_decimals
Cell: TypeAlias = str | int | Decimal | date | datetime | None


class Kind(StrEnum):
    """How a column's cells are written."""

    TEXT = "text"
    COUNT = "count"
    AMOUNT = "amount"
    DAY = "day"
    MOMENT = "moment"


class Column(Struct, frozen=True):
    """One column; `width` in characters."""

    name: str
    kind: Kind
    width: int
    cell: Callable[[Row], Cell]


def _text(name: str, width: int, of: str = "") -> Column:
    return Column(name, Kind.TEXT, width, _field(of or name))


def _count(name: str) -> Column:
    return Column(name, Kind.COUNT, 12, _field(name))


def _field(name: str) -> Callable[[Row], Cell]:
    def cell(row: Row) -> Cell:
        value: Cell = row[name]
        return value

    return cell


def _amount(name: str) -> Column:
    def cell(row: Row) -> Decimal | None:
        amount = row[name]
        return None if amount is None else Decimal(amount).scaleb(-row["amount_decimals"])

    return Column(name, Kind.AMOUNT, 16, cell)


def _moment(name: str) -> Column:
    def cell(row: Row) -> datetime | str | None:
        """To the second, without its zone; what local time cannot say stays in UTC, and says so."""
        instant: datetime | None = row[name]
        if instant is None:
            return None
        try:
            local = instant.astimezone(ZoneInfo(row["timezone"]))
        except OverflowError:
            return instant.isoformat()
        return local.replace(tzinfo=None, microsecond=0)

    return Column(name, Kind.MOMENT, 20, cell)


def _addons(row: Row) -> str:
    """As JSON, which an import reads again; unit prices in the website's unit."""
    return as_json(row["addons"]) if row["addons"] else ""


COLUMNS = (
    _text("booking_ref", 14),
    _text("website", 22, of="website_name"),
    _text("status", 12),
    Column("activity_date", Kind.DAY, 14, _field("activity_date")),
    _text("time_slot", 10),
    _text("package_name", 24),
    _count("guest_count"),
    _text("customer_name", 24),
    _text("customer_email", 28),
    _text("customer_phone", 18),
    _text("customer_country_code", 12),
    _text("transport_type", 16),
    _text("hotel_name", 24),
    _text("room_number", 12),
    _count("non_players"),
    _count("private_passengers"),
    _text("special_requests", 30),
    _text("admin_notes", 30),
    _text("currency", 10),
    _amount("package_price"),
    _amount("transport_cost"),
    _amount("discount_amount"),
    _amount("total_amount"),
    _amount("refund_amount"),
    Column("addons", Kind.TEXT, 30, _addons),
    _text("stripe_payment_intent_id", 24),
    _text("cancellation_reason", 24),
    _moment("checked_in_at"),
    _moment("source_created_at"),
    _moment("created_at"),
    _moment("updated_at"),
    _text("timezone", 16),
    _text("sync_state", 12),
    _count("version"),
    Column("booking_id", Kind.TEXT, 38, lambda row: str(row["id"])),
    Column("source_booking_id", Kind.TEXT, 38, lambda row: str(row["source_booking_id"])),
    _text("website_id", 18),
)
NAMES = tuple(column.name for column in COLUMNS)


def cells_of(row: Row) -> list[Cell]:
    """A booking as cells, in the order of `COLUMNS`."""
    return [column.cell(row) for column in COLUMNS]
