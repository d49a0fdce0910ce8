"""Read the booking form: an order, or a kind sentence for each field that is not right yet."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from examples.park_site.order import Basket, Order
from examples.park_site.parks import Addon, Package, Park

BANGKOK = timezone(timedelta(hours=7))
LAST_DAY = timedelta(days=180)
MOST_GUESTS = 30
MOST_ADDONS = 20
TRANSPORT = ("hotel_pickup", "self_arrange", "private")
CARDS = {"pays": "A card that pays", "declined": "A card that is declined"}
PRICED = ("package", "guest_count", "private_passengers")
"""The fields a price can be named from; add-ons too, whose names begin with `addon_`."""

_ASKED = (
    *("package", "activity_date", "time_slot", "guest_count"),
    *("transport_type", "hotel_name", "room_number", "private_passengers", "non_players"),
    *("addon_", "customer_name", "customer_email", "customer_country_code", "customer_phone"),
    *("special_requests", "card"),
)
_COUNTED = {
    "guest_count": "guests",
    "private_passengers": "passengers",
    "non_players": "people who watch",
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_PHONE = re.compile(r"[0-9 ()\-]{5,20}")
_COUNTRY_CODE = re.compile(r"\+[0-9]{1,4}")
_LINE, _SHORT, _REQUESTS = 200, 50, 2000


def first_day() -> date:
    """The first day one can book: tomorrow, as the park's own clock has it."""
    return datetime.now(BANGKOK).date() + timedelta(days=1)


def spoken(day: date) -> str:
    """The day as we say it: Saturday 5 December 2026."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def clean(text: str) -> str:
    """What was typed, trimmed and without control characters, which no database wants."""
    return "".join(filter(_keeps, text.replace("\r\n", "\n"))).strip()


@dataclass
class Form:
    """What was typed, and what is wrong with it; nothing typed is ever changed or lost."""

    park: Park
    typed: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    def order(self) -> Order | None:
        """The order, when every field is right; `wrong` says what is not."""
        basket = self.basket()
        order_of = {
            "activity_date": self._activity_date(),
            "time_slot": self._one_of("time_slot", self.park.time_slots, "Choose a start time."),
            "customer_name": self._text("customer_name", "Tell us your name, please."),
            "customer_email": self._email(),
            "customer_phone": self._like("customer_phone", _PHONE, "Digits only, such as 0812345"),
            "customer_country_code": self._country_code(),
            "special_requests": self._text("special_requests", longest=_REQUESTS),
            "card": self._one_of("card", tuple(CARDS), "Choose how to pay."),
        }
        order_of |= self._transport()
        non_players = self._count("non_players", most=MOST_GUESTS)
        if self.wrong or basket is None:
            return None
        # Nothing is wrong, so what is needed is there: only mypy cannot know.
        return Order(basket=basket, non_players=non_players, **order_of)  # type: ignore[arg-type]

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Each wrong field and its sentence, in the order of the page."""
        return sorted(self.wrong.items(), key=lambda one: _asked_at(one[0]))

    def basket(self) -> Basket | None:
        """What the price depends on, when those fields are right."""
        package = self._package()
        guests = self._count("guest_count", least=1, most=MOST_GUESTS)
        private = self.typed.get("transport_type") == "private"
        passengers = self._count("private_passengers", least=1, most=MOST_GUESTS) if private else 0
        addons = self._addons()
        if package is None or self.wrong:
            return None
        return Basket(package, guests, passengers, self.park.van_price, addons)

    def _package(self) -> Package | None:
        package = self.park.package(self.typed.get("package", ""))
        if package is None:
            self.wrong["package"] = "Choose what you would like to do."
        return package

    def _addons(self) -> tuple[tuple[Addon, int], ...]:
        counted = (
            (addon, self._count(f"addon_{addon.slug}", most=MOST_ADDONS))
            for addon in self.park.addons
        )
        return tuple((addon, count) for addon, count in counted if count)

    def _transport(self) -> dict[str, str | None]:
        """How they come; the hotel matters only to those we pick up or drive."""
        by = self._one_of("transport_type", TRANSPORT, "Choose how you will come.")
        hotel = room = None
        if by in {"hotel_pickup", "private"}:
            hotel = self._text("hotel_name", "Where shall we pick you up?")
            room = self._text("room_number", longest=_SHORT)
        return {"transport_type": by, "hotel_name": hotel, "room_number": room}

    def _activity_date(self) -> str | None:
        first = first_day()
        last = first + LAST_DAY
        try:
            day = date.fromisoformat(self.typed.get("activity_date", "").strip())
        except ValueError:
            self.wrong["activity_date"] = "Choose a day."
            return None
        if day < first:
            self.wrong["activity_date"] = f"The first free day is {spoken(first)}."
        elif day > last:
            self.wrong["activity_date"] = f"We take bookings until {spoken(last)}."
        return day.isoformat()

    def _email(self) -> str | None:
        email = self._text("customer_email", "Where shall we send your confirmation?")
        if email and not _EMAIL.fullmatch(email):
            self.wrong["customer_email"] = "This does not look like an e-mail address yet."
        return email

    def _country_code(self) -> str | None:
        """Without a telephone number there is no country to it."""
        code = self._like("customer_country_code", _COUNTRY_CODE, "A code looks like +66.")
        return code if self._text("customer_phone") else None

    def _like(self, name: str, pattern: re.Pattern[str], says: str) -> str | None:
        text = self._text(name, longest=_SHORT)
        if text and not pattern.fullmatch(text):
            self.wrong[name] = says
        return text

    def _one_of(self, name: str, choices: tuple[str, ...], says: str) -> str | None:
        chosen = self.typed.get(name, "")
        if chosen not in choices:
            self.wrong[name] = says
            return None
        return chosen

    def _text(self, name: str, needed: str = "", *, longest: int = _LINE) -> str | None:
        """Trimmed, without control characters; None when empty. `needed` is said when it is."""
        text = clean(self.typed.get(name, ""))
        if needed and not text:
            self.wrong[name] = needed
        if len(text) > longest:
            self.wrong[name] = f"Please keep it to {longest:,} characters."
        return text or None

    def _count(self, name: str, *, least: int = 0, most: int) -> int:
        """A whole number; Thai digits count as well. Nothing typed is none."""
        text = self.typed.get(name, "").strip() or "0"
        number = int(text) if text.isdecimal() and len(text) <= len(str(most)) + 2 else -1
        if not least <= number <= most:
            what = _COUNTED.get(name, "pieces")
            self.wrong[name] = f"From {least} to {most} {what}, please."
        return number


def _keeps(character: str) -> bool:
    return character == "\n" or unicodedata.category(character) not in {"Cc", "Cs"}


def _asked_at(name: str) -> int:
    return next(place for place, asked in enumerate(_ASKED) if name.startswith(asked))
