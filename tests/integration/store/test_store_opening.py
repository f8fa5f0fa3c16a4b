"""From a path to a store, or one clear line: modes, damage, strangers, locks; and the end of the threads."""

import asyncio
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from ompycord.errors import BusyError, ConfigurationError, StartError
from ompycord.store import open_store
from tests.integration.store.world import CountingIds, HandClock, Sender


async def refusal(path: Path) -> StartError:
    with pytest.raises(StartError) as caught:
        async with open_store(path, clock=HandClock(), ids=CountingIds(), busy_timeout_s=0.05):
            pass
    assert "\n" not in str(caught.value)
    return caught.value


def write(path: Path, content: bytes = b"") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


async def make(path: Path) -> None:
    async with open_store(path, clock=HandClock(), ids=CountingIds(), readers=1) as store:
        await store.append([Sender(CountingIds()).post(seq=n) for n in range(1, 200)])


@pytest.mark.posix
async def test_only_the_owner_can_read_it(path: Path) -> None:
    before = os.umask(0)
    try:
        async with open_store(path, clock=HandClock(), ids=CountingIds()) as store:
            await store.append([Sender(CountingIds()).post()])
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("ompycord.db", "ompycord.db-wal", "ompycord.db-shm"), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_no_thread_and_no_log_is_left(path: Path) -> None:
    before = threading.active_count()
    async with open_store(path, clock=HandClock(), ids=CountingIds()) as store:
        assert threading.active_count() == before + 5
        await store.append([Sender(CountingIds()).post()])
    assert threading.active_count() == before
    assert [file.name for file in path.parent.iterdir()] == ["ompycord.db"]


async def test_no_thread_is_left_when_opening_fails(path: Path) -> None:
    before = threading.active_count()
    write(path, b"no database at all" * 100)
    await refusal(path)
    assert threading.active_count() == before


async def test_no_thread_is_left_when_opening_is_cancelled(path: Path) -> None:
    before = set(threading.enumerate())

    async def hold() -> None:
        async with open_store(path, clock=HandClock(), ids=CountingIds()):
            await asyncio.Event().wait()

    for turns in range(12):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(hold())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()
    await make(path)


async def test_durability_is_set_on_every_connection(path: Path) -> None:
    async with open_store(path, clock=HandClock(), ids=CountingIds(), readers=1) as store:

        def pragmas(raw: sqlite3.Connection) -> list[object]:
            names = ("journal_mode", "synchronous", "foreign_keys", "query_only")
            return [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

        assert await store._writer.submit(pragmas) == ["wal", 2, 1, 0]  # pyright: ignore[reportPrivateUsage]  # what callers rely on
        assert (await store._readers.read(pragmas))[3] == 1  # pyright: ignore[reportPrivateUsage]  # the same


async def test_a_name_with_any_characters_is_opened(tmp_path: Path) -> None:
    await make(tmp_path / "o %?#é&mode=ro" / "my database.db")


async def test_an_empty_file_is_a_new_database(path: Path) -> None:
    write(path)
    await make(path)


async def test_an_emptied_database_with_a_log_is_refused(path: Path) -> None:
    write(path)
    path.with_name("ompycord.db-wal").write_bytes(b"x" * 4096)
    error = await refusal(path)
    assert isinstance(error, ConfigurationError)
    assert "restore a backup" in str(error)
    assert path.with_name("ompycord.db-wal").stat().st_size == 4096


def spoil(path: Path, damage: str) -> bytes:
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[:16] = b"SQLite format 4\0"
    elif damage == "page":
        content[5 * 4096 : 12 * 4096] = bytes(range(256)) * 16 * 7
    else:
        del content[len(content) // 2 :]
    path.write_bytes(content)
    return bytes(content)


@pytest.mark.parametrize("damage", ["header", "page", "cut"])
async def test_a_damaged_database_is_refused(path: Path, damage: str) -> None:
    await make(path)
    content = spoil(path, damage)
    error = await refusal(path)
    assert isinstance(error, ConfigurationError)
    assert "damaged" in str(error)
    assert await asyncio.to_thread(path.read_bytes) == content


async def test_a_strangers_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE songs (title TEXT)")
    raw.close()
    assert "another program" in str(await refusal(path))


async def test_a_locked_database_is_busy(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path, isolation_level=None) as raw:
        raw.execute("BEGIN EXCLUSIVE")
        error = await refusal(path)
        raw.execute("ROLLBACK")
    raw.close()
    assert isinstance(error, BusyError)
    assert error.exit_code == 75
    await make(path)


async def test_a_folder_in_its_place_is_a_configuration_error(path: Path) -> None:
    write(path / "something")
    assert isinstance(await refusal(path), ConfigurationError)
