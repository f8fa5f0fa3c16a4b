"""Three steps of a disk that fills up, and back: no new run, then read-only, then everything again by itself."""

from pathlib import Path

import pytest

from ompycord.app.mode import DiskUsage, StorageMode
from ompycord.app.resources.disk_keeper import DiskKeeper
from ompycord.errors import DiskRefuses
from ompycord.store import SqliteStore
from tests.integration.alerting.stage import GIB
from tests.integration.store.world import CountingIds, HandClock, Sender


class Disk:
    """So much of 100 GiB is free."""

    def __init__(self) -> None:
        self.free = 50.0
        self.is_readable = True

    def usage(self, folder: Path) -> DiskUsage:
        if not self.is_readable:
            raise OSError(5, "Input/output error")
        return DiskUsage(100 * GIB, round((100 - self.free) * GIB), round(self.free * GIB))


async def test_each_step_is_named_and_the_next_is_only_taken_when_it_is_time(
    store: SqliteStore, clock: HandClock
) -> None:
    disk = Disk()
    mode = StorageMode(store=store, folder=Path("/srv/data"), usage=disk.usage)
    keeper = DiskKeeper(mode=mode, store=store, clock=clock)
    sender = Sender(CountingIds())
    steps: list[tuple[float, str, bool]] = []
    for seq, free in enumerate((50, 5.1, 4.9, 2.1, 1.9, 2.1, 2.3, 6), start=1):
        disk.free = free
        await keeper.inspect()
        try:
            await store.append([sender.post(seq=seq)])
            is_stored = True
        except DiskRefuses:
            is_stored = False
        steps.append((free, await mode.name(), is_stored))
        assert await store.is_writable() is is_stored
        assert (mode.shortage is None) is (free > 5)
        assert (await mode.closed() is None) is (free > 5)
    assert steps == [
        (50, "normal", True),
        (5.1, "normal", True),
        (4.9, "low_disk", True),
        (2.1, "low_disk", True),
        (1.9, "read_only", False),
        (2.1, "read_only", False),
        (2.3, "low_disk", True),
        (6, "normal", True),
    ]


async def test_why_nothing_is_saved_names_the_folder_and_what_to_do(store: SqliteStore, clock: HandClock) -> None:
    disk = Disk()
    disk.free = 1.5
    mode = StorageMode(store=store, folder=Path("/srv/data"), usage=disk.usage)
    await DiskKeeper(mode=mode, store=store, clock=clock).inspect()
    assert store.read_only == (
        "The disk of /srv/data has only 2% free, 1.5 GiB, so nothing new is saved: free space there; it continues by "
        "itself."
    )
    with pytest.raises(DiskRefuses, match="free space there"):
        await store.append([Sender(CountingIds()).post(seq=1)])
    assert mode.shortage == "The disk is low (2% free, 1.5 GiB); it starts once there is room."


async def test_a_disk_that_cannot_be_asked_changes_nothing(store: SqliteStore, clock: HandClock) -> None:
    disk = Disk()
    keeper = DiskKeeper(mode=StorageMode(store=store, folder=Path(), usage=disk.usage), store=store, clock=clock)
    disk.free = 1
    await keeper.inspect()
    disk.is_readable = False
    await keeper.inspect()
    assert store.read_only is not None
