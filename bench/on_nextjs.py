"""The endpoint on Next.js: installed, built, tried and running beside the hub's own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from uuid import uuid4

from msgspec import Struct, json, structs
from sqlalchemy import make_url

from bench.hub import Store, free_port
from bench.load import HOST
from bench.part import Part
from onebooking.sync.documents import EXAMPLE
from onebooking.websites.keys import TEST_KEY

_SOURCE = Path(__file__).with_name("nextjs_app")
_NODE, _NPM = shutil.which("node"), shutil.which("npm")
_DATABASE = "on_nextjs"
_PATIENCE_SECONDS = 120.0
_LONGEST_BUILD_SECONDS = 1200.0


class App(Struct, frozen=True):
    """The endpoint, running."""

    store: Store  # its own database
    port: int
    web: Part


@contextmanager
def built(wanted: Path | None) -> Iterator[Path]:
    """A folder with the production build: this one, or a temporary one."""
    if not (_NPM and _NODE):
        raise SystemExit("This bench needs Node and npm; install them, then try again.")
    with tempfile.TemporaryDirectory(prefix="onebooking-bench-") as temporary:
        folder = wanted or Path(temporary)
        if not (folder / ".next" / "BUILD_ID").exists():
            shutil.copytree(_SOURCE, folder, dirs_exist_ok=True)
            _npm(folder, "install", "--no-package-lock", "--no-audit", "--no-fund")
            _npm(folder, "run", "build")
        yield folder


@contextmanager
def running(beside: Store, folder: Path) -> Iterator[App]:
    """`next start` on a database of its own on the same server, until the block ends."""
    with beside.sql() as connection:
        connection.execute(f"CREATE DATABASE {_DATABASE}".encode())
    url = make_url(beside.url).set(database=_DATABASE)
    store = structs.replace(beside, url=url.render_as_string(hide_password=False))
    with store.sql() as connection:
        connection.execute((folder / "schema.sql").read_bytes())
        connection.execute(
            "INSERT INTO websites (id, name, domain, api_key_hash) VALUES ('test', 'Test', %s, %s)",
            [HOST, sha256(TEST_KEY.encode()).hexdigest()],
        )
    port = free_port()
    command = [
        _NODE or "node",
        "node_modules/next/dist/bin/next",
        "start",
        "-H",
        HOST,
        "-p",
        str(port),
    ]
    with (beside.folder / "nextjs.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=_environment(DATABASE_URL=store.url), stdout=log, stderr=log
        )
    try:
        app = App(store, port, Part(process))
        _await(app, beside.folder / "nextjs.log")
        _check(app)
        yield app
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _npm(folder: Path, *words: str) -> None:
    done = subprocess.run(
        [_NPM or "npm", *words],
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_BUILD_SECONDS,
    )
    if done.returncode:
        said = (done.stderr + done.stdout)[-2000:]
        raise SystemExit(f"This bench needs Next.js from npm, but npm {words[0]} failed: {said}")


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "NEXT_TELEMETRY_DISABLED": "1", **more}


def _await(app: App, log: Path) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            _post(app, b"", "")
        except (URLError, ConnectionError, TimeoutError):
            if app.web.ended or time.monotonic() > until:
                said = log.read_text()[-2000:]
                raise SystemExit(f"Next.js does not answer: {said}") from None
            time.sleep(0.1)
        else:
            return


def _check(app: App) -> None:
    """What is measured does what the contract says; ends the bench where it does not."""
    new = EXAMPLE | {"source_booking_id": str(uuid4())}
    changed = new | {"event": "booking.updated", "guest_count": 3}
    body = json.encode(new)
    status, first = _post(app, body)
    said = [_post(app, body), _post(app, json.encode(changed))]
    refused = [
        _post(app, body, "wrong")[0],
        _post(app, b"{")[0],
        _post(app, json.encode(new | {"guest_count": "many"}))[0],
        _post(app, json.encode(new | {"guest_count": 4}))[0],
    ]
    with app.store.sql() as connection:
        held = connection.execute(
            "SELECT count(*), min(guest_count), min(addons->0->>'name'), "
            "(SELECT count(*) FROM sync_logs) FROM bookings"
        ).fetchone()
    same = status == 200 and first["success"] and said == [(200, first)] * 2
    found = (same, refused, held)
    if found != (True, [401, 400, 422, 409], (1, 3, "Photo Package", 2)):
        raise SystemExit(f"The endpoint on Next.js is not what it should be: {found}, {first}")


def _post(app: App, body: bytes, key: str = TEST_KEY) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", "X-API-Key": key}
    url = f"http://{HOST}:{app.port}/api/bookings/sync"
    try:
        with urlopen(Request(url, body, headers), timeout=20) as reply:
            return reply.status, json.decode(reply.read())
    except HTTPError as refused:
        return refused.code, json.decode(refused.read())
