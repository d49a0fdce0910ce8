"""Speak to the hub as a superadmin: through its command line for the first token, then its API."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import urllib3

from examples.starting.private import read_private, write_private

DEMO = "demo@onebooking.local"
TIMEOUT_SECONDS = 15.0
COMMAND_SECONDS = 120.0


class HubSaidNo(Exception):
    """The hub or its command line refused; the message is what it said."""


@dataclass(frozen=True)
class Hub:
    """Where the hub is, how its command line is called, and where the demo token is kept."""

    url: str
    command: Path
    env: Mapping[str, str]
    token_file: Path

    def ready(self) -> bool:
        """Whether the hub would take requests now."""
        return self._status("/readyz", {}) == HTTPStatus.OK

    def sign_in(self) -> None:
        """Make sure that the demo member exists and that the kept token is accepted.

        Raises:
            HubSaidNo: the command line could not add the member or make a token.
        """
        if self._status("/api/websites", self._bearer()) == HTTPStatus.OK:
            return
        try:
            self._run("members", "add", DEMO, "--role", "superadmin", "--all-websites")
        except HubSaidNo as said:
            if "is a member already" not in str(said):
                raise
        write_private(self.token_file, self._run("members", "token", DEMO))

    def setup_link(self) -> str:
        """Where to become the first superadmin who signs in; empty where there is one."""
        return self._run("members", "setup-link")

    def takes_key(self, api_key: str) -> bool:
        """Whether this website's key is accepted."""
        return self._status("/api/bookings?limit=1", {"X-API-Key": api_key}) == HTTPStatus.OK

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A request of the demo member's. Raises HubSaidNo with the hub's sentence."""
        try:
            reply = self._request(method, path, self._bearer(), body)
            said: dict[str, Any] = reply.json()
        except (urllib3.exceptions.HTTPError, ValueError) as failed:
            raise HubSaidNo(f"{method} {path}: {type(failed).__name__}") from failed
        if said.get("success") is not True:
            raise HubSaidNo(f"{method} {path}: {said.get('error', reply.status)}")
        return said

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {read_private(self.token_file) or 'none'}"}

    def _status(self, path: str, headers: dict[str, str]) -> int:
        """The status a GET answers; 0 when nobody does."""
        try:
            return self._request("GET", path, headers).status
        except urllib3.exceptions.HTTPError:
            return 0

    def _request(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None = None
    ) -> urllib3.BaseHTTPResponse:
        return urllib3.request(
            method,
            f"{self.url}{path}",
            headers=headers,
            json=body,
            timeout=TIMEOUT_SECONDS,
            retries=False,
        )

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [self.command, *words],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if done.returncode:
            raise HubSaidNo(done.stderr.strip() or f"{self.command.name} {' '.join(words)} failed")
        return done.stdout.strip()
