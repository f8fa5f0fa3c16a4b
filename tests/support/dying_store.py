"""A store whose process dies before or after one of its transactions; from then on nothing of it gets through."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from ompycord.domain.ports import Clock, Ids
from ompycord.store import SqliteStore
from ompycord.store.archive.files import ArchiveFiles
from ompycord.store.connection import StoreConnection, connect
from ompycord.store.degraded import WriteGuard
from ompycord.store.mark import Mark, StoreMark, read_mark
from ompycord.store.readers import Readers
from ompycord.store.steady import SteadyTime

__all__ = ["Death", "dying_store"]

T = TypeVar("T")
BUSY_S, QUERY_S = 5.0, 10.0


class Death(StoreConnection):
    """The connection of the writer until the process dies: at its `at`-th transaction, or right after that one."""

    def __init__(self, inner: StoreConnection, *, at: int, after: bool) -> None:
        self._inner = inner
        self._at = at
        self._after = after
        self.count = 0
        """How many transactions it was asked for."""
        self.came = asyncio.Event()
        """It is dead."""

    def post(self, work: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        return self._inner.post(work)

    def post_then(self, work: Callable[[sqlite3.Connection], T], then: Callable[[T | BaseException], None]) -> None:
        self.count += 1
        if self.count < self._at:
            self._inner.post_then(work, then)
        elif self.count == self._at and self._after:
            self._inner.post_then(work, lambda _: self.came.set())
        else:
            self.came.set()

    async def close(self) -> None:
        """A process that is dead closes nothing."""


@asynccontextmanager
async def dying_store(
    path: Path, *, clock: Clock, ids: Ids, at: int, after: bool
) -> AsyncGenerator[tuple[SqliteStore, Death]]:
    """A second process's way to a database that is there. Who awaits a transaction that died waits until cancelled."""
    writer = await connect(path, mode="rw", busy_timeout_s=BUSY_S)
    reader = await connect(path, mode="ro", busy_timeout_s=BUSY_S)
    death = Death(writer, at=at, after=after)
    guard = WriteGuard(connection=death, path=path, clock=clock)
    readers = Readers([reader], clock=clock, timeout_s=QUERY_S, damaged=guard.failed)
    mark = StoreMark(path, read_mark(path) or Mark())
    try:
        steady = SteadyTime(clock, base=clock.now_ms())
        store = SqliteStore(
            writer=death,
            readers=readers,
            guard=guard,
            clock=clock,
            ids=ids,
            mark=mark,
            steady=steady,
            archive=ArchiveFiles(path.parent / "artifacts"),
        )
        yield store, death
    finally:
        guard.close()
        await reader.close()
        await writer.close()
        mark.close()
