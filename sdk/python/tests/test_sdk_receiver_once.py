"""At the same time, or killed in between: exactly once."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sdk_kit import ParkSite, signed

CHANGE = {
    "event": "booking.updated",
    "source_booking_id": "b-1",
    "updated_fields": ["status"],
    "data": {"status": "cancelled"},
}

SITE = """
import sqlite3, sys, time
import psycopg
from onebooking_source import Receiver

dialect, place, secret, now, stop_at = sys.argv[1:]
connect = {"sqlite": lambda: sqlite3.connect(place), "postgresql": lambda: psycopg.connect(place)}

def apply(connection, change):
    connection.cursor().execute("INSERT INTO statuses VALUES ('cancelled')")
    if stop_at == "before the commit":
        print("there", flush=True)
        time.sleep(60)

connect = connect[dialect]
clock = lambda: float(now)
receiver = Receiver(secret, apply, connect=connect, dialect=dialect, clock=clock)
headers = dict(line.rstrip().split(": ", 1) for line in iter(sys.stdin.readline, "\\n"))
receiver.handle(headers, sys.stdin.read().encode())
print("there", flush=True)
time.sleep(60)
"""


def send(park: ParkSite, version: int, webhook_id: str) -> int:
    body = json.dumps(CHANGE | {"version": version}).encode()
    headers = signed(body, at=park.clock.now, webhook_id=webhook_id)
    return park.receiver.handle(headers, body).status


def test_identical_webhooks_at_the_same_time_apply_once(park: ParkSite) -> None:
    start = threading.Barrier(6)

    def work(_: int) -> int:
        start.wait()
        return send(park, 1, "w-1")

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(work, range(6))) == [200] * 6
    assert park.statuses() == ["cancelled"]


def test_versions_at_the_same_time_end_with_the_newest(park: ParkSite) -> None:
    with ThreadPoolExecutor(6) as pool:
        statuses = pool.map(lambda version: send(park, version, f"w-{version}"), range(1, 13))
        assert list(statuses) == [200] * 12
    versions = [change.version for change in park.applied]
    assert versions == sorted(set(versions))
    assert versions[-1] == 12


def kill_a_site(park: ParkSite, stop_at: str) -> None:
    """Let a process of the website take the change, and kill it where it stops."""
    body = json.dumps(CHANGE | {"version": 1})
    headers = signed(body.encode(), at=park.clock.now, webhook_id="w-1")
    told = "".join(f"{name}: {value}\n" for name, value in headers.items()) + "\n" + body
    database = park.database
    arguments = [database.dialect, database.place, park.secret, str(park.clock.now), stop_at]
    with subprocess.Popen(
        [sys.executable, "-c", SITE, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(told)
        process.stdin.close()
        assert process.stdout.readline() == "there\n"
        os.kill(process.pid, signal.SIGKILL)


def test_a_site_killed_before_the_commit_applies_the_hubs_retry(park: ParkSite) -> None:
    kill_a_site(park, "before the commit")
    time.sleep(0.1)
    assert park.statuses() == []
    assert send(park, 1, "w-1") == 200
    assert park.statuses() == ["cancelled"]


def test_a_site_killed_after_the_commit_does_not_apply_the_hubs_retry(park: ParkSite) -> None:
    kill_a_site(park, "after the commit")
    assert send(park, 1, "w-1") == 200
    assert park.statuses() == ["cancelled"]
