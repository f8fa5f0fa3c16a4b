"""`open_store`: from a path to a working store, or one line that says why not; counterpart of `sqlite.py`, which it makes."""

import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from ompycord.domain.ports import Clock, Ids
from ompycord.errors import ConfigurationError, StorageError, UnavailableError
from ompycord.store.connection import Connection, connect, start_error
from ompycord.store.migrations import Migration, find_migrations, migrate
from ompycord.store.readers import Readers
from ompycord.store.sqlite import SqliteStore

__all__ = ["open_store"]

QUERY_S = 10.0


@asynccontextmanager
async def open_store(
    path: Path, *, clock: Clock, ids: Ids, readers: int = 4, query_timeout_s: float = QUERY_S
) -> AsyncGenerator[SqliteStore]:
    """Create or migrate the database, check it, open one writer and `readers` readers; all closed once at the end.

    The file gets mode 0600, a folder that is made for it 0700. Raises ConfigurationError (damaged, newer, edited migration,
    no permission), BusyError (locked by another program), UnavailableError (disk full or broken).
    """
    path = path.absolute()  # noqa: ASYNC240  # asks only for the working folder
    migrations = find_migrations()
    _make_file(path)
    async with AsyncExitStack() as stack:
        try:
            store = await _open(
                stack, path, migrations, clock=clock, ids=ids, readers=readers, timeout_s=query_timeout_s
            )
        except sqlite3.Error as error:
            raise start_error(error, path.name) from error
        except StorageError as error:
            raise UnavailableError(str(error)) from error
        yield store


async def _open(
    stack: AsyncExitStack,
    path: Path,
    migrations: list[Migration],
    *,
    clock: Clock,
    ids: Ids,
    readers: int,
    timeout_s: float,
) -> SqliteStore:
    writer = await _connect(stack, path, is_writer=True)
    await writer.post(partial(_prepare, migrations=migrations, path=path, clock=clock))
    pool = [await _connect(stack, path, is_writer=False) for _ in range(readers)]
    store = SqliteStore(writer=writer, readers=Readers(pool, clock=clock, timeout_s=timeout_s), clock=clock, ids=ids)
    stack.push_async_callback(store.close)
    return store


async def _connect(stack: AsyncExitStack, path: Path, *, is_writer: bool) -> Connection:
    connection = await connect(path, mode="rw" if is_writer else "ro")
    stack.push_async_callback(connection.close)
    return connection


def _prepare(raw: sqlite3.Connection, *, migrations: list[Migration], path: Path, clock: Clock) -> None:
    verdict: str = raw.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise ConfigurationError(f"{path.name} is damaged ({verdict[:200]}): restore a backup, or move the file away.")
    migrate(raw, migrations, path=path, clock=clock)
    raw.execute("PRAGMA foreign_keys = ON")


def _make_file(path: Path) -> None:
    """Made before SQLite sees it, so that it is never readable for others; the log beside it takes over its mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        wal = path.with_name(f"{path.name}-wal")
        if path.exists() and not path.stat().st_size and wal.exists() and wal.stat().st_size:
            raise ConfigurationError(f"{path.name} is empty but its log {wal.name} is not: restore a backup.")
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be opened ({error.strerror}): check the data folder.") from error
