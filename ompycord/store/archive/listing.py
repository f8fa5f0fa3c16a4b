"""The files of old events and of old rows of the record as the database names them, beside a process and without one.

Nothing is written, and nothing is left that was not there.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, TypeVar

from ompycord.store.archive.files import ArchiveFiles
from ompycord.store.archive.moving import ArchivedFile, kept_archives
from ompycord.store.archive.record_files import SeenRecordFile, kept_files
from ompycord.store.connection import beside_uri, start_error
from ompycord.store.statements import load

__all__ = ["archived_files", "record_files"]

T = TypeVar("T")

_SQL = load("archive_listing")
_HAS = _SQL.one("has_table")
_WAIT_S: Final = 5.0


def archived_files(data: Path, database: Path) -> list[ArchivedFile]:
    """All with events, the oldest first, and what is where they belong; every byte is read. Raises StartError."""
    files = ArchiveFiles(data / "artifacts")
    return [ArchivedFile(one, files.state(one.sha256)) for one in _read(database, "archives", kept_archives)]


def record_files(data: Path, database: Path) -> list[SeenRecordFile]:
    """The same of those with rows of the record. Raises StartError."""
    files = ArchiveFiles(data / "artifacts")
    return [SeenRecordFile(one, files.state(one.sha256)) for one in _read(database, "audit_files", kept_files)]


def _read(database: Path, table: str, work: Callable[[sqlite3.Connection], list[T]]) -> list[T]:
    if not database.is_file():
        return []
    try:
        with closing(sqlite3.connect(beside_uri(database), uri=True, timeout=_WAIT_S)) as raw:
            raw.row_factory = sqlite3.Row
            is_there = raw.execute(_HAS, (table,)).fetchone() is not None  # else it is of a version without any
            return work(raw) if is_there else []
    except sqlite3.Error as error:
        raise start_error(error, database.name) from error
