"""Compares each event of the log with the hash that was stored with it.

Counterpart: `conductor/log_check.py`, which reads a part after the other.
"""

import sqlite3
from functools import partial

from ompycord.domain.ids import RunId
from ompycord.domain.records import CheckedEvents, DamagedEvents
from ompycord.store.archive.reading import archived_upto
from ompycord.store.database import StorePart
from ompycord.store.rows import is_whole
from ompycord.store.statements import load

__all__ = ["SqliteLogCheck"]

_SQL = load("log_check")
_STORED_EVENTS = _SQL.one("stored_events")


class SqliteLogCheck(StorePart):
    """Implements `StoredLog`."""

    async def check_events(self, after: int, *, limit: int) -> CheckedEvents:
        return await self._database.readers.read(partial(_check, after=after, limit=limit))


def _check(raw: sqlite3.Connection, after: int, limit: int) -> CheckedEvents:
    """Positions have no gaps, so one that is missing was taken away; into a file, where such are."""
    damaged: list[DamagedEvents] = []
    in_files = archived_upto(raw)
    upto = count = after
    for row in raw.execute(_STORED_EVENTS, (after, limit)):
        position, run = row["position"], RunId(row["run"])
        if position > max(upto, in_files) + 1:
            damaged.append(DamagedEvents(run=run, first=max(upto, in_files) + 1, last=position - 1, is_missing=True))
        if not is_whole(row):
            damaged.append(DamagedEvents(run=run, first=position, last=position, is_missing=False))
        upto, count = position, count + 1
    return CheckedEvents(upto=upto, is_end=count - after < limit, damaged=tuple(damaged))
