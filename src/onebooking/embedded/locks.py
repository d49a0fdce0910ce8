"""Locks the kernel holds for a process: they end with it, however it ends."""

import fcntl
import os
from pathlib import Path


def try_exclusive(path: Path) -> int | None:
    """A descriptor that alone holds the lock on `path`, or None while anybody else holds it."""
    return _try(path, fcntl.LOCK_EX)


def try_shared(path: Path) -> int | None:
    """A descriptor that holds the lock on `path` with others, or None while one holds it alone."""
    return _try(path, fcntl.LOCK_SH)


def still_at(path: Path, descriptor: int) -> bool:
    """Whether the locked file is the one others find at `path`: not after somebody removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _try(path: Path, operation: int) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
