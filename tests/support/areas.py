"""The conductor's areas over one store, as `app/compose.py` makes them; for harnesses that are no whole product."""

from collections.abc import Awaitable, Callable, Mapping

from ompycord.conductor import (
    AgentCapabilityLookup,
    Approvals,
    BudgetKeeper,
    Budgets,
    Bus,
    EventRecorder,
    LoadedRun,
    Messages,
    Reminders,
    RunAccess,
    Runs,
    Snapshots,
    Transitions,
)
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities, Clock, Ids
from ompycord.domain.run import RunRecord
from ompycord.store import SqliteStore

__all__ = ["Areas"]


async def _open() -> None:
    return


class Areas:
    """What a test does in a person's place, by area."""

    def __init__(
        self,
        *,
        store: SqliteStore,
        snapshots: Snapshots,
        bus: Bus,
        clock: Clock,
        ids: Ids,
        catalog: Catalog,
        wake: Callable[[], None],
        capabilities: Mapping[str, AgentCapabilities],
        closed: Callable[[], Awaitable[str | None]] = _open,
    ) -> None:
        self._store = store
        self._clock = clock
        self._snapshots = snapshots
        access = RunAccess(store=store, clock=clock, ids=ids)
        transitions = Transitions(store=store, clock=clock, ids=ids)
        self.runs = Runs(
            access=access,
            transitions=transitions,
            drafts=store,
            tasks=store,
            catalog=catalog,
            wake=wake,
            closed=closed,
        )
        self.messages = Messages(
            access=access,
            history=store,
            transitions=transitions,
            capabilities=AgentCapabilityLookup(catalog=catalog, by_kind=capabilities),
            wake=wake,
        )
        self.approvals = Approvals(access=access, catalog=catalog, wake=wake)
        self.budgets = Budgets(access=access, transitions=transitions, wake=wake)
        self.recorder = EventRecorder(access=access, observations=store, wake=wake)
        self.budget_keeper = BudgetKeeper(
            access=access, transitions=transitions, snapshots=snapshots, bus=bus, wake=wake
        )

    def reminders(self, *, ops_channel: str | None = None) -> Reminders:
        return Reminders(
            store=self._store,
            snapshots=self._snapshots,
            runs=self.runs,
            recorder=self.recorder,
            clock=self._clock,
            ops_channel=ops_channel,
        )

    async def record(self, run: str) -> RunRecord:
        """The run as it is stored now."""
        record = await self._store.run(RunId(run))
        assert record is not None, run
        return record

    async def load(self, run: str) -> LoadedRun:
        """The same with its snapshot."""
        return await self._snapshots.load(await self.record(run))
