"""The rows of runs: found by people and by the projector, added and moved by commits."""

import json
import sqlite3
from collections.abc import Sequence

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import Committed, RunPlaced, Transition
from ompycord.domain.run import FINAL, RunRecord
from ompycord.errors import UnknownRun, VersionConflict
from ompycord.store.database import StorePart
from ompycord.store.rows import with_json
from ompycord.store.statements import load
from ompycord.store.writes import Write, each

__all__ = ["WRITES", "SqliteRuns", "run_of", "run_pk"]

_SQL = load("runs")
_RUN_PK = _SQL.one("run_pk")
_RUN = _SQL.one("run")
_RUNS_BY_ID = _SQL.one("runs_by_id")
_CHAIN = _SQL.one("chain")
_RUNS = _SQL.one("runs")
_RUNS_OPEN = _SQL.one("runs_open")
_ADD_RUN = _SQL.one("add_run")
_MOVE_RUN = _SQL.one("move_run")
_PLACE_RUN = _SQL.one("place_run")


class SqliteRuns(StorePart):
    """Implements `RunRecords` and `RunChains`, and the projector's reading of rows."""

    async def run(self, run: RunId) -> RunRecord | None:
        return await self._database.readers.one(_RUN, (run,), run_of)

    async def runs_by_id(self, runs: Sequence[RunId]) -> dict[RunId, RunRecord]:
        found = await self._database.readers.all(_RUNS_BY_ID, (json.dumps(runs),), run_of)
        return {RunId(record.id): record for record in found}

    async def chain(self, first: RunId) -> list[RunRecord]:
        return await self._database.readers.all(_CHAIN, {"first": first}, run_of)

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        values = which.model_dump(exclude={"states"})
        values["states"] = None if which.states is None else json.dumps(sorted(which.states))
        return await self._database.readers.all(_RUNS_OPEN if which.is_open else _RUNS, values, run_of)


def run_of(row: sqlite3.Row) -> RunRecord:
    """A run's row, whole: a column that a statement omitted would read as its default."""
    values = with_json(row, "machine")
    del values["pk"]
    return RunRecord.model_validate(values)


def run_pk(raw: sqlite3.Connection, run: str) -> int:
    """A run's row number. Raises UnknownRun."""
    row = raw.execute(_RUN_PK, (run,)).fetchone()
    if row is None:
        raise UnknownRun(f"There is no run {run}.")
    pk: int = row[0]
    return pk


def _earlier(raw: sqlite3.Connection, runs: Sequence[RunRecord]) -> Committed | None:
    """Whether one of them exists already."""
    return Committed(fresh=False) if any(raw.execute(_RUN_PK, (run.id,)).fetchone() for run in runs) else None


def _add(raw: sqlite3.Connection, run: RunRecord, now: Millis) -> None:
    machine = None if run.machine is None else run.machine.model_dump_json()
    raw.execute(_ADD_RUN, {**run.model_dump(exclude={"machine"}), "machine": machine})


def _move(raw: sqlite3.Connection, transition: Transition, now: Millis) -> None:
    """Raises VersionConflict where the row has moved since it was read, UnknownRun."""
    machine = transition.machine
    values = {
        "id": transition.run,
        "version": transition.expect_version,
        "state": machine.state,
        "machine": machine.model_dump_json(),
        "is_final": machine.state in FINAL,
        "now": now,
    }
    if raw.execute(_MOVE_RUN, values).rowcount:
        return
    run_pk(raw, transition.run)
    raise VersionConflict(f"Run {transition.run} moved since version {transition.expect_version} was read.")


def _place(raw: sqlite3.Connection, placed: RunPlaced, now: Millis) -> None:
    raw.execute(_PLACE_RUN, placed.model_dump())


WRITES = (
    Write(record=RunRecord, prepare=each(_add), earlier=_earlier),
    Write(record=Transition, prepare=each(_move)),
    Write(record=RunPlaced, prepare=each(_place)),
)
