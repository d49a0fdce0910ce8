"""Send what is owed again, at once."""

from uuid import UUID

from onebooking.clock import utc_now
from onebooking.db import Tx, together
from onebooking.deliveries import queries
from onebooking.deliveries.coalesce import join_failed
from onebooking.deliveries.model import Delivery, State
from onebooking.deliveries.outbox import open_lanes, wake_workers
from onebooking.errors import InvalidPayload, NotFound
from onebooking.members.model import Member, Right
from onebooking.words import say


async def resend(tx: Tx, member: Member, delivery_id: UUID) -> Delivery:
    """Owe a delivery that was given up again; try one that waits now.

    It goes to the website's current URL, signed with its current secret, under the same id. Twice
    is once.

    Raises:
        InvalidPayload: it was delivered already, or is part of a later one.
        NotAllowed: the member's role may not.
        NotFound: no such delivery within the member's reach.
    """
    member.require(Right.RESEND)
    delivery = await queries.lock_delivery(tx, member.reach, delivery_id)
    if delivery is None:
        raise NotFound(say("Delivery"))
    if delivery.state == State.DELIVERED:
        raise InvalidPayload(
            say("The website has accepted this delivery. There is nothing to resend.")
        )
    if delivery.state == State.JOINED:
        raise InvalidPayload(
            say(
                "A later delivery says this too. Resend %(joined_into)s.",
                joined_into=delivery.joined_into,
            )
        )
    await queries.make_waiting(tx, delivery)
    await together(
        tx,
        open_lanes({delivery.booking_id: delivery.website_id}),
        join_failed([delivery.booking_id], now=utc_now()),
        wake_workers(),
    )
    now_waiting = await queries.get_delivery(tx, member.reach, delivery_id)
    return now_waiting or delivery
