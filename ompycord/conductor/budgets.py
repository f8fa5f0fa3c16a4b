"""What a run may cost: people raise its limit, and a run that reached it is paused.

The cost is what the model gateway metered, else what the run's agent reports. One that reports none cannot be held to a
limit; its card shows that.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ompycord.conductor.budgeting.book import BudgetBook
from ompycord.conductor.bus import Bus
from ompycord.conductor.run_access import RunAccess, require_hosted
from ompycord.conductor.snapshots import LoadedRun, Snapshots
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.authority import SourceKind
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.records import Committed
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import FINAL, SuspendReason
from ompycord.errors import Refused, StorageError
from ompycord.render.phrases import money
from ompycord.telemetry import get_logger

__all__ = ["BudgetKeeper", "Budgets", "Shortage", "is_used_up"]

POLL_S = 30.0
"""Seconds between two checks of all runs, for the case that a notice was missed."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """A limit that does not cover what an agent asks of a model: in tokens where `tokens` is given, else in dollars."""

    spent_usd: float
    usd: float | None = None
    tokens: int | None = None


def is_used_up(snapshot: StatusSnapshot) -> bool:
    """Whether the run has reached its budget."""
    cost, limit = snapshot.usage.cost_usd, snapshot.budget_usd
    return limit is not None and cost is not None and cost >= limit


class Budgets:
    """The use case of people who raise a run's budget."""

    def __init__(
        self,
        *,
        access: RunAccess,
        transitions: Transitions,
        wake: Callable[[], None],
        shared: BudgetBook | None = None,
    ) -> None:
        self.shared = shared
        """Those that runs share; without it there are none."""
        self._access = access
        self._transitions = transitions
        self._wake = wake

    async def raise_budget(self, loaded: LoadedRun, usd: float, person: Person) -> Committed:
        """Let a run cost `usd` dollars in total; one that paused at its limit continues. Raises Refused."""
        record, run, snapshot = loaded.record, loaded.run, loaded.snapshot
        require_hosted(record)
        self._access.require(person, "raise", record)
        if record.state in FINAL:
            raise Refused(RefusalCode.LIMIT_OF_ENDED_RUN, run=short_id(run))
        spent = (snapshot.usage.cost_usd if snapshot else None) or 0.0
        if usd <= spent:
            raise Refused(RefusalCode.LIMIT_TOO_LOW, spent=money(spent))
        decision = self._access.decision(run, "budget", str(record.version), f"${usd:.2f}", person)
        body = ev.BudgetRaised(usd=usd, by=person.name)
        committed, _ = await self._transitions.decide(
            run, body, kind=SourceKind.PERSON, decision=decision, is_guarded=True, known=record
        )
        self._wake()
        return committed


class BudgetKeeper:
    """Runs as one task for the life of the process. It reads snapshots, so a restart forgets nothing."""

    def __init__(
        self, *, access: RunAccess, transitions: Transitions, snapshots: Snapshots, bus: Bus, wake: Callable[[], None]
    ) -> None:
        self._access = access
        self._transitions = transitions
        self._snapshots = snapshots
        self._bus = bus
        self._wake = wake

    async def run(self) -> None:
        """Check each run that changed, and all of them at intervals, until cancelled."""
        with self._bus.subscribe() as changes:
            runs = await self._working()
            while True:
                for run in runs:
                    await self._check(run)
                runs = await changes.take(POLL_S) or await self._working()

    async def _working(self) -> list[RunId]:
        try:
            return await self._access.at_work()
        except StorageError as error:
            log.warning("budget.waits", cause=str(error))
            return []

    async def pause(self, run: RunId, shortage: Shortage) -> None:
        """Pause a run whose limit does not cover what its agent asks of a model, though it is not all spent yet."""
        await self._check(run, shortage)

    async def _check(self, run: RunId, shortage: Shortage | None = None) -> None:
        """Pause the agent where its run costs too much.

        A database that refuses is asked again with the run's next event.
        """
        try:
            snapshot = await self._snapshots.of(run)
            reason = _reason(snapshot) if shortage is None else _reason_of(shortage, snapshot)
            if reason is None:
                return
            body = ev.RunStopped(by="Ompycord", reason=reason, cause=SuspendReason.BUDGET)
            if await self._transitions.stop_agent(run, body):
                self._wake()
        except StorageError as error:
            log.warning("budget.waits", run=run, cause=str(error))


def _reason(snapshot: StatusSnapshot | None) -> str | None:
    """Why a run is paused by what its card says that it cost; None where it is not."""
    if snapshot is None or not is_used_up(snapshot):
        return None
    return _spent(snapshot.budget_usd or 0.0, snapshot.usage.cost_usd or 0.0)


def _reason_of(shortage: Shortage, snapshot: StatusSnapshot | None) -> str | None:
    """Why a run is paused whose agent was refused: it works, whatever was folded yet. None where it has more now."""
    if shortage.tokens is not None:
        return f"Its limit of {shortage.tokens:,} tokens is reached. An admin raises limits.run_tokens; then Resume."
    limit = shortage.usd
    if limit is None or (snapshot is not None and (snapshot.budget_usd is None or snapshot.budget_usd > limit)):
        return None
    return _spent(limit, max(shortage.spent_usd, (snapshot.usage.cost_usd if snapshot else None) or 0.0))


def _spent(limit: float, cost: float) -> str:
    return f"Its limit of {money(limit)} is reached: {money(cost)} spent. Raise the limit to continue."
