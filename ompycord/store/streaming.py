"""The log as a stream reads it: pages after a position, or the snapshots to begin from; counterpart of `webhook/streams.py`.

Both end where the projector is, so that a snapshot and the events after it never overlap.
"""

import sqlite3
from collections.abc import Sequence

from ompycord.domain.events import RunEvent
from ompycord.domain.ids import RunId
from ompycord.store import projecting, rows
from ompycord.store import queries_read as sql

__all__ = ["SNAPSHOTS", "base", "page"]

SNAPSHOTS = 100
"""Open runs in one beginning, the newest; more are asked for one by one."""
NEAR = 5000
"""Positions that are looked through one by one; a stream that keeps up never reads more of a log, however long its run is."""


def page(
    raw: sqlite3.Connection, *, run: RunId | None, after: int, limit: int, most: int
) -> tuple[list[RunEvent], int] | None:
    """At most `limit` events after a position, of one run or of all, and how far the log was read.

    None when more than `most` events wait, or the position is not of this log: the reader must begin anew.
    """
    upto = projecting.cursor(raw, projecting.PROJECTOR)
    values = {"run": run, "after": after, "upto": upto, "limit": most + 1}
    if run is None:
        count, events = sql.COUNT_OF_ALL, sql.PAGE_OF_ALL
    elif upto - after <= NEAR:
        count, events = sql.COUNT_OF_RUN_NEAR, sql.PAGE_OF_RUN_NEAR
    else:
        count, events = sql.COUNT_OF_RUN, sql.PAGE_OF_RUN
    if after > upto or raw.execute(count, values).fetchone()[0] > most:
        return None
    found = [rows.event_of(row) for row in raw.execute(events, {**values, "limit": limit})]
    return found, found[-1].position if len(found) == limit else upto


def base(raw: sqlite3.Connection, *, run: RunId | None) -> projecting.Cached:
    """Where the projector is and the folds there: of one run, or of the newest open ones."""
    runs: Sequence[RunId] = (
        [run] if run else [RunId(row["id"]) for row in raw.execute(sql.OPEN_RUNS, {"limit": SNAPSHOTS})]
    )
    return projecting.cached(raw, runs)
