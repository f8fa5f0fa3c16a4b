"""Whether a person works in a run's clone at a terminal: a lock beside it that ends with its holder. Linux and macOS.

Counterpart: `app/takeover.py`, which holds it, and the step that starts an agent, which asks.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress

from ompycord.errors import RefusedInWords
from ompycord.workspaces.record import Folder

__all__ = ["forget_lock", "is_locked", "takeover_lock", "was_locked"]

_LOCK = "terminal.lock"
_TAKEN = b"1"
"""What the file holds once a person had the clone, until that was told."""


@contextmanager
def takeover_lock(folder: Folder) -> Generator[None]:
    """Hold the clone for as long as the block runs. Raises Refused where another person has it."""
    import fcntl

    handle = os.open(folder.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RefusedInWords("Somebody works in that clone already, at another terminal.") from None
        os.pwrite(handle, _TAKEN, 0)
        yield
    finally:
        os.close(handle)


def was_locked(folder: Folder) -> bool:
    """Whether a person had it since `forget_lock`."""
    try:
        return (folder.path / _LOCK).stat().st_size > 0
    except OSError:  # it was never held
        return False


def forget_lock(folder: Folder) -> None:
    """From now on nobody has had it."""
    with suppress(OSError):
        os.truncate(folder.path / _LOCK, 0)


def is_locked(folder: Folder) -> bool:
    """Whether a person has it now."""
    try:
        handle = os.open(folder.path / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # it was never held
        return False
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
