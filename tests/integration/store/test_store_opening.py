"""From a path to a store, or one clear line: modes, damage, strangers, locks; and the end of the threads."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import aiosqlite
import pytest

from ompycord.errors import BusyError, ConfigurationError, DatabaseDamaged, StartError
from ompycord.store import open_store
from ompycord.store.connection import connect
from ompycord.store.leftovers import require_whole
from tests.integration.store.world import CountingIds, HandClock, Sender
from tests.support.patience import patient


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
    assert modes == dict.fromkeys(("ompycord.db", "ompycord.db-wal", "ompycord.db-shm", "ompycord.db.mark"), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_no_thread_and_no_log_is_left(path: Path) -> None:
    before = set(threading.enumerate())
    async with open_store(path, clock=HandClock(), ids=CountingIds()) as store:
        assert len(set(threading.enumerate()) - before) == 5
        await store.append([Sender(CountingIds()).post()])
    require_ended(before)
    assert {file.name for file in path.parent.iterdir()} == {"ompycord.db", "ompycord.db.mark"}


async def test_no_thread_is_left_when_opening_fails(path: Path) -> None:
    before = set(threading.enumerate())
    write(path, b"no database at all" * 100)
    await refusal(path)
    require_ended(before)


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
    require_ended(before)
    await make(path)


def require_ended(before: set[threading.Thread]) -> None:
    """A thread says that it is done a moment before it is."""
    for thread in set(threading.enumerate()) - before:
        thread.join(patient(10))
        assert not thread.is_alive()


async def test_durability_is_set_on_every_connection(path: Path) -> None:
    async with open_store(path, clock=HandClock(), ids=CountingIds(), readers=1) as store:

        def pragmas(raw: sqlite3.Connection) -> list[object]:
            names = ("journal_mode", "synchronous", "foreign_keys", "query_only")
            return [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

        assert await store._writer.submit(pragmas) == ["wal", 2, 1, 0]  # pyright: ignore[reportPrivateUsage]  # what callers rely on
        assert (await store._readers.read(pragmas))[3] == 1  # pyright: ignore[reportPrivateUsage]  # the same


async def test_a_name_with_any_characters_is_opened(tmp_path: Path) -> None:
    await make(tmp_path / "o %?#é&mode=ro" / "my database.db")


@pytest.mark.parametrize("has_log", [True, False])
async def test_an_emptied_database_is_refused_and_left_alone(path: Path, has_log: bool) -> None:
    write(path)
    log = path.with_name("ompycord.db-wal")
    if has_log:
        await asyncio.to_thread(log.write_bytes, b"x" * 4096)
    error = await refusal(path)
    assert isinstance(error, ConfigurationError)
    assert "is empty" in str(error)
    assert "restore a backup" in str(error)
    assert path.stat().st_size == 0
    assert log.exists() == has_log


async def test_a_new_database_is_never_empty_however_early_it_is_killed(path: Path) -> None:
    write(path.with_name("ompycord.db.new"))  # as a kill leaves it
    await make(path)
    assert {file.name for file in path.parent.iterdir()} == {"ompycord.db", "ompycord.db.mark"}


async def killed(path: Path) -> Path:
    """A database as kill -9 leaves it: committed events in the log, and the index beside it."""
    copy = path.with_name("killed") / path.name
    async with open_store(path, clock=HandClock(), ids=CountingIds(), readers=1) as store:
        for n in range(1, 40):
            await store.append([Sender(CountingIds(n)).post(seq=n)])
        await asyncio.to_thread(shutil.copytree, path.parent, copy.parent)
    return copy


async def test_what_a_kill_leaves_is_read_whole(path: Path) -> None:
    copy = await killed(path)
    async with open_store(copy, clock=HandClock(), ids=CountingIds(), readers=1) as store:
        assert await store.backlog() == 39


@pytest.mark.parametrize("cut", ["a frame", "half a frame", "half", "all", "gone", "other", "bit"])
async def test_a_log_that_was_cut_short_is_refused_and_left_alone(path: Path, cut: str) -> None:
    copy = await killed(path)
    log = copy.with_name("ompycord.db-wal")
    content = log.read_bytes()
    frame = 24 + 4096
    left = {
        "a frame": content[:-frame], "half a frame": content[: -frame // 2], "half": content[: len(content) // 2],
        "all": b"", "gone": b"", "other": bytes(len(content)),
        "bit": bytes([*content[:9000], content[9000] ^ 1, *content[9001:]]),
    }[cut]  # fmt: skip
    log.write_bytes(left)
    if cut == "gone":
        log.unlink()
    for _ in range(2):
        error = await refusal(copy)
        assert isinstance(error, ConfigurationError)
        assert "pages of acknowledged events are missing" in str(error)
        assert (log.read_bytes() if log.exists() else b"") == left
    for name in ("ompycord.db-shm", "ompycord.db.mark"):  # as the message says, for who wants to go on all the same
        copy.with_name(name).unlink()
    if cut != "other":
        async with open_store(copy, clock=HandClock(), ids=CountingIds(), readers=1) as store:
            assert await store.backlog() < 39


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
    await make(path)
    with sqlite3.connect(path, isolation_level=None) as raw:
        raw.execute("PRAGMA locking_mode = EXCLUSIVE")
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


async def test_a_connection_that_fails_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with pytest.raises(sqlite3.OperationalError):
        await connect(tmp_path / "missing.db", mode="rw", busy_timeout_s=1)
    assert set(threading.enumerate()) <= before


async def test_an_aiosqlite_without_the_queue_that_we_use_is_refused_in_a_line_and_leaves_no_thread(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Another(aiosqlite.Connection):
        def __init__(self, connector: Callable[[], sqlite3.Connection], iter_chunk_size: int) -> None:
            super().__init__(connector, iter_chunk_size)
            del self._tx  # what a later version may do

    await make(path)
    before = set(threading.enumerate())
    monkeypatch.setattr(aiosqlite, "Connection", Another)
    error = await refusal(path)
    assert isinstance(error, ConfigurationError)
    assert "aiosqlite" in str(error)
    assert set(threading.enumerate()) <= before


async def test_a_connection_that_is_given_up_while_it_opens_leaves_no_thread(path: Path) -> None:
    await make(path)
    before = set(threading.enumerate())
    async with asyncio.TaskGroup() as group:
        opening = group.create_task(connect(path, mode="rw", busy_timeout_s=1))
        await asyncio.sleep(0)  # it waits for its thread now
        opening.cancel()
    assert opening.cancelled()
    assert set(threading.enumerate()) <= before


async def test_pages_that_break_while_it_runs_are_an_error_and_never_an_answer(path: Path) -> None:
    await make(path)
    sender = Sender(CountingIds())
    async with open_store(path, clock=HandClock(), ids=CountingIds(), readers=1) as store:
        with path.open("r+b") as file:  # all but the first page, which says that it is a database
            file.seek(4096)
            file.write(b"\xa5" * (path.stat().st_size - 4096))
        with pytest.raises(DatabaseDamaged, match="restore a backup"):
            await store.events_after(0, limit=1000)
        assert not await store.is_writable()
        with pytest.raises(DatabaseDamaged, match="restore a backup"):  # although its own page may be at hand
            await store.append([sender.post(seq=1, name="another")])
    error = await refusal(path)
    assert isinstance(error, ConfigurationError)
    assert "damaged" in str(error)


def test_an_index_that_is_older_than_its_log_says_nothing(tmp_path: Path) -> None:
    """After a power cut: the index is a mapped file that nobody syncs, the log was synced with every commit."""
    live, left = tmp_path / "live.db", tmp_path / "left.db"
    with contextlib.closing(sqlite3.connect(live, isolation_level=None)) as raw:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"):
            raw.execute(f"PRAGMA {pragma}")
        raw.execute("CREATE TABLE t (x)")
        raw.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(50)])
        shutil.copy(f"{live}-shm", f"{left}-shm")
        raw.execute("PRAGMA wal_checkpoint(PASSIVE)")
        raw.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(10)])  # the log begins anew
        shutil.copy(live, left)
        shutil.copy(f"{live}-wal", f"{left}-wal")
    require_whole(left)
    with contextlib.closing(sqlite3.connect(left)) as raw:
        assert raw.execute("SELECT count(*) FROM t").fetchone() == (60,)
