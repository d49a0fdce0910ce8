"""Make a cluster that is complete the moment it has its name."""

import locale
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from onebooking.embedded.account import Account
from onebooking.embedded.binaries import Installation
from onebooking.embedded.failure import EmbeddedError
from onebooking.embedded.place import ROLE, sync_folder

BUILTIN_SINCE = 17


def version_of(home: Path) -> int | None:
    """The major version that wrote the cluster of `home`, or None if there is none yet."""
    try:
        return int((home / "cluster" / "data" / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def make_cluster(installation: Installation, account: Account, home: Path) -> None:
    """Make `home/cluster` with our role and database in it.

    It is made under another name and renamed at the end: killed half-way, it leaves
    nothing but a folder the next start removes.
    """
    for half in home.glob("new-*"):
        shutil.rmtree(half, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=home))
    account.own(fresh)
    password = secrets.token_hex(24)
    _write(account, fresh / "password", password)
    _write(account, fresh / "superuser", secrets.token_hex(24))
    data = str(fresh / "data")
    _do(
        account,
        installation.tool("initdb"),
        f"--pgdata={data}",
        "--username=postgres",
        f"--pwfile={fresh / 'superuser'}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        *_locale(installation.major),
    )
    # The superuser's password is forgotten here: who owns the files needs none (postgres --single).
    (fresh / "superuser").unlink()
    _do(
        account,
        installation.tool("postgres"),
        "--single",
        "-D",
        data,
        "postgres",
        text=f"CREATE ROLE {ROLE} LOGIN CREATEROLE CREATEDB PASSWORD '{password}'\n"
        f"CREATE DATABASE {ROLE} OWNER {ROLE}\n",
    )
    fresh.rename(home / "cluster")
    sync_folder(home)


def _locale(major: int) -> tuple[str, ...]:
    """Characters as Unicode has them; order by code point, which no library update can change."""
    unicode = "--locale=C.UTF-8" if _machine_knows("C.UTF-8") else "--locale=C"
    if major < BUILTIN_SINCE:
        return (unicode,)
    return (unicode, "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def _machine_knows(name: str) -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, before)
    return True


def _write(account: Account, path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    account.own(path)


def _do(account: Account, *command: str, text: str = "") -> None:
    done: subprocess.CompletedProcess[str] = account.run(*command, text=text)
    # A single-user server reports a failed statement and still ends with 0.
    if done.returncode or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
        said = " | ".join((done.stderr or done.stdout).strip().splitlines()[-4:])
        raise EmbeddedError(f"PostgreSQL could not make its data folder: {said}")
