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
from ompycord.store.commit_bus import CommitBus
from ompycord.store.connection import StoreConnection, storage_error
from ompycord.store.degraded import WriteGuard
from ompycord.store.mark import StoreMark, last_event
from ompycord.store.post_memory import PostMemory

__all__ = ["Bulk", "Committer", "Work"]

T = TypeVar("T")
P = TypeVar("P")
Work = Callable[[sqlite3.Connection], T]
"""Runs inside the batch's transaction: its error undoes only its own changes."""
Bulk = Callable[[sqlite3.Connection, Sequence[P], PostMemory], Sequence[T]]
"""The same for all neighbours of one kind at once: a result for each.

When it raises it is tried again without memory, then each by itself.
"""

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
    is_aside: bool = False
    """Whether its work changes nothing that posts depend on."""


class Committer:
    """The only writer. `batches` counts transactions that were tried."""

    def __init__(self, connection: StoreConnection, guard: WriteGuard, mark: StoreMark, commits: CommitBus) -> None:
        """`mark` is written after each commit, which `commits` announces."""
        self._commits = commits
        self._connection = connection
        self._mark = mark
        self._guard = guard
        self._waiting: deque[_Item] = deque()
        self._weight = 0
        self._is_running = False
        self._memory = PostMemory()
        self._at_work: Sequence[_Item] = ()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_open = True
        self.batches = 0

    async def submit(self, work: Work[T], *, weight: int = 1, is_aside: bool = False) -> T:
        """Run `work` in the next transaction; it has committed when this returns.

        `is_aside` says that it writes no event, run, source, webhook-id or key that posts are judged by, so that what
        is remembered of those stays true (`post_memory.py`).

        Raises what `work` raises, and StorageError when the database refuses (at once while it is read-only, see
        `degraded.py`), the queue is full, or no answer came in 60 s (then it may yet be stored). Cancelled before its
        batch began, nothing of it is stored.
        """
        item = _Item(work, weight, self._loop.create_future(), self._loop.time(), is_aside=is_aside)
        return await self._put(item)

    def submit_one_of(self, bulk: Bulk[P, T], value: P, *, weight: int = 1) -> "asyncio.Future[T]":
        """Like `submit`, but neighbours in a batch with the same `bulk` are done in one call of it."""
        return self._put(_Item(None, weight, self._loop.create_future(), self._loop.time(), bulk, value))

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
        if self._is_running:
            return
        batch = self._take()
        if not batch:
            self._idle.set()
            return
        self._idle.clear()
        self.batches += 1
        self._at_work = batch
        self._connection.post_then(partial(_run, batch, self._mark, self._memory), partial(self._end, batch))
        self._is_running = True

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

    def _end(self, batch: Sequence[_Item], ended: "list[Outcome] | BaseException") -> None:
        self._is_running, self._at_work = False, ()
        outcomes = _outcomes(ended, len(batch))
        self._report(outcomes)
        for item, (value, error) in zip(batch, outcomes, strict=True):
            if item.done.done():
                continue
            if error is None:
                item.done.set_result(value)
            else:
                item.done.set_exception(error)
        if any(error is None for _, error in outcomes):
            self._commits.publish()
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


def _outcomes(ended: "list[Outcome] | BaseException", count: int) -> list[Outcome]:
    if isinstance(ended, list):
        return ended
    return [(None, StorageError(f"The database's thread failed ({type(ended).__name__}).")) for _ in range(count)]


def _run(items: Sequence[_Item], mark: StoreMark, memory: PostMemory, raw: sqlite3.Connection) -> list[Outcome]:
    """Run one transaction in the connection's thread. All outcomes are kept only if COMMIT succeeds."""
    try:
        if raw.in_transaction:  # an earlier ROLLBACK failed with the disk
            memory.forget()
            raw.execute("ROLLBACK")
        raw.execute("BEGIN IMMEDIATE")
        if not mark.is_last_commit():  # another program wrote
            memory.forget()
        groups = [(bulk, list(group)) for bulk, group in groupby(items, key=lambda item: item.bulk)]
        outcomes = _alone(*groups[0], raw, memory) if len(groups) == 1 else None
        if outcomes is None:
            outcomes = [outcome for bulk, group in groups for outcome in _group(bulk, group, raw, memory)]
        if not raw.in_transaction:
            return outcomes
        position = last_event(raw) if memory.position is None else memory.position
        raw.execute("COMMIT")
    except sqlite3.Error as error:
        memory.forget()
        _roll_back(raw)
        return [(None, storage_error(error)) for _ in items]
    mark.committed(position)
    return outcomes


def _alone(
    bulk: Bulk[Any, Any] | None, items: Sequence[_Item], raw: sqlite3.Connection, memory: PostMemory
) -> list[Outcome] | None:
    """Do without a savepoint what is the only thing in its transaction; None where it must be done with one.

    The transaction is over where it is refused, and begun again where None is returned.
    """
    if bulk is None and len(items) > 1:
        return None
    outcomes = _many(bulk, items, raw, memory) if bulk is not None else [_tried(items[0], raw, memory)]
    if all(error is None for _, error in outcomes):
        return outcomes
    memory.forget()
    raw.execute("ROLLBACK")
    if bulk is None:
        return outcomes
    raw.execute("BEGIN IMMEDIATE")
    return None


def _group(
    bulk: Bulk[Any, Any] | None, items: Sequence[_Item], raw: sqlite3.Connection, memory: PostMemory
) -> list[Outcome]:
    if bulk is not None:
        return _all(bulk, items, raw, memory)
    return [_in_savepoint(lambda item=item: [_tried(item, raw, memory)], raw, memory)[0] for item in items]


def _all(bulk: Bulk[Any, Any], items: Sequence[_Item], raw: sqlite3.Connection, memory: PostMemory) -> list[Outcome]:
    was_remembered = memory.position is not None
    outcomes = _in_savepoint(lambda: _many(bulk, items, raw, memory), raw, memory)
    if outcomes[0][1] is None:
        return outcomes
    if was_remembered:
        return _all(bulk, items, raw, memory)
    if len(items) == 1:
        return outcomes
    # one of them fails the batch: find which
    return [outcome for item in items for outcome in _all(bulk, [item], raw, memory)]


def _in_savepoint(work: Callable[[], list[Outcome]], raw: sqlite3.Connection, memory: PostMemory) -> list[Outcome]:
    raw.execute("SAVEPOINT item")
    outcomes = work()
    if outcomes[0][1] is not None:
        memory.forget()
        raw.execute("ROLLBACK TO item")
    raw.execute("RELEASE item")
    return outcomes


def _many(bulk: Bulk[Any, Any], items: Sequence[_Item], raw: sqlite3.Connection, memory: PostMemory) -> list[Outcome]:
    """The outcomes of all, or the failure of all."""
    values, failure = _outcome(lambda: bulk(raw, [item.value for item in items], memory))
    return [(None, failure) for _ in items] if failure is not None else [(value, None) for value in values]


def _tried(item: _Item, raw: sqlite3.Connection, memory: PostMemory) -> Outcome:
    if not item.is_aside:
        memory.forget()
    work = item.work
    return _outcome(lambda: work(raw) if work is not None else None)


def _outcome(work: Callable[[], Any]) -> Outcome:
    try:
        return work(), None
    except OmpycordError as error:
        return None, error
    except (*_ITS_OWN, ValueError, OverflowError) as error:
        failure = storage_error(error)
        failure.__cause__ = error
        return None, failure
    except sqlite3.Error:
        raise
    except Exception as error:  # noqa: BLE001  # handed to the one caller whose work it is, not swallowed
        return None, error


def _roll_back(raw: sqlite3.Connection) -> None:
    try:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
    except sqlite3.Error:
        return  # tried again when the next batch begins; the callers have their error already
