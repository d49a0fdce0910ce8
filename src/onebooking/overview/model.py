"""What the first page shows: the day at each website, and how the weeks went."""

from datetime import date

from msgspec import Struct

from onebooking.reach import WebsiteId

WEEKS = 8
# Who is expected or was there: cancelled and refunded bookings are not counted.
COUNTED = ("pending", "confirmed", "completed", "no_show")


class Sold(Struct, frozen=True, kw_only=True):
    """One website's bookings of a day in one currency; a day without any has one of zeros."""

    website_id: WebsiteId
    ahead: int  # 0 today, 1 tomorrow: in the website's own time zone
    day: date
    currency: str | None  # None: no booking
    bookings: int
    guests: int
    pickups: int  # bookings whose guests are fetched
    amount: int  # in the website's unit


class DayCount(Struct, frozen=True, kw_only=True):
    """One website's bookings of one activity date."""

    website_id: WebsiteId
    day: date
    bookings: int
    guests: int
