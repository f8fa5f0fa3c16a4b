"""Shared budgets as they are wired: the accounts, what people ask of them, and what runs spend of them at models."""

from collections.abc import Sequence

from ompycord.app.wiring.parts import Infrastructure, SharedBudgets
from ompycord.conductor import RunAccess, Transitions
from ompycord.conductor.budgeting import BudgetBook, SharedAccounts, SharedBudgetKeeper
from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import Payer, SpendingAccount, payer_of
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunRecords

__all__ = ["GatewaySpending", "shared_budgets_of"]


def shared_budgets_of(infrastructure: Infrastructure, access: RunAccess, transitions: Transitions) -> SharedBudgets:
    """One of each for the process: an account is one object."""
    accounts = SharedAccounts(options=infrastructure.settings.budgets, ledger=infrastructure.store)
    return SharedBudgets(
        accounts=accounts,
        book=BudgetBook(accounts=accounts, ledger=infrastructure.store, clock=infrastructure.clock),
        keeper=SharedBudgetKeeper(
            accounts=accounts,
            access=access,
            transitions=transitions,
            snapshots=infrastructure.snapshots,
            bus=infrastructure.bus,
        ),
    )


class GatewaySpending:
    """Implements `SharedSpending`."""

    def __init__(self, store: RunRecords, shared: SharedBudgets) -> None:
        self._store = store
        self._shared = shared

    async def accounts(self, run: RunId, now: Millis) -> Sequence[SpendingAccount]:
        """See the port."""
        record = await self._store.run(run)
        payer = Payer("", "", "") if record is None else payer_of(record)
        return await self._shared.accounts.of(payer, now)

    async def used_up(self, run: RunId, account: SpendingAccount) -> None:
        """See the port."""
        await self._shared.keeper.pause(run, account)
