"""A lock on a file, held while a block runs; the system releases it when the process ends, however it ends.

Counterpart of `spool.py`.
"""

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["hold"]

POLL_S = 0.005


@contextmanager
def hold(path: Path, *, wait_s: float = 0.0) -> Generator[bool]:
    """Whether the lock could be had within `wait_s`; then it is held until the block ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until = time.monotonic() + wait_s
        is_locked = _lock(descriptor)
        while not is_locked and time.monotonic() < until:
            time.sleep(POLL_S)
            is_locked = _lock(descriptor)
        yield is_locked
    finally:
        os.close(descriptor)  # lets go


if sys.platform == "win32":  # pragma: no cover  # exercised on Windows only
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
