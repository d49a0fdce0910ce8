"""What is mailed about a forgotten password, when nobody waits any more."""

from onebooking.errors import RateLimited, SignInAway
from onebooking.members import mails
from onebooking.members.mail_links import NotMailed, log, send_quietly
from onebooking.members.model import Member
from onebooking.members.provider import Proof, Provider
from onebooking.settings import Settings


async def mail_reset(provider: Provider, member: Member, url: str) -> None:
    """The way to a new password; what goes wrong is in the log, without the address."""
    try:
        await provider.mail_reset(member, url)
    except (NotMailed, SignInAway, RateLimited) as failed:
        log.warning("a mail to a member was not sent: %s", failed)


async def tell_of_reset(
    settings: Settings, provider: Provider, member: Member, proof: Proof
) -> None:
    """Tell the owner, and give back what Supabase opened for the new password alone."""
    await send_quietly(settings, mails.password_was_reset(member))
    if proof.held is not None:
        await provider.leave(proof.held.encrypted)
