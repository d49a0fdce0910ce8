"""What a delivery consists of, each half without the other: HTTP and no database, SQL and no HTTP.

    python -m bench.without posts|records < task > rate

A task is JSON on stdin; deliveries a second come out on stdout.
"""

import asyncio
import sys
import time
from itertools import count
from uuid import uuid4

from msgspec import Struct, json

from onebooking.clock import utc_now
from onebooking.db import Database
from onebooking.deliveries.lanes import claim
from onebooking.deliveries.model import Result
from onebooking.deliveries.record import record
from onebooking.deliveries.send import Outcome, send
from onebooking.deliveries.signing import sign
from onebooking.reach import EVERYTHING
from onebooking.terminal import run_async
from onebooking.web.outgoing import open_http

_ACCEPTED = Outcome(
    accepted=True,
    reason="Accepted with 200 OK.",
    status=200,
    reply='{"success":true,"message":"Booking updated"}',
)


class Task(Struct, kw_only=True):
    """What to do, and how much of it."""

    webhook_url: str
    secret: str
    body: str
    many: int
    at_once: int
    database_url: str


async def posts(task: Task) -> float:
    """Sign and POST the same body, as the worker does: its session, its guard, nothing else."""
    numbers, body = count(1), task.body.encode()

    async def post_many() -> None:
        while next(numbers) <= task.many:
            headers = sign([task.secret], webhook_id=str(uuid4()), at=utc_now(), body=body)
            outcome = await send(http, url=task.webhook_url, headers=headers, body=body)
            if not outcome.accepted:
                raise SystemExit(outcome.reason)

    async with open_http(development=True) as http:
        began = time.perf_counter()
        await asyncio.gather(*(post_many() for _ in range(task.at_once)))
        return task.many / (time.perf_counter() - began)


async def records(task: Task) -> float:
    """Claim what is due and write it down as accepted, list by list, until nothing is due."""
    database = Database.at(task.database_url, connections=2)
    done, began = 0, time.perf_counter()
    while True:
        async with database.begin(EVERYTHING) as tx:
            claimed = await claim(tx, in_flight={}, slots=task.at_once, token=uuid4())
        if not claimed:
            await database.close()
            return done / (time.perf_counter() - began)
        now = utc_now()
        results = [
            Result(claimed=one, outcome=_ACCEPTED, next_delay=None, attempted_at=now)
            for one in claimed
        ]
        async with database.begin(EVERYTHING) as tx:
            done += await record(tx, results, now=now)


if __name__ == "__main__":
    wanted = json.decode(sys.stdin.buffer.read(), type=Task)
    print(run_async({"posts": posts, "records": records}[sys.argv[1]](wanted)))
