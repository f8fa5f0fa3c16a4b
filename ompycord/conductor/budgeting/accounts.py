"""The accounts of people, repositories and servers in their current day and month: one object each, for all runs.

What an account has spent is read from the ledger when its period is met first; from then on it is counted here, where
requests are reserved and settled, and each of them is a row of the ledger before it counts. A restart reads again.
"""

import asyncio
from dataclasses import replace
from decimal import Decimal

from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import (
    NANO,
    AccountKey,
    AccountLimit,
    BudgetRaise,
    Payer,
    SharedAccount,
    SpendingAccount,
    limits_of,
)
from ompycord.domain.budgets.options import BudgetOptions
from ompycord.domain.budgets.periods import Period, PeriodSpan, span_of
from ompycord.domain.ids import RunId
from ompycord.domain.ports.model_ledger import SpentSoFar
from ompycord.domain.ports.team.budgets import BudgetLedger

__all__ = ["SharedAccounts"]

_Id = tuple[AccountKey, Period, Millis]


class SharedAccounts:
    """All that are in use. Used by one loop."""

    def __init__(self, *, options: BudgetOptions, ledger: BudgetLedger) -> None:
        self.options = options
        self._ledger = ledger
        self._known: dict[_Id, SpendingAccount] = {}
        self._reading = asyncio.Lock()
        """Held while an account is read, or while something is stored that accounts hold: nothing counts twice."""

    async def of(self, payer: Payer, now: Millis) -> tuple[SpendingAccount, ...]:
        """The accounts with a limit that a run spends from at this moment. Raises StorageError."""
        limits = [limit for key in payer.accounts() for limit in limits_of(self.options, key)]
        return tuple([await self._account(limit, now) for limit in limits])

    async def of_key(self, key: AccountKey, now: Millis) -> tuple[SpendingAccount, ...]:
        """The current day and month of one account, where they have a limit. Raises StorageError."""
        return tuple([await self._account(limit, now) for limit in limits_of(self.options, key)])

    async def used_up(self, payer: Payer, now: Millis) -> SpendingAccount | None:
        """The account that lets no more of this payer's runs begin; the one that is used up for longest."""
        used = [one for one in await self.of(payer, now) if one.is_used_up]
        return max(used, key=_end_of, default=None)

    async def raise_to(self, raised: BudgetRaise) -> SpendingAccount:
        """Keep another limit for the current period of an account, also for the requests under way.

        Raises KeyError where that period has no limit, StorageError.
        """
        limit = next((one for one in limits_of(self.options, raised.key) if one.period is raised.period), None)
        if limit is None:
            raise KeyError(raised.period)
        account = await self._account(limit, raised.at)
        async with self._reading:
            await self._ledger.raise_budget(raised)
            self._set(account, raised)
        return account

    async def report(self, run: RunId, payer: Payer, total: SpentSoFar, *, at: Millis) -> None:
        """What a run's agent reports that it has used in all, where it asks models itself. Raises StorageError."""
        async with self._reading:
            added = await self._ledger.report_spending(run, total, at=at)
            for key in payer.accounts():
                for limit in limits_of(self.options, key):
                    span = span_of(limit.period, at, self.options.zone_of(key.guild))
                    known = self._known.get((key, limit.period, span.start))
                    if known is not None:
                        known.spent_usd += Decimal(added.nano_usd) / NANO
                        known.spent_tokens += added.tokens

    async def _account(self, limit: AccountLimit, now: Millis) -> SpendingAccount:
        zone = self.options.zone_of(limit.key.guild)
        span = span_of(limit.period, now, zone)
        named = (limit.key, limit.period, span.start)
        if (known := self._known.get(named)) is not None:
            return known
        async with self._reading:
            if named not in self._known:  # another one may have read it meanwhile
                self._known[named] = await self._read(limit, span, zone)
                self._forget(now)
            return self._known[named]

    async def _read(self, limit: AccountLimit, span: PeriodSpan, zone: str) -> SpendingAccount:
        spent = await self._ledger.spent_by(limit.key, span)
        raised = await self._ledger.budget_raise(limit.key, limit.period, span.start)
        account = SpendingAccount(
            name=limit.key.scope,
            usd=limit.usd,
            tokens=limit.tokens,
            spent_usd=Decimal(spent.nano_usd) / NANO,
            spent_tokens=spent.tokens,
            needs_price=self.options.unknown_prices == "refuse",
            shared=SharedAccount(key=limit.key, period=limit.period, span=span, zone=zone),
        )
        if raised is not None:
            self._set(account, raised)
        return account

    @staticmethod
    def _set(account: SpendingAccount, raised: BudgetRaise) -> None:
        account.usd = account.usd if raised.usd is None else raised.usd
        account.tokens = account.tokens if raised.tokens is None else raised.tokens
        if account.shared is not None:
            account.shared = replace(account.shared, is_raised=True)

    def _forget(self, now: Millis) -> None:
        """Those of which the period is over; a request that still holds one settles it all the same."""
        for named, account in list(self._known.items()):
            if account.shared is not None and account.shared.span.end <= now:
                del self._known[named]


def _end_of(account: SpendingAccount) -> Millis:
    return 0 if account.shared is None else account.shared.span.end
