"""The worker: claim what is due, send it, write down what came of it. Any number may run."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import uniform
from uuid import uuid4

import aiohttp
from msgspec import Struct, field

from onebooking import metrics
from onebooking.clock import utc_now
from onebooking.db import Together
from onebooking.deliveries import lanes
from onebooking.deliveries.model import Claimed, Result
from onebooking.deliveries.record import work_out
from onebooking.deliveries.schedule import delay_after
from onebooking.deliveries.send import Outcome, send
from onebooking.deliveries.signing import sign
from onebooking.errors import Unavailable
from onebooking.gather import Gatherer
from onebooking.pipelines import Left, Pipelines
from onebooking.reach import EVERYTHING
from onebooking.tracing import span
from onebooking.vault import Vault
from onebooking.websites.secrets import secrets_of
from onebooking.words import say

log = logging.getLogger("onebooking.worker")

POLL_SECONDS = 1.0
_GRACE_SECONDS = 5.0  # what is in flight may finish after a stop; then its lease is given back
_RETRY_SECONDS = 1.0


class Worker(Struct):
    """One process's share of the deliveries; `wake` is set when something may be due."""

    pipelines: Pipelines
    http: aiohttp.ClientSession
    vault: Vault
    slots: int
    timeout_seconds: float
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    flying: Counter[str] = field(default_factory=Counter)  # website → deliveries in flight
    tasks: dict[asyncio.Task[None], Claimed] = field(default_factory=dict)


async def work(worker: Worker, stop: asyncio.Event) -> None:
    """Deliver until `stop`; then let what is in flight finish, or give its lease back."""
    recorder: Gatherer[Result, None] = Gatherer(
        lambda results: _record(worker, results), hopeless=Unavailable
    )
    while not stop.is_set():
        worker.wake.clear()
        try:
            await deliver_due(worker, recorder)
        except Unavailable:
            log.warning("the database is away; deliveries wait")
        except Exception:
            log.exception("claiming failed; trying again")  # deliveries wait, none is lost
        # A claim takes all there is room for: until a slot is free or somebody owes more, another
        # would find nothing, and cost what a full one costs.
        await _sleep_until_woken(worker, stop)
    if worker.tasks:
        await asyncio.wait(worker.tasks, timeout=_GRACE_SECONDS)
    await _give_back(worker)


async def deliver_due(worker: Worker, recorder: Gatherer[Result, None]) -> None:
    """Claim what is due and start sending it.

    The transaction ends before the first byte is sent: a slow website costs us a socket, never a
    database connection.
    """

    async def claim(tx: Together) -> tuple[tuple[list[Claimed], dict[str, list[str]]], Left]:
        claimed = await lanes.claim(tx, in_flight=worker.flying, slots=worker.slots, token=uuid4())
        websites = sorted({one.website_id for one in claimed})
        return (claimed, await secrets_of(tx, worker.vault, websites)), ()

    claimed, secrets = await worker.pipelines.transact(EVERYTHING, claim)
    metrics.claimed.observe(len(claimed))
    for one in claimed:
        worker.flying[one.website_id] += 1
        task = asyncio.create_task(_deliver(worker, recorder, one, secrets.get(one.website_id)))
        worker.tasks[task] = one
        task.add_done_callback(lambda done: _landed(worker, done))


async def _deliver(
    worker: Worker, recorder: Gatherer[Result, None], claimed: Claimed, secrets: list[str] | None
) -> None:
    attempted_at = utc_now()
    with span("attempt", delivery_id=str(claimed.delivery_id), website_id=claimed.website_id):
        outcome = await _attempt(worker, claimed, secrets, at=attempted_at)
    seconds = outcome.duration_seconds
    metrics.delivered(accepted=outcome.accepted, status=outcome.status, seconds=seconds)
    result = Result(
        claimed=claimed,
        outcome=outcome,
        next_delay=_next_delay(claimed, outcome),
        attempted_at=attempted_at,
    )
    await _recorded(recorder, result)
    log.info(
        "delivery %s of %s, attempt %d: %s",
        claimed.delivery_id,
        claimed.website_id,
        claimed.attempts + 1,
        outcome.reason if not outcome.accepted else "accepted",
    )


async def _attempt(
    worker: Worker, claimed: Claimed, secrets: list[str] | None, *, at: datetime
) -> Outcome:
    if secrets is None:
        return Outcome(accepted=False, reason=say("The webhook secret cannot be read. Rotate it."))
    body = claimed.body.encode()
    return await send(
        worker.http,
        url=claimed.webhook_url,
        headers=sign(secrets, webhook_id=str(claimed.delivery_id), at=at, body=body),
        body=body,
        timeout_seconds=worker.timeout_seconds,
    )


def _next_delay(claimed: Claimed, outcome: Outcome) -> timedelta | None:
    if outcome.accepted:
        return None  # what waits behind it goes at once
    failed = claimed.attempts + 1
    return delay_after(failed, jitter=uniform(-1, 1), retry_after=outcome.retry_after)


async def _recorded(recorder: Gatherer[Result, None], result: Result) -> None:
    """Write the outcome down, waiting for the database while our lease still stands.

    Past that another worker sends the same delivery again, under the same X-Webhook-Id.
    """
    deadline = asyncio.get_running_loop().time() + lanes.LEASE.total_seconds() / 2
    while True:
        try:
            return await recorder.add(result)
        except Unavailable:
            if asyncio.get_running_loop().time() > deadline:
                return log.warning("delivery %s not recorded", result.claimed.delivery_id)
        await asyncio.sleep(_RETRY_SECONDS)


async def _record(worker: Worker, results: Sequence[Result]) -> list[None]:
    async def write_down(tx: Together) -> tuple[int, Left]:
        return await work_out(tx, results, now=utc_now(), jitter=uniform(-1, 1))

    held = await worker.pipelines.transact(EVERYTHING, write_down)
    if held < len(results):
        log.warning("%d outcomes came after their lease had ended", len(results) - held)
    return [None] * len(results)


def _landed(worker: Worker, task: asyncio.Task[None]) -> None:
    claimed = worker.tasks.pop(task)
    worker.flying[claimed.website_id] -= 1
    if not worker.flying[claimed.website_id]:
        del worker.flying[claimed.website_id]
    worker.wake.set()  # the lane may owe more, and there is a free slot
    if not task.cancelled() and (failed := task.exception()):
        log.error("delivery %s failed inside", claimed.delivery_id, exc_info=failed)


async def _sleep_until_woken(worker: Worker, stop: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in (worker.wake, stop)]
    await asyncio.wait(
        waits, timeout=POLL_SECONDS * uniform(0.8, 1.2), return_when=asyncio.FIRST_COMPLETED
    )
    for wait in waits:
        wait.cancel()


async def _give_back(worker: Worker) -> None:
    unfinished = list(worker.tasks.values())
    for task in list(worker.tasks):
        task.cancel()
    if not unfinished:
        return

    async def give_back(tx: Together) -> tuple[None, Left]:
        await lanes.release(tx, unfinished)
        return None, ()

    try:
        await worker.pipelines.transact(EVERYTHING, give_back)
    except Unavailable:
        log.warning("the database is away; leases end by themselves")
