"""The store's copies as backups use them, and where the backups of a data folder are."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from ompycord.app.system import SystemClock, SystemIds
from ompycord.backup.age.keys import KeyFile
from ompycord.backup.copies import Counted, Unsent
from ompycord.backup.options import BackupOptions
from ompycord.backup.place import BackupPlace
from ompycord.store import open_store
from ompycord.store.copying import copy_database, examine_copy, settle_copy
from ompycord.store.mark import mark_path

__all__ = ["StoreCopies", "place_of"]


def place_of(options: BackupOptions, data: Path) -> BackupPlace:
    """The folder of backups of a data folder, with its key."""
    key_file = None if options.key_file is None else KeyFile(data / options.key_file)
    return BackupPlace(data / (options.folder or "backups"), key_file)


class StoreCopies:
    """Implements `DatabaseCopies`; in a thread without an event loop."""

    def copy(self, source: Path, target: Path, *, goes_on: Callable[[], bool], is_alone: bool) -> None:
        copy_database(source, target, goes_on=goes_on, is_alone=is_alone)

    def examine(self, path: Path) -> Counted:
        return examine_copy(path)

    def upgrade(self, path: Path) -> None:
        asyncio.run(_open_once(path))
        for left in path.parent.glob(f"{path.name}.before-*"):
            left.unlink()
        mark_path(path).unlink(missing_ok=True)  # it speaks of this file in this place

    def settle(self, path: Path, *, unsent: Unsent) -> None:
        settle_copy(path, unsent=unsent)


async def _open_once(path: Path) -> None:
    async with open_store(path, clock=SystemClock(), ids=SystemIds(), readers=1):
        pass
