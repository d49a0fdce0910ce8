"""What people look at, near and deep: by somebody who sees all, and by one who sees little."""

from typing import Any, LiteralString
from urllib.parse import urlencode

from msgspec import Struct

from bench.hub import Store
from bench.register import add_member, add_session
from onebooking.members.model import Role
from onebooking.reach import EVERYTHING, Reach, WebsiteId
from onebooking.samples.words import WEBSITES
from onebooking.web import paging

LARGE, SMALL = WEBSITES[0].id, WEBSITES[-1].id
EVERYBODY, SOMEBODY, SCRIPT = "superadmin", "staff of the smallest", "a script (API)"
_PAGE = 50
_SEARCHES = {
    "one name": "siriporn rossi",
    "part of an e-mail": "rossi12",
    "a telephone's end": "81234",
    "a reference's beginning": "KR-00012",
    "a hotel": "novotel karon",
    "a Thai name": "ศิริพร",
    "what every booking has": "example",
    "what none has": "qqqzzzqqq",
    "two letters": "so",
}


class Look(Struct, frozen=True):
    """One page that somebody asks for."""

    who: str
    name: str
    path: str
    headers: dict[str, str]


# Who, the first page and the deep one.
DEEP = (
    (EVERYBODY, "bookings", "bookings, page 10,000"),
    (EVERYBODY, "bookings, newest first", "bookings, newest first, page 10,000"),
    (SCRIPT, "bookings", "bookings, page 10,000"),
)


def looks(store: Store) -> list[Look]:
    """Every page that is measured, with addresses of rows that are there."""
    everybody = _browser(add_session(store, "all@bench.example", Role.SUPERADMIN, EVERYTHING))
    few = Reach(frozenset({WebsiteId(SMALL)}))
    somebody = _browser(add_session(store, "one@bench.example", Role.STAFF, few))
    script = {"Authorization": f"Bearer {add_member(store)}"}
    deep = {sort: _deep(store, sort) for sort in ("activity_date", "-created_at")}
    booking = "/bookings/{}"
    by_all = {
        "overview": "/",
        **_lists(deep),
        **{f"search: {name}": _list(q=q) for name, q in _SEARCHES.items()},
        "search: a hotel, refunded": _list(q="novotel karon", status="refunded"),
        "a booking": booking.format(_one(store, _SOME)),
        "a booking changed 120 times": booking.format(_one(store, _LONG)),
        "deliveries": "/deliveries",
        "deliveries given up": "/deliveries?state=given_up",
        "sync log": "/sync-log",
        "sync log, failed": "/sync-log?status=failed",
        "websites": "/websites",
        "a website": f"/websites/{LARGE}",
    }
    by_one = {
        "overview": "/",
        "bookings": _list(),
        "bookings, newest first": _list(sort="-created_at"),
        "bookings, failing": _list(sync_state="failing"),
        "search: one name": _list(q=_SEARCHES["one name"]),
        "search: what every booking has": _list(q="example"),
        "deliveries": "/deliveries",
        "sync log": "/sync-log",
        "a website": f"/websites/{SMALL}",
    }
    by_script = {
        "bookings": "/api/bookings?limit=50",
        "bookings, page 10,000": "/api/bookings?limit=50&" + deep["activity_date"],
        "search: one name": "/api/bookings?" + urlencode({"q": _SEARCHES["one name"]}),
    }
    callers: list[tuple[str, dict[str, str], dict[str, str]]] = [
        (EVERYBODY, everybody, by_all), (SOMEBODY, somebody, by_one), (SCRIPT, script, by_script)
    ]  # fmt: skip
    return [
        Look(who, name, path, headers)
        for who, headers, paths in callers
        for name, path in paths.items()
    ]


def _lists(deep: dict[str, str]) -> dict[str, str]:
    return {
        "bookings": _list(),
        "bookings, page 10,000": f"/bookings?{deep['activity_date']}",
        "bookings, newest first": _list(sort="-created_at"),
        "bookings, newest first, page 10,000": f"/bookings?sort=-created_at&{deep['-created_at']}",
        "bookings, latest changed first": _list(sort="-updated_at"),
        "bookings by reference": _list(sort="booking_ref"),
        "bookings, today": _list(range="today"),
        "bookings, refunded": _list(status="refunded"),
        "bookings, pending, newest first": _list(status="pending", sort="-created_at"),
        "bookings of two websites": f"{_list(website_id=LARGE)}&website_id={SMALL}",
        "bookings, failing": _list(sync_state="failing"),
        "bookings, conflict": _list(sync_state="conflict"),
        "bookings, on their way": _list(sync_state="on_its_way"),
        "bookings, in step": _list(sync_state="in_step"),
    }


def _list(**asked: str) -> str:
    return "/bookings" + ("?" + urlencode(asked) if asked else "")


def _browser(session: str) -> dict[str, str]:
    return {"Cookie": f"onebooking={session}", "Sec-Fetch-Site": "same-origin"}


def _deep(store: Store, sort: str) -> str:
    """The cursor of page 10,000, or of the middle where there are fewer pages."""
    column = sort.lstrip("-")
    way = "DESC" if sort.startswith("-") else "ASC"
    with store.sql() as connection:
        row: Any = connection.execute(
            f"SELECT {column}, id FROM bookings ORDER BY {column} {way}, id {way} "
            f"OFFSET least({_PAGE} * 9999, (SELECT count(*) / 2 FROM bookings)) LIMIT 1".encode()
        ).fetchone()
    return urlencode({"cursor": paging.encode((sort, *row))})


_SOME: LiteralString = "SELECT id FROM bookings WHERE version = 2 ORDER BY id LIMIT 1"
_LONG: LiteralString = "SELECT id FROM bookings ORDER BY version DESC, id LIMIT 1"


def _one(store: Store, wanted: LiteralString) -> str:
    with store.sql() as connection:
        row: Any = connection.execute(wanted).fetchone()
    return str(row[0])
