"""Moves the oldest rows of the audit into files: the file is on the disk first, then one transaction adds the signed
row, takes them out of the table and has the file count.

What a crash leaves is told by the rows: a file that does not count is removed, and made again from the same rows.
"""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from ompycord.domain.auditing.chain import AuditRow
from ompycord.domain.auditing.cuts import CUT, RecordCut, cut_detail
from ompycord.domain.base import Millis
from ompycord.domain.people.erasing import Scrub
from ompycord.errors import StorageError
from ompycord.store.archive.files import ArchiveFiles, FileState, FileStates
from ompycord.store.archive.record_files import (
    RecordFile,
    SeenRecordFile,
    kept_files,
    made_lines,
    moved_rows,
    rows_of_file,
    without_person,
)
from ompycord.store.archive.record_pages import audit_page
from ompycord.store.database import Database, StorePart
from ompycord.store.features.audit import add_audit
from ompycord.store.statements import load

__all__ = ["ROWS", "RewrittenFile", "SqliteCuts", "names_in", "put_in_place"]

T = TypeVar("T")

ROWS: Final = 5_000
"""In one file at most: so many are taken out in one transaction."""

_SQL = load("audit_files")
_LAST_BEFORE = _SQL.one("last_before")
_ROWS_UPTO = _SQL.one("rows_upto")
_BEGIN = _SQL.one("begin_audit_file")
_KEEP = _SQL.one("keep_audit_file")
_DROP = _SQL.one("drop_audit_file")
_DROPPED = _SQL.one("dropped_audit_files")
_ALL_NAMES = _SQL.one("audit_file_names")
_FORGET = _SQL.one("forget_audit_file")
_TAKE_OUT = _SQL.one("take_out_audit")


@dataclass(frozen=True, slots=True)
class RewrittenFile:
    """A file out of which a person was taken, on the disk; `put_in_place` has it count."""

    before: RecordFile
    now: RecordFile
    rows: Mapping[int, str]
    """The content of each changed row, by its number: `AuditRow.content_hash`."""


class SqliteCuts(StorePart):
    """One call after the other: what makes files and what takes people out of rows must not meet."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.alone = asyncio.Lock()
        """Held by whoever changes rows or files; an erasure holds it from its first look at them to its transaction."""
        self._states = FileStates(database.archive)

    async def due(self, *, before: Millis) -> int:
        """How many rows would move. Raises StorageError."""

        def work(raw: sqlite3.Connection) -> int:
            upto = raw.execute(_LAST_BEFORE, {"before": before}).fetchone()["n"]
            return int(raw.execute(_ROWS_UPTO, (upto,)).fetchone()["rows"])

        return await self._database.readers.read(work)

    async def cut(self, *, before: Millis, key: bytes, by: str, at: Millis) -> RecordFile | None:
        """Move the oldest rows, at most `ROWS`, into one file; None where none is older than `before`.

        Raises StorageError; OSError where the file cannot be written.
        """
        files = self._database.archive
        async with self.alone:
            rows = await self._database.readers.read(partial(_oldest, before=before))
            if not rows:
                return None
            content = await asyncio.to_thread(made_lines, rows)
            file = _file(rows, content)
            await self._submit(partial(_begin, file=file, at=at))
            await asyncio.to_thread(files.write, content)
            await self._submit(partial(_cut, file=file, last=rows[-1].hash, key=key, by=by, at=at))
            return file

    async def files(self) -> list[RecordFile]:
        """Those that count, in the order of their rows. Raises StorageError."""
        return await self._database.readers.read(kept_files)

    async def seen(self, *, is_thorough: bool = True) -> list[SeenRecordFile]:
        """The same, and what is where they belong. Raises StorageError.

        Else one that is as it was at the last look is not read again.
        """
        files = await self.files()
        names = [one.sha256 for one in files]
        states = await asyncio.to_thread(self._states.seen, names, is_thorough=is_thorough)
        return [SeenRecordFile(one, state) for one, state in zip(files, states, strict=True)]

    async def names(self) -> frozenset[str]:
        """Names in `artifacts` of all files, also of those that are being made or removed. Raises StorageError."""
        return frozenset(await self._database.readers.all(_ALL_NAMES, (), lambda row: str(row["sha256"])))

    async def tidy(self) -> None:
        """Remove files that do not count. Raises StorageError, OSError."""
        async with self.alone:
            for sha256 in await self._submit(_dropped):
                await asyncio.to_thread(self._database.archive.remove, sha256)
                await self._submit(partial(_forget, sha256=sha256))

    async def of_rows(self, work: Callable[[Iterator[AuditRow]], T]) -> T:
        """What `work` makes, in a thread, of every row that moved, as far as its file can be read.

        Raises StorageError.
        """
        files = await self.files()
        return await asyncio.to_thread(lambda: work(moved_rows(self._database.archive, files)))

    async def without(self, scrub: Scrub, *, at: Millis) -> tuple[list[RewrittenFile], list[RecordFile]]:
        """Write each file that names a person anew without them, and name those that cannot be read.

        The caller holds `alone`. Raises StorageError, OSError.
        """
        done: list[RewrittenFile] = []
        lost: list[RecordFile] = []
        for file in await self._submit(kept_files):
            if await asyncio.to_thread(self._database.archive.state, file.sha256) is not FileState.PRESENT:
                lost.append(file)
                continue
            content, changed = await asyncio.to_thread(_without, self._database.archive, file, scrub)
            if not changed:
                continue
            sha256 = hashlib.sha256(content).hexdigest()
            fresh = RecordFile(sha256, file.first, file.last, file.rows, file.until, len(content))
            await self._submit(partial(_begin, file=fresh, at=at))
            await asyncio.to_thread(self._database.archive.write, content)
            done.append(RewrittenFile(file, fresh, changed))
        return done, lost

    async def _submit(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What is asked here is answered behind what is being committed, also where nobody waits for that any more."""
        return await self._database.writer.submit(work, is_aside=True)


def _without(files: ArchiveFiles, file: RecordFile, scrub: Scrub) -> tuple[bytes, dict[int, str]]:
    """The content of a file without a person, and that of each row that is another one then."""
    rows = list(rows_of_file(files, file))
    changed = {row.n: now for row in rows if (now := without_person(row, scrub)) is not None}
    content = made_lines(changed.get(row.n, row) for row in rows) if changed else b""
    return content, {n: row.content_hash for n, row in changed.items()}


def names_in(rows: Iterable[AuditRow], person: str) -> set[str]:
    """The names under which a person acted in these rows."""
    own = (row for row in rows if row.text("actor") == person)
    return {name for row in own if (name := _name(row)) is not None}


def _name(row: AuditRow) -> str | None:
    try:
        found = json.loads(row.detail).get("by_name")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) and found else None


def put_in_place(raw: sqlite3.Connection, files: Sequence[RewrittenFile]) -> dict[int, str]:
    """Have files count in the place of what they were, in the caller's transaction; the content of each changed row."""
    changed: dict[int, str] = {}
    for file in files:
        raw.execute(_DROP, (file.before.sha256,))
        raw.execute(_KEEP, (file.now.sha256,))
        changed |= file.rows
    return changed


def _oldest(raw: sqlite3.Connection, *, before: Millis) -> list[AuditRow]:
    upto = raw.execute(_LAST_BEFORE, {"before": before}).fetchone()["n"]
    return [row for row in audit_page(raw, after=0, limit=ROWS) if row.n <= upto]


def _file(rows: Sequence[AuditRow], content: bytes) -> RecordFile:
    return RecordFile(
        sha256=hashlib.sha256(content).hexdigest(), first=rows[0].n, last=rows[-1].n, rows=len(rows),
        until=max(row.at for row in rows), size=len(content),
    )  # fmt: skip


def _begin(raw: sqlite3.Connection, *, file: RecordFile, at: Millis) -> None:
    values: dict[str, object] = {
        "sha256": file.sha256, "first": file.first, "last": file.last, "rows": file.rows, "until": file.until,
        "size": file.size, "made_at": at,
    }  # fmt: skip
    raw.execute(_BEGIN, values)


def _cut(raw: sqlite3.Connection, *, file: RecordFile, last: bytes, key: bytes, by: str, at: Millis) -> None:
    there = raw.execute(_ROWS_UPTO, (file.last,)).fetchone()["rows"]
    if there != file.rows:
        raise StorageError(f"The record has {there} rows up to {file.last} and not {file.rows}: nothing was moved.")
    cut = RecordCut(file.first, file.last, last.hex(), file.rows)
    add_audit(raw, at=at, actor=by, action=CUT, subject=file.words, detail=cut_detail(key, cut))
    raw.execute(_TAKE_OUT, (file.last,))
    raw.execute(_KEEP, (file.sha256,))


def _dropped(raw: sqlite3.Connection) -> list[str]:
    return [str(row["sha256"]) for row in raw.execute(_DROPPED)]


def _forget(raw: sqlite3.Connection, *, sha256: str) -> None:
    raw.execute(_FORGET, (sha256,))
