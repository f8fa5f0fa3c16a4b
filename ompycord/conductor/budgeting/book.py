"""Budgets for people: whether a run has room to begin, what accounts have spent, and who raises their limits."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from ompycord.conductor.budgeting.accounts import SharedAccounts
from ompycord.domain.access import Person
from ompycord.domain.budgets.accounts import (
    NANO,
    AccountKey,
    AccountScope,
    BudgetRaise,
    Payer,
    SpendingAccount,
    payer_of,
)
from ompycord.domain.budgets.periods import Period, PeriodSpan, days_until, span_of
from ompycord.domain.policy import SYSTEM, Denied, Resource, SystemActor, authorize
from ompycord.domain.ports import Clock
from ompycord.domain.ports.team.budgets import BudgetLedger
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import RunRecord
from ompycord.errors import Refused
from ompycord.render.money.budgets import used_up_account
from ompycord.render.phrases import money, tokens

__all__ = ["BudgetBook"]

_MOST_NAMED: Final = 10
_QUARTER_MS: Final = 900_000


class BudgetBook:
    """Reads accounts, and raises their limits. Knows no Discord."""

    def __init__(self, *, accounts: SharedAccounts, ledger: BudgetLedger, clock: Clock) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._clock = clock

    @property
    def queues(self) -> bool:
        """Whether a run without room waits, or is refused."""
        return self._accounts.options.when_reached == "queue"

    def zone_of(self, guild: str) -> str:
        """The zone in which a server's days and months begin."""
        return self._accounts.options.zone_of(guild)

    async def no_room(self, payer: Payer, person: str) -> str | None:
        """Why no run of this payer begins now, in words; None while there is room. Raises StorageError."""
        used = await self._accounts.used_up(payer, self._clock.now_ms())
        return None if used is None else used_up_account(used, person=person)

    async def used_up(self, record: RunRecord) -> SpendingAccount | None:
        """The account that keeps a run from going on; None while there is room. Raises StorageError."""
        return await self._accounts.used_up(payer_of(record), self._clock.now_ms())

    async def has_room(self, record: RunRecord) -> bool:
        """Whether a run that waits may begin. Raises StorageError."""
        return await self.used_up(record) is None

    async def of_key(self, key: AccountKey) -> Sequence[SpendingAccount]:
        """An account in its current day and month, as far as they have limits."""
        return await self._accounts.of_key(key, self._clock.now_ms())

    async def dearest(self, guild: str, scope: AccountScope) -> list[tuple[str, Sequence[SpendingAccount]]]:
        """The people or repositories of a server that spent most this month, with their limits; at most ten."""
        span = self._span(guild, Period.MONTH)
        names = await self._ledger.spenders(guild, scope, span, most=_MOST_NAMED)
        return [(name, await self.of_key(AccountKey(guild, scope, name))) for name in names]

    async def spent(self, key: AccountKey, period: Period) -> float:
        """What an account spent in its current day or month, in US dollars."""
        found = await self._ledger.spent_by(key, self._span(key.guild, period))
        return float(Decimal(found.nano_usd) / NANO)

    async def by_day(self, key: AccountKey, days: int) -> list[tuple[date, Decimal]]:
        """What an account spent on each of the last days, in US dollars, today last; days of the server's zone."""
        spans = days_until(self._clock.now_ms(), days, self.zone_of(key.guild))
        rows = await self._ledger.spent_by_quarter(key, PeriodSpan(spans[0][1].start, spans[-1][1].end))
        sums = dict.fromkeys((day for day, _ in spans), Decimal(0))
        place = 0
        for row in rows:
            while row.quarter * _QUARTER_MS >= spans[place][1].end:
                place += 1
            sums[spans[place][0]] += Decimal(row.nano_usd) / NANO
        return list(sums.items())

    async def raise_limit(
        self, key: AccountKey, period: Period, *, usd: Decimal | None, most_tokens: int | None,
        by: Person | SystemActor = SYSTEM,
    ) -> SpendingAccount:  # fmt: skip
        """Let an account spend so much in its current period; what was spent stays spent. Raises Refused."""
        denied = authorize(by, "admin", Resource(guild=key.guild or None))
        if isinstance(denied, Denied):
            raise Refused(RefusalCode.NEEDS_ROLE, needs=denied.needs[-1], who="an admin")
        now = self._clock.now_ms()
        account = next((one for one in await self._accounts.of_key(key, now) if _is_of(one, period)), None)
        if account is None or (usd is not None and account.usd is None):
            raise Refused(RefusalCode.NO_SUCH_LIMIT)
        if most_tokens is not None and account.tokens is None:
            raise Refused(RefusalCode.NO_SUCH_LIMIT)
        if usd is not None and usd <= account.spent_usd:
            raise Refused(RefusalCode.LIMIT_TOO_LOW, spent=money(float(account.spent_usd)))
        if most_tokens is not None and most_tokens <= account.spent_tokens:
            raise Refused(RefusalCode.LIMIT_TOO_LOW, spent=f"{tokens(account.spent_tokens)} tokens")
        who = (by.id, by.name) if isinstance(by, Person) else ("", "the operator")
        start = span_of(period, now, self.zone_of(key.guild)).start
        raised = BudgetRaise(
            key=key, period=period, start=start, usd=usd, tokens=most_tokens, by=who[0], by_name=who[1], at=now
        )
        return await self._accounts.raise_to(raised)

    def _span(self, guild: str, period: Period) -> PeriodSpan:
        return span_of(period, self._clock.now_ms(), self.zone_of(guild))


def _is_of(account: SpendingAccount, period: Period) -> bool:
    return account.shared is not None and account.shared.period is period
