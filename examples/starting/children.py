"""Processes of ours: each with a log of its own, started again when it dies, stopped in order."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
STOP_SECONDS = 20.0
LONGEST_LOG_BYTES = 5 * 1024 * 1024
LAST_LINES = 12


@dataclass
class Child:
    """One process. Its log keeps what the one before it said; a long log becomes `.log.old`."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    said_before: int = 0  # bytes of its log when it was started
    pause_seconds: float = FIRST_PAUSE_SECONDS

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it in a group of its own: Ctrl-C reaches us alone, and we stop it in order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.old"))
        with self.log.open("ab") as log:
            self.said_before = log.tell()
            self.process = subprocess.Popen(
                self.command, env=self.env, stdout=log, stderr=log, process_group=0
            )
        self.started_at = time.monotonic()

    def keep(self) -> None:
        """Start it again when it has died, after a pause that doubles while it keeps dying."""
        ran_seconds = time.monotonic() - self.started_at
        if self.running or ran_seconds < self.pause_seconds:
            return
        steady = ran_seconds > STEADY_SECONDS
        longer = min(self.pause_seconds * 2, LONGEST_PAUSE_SECONDS)
        self.pause_seconds = FIRST_PAUSE_SECONDS if steady else longer
        print(f"{self.name} stopped by itself and is started again; see {self.log}", flush=True)
        self.start()

    def last_words(self) -> str:
        """The end of what it wrote to its log since it was started."""
        with self.log.open("rb") as log:
            log.seek(self.said_before)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-LAST_LINES:])


def stop_all(children: Sequence[Child]) -> None:
    """Stop them together; one that takes too long is killed."""
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
