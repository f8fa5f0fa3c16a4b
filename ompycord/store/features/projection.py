"""What the projector reads and stores: the log in commit order, folds, cursors, states of external runs."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from pydantic import ValidationError

from ompycord.domain.base import Millis
from ompycord.domain.deliveries import Delivery
from ompycord.domain.events import RunEvent
from ompycord.domain.folds.fold import FOLD_VERSION, RunFold
from ompycord.domain.ids import RunId
from ompycord.domain.ports import DumpedFold
from ompycord.domain.records import OutboxRow
from ompycord.domain.run import RunState
from ompycord.store.archive.files import ArchiveFiles
from ompycord.store.archive.reading import archived_events
from ompycord.store.database import StorePart
from ompycord.store.features.deliveries import add_deliveries
from ompycord.store.features.outbox import add_outbox
from ompycord.store.rows import event_of
from ompycord.store.statements import load

__all__ = ["PROJECTOR", "Cached", "SqliteProjection", "cached", "cursor", "put_cursor"]

PROJECTOR = "projector"
"""The name of the reader whose cursor cached folds follow."""
REFOLD_EVENTS = 5000

_SQL = load("projection")
_CURSOR = _SQL.one("cursor")
_LAST_POSITION = _SQL.one("last_position")
_EVENTS_AFTER = _SQL.one("events_after")
_FOLD = _SQL.one("fold")
_EVENTS_BY_SOURCE = _SQL.one("events_by_source")
_PUT_FOLDS = _SQL.many("put_folds")
_PUT_STATES = _SQL.many("put_states")
_PUT_CURSOR = _SQL.one("put_cursor")


class SqliteProjection(StorePart):
    """Implements `Projection` (with the rows of `runs.py`), `Folds` and `EventBacklog`."""

    async def cursor(self, name: str) -> int:
        return await self._database.readers.read(partial(cursor, name=name))

    async def events_after(self, position: int, *, limit: int) -> list[RunEvent]:
        return await self._database.readers.all(_EVENTS_AFTER, (position, limit), event_of)

    async def folds(self, runs: Sequence[RunId]) -> dict[RunId, RunFold]:
        return await self._complete(await self._database.readers.read(partial(cached, runs=runs)))

    async def project(
        self,
        name: str,
        *,
        upto: int,
        folds: Sequence[DumpedFold],
        states: Mapping[RunId, tuple[RunState, Millis | None]],
        outbox: Sequence[OutboxRow],
        notifications: Sequence[Delivery] = (),
    ) -> None:
        work = partial(
            _project,
            name=name,
            upto=upto,
            dumps=tuple(folds),
            states=dict(states),
            outbox=tuple(outbox),
            notifications=tuple(notifications),
            now=self._database.clock.now_ms(),
        )
        await self._database.writer.submit(work, weight=1 + len(folds) + len(notifications), is_aside=True)

    async def backlog(self) -> int:
        return await self._database.readers.read(_backlog)

    async def _complete(self, known: "Cached") -> dict[RunId, RunFold]:
        """The folds of a cache, and those missing in it, folded again."""
        result: dict[RunId, RunFold] = {}
        for run, fold in known.folds.items():
            result[run] = fold or await self._refolded(run, upto=known.upto)
        return result

    async def _refolded(self, run: RunId, *, upto: int) -> RunFold:
        refold = _Refold(run, upto=upto, files=self._database.archive)
        while await self._database.readers.read(refold.go_on):
            pass
        return refold.fold


def cursor(raw: sqlite3.Connection, name: str) -> int:
    """The last position that a reader has taken in, 0 at first."""
    row = raw.execute(_CURSOR, (name,)).fetchone()
    return 0 if row is None else row[0]


def put_cursor(raw: sqlite3.Connection, name: str, position: int) -> None:
    """A reader has taken in what is up to there; never backwards."""
    raw.execute(_PUT_CURSOR, (name, position))


def _backlog(raw: sqlite3.Connection) -> int:
    """The number of events behind. Positions have no gaps, so this is a subtraction and not a count."""
    last: int = raw.execute(_LAST_POSITION).fetchone()[0]
    return last - cursor(raw, PROJECTOR)


class Cached(NamedTuple):
    """The cache of some runs, all at one moment."""

    upto: int
    """The projector's position."""
    folds: dict[RunId, RunFold | None]
    """None where a run must be refolded; a run that does not exist is not there."""


def cached(raw: sqlite3.Connection, runs: Sequence[RunId]) -> Cached:
    """The cached folds of this version, where they are at the projector's position."""
    upto = cursor(raw, PROJECTOR)
    result: dict[RunId, RunFold | None] = {}
    for run in runs:
        row = raw.execute(_FOLD, (FOLD_VERSION, run)).fetchone()
        if row is not None:
            result[run] = _cached(row["body"])
    return Cached(upto, result)


def _cached(body: bytes | None) -> RunFold | None:
    try:
        return None if body is None else RunFold.load(body)
    except ValidationError:  # only a cache: the events decide
        return None


class _Refold:
    """Folds a run from its events, some thousand at a time: one query over a long log would outlast its deadline."""

    def __init__(self, run: RunId, *, upto: int, files: ArchiveFiles) -> None:
        self.fold = RunFold(run)
        self._run = run
        self._files: ArchiveFiles | None = files
        self._values = {"run": run, "upto": upto, "source": "", "seq": 0, "limit": REFOLD_EVENTS}

    def go_on(self, raw: sqlite3.Connection) -> bool:
        """Fold the next ones, by source and number, since their order does not matter; whether there are more.

        At first all that are in files, too. Raises StorageError.
        """
        if self._files is not None:
            for event in archived_events(raw, self._files, self._run):
                self.fold.add(event)
            self._files = None
        found = [event_of(row) for row in raw.execute(_EVENTS_BY_SOURCE, self._values)]
        for event in found:
            self.fold.add(event)
        if found:
            self._values.update(source=found[-1].source, seq=found[-1].seq)
        return len(found) == REFOLD_EVENTS


def _project(
    raw: sqlite3.Connection,
    name: str,
    *,
    upto: int,
    dumps: Sequence[DumpedFold],
    states: Mapping[RunId, tuple[RunState, Millis | None]],
    outbox: Sequence[OutboxRow],
    notifications: Sequence[Delivery],
    now: Millis,
) -> None:
    """Store dumped folds, states of external runs, outbox rows, deliveries to webhooks and the cursor.

    Repeated, it changes nothing.
    """
    # A few statements over many rows: an append that waits behind this transaction feels each of them (bench webhook,
    # p99).
    _PUT_FOLDS.run(raw, [(run, FOLD_VERSION, position, dump) for run, position, dump in dumps])
    _PUT_STATES.run(raw, [(run, state, ended_at, now) for run, (state, ended_at) in states.items()])
    add_outbox(raw, outbox)
    add_deliveries(raw, notifications)
    put_cursor(raw, name, upto)
