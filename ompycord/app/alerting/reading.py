"""What alerts are found from: one look at the process and its machine; counterpart of `rules.py`, which judges it.

What cannot be read now is None, so that nothing is taken for right or wrong because the database does not answer.
"""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import psutil

from ompycord.app.backups.state import BackupState
from ompycord.app.mode import DiskUsage, StorageMode
from ompycord.app.outgoing.states import Destinations
from ompycord.domain.deliveries import DestinationState
from ompycord.domain.ports import Clock, EventBacklog, StoreHealth
from ompycord.domain.ports.model_ledger import ModelBreaker
from ompycord.domain.run import RunRecord
from ompycord.errors import StorageError
from ompycord.processes.own_limits import OwnLimits
from ompycord.telemetry.watchdog import Watchdog

__all__ = ["Lookout", "LookoutStore", "ProcessUse", "Sighting", "process_use"]


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """What this process takes of its machine."""

    resident_bytes: int
    descriptors: int
    most_descriptors: int | None
    """The soft limit; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Everything that alerts are found from, at one moment."""

    is_connected: bool
    read_only: str | None
    """Why the database takes no writes, as it says itself."""
    is_writable: bool
    disk: DiskUsage | None
    events_waiting: int | None
    loop_lag_s: float
    process: ProcessUse
    lowered_limits: Sequence[str] = ()
    backups: BackupState
    backup_age_s: float | None = None
    destinations: Sequence[tuple[DestinationState, float]] | None = None
    """With how long the oldest delivery of each has waited."""
    failing: Sequence[ModelBreaker] = ()
    """Models at providers that failed several times and have not answered since."""
    unreadable: Sequence[str] | None = ()
    """What is wrong with files of old events; None before they were looked at."""
    queued: int | None = None
    """Hosted runs that wait although a slot is free and nothing keeps them from it."""


class LookoutStore(EventBacklog, StoreHealth, Protocol):
    """What is asked of the database."""


class Connected(Protocol):
    """What is asked of the bot."""

    @property
    def is_ready(self) -> bool: ...


class Lookout:
    """Looks when asked; keeps nothing."""

    def __init__(
        self,
        *,
        store: LookoutStore,
        bot: Connected,
        mode: StorageMode,
        watchdog: Watchdog,
        own_limits: OwnLimits,
        backups: BackupState,
        destinations: Destinations,
        failing: Callable[[], Sequence[ModelBreaker]],
        ready: Callable[[], Awaitable[Sequence[RunRecord]]],
        unreadable: Callable[[], Sequence[str] | None],
        clock: Clock,
        use: Callable[[], ProcessUse] | None = None,
    ) -> None:
        """`ready`: the runs that the driver should have started; `unreadable`: as `Sighting` has it; `use` replaces the
        reading of this process.
        """
        self._store = store
        self._bot = bot
        self._mode = mode
        self._watchdog = watchdog
        self._own_limits = own_limits
        self._backups = backups
        self._destinations = destinations
        self._failing = failing
        self._ready = ready
        self._unreadable = unreadable
        self._clock = clock
        self._use = use or process_use

    async def sighting(self) -> Sighting:
        """Everything now. Raises nothing that the database or the disk does."""
        backlog, destinations, queued = await self._stored()
        at = self._backups.newest_at
        return Sighting(
            is_connected=self._bot.is_ready,
            read_only=self._store.read_only,
            is_writable=await self._store.is_writable(),
            disk=await self._disk(),
            events_waiting=backlog,
            loop_lag_s=self._watchdog.lag_s,
            process=await asyncio.to_thread(self._use),
            lowered_limits=self._own_limits.lowered,
            backups=self._backups,
            backup_age_s=None if at is None else max(self._clock.now_ms() - at, 0) / 1000,
            destinations=destinations,
            failing=self._failing(),
            unreadable=self._unreadable(),
            queued=queued,
        )

    async def _stored(self) -> tuple[int | None, Sequence[tuple[DestinationState, float]] | None, int | None]:
        try:
            states = await self._destinations.states()
            waiting = [(state, self._destinations.age_s(state)) for state in states]
            return await self._store.backlog(), waiting, len(await self._ready())
        except (StorageError, OSError):
            return None, None, None

    async def _disk(self) -> DiskUsage | None:
        try:
            return await self._mode.usage()
        except OSError:
            return None


def process_use() -> ProcessUse:
    """Memory and open descriptors of this process. Blocks for a moment."""
    process = psutil.Process()
    with process.oneshot():
        resident = process.memory_info().rss
        descriptors = process.num_handles() if sys.platform == "win32" else process.num_fds()
    return ProcessUse(resident, descriptors, _most_descriptors())


def _most_descriptors() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    with contextlib.suppress(OSError, ValueError):
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return None if soft == resource.RLIM_INFINITY else soft
    return None
