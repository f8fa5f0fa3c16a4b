"""The mode in which the process works: normal, low on disk, or read-only.

It is shown in presence, `/omp health`, /status and metrics.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ompycord.domain.ports import StoreHealth
from ompycord.files import replace_file

__all__ = ["MODES", "PAUSE_FILE", "DiskUsage", "StorageMode", "usage_of"]

LOW_DISK, FULL_DISK = 0.10, 0.05
"""Under 10 % free no new run starts, under 5 % nothing new is saved."""
LOW_BYTES, FULL_BYTES = 5 * 1024**3, 2 * 1024**3
"""Bytes that are enough on a large disk, whatever part of it they are: a tenth of two terabytes is no shortage."""
AGAIN = 1.1
"""Writing starts again with so much more than what ended it, so that it does not end at once."""
MODES = ("normal", "low_disk", "read_only")
GIB = 1024**3


PAUSE_FILE = "paused"
"""In the data folder: while it is there, nothing begins. It holds who paused it."""
_NAME = 64


def _paused_by(file: Path) -> str | None:
    """Who paused it; a file that cannot be read pauses all the same."""
    try:
        with file.open(encoding="utf-8") as text:
            return " ".join(text.read(_NAME).split()) or "An admin"
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        return "An admin"


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

    @property
    def has_room_again(self) -> bool:
        """Whether what was full may be written again."""
        return self.free >= min(self.total * FULL_DISK, FULL_BYTES) * AGAIN

    @property
    def words(self) -> str:
        """What is free, as a part and in bytes."""
        return f"{self.ratio:.0%} free, {self.free / GIB:.1f} GiB"


def usage_of(folder: Path) -> DiskUsage:
    """The usage of the disk on which a folder is."""
    return DiskUsage(*shutil.disk_usage(folder))


class StorageMode:
    """Computes the mode when asked."""

    def __init__(self, *, store: StoreHealth, folder: Path, usage: Callable[[Path], DiskUsage] = usage_of) -> None:
        self._store = store
        self._folder = folder
        self._usage_of = usage
        self._pause_file = folder / PAUSE_FILE
        self._paused_by = _paused_by(self._pause_file)
        self.shortage: str | None = None
        """Why no new run starts for want of room, as it was found last; None while there is room."""

    def paused(self) -> str | None:
        """Why nothing begins and nothing is resumed, where an admin paused it; None while nothing is paused."""
        if self._paused_by is None:
            return None
        return f"{self._paused_by} paused Ompycord: nothing new begins. An admin can end it: `/omp-admin unpause`."

    @property
    def paused_by(self) -> str | None:
        """Who paused it."""
        return self._paused_by

    def pause(self, by: str) -> None:
        """Pause, also for later starts. Blocks.

        Raises OSError where that cannot be kept: then it holds until the end of this process.
        """
        self._paused_by = by
        replace_file(self._pause_file, f"{by}\n")

    def unpause(self) -> bool:
        """End a pause; whether there was one. Blocks; raises OSError."""
        was_paused = self._paused_by is not None
        self._pause_file.unlink(missing_ok=True)
        self._paused_by = None
        return was_paused

    async def usage(self) -> DiskUsage:
        """The disk of the data folder."""
        return await asyncio.to_thread(self._usage_of, self._folder)

    async def has_room(self) -> bool:
        """Whether the disk has room, for /readyz."""
        return not (await self.usage()).is_full

    async def closed(self) -> str | None:
        """Why no new run starts now, for the person who asked for one; None while runs may start."""
        if (paused := self.paused()) is not None:
            return paused
        if self._store.read_only is not None:
            return f"Ompycord is read-only, so no new run will start. {self._store.read_only}"
        disk = await self.usage()
        if not disk.is_low:
            return None
        what = f"This machine is low on disk ({disk.words}), so no new run will start."
        return f"{what} Runs that work go on. Free space there, then try again."

    def full_words(self, disk: DiskUsage) -> str:
        """Why nothing is saved while the disk is full, and what to do, in a sentence."""
        return (
            f"The disk of {self._folder} has only {disk.words}, so nothing new is saved: free space there; it "
            "continues by itself."
        )

    async def name(self) -> str:
        """The mode's name, one of MODES."""
        if self._store.read_only is not None:
            return "read_only"
        disk = await self.usage()
        return "read_only" if disk.is_full else "low_disk" if disk.is_low else "normal"

    async def words(self) -> str | None:
        """The mode for people in Discord: of which kind, and what it means. None while all is normal."""
        if self._paused_by is not None:
            return f"paused by {self._paused_by}: nothing new begins"
        match await self.name():
            case "read_only":
                return "read-only: the disk is full, nothing new is kept"
            case "low_disk":
                return f"low on disk ({(await self.usage()).words}): no new run starts"
            case _:
                return None
