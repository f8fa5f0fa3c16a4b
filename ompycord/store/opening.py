"""`open_store`: from a path to a working store, or one line with the reason why not.

Counterpart of `sqlite.py`, which it makes.
"""

import asyncio
import errno
import sqlite3
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Literal

from ompycord.domain.ports import Clock, Ids
from ompycord.errors import ConfigurationError, UnavailableError
from ompycord.store.archive.files import ArchiveFiles
from ompycord.store.connection import StoreConnection, connect, one_line, start_error
from ompycord.store.degraded import PROBE_S, WriteGuard
from ompycord.store.leftovers import (
    make_file,
    require_belonging,
    require_file,
    require_position,
    require_whole,
)
from ompycord.store.mark import Mark, StoreMark, begin_session, has_events, last_event, read_mark
from ompycord.store.migrations import Migration, find_migrations, migrate
from ompycord.store.readers import Readers
from ompycord.store.sqlite import SqliteStore
from ompycord.store.statements import all_statements
from ompycord.store.steady import SteadyTime, read_steady
from ompycord.store.whole import check_beside, note_whole, require_intact, was_left_whole

__all__ = ["examine_database", "make_database", "open_store"]

_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
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
    checked = asyncio.Event()
    async with AsyncExitStack() as stack:

        async def connection(mode: Literal["rw", "ro"]) -> StoreConnection:
            opened = await connect(path, mode=mode, busy_timeout_s=busy_timeout_s)
            stack.push_async_callback(opened.close)
            return opened

        with _as_start_errors(path):
            make_file(path)
            left = read_mark(path)
            is_whole = left is not None and was_left_whole(path, left)
            position = await judge(path, busy_timeout_s=busy_timeout_s, is_whole=is_whole)
            stack.callback(lambda: note_whole(path) if checked.is_set() else None)
            mark = StoreMark(path, left or Mark())
            stack.callback(mark.close)  # after the connections
            mark.begin(position)
            writer = await connection("rw")
            steady = await writer.post(partial(_prepare, migrations=migrations, path=path, clock=clock, mark=mark))
            guard = WriteGuard(connection=writer, path=path, clock=clock, probe_s=probe_s)
            pool = Readers(
                [await connection("ro") for _ in range(readers)],
                clock=clock,
                timeout_s=query_timeout_s,
                damaged=guard.failed,
            )
        store = SqliteStore(
            writer=writer,
            readers=pool,
            guard=guard,
            clock=clock,
            ids=ids,
            mark=mark,
            steady=steady,
            archive=ArchiveFiles(path.parent / "artifacts"),
        )
        stack.push_async_callback(store.close)
        if is_whole:
            checker = await connection("ro")
            stack.callback(check_beside(checker, name=path.name, intact=checked.set, damaged=guard.failed))
        else:
            checked.set()
        try:
            yield store
        finally:
            if store.read_only is not None:
                checked.clear()


async def examine_database(path: Path) -> None:
    """Look at the database of a process that does not run, as a start does before it writes, and change nothing.

    Raises StartError with what is wrong.
    """
    path = path.absolute()  # noqa: ASYNC240  # asks only for the working folder
    with _as_start_errors(path):
        require_file(path)
        await judge(path, is_alone=False)


def make_database(path: Path) -> None:
    """Make an empty database where there is none, before anything else is kept. Raises StartError."""
    path = path.absolute()
    with _as_start_errors(path):
        make_file(path)


async def judge(path: Path, *, busy_timeout_s: float = BUSY_S, is_whole: bool = False, is_alone: bool = True) -> int:
    """The position of the last event of an existing database, which is whole as far as can be told.

    Every page is read, unless `is_whole`: it was left so, and is checked later.

    Reads only: nothing is written into the database or its log. `is_alone`: nobody else can open it meanwhile, so no
    file is left that was not there. Raises StartError with what is wrong, or sqlite3.Error.
    """
    mark = read_mark(path)
    if mark is not None:
        require_belonging(path, mark)
    require_whole(path)
    beside = [path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm")]
    new = [file for file in beside if is_alone and not file.exists()]
    try:
        reader = await connect(path, mode="ro" if is_alone else "beside", busy_timeout_s=busy_timeout_s)
        try:
            position = await reader.post(partial(_inspect, name=path.name, is_whole=is_whole))
        finally:
            await reader.close()
    finally:
        for file in new:
            file.unlink(missing_ok=True)
    if mark is not None:
        require_position(path, mark, position)
    return position


def _inspect(raw: sqlite3.Connection, *, name: str, is_whole: bool) -> int:
    if not is_whole:
        require_intact(raw, name)
    return last_event(raw) if has_events(raw) else 0


def _prepare(
    raw: sqlite3.Connection, *, migrations: list[Migration], path: Path, clock: Clock, mark: StoreMark
) -> SteadyTime:
    migrate(raw, migrations, path=path, clock=clock)
    _require_schema(raw, path)
    begin_session(raw, mark)
    raw.execute("PRAGMA foreign_keys = ON")
    return SteadyTime(clock, base=read_steady(raw, now=clock.now_ms()))


def _require_schema(raw: sqlite3.Connection, path: Path) -> None:
    """Every statement can be compiled: the name of a column in which a disk flipped a bit is no damage to SQLite."""
    for statement in all_statements():
        try:
            raw.execute(f"EXPLAIN {statement}")
        except sqlite3.ProgrammingError:  # it was compiled, and wants values
            continue
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_ERROR:
                raise
            raise ConfigurationError(
                f"{path.name} is damaged ({one_line(error)}): restore a backup, or move the file away."
            ) from error


@contextmanager
def _as_start_errors(path: Path) -> Generator[None]:
    """Whatever opening raises, as the line and the exit code that end the process."""
    try:
        yield
    except sqlite3.Error as error:
        raise start_error(error, path.name) from error
    except (ValueError, TypeError, LookupError) as error:  # text that is no UTF-8, a value of another kind
        raise ConfigurationError(
            f"{path.name} is damaged ({type(error).__name__}): restore a backup, or move the file away."
        ) from error
    except OSError as error:
        if error.errno not in _DISK:
            raise ConfigurationError(
                f"{path.name} cannot be opened ({error.strerror or error}): check the data folder and its permissions."
            ) from error
        raise UnavailableError(
            f"{path.name} cannot be read or written ({error.strerror or error}): free space on the disk or repair it, "
            "then start again."
        ) from error
