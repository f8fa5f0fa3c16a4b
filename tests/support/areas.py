"""What a test does in a person's place, by area: the areas of the composition root, and what tests ask of a run."""

from ompycord.app.wiring.parts import Areas as ComposedAreas
from ompycord.app.wiring.parts import Infrastructure
from ompycord.conductor import LoadedRun, Reminders
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunRecord

__all__ = ["Areas"]


class Areas:
    """The areas of one process that tests call."""

    def __init__(self, areas: ComposedAreas, infrastructure: Infrastructure) -> None:
        self._infrastructure = infrastructure
        self.runs = areas.runs
        self.messages = areas.messages
        self.approvals = areas.approvals
        self.plans = areas.plans
        self.overlaps = areas.overlaps
        self.checkpoints = areas.checkpoints
        self.typed_answers = areas.typed_answers
        self.budgets = areas.budgets
        self.recorder = areas.recorder
        self.budget_keeper = areas.budget_keeper
        self.guardian = areas.guardian

    def reminders(self, *, ops_channel: str | None = None) -> Reminders:
        """Timers that a test lets look; those of the process run by themselves."""
        return Reminders(
            store=self._infrastructure.store,
            snapshots=self._infrastructure.snapshots,
            runs=self.runs,
            recorder=self.recorder,
            clock=self._infrastructure.clock,
            ops_channel=ops_channel,
        )

    async def record(self, run: str) -> RunRecord:
        """The run as it is stored now."""
        record = await self._infrastructure.store.run(RunId(run))
        assert record is not None, run
        return record

    async def load(self, run: str) -> LoadedRun:
        """The same with its snapshot."""
        return await self._infrastructure.snapshots.load(await self.record(run))
