"""The whole record in pages, each one a read of its own: the rows of a file, or some of the table's.

Counterparts: `record_files.py`, whose files come first, and `features/audit.py`, which checks and tells what is read.
"""

import sqlite3
from itertools import islice
from typing import Final

from ompycord.domain.auditing.chain import AuditRow, ChainFault
from ompycord.domain.base import Millis
from ompycord.store.archive.files import ArchiveFiles
from ompycord.store.archive.record_files import kept_files, lost_files, moved_rows, rows_of_file
from ompycord.store.statements import load

__all__ = ["PAGE", "RecordPages", "audit_page", "audit_row", "export_page", "rows_about"]

_SQL: Final = load("audit_pages")
_PAGE: Final = _SQL.one("audit_page")
_OF: Final = _SQL.one("audit_of")
_BEFORE_ALL: Final = -(2**63)
"""What was tampered with may have any number."""
PAGE: Final = 1_000
"""Rows of the table that one read takes; of a file it takes all, which `cuts.ROWS` bounds."""


class RecordPages:
    """Where somebody is who reads all of it.

    Rows move from the table into a file while it is read: a file that is new comes next, as far as it is not read yet.
    """

    def __init__(self, files: ArchiveFiles) -> None:
        self._archive = files
        self._files = 0
        """How many of the files were read; an erasure puts another one in the same place."""
        self._table: int | None = None
        """The last number that was read of the table."""
        self.lost: list[ChainFault] = []
        """Files that are gone or have another content."""

    def next(self, raw: sqlite3.Connection) -> list[AuditRow] | None:
        """The rows of the next page, which may be none; None behind the last one."""
        kept = kept_files(raw)
        if self._files < len(kept):
            file = kept[self._files]
            self._files += 1
            self.lost += lost_files(self._archive, [file])
            found = moved_rows(self._archive, [file])
            return [row for row in found if self._table is None or row.n > self._table]
        rows = audit_page(raw, after=_BEFORE_ALL if self._table is None else self._table, limit=PAGE)
        if not rows:
            return None
        self._table = rows[-1].n
        return rows


def audit_row(row: sqlite3.Row) -> AuditRow:
    """A link as a statement has it."""
    return AuditRow.model_validate(dict(row))


def audit_page(raw: sqlite3.Connection, *, after: int, limit: int) -> list[AuditRow]:
    """Links of the table behind this number, in order."""
    return [audit_row(row) for row in raw.execute(_PAGE, (after, limit))]


def export_page(raw: sqlite3.Connection, *, after: int, limit: int, files: ArchiveFiles) -> list[AuditRow]:
    """Links behind this number, in order; those that moved into files come first, those of one file are a page.

    Raises StorageError where the file that is next cannot be read.
    """
    for file in kept_files(raw):
        if file.last > after:
            left = (row for row in rows_of_file(files, file) if row.n > after)
            if found := [*islice(left, limit)]:
                return found
    return audit_page(raw, after=after, limit=limit)


def rows_about(
    raw: sqlite3.Connection, subject: bytes, *, since: Millis, files: ArchiveFiles, place: int
) -> tuple[list[AuditRow], int | None]:
    """Links about a subject: those in the next file behind `place` that has rows since then, else those of the table.

    Also the next place; None where nothing follows. Raises StorageError where that file cannot be read.
    """
    for number, file in enumerate(kept_files(raw)[place:], place + 1):
        if file.until >= since:
            return [row for row in rows_of_file(files, file) if row.subject == subject], number
    return [audit_row(row) for row in raw.execute(_OF, (subject.decode(),))], None
