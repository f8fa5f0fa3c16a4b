"""The log as a stream reads it: pages after a position, or the snapshots from which to start.

Counterpart of `webhook/streams.py`. Both end where the projector is, so that a snapshot and the events after it never
overlap.
"""

import sqlite3
from collections.abc import Sequence
from functools import partial

from ompycord.domain.events import RunEvent
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.store.archive.reading import archived_upto, last_archived
from ompycord.store.features.projection import PROJECTOR, Cached, SqliteProjection, cached, cursor
from ompycord.store.rows import event_of
from ompycord.store.statements import load

__all__ = ["SNAPSHOTS", "SqliteStreams"]

SNAPSHOTS = 100
"""Open runs in one start, the newest; others are asked for one by one."""
NEAR = 5000
"""Positions that are searched one by one.

A stream that keeps up never reads more of a log, however long its run is.
"""

_SQL = load("streaming")
_PAGE_OF_ALL = _SQL.one("page_of_all")
_COUNT_OF_ALL = _SQL.one("count_of_all")
_PAGE_OF_RUN = _SQL.one("page_of_run")
_COUNT_OF_RUN = _SQL.one("count_of_run")
_PAGE_OF_RUN_NEAR = _SQL.one("page_of_run_near")
_COUNT_OF_RUN_NEAR = _SQL.one("count_of_run_near")
_OPEN_RUNS = _SQL.one("open_runs")


class SqliteStreams(SqliteProjection):
    """Implements the log of streams (`webhook/streams.py`); it starts with folds, as the projector stored them."""

    async def page(self, run: RunId | None, after: int, *, limit: int, most: int) -> tuple[list[RunEvent], int] | None:
        """Projected events after a position and how far was read; None when more than `most` wait."""
        return await self._database.readers.read(partial(_page, run=run, after=after, limit=limit, most=most))

    async def base(self, run: RunId | None) -> tuple[int, list[StatusSnapshot]]:
        """The projector's position and the snapshots there: of one run, or of the newest open ones."""
        known = await self._database.readers.read(partial(_base, run=run))
        folds = await self._complete(known)
        return known.upto, [fold.snapshot() for fold in folds.values() if fold.source_states]


def _page(
    raw: sqlite3.Connection, *, run: RunId | None, after: int, limit: int, most: int
) -> tuple[list[RunEvent], int] | None:
    """At most `limit` events after a position, of one run or of all, and how far the log was read.

    None when more than `most` events wait, some of them moved into files, or the position is not of this log: the
    reader must start again.
    """
    upto = cursor(raw, PROJECTOR)
    if after < (archived_upto(raw) if run is None else last_archived(raw, run)):
        return None
    values = {"run": run, "after": after, "upto": upto, "limit": most + 1}
    if run is None:
        count, events = _COUNT_OF_ALL, _PAGE_OF_ALL
    elif upto - after <= NEAR:
        count, events = _COUNT_OF_RUN_NEAR, _PAGE_OF_RUN_NEAR
    else:
        count, events = _COUNT_OF_RUN, _PAGE_OF_RUN
    if after > upto or raw.execute(count, values).fetchone()[0] > most:
        return None
    found = [event_of(row) for row in raw.execute(events, {**values, "limit": limit})]
    return found, found[-1].position if len(found) == limit else upto


def _base(raw: sqlite3.Connection, *, run: RunId | None) -> Cached:
    """Where the projector is and the folds there: of one run, or of the newest open ones."""
    runs: Sequence[RunId] = (
        [run] if run else [RunId(row["id"]) for row in raw.execute(_OPEN_RUNS, {"limit": SNAPSHOTS})]
    )
    return cached(raw, runs)
