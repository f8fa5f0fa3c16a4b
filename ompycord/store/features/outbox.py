"""The outbox: what must reach Discord, and how each delivery ended."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial

from ompycord.domain.base import Millis
from ompycord.domain.records import OutboxRow, Surface
from ompycord.store.database import StorePart
from ompycord.store.features.surfaces import put_surface
from ompycord.store.rows import canonical, with_json
from ompycord.store.statements import load
from ompycord.store.writes import Apply, Write

__all__ = ["WRITES", "SqliteOutbox", "add_outbox"]

_SQL = load("outbox")
_OUTBOX = _SQL.one("outbox")
_ADD_OUTBOX = _SQL.many("add_outbox")
_DELIVERED = _SQL.one("delivered")
_UNDELIVERED = _SQL.one("undelivered")


class SqliteOutbox(StorePart):
    """Implements `Outbox` and `Deliveries`."""

    async def outbox(self, *, limit: int = 500) -> list[OutboxRow]:
        return await self._database.readers.all(_OUTBOX, (limit,), _outbox_of)

    async def delivered(self, row: OutboxRow, surface: Surface | None, *, at: Millis) -> None:
        await self._database.writer.submit(partial(_deliver, row=row, surface=surface, at=at))

    async def undelivered(self, row: OutboxRow, *, error: str, final: bool) -> None:
        values = {"id": row.id, "error": error, "final": final}
        await self._database.writer.submit(partial(_fail, values=values))


def add_outbox(raw: sqlite3.Connection, rows: Sequence[OutboxRow]) -> None:
    """Insert those whose (run, kind, ref) is new."""
    _ADD_OUTBOX.run(
        raw,
        [
            (
                row.run,
                row.kind,
                row.ref,
                canonical(row.body),
                row.status,
                row.attempts,
                row.created_at,
                row.done_at,
                row.error,
            )
            for row in rows
        ],
    )


def _outbox_of(row: sqlite3.Row) -> OutboxRow:
    return OutboxRow.model_validate(with_json(row, "body"))


def _deliver(raw: sqlite3.Connection, row: OutboxRow, surface: Surface | None, at: Millis) -> None:
    """Mark the row done and store where its message is."""
    raw.execute(_DELIVERED, (at, row.id))
    if surface is not None:
        put_surface(raw, surface)


def _fail(raw: sqlite3.Connection, values: Mapping[str, object]) -> None:
    raw.execute(_UNDELIVERED, values)


def _prepare(rows: Sequence[OutboxRow]) -> Apply:
    def apply(raw: sqlite3.Connection, now: Millis) -> Sequence[int]:
        add_outbox(raw, rows)
        return ()

    return apply


WRITES = (Write(record=OutboxRow, prepare=_prepare),)
