"""A Patroni cluster of two with synchronous replication, behind HAProxy, on loopback."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from onebooking.embedded.account import Account, account_for
from onebooking.embedded.binaries import find, within_reach
from tests.end_to_end.running import eventually, free_port
from tests.faults.daemon import Daemon, as_account
from tests.faults.patroni_settings import HAPROXY, Ground, haproxy_server, node_settings

PATRONI = Path(sys.executable).with_name("patroni")
START_SECONDS = 120.0


@dataclass
class Node:
    """One PostgreSQL and the Patroni that runs it."""

    name: str
    port: int
    rest_port: int
    data: Path
    patroni: Daemon

    def is_primary(self) -> bool:
        return self._answers("primary")

    def is_sync_standby(self) -> bool:
        return self._answers("synchronous")

    def _answers(self, role: str) -> bool:
        with suppress(httpx.TransportError):
            url = f"http://127.0.0.1:{self.rest_port}/{role}"
            return httpx.get(url, trust_env=False).is_success
        return False

    def kill_postgres(self) -> None:
        """Kill -9 of every server process on its files, the postmaster first."""
        pids = sorted(pid for pid in _pids() if _works_in(pid, self.data))
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def die(self) -> None:
        """As the whole machine would: Patroni and PostgreSQL at once."""
        self.patroni.kill()
        self.kill_postgres()


@dataclass(frozen=True)
class Cluster:
    """Two nodes; `url` leads to whichever is the primary."""

    nodes: tuple[Node, Node]
    url: str

    def primary(self) -> Node:
        """Who is the primary, once there is one."""
        return eventually(
            lambda: next((node for node in self.nodes if node.is_primary()), None),
            within_seconds=START_SECONDS,
        )

    def other(self, node: Node) -> Node:
        return self.nodes[1 - self.nodes.index(node)]

    def in_step(self) -> Node:
        """The primary, once the other confirms whatever it commits."""
        return eventually(
            lambda: next(
                (n for n in self.nodes if n.is_primary() and self.other(n).is_sync_standby()), None
            ),
            within_seconds=START_SECONDS,
        )


def needed() -> None:
    """Skip where this machine has not what a cluster is made of."""
    missing = [name for name in ("etcd", "haproxy") if not _path_of(name)]
    if missing:
        pytest.skip(f"install {' and '.join(missing)} (Debian: etcd-server, haproxy) to test this")
    if not PATRONI.exists():
        pytest.skip("Patroni is not installed: make install")
    try:
        version = as_account(account_for(Path("/nowhere")), str(PATRONI), "--version")
        subprocess.run(version, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as failed:
        pytest.skip(f"Patroni cannot be run as the account PostgreSQL needs: {failed}")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start everything in a folder of its own; in the end nothing is left."""
    folder = Path(tempfile.mkdtemp(prefix="onebooking-cluster-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)
        account = account_for(folder / "postgres")
        home = _folder(folder / "home", account)
        ground = Ground(home, account, within_reach(find(None), account, home))
        first, second = _node("first", ground), _node("second", ground)
        front_port = free_port()
        daemons = [_etcd(folder, ground.etcd_port), _haproxy(folder, front_port, (first, second))]
        for daemon in (*daemons, first.patroni, second.patroni):
            stack.callback(daemon.stop)
        for node in (first, second):
            stack.callback(node.kill_postgres)
        daemons[0].start()
        eventually(lambda: httpx.get(f"http://127.0.0.1:{ground.etcd_port}/health").is_success)
        for daemon in (first.patroni, second.patroni, daemons[1]):
            daemon.start()
        at = f"onebooking:{ground.password}@127.0.0.1:{front_port}"
        running = Cluster((first, second), f"postgresql://{at}/onebooking?sslmode=disable")
        _make_database(running.in_step(), ground.password)
        eventually(lambda: _accepts(running.url))
        yield running


def _node(name: str, ground: Ground) -> Node:
    folder = _folder(ground.home / name, ground.account)
    port, rest_port = free_port(), free_port()
    settings = node_settings(name, ground, folder=folder, port=port, rest_port=rest_port)
    file = ground.home / f"{name}.yml"
    file.write_text(json.dumps(settings))
    file.chmod(0o600)
    ground.account.own(file)
    command = as_account(ground.account, str(PATRONI), str(file))
    patroni = Daemon(command, ground.home / f"{name}.log")
    return Node(name, port, rest_port, folder / "data", patroni)


def _etcd(folder: Path, port: int) -> Daemon:
    clients, peers = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}"
    command = [_path_of("etcd") or "", "--name=one", f"--data-dir={folder / 'etcd'}"]
    command += [f"--listen-client-urls={clients}", f"--advertise-client-urls={clients}"]
    command += [f"--listen-peer-urls={peers}", f"--initial-advertise-peer-urls={peers}"]
    command += [f"--initial-cluster=one={peers}"]
    return Daemon(command, folder / "etcd.log")


def _haproxy(folder: Path, port: int, nodes: tuple[Node, Node]) -> Daemon:
    servers = (haproxy_server(node.name, node.port, node.rest_port) for node in nodes)
    file = folder / "haproxy.cfg"
    file.write_text(HAPROXY.format(port=port) + "".join(servers))
    command = [_path_of("haproxy") or "", "-db", "-f", str(file)]
    return Daemon(command, folder / "haproxy.log")


def _make_database(primary: Node, password: str) -> None:
    where = f"postgresql://postgres:{password}@127.0.0.1:{primary.port}/postgres?sslmode=disable"
    with psycopg.connect(where, autocommit=True) as connection:
        create: Any = f"CREATE ROLE onebooking LOGIN CREATEROLE CREATEDB PASSWORD '{password}'"
        connection.execute(create)
        connection.execute("CREATE DATABASE onebooking OWNER onebooking")


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _folder(path: Path, account: Account) -> Path:
    path.mkdir(mode=0o700)
    account.own(path)
    return path


def _path_of(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _pids() -> list[int]:
    return [int(process.name) for process in Path("/proc").glob("[0-9]*")]


def _works_in(pid: int, folder: Path) -> bool:
    process = Path("/proc") / str(pid)
    try:
        return (process / "comm").read_text() == "postgres\n" and (process / "cwd").samefile(folder)
    except OSError:
        return False
