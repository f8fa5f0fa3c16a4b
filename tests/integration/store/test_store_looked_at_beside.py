"""Whoever looks at a database of a process that does not run takes nothing away from one that starts at this moment."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ompycord.store import connection, examine_database, open_store
from ompycord.store.archive import listing
from ompycord.store.archive.listing import archived_files
from tests.integration.store.world import CountingIds, HandClock, People


class Starting:
    """A process that opens the database once somebody has begun to look, and commits a row."""

    def __init__(self, path: Path, connect: Callable[..., sqlite3.Connection]) -> None:
        self._path = path
        self._connect = connect
        self.raw: sqlite3.Connection | None = None

    def connect(self, *arguments: Any, **named: Any) -> sqlite3.Connection:
        if self.raw is None:
            self.raw = self._connect(self._path, check_same_thread=False)
            self.raw.execute("PRAGMA user_version = 77")
            self.raw.commit()
        return self._connect(*arguments, **named)


async def closed_database(path: Path, clock: HandClock, ids: CountingIds) -> set[str]:
    """Its folder's files once it was closed; the log is gone."""
    async with open_store(path, clock=clock, ids=ids, readers=1) as store:
        await store.save_draft(People(ids).draft())
    return {file.name for file in path.parent.iterdir()}


async def test_a_look_leaves_nothing_beside_it(path: Path, clock: HandClock, ids: CountingIds) -> None:
    before = await closed_database(path, clock, ids)
    assert f"{path.name}-wal" not in before
    await examine_database(path)
    assert archived_files(path.parent, path) == []
    assert {file.name for file in path.parent.iterdir()} == before


@pytest.mark.parametrize("looks", ["doctor", "archive"])
async def test_a_process_that_starts_meanwhile_keeps_its_log(
    path: Path, clock: HandClock, ids: CountingIds, monkeypatch: pytest.MonkeyPatch, looks: str
) -> None:
    await closed_database(path, clock, ids)
    starting = Starting(path, sqlite3.connect)
    module = connection if looks == "doctor" else listing
    monkeypatch.setattr(module.sqlite3, "connect", starting.connect)
    if looks == "doctor":
        await examine_database(path)
    else:
        archived_files(path.parent, path)
    monkeypatch.undo()
    assert starting.raw is not None
    assert path.with_name(f"{path.name}-wal").stat().st_size > 0
    with closing(sqlite3.connect(path)) as other, closing(starting.raw):
        assert other.execute("PRAGMA user_version").fetchone()[0] == 77
