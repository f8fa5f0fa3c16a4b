"""The audit's hash chain: each row's hash covers the one before; counterpart of the `audit` table.

`domain/auditing/chain.py` says what a row's hash is, and checks the whole.
"""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from ompycord.domain.auditing.anchors import Anchor
from ompycord.domain.auditing.chain import GENESIS, AuditRow, ChainCheck, ChainReport, link_hash
from ompycord.domain.auditing.cuts import CUT
from ompycord.domain.auditing.marks import ERASED
from ompycord.domain.base import Millis
from ompycord.errors import StorageError
from ompycord.store.archive.record_pages import RecordPages, audit_row, export_page, rows_about
from ompycord.store.database import StorePart
from ompycord.store.rows import canonical
from ompycord.store.statements import load

__all__ = ["SqliteAudit", "add_audit"]

_SQL = load("audit")
_AUDIT_LAST = _SQL.one("audit_last")
_AUDIT_TAIL = _SQL.one("audit_tail")
_ADD_AUDIT = _SQL.one("add_audit")
_CHANGES: Final = frozenset({CUT.encode(), ERASED.encode()})
"""What the rows say that name earlier ones which are not as they were."""
_TRIES: Final = 3


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
        """Check all of it, a page a read, up to the row that is the last one when the last page is read.

        Rows that move or are rewritten between two pages are found again behind the rows that say so, or it is read
        again.
        """
        for attempt in range(1, _TRIES + 1):
            report, is_disturbed = await self._checked(anchors, key)
            if not (is_disturbed and report.open_faults) or attempt == _TRIES:
                return report
        raise AssertionError("unreachable")

    async def _checked(self, anchors: Sequence[Anchor], key: bytes | None) -> tuple[ChainReport, bool]:
        """What was found, and whether earlier rows were moved or rewritten while it was read."""
        tail = await self.audit_tail()
        end = 0 if tail is None else tail[0]
        pages, check, is_disturbed = RecordPages(self._database.archive), ChainCheck(anchors, key=key), False
        while (rows := await self._database.readers.read(pages.next)) is not None:
            await asyncio.to_thread(check.take, rows)
            is_disturbed = is_disturbed or any(row.n > end and row.action in _CHANGES for row in rows)
        return check.report(pages.lost), is_disturbed

    async def audit_rows(self, *, after: int, limit: int) -> list[AuditRow]:
        page = partial(export_page, after=after, limit=limit, files=self._database.archive)
        return await self._database.readers.read(page)

    async def audit_of(self, subject: str, *, since: Millis = 0) -> list[AuditRow]:
        """Links about a subject, in order: a file a read, then those of the table."""
        found: list[AuditRow] = []
        place: int | None = 0
        while place is not None:
            read = partial(rows_about, subject=_utf8(subject), since=since, files=self._database.archive, place=place)
            rows, place = await self._database.readers.read(read)
            found += rows
        return found

    async def audit_last(
        self, guild: str, *, is_home: bool, before: int | None, actor: str | None, subject: str | None, limit: int
    ) -> list[AuditRow]:
        """The newest links of one server, the newest first; those of no server where it is home."""
        wanted = {
            "guild": guild, "is_home": is_home, "before": before, "actor": actor, "subject": subject, "limit": limit
        }  # fmt: skip
        return await self._database.readers.all(_AUDIT_LAST, wanted, audit_row)

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
