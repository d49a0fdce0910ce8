"""Add a member."""

from sqlalchemy.exc import IntegrityError

from onebooking.db import Tx
from onebooking.errors import InvalidPayload
from onebooking.members import queries
from onebooking.members.model import Member, Role
from onebooking.reach import Reach
from onebooking.words import say

_MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets


async def add_member(tx: Tx, email: str, *, name: str, role: Role, reach: Reach) -> Member:
    """Add someone who may sign in.

    A superadmin reaches every website, whatever `reach` says.

    Raises:
        InvalidPayload: no address, one that is taken, or a website that does not exist.
    """
    address = email.strip().lower()
    if "@" not in address.strip("@") or len(address) > _MAX_EMAIL or not address.isprintable():
        raise InvalidPayload(say("%(email)s is no e-mail address.", email=email))
    if await queries.by_email(tx, address):
        raise InvalidPayload(say("%(address)s is a member already.", address=address))
    everything = reach.everything or role == Role.SUPERADMIN
    member_id = await queries.insert_member(
        tx, email=address, name=name or address, role=role, all_websites=everything
    )
    try:
        await queries.give_websites(tx, member_id, reach.websites)
    except IntegrityError as failed:
        raise InvalidPayload(
            say("No such website among %(names)s.", names=", ".join(sorted(reach.websites)))
        ) from failed
    added = await queries.by_email(tx, address)
    assert added is not None  # noqa: S101 -- inserted above, in this transaction
    return added
