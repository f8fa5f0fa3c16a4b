"""`open_store`: from a path to a working store, or one line with the reason why not.

Counterpart of `sqlite.py`, which it makes.
"""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from ompycord.domain.ports import Clock, Ids
from ompycord.errors import ConfigurationError
from ompycord.store.connection import StoreConnection, connect, start_error
from ompycord.store.degraded import PROBE_S, WriteGuard
from ompycord.store.leftovers import make_file, require_whole
from ompycord.store.migrations import Migration, find_migrations, migrate
from ompycord.store.readers import Readers
from ompycord.store.sqlite import SqliteStore

__all__ = ["open_store"]

QUERY_S = 10.0
BUSY_S = 5.0


@asynccontextmanager
async def open_store(
    path: Path,
    *,
    clock: Clock,
    ids: Ids,
    readers: int = 4,
    query_timeout_s: float = QUERY_S,
    busy_timeout_s: float = BUSY_S,
    probe_s: float = PROBE_S,
) -> AsyncGenerator[SqliteStore]:
    """Create or migrate the database, check it, open one writer and `readers` readers; all closed once at the end.

    While the disk refuses, a write is tried every `probe_s` seconds (`degraded.py`). The file gets mode 0600, a folder
    that is made for it 0700. Raises ConfigurationError (damaged, cut short, empty, newer, edited migration, no
    permission), BusyError (locked by another program), UnavailableError (disk full or broken).
    """
    path = path.absolute()  # noqa: ASYNC240  # asks only for the working folder
    migrations = find_migrations()
    async with AsyncExitStack() as stack:

        async def connection(mode: Literal["rw", "ro"]) -> StoreConnection:
            opened = await connect(path, mode=mode, busy_timeout_s=busy_timeout_s)
            stack.push_async_callback(opened.close)
            return opened

        try:
            make_file(path)
            require_whole(path)
            writer = await connection("rw")
            await writer.post(partial(_prepare, migrations=migrations, path=path, clock=clock))
            guard = WriteGuard(connection=writer, path=path, clock=clock, probe_s=probe_s)
            pool = Readers(
                [await connection("ro") for _ in range(readers)],
                clock=clock,
                timeout_s=query_timeout_s,
                damaged=guard.failed,
            )
        except sqlite3.Error as error:
            raise start_error(error, path.name) from error
        store = SqliteStore(writer=writer, readers=pool, guard=guard, clock=clock, ids=ids)
        stack.push_async_callback(store.close)
        yield store


def _prepare(raw: sqlite3.Connection, *, migrations: list[Migration], path: Path, clock: Clock) -> None:
    verdict: str = raw.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        first = " ".join(verdict.split())[:200]
        raise ConfigurationError(f"{path.name} is damaged ({first}): restore a backup, or move the file away.")
    migrate(raw, migrations, path=path, clock=clock)
    raw.execute("PRAGMA foreign_keys = ON")
