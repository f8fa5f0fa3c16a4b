"""When the whole database is read before it serves, and what is found while it serves already."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ompycord.errors import ConfigurationError, StorageError
from ompycord.store import open_store, opening, whole
from ompycord.store.mark import read_mark
from tests.integration.store.world import CountingIds, HandClock, Sender, receipts
from tests.support.patience import within


class Checks:
    """Where the whole was read: before the store was opened, or beside it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.ended = asyncio.Event()
        before, beside, judged = opening.require_intact, whole.require_intact, whole._judged  # pyright: ignore[reportPrivateUsage]  # its end is no other's to know

        def first(raw: sqlite3.Connection, name: str) -> None:
            self.done.append("before")
            before(raw, name)

        def second(raw: sqlite3.Connection, name: str) -> None:
            self.done.append("beside")
            beside(raw, name)

        def told(ended: BaseException | None, **calls: Callable[..., None]) -> None:
            judged(ended, **calls)
            self.ended.set()

        monkeypatch.setattr(opening, "require_intact", first)
        monkeypatch.setattr(whole, "require_intact", second)
        monkeypatch.setattr(whole, "_judged", told)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    return Checks(monkeypatch)


async def served(path: Path, checks: Checks, *, first: int, is_checked: bool = True) -> None:
    """A process that takes some events in and is closed in order."""
    async with open_store(path, clock=HandClock(), ids=CountingIds(first * 1000), readers=1) as store:
        posts = [Sender(CountingIds(first * 100_000)).post(seq=n) for n in range(first, first + 100)]
        receipts(await store.append(posts))
        if is_checked and checks.done[-1] == "beside":
            async with within(30):
                await checks.ended.wait()


async def test_after_a_clean_end_the_whole_is_read_beside_what_is_served(path: Path, checks: Checks) -> None:
    for first in (1, 101, 201):
        await served(path, checks, first=first)
    assert checks.done == ["before", "beside", "beside"]


async def test_a_check_that_did_not_end_is_made_up_for_before_the_next_start(
    path: Path, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    await served(path, checks, first=1)

    def endless(raw: sqlite3.Connection, name: str) -> None:
        raw.execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n").fetchone()

    with monkeypatch.context() as patched:
        patched.setattr(whole, "require_intact", endless)
        async with within(30), open_store(path, clock=HandClock(), ids=CountingIds(9), readers=1) as store:
            receipts(await store.append([Sender(CountingIds(77)).post(seq=1, name="b")]))
    await served(path, checks, first=101)
    assert checks.done == ["before", "before"]


async def test_after_a_kill_the_whole_is_read_first(path: Path, checks: Checks, tmp_path: Path) -> None:
    await served(path, checks, first=1)
    left = tmp_path / "left"
    async with open_store(path, clock=HandClock(), ids=CountingIds(9), readers=1) as store:
        receipts(await store.append([Sender(CountingIds(77)).post(seq=1, name="b")]))
        shutil.copytree(path.parent, left)  # what a kill leaves
    await served(left / path.name, checks, first=101)
    assert checks.done[-1] == "before"


@pytest.mark.parametrize("change", ["machine", "sqlite", "file"])
async def test_on_another_machine_with_another_sqlite_or_after_a_copy_the_whole_is_read_first(
    path: Path, checks: Checks, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    await served(path, checks, first=1)
    if change == "machine":
        monkeypatch.setattr(whole, "_machine", lambda: "another")
    elif change == "sqlite":
        monkeypatch.setattr(sqlite3, "sqlite_version", "99.0.0")
    else:
        os.utime(path)
    await served(path, checks, first=101)
    assert checks.done == ["before", "before"]


async def test_a_log_that_another_program_left_has_the_whole_read_first(path: Path, checks: Checks) -> None:
    await served(path, checks, first=1)
    mark = read_mark(path)
    assert mark is not None
    assert whole.was_left_whole(path, mark)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE source_states SET last_seq = last_seq + 1")
        raw.commit()
        assert not whole.was_left_whole(path, mark)


async def test_damage_that_is_found_while_it_serves_closes_the_write_guard(path: Path, checks: Checks) -> None:
    await served(path, checks, first=1)
    damage(path)
    async with within(30), open_store(path, clock=HandClock(), ids=CountingIds(9), readers=1) as store:
        await checks.ended.wait()
        assert store.read_only is not None
        assert "damaged" in store.read_only
        with pytest.raises(StorageError, match="damaged"):
            await store.append([Sender(CountingIds(77)).post(seq=500)])
    with pytest.raises(ConfigurationError, match="damaged"):
        await served(path, checks, first=101)


async def test_damage_after_a_kill_still_ends_the_start(path: Path, checks: Checks) -> None:
    await served(path, checks, first=1)
    damage(path, keeps_time=False)
    with pytest.raises(ConfigurationError, match="damaged"):
        await served(path, checks, first=101)
    assert checks.done == ["before", "before"]


def damage(path: Path, *, keeps_time: bool = True) -> None:
    """Wipe a page of the log's index, as a disk does: neither size nor time tells."""
    with sqlite3.connect(path) as raw:
        page = raw.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_events_1'").fetchone()[0]
        size = raw.execute("PRAGMA page_size").fetchone()[0]
    raw.close()
    before = path.stat()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes([13]) + os.urandom(size - 1))
    if keeps_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
