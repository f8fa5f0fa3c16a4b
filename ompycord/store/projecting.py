"""What the projector and the deliveries write and read: folds, cursors, outbox, surfaces; counterpart of `log.py`."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from ompycord.domain.base import Millis
from ompycord.domain.fold import FOLD_VERSION, RunFold
from ompycord.domain.ids import RunId
from ompycord.domain.ports import DumpedFold
from ompycord.domain.records import Board, OutboxRow, Surface
from ompycord.domain.run import RunState
from ompycord.store import queries_read, rows
from ompycord.store import queries_write as sql
from ompycord.store.deciding import add_outbox
from ompycord.store.log import run_pk

__all__ = [
    "PROJECTOR",
    "Cached",
    "Refold",
    "backlog",
    "cached",
    "cursor",
    "delivered",
    "drop_board",
    "project",
    "put_board",
    "put_probe",
    "put_surface",
    "undelivered",
]

PROJECTOR = "projector"
"""The name of the reader whose cursor cached folds follow."""
REFOLD_EVENTS = 5000


def cursor(raw: sqlite3.Connection, name: str) -> int:
    """The last position that a reader has taken in, 0 at first."""
    row = raw.execute(queries_read.CURSOR, (name,)).fetchone()
    return 0 if row is None else row[0]


def put_probe(raw: sqlite3.Connection) -> None:
    """A row for the sake of writing one."""
    raw.execute(sql.PUT_PROBE)


def backlog(raw: sqlite3.Connection) -> int:
    """Positions are given without gaps, so this is a subtraction and not a count."""
    last: int = raw.execute(queries_read.LAST_POSITION).fetchone()[0]
    return last - cursor(raw, PROJECTOR)


class Cached(NamedTuple):
    """What the cache knows of some runs, all at one moment."""

    upto: int
    """The projector's position."""
    folds: dict[RunId, RunFold | None]
    """None where a run must be refolded; a run that does not exist is not there."""


def cached(raw: sqlite3.Connection, runs: Sequence[RunId]) -> Cached:
    """Folds of this version, where they stand at the projector's position."""
    upto = cursor(raw, PROJECTOR)
    result: dict[RunId, RunFold | None] = {}
    for run in runs:
        row = raw.execute(queries_read.FOLD, (FOLD_VERSION, run)).fetchone()
        if row is not None:
            result[run] = _cached(row["body"])
    return Cached(upto, result)


def _cached(body: bytes | None) -> RunFold | None:
    try:
        return None if body is None else RunFold.load(body)
    except ValidationError:  # only a cache: the events are the truth
        return None


class Refold:
    """Folds a run from its events, some thousand at a time: one query over a long log would outlast its deadline."""

    def __init__(self, run: RunId, *, upto: int) -> None:
        self.fold = RunFold(run)
        self._values = {"run": run, "upto": upto, "source": "", "seq": 0, "limit": REFOLD_EVENTS}

    def go_on(self, raw: sqlite3.Connection) -> bool:
        """The next ones, by source and number, since a fold does not mind the order; whether there are more."""
        found = [rows.event_of(row) for row in raw.execute(queries_read.EVENTS_BY_SOURCE, self._values)]
        for event in found:
            self.fold.add(event)
        if found:
            self._values.update(source=found[-1].source, seq=found[-1].seq)
        return len(found) == REFOLD_EVENTS


def project(
    raw: sqlite3.Connection,
    name: str,
    *,
    upto: int,
    dumps: Sequence[DumpedFold],
    states: Mapping[RunId, tuple[RunState, Millis | None]],
    outbox: Sequence[OutboxRow],
    now: Millis,
) -> None:
    """Dumped folds, states of external runs, outbox rows and the cursor. Doing it again changes nothing."""
    # A few statements over many rows: an append that waits behind this transaction feels each of them (bench webhook, p99).
    sql.PUT_FOLDS.run(raw, [(run, FOLD_VERSION, position, dump) for run, position, dump in dumps])
    sql.PUT_STATES.run(raw, [(run, state, ended_at, now) for run, (state, ended_at) in states.items()])
    add_outbox(raw, outbox)
    raw.execute(sql.PUT_CURSOR, (name, upto))


def delivered(raw: sqlite3.Connection, row: OutboxRow, surface: Surface | None, *, at: Millis) -> None:
    """Done, and where it stands."""
    raw.execute(sql.DELIVERED, (at, row.id))
    if surface is not None:
        put_surface(raw, surface)


def undelivered(raw: sqlite3.Connection, row: OutboxRow, *, error: str, final: bool) -> None:
    """One more try failed, or the last."""
    raw.execute(sql.UNDELIVERED, {"id": row.id, "error": error, "final": final})


def put_surface(raw: sqlite3.Connection, surface: Surface) -> None:
    """What a message shows now."""
    raw.execute(sql.PUT_SURFACE, {**surface.model_dump(exclude={"run"}), "run": run_pk(raw, surface.run)})


def put_board(raw: sqlite3.Connection, board: Board) -> None:
    """Where a channel's board stands and what it shows now."""
    raw.execute(sql.PUT_BOARD, board.model_dump())


def drop_board(raw: sqlite3.Connection, channel: str) -> None:
    """It is gone."""
    raw.execute(sql.DROP_BOARD, (channel,))
