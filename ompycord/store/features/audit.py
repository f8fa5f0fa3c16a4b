"""The audit's hash chain: each row's hash covers the one before; counterpart of the `audit` table.

`domain/auditing/chain.py` says what a row's hash is, and checks the whole.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain

from ompycord.domain.auditing.anchors import Anchor
from ompycord.domain.auditing.chain import GENESIS, AuditRow, ChainReport, check_chain, link_hash
from ompycord.domain.base import Millis
from ompycord.errors import StorageError
from ompycord.store.archive.files import ArchiveFiles
from ompycord.store.archive.record_files import kept_files, lost_files, moved_rows, rows_of_file
from ompycord.store.database import StorePart
from ompycord.store.rows import canonical
from ompycord.store.statements import load

__all__ = ["SqliteAudit", "add_audit", "audit_page"]

_SQL = load("audit")
_AUDIT = _SQL.one("audit")
_AUDIT_PAGE = _SQL.one("audit_page")
_AUDIT_OF = _SQL.one("audit_of")
_AUDIT_LAST = _SQL.one("audit_last")
_AUDIT_TAIL = _SQL.one("audit_tail")
_ADD_AUDIT = _SQL.one("add_audit")


class SqliteAudit(StorePart):
    """Implements `AuditTrail` and `AuditReader`."""

    async def audit(self, *, actor: str, action: str, subject: str, detail: Mapping[str, str], at: Millis) -> None:
        link = partial(add_audit, at=at, actor=actor, action=action, subject=subject, detail=dict(detail))
        await self._database.writer.submit(link)

    async def verify_audit(self) -> int:
        report = await self.check_audit()
        if report.open_faults:
            fault = report.open_faults[0].text
            raise StorageError(f"The audit chain is broken: {fault[0].lower()}{fault[1:]}")
        return report.rows

    async def check_audit(self, anchors: Sequence[Anchor] = (), *, key: bytes | None = None) -> ChainReport:
        check = partial(_check, anchors=anchors, key=key, files=self._database.archive)
        return await self._database.readers.read(check)

    async def audit_rows(self, *, after: int, limit: int) -> list[AuditRow]:
        return await self._database.readers.read(partial(_page, after=after, limit=limit, files=self._database.archive))

    async def audit_of(self, subject: str, *, since: Millis = 0) -> list[AuditRow]:
        return await self._database.readers.read(
            partial(_about, subject=subject, since=since, files=self._database.archive)
        )

    async def audit_last(
        self, guild: str, *, is_home: bool, before: int | None, actor: str | None, subject: str | None, limit: int
    ) -> list[AuditRow]:
        """The newest links of one server, the newest first; those of no server where it is home."""
        wanted = {
            "guild": guild, "is_home": is_home, "before": before, "actor": actor, "subject": subject, "limit": limit
        }  # fmt: skip
        return await self._database.readers.all(_AUDIT_LAST, wanted, _row_of)

    async def audit_tail(self) -> tuple[int, str] | None:
        return await self._database.readers.one(_AUDIT_TAIL, (), lambda row: (row["n"], row["hash"].hex()))


def add_audit(
    raw: sqlite3.Connection, *, at: Millis, actor: str, action: str, subject: str, detail: Mapping[str, str]
) -> None:
    """Add one more link, in the caller's transaction. Half of a character, which UTF-8 cannot hold, becomes `?`."""
    tail = raw.execute(_AUDIT_TAIL).fetchone()
    n, previous = (1, GENESIS) if tail is None else (tail["n"] + 1, tail["hash"])
    texts = [_utf8(one) for one in (actor, action, subject)]
    stored = canonical({_utf8(name).decode(): _utf8(value).decode() for name, value in detail.items()}).encode()
    row = AuditRow(
        n=n, at=at, actor=texts[0], action=texts[1], subject=texts[2], detail=stored, previous=previous, hash=b""
    )
    values = (*(one.decode() for one in texts), stored.decode())
    raw.execute(_ADD_AUDIT, (n, at, *values, previous, link_hash(previous, row)))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def audit_page(raw: sqlite3.Connection, *, after: int, limit: int) -> list[AuditRow]:
    """Links of the table behind this number, in order."""
    return [_row_of(row) for row in raw.execute(_AUDIT_PAGE, (after, limit))]


def _page(raw: sqlite3.Connection, *, after: int, limit: int, files: ArchiveFiles) -> list[AuditRow]:
    """Links that moved into files come first; those of one file are a page."""
    for file in kept_files(raw):
        if file.last > after and (found := [row for row in rows_of_file(files, file) if row.n > after]):
            return found[:limit]
    return audit_page(raw, after=after, limit=limit)


def _about(raw: sqlite3.Connection, *, subject: str, since: Millis, files: ArchiveFiles) -> list[AuditRow]:
    wanted = _utf8(subject)
    moved = [
        row
        for file in kept_files(raw)
        if file.until >= since
        for row in rows_of_file(files, file)
        if row.subject == wanted
    ]
    return [*moved, *(_row_of(row) for row in raw.execute(_AUDIT_OF, (subject,)))]


def _check(
    raw: sqlite3.Connection, *, anchors: Sequence[Anchor], key: bytes | None, files: ArchiveFiles
) -> ChainReport:
    kept = kept_files(raw)
    rows = chain(moved_rows(files, kept), (_row_of(row) for row in raw.execute(_AUDIT)))
    return check_chain(rows, anchors, key=key, lost=lost_files(files, kept))


def _row_of(row: sqlite3.Row) -> AuditRow:
    return AuditRow.model_validate(dict(row))
