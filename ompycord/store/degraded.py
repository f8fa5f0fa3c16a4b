"""Read-only while the disk refuses: writes fail at once, and a probe finds out when it is over.

A damaged database stays read-only, since new writes may be lost with it. Counterpart of `committer.py`, which asks
before it queues and reports how commits ended. Reading continues all the time.
"""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

from ompycord.domain.ports import Clock
from ompycord.errors import DatabaseDamaged, DiskRefuses, StorageError
from ompycord.store.connection import StoreConnection
from ompycord.store.statements import load
from ompycord.telemetry import get_logger

__all__ = ["PROBE_S", "WriteGuard", "put_probe"]

PROBE_S = 3.0
"""Seconds between two attempts to write while the disk refuses."""
FRESH_S = 5.0
"""Seconds for which a commit proves that the database can be written."""
STALE_NO_S = 1.0
"""Seconds for which the result of a failed attempt is kept."""
ROOM = 1024 * 1024
"""Bytes that must fit before writing is resumed, so that it is not refused again at the next commit."""

log = get_logger(__name__)

_SQL = load("health")
_PUT_PROBE = _SQL.one("put_probe")


class WriteGuard:
    """Open, or closed with a reason. A timer of its own probes while it is closed; `close` ends that."""

    def __init__(self, *, connection: StoreConnection, path: Path, clock: Clock, probe_s: float = PROBE_S) -> None:
        self._connection = connection
        self._path = path
        self._clock = clock
        self._probe_s = probe_s
        self._reason: DiskRefuses | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_ended = False
        self._known = (clock.monotonic_s(), True)  # opening has written or read already
        self._is_asking = False
        self._reserved: str | None = None

    @property
    def reason(self) -> str | None:
        """Why nothing is written, in one sentence; None while everything is."""
        if self._reserved is not None:
            return self._reserved
        return None if self._reason is None else str(self._reason)

    def reserve(self, reason: str | None) -> None:
        """Refuse every write with this sentence though the disk would take it; None: refuse them no longer."""
        if reason is not None and self._reserved is None:
            log.error("store.read_only", cause=reason)
        elif reason is None and self._reserved is not None:
            log.info("store.writable_again")
        self._reserved = reason

    def require_open(self) -> None:
        """Raises StorageError at once while the disk refuses."""
        if self._reserved is not None:
            raise DiskRefuses(self._reserved)
        if self._reason is not None:
            raise type(self._reason)(str(self._reason))

    def committed(self) -> None:
        """Note that a commit succeeded."""
        self._known = (self._clock.monotonic_s(), True)

    def failed(self, error: StorageError) -> None:
        """Note that a commit or a read failed; only disk and damage close the guard, since a lock passes by itself."""
        self._known = (self._clock.monotonic_s(), False)
        if isinstance(error, DiskRefuses) and self._reason is None and not self._is_ended:
            self._reason = error
            log.error("store.read_only", cause=str(error))
            if not isinstance(error, DatabaseDamaged):
                self._wait()

    async def is_writable(self, submit: Callable[[], Awaitable[None]]) -> bool:
        """Whether a row can be committed. `submit` writes one; called at most once a second, seldom under load."""
        if self.reason is not None:
            return False
        at, was_written = self._known
        age_s = self._clock.monotonic_s() - at
        if self._is_asking or age_s < (FRESH_S if was_written else STALE_NO_S):
            return was_written
        self._is_asking = True
        try:
            await submit()
        except StorageError:
            self._known = (self._clock.monotonic_s(), False)
            return False
        finally:
            self._is_asking = False
        return True

    def close(self) -> None:
        """End probing. Idempotent."""
        self._is_ended = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        if not self._is_ended:
            self._timer = asyncio.get_running_loop().call_later(self._probe_s, self._try)

    def _try(self) -> None:
        self._timer = None
        self._connection.post(self._probe).add_done_callback(self._tried)

    def _probe(self, raw: sqlite3.Connection) -> None:
        """Probe in the writer's thread, between two batches."""
        _require_room(self._path.with_name(f"{self._path.name}.room"))
        if raw.in_transaction:  # a ROLLBACK failed with the disk
            raw.execute("ROLLBACK")
        put_probe(raw)  # outside a transaction: SQLite commits it by itself

    def _tried(self, attempt: "asyncio.Future[None]") -> None:
        if attempt.cancelled() or self._is_ended:
            return
        if attempt.exception() is not None:
            self._wait()
            return
        self._reason = None
        self.committed()
        log.info("store.writable_again")


def put_probe(raw: sqlite3.Connection) -> None:
    """Write a row only to find out whether the database accepts one."""
    raw.execute(_PUT_PROBE)


def _require_room(file: Path) -> None:
    """Raises OSError where a megabyte does not fit. Leaves nothing."""
    handle = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        view = memoryview(bytes(ROOM))
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)
        file.unlink(missing_ok=True)
