"""Run shell commands side by side: `python -m tools.side_by_side 'one && then this' 'another'`.

What each has said is printed whole when it ends. Fails when one of them did.
"""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed


def run(commands: Sequence[str]) -> int:
    """The worst exit code. Ctrl-C reaches every command too: they are waited for."""
    for command in commands:
        print(f"Side by side: {command}", flush=True)
    with ThreadPoolExecutor(len(commands)) as lanes:
        ended = as_completed([lanes.submit(_run, command) for command in commands])
        return max(map(_told, ended))


def _run(command: str) -> subprocess.CompletedProcess[bytes]:
    words = ["/bin/sh", "-c", command]
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def _told(ended: Future[subprocess.CompletedProcess[bytes]]) -> int:
    done = ended.result()
    sys.stdout.buffer.write(done.stdout)
    if done.returncode:
        print(f"FAILED with {done.returncode}: {done.args[-1]}")
    sys.stdout.flush()
    return abs(done.returncode)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
