"""One PostgreSQL server process: start it, and tell how it is."""

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from onebooking.embedded.account import Account, environment
from onebooking.embedded.binaries import Installation
from onebooking.embedded.failure import EmbeddedError
from onebooking.embedded.place import socket_fits, write_whole

PR_SET_PDEATHSIG = 1
PORTS = range(15_000, 32_000)  # below those the kernel gives to outgoing connections
SETTINGS = {
    "cluster_name": "onebooking",
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "GMT",  # the one name of UTC that needs no zone files
    "timezone": "UTC" if Path("/usr/share/zoneinfo/UTC").exists() else "GMT",
}


def start(
    installation: Installation, account: Account, home: Path, log: int
) -> subprocess.Popen[bytes]:
    """Start the server of `home` as our child, writing to the descriptor `log`.

    On Linux it stops by itself, cleanly, when the calling thread ends, however it ends.
    """
    options = [f"--{name}={value}" for name, value in (SETTINGS | _address(home)).items()]
    return subprocess.Popen(
        [installation.tool("postgres"), "-D", str(home / "cluster" / "data"), *options],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        env=environment(),
        user=account.uid,
        group=account.gid,
        extra_groups=account.groups,
        start_new_session=True,
        preexec_fn=_stop_with(os.getpid()),  # noqa: PLW1509 - the keeper has one thread
    )


def is_ready(home: Path, pid: int) -> bool:
    """Whether the server with process id `pid` says that it takes connections."""
    try:
        lines = (home / "cluster" / "data" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return lines[:1] == [str(pid)] and lines[-1].strip() == "ready"


def port_of(home: Path) -> int:
    """The port the server of `home` keeps to; another one if somebody else has taken it."""
    noted = home / "port"
    tried = [int(noted.read_text())] if noted.exists() else []
    for port in (*tried, *secrets.SystemRandom().sample(PORTS, k=100)):
        if _is_free(port):
            write_whole(noted, str(port))
            return port
    raise EmbeddedError("No port of 127.0.0.1 is free: set ONEBOOKING_DATABASE_URL.")


def _address(home: Path) -> dict[str, str]:
    if socket_fits(home):
        # Quoted, because PostgreSQL reads a list here.
        return {"listen_addresses": "", "unix_socket_directories": f'"{home}"', "port": "5432"}
    port = str(port_of(home))
    return {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": port}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _stop_with(parent: int) -> Callable[[], None] | None:
    """What a child runs before it becomes the server, so that it ends with its parent."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)

    def ask_the_kernel() -> None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask_the_kernel
