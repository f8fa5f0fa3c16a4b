"""Budgets: sums of the ledger by account, what agents report beside it, raises and warnings."""

import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import NANO, AccountKey, AccountScope, BudgetRaise
from ompycord.domain.budgets.periods import Period, PeriodSpan
from ompycord.domain.ids import RunId
from ompycord.domain.ports.model_ledger import SpentSoFar
from ompycord.domain.ports.team.budgets import BudgetWarning, QuarterSpending
from ompycord.domain.records import Committed
from ompycord.store.database import StorePart
from ompycord.store.features.audit import add_audit
from ompycord.store.features.runs import run_pk
from ompycord.store.statements import load
from ompycord.store.writes import Write, each

__all__ = ["WRITES", "SqliteBudgets"]

_SQL = load("budgets")
_SPENT = _SQL.one("spent_by")
_BY_QUARTER = _SQL.one("spent_by_quarter")
_SPENDERS = _SQL.one("spenders")
_IN_LEDGER = _SQL.one("in_ledger")
_REPORT = _SQL.one("report_spending")
_RAISE = _SQL.one("budget_raise")
_PUT_RAISE = _SQL.one("raise_budget")
_WARNED = _SQL.one("was_warned")
_ADD_WARNING = _SQL.one("add_warning")


class SqliteBudgets(StorePart):
    """Implements `BudgetLedger`."""

    async def spent_by(self, key: AccountKey, span: PeriodSpan) -> SpentSoFar:
        return await self._database.readers.one(_SPENT, _where(key, span), _spent_of) or SpentSoFar()

    async def spent_by_quarter(self, key: AccountKey, span: PeriodSpan) -> list[QuarterSpending]:
        return await self._database.readers.all(_BY_QUARTER, _where(key, span), _quarter_of)

    async def spenders(self, guild: str, scope: AccountScope, span: PeriodSpan, *, most: int) -> Sequence[str]:
        where = {**_where(AccountKey(guild, scope, ""), span), "most": most}
        return await self._database.readers.all(_SPENDERS, where, lambda row: str(row["name"]))

    async def report_spending(self, run: RunId, total: SpentSoFar, *, at: Millis) -> SpentSoFar:
        return await self._database.writer.submit(partial(_report, run=run, total=total, at=at))

    async def budget_raise(self, key: AccountKey, period: Period, start: Millis) -> BudgetRaise | None:
        where = {**_named(key), "period": period, "start": start}
        return await self._database.readers.one(_RAISE, where, partial(_raise_of, key=key, period=period, start=start))

    async def raise_budget(self, raised: BudgetRaise) -> None:
        await self._database.writer.submit(partial(_raise, raised=raised))


def _named(key: AccountKey) -> dict[str, Any]:
    return {"guild": key.guild, "scope": key.scope, "name": key.name}


def _where(key: AccountKey, span: PeriodSpan) -> dict[str, Any]:
    return {**_named(key), "start": span.start, "end": span.end}


def _spent_of(row: sqlite3.Row) -> SpentSoFar:
    return SpentSoFar.model_validate(dict(row))


def _quarter_of(row: sqlite3.Row) -> QuarterSpending:
    return QuarterSpending.model_validate(dict(row))


def _raise_of(row: sqlite3.Row, *, key: AccountKey, period: Period, start: Millis) -> BudgetRaise:
    usd = None if row["nano_usd"] is None else Decimal(row["nano_usd"]) / NANO
    return BudgetRaise(
        key=key, period=period, start=start, usd=usd, tokens=row["tokens"], by=row["by"], by_name=row["by_name"],
        at=row["at"],
    )  # fmt: skip


def _report(raw: sqlite3.Connection, *, run: RunId, total: SpentSoFar, at: Millis) -> SpentSoFar:
    pk = run_pk(raw, run)
    known = _spent_of(raw.execute(_IN_LEDGER, {"run": pk}).fetchone())
    more = SpentSoFar(tokens=max(0, total.tokens - known.tokens), nano_usd=max(0, total.nano_usd - known.nano_usd))
    if more.tokens or more.nano_usd:
        raw.execute(_REPORT, {"run": pk, "at": at, **more.model_dump()})
    return more


def _raise(raw: sqlite3.Connection, raised: BudgetRaise) -> None:
    nano = None if raised.usd is None else int((raised.usd * NANO).to_integral_value())
    row = {
        **_named(raised.key), "period": raised.period, "start": raised.start, "nano_usd": nano,
        "tokens": raised.tokens, "by": raised.by, "by_name": raised.by_name, "at": raised.at,
    }  # fmt: skip
    raw.execute(_PUT_RAISE, row)
    subject = ":".join(part for part in ("budget", raised.key.scope, raised.key.name) if part)
    detail = {
        "server": raised.key.guild, "period": raised.period, "start": str(raised.start), "by_name": raised.by_name,
        **({} if raised.usd is None else {"usd": str(raised.usd)}),
        **({} if raised.tokens is None else {"tokens": str(raised.tokens)}),
    }  # fmt: skip
    add_audit(raw, at=raised.at, actor=raised.by, action="raise-budget", subject=subject, detail=detail)


def _warning(warning: BudgetWarning) -> dict[str, Any]:
    return {**_named(warning.key), **warning.model_dump(exclude={"key"})}


def _warned_earlier(raw: sqlite3.Connection, warnings: Sequence[BudgetWarning]) -> Committed | None:
    is_given = any(
        raw.execute(_WARNED, {name: value for name, value in _warning(one).items() if name != "at"}).fetchone()
        for one in warnings
    )
    return Committed(fresh=False) if is_given else None


def _warn(raw: sqlite3.Connection, warning: BudgetWarning, now: Millis) -> None:
    raw.execute(_ADD_WARNING, _warning(warning))


WRITES = (Write(record=BudgetWarning, prepare=each(_warn), earlier=_warned_earlier),)
