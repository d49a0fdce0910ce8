"""Where the server's files live, and how to reach the server from there.

A home is a folder that belongs to the server's account:
    cluster/data        what PostgreSQL calls its data directory
    cluster/password    the password of the role onebooking
    port                only where the path is too long for a socket
    .s.PGSQL.5432       the socket otherwise
"""

import os
import tempfile
from pathlib import Path
from urllib.parse import quote

from onebooking.embedded.account import ROOT, Account, account_for
from onebooking.embedded.failure import EmbeddedError

ROLE = "onebooking"
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103  # bytes; macOS, the least of them
ELSEWHERE = Path("/var/lib/onebooking")


def find_home(data_dir: Path) -> Path:
    """The server's home of `data_dir`, whether it exists yet or not.

    Raises:
        EmbeddedError: the pointer names a folder that is gone or was never ours.
    """
    try:
        home = Path(_pointer(data_dir).read_text())
    except FileNotFoundError:
        return data_dir / "postgres"
    if home.parent != ELSEWHERE or not home.is_dir():
        raise EmbeddedError(
            f"The database of {data_dir} is kept in {home}, and there is none there: put it back, "
            f"or remove {_pointer(data_dir)} to begin with an empty one."
        )
    return home


def make_home(data_dir: Path) -> tuple[Path, Account]:
    """The server's home, made if there is none, and the account it belongs to."""
    home = find_home(data_dir)
    account = account_for(home / "cluster")
    if not home.exists():
        home = home if account.reaches(data_dir) else _elsewhere(data_dir)
        home.mkdir(mode=0o700, exist_ok=True)
    if not (home / "cluster").exists():
        account.own(home)
    if not account.reaches(home):
        raise EmbeddedError(
            f"The database lives in {home}, where the user that runs it can no longer go: "
            "let it pass through the folders above, or move the database out of them."
        )
    return home, account


def socket_fits(home: Path) -> bool:
    """Whether a socket in `home` has a path the kernel, the server and its clients can take."""
    return len(os.fsencode(home / SOCKET)) <= LONGEST_SOCKET_PATH and not set('",') & set(str(home))


def url_of(home: Path) -> str | None:
    """How to reach the server of `home`, or None before it has started once."""
    try:
        password = (home / "cluster" / "password").read_text()
        if socket_fits(home):
            return f"postgresql://{ROLE}:{password}@/{ROLE}?host={quote(str(home), safe='')}"
        port = int((home / "port").read_text())
    except FileNotFoundError:
        return None
    return f"postgresql://{ROLE}:{password}@127.0.0.1:{port}/{ROLE}?sslmode=disable"


def write_whole(path: Path, text: str) -> None:
    """Replace `path` by `text` so that nobody ever reads half of it; its folder's owner owns it."""
    owner = path.parent.stat()
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w") as file:
        if os.geteuid() == ROOT:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    Path(fresh).replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _elsewhere(data_dir: Path) -> Path:
    """A new folder the server's account can reach, because `data_dir` lies in a closed one."""
    ELSEWHERE.mkdir(mode=0o755, exist_ok=True)
    found = ELSEWHERE.lstat()
    if ELSEWHERE.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise EmbeddedError(
            f"{ELSEWHERE} must be a folder only root can write to: set that right, or choose "
            "an ONEBOOKING_DATA_DIR that is not inside a closed folder."
        )
    home = Path(tempfile.mkdtemp(prefix="postgres-", dir=ELSEWHERE))
    write_whole(_pointer(data_dir), str(home))
    return home


def _pointer(data_dir: Path) -> Path:
    return data_dir / "postgres.path"
