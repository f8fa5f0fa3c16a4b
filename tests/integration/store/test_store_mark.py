"""A database and a log that do not belong together, or end too early, are refused before SQLite writes a byte."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.errors import ConfigurationError
from ompycord.store import mark as store_mark
from ompycord.store import open_store
from ompycord.store.mark import Mark, StoreMark, mark_path, read_mark
from tests.integration.store.test_store_opening import refusal
from tests.integration.store.world import CountingIds, HandClock, Sender

EVENTS = 40


async def filled(path: Path, *, first: int, last: int, meanwhile: Callable[[], object] = lambda: None) -> None:
    """A store that ran and took these events; `meanwhile` is done at its end, while it is open."""
    async with open_store(path, clock=HandClock(), ids=CountingIds(first * 1000), readers=1) as store:
        for number in range(first, last + 1):
            await store.append([Sender(CountingIds(number * 10_000)).post(seq=number)])
        await asyncio.to_thread(meanwhile)


async def killed(path: Path, left: Path, *, first: int = 1, last: int = EVENTS) -> Path:
    """What kill -9 leaves of a store that took these events, in another folder."""
    await filled(path, first=first, last=last, meanwhile=lambda: shutil.copytree(path.parent, left))
    return left / path.name


def backup(path: Path, to: Path) -> None:
    """As docs/how-to/back-up.md says."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
        raw.execute("VACUUM INTO ?", (str(to),))


def content_of(path: Path) -> dict[str, bytes]:
    """Every file beside the database, with its content."""
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


async def refused_untouched(path: Path, words: str) -> None:
    """The start is refused with these words, as often as it is tried, and no file changes."""
    before = content_of(path)
    for _ in range(2):
        error = await refusal(path)
        assert isinstance(error, ConfigurationError)
        assert words in str(error)
        assert content_of(path) == before


async def events_in(path: Path) -> int:
    async with open_store(path, clock=HandClock(), ids=CountingIds(), readers=1) as store:
        return await store.backlog()


@pytest.mark.parametrize("has_index", [True, False])
async def test_a_backup_that_was_put_back_beside_a_newer_log_is_refused_and_unharmed(
    path: Path, tmp_path: Path, has_index: bool
) -> None:
    """Made while it ran, of the very session whose log is left."""
    saved = tmp_path / "backup.db"
    await filled(path, first=1, last=10)
    left = tmp_path / "left"

    async with open_store(path, clock=HandClock(), ids=CountingIds(11_000), readers=1) as store:
        await asyncio.to_thread(backup, path, saved)
        for number in range(11, EVENTS):
            await store.append([Sender(CountingIds(number * 10_000)).post(seq=number)])
        await asyncio.to_thread(shutil.copytree, path.parent, left)
    database = left / path.name
    shutil.copy(saved, database)
    if not has_index:
        (left / "ompycord.db-shm").unlink()
    await refused_untouched(database, "ompycord.db-wal is not the log of this ompycord.db")
    for suffix in ("-wal", "-shm", ".mark"):  # as the message says
        database.with_name(f"{database.name}{suffix}").unlink(missing_ok=True)
    assert await events_in(database) == 10


async def test_a_copy_of_an_earlier_day_that_was_put_back_beside_a_newer_log_is_refused(
    path: Path, tmp_path: Path
) -> None:
    await filled(path, first=1, last=10)
    saved = shutil.copy(path, tmp_path / "backup.db")
    database = await killed(path, tmp_path / "left", first=11)
    shutil.copy(saved, database)
    await refused_untouched(database, "ompycord.db-wal is not the log of this ompycord.db")


@pytest.mark.parametrize("restarts", [1, 2, 3])
async def test_the_log_of_a_sibling_copy_is_refused(path: Path, tmp_path: Path, restarts: int) -> None:
    await filled(path, first=1, last=10)
    sibling = tmp_path / "sibling" / path.name
    shutil.copytree(path.parent, sibling.parent)
    for restart in range(1, restarts):
        await filled(sibling, first=10 + restart, last=10 + restart)
    ours = await killed(path, tmp_path / "ours", first=11, last=30)
    theirs = await killed(sibling, tmp_path / "theirs", first=10 + restarts, last=20)
    for suffix in ("-wal", "-shm"):
        shutil.copy(theirs.with_name(f"{path.name}{suffix}"), ours.with_name(f"{path.name}{suffix}"))
    await refused_untouched(ours, "ompycord.db-wal is not the log of this ompycord.db")


@pytest.mark.parametrize("part", [0.99, 0.5, 0.1])
async def test_a_log_that_was_cut_and_whose_index_is_gone_is_refused(path: Path, tmp_path: Path, part: float) -> None:
    database = await killed(path, tmp_path / "left")
    log = database.with_name("ompycord.db-wal")
    os.truncate(log, round(log.stat().st_size * part))
    database.with_name("ompycord.db-shm").unlink()
    await refused_untouched(database, "pages of acknowledged events are missing")
    mark_path(database).unlink()  # a person's word
    assert await events_in(database) < EVENTS


async def test_a_log_that_is_gone_with_its_index_is_told_by_the_number_of_events(path: Path, tmp_path: Path) -> None:
    database = await killed(path, tmp_path / "left")
    for suffix in ("-wal", "-shm"):
        database.with_name(f"{database.name}{suffix}").unlink()
    await refused_untouched(database, f"has 0 events of {EVENTS} that were acknowledged")


async def test_an_older_copy_without_a_log_needs_a_persons_word(path: Path, tmp_path: Path) -> None:
    await filled(path, first=1, last=10)
    saved = shutil.copy(path, tmp_path / "backup.db")
    await filled(path, first=11, last=EVENTS)
    shutil.copy(saved, path)
    await refused_untouched(path, f"has 10 events of {EVENTS} that were acknowledged")
    mark_path(path).unlink()
    assert await events_in(path) == 10


async def test_what_a_kill_leaves_opens_and_so_does_what_the_next_one_leaves(path: Path, tmp_path: Path) -> None:
    database = path
    for number in range(1, 4):
        database = await killed(database, tmp_path / f"left{number}", first=number * 10, last=number * 10 + 9)
        assert database.with_name("ompycord.db-wal").stat().st_size
    assert await events_in(database) == 30


async def test_a_mark_that_is_older_than_the_log_as_after_a_power_cut_refuses_nothing(
    path: Path, tmp_path: Path
) -> None:
    """It is synced when a log begins: what it says then holds until the next sync."""
    early = tmp_path / "mark"

    async with open_store(path, clock=HandClock(), ids=CountingIds(), readers=1) as store:
        await store.append([Sender(CountingIds(1)).post(seq=1)])
        await asyncio.to_thread(shutil.copy, mark_path(path), early)
        for number in range(2, EVENTS + 1):
            await store.append([Sender(CountingIds(number * 10_000)).post(seq=number)])
        await asyncio.to_thread(shutil.copytree, path.parent, tmp_path / "left")
    database = tmp_path / "left" / path.name
    shutil.copy(early, mark_path(database))
    assert await events_in(database) == EVENTS


async def test_a_folder_of_a_version_without_a_mark_opens_and_has_one_then(path: Path, tmp_path: Path) -> None:
    database = await killed(path, tmp_path / "left")
    mark_path(database).unlink()
    assert await events_in(database) == EVENTS
    found = read_mark(database)
    assert found is not None
    assert (found.is_settled, found.position) == (True, EVENTS)


async def test_a_commit_costs_no_further_sync(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark is synced when the log begins, which is one of two hundred commits here."""
    synced: list[int] = []
    monkeypatch.setattr(store_mark.os, "fsync", synced.append)
    async with open_store(path, clock=HandClock(), ids=CountingIds(), readers=1) as store:
        await store.append([Sender(CountingIds(1)).post(seq=1)])
        synced.clear()
        for number in range(2, 202):
            await store.append([Sender(CountingIds(number * 10_000)).post(seq=number)])
        assert store.transactions >= 200
        assert synced == []
        found = read_mark(path)
        assert found is not None
        assert found.position == 201, "and yet it is noted"
    assert len(synced) == 1, "at the end"


def test_a_torn_record_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    mark = StoreMark(path, Mark())
    for position in range(1, 6):
        mark.committed(position)
        whole = mark_path(path).read_bytes()
        for cut in (1, 20, 40):
            torn = bytearray(whole)
            slot = position % 2 * 512
            torn[slot + cut] ^= 0xFF
            mark_path(path).write_bytes(torn)
            found = read_mark(path)
            assert (found.position if found else 0) == position - 1
        mark_path(path).write_bytes(whole)
        found = read_mark(path)
        assert found is not None
        assert found.position == position
    mark.close()
