"""Who the server runs as: PostgreSQL refuses root, so root lends it a lesser account."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from onebooking.embedded.failure import EmbeddedError

ROOT = 0
LESSER = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An operating-system user to start programs as; `uid` None means as whoever we are."""

    uid: int | None = None
    gid: int | None = None

    @property
    def groups(self) -> list[int] | None:
        """The groups beside `gid`: none for a lent account, unchanged for our own."""
        return None if self.uid is None else []

    def run(self, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run `command` as this account with `text` on its stdin, and wait for it."""
        return subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=environment(),
            user=self.uid,
            group=self.gid,
            extra_groups=self.groups,
        )

    def reaches(self, folder: Path) -> bool:
        """Whether every folder down to `folder` lets this account through."""
        return self.run("/bin/sh", "-c", 'test -x "$1"', "sh", str(folder)).returncode == 0

    def own(self, path: Path) -> None:
        """Give `path` to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def account_for(cluster: Path) -> Account:
    """The account that may run the server on `cluster`: its owner, else a lesser one than root.

    Raises:
        EmbeddedError: we are root and this machine knows no lesser account.
    """
    if os.geteuid() != ROOT:
        return Account()
    if cluster.exists() and (owner := cluster.stat()).st_uid != ROOT:
        return Account(owner.st_uid, owner.st_gid)
    for name in LESSER:
        try:
            known = pwd.getpwnam(name)
        except KeyError:
            continue
        if known.pw_uid != ROOT:
            return Account(known.pw_uid, known.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run "
        "it as: start onebooking as an ordinary user, or set ONEBOOKING_DATABASE_URL."
    )


def environment() -> dict[str, str]:
    """What the server's programs may know of our environment: no secrets, no `PG…` variables."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"} | kept
