"""Makes the database read-only before its disk is full, and lets it write again once there is room.

What is still free then belongs to the end of what is at work: logs, results, the database's own log. Counterparts:
`app/mode.py`, which has the steps, `store/degraded.py`, which refuses writes.
"""

from typing import Final, Protocol

from ompycord.app.mode import StorageMode
from ompycord.domain.ports import Clock
from ompycord.telemetry import get_logger

__all__ = ["DiskKeeper", "ReservedStore"]

INSPECT_S: Final = 10.0

log = get_logger(__name__)


class ReservedStore(Protocol):
    """What is told to the database."""

    def reserve(self, reason: str | None) -> None:
        """Refuse every write with this sentence; None: take them again."""
        ...


class DiskKeeper:
    """Runs as one task for the life of the process."""

    def __init__(self, *, mode: StorageMode, store: ReservedStore, clock: Clock) -> None:
        self._mode = mode
        self._store = store
        self._clock = clock
        self._is_reserved = False

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.inspect()
            await self._clock.sleep(INSPECT_S)

    async def inspect(self) -> None:
        """Look once. A disk that cannot be asked changes nothing."""
        try:
            disk = await self._mode.usage()
        except OSError as error:
            log.warning("disk.not_read", cause=error.strerror)
            return
        self._mode.shortage = f"The disk is low ({disk.words}); it starts once there is room." if disk.is_low else None
        if disk.is_full and not self._is_reserved:
            self._is_reserved = True
            self._store.reserve(self._mode.full_words(disk))
        elif self._is_reserved and disk.has_room_again:
            self._is_reserved = False
            self._store.reserve(None)
