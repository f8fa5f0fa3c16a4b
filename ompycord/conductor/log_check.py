"""Compares the whole log with the hashes that were stored with its events, a little at a time, and tells the operators.

A disk that flips a bit in a text leaves a database that SQLite finds whole. What is damaged is left out of what is
shown (`store/rows.py`) and named in the ops channel.
"""

from typing import Final, Protocol

from ompycord.domain.ports import Clock, Decisions, StoredLog
from ompycord.domain.records import Commit, DamagedEvents, OutboxKind, OutboxRow
from ompycord.domain.refs import Ref, RefKind
from ompycord.errors import OmpycordError
from ompycord.telemetry import get_logger

__all__ = ["LogCheck", "LogCheckStore"]

EVENTS: Final = 1000
PAUSE_S: Final = 0.05
"""Seconds between two parts of the log."""
FOLLOW_S: Final = 60.0
"""Seconds between two looks at what is new."""
AGAIN_S: Final = 24 * 3600.0
"""Seconds after which the whole log is read again."""
NOTICES: Final = 5
"""Notices in one reading: a disk that loses more needs no more of them; the log of the process names all."""

log = get_logger(__name__)


class LogCheckStore(StoredLog, Decisions, Protocol):
    """The log, and deliveries that are decided."""


class LogCheck:
    """Runs as one task for the life of the process."""

    def __init__(self, *, store: LogCheckStore, clock: Clock, ops_channel: str | None) -> None:
        """Without an ops channel damage is only logged."""
        self._store = store
        self._clock = clock
        self._ops_channel = ops_channel
        self._position = 0
        self._notified = 0

    async def run(self) -> None:
        """Read from the beginning, then what is new, and everything again after a day, until cancelled."""
        began = self._clock.monotonic_s()
        while True:
            is_end = True
            try:
                is_end = await self.check_some()
            except OmpycordError as error:
                log.warning("log_check.waits", cause=str(error))
            if is_end and self._clock.monotonic_s() - began >= AGAIN_S:
                began, self._position, self._notified = self._clock.monotonic_s(), 0, 0
            await self._clock.sleep(FOLLOW_S if is_end else PAUSE_S)

    async def check_some(self) -> bool:
        """Read the next part; whether it was the last. Raises StorageError."""
        checked = await self._store.check_events(self._position, limit=EVENTS)
        for damaged in checked.damaged:
            log.error(
                "log.damaged", run=damaged.run, first=damaged.first, last=damaged.last, is_missing=damaged.is_missing
            )
            await self._notify(damaged)
        self._position = checked.upto
        return checked.is_end

    async def _notify(self, damaged: DamagedEvents) -> None:
        """Queue the notice, once: a row of the outbox is unique by run, kind and ref."""
        if self._ops_channel is None or self._notified >= NOTICES:
            return
        self._notified += 1
        what = "gone" if damaged.is_missing else "changed"
        ref = str(Ref(RefKind.DAMAGED, f"{what}:{damaged.first}-{damaged.last}"))
        row = OutboxRow(
            run=damaged.run,
            kind=OutboxKind.NOTICE,
            ref=ref,
            body={"channel": self._ops_channel},
            created_at=self._clock.now_ms(),
        )
        await self._store.commit(Commit(writes=(row,)))
