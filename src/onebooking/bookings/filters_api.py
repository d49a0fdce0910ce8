"""The filters of bookings as an address says them to the API."""

from datetime import date, datetime
from typing import Annotated, Any

from litestar.params import QueryParameter

from onebooking.bookings.filters import Filters, Sort
from onebooking.bookings.model import Status, SyncState


def _query(description: str, **bounds: Any) -> QueryParameter:
    return QueryParameter(description=description, **bounds)


def filters_of(
    website_id: Annotated[list[str] | None, _query("Repeatable")] = None,
    status: Annotated[list[Status] | None, _query("Repeatable")] = None,
    date_from: Annotated[date | None, _query("First activity date")] = None,
    date_to: Annotated[date | None, _query("Last activity date")] = None,
    updated_since: Annotated[datetime | None, _query("With an offset")] = None,
    q: Annotated[str | None, _query("In ref, name, e-mail, phone, hotel", max_length=200)] = None,
    sync_state: Annotated[SyncState | None, _query("Do hub and website agree?")] = None,
    sort: Annotated[Sort, _query("`-` for descending")] = "activity_date",
) -> Filters:
    """What a list and an export of the same address have in common."""
    return Filters(
        website_id=website_id,
        status=status,
        date_from=date_from,
        date_to=date_to,
        updated_since=updated_since,
        q=q,
        sync_state=sync_state,
        sort=sort,
    )
