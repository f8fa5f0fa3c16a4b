"""In which mode the process works: normal, low on disk, or read-only; shown in presence, `/omp health`, /status and metrics."""

import asyncio
import shutil
from pathlib import Path

from ompycord.store import SqliteStore

__all__ = ["LOW_DISK", "MODES", "Mode"]

LOW_DISK, FULL_DISK = 0.10, 0.05
"""FEATURES I-114: under 10 % free is trouble ahead, under 5 % is trouble."""
MODES = ("normal", "low_disk", "read_only")


class Mode:
    """Looks when asked."""

    def __init__(self, *, store: SqliteStore, folder: Path) -> None:
        self._store = store
        self._folder = folder

    async def disk_free(self) -> float:
        """The free part of the data folder's disk, 0 to 1."""
        usage = await asyncio.to_thread(shutil.disk_usage, self._folder)
        return usage.free / usage.total

    async def has_room(self) -> bool:
        """For /readyz: a disk that is all but full takes nothing in soon."""
        return await self.disk_free() >= FULL_DISK

    async def name(self) -> str:
        """One of MODES."""
        if self._store.read_only is not None:
            return "read_only"
        return "normal" if await self.disk_free() >= LOW_DISK else "low_disk"

    async def words(self) -> str | None:
        """For people in Discord; None while all is normal."""
        match await self.name():
            case "read_only":
                return "read-only: nothing new is kept; see /omp health"
            case "low_disk":
                return f"low on disk ({await self.disk_free():.0%} free); see /omp health"
            case _:
                return None
