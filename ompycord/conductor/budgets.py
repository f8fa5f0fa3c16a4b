"""What a run may cost: people raise its limit, and a run that reached it is paused.

The cost is what the model gateway metered, else what the run's agent reports. One that reports none cannot be held to a
limit; its card shows that.
"""

from collections.abc import Callable

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
from ompycord.domain.stages import agent_states
from ompycord.errors import Refused, StorageError
from ompycord.render.phrases import money
from ompycord.telemetry import get_logger

__all__ = ["BudgetKeeper", "Budgets", "is_used_up"]

POLL_S = 30.0
"""Seconds between two checks of all runs, for the case that a notice was missed."""

AGENT_STATES = agent_states()

log = get_logger(__name__)


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

    async def pause(self, run: RunId, spent_usd: float, *, tokens: int | None = None) -> None:
        """Pause a run whose limit does not cover what its agent asks of a model, though it is not all spent yet.

        `tokens` is the limit, where that is what binds.
        """
        await self._check(run, is_short=True, spent_usd=spent_usd, tokens=tokens)

    async def _check(
        self, run: RunId, *, is_short: bool = False, spent_usd: float = 0.0, tokens: int | None = None
    ) -> None:
        """Pause the agent where its run costs too much.

        A database that refuses is asked again with the run's next event.
        """
        try:
            snapshot = await self._snapshots.of(run)
            reason = _reason(snapshot, is_short=is_short, spent_usd=spent_usd, tokens=tokens)
            if reason is None:
                return
            body = ev.RunStopped(by="Ompycord", reason=reason, cause=SuspendReason.BUDGET)
            await self._transitions.decide(run, body, kind=SourceKind.OMPYCORD, must_move=True)
        except Refused:
            return  # it has ended or was stopped since then
        except StorageError as error:
            log.warning("budget.waits", run=run, cause=str(error))
        else:
            self._wake()


def _reason(snapshot: StatusSnapshot | None, *, is_short: bool, spent_usd: float, tokens: int | None) -> str | None:
    """Why a run is paused; None where it is not. An agent that is short of tokens works, whatever was folded yet."""
    if tokens is not None:
        return f"Its limit of {tokens:,} tokens is reached. An admin raises limits.run_tokens; then Resume."
    if snapshot is None or snapshot.state not in AGENT_STATES:
        return None
    if not (is_short and snapshot.budget_usd is not None) and not is_used_up(snapshot):
        return None
    limit, cost = money(snapshot.budget_usd or 0.0), money(max(spent_usd, snapshot.usage.cost_usd or 0.0))
    return f"Its limit of {limit} is reached: {cost} spent. Raise the limit to continue."
