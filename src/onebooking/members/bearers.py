"""Which member a JWT of Supabase's speaks for, and whether it is worth as much as signing in."""

from onebooking.db import Tx
from onebooking.errors import NotAllowed
from onebooking.members import queries, sign_in, supabase_users
from onebooking.members.model import Member
from onebooking.members.provider import Bearer, Provider
from onebooking.words import say


async def member_of(tx: Tx, provider: Provider, bearer: Bearer) -> Member | None:
    """The member that this user at Supabase is; None: nobody we know by it.

    Raises:
        NotAllowed: signing in would take a second factor, and the JWT was had without one.
    """
    member = await supabase_users.member_of(tx, bearer.user_id)
    if member is None or bearer.second_factor:
        return member
    waits_for = await sign_in.wait_of(tx, member, factor_required=provider.factor_required)
    if waits_for is not None:
        raise NotAllowed(say("You need a second factor here: send a JWT of level aal2."))
    return member


async def check_expected(tx: Tx, bearer: Bearer) -> None:
    """Whether it is worth asking Supabase who this is: whoever has an account there may knock.

    Raises:
        NotAllowed: no member has the address that the JWT names.
    """
    if await queries.by_email(tx, bearer.email) is None:
        raise NotAllowed(say("No member has this address. Ask to be invited."))
