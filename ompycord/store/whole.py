"""Whether the whole database must be read before it may serve: not where it is as a process that checked it left it.

Counterpart of `mark.py`, beside whose records this one stands. It is written when the store is closed in order, after
the whole was checked in that process, and holds as long as nothing was opened since, on this machine, with this SQLite,
and the file has the size and the time that it had. Then the check follows in the background, on a connection of its own
(docs/decisions/059-what-was-known-is-not-read-again.md).
"""

import hashlib
import platform
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from ompycord.errors import ConfigurationError, DatabaseDamaged
from ompycord.store.connection import StoreConnection, storage_error
from ompycord.store.mark import Mark, mark_path, read_mark
from ompycord.telemetry import get_logger

__all__ = ["check_beside", "note_whole", "require_intact", "was_left_whole"]

_AT: Final = 1024
"""Behind the two records of the mark."""
_STEPS: Final = 10_000
"""Virtual machine steps between two questions whether it is to end: about a millisecond."""
_MACHINE: Final = Path("/etc/machine-id")

log = get_logger(__name__)


def was_left_whole(path: Path, mark: Mark) -> bool:
    """Whether the database is as it was left by a process that had checked it. Raises OSError."""
    log_file = path.with_name(f"{path.name}-wal")
    if log_file.exists() and log_file.stat().st_size:
        return False  # it was not closed
    try:
        with mark_path(path).open("rb") as file:
            file.seek(_AT)
            return file.read() == _digest(path, mark.number)
    except FileNotFoundError:
        return False


def note_whole(path: Path) -> None:
    """Note that it was checked and is closed now; a note that does not reach the disk costs the next start a check."""
    try:
        mark = read_mark(path)  # each record that is written later makes this note void
        if mark is not None:
            with mark_path(path).open("r+b") as file:
                file.seek(_AT)
                file.write(_digest(path, mark.number))
    except OSError as error:
        log.warning("store.not_noted_whole", cause=error.strerror)


def require_intact(raw: sqlite3.Connection, name: str) -> None:
    """Read every page. Raises ConfigurationError, sqlite3.Error."""
    verdict: str = raw.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        first = " ".join(verdict.split())[:200]
        raise ConfigurationError(f"{name} is damaged ({first}): restore a backup, or move the file away.")


def check_beside(
    connection: StoreConnection, *, name: str, intact: Callable[[], None], damaged: Callable[[DatabaseDamaged], None]
) -> Callable[[], None]:
    """Check the whole on this connection while others work; one of the two is called in the event loop.

    Neither is once the function was called that is returned: it ends the check, begun or not.
    """
    stopped = threading.Event()
    work = partial(_check, name=name, stopped=stopped)
    connection.post_then(work, partial(_judged, intact=intact, damaged=damaged))
    return stopped.set


def _check(raw: sqlite3.Connection, *, name: str, stopped: threading.Event) -> None:
    raw.set_progress_handler(stopped.is_set, _STEPS)
    try:
        require_intact(raw, name)
    finally:
        raw.set_progress_handler(None, 0)


def _judged(
    ended: BaseException | None, *, intact: Callable[[], None], damaged: Callable[[DatabaseDamaged], None]
) -> None:
    if ended is None:
        intact()
        return
    if getattr(ended, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
        return  # the store is being closed
    found = storage_error(ended) if isinstance(ended, sqlite3.Error) else ended
    if isinstance(found, ConfigurationError):
        found = DatabaseDamaged(f"{found} Nothing more is stored.")
    if isinstance(found, DatabaseDamaged):
        damaged(found)
    else:
        log.warning("store.not_checked", cause=str(found))


def _digest(path: Path, number: int) -> bytes:
    found = path.stat()
    facts = (number, sqlite3.sqlite_version, _machine(), found.st_size, found.st_mtime_ns)
    return hashlib.sha256("\n".join(map(str, facts)).encode()).digest()


def _machine() -> str:
    try:
        return f"{platform.node()} {_MACHINE.read_text(encoding='utf-8', errors='replace')}"
    except OSError:
        return platform.node()
