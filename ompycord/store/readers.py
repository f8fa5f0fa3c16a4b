"""A few read-only connections, lent one query at a time; counterpart of `committer.py`.

A stuck reader makes the write-ahead log grow without end (103 MB were seen), so every query has a deadline.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from ompycord.domain.ports import Clock
from ompycord.errors import DatabaseDamaged, StorageError
from ompycord.store.connection import StoreConnection, storage_error

__all__ = ["Readers"]

T = TypeVar("T")
Values = Sequence[object] | Mapping[str, object]

WAIT_S = 15.0
STEPS = 10_000
"""Virtual machine steps between two checks of the clock: about a millisecond."""


class Readers:
    """Gives each query a free connection, inside one read transaction.

    A query of several statements sees one state.
    """

    def __init__(
        self,
        connections: Sequence[StoreConnection],
        *,
        clock: Clock,
        timeout_s: float,
        damaged: Callable[[DatabaseDamaged], None],
    ) -> None:
        """`damaged` is called for pages that are not what was written."""
        self._connections = tuple(connections)
        self._clock = clock
        self._timeout_s = timeout_s
        self._damaged = damaged
        self._free: asyncio.LifoQueue[StoreConnection] = asyncio.LifoQueue(len(self._connections))
        for connection in self._connections:
            self._free.put_nowait(connection)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """The result of `query`. Raises StorageError when it is too slow, none is free, or a row is damaged."""
        try:
            async with asyncio.timeout(WAIT_S):
                connection = await self._free.get()
        except TimeoutError:
            raise StorageError("The database is busy answering others. Try again.") from None
        try:
            return await connection.post(partial(self._bounded, query))
        except asyncio.CancelledError:
            connection.interrupt()
            raise
        except sqlite3.Error as error:
            failure = storage_error(error)
            if isinstance(failure, DatabaseDamaged):
                self._damaged(failure)
            raise failure from error
        except ValueError as error:
            raise storage_error(error) from error
        finally:
            self._free.put_nowait(connection)

    async def one(self, query: str, values: Values, parse: Callable[[sqlite3.Row], T]) -> T | None:
        """The first row as a domain value; None when there is none."""

        def work(raw: sqlite3.Connection) -> T | None:
            row = raw.execute(query, values).fetchone()
            return None if row is None else parse(row)

        return await self.read(work)

    async def all(self, query: str, values: Values, parse: Callable[[sqlite3.Row], T]) -> list[T]:
        """Every row as a domain value."""
        return await self.read(lambda raw: [parse(row) for row in raw.execute(query, values)])

    async def close(self) -> None:
        """Close every connection; the second call does nothing."""
        for connection in self._connections:
            await connection.close()

    def _bounded(self, query: Callable[[sqlite3.Connection], T], raw: sqlite3.Connection) -> T:
        deadline = self._clock.monotonic_s() + self._timeout_s
        raw.set_progress_handler(lambda: self._clock.monotonic_s() > deadline, STEPS)
        try:
            raw.execute("BEGIN")
            return query(raw)
        finally:
            raw.set_progress_handler(None, 0)
            if raw.in_transaction:
                raw.execute("ROLLBACK")
