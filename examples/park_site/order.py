"""What a guest wants, checked, and what it costs."""

from dataclasses import dataclass
from math import ceil

from examples.park_site.parks import Addon, Package

TIMES = "\N{MULTIPLICATION SIGN}"
SEATS_IN_A_VAN = 8
GROUP_GUESTS = 8
GROUP_DISCOUNT_PERCENT = 10


@dataclass(frozen=True)
class Line:
    """One line of a bill, in baht; a discount is negative."""

    says: str
    amount: int


def _pieces(what: Package | Addon, count: int) -> Line:
    return Line(f"{what.name} {TIMES} {count}", what.price * count)


@dataclass(frozen=True)
class Basket:
    """What the price depends on. `private_passengers` is 0 unless they take a private van."""

    package: Package
    guest_count: int
    private_passengers: int
    van_price: int
    addons: tuple[tuple[Addon, int], ...]

    @property
    def discount_amount(self) -> int:
        """Large groups pay less for the package, in whole baht."""
        if self.guest_count < GROUP_GUESTS:
            return 0
        return self.package.price * self.guest_count * GROUP_DISCOUNT_PERCENT // 100

    @property
    def transport_cost(self) -> int:
        """Every van that is started is paid for."""
        return ceil(self.private_passengers / SEATS_IN_A_VAN) * self.van_price

    @property
    def lines(self) -> tuple[Line, ...]:
        """The bill."""
        lines = [
            _pieces(self.package, self.guest_count),
            *(_pieces(addon, count) for addon, count in self.addons),
            Line("Private van", self.transport_cost),
            Line(f"Group discount {GROUP_DISCOUNT_PERCENT} %", -self.discount_amount),
        ]
        return tuple(line for line in lines if line.amount)

    @property
    def total_amount(self) -> int:
        """What the guest pays."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True)
class Order:
    """A basket, when, for whom, and how they come: all that a booking is made of."""

    basket: Basket
    activity_date: str
    time_slot: str
    customer_name: str
    customer_email: str
    customer_phone: str | None
    customer_country_code: str | None
    special_requests: str | None
    transport_type: str
    hotel_name: str | None
    room_number: str | None
    non_players: int
    card: str
