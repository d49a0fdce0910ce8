"""The three parks: what each is called, what it sells, and when."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """What a guest books; `price` in baht, each."""

    slug: str
    name: str
    price: int
    says: str


@dataclass(frozen=True)
class Addon:
    """What a guest takes beside the package; `price` in baht, each."""

    slug: str
    name: str
    price: int


@dataclass(frozen=True)
class Park:
    """One park. `ref` opens its booking references; `van_price` is a private van's, in baht."""

    id: str
    name: str
    words: tuple[str, str]
    place: str
    ref: str
    promise: str
    story: str
    thai: str
    packages: tuple[Package, ...]
    addons: tuple[Addon, ...]
    time_slots: tuple[str, ...]
    van_price: int

    def package(self, slug: str) -> Package | None:
        """The package of that slug."""
        return next((package for package in self.packages if package.slug == slug), None)


HANUMAN_WORLD = Park(
    id="hanuman-world",
    name="Hanuman World Phuket",
    words=("Hanuman", "World"),
    place="Wichit, Phuket",
    ref="HW",
    promise="Fly over the last rainforest of Phuket.",
    story="Thirty platforms, eighteen lines, one long exhale. Ride above the canopy, walk between"
    " the crowns of old trees, and be back at the pool before the afternoon rain.",
    thai="โลกของหนุมาน กลางป่าภูเก็ต",
    packages=(
        Package("world-a-plus", "World A+", 3490, "All 18 lines, sky walk, roller and lunch"),
        Package("world-b", "World B", 2590, "12 lines, sky walk and lunch"),
        Package("world-c", "World C", 1990, "8 lines, for a first flight"),
        Package("sky-walk", "Sky Walk", 690, "The canopy on foot, for every age"),
    ),
    addons=(
        Addon("photos", "Photo Package", 500),
        Addon("t-shirt", "Souvenir T-Shirt", 350),
        Addon("lunch", "Thai Lunch Set", 320),
    ),
    time_slots=("08:00", "10:00", "13:00", "15:00"),
    van_price=1800,
)

FLYING_HANUMAN = Park(
    id="flying-hanuman",
    name="Flying Hanuman",
    words=("Flying", "Hanuman"),
    place="Kathu, Phuket",
    ref="FH",
    promise="Twenty-eight stations, and the sea behind them.",
    story="A small crew, small groups, and lines that follow the ridge of Kathu. You leave with"
    " quiet arms, loud hair and a view that stays.",
    thai="เหินฟ้าเหนือเมืองกะทู้",
    packages=(
        Package("full-flight", "Full Flight", 3250, "28 stations, about three hours, with lunch"),
        Package("half-flight", "Half Flight", 2300, "15 stations, about ninety minutes"),
        Package("sunset-flight", "Sunset Flight", 2750, "12 stations in the last light"),
    ),
    addons=(
        Addon("photos", "Photos on a Card", 600),
        Addon("gloves", "Gloves to Keep", 250),
        Addon("fruit", "Fruit Basket", 180),
    ),
    time_slots=("08:30", "10:30", "13:30", "15:30", "16:30"),
    van_price=1600,
)

HANUMAN_LUGE = Park(
    id="hanuman-luge",
    name="Hanuman Luge",
    words=("Hanuman", "Luge"),
    place="Chalong, Phuket",
    ref="HL",
    promise="Downhill, as slowly or as fast as you like.",
    story="Three tracks wind through rubber trees to the bay. A chair lift brings you up again,"
    " and again, until someone says the word ice cream.",
    thai="ลูจหนุมาน ลงเขาไปหาทะเล",
    packages=(
        Package("three-rides", "Three Rides", 890, "Three runs with chair lift"),
        Package("five-rides", "Five Rides", 1190, "Five runs with chair lift"),
        Package("family-day", "Family Day", 1490, "Rides all day, one child rides along"),
        Package("night-luge", "Night Luge", 1090, "Three runs under the lanterns"),
    ),
    addons=(
        Addon("photos", "Finish Line Photo", 300),
        Addon("ice-cream", "Coconut Ice Cream", 90),
        Addon("cap", "Luge Cap", 290),
    ),
    time_slots=("09:00", "11:00", "13:00", "15:00", "17:00", "19:00"),
    van_price=1400,
)

PARKS = {park.id: park for park in (HANUMAN_WORLD, FLYING_HANUMAN, HANUMAN_LUGE)}
