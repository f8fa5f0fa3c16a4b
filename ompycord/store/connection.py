"""One aiosqlite connection with work posted to its thread, and SQLite's errors as ours.

Counterpart of `committer.py`. It is the only module that imports aiosqlite. A posted function runs as a whole in the
connection's thread: one hop, however many statements (docs/platform/sqlite.md, *Threads*).
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, TypeVar, cast

import aiosqlite

from ompycord.errors import (
    BusyError,
    ConfigurationError,
    DatabaseDamaged,
    DiskRefuses,
    NotStored,
    StartError,
    StorageError,
    UnavailableError,
)

__all__ = ["StoreConnection", "beside_uri", "connect", "one_line", "start_error", "storage_error"]

T = TypeVar("T")

CLOSE_S = 10.0
STATEMENTS = 256
ITER_CHUNK = 64
"""aiosqlite's own; we never iterate through it."""

_PRIMARY = 0xFF  # extended result codes carry the primary one in their low byte, https://sqlite.org/rescode.html
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_OUTSIDE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_REFUSED_BY_DISK = _OUTSIDE | {sqlite3.SQLITE_READONLY}  # a disk with errors is mounted read-only by the system


class _Connector:
    """Opens the file in the connection's own thread, where aiosqlite calls it.

    It keeps a reference to the connection, which aiosqlite gives to no caller.
    """

    def __init__(self, uri: str, *, busy_timeout_s: float) -> None:
        self._uri = uri
        self._busy_timeout_s = busy_timeout_s
        self._began = threading.Event()
        self._thread: threading.Thread | None = None
        self.raw: sqlite3.Connection | None = None

    def __call__(self) -> sqlite3.Connection:
        self._thread = threading.current_thread()
        self._began.set()
        self.raw = sqlite3.connect(
            self._uri,
            uri=True,
            isolation_level=None,  # we write BEGIN ourselves: the deferred one of the stdlib fails with BUSY_SNAPSHOT
            timeout=self._busy_timeout_s,
            cached_statements=STATEMENTS,
        )
        return self.raw

    def join(self) -> None:
        """Wait for the end of a thread that was ordered to end: it would answer a loop that is closed by then."""
        if self._began.wait(CLOSE_S) and self._thread is not None:
            self._thread.join(CLOSE_S)


class StoreConnection:
    """A connection and its thread. `post` queues; the thread works through the queue in order."""

    def __init__(self, proxy: aiosqlite.Connection, *, raw: sqlite3.Connection, queue: "SimpleQueue[object]") -> None:
        self._proxy = proxy
        self._raw = raw
        self._queue = queue
        self._is_open = True

    def post(self, work: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """Run `work` in the thread. The future is set when it is done, even if no caller waits any more.

        Raises StorageError once the connection is closed.
        """
        if not self._is_open:
            raise StorageError("The database is closed: this process is ending.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((future, partial(work, self._raw)))
        return future

    def post_then(self, work: Callable[[sqlite3.Connection], T], then: Callable[[T | BaseException], None]) -> None:
        """Run `work` in the thread, then call `then` in the event loop with its result, or what it raised.

        It comes one turn of the loop earlier than a callback of a future. Raises StorageError once the connection is
        closed.
        """
        if not self._is_open:
            raise StorageError("The database is closed: this process is ending.")
        self._queue.put_nowait((None, partial(_work_then, work, self._raw, asyncio.get_running_loop(), then)))

    def interrupt(self) -> None:
        """Abort the statement that runs now; nothing happens when none does.

        See https://sqlite.org/c3ref/interrupt.html.
        """
        if self._is_open:
            self._raw.interrupt()

    async def close(self) -> None:
        """Finish the queue, close, end the thread; the second call does nothing.

        The thread is notified before the first await, so a cancelled close cannot leave a thread that hangs exit.
        """
        if not self._is_open:
            return
        self._is_open = False
        stopped = self._proxy.stop()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # a bare Future
        if stopped is not None:
            async with asyncio.timeout(CLOSE_S):
                await stopped


def _work_then(
    work: Callable[[sqlite3.Connection], T],
    raw: sqlite3.Connection,
    loop: asyncio.AbstractEventLoop,
    then: Callable[[T | BaseException], None],
) -> None:
    try:
        ended: T | BaseException = work(raw)
    except BaseException as error:  # noqa: BLE001  # handed to the caller, as aiosqlite does
        ended = error
    with suppress(RuntimeError):  # the loop is closed: no caller waits any more
        loop.call_soon_threadsafe(then, ended)


def beside_uri(path: Path) -> str:
    """The address at which a database is read beside whoever may start to use it now, and nothing is made beside it.

    Without a log nobody uses it. With one its index may be made, which must stay: a process that starts has it, too.
    """
    has_log = path.with_name(f"{path.name}-wal").exists()
    return f"{path.as_uri()}?{'mode=ro' if has_log else 'immutable=1'}"


async def connect(path: Path, *, mode: Literal["rw", "ro", "beside"], busy_timeout_s: float) -> StoreConnection:
    """Open an existing file by its absolute path; wait so long for another program's lock. `beside`: see `beside_uri`.

    Raises sqlite3.Error, ConfigurationError (no write-ahead log here, or an aiosqlite that we do not know).
    """
    uri = beside_uri(path) if mode == "beside" else f"{path.as_uri()}?mode={mode}"
    connector = _Connector(uri, busy_timeout_s=busy_timeout_s)
    proxy = aiosqlite.Connection(connector, ITER_CHUNK)
    queue = _queue_of(proxy)  # before the thread starts, so that a refusal leaves none
    try:
        await proxy
    except BaseException:
        connector.join()
        raise
    assert connector.raw is not None
    connection = StoreConnection(proxy, raw=connector.raw, queue=queue)
    try:
        await connection.post(_read_write if mode == "rw" else _read_only)
    except BaseException:
        await connection.close()
        raise
    return connection


def _queue_of(proxy: aiosqlite.Connection) -> "SimpleQueue[object]":
    """The queue of the connection's thread: the one thing of aiosqlite that we reach privately.

    It has no public way to run a function in its thread; why it must be one function is in
    docs/decisions/034-feature-owned-persistence.md. Raises ConfigurationError where it is not there.
    """
    queue = getattr(proxy, "_tx", None)
    if not isinstance(queue, SimpleQueue):
        raise ConfigurationError(
            f"aiosqlite {aiosqlite.__version__} is not the one that Ompycord was tested with: install Ompycord again."
        )
    return cast("SimpleQueue[object]", queue)


def _common(raw: sqlite3.Connection) -> None:
    raw.row_factory = sqlite3.Row
    raw.execute("PRAGMA cell_size_check = ON")
    raw.execute("PRAGMA temp_store = MEMORY")


def _read_only(raw: sqlite3.Connection) -> None:
    _common(raw)
    raw.execute("PRAGMA query_only = ON")


def _read_write(raw: sqlite3.Connection) -> None:
    _common(raw)
    mode: str = raw.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise ConfigurationError(f"The database cannot use a write-ahead log here ({mode}): put it on a local disk.")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute(
        "PRAGMA wal_autocheckpoint = 4000"
    )  # 16 MB: pages of a large index are written back once for many commits
    raw.execute(
        "PRAGMA cache_size = -65536"
    )  # KiB: the inner pages of a million webhook-ids stay at hand (bench growth)
    raw.execute("PRAGMA journal_size_limit = 67108864")


def one_line(error: BaseException) -> str:
    """What SQLite says; it quotes statements as they were written, over several lines."""
    return " ".join(str(error).split())


def storage_error(error: Exception) -> StorageError:
    """The caller's error for a failed statement, without any of the values."""
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_INTERRUPT":
            return StorageError("The database took too long to answer: the query was stopped. Try again.")
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _REFUSED_BY_DISK:
            return DiskRefuses(
                f"The disk of the database is full or broken ({name}). Nothing was stored; make room, it is tried "
                "again by itself."
            )
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _DAMAGED:
            return DatabaseDamaged(
                f"The database is damaged ({name}). Nothing was stored and nothing more is: end the process, restore "
                "a backup."
            )
        return NotStored(f"The database did not take it ({name or one_line(error)}). Nothing was stored; try again.")
    return StorageError(f"A stored row cannot be read ({type(error).__name__}): run `ompycord doctor`.")


def start_error(error: sqlite3.Error, name: str) -> StartError:
    """The error that ends the process when the database cannot be opened: one line and an exit code."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code in _LOCKED:
        return BusyError(f"{name} is locked by another program: end that program, then start again.")
    if code in _DAMAGED:
        return ConfigurationError(
            f"{name} is damaged or no database ({one_line(error)}): restore a backup, or move the file away."
        )
    if code in _OUTSIDE:
        return UnavailableError(
            f"{name} cannot be written ({one_line(error)}): free space on the disk or repair it, then start again."
        )
    return ConfigurationError(
        f"{name} cannot be opened ({one_line(error)}): check the data folder and its permissions."
    )
