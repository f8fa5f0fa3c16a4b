"""Group commit: all that arrives while one transaction runs goes into the next; counterpart of `readers.py`.

The first item starts a batch at once; items that arrive in the meantime form the next batch. One thread hop, one BEGIN
IMMEDIATE and one fsync per batch, no timer (docs/platform/sqlite.md, *Throughput*). The end of a batch starts the next
by callback, not in a caller's task, so a cancelled caller affects no other.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

from ompycord.errors import DiskRefuses, NotStored, OmpycordError, StorageError
from ompycord.store.connection import StoreConnection, storage_error
from ompycord.store.degraded import WriteGuard
from ompycord.store.mark import StoreMark, last_event

__all__ = ["Bulk", "Committer", "Work"]

T = TypeVar("T")
P = TypeVar("P")
Work = Callable[[sqlite3.Connection], T]
"""Runs inside the batch's transaction, in a savepoint of its own: its error undoes only its own changes."""
Bulk = Callable[[sqlite3.Connection, Sequence[P]], Sequence[T]]
"""The same for all neighbours of one kind at once: a result for each. When it raises, each is tried again by itself."""

BATCH_WEIGHT = 1_000
"""Rows in one transaction, so that one fsync's worth of work stays short."""
QUEUE_WEIGHT = 20_000
WAIT_S = 60.0

Outcome = tuple[Any, Exception | None]
_ITS_OWN = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError)
"""Errors that one item's own values cause; every other one is the database's and fails the batch."""


@dataclass(slots=True, eq=False)
class _Item:
    work: Work[Any] | None
    weight: int
    done: "asyncio.Future[Any]"
    since: float
    bulk: Bulk[Any, Any] | None = None
    value: Any = None
    """The part that `bulk` gets for this item."""


class Committer:
    """The only writer. `batches` counts transactions that were tried."""

    def __init__(self, connection: StoreConnection, guard: WriteGuard, mark: StoreMark) -> None:
        """`mark` is written after each commit."""
        self._connection = connection
        self._mark = mark
        self._guard = guard
        self._waiting: deque[_Item] = deque()
        self._weight = 0
        self._running: asyncio.Future[list[Outcome]] | None = None
        self._at_work: Sequence[_Item] = ()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_open = True
        self.batches = 0

    async def submit(self, work: Work[T], *, weight: int = 1) -> T:
        """Run `work` in the next transaction; it has committed when this returns.

        Raises what `work` raises, and StorageError when the database refuses (at once while it is read-only, see
        `degraded.py`), the queue is full, or no answer came in 60 s (then it may yet be stored). Cancelled before its
        batch began, nothing of it is stored.
        """
        return await self._put(_Item(work, weight, self._loop.create_future(), self._loop.time()))

    async def submit_one_of(self, bulk: Bulk[P, T], value: P, *, weight: int = 1) -> T:
        """Like `submit`, but neighbours in a batch with the same `bulk` are done in one call of it."""
        return await self._put(_Item(None, weight, self._loop.create_future(), self._loop.time(), bulk, value))

    def _put(self, item: _Item) -> "asyncio.Future[Any]":
        if not self._is_open:
            raise StorageError("The database is closed: this process is ending.")
        self._guard.require_open()
        if self._weight + item.weight > QUEUE_WEIGHT:
            raise NotStored("The database is too far behind to take more. Nothing was stored; try again.")
        self._waiting.append(item)
        self._weight += item.weight
        self._begin()
        if self._timer is None:
            self._arm()
        return item.done

    async def close(self) -> None:
        """Take nothing new and wait until all that was taken is committed. Idempotent."""
        self._is_open = False
        async with asyncio.timeout(WAIT_S):
            await self._idle.wait()
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self) -> None:
        """Set one timer for all that wait: a timeout of its own costs each request as much as its signature."""
        first = next((item for item in (*self._at_work, *self._waiting) if not item.done.done()), None)
        if first is None:
            self._timer = None
            return
        self._timer = self._loop.call_at(first.since + WAIT_S, self._expire)

    def _expire(self) -> None:
        for item in (*self._at_work, *self._waiting):
            if item.since + WAIT_S <= self._loop.time() and not item.done.done():
                item.done.set_exception(
                    StorageError("The database did not confirm within 60 s; ask before sending it again.")
                )
        self._arm()

    def _begin(self) -> None:
        if self._running is not None:
            return
        batch = self._take()
        if not batch:
            self._idle.set()
            return
        self._idle.clear()
        self.batches += 1
        self._at_work = batch
        self._running = self._connection.post(partial(_run, batch, self._mark))
        self._running.add_done_callback(partial(self._end, batch))

    def _take(self) -> list[_Item]:
        batch: list[_Item] = []
        weight = 0
        while self._waiting and (not batch or weight + self._waiting[0].weight <= BATCH_WEIGHT):
            item = self._waiting.popleft()
            self._weight -= item.weight
            if not item.done.done():  # its caller was cancelled before its turn
                batch.append(item)
                weight += item.weight
        return batch

    def _end(self, batch: Sequence[_Item], running: "asyncio.Future[list[Outcome]]") -> None:
        self._running, self._at_work = None, ()
        outcomes = _outcomes(running, len(batch))
        self._report(outcomes)
        for item, (value, error) in zip(batch, outcomes, strict=True):
            if item.done.done():
                continue
            if error is None:
                item.done.set_result(value)
            else:
                item.done.set_exception(error)
        self._begin()

    def _report(self, outcomes: Sequence[Outcome]) -> None:
        """Report to the write guard how the transaction ended; what waits behind a refusing disk is refused with it."""
        failed = next((error for _, error in outcomes if isinstance(error, DiskRefuses)), None)
        if failed is None:
            if any(error is None for _, error in outcomes):
                self._guard.committed()
            return
        self._guard.failed(failed)
        while self._waiting:
            item = self._waiting.popleft()
            self._weight -= item.weight
            if not item.done.done():
                item.done.set_exception(type(failed)(str(failed)))


def _outcomes(running: "asyncio.Future[list[Outcome]]", count: int) -> list[Outcome]:
    if running.cancelled():  # only a loop that is being torn down cancels it
        return [(None, StorageError("The process ended before the database confirmed.")) for _ in range(count)]
    error = running.exception()
    if error is None:
        return running.result()
    return [(None, StorageError(f"The database's thread failed ({type(error).__name__}).")) for _ in range(count)]


def _run(items: Sequence[_Item], mark: StoreMark, raw: sqlite3.Connection) -> list[Outcome]:
    """Run one transaction in the connection's thread. All outcomes are kept only if COMMIT succeeds."""
    try:
        if raw.in_transaction:  # an earlier ROLLBACK failed with the disk
            raw.execute("ROLLBACK")
        raw.execute("BEGIN IMMEDIATE")
        outcomes: list[Outcome] = []
        for bulk, group in groupby(items, key=lambda item: item.bulk):
            neighbours = list(group)
            outcomes += _each(neighbours, raw) if bulk is None else _all(bulk, neighbours, raw)
        position = last_event(raw)
        raw.execute("COMMIT")
    except sqlite3.Error as error:
        _roll_back(raw)
        return [(None, storage_error(error)) for _ in items]
    mark.committed(position)
    return outcomes


def _each(items: Sequence[_Item], raw: sqlite3.Connection) -> list[Outcome]:
    return [_one(item.work, raw) for item in items if item.work is not None]


def _all(bulk: Bulk[Any, Any], items: Sequence[_Item], raw: sqlite3.Connection) -> list[Outcome]:
    values, failure = _one(lambda raw: bulk(raw, [item.value for item in items]), raw)
    if failure is None:
        return [(value, None) for value in values]
    if len(items) == 1:
        return [(None, failure)]
    return [outcome for item in items for outcome in _all(bulk, [item], raw)]  # one of them fails the batch: find which


def _one(work: Work[Any], raw: sqlite3.Connection) -> Outcome:
    raw.execute("SAVEPOINT item")
    try:
        value = work(raw)
    except OmpycordError as error:
        failure: Exception = error
    except (*_ITS_OWN, ValueError, OverflowError) as error:
        failure = storage_error(error)
        failure.__cause__ = error
    except sqlite3.Error:
        raise
    except Exception as error:  # noqa: BLE001  # handed to the one caller whose work it is, not swallowed
        failure = error
    else:
        raw.execute("RELEASE item")
        return value, None
    raw.execute("ROLLBACK TO item")
    raw.execute("RELEASE item")
    return None, failure


def _roll_back(raw: sqlite3.Connection) -> None:
    try:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
    except sqlite3.Error:
        return  # tried again when the next batch begins; the callers have their error already
