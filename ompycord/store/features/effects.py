"""The journal: effects with their intent, start and end, and the leases under which their steps are done."""

import sqlite3

from ompycord.domain.base import Millis
from ompycord.domain.effects import EFFECTS
from ompycord.domain.records import EffectRow, EffectStatus, EffectUpdate
from ompycord.errors import StaleResult, UnknownRun
from ompycord.store.database import StorePart
from ompycord.store.features.runs import run_pk
from ompycord.store.statements import load
from ompycord.store.writes import Write, each

__all__ = ["WRITES", "SqliteJournal"]

_SQL = load("effects")
_OPEN_EFFECTS = _SQL.one("open_effects")
_ADD_EFFECT = _SQL.one("add_effect")
_MOVE_EFFECT = _SQL.one("move_effect")
_EFFECT_EXISTS = _SQL.one("effect_exists")
_NEXT_LEASE = _SQL.one("next_lease")
_LEASE = _SQL.one("lease")


class SqliteJournal(StorePart):
    """Implements `Journal`."""

    async def open_effects(self) -> list[EffectRow]:
        return await self._database.readers.all(_OPEN_EFFECTS, (), _effect_of)


def _effect_of(row: sqlite3.Row) -> EffectRow:
    values = dict(row)
    values["effect"] = EFFECTS.validate_json(values.pop("body"))
    return EffectRow.model_validate(values)


def _add(raw: sqlite3.Connection, row: EffectRow, now: Millis) -> None:
    times = (row.created_at, row.started_at, row.finished_at, row.outcome)
    raw.execute(
        _ADD_EFFECT, (run_pk(raw, row.run), row.key, row.effect.model_dump_json(), row.status, row.attempts, *times)
    )


def _move(raw: sqlite3.Connection, update: EffectUpdate, now: Millis) -> None:
    """Raises UnknownRun where the journal has no such step, StaleResult where its lease is over."""
    values = {**update.model_dump(exclude={"run", "epoch"}), "run": run_pk(raw, update.run)}
    _check_lease(raw, update, values["run"])
    if (
        not raw.execute(_MOVE_EFFECT, values).rowcount
        and not raw.execute(_EFFECT_EXISTS, (values["run"], update.key)).fetchone()
    ):
        raise UnknownRun(f"Run {update.run} has no effect {update.key}.")


def _check_lease(raw: sqlite3.Connection, update: EffectUpdate, run: int) -> None:
    """A start takes the run's next lease; an end must hold the last one. Raises StaleResult."""
    if update.status is EffectStatus.STARTED:
        raw.execute(_NEXT_LEASE, (run,))
    if update.epoch is not None and raw.execute(_LEASE, (run,)).fetchone()["lease_epoch"] != update.epoch:
        raise StaleResult(f"{update.key} was done under lease {update.epoch} of its run, which has another by now.")


WRITES = (
    Write(record=EffectRow, prepare=each(_add)),
    Write(record=EffectUpdate, prepare=each(_move)),
)
