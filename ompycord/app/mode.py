"""The mode in which the process works: normal, low on disk, or read-only.

It is shown in presence, `/omp health`, /status and metrics.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ompycord.domain.ports import StoreHealth

__all__ = ["MODES", "DiskUsage", "StorageMode", "usage_of"]

LOW_DISK, FULL_DISK = 0.10, 0.05
"""Under 10 % free no new run starts, under 5 % writing may soon fail."""
LOW_BYTES, FULL_BYTES = 5 * 1024**3, 1024**3
"""Bytes that are enough on a large disk, whatever part of it they are: a tenth of two terabytes is no shortage."""
MODES = ("normal", "low_disk", "read_only")


class DiskUsage(NamedTuple):
    """Bytes, as `shutil.disk_usage` reports them."""

    total: int
    used: int
    free: int

    @property
    def ratio(self) -> float:
        """The free part, 0 to 1."""
        return self.free / self.total

    @property
    def is_low(self) -> bool:
        """Whether there is too little space for more runs."""
        return self.free < min(self.total * LOW_DISK, LOW_BYTES)

    @property
    def is_full(self) -> bool:
        """Whether there is too little space to store anything more soon."""
        return self.free < min(self.total * FULL_DISK, FULL_BYTES)


def usage_of(folder: Path) -> DiskUsage:
    """The usage of the disk on which a folder is."""
    return DiskUsage(*shutil.disk_usage(folder))


class StorageMode:
    """Computes the mode when asked."""

    def __init__(self, *, store: StoreHealth, folder: Path, usage: Callable[[Path], DiskUsage] = usage_of) -> None:
        self._store = store
        self._folder = folder
        self._usage_of = usage

    async def usage(self) -> DiskUsage:
        """The disk of the data folder."""
        return await asyncio.to_thread(self._usage_of, self._folder)

    async def has_room(self) -> bool:
        """Whether the disk has room, for /readyz."""
        return not (await self.usage()).is_full

    async def closed(self) -> str | None:
        """Why no new run starts now, for the person who asked for one; None while runs may start."""
        disk = await self.usage()
        if not disk.is_low:
            return None
        what = f"This machine is low on disk ({disk.ratio:.0%} free), so no new run will start."
        return f"{what} Runs that work go on. Free space there, then try again."

    async def name(self) -> str:
        """The mode's name, one of MODES."""
        if self._store.read_only is not None:
            return "read_only"
        return "low_disk" if (await self.usage()).is_low else "normal"

    async def words(self) -> str | None:
        """The mode for people in Discord: of which kind, and what it means. None while all is normal."""
        match await self.name():
            case "read_only":
                return "read-only: the disk is full, nothing new is kept"
            case "low_disk":
                return f"low on disk ({(await self.usage()).ratio:.0%} free): no new run starts"
            case _:
                return None
