"""One real PostgreSQL for the whole run, for the hub's tests and the SDK's alike."""

import os
import tempfile
from pathlib import Path

import pytest

from onebooking.embedded.lease import lease

SERVER = "TEST_POSTGRES_URL"  # a server of your own to test on, instead of the embedded one


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start it, unless one is given. It ends with us, whatever ends us."""
    if not os.environ.get(SERVER) and not session.config.option.collectonly:
        folder = tempfile.TemporaryDirectory(prefix="onebooking-tests-", ignore_cleanup_errors=True)
        Path(folder.name).chmod(0o711)  # the server runs as a lesser account where we are root
        session.config.add_cleanup(folder.cleanup)
        server = lease(Path(folder.name))
        session.config.add_cleanup(lambda: server.close(patience_seconds=20))
        os.environ[SERVER] = server.url
