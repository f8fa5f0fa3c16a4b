"""Faults of a real store, set below it: SQLite refuses a row, holds it, cannot read a table, or says what was run.

The store that is under test stays the store; only its connections are asked for more. Counterparts of what a disk does.
"""

import asyncio
import re
import sqlite3
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from ompycord.store import SqliteStore
from ompycord.store.connection import StoreConnection
from ompycord.store.post_memory import PostMemory
from tests.support.patience import patient

__all__ = [
    "FOLD",
    "RECORD",
    "ReadLog",
    "WriteFault",
    "faulty_writes",
    "logged_reads",
    "logged_writer",
    "remembering_nothing",
    "sources_remembered",
    "timed_commits",
    "unreadable",
]

HELD_S = 60.0
_NUMBERS = count(1)
_FIRST_WORDS = re.compile(r"[(?\n]| SELECT| WHERE| SET| VALUES")
_TABLE = re.compile(r"\b(?:FROM|JOIN) (\w+)")

RECORD, FOLD = ("runs",), ("runs", "folds")
"""The tables of a reading of rows of runs, and of one of cached folds."""


class WriteFault:
    """What stands before the writing of certain rows: it counts them, and refuses or holds them as a test says."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._free = threading.Event()
        self._free.set()
        self.seen = 0
        """How many rows were to be written, and were or were not."""
        self.refusals = 0
        """How many more rows are refused."""
        self.refused = asyncio.Event()
        """One was refused."""

    def refuse(self, times: int = 1_000_000) -> None:
        """Refuse the next ones, each with its whole transaction's item; `accept` ends it."""
        self.refusals = times

    def accept(self) -> None:
        """Refuse none from now on."""
        self.refusals = 0

    def hold(self) -> None:
        """The database writes nothing more once it comes to such a row, until `release`."""
        self._free.clear()

    def release(self) -> None:
        """Write on."""
        self._free.set()

    def judge(self) -> bool:
        """Called in the writer's thread before each row: whether it is refused."""
        self.seen += 1
        self._free.wait(patient(HELD_S))
        if not self.refusals:
            return False
        self.refusals -= 1
        self._loop.call_soon_threadsafe(self.refused.set)
        return True


@asynccontextmanager
async def faulty_writes(store: SqliteStore, rows: str) -> AsyncGenerator[WriteFault]:
    """While the block runs, a fault stands before `rows`, in SQL's words for a trigger: `INSERT ON drafts`.

    A row that it refuses fails what it belongs to with NotStored, and nothing else of the same transaction.
    """
    fault = WriteFault(asyncio.get_running_loop())
    name = f"fault_{next(_NUMBERS)}"
    what, _, condition = rows.partition(" WHEN ")

    def put(raw: sqlite3.Connection) -> None:
        raw.create_function(name, 0, fault.judge)
        raw.execute(
            f"CREATE TEMP TRIGGER {name} BEFORE {what} {condition and f'WHEN {condition}'} BEGIN"
            f" SELECT CASE WHEN {name}() THEN RAISE(ABORT, 'refused by a test') END; END"
        )

    await _writer(store).post(put)
    try:
        yield fault
    finally:
        fault.release()
        await _writer(store).post(lambda raw: raw.execute(f"DROP TRIGGER {name}") and None)


@asynccontextmanager
async def unreadable(store: SqliteStore, *tables: str) -> AsyncGenerator[None]:
    """While the block runs, a query that reads one of these tables fails with StorageError."""

    def judge(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_READ and first in tables else sqlite3.SQLITE_OK

    await _every_reader(store, lambda raw: raw.set_authorizer(judge))
    try:
        yield
    finally:
        await _every_reader(store, lambda raw: raw.set_authorizer(None))


class ReadLog:
    """Which tables each query read, in order."""

    def __init__(self) -> None:
        self.reads: list[tuple[str, ...]] = []

    def take(self, statement: str) -> None:
        """Called in a reader's thread, with each statement that begins."""
        self.reads.append(tuple(_TABLE.findall(statement)))

    def of(self, *reads: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Those that read these tables, in order."""
        return [one for one in self.reads if one in reads]


@asynccontextmanager
async def logged_reads(store: SqliteStore) -> AsyncGenerator[ReadLog]:
    """While the block runs, all that the store reads."""
    log = ReadLog()
    await _every_reader(store, lambda raw: raw.set_trace_callback(log.take))
    try:
        yield log
    finally:
        await _every_reader(store, lambda raw: raw.set_trace_callback(None))


@asynccontextmanager
async def logged_writer(store: SqliteStore) -> AsyncGenerator[list[str]]:
    """While the block runs, the first words of each statement of the writer, up to its table."""
    statements: list[str] = []

    def take(statement: str) -> None:
        statements.append(_FIRST_WORDS.split(statement, maxsplit=1)[0].strip())

    await _writer(store).post(lambda raw: raw.set_trace_callback(take))
    try:
        yield statements
    finally:
        await _writer(store).post(lambda raw: raw.set_trace_callback(None))


class _Timed:
    """A writer's connection that notes how long each COMMIT takes."""

    def __init__(self, raw: sqlite3.Connection, took_s: list[float]) -> None:
        self._raw = raw
        self._took_s = took_s

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        if statement != "COMMIT":
            return self._raw.execute(statement, *values)
        start = time.perf_counter()
        try:
            return self._raw.execute(statement)
        finally:
            self._took_s.append(time.perf_counter() - start)

    @property
    def in_transaction(self) -> bool:
        return self._raw.in_transaction


def timed_commits(store: SqliteStore) -> list[float]:
    """Seconds that each COMMIT takes from now on; the list grows."""
    took_s: list[float] = []
    connection: Any = _writer(store)
    connection._raw = _Timed(connection._raw, took_s)
    return took_s


def remembering_nothing(store: SqliteStore) -> None:
    """From now on every post is judged by what is read."""

    class Nothing(PostMemory):
        def remember(self, *_: object, **__: object) -> None:
            pass

    _inside(store)._writer._memory = Nothing()


def sources_remembered(store: SqliteStore) -> int:
    """How many sources the writer remembers."""
    return len(_inside(store)._writer._memory.sources)


async def _every_reader(store: SqliteStore, work: Callable[[sqlite3.Connection], None]) -> None:
    for connection in _inside(store)._readers._connections:
        await connection.post(work)


def _writer(store: SqliteStore) -> StoreConnection:
    return _inside(store)._connection


def _inside(store: SqliteStore) -> Any:
    """Its connections, which nothing of the product needs from outside."""
    return store
