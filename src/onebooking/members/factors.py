"""The second factor: six digits from a telephone (RFC 6238), or a recovery code."""

import hmac
from base64 import b32encode
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from secrets import token_bytes
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from msgspec import Struct
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from onebooking.db import Tx, fetch_one
from onebooking.tables import member_factors, member_recovery_codes, members

ISSUER = "OneBooking"
STEP_SECONDS, _DIGITS = 30, 6
_NEIGHBOURS = (0, -1, 1)  # steps by which the telephone's clock may be off
RECOVERY_CODES = 10
f, r = member_factors.c, member_recovery_codes.c


class Factor(Struct, frozen=True):
    """A member's TOTP secret as we keep it; not in use before a code of it was seen."""

    encrypted: bytes
    confirmed_at: datetime | None
    used_step: int


def new_secret() -> bytes:
    """160 random bits, as RFC 4226 recommends."""
    return token_bytes(20)


def spelt(secret: bytes) -> str:
    """How a person types it where no camera can read the picture."""
    return b32encode(secret).decode()


def uri_of(secret: bytes, email: str) -> str:
    """What the QR code says."""
    return _totp(secret).get_provisioning_uri(email, ISSUER)


def picture_of(uri: str) -> str:
    """The QR code as an SVG element, black on white in any theme, without a style of its own."""
    import segno

    drawn = BytesIO()
    segno.make(uri, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4,
        light="#fff", svgclass=None, lineclass=None, nl=False,
    )  # fmt: skip
    return drawn.getvalue().decode()


def step_of(secret: bytes, code: str, *, now: datetime) -> int | None:
    """The 30 seconds of which this is the code, if it is now or just beside it."""
    given = code.strip().replace(" ", "")
    if len(given) != _DIGITS or not (given.isascii() and given.isdigit()):
        return None
    step_now, found = int(now.timestamp()) // STEP_SECONDS, None
    for away in _NEIGHBOURS:
        wanted = _totp(secret).generate((step_now + away) * STEP_SECONDS)
        if hmac.compare_digest(wanted, given.encode()):
            found = step_now + away
    return found


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, _DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 -- what every telephone reads


async def factor_of(tx: Tx, member_id: UUID) -> Factor | None:
    """A member's factor, also one that is not confirmed yet."""
    wanted = select(f.encrypted, f.confirmed_at, f.used_step).where(f.member_id == member_id)
    return await fetch_one(tx, wanted, Factor)


async def propose(tx: Tx, member_id: UUID, encrypted: bytes) -> bool:
    """Keep a secret until a code of it is seen; False where one is in use, which stays."""
    new = upsert(member_factors).values(member_id=member_id, encrypted=encrypted, used_step=0)
    kept = new.on_conflict_do_update(
        index_elements=["member_id"],
        set_={"encrypted": new.excluded.encrypted},
        where=f.confirmed_at.is_(None),
    )
    return (await tx.execute(kept.returning(f.member_id))).first() is not None


async def lock_secrets(tx: Tx) -> list[tuple[UUID, str, bytes]]:
    """Every member's encrypted secret: their id and address with it."""
    wanted = select(f.member_id, members.c.email, f.encrypted).join(
        members, members.c.id == f.member_id
    )
    rows = await tx.execute(wanted.order_by(f.member_id).with_for_update(of=member_factors))
    return [(row.member_id, row.email, row.encrypted) for row in rows]


async def write_secret(tx: Tx, member_id: UUID, encrypted: bytes) -> None:
    """The same secret, encrypted anew."""
    known = update(member_factors).where(f.member_id == member_id)
    await tx.execute(known.values(encrypted=encrypted))


async def take_step(tx: Tx, member_id: UUID, step: int) -> bool:
    """Use up a step's code; False where it or a later one was used before: none counts twice."""
    taken = update(member_factors).where(f.member_id == member_id, f.used_step < step)
    return (await tx.execute(taken.values(used_step=step))).rowcount == 1


async def put_in_use(tx: Tx, member_id: UUID, *, now: datetime) -> None:
    """From now on this member signs in with it."""
    known = update(member_factors).where(f.member_id == member_id)
    await tx.execute(known.values(confirmed_at=now))


async def remove(tx: Tx, member_id: UUID) -> bool:
    """Take away the factor and its recovery codes; whether there was one in use."""
    gone = delete(member_factors).where(f.member_id == member_id).returning(f.confirmed_at)
    found = (await tx.execute(gone)).first()
    await tx.execute(delete(member_recovery_codes).where(r.member_id == member_id))
    return found is not None and found.confirmed_at is not None


async def new_codes(tx: Tx, member_id: UUID) -> list[str]:
    """Ten fresh recovery codes, shown once; the old ones open nothing any more."""
    codes = [_code() for _ in range(RECOVERY_CODES)]
    await tx.execute(delete(member_recovery_codes).where(r.member_id == member_id))
    rows = [{"code_hash": _hash(code), "member_id": member_id} for code in codes]
    await tx.execute(insert(member_recovery_codes), rows)
    return codes


async def use_code(tx: Tx, member_id: UUID, code: str, *, now: datetime) -> bool:
    """Use up a recovery code; False where it is none of the member's, or was used before."""
    fresh = (r.member_id == member_id, r.code_hash == _hash(code), r.used_at.is_(None))
    used = update(member_recovery_codes).where(*fresh).values(used_at=now)
    return (await tx.execute(used)).rowcount == 1


async def codes_left(tx: Tx, member_id: UUID) -> int:
    """How many recovery codes are still good."""
    wanted = select(func.count()).select_from(member_recovery_codes)
    left: int = (
        await tx.execute(wanted.where(r.member_id == member_id, r.used_at.is_(None)))
    ).scalar_one()
    return left


def _code() -> str:
    """120 random bits, four and four: enough for a plain hash."""
    letters = b32encode(token_bytes(15)).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def _hash(code: str) -> bytes:
    return sha256("".join(filter(str.isalnum, code.lower())).encode()).digest()
