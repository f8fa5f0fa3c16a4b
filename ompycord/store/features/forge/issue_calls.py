"""What webhooks of forges brought: a delivery and what it makes are one transaction, so that it does nothing twice."""

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Final

from ompycord.domain.access import Person
from ompycord.domain.base import Millis
from ompycord.domain.issue_calls.records import CallState, HookDelivery, HookOutcome, IssueCall
from ompycord.store.database import StorePart
from ompycord.store.features.schedules.announcements import decide
from ompycord.store.statements import load

__all__ = ["SqliteIssueCalls"]

_SQL: Final = load("issue_calls")
_SEEN = _SQL.one("seen_delivery")
_NOTE = _SQL.one("note_delivery")
_FORGET_DELIVERIES = _SQL.one("forget_deliveries")
_IS_OPEN = _SQL.one("call_is_open")
_HAS_RUN = _SQL.one("issue_has_run")
_ADD = _SQL.one("add_call")
_WITHDRAW = _SQL.one("withdraw_calls")
_UNSTARTED = _SQL.one("unstarted_calls")
_CALL = _SQL.one("issue_call")
_LATELY = _SQL.one("ready_lately")
_PREPARE = _SQL.one("prepare_call")
_CONFIRM = _SQL.one("confirm_call")
_SETTLE = _SQL.one("settle_call")
_FORGET_CALLS = _SQL.one("forget_calls")
_MANY: Final = "Others came in the same ten minutes"


class SqliteIssueCalls(StorePart):
    """Implements `IssueCallRows`."""

    async def take(self, delivery: HookDelivery, calls: tuple[IssueCall, ...]) -> list[HookOutcome]:
        return await self._database.writer.submit(partial(_take, delivery=delivery, calls=calls))

    async def withdraw(self, delivery: HookDelivery, call: IssueCall, words: str) -> HookOutcome:
        return await self._database.writer.submit(partial(_withdraw, delivery=delivery, call=call, words=words))

    async def unstarted(self) -> list[IssueCall]:
        return await self._database.readers.all(_UNSTARTED, (), _call_of)

    async def prepared(self, call: IssueCall, *, put: str, burst: int, since: Millis) -> IssueCall | None:
        return await self._database.writer.submit(partial(_prepare, call=call, put=put, burst=burst, since=since))

    async def call(self, run: str) -> IssueCall | None:
        return next(iter(await self._database.readers.all(_CALL, (run,), _call_of)), None)

    async def confirmed(self, call: IssueCall, person: Person, words: str) -> bool:
        return await self._database.writer.submit(partial(_confirm, call=call, person=person, words=words))

    async def settled(self, run: str, started: bool) -> None:
        state = CallState.STARTED if started else CallState.REFUSED
        await self._database.writer.submit(partial(_settle, run=run, state=state))

    async def forget(self, before: Millis, words: Callable[[IssueCall], str]) -> None:
        await self._database.writer.submit(partial(_forget, before=before, words=words))


def _call_of(row: sqlite3.Row) -> IssueCall:
    return IssueCall.model_validate(dict(row))


def _note(raw: sqlite3.Connection, delivery: HookDelivery) -> bool:
    """Keep a delivery; False where it came before."""
    values = delivery.model_dump()
    if raw.execute(_SEEN, values).fetchone() is not None:
        return False
    raw.execute(_NOTE, values)
    return True


def _take(raw: sqlite3.Connection, delivery: HookDelivery, calls: tuple[IssueCall, ...]) -> list[HookOutcome]:
    if not _note(raw, delivery):
        return [HookOutcome.DUPLICATE]
    found: list[HookOutcome] = []
    for call in calls:
        values = call.model_dump(mode="json")
        if raw.execute(_IS_OPEN, values).fetchone() is not None:
            found.append(HookOutcome.OPEN)
            continue
        raw.execute(_ADD, values)
        found.append(HookOutcome.CALLED)
    return found


def _withdraw(raw: sqlite3.Connection, delivery: HookDelivery, call: IssueCall, words: str) -> HookOutcome:
    if not _note(raw, delivery):
        return HookOutcome.DUPLICATE
    withdrawn = [_call_of(row) for row in raw.execute(_WITHDRAW, call.model_dump(mode="json")).fetchall()]
    for one in withdrawn:
        decide(raw, one.question, words)
    return HookOutcome.WITHDRAWN if withdrawn else HookOutcome.IGNORED


def _prepare(raw: sqlite3.Connection, call: IssueCall, put: str, burst: int, since: Millis) -> IssueCall | None:
    values = call.model_dump(mode="json")
    # what was done on the forge is kept as deliveries are, under a name that no hook has
    act = HookDelivery(hook=f"put:{call.repository}", delivery=put, signature=call.run, at=call.at)
    is_another = bool(put) and not _note(raw, act)
    if is_another or raw.execute(_HAS_RUN, values).fetchone() is not None:
        raw.execute(_SETTLE, {"run": call.run, "state": CallState.REFUSED})
        return None
    lately = int(raw.execute(_LATELY, {**values, "since": since}).fetchone()[0])
    if call.state is CallState.READY and lately >= burst:
        call = call.model_copy(update={"state": CallState.WAITING, "why": _MANY})
    prepared = raw.execute(_PREPARE, call.model_dump(mode="json")).rowcount == 1
    return call if prepared else None


def _confirm(raw: sqlite3.Connection, call: IssueCall, person: Person, words: str) -> bool:
    if raw.execute(_CONFIRM, {"run": call.run, "by": person.id, "by_name": person.name}).rowcount == 0:
        return False
    decide(raw, call.question, words)
    return True


def _settle(raw: sqlite3.Connection, run: str, state: CallState) -> None:
    raw.execute(_SETTLE, {"run": run, "state": state})


def _forget(raw: sqlite3.Connection, before: Millis, words: Callable[[IssueCall], str]) -> None:
    raw.execute(_FORGET_DELIVERIES, (before,))
    for call in [_call_of(row) for row in raw.execute(_FORGET_CALLS, (before,)).fetchall()]:
        if call.state is CallState.WAITING:
            decide(raw, call.question, words(call))
