"""Pause and resume a website's deliveries: they wait, and none is dropped."""

from onebooking.clock import utc_now
from onebooking.db import Tx
from onebooking.errors import WebsiteNotFound
from onebooking.reach import Reach
from onebooking.websites import queries
from onebooking.websites.model import Website


async def pause(tx: Tx, reach: Reach, website_id: str) -> Website:
    """Send this website nothing more until somebody resumes it. Twice is once.

    Raises:
        WebsiteNotFound: no such website within reach.
    """
    website = await queries.lock_website(tx, reach, website_id)
    if website is None:
        raise WebsiteNotFound
    if website.paused_at is not None:
        return website
    values = {"paused_at": utc_now(), "paused_reason": "by_hand"}
    return await queries.update_website(tx, reach, website_id, values) or website


async def resume(tx: Tx, reach: Reach, website_id: str) -> Website:
    """Send all that waits, at once, whoever or whatever paused it; its failures are forgotten.

    Raises:
        WebsiteNotFound: no such website within reach.
    """
    values = {"paused_at": None, "paused_reason": None}
    website = await queries.update_website(tx, reach, website_id, values)
    if website is None:
        raise WebsiteNotFound
    await queries.forget_failures(tx, website.id)
    return website
