"""What made-up bookings are made of: parks, guests, hotels and what they ask for."""

from msgspec import Struct


class SampleWebsite(Struct, frozen=True):
    """A park that is made up; `share` of all bookings in a hundred."""

    id: str
    name: str
    prefix: str  # of its references
    share: float
    packages: tuple[str, ...]


# Nobody listens at them: what they are owed waits, and nothing leaves the machine.
WEBSITES = (
    SampleWebsite(
        "andaman-canopy", "Andaman Canopy", "AC", 40, ("Canopy A+", "Canopy B", "Sunset")
    ),
    SampleWebsite("samui-skyline", "Samui Skyline", "SS", 24, ("Full Day", "Half Day", "Roller")),
    SampleWebsite("pai-gibbons", "Pai Gibbons", "PG", 14, ("Gibbon Trail", "Zip & Raft")),
    SampleWebsite("krabi-luge", "Krabi Luge", "KL", 9, ("3 rides", "5 rides", "Family")),
    SampleWebsite("khao-lak-ropes", "Khao Lak Ropes", "KR", 6, ("Adult course", "Kids course")),
    SampleWebsite("chiang-rai-atv", "Chiang Rai ATV", "CR", 4, ("ATV 1 h", "ATV 2 h")),
    SampleWebsite("hua-hin-wake", "Hua Hin Wake", "HW", 2.5, ("Wake 2 h", "Wake day")),
    SampleWebsite("koh-tao-deep", "Koh Tao Deep", "KT", 0.5, ("Fun dive", "Snorkel")),
)

FIRST_NAMES = (
    "Somchai", "Nattaya", "Anong", "Kittipong", "Pimchanok", "Siriporn", "Thanakorn", "Wanida",
    "Prasert", "Malee", "Amelia", "Lukas", "Chiara", "Yuki", "Wei Ling", "Priya", "Olivier",
    "Min-jun", "Sofia", "Daniel", "Aisha", "Jakub", "Ingrid", "Thiago", "Emma", "Noah", "Hana",
    "Pavel", "Fatima", "George", "Zoë", "Björn", "Svetlana", "Marek", "Leila", "Jack", "Charlotte",
    "Haruto", "Anastasia", "Mateo",
)  # fmt: skip
LAST_NAMES = (
    "Srisuk", "Wongsakul", "Chaiyasit", "Boonmee", "Rattanakul", "Saengthong", "Phongphaibun",
    "Clarke", "Schneider", "Romano", "Tanaka", "Tan", "Nair", "Lefèvre", "Park", "Andersson",
    "O'Connor", "Rahman", "Nowak", "Bjørnsen", "Almeida", "van Dijk", "Cohen", "Ivanova", "Smith",
    "Müller", "Dubois", "Kowalski", "García", "Rossi", "Johnson", "Lee", "Chen", "Kim", "Suzuki",
    "Petrov", "Hansen", "Silva", "Weber", "Brown",
)  # fmt: skip
THAI_NAMES = (
    "ศิริพร แสงทอง", "ธนกร พงษ์ไพบูลย์", "สมชาย ศรีสุข", "นัตยา วงศ์สกุล", "อนงค์ ไชยสิทธิ์",
    "กิตติพงษ์ บุญมี", "พิมพ์ชนก รัตนกุล", "วนิดา ใจดี", "ประเสริฐ ทองคำ", "มาลี สุขสวัสดิ์",
    "ชัยวัฒน์ แก้วมณี", "สุภาพร จันทร์เพ็ญ", "ณัฐพล วัฒนา", "กมลชนก ศักดิ์สิทธิ์", "ปิยะ อินทร์แก้ว",
)  # fmt: skip
MAIL_HOSTS = (
    "gmail.example", "gmail.example", "gmail.example", "outlook.example", "yahoo.example",
    "icloud.example", "mail.example", "qq.example", "hotmail.example",
)  # fmt: skip
HOTELS = (
    "Marriott Phuket", "Baan Rim Le", "Kata Hillside Resort", "The Old Town House",
    "Patong Bay Hotel", "Rawai Garden Villas", "Kamala Beach Residence", "Chaweng Palms",
    "Lamai Coconut Resort", "Ao Nang Cliff View", "Railay Tonsai Lodge", "Pai Rice Barn",
    "Nimman Loft", "Riverside Chiang Rai", "Centara Hua Hin", "Koh Tao Bamboo Huts",
    "Novotel Karon", "Ibis Kata", "Sri Panwa", "Mai Khao Lagoon",
)  # fmt: skip
REQUESTS = (
    "Vegetarian lunch please", "One of us is afraid of heights, slow start please",
    "ขอที่นั่งเด็กหนึ่งที่", "It is her birthday, a small surprise?", "We arrive by motorbike",
    "Allergic to peanuts", "Could we finish before 14:00? Our boat leaves at 15:30.",
)  # fmt: skip
NOTES = (
    "Called, will be 20 minutes late", "Driver knows the way", "ลูกค้าขอเลื่อนเวลา",
    "Moved together with the group of nine", "Two harnesses for children",
)  # fmt: skip
REASONS = ("Our flight was moved", "The little one has a fever", "Storm warning")
TIME_SLOTS = ("08:00", "09:00", "10:00", "11:00", "13:00", "14:00", "15:00", "16:30")
COUNTRY_CODES = ("+66", "+66", "+66", "+44", "+49", "+39", "+81", "+65", "+91", "+33", "+46")
