"""An example park whose outbox was lost, and that reconciles."""

import os
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from examples.park_site import shop, store
from examples.park_site.form import Form
from examples.park_site.parks import PARKS
from examples.park_site.samples import typed_by
from examples.park_site.website import Website
from onebooking_source import Settings
from tests.front_door import Hub
from tests.recovery.serving import SECRET, served

pytestmark = pytest.mark.anyio


async def test_a_park_that_lost_its_outbox_reconciles(hub: Hub, tmp_path: Path) -> None:
    park, chance = PARKS["hanuman-world"], Random(7)
    async with served(hub, tmp_path) as url:
        website = Website.of(park, Settings(url, park.id, hub.key, SECRET), tmp_path / "data")
        with website.open() as connection:
            for _ in range(3):
                order = Form(park, typed_by(chance, park)).order()
                assert order is not None
                sold = shop.sell(connection, website.outbox, park, order, checkout=uuid4())
            shop.cancel(connection, website.outbox, sold, reason="ฝนตก")
            connection.execute("DELETE FROM onebooking_outbox")
        env = os.environ | {"ONEBOOKING_API_URL": url, "ONEBOOKING_API_KEY": hub.key}
        env |= {"ONEBOOKING_WEBHOOK_SECRET": SECRET, "WEBSITE_ID": "hanuman-world"}

        async def command(data: Path) -> tuple[int | None, str, str]:
            process = await create_subprocess_exec(
                *(sys.executable, "-m", "examples.park_site.reconcile", "--data", data),
                env=env, stdout=PIPE, stderr=PIPE,
            )  # fmt: skip
            out, err = await process.communicate()
            return process.returncode, out.decode(), err.decode()

        status, out, err = await command(tmp_path / "data")
        assert (status, err) == (0, "")
        assert out.splitlines()[1:] == ["3 bookings sent again.", "Hub and website agree."]
        [cancelled] = (await hub.lists(status="cancelled"))["bookings"]
        assert (cancelled["booking_ref"], cancelled["cancellation_reason"]) == (
            sold.booking_ref, "ฝนตก",
        )  # fmt: skip
        assert (await command(tmp_path / "data"))[1].splitlines()[1] == "0 bookings sent again."
        assert (await command(tmp_path))[0] == 1
    with website.open() as connection:
        assert store.count(connection) == 3
