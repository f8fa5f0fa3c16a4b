"""A disk that is short of room closes the door to new runs, and says so; a tenth of a large disk is no shortage."""

from pathlib import Path
from typing import cast

import pytest

from ompycord.app.mode import PAUSE_FILE, DiskUsage, StorageMode
from ompycord.store import SqliteStore

GIB = 1024**3


class Writable:
    """A store that takes what comes."""

    read_only: str | None = None


def mode_with(total: int, free: int) -> StorageMode:
    disk = DiskUsage(total, total - free, free)
    return StorageMode(store=cast("SqliteStore", Writable()), folder=Path(), usage=lambda folder: disk)


@pytest.mark.parametrize(
    ("total", "free", "name", "has_room"),
    [
        (20 * GIB, 3 * GIB, "normal", True),
        (20 * GIB, 2 * GIB - 1, "low_disk", True),
        (20 * GIB, GIB - 1, "read_only", False),
        (2000 * GIB, 6 * GIB, "normal", True),
        (2000 * GIB, 5 * GIB - 1, "low_disk", True),
        (2000 * GIB, 2 * GIB, "low_disk", True),
        (2000 * GIB, 2 * GIB - 1, "read_only", False),
    ],
)
async def test_a_disk_is_low_by_its_part_and_by_its_bytes(total: int, free: int, name: str, *, has_room: bool) -> None:
    mode = mode_with(total, free)
    assert (await mode.name(), await mode.has_room()) == (name, has_room)


async def test_a_low_disk_refuses_new_runs_in_words_and_a_roomy_one_does_not() -> None:
    assert await mode_with(100 * GIB, 50 * GIB).closed() is None
    words = await mode_with(100 * GIB, 4 * GIB).closed()
    assert words is not None
    assert words.startswith("This machine is low on disk (4% free, 4.0 GiB), so no new run will start.")
    assert await mode_with(100 * GIB, 4 * GIB).words() == "low on disk (4% free, 4.0 GiB): no new run starts"


@pytest.mark.parametrize(("data", "who"), [(b"", "An admin"), (b"\xff\xfe", "An admin"), (b"Ada\nMo\n", "Ada Mo")])
def test_garbage_in_the_file_of_the_pause_pauses_all_the_same(tmp_path: Path, data: bytes, who: str) -> None:
    (tmp_path / PAUSE_FILE).write_bytes(data)
    assert StorageMode(store=cast("SqliteStore", Writable()), folder=tmp_path).paused_by == who


def test_a_long_file_of_the_pause_is_no_long_name(tmp_path: Path) -> None:
    (tmp_path / PAUSE_FILE).write_text("x" * 100_000, encoding="utf-8")
    assert StorageMode(store=cast("SqliteStore", Writable()), folder=tmp_path).paused_by == "x" * 64
