"""A small file beside the database: which log belongs to it, and how far it was committed.

SQLite ties a log to no database: a log that was left beside a restored backup, or comes from a copy, is written into it
at the first occasion. And a log that was cut short ends there without an error. This file says what to expect, so that
`leftovers.py` can judge before SQLite may write (docs/platform/sqlite.md, *Damage*).

It is written in place after each commit, which costs no sync: a kill loses nothing of it, and after a power cut it says
too little, never too much. It is synced when a log begins, and when the store is opened and closed.
"""

import mmap
import os
import secrets
import sqlite3
import struct
import sys
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.store.statements import load
from ompycord.telemetry import get_logger

__all__ = ["Mark", "StoreMark", "begin_session", "has_events", "last_event", "mark_path", "read_mark"]

_RECORD: Final = struct.Struct(">8sQ?IIIQ8s")
_MAGIC: Final = b"OMPMARK\x01"
_CHECKSUM: Final = struct.Struct(">I")
_SLOT: Final = 512
"""Bytes between two records, which are written in turn: a torn one leaves the other."""
_SLOTS: Final = 2
_BYTES: Final = 48
"""Of the header of SQLite's index (https://sqlite.org/walformat.html)."""
_FRAMES: Final = struct.Struct("=16xI12x8s8x")

log = get_logger(__name__)

_SQL = load("mark")
_HAS_EVENTS = _SQL.one("has_events")
_LAST_EVENT = _SQL.one("last_event")


@dataclass(frozen=True, slots=True)
class Mark:
    """What was true after the last commit that was noted."""

    number: int = 0
    """Counts the records: of two the later one counts."""
    is_settled: bool = False
    """Whether the database's file carries `session`; not while it is being opened."""
    session: int = 0
    """The identity of one run of the store: the database's application id, and that of each first page in its log."""
    cookie: int = 0
    """The database's schema cookie, which `VACUUM INTO` changes: so a backup has another one."""
    frames: int = 0
    """Pages in the log up to the last commit."""
    position: int = 0
    """The last event's."""
    salts: bytes = bytes(8)
    """Of the log; zeros while none was seen."""


class _Index(NamedTuple):
    """The header of SQLite's index, which it changes in place."""

    header: mmap.mmap
    descriptor: int

    @classmethod
    def of(cls, path: Path) -> "_Index":
        """Raises OSError."""
        descriptor = os.open(path, os.O_RDONLY)
        return cls(mmap.mmap(descriptor, _BYTES, access=mmap.ACCESS_READ), descriptor)


class StoreMark:
    """The mark of an open database. Used in the writer's thread alone, and closed after the last connection.

    The index is kept open as long: closing any descriptor of a file drops all locks that this process has on it
    (https://sqlite.org/howtocorrupt.html, *Posix advisory locks*). It is mapped, since each call of the system gives
    the interpreter's lock to the event loop (docs/platform/sqlite.md, *Throughput*).
    """

    def __init__(self, path: Path, mark: Mark) -> None:
        """`path` is the database's. Makes the file; raises OSError."""
        self._mark = mark
        self._database = path
        self._descriptor = os.open(mark_path(path), os.O_RDWR | os.O_CREAT, 0o600)
        self._index: _Index | None = None
        self._is_writable = True
        self._log_seen: bytes | None = None
        self.syncs = 0

    def begin(self, position: int) -> None:
        """Note that the store is being opened: for a moment nothing is known of what belongs together."""
        self._write(replace(self._mark, is_settled=False, position=position, frames=0, salts=bytes(8)))
        self.sync()

    def settle(self, *, session: int, cookie: int) -> None:
        """Note which database and log belong together from now on."""
        if self._index is None and sys.platform != "win32":
            self._index = _Index.of(self._database.with_name(f"{self._database.name}-shm"))
        self._write(replace(self._mark, is_settled=True, session=session, cookie=cookie))
        self.sync()

    def committed(self, position: int) -> None:
        """Note a commit, after which the log ends with the event at this position."""
        old = self._mark
        frames, salts = old.frames, old.salts
        if self._index is not None:
            self._log_seen = self._index.header[:]
            frames, salts = _FRAMES.unpack(self._log_seen)
        self._write(Mark(old.number, old.is_settled, old.session, old.cookie, frames, position, salts))
        if salts != old.salts:  # a new log
            self.sync()

    def is_last_commit(self) -> bool:
        """Whether the log is as the last `committed` left it; False where that cannot be told.

        Another program that wrote in between changed the index (its header counts changes).
        """
        return self._index is not None and self._index.header[:] == self._log_seen

    def sync(self) -> None:
        """Have the disk keep what was noted."""
        self.syncs += 1
        try:
            os.fsync(self._descriptor)
        except OSError as error:  # the database's own sync reports a disk that refuses
            log.warning("store.mark_not_synced", cause=error.strerror)

    def close(self) -> None:
        """Sync and close, after the connections. The second call does nothing."""
        if self._descriptor < 0:
            return
        self.sync()
        os.close(self._descriptor)
        self._descriptor = -1
        if self._index is not None:
            self._index.header.close()
            os.close(self._index.descriptor)

    def _write(self, mark: Mark) -> None:
        number = self._mark.number + 1
        self._mark = Mark(number, mark.is_settled, mark.session, mark.cookie, mark.frames, mark.position, mark.salts)
        record = _RECORD.pack(
            _MAGIC, number, mark.is_settled, mark.session, mark.cookie, mark.frames, mark.position, mark.salts
        )
        try:
            _write_at(self._descriptor, record + _CHECKSUM.pack(zlib.crc32(record)), number % _SLOTS * _SLOT)
        except OSError as error:
            if self._is_writable:
                log.warning("store.mark_not_written", cause=error.strerror)
            self._is_writable = False
        else:
            self._is_writable = True


def _write_at(descriptor: int, content: bytes, offset: int) -> None:
    if sys.platform == "win32":
        os.lseek(descriptor, offset, os.SEEK_SET)
        os.write(descriptor, content)
    else:
        os.pwrite(descriptor, content, offset)


def begin_session(raw: sqlite3.Connection, mark: StoreMark) -> None:
    """Give the database's file and its next log an identity that no other has; in the writer's thread."""
    session = secrets.randbelow(2**31 - 1) + 1
    raw.execute(f"PRAGMA application_id = {session:d}")
    busy: int = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:  # another program reads: nothing is known of what belongs together until the next start
        return
    version: int = raw.execute("PRAGMA user_version").fetchone()[0]
    raw.execute(f"PRAGMA user_version = {version:d}")  # so that the log begins with the first page, and the identity
    cookie: int = raw.execute("PRAGMA schema_version").fetchone()[0]
    mark.settle(session=session, cookie=cookie)


def has_events(raw: sqlite3.Connection) -> bool:
    """Whether the database has a log yet."""
    return bool(raw.execute(_HAS_EVENTS).fetchone()[0])


def last_event(raw: sqlite3.Connection) -> int:
    """The position of the last event; 0 at first."""
    return raw.execute(_LAST_EVENT).fetchone()[0]


def mark_path(database: Path) -> Path:
    """The mark's file."""
    return database.with_name(f"{database.name}.mark")


def read_mark(database: Path) -> Mark | None:
    """The mark of a database; None where there is none that can be read. Raises OSError."""
    try:
        content = mark_path(database).read_bytes()
    except FileNotFoundError:
        return None
    found: list[Mark] = []
    for start in range(0, _SLOTS * _SLOT, _SLOT):
        record = content[start : start + _RECORD.size]
        checksum = content[start + _RECORD.size : start + _RECORD.size + _CHECKSUM.size]
        if len(checksum) == _CHECKSUM.size and checksum == _CHECKSUM.pack(zlib.crc32(record)):
            magic, *fields = _RECORD.unpack(record)
            if magic == _MAGIC:
                found.append(Mark(*fields))
    return max(found, key=lambda mark: mark.number, default=None)
