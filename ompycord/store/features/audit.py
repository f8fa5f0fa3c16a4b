"""The audit's hash chain: each row's hash covers the one before; counterpart of the `audit` table."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from functools import partial

from ompycord.domain.base import Millis
from ompycord.errors import StorageError
from ompycord.store.database import StorePart
from ompycord.store.rows import canonical
from ompycord.store.statements import load

__all__ = ["SqliteAudit", "add_audit"]

GENESIS = bytes(32)
"""The hash before the first row."""

_SQL = load("audit")
_AUDIT = _SQL.one("audit")
_AUDIT_TAIL = _SQL.one("audit_tail")
_ADD_AUDIT = _SQL.one("add_audit")


class SqliteAudit(StorePart):
    """Implements `AuditTrail`."""

    async def audit(self, *, actor: str, action: str, subject: str, detail: Mapping[str, str], at: Millis) -> None:
        link = partial(add_audit, at=at, actor=actor, action=action, subject=subject, detail=dict(detail))
        await self._database.writer.submit(link)

    async def verify_audit(self) -> int:
        return await self._database.readers.read(_verify_chain)


def add_audit(
    raw: sqlite3.Connection, *, at: Millis, actor: str, action: str, subject: str, detail: Mapping[str, str]
) -> None:
    """Add one more link, in the caller's transaction."""
    tail = raw.execute(_AUDIT_TAIL).fetchone()
    n, previous = (1, GENESIS) if tail is None else (tail["n"] + 1, tail["hash"])
    text = canonical(dict(detail))
    digest = _digest(previous, n, at, actor, action, subject, dict(detail))
    raw.execute(_ADD_AUDIT, (n, at, actor, action, subject, text, previous, digest))


def _verify_chain(raw: sqlite3.Connection) -> int:
    """The number of links, all of them valid. Raises StorageError naming the first that is missing or was changed.

    A chain without its last rows is still valid in itself: compare the number with a signed anchor.
    """
    count, previous = 0, GENESIS
    for row in raw.execute(_AUDIT):
        count += 1
        if row["n"] != count:
            raise StorageError(f"The audit chain is broken: row {count} is missing.")
        try:
            detail = json.loads(row["detail"])
        except ValueError:
            detail = None
        digest = _digest(previous, count, row["at"], row["actor"], row["action"], row["subject"], detail)
        if row["previous"] != previous or row["hash"] != digest:
            raise StorageError(f"The audit chain is broken: row {count} was changed.")
        previous = digest
    return count


def _digest(previous: bytes, n: int, at: Millis, actor: str, action: str, subject: str, detail: object) -> bytes:
    row = {"n": n, "at": at, "actor": actor, "action": action, "subject": subject, "detail": detail}
    return hashlib.sha256(previous + canonical(row).encode()).digest()
