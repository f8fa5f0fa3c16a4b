"""The audit's hash chain: each row's hash covers the one before; counterpart of the `audit` table.

`domain/auditing/chain.py` says what a row's hash is, and checks the whole.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial

from ompycord.domain.auditing.anchors import Anchor
from ompycord.domain.auditing.chain import GENESIS, AuditRow, ChainReport, check_chain, link_hash
from ompycord.domain.base import Millis
from ompycord.errors import StorageError
from ompycord.store.database import StorePart
from ompycord.store.rows import canonical
from ompycord.store.statements import load

__all__ = ["SqliteAudit", "add_audit"]

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
        return await self._database.readers.read(partial(_check, anchors=anchors, key=key))

    async def audit_rows(self, *, after: int, limit: int) -> list[AuditRow]:
        return await self._database.readers.all(_AUDIT_PAGE, (after, limit), _row_of)

    async def audit_of(self, subject: str) -> list[AuditRow]:
        return await self._database.readers.all(_AUDIT_OF, (subject,), _row_of)

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


def _check(raw: sqlite3.Connection, *, anchors: Sequence[Anchor], key: bytes | None) -> ChainReport:
    return check_chain((_row_of(row) for row in raw.execute(_AUDIT)), anchors, key=key)


def _row_of(row: sqlite3.Row) -> AuditRow:
    return AuditRow.model_validate(dict(row))
