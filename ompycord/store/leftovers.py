"""Files that an earlier process left beside the database, checked before SQLite reads them.

Counterpart of `opening.py`. SQLite takes a write-ahead log that was cut short for one that ends there, an empty file
for a new database, and any log for that of the database beside which it lies: all lose acknowledged events without an
error. After a kill the shared-memory index and our own mark (`mark.py`) still have the length of the log.
https://sqlite.org/walformat.html, the formats of log, frame, checksum and index header.
"""

import contextlib
import os
import sqlite3
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ompycord.errors import ConfigurationError
from ompycord.store.mark import Mark

__all__ = ["make_file", "require_belonging", "require_file", "require_position", "require_whole"]

_INDEX = struct.Struct("=IIIBBHII8s8s8s")  # native byte order, see the format; frame checksum, salts, own checksum
_COPY = 48
_BACKFILLED = struct.Struct("=96xI")
_LOG_HEADER = 32
_FRAME_HEADER = 24
_MAGIC = b"\x37\x7f\x06"
_SALTS = slice(16, 24)
_LARGEST_PAGE = 65536
_DATABASE_HEADER = 100
_COOKIE, _APPLICATION_ID = slice(40, 44), slice(68, 72)


class _Index(NamedTuple):
    """What the index records about the log."""

    frames: int
    page: int
    salts: bytes
    moved: int
    """Frames that are in the database already."""


def make_file(path: Path) -> None:
    """Make the database's file if there is none: whole, under another name, then renamed; so ours is never empty.

    Never readable for others; the log beside it inherits its mode. Raises ConfigurationError, sqlite3.Error.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists() and not path.is_symlink():
            _require_alone(path)
            _make_new(path)
        require_file(path)
        path.chmod(0o600)
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be opened ({error.strerror}): check the data folder.") from error


def _require_alone(path: Path) -> None:
    """A new database would take the log that another one left for its own."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise ConfigurationError(
            f"{log.name} is there without {path.name}, whose log it is: put {path.name} back, or move {log.name} away "
            "to begin with a new database."
        )


def require_file(path: Path) -> None:
    """Raises ConfigurationError for a link that leads nowhere and for an empty file, OSError where there is nothing."""
    if path.is_symlink() and not path.exists():
        raise ConfigurationError(
            f"{path.name} is a link to {path.readlink()}, which is not there: mount its volume, or remove the link to "
            "begin with a new database."
        )
    if path.is_dir():
        raise ConfigurationError(f"{path.name} is a folder: move it away to begin with a new database.")
    if not path.stat().st_size:
        raise ConfigurationError(
            f"{path.name} is empty, which no database of Ompycord ever is: restore a backup, or remove it to begin "
            "anew."
        )


def require_whole(path: Path) -> None:
    """Raises ConfigurationError when the log misses committed frames that the database does not have.

    Changes nothing.
    """
    index = _read_index(path.with_name(f"{path.name}-shm"))
    if index is not None and index.frames > index.moved:
        _require_frames(path, index)


def _require_frames(path: Path, index: "_Index") -> None:
    try:
        with path.with_name(f"{path.name}-wal").open("rb") as log:
            frames = _valid_frames(log, index)
    except FileNotFoundError:
        frames = 0
    if frames < index.frames:
        raise ConfigurationError(
            f"{path.name}-wal was cut short, damaged or taken away: {index.frames - max(frames, index.moved)} pages of "
            "acknowledged events are missing. Put it back or restore a backup; to go on without them, remove "
            f"{path.name}-shm and {path.name}.mark."
        )


def require_belonging(path: Path, mark: Mark) -> None:
    """Raises ConfigurationError when the log beside a database is another's, or shorter than it was committed.

    Changes nothing. Where there is no log, the position in `mark` tells whether something is missing.
    """
    if not mark.is_settled:
        return
    try:
        with path.with_name(f"{path.name}-wal").open("rb") as log:
            header = log.read(_LOG_HEADER)
            if len(header) < _LOG_HEADER or header[:3] != _MAGIC or not log.read(1):
                return
            log.seek(_LOG_HEADER)
            sessions = _sessions(log, header)
    except FileNotFoundError:
        return
    salts = header[_SALTS]
    is_known = mark.salts in {salts, bytes(8)} or _is_newer(salts, mark.salts)
    if _identity(path) != (mark.session, mark.cookie) or not is_known or sessions - {mark.session}:
        raise ConfigurationError(
            f"{path.name}-wal is not the log of this {path.name}: a backup was put back beside a newer log, or the log "
            f"is another copy's. Nothing was changed. Put back the log that belongs to it; to go on without one, move "
            f"{path.name}-wal, {path.name}-shm and {path.name}.mark away."
        )
    if salts == mark.salts:
        _require_frames(path, _Index(mark.frames, _page_size(header), salts, 0))


def require_position(path: Path, mark: Mark, found: int) -> None:
    """Raises ConfigurationError when the database and its log end before the last event that was acknowledged."""
    if found < mark.position:
        raise ConfigurationError(
            f"{path.name} has {found} events of {mark.position} that were acknowledged: a backup was put back, or its "
            f"log is gone. Nothing was changed. Put back what is missing; to go on without those events, remove "
            f"{path.name}.mark."
        )


def _identity(path: Path) -> tuple[int, int]:
    """The application id and the schema cookie of the database's file (https://sqlite.org/fileformat.html)."""
    with path.open("rb") as database:
        header = database.read(_DATABASE_HEADER)
    if len(header) < _DATABASE_HEADER:
        return 0, 0
    return int.from_bytes(header[_APPLICATION_ID], "big"), int.from_bytes(header[_COOKIE], "big")


def _page_size(header: bytes) -> int:
    size = int.from_bytes(header[8:12], "big")
    return size if size > 1 else _LARGEST_PAGE


def _sessions(log: BinaryIO, header: bytes) -> set[int]:
    """The application ids in all first pages of a log, as far as its frames are of one piece."""
    found: set[int] = set()
    page = _page_size(header)
    while True:
        frame = log.read(_FRAME_HEADER)
        if len(frame) < _FRAME_HEADER or frame[8:16] != header[_SALTS]:
            return found
        if int.from_bytes(frame[:4], "big") == 1:
            first = log.read(_DATABASE_HEADER)
            found.add(int.from_bytes(first[_APPLICATION_ID], "big"))
            log.seek(page - len(first), os.SEEK_CUR)
        else:
            log.seek(page, os.SEEK_CUR)


def _valid_frames(log: BinaryIO, index: _Index) -> int:
    """How many frames SQLite will find: salts and the running checksum must be right from the first one on.

    About 30 ms for each megabyte of log, and only after a crash.
    """
    header = log.read(_LOG_HEADER)
    if len(header) < _LOG_HEADER:
        return 0
    words = ">" if header[3] & 1 else "<"
    sums = _checksum(header[:24], (0, 0), words)
    is_header = header[:3] == _MAGIC and struct.pack(">II", *sums) == header[24:]
    if is_header and _is_newer(header[_SALTS], index.salts):
        return index.frames
    if header[_SALTS] != index.salts:
        return 0
    for number in range(index.frames):
        frame = log.read(_FRAME_HEADER + index.page)
        if len(frame) < _FRAME_HEADER + index.page or frame[8:16] != index.salts:
            return number
        sums = _checksum(frame[_FRAME_HEADER:], _checksum(frame[:8], sums, words), words)
        if struct.pack(">II", *sums) != frame[16:_FRAME_HEADER]:
            return number
    return index.frames


def _is_newer(log: bytes, index: bytes) -> bool:
    """Whether the log was restarted after the index was written: its first salt grows by one with each restart.

    The index is a mapped file that is never synced, so after a power cut it may be older than the log; then it proves
    nothing.
    """
    ahead = int.from_bytes(log[:4], "big") - int.from_bytes(index[:4], "big")
    return 0 < ahead % 2**32 < 2**31


def _checksum(content: bytes, sums: tuple[int, int], words: str) -> tuple[int, int]:
    """Two running sums over pairs of words."""
    first, second = sums
    for one, other in struct.iter_unpack(f"{words}II", content):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second


def _make_new(path: Path) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as raw:
        raw.execute("PRAGMA user_version = 0")
        raw.execute("PRAGMA journal_mode = WAL")  # writes the first page
    handle = os.open(fresh, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(path)


def _read_index(file: Path) -> _Index | None:
    """The index; None where there is none, or it was being written and proves nothing."""
    try:
        with file.open("rb") as index:
            content = index.read(_BACKFILLED.size)
    except FileNotFoundError:
        return None
    if len(content) < _BACKFILLED.size or content[:_COPY] != content[_COPY : 2 * _COPY]:
        return None
    _, _, _, is_made, _, page, frames, _, _, salts, _ = _INDEX.unpack(content[:_COPY])
    size = page if page > 1 else _LARGEST_PAGE
    (moved,) = _BACKFILLED.unpack(content)
    return _Index(frames, size, salts, moved) if is_made else None
