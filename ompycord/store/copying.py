"""Copies of the whole database, for backups: made beside a store that works, looked at, made fit to go on from.

Each function has a connection of its own and blocks: never on the event loop.
"""

import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Literal, NamedTuple

from ompycord.errors import ConfigurationError, StorageError
from ompycord.store.connection import start_error
from ompycord.store.features.memory.items import is_whole
from ompycord.store.migrations import find_migrations
from ompycord.store.statements import load
from ompycord.store.whole import require_intact

__all__ = ["DatabaseFacts", "Unsent", "copy_database", "examine_copy", "settle_copy"]

Unsent = Literal["send", "drop"]
"""What becomes of what waited to be sent when a copy was made."""

_STEPS: Final = 10_000
"""Virtual machine steps between two questions whether to go on: about a millisecond."""
_BUSY_S: Final = 30.0
_SKIPPED: Final = 1_000_000
_NOT_SENT: Final = "It waited in a backup that was restored, and was not sent."

_SQL = load("copying")
_COPY = _SQL.one("copy")
_VERSION = _SQL.one("version")
_COUNTS = _SQL.one("counts")
_DROPS = _SQL.one("drop_messages"), _SQL.one("drop_deliveries")
_PAST = _SQL.one("from_now"), _SQL.one("drop_occurrences"), _SQL.one("drop_announcements")
_NEW_NONCES = _SQL.one("new_nonces")
_SKIP_NUMBERS = _SQL.one("skip_numbers")


class DatabaseFacts(NamedTuple):
    """What was counted in a copy that is whole."""

    schema_version: int
    last_event: int
    unsent: int
    rows: dict[str, int]


def copy_database(source: Path, target: Path, *, goes_on: Callable[[], bool], is_alone: bool = False) -> None:
    """Write one moment of a database, which may be in use, to `target`, a new file of mode 0600, flushed to the disk.

    `is_alone`: nobody else can open it meanwhile, so what reading leaves beside it is removed. Raises StorageError
    where `goes_on` says no in between, StartError for what is wrong with the database or the disk.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # VACUUM INTO takes an empty file
    beside = [source.with_name(f"{source.name}{suffix}") for suffix in ("-wal", "-shm")]
    new = [file for file in beside if is_alone and not file.exists()]
    try:
        with _opened(source, "ro") as raw:
            _require_current(raw, source.name)
            raw.set_progress_handler(lambda: not goes_on(), _STEPS)
            raw.execute(_COPY, (str(target),))
    finally:
        for file in new:
            file.unlink(missing_ok=True)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def examine_copy(path: Path) -> DatabaseFacts:
    """What a copy holds, after each of its pages and references was read. Raises StartError where it is not whole.

    One with an older schema is brought up to date first, by whoever opens the store on it.
    """
    with _opened(path, "rw") as raw:
        require_intact(raw, path.name)
        _require_current(raw, path.name)
        if raw.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise ConfigurationError(f"{path.name} is damaged (a reference to a row that is not there).")
        if not is_whole(raw):
            raise ConfigurationError(
                f"{path.name} is damaged (its memory's index): `ompycord memory reindex`, then again."
            )
        version: int = raw.execute(_VERSION).fetchone()[0]
        found = raw.execute(_COUNTS)
        names = [column[0] for column in found.description]
        counts: dict[str, int] = dict(zip(names, found.fetchone(), strict=True))
    return DatabaseFacts(version, counts.pop("last_event"), counts.pop("unsent"), counts)


def settle_copy(path: Path, *, unsent: Unsent) -> None:
    """Make a copy fit to go on from: what waited is sent once under new nonces, or never; no number is given twice.

    Raises StartError.
    """
    with _opened(path, "rw") as raw:
        raw.execute("BEGIN IMMEDIATE")
        if unsent == "drop":
            for statement in _DROPS:
                raw.execute(statement, (_NOT_SENT,))
        raw.execute(_NEW_NONCES)
        for statement in _PAST:
            raw.execute(statement)
        raw.execute(_SKIP_NUMBERS, (_SKIPPED,))
        raw.execute("COMMIT")


@contextmanager
def _opened(path: Path, mode: Literal["ro", "rw"]) -> Generator[sqlite3.Connection]:
    try:
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S)) as raw:
            yield raw
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            raise StorageError("It was ended before it was done.") from None
        raise start_error(error, path.name) from error


def _require_current(raw: sqlite3.Connection, name: str) -> None:
    applied: int = raw.execute(_VERSION).fetchone()[0]
    known = len(find_migrations())
    if applied > known:
        raise ConfigurationError(
            f"{name} was made by a newer Ompycord (schema {applied}, this one knows {known}): update Ompycord."
        )
    if applied < known:
        raise ConfigurationError(
            f"{name} has an older schema ({applied}, this Ompycord has {known}): `ompycord migrate` first."
        )
