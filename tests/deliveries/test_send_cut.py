"""An answer longer than we read may be a refusal: it is never taken for a yes."""

import aiohttp
import pytest
from aiohttp import web

from onebooking.deliveries.send import LARGEST_REPLY, send
from tests.parks import Heard, listening

pytestmark = pytest.mark.anyio


async def test_a_refusal_too_long_to_read_is_not_accepted(http: aiohttp.ClientSession) -> None:
    async def refuse_at_length(_: Heard) -> web.Response:
        return web.json_response({"success": False, "error": "x" * LARGEST_REPLY})

    async with listening(refuse_at_length) as park:
        outcome = await send(http, url=park.url, headers={}, body=b'{"booking_id": "1"}')
    assert not outcome.accepted
    assert "too long" in outcome.reason
