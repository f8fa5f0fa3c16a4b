"""Schedules and their occurrences; an occurrence is unique by schedule and key, and worked on under a lease."""

import sqlite3
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from ompycord.domain.base import Millis
from ompycord.domain.schedules.schedule import Claim, Occurrence, OccurrenceState, Schedule
from ompycord.store.database import StorePart
from ompycord.store.rows import with_json
from ompycord.store.statements import load

__all__ = ["SqliteSchedules"]

_SQL = load("schedules")
_ALL = _SQL.one("schedules")
_PUT = _SQL.one("put_schedule")
_REMOVE = _SQL.one("remove_schedule")
_PAUSE = _SQL.one("pause_schedule")
_MOVE = _SQL.one("move_schedule")
_BUSY = _SQL.one("busy")
_ADD = _SQL.one("add_occurrence")
_UNFINISHED = _SQL.one("unfinished")
_LEASE = _SQL.one("lease_occurrence")
_FINISH = _SQL.one("finish_occurrence")
_STARTED = _SQL.one("count_started")
_SKIPPED = _SQL.one("count_skipped")
_FORGET = _SQL.one("forget_occurrences")
_COLUMNS: Final = frozenset({"paused", "next_at", "next_key", "failures", "skipped", "last_run"})
"""Of a schedule that its row has beside the body."""
_FINISHED: Final = ("schedule", "key", "epoch", "state", "reason", "not_before")


class SqliteSchedules(StorePart):
    """Implements `ScheduleRows` and `OccurrenceRows`."""

    async def schedules(self, guild: str | None = None) -> list[Schedule]:
        return await self._database.readers.all(_ALL, {"guild": guild}, _schedule_of)

    async def put(self, schedule: Schedule) -> bool:
        return await self._database.writer.submit(partial(_put, values=_values(schedule)))

    async def remove(self, schedule: str) -> bool:
        return await self._database.writer.submit(partial(_change, sql=_REMOVE, values=(schedule,)))

    async def pause(self, schedule: str, why: str) -> bool:
        return await self._database.writer.submit(partial(_change, sql=_PAUSE, values={"id": schedule, "why": why}))

    async def claim(self, claim: Claim) -> bool:
        return await self._database.writer.submit(partial(_claim, claim=claim))

    async def unfinished(self, now: Millis) -> list[Occurrence]:
        return await self._database.readers.all(_UNFINISHED, {"now": now}, _occurrence_of)

    async def lease(self, occurrence: Occurrence, *, now: Millis, until: Millis) -> Occurrence | None:
        values = {**occurrence.model_dump(include={"schedule", "key", "epoch"}), "now": now, "until": until}
        if not await self._database.writer.submit(partial(_change, sql=_LEASE, values=values)):
            return None
        return occurrence.model_copy(update={"epoch": occurrence.epoch + 1, "lease_until": until})

    async def finish(
        self,
        occurrence: Occurrence,
        state: OccurrenceState,
        *,
        reason: str = "",
        not_before: Millis = 0,
        is_failure: bool = False,
    ) -> bool:
        values = {
            **occurrence.model_dump(include={"schedule", "key", "epoch", "run"}),
            "state": state,
            "reason": reason,
            "not_before": not_before,
            "is_failure": is_failure,
        }
        return await self._database.writer.submit(partial(_finish, values=values))

    async def forget(self, before: Millis) -> None:
        await self._database.writer.submit(partial(_change, sql=_FORGET, values=(before,)), is_aside=True)


def _values(schedule: Schedule) -> dict[str, Any]:
    row = schedule.model_dump(mode="json", include={"id", "guild", "name", *_COLUMNS})
    return {**row, "body": schedule.model_dump_json(exclude=set(_COLUMNS))}


def _schedule_of(row: sqlite3.Row) -> Schedule:
    values = with_json(row, "body")
    body: dict[str, Any] = values.pop("body")
    return Schedule.model_validate({**body, **values})


def _occurrence_of(row: sqlite3.Row) -> Occurrence:
    return Occurrence.model_validate(dict(row))


def _put(raw: sqlite3.Connection, values: Mapping[str, Any]) -> bool:
    return raw.execute(_PUT, values).rowcount == 1


def _change(raw: sqlite3.Connection, sql: str, values: Any) -> bool:
    return raw.execute(sql, values).rowcount > 0


def _claim(raw: sqlite3.Connection, claim: Claim) -> bool:
    """Both or nothing: whoever moves the schedule on has its occurrence, if that was not done before."""
    values = claim.model_dump(include={"schedule", "expect_key", "next_at", "next_key", "skipped"})
    if raw.execute(_MOVE, values).rowcount == 0:
        return False
    if claim.occurrence is None:
        return True
    new = claim.occurrence
    if raw.execute(_BUSY, {"schedule": new.schedule, "key": new.key, "now": new.claimed_at}).fetchone() is not None:
        raw.execute(
            _SKIPPED, {"is_failure": False, "schedule": new.schedule}
        )  # the earlier one has not been started yet
        return False
    return raw.execute(_ADD, new.model_dump(mode="json")).rowcount == 1


def _finish(raw: sqlite3.Connection, values: Mapping[str, Any]) -> bool:
    if raw.execute(_FINISH, {name: values[name] for name in _FINISHED}).rowcount == 0:
        return False
    if values["state"] == OccurrenceState.STARTED:
        raw.execute(_STARTED, {name: values[name] for name in ("run", "schedule")})
    elif values["state"] == OccurrenceState.SKIPPED:
        raw.execute(_SKIPPED, {name: values[name] for name in ("is_failure", "schedule")})
    return True
