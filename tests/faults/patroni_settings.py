"""What etcd, Patroni and HAProxy are told."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onebooking.embedded.account import Account
from onebooking.embedded.binaries import Installation
from tests.end_to_end.running import free_port

# The shortest that Patroni takes: a primary that is gone is replaced within `ttl` seconds.
TTL, LOOP_WAIT, RETRY_TIMEOUT = 20, 1, 3

HAPROXY = """
defaults
  mode tcp
  timeout connect 2s
  timeout client 30m
  timeout server 30m
  timeout check 2s
listen primary
  bind 127.0.0.1:{port}
  option httpchk GET /primary
  http-check expect status 200
  default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
"""


def haproxy_server(name: str, port: int, rest_port: int) -> str:
    """One node's line."""
    return f"  server {name} 127.0.0.1:{port} maxconn 150 check port {rest_port}\n"


@dataclass(frozen=True)
class Ground:
    """What both nodes stand on."""

    home: Path
    account: Account
    installation: Installation
    etcd_port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_hex(8))


def node_settings(
    name: str, ground: Ground, *, folder: Path, port: int, rest_port: int
) -> dict[str, Any]:
    """The configuration of one node, as Patroni reads it from YAML, which JSON is.

    The synchronous mode is not the strict one: with the other node gone a
    commit need not wait for it, and Patroni then promotes no node that missed it.
    """
    rest = f"127.0.0.1:{rest_port}"
    return {
        "scope": "onebooking",
        "name": name,
        "restapi": {"listen": rest, "connect_address": rest},
        "etcd3": {"host": f"127.0.0.1:{ground.etcd_port}"},
        "bootstrap": {
            "dcs": {
                "ttl": TTL,
                "loop_wait": LOOP_WAIT,
                "retry_timeout": RETRY_TIMEOUT,
                "synchronous_mode": True,
                "postgresql": {
                    "use_pg_rewind": True,
                    "parameters": {"max_connections": 150, "max_locks_per_transaction": 256},
                },
            },
            "initdb": [{"encoding": "UTF8"}, "data-checksums", {"locale": "C.UTF-8"}],
        },
        "postgresql": {
            "listen": f"127.0.0.1:{port}",
            "connect_address": f"127.0.0.1:{port}",
            "data_dir": str(folder / "data"),
            "bin_dir": str(ground.installation.bin),
            "pgpass": str(folder / "pgpass"),
            "authentication": {
                who: {"username": role, "password": ground.password}
                for who, role in (
                    ("superuser", "postgres"),
                    ("replication", "replicator"),
                    ("rewind", "rewinder"),
                )
            },
            "parameters": {
                "unix_socket_directories": str(folder),
                "password_encryption": "scram-sha-256",
                "jit": "off",
                "log_timezone": "GMT",
            },
            "pg_hba": [
                "local all all scram-sha-256",
                "host all all 127.0.0.1/32 scram-sha-256",
                "host replication replicator 127.0.0.1/32 scram-sha-256",
            ],
        },
    }
