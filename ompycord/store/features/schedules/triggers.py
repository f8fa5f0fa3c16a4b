"""Triggers: a message is decided about in the transaction that counts it, so that many at once start one run."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.schedules.announcement import Announcement
from ompycord.domain.triggers.records import (
    Firing,
    FiringOutcome,
    FiringRequest,
    Storm,
    TriggerRun,
    TriggerState,
    storm_question,
)
from ompycord.store.database import StorePart
from ompycord.store.features.schedules.announcements import announce, decide
from ompycord.store.statements import load

__all__ = ["SqliteTriggers"]

_SQL = load("triggers")
_STATE = _SQL.one("trigger_state")
_COUNTS = _SQL.one("trigger_counts")
_SET_PAUSED = _SQL.one("set_paused")
_FIRE = _SQL.one("fire")
_LATELY = _SQL.one("lately")
_NOTE = _SQL.one("note_fire")
_ADD_RUN = _SQL.one("add_trigger_run")
_OPEN_STORM = _SQL.one("open_storm")
_ADD_STORM = _SQL.one("add_storm")
_STORM = _SQL.one("storm")
_STORM_FIRES = _SQL.one("storm_fires")
_CLOSE_STORM = _SQL.one("close_storm")
_END_STORM = _SQL.one("end_storm")
_CLAIMED = _SQL.one("claimed_runs")
_SETTLE = _SQL.one("settle_run")
_STARTED = _SQL.one("started_since")
_WINDOW_MS: Final = 10 * 60 * 1000


class SqliteTriggers(StorePart):
    """Implements `TriggerRows`."""

    async def fire(self, request: FiringRequest, question: Announcement | None) -> Firing:
        return await self._database.writer.submit(partial(_fire, request=request, question=question))

    async def claimed(self) -> list[TriggerRun]:
        return await self._database.readers.all(_CLAIMED, (), _run_of)

    async def settled(self, run: str, state: str) -> None:
        await self._database.writer.submit(partial(_settle, run=run, state=state))

    async def started_since(self, trigger: str, at: Millis) -> Sequence[str]:
        return await self._database.readers.all(_STARTED, {"trigger": trigger, "at": at}, _id_of)

    async def state(self, trigger: str) -> TriggerState:
        return await self._database.readers.read(partial(_state, trigger=trigger))

    async def set_paused(self, trigger: str, why: str | None, *, at: Millis) -> bool:
        return await self._database.writer.submit(partial(_set_paused, trigger=trigger, why=why, at=at))

    async def storm(self, storm: str) -> Storm | None:
        return await self._database.readers.read(partial(_storm, storm=storm))

    async def close_storm(self, storm: Storm, by: str, run: TriggerRun | None, words: str) -> bool:
        at = self._database.clock.now_ms()
        closing = partial(_close_storm, storm=storm, by=by, run=run, words=words, at=at)
        return await self._database.writer.submit(closing)


def _run_of(row: sqlite3.Row) -> TriggerRun:
    return TriggerRun.model_validate(dict(row))


def _id_of(row: sqlite3.Row) -> str:
    return str(row["run"])


def _fire(raw: sqlite3.Connection, request: FiringRequest, question: Announcement | None) -> Firing:
    found = raw.execute(_STATE, (request.trigger,)).fetchone()
    if found is not None and found["paused"] is not None:
        return _noted(raw, request, FiringOutcome.PAUSED)
    which = {"trigger": request.trigger, "fingerprint": request.fingerprint}
    before = raw.execute(_FIRE, which).fetchone()
    if before is not None and before["is_open"]:
        return _noted(raw, request, FiringOutcome.OPEN)
    if before is not None and before["started_at"] and request.at - before["started_at"] < request.cooldown_ms:
        return _noted(raw, request, FiringOutcome.COOLDOWN)
    since = {"trigger": request.trigger, "since": request.at - _WINDOW_MS}
    if int(raw.execute(_LATELY, since).fetchone()[0]) >= request.burst:
        return _joined(raw, request, question)
    outcome = FiringOutcome.DRY if request.is_dry else FiringOutcome.RUN
    state = "dry" if request.is_dry else "claimed"
    values = {"run": request.run, "trigger": request.trigger, "prompt": request.prompt, "at": request.at}
    raw.execute(_ADD_RUN, {**values, "state": state})
    return _noted(raw, request, outcome, run=request.run, started_at=request.at)


def _joined(raw: sqlite3.Connection, request: FiringRequest, question: Announcement | None) -> Firing:
    """More than may start runs: it joins the open question, or opens one.

    A dry trigger asks nothing, nor does one that has no place to ask in.
    """
    if request.is_dry or question is None:
        return _noted(raw, request, FiringOutcome.STORM)
    there = raw.execute(_OPEN_STORM, (request.trigger,)).fetchone()
    if there is not None:
        return _noted(raw, request, FiringOutcome.STORM, storm=str(there["id"]))
    raw.execute(_ADD_STORM, {"storm": request.storm, "trigger": request.trigger, "at": request.at})
    announce(raw, question)
    return _noted(raw, request, FiringOutcome.QUESTION, storm=request.storm)


def _noted(
    raw: sqlite3.Connection,
    request: FiringRequest,
    outcome: FiringOutcome,
    *,
    run: str | None = None,
    started_at: Millis = 0,
    storm: str | None = None,
) -> Firing:
    values = request.model_dump(include={"trigger", "fingerprint", "subject", "prompt", "at"})
    raw.execute(_NOTE, {**values, "run": run, "started_at": started_at, "storm": storm})
    return Firing(outcome=outcome, run=run or "", storm=storm or "")


def _settle(raw: sqlite3.Connection, run: str, state: str) -> None:
    raw.execute(_SETTLE, {"run": run, "state": state})


def _state(raw: sqlite3.Connection, trigger: str) -> TriggerState:
    found = raw.execute(_STATE, (trigger,)).fetchone()
    counts = dict(raw.execute(_COUNTS, {"trigger": trigger}).fetchone())
    return TriggerState.model_validate({**counts, **({} if found is None else dict(found))})


def _set_paused(raw: sqlite3.Connection, trigger: str, why: str | None, at: Millis) -> bool:
    return raw.execute(_SET_PAUSED, {"trigger": trigger, "why": why, "at": at}).rowcount > 0


def _storm(raw: sqlite3.Connection, storm: str) -> Storm | None:
    found = raw.execute(_STORM, (storm,)).fetchone()
    if found is None:
        return None
    fires = raw.execute(_STORM_FIRES, (storm,)).fetchall()
    return Storm(
        id=found["id"],
        trigger=found["trigger"],
        is_open=bool(found["is_open"]),
        messages=sum(int(one["messages"]) for one in fires),
        prompts=tuple(str(one["prompt"]) for one in fires),
        subjects=tuple(str(one["subject"]) for one in fires),
    )


def _close_storm(
    raw: sqlite3.Connection, storm: Storm, by: str, run: TriggerRun | None, words: str, at: Millis
) -> bool:
    if raw.execute(_CLOSE_STORM, {"storm": storm.id, "by": by}).rowcount == 0:
        return False
    decide(raw, storm_question(storm.trigger, storm.id), words)
    if run is not None:
        raw.execute(_ADD_RUN, {**run.model_dump(), "state": "claimed"})
    raw.execute(_END_STORM, {"storm": storm.id, "run": None if run is None else run.run, "at": at})
    return True
