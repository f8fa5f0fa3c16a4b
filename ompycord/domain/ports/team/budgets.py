"""What accounts spent, and the limits that people set for a time; implemented by the store."""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.budgets.accounts import AccountKey, AccountScope, BudgetRaise
from ompycord.domain.budgets.periods import Period, PeriodSpan
from ompycord.domain.ids import RunId
from ompycord.domain.ports.model_ledger import SpentSoFar
from ompycord.domain.records import Commit, Committed

__all__ = ["BudgetLedger", "BudgetWarning", "QuarterSpending"]


class QuarterSpending(SpentSoFar):
    """What was spent in one quarter of an hour."""

    quarter: int
    """Quarters of an hour since 1970 began in UTC."""


class BudgetWarning(Frozen):
    """An account has used so much of its limit in a period. A commit with one that is stored changes nothing."""

    key: AccountKey
    period: Period
    start: Millis
    percent: int
    limit: str
    """Another limit is warned of again."""
    at: Millis


class BudgetLedger(Protocol):
    """Sums over the rows of all requests to models, and of what agents report that ask models themselves."""

    async def commit(self, commit: Commit) -> Committed:
        """Apply all of it or nothing. Raises UnknownRun, StorageError."""
        ...

    async def spent_by(self, key: AccountKey, span: PeriodSpan) -> SpentSoFar:
        """What an account spent in a time."""
        ...

    async def spent_by_quarter(self, key: AccountKey, span: PeriodSpan) -> list[QuarterSpending]:
        """The same by quarters of an hour, without those in which nothing was spent."""
        ...

    async def spenders(self, guild: str, scope: AccountScope, span: PeriodSpan, *, most: int) -> Sequence[str]:
        """The people or repositories of a server that spent most in a time."""
        ...

    async def report_spending(self, run: RunId, total: SpentSoFar, *, at: Millis) -> SpentSoFar:
        """A run has used `total` by now, as its agent reports; what the ledger did not hold of that yet is added.

        Returns what was added. Raises UnknownRun, StorageError.
        """
        ...

    async def budget_raise(self, key: AccountKey, period: Period, start: Millis) -> BudgetRaise | None:
        """The limit that a person set for this period."""
        ...

    async def raise_budget(self, raised: BudgetRaise) -> None:
        """Keep a limit for its period, with a row of the audit. Raises StorageError."""
        ...
