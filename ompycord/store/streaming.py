"""The log as a stream reads it: pages after a position, or the snapshots to begin from; counterpart of `webhook/streams.py`.

Both end where the projector is, so that a snapshot and the events after it never overlap.
"""

import sqlite3
from collections.abc import Sequence

from ompycord.domain.events import RunEvent
from ompycord.domain.ids import RunId
from ompycord.domain.snapshot import StatusSnapshot
from ompycord.store import projecting, rows
from ompycord.store import queries_read as sql

__all__ = ["SNAPSHOTS", "base", "page"]

SNAPSHOTS = 100
"""Open runs in one beginning, the newest; more are asked for one by one."""


def page(
    raw: sqlite3.Connection, *, run: RunId | None, after: int, limit: int, most: int
) -> tuple[list[RunEvent], int] | None:
    """At most `limit` events after a position, of one run or of all, and how far the log was read.

    None when more than `most` events wait, or the position is not of this log: the reader must begin anew.
    """
    upto = projecting.cursor(raw, projecting.PROJECTOR)
    values = {"run": run, "after": after, "upto": upto, "limit": most + 1}
    count, events = (sql.COUNT_OF_RUN, sql.PAGE_OF_RUN) if run else (sql.COUNT_OF_ALL, sql.PAGE_OF_ALL)
    if after > upto or raw.execute(count, values).fetchone()[0] > most:
        return None
    found = [rows.event_of(row) for row in raw.execute(events, {**values, "limit": limit})]
    return found, found[-1].position if len(found) == limit else upto


def base(raw: sqlite3.Connection, *, run: RunId | None) -> tuple[int, list[StatusSnapshot]]:
    """The projector's position and what is true there: of one run, or of the open runs."""
    upto = projecting.cursor(raw, projecting.PROJECTOR)
    runs: Sequence[RunId] = (
        [run] if run else [RunId(row["id"]) for row in raw.execute(sql.OPEN_RUNS, {"limit": SNAPSHOTS})]
    )
    folds = projecting.folds(raw, runs).values()
    return upto, [fold.snapshot() for fold in folds if fold.lanes]
