"""Makes a backup when the newest is too old, prunes, and puts the newest back on trial.

Counterpart of `ompycord backup`.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from ompycord import __version__
from ompycord.app.backups.copies import StoreCopies
from ompycord.app.backups.state import BackupState
from ompycord.backup.copies import DatabaseCopies
from ompycord.backup.create import make_backup
from ompycord.backup.drills import note_drill, read_drill
from ompycord.backup.manifest import BackupError, BackupStopped
from ompycord.backup.options import BackupOptions
from ompycord.backup.place import BackupPlace
from ompycord.backup.prune import prune
from ompycord.backup.verify import drill
from ompycord.domain.base import Millis
from ompycord.domain.ports import Clock
from ompycord.errors import OmpycordError
from ompycord.telemetry import get_logger

__all__ = ["BackupKeeper"]

PAUSE_S: Final = 60.0
HOUR_MS: Final = 3_600_000
_AGAIN_MS: Final = HOUR_MS
"""After a failure."""

T = TypeVar("T")

log = get_logger(__name__)


class BackupKeeper:
    """Looks at the start and every minute; by what is there, so that a restart makes none too many."""

    def __init__(
        self,
        *,
        options: BackupOptions,
        data: Path,
        place: BackupPlace,
        clock: Clock,
        copies: DatabaseCopies | None = None,
    ) -> None:
        self._options = options
        self._data = data
        self._place = place
        self._clock = clock
        self._copies = copies or StoreCopies()
        self._tried_at: Millis | None = None
        self._drill_tried_at: Millis | None = None
        self._is_put_off = False
        """Whether the last trial that was due could not be made: once is no matter, the next try may be better."""
        self._is_unread = False
        """Whether the folder could not be read when it was looked at."""
        self._ends = threading.Event()
        self._names: list[str] = []
        self._began_at: Millis | None = None
        """When this data folder was new: its first hour needs no backup."""
        self.state = BackupState()

    async def run(self) -> None:
        """Runs until cancelled; what was begun then is given up, and nothing of it stays."""
        try:
            while True:
                await self.inspect()
                await self._clock.sleep(PAUSE_S)
        finally:
            self._ends.set()

    async def inspect(self) -> None:
        """Do what is due now."""
        try:
            await self._in_thread(self._read_state)
        except (BackupError, OSError) as error:
            if not self._is_unread:
                self._failed(error)
            self._is_unread = True
            return
        if self._is_unread:
            self._is_unread, self.state.fault = False, None
        now = self._clock.now_ms()
        if self._is_due(now):
            self._tried_at = now
            await self._make(now)
        if self._is_drill_due(self._clock.now_ms()):
            await self._drill()

    def _is_due(self, now: Millis) -> bool:
        if not self._options.every_hours:
            return False
        if self.state.fault is not None and self._tried_at is not None and now - self._tried_at < _AGAIN_MS:
            return False
        newest = self.state.newest_at
        if newest is None:
            return self._began_at is not None and now - self._began_at >= HOUR_MS
        return not 0 <= now - newest < self._options.every_hours * HOUR_MS

    def _is_drill_due(self, now: Millis) -> bool:
        if not self._options.drill_days or self.state.newest_at is None:
            return False
        if self._drill_tried_at is not None and 0 <= now - self._drill_tried_at < _AGAIN_MS:
            return False
        at = self.state.drilled_at
        return at is None or not 0 <= now - at < self._options.drill_days * 24 * HOUR_MS

    async def _make(self, now: Millis) -> None:
        try:
            name = await self._in_thread(
                partial(
                    make_backup,
                    self._data,
                    self._place,
                    copies=self._copies,
                    now=now,
                    version=__version__,
                    with_secrets=self._options.secrets,
                    progress=self._progress,
                )
            )
            await self._in_thread(partial(prune, self._place, self._data, keep=self._options.keep, now=now))
        except (OmpycordError, OSError) as error:
            self._failed(error)
            return
        self.state.newest_at = now
        self.state.fault = None
        log.info("backup.made", backup=name)

    def _failed(self, error: Exception) -> None:
        self.state.fault = str(error)
        self.state.failures += 1
        log.error("backup.failed", cause=str(error))

    async def _drill(self) -> None:
        """Noted is what was found in it; what kept the trial from being made is no fault of it, and tried again."""
        self._drill_tried_at = self._clock.now_ms()
        try:
            newest = await self._in_thread(partial(self._place.newest, now=self._drill_tried_at))
            if newest is None:
                return
            faults = await self._in_thread(
                partial(drill, self._place, newest.name, copies=self._copies, progress=self._progress)
            )
        except (OmpycordError, OSError) as error:
            self.state.undrilled, self._is_put_off = (str(error) if self._is_put_off else None), True
            log.warning("backup.not_drilled", cause=str(error))
            return
        now = self._clock.now_ms()
        self.state.drilled_at, self.state.drill_fault = now, faults[0] if faults else None
        self.state.undrilled, self._is_put_off = None, False
        try:
            await self._in_thread(partial(note_drill, self._place, at=now, backup=newest.name, faults=faults))
        except OSError as error:
            log.warning("backup.drill_not_noted", cause=error.strerror)
        (log.error if faults else log.info)("backup.drilled", backup=newest.name, faults=faults)

    def _read_state(self) -> None:
        if self._began_at is None:
            key = self._data / "secrets" / "component_key"
            self._began_at = int(key.stat().st_mtime * 1000) if key.exists() else self._clock.now_ms()
        names = self._place.names()
        if names and names != self._names:  # a command makes some, too
            newest = self._place.newest(now=self._clock.now_ms())
            self.state.newest_at = None if newest is None or newest.manifest is None else newest.manifest.created_at
            self._names = names
            tried_at, newest_at = self._tried_at, self.state.newest_at
            if tried_at is not None and newest_at is not None and newest_at > tried_at:
                self.state.fault = None  # there is one since
        record = read_drill(self._place)
        if record.at is not None and self._drill_tried_at is not None and record.at >= self._drill_tried_at:
            self.state.undrilled, self._is_put_off = None, False  # a command made the trial since
        self.state.drilled_at = record.at
        self.state.drill_fault = record.faults[0] if record.faults else None

    def _progress(self, what: str, done: int, total: int) -> None:
        if self._ends.is_set():
            raise BackupStopped("Ompycord ends; the backup is made after the next start.")

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.to_thread(work)
